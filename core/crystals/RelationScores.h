// Is a relation a direction? Offsets of word pairs judged against the same words with shuffled
// partners.
//
// Source: arXiv:2410.19750, section 3; analogies by 3CosAdd (Mikolov et al. 2013) and 3CosMul (Levy
// & Goldberg 2014). Raw cosine alone misleads: a task whose answers are all alike reaches .3 to .5
// with any pairing.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

struct RelationScoreOptions {
  /// Pairings drawn for the null.
  int shuffles = 100;
  /// Ordered pairs of pairs asked as analogies; where there are more, as many are drawn (seeded).
  std::int64_t maxQueries = 100000;
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
  /// Share of queries b − a + a′ whose nearest feature (the three left out) is b′; NaN without
  /// queries.
  double accuracy3CosAdd = std::numeric_limits<double>::quiet_NaN();
  double accuracy3CosMul = std::numeric_limits<double>::quiet_NaN();
  /// Asked: ordered pairs of pairs, but for those whose answer b′ is a, b or a′ (pairs with one
  /// answer, as currencies have): no search could find it.
  std::int64_t queries = 0;
  RelationVerdict verdict = RelationVerdict::TooFew;
  RelationScoreOptions options;
};

/// @p decoder d × n, finite; @p pairs are columns of it. O(n d p) for p pairs and O(n q) for q
/// queries, in blocks of features: memory 4096 · 2p floats. The same bits for any number of
/// threads. Pairs with a zero vector are left out under unitRows.
RelationScores scoreRelation(const FeatureMatrixView& decoder,
                             const std::vector<std::pair<FeatureId, FeatureId>>& pairs,
                             const RelationScoreOptions& options = {},
                             const Progress& progress = {});

}  // namespace orrery
