// K-means of many points in few dimensions, as scikit-learn's KMeans has it.
#pragma once

#include "core/base/Progress.h"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace orrery {

struct KMeansOptions {
  int clusters = 8;
  int starts = 10;  ///< The one with the smallest inertia is kept.
  int maxIterations = 300;
  /// Ends when the centres' squared shifts sum to less than this share of the mean variance.
  double tolerance = 1e-4;
  std::uint64_t seed = 0;
};

struct KMeans {
  std::vector<std::int32_t> labels;
  double inertia = 0.0;
};

/// Lloyd's iterations from greedy k-means++ starts (Arthur & Vassilvitskii 2007; of 2 + ln k
/// candidates the best), distances by products in float of the centred points (d × n). A cluster
/// that empties takes the point that is farthest from its own centre. Start i draws from a
/// generator of its own: the same bits for any number of threads. O(starts · iterations · n d k).
KMeans computeKMeans(const Eigen::MatrixXd& points, const KMeansOptions& options,
                     const Progress& progress = {});

}  // namespace orrery
