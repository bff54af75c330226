// From candidates to neighbours: what the exact and the approximate search have in common.
#pragma once

#include "core/embedding/NeighborSweep.h"
#include "core/embedding/Neighbors.h"

#include <functional>

namespace orrery {

/// Finds candidates for the count nearest of every feature: their nearness as a float product
/// gives it, within the bounds of the prepared features.
using CandidateSearch = std::function<CandidateLists(const PreparedFeatures& prepared, int count,
                                                     const Progress& progress)>;

/// Prepares the features, takes equal ones together, has @p search look for candidates and ranks
/// them; what float products cannot tell apart is settled in double. Throws as computeNeighbors().
Neighbors rankedNeighbors(const FeatureMatrixView& decoder, const NeighborOptions& options,
                          const CandidateSearch& search, const Progress& progress);

}  // namespace orrery
