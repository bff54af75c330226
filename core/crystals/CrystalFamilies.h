// Crystals that share a function vector. The clusters of differences that the paper looks for by
// K-means are found here: pairs that crystals join, as long as they agree.
#pragma once

#include "core/base/Progress.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/CrystalSpace.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace orrery {

struct CrystalFamilyOptions {
  /// A pair belongs to a family if its difference has at least this cosine with the family's mean
  /// difference; two families are one if their means have it.
  double leastCosine = 0.6;
};

struct CrystalFamily {
  /// Pairs from → to whose differences agree, strongest first; every pair turned the same way.
  std::vector<std::pair<FeatureId, FeatureId>> pairs;
  std::vector<std::int32_t> crystals;  ///< Indices into the list, ascending.
  Eigen::VectorXf functionVector;      ///< d: mean difference of the pairs.
  double cosine = 0.0;                 ///< Mean cosine of the pairs with the function vector.
  double lengthSpread = 0.0;           ///< Standard deviation over mean of the pairs' lengths.
};

/// Families, most crystals first. Sets `family` of every crystal in @p found and turns it (b ↔ c,
/// or both pairs round) so that a → b and c → d are pairs of its family; a parallelogram has two
/// candidates and goes to the larger one.
std::vector<CrystalFamily> groupFamilies(const CrystalSpace& space,
                                         std::vector<FoundCrystal>& found, CrystalMode mode,
                                         const CrystalFamilyOptions& options = {},
                                         const Progress& progress = {});

}  // namespace orrery
