// The open layers, how they are looked at, and the jobs that compute from them.
#pragma once

#include "core/document/JobRunner.h"
#include "core/document/Layer.h"
#include "core/document/SelectionModel.h"
#include "core/io/DictionaryFile.h"

#include <QObject>
#include <QString>
#include <QUndoStack>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace orrery {

/// A sentence for the message bar, and what stands behind its Details button.
struct Message {
  enum class Kind { Note, Warning, Failure };
  Kind kind = Kind::Note;
  QString text;
  QString details;
  std::filesystem::path path;  ///< The file it is about, if any …
  bool offersChoice = false;   ///< … and whether choosing an array of it may help.
};

struct OpenRequest {
  std::filesystem::path path;
  ReadOptions options;
};

/// The nearest of one feature, or the answer to a query: always in the original space.
struct NeighborList {
  int layer = 0;
  FeatureId feature = noFeature;  ///< Whose neighbours; noFeature for a query.
  std::string query;
  Metric metric = Metric::Cosine;
  std::vector<Neighbor> neighbors;
  QString note;  ///< What stands in place of, or beside, the list.
};

/// How a map is made: the work runs in a job and may publish maps on the way, each complete in
/// itself and saying in its description how far it is; the last of them stays if the user stops.
struct EmbeddingTask {
  using Publish = std::function<void(std::shared_ptr<const Embedding>)>;
  struct Result {
    std::shared_ptr<const Embedding> embedding;
    std::shared_ptr<const Neighbors> neighbors;  ///< To keep with the layer; may be null.
  };
  QString name;
  std::function<Result(const Layer&, const Progress&, const Publish&)> work;
};

/// Commands change it, signals say so; results are replaced, never edited. Selection, camera,
/// appearance, search and the choice of the layer are undoable. GUI thread only.
class Document : public QObject {
  Q_OBJECT
 public:
  explicit Document(QObject* parent = nullptr);
  ~Document() override;

  // Layers ---------------------------------------------------------------------------------------
  [[nodiscard]] const std::vector<std::shared_ptr<const Layer>>& layers() const { return m_layers; }
  /// The layer that is shown; null if none is open.
  [[nodiscard]] std::shared_ptr<const Layer> layer() const;
  /// Null if that layer is not open (any more).
  [[nodiscard]] std::shared_ptr<const Layer> layer(int id) const;
  [[nodiscard]] std::shared_ptr<const Dictionary> dictionary() const;
  [[nodiscard]] std::shared_ptr<const Embedding> embedding() const;
  [[nodiscard]] std::int64_t features() const;

  /// Reads the files on a worker and adds them as layers; the last becomes current. A file that is
  /// no matrix but a table of labels is attached to the layer opened with it, else to the current.
  void open(std::vector<OpenRequest> requests);
  void openDemo();
  void attachLabels(const std::filesystem::path& path);
  /// Adds what is already in memory. Returns the layer's id.
  int addLayer(std::shared_ptr<const Dictionary> dictionary);
  /// As a session kept it: with its map (may be null) and as it was looked at. The names of
  /// columns that were computed stay known as such.
  int addLayer(std::shared_ptr<const Dictionary> dictionary,
               std::shared_ptr<const Embedding> embedding, LayerView view,
               std::set<std::string> computed);
  void closeLayer(int id);
  /// Adds computed columns (lobes, distortion …) to colour, size, sort and filter by; one of the
  /// same name is replaced. Nothing happens if the layer is closed meanwhile.
  void setColumns(int id, std::vector<Column> columns);
  /// The same as a step of this name that can be undone. Nothing happens where they are there as
  /// they are.
  void computeColumns(int id, std::vector<Column> columns, const QString& step);
  /// Those that setColumns has added to this layer: what its file does not hold.
  [[nodiscard]] std::vector<Column> computedColumns(int id) const;
  /// Undoable; each layer keeps its own selection, camera, colours and search.
  void setCurrentLayer(int id);

