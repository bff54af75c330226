#include "core/document/CrystalStudy.h"

#include "core/base/Error.h"
#include "core/document/ChangeCommand.h"
#include "core/document/CrystalSpaces.h"
#include "core/embedding/VectorAlgebra.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace orrery {

namespace {

constexpr int fourthCornerCount = 10;
CrystalAspect aspectOf(const CrystalSpace& space, const Crystal& crystal,
                       std::shared_ptr<const MeasureNull> null, const Progress& progress)
{
  CrystalAspect aspect;
  aspect.quality = measureCrystal(space, crystal, true, progress);
  aspect.drawing = drawCrystal(space, crystal);
  aspect.fourthCorner =
      fourthCornerNeighbors(space, crystal.a, crystal.b, crystal.c, fourthCornerCount, progress);
  aspect.null = std::move(null);
  aspect.space = space.description;
  return aspect;
}

}  // namespace

CrystalStudy::CrystalStudy(Document* document, QObject* parent)
    : QObject(parent), m_document(document)
{
  m_liveTimer.setInterval(300);
  connect(&m_liveTimer, &QTimer::timeout, this, [this] { takeFound(false); });
  connect(document, &Document::currentLayerChanged, this, &CrystalStudy::reset);
  connect(document, &Document::dictionaryChanged, this, [this] {
    // New labels name other features; the vectors are the same.
    if (m_spaces && m_document->dictionary() &&
        m_document->dictionary()->labels != m_spaces->dictionary->labels)
      reset();
  });
  connect(&m_searchJob, &JobRunner::cancelled, this, [this] { takeFound(true); });
  connect(&m_searchJob, &JobRunner::failed, this, [this] {
    m_liveTimer.stop();
    m_live.reset();
  });
  connect(&m_searchJob, &JobRunner::runningChanged, this, &CrystalStudy::searchingChanged);
  reset();
}

CrystalStudy::~CrystalStudy()
{
  m_live.reset();  // what was found has nobody to go to
  for (JobRunner* job : jobs())
    job->cancel();
}

std::vector<JobRunner*> CrystalStudy::jobs()
{
  return {&m_relationJob, &m_cleaningJob, &m_sweepJob,  &m_planeJob, &m_lengthJob, &m_estimateJob,
          &m_searchJob,   &m_judgeJob,    &m_reportJob, &m_makeJob,  &m_whyNotJob};
}

void CrystalStudy::reset()
{
  m_live.reset();
  m_liveTimer.stop();
  for (JobRunner* job : jobs())
    job->cancel();
  const auto layer = m_document->layer();
  m_layer = layer ? layer->id : 0;
  m_spaces.reset();
  if (layer) {
    m_spaces = std::make_shared<Spaces>();
    m_spaces->dictionary = layer->dictionary;
  }
  m_relations.clear();
  m_cleaned.reset();
  m_sweep.reset();
  m_planes.reset();
  m_length.reset();
  m_estimate.reset();
  m_findings.reset();
  m_crystal.reset();
  m_report.reset();
  m_whyNot.reset();
  emit relationsChanged();
  emit cleanedChanged();
  emit sweepChanged();
  emit planesChanged();
  emit lengthChanged();
  emit estimateChanged();
  emit findingsChanged();
  emit crystalChanged();
  emit reportChanged();
  emit whyNotChanged();
  if (layer && !m_tasks.empty())
    matchPairs();
}

std::vector<Relation> CrystalStudy::plainRelations(const std::vector<std::string>& only) const
{
  std::vector<Relation> relations;
  for (const ScoredRelation& scored : m_relations)
    if (only.empty() || std::find(only.begin(), only.end(), scored.relation.name) != only.end())
      relations.push_back(scored.relation);
  return relations;
}

// Relations --------------------------------------------------------------------------------------

void CrystalStudy::loadPairs(std::vector<std::filesystem::path> paths)
{
  if (paths.empty())
    return;
  struct Read {
    std::vector<WordPairTask> tasks;
    std::vector<std::string> failures;
  };
  m_relationJob.start(
      tr("Reading word pairs"),
      [paths = std::move(paths)](const Progress& progress) {
        Read read;
        for (std::size_t i = 0; i < paths.size(); ++i) {
          progress.update(static_cast<std::int64_t>(i), static_cast<std::int64_t>(paths.size()));
          // One that is no list of pairs does not keep out the others.
          try {
            for (WordPairTask& task : readWordPairs(paths[i], progress))
              read.tasks.push_back(std::move(task));
          } catch (const Error& error) {
            read.failures.emplace_back(error.what());
          }
        }
        return read;
      },
      [this](Read read) {
        for (WordPairTask& task : read.tasks) {
          const auto same =
              std::find_if(m_tasks.begin(), m_tasks.end(),
                           [&](const WordPairTask& present) { return present.name == task.name; });
          if (same == m_tasks.end())
            m_tasks.push_back(std::move(task));
          else
            *same = std::move(task);
        }
        for (const std::string& failure : read.failures)
          emit messageRaised(
              {Message::Kind::Failure, QString::fromStdString(failure), {}, {}, false});
        matchPairs();
      });
}

