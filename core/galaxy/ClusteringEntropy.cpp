#include "core/galaxy/ClusteringEntropy.h"

#include "core/base/Error.h"
#include "core/base/KrylovEigen.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/Pca.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <optional>
#include <string>

namespace orrery {
namespace {

/// Length of the stored neighbour lists: a bootstrap resample misses a given neighbour with
/// probability 1/e, a half-sample with 1/2, so the k-th drawn one is hardly ever further down.
constexpr int listLength = 24;

using Multiplicity = std::vector<std::int32_t>;

/// Points and their nearest neighbours, from which every resample is read.
class NeighborLists {
 public:
  NeighborLists(const FeatureMatrixView& points, int neighbor, const Progress& progress)
      : m_points(points)
  {
    NeighborOptions options;
    options.metric = Metric::Euclidean;
    options.count =
        static_cast<int>(std::min<std::int64_t>(points.cols() - 1, listLength + neighbor));
    m_neighbors = computeNeighbors(points, options, progress);
  }

  [[nodiscard]] const FeatureMatrixView& points() const { return m_points; }

  /// Distance from point @p i to its k-th neighbour in the resample, its own further copies
  /// included.
  [[nodiscard]] double distance(std::int64_t i, const Multiplicity& multiplicity, int k) const
  {
    std::int32_t seen = multiplicity[static_cast<std::size_t>(i)] - 1;
    if (seen >= k)
      return 0.0;
    for (int place = 0; place < m_neighbors.count; ++place) {
      const FeatureId other = m_neighbors.ids(place, i);
      if (other == noFeature)
        break;
      seen += multiplicity[static_cast<std::size_t>(other)];
      if (seen >= k)
        return between(i, other);
    }
    return searched(i, multiplicity, k);
  }

 private:
  [[nodiscard]] double between(std::int64_t i, std::int64_t j) const
  {
    return (m_points.col(i).cast<double>() - m_points.col(j).cast<double>()).norm();
  }

  /// The list did not reach far enough: look at every point.
  [[nodiscard]] double searched(std::int64_t i, const Multiplicity& multiplicity, int k) const
  {
    std::vector<double> distances;
    for (std::int64_t j = 0; j < m_points.cols(); ++j) {
      const std::int32_t copies = multiplicity[static_cast<std::size_t>(j)] - (i == j);
      if (copies > 0)
        distances.insert(distances.end(), static_cast<std::size_t>(copies), between(i, j));
    }
    if (static_cast<int>(distances.size()) < k)
      throw Error("a resample holds only " + std::to_string(distances.size() + 1) +
                  " points (expected more than the neighbour asked for, " + std::to_string(k) +
                  ")");
    std::nth_element(distances.begin(), distances.begin() + (k - 1), distances.end());
    return distances[static_cast<std::size_t>(k - 1)];
  }

