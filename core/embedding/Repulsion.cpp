#include "core/embedding/Repulsion.h"

#include "core/base/Parallel.h"
#include "core/embedding/TsneKernels.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace orrery {
namespace {

// Padding of the last leaf: so far away that its q, about 1e-30, changes no sum and its square is
// 0.
constexpr float farAway = 1e15f;

constexpr std::int64_t leavesPerChunk = 8;

// Of the leaves' squared sides, while order and lists are kept. A map that has just begun may grow
// tenfold in a step: lists made for a dot would then treat half of it as one point.
constexpr double mostGrowth = 1.5;

// Below this the sums, in which each point meets itself at 1, have no digits left: only a handful
// of points can be that far apart on their way.
constexpr double leastSumPerPoint = 1e-6;

}  // namespace

template <int dimensions>
RepulsionTree<dimensions>::RepulsionTree(std::int64_t points, int degreesOfFreedom)
    : m_points(points), m_freedom(degreesOfFreedom), m_leaves((points + leafSize - 1) / leafSize)
{
  m_order.resize(static_cast<std::size_t>(points));
  std::iota(m_order.begin(), m_order.end(), 0);
  m_slots = m_order;
  for (auto* arrays : {&m_coordinates, &m_forces})
    for (auto& array : *arrays)
      array.assign(static_cast<std::size_t>(m_leaves * leafSize), 0.0f);
  m_leafSums.resize(static_cast<std::size_t>(m_leaves));
  layOutNodes();
}

/// The shape of the tree depends on the number of points alone.
template <int dimensions>
void RepulsionTree<dimensions>::layOutNodes()
{
  if (m_leaves == 0)
    return;
  m_nodes.resize(static_cast<std::size_t>(2 * m_leaves - 1));
  m_leafNodes.resize(static_cast<std::size_t>(m_leaves));
  m_nodes[0].firstLeaf = 0;
  m_nodes[0].leaves = static_cast<std::int32_t>(m_leaves);
  std::vector<std::int32_t> level = {0};
  while (!level.empty()) {
    std::vector<std::int32_t> below;
    for (const std::int32_t index : level) {
      const Node& node = m_nodes[static_cast<std::size_t>(index)];
      if (node.leaves == 1) {
        m_leafNodes[static_cast<std::size_t>(node.firstLeaf)] = index;
        continue;
      }
      const std::int32_t leftLeaves = node.leaves / 2;
      const std::int32_t left = index + 1, right = index + 2 * leftLeaves;
      m_nodes[static_cast<std::size_t>(left)].firstLeaf = node.firstLeaf;
      m_nodes[static_cast<std::size_t>(left)].leaves = leftLeaves;
      m_nodes[static_cast<std::size_t>(right)].firstLeaf = node.firstLeaf + leftLeaves;
      m_nodes[static_cast<std::size_t>(right)].leaves = node.leaves - leftLeaves;
      below.push_back(left);
      below.push_back(right);
    }
    m_levels.push_back(std::move(level));
    level = std::move(below);
  }
}

template <int dimensions>
std::int64_t RepulsionTree<dimensions>::pointsBefore(std::int64_t leaf) const
{
  return std::min(leaf * leafSize, m_points);
}

/// Halves a node across its longest side.
template <int dimensions>
void RepulsionTree<dimensions>::split(std::int32_t index, const float* positions, int stride)
{
  const Node& node = m_nodes[static_cast<std::size_t>(index)];
  if (node.leaves == 1)
    return;
  const auto begin = m_order.begin() + pointsBefore(node.firstLeaf);
  const auto end = m_order.begin() + pointsBefore(node.firstLeaf + node.leaves);
  std::array<float, dimensions> low, high;
  low.fill(std::numeric_limits<float>::infinity());
  high.fill(-std::numeric_limits<float>::infinity());
  for (auto point = begin; point != end; ++point)
    for (std::size_t axis = 0; axis < dimensions; ++axis) {
      const float value = positions[std::int64_t{*point} * stride + static_cast<int>(axis)];
      low[axis] = std::min(low[axis], value);
      high[axis] = std::max(high[axis], value);
    }
  int longest = 0;
  for (std::size_t axis = 1; axis < dimensions; ++axis)
    if (high[axis] - low[axis] >
        high[static_cast<std::size_t>(longest)] - low[static_cast<std::size_t>(longest)])
      longest = static_cast<int>(axis);
  const auto middle = m_order.begin() + pointsBefore(node.firstLeaf + node.leaves / 2);
  // Equal coordinates by id: the order is then the same whatever library sorts.
  std::nth_element(begin, middle, end, [=](std::int32_t a, std::int32_t b) {
    const float valueA = positions[std::int64_t{a} * stride + longest];
    const float valueB = positions[std::int64_t{b} * stride + longest];
    return valueA < valueB || (valueA == valueB && a < b);
  });
}

