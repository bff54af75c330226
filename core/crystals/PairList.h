// The pairs of features that a crystal search compares: how long they may be, how many there are.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/CrystalSpace.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// Pairs by squared distance, as a sample of the features or the whole sweep counts them.
struct DistanceHistogram {
  std::vector<double> counts;    ///< Bins of equal width from 0 to `largest`.
  double largest = 0.0;          ///< Largest squared distance seen …
  double expectedLargest = 0.0;  ///< … and of all pairs, with some room.
};

/// Distances of up to @p sample features (seeded) to all, scaled up to all pairs.
DistanceHistogram sampleDistances(const CrystalSpace& space, int sample, std::uint64_t seed,
                                  const Progress& progress);

/// Which pairs a search lists. All in squared lengths of the space (not its unit).
struct PairLimits {
  double meanSquare = 0.0;      ///< Of two opposite sides, at most (parallelograms).
  double longestSquare = 0.0;   ///< Of one side, at most …
  double shortestSquare = 0.0;  ///< … and at least: shorter ones make degenerate crystals alone.
  bool complete = false;        ///< Enough for every crystal within δ.
  double pairs = 0.0;
  double comparisons = 0.0;
  double matches = -1.0;  ///< Quadruples within δ; negative: not known beforehand.
  /// What the budget counts: comparisons, and a match as many as it takes the time of.
  [[nodiscard]] double work() const;
};

/// Memory for each listed pair until the search ends.
double pairBytes(const CrystalSpace& space);
/// What the options allow; by themselves as many as some gigabytes hold.
double mostPairsOf(const CrystalSpace& space, const CrystalSearchOptions& options);

/// The limits that completeness needs, or the widest that the budget allows.
PairLimits pairLimits(const CrystalSpace& space, const CrystalSearchOptions& options,
                      const DistanceHistogram& histogram);

/// Whether mean and single limits that were listed suffice for diagonals up to @p largestSquare.
double neededMeanSquare(double residual, double largestSquare);
/// Square of the longer of two sides within √residual of each other whose mean square is given.
double longestSide(double meanSquare, double residual);

struct FeaturePair {
  FeatureId first = noFeature;
  FeatureId second = noFeature;
  float length = 0.0f;
};

struct PairList {
  std::vector<std::vector<FeaturePair>> tiles;  ///< first < second.
  double largestSquare = 0.0;                   ///< Largest squared distance of all pairs.

  [[nodiscard]] std::size_t size() const;
  /// Leaves the pairs of these squared lengths.
  void keep(double shortestSquare, double longestSquare);
  /// All in one; the tiles are freed on the way.
  [[nodiscard]] std::vector<FeaturePair> take();
};

/// All pairs of used features no farther apart than @p longestSquare allows: symmetric tiles of
/// products, O(n² d).
PairList listPairs(const CrystalSpace& space, double longestSquare, const Progress& progress);

}  // namespace orrery
