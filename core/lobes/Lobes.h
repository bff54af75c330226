// A division of the features into lobes.
#pragma once

#include "core/base/Types.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// The lobe of a feature that has none: it (almost) never or always fires, or its vector is not
/// usable.
inline constexpr std::int32_t noLobe = -1;

/// Lobes are numbered from 0 by falling size (equal sizes by their first feature), so that lobe 0
/// is the largest whatever the seed.
struct Lobes {
  int clusters = 0;                  ///< Asked for; sizes may hold fewer where features are equal.
  std::vector<std::int32_t> labels;  ///< n: the lobe of every feature, or noLobe.
  std::vector<std::int64_t> sizes;   ///< Features of each lobe, falling.
  /// Of the k-means that cut the lobes: summed squared distances to the centres, in the space of
  /// the eigenvectors. 0 if they came from elsewhere.
  double inertia = 0.0;

  [[nodiscard]] std::int64_t features() const { return static_cast<std::int64_t>(labels.size()); }
  [[nodiscard]] std::int64_t placed() const;  ///< Features that have a lobe.
  /// Ids of the features of @p lobe, ascending.
  [[nodiscard]] std::vector<FeatureId> members(std::int32_t lobe) const;
};

/// Renumbers any labels by falling size; negative ones become noLobe. Also for lobes that were read
/// from a file or a column of the dictionary.
Lobes lobesFromLabels(const std::vector<std::int32_t>& labels);

}  // namespace orrery
