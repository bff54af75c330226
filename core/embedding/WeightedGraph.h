// An undirected graph over the features with a weight on each edge: what t-SNE and UMAP lay out.
#pragma once

#include "core/base/Types.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// Compressed rows. Every edge is kept twice, once from each end, with the same weight; the ids of
/// a row ascend; no loops.
struct WeightedGraph {
  std::vector<std::int64_t> starts;  ///< n + 1.
  std::vector<FeatureId> ids;
  std::vector<float> weights;

  [[nodiscard]] std::int64_t features() const
  {
    return starts.empty() ? 0 : static_cast<std::int64_t>(starts.size()) - 1;
  }
  /// Entries: twice the number of edges.
  [[nodiscard]] std::int64_t entries() const { return static_cast<std::int64_t>(ids.size()); }
};

/// How the weights w (of j seen from i) and v (of i seen from j) become one.
enum class EdgeUnion {
  Mean,            ///< (w + v) / 2: t-SNE.
  ProbabilisticOr  ///< w + v − w v: the fuzzy union of UMAP.
};

/// Joins the directed weights (k × n, as @p ids; noFeature and weights that are not positive are no
/// edges; no id twice in a column) into an undirected graph. O(n k) time and memory.
WeightedGraph symmetrized(const Eigen::Matrix<FeatureId, Eigen::Dynamic, Eigen::Dynamic>& ids,
                          const Eigen::MatrixXf& weights, EdgeUnion rule);

}  // namespace orrery
