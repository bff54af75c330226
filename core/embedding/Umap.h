// UMAP of all features over their exact neighbours, epoch by epoch.
// Source: McInnes, Healy & Melville 2018 (arXiv:1802.03426).
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"
#include "core/embedding/FuzzyGraph.h"
#include "core/embedding/MapOptions.h"
#include "core/embedding/Neighbors.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace orrery {

class UmapLayout;

struct UmapOptions {
  /// Neighbours that a feature is tied to, itself counted as in umap-learn. More shows coarser
  /// structure.
  int neighbors = 15;
  /// How close together the map may put features: smaller packs clusters tighter.
  double minDist = 0.1;
  double spread = 1.0;
  /// 2 or 3.
  int dimensions = 2;
  MapStart start = MapStart::Spectral;
  /// Rounds over the edges; none takes 500 up to 10 000 features and 200 above, as umap-learn.
  std::optional<int> epochs;
  double learningRate = 1.0;       ///< At the start; falls to 0 over the epochs.
  Metric metric = Metric::Cosine;  ///< Of the neighbours.
  std::uint64_t seed = 0;
};

/// A map in the making. Features without neighbours (zero rows under cosine) have no place: NaN.
///
/// Each point gathers the forces on itself, from where the others were half an epoch ago, so no two
/// threads write to the same place: unlike umap-learn's parallel loop, the bits depend on
/// neighbours, start and options alone. An edge is sampled in proportion to its weight from both
/// its ends, with five random points pushing per edge and epoch.
class UmapRun {
 public:
  /// @p neighbors of the features to be laid out (options.neighbors − 1 of them, if there are as
  /// many); @p start their places at the beginning (3 × n; startingPositions()), scaled to a box of
  /// side 10. Throws Error on options that make no sense.
  UmapRun(const Neighbors& neighbors, const Positions& start, const UmapOptions& options = {},
          const Progress& progress = {});
  UmapRun(FuzzyGraph graph, const Positions& start, const UmapOptions& options = {});
  ~UmapRun();
  UmapRun(UmapRun&&) noexcept;
  UmapRun& operator=(UmapRun&&) noexcept;

  /// Takes @p epochs more epochs; beyond epochs() as well, at the last learning rate. Stopped, it
  /// throws Cancelled between two epochs: the run stays as it is and may go on.
  void advance(int epochs, const Progress& progress = {});

  [[nodiscard]] int epoch() const;
  [[nodiscard]] int epochs() const;  ///< In all, as the options ask.
  [[nodiscard]] bool finished() const { return epoch() >= epochs(); }
  [[nodiscard]] Positions positions() const;
  [[nodiscard]] const UmapOptions& options() const;
  [[nodiscard]] const FuzzyGraph& graph() const;
  [[nodiscard]] UmapCurve curve() const;

  /// The map as it is: sentence, options and positions. Seconds are those spent in advance().
  [[nodiscard]] Embedding embedding() const;

 private:
  std::unique_ptr<UmapLayout> m_layout;
};

/// Start, run and sentence in one. @p neighbors of the same columns as @p decoder. Stopped, it
/// throws Cancelled and the state is lost: use UmapRun where it should be kept.
Embedding computeUmap(const FeatureMatrixView& decoder, const Neighbors& neighbors,
                      const UmapOptions& options = {}, const Progress& progress = {});

/// Time and memory of computeUmap, and of the neighbours where @p neighborsKnown is false.
MapEstimate estimateUmap(std::int64_t features, std::int64_t dimensions,
                         const UmapOptions& options = {}, bool neighborsKnown = false);

}  // namespace orrery