void CrystalStudy::clearPairs()
{
  m_tasks.clear();
  m_relations.clear();
  m_relationJob.cancel();
  emit relationsChanged();
}

void CrystalStudy::matchPairs()
{
  if (!m_spaces || m_tasks.empty())
    return;
  m_relationJob.start(
      tr("Judging relations"),
      [spaces = m_spaces, tasks = m_tasks](const Progress& progress) {
        const CrystalSpace space = spaces->raw(progress);
        const LabelIndex index(spaces->dictionary->labels);
        std::vector<ScoredRelation> relations;
        const auto total = static_cast<double>(tasks.size());
        for (const WordPairTask& task : tasks) {
          const auto done = static_cast<double>(relations.size());
          ScoredRelation scored;
          scored.relation = matchLabels(task, index);
          scored.scores =
              scoreRelation(*space.vectors, scored.relation.pairs, {},
                            progress.stage(task.name, done / total, (done + 1) / total));
          relations.push_back(std::move(scored));
        }
        return relations;
      },
      [this](std::vector<ScoredRelation> relations) {
        m_relations = std::move(relations);
        emit relationsChanged();
      });
}

// Distractors ------------------------------------------------------------------------------------

void CrystalStudy::clean(const Cleaning& cleaning, const std::vector<std::string>& only)
{
  m_sweepJob.cancel();
  if (cleaning.method == CleaningMethod::None || !m_spaces) {
    m_cleaningJob.cancel();
    m_cleaned.reset();
    m_sweep.reset();
    emit cleanedChanged();
    emit sweepChanged();
    measure();
    return;
  }
  m_cleaningJob.start(
      tr("Taking distractors out"),
      [spaces = m_spaces, relations = plainRelations(only), cleaning](const Progress& progress) {
        auto cleaned = std::make_shared<CleanedSpace>();
        cleaned->cleaning = cleaning;
        cleaned->relations = relations;
        const CrystalSpace raw = spaces->raw(progress);
        cleaned->fitted =
            fitCleaning(raw, relations, cleaning, progress.stage("directions", 0.0, 0.7));
        cleaned->space =
            applyCleaning(raw, cleaned->fitted, progress.stage("projection", 0.7, 1.0));
        return std::shared_ptr<const CleanedSpace>(std::move(cleaned));
      },
      [this](std::shared_ptr<const CleanedSpace> cleaned) {
        m_cleaned = std::move(cleaned);
        m_sweep.reset();
        emit cleanedChanged();
        emit sweepChanged();
        measure();
        if (m_cleaned->cleaning.method != CleaningMethod::Lda)
          return;
        m_sweepJob.start(
            tr("Silhouettes on held-out pairs"),
            [spaces = m_spaces, relations = m_cleaned->relations,
             lda = m_cleaned->cleaning.lda](const Progress& progress) {
              const RelationDifferences differences =
                  relationDifferences(spaces->raw(progress), relations);
              LdaSweepOptions options;
              options.lda = lda;
              return std::make_shared<const LdaSweep>(
                  sweepLda(differences.differences, differences.classes, options, progress));
            },
            [this](std::shared_ptr<const LdaSweep> sweep) {
              m_sweep = std::move(sweep);
              emit sweepChanged();
            });
      });
}

void CrystalStudy::addCleanedLayer()
{
  const auto layer = m_document->layer();
  if (!m_cleaned || !layer)
    return;
  auto dictionary = std::make_shared<Dictionary>(*layer->dictionary);
  dictionary->name += ", " + m_cleaned->fitted.description;
  dictionary->decoder = m_cleaned->space.vectors;
  // No file holds these vectors: a session must keep them itself.
  dictionary->source = {};
  dictionary->source.format = "made by Orrery from " + layer->dictionary->name;
  dictionary->source.elementType = "float32";
  dictionary->source.orientation = "rows are features";
  dictionary->labelPath.clear();
  dictionary->rows = inspectRows(*dictionary->decoder);
  dictionary->notes.push_back("Made from " + layer->dictionary->name + ": " +
                              m_cleaned->space.description);
  m_document->setCurrentLayer(m_document->addLayer(std::move(dictionary)));
}

void CrystalStudy::computePlanes(const std::vector<std::string>& only)
{
  if (!m_spaces)
    return;
  m_planeJob.start(
      tr("Planes of the relations"),
      [spaces = m_spaces, relations = plainRelations(only)](const Progress& progress) {
        return std::make_shared<const RelationPlanes>(
            relationPlanes(spaces->raw(progress), relations, progress));
      },
      [this](std::shared_ptr<const RelationPlanes> planes) {
        m_planes = std::move(planes);
        emit planesChanged();
      });
}

