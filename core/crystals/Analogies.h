// Analogies a : b :: a′ : ? asked of all pairs of a relation, and the share that the nearest
// feature answers.
//
// Source: 3CosAdd, the largest cos(x, b) − cos(x, a) + cos(x, a′) (Mikolov et al. 2013); 3CosMul,
// the largest product of the shifted cosines over that of a (Levy & Goldberg 2014).
//
// An answer is right if no other feature scores above it. So the scores are compared with that of
// the wanted b′ and a question ends at the first better one, which for most wrong answers is soon.
// Scores too close for float are taken again in double: the shares are those of a computation in
// double precision.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace orrery {

struct AnalogyOptions {
  /// Ordered pairs of pairs that are asked; where there are more, as many are drawn (seeded).
  /// None: all of them while they times the features are at most 2·10¹⁰, and 100 000 at least.
  std::optional<std::int64_t> maxQueries;
  std::uint64_t seed = 0;
};

struct AnalogyScores {
  /// Asked: ordered pairs of pairs, but for those whose answer b′ is a, b or a′ (pairs with one
  /// answer, as currencies have): no search could find it.
  std::int64_t queries = 0;
  /// Share of queries whose best feature (a, b and a′ left out, the first of equal ones) is b′; NaN
  /// without queries.
  double accuracy3CosAdd = std::numeric_limits<double>::quiet_NaN();
  double accuracy3CosMul = std::numeric_limits<double>::quiet_NaN();
};

/// @p decoder d × n, finite; @p pairs are columns of it. Zero vectors answer nothing. O(n d p) for
/// p pairs and at most O(n q) for q queries, in blocks of features: memory 8192 · 2p floats, 2p d
/// doubles and 32 bytes a query. The same bits for any number of threads.
AnalogyScores scoreAnalogies(const FeatureMatrixView& decoder,
                             const std::vector<std::pair<FeatureId, FeatureId>>& pairs,
                             const AnalogyOptions& options = {}, const Progress& progress = {});

}  // namespace orrery