  FeatureMatrixView m_points;  // a view held by value: it outlives the temporary it came as
  Neighbors m_neighbors;
};

double logBallVolume(double d)
{
  return d / 2 * std::log(std::numbers::pi) - std::lgamma(d / 2 + 1);
}

/// ln λ of the resample's covariance (divisor n − 1), floored as published.
Eigen::VectorXd logEigenvalues(const FeatureMatrixView& points, const Multiplicity& multiplicity,
                               double drawn)
{
  std::vector<Eigen::Index> taken;
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(points.rows());
  for (Eigen::Index i = 0; i < points.cols(); ++i)
    if (const std::int32_t copies = multiplicity[static_cast<std::size_t>(i)]; copies > 0) {
      mean += copies * points.col(i).cast<double>();
      taken.push_back(i);
    }
  mean /= drawn;
  // √multiplicity turns the weighted sum of squares into a plain one.
  constexpr std::size_t panel = 512;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(points.rows(), points.rows());
  Eigen::MatrixXd shifted(points.rows(), panel);
  for (std::size_t begin = 0; begin < taken.size(); begin += panel) {
    const std::size_t count = std::min(panel, taken.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      const Eigen::Index point = taken[begin + i];
      const double copies = multiplicity[static_cast<std::size_t>(point)];
      shifted.col(static_cast<Eigen::Index>(i)) =
          std::sqrt(copies) * (points.col(point).cast<double>() - mean);
    }
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(
        shifted.leftCols(static_cast<Eigen::Index>(count)));
  }
  covariance /= drawn - 1;
  return symmetricEigenvalues(covariance).cwiseMax(1e-10).array().log();
}

EntropyEstimate estimate(const NeighborLists& lists, const Multiplicity& multiplicity, int k,
                         EntropyVariant variant, const Progress& progress)
{
  const FeatureMatrixView& points = lists.points();
  const auto d = static_cast<double>(points.rows());
  const double drawn = static_cast<double>(
      std::accumulate(multiplicity.begin(), multiplicity.end(), std::int64_t{0}));
  double sum = 0.0;
  std::int64_t summed = 0;
  EntropyEstimate result;
  for (std::int64_t i = 0; i < points.cols(); ++i) {
    const std::int32_t copies = multiplicity[static_cast<std::size_t>(i)];
    if (copies == 0)
      continue;
    if (i % 256 == 0)
      progress.checkStopped();
    const double radius = lists.distance(i, multiplicity, k);
    if (variant == EntropyVariant::Published) {
      sum += copies * std::log(radius + 0.01);
      summed += copies;
    } else if (radius > 0) {
      sum += copies * std::log(radius);
      summed += copies;
    }
    if (radius == 0)
      result.copies += copies;
  }
  if (summed == 0)
    throw Error("the entropy cannot be estimated: every point has a copy of itself");
  const double meanLogRadius = sum / static_cast<double>(summed);
  const Eigen::VectorXd logs = logEigenvalues(points, multiplicity, drawn);
  result.gaussian = d / 2 * (1 + std::log(2 * std::numbers::pi)) + logs.sum() / 2;
  result.entropy = variant == EntropyVariant::Published
                       ? d * meanLogRadius + logs.mean() + std::log(drawn - 1) - digamma(k + 1)
                       : digamma(drawn) - digamma(k) + logBallVolume(d) + d * meanLogRadius;
  return result;
}

/// @p count of @p n indices, drawn without replacement, ascending.
std::vector<std::int64_t> drawRows(std::int64_t n, std::int64_t count, Random& random)
{
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  random.shuffle(rows);
  rows.resize(static_cast<std::size_t>(count));
  std::sort(rows.begin(), rows.end());
  return rows;
}

Multiplicity resample(std::int64_t n, EntropyVariant variant, Random random)
{
  Multiplicity multiplicity(static_cast<std::size_t>(n), 0);
  if (variant == EntropyVariant::Published) {
    for (std::int64_t i = 0; i < n; ++i)
      ++multiplicity[static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(n)))];
  } else {
    for (const std::int64_t row : drawRows(n, n / 2, random))
      multiplicity[static_cast<std::size_t>(row)] = 1;
  }
  return multiplicity;
}

/// Mean and deviation (divisor n) of every dimension over the rows.
struct Moments {
  Eigen::VectorXd mean, deviation;
};

/// In one pass, in fixed parts: about the first row, so that a mean that is large beside the spread
/// takes nothing off the squares.
Moments momentsOf(const FeatureMatrixView& decoder, const std::vector<std::int64_t>& rows)
{
  constexpr std::int64_t part = 128;
  const auto count = static_cast<std::int64_t>(rows.size());
  const Eigen::VectorXd about = decoder.col(rows.front()).cast<double>();
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(decoder.rows(), (count + part - 1) / part);
  Eigen::MatrixXd squares = Eigen::MatrixXd::Zero(sums.rows(), sums.cols());
  parallelFor(count, part, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Eigen::VectorXd shifted =
          decoder.col(rows[static_cast<std::size_t>(i)]).cast<double>() - about;
      sums.col(begin / part) += shifted;
      squares.col(begin / part) += shifted.cwiseAbs2();
    }
  });
  const Eigen::VectorXd shift = sums.rowwise().sum() / static_cast<double>(count);
  Moments moments;
  moments.mean = about + shift;
  moments.deviation = squares.rowwise().sum() / static_cast<double>(count);
  moments.deviation -= shift.cwiseAbs2();
  moments.deviation = moments.deviation.cwiseMax(0.0).cwiseSqrt();
  return moments;
}

