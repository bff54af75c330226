#include "core/embedding/TsneLayout.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/embedding/Repulsion.h"
#include "core/embedding/TsneKernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace orrery {
namespace {

constexpr std::int64_t rowsPerChunk = 256;
constexpr int stepsPerTree = 10;    // Points move little: the order of the leaves stays good.
constexpr int stepsPerOrder = 100;  // How often the rows of the graph follow it.
constexpr int lanes = 8;            // Rows are padded to whole vectors.
constexpr float leastGain = 0.01f;
constexpr double leastRate = 100.0;
/// What is narrower than this, or than a tenth of its start, has shrunk to a dot.
constexpr double dot = 1e-5;
/// Deviations of the first axis, in units of the D-th root of n, from which on and by which in full
/// a map is held together by the late exaggeration.
constexpr double narrow = 0.4, wide = 0.6;
constexpr std::int64_t mostForAllPairs = 65536;
constexpr double divergenceTheta = 0.25;

std::size_t at(std::int64_t index)
{
  return static_cast<std::size_t>(index);
}

/// Coordinates lie together per point, in the order of the tree's leaves when they were last
/// sorted: neighbours in the map are then neighbours in memory.
template <int dimensions>
class Layout : public TsneLayout {
 public:
  static constexpr int stride = dimensions == 2 ? 2 : 4;

  Layout(TsneAffinities affinitiesOfAll, const Positions& start, const TsneOptions& runOptions);
  void step(const Progress& progress) override;
  [[nodiscard]] Positions positions() const override { return spread(m_positions); }
  [[nodiscard]] Positions gradient(double theta, const Progress& progress) const override;
  [[nodiscard]] double normalization(double theta, const Progress& progress) const override;

 private:
  void scaleStart();
  void center();
  void sortIntoLeaves();
  void buildRows();
  void attract(std::int64_t begin, std::int64_t end, float* forces) const;
  void move(std::int64_t begin, std::int64_t end, float normalizer);
  void weakenExaggeration();
  void seeHowWide();
  [[nodiscard]] Positions spread(const std::vector<float>& values) const;
  [[nodiscard]] double learningRate() const;
  [[nodiscard]] double exaggeration() const;
  [[nodiscard]] double deviation() const;
  [[nodiscard]] bool early() const { return iteration < options.earlyIterations; }

  std::vector<FeatureId> m_features;  ///< Which feature each point is.
  std::vector<float> m_positions, m_velocities, m_gains, m_attraction;
  std::vector<std::int64_t> m_rowStarts;
  std::vector<std::int32_t> m_rowIds;
  std::vector<float> m_rowWeights;
  std::unique_ptr<RepulsionTree<dimensions>> m_tree;
  double m_exaggeration = 1.0;  ///< At its strongest, as far as the map can bear it.
  double m_dot = 0.0;           ///< A map narrower than this is one.
  double m_swollen = 0.0;       ///< Share of the late exaggeration that the map's width asks for.
  int m_sortedAt = -1;          ///< A step that was stopped and is taken again must not sort twice.
};

template <int dimensions>
Layout<dimensions>::Layout(TsneAffinities affinitiesOfAll, const Positions& start,
                           const TsneOptions& runOptions)
    : TsneLayout(std::move(affinitiesOfAll), runOptions)
{
  const std::int64_t n = affinities.graph.features();
  // A lone feature has no neighbours either, but there is nothing it could be torn from.
  for (std::int64_t i = 0; i < n; ++i)
    if (affinities.graph.starts[at(i)] < affinities.graph.starts[at(i + 1)] || n == 1)
      m_features.push_back(static_cast<FeatureId>(i));
  placed = static_cast<std::int64_t>(m_features.size());
  const auto size = at(placed * stride);
  m_positions.assign(size, 0.0f);
  m_velocities.assign(size, 0.0f);
  m_gains.assign(size, 1.0f);
  m_attraction.assign(size, 0.0f);
  for (std::int64_t i = 0; i < placed; ++i)
    for (int axis = 0; axis < dimensions; ++axis)
      m_positions[at(i * stride + axis)] = start(axis, m_features[at(i)]);
  if (!std::all_of(m_positions.begin(), m_positions.end(),
                   [](float value) { return std::isfinite(value); }))
    throw Error("the map cannot start from places that are not finite numbers");
  if (options.startDeviation)
    scaleStart();
  m_exaggeration = options.earlyExaggeration;
  m_dot = std::min(dot, deviation() / 10.0);
  m_tree = std::make_unique<RepulsionTree<dimensions>>(placed, freedom);
  sortIntoLeaves();
}

template <int dimensions>
void Layout<dimensions>::scaleStart()
{
  center();
  const double now = deviation();
  if (!(now > 0.0))
    return;
  const auto scale = static_cast<float>(*options.startDeviation / now);
  for (float& value : m_positions)
    value *= scale;
}

/// Of the first axis, which is centred.
template <int dimensions>
double Layout<dimensions>::deviation() const
{
  double squares = 0.0;
  for (std::int64_t i = 0; i < placed; ++i)
    squares += static_cast<double>(m_positions[at(i * stride)]) * m_positions[at(i * stride)];
  return std::sqrt(squares / static_cast<double>(std::max<std::int64_t>(1, placed)));
}

template <int dimensions>
void Layout<dimensions>::center()
{
  for (int axis = 0; axis < dimensions; ++axis) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < placed; ++i)
      sum += m_positions[at(i * stride + axis)];
    const auto mean =
        static_cast<float>(sum / static_cast<double>(std::max<std::int64_t>(1, placed)));
    for (std::int64_t i = 0; i < placed; ++i)
      m_positions[at(i * stride + axis)] -= mean;
  }
}

