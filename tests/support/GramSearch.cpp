#include "tests/support/GramSearch.h"

#include "core/base/Dispatch.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <mutex>

namespace orrery::test {
namespace {

/// Whether any of row[c] + own[c] is at most @p limit.
ORRERY_FOR_EACH_CPU
bool anyBelow(const float* row, const float* own, float limit, std::int64_t count)
{
  int any = 0;
  std::int64_t i = 0;
  for (; i + 64 <= count; i += 64)
    for (int lane = 0; lane < 64; ++lane)
      any |= row[i + lane] + own[i + lane] <= limit ? 1 : 0;
  for (; i < count; ++i)
    any |= row[i] + own[i] <= limit ? 1 : 0;
  return any != 0;
}

}  // namespace

std::set<Corners> parallelogramsByGram(const CrystalSpace& space, double residual)
{
  const Eigen::Index n = space.features();
  const Eigen::MatrixXd x = space.vectors->cast<double>();
  const Eigen::MatrixXd gram = x.transpose() * x;
  const Eigen::MatrixXf twice = (2 * gram).cast<float>();
  const double limit = residual * space.unit,
               slack = 1e-5 * (space.unit + gram.diagonal().maxCoeff());
  std::set<Corners> all;
  std::mutex guard;
  // Several d at a time, so that a column of the Gram matrix is read once for all of them.
  constexpr Eigen::Index block = 16;
  parallelFor(n, 1, [&](std::int64_t a, std::int64_t) {
    std::set<Corners> own;
    Eigen::MatrixXf with(n, block);
    for (Eigen::Index first = a + 1; first < n; first += block) {
      const Eigen::Index count = std::min(block, n - first);
      for (Eigen::Index k = 0; k < count; ++k)
        for (Eigen::Index c = 0; c < n; ++c)
          with(c, k) = static_cast<float>(gram(c, c) - 2 * (gram(a, c) + gram(first + k, c)));
      for (Eigen::Index b = a + 1; b < n; ++b)
        for (Eigen::Index k = 0; k < count; ++k) {
          const Eigen::Index d = first + k, from = b + 1;
          if (b == d)
            continue;
          const double diagonal = gram(a, a) + gram(d, d) + 2 * gram(a, d);
          const auto most =
              static_cast<float>(limit + slack - diagonal - static_cast<double>(with(b, k)));
          if (!anyBelow(twice.col(b).data() + from, with.col(k).data() + from, most, n - from))
            continue;
          for (Eigen::Index c = from; c < n; ++c)
            if (c != d && twice(c, b) + with(c, k) <= most &&
                (x.col(a) + x.col(d) - x.col(b) - x.col(c)).squaredNorm() <= limit)
              own.insert(unordered({static_cast<FeatureId>(a), static_cast<FeatureId>(b),
                                    static_cast<FeatureId>(c), static_cast<FeatureId>(d)},
                                   CrystalMode::Parallelogram));
        }
    }
    const std::lock_guard lock(guard);
    all.merge(own);
  });
  return all;
}

}  // namespace orrery::test