/// The drawn rows with every dimension at mean 0 and deviation 1; dimensions that do not vary are
/// dropped.
FeatureMatrix standardizedRows(const FeatureMatrixView& decoder,
                               const std::vector<std::int64_t>& rows)
{
  const Moments moments = momentsOf(decoder, rows);
  // A constant dimension has nothing but rounding left of it.
  const double least =
      1e-7 * std::max(moments.deviation.maxCoeff(), moments.mean.cwiseAbs().maxCoeff());
  std::vector<Eigen::Index> varying;
  for (Eigen::Index j = 0; j < decoder.rows(); ++j)
    if (moments.deviation(j) > least)
      varying.push_back(j);
  const auto kept = static_cast<Eigen::Index>(varying.size());
  const Eigen::VectorXd scale = moments.deviation.cwiseInverse();
  FeatureMatrix standardized(kept, static_cast<Eigen::Index>(rows.size()));
  parallelFor(standardized.cols(), 128, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Eigen::VectorXf whole =
          ((decoder.col(rows[static_cast<std::size_t>(i)]).cast<double>() - moments.mean)
               .cwiseProduct(scale))
              .cast<float>();
      if (kept == decoder.rows())
        standardized.col(i) = whole;
      else
        standardized.col(i) = whole(varying);
    }
  });
  return standardized;
}

struct Spread {
  double mean = 0.0, deviation = 0.0;
};

Spread spreadOf(const std::vector<double>& values)
{
  const auto count = static_cast<double>(values.size());
  Spread spread;
  spread.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  for (const double value : values)
    spread.deviation += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(spread.deviation / (count - 1));
  return spread;
}

/// 97.5 % point of Student's t by the Cornish–Fisher series, better than 1e-3 from 5 degrees of
/// freedom on.
double studentQuantile(double degrees)
{
  constexpr double z = 1.959963984540054;
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees * degrees) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees * degrees * degrees);
}

/// Negentropy of @p points as the variant has it, with the values of the resamples.
std::vector<double> resampledNegentropies(const NeighborLists& lists,
                                          const ClusteringEntropyOptions& options,
                                          std::uint64_t seed, const Progress& progress)
{
  std::vector<double> values(static_cast<std::size_t>(options.resamples));
  parallelFor(options.resamples, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Multiplicity drawn = resample(lists.points().cols(), options.variant,
                                          Random::forPart(seed, static_cast<std::uint64_t>(i)));
      const EntropyEstimate value =
          estimate(lists, drawn, options.neighbor, options.variant, progress);
      values[static_cast<std::size_t>(i)] = value.gaussian - value.entropy;
      progress.update(i + 1, options.resamples);
    }
  });
  return values;
}

double negentropyOf(const FeatureMatrix& points, const ClusteringEntropyOptions& options,
                    std::uint64_t seed, const Progress& progress)
{
  const NeighborLists lists(points, options.neighbor, progress);
  if (options.variant == EntropyVariant::Published)
    return spreadOf(resampledNegentropies(lists, options, seed, progress)).mean;
  const EntropyEstimate value =
      estimate(lists, Multiplicity(static_cast<std::size_t>(points.cols()), 1), options.neighbor,
               options.variant, progress);
  return value.gaussian - value.entropy;
}

