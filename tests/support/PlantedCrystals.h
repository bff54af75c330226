// Dictionaries with crystals at known places, and how many of them a search brought back.
#pragma once

#include "core/crystals/Crystal.h"
#include "core/crystals/CrystalSearch.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace orrery::test {

using Corners = std::array<FeatureId, 4>;

/// All ways to write a crystal as one: a parallelogram by its two diagonals, a trapezoid by its two
/// sides and which ends go together.
inline Corners unordered(const Crystal& x, CrystalMode mode)
{
  if (mode == CrystalMode::Parallelogram) {
    const auto one = std::minmax(x.a, x.d), other = std::minmax(x.b, x.c);
    return one < other ? Corners{one.first, one.second, other.first, other.second}
                       : Corners{other.first, other.second, one.first, one.second};
  }
  Corners best = {x.a, x.b, x.c, x.d};
  for (const Corners& way :
       {Corners{x.b, x.a, x.d, x.c}, Corners{x.c, x.d, x.a, x.b}, Corners{x.d, x.c, x.b, x.a}})
    best = std::min(best, way);
  return best;
}

inline std::set<Corners> setOf(const CrystalSearchResult& result)
{
  std::set<Corners> all;
  for (const FoundCrystal& found : result.found)
    all.insert(unordered(found.crystal, result.options.mode));
  return all;
}

struct Planted {
  FeatureMatrix vectors;                               ///< d × n, unit columns.
  std::vector<std::pair<FeatureId, FeatureId>> pairs;  ///< Those of one relation side by side.
  std::set<Corners> truth;                             ///< Parallelograms of one relation.
};

/// Noise with `families` relations of `size` pairs each: b = a + t + e. @p noise is the length of e
/// beside that of t; unit rows, t of length one.
inline Planted plantCrystals(std::int64_t n, std::int64_t d, int families, int size, double noise,
                             std::uint64_t seed)
{
  Planted planted;
  planted.vectors = gaussianCloud(n, d, seed);
  planted.vectors.colwise().normalize();
  const FeatureMatrix turns = gaussianCloud(families, d, seed + 1),
                      errors = gaussianCloud(families * size, d, seed + 2);
  for (int family = 0; family < families; ++family) {
    const Eigen::VectorXf t = turns.col(family).normalized();
    for (int i = 0; i < size; ++i) {
      const FeatureId a = 2 * (family * size + i), b = a + 1;
      // a and b lie at equal angles from what is at right angles to t, so that they have length one
      // and the relation's crystals are rectangles.
      Eigen::VectorXf rest = planted.vectors.col(a);
      rest -= rest.dot(t) * t;
      planted.vectors.col(a) = rest.normalized() * std::sqrt(0.75f) - 0.5f * t;
      planted.vectors.col(b) =
          rest.normalized() * std::sqrt(0.75f) + 0.5f * t +
          static_cast<float>(noise) * errors.col(family * size + i).normalized();
      planted.vectors.col(b).normalize();
      planted.pairs.emplace_back(a, b);
    }
    for (int i = 0; i < size; ++i)
      for (int j = i + 1; j < size; ++j) {
        const FeatureId a = 2 * (family * size + i), c = 2 * (family * size + j);
        planted.truth.insert(unordered({a, a + 1, c, c + 1}, CrystalMode::Parallelogram));
      }
  }
  return planted;
}

/// Share of what was found that is true, and of what is true that was found.
struct Agreement {
  double precision = 0.0, recall = 0.0;
};

inline Agreement compareCrystals(const std::set<Corners>& found, const std::set<Corners>& truth)
{
  double hits = 0;
  for (const Corners& one : found)
    hits += truth.count(one) ? 1 : 0;
  return {found.empty() ? 0 : hits / static_cast<double>(found.size()),
          hits / static_cast<double>(truth.size())};
}

}  // namespace orrery::test
