#include "core/lobes/KMeans.h"

#include "core/base/Dispatch.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

constexpr Eigen::Index tile = 512;

/// |c|² − 2 c·x of every centre, the smallest of each point. @p products: c·x, k × count.
ORRERY_FOR_EACH_CPU
void nearestCentres(const float* products, const float* squares, std::int64_t k, std::int64_t count,
                    std::int32_t* label, float* distance)
{
  for (std::int64_t point = 0; point < count; ++point) {
    const float* row = products + point * k;
    float best = squares[0] - 2.0f * row[0];
    std::int32_t bestCentre = 0;
    for (std::int64_t c = 1; c < k; ++c) {
      const float value = squares[c] - 2.0f * row[c];
      if (value < best) {
        best = value;
        bestCentre = static_cast<std::int32_t>(c);
      }
    }
    label[point] = bestCentre;
    distance[point] = best;
  }
}

class Start {
 public:
  Start(const Eigen::MatrixXf& points, const Eigen::VectorXf& norms, const KMeansOptions& options,
        double stop, const Progress& progress)
      : m_points(points), m_norms(norms), m_options(options), m_stop(stop), m_progress(progress)
  {
  }

  KMeans run(Random random)
  {
    plant(random);
    KMeans result;
    std::vector<std::int32_t> before;
    for (int iteration = 0; iteration < m_options.maxIterations; ++iteration) {
      m_progress.checkStopped();
      before = m_labels;
      assign();
      const double shift = moveCentres();
      if (before == m_labels || shift <= m_stop)
        break;
    }
    assign();
    result.labels = m_labels;
    for (Eigen::Index i = 0; i < m_points.cols(); ++i)
      result.inertia += std::max(0.0, static_cast<double>(m_distances[i]) + m_norms[i]);
    return result;
  }

 private:
  /// Squared distances of all points to the points @p candidates.
  Eigen::MatrixXf distancesTo(const std::vector<Eigen::Index>& candidates) const
  {
    Eigen::MatrixXf centres(m_points.rows(), static_cast<Eigen::Index>(candidates.size()));
    for (std::size_t i = 0; i < candidates.size(); ++i)
      centres.col(static_cast<Eigen::Index>(i)) = m_points.col(candidates[i]);
    Eigen::MatrixXf distances(m_points.cols(), centres.cols());
    multiplyInto(distances, m_points, true, centres);
    for (Eigen::Index i = 0; i < centres.cols(); ++i)
      distances.col(i) = ((m_norms.array() + m_norms(candidates[static_cast<std::size_t>(i)])) -
                          2.0f * distances.col(i).array())
                             .max(0.0f);
    return distances;
  }

  Eigen::Index draw(Random& random, const Eigen::VectorXf& weights, double total) const
  {
    double left = random.uniform() * total;
    for (Eigen::Index i = 0; i < weights.size(); ++i) {
      left -= static_cast<double>(weights[i]);
      if (left < 0.0)
        return i;
    }
    return weights.size() - 1;
  }

