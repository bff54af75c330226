// What a cleaning does to one crystal: how much of its differences is left, and how it looks in a
// space that was cleaned without knowing it.
#pragma once

#include "core/base/Progress.h"
#include "core/crystals/Crystal.h"
#include "core/crystals/Distractors.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// LDA keeps the directions that tell its relations apart. Where a crystal's relation is none of
/// them (or its direction is not among those kept), what is left of b − a and d − c is noise, and
/// their cosine after cleaning says nothing; where it is one of them, its own pairs have helped to
/// find the directions, and the cosine is optimistic. Both can be seen here.
struct CleaningEffect {
  /// Shares of the squared lengths of b − a and d − c inside the directions that are left.
  double keptAb = 0.0, keptCd = 0.0;
  /// The mean of the same over the pairs the cleaning was fitted on; NaN if it was fitted on none.
  double keptTypical = std::numeric_limits<double>::quiet_NaN();
  int directions = 0;  ///< Kept by LDA, or removed.
  int most = 0;        ///< Of LDA: all that there are, relations − 1. Else 0.
  /// Relations the cleaning was fitted on that have a : b, c : d, a : c or b : d, either way round.
  std::vector<std::string> relations;
  std::int64_t ownPairs = 0;  ///< How many such pairs there are in them.
  /// The crystal's measures (no ranks) in the space cleaned without those pairs; none if there are
  /// no such pairs, or too few others.
  std::optional<CrystalQuality> withoutOwn;

  /// Whether far less of the crystal's differences is left than of the pairs that LDA was fitted on
  /// (below a third), and a space fitted without it does not show it either (cosine below .5): the
  /// cosine after cleaning is then mostly noise.
  [[nodiscard]] bool isLost() const;
  /// For people: what of this must be known to read the figures after cleaning.
  [[nodiscard]] std::string sentence() const;
  CleaningMethod method = CleaningMethod::None;
};

/// @p fitted must be of @p cleaning and @p relations in @p space. One more fitCleaning where the
/// crystal's own pairs are among the relations; else O(d k (p + k)) for p pairs and k directions.
CleaningEffect cleaningEffect(const CrystalSpace& space, const std::vector<Relation>& relations,
                              const Cleaning& cleaning, const FittedCleaning& fitted,
                              const Crystal& crystal, const Progress& progress = {});

}  // namespace orrery