/// A Gaussian sample whose own covariance is exactly diag(@p variances). A Gaussian data set with
/// that sample covariance is, turned to its principal axes, distributed as this one; a sample that
/// only had it as its parent's covariance would spread its eigenvalues once more, and the
/// estimate's bias depends on them.
FeatureMatrix matchedGaussian(const Eigen::VectorXd& variances, Eigen::Index n, Random random)
{
  Eigen::MatrixXd cloud(variances.size(), n);
  for (Eigen::Index i = 0; i < cloud.size(); ++i)
    cloud.data()[i] = random.normal();
  cloud.colwise() -= cloud.rowwise().mean().eval();
  const Eigen::MatrixXd covariance = cloud * cloud.transpose() / static_cast<double>(n - 1);
  Eigen::LLT<Eigen::MatrixXd>(covariance).matrixL().solveInPlace(cloud);
  return (variances.cwiseMax(0.0).cwiseSqrt().asDiagonal() * cloud).cast<float>();
}

/// The rows on their leading axes, and the variances there.
struct Reduced {
  FeatureMatrix scores;
  Eigen::VectorXd variances;
};

/// Axes of standardised @p points, in float where they are many and dear. A subspace that is wrong
/// by 10⁻⁶ moves distances within it as little; the variances are measured on the scores
/// themselves.
Reduced leadingComponents(const FeatureMatrix& points, int components, const Progress& progress)
{
  constexpr Eigen::Index cheap = 512;
  const Eigen::Index d = points.rows(), n = points.cols();
  if (d <= cheap || n <= d || components > d / 4) {
    PcaOptions options;
    options.components = components;
    Pca pca = computePca(points, options, progress);
    return {std::move(pca.scores), std::move(pca.eigenvalues)};
  }
  // Their mean is zero but for rounding, whose square is nothing beside the variance of 1.
  Eigen::MatrixXd scatter = scatterMatrix(points, Eigen::VectorXd::Zero(d), Precision::Single,
                                          progress.stage("Covariance", 0.0, 0.5));
  progress.checkStopped();
  Eigen::MatrixXf covariance = (scatter / static_cast<double>(n - 1)).cast<float>();
  scatter.resize(0, 0);
  std::optional<SymmetricEigen<float>> leading =
      krylovEigenpairs(covariance, components, {}, progress.stage("Axes", 0.5, 0.9));
  if (!leading)
    leading = largestEigen(std::move(covariance), components);
  progress.checkStopped();
  Reduced reduced;
  reduced.scores = product(leading->vectors.transpose().eval(), points);
  const Eigen::VectorXd shift = meanColumn(reduced.scores);
  reduced.variances = Eigen::VectorXd::Zero(components);
  for (Eigen::Index i = 0; i < n; ++i) {
    reduced.scores.col(i) = (reduced.scores.col(i).cast<double>() - shift).cast<float>();
    reduced.variances += reduced.scores.col(i).cast<double>().cwiseAbs2();
  }
  reduced.variances /= static_cast<double>(n - 1);
  return reduced;
}

void checkOptions(const ClusteringEntropyOptions& options)
{
  if (options.rows < 10 || options.components < 1 || options.neighbor < 1 ||
      options.resamples < 2 || options.gaussianSamples < 0)
    throw Error(
        "clustering entropy needs at least 10 rows, 1 component, neighbour 1, and 2 "
        "resamples");
  if (options.neighbor * 4 > options.rows)
    throw Error("clustering entropy: neighbour " + std::to_string(options.neighbor) +
                " is too far for " + std::to_string(options.rows) +
                " rows (at most a quarter of them)");
}

}  // namespace

double digamma(double x)
{
  // Recurrence up to 6, then the asymptotic series (Abramowitz & Stegun 6.3.18); about 1e-13.
  double result = 0.0;
  for (; x < 10; ++x)
    result -= 1 / x;
  const double y = 1 / (x * x);
  return result + std::log(x) - 0.5 / x -
         y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132)))));
}

