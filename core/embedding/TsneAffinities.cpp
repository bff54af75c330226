#include "core/embedding/TsneAffinities.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace orrery {
namespace {

constexpr std::int64_t rowsPerChunk = 256;
constexpr double entropyTolerance = 1e-7;  // Nats; a relative error of the perplexity as large.

/// exp(−β δ_j), normalised; returns the entropy in nats. δ is measured from the nearest, so the
/// largest weight is 1 and the sum never underflows.
double rowEntropy(const double* deltas, int count, double beta, double* weights)
{
  double sum = 0.0, weighted = 0.0;
  for (int j = 0; j < count; ++j) {
    weights[j] = std::exp(-beta * deltas[j]);
    sum += weights[j];
    weighted += weights[j] * deltas[j];
  }
  for (int j = 0; j < count; ++j)
    weights[j] /= sum;
  return std::log(sum) + beta * weighted / sum;
}

}  // namespace

int neighborsForPerplexity(double perplexity)
{
  return static_cast<int>(std::floor(3.0 * perplexity));
}

double calibrateRow(const double* squaredDistances, int count, double perplexity, double* weights)
{
  if (count < 1)
    return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> deltas(squaredDistances, squaredDistances + count);
  const double nearest = *std::min_element(deltas.begin(), deltas.end());
  double scale = 0.0;
  for (double& delta : deltas) {
    delta -= nearest;
    scale += delta;
  }
  scale /= count;
  if (!(scale > 0.0)) {  // All equally far: no width tells them apart.
    std::fill(weights, weights + count, 1.0 / count);
    return count;
  }
  // In units of the mean difference β is of order one for any data.
  for (double& delta : deltas)
    delta /= scale;

  // The entropy falls with β, from log(count) to log(number of nearest ones).
  const double target = std::log(perplexity);
  double low = 0.0, high = std::numeric_limits<double>::infinity(), beta = 1.0, entropy = 0.0;
  for (int step = 0; step < 200; ++step) {
    entropy = rowEntropy(deltas.data(), count, beta, weights);
    if (std::abs(entropy - target) < entropyTolerance)
      break;
    if (entropy > target)
      low = beta;
    else
      high = beta;
    const double next = std::isinf(high) ? 2.0 * beta : 0.5 * (low + high);
    // More duplicates than the perplexity asks for: the entropy cannot fall that far.
    if (next == beta || next > 1e12)
      break;
    beta = next;
  }
  return std::exp(entropy);
}

TsneAffinities computeTsneAffinities(const Neighbors& neighbors, double perplexity,
                                     const Progress& progress)
{
  if (!std::isfinite(perplexity) || perplexity < 1.0)
    throw Error("the perplexity must be at least 1, not " + std::to_string(perplexity));
  const Eigen::Index n = neighbors.ids.cols();
  const int available = static_cast<int>(neighbors.ids.rows());

  TsneAffinities result;
  result.perplexity = std::max(1.0, std::min(perplexity, available / 3.0));
  result.neighborsUsed = std::min(available, neighborsForPerplexity(result.perplexity));
  result.perplexities.assign(static_cast<std::size_t>(n), std::numeric_limits<float>::quiet_NaN());
  const int k = result.neighborsUsed;

  const Neighbors::Ids ids = neighbors.ids.topRows(k);
  Eigen::MatrixXf weights = Eigen::MatrixXf::Zero(k, n);
  parallelFor(n, rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    std::vector<double> squared(static_cast<std::size_t>(k)), row(squared.size());
    for (std::int64_t i = begin; i < end; ++i) {
      int count = 0;  // Missing neighbours stand at the end.
      while (count < k && ids(count, i) != noFeature) {
        const double distance = neighbors.distances(count, i);
        squared[static_cast<std::size_t>(count)] = neighbors.metric == Metric::Cosine
                                                       ? 2.0 * std::max(0.0, distance)
                                                       : distance * distance;
        ++count;
      }
      if (count == 0)
        continue;
      const double own = std::max(1.0, std::min(result.perplexity, count / 3.0));
      result.perplexities[static_cast<std::size_t>(i)] =
          static_cast<float>(calibrateRow(squared.data(), count, own, row.data()));
      for (int j = 0; j < count; ++j)
        weights(j, i) = static_cast<float>(row[static_cast<std::size_t>(j)]);
    }
  });

  result.unplaced = std::count_if(result.perplexities.begin(), result.perplexities.end(),
                                  [](float p) { return std::isnan(p); });
  result.graph = symmetrized(ids, weights, EdgeUnion::Mean);
  // Normalised by the sum itself, so that rounding of the rows does not matter.
  const double sum = std::accumulate(result.graph.weights.begin(), result.graph.weights.end(), 0.0);
  if (sum > 0.0)
    for (float& weight : result.graph.weights)
      weight = static_cast<float>(weight / sum);
  return result;
}

}  // namespace orrery
