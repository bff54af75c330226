// Is a relation a direction? Offsets of word pairs judged against the same words with shuffled
// partners.
//
// Source: arXiv:2410.19750, section 3. Raw cosine alone misleads: a task whose answers are all
// alike reaches .3 to .5 with any pairing.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/crystals/Analogies.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

struct RelationScoreOptions {
  /// Pairings drawn for the null.
  int shuffles = 100;
  /// Ordered pairs of pairs asked as analogies (AnalogyOptions).
  std::optional<std::int64_t> maxQueries;
  /// Work with unit vectors, as cosine analogies do. Off: as they are.
  bool unitRows = true;
  /// A relation is called parallel when its cosine lies this many standard deviations above the
  /// shuffled ones …
  double significantZ = 5.0;
  /// … and this far above their mean: with many pairs a tiny difference is significant and still no
  /// parallelogram.
  double leastGain = 0.05;
  std::uint64_t seed = 0;
};

enum class RelationVerdict {
  TooFew,        ///< Fewer than three pairs: nothing can be said.
  None,          ///< Not above shuffled partners.
  Trapezoid,     ///< Offsets agree in direction, their lengths spread by more than a third.
  Parallelogram  ///< Offsets agree in direction and length.
};
std::string displayName(RelationVerdict verdict);

struct RelationScores {
  std::int64_t pairs = 0;
  Eigen::VectorXf functionVector;        ///< Mean offset second − first, d.
  double cosine = 0.0;                   ///< Mean cosine over all pairs of offsets.
  double cosineShuffled = 0.0;           ///< Mean of the same over the shuffled pairings …
  double cosineShuffledDeviation = 0.0;  ///< … and its standard deviation.
  double z = 0.0;
  double offsetLength = 0.0;        ///< Mean |offset|.
  double offsetLengthSpread = 0.0;  ///< Standard deviation over mean of |offset|.
  AnalogyScores analogies;
  RelationVerdict verdict = RelationVerdict::TooFew;
  RelationScoreOptions options;
};

/// @p decoder d × n, finite; @p pairs are columns of it. O(p² (d + shuffles)) for p pairs with 32
/// p² bytes for their Gram matrix, and scoreAnalogies. The same bits for any number of threads.
/// Pairs with a zero vector are left out under unitRows.
RelationScores scoreRelation(const FeatureMatrixView& decoder,
                             const std::vector<std::pair<FeatureId, FeatureId>>& pairs,
                             const RelationScoreOptions& options = {},
                             const Progress& progress = {});

}  // namespace orrery