EntropyEstimate estimateEntropy(const FeatureMatrixView& points, int neighbor,
                                EntropyVariant variant, const Progress& progress)
{
  return estimateResampledEntropy(points, Multiplicity(static_cast<std::size_t>(points.cols()), 1),
                                  neighbor, variant, progress);
}

EntropyEstimate estimateResampledEntropy(const FeatureMatrixView& points,
                                         const std::vector<std::int32_t>& multiplicity,
                                         int neighbor, EntropyVariant variant,
                                         const Progress& progress)
{
  if (neighbor < 1 || points.rows() < 1 || points.cols() < neighbor + 2)
    throw Error("the entropy of " + std::to_string(points.cols()) + " points by neighbour " +
                std::to_string(neighbor) +
                " cannot be estimated (expected at least two points more than the neighbour)");
  return estimate(NeighborLists(points, neighbor, progress), multiplicity, neighbor, variant,
                  progress);
}

ClusteringEntropy computeClusteringEntropy(const FeatureMatrixView& decoder,
                                           const ClusteringEntropyOptions& options,
                                           const Progress& progress)
{
  checkOptions(options);
  if (decoder.cols() < 10)
    throw Error("clustering entropy needs at least 10 features (found " +
                std::to_string(decoder.cols()) + ")");
  ClusteringEntropy result;
  result.options = options;
  result.rowsUsed = std::min<std::int64_t>(options.rows, decoder.cols());
  Random random = Random::forPart(options.seed, 0);
  FeatureMatrix points =
      standardizedRows(decoder, drawRows(decoder.cols(), result.rowsUsed, random));
  if (points.rows() == 0)
    throw Error("clustering entropy: no dimension varies among the rows");

  Reduced reduced =
      leadingComponents(points, std::min<int>(options.components, static_cast<int>(points.rows())),
                        progress.stage("principal components", 0.0, 0.3));
  points = std::move(reduced.scores);
  result.componentsUsed = static_cast<int>(points.rows());

  const Progress searching = progress.stage("neighbours", 0.3, 0.5);
  const NeighborLists lists(points, options.neighbor, searching);
  const EntropyEstimate whole =
      estimate(lists, Multiplicity(static_cast<std::size_t>(points.cols()), 1), options.neighbor,
               options.variant, searching);
  result.entropy = whole.entropy;
  result.copies = whole.copies;
  result.resampleValues = resampledNegentropies(lists, options, options.seed + 1,
                                                progress.stage("resamples", 0.5, 0.7));
  const Spread spread = spreadOf(result.resampleValues);
  const double t = studentQuantile(options.resamples - 1);
  if (options.variant == EntropyVariant::Published) {
    result.negentropy = spread.mean;
    result.interval95 = t * spread.deviation / std::sqrt(options.resamples);
  } else {
    // Half-samples of half the rows vary as the whole does: the missing other half and the halved
    // size cancel.
    result.negentropy = whole.gaussian - whole.entropy;
    result.interval95 = t * spread.deviation;
  }

  const Progress control = progress.stage("matched Gaussian", 0.7, 1.0);
  std::vector<double> zeros(static_cast<std::size_t>(options.gaussianSamples));
  parallelFor(options.gaussianSamples, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto sample = static_cast<std::uint64_t>(begin); sample < static_cast<std::uint64_t>(end);
         ++sample)
      zeros[sample] = negentropyOf(matchedGaussian(reduced.variances, points.cols(),
                                                   Random::forPart(options.seed, 1000 + sample)),
                                   options, options.seed + 2 + sample, control);
  });
  result.gaussian = zeros.empty() ? std::numeric_limits<double>::quiet_NaN()
                                  : std::accumulate(zeros.begin(), zeros.end(), 0.0) /
                                        static_cast<double>(zeros.size());
  result.corrected = result.negentropy - result.gaussian;
  return result;
}

}  // namespace orrery