  void plant(Random& random)
  {
    const Eigen::Index n = m_points.cols();
    const int trials = 2 + static_cast<int>(std::log(m_options.clusters));
    m_centres.resize(m_points.rows(), m_options.clusters);
    const auto first = static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(n)));
    m_centres.col(0) = m_points.col(first);
    Eigen::VectorXf closest = distancesTo({first}).col(0);
    for (int c = 1; c < m_options.clusters; ++c) {
      m_progress.checkStopped();
      const double total = closest.cast<double>().sum();
      std::vector<Eigen::Index> candidates;
      for (int trial = 0; trial < trials; ++trial)
        candidates.push_back(draw(random, closest, total));
      Eigen::MatrixXf distances = distancesTo(candidates);
      Eigen::Index best = 0;
      double least = std::numeric_limits<double>::infinity();
      for (Eigen::Index i = 0; i < distances.cols(); ++i) {
        distances.col(i) = distances.col(i).cwiseMin(closest);
        const double sum = distances.col(i).cast<double>().sum();
        if (sum < least) {
          least = sum;
          best = i;
        }
      }
      closest = distances.col(best);
      m_centres.col(c) = m_points.col(candidates[static_cast<std::size_t>(best)]);
    }
  }

  void assign()
  {
    const Eigen::Index n = m_points.cols(), k = m_centres.cols();
    const Eigen::VectorXf squares = m_centres.colwise().squaredNorm().transpose();
    m_labels.resize(static_cast<std::size_t>(n));
    m_distances.resize(n);
    Eigen::MatrixXf products(k, tile);
    for (Eigen::Index begin = 0; begin < n; begin += tile) {
      const Eigen::Index count = std::min(tile, n - begin);
      multiplyInto(products.leftCols(count), m_centres, true, m_points.middleCols(begin, count));
      nearestCentres(products.data(), squares.data(), k, count, m_labels.data() + begin,
                     m_distances.data() + begin);
    }
  }

  /// Returns the sum of the squared shifts.
  double moveCentres()
  {
    const Eigen::Index k = m_centres.cols();
    Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(m_points.rows(), k);
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(k), 0);
    for (Eigen::Index i = 0; i < m_points.cols(); ++i) {
      sums.col(m_labels[static_cast<std::size_t>(i)]) += m_points.col(i).cast<double>();
      ++sizes[static_cast<std::size_t>(m_labels[static_cast<std::size_t>(i)])];
    }
    for (Eigen::Index c = 0; c < k; ++c)
      if (sizes[static_cast<std::size_t>(c)] == 0)
        refill(c, sums, sizes);
    double shift = 0.0;
    for (Eigen::Index c = 0; c < k; ++c) {
      const auto size = sizes[static_cast<std::size_t>(c)];
      if (size == 0)
        continue;
      const Eigen::VectorXf centre = (sums.col(c) / static_cast<double>(size)).cast<float>();
      shift += (centre - m_centres.col(c)).cast<double>().squaredNorm();
      m_centres.col(c) = centre;
    }
    return shift;
  }

  void refill(Eigen::Index cluster, Eigen::MatrixXd& sums, std::vector<std::int64_t>& sizes)
  {
    Eigen::Index farthest = -1;
    double most = 0.0;
    for (Eigen::Index i = 0; i < m_points.cols(); ++i) {
      const double distance = static_cast<double>(m_distances[i]) + m_norms[i];
      if (distance > most &&
          sizes[static_cast<std::size_t>(m_labels[static_cast<std::size_t>(i)])] > 1) {
        most = distance;
        farthest = i;
      }
    }
    if (farthest < 0)
      return;  // as many clusters as there are different points
    const auto from = static_cast<Eigen::Index>(m_labels[static_cast<std::size_t>(farthest)]);
    sums.col(from) -= m_points.col(farthest).cast<double>();
    --sizes[static_cast<std::size_t>(from)];
    sums.col(cluster) = m_points.col(farthest).cast<double>();
    sizes[static_cast<std::size_t>(cluster)] = 1;
    m_labels[static_cast<std::size_t>(farthest)] = static_cast<std::int32_t>(cluster);
    m_distances[farthest] = -m_norms[farthest];
  }

  const Eigen::MatrixXf& m_points;
  const Eigen::VectorXf& m_norms;
  const KMeansOptions& m_options;
  double m_stop;
  const Progress& m_progress;
  Eigen::MatrixXf m_centres;
  std::vector<std::int32_t> m_labels;
  Eigen::VectorXf m_distances;  ///< Less the points' own squares.
};

}  // namespace

KMeans computeKMeans(const Eigen::MatrixXd& points, const KMeansOptions& options,
                     const Progress& progress)
{
  // One scale for all: eigenvectors over roots of degrees are tiny numbers, whose squares in float
  // would be lost.
  Eigen::MatrixXd centred = points.colwise() - points.rowwise().mean();
  const double variance =
      centred.squaredNorm() / std::max<double>(1.0, static_cast<double>(centred.size()));
  if (variance > 0.0)
    centred /= std::sqrt(variance);
  const Eigen::MatrixXf scaled = centred.cast<float>();
  const Eigen::VectorXf norms = scaled.colwise().squaredNorm().transpose();
  std::vector<KMeans> results(static_cast<std::size_t>(options.starts));
  std::atomic<std::int64_t> done{0};
  parallelFor(options.starts, 1, [&](std::int64_t begin, std::int64_t) {
    Start start(scaled, norms, options, options.tolerance, progress);
    results[static_cast<std::size_t>(begin)] =
        start.run(Random::forPart(options.seed, static_cast<std::uint64_t>(begin)));
    progress.update(++done, options.starts);
  });
  auto best =
      std::min_element(results.begin(), results.end(),
                       [](const KMeans& a, const KMeans& b) { return a.inertia < b.inertia; });
  best->inertia *= variance;
  return std::move(*best);
}

}  // namespace orrery
