// The galaxy scale of the open layers: analyses them one after the other, follows features through
// them, and says what changed.
#pragma once

#include "core/document/Document.h"
#include "core/document/GalaxyState.h"
#include "core/galaxy/FeatureFollowing.h"
#include "core/galaxy/LayerAnalysis.h"
#include "core/galaxy/LayerSeries.h"
#include "core/galaxy/LayerTransition.h"

#include <QObject>
#include <QStringList>
#include <QTimer>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace orrery {

struct GalaxyEntry {
  LayerSource source;
  Origin read;      ///< As its file says; source.origin differs where somebody corrected it.
  int layerId = 0;  ///< Of the document; 0: on disk, read when needed.
  std::shared_ptr<const LayerAnalysis> analysis;  ///< Null until computed.
};

std::vector<LayerSource> sourcesOf(const std::vector<GalaxyEntry>& entries);

/// Raw activations beside the layers: the same figures, no layer.
struct GalaxyActivations {
  std::filesystem::path path;
  std::shared_ptr<const LayerAnalysis> analysis;  ///< Null until computed.
};

/// Layers compared at like L0: of each layer number the dictionary nearest to it, if it is within a
/// share of it.
struct MatchedL0 {
  double l0 = 0.0;
  double tolerance = 0.1;
};

/// What lies on one component of one layer, with the labels of its extreme features.
struct InspectedComponent {
  LayerSource source;
  ComponentReport report;
  std::vector<std::string> highestLabels, lowestLabels;
};

/// GUI thread only. What is asked for runs as a job of its kind; asking again replaces it.
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
  [[nodiscard]] const std::optional<GalaxyActivations>& activations() const
  {
    return m_activations;
  }
  [[nodiscard]] const std::shared_ptr<const InspectedComponent>& component() const
  {
    return m_component;
  }
  /// Those that curves, clouds and matching take: all, but for a matched L0.
  [[nodiscard]] std::vector<int> compared() const;
  [[nodiscard]] const std::optional<MatchedL0>& matchedL0() const { return m_matchedL0; }
  /// How the features of one entry became those of the other; null until matched.
  [[nodiscard]] std::shared_ptr<const LayerTransition> transition(int first, int second) const;

  /// Lists files and folders as further layers; no matrix is read before it is analysed.
  void addLayers(std::vector<std::filesystem::path> paths);
  void setOptions(const LayerAnalysisOptions& options);
  /// Moves the window of the fit: eigenvalues are kept, only the line is fitted anew.
  void setWindow(int firstRank, int lastRank);
  /// Corrects what is known of an entry: layer, width, L0. Undoable.
  void setOrigin(int entry, const Origin& origin);
  /// What was corrected, for a session, and back: of entries that are listed later, then.
  [[nodiscard]] GalaxyState state() const;
  void restore(const GalaxyState& state);
  /// Computes what is missing. Layers that are finished stay if the user stops.
  void analyze();
  void setMatchedL0(const std::optional<MatchedL0>& matched);
  /// Matches every compared layer with the next: what morphing and colours by cosine need.
  void matchLayers();
  /// Raw activations, a row each; analysed as the layers are.
  void setActivations(const std::filesystem::path& path);
  /// Looks at what lies on a component (from 0) of the current entry.
  void inspect(int component);
  /// Shows this entry: its cloud too, where its dictionary is open.
  void setCurrent(int entry);
  /// Through all entries, from that of the document's current layer (whose selection @p features
  /// are) or from @p entry, by mutual best cosine.
  void follow(std::vector<FeatureId> features, int entry = -1);

  [[nodiscard]] std::vector<JobRunner*> jobs();

 signals:
  void entriesChanged();
  void currentChanged();
  void followedChanged();
  void componentChanged();
  void transitionsChanged();
  void messageRaised(const orrery::Message& message);

 private:
  void takeDocumentLayers();
  void takeCurrentLayer();
  struct Analyzed;
  struct Outbox;
  struct Matched {
    LayerSource first, second;
    std::shared_ptr<const LayerTransition> transition;
  };

  /// Which entry a step of undo is about: it outlives sorting, closing and opening again.
  struct EntryKey {
    int layerId = 0;
    std::filesystem::path path;
    std::string dataset;
    bool operator==(const EntryKey&) const = default;
  };
  static EntryKey keyOf(const GalaxyEntry& entry);

  void sortEntries();
  void applyOrigin(const EntryKey& key, const Origin& origin);
  void applyKept();
  void takeAnalyzed();
  void analyzeActivations();
  void correctWindows();

  Document* m_document;
  std::vector<GalaxyEntry> m_entries;
  int m_current = -1;
  LayerAnalysisOptions m_options;
  std::shared_ptr<const FollowedFeatures> m_followed;
  std::optional<GalaxyActivations> m_activations;
  std::optional<MatchedL0> m_matchedL0;
  std::shared_ptr<const InspectedComponent> m_component;
  std::vector<Matched> m_matched;
  std::vector<KeptOrigin> m_kept;    ///< Of a session, whose dictionaries are not listed yet.
  std::shared_ptr<Outbox> m_outbox;  ///< Of the running analysis: layers that are finished.
  QTimer m_collecting, m_windowRest;
  JobRunner m_job, m_listJob, m_followJob, m_activationsJob, m_componentJob, m_matchJob,
      m_correctionJob;
};

}  // namespace orrery
