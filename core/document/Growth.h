// A selection grown by what its features have in common with others.
#pragma once

#include "core/base/Progress.h"
#include "core/document/Layer.h"

#include <array>
#include <vector>

namespace orrery {

/// @p features and the @p k nearest of each in the original space (cosine; on a map as given, its
/// distance), exact: from the layer's neighbours where it has as many, else by one pass over the
/// matrix for each feature, O(n d) each. Sorted. Features without a direction bring none.
std::vector<FeatureId> grownByNeighbors(const Layer& layer, const std::vector<FeatureId>& features,
                                        int k, const Progress& progress = {});

/// @p features and all that share a category of @p column with one of them. Sorted; O(n).
std::vector<FeatureId> grownByCategory(const Column& column,
                                       const std::vector<FeatureId>& features);

/// @p features and the corners of every quadruple that has one of them. Sorted.
std::vector<FeatureId> grownByQuadruples(const std::vector<std::array<FeatureId, 4>>& quadruples,
                                         const std::vector<FeatureId>& features);

}  // namespace orrery