void CrystalStudy::relateToLength(const std::vector<std::string>& only)
{
  if (!m_spaces)
    return;
  m_lengthJob.start(
      tr("Differences and word length"),
      [spaces = m_spaces, relations = plainRelations(only)](const Progress& progress) {
        const RelationDifferences differences =
            relationDifferences(spaces->raw(progress), relations, 1);
        auto study = std::make_shared<LengthStudy>();
        study->relation =
            orrery::relateToLength(differences, labelLengths(spaces->dictionary->labels), progress);
        study->names = differences.names;
        // Pairs without a length are left out of the relation, in order.
        std::size_t next = 0;
        for (std::size_t i = 0; i < differences.pairs.size(); ++i)
          if (next < study->relation.pairs.size() &&
              study->relation.pairs[next] == differences.pairs[i]) {
            study->classes.push_back(differences.classes[i]);
            ++next;
          }
        return std::shared_ptr<const LengthStudy>(std::move(study));
      },
      [this](std::shared_ptr<const LengthStudy> study) {
        m_length = std::move(study);
        emit lengthChanged();
      });
}

// One crystal ------------------------------------------------------------------------------------

void CrystalStudy::setCrystal(const std::optional<Crystal>& crystal)
{
  if (crystal == m_crystal || m_layer == 0)
    return;
  const auto before = m_crystal;
  const int layer = m_layer;
  QUndoStack* undo = m_document->undoStack();
  undo->beginMacro(crystal ? tr("Look at a crystal") : tr("Look at no crystal"));
  undo->push(new ChangeCommand(
      0, tr("Look at a crystal"), [=, this] { applyCrystal(layer, crystal); },
      [=, this] { applyCrystal(layer, before); }));
  if (crystal) {
    const auto corners = crystal->corners();
    m_document->selection()->setFeatures({corners.begin(), corners.end()}, crystal->d);
  }
  undo->endMacro();
}

void CrystalStudy::applyCrystal(int layer, const std::optional<Crystal>& crystal)
{
  // The step may be of a layer that is not shown (any more).
  if (layer != m_layer || crystal == m_crystal)
    return;
  m_crystal = crystal;
  m_report.reset();
  emit crystalChanged();
  emit reportChanged();
  measure();
}

void CrystalStudy::measure()
{
  if (!m_crystal || !m_spaces) {
    m_reportJob.cancel();
    return;
  }
  m_reportJob.start(
      tr("Measuring the crystal"),
      [spaces = m_spaces, cleaned = m_cleaned, crystal = *m_crystal](const Progress& progress) {
        auto report = std::make_shared<CrystalReport>();
        report->crystal = crystal;
        report->raw = aspectOf(spaces->raw(progress), crystal, spaces->rawNull(progress), progress);
        if (cleaned) {
          report->cleaned =
              aspectOf(cleaned->space, crystal, spaces->nullOf(cleaned, progress), progress);
          report->effect = cleaningEffect(spaces->raw(progress), cleaned->relations,
                                          cleaned->cleaning, cleaned->fitted, crystal, progress);
        }
        return std::shared_ptr<const CrystalReport>(std::move(report));
      },
      [this](std::shared_ptr<const CrystalReport> report) {
        m_report = std::move(report);
        emit reportChanged();
      });
}

void CrystalStudy::makeCrystal(const std::array<FeatureId, 4>& corners)
{
  if (!m_spaces)
    return;
  m_makeJob.start(
      tr("Making a crystal"),
      [spaces = m_spaces, corners](const Progress& progress) {
        const CrystalSpace space = spaces->raw(progress);
        // The first is a; its opposite corner d is any of the others, and b and c can be swapped.
        std::vector<Crystal> orders;
        std::array<std::size_t, 3> rest = {1, 2, 3};
        do
          orders.push_back({corners[0], corners[rest[0]], corners[rest[1]], corners[rest[2]]});
        while (std::next_permutation(rest.begin(), rest.end()));
        const auto qualities = measureCrystals(space, orders, false, progress);
        std::size_t best = 0;
        for (std::size_t i = 1; i < orders.size(); ++i)
          if (crystalScore(qualities[i], CrystalMode::Parallelogram) >
              crystalScore(qualities[best], CrystalMode::Parallelogram))
            best = i;
        return orders[best];
      },
      [this](const Crystal& crystal) { setCrystal(crystal); });
}

void CrystalStudy::makeCrystal(const std::string& algebra)
{
  if (!m_spaces)
    return;
  m_makeJob.start(
      tr("Making a crystal"),
      [spaces = m_spaces, algebra](const Progress& progress) {
        const AlgebraQuery query = parseAlgebra(algebra, *spaces->dictionary);
        const auto& terms = query.terms;
        if (terms.size() != 3 || terms[0].sign < 0 || terms[1].sign > 0 || terms[2].sign < 0)
          throw Error(
              "A crystal is made from three labels as in b - a + c (expected one minus and "
              "one plus, found '" +
              displayText(algebra) + "').");
        Crystal crystal{terms[1].feature, terms[0].feature, terms[2].feature, noFeature};
        const auto nearest = fourthCornerNeighbors(spaces->raw(progress), crystal.a, crystal.b,
                                                   crystal.c, 1, progress);
        if (nearest.empty())
          throw Error("No feature is left to be the fourth corner.");
        crystal.d = nearest.front().feature;
        return crystal;
      },
      [this](const Crystal& crystal) { setCrystal(crystal); });
}

}  // namespace orrery
