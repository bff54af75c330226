#include "core/base/Parallel.h"
#include "core/embedding/Tsne.h"

#include <algorithm>
#include <chrono>

namespace orrery {
namespace {

// Processor seconds per step, measured at 16 384 features, θ = 0.7, perplexity 30.
constexpr double secondsPerEntry = 1.1e-9;
constexpr double secondsPerPoint2 = 1.9e-7, secondsPerPoint3 = 5.5e-7;
constexpr double secondsPerPair2 = 2.5e-10, secondsPerPair3 = 3.3e-10;
constexpr double secondKernel = 1.8;        // What two degrees of freedom cost, beside one.
constexpr double entriesPerNeighbor = 1.4;  // The union of both ends' neighbours.

}  // namespace

Embedding computeTsne(const FeatureMatrixView& decoder, const Neighbors& neighbors,
                      const TsneOptions& options, const Progress& progress)
{
  const auto began = std::chrono::steady_clock::now();
  TsneAffinities affinities =
      computeTsneAffinities(neighbors, options.perplexity, progress.stage("Affinities", 0.0, 0.03));
  TsneOptions used = options;
  used.metric = neighbors.metric;
  const Positions start =
      startingPositions(decoder, affinities.graph, options.start, used.metric, options.dimensions,
                        options.seed, progress.stage("Starting positions", 0.03, 0.08));
  TsneRun run(std::move(affinities), start, used);
  run.advance(options.iterations, progress.stage("t-SNE", 0.08, 1.0));
  Embedding map = run.embedding();
  map.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return map;
}

MapEstimate estimateTsne(std::int64_t features, std::int64_t dimensions, const TsneOptions& options,
                         bool neighborsKnown)
{
  const auto n = static_cast<double>(features);
  const bool flat = options.dimensions == 2;
  const double perFeature =
      std::min(n - 1.0, static_cast<double>(neighborsForPerplexity(options.perplexity)));
  const double entries = std::max(0.0, n * perFeature * entriesPerNeighbor);
  const double theta = std::clamp(tsneTheta(options, features) / 0.7, 0.1, 1.5);
  const double kernel = tsneDegreesOfFreedom(options) == 1 ? 1.0 : secondKernel;
  const double repulsion =
      kernel * (tsneTheta(options, features) == 0.0
                    ? n * n * (flat ? secondsPerPair2 : secondsPerPair3)
                    : std::min(n * n * (flat ? secondsPerPair2 : secondsPerPair3),
                               n * (flat ? secondsPerPoint2 : secondsPerPoint3) / (theta * theta)));
  MapEstimate estimate;
  estimate.neighborSeconds = neighborsKnown ? 0.0 : estimateNeighborSeconds(features, dimensions);
  estimate.layoutSeconds =
      options.iterations * (repulsion + entries * secondsPerEntry) / threadCount();
  // The graph, its rows in the order of the map, and while they are made the directed weights.
  estimate.bytes = static_cast<std::int64_t>(entries * 16.0 + n * (perFeature * 16.0 + 300.0));
  if (!neighborsKnown)
    estimate.bytes = std::max(
        estimate.bytes,
        estimateNeighborBytes(features, dimensions, static_cast<std::int64_t>(perFeature)));
  return estimate;
}

}  // namespace orrery
