// Fitted maps that are saved, opened again and applied to other vectors of the same space.
//
// The file is HDF5, written as every result is (complete or not at all) and read through
// orrery-reader like anybody's. Root attributes, all text: "orrery_fitted_map" (version, "1"),
// "method" (pca, tsne, umap), "dimensions" (2 or 3), "description" and the map's own options.
// Datasets, float32, features as rows:
//   positions  n × 3  places of the fitted features; NaN where one has none
//   vectors    n × d  the fitted features themselves (t-SNE, UMAP)
//   axes       k × d  orthonormal principal axes, k ≤ dimensions (PCA)
//   mean       1 × d  what is subtracted before (PCA)
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"

#include <cstdint>
#include <filesystem>

namespace orrery {

struct FittedMap {
  Embedding embedding;    ///< Of the fitted features.
  FeatureMatrix vectors;  ///< d × n; empty for PCA.
  FeatureMatrix axes;     ///< d × k; PCA alone.
  FeatureMatrix mean;     ///< d × 1; PCA alone.

  [[nodiscard]] Eigen::Index spaceDimensions() const
  {
    return vectors.size() > 0 ? vectors.rows() : axes.rows();
  }
};

/// What of @p embedding and the features it was made of (@p decoder d × n, finite, as many columns)
/// must be kept. For PCA the axes are computed again. Throws Error for maps as given.
FittedMap fitMap(const Embedding& embedding, const FeatureMatrixView& decoder,
                 const Progress& progress = {});

/// @p path must end in .h5. Throws Error as writeResult does.
void writeFittedMap(const std::filesystem::path& path, const FittedMap& map);

/// Throws Error if the file is none that writeFittedMap has written, saying what is missing.
FittedMap readFittedMap(const std::filesystem::path& path, const Progress& progress = {});

/// Places @p vectors (d × m, finite) on @p map: PCA exactly, t-SNE and UMAP by neighbours as
/// placeOnMap() does. The description says so. Throws Error if the dimensions differ.
Embedding applyFittedMap(const FittedMap& map, const FeatureMatrixView& vectors,
                         const Progress& progress = {});

}  // namespace orrery
