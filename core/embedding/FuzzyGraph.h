// The weighted neighbour graph that UMAP lays out, and the curve that its map follows.
// Source: McInnes, Healy & Melville 2018 (arXiv:1802.03426), algorithms 2 and 3.
#pragma once

#include "core/base/Progress.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/WeightedGraph.h"

#include <cstdint>
#include <vector>

namespace orrery {

struct FuzzyGraph {
  /// w_ij = w + v − w v of the two directions; 1 for nearest neighbours.
  WeightedGraph graph;
  Eigen::VectorXd
      nearest;  ///< ρ of each feature: distance of its nearest other that is not 0 away.
  Eigen::VectorXd widths;  ///< σ of each feature; NaN without neighbours.
  int neighborsUsed = 0;   ///< Others per feature: one less than asked for, as the feature counts.
  std::int64_t unplaced = 0;  ///< Features without any neighbour: zero rows under cosine.
};

/// Directed weights exp(−max(0, d − ρ) / σ) with σ such that they sum to log2 of @p neighborCount
/// (the feature itself counted, as umap-learn does), not below a thousandth of the mean distance;
/// then their union. Throws Error if @p neighborCount < 2.
FuzzyGraph computeFuzzyGraph(const Neighbors& neighbors, int neighborCount,
                             const Progress& progress = {});

/// The directed weights towards one feature's neighbours, whose @p distances ascend from the first;
/// they sum to log2(count + 1). @p meanOfAll bounds σ where all distances are 0.
std::vector<double> fuzzyRow(const std::vector<double>& distances, double meanOfAll = 0.0,
                             double* nearest = nullptr, double* width = nullptr);

/// 1 / (1 + a x^2b): how strongly two places at distance x belong together.
struct UmapCurve {
  double a = 1.577;
  double b = 0.8951;
};

/// Least squares to 1 up to @p minDist and exp(−(x − minDist) / spread) beyond, at 300 points from
/// 0 to 3 × spread. Throws Error unless 0 ≤ minDist ≤ spread and spread > 0.
UmapCurve fitUmapCurve(double minDist, double spread);

}  // namespace orrery
