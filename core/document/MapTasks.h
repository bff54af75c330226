// The maps a layer can be shown by, as work for Document::computeEmbedding.
#pragma once

#include "core/document/Document.h"
#include "core/embedding/Tsne.h"
#include "core/embedding/Umap.h"

namespace orrery {

/// Exact principal components: what every layer is first shown by.
EmbeddingTask pcaTask(int dimensions);

/// t-SNE over the exact neighbours, which are found first where the layer has none yet and kept
/// with it. Publishes the map some thirty times a second while it takes shape; stopped, what there
/// is stays and says at which iteration.
EmbeddingTask tsneTask(const TsneOptions& options);

/// UMAP over the exact neighbours; shown, kept and stopped as tsneTask's.
EmbeddingTask umapTask(const UmapOptions& options);

/// "about 40 s and 210 MiB more": what a run will take, to be said before it starts.
QString estimateText(const MapEstimate& estimate);

}  // namespace orrery
