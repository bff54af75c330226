// The brain scale of every open layer: what fires together, the lobes cut from it, where they lie
// and what they are for, with the jobs that compute it.
#pragma once

#include "core/document/Document.h"
#include "core/document/JobRunner.h"
#include "core/io/CooccurrenceFile.h"
#include "core/io/ResultFile.h"
#include "core/lobes/LobeAnalysis.h"
#include "core/lobes/LobeMatching.h"
#include "core/lobes/LobeScores.h"

#include <QObject>
#include <QString>

#include <compare>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// One of the clusterings of an analysis.
struct LobeChoice {
  std::optional<AffinityMeasure> measure;  ///< Unset: by the angles of the vectors.
  int clusters = 0;

  auto operator<=>(const LobeChoice&) const = default;
};

/// The names that people gave to lobes, by clustering and lobe.
using LobeNames = std::map<LobeChoice, std::map<std::int32_t, std::string>>;

/// The column that says in how many blocks each feature fires.
inline constexpr char blocksColumnName[] = "blocks it fires in";

/// "phi", …, "cosine".
std::string displayName(const std::optional<AffinityMeasure>& measure);
/// "lobe (phi, k = 3)": the name of the clustering's column in the dictionary.
std::string columnName(const LobeChoice& choice);

/// An analysis with what the window adds: a colour for every lobe that it keeps over numbers of
/// lobes and affinities (the first measure leads), and a first name for it.
struct LobeResult {
  LobeAnalysis analysis;
  std::map<LobeChoice, std::vector<std::int32_t>> colors;  ///< Colour number of each lobe.
  std::map<LobeChoice, std::vector<LobeName>> suggested;   ///< Of clusterings up to 64 lobes.

  /// Null if there is no such clustering.
  [[nodiscard]] const Lobes* lobes(const LobeChoice& choice) const;
  /// All there are: the measures in the order asked for, then cosine, each by number of lobes.
  [[nodiscard]] std::vector<LobeChoice> choices() const;
};

/// The lobes of another layer, whose colours are to be kept.
struct LobesBeside {
  std::shared_ptr<const LobeResult> result;
  std::shared_ptr<const Dictionary> dictionary;
};

/// Colours for all clusterings of @p analysis: along rising numbers of lobes of the first measure
/// (see matchLobes), every other measure and the spatial lobes by that one of equal number. Where
/// @p beside has lobes of the first measure and of the same number, in a space of as many
/// dimensions, those lead: lobes that point alike have one colour in both layers (see
/// matchLobesOfLayers; @p decoder: the vectors of @p analysis). The colours of k lobes are a
/// permutation of 0 … k − 1.
std::map<LobeChoice, std::vector<std::int32_t>> lobeColors(const LobeAnalysis& analysis);
std::map<LobeChoice, std::vector<std::int32_t>> lobeColors(const LobeAnalysis& analysis,
                                                           const FeatureMatrixView& decoder,
                                                           const LobesBeside& beside);

/// Where a layer's co-occurrences came from: what a session keeps of them.
struct LobeSource {
  int layer = 0;
  std::filesystem::path cooccurrence;  ///< Empty: the demo's own firings.
  CooccurrenceReadOptions options;
  std::filesystem::path documents;  ///< Empty: none, or those of the same file.
};

/// What the shown lobes are for. Without firings (a file of counts) only the frequencies are known.
struct LobePurpose {
  LobeChoice choice;
  bool hasBlocks = false;
  BlockLobes blocks;
  std::vector<TopFeatures> top;
  std::vector<std::int64_t> won;  ///< Blocks that each lobe wins; empty without firings.
  bool hasDocuments = false;
  DocumentLobes documents;
  std::vector<std::size_t> typeOrder;  ///< In which to draw the document types.
};

/// @p types: of every block, or null. Without firings the most frequent features only.
LobePurpose purposeOf(const LobeChoice& choice, const Lobes& lobes, const CooccurrenceData& data,
                      const std::vector<std::string>* types, const Progress& progress = {});

struct LobeEstimate {
  double seconds = 0.0;  ///< Rough: right to a factor of two or three.
  std::uint64_t bytes = 0;
};

/// Keeps, per layer, co-occurrences, document types, the newest analysis, the names of its lobes
/// and which clustering is shown. GUI thread only.
class LobeStudy : public QObject {
  Q_OBJECT
 public:
  /// @p document outlives it.
  explicit LobeStudy(Document* document, QObject* parent = nullptr);
  ~LobeStudy() override;

