// The maps a layer can be shown by, as work for Document::computeEmbedding.
#pragma once

#include "core/document/Document.h"
#include "core/embedding/MapRun.h"

#include <memory>
#include <mutex>

namespace orrery {

/// A map in the making that outlives the job that makes it, so that it can go on after a stop. The
/// thread of a stopped job may be inside for up to a second: whoever touches `run` holds `mutex`.
struct ResumableMap {
  explicit ResumableMap(MapChoice choice, NeighborSearch search = NeighborSearch::Exact)
      : run(std::move(choice), search)
  {
  }

  std::mutex mutex;
  MapRun run;
};

/// Takes @p map to its end (or further, if it is there). The exact neighbours are found first where
/// the layer has none and kept with it. Publishes the map some thirty times a second while it takes
/// shape; stopped, what there is stays and says at which iteration.
EmbeddingTask mapTask(std::shared_ptr<ResumableMap> map);

/// Exact principal components: what every layer is first shown by.
EmbeddingTask pcaTask(int dimensions);
EmbeddingTask tsneTask(const TsneOptions& options);
EmbeddingTask umapTask(const UmapOptions& options);

/// "t-SNE", "UMAP", "Exact PCA".
QString methodName(const MapChoice& choice);

/// "about 40 s and 210 MiB more": what a run will take, to be said before it starts.
QString estimateText(const MapEstimate& estimate);

}  // namespace orrery
