// How far a map may be trusted: what it keeps of the original space (method.md, section 4).
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Neighbors.h"

#include <cstdint>
#include <vector>

namespace orrery {

struct MapTrustOptions {
  /// Neighbourhood size of all figures.
  int neighbors = 10;
  /// Trustworthiness and continuity need ranks over all pairs, O(n² d): above this many features
  /// they are taken over a seeded sample of that many points, each ranked against all n, and
  /// `sampled` says so.
  std::int64_t rankSample = 2000;
  /// Pairs for Spearman's ρ.
  std::int64_t distancePairs = 200000;
  std::uint64_t seed = 0;
};

struct MapTrust {
  std::vector<float>
      keptPerFeature;            ///< n: share of the k nearest neighbours that are also the map's.
  double neighborsKept = 0.0;    ///< Their mean.
  double trustworthiness = 0.0;  ///< Venna & Kaski 2001, as scikit-learn's.
  double continuity = 0.0;       ///< The same with the spaces exchanged.
  double distanceCorrelation = 0.0;  ///< Spearman's ρ of distances over a sample of pairs.
  std::int64_t sampled = 0;  ///< Points that trustworthiness and continuity were taken over.
  MapTrustOptions options;
};

/// @p positions 3 × n for the same features as @p decoder (d × n), both finite; @p neighbors of the
/// original space (count ≥ options.neighbors, or n − 1).
MapTrust measureMapTrust(const FeatureMatrixView& decoder, const Positions& positions,
                         const Neighbors& neighbors, const MapTrustOptions& options = {},
                         const Progress& progress = {});

}  // namespace orrery
