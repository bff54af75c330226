#include "core/embedding/Umap.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/UmapKernels.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace orrery {
namespace {

constexpr std::int64_t pointsPerChunk = 128;
constexpr double boxSide = 10.0;
constexpr double startNoise = 1e-4;  // Of the box: parts equal points.
constexpr int passesPerEpoch = 2;    // Every edge is sampled from either end.

// Processor seconds, measured at 16 384 features in two dimensions.
constexpr double secondsPerSample = 2.5e-8;
constexpr double samplesPerFeature = 7.5;  // Due in one pass: weights relative to the largest.
constexpr double spectralSecondsPerFeature = 2.5e-5;

std::size_t at(std::int64_t index)
{
  return static_cast<std::size_t>(index);
}

int epochsFor(const UmapOptions& options, std::int64_t features)
{
  return options.epochs.value_or(features <= 10000 ? 500 : 200);
}

/// In [0, 1), from the top 24 bits of a splitmix64 round.
float drawnPhase(std::uint64_t seed, FeatureId first, FeatureId second)
{
  std::uint64_t z = (seed + 1) * 0x9E3779B97F4A7C15u ^
                    (static_cast<std::uint64_t>(first) << 32 | static_cast<std::uint64_t>(second));
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<float>((z ^ (z >> 31)) >> 40) * 0x1.0p-24f;
}

void checkOptions(const UmapOptions& options)
{
  if (options.dimensions != 2 && options.dimensions != 3)
    throw Error("a UMAP map has 2 or 3 dimensions");
  if (options.neighbors < 2)
    throw Error("UMAP needs at least 2 neighbours (the feature itself counts as one)");
  if (options.epochs && *options.epochs < 0)
    throw Error("the number of UMAP epochs must not be negative");
  if (!(options.learningRate > 0.0) || !std::isfinite(options.learningRate))
    throw Error("the learning rate must be above 0");
}

}  // namespace

/// Edges, places and phases. Points are the features that have neighbours.
class UmapLayout {
 public:
  UmapLayout(FuzzyGraph fuzzy, const Positions& start, const UmapOptions& runOptions);

  /// One epoch, or Cancelled and nothing changed.
  void step(const Progress& progress);
  [[nodiscard]] Positions positions() const;

  FuzzyGraph graph;
  UmapOptions options;
  UmapCurve curve;
  int epoch = 0;
  int epochs = 0;
  double seconds = 0.0;

 private:
  void place(const Positions& start);
  void keepEdges();

  int m_stride = 2;
  std::vector<FeatureId> m_features;  ///< Which feature each point is.
  std::vector<float> m_positions;
  std::vector<std::int64_t> m_starts;
  std::vector<std::int32_t> m_ids;
  std::vector<float> m_frequencies;
  std::vector<float> m_phases;
};

UmapLayout::UmapLayout(FuzzyGraph fuzzy, const Positions& start, const UmapOptions& runOptions)
    : graph(std::move(fuzzy)),
      options(runOptions),
      curve(fitUmapCurve(runOptions.minDist, runOptions.spread)),
      m_stride(runOptions.dimensions == 2 ? 2 : 4)
{
  const std::int64_t n = graph.graph.features();
  epochs = epochsFor(options, n);
  // A lone feature has no neighbours either, but there is nothing it could be torn from.
  for (std::int64_t i = 0; i < n; ++i)
    if (graph.graph.starts[at(i)] < graph.graph.starts[at(i + 1)] || n == 1)
      m_features.push_back(static_cast<FeatureId>(i));
  place(start);
  keepEdges();
}

/// Each axis fills the box: what spectral axes and components of very different length start from.
void UmapLayout::place(const Positions& start)
{
  const auto points = static_cast<std::int64_t>(m_features.size());
  m_positions.assign(at(points * m_stride), 0.0f);
  Random random(options.seed);
  for (int axis = 0; axis < options.dimensions; ++axis) {
    float low = std::numeric_limits<float>::infinity(), high = -low;
    for (const FeatureId feature : m_features) {
      const float value = start(axis, feature);
      if (!std::isfinite(value))
        throw Error("the map cannot start from places that are not finite numbers");
      low = std::min(low, value);
      high = std::max(high, value);
    }
    const double scale = high > low ? boxSide / (static_cast<double>(high) - low) : 0.0;
    for (std::int64_t i = 0; i < points; ++i)
      m_positions[at(i * m_stride + axis)] =
          static_cast<float>((static_cast<double>(start(axis, m_features[at(i)])) - low) * scale +
                             boxSide * startNoise * random.normal());
  }
}

