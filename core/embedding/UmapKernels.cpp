#include "core/embedding/UmapKernels.h"

#include "core/base/Dispatch.h"

#include <algorithm>
#include <vector>

// Multiply-add in one instruction where the processor has it; for this file alone.
#pragma GCC optimize("fp-contract=fast")

namespace orrery {
namespace {

using Lanes = float __attribute__((vector_size(32)));
using Quad = float __attribute__((vector_size(16)));
using UnalignedQuad = float __attribute__((vector_size(16), aligned(4), may_alias));
using PairLanes = double __attribute__((vector_size(32)));
using Pair = double __attribute__((aligned(4), may_alias));
using IntLanes = std::int32_t __attribute__((vector_size(32)));

constexpr int lanes = 8;
constexpr int attractions = 2;  // Lanes 0 and 1 of a batch; 2 to 6 are the five negatives.

constexpr float largestStep = 4.0f;

/// log2 of positive lanes to 2e-6: exponent, and a series in (m − 1) / (m + 1) of the mantissa.
[[gnu::always_inline]] inline void log2Lanes(const Lanes& x, Lanes& result)
{
  const IntLanes bits = reinterpret_cast<IntLanes>(x);
  // Mantissas from √½ to √2, so that the series is short.
  const IntLanes exponent = (bits - 0x3f3504f3) >> 23;
  const Lanes mantissa = reinterpret_cast<Lanes>(bits - (exponent << 23));
  const Lanes t = (mantissa - 1.0f) / (mantissa + 1.0f);
  const Lanes s = t * t;
  result = __builtin_convertvector(exponent, Lanes) +
           t * (2.885390082f + s * (0.961796694f + s * (0.577078016f + s * 0.412198583f)));
}

/// 2^x for |x| < 126, to 3e-7.
[[gnu::always_inline]] inline void exp2Lanes(const Lanes& x, Lanes& result)
{
  const IntLanes whole = __builtin_convertvector(x + 1024.5f, IntLanes) - 1024;  // Rounds.
  const Lanes f = x - __builtin_convertvector(whole, Lanes);
  const Lanes power =
      1.0f +
      f * (0.693147182f +
           f * (0.240226462f +
                f * (0.055503324f + f * (0.009618437f + f * (0.001339887f + f * 0.00015464f)))));
  result = reinterpret_cast<Lanes>(reinterpret_cast<IntLanes>(power) + (whole << 23));
}

[[gnu::always_inline]] inline std::uint64_t mixed(std::uint64_t z)
{
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// The places of eight points, an axis at a time.
template <int dimensions>
[[gnu::always_inline]] inline void gather(const float* positions, const std::int32_t* ids,
                                          Lanes* axes)
{
  if constexpr (dimensions == 2) {
    const auto pair = [positions](std::int32_t id) __attribute__((always_inline))
    {
      return *reinterpret_cast<const Pair*>(positions + 2 * std::int64_t{id});
    };
    const PairLanes first = {pair(ids[0]), pair(ids[1]), pair(ids[4]), pair(ids[5])};
    const PairLanes second = {pair(ids[2]), pair(ids[3]), pair(ids[6]), pair(ids[7])};
    const Lanes a = reinterpret_cast<Lanes>(first);
    const Lanes b = reinterpret_cast<Lanes>(second);
    axes[0] = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14);
    axes[1] = __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
  } else {
    Lanes p[4];
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      const Quad low =
          *reinterpret_cast<const UnalignedQuad*>(positions + 4 * std::int64_t{ids[k]});
      const Quad high =
          *reinterpret_cast<const UnalignedQuad*>(positions + 4 * std::int64_t{ids[k + 4]});
      p[k] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
    }
    const Lanes xy01 = __builtin_shufflevector(p[0], p[1], 0, 8, 1, 9, 4, 12, 5, 13);
    const Lanes xy23 = __builtin_shufflevector(p[2], p[3], 0, 8, 1, 9, 4, 12, 5, 13);
    const Lanes z01 = __builtin_shufflevector(p[0], p[1], 2, 10, 3, 11, 6, 14, 7, 15);
    const Lanes z23 = __builtin_shufflevector(p[2], p[3], 2, 10, 3, 11, 6, 14, 7, 15);
    axes[0] = __builtin_shufflevector(xy01, xy23, 0, 1, 8, 9, 4, 5, 12, 13);
    axes[1] = __builtin_shufflevector(xy01, xy23, 2, 3, 10, 11, 6, 7, 14, 15);
    axes[dimensions - 1] = __builtin_shufflevector(z01, z23, 0, 1, 8, 9, 4, 5, 12, 13);
  }
}

template <int dimensions>
[[gnu::always_inline]] inline void movePoint(const UmapPass& pass, std::int64_t i,
                                             const std::int32_t* due, int dueCount, float* next)
{
  constexpr int stride = dimensions == 2 ? 2 : 4;
  const Lanes attracts = {1, 1, 0, 0, 0, 0, 0, 0};
  const Lanes repels = {0, 0, 1, 1, 1, 1, 1, 0};
  const Lanes allLanes = {1, 1, 1, 1, 1, 1, 1, 0};
  const Lanes twoNegatives = {1, 0, 1, 1, 0, 0, 0, 0}, threeNegatives = {1, 0, 1, 1, 1, 0, 0, 0};
  const auto self = static_cast<std::int32_t>(i);
  const auto others = static_cast<std::uint64_t>(pass.points - 1);
  float own[dimensions];
  for (int axis = 0; axis < dimensions; ++axis)
    own[axis] = pass.positions[stride * i + axis];

  std::uint64_t state = mixed(pass.seed + static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15u);
  for (int batch = 0; batch < dueCount; batch += attractions) {
    std::int32_t ids[lanes];
    // Half a pair takes two or three of the five negatives, in turn. A lane without a partner
    // points at the point itself and does not count.
    const bool lone = batch + 1 == dueCount;
    const Lanes counts = lone ? (pass.oddPass ? threeNegatives : twoNegatives) : allLanes;
    ids[0] = due[batch];
    ids[1] = lone ? self : due[batch + 1];
    for (int k = attractions; k < lanes; k += 2) {
      state += 0x9E3779B97F4A7C15u;
      const std::uint64_t bits = mixed(state);
      const auto first = static_cast<std::int32_t>(((bits & 0xffffffffu) * others) >> 32);
      const auto second = static_cast<std::int32_t>(((bits >> 32) * others) >> 32);
      ids[k] = first + (first >= self);
      ids[k + 1] = second + (second >= self);
    }
    Lanes difference[dimensions];
    gather<dimensions>(pass.positions, ids, difference);
    Lanes squared = {};
#pragma GCC unroll 4
    for (int axis = 0; axis < dimensions; ++axis) {
      difference[axis] = own[axis] - difference[axis];
      squared += difference[axis] * difference[axis];
    }
    squared = squared > 1e-12f ? squared : Lanes{} + 1e-12f;
    Lanes logarithm, power;
    log2Lanes(squared, logarithm);
    exp2Lanes(pass.b * logarithm, power);
    // Slopes of log φ and log(1 − φ) for φ = 1 / (1 + a d^2b).
    const Lanes common = (2.0f * pass.b) / (1.0f + pass.a * power);
    const Lanes strength =
        common * (repels / (0.001f + squared) - attracts * (pass.a * power) / squared);
#pragma GCC unroll 4
    for (int axis = 0; axis < dimensions; ++axis) {
      Lanes step = strength * difference[axis];
      step = step > largestStep ? Lanes{} + largestStep : step;
      step = step < -largestStep ? Lanes{} - largestStep : step;
      step *= counts;
      const float sum =
          ((step[0] + step[1]) + (step[2] + step[3])) + ((step[4] + step[5]) + (step[6] + step[7]));
      own[axis] += pass.rate * sum;
    }
  }
  for (int axis = 0; axis < dimensions; ++axis)
    next[stride * i + axis] = own[axis];
}

template <int dimensions>
[[gnu::always_inline]] inline void movePoints(const UmapPass& pass, std::int64_t begin,
                                              std::int64_t end, float* next)
{
  std::int64_t longest = 0;
  for (std::int64_t i = begin; i < end; ++i)
    longest = std::max(longest, pass.starts[i + 1] - pass.starts[i]);
  std::vector<std::int32_t> dueIds(static_cast<std::size_t>(longest));
  std::int32_t* due = dueIds.data();
  for (std::int64_t i = begin; i < end; ++i) {
    int dueCount = 0;
    for (std::int64_t e = pass.starts[i]; e < pass.starts[i + 1]; ++e) {
      const float phase = pass.phases[e] + pass.frequencies[e];
      const bool isDue = phase >= 1.0f;
      pass.phases[e] = isDue ? phase - 1.0f : phase;
      due[dueCount] = pass.ids[e];  // Written always, kept if due: no branch to guess.
      dueCount += isDue;
    }
    movePoint<dimensions>(pass, i, due, dueCount, next);
  }
}

}  // namespace

ORRERY_FOR_EACH_CPU
void moveUmapPoints2(const UmapPass& pass, std::int64_t begin, std::int64_t end, float* next)
{
  movePoints<2>(pass, begin, end, next);
}

ORRERY_FOR_EACH_CPU
void moveUmapPoints3(const UmapPass& pass, std::int64_t begin, std::int64_t end, float* next)
{
  movePoints<3>(pass, begin, end, next);
}

}  // namespace orrery
