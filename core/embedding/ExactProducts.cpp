#include "core/embedding/ExactProducts.h"

#include "core/base/Dispatch.h"

#include <cstring>

namespace orrery {
namespace {

// Lanes of the size of a register: GCC takes larger ones apart number by number.
typedef float FloatLanes __attribute__((vector_size(4 * sizeof(float))));
typedef double DoubleLanes __attribute__((vector_size(4 * sizeof(double))));
/// Independent sums, so that one addition need not wait for the one before.
constexpr int sums = 4;

[[gnu::always_inline]] inline void widen(const float* values, DoubleLanes& wide)
{
  FloatLanes narrow;
  std::memcpy(&narrow, values, sizeof narrow);
  wide = __builtin_convertvector(narrow, DoubleLanes);
}

/// Lane by lane, the first half of the sums and the second: the order that there was with lanes
/// twice as long.
[[gnu::always_inline]] inline double total(const DoubleLanes (&sum)[sums])
{
  double all = 0.0;
  for (int half = 0; half < 2; ++half)
    for (int lane = 0; lane < 4; ++lane)
      all += sum[half][lane] + sum[half + 2][lane];
  return all;
}

}  // namespace

ORRERY_FOR_EACH_CPU
double exactProduct(const float* a, const float* b, Eigen::Index count)
{
  DoubleLanes sum[sums] = {};
  Eigen::Index j = 0;
  for (; j + 4 * sums <= count; j += 4 * sums) {
#pragma GCC unroll 4
    for (int s = 0; s < sums; ++s) {
      DoubleLanes left, right;
      widen(a + j + 4 * s, left);
      widen(b + j + 4 * s, right);
      sum[s] += left * right;
    }
  }
  double all = total(sum);
  for (; j < count; ++j)
    all += static_cast<double>(a[j]) * static_cast<double>(b[j]);
  return all;
}

ORRERY_FOR_EACH_CPU
double exactSquaredDistance(const float* a, const float* b, Eigen::Index count)
{
  DoubleLanes sum[sums] = {};
  Eigen::Index j = 0;
  for (; j + 4 * sums <= count; j += 4 * sums) {
#pragma GCC unroll 4
    for (int s = 0; s < sums; ++s) {
      DoubleLanes left, right;
      widen(a + j + 4 * s, left);
      widen(b + j + 4 * s, right);
      left -= right;
      sum[s] += left * left;
    }
  }
  double all = total(sum);
  for (; j < count; ++j) {
    const double difference = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    all += difference * difference;
  }
  return all;
}

}  // namespace orrery