template <int dimensions>
void RepulsionTree<dimensions>::build(const float* positions, int stride)
{
  for (const auto& level : m_levels)
    parallelFor(static_cast<std::int64_t>(level.size()),
                static_cast<std::int64_t>(level.size() / 64 + 1),
                [&](std::int64_t begin, std::int64_t end) {
                  for (std::int64_t i = begin; i < end; ++i)
                    split(level[static_cast<std::size_t>(i)], positions, stride);
                });
  for (std::int64_t leaf = 0; leaf < m_leaves; ++leaf)
    std::sort(m_order.begin() + pointsBefore(leaf), m_order.begin() + pointsBefore(leaf + 1));
  for (std::size_t slot = 0; slot < m_order.size(); ++slot)
    m_slots[static_cast<std::size_t>(m_order[slot])] = static_cast<std::int32_t>(slot);
  m_listTheta = -1.0;
  refresh(positions, stride);
  m_builtSides = leafSides();
}

/// Mean squared side of the leaves: grows when the map does, and when points change places.
template <int dimensions>
double RepulsionTree<dimensions>::leafSides() const
{
  double sum = 0.0;
  for (const std::int32_t leaf : m_leafNodes)
    sum += m_nodes[static_cast<std::size_t>(leaf)].squaredSide;
  return sum;
}

template <int dimensions>
bool RepulsionTree<dimensions>::outgrown() const
{
  return leafSides() > mostGrowth * m_builtSides;
}

template <int dimensions>
void RepulsionTree<dimensions>::refresh(const float* positions, int stride)
{
  parallelFor(m_leaves, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t slot = begin * leafSize; slot < end * leafSize; ++slot)
      for (std::size_t axis = 0; axis < dimensions; ++axis)
        m_coordinates[axis][static_cast<std::size_t>(slot)] =
            slot < m_points
                ? positions[std::int64_t{m_order[static_cast<std::size_t>(slot)]} * stride +
                            static_cast<int>(axis)]
                : farAway;
    for (std::int64_t leaf = begin; leaf < end; ++leaf)
      measureLeaf(m_nodes[static_cast<std::size_t>(m_leafNodes[static_cast<std::size_t>(leaf)])]);
  });
  for (std::int32_t node = static_cast<std::int32_t>(m_nodes.size()) - 1; node >= 0; --node)
    if (m_nodes[static_cast<std::size_t>(node)].leaves > 1)
      joinChildren(node);
}

template <int dimensions>
void RepulsionTree<dimensions>::measureLeaf(Node& node)
{
  const std::int64_t begin = pointsBefore(node.firstLeaf), end = pointsBefore(node.firstLeaf + 1);
  node.mass = static_cast<float>(end - begin);
  node.squaredSide = 0.0f;
  node.spread = 0.0f;
  for (std::size_t axis = 0; axis < dimensions; ++axis) {
    const float* values = m_coordinates[axis].data();
    float low = values[begin], high = low, sum = 0.0f;
    for (std::int64_t slot = begin; slot < end; ++slot) {
      low = std::min(low, values[slot]);
      high = std::max(high, values[slot]);
      sum += values[slot];
    }
    node.low[axis] = low;
    node.high[axis] = high;
    node.center[axis] = sum / node.mass;
    node.squaredSide = std::max(node.squaredSide, (high - low) * (high - low));
    for (std::int64_t slot = begin; slot < end; ++slot)
      node.spread += (values[slot] - node.center[axis]) * (values[slot] - node.center[axis]);
  }
  node.spread /= static_cast<float>(dimensions);
}

template <int dimensions>
void RepulsionTree<dimensions>::joinChildren(std::int32_t index)
{
  Node& node = m_nodes[static_cast<std::size_t>(index)];
  const Node& left = m_nodes[static_cast<std::size_t>(index) + 1];
  const Node& right = m_nodes[static_cast<std::size_t>(index + 2 * (node.leaves / 2))];
  node.mass = left.mass + right.mass;
  node.squaredSide = 0.0f;
  const float share = right.mass / node.mass;
  float squaredDistance = 0.0f;
  for (std::size_t axis = 0; axis < dimensions; ++axis) {
    node.low[axis] = std::min(left.low[axis], right.low[axis]);
    node.high[axis] = std::max(left.high[axis], right.high[axis]);
    const float apart = right.center[axis] - left.center[axis];
    node.center[axis] = left.center[axis] + share * apart;
    squaredDistance += apart * apart;
    const float side = node.high[axis] - node.low[axis];
    node.squaredSide = std::max(node.squaredSide, side * side);
  }
  node.spread = left.spread + right.spread +
                left.mass * share * squaredDistance / static_cast<float>(dimensions);
}

