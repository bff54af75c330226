#include "core/embedding/MapTrust.h"

#include "core/base/Correlation.h"
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/NeighborRanks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace orrery {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// All pairs if there are no more than @p count, else as many drawn at random.
std::vector<std::pair<FeatureId, FeatureId>> pairsToCompare(const std::vector<FeatureId>& points,
                                                            std::int64_t count, std::uint64_t seed)
{
  const auto n = static_cast<std::int64_t>(points.size());
  std::vector<std::pair<FeatureId, FeatureId>> pairs;
  if (n * (n - 1) / 2 <= count) {
    for (std::size_t a = 0; a < points.size(); ++a)
      for (std::size_t b = a + 1; b < points.size(); ++b)
        pairs.emplace_back(points[a], points[b]);
    return pairs;
  }
  Random random = Random::forPart(seed, 1);
  while (static_cast<std::int64_t>(pairs.size()) < count) {
    const auto a = static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(n)));
    const auto b = static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(n)));
    if (a != b)
      pairs.emplace_back(points[a], points[b]);
  }
  return pairs;
}

double distanceCorrelation(const DistanceSpace& original, const DistanceSpace& map,
                           const std::vector<std::pair<FeatureId, FeatureId>>& pairs,
                           const Progress& progress)
{
  std::vector<double> before(pairs.size()), after(pairs.size());
  parallelFor(
      static_cast<std::int64_t>(pairs.size()), 1024, [&](std::int64_t begin, std::int64_t end) {
        progress.checkStopped();
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          before[i] = original.distance(pairs[i].first, pairs[i].second);
          after[i] = map.distance(pairs[i].first, pairs[i].second);
        }
      });
  return pairs.empty() ? undefined : correlation(averageRanks(before), averageRanks(after));
}

/// Share of the first k that both lists hold; NaN for a feature without neighbours.
float keptOf(const Neighbors& original, const Neighbors& map, FeatureId feature, int k)
{
  if (k < 1 || original.ids(0, feature) == noFeature)
    return std::numeric_limits<float>::quiet_NaN();
  int kept = 0;
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j)
      kept +=
          original.ids(i, feature) != noFeature && original.ids(i, feature) == map.ids(j, feature);
  return static_cast<float>(kept) / static_cast<float>(k);
}

/// @p count of the features that have neighbours, ascending; all if there are no more.
std::vector<FeatureId> sampleOf(std::vector<FeatureId> features, std::int64_t count,
                                std::uint64_t seed)
{
  if (static_cast<std::int64_t>(features.size()) <= count)
    return features;
  Random random = Random::forPart(seed, 0);
  random.shuffle(features);
  features.resize(static_cast<std::size_t>(count));
  std::sort(features.begin(), features.end());
  return features;
}

}  // namespace

MapTrust measureMapTrust(const FeatureMatrixView& decoder, const Positions& positions,
                         const Neighbors& neighbors, const MapTrustOptions& options,
                         const Progress& progress)
{
  const Eigen::Index n = decoder.cols();
  if (options.neighbors < 1 || options.rankSample < 1 || options.distancePairs < 1)
    throw Error("the trust of a map needs at least 1 neighbour, 1 ranked point and 1 pair");
  if (positions.cols() != n || neighbors.ids.cols() != n)
    throw Error("the map has " + std::to_string(positions.cols()) + " points and there are " +
                std::to_string(neighbors.ids.cols()) + " lists of neighbours for " +
                std::to_string(n) + " features");
  const int k = static_cast<int>(
      std::clamp<Eigen::Index>(n - 1, 0, static_cast<Eigen::Index>(options.neighbors)));
  if (neighbors.count < k)
    throw Error("the trust of a map over " + std::to_string(k) +
                " neighbours needs as many, there are " + std::to_string(neighbors.count));

  MapTrust trust;
  trust.options = options;
  const Eigen::MatrixXf map = positions;
  const Neighbors mapNeighbors =
      computeNeighbors(map, {.count = std::max(1, k), .metric = Metric::Euclidean},
                       progress.stage("Neighbours in the map", 0.0, 0.2));

  std::vector<FeatureId> placed;
  trust.keptPerFeature.resize(static_cast<std::size_t>(n));
  for (FeatureId feature = 0; feature < n; ++feature) {
    const float kept = keptOf(neighbors, mapNeighbors, feature, k);
    trust.keptPerFeature[static_cast<std::size_t>(feature)] = kept;
    if (std::isnan(kept))
      continue;
    placed.push_back(feature);
    trust.neighborsKept += static_cast<double>(kept);
  }
  trust.neighborsKept =
      placed.empty() ? undefined : trust.neighborsKept / static_cast<double>(placed.size());

  const DistanceSpace original(decoder, neighbors.metric), inMap(map, Metric::Euclidean);
  const std::vector<FeatureId> sample = sampleOf(placed, options.rankSample, options.seed);
  trust.sampled = static_cast<std::int64_t>(sample.size());
  trust.trustworthiness = trust.continuity = undefined;
  // The measures are defined below half of the points; smaller maps take fewer neighbours.
  const int ranked = static_cast<int>(std::min<Eigen::Index>(k, (n - 1) / 2));
  if (ranked > 0 && !sample.empty()) {
    const double worst = static_cast<double>(sample.size()) * ranked *
                         static_cast<double>(2 * n - 3 * ranked - 1) / 2.0;
    trust.trustworthiness = 1.0 - excessRanks(original, sample, mapNeighbors, ranked,
                                              progress.stage("Trustworthiness", 0.2, 0.8)) /
                                      worst;
    trust.continuity = 1.0 - excessRanks(inMap, sample, neighbors, ranked,
                                         progress.stage("Continuity", 0.8, 0.9)) /
                                 worst;
  }
  trust.distanceCorrelation = distanceCorrelation(
      original, inMap, pairsToCompare(placed, options.distancePairs, options.seed),
      progress.stage("Distances", 0.9, 1.0));
  return trust;
}

}  // namespace orrery
