// Document types and the lobes that others found them in, side by side for every number of lobes.
#pragma once

#include "core/lobes/TypePartitions.h"
#include "widgets/figure/Drawing.h"

#include <optional>
#include <vector>

namespace orrery {

struct PartitionContent {
  TypePartitions partitions;
  std::vector<std::vector<std::int32_t>> colors;  ///< Colour number, per level and lobe.
  std::vector<std::size_t> order;                 ///< Of the types, from top to bottom.
};

/// Colours follow the largest overlap from level to level; types stand by their lobes.
PartitionContent partitionContent(TypePartitions partitions);
Drawing partitionDrawing(const PartitionContent& content);

}  // namespace orrery
