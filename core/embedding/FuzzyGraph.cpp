#include "core/embedding/FuzzyGraph.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace orrery {
namespace {

constexpr std::int64_t rowsPerChunk = 256;
constexpr double leastWidth = 1e-3;  // Times the mean distance, as umap-learn.
constexpr double sumTolerance = 1e-7;

double sumOfWeights(const double* beyond, int count, double width)
{
  double sum = 0.0;
  for (int j = 0; j < count; ++j)
    sum += beyond[j] > 0.0 ? std::exp(-beyond[j] / width) : 1.0;
  return sum;
}

/// σ for distances beyond the nearest one. The sum grows with σ.
double findWidth(const double* beyond, int count, double target)
{
  double low = 0.0, high = std::numeric_limits<double>::infinity();
  // Of the order of the answer for any unit of distance.
  double width = std::max(std::accumulate(beyond, beyond + count, 0.0) / count, 1e-30);
  for (int step = 0; step < 128; ++step) {
    const double sum = sumOfWeights(beyond, count, width);
    if (std::abs(sum - target) < sumTolerance)
      break;
    (sum > target ? high : low) = width;
    const double next = std::isinf(high) ? 2.0 * width : 0.5 * (low + high);
    if (next == width || next > 1e30 || next < 1e-30)
      break;
    width = next;
  }
  return width;
}

}  // namespace

std::vector<double> fuzzyRow(const std::vector<double>& distances, double meanOfAll,
                             double* nearest, double* width)
{
  const auto count = static_cast<int>(distances.size());
  const auto first = std::find_if(distances.begin(), distances.end(),
                                  [](double distance) { return distance > 0.0; });
  const double rho = first != distances.end() ? *first : 0.0;
  // The feature itself, at distance 0, is part of umap-learn's mean.
  const double mean = std::accumulate(distances.begin(), distances.end(), 0.0) / (count + 1);
  std::vector<double> row(distances.size());
  for (std::size_t j = 0; j < row.size(); ++j)
    row[j] = std::max(0.0, distances[j] - rho);
  const double sigma = std::max({findWidth(row.data(), count, std::log2(count + 1.0)),
                                 leastWidth * (rho > 0.0 ? mean : meanOfAll), 1e-30});
  for (double& value : row)
    value = std::exp(-value / sigma);
  if (nearest)
    *nearest = rho;
  if (width)
    *width = sigma;
  return row;
}

FuzzyGraph computeFuzzyGraph(const Neighbors& neighbors, int neighborCount,
                             const Progress& progress)
{
  if (neighborCount < 2)
    throw Error("UMAP needs at least 2 neighbours (the feature itself counts as one)");
  const Eigen::Index n = neighbors.ids.cols();
  const int k = std::min(static_cast<int>(neighbors.ids.rows()), neighborCount - 1);
  FuzzyGraph result;
  result.neighborsUsed = k;
  result.nearest = Eigen::VectorXd::Zero(n);
  result.widths = Eigen::VectorXd::Constant(n, std::numeric_limits<double>::quiet_NaN());

  const Neighbors::Ids ids = neighbors.ids.topRows(k);
  Eigen::MatrixXf distances = neighbors.distances.topRows(k).cwiseMax(0.0f);
  double sum = 0.0;
  std::int64_t terms = 0;
  for (Eigen::Index i = 0; i < n; ++i)
    for (int j = 0; j < k && ids(j, i) != noFeature; ++j, ++terms)
      sum += static_cast<double>(distances(j, i));
  // The feature itself, at distance 0, is part of umap-learn's means.
  const double meanOfAll = terms > 0 ? sum / static_cast<double>(terms + n) : 0.0;

  Eigen::MatrixXf weights = Eigen::MatrixXf::Zero(k, n);
  parallelFor(n, rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    std::vector<double> own;
    for (std::int64_t i = begin; i < end; ++i) {
      own.clear();
      for (int j = 0; j < k && ids(j, i) != noFeature; ++j)
        own.push_back(distances(j, i));
      if (own.empty())
        continue;
      const std::vector<double> row =
          fuzzyRow(own, meanOfAll, &result.nearest(i), &result.widths(i));
      for (std::size_t j = 0; j < row.size(); ++j)
        weights(static_cast<Eigen::Index>(j), i) = static_cast<float>(row[j]);
    }
  });
  result.unplaced = (result.widths.array() != result.widths.array()).count();
  result.graph = symmetrized(ids, weights, EdgeUnion::ProbabilisticOr);
  return result;
}

/// Levenberg–Marquardt on two parameters.
UmapCurve fitUmapCurve(double minDist, double spread)
{
  if (!(spread > 0.0) || !std::isfinite(spread) || !(minDist >= 0.0) || minDist > spread)
    throw Error("UMAP's min_dist must lie between 0 and the spread, and the spread above 0");
  constexpr int points = 300;
  Eigen::ArrayXd x(points), y(points);
  for (int i = 0; i < points; ++i) {
    x(i) = 3.0 * spread * i / (points - 1);
    y(i) = x(i) < minDist ? 1.0 : std::exp(-(x(i) - minDist) / spread);
  }
  const auto residuals = [&](double a, double b) -> Eigen::ArrayXd {
    return 1.0 / (1.0 + a * x.pow(2.0 * b)) - y;
  };
  double a = 1.0, b = 1.0, damping = 1e-3;
  double error = residuals(a, b).square().sum();
  for (int step = 0; step < 500; ++step) {
    const Eigen::ArrayXd power = x.pow(2.0 * b), value = 1.0 / (1.0 + a * power);
    const Eigen::ArrayXd slopeA = -value.square() * power;
    // d/db of x^2b is 2 log(x) x^2b, which is 0 at x = 0.
    const Eigen::ArrayXd slopeB = -value.square() * a * power * 2.0 * x.max(1e-300).log();
    const Eigen::ArrayXd rest = value - y;
    const double aa = slopeA.square().sum(), bb = slopeB.square().sum(),
                 ab = (slopeA * slopeB).sum();
    const double ga = (slopeA * rest).sum(), gb = (slopeB * rest).sum();
    const double dampedA = aa * (1.0 + damping), dampedB = bb * (1.0 + damping);
    const double determinant = dampedA * dampedB - ab * ab;
    const double stepA = -(dampedB * ga - ab * gb) / determinant;
    const double stepB = -(dampedA * gb - ab * ga) / determinant;
    const double next = residuals(a + stepA, b + stepB).square().sum();
    if (a + stepA > 0.0 && b + stepB > 0.0 && next <= error) {
      a += stepA;
      b += stepB;
      damping = std::max(damping * 0.3, 1e-12);
      const bool settled = std::abs(stepA) < 1e-12 * a && std::abs(stepB) < 1e-12 * b;
      error = next;
      if (settled)
        break;
    } else {
      damping *= 4.0;
      if (damping > 1e12)
        break;
    }
  }
  return {a, b};
}

}  // namespace orrery
