#include "core/embedding/Twins.h"

#include "core/base/Parallel.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

constexpr Eigen::Index block = 512;

/// Columns of length one; zero for those that have no direction.
FeatureMatrix directionsOf(const FeatureMatrixView& decoder)
{
  FeatureMatrix unit(decoder.rows(), decoder.cols());
  parallelFor(decoder.cols(), block, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float length = decoder.col(i).stableNorm();
      if (std::isfinite(length) && length > 0.0f && decoder.col(i).allFinite())
        unit.col(i) = decoder.col(i) / length;
      else
        unit.col(i).setZero();
    }
  });
  return unit;
}

double cosineOf(const FeatureMatrix& unit, Eigen::Index a, Eigen::Index b)
{
  const Eigen::VectorXd first = unit.col(a).cast<double>(), second = unit.col(b).cast<double>();
  return std::clamp(first.dot(second) / (first.norm() * second.norm()), -1.0, 1.0);
}

}  // namespace

Twins findTwins(const FeatureMatrixView& decoder, const Progress& progress)
{
  const Eigen::Index n = decoder.cols();
  const auto count = static_cast<std::size_t>(n);
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  Twins twins{std::vector<FeatureId>(count, noFeature), std::vector<double>(count, nan),
              std::vector<FeatureId>(count, noFeature), std::vector<double>(count, nan)};
  const FeatureMatrix unit = directionsOf(decoder);
  std::vector<bool> usable(count);
  for (Eigen::Index i = 0; i < n; ++i)
    usable[static_cast<std::size_t>(i)] = !unit.col(i).isZero(0.0f);
  std::atomic<std::int64_t> done = 0;
  parallelFor(n, block, [&](std::int64_t begin, std::int64_t end) {
    const Eigen::Index width = end - begin;
    std::vector<float> most(static_cast<std::size_t>(width), -2.0f);
    std::vector<float> least(static_cast<std::size_t>(width), 2.0f);
    Eigen::MatrixXf products;
    for (Eigen::Index from = 0; from < n; from += block) {
      progress.checkStopped();
      const Eigen::Index height = std::min(block, n - from);
      products.noalias() =
          unit.middleCols(from, height).transpose() * unit.middleCols(begin, width);
      for (Eigen::Index column = 0; column < width; ++column) {
        const auto at = static_cast<std::size_t>(column);
        const auto own = static_cast<std::size_t>(begin + column);
        if (!usable[own])
          continue;
        for (Eigen::Index row = 0; row < height; ++row) {
          const auto other = static_cast<std::size_t>(from + row);
          if (other == own || !usable[other])
            continue;
          const float cosine = products(row, column);
          if (cosine > most[at]) {
            most[at] = cosine;
            twins.nearest[own] = static_cast<FeatureId>(other);
          }
          if (cosine < least[at]) {
            least[at] = cosine;
            twins.opposite[own] = static_cast<FeatureId>(other);
          }
        }
      }
    }
    progress.update(done += width, n);
  });
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (twins.nearest[at] == noFeature)
      continue;
    twins.nearestCosine[at] = cosineOf(unit, i, twins.nearest[at]);
    twins.oppositeCosine[at] = cosineOf(unit, i, twins.opposite[at]);
  }
  return twins;
}

}  // namespace orrery
