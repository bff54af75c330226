#include "core/embedding/TsneKernels.h"

#include "core/base/Dispatch.h"

// Multiply-add in one instruction where the processor has it; for this file alone, so that the
// attribute's copies may differ from what the rest of the program is compiled for.
#pragma GCC optimize("fp-contract=fast")

namespace orrery {
namespace {

using Lanes = float __attribute__((vector_size(32)));
using UnalignedLanes = float __attribute__((vector_size(32), aligned(4), may_alias));
using Integers = std::int32_t __attribute__((vector_size(32)));
using Quad = float __attribute__((vector_size(16)));
using UnalignedQuad = float __attribute__((vector_size(16), aligned(4), may_alias));
using PairLanes = double __attribute__((vector_size(32)));
using Pair = double __attribute__((aligned(4), may_alias));

constexpr int lanes = 8;
constexpr int leafSize = 32;
/// As many targets as the registers hold beside what the kernel needs.
template <int freedom>
constexpr int vectorsAtOnce = freedom == 1 ? 2 : 1;

template <int dimensions, int freedom>
struct Targets {
  Lanes position[vectorsAtOnce<freedom>][dimensions];
  Lanes force[vectorsAtOnce<freedom>][dimensions];
  Lanes sum[vectorsAtOnce<freedom>];
};

/// 1 / √u for 1 ≤ u < 10³⁷, to the last digit but one: the divider takes longer for both a root
/// and a quotient. The first guess halves the exponent (it is right to 3.5 %); a step of third
/// order leaves 10⁻⁴, one of Newton's the rounding.
[[gnu::always_inline]] inline void inverseRoot(const Lanes& u, Lanes& root)
{
  const Integers guess = 0x5f375a86 - (reinterpret_cast<Integers>(u) >> 1);
  root = reinterpret_cast<Lanes>(guess);
  Lanes product = u * root * root;
  root *= 1.875f - product * (1.25f - 0.375f * product);
  product = u * root * root;
  root *= 1.5f - 0.5f * product;
}

/// Student's kernel at u = 1 + d²/f: what counts for Z, what for the force, and 1/u.
struct Kernel {
  Lanes weight;    ///< u^−(f+1)/2
  Lanes strength;  ///< u^−(f+1)
  Lanes inverse;
};

template <int freedom>
[[gnu::always_inline]] inline void kernelAt(const Lanes& u, Kernel& kernel)
{
  static_assert(freedom == 1 || freedom == 2);
  if constexpr (freedom == 1) {
    kernel.weight = kernel.inverse = 1.0f / u;
  } else {
    Lanes root;
    inverseRoot(u, root);
    kernel.inverse = root * root;
    kernel.weight = kernel.inverse * root;
  }
  kernel.strength = kernel.weight * kernel.weight;
}

template <int dimensions, int freedom>
[[gnu::always_inline]] inline void addPoints(const float* const* sources, std::int64_t begin,
                                             std::int64_t end,
                                             Targets<dimensions, freedom>& targets)
{
  for (std::int64_t s = begin; s < end; ++s) {
#pragma GCC unroll 8
    for (int v = 0; v < vectorsAtOnce<freedom>; ++v) {
      Lanes difference[dimensions];
      Lanes distance = Lanes{} + static_cast<float>(freedom);
#pragma GCC unroll 8
      for (int axis = 0; axis < dimensions; ++axis) {
        difference[axis] = targets.position[v][axis] - sources[axis][s];
        distance += difference[axis] * difference[axis];
      }
      Kernel kernel;
      kernelAt<freedom>(distance * (1.0f / freedom), kernel);
      targets.sum[v] += kernel.weight;
#pragma GCC unroll 8
      for (int axis = 0; axis < dimensions; ++axis)
        targets.force[v][axis] += kernel.strength * difference[axis];
    }
  }
}

// A group of m points around its centre, with v = Σ |e|² / D: to second order in e, and with its
// spread taken as the same in all directions, Σ g(δ − e) = m g(δ) + v/2 ∇²g(δ). With q = 1/u,
//   g = q^s   gives ½ ∇²g = s/f (2s + 2 − D − (2s + 2) q) q g   at s = (f + 1)/2,
//   g = q^s δ gives ½ ∇²g = s/f (2s − D − (2s + 2) q) q g       at s = f + 1.
template <int dimensions, int freedom>
[[gnu::always_inline]] inline void addGroups(const RepulsionSources& sources,
                                             Targets<dimensions, freedom>& targets)
{
  constexpr float f = freedom, s = (f + 1.0f) / 2.0f, t = f + 1.0f;
  constexpr float weightFirst = s / f * (2.0f * s + 2.0f - dimensions);
  constexpr float weightSecond = s / f * (2.0f * s + 2.0f);
  constexpr float strengthFirst = t / f * (2.0f * t - dimensions);
  constexpr float strengthSecond = t / f * (2.0f * t + 2.0f);
  const float* centers[dimensions];
  for (int axis = 0; axis < dimensions; ++axis)
    centers[axis] = sources.centers[axis];
  for (std::int64_t g = 0; g < sources.groupCount; ++g) {
#pragma GCC unroll 8
    for (int v = 0; v < vectorsAtOnce<freedom>; ++v) {
      Lanes difference[dimensions];
      Lanes distance = Lanes{} + static_cast<float>(freedom);
#pragma GCC unroll 8
      for (int axis = 0; axis < dimensions; ++axis) {
        difference[axis] = targets.position[v][axis] - centers[axis][g];
        distance += difference[axis] * difference[axis];
      }
      Kernel kernel;
      kernelAt<freedom>(distance * (1.0f / freedom), kernel);
      const Lanes spread = kernel.inverse * sources.spreads[g];
      targets.sum[v] += kernel.weight * (sources.masses[g] +
                                         spread * (weightFirst - weightSecond * kernel.inverse));
      const Lanes strength =
          kernel.strength *
          (sources.masses[g] + spread * (strengthFirst - strengthSecond * kernel.inverse));
#pragma GCC unroll 8
      for (int axis = 0; axis < dimensions; ++axis)
        targets.force[v][axis] += strength * difference[axis];
    }
  }
}

template <int dimensions, int freedom>
[[gnu::always_inline]] inline double repelLeaf(const RepulsionSources& sources, std::int64_t first,
                                               int count, float* const* forces)
{
  const float* coordinates[dimensions];
  for (int axis = 0; axis < dimensions; ++axis)
    coordinates[axis] = sources.coordinates[axis];
  double total = 0.0;
  for (int offset = 0; offset < leafSize; offset += vectorsAtOnce<freedom> * lanes) {
    Targets<dimensions, freedom> targets{};
#pragma GCC unroll 8
    for (int v = 0; v < vectorsAtOnce<freedom>; ++v)
#pragma GCC unroll 8
      for (int axis = 0; axis < dimensions; ++axis)
        targets.position[v][axis] = *reinterpret_cast<const UnalignedLanes*>(
            coordinates[axis] + first + offset + v * lanes);
    for (std::int64_t leaf = 0; leaf < sources.leafCount; ++leaf) {
      const std::int64_t slot = std::int64_t{sources.leaves[leaf]} * leafSize;
      addPoints<dimensions, freedom>(coordinates, slot, slot + leafSize, targets);
    }
    addGroups<dimensions, freedom>(sources, targets);
#pragma GCC unroll 8
    for (int v = 0; v < vectorsAtOnce<freedom>; ++v) {
#pragma GCC unroll 8
      for (int axis = 0; axis < dimensions; ++axis)
        *reinterpret_cast<UnalignedLanes*>(forces[axis] + first + offset + v * lanes) =
            targets.force[v][axis];
#pragma GCC unroll 8
      for (int lane = 0; lane < lanes; ++lane)
        if (offset + v * lanes + lane < count)
          total += static_cast<double>(targets.sum[v][lane]);
    }
  }
  return total;
}

/// @p weight times u^−(f+1)/2, with @p oneAndSquare = 1 + d².
[[gnu::always_inline]] inline void weigh(const Lanes& oneAndSquare, const Lanes& weight,
                                         int degreesOfFreedom, Lanes& strength)
{
  if (degreesOfFreedom == 1) {
    strength = weight / oneAndSquare;
  } else {
    Lanes root;
    inverseRoot(0.5f + 0.5f * oneAndSquare, root);
    strength = weight * root * root * root;
  }
}

[[gnu::always_inline]] inline float total(const Lanes& lanesOfSum)
{
  const Quad low = __builtin_shufflevector(lanesOfSum, lanesOfSum, 0, 1, 2, 3);
  const Quad high = __builtin_shufflevector(lanesOfSum, lanesOfSum, 4, 5, 6, 7);
  const Quad half = low + high;
  return (half[0] + half[2]) + (half[1] + half[3]);
}

}  // namespace

ORRERY_FOR_EACH_CPU
double repelLeaf2(const RepulsionSources& sources, std::int64_t first, int count,
                  int degreesOfFreedom, float* const* forces)
{
  return degreesOfFreedom == 1 ? repelLeaf<2, 1>(sources, first, count, forces)
                               : repelLeaf<2, 2>(sources, first, count, forces);
}

ORRERY_FOR_EACH_CPU
double repelLeaf3(const RepulsionSources& sources, std::int64_t first, int count,
                  int degreesOfFreedom, float* const* forces)
{
  return degreesOfFreedom == 1 ? repelLeaf<3, 1>(sources, first, count, forces)
                               : repelLeaf<3, 2>(sources, first, count, forces);
}

ORRERY_FOR_EACH_CPU
void attract2(const AttractionRows& rows, const float* positions, std::int64_t begin,
              std::int64_t end, int degreesOfFreedom, float* forces)
{
  const auto pair = [positions](std::int32_t id) __attribute__((always_inline))
  {
    return *reinterpret_cast<const Pair*>(positions + 2 * std::int64_t{id});
  };
  for (std::int64_t i = begin; i < end; ++i) {
    const float ownX = positions[2 * i];
    const float ownY = positions[2 * i + 1];
    Lanes forceX = {}, forceY = {};
    for (std::int64_t e = rows.starts[i]; e < rows.starts[i + 1]; e += lanes) {
      const std::int32_t* id = rows.ids + e;
      // Loaded as pairs in this order, the shuffles give x and y of all eight in the order of ids.
      const PairLanes first = {pair(id[0]), pair(id[1]), pair(id[4]), pair(id[5])};
      const PairLanes second = {pair(id[2]), pair(id[3]), pair(id[6]), pair(id[7])};
      const Lanes a = reinterpret_cast<Lanes>(first);
      const Lanes b = reinterpret_cast<Lanes>(second);
      const Lanes x = ownX - __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14);
      const Lanes y = ownY - __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
      const Lanes weight = *reinterpret_cast<const UnalignedLanes*>(rows.weights + e);
      Lanes strength;
      weigh(1.0f + x * x + y * y, weight, degreesOfFreedom, strength);
      forceX += strength * x;
      forceY += strength * y;
    }
    forces[2 * i] = total(forceX);
    forces[2 * i + 1] = total(forceY);
  }
}