/// Edges too weak to be sampled even once are left out, as in umap-learn. The phase at which an
/// edge is due is drawn by its ends, the same from both sides, so that not all wait for one pass.
void UmapLayout::keepEdges()
{
  const WeightedGraph& edges = graph.graph;
  std::vector<std::int32_t> pointOf(at(edges.features()), 0);
  for (std::size_t i = 0; i < m_features.size(); ++i)
    pointOf[at(m_features[i])] = static_cast<std::int32_t>(i);
  const float largest =
      edges.weights.empty() ? 1.0f : *std::max_element(edges.weights.begin(), edges.weights.end());
  const float least = largest / static_cast<float>(std::max(1, epochs));
  m_starts.assign(1, 0);
  for (const FeatureId feature : m_features) {
    for (std::int64_t e = edges.starts[at(feature)]; e < edges.starts[at(feature + 1)]; ++e) {
      if (edges.weights[at(e)] < least)
        continue;
      const FeatureId other = edges.ids[at(e)];
      const auto ends = std::minmax(feature, other);
      m_ids.push_back(pointOf[at(other)]);
      m_frequencies.push_back(edges.weights[at(e)] / largest);
      m_phases.push_back(drawnPhase(options.seed, ends.first, ends.second));
    }
    m_starts.push_back(static_cast<std::int64_t>(m_ids.size()));
  }
}

void UmapLayout::step(const Progress& progress)
{
  const auto points = static_cast<std::int64_t>(m_features.size());
  // What is stopped half-way is thrown away: the state changes when the epoch is complete.
  std::vector<float> phases = m_phases, current = m_positions, next = m_positions;
  const double left = epochs > 0 ? 1.0 - static_cast<double>(epoch) / epochs : 0.0;
  const double rate = options.learningRate * std::max(left, 1.0 / std::max(1, epochs));
  for (int half = 0; half < passesPerEpoch && points > 1; ++half) {
    const auto number =
        static_cast<std::uint64_t>(epoch) * passesPerEpoch + static_cast<std::uint64_t>(half);
    const UmapPass pass{m_starts.data(),
                        m_ids.data(),
                        m_frequencies.data(),
                        phases.data(),
                        current.data(),
                        points,
                        static_cast<float>(curve.a),
                        static_cast<float>(curve.b),
                        static_cast<float>(rate),
                        Random::forPart(options.seed, number).bits(),
                        half == 1};
    parallelFor(points, pointsPerChunk, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      if (options.dimensions == 2)
        moveUmapPoints2(pass, begin, end, next.data());
      else
        moveUmapPoints3(pass, begin, end, next.data());
    });
    std::swap(current, next);
  }
  m_phases = std::move(phases);
  m_positions = std::move(current);
  ++epoch;
}

Positions UmapLayout::positions() const
{
  Positions result =
      Positions::Constant(3, graph.graph.features(), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < m_features.size(); ++i)
    for (int axis = 0; axis < 3; ++axis)
      result(axis, m_features[i]) =
          axis < options.dimensions ? m_positions[i * at(m_stride) + at(axis)] : 0.0f;
  return result;
}

UmapRun::UmapRun(const Neighbors& neighbors, const Positions& start, const UmapOptions& options,
                 const Progress& progress)
    : UmapRun((checkOptions(options), computeFuzzyGraph(neighbors, options.neighbors, progress)),
              start, options)
{
  m_layout->options.metric = neighbors.metric;
}

UmapRun::UmapRun(FuzzyGraph graph, const Positions& start, const UmapOptions& options)
{
  checkOptions(options);
  if (start.cols() != graph.graph.features())
    throw Error("the map cannot start from " + std::to_string(start.cols()) + " places for " +
                std::to_string(graph.graph.features()) + " features");
  m_layout = std::make_unique<UmapLayout>(std::move(graph), start, options);
}

UmapRun::~UmapRun() = default;
UmapRun::UmapRun(UmapRun&&) noexcept = default;
UmapRun& UmapRun::operator=(UmapRun&&) noexcept = default;