  // Of the current layer; null where there is none.
  [[nodiscard]] std::shared_ptr<const CooccurrenceData> data() const;
  [[nodiscard]] std::shared_ptr<const std::vector<std::string>> documentTypes() const;
  [[nodiscard]] std::shared_ptr<const LobeResult> result() const;
  /// Of any open layer.
  [[nodiscard]] std::shared_ptr<const LobeResult> result(int layer) const;
  [[nodiscard]] LobeChoice shown(int layer) const;
  [[nodiscard]] LobeNames ownNames(int layer) const;
  [[nodiscard]] std::shared_ptr<const LobePurpose> purpose() const;
  /// Which clustering is shown; no clusters if none is.
  [[nodiscard]] LobeChoice shown() const;
  [[nodiscard]] const Lobes* shownLobes() const;
  /// Colour number of every lobe of @p choice; empty if there is none.
  [[nodiscard]] std::vector<std::int32_t> colors(const LobeChoice& choice) const;
  /// Names as people see them: their own, the suggested, or "lobe 3".
  [[nodiscard]] std::vector<std::string> names(const LobeChoice& choice) const;

  // Commands ------------------------------------------------------------------------------------
  /// Reads co-occurrences for the current layer on a worker. Where there is no layer yet, waits for
  /// the next that opens.
  void openCooccurrence(const std::filesystem::path& path, CooccurrenceReadOptions options = {});
  /// The built-in demo's own firings, where the current layer is the demo's.
  void useDemoFirings();
  [[nodiscard]] bool isDemo() const;
  void setCooccurrence(int layer, std::shared_ptr<const CooccurrenceData> data);
  /// What was opened for every layer that has co-occurrences, and opening it again: on a worker, a
  /// message for each that cannot be read.
  [[nodiscard]] std::vector<LobeSource> sources() const;
  void reopen(const std::vector<LobeSource>& sources);
  /// Lobes that were cut elsewhere (see readLobeFile), as the current layer's result.
  void openLobes(const std::filesystem::path& path);
  /// One document type per line, in block order.
  void openDocuments(const std::filesystem::path& path);
  /// The texts of the tokens, where activations of tokens are given (see readTokenTexts).
  void openTokenTexts(const std::filesystem::path& path);
  /// Of files that people drop together, finds on a worker those that hold co-occurrences and are
  /// no dictionaries, then calls @p rest with the others and reads the last one found.
  void sortFiles(const std::vector<std::filesystem::path>& paths,
                 std::function<void(std::vector<std::filesystem::path>)> rest);

  [[nodiscard]] LobeEstimate estimate(const LobeAnalysisOptions& options) const;
  /// Nothing happens without co-occurrences.
  void analyze(const LobeAnalysisOptions& options);
  /// Takes what was computed elsewhere and shows its first clustering. Undoable.
  void setResult(int layer, std::shared_ptr<const LobeResult> result);
  /// As a session kept it, columns and colours being there already: no step of its own.
  void restore(int layer, std::shared_ptr<const LobeResult> result, LobeNames names,
               const LobeChoice& shown);
  /// Makes it a column of the dictionary and colours by it; undoable.
  void show(const LobeChoice& choice);
  /// Undoable. Blank: the suggested name again.
  void rename(const LobeChoice& choice, std::int32_t lobe, const std::string& name);
  void selectFeatures(std::vector<FeatureId> features);
  /// All clusterings as arrays, named like those of `orrery lobes`: "phi/3".
  [[nodiscard]] ResultTable table() const;

  [[nodiscard]] std::vector<JobRunner*> jobs() { return {&m_openJob, &m_analysisJob, &m_useJob}; }
  [[nodiscard]] bool isAnalyzing() const { return m_analysisJob.isRunning(); }

 signals:
  /// Another layer, or other co-occurrences or document types of it.
  void dataChanged();
  void resultChanged();
  /// Another clustering is shown, or its names or purpose are other ones.
  void shownChanged();
  void runningChanged(bool running);

 private:
  struct State {
    std::shared_ptr<const CooccurrenceData> data;
    std::shared_ptr<const std::vector<std::string>> types;
    std::filesystem::path typesPath;  ///< Empty: from the co-occurrences' own file.
    std::shared_ptr<const LobeResult> result;
    LobeNames names;  ///< People's own.
    LobeChoice shown;
    std::shared_ptr<const LobePurpose> purpose;
  };
  [[nodiscard]] const State* state() const;
  /// @p again: of a session, whose lobes were cut from it.
  void takeData(int layer, std::shared_ptr<const CooccurrenceData> data, bool again = false);
  [[nodiscard]] LobesBeside lobesBeside(int layer) const;
  [[nodiscard]] std::optional<Column> column(int layer, const LobeChoice& choice) const;
  void putShown(int layer, const LobeChoice& choice);
  void computePurpose(int layer);
  void applyName(int layer, const LobeChoice& choice, std::int32_t lobe, const std::string& name);

  Document* m_document;
  std::map<int, State> m_states;  ///< By layer.
  std::optional<std::pair<std::filesystem::path, CooccurrenceReadOptions>> m_waiting;
  std::vector<std::filesystem::path> m_sorting;  ///< Dropped, being looked at.
  JobRunner m_openJob, m_analysisJob, m_useJob, m_sortJob;
};

/// The same firings for a dictionary of @p features, where a file has fewer: those it does not know
/// never fire. Says so in the notes. Throws Error if it has more, or counts only.
CooccurrenceData fitToDictionary(CooccurrenceData data, const Dictionary& dictionary);

}  // namespace orrery
