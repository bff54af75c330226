// Where the nearest features of one space rank in another: what trustworthiness and continuity are
// made of.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Neighbors.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// Distances between the columns of a matrix. Keeps a reference to it and the columns' lengths.
class DistanceSpace {
 public:
  DistanceSpace(const FeatureMatrixView& x, Metric metric);

  /// 1 − cosine, or the Euclidean distance. A zero row is infinitely far under cosine.
  [[nodiscard]] double distance(std::int64_t a, std::int64_t b) const;

  /// What orders the others as seen from @p from: the squared distance, or the negative cosine
  /// times the length of @p from. In double.
  [[nodiscard]] double farness(std::int64_t from, std::int64_t other) const;

  /// farness() of features first … first + count − 1 from each of @p points (a column each), in
  /// single precision, less a constant of each point; errors() bounds how wrong they may be.
  void roughFarness(const std::vector<FeatureId>& points, std::int64_t first, std::int64_t count,
                    Eigen::MatrixXf& values) const;

  /// The rough value that surely is nearer than @p farness lies below `low`, one that surely is
  /// farther above `high`.
  struct Bounds {
    float low = 0.0f, high = 0.0f;
  };
  [[nodiscard]] Bounds bounds(std::int64_t from, double farness) const;

  [[nodiscard]] std::int64_t features() const { return m_x.cols(); }

 private:
  /// How roughFarness() comes about: by one product of matrices where there are many dimensions;
  /// by differences where there are few; in double, rounded at the end, where squares would leave
  /// the range of single precision.
  enum class Way { Products, Differences, Exact };

  [[nodiscard]] const float* column(std::int64_t id) const
  {
    return m_x.data() + id * m_x.outerStride();
  }

  FeatureMatrixView m_x;
  bool m_cosine;
  Way m_way = Way::Exact;
  double m_longest = 0.0;
  std::vector<double> m_length, m_inverseLength;
  std::vector<float> m_factor, m_offset;  ///< Of a product: farness = factor · product + offset.
};

/// Σ over the first @p k of @p neighbors of each of @p points (neighbours in another space) of how
/// far their rank in @p space exceeds k; equal distances by smaller id. Ranks are exact: float
/// values with a bound on their error settle nearly all comparisons, the rest is decided in double.
/// O(points · n · (d + k)) time. The same for any number of threads.
double excessRanks(const DistanceSpace& space, const std::vector<FeatureId>& points,
                   const Neighbors& neighbors, int k, const Progress& progress = {});

}  // namespace orrery
