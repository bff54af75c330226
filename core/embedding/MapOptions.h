// What the iterative maps have in common: where they start, and what they will cost.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"
#include "core/embedding/WeightedGraph.h"

#include <cstdint>
#include <string>

namespace orrery {

enum class MapStart {
  Pca,       ///< The leading principal components: keeps the large-scale shape.
  Spectral,  ///< Slow eigenvectors of the neighbour graph: keeps its connected parts together.
  Random     ///< Gaussian noise from the seed.
};

/// "pca", "spectral", "random".
std::string optionText(MapStart start);
/// "cosine", "euclidean".
std::string optionText(Metric metric);
/// Shortest decimal text that reads back to the same number.
std::string optionText(double value);

/// What a computation will take on this machine, roughly.
struct MapEstimate {
  double neighborSeconds = 0.0;  ///< Of finding the neighbours, 0 if they are known.
  double layoutSeconds = 0.0;
  std::int64_t bytes = 0;  ///< At most, beside the dictionary itself.

  [[nodiscard]] double seconds() const { return neighborSeconds + layoutSeconds; }
};

/// Wall time of a small product on all threads, over what estimates take for granted: 1 on a quiet
/// machine like the one they were measured on, more where others work or processors are slower.
/// Takes some hundredths of a second.
double measureSlowdown();

/// Of computeNeighbors over all pairs.
double estimateNeighborSeconds(std::int64_t features, std::int64_t dimensions);
/// Its memory while it runs, for @p count neighbours.
std::int64_t estimateNeighborBytes(std::int64_t features, std::int64_t dimensions,
                                   std::int64_t count);

/// Where a map begins: 3 × n (the third row zero in two dimensions), centred, the first axis with
/// standard deviation 1. @p graph is looked at for MapStart::Spectral alone, @p decoder (d × n) for
/// Pca alone, under Metric::Cosine with the features' lengths divided out. Axes that the data do
/// not have (fewer features or dimensions than the map) are small noise from the seed.
Positions startingPositions(const FeatureMatrixView& decoder, const WeightedGraph& graph,
                            MapStart start, Metric metric, int dimensions, std::uint64_t seed,
                            const Progress& progress = {});

}  // namespace orrery