  // Maps and neighbours --------------------------------------------------------------------------
  void computeEmbedding(EmbeddingTask task);
  /// Shows a map made before, over all features of the layer. Nothing happens if the layer is
  /// closed meanwhile.
  void showEmbedding(int id, std::shared_ptr<const Embedding> embedding);
  /// The job behind computeEmbedding: cancelled, what was published last stays.
  [[nodiscard]] JobRunner* mapJob() { return &m_embeddingJob; }
  /// Exact answers from the original space, on a worker; neighborsChanged when they are there.
  void requestNeighbors(FeatureId feature, int count = 20);
  [[nodiscard]] const NeighborList& neighbors() const { return m_neighbors; }
  /// "king - man + woman", on a worker; queryAnswered, with a note where it cannot be served.
  void ask(const std::string& query, int count = 20);
  [[nodiscard]] const NeighborList& answer() const { return m_answer; }

  // What the user sees: all undoable -------------------------------------------------------------
  [[nodiscard]] SelectionModel* selection() { return &m_selection; }
  [[nodiscard]] const SelectionModel* selection() const { return &m_selection; }
  [[nodiscard]] const Appearance& appearance() const { return m_view.appearance; }
  void setAppearance(const Appearance& appearance);
  [[nodiscard]] const SearchText& searchText() const { return m_view.search; }
  /// Empty text ends the search. Matches are found on a worker.
  void setSearch(const SearchText& search);
  [[nodiscard]] const std::vector<FeatureId>& matches() const { return m_matches; }
  [[nodiscard]] const QString& searchProblem() const { return m_searchProblem; }
  [[nodiscard]] const std::optional<Camera>& camera() const { return m_view.camera; }
  /// The view has moved; consecutive moves within a second or so become one step.
  void recordCamera(const Camera& before, const Camera& after);
  [[nodiscard]] QUndoStack* undoStack() { return &m_undo; }
  [[nodiscard]] LayerView viewState() const;
  /// The same of any open layer.
  [[nodiscard]] LayerView viewState(int id) const;

  // Jobs -----------------------------------------------------------------------------------------
  /// Those that the job bar shows, in order.
  [[nodiscard]] std::vector<JobRunner*> jobs();
  /// Stops everything, at once for the user.
  void cancelJobs();

 signals:
  void layersChanged();
  /// Results of this layer are worth nothing any more.
  void layerClosed(int id);
  /// Another layer, or none, is shown: everything below has changed too.
  void currentLayerChanged();
  /// Labels or columns of the current layer are other ones; ids stay.
  void dictionaryChanged();
  void embeddingChanged();
  /// A running map of the current layer has new places.
  void embeddingPublished(const std::shared_ptr<const orrery::Embedding>& embedding);
  void appearanceChanged();
  void searchChanged();
  /// By undo or redo: the view should go there.
  void cameraRestored(const orrery::Camera& camera);
  void neighborsChanged();
  void queryAnswered();
  void messageRaised(const orrery::Message& message);

 private:
  struct Opened;
  struct LiveMap;

  void replaceLayer(std::shared_ptr<const Layer> layer);
  void removeColumns(int id, const std::vector<std::string>& names);
  void showLayer(int id);
  void applySelection(const std::shared_ptr<const std::vector<FeatureId>>& features,
                      FeatureId current);
  void recordSelection();
  void applySearch(const SearchText& search);
  void runSearch();
  void ensureEmbedding();
  void endLiveMap(bool keep);
  void takeOpened(Opened opened);
  void tellOpened(const Dictionary& dictionary);

  std::vector<std::shared_ptr<const Layer>> m_layers;
  int m_current = 0;  ///< Id; 0 for none.
  int m_lastId = 0;
  LayerView m_view;  ///< Of the current layer; selection as last recorded …
  std::shared_ptr<const std::vector<FeatureId>> m_recordedSelection;  ///< … shared with steps.
  std::map<int, LayerView> m_views;                                   ///< Of the others.
  std::map<int, std::set<std::string>> m_computed;  ///< Names of computed columns.
  SelectionModel m_selection;
  std::vector<FeatureId> m_matches;
  QString m_searchProblem;
  NeighborList m_neighbors;
  NeighborList m_answer;
  QUndoStack m_undo;
  bool m_applying = false;  ///< A command is being done or undone: changes are its own.

  std::shared_ptr<LiveMap> m_liveMap;
  QTimer m_liveTimer;

  JobRunner m_openJob, m_embeddingJob, m_neighborJob, m_queryJob, m_searchJob;
};

/// Bytes of memory that are free for us right now, as the system says; 0 if it does not say.
std::uint64_t availableMemory();

}  // namespace orrery