template <int dimensions>
void Layout<dimensions>::sortIntoLeaves()
{
  m_tree->build(m_positions.data(), stride);
  const std::vector<std::int32_t> order = m_tree->order();
  const auto reordered = [&](const std::vector<float>& values) {
    std::vector<float> result(values.size());
    for (std::int64_t i = 0; i < placed; ++i)
      std::copy_n(values.begin() + std::int64_t{order[at(i)]} * stride, stride,
                  result.begin() + i * stride);
    return result;
  };
  m_positions = reordered(m_positions);
  m_velocities = reordered(m_velocities);
  m_gains = reordered(m_gains);
  std::vector<FeatureId> features(m_features.size());
  for (std::size_t i = 0; i < features.size(); ++i)
    features[i] = m_features[at(order[i])];
  m_features = std::move(features);
  m_tree->build(m_positions.data(), stride);
  buildRows();
  m_sortedAt = iteration;
}

/// The graph's rows in the order of the points, padded to whole vectors.
template <int dimensions>
void Layout<dimensions>::buildRows()
{
  const WeightedGraph& graph = affinities.graph;
  std::vector<std::int32_t> pointOf(at(graph.features()), 0);
  for (std::size_t i = 0; i < m_features.size(); ++i)
    pointOf[at(m_features[i])] = static_cast<std::int32_t>(i);
  m_rowStarts.assign(at(placed + 1), 0);
  for (std::int64_t i = 0; i < placed; ++i) {
    const FeatureId feature = m_features[at(i)];
    const std::int64_t entries = graph.starts[at(feature + 1)] - graph.starts[at(feature)];
    m_rowStarts[at(i + 1)] = m_rowStarts[at(i)] + (entries + lanes - 1) / lanes * lanes;
  }
  m_rowIds.resize(at(m_rowStarts.back()));
  m_rowWeights.resize(m_rowIds.size());
  parallelFor(placed, rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::pair<std::int32_t, float>> row;
    for (std::int64_t i = begin; i < end; ++i) {
      const FeatureId feature = m_features[at(i)];
      row.clear();
      for (std::int64_t e = graph.starts[at(feature)]; e < graph.starts[at(feature + 1)]; ++e)
        row.emplace_back(pointOf[at(graph.ids[at(e)])], graph.weights[at(e)]);
      std::sort(row.begin(), row.end());
      // A point does not attract itself: its own id with weight 0 fills up.
      row.resize(at(m_rowStarts[at(i + 1)] - m_rowStarts[at(i)]),
                 {static_cast<std::int32_t>(i), 0.0f});
      for (std::size_t e = 0; e < row.size(); ++e) {
        m_rowIds[at(m_rowStarts[at(i)]) + e] = row[e].first;
        m_rowWeights[at(m_rowStarts[at(i)]) + e] = row[e].second;
      }
    }
  });
}