ORRERY_FOR_EACH_CPU
void attract3(const AttractionRows& rows, const float* positions, std::int64_t begin,
              std::int64_t end, int degreesOfFreedom, float* forces)
{
  const auto twoPoints = [positions](std::int32_t low, std::int32_t high, Lanes & result)
      __attribute__((always_inline))
  {
    const Quad a = *reinterpret_cast<const UnalignedQuad*>(positions + 4 * std::int64_t{low});
    const Quad b = *reinterpret_cast<const UnalignedQuad*>(positions + 4 * std::int64_t{high});
    result = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
  };
  for (std::int64_t i = begin; i < end; ++i) {
    const float* own = positions + 4 * i;
    Lanes forceX = {}, forceY = {}, forceZ = {};
    for (std::int64_t e = rows.starts[i]; e < rows.starts[i + 1]; e += lanes) {
      const std::int32_t* id = rows.ids + e;
      Lanes p0, p1, p2, p3;
      twoPoints(id[0], id[4], p0);
      twoPoints(id[1], id[5], p1);
      twoPoints(id[2], id[6], p2);
      twoPoints(id[3], id[7], p3);
      // Four points with x y z in a row, twice: transposed by halves.
      const Lanes xy01 = __builtin_shufflevector(p0, p1, 0, 8, 1, 9, 4, 12, 5, 13);
      const Lanes xy23 = __builtin_shufflevector(p2, p3, 0, 8, 1, 9, 4, 12, 5, 13);
      const Lanes z01 = __builtin_shufflevector(p0, p1, 2, 10, 3, 11, 6, 14, 7, 15);
      const Lanes z23 = __builtin_shufflevector(p2, p3, 2, 10, 3, 11, 6, 14, 7, 15);
      const Lanes x = own[0] - __builtin_shufflevector(xy01, xy23, 0, 1, 8, 9, 4, 5, 12, 13);
      const Lanes y = own[1] - __builtin_shufflevector(xy01, xy23, 2, 3, 10, 11, 6, 7, 14, 15);
      const Lanes z = own[2] - __builtin_shufflevector(z01, z23, 0, 1, 8, 9, 4, 5, 12, 13);
      const Lanes weight = *reinterpret_cast<const UnalignedLanes*>(rows.weights + e);
      Lanes strength;
      weigh(1.0f + x * x + y * y + z * z, weight, degreesOfFreedom, strength);
      forceX += strength * x;
      forceY += strength * y;
      forceZ += strength * z;
    }
    float* force = forces + 4 * i;
    force[0] = total(forceX);
    force[1] = total(forceY);
    force[2] = total(forceZ);
    force[3] = 0.0f;
  }
}

}  // namespace orrery
