// Exact k nearest neighbours, in blocks.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"

#include <cstdint>
#include <vector>

namespace orrery {

struct NeighborOptions {
  /// Neighbours per feature. Reduced to n − 1 where there are fewer (Neighbors::count says so).
  int count = 90;
  Metric metric = Metric::Cosine;
};

/// The k nearest of every feature, nearest first, itself left out; equal ones by smaller id.
struct Neighbors {
  using Ids = Eigen::Matrix<FeatureId, Eigen::Dynamic, Eigen::Dynamic>;
  Ids ids;                    ///< k × n.
  Eigen::MatrixXf distances;  ///< k × n: 1 − cosine, or the Euclidean distance.
  Metric metric = Metric::Cosine;
  /// k; options.count unless there are fewer others. A feature with fewer candidates (zero rows are
  /// never neighbours under cosine) has noFeature and NaN in its last places; a zero row has no
  /// neighbours at all.
  int count = 0;
  NeighborOptions options;
};

/// All-pairs search over @p decoder (d × n, finite): symmetric sweep over tiles of the product,
/// O(n² d) time, memory 28 k n bytes and per thread two blocks of 1024 features and their products;
/// where bytes are faster (ByteSweep.h) 2 d n bytes and room for some hundred candidates more.
/// Candidates are chosen by such products with a bound on their rounding and what these cannot
/// tell apart is settled in double, so that the order is that of exact distances; distances are
/// good to 10⁻⁴ of themselves or better. The same bits for any number of threads. Throws Error if
/// options.count < 1, or naming the first feature that is not finite.
Neighbors computeNeighbors(const FeatureMatrixView& decoder, const NeighborOptions& options = {},
                           const Progress& progress = {});

/// One answer of a query.
struct Neighbor {
  FeatureId feature = noFeature;
  /// Cosine similarity, in [−1, 1]; under Metric::Euclidean the distance.
  float value = 0.0f;
};

/// The @p count features nearest to @p query (d), best first, @p excluded left out; equal ones by
/// smaller id. One pass over the matrix, O(n d). Zero rows are never neighbours under cosine.
std::vector<Neighbor> nearestTo(const FeatureMatrixView& decoder, const Eigen::VectorXf& query,
                                int count, Metric metric = Metric::Cosine,
                                const std::vector<FeatureId>& excluded = {},
                                const Progress& progress = {});

}  // namespace orrery