template <int dimensions>
void Layout<dimensions>::attract(std::int64_t begin, std::int64_t end, float* forces) const
{
  const AttractionRows rows{m_rowStarts.data(), m_rowIds.data(), m_rowWeights.data()};
  if constexpr (dimensions == 2)
    attract2(rows, m_positions.data(), begin, end, freedom, forces);
  else
    attract3(rows, m_positions.data(), begin, end, freedom, forces);
}

template <int dimensions>
double Layout<dimensions>::learningRate() const
{
  // n / exaggeration, but at least 100 where there are as many features: with less, small maps are
  // not finished after the usual number of steps.
  const auto n = static_cast<double>(placed);
  const double faster = freedom == 2 && !early() ? 2.0 : 1.0;
  return options.learningRate.value_or(
      faster * std::max(n / options.earlyExaggeration, std::min(n, leastRate)));
}

template <int dimensions>
void Layout<dimensions>::step(const Progress& progress)
{
  if (placed < 2) {
    ++iteration;
    return;
  }
  // Nothing that may be stopped half-way changes the state of the iteration.
  progress.checkStopped();
  if (iteration % stepsPerOrder == 0 && m_sortedAt != iteration)
    sortIntoLeaves();
  else if (iteration % stepsPerTree == 0)
    m_tree->build(m_positions.data(), stride);
  else
    m_tree->refresh(m_positions.data(), stride);
  if (m_tree->outgrown())
    m_tree->build(m_positions.data(), stride);
  const double sum = m_tree->repel(tsneTheta(options, placed), progress);
  parallelFor(placed, rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    attract(begin, end, m_attraction.data());
  });

  if (iteration == options.earlyIterations) {
    std::fill(m_velocities.begin(), m_velocities.end(), 0.0f);
    std::fill(m_gains.begin(), m_gains.end(), 1.0f);
  }
  const auto normalizer = static_cast<float>(1.0 / sum);
  parallelFor(placed, 4 * rowsPerChunk,
              [&](std::int64_t begin, std::int64_t end) { move(begin, end, normalizer); });
  ++iteration;
  if (iteration % stepsPerTree == 0) {
    center();
    weakenExaggeration();
    seeHowWide();
  }
}

template <int dimensions>
double Layout<dimensions>::exaggeration() const
{
  const double late = 1.0 + m_swollen * (tsneLateExaggeration(options) - 1.0);
  if (!early())
    return late;
  const double left = 1.0 - static_cast<double>(iteration) / options.earlyIterations;
  return options.fadingExaggeration ? std::max(late, std::pow(m_exaggeration, left))
                                    : m_exaggeration;
}

/// Where every feature is tied to a good part of all others, the pulls together outweigh the pushes
/// in any direction: the map shrinks for as long as that lasts, and bursts when it ends. As strong
/// as the map can bear is enough.
template <int dimensions>
void Layout<dimensions>::weakenExaggeration()
{
  if (early() && deviation() < m_dot)
    m_exaggeration = 1.0 + (m_exaggeration - 1.0) / 2.0;
}

/// The kernel is flat below a distance of about 1. Where the features lie near a space of few
/// dimensions, neighbours come to lie within it, and stronger pulls only press them together; in
/// any other map they do not fit, and push each other ever farther apart.
template <int dimensions>
void Layout<dimensions>::seeHowWide()
{
  const double spacing = deviation() / std::pow(static_cast<double>(placed), 1.0 / dimensions);
  m_swollen = std::clamp((spacing - narrow) / (wide - narrow), 0.0, 1.0);
}

