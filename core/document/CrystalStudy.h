// Crystals of the current layer: relations, cleaning, search, and the one that is looked at. Runs
// the jobs, keeps the results, says what changed.
#pragma once

#include "core/crystals/CleaningEffect.h"
#include "core/crystals/Crystal.h"
#include "core/crystals/CrystalFamilies.h"
#include "core/crystals/CrystalNull.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/DifferenceClusters.h"
#include "core/crystals/Distractors.h"
#include "core/crystals/Lda.h"
#include "core/crystals/LengthRelation.h"
#include "core/crystals/RelationPlanes.h"
#include "core/crystals/RelationScores.h"
#include "core/crystals/WhyNot.h"
#include "core/crystals/WordPairs.h"
#include "core/document/Document.h"
#include "core/document/JobRunner.h"

#include <QObject>
#include <QTimer>

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

struct ScoredRelation {
  Relation relation;
  RelationScores scores;
};

/// The space without distractors, and what was taken out or kept.
struct CleanedSpace {
  Cleaning cleaning;
  FittedCleaning fitted;
  CrystalSpace space;
  std::vector<Relation> relations;  ///< That it was fitted on.
};

/// What a search brought, judged.
struct CrystalFindings {
  bool cleaned = false;  ///< Searched in the cleaned space.
  CrystalSearchResult result;
  std::vector<CrystalQuality> qualities;  ///< Of each found; empty while the search runs.
  std::vector<CrystalFamily> families;
  CrystalNull null;
  /// All differences in clusters that began at the families, if asked for. Crystals that they add
  /// (a search that is complete leaves none) are judged by null dictionaries grouped the same way.
  std::shared_ptr<const DifferenceClusters> groups;
  bool running = false;
};

/// The measures of random quadruples: what a measure of one crystal is held against.
struct MeasureNull {
  std::vector<CrystalQuality> random;
};

/// One crystal in one space.
struct CrystalAspect {
  CrystalQuality quality;
  CrystalDrawing drawing;
  std::vector<Neighbor> fourthCorner;  ///< Nearest to b − a + c.
  std::shared_ptr<const MeasureNull> null;
  std::string space;  ///< What the space is.
};

struct CrystalReport {
  Crystal crystal;
  CrystalAspect raw;
  std::optional<CrystalAspect> cleaned;
  std::optional<CleaningEffect> effect;  ///< Where there is a cleaned space.
};

struct WhyNotReport {
  Crystal crystal;
  WhyNot raw;
  std::optional<WhyNot> cleaned;
};

/// The leading component of the relations' differences against word length.
struct LengthStudy {
  LengthRelation relation;
  std::vector<std::string> names;     ///< Of the relations.
  std::vector<std::int32_t> classes;  ///< Of each pair of the relation.
};

/// Everything is of the current layer and goes with it; the files of word pairs stay and are
/// matched with the next one. GUI thread only.
class CrystalStudy : public QObject {
  Q_OBJECT
 public:
  explicit CrystalStudy(Document* document, QObject* parent = nullptr);
  ~CrystalStudy() override;

  // Relations ------------------------------------------------------------------------------------
  void loadPairs(std::vector<std::filesystem::path> paths);
  void clearPairs();
  [[nodiscard]] const std::vector<ScoredRelation>& relations() const { return m_relations; }

  // Distractors ----------------------------------------------------------------------------------
  /// None forgets the cleaned space. What the method lacks is said by a message. @p only: of these
  /// relations, by name; none: of all.
  void clean(const Cleaning& cleaning, const std::vector<std::string>& only = {});
  [[nodiscard]] std::shared_ptr<const CleanedSpace> cleaned() const { return m_cleaned; }
  /// Held-out and permuted silhouettes of an LDA space; null until they are there.
  [[nodiscard]] std::shared_ptr<const LdaSweep> sweep() const { return m_sweep; }
  /// The cleaned space as a dictionary of its own, shown at once.
  void addCleanedLayer();
  void computePlanes(const std::vector<std::string>& only = {});
  [[nodiscard]] std::shared_ptr<const RelationPlanes> planes() const { return m_planes; }
  /// Figure 10 of arXiv:2410.19750, over all pairs whose words are labels.
  void relateToLength(const std::vector<std::string>& only = {});
  [[nodiscard]] std::shared_ptr<const LengthStudy> lengthStudy() const { return m_length; }

