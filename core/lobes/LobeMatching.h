// Which lobe of one clustering is which of another, so that it keeps its colour over affinities,
// cluster counts and layers: optimal assignment (Kuhn 1955, Munkres 1957; shortest augmenting paths
// as Jonker & Volgenant 1987).
#pragma once

#include "core/base/Types.h"
#include "core/lobes/Lobes.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// For every row of @p benefit the column assigned to it, −1 where there are more rows than
/// columns, so that the sum of benefits is largest; each column once at most. Ties go to smaller
/// indices. O(rows² · columns). Throws Error if a benefit is not finite.
std::vector<int> optimalAssignment(const Eigen::MatrixXd& benefit);

struct LobeMatching {
  /// For each lobe of the second clustering: the colour it gets. Matched ones take their partner's
  /// in the first; the others take unused ones from the first free number on.
  std::vector<std::int32_t> colors;
  /// For each lobe of the second: its partner in the first, or noLobe.
  std::vector<std::int32_t> partners;
  /// Share of the features that both place which lie in matched lobes of both; 1 = same lobes.
  double agreement = 0.0;
};

/// Matches by the number of shared features. @p firstColors: colours of the first clustering's
/// lobes (from an earlier matching); empty: lobe i has colour i. Throws Error if the numbers of
/// features differ.
LobeMatching matchLobes(const Lobes& first, const Lobes& second,
                        const std::vector<std::int32_t>& firstColors = {});

/// Matches lobes of two layers, whose features are not the same, by the cosine of the mean unit
/// vectors of their members less the layer's own mean. @p firstDecoder d × n and @p secondDecoder
/// d × m in one space (the residual stream). `agreement` is the mean cosine of the matched pairs.
LobeMatching matchLobesOfLayers(const Lobes& first, const FeatureMatrixView& firstDecoder,
                                const Lobes& second, const FeatureMatrixView& secondDecoder,
                                const std::vector<std::int32_t>& firstColors = {});

}  // namespace orrery
