// Crystals that a search's short list left out, brought back by grouping all differences.
#pragma once

#include "core/base/Progress.h"
#include "core/crystals/CrystalFamilies.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/CrystalSpace.h"
#include "core/crystals/DifferenceClusters.h"

#include <vector>

namespace orrery {

struct CrystalGroups {
  DifferenceClusters clusters;
  std::vector<CrystalFamily> families;  ///< Of all crystals of the longer list.
};

/// All differences in @p groups clusters (familyClusters) that begin at the search's @p families;
/// the crystals that they add join @p result, best first and folded, at most as many again as the
/// search keeps. Cost: clusterDifferences.
CrystalGroups addGroupCrystals(const CrystalSpace& space, int groups, CrystalSearchResult& result,
                               std::vector<CrystalFamily> families, const Progress& progress = {});

}  // namespace orrery