  // Search ---------------------------------------------------------------------------------------
  void estimate(const CrystalSearchOptions& options, bool cleaned, int groups = 0);
  [[nodiscard]] const std::optional<CrystalSearchEstimate>& estimated() const { return m_estimate; }
  /// Results stream in; what was found stays if stopped. @p nullSearches null dictionaries searched
  /// the same way, for false-discovery rates. @p groups clusters of all differences, begun at the
  /// families that were found; 0: none.
  void search(const CrystalSearchOptions& options, bool cleaned, int nullSearches, int groups = 0);
  void stopSearch();
  [[nodiscard]] std::shared_ptr<const CrystalFindings> findings() const { return m_findings; }

  // One crystal ----------------------------------------------------------------------------------
  /// Undoable; its corners are selected. Nothing: none is looked at.
  void setCrystal(const std::optional<Crystal>& crystal);
  /// As a session had it: no step to undo, and the selection stays as it is.
  void restoreCrystal(const Crystal& crystal) { applyCrystal(m_layer, crystal); }
  [[nodiscard]] const std::optional<Crystal>& crystal() const { return m_crystal; }
  /// Null until measured.
  [[nodiscard]] std::shared_ptr<const CrystalReport> report() const { return m_report; }
  /// The order of the four corners that makes the best parallelogram, then as setCrystal.
  void makeCrystal(const std::array<FeatureId, 4>& corners);
  /// "b - a + c": the nearest feature becomes d. As setCrystal.
  void makeCrystal(const std::string& algebra);
  /// Four labels or #ids.
  void explain(const std::array<std::string, 4>& labels, const CrystalSearchOptions& options);
  [[nodiscard]] std::shared_ptr<const WhyNotReport> whyNot() const { return m_whyNot; }

  [[nodiscard]] std::vector<JobRunner*> jobs();

 signals:
  void relationsChanged();
  void cleanedChanged();
  void sweepChanged();
  void planesChanged();
  void lengthChanged();
  void estimateChanged();
  void findingsChanged();
  void searchingChanged(bool running);
  void crystalChanged();
  void reportChanged();
  void whyNotChanged();
  void messageRaised(const orrery::Message& message);

 private:
  struct Spaces;
  struct LiveSearch;

  void reset();
  void matchPairs();
  void applyCrystal(int layer, const std::optional<Crystal>& crystal);
  void measure();
  void judge(CrystalSearchResult result, int nullSearches, int groups);
  void takeFound(bool stopped);
  [[nodiscard]] std::vector<Relation> plainRelations(
      const std::vector<std::string>& only = {}) const;
  [[nodiscard]] std::shared_ptr<Spaces> spaces() const { return m_spaces; }

  Document* m_document;
  int m_layer = 0;
  std::vector<WordPairTask> m_tasks;
  std::vector<ScoredRelation> m_relations;
  std::shared_ptr<Spaces> m_spaces;  ///< Made once, by whichever job needs them first.
  std::shared_ptr<const CleanedSpace> m_cleaned;
  std::shared_ptr<const LdaSweep> m_sweep;
  std::shared_ptr<const RelationPlanes> m_planes;
  std::shared_ptr<const LengthStudy> m_length;
  std::optional<CrystalSearchEstimate> m_estimate;
  std::shared_ptr<const CrystalFindings> m_findings;
  std::optional<Crystal> m_crystal;
  std::shared_ptr<const CrystalReport> m_report;
  std::shared_ptr<const WhyNotReport> m_whyNot;

  std::shared_ptr<LiveSearch> m_live;
  QTimer m_liveTimer;
  JobRunner m_relationJob, m_cleaningJob, m_sweepJob, m_planeJob, m_lengthJob, m_estimateJob,
      m_searchJob, m_judgeJob, m_reportJob, m_makeJob, m_whyNotJob;
};

}  // namespace orrery
