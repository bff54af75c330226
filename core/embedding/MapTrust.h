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
  /// n: share of the k nearest neighbours that are also the map's. NaN for zero rows under cosine,
  /// which have no neighbours and stay out of all figures.
  std::vector<float> keptPerFeature;
  double neighborsKept = 0.0;  ///< Their mean.
  /// Venna & Kaski 2001, as scikit-learn's; over at most (n − 1)/2 neighbours, beyond which it is
  /// not defined.
  double trustworthiness = 0.0;
  double continuity = 0.0;  ///< The same with the spaces exchanged.
  /// Spearman's ρ of distances over a sample of pairs; NaN if all distances of a space are equal.
  double distanceCorrelation = 0.0;
  std::int64_t sampled = 0;  ///< Points that trustworthiness and continuity were taken over.
  MapTrustOptions options;
};

/// @p positions 3 × n for the same features as @p decoder (d × n), both finite; @p neighbors of the
/// original space (count ≥ options.neighbors, or n − 1).
MapTrust measureMapTrust(const FeatureMatrixView& decoder, const Positions& positions,
                         const Neighbors& neighbors, const MapTrustOptions& options = {},
                         const Progress& progress = {});

}  // namespace orrery