/// Walks down from the root and sorts what it meets into single points and groups.
template <int dimensions>
auto RepulsionTree<dimensions>::listsOf(const Node& target, float squaredTheta) const -> Lists
{
  Lists lists;
  std::vector<std::int32_t> stack = {0};
  while (!stack.empty()) {
    const std::int32_t index = stack.back();
    stack.pop_back();
    const Node& node = m_nodes[static_cast<std::size_t>(index)];
    float squaredDistance = 0.1f;
    for (std::size_t axis = 0; axis < dimensions; ++axis) {
      const float outside = std::max(
          {target.low[axis] - node.center[axis], node.center[axis] - target.high[axis], 0.0f});
      squaredDistance += outside * outside;
    }
    if (node.squaredSide < squaredTheta * squaredDistance) {
      lists.groups.push_back(index);
    } else if (node.leaves == 1) {
      lists.leaves.push_back(node.firstLeaf);
    } else {
      stack.push_back(index + 2 * (node.leaves / 2));
      stack.push_back(index + 1);
    }
  }
  return lists;
}

template <int dimensions>
void RepulsionTree<dimensions>::collect(double theta, const Progress& progress)
{
  if (theta == m_listTheta)
    return;
  m_listTheta = -1.0;
  if (theta == 0.0) {
    m_lists.assign(1, {});
    m_lists[0].leaves.resize(static_cast<std::size_t>(m_leaves));
    std::iota(m_lists[0].leaves.begin(), m_lists[0].leaves.end(), 0);
  } else {
    m_lists.resize(static_cast<std::size_t>(m_leaves));
    const auto squaredTheta = static_cast<float>(theta * theta);
    parallelFor(m_leaves, leavesPerChunk, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      for (auto leaf = static_cast<std::size_t>(begin); leaf < static_cast<std::size_t>(end);
           ++leaf)
        m_lists[leaf] = listsOf(m_nodes[static_cast<std::size_t>(m_leafNodes[leaf])], squaredTheta);
    });
  }
  m_listTheta = theta;
}

template <int dimensions>
double RepulsionTree<dimensions>::repel(double theta, const Progress& progress)
{
  collect(theta, progress);
  std::array<const float*, dimensions> coordinates;
  std::array<float*, dimensions> forces;
  for (std::size_t axis = 0; axis < dimensions; ++axis) {
    coordinates[axis] = m_coordinates[axis].data();
    forces[axis] = m_forces[axis].data();
  }
  std::vector<std::int64_t> costs(static_cast<std::size_t>(m_leaves));
  parallelFor(m_leaves, leavesPerChunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    // Centre, mass and spread of the groups of one leaf, each in an array of its own.
    std::array<std::vector<float>, dimensions + 2> groups;
    for (std::int64_t leaf = begin; leaf < end; ++leaf) {
      const auto at = static_cast<std::size_t>(leaf);
      const Lists& lists = m_lists[std::min(at, m_lists.size() - 1)];
      for (auto& values : groups)
        values.resize(lists.groups.size());
      for (std::size_t g = 0; g < lists.groups.size(); ++g) {
        const Node& node = m_nodes[static_cast<std::size_t>(lists.groups[g])];
        for (std::size_t axis = 0; axis < dimensions; ++axis)
          groups[axis][g] = node.center[axis];
        groups[dimensions][g] = node.mass;
        groups[dimensions + 1][g] = node.spread;
      }
      std::array<const float*, dimensions> centers;
      for (std::size_t axis = 0; axis < dimensions; ++axis)
        centers[axis] = groups[axis].data();
      const RepulsionSources sources{coordinates.data(),
                                     lists.leaves.data(),
                                     static_cast<std::int64_t>(lists.leaves.size()),
                                     centers.data(),
                                     groups[dimensions].data(),
                                     groups[dimensions + 1].data(),
                                     static_cast<std::int64_t>(lists.groups.size())};
      const std::int64_t first = leaf * leafSize;
      const auto count = static_cast<int>(std::min<std::int64_t>(leafSize, m_points - first));
      if constexpr (dimensions == 2)
        m_leafSums[at] = repelLeaf2(sources, first, count, m_freedom, forces.data());
      else
        m_leafSums[at] = repelLeaf3(sources, first, count, m_freedom, forces.data());
      costs[at] = count * (sources.leafCount * leafSize + sources.groupCount);
    }
  });
  m_interactions = std::accumulate(costs.begin(), costs.end(), std::int64_t{0});
  // Every point met itself once, at distance 0.
  return std::accumulate(m_leafSums.begin(), m_leafSums.end(), 0.0) - static_cast<double>(m_points);
}

template class RepulsionTree<2>;
template class RepulsionTree<3>;

}  // namespace orrery
