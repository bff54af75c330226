// Lobes that were cut elsewhere: the authors' published cluster files, and what `orrery lobes`
// writes.
//
// A container of one-dimensional arrays of whole numbers, one label per feature, whose names are
// the numbers of lobes: "2", "4", … (published `*_phi_clusters.npz`), or "phi/2" where there are
// several affinities; "layer_12_3.npy": one array, the number of lobes at the end of the file's
// name.
#pragma once

#include "core/base/Progress.h"
#include "core/lobes/Affinity.h"
#include "core/lobes/Lobes.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace orrery {

struct StoredLobes {
  /// Unset: by the vectors ("cosine/2"). Where neither the array nor the file names an affinity, it
  /// is phi, as published.
  std::optional<AffinityMeasure> measure = AffinityMeasure::Phi;
  Lobes lobes;  ///< Renumbered by falling size.
};

/// Phi first, each affinity by rising number of lobes. @p features: of the dictionary they belong
/// to. Throws Error: no such array, another number of features, labels that are not whole numbers,
/// or more different ones than the name says.
std::vector<StoredLobes> readLobeFile(const std::filesystem::path& path, std::int64_t features,
                                      const Progress& progress = {});

}  // namespace orrery
