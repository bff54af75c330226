// The maps of the open layers: made, stopped, continued, kept side by side, and how far each may be
// trusted.
#pragma once

#include "core/document/Document.h"
#include "core/document/MapTasks.h"
#include "core/embedding/MapTrust.h"

#include <QObject>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace orrery {

/// One map of a layer.
struct StudiedMap {
  std::shared_ptr<const Embedding> embedding;  ///< Of all features.
  std::shared_ptr<ResumableMap> run;           ///< To go on from; null where it is not kept.
  bool finished = true;                        ///< Not stopped half-way.
  std::shared_ptr<const MapTrust> trust;       ///< Null before it is measured.
  std::optional<double> klDivergence;
};

/// The column that says per feature how far the shown map may be trusted.
inline constexpr const char* keptColumnName = "neighbours kept";

/// Of how many true neighbours the torn ones are shown.
inline constexpr int tornNeighborCount = 10;

/// Follows the document: every map that a layer is shown by is kept, the last twelve of a layer.
/// GUI thread only.
class MapStudy : public QObject {
  Q_OBJECT
 public:
  explicit MapStudy(Document* document, QObject* parent = nullptr);

  /// Of the current layer, in the order they were made.
  [[nodiscard]] const std::vector<StudiedMap>& maps() const;
  /// Index of the one shown; −1 if none.
  [[nodiscard]] int shown() const;
  void show(int index);

  void start(MapChoice choice, NeighborSearch search = NeighborSearch::Exact);
  /// What there is stays.
  void stop();
  [[nodiscard]] bool isRunning() const;
  /// Whether the shown map can go on from where it is: to its end if it was stopped, else a quarter
  /// of its iterations further.
  [[nodiscard]] bool canGoOn() const;
  void goOn();

  /// Figures and the column `keptColumnName` of the shown map, on a worker. Done by itself where a
  /// map has been made from neighbours; else these must be found first, in O(n² d).
  void measure();
  [[nodiscard]] JobRunner* trustJob() { return &m_trustJob; }

  /// True neighbours of the current feature, of the first tornNeighborCount, that are not among as
  /// many nearest on @p map, one of the current layer: as far as the document has them.
  [[nodiscard]] std::vector<FeatureId> tornNeighbors(const Embedding& map) const;

 signals:
  /// Maps, the one shown, or its trust.
  void changed();

 private:
  struct LayerMaps {
    std::vector<StudiedMap> maps;
  };
  void takeShown();
  void publishColumn(const StudiedMap& map);
  [[nodiscard]] int currentId() const;

  Document* m_document;
  std::map<int, LayerMaps> m_layers;
  std::shared_ptr<ResumableMap> m_starting;  ///< Of the running job; taken over with its map.
  JobRunner m_trustJob;
};

/// True neighbours of @p feature, of the first @p count of @p nearest (nearest first), that are not
/// among its @p count nearest on the map. Empty if it has no place. O(n).
std::vector<FeatureId> tornNeighbors(const Positions& map, FeatureId feature,
                                     const std::vector<Neighbor>& nearest,
                                     int count = tornNeighborCount);

}  // namespace orrery
