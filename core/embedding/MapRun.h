// A map of any method in the making: the one set-up that window and command line share.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"
#include "core/embedding/MapOptions.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/Tsne.h"
#include "core/embedding/Umap.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace orrery {

struct PcaMapOptions {
  int dimensions = 3;  ///< 2 or 3.
  std::uint64_t seed = 0;
};

/// A method and its options.
using MapChoice = std::variant<PcaMapOptions, TsneOptions, UmapOptions>;

/// How the neighbours that a map is made from are found.
enum class NeighborSearch {
  Exact,
  Approximate  ///< computeApproximateNeighbors(): for maps of so many features that exact takes
               ///< long.
};

/// Neighbours that the map is made from: 3 × perplexity, neighbours − 1; at least the 10 that the
/// figures of trust look at.
int neighborsNeeded(const MapChoice& choice);
Metric metricOf(const MapChoice& choice);

/// Time and memory, as estimateTsne() and estimateUmap() say.
MapEstimate estimateMap(const MapChoice& choice, std::int64_t features, std::int64_t dimensions,
                        bool neighborsKnown, NeighborSearch search = NeighborSearch::Exact);

/// Keeps all that a stopped map needs to go on: places, velocities and gains, graph, neighbours.
/// The bits of the result do not depend on where it was stopped. One thread at a time.
class MapRun {
 public:
  explicit MapRun(MapChoice choice, NeighborSearch search = NeighborSearch::Exact);

  using Watcher = std::function<void(const MapRun&)>;
  /// Takes the map to its end, or a finished t-SNE or UMAP map a quarter of its iterations further.
  /// @p decoder (d × n, finite) must be the same at every call. @p known neighbours serve if they
  /// are of the same features, metric and number. @p watcher sees the map after every iteration.
  /// Stopped, it throws Cancelled and may be called again: what was finished by then (neighbours,
  /// graph, start, iterations) is kept.
  void advance(const FeatureMatrixView& decoder, std::shared_ptr<const Neighbors> known = nullptr,
               const Progress& progress = {}, const Watcher& watcher = {});

  /// Whether there are places to show.
  [[nodiscard]] bool started() const;
  [[nodiscard]] bool finished() const;
  /// The map as it is, of the features that advance() was given.
  [[nodiscard]] Embedding embedding() const;
  [[nodiscard]] const MapChoice& choice() const { return m_choice; }
  /// Null before they are found, and for PCA.
  [[nodiscard]] std::shared_ptr<const Neighbors> neighbors() const { return m_neighbors; }
  /// False if some of them are missing: then the map's sentence says about how many.
  [[nodiscard]] bool neighborsAreExact() const { return m_neighborNote.empty(); }
  /// Of t-SNE alone.
  [[nodiscard]] std::optional<double> klDivergence(const Progress& progress = {}) const;

 private:
  void advancePca(const FeatureMatrixView& decoder, const Progress& progress);
  void findNeighbors(const FeatureMatrixView& decoder, std::shared_ptr<const Neighbors> known,
                     const Progress& progress);
  template <typename Run>
  void takeSteps(Run& run, int wanted, const Progress& progress, const Watcher& watcher);

  MapChoice m_choice;
  NeighborSearch m_search;
  std::string m_neighborNote;  ///< Of neighbours that are not exact.
  std::shared_ptr<const Neighbors> m_neighbors;
  std::optional<Embedding> m_pca;
  std::optional<TsneRun> m_tsne;
  std::optional<UmapRun> m_umap;
  int m_target = 0;  ///< Iterations to be reached by the present advance().
};

}  // namespace orrery
