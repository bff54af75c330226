#include "core/lobes/Lobes.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace orrery {

std::int64_t Lobes::placed() const
{
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
}

std::vector<FeatureId> Lobes::members(std::int32_t lobe) const
{
  std::vector<FeatureId> ids;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] == lobe)
      ids.push_back(static_cast<FeatureId>(i));
  return ids;
}

Lobes lobesFromLabels(const std::vector<std::int32_t>& labels)
{
  struct Group {
    std::int32_t label = 0;
    std::int64_t size = 0;
    std::size_t first = 0;
  };
  std::map<std::int32_t, Group> groups;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0)
      continue;
    const auto group = groups.try_emplace(labels[i], Group{labels[i], 0, i}).first;
    ++group->second.size;
  }
  std::vector<Group> ordered;
  for (const auto& entry : groups)
    ordered.push_back(entry.second);
  std::sort(ordered.begin(), ordered.end(), [](const Group& a, const Group& b) {
    return a.size != b.size ? a.size > b.size : a.first < b.first;
  });
  std::map<std::int32_t, std::int32_t> numbers;
  Lobes lobes;
  for (const Group& group : ordered) {
    numbers[group.label] = static_cast<std::int32_t>(lobes.sizes.size());
    lobes.sizes.push_back(group.size);
  }
  lobes.clusters = static_cast<int>(lobes.sizes.size());
  lobes.labels.reserve(labels.size());
  for (const std::int32_t label : labels)
    lobes.labels.push_back(label < 0 ? noLobe : numbers[label]);
  return lobes;
}

}  // namespace orrery
