#include "core/crystals/CrystalGroups.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

namespace orrery {
namespace {

std::array<FeatureId, 4> sortedCorners(const FoundCrystal& found)
{
  std::array<FeatureId, 4> corners = found.crystal.corners();
  std::sort(corners.begin(), corners.end());
  return corners;
}

}  // namespace

CrystalGroups addGroupCrystals(const CrystalSpace& space, int groups, CrystalSearchResult& result,
                               std::vector<CrystalFamily> families, const Progress& progress)
{
  const CrystalSearchOptions& search = result.options;
  const DifferenceClusterOptions options = familyClusters(search, groups);
  CrystalGroups grouped;
  grouped.clusters = clusterDifferences(
      space, options, functionVectors(families, options, space.dimensions()), progress);
  grouped.families = std::move(families);
  CrystalSearchOptions all = search;
  all.top = std::numeric_limits<std::int64_t>::max();
  std::vector<FoundCrystal> more = crystalsOfClusters(space, grouped.clusters, all, progress);
  std::set<std::array<FeatureId, 4>> known;
  for (const FoundCrystal& found : result.found)
    known.insert(sortedCorners(found));
  std::erase_if(more, [&](const FoundCrystal& one) { return known.count(sortedCorners(one)) > 0; });
  if (more.size() > static_cast<std::size_t>(search.top))
    more.resize(static_cast<std::size_t>(search.top));
  if (more.empty())
    return grouped;
  result.found.insert(result.found.end(), more.begin(), more.end());
  std::stable_sort(result.found.begin(), result.found.end(),
                   [](const FoundCrystal& x, const FoundCrystal& y) { return x.score > y.score; });
  result.found = foldAlike(space, std::move(result.found), search.leastSide);
  grouped.families = groupFamilies(space, result.found, search.mode, {}, progress);
  return grouped;
}

}  // namespace orrery
