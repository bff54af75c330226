#include "core/embedding/ExactProducts.h"

#include "core/base/Dispatch.h"

#include <cstring>

namespace orrery {
namespace {

typedef float FloatLanes __attribute__((vector_size(8 * sizeof(float))));
typedef double DoubleLanes __attribute__((vector_size(8 * sizeof(double))));
/// Independent sums, so that one addition need not wait for the one before.
constexpr int sums = 2;

[[gnu::always_inline]] inline void widen(const float* values, DoubleLanes& wide)
{
  FloatLanes narrow;
  std::memcpy(&narrow, values, sizeof narrow);
  wide = __builtin_convertvector(narrow, DoubleLanes);
}

[[gnu::always_inline]] inline double total(const DoubleLanes (&sum)[sums])
{
  double all = 0.0;
  for (int lane = 0; lane < 8; ++lane)
    all += sum[0][lane] + sum[1][lane];
  return all;
}

}  // namespace

ORRERY_FOR_EACH_CPU
double exactProduct(const float* a, const float* b, Eigen::Index count)
{
  DoubleLanes sum[sums] = {};
  Eigen::Index j = 0;
  for (; j + 8 * sums <= count; j += 8 * sums) {
#pragma GCC unroll 2
    for (int s = 0; s < sums; ++s) {
      DoubleLanes left, right;
      widen(a + j + 8 * s, left);
      widen(b + j + 8 * s, right);
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
  for (; j + 8 * sums <= count; j += 8 * sums) {
#pragma GCC unroll 2
    for (int s = 0; s < sums; ++s) {
      DoubleLanes left, right;
      widen(a + j + 8 * s, left);
      widen(b + j + 8 * s, right);
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
