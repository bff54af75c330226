// The galaxy scale of the open layers: analyses them one after the other, follows features through
// them, and says what changed.
#pragma once

#include "core/document/Document.h"
#include "core/galaxy/FeatureFollowing.h"
#include "core/galaxy/LayerAnalysis.h"
#include "core/galaxy/LayerSeries.h"

#include <QObject>
#include <QStringList>

#include <filesystem>
#include <memory>
#include <vector>

namespace orrery {

struct GalaxyEntry {
  LayerSource source;
  int layerId = 0;  ///< Of the document; 0: on disk, read when needed.
  std::shared_ptr<const LayerAnalysis> analysis;  ///< Null until computed.
};

/// GUI thread only. What is asked for runs as one job; asking again replaces it.
class GalaxyStudy : public QObject {
  Q_OBJECT
 public:
  explicit GalaxyStudy(Document* document, QObject* parent = nullptr);

  /// The document's layers and those on disk, by layer, width and L0.
  [[nodiscard]] const std::vector<GalaxyEntry>& entries() const { return m_entries; }
  [[nodiscard]] int current() const { return m_current; }
  [[nodiscard]] const LayerAnalysisOptions& options() const { return m_options; }
  [[nodiscard]] const std::shared_ptr<const FollowedFeatures>& followed() const
  {
    return m_followed;
  }
  [[nodiscard]] QStringList warnings() const;

  /// Lists files and folders as further layers; no matrix is read before it is analysed.
  void addLayers(std::vector<std::filesystem::path> paths);
  void setOptions(const LayerAnalysisOptions& options);
  /// Moves the window of the fit: eigenvalues are kept, only the line is fitted anew.
  void setWindow(int firstRank, int lastRank);
  /// Corrects what is known of an entry: layer, width, L0.
  void setOrigin(int entry, const Origin& origin);
  /// Computes what is missing.
  void analyze();
  /// Shows this entry: its cloud too, where its dictionary is open.
  void setCurrent(int entry);
  /// Through all entries from the current one on, by mutual best cosine.
  void follow(std::vector<FeatureId> features);

  [[nodiscard]] JobRunner* job() { return &m_job; }

 signals:
  void entriesChanged();
  void currentChanged();
  void followedChanged();
  void messageRaised(const orrery::Message& message);

 private:
  void takeDocumentLayers();
  void takeCurrentLayer();
  void sortEntries();

  Document* m_document;
  std::vector<GalaxyEntry> m_entries;
  int m_current = -1;
  LayerAnalysisOptions m_options;
  std::shared_ptr<const FollowedFeatures> m_followed;
  JobRunner m_job;
};

}  // namespace orrery
