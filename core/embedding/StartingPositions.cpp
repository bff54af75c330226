#include "core/base/Random.h"
#include "core/embedding/MapOptions.h"
#include "core/embedding/Pca.h"
#include "core/embedding/SpectralStart.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

// A start needs the directions, not their last digits.
constexpr double startTolerance = 1e-4;
constexpr double noise = 1e-2;  // Of axes that the data do not have, beside the first axis.

bool unitColumns(const FeatureMatrixView& decoder)
{
  for (Eigen::Index i = 0; i < decoder.cols(); ++i)
    if (std::abs(decoder.col(i).squaredNorm() - 1.0f) > 1e-3f)
      return false;
  return true;
}

Eigen::MatrixXf principalScores(const FeatureMatrixView& decoder, Metric metric, int dimensions,
                                std::uint64_t seed, const Progress& progress)
{
  if (decoder.cols() < 2)
    return {};
  PcaOptions options;
  options.components = dimensions;
  options.tolerance = startTolerance;
  options.seed = seed;
  if (metric == Metric::Cosine && !unitColumns(decoder)) {
    FeatureMatrix unit = decoder;
    for (Eigen::Index i = 0; i < unit.cols(); ++i) {
      const float length = unit.col(i).norm();
      if (length > 0.0f)
        unit.col(i) /= length;
    }
    return computePca(unit, options, progress).scores;
  }
  return computePca(decoder, options, progress).scores;
}

/// Empty where the graph falls into parts: the slow eigenvectors then say only which part a feature
/// is in.
Eigen::MatrixXf spectralScores(const WeightedGraph& graph, int dimensions, std::uint64_t seed,
                               const Progress& progress)
{
  const std::vector<std::int32_t> parts = connectedParts(graph);
  std::vector<std::int64_t> sizes;
  for (const std::int32_t part : parts) {
    sizes.resize(std::max(sizes.size(), static_cast<std::size_t>(part) + 1));
    ++sizes[static_cast<std::size_t>(part)];
  }
  // Features without any edge are parts of their own, and no obstacle.
  if (std::count_if(sizes.begin(), sizes.end(), [](std::int64_t size) { return size > 1; }) != 1)
    return {};
  SpectralOptions options;
  options.components = dimensions;
  options.seed = seed;
  const SpectralAxes axes = spectralAxes(graph, options, progress);
  return axes.vectors.transpose().cast<float>();
}

}  // namespace

Positions startingPositions(const FeatureMatrixView& decoder, const WeightedGraph& graph,
                            MapStart start, Metric metric, int dimensions, std::uint64_t seed,
                            const Progress& progress)
{
  const Eigen::Index n = std::max<Eigen::Index>(decoder.cols(), graph.features());
  Eigen::MatrixXf scores;
  if (start == MapStart::Spectral)
    scores = spectralScores(graph, dimensions, seed, progress);
  if (start == MapStart::Pca || (start == MapStart::Spectral && scores.size() == 0))
    scores = principalScores(decoder, metric, dimensions, seed, progress);

  Random random(seed);
  Positions positions = Positions::Zero(3, n);
  for (int axis = 0; axis < dimensions; ++axis) {
    const bool given = axis < scores.rows() && scores.cols() == n;
    const double size = start == MapStart::Random || scores.rows() == 0 ? 1.0 : noise;
    for (Eigen::Index i = 0; i < n; ++i)
      positions(axis, i) = given ? scores(axis, i) : static_cast<float>(size * random.normal());
  }
  if (n == 0)
    return positions;
  for (int axis = 0; axis < dimensions; ++axis) {
    const auto mean = static_cast<float>(positions.row(axis).cast<double>().mean());
    positions.row(axis).array() -= mean;
  }
  const double deviation =
      std::sqrt(positions.row(0).cast<double>().squaredNorm() / static_cast<double>(n));
  if (deviation > 0.0)
    positions.topRows(std::min<Eigen::Index>(scores.rows() > 0 ? scores.rows() : dimensions,
                                             dimensions)) /= static_cast<float>(deviation);
  return positions;
}

}  // namespace orrery
