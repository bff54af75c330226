// Places other vectors of the same space on a fitted map.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"
#include "core/embedding/Pca.h"

#include <cstdint>

namespace orrery {

struct MapTransformOptions {
  /// Fitted features that a new vector is tied to: 3 × perplexity for t-SNE, neighbours − 1 for
  /// UMAP by the map's own options where this is 0.
  int neighbors = 0;
  /// Steps that move the new places on; the fitted ones stay.
  int steps = 100;
};

struct TransformedMap {
  Positions positions;  ///< 3 × m; NaN for vectors without a neighbour that has a place.
  std::int64_t unplaced = 0;
};

/// Exact: the coordinates on the map's own axes (@p dimensions 2 or 3).
Positions placeOnPca(const Pca& pca, int dimensions, const FeatureMatrixView& vectors);

/// t-SNE and UMAP: every vector of @p vectors (d × m, finite) starts at the mean of the places of
/// its nearest among the fitted features (@p decoder d × n, as many columns as map.positions),
/// weighted by the same affinities that made the map, and descends towards them, held off by the
/// map around it, in the same curve as the map's. New vectors do not see each other, so each place
/// depends on its own vector alone. A vector equal to a fitted feature lies close to it. O(m n d)
/// time. Throws Error if the map is neither, or the sizes do not fit.
TransformedMap placeOnMap(const Embedding& map, const FeatureMatrixView& decoder,
                          const FeatureMatrixView& vectors, const MapTransformOptions& options = {},
                          const Progress& progress = {});

}  // namespace orrery