void UmapRun::advance(int epochs, const Progress& progress)
{
  for (int step = 0; step < epochs; ++step) {
    const auto began = std::chrono::steady_clock::now();
    progress.checkStopped();
    m_layout->step(progress);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    m_layout->seconds += took.count();
    progress.update(step + 1, epochs);
  }
}

int UmapRun::epoch() const
{
  return m_layout->epoch;
}

int UmapRun::epochs() const
{
  return m_layout->epochs;
}

Positions UmapRun::positions() const
{
  return m_layout->positions();
}

const UmapOptions& UmapRun::options() const
{
  return m_layout->options;
}

const FuzzyGraph& UmapRun::graph() const
{
  return m_layout->graph;
}

UmapCurve UmapRun::curve() const
{
  return m_layout->curve;
}

Embedding UmapRun::embedding() const
{
  const UmapOptions& used = m_layout->options;
  const FuzzyGraph& fuzzy = m_layout->graph;
  const std::int64_t n = fuzzy.graph.features();
  Embedding map;
  map.positions = positions();
  map.method = EmbeddingMethod::Umap;
  map.dimensions = used.dimensions;
  map.seconds = m_layout->seconds;
  map.description = "UMAP in " + std::to_string(used.dimensions) + " dimensions of " +
                    std::to_string(n - fuzzy.unplaced) + " features, " +
                    std::to_string(fuzzy.neighborsUsed + 1) + " neighbours";
  if (fuzzy.neighborsUsed + 1 < used.neighbors)
    map.description += " (reduced from " + std::to_string(used.neighbors) + ": too few features)";
  map.description += ", min_dist " + optionText(used.minDist) + ", " + optionText(used.metric) +
                     ", " + std::to_string(m_layout->epoch) + " epochs, " + optionText(used.start) +
                     " start, seed " + std::to_string(used.seed);
  if (fuzzy.unplaced > 0)
    map.description += "; " + std::to_string(fuzzy.unplaced) + " without any neighbour left out";
  map.description += ".";
  map.options = {
      {"epochs", std::to_string(m_layout->epoch)},
      {"learning_rate", optionText(used.learningRate)},
      {"metric", optionText(used.metric)},
      {"min_dist", optionText(used.minDist)},
      {"neighbors", std::to_string(fuzzy.neighborsUsed + 1)},
      {"seed", std::to_string(used.seed)},
      {"spread", optionText(used.spread)},
      {"start", optionText(used.start)},
      {"unplaced", std::to_string(fuzzy.unplaced)},
  };
  return map;
}

Embedding computeUmap(const FeatureMatrixView& decoder, const Neighbors& neighbors,
                      const UmapOptions& options, const Progress& progress)
{
  const auto began = std::chrono::steady_clock::now();
  checkOptions(options);
  FuzzyGraph graph =
      computeFuzzyGraph(neighbors, options.neighbors, progress.stage("Neighbour graph", 0.0, 0.03));
  UmapOptions used = options;
  used.metric = neighbors.metric;
  const Positions start =
      startingPositions(decoder, graph.graph, options.start, used.metric, options.dimensions,
                        options.seed, progress.stage("Starting positions", 0.03, 0.2));
  UmapRun run(std::move(graph), start, used);
  run.advance(run.epochs(), progress.stage("UMAP", 0.2, 1.0));
  Embedding map = run.embedding();
  map.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return map;
}

MapEstimate estimateUmap(std::int64_t features, std::int64_t dimensions, const UmapOptions& options,
                         bool neighborsKnown)
{
  const auto n = static_cast<double>(features);
  const double perFeature = std::min(n - 1.0, static_cast<double>(options.neighbors - 1));
  MapEstimate estimate;
  estimate.neighborSeconds = neighborsKnown ? 0.0 : estimateNeighborSeconds(features, dimensions);
  estimate.layoutSeconds =
      (epochsFor(options, features) * passesPerEpoch * n * samplesPerFeature * perFeature / 14.0 *
           secondsPerSample +
       (options.start == MapStart::Spectral ? n * spectralSecondsPerFeature : 0.0)) /
      threadCount();
  estimate.bytes = static_cast<std::int64_t>(n * (perFeature * 60.0 + 200.0));
  if (!neighborsKnown)
    estimate.bytes = std::max(
        estimate.bytes,
        estimateNeighborBytes(features, dimensions, static_cast<std::int64_t>(perFeature)));
  return estimate;
}

}  // namespace orrery
