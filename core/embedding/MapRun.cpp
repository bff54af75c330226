#include "core/embedding/MapRun.h"

#include "core/embedding/ApproximateNeighbors.h"
#include "core/embedding/Pca.h"

#include <algorithm>
#include <utility>

namespace orrery {
namespace {

constexpr int neighborsForTrust = 10;

template <typename... Bodies>
struct Overloaded : Bodies... {
  using Bodies::operator()...;
};
template <typename... Bodies>
Overloaded(Bodies...) -> Overloaded<Bodies...>;

int taken(const TsneRun& run)
{
  return run.iteration();
}

int taken(const UmapRun& run)
{
  return run.epoch();
}

}  // namespace

int neighborsNeeded(const MapChoice& choice)
{
  return std::max(neighborsForTrust,
                  std::visit(Overloaded{[](const PcaMapOptions&) { return 0; },
                                        [](const TsneOptions& tsne) {
                                          return neighborsForPerplexity(tsne.perplexity);
                                        },
                                        [](const UmapOptions& umap) { return umap.neighbors - 1; }},
                             choice));
}

Metric metricOf(const MapChoice& choice)
{
  return std::visit(Overloaded{[](const PcaMapOptions&) { return Metric::Cosine; },
                               [](const auto& options) { return options.metric; }},
                    choice);
}

MapEstimate estimateMap(const MapChoice& choice, std::int64_t features, std::int64_t dimensions,
                        bool neighborsKnown, NeighborSearch search)
{
  MapEstimate whole =
      std::visit(Overloaded{[&](const PcaMapOptions&) {
                              // A few dozen passes of block Lanczos, and its blocks of vectors.
                              MapEstimate estimate;
                              const auto n = static_cast<double>(features);
                              const auto d = static_cast<double>(dimensions);
                              estimate.layoutSeconds = 400.0 * n * d / 2.5e10;
                              estimate.bytes = 64 * 4 * (features + dimensions);
                              return estimate;
                            },
                            [&](const TsneOptions& options) {
                              return estimateTsne(features, dimensions, options, neighborsKnown);
                            },
                            [&](const UmapOptions& options) {
                              return estimateUmap(features, dimensions, options, neighborsKnown);
                            }},
                 choice);
  if (search == NeighborSearch::Approximate && whole.neighborSeconds > 0.0) {
    const MapEstimate approximate = estimateApproximateNeighbors(features, dimensions);
    whole.neighborSeconds = std::min(whole.neighborSeconds, approximate.neighborSeconds);
    whole.bytes = std::max(whole.bytes, approximate.bytes);
  }
  return whole;
}

MapRun::MapRun(MapChoice choice, NeighborSearch search)
    : m_choice(std::move(choice)), m_search(search)
{
}

bool MapRun::started() const
{
  return m_pca || m_tsne || m_umap;
}

bool MapRun::finished() const
{
  return m_pca || (m_tsne && taken(*m_tsne) >= m_target) || (m_umap && taken(*m_umap) >= m_target);
}

Embedding MapRun::embedding() const
{
  Embedding map = m_pca ? *m_pca : m_tsne ? m_tsne->embedding() : m_umap->embedding();
  if (!m_neighborNote.empty()) {
    map.description += ' ' + m_neighborNote;
    map.options["neighbor_search"] = "approximate";
  }
  return map;
}

std::optional<double> MapRun::klDivergence(const Progress& progress) const
{
  return m_tsne ? std::optional(m_tsne->klDivergence(progress)) : std::nullopt;
}

void MapRun::advancePca(const FeatureMatrixView& decoder, const Progress& progress)
{
  const auto& options = std::get<PcaMapOptions>(m_choice);
  if (decoder.cols() == 1) {
    // One feature has no variance; it is still a point to look at.
    m_pca.emplace();
    m_pca->positions = Positions::Zero(3, 1);
    m_pca->method = EmbeddingMethod::Pca;
    m_pca->dimensions = options.dimensions;
    m_pca->description = "One feature: there is no direction to show.";
    return;
  }
  PcaOptions pca;
  pca.components = options.dimensions;
  pca.seed = options.seed;
  m_pca = pcaEmbedding(computePca(decoder, pca, progress), options.dimensions);
}

void MapRun::findNeighbors(const FeatureMatrixView& decoder, std::shared_ptr<const Neighbors> known,
                           const Progress& progress)
{
  const auto wanted = static_cast<int>(std::min<std::int64_t>(
      neighborsNeeded(m_choice), std::max<Eigen::Index>(0, decoder.cols() - 1)));
  const Metric metric = metricOf(m_choice);
  if (known && known->metric == metric && known->count >= wanted &&
      known->ids.cols() == decoder.cols()) {
    m_neighbors = std::move(known);
    return;
  }
  if (m_search == NeighborSearch::Approximate) {
    ApproximateNeighborOptions options;
    options.count = std::max(1, wanted);
    options.metric = metric;
    ApproximateNeighbors found = computeApproximateNeighbors(decoder, options, progress);
    if (!found.exact)
      m_neighborNote = found.note;
    m_neighbors = std::make_shared<const Neighbors>(std::move(found.neighbors));
    return;
  }
  NeighborOptions options;
  options.count = std::max(1, wanted);
  options.metric = metric;
  m_neighbors = std::make_shared<const Neighbors>(computeNeighbors(decoder, options, progress));
}

template <typename Run>
void MapRun::takeSteps(Run& run, int wanted, const Progress& progress, const Watcher& watcher)
{
  if (m_target == 0)
    m_target = wanted;
  else if (taken(run) >= m_target)
    m_target += std::max(1, wanted / 4);
  const int began = taken(run);
  while (taken(run) < m_target) {
    progress.update(taken(run) - began, m_target - began);
    run.advance(1, progress.stage("layout", 0.0, 0.0));
    if (watcher)
      watcher(*this);
  }
}

void MapRun::advance(const FeatureMatrixView& decoder, std::shared_ptr<const Neighbors> known,
                     const Progress& progress, const Watcher& watcher)
{
  if (std::holds_alternative<PcaMapOptions>(m_choice)) {
    advancePca(decoder, progress);
    return;
  }
  const bool fresh = !started();
  if (!m_neighbors)
    findNeighbors(decoder, std::move(known), progress.stage("neighbours", 0.0, 0.25));
  if (auto* tsne = std::get_if<TsneOptions>(&m_choice)) {
    if (!m_tsne) {
      TsneAffinities affinities = computeTsneAffinities(*m_neighbors, tsne->perplexity,
                                                        progress.stage("affinities", 0.25, 0.27));
      const Positions start =
          startingPositions(decoder, affinities.graph, tsne->start, tsne->metric, tsne->dimensions,
                            tsne->seed, progress.stage("start", 0.27, 0.3));
      m_tsne.emplace(std::move(affinities), start, *tsne);
    }
    takeSteps(*m_tsne, tsne->iterations, progress.stage("layout", fresh ? 0.3 : 0.0, 1.0), watcher);
    return;
  }
  const auto& umap = std::get<UmapOptions>(m_choice);
  if (!m_umap) {
    FuzzyGraph graph = computeFuzzyGraph(*m_neighbors, umap.neighbors,
                                         progress.stage("neighbour graph", 0.25, 0.27));
    const Positions start =
        startingPositions(decoder, graph.graph, umap.start, umap.metric, umap.dimensions, umap.seed,
                          progress.stage("start", 0.27, 0.35));
    m_umap.emplace(std::move(graph), start, umap);
  }
  takeSteps(*m_umap, m_umap->epochs(), progress.stage("layout", fresh ? 0.35 : 0.0, 1.0), watcher);
}

}  // namespace orrery