/// Momentum and one gain per coordinate (Jacobs 1988), as van der Maaten's code: a gain grows while
/// the gradient keeps its direction.
template <int dimensions>
void Layout<dimensions>::move(std::int64_t begin, std::int64_t end, float normalizer)
{
  const auto pull = static_cast<float>(exaggeration());
  const auto momentum = static_cast<float>(early() ? options.earlyMomentum : options.momentum);
  // The gradient's constant over the 4 of one degree of freedom, which the rate leaves out.
  const auto rate = static_cast<float>(learningRate() * gradientConstant() / 4.0);
  for (std::int64_t i = begin; i < end; ++i)
    for (int axis = 0; axis < dimensions; ++axis) {
      const auto k = at(i * stride + axis);
      const float slope = pull * m_attraction[k] - normalizer * m_tree->force(i, axis);
      const bool turned = slope * m_velocities[k] < 0.0f;
      m_gains[k] = std::max(leastGain, turned ? m_gains[k] + 0.2f : m_gains[k] * 0.8f);
      m_velocities[k] = momentum * m_velocities[k] - rate * m_gains[k] * slope;
      m_positions[k] += m_velocities[k];
    }
}

template <int dimensions>
Positions Layout<dimensions>::spread(const std::vector<float>& values) const
{
  Positions result =
      Positions::Constant(3, affinities.graph.features(), std::numeric_limits<float>::quiet_NaN());
  for (std::int64_t i = 0; i < placed; ++i)
    for (int axis = 0; axis < 3; ++axis)
      result(axis, m_features[at(i)]) = axis < dimensions ? values[at(i * stride + axis)] : 0.0f;
  return result;
}

template <int dimensions>
Positions Layout<dimensions>::gradient(double theta, const Progress& progress) const
{
  RepulsionTree<dimensions> tree(placed, freedom);
  tree.build(m_positions.data(), stride);
  const auto normalizer = static_cast<float>(1.0 / tree.repel(theta, progress));
  const auto constant = static_cast<float>(gradientConstant());
  std::vector<float> slopes(m_positions.size(), 0.0f);
  attract(0, placed, slopes.data());
  for (std::int64_t i = 0; i < placed; ++i)
    for (int axis = 0; axis < dimensions; ++axis) {
      float& slope = slopes[at(i * stride + axis)];
      slope = constant * (slope - normalizer * tree.force(i, axis));
    }
  return spread(slopes);
}

template <int dimensions>
double Layout<dimensions>::normalization(double theta, const Progress& progress) const
{
  RepulsionTree<dimensions> tree(placed, freedom);
  tree.build(m_positions.data(), stride);
  return tree.repel(theta, progress);
}

}  // namespace

/// With q_ij = w_ij / Z: Σ p log p − Σ p log w + log Z, since Σ p = 1.
double TsneLayout::klDivergence(const Progress& progress) const
{
  if (placed < 2)
    return 0.0;
  const double sum = normalization(placed > mostForAllPairs ? divergenceTheta : 0.0, progress);
  const Positions places = positions();
  const WeightedGraph& graph = affinities.graph;
  const double exponent = 0.5 * (freedom + 1);
  std::vector<double> parts(at((graph.features() + rowsPerChunk - 1) / rowsPerChunk), 0.0);
  parallelFor(graph.features(), rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    double& part = parts[at(begin / rowsPerChunk)];
    for (std::int64_t i = begin; i < end; ++i)
      for (std::int64_t e = graph.starts[at(i)]; e < graph.starts[at(i + 1)]; ++e) {
        const double p = graph.weights[at(e)];
        const Eigen::Vector3d difference =
            (places.col(i).cast<double>() - places.col(graph.ids[at(e)]).cast<double>());
        if (p > 0.0)
          part += p * (std::log(p) + exponent * std::log1p(difference.squaredNorm() / freedom));
      }
  });
  return std::accumulate(parts.begin(), parts.end(), 0.0) + std::log(sum);
}

std::unique_ptr<TsneLayout> makeTsneLayout(TsneAffinities affinities, const Positions& start,
                                           const TsneOptions& options)
{
  if (options.dimensions == 2)
    return std::make_unique<Layout<2>>(std::move(affinities), start, options);
  return std::make_unique<Layout<3>>(std::move(affinities), start, options);
}

}  // namespace orrery
