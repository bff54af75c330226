#include "core/embedding/NeighborRanks.h"

#include "core/base/Dispatch.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/embedding/ExactProducts.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

namespace orrery {
namespace {

constexpr double farthest = std::numeric_limits<double>::infinity();
constexpr int fewDimensions = 16;      // Differences cost no more than a product up to here.
constexpr double rounding = 0x1p-24;   // Of one operation in single precision.
constexpr std::int64_t together = 32;  // Points that share a pass over the others …
constexpr std::int64_t tile = 512;     // … of which a block stays in the cache.

/// How many of @p count values lie below each of @p bounds limits, and how many not above its high.
ORRERY_FOR_EACH_CPU
void countWithin(const float* values, std::int64_t count, const DistanceSpace::Bounds* bounds,
                 std::size_t limits, std::int32_t* below, std::int32_t* notAbove)
{
  for (std::size_t j = 0; j < limits; ++j) {
    const float low = bounds[j].low, high = bounds[j].high;
    std::int32_t less = 0, lessOrEqual = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      less += values[i] < low;
      lessOrEqual += values[i] <= high;
    }
    below[j] = less;
    notAbove[j] = lessOrEqual;
  }
}

ORRERY_FOR_EACH_CPU
void squaredDifferences(const float* x, std::int64_t stride, std::int64_t dimensions,
                        std::int64_t count, const float* from, float* values)
{
  for (std::int64_t i = 0; i < count; ++i) {
    float sum = 0.0f;
    for (std::int64_t j = 0; j < dimensions; ++j) {
      const float difference = x[i * stride + j] - from[j];
      sum += difference * difference;
    }
    values[i] = sum;
  }
}

}  // namespace

DistanceSpace::DistanceSpace(const FeatureMatrixView& x, Metric metric)
    : m_x(x), m_cosine(metric == Metric::Cosine)
{
  const auto n = static_cast<std::size_t>(x.cols());
  m_length.resize(n);
  m_inverseLength.resize(n);
  parallelFor(x.cols(), 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t id = begin; id < end; ++id) {
      const double square = exactProduct(column(id), column(id), m_x.rows());
      m_length[static_cast<std::size_t>(id)] = std::sqrt(square);
      m_inverseLength[static_cast<std::size_t>(id)] = square > 0.0 ? 1.0 / std::sqrt(square) : 0.0;
    }
  });
  bool moderate = true;
  for (const double length : m_length) {
    moderate = moderate && (length == 0.0 || (length > 1e-12 && length < 1e15));
    m_longest = std::max(m_longest, length);
  }
  if (!moderate)
    return;
  m_way = m_cosine || m_x.rows() > fewDimensions ? Way::Products : Way::Differences;
  if (m_way == Way::Differences)
    return;
  m_factor.resize(n);
  m_offset.resize(n);
  for (std::size_t id = 0; id < n; ++id) {
    m_factor[id] = m_cosine ? static_cast<float>(-m_inverseLength[id]) : -2.0f;
    m_offset[id] = m_cosine ? (m_length[id] > 0.0 ? 0.0f : std::numeric_limits<float>::infinity())
                            : static_cast<float>(m_length[id] * m_length[id]);
  }
}

double DistanceSpace::farness(std::int64_t from, std::int64_t other) const
{
  if (!m_cosine)
    return exactSquaredDistance(column(from), column(other), m_x.rows());
  const double inverse = m_inverseLength[static_cast<std::size_t>(other)];
  // Zero rows have no direction: nobody's neighbours.
  return inverse > 0.0 ? -exactProduct(column(from), column(other), m_x.rows()) * inverse
                       : farthest;
}

double DistanceSpace::distance(std::int64_t a, std::int64_t b) const
{
  return m_cosine ? 1.0 + farness(a, b) * m_inverseLength[static_cast<std::size_t>(a)]
                  : std::sqrt(farness(a, b));
}

void DistanceSpace::roughFarness(const std::vector<FeatureId>& points, std::int64_t first,
                                 std::int64_t count, Eigen::MatrixXf& values) const
{
  values.resize(count, static_cast<Eigen::Index>(points.size()));
  if (m_way == Way::Products) {
    Eigen::MatrixXf from(m_x.rows(), values.cols());
    for (std::size_t p = 0; p < points.size(); ++p)
      from.col(static_cast<Eigen::Index>(p)) = m_x.col(points[p]);
    multiplyInto(values, m_x.middleCols(first, count), true, from);
    const Eigen::Map<const Eigen::ArrayXf> factor(m_factor.data() + first, count);
    const Eigen::Map<const Eigen::ArrayXf> offset(m_offset.data() + first, count);
    for (Eigen::Index p = 0; p < values.cols(); ++p)
      values.col(p).array() = values.col(p).array() * factor + offset;
    return;
  }
  for (Eigen::Index p = 0; p < values.cols(); ++p) {
    const FeatureId point = points[static_cast<std::size_t>(p)];
    if (m_way == Way::Differences)
      squaredDifferences(column(first), m_x.outerStride(), m_x.rows(), count, column(point),
                         values.data() + p * count);
    else
      for (std::int64_t i = 0; i < count; ++i)
        values(i, p) = static_cast<float>(farness(point, first + i));
  }
}

