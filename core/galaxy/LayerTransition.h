// From one layer's cloud to another's: which features are the same, by matching, and where they go.
#pragma once

#include "core/dictionary/Dictionary.h"
#include "core/galaxy/FeatureMatching.h"

#include <vector>

namespace orrery {

struct LayerTransition {
  /// Features matched with each other: mutual best cosines above the null, as matchFeatures says.
  std::vector<FeatureId> from, to;
  std::vector<float> cosines;
  /// For every feature its best cosine in the other dictionary; NaN where it has none.
  std::vector<float> bestOfFirst, bestOfSecond;
  float nullThreshold = 0.0f;  ///< What a match had to pass.
  FeatureMatchOptions options;
};

/// Matches all features of @p first with those of @p second. O(n₁ n₂ d), about 8 s for twice
/// 16 384 × 2304 on two cores; no n × n matrix. Rows that are zero or not finite are left out.
/// Throws Error if the dimensions differ.
LayerTransition matchLayers(const Dictionary& first, const Dictionary& second,
                            const FeatureMatchOptions& options = {}, const Progress& progress = {});

/// A cloud on its way from one layer to the next.
struct MorphedCloud {
  Positions positions;  ///< Matched pairs in their order, then the first's rest, the second's.
  std::vector<float> presence;  ///< 1 for matched pairs; of the rest how much of it is there.
  std::vector<float> cosines;   ///< Of the match; best cosine for the rest.
};

/// The cloud at @p share (0: the first layer, 1: the second) of the way: matched features glide on
/// a straight line, the rest of the first fades where it stands, that of the second appears. A
/// principal component has no sign: axes of the second cloud are mirrored where matched features
/// lie on opposite sides. @p first and @p second are 3 × n (NaN: not drawn). Throws Error if a size
/// does not fit @p transition.
MorphedCloud morphClouds(const Positions& first, const Positions& second,
                         const LayerTransition& transition, double share);

}  // namespace orrery
