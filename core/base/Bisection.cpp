#include "core/base/Bisection.h"

#include "core/base/Dispatch.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

namespace orrery {
namespace {

typedef float FloatLanes __attribute__((vector_size(32)));
typedef std::int32_t IntLanes __attribute__((vector_size(32)));
/// Vectors that are divided at a time: one division need not wait for the one before.
constexpr int vectors = 4;
constexpr int together = 8 * vectors;
/// Terms of the sequence are kept from zero by this much; all numbers are at most 1.
constexpr float least = 1e-30f;
/// An interval of length 2 shrinks to the spacing of floats below 1.
constexpr int halvings = 26;

/// How many eigenvalues are below each of `together` points.
ORRERY_FOR_EACH_CPU
void countBelow(const float* diagonal, const float* squares, Eigen::Index size, const float* points,
                std::int32_t* counts)
{
  FloatLanes point[vectors], term[vectors];
  IntLanes count[vectors] = {};
  std::memcpy(point, points, sizeof point);
  for (FloatLanes& first : term)
    first = FloatLanes{} + 1.0f;
  for (Eigen::Index i = 0; i < size; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      FloatLanes next = diagonal[i] - point[v] - squares[i] / term[v];
      next = (next > -least) & (next < least) ? FloatLanes{} - least : next;
      count[v] -= next < 0.0f;
      term[v] = next;
    }
  }
  std::memcpy(counts, count, sizeof count);
}

}  // namespace

Eigen::VectorXd bisectedEigenvalues(const TridiagonalForm& form)
{
  const Eigen::Index n = form.diagonal.size();
  Eigen::VectorXd values = Eigen::VectorXd::Zero(n);
  // Gershgorin: no eigenvalue is larger than a row's sum of magnitudes.
  Eigen::VectorXd sums = form.diagonal.cwiseAbs();
  if (n > 1) {
    sums.head(n - 1) += form.secondary.cwiseAbs();
    sums.tail(n - 1) += form.secondary.cwiseAbs();
  }
  const double largest = n > 0 ? sums.maxCoeff() : 0.0;
  if (!(largest > 0.0))
    return values;
  const Eigen::VectorXf diagonal = (form.diagonal / largest).cast<float>();
  Eigen::VectorXf squares = Eigen::VectorXf::Zero(n);  // what a term takes from the one before
  if (n > 1)
    squares.tail(n - 1) = (form.secondary / largest).cwiseAbs2().cast<float>();

  parallelFor(n, together, [&](std::int64_t begin, std::int64_t end) {
    float low[together], high[together], middle[together];
    std::int32_t counts[together];
    std::fill(low, low + together, -1.0f);
    std::fill(high, high + together, 1.0f);
    for (int step = 0; step < halvings; ++step) {
      for (int i = 0; i < together; ++i)
        middle[i] = 0.5f * (low[i] + high[i]);
      countBelow(diagonal.data(), squares.data(), n, middle, counts);
      // Those at the end that are none do what the last does.
      for (int i = 0; i < together; ++i)
        (counts[i] > std::min(begin + i, end - 1) ? high[i] : low[i]) = middle[i];
    }
    for (std::int64_t i = begin; i < end; ++i)
      values[i] = largest * 0.5 *
                  (static_cast<double>(low[i - begin]) + static_cast<double>(high[i - begin]));
  });
  // Rounded counts may change places with a neighbour's.
  std::sort(values.data(), values.data() + n, std::greater<>());
  return values;
}

}  // namespace orrery
