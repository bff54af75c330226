#include "core/embedding/MapTransform.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/embedding/FuzzyGraph.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/TsneAffinities.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace orrery {
namespace {

constexpr int negativesPerEdge = 5;  // As the layout draws them.
constexpr double nearZero = 1e-3;    // Keeps the repulsion finite, as in the layout.
constexpr double repulsionReach =
    100.0;                        // Squared: beyond, UMAP's slope is less than a thousandth.
constexpr double settled = 1e-5;  // A step this small beside the map's scale ends the descent.

double numericOption(const Embedding& map, const std::string& name, double otherwise)
{
  const auto found = map.options.find(name);
  double value = otherwise;
  if (found != map.options.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

/// What a new place is judged by, and its slope there.
struct Judgement {
  double cost = 0.0;
  Eigen::Vector3d slope = Eigen::Vector3d::Zero();
  double stiffness = 0.0;  ///< Of the attraction: its inverse is the first step to try.
};

struct Ties {
  std::vector<FeatureId> ids;
  std::vector<double> weights;
};

struct FittedMap {
  Eigen::Matrix3Xd places;          ///< Of the features that have one.
  std::vector<FeatureId> columnOf;  ///< Feature → column of places, or noFeature.
  EmbeddingMethod method = EmbeddingMethod::Tsne;
  Metric metric = Metric::Cosine;
  double perplexity = 30.0;
  int freedom = 1;  ///< Of t-SNE's kernel.
  UmapCurve curve;
  int ties = 0;
};

/// Σ p log(p / q) with q over all fitted places, up to a constant.
Judgement judgeTsne(const FittedMap& map, const Ties& ties, const Eigen::Vector3d& y)
{
  Judgement result;
  double sum = 0.0;
  Eigen::Vector3d push = Eigen::Vector3d::Zero();
  for (Eigen::Index k = 0; k < map.places.cols(); ++k) {
    const Eigen::Vector3d difference = y - map.places.col(k);
    const double u = 1.0 + difference.squaredNorm() / map.freedom;
    const double weight = map.freedom == 1 ? 1.0 / u : 1.0 / (u * std::sqrt(u));
    sum += weight;
    push += weight / u * difference;
  }
  const double constant = (map.freedom + 1.0) / map.freedom;
  for (std::size_t j = 0; j < ties.ids.size(); ++j) {
    const Eigen::Vector3d difference = y - map.places.col(ties.ids[j]);
    const double squared = difference.squaredNorm() / map.freedom;
    const double pull = constant * ties.weights[j] / (1.0 + squared);
    result.cost += 0.5 * (map.freedom + 1.0) * ties.weights[j] * std::log1p(squared);
    result.slope += pull * difference;
    result.stiffness += pull;
  }
  result.cost += std::log(sum);
  result.slope -= constant * push / sum;
  return result;
}

/// Cross entropy of the fuzzy sets, with the mean of what random negatives would push.
Judgement judgeUmap(const FittedMap& map, const Ties& ties, const Eigen::Vector3d& y)
{
  const double a = map.curve.a, b = map.curve.b;
  Judgement result;
  double total = 0.0;
  for (std::size_t j = 0; j < ties.ids.size(); ++j) {
    const Eigen::Vector3d difference = y - map.places.col(ties.ids[j]);
    const double squared = std::max(difference.squaredNorm(), 1e-12);
    const double power = a * std::pow(squared, b);
    const double pull = ties.weights[j] * 2.0 * b * power / (squared * (1.0 + power));
    result.cost += ties.weights[j] * std::log1p(power);
    result.slope += pull * difference;
    result.stiffness += pull;
    total += ties.weights[j];
  }
  const double share = negativesPerEdge * total / static_cast<double>(map.places.cols());
  for (Eigen::Index k = 0; k < map.places.cols(); ++k) {
    const Eigen::Vector3d difference = y - map.places.col(k);
    const double squared = difference.squaredNorm();
    if (squared > repulsionReach)
      continue;
    const double power = a * std::pow(squared + nearZero, b);
    result.cost += share * (std::log1p(power) - std::log(power));
    result.slope -= share * 2.0 * b / ((squared + nearZero) * (1.0 + power)) * difference;
  }
  return result;
}

Judgement judge(const FittedMap& map, const Ties& ties, const Eigen::Vector3d& y)
{
  return map.method == EmbeddingMethod::Tsne ? judgeTsne(map, ties, y) : judgeUmap(map, ties, y);
}

/// The nearest fitted features that have a place, with the weights of the map's own method.
Ties tiesOf(const FittedMap& map, const FeatureMatrixView& decoder, const Eigen::VectorXf& vector)
{
  Ties ties;
  std::vector<double> distances;
  for (const Neighbor& neighbor : nearestTo(decoder, vector, map.ties, map.metric)) {
    const FeatureId column = map.columnOf[static_cast<std::size_t>(neighbor.feature)];
    if (column == noFeature)
      continue;
    ties.ids.push_back(column);
    distances.push_back(map.metric == Metric::Cosine ? std::max(0.0, 1.0 - neighbor.value)
                                                     : static_cast<double>(neighbor.value));
  }
  const auto count = static_cast<int>(distances.size());
  ties.weights.resize(distances.size());
  if (count == 0)
    return ties;
  if (map.method == EmbeddingMethod::Tsne) {
    for (double& distance : distances)
      distance = map.metric == Metric::Cosine ? 2.0 * distance : distance * distance;
    calibrateRow(distances.data(), count, std::max(1.0, std::min(map.perplexity, count / 3.0)),
                 ties.weights.data());
    return ties;
  }
  ties.weights = fuzzyRow(distances);
  return ties;
}

Eigen::Vector3d descend(const FittedMap& map, const Ties& ties, int steps)
{
  Eigen::Vector3d y = Eigen::Vector3d::Zero();
  double sum = 0.0;
  for (std::size_t j = 0; j < ties.ids.size(); ++j) {
    y += ties.weights[j] * map.places.col(ties.ids[j]);
    sum += ties.weights[j];
  }
  y /= sum;
  Judgement here = judge(map, ties, y);
  for (int step = 0; step < steps; ++step) {
    // Halved until it leads down; the attraction alone would be content with the first.
    double length = 1.0 / std::max(here.stiffness, 1e-12);
    bool moved = false;
    for (int halving = 0; halving < 20 && !moved; ++halving, length *= 0.5) {
      const Eigen::Vector3d next = y - length * here.slope;
      const Judgement there = judge(map, ties, next);
      if (there.cost < here.cost) {
        moved = (next - y).norm() > settled;
        y = next;
        here = there;
        break;
      }
    }
    if (!moved)
      break;
  }
  return y;
}

FittedMap fittedMap(const Embedding& map, const MapTransformOptions& options)
{
  FittedMap fitted;
  fitted.method = map.method;
  const auto metric = map.options.find("metric");
  if (metric != map.options.end() && metric->second == "euclidean")
    fitted.metric = Metric::Euclidean;
  fitted.freedom = numericOption(map, "degrees_of_freedom", 1.0) < 1.5 ? 1 : 2;
  fitted.perplexity = std::max(1.0, numericOption(map, "perplexity", 30.0));
  if (map.method == EmbeddingMethod::Umap)
    fitted.curve =
        fitUmapCurve(numericOption(map, "min_dist", 0.1), numericOption(map, "spread", 1.0));
  const int byMethod = map.method == EmbeddingMethod::Tsne
                           ? neighborsForPerplexity(fitted.perplexity)
                           : static_cast<int>(numericOption(map, "neighbors", 15.0)) - 1;
  fitted.ties = std::max(1, options.neighbors > 0 ? options.neighbors : byMethod);
  fitted.columnOf.assign(static_cast<std::size_t>(map.positions.cols()), noFeature);
  fitted.places.resize(3, map.positions.cols());
  FeatureId columns = 0;
  for (Eigen::Index i = 0; i < map.positions.cols(); ++i)
    if (map.positions.col(i).allFinite()) {
      fitted.places.col(columns) = map.positions.col(i).cast<double>();
      fitted.columnOf[static_cast<std::size_t>(i)] = columns++;
    }
  fitted.places.conservativeResize(3, columns);
  return fitted;
}

}  // namespace

Positions placeOnPca(const Pca& pca, int dimensions, const FeatureMatrixView& vectors)
{
  if (dimensions != 2 && dimensions != 3)
    throw Error("a map has 2 or 3 dimensions");
  const Eigen::MatrixXf scores = project(pca, vectors);
  Positions positions = Positions::Zero(3, vectors.cols());
  const Eigen::Index rows = std::min<Eigen::Index>(dimensions, scores.rows());
  positions.topRows(rows) = scores.topRows(rows);
  return positions;
}

TransformedMap placeOnMap(const Embedding& map, const FeatureMatrixView& decoder,
                          const FeatureMatrixView& vectors, const MapTransformOptions& options,
                          const Progress& progress)
{
  if (map.method != EmbeddingMethod::Tsne && map.method != EmbeddingMethod::Umap)
    throw Error("vectors can be placed by neighbours on a t-SNE or UMAP map only");
  if (decoder.cols() != map.positions.cols())
    throw Error("the map has " + std::to_string(map.positions.cols()) + " places, its dictionary " +
                std::to_string(decoder.cols()) + " features");
  if (vectors.cols() > 0 && vectors.rows() != decoder.rows())
    throw Error("the vectors have " + std::to_string(vectors.rows()) +
                " dimensions, the map's dictionary " + std::to_string(decoder.rows()));
  const FittedMap fitted = fittedMap(map, options);
  TransformedMap result;
  result.positions =
      Positions::Constant(3, vectors.cols(), std::numeric_limits<float>::quiet_NaN());
  std::vector<char> placed(static_cast<std::size_t>(vectors.cols()), 0);
  parallelFor(vectors.cols(), 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      progress.checkStopped();
      // A vector without a direction is nobody's neighbour.
      if (fitted.metric == Metric::Cosine && vectors.col(i).isZero(0.0f))
        continue;
      const Ties ties = tiesOf(fitted, decoder, vectors.col(i));
      if (ties.ids.empty())
        continue;
      result.positions.col(i) = descend(fitted, ties, options.steps).cast<float>();
      placed[static_cast<std::size_t>(i)] = 1;
    }
  });
  result.unplaced = std::count(placed.begin(), placed.end(), 0);
  return result;
}

}  // namespace orrery