/// A dot product of d terms in single precision is off by at most d · 2⁻²⁴ times the lengths
/// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); factor, offset and the
/// limit itself add a few roundings. Squared differences are off by their number of roundings
/// alone.
DistanceSpace::Bounds DistanceSpace::bounds(std::int64_t from, double farness) const
{
  if (farness == -farthest)
    return {-std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
  const auto d = static_cast<double>(m_x.rows());
  const double length = m_length[static_cast<std::size_t>(from)];
  double limit = farness, error = 0.0;
  if (m_way == Way::Products && m_cosine) {
    error = (d + 20.0) * rounding * length + 1e-30;
  } else if (m_way == Way::Products) {
    limit -= length * length;
    error = (2.0 * d + 40.0) * rounding * length * m_longest +
            8.0 * rounding * (length * length + m_longest * m_longest) + 1e-30;
  } else {
    error = (d + 8.0) * rounding * std::abs(farness) + 1e-37;
  }
  const auto clamped = [](double value) {
    constexpr double most = std::numeric_limits<float>::max();
    return static_cast<float>(std::clamp(value, -most, most));
  };
  constexpr float infinity = std::numeric_limits<float>::infinity();
  if (farness == farthest)  // ties of what has no direction are settled one by one
    return {infinity, infinity};
  // In the exact way a value too large for a float is infinite, like its bound.
  return {std::nextafter(clamped(limit - error), -infinity),
          limit + error > std::numeric_limits<float>::max()
              ? infinity
              : std::nextafter(clamped(limit + error), infinity)};
}

double excessRanks(const DistanceSpace& space, const std::vector<FeatureId>& points,
                   const Neighbors& neighbors, int k, const Progress& progress)
{
  const auto width = static_cast<std::size_t>(k);
  const std::int64_t n = space.features();
  std::vector<double> excess(points.size(), 0.0);
  std::atomic<std::int64_t> done{0};
  const auto total = static_cast<std::int64_t>(points.size());
  parallelFor(total, together, [&](std::int64_t begin, std::int64_t end) {
    const std::vector<FeatureId> own(points.begin() + begin, points.begin() + end);
    const auto neighborOf = [&](std::size_t p, std::size_t j) {
      return neighbors.ids(static_cast<Eigen::Index>(j), own[p]);
    };
    std::vector<double> limits(own.size() * width, -farthest);
    std::vector<DistanceSpace::Bounds> bounds(limits.size());
    for (std::size_t p = 0; p < own.size(); ++p)
      for (std::size_t j = 0; j < width; ++j) {
        const std::size_t place = p * width + j;
        if (neighborOf(p, j) != noFeature)
          limits[place] = space.farness(own[p], neighborOf(p, j));
        bounds[place] = space.bounds(own[p], limits[place]);
      }
    std::vector<std::int64_t> ranks(limits.size(), 1);
    std::vector<std::int32_t> below(width), notAbove(width);
    Eigen::MatrixXf values;
    for (std::int64_t first = 0; first < n; first += tile) {
      progress.checkStopped();
      const std::int64_t count = std::min(tile, n - first);
      space.roughFarness(own, first, count, values);
      for (std::size_t p = 0; p < own.size(); ++p) {
        float* seen = values.data() + static_cast<std::int64_t>(p) * count;
        // No feature is its own neighbour.
        const std::int64_t self = own[p] - first;
        if (self >= 0 && self < count)
          seen[self] = std::numeric_limits<float>::quiet_NaN();
        countWithin(seen, count, bounds.data() + p * width, width, below.data(), notAbove.data());
        for (std::size_t j = 0; j < width; ++j) {
          const std::size_t place = p * width + j;
          ranks[place] += below[j];
          const FeatureId neighbor = neighborOf(p, j);
          const bool here = neighbor >= first && neighbor < first + count;
          if (notAbove[j] - below[j] <= (here ? 1 : 0))
            continue;
          for (std::int64_t i = 0; i < count; ++i) {
            const auto other = static_cast<FeatureId>(first + i);
            if (!(seen[i] >= bounds[place].low && seen[i] <= bounds[place].high) ||
                other == neighbor)
              continue;
            const double exact = space.farness(own[p], other);
            ranks[place] += exact < limits[place] || (exact == limits[place] && other < neighbor);
          }
        }
      }
    }
    for (std::size_t p = 0; p < own.size(); ++p)
      for (std::size_t j = 0; j < width; ++j)
        excess[static_cast<std::size_t>(begin) + p] +=
            static_cast<double>(std::max<std::int64_t>(0, ranks[p * width + j] - k));
    progress.update(done += end - begin, total);
  });
  return std::accumulate(excess.begin(), excess.end(), 0.0);
}

}  // namespace orrery
