// K-means over the differences of all pairs of features, which are never formed.
//
// The search of arXiv:2410.19750, section 3, over all n (n − 1) / 2 pairs instead of a sample. With
// S = Xᵀ M (n × k) the product of a difference and a mean is (x_b − x_a)·μ = S_b − S_a, so a step
// costs k subtractions a pair, whatever d is, and the new means are X W with W the sums of weights
// that pairs give to their ends.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/crystals/CrystalSpace.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace orrery {

struct DifferenceClusterOptions {
  int clusters = 512;
  int steps = 10;
  /// Cosine of unit differences (trapezoids), or Euclidean distance of differences as they are
  /// (parallelograms).
  bool unitDifferences = true;
  /// Closest pairs kept of each cluster.
  int members = 50;
  std::uint64_t seed = 0;
};

struct DifferenceCluster {
  std::int64_t pairs = 0;  ///< Assigned in the last step.
  Eigen::VectorXf mean;    ///< d.
  /// Closest first, each from → to along the mean, with cosine (or negative squared distance).
  std::vector<std::pair<FeatureId, FeatureId>> members;
  std::vector<float> closeness;
};

struct DifferenceClusters {
  std::vector<DifferenceCluster> clusters;  ///< Most pairs first.
  /// Mean cosine with the own mean (or mean squared distance) in each step.
  std::vector<double> objective;
  std::int64_t pairs = 0;  ///< All that were assigned in each step.
  DifferenceClusterOptions options;
};

/// A difference and its negative are one: pairs take the sign that suits. Starts from differences
/// of random pairs, or from @p start (d × k) if it is not empty. O(n² k) a step, and O(n² d) more
/// for unit differences; memory 3 n k floats and 8 n k bytes for each thread. The same bits for any
/// number of threads. Throws Error for fewer than two clusters or more than pairs.
DifferenceClusters clusterDifferences(const CrystalSpace& space,
                                      const DifferenceClusterOptions& options = {},
                                      const FeatureMatrix& start = {},
                                      const Progress& progress = {});

}  // namespace orrery
