// Who is what in a synthetic dictionary: the label, lobe and topic of each feature, the planted
// pairs, and which features fire in which block. The vectors follow from it (Geometry.h).
#pragma once

#include "core/synthetic/SyntheticDictionary.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::synthetic {

struct Layout {
  std::vector<std::string> labels;   ///< n, all different.
  std::vector<std::int32_t> lobes;   ///< n.
  std::vector<std::int32_t> topics;  ///< n, numbered through all lobes; each relation is one more.
  std::vector<double> rates;         ///< n: share of blocks in which the feature fires, on average.
  std::vector<std::string> lobeNames;
  std::vector<std::int32_t> topicLobes;  ///< Lobe of each topic.
  std::vector<PlantedRelation> relations;
};

/// Throws Error if the options ask for more than fits.
Layout makeLayout(const SyntheticOptions& options);

/// Blocks of documents; a document has one type, its lobe's features fire more often, those of a
/// block's topics more often still.
SyntheticFirings makeFirings(const Layout& layout, const SyntheticOptions& options);

}  // namespace orrery::synthetic
