// A feature, or a lobe, through layers, widths and seeds: from each dictionary to the next by
// mutual best match above the null.
#pragma once

#include "core/galaxy/FeatureMatching.h"
#include "core/galaxy/LayerSeries.h"

#include <string>
#include <vector>

namespace orrery {

/// What of the followed features is found in one layer.
struct FollowedLayer {
  std::size_t layer = 0;            ///< Index into the series.
  std::vector<FeatureId> features;  ///< In the order of the start; noFeature: lost on the way.
  std::vector<std::string> labels;  ///< Of the features; empty where there is none.
  std::vector<float> cosines;  ///< With the layer next to it on the side of the start; start: 1.
  float nullThreshold = 0.0f;  ///< That the cosines had to pass; start: 0.
  std::int64_t found = 0;
};

struct FollowedFeatures {
  std::size_t start = 0;
  std::vector<FollowedLayer> layers;  ///< In the order of the series, all of them.
};

/// Follows the features @p ids of layer @p start towards both ends of the series. A feature that
/// has no match is lost from there on. Reads each layer once and needs two at a time. Throws Error
/// as matchFeatures does.
FollowedFeatures followFeatures(LayerCache& cache, std::size_t start,
                                const std::vector<FeatureId>& ids,
                                const FeatureMatchOptions& options = {},
                                const Progress& progress = {});

}  // namespace orrery
