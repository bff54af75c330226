#include "core/embedding/EqualFeatures.h"

#include "core/base/Parallel.h"

#include <algorithm>
#include <cstring>

namespace orrery {
namespace {

std::uint64_t hashOf(const float* values, Eigen::Index count)
{
  // Four independent lanes, so that the multiplications overlap.
  std::uint64_t lane[4] = {1, 2, 3, 4};
  for (Eigen::Index j = 0; j < count; ++j) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, values + j, sizeof bits);
    std::uint64_t& h = lane[j % 4];
    h = (h ^ bits) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
  }
  return (lane[0] * 3 + lane[1]) * 0x9E3779B97F4A7C15u ^ (lane[2] * 5 + lane[3]);
}

}  // namespace

EqualFeatures findEqualFeatures(const FeatureMatrixView& decoder, const std::vector<bool>& leftOut)
{
  const Eigen::Index d = decoder.rows(), n = decoder.cols();
  std::vector<std::pair<std::uint64_t, FeatureId>> order(static_cast<std::size_t>(n));
  parallelFor(n, 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t id = begin; id < end; ++id)
      order[static_cast<std::size_t>(id)] = {hashOf(decoder.data() + id * decoder.outerStride(), d),
                                             static_cast<FeatureId>(id)};
  });
  std::sort(order.begin(), order.end());

  EqualFeatures equal;
  const auto same = [&](FeatureId a, FeatureId b) {
    return std::memcmp(decoder.data() + a * decoder.outerStride(),
                       decoder.data() + b * decoder.outerStride(),
                       static_cast<std::size_t>(d) * sizeof(float)) == 0;
  };
  // Within equal hashes ids ascend; a different vector with the same hash merely stays alone.
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && order[end].first == order[begin].first)
      ++end;
    std::vector<FeatureId> group;
    for (std::size_t i = begin; i < end; ++i) {
      const FeatureId id = order[i].second;
      if (!leftOut[static_cast<std::size_t>(id)] && (group.empty() || same(group.front(), id)))
        group.push_back(id);
    }
    begin = end;
    if (group.size() < 2)
      continue;
    if (!equal.any()) {
      equal.first.resize(static_cast<std::size_t>(n));
      for (FeatureId id = 0; id < n; ++id)
        equal.first[static_cast<std::size_t>(id)] = id;
      equal.group.resize(static_cast<std::size_t>(n));
    }
    for (const FeatureId id : group)
      equal.first[static_cast<std::size_t>(id)] = group.front();
    equal.group[static_cast<std::size_t>(group.front())] = std::move(group);
  }
  return equal;
}

}  // namespace orrery
