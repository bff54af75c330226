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
  if (!usable.ids.empty())
    embedding.description +=
        " " +
        displayCount(dictionary.features() - static_cast<std::int64_t>(usable.ids.size()))
            .toStdString() +
        " features with values that are not finite are left out.";
  embedding.positions =
      usable.positionsOfAll(std::move(embedding.positions), dictionary.features());
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
    if (!usable.ids.empty())
      embedding->description +=
          " " +
          displayCount(layer.dictionary->features() - static_cast<std::int64_t>(usable.ids.size()))
              .toStdString() +
          " features with values that are not finite are left out.";
    embedding->positions =
        usable.positionsOfAll(std::move(embedding->positions), layer.dictionary->features());
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
    const auto wanted = static_cast<int>(std::min<std::int64_t>(
        neighborsForPerplexity(options.perplexity), usable.decoder->cols() - 1));
    EmbeddingTask::Result result;
    result.neighbors = layer.neighbors;
    if (!result.neighbors || result.neighbors->metric != options.metric ||
        result.neighbors->count < wanted ||
        result.neighbors->ids.cols() != usable.decoder->cols()) {
      NeighborOptions neighborOptions;
      neighborOptions.count = wanted;
      neighborOptions.metric = options.metric;
      result.neighbors = std::make_shared<const Neighbors>(computeNeighbors(
          *usable.decoder, neighborOptions, progress.stage("exact neighbours", 0.0, 0.25)));
    }
    TsneAffinities affinities = computeTsneAffinities(*result.neighbors, options.perplexity,
                                                      progress.stage("affinities", 0.25, 0.27));
    const Positions start =
        startingPositions(*usable.decoder, affinities.graph, options.start, options.metric,
                          options.dimensions, options.seed, progress.stage("start", 0.27, 0.3));
    TsneRun run(std::move(affinities), start, options);
    const Progress layout = progress.stage("layout", 0.3, 1.0);
    const auto mapNow = [&] {
      auto map = std::make_shared<Embedding>(run.embedding());
      spread(*map, usable, *layer.dictionary);
      return map;
    };
    auto published = std::chrono::steady_clock::now();
    while (!run.finished()) {
      layout.update(run.iteration(), options.iterations);
      run.advance(1);
      if (const auto now = std::chrono::steady_clock::now(); now - published >= publishEvery) {
        published = now;
        publish(mapNow());
      }
    }
    result.embedding = mapNow();
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
