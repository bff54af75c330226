// The repulsive forces of t-SNE: every point pushes every other, summed over groups.
// Source: Barnes & Hut 1986 and van der Maaten 2014 (JMLR 15), by groups of targets: the points lie
// in the leaves of a balanced tree, and one list of nodes and leaves serves all points of a leaf.
#pragma once

#include "core/base/Progress.h"

#include <array>
#include <cstdint>
#include <vector>

namespace orrery {

/// Sums over all points j ≠ i, with u_ij = 1 + |y_i − y_j|² / f and f degrees of freedom: the force
/// Σ u_ij^−(f+1) (y_i − y_j) on every point, and Z = Σ_i Σ_j u_ij^−(f+1)/2. @p dimensions is 2 or
/// 3.
///
/// The tree is a k-d tree over blocks of 32 points; its order, and the lists of who counts as a
/// group for whom, may be kept for several steps while boxes and centres follow the points. A node
/// counts as one group if its longest side s and its distance d from the target leaf's box have
/// s² < θ² (d² + 0.1): the kernel is flat below distances of about ⅓, so groups smaller than that
/// need not be told apart. A group acts from its centre, with the second-order term of its mean
/// spread. Memory: about 100 bytes per point.
template <int dimensions>
class RepulsionTree {
 public:
  static constexpr int leafSize = 32;

  /// @p degreesOfFreedom of Student's kernel: 1 or 2.
  explicit RepulsionTree(std::int64_t points, int degreesOfFreedom = 1);

  /// Sorts the points (@p stride floats apart) into leaves. O(n log n).
  void build(const float* positions, int stride);

  /// Keeps order and lists, takes the new places of the points. O(n).
  void refresh(const float* positions, int stride);

  /// Whether the leaves have grown so much since build() that order and lists no longer fit.
  [[nodiscard]] bool outgrown() const;

  /// Computes forces and Z, which is at least 1e-6 per point. @p theta 0 sums over all pairs. Bits
  /// do not depend on the number of threads. Throws Cancelled, leaving the tree as it was.
  double repel(double theta, const Progress& progress = {});

  /// Coordinate @p axis of the force on point @p point, of the last repel().
  [[nodiscard]] float force(std::int64_t point, int axis) const
  {
    return m_forces[static_cast<std::size_t>(axis)]
                   [static_cast<std::size_t>(m_slots[static_cast<std::size_t>(point)])];
  }

  /// The points in the order of the leaves: near in the map means near in this order.
  [[nodiscard]] const std::vector<std::int32_t>& order() const { return m_order; }

  /// Sources summed for all points by the last repel(): what it cost.
  [[nodiscard]] std::int64_t interactions() const { return m_interactions; }

 private:
  struct Node {
    std::int32_t firstLeaf = 0;
    std::int32_t leaves = 0;
    std::array<float, dimensions> low{}, high{}, center{};
    float mass = 0.0f;
    float spread = 0.0f;  ///< Σ |y − center|² / dimensions.
    float squaredSide = 0.0f;
  };
  /// What pushes the points of a leaf.
  struct Lists {
    std::vector<std::int32_t> leaves;  ///< Point by point.
    std::vector<std::int32_t> groups;  ///< Nodes.
  };

  void layOutNodes();
  void split(std::int32_t node, const float* positions, int stride);
  void measureLeaf(Node& node);
  void joinChildren(std::int32_t node);
  [[nodiscard]] double leafSides() const;
  void collect(double theta, const Progress& progress);
  [[nodiscard]] Lists listsOf(const Node& target, float squaredTheta) const;
  [[nodiscard]] std::int64_t pointsBefore(std::int64_t leaf) const;

  std::int64_t m_points = 0;
  int m_freedom = 1;
  std::int64_t m_leaves = 0;
  std::vector<std::int32_t> m_order;  ///< Point of each slot.
  std::vector<std::int32_t> m_slots;  ///< Slot of each point.
  std::vector<Node> m_nodes;          ///< Preorder: the left child follows its parent.
  std::vector<std::int32_t> m_leafNodes;
  std::vector<std::vector<std::int32_t>> m_levels;
  std::array<std::vector<float>, dimensions> m_coordinates;  ///< By slot; whole leaves.
  std::array<std::vector<float>, dimensions> m_forces;
  double m_builtSides = 0.0;       ///< leafSides() after build().
  std::vector<Lists> m_lists;      ///< By leaf; one for all if all pairs are summed.
  double m_listTheta = -1.0;       ///< Of m_lists; negative if there are none.
  std::vector<double> m_leafSums;  ///< Σ_j q_ij over the points of each leaf.
  std::int64_t m_interactions = 0;
};

extern template class RepulsionTree<2>;
extern template class RepulsionTree<3>;

}  // namespace orrery
