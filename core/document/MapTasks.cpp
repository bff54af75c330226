#include "core/document/MapTasks.h"

#include "core/io/ByteSource.h"

#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

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

/// Waits for the thread of a job that is being stopped.
std::unique_lock<std::mutex> lockWhenFree(std::mutex& mutex, const Progress& progress)
{
  std::unique_lock lock(mutex, std::defer_lock);
  while (!lock.try_lock()) {
    progress.checkStopped();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return lock;
}

}  // namespace

EmbeddingTask mapTask(std::shared_ptr<ResumableMap> map)
{
  EmbeddingTask task;
  task.name = methodName(map->run.choice());
  task.work = [map](const Layer& layer, const Progress& progress,
                    const EmbeddingTask::Publish& publish) {
    const auto lock = lockWhenFree(map->mutex, progress);
    const UsableFeatures usable = usableFeatures(*layer.dictionary);
    const auto mapNow = [&] {
      auto now = std::make_shared<Embedding>(map->run.embedding());
      spread(*now, usable, *layer.dictionary);
      return now;
    };
    auto published = std::chrono::steady_clock::now();
    map->run.advance(*usable.decoder, layer.neighbors, progress, [&](const MapRun&) {
      if (const auto now = std::chrono::steady_clock::now(); now - published >= publishEvery) {
        published = now;
        publish(mapNow());
      }
    });
    EmbeddingTask::Result result;
    result.embedding = mapNow();
    // Else their ids are not the dictionary's, or lists that are kept as exact would not be.
    if (usable.ids.empty() && map->run.neighborsAreExact())
      result.neighbors = map->run.neighbors();
    return result;
  };
  return task;
}

EmbeddingTask pcaTask(int dimensions)
{
  return mapTask(std::make_shared<ResumableMap>(PcaMapOptions{dimensions, 0}));
}

EmbeddingTask tsneTask(const TsneOptions& options)
{
  return mapTask(std::make_shared<ResumableMap>(options));
}

EmbeddingTask umapTask(const UmapOptions& options)
{
  return mapTask(std::make_shared<ResumableMap>(options));
}

QString methodName(const MapChoice& choice)
{
  return std::holds_alternative<TsneOptions>(choice)   ? Document::tr("t-SNE")
         : std::holds_alternative<UmapOptions>(choice) ? Document::tr("UMAP")
                                                       : Document::tr("Exact PCA");
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
