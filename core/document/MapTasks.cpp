#include "core/document/MapTasks.h"

#include "core/embedding/Pca.h"
#include "core/io/ByteSource.h"

#include <chrono>
#include <cmath>

namespace orrery {
namespace {

constexpr auto publishEvery = std::chrono::milliseconds(33);

/// From the features that could be used to all, and says how many could not.
void spread(Embedding& embedding, const UsableFeatures& usable, const Dictionary& dictionary)
{
  if (!usable.ids.empty()) {
    const auto left = dictionary.features() - static_cast<std::int64_t>(usable.ids.size());
    embedding.description += left == 1
                                 ? " 1 feature with values that are not finite is left out."
                                 : " " + displayCount(left).toStdString() +
                                       " features with values that are not finite are left out.";
  }
  embedding.positions =
      usable.positionsOfAll(std::move(embedding.positions), dictionary.features());
}

/// The layer's neighbours where they are at least @p count by @p metric, else new ones.
std::shared_ptr<const Neighbors> neighborsOf(const Layer& layer, const UsableFeatures& usable,
                                             int count, Metric metric, const Progress& progress)
{
  const auto wanted = static_cast<int>(std::min<std::int64_t>(count, usable.decoder->cols() - 1));
  if (layer.neighbors && layer.neighbors->metric == metric && layer.neighbors->count >= wanted &&
      layer.neighbors->ids.cols() == usable.decoder->cols())
    return layer.neighbors;
  NeighborOptions options;
  options.count = wanted;
  options.metric = metric;
  return std::make_shared<const Neighbors>(computeNeighbors(*usable.decoder, options, progress));
}

/// The map as @p run has it now, for all features of the layer.
template <typename Run>
std::shared_ptr<const Embedding> mapNow(const Run& run, const UsableFeatures& usable,
                                        const Layer& layer)
{
  auto map = std::make_shared<Embedding>(run.embedding());
  spread(*map, usable, *layer.dictionary);
  return map;
}

/// Takes @p run to its end by @p steps single steps, showing some thirty maps a second.
template <typename Run>
void advanceShowing(Run& run, int steps, const UsableFeatures& usable, const Layer& layer,
                    const Progress& progress, const EmbeddingTask::Publish& publish)
{
  auto published = std::chrono::steady_clock::now();
  for (int step = 0; !run.finished(); ++step) {
    progress.update(step, steps);
    run.advance(1);
    if (const auto now = std::chrono::steady_clock::now(); now - published >= publishEvery) {
      published = now;
      publish(mapNow(run, usable, layer));
    }
  }
}

}  // namespace

EmbeddingTask pcaTask(int dimensions)
{
  EmbeddingTask task;
  task.name = Document::tr("Exact PCA");
  task.work = [dimensions](const Layer& layer, const Progress& progress,
                           const EmbeddingTask::Publish&) {
    const UsableFeatures usable = usableFeatures(*layer.dictionary);
    EmbeddingTask::Result result;
    auto embedding = std::make_shared<Embedding>();
    if (usable.decoder->cols() == 1) {
      // One feature has no variance; it is still a point to look at.
      embedding->positions = Positions::Zero(3, 1);
      embedding->method = EmbeddingMethod::Pca;
      embedding->dimensions = dimensions;
      embedding->description = "One feature: there is no direction to show.";
    } else {
      PcaOptions options;
      options.components = dimensions;
      const Pca pca = computePca(*usable.decoder, options, progress);
      *embedding = pcaEmbedding(pca, dimensions);
    }
    spread(*embedding, usable, *layer.dictionary);
    result.embedding = std::move(embedding);
    return result;
  };
  return task;
}

EmbeddingTask tsneTask(const TsneOptions& options)
{
  EmbeddingTask task;
  task.name = Document::tr("t-SNE");
  task.work = [options](const Layer& layer, const Progress& progress,
                        const EmbeddingTask::Publish& publish) {
    const UsableFeatures usable = usableFeatures(*layer.dictionary);
    EmbeddingTask::Result result;
    result.neighbors = neighborsOf(layer, usable, neighborsForPerplexity(options.perplexity),
                                   options.metric, progress.stage("exact neighbours", 0.0, 0.25));
    TsneAffinities affinities = computeTsneAffinities(*result.neighbors, options.perplexity,
                                                      progress.stage("affinities", 0.25, 0.27));
    const Positions start =
        startingPositions(*usable.decoder, affinities.graph, options.start, options.metric,
                          options.dimensions, options.seed, progress.stage("start", 0.27, 0.3));
    TsneRun run(std::move(affinities), start, options);
    advanceShowing(run, options.iterations, usable, layer, progress.stage("layout", 0.3, 1.0),
                   publish);
    result.embedding = mapNow(run, usable, layer);
    if (!usable.ids.empty())
      result.neighbors.reset();  // their ids are not the dictionary's
    return result;
  };
  return task;
}

EmbeddingTask umapTask(const UmapOptions& options)
{
  EmbeddingTask task;
  task.name = Document::tr("UMAP");
  task.work = [options](const Layer& layer, const Progress& progress,
                        const EmbeddingTask::Publish& publish) {
    const UsableFeatures usable = usableFeatures(*layer.dictionary);
    EmbeddingTask::Result result;
    result.neighbors = neighborsOf(layer, usable, options.neighbors - 1, options.metric,
                                   progress.stage("exact neighbours", 0.0, 0.25));
    FuzzyGraph graph = computeFuzzyGraph(*result.neighbors, options.neighbors,
                                         progress.stage("neighbour graph", 0.25, 0.27));
    const Positions start =
        startingPositions(*usable.decoder, graph.graph, options.start, options.metric,
                          options.dimensions, options.seed, progress.stage("start", 0.27, 0.35));
    UmapRun run(std::move(graph), start, options);
    advanceShowing(run, run.epochs(), usable, layer, progress.stage("layout", 0.35, 1.0), publish);
    result.embedding = mapNow(run, usable, layer);
    if (!usable.ids.empty())
      result.neighbors.reset();  // their ids are not the dictionary's
    return result;
  };
  return task;
}

QString estimateText(const MapEstimate& estimate)
{
  const double seconds = estimate.seconds();
  const QString time = seconds < 90 ? Document::tr("about %1 s").arg(std::ceil(seconds))
                                    : Document::tr("about %1 min").arg(std::ceil(seconds / 60));
  return Document::tr("%1 and %2 more memory")
      .arg(time, QString::fromStdString(displayBytes(
                     static_cast<std::uint64_t>(std::max<std::int64_t>(0, estimate.bytes)))));
}

}  // namespace orrery
