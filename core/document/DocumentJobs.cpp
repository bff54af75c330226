// What Document does in the background: opening, maps, neighbours, queries, search.
#include "core/base/Error.h"
#include "core/document/Document.h"
#include "core/document/LabelMatches.h"
#include "core/document/MapTasks.h"
#include "core/embedding/VectorAlgebra.h"
#include "core/io/ByteSource.h"
#include "core/io/LabelFile.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QFile>
#include <QStringList>

#include <algorithm>
#include <mutex>
#include <utility>

namespace orrery {
namespace {

/// Labels are text; a broken matrix must never be taken for some.
bool looksLikeText(const std::filesystem::path& path)
{
  const auto bytes = ByteSource(path).readUpTo(0, 4096);
  const bool gzip = bytes.size() > 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
  return gzip ||
         (!bytes.empty() && std::find(bytes.begin(), bytes.end(), std::byte{0}) == bytes.end());
}

QString joined(const std::vector<std::string>& sentences)
{
  QStringList lines;
  for (const std::string& sentence : sentences)
    lines << QString::fromStdString(sentence);
  return lines.join(QLatin1Char('\n'));
}

QString fileNameOf(const std::filesystem::path& path)
{
  return QString::fromStdString(displayName(path.filename()));
}

}  // namespace

std::uint64_t availableMemory()
{
  QFile file(QStringLiteral("/proc/meminfo"));
  if (!file.open(QIODevice::ReadOnly))
    return 0;
  const QByteArray text = file.readAll();
  const auto start = text.indexOf("MemAvailable:");
  if (start < 0)
    return 0;
  return text.mid(start + 13, text.indexOf("kB", start) - start - 13).trimmed().toULongLong() *
         1024;
}

/// What an open job brings back. Files are independent: one that fails does not keep out others.
struct Document::Opened {
  struct Failure {
    std::filesystem::path path;
    std::string sentence;
    bool hasArrays = false;  ///< Choosing another array may help.
    bool ambiguous = false;  ///< Nothing is wrong but that the choice is the user's.
  };
  std::vector<std::shared_ptr<const Dictionary>> dictionaries;
  int relabelledLayer = 0;  ///< The open layer whose labels came; 0 for none.
  std::shared_ptr<const Dictionary> relabelled;
  std::vector<Failure> failures;
  std::size_t show = 0;  ///< Which of the new ones to show.
};

/// Where a running map leaves its newest state: written by the worker, taken by the GUI's timer.
struct Document::LiveMap {
  int layer = 0;
  std::mutex mutex;
  std::shared_ptr<const Embedding> newest;
  bool fresh = false;
};

Document::Document(QObject* parent) : QObject(parent)
{
  qRegisterMetaType<Message>();
  m_recordedSelection = std::make_shared<const std::vector<FeatureId>>();
  m_undo.setUndoLimit(1000);
  m_liveTimer.setInterval(33);
  connect(&m_selection, &SelectionModel::changed, this, &Document::recordSelection);
  connect(&m_liveTimer, &QTimer::timeout, this, [this] {
    if (!m_liveMap || m_liveMap->layer != m_current)
      return;
    std::shared_ptr<const Embedding> newest;
    {
      const std::lock_guard lock(m_liveMap->mutex);
      if (std::exchange(m_liveMap->fresh, false))
        newest = m_liveMap->newest;
    }
    if (newest)
      emit embeddingPublished(newest);
  });

  const auto fail = [this](const QString& sentence) {
    emit messageRaised({Message::Kind::Failure, sentence, {}, {}, false});
  };
  connect(&m_openJob, &JobRunner::failed, this, fail);
  connect(&m_embeddingJob, &JobRunner::failed, this, [this, fail](const QString& sentence) {
    endLiveMap(false);
    fail(sentence);
  });
  connect(&m_embeddingJob, &JobRunner::cancelled, this, [this] { endLiveMap(true); });
  connect(&m_neighborJob, &JobRunner::failed, this, [this](const QString& sentence) {
    m_neighbors.neighbors.clear();
    m_neighbors.note = sentence;
    emit neighborsChanged();
  });
  connect(&m_queryJob, &JobRunner::failed, this, [this](const QString& sentence) {
    m_answer.neighbors.clear();
    m_answer.note = sentence;
    emit queryAnswered();
  });
  connect(&m_searchJob, &JobRunner::failed, this, [this](const QString& sentence) {
    m_matches.clear();
    m_searchProblem = sentence;
    emit searchChanged();
  });
}

Document::~Document()
{
  cancelJobs();
}

std::vector<JobRunner*> Document::jobs()
{
  return {&m_openJob, &m_embeddingJob, &m_neighborJob, &m_queryJob, &m_searchJob};
}

void Document::cancelJobs()
{
  for (JobRunner* job : jobs())
    job->cancel();
}

// Opening ----------------------------------------------------------------------------------------

void Document::open(std::vector<OpenRequest> requests)
{
  if (requests.empty())
    return;
  for (OpenRequest& request : requests)
    if (const std::uint64_t memory = availableMemory(); memory && !request.options.maxMemory)
      request.options.maxMemory = memory / 10 * 9;
  const QString name = requests.size() == 1
                           ? tr("Opening %1").arg(fileNameOf(requests.front().path))
                           : tr("Opening %1 files").arg(requests.size());
  m_openJob.start(
      name,
      [requests = std::move(requests), current = layer()](const Progress& progress) {
        Opened opened;
        std::vector<Opened::Failure> refused;
        for (std::size_t i = 0; i < requests.size(); ++i) {
          const auto part = [&](std::size_t k) {
            return static_cast<double>(k) / static_cast<double>(requests.size());
          };
          const auto& [path, options] = requests[i];
          const Progress stage = progress.stage("reading", part(i), part(i + 1));
          try {
            opened.dictionaries.push_back(
                std::make_shared<const Dictionary>(readDictionary(path, options, stage)));
          } catch (const Error& error) {
            refused.push_back({path, error.what(), false, false});
            try {
              const FilePreview preview = inspectDictionaryFile(path, options, progress);
              refused.back().hasArrays = !preview.tensors.empty();
              refused.back().ambiguous = preview.ambiguous && !options.dataset;
            } catch (const Error&) {
              // The first sentence says it already.
            }
          }
        }
        for (Opened::Failure& failure : refused) {
          const bool toNew = !opened.dictionaries.empty();
          const auto target = toNew ? opened.dictionaries.back()
                              : current
                                  ? (opened.relabelled ? opened.relabelled : current->dictionary)
                                  : nullptr;
          std::error_code ignored;
          if (failure.hasArrays || !target ||
              !std::filesystem::is_regular_file(failure.path, ignored) ||
              !looksLikeText(failure.path)) {
            opened.failures.push_back(std::move(failure));
            continue;
          }
          try {
            auto labelled = std::make_shared<const Dictionary>(
                orrery::attachLabels(*target, readLabels(failure.path, progress), failure.path));
            if (toNew) {
              opened.dictionaries.back() = std::move(labelled);
            } else {
              opened.relabelled = std::move(labelled);
              opened.relabelledLayer = current->id;
            }
          } catch (const Error& error) {
            opened.failures.push_back({failure.path, error.what(), false, false});
          }
        }
        opened.show = opened.dictionaries.empty() ? 0 : opened.dictionaries.size() - 1;
        return opened;
      },
      [this](Opened opened) { takeOpened(std::move(opened)); });
}

void Document::openDemo()
{
  m_openJob.start(
      tr("Making the demo"),
      [](const Progress& progress) {
        progress.checkStopped();
        Opened opened;
        for (SyntheticDictionary& made : makeDemo())
          opened.dictionaries.push_back(
              std::make_shared<const Dictionary>(std::move(made.dictionary)));
        // The middle layer is the one with all structure and the steepest spectrum.
        opened.show = opened.dictionaries.size() / 2;
        return opened;
      },
      [this](Opened opened) { takeOpened(std::move(opened)); });
}

void Document::attachLabels(const std::filesystem::path& path)
{
  const auto current = layer();
  if (!current) {
    emit messageRaised({Message::Kind::Failure,
                        tr("%1 holds labels, and there is no dictionary to attach them to: open "
                           "one first.")
                            .arg(fileNameOf(path)),
                        {},
                        path,
                        false});
    return;
  }
  m_openJob.start(
      tr("Reading labels of %1").arg(fileNameOf(path)),
      [path, current](const Progress& progress) {
        Opened opened;
        opened.relabelledLayer = current->id;
        opened.relabelled = std::make_shared<const Dictionary>(
            orrery::attachLabels(*current->dictionary, readLabels(path, progress), path));
        return opened;
      },
      [this](Opened opened) { takeOpened(std::move(opened)); });
}

void Document::takeOpened(Opened opened)
{
  std::vector<int> added;
  for (auto& dictionary : opened.dictionaries)
    added.push_back(addLayer(std::move(dictionary)));
  if (!added.empty()) {
    setCurrentLayer(added[opened.show]);
    tellOpened(*dictionary());
  }
  if (const auto layer = this->layer(opened.relabelledLayer)) {
    auto labelled = std::make_shared<Layer>(*layer);
    labelled->dictionary = opened.relabelled;
    replaceLayer(labelled);
    emit layersChanged();
    if (labelled->id == m_current) {
      emit dictionaryChanged();
      if (!m_view.search.text.empty())
        runSearch();
    }
    tellOpened(*labelled->dictionary);
  }
  for (const Opened::Failure& failure : opened.failures) {
    const QString sentence = QString::fromStdString(failure.sentence);
    if (failure.ambiguous)
      emit messageRaised({Message::Kind::Warning,
                          tr("%1 holds several arrays that could be the dictionary: choose one, or "
                             "several as layers.")
                              .arg(fileNameOf(failure.path)),
                          sentence, failure.path, true});
    else
      emit messageRaised({Message::Kind::Failure, sentence, {}, failure.path, failure.hasArrays});
  }
}

void Document::tellOpened(const Dictionary& dictionary)
{
  QStringList details;
  if (!dictionary.source.path.empty())
    details << tr("File: %1").arg(QString::fromStdString(displayName(dictionary.source.path)));
  if (!dictionary.source.format.empty())
    details << tr("Format: %1").arg(QString::fromStdString(dictionary.source.format));
  if (!dictionary.source.dataset.empty())
    details << tr("Array: %1 (%2)")
                   .arg(QString::fromStdString(displayText(dictionary.source.dataset)),
                        QString::fromStdString(dictionary.source.elementType));
  if (!dictionary.labelPath.empty())
    details << tr("Labels: %1").arg(QString::fromStdString(displayName(dictionary.labelPath)));
  if (!dictionary.notes.empty())
    details << joined(dictionary.notes);

  if (!dictionary.warnings.empty()) {
    const QString rest = dictionary.warnings.size() == 1
                             ? QString()
                             : tr(" (and %1 more)").arg(dictionary.warnings.size() - 1);
    emit messageRaised(
        {Message::Kind::Warning, QString::fromStdString(dictionary.warnings.front()) + rest,
         joined(dictionary.warnings) + QStringLiteral("\n\n") + details.join(QLatin1Char('\n')),
         dictionary.source.path, false});
    return;
  }
  QString text =
      tr("%1: %2 features × %3 dimensions")
          .arg(Layer{0, std::make_shared<const Dictionary>(dictionary), {}, {}}.title(),
               displayCount(dictionary.features()), displayCount(dictionary.dimensions()));
  // Of what was made in memory there is nothing to say about rows and columns.
  if (!dictionary.source.orientationRule.empty() && !dictionary.source.path.empty()) {
    const QString rule = QString::fromStdString(dictionary.source.orientationRule);
    text += rule.startsWith(QLatin1String("because")) ? QStringLiteral(", ") + rule
                                                      : QStringLiteral(" (%1)").arg(rule);
  }
  if (dictionary.synthetic)
    text += tr(", synthetic data with planted structure");
  emit messageRaised({Message::Kind::Note, text + QLatin1Char('.'), details.join(QLatin1Char('\n')),
                      dictionary.source.path, !dictionary.synthetic});
}

// Maps -------------------------------------------------------------------------------------------

void Document::ensureEmbedding()
{
  const auto current = layer();
  if (current && !current->embedding && !m_embeddingJob.isRunning())
    computeEmbedding(pcaTask(3));
}

void Document::computeEmbedding(EmbeddingTask task)
{
  const auto target = layer();
  if (!target)
    return;
  endLiveMap(false);
  const auto live = std::make_shared<LiveMap>();
  live->layer = target->id;
  m_embeddingJob.start(
      task.name,
      [target, live, work = std::move(task.work)](const Progress& progress) {
        return work(*target, progress, [live](std::shared_ptr<const Embedding> newest) {
          const std::lock_guard lock(live->mutex);
          live->newest = std::move(newest);
          live->fresh = true;
        });
      },
      [this, id = target->id](EmbeddingTask::Result result) {
        endLiveMap(false);
        if (const auto layer = this->layer(id)) {
          auto mapped = std::make_shared<Layer>(*layer);
          mapped->embedding = std::move(result.embedding);
          if (result.neighbors)
            mapped->neighbors = std::move(result.neighbors);
          replaceLayer(mapped);
          if (id == m_current)
            emit embeddingChanged();
        }
        ensureEmbedding();
      });
  m_liveMap = live;
  m_liveTimer.start();
}

void Document::showEmbedding(int id, std::shared_ptr<const Embedding> embedding)
{
  const auto target = layer(id);
  if (!target || !embedding || target->embedding == embedding ||
      embedding->positions.cols() != target->dictionary->features())
    return;
  auto mapped = std::make_shared<Layer>(*target);
  mapped->embedding = std::move(embedding);
  replaceLayer(mapped);
  if (id == m_current)
    emit embeddingChanged();
}

/// Ends what was published; @p keep: as the layer's map, for the user has stopped a map half-way.
void Document::endLiveMap(bool keep)
{
  const auto live = std::exchange(m_liveMap, nullptr);
  m_liveTimer.stop();
  if (!live)
    return;
  std::shared_ptr<const Embedding> newest;
  {
    const std::lock_guard lock(live->mutex);
    newest = std::exchange(live->newest, nullptr);
  }
  const auto layer = this->layer(live->layer);
  if (!newest || !layer)
    return;
  if (keep) {
    auto mapped = std::make_shared<Layer>(*layer);
    mapped->embedding = std::move(newest);
    replaceLayer(mapped);
  }
  // Kept or not, the view must show the layer's map again and not the last published places.
  if (layer->id == m_current)
    emit embeddingChanged();
}

// Neighbours, queries, search
// ----------------------------------------------------------------------

void Document::requestNeighbors(FeatureId feature, int count)
{
  const auto current = layer();
  m_neighborJob.cancel();
  m_neighbors = {};
  if (!current || feature < 0 || feature >= current->dictionary->features()) {
    emit neighborsChanged();
    return;
  }
  m_neighbors.layer = current->id;
  m_neighbors.feature = feature;
  const Dictionary& dictionary = *current->dictionary;
  m_neighbors.metric = dictionary.isMap() ? Metric::Euclidean : Metric::Cosine;
  const auto isIn = [feature](const std::vector<FeatureId>& rows) {
    return std::binary_search(rows.begin(), rows.end(), feature);
  };
  if (isIn(dictionary.rows.nonFinite))
    m_neighbors.note = tr("This feature has values that are not finite: it has no neighbours.");
  else if (m_neighbors.metric == Metric::Cosine && isIn(dictionary.rows.zero))
    m_neighbors.note = tr("This feature is all zeros: it has no direction and no neighbours.");
  if (!m_neighbors.note.isEmpty()) {
    emit neighborsChanged();
    return;
  }
  m_neighborJob.start(
      tr("Neighbours"),
      [current, question = m_neighbors, count](const Progress& progress) {
        NeighborList list = question;
        const FeatureMatrix& decoder = *current->dictionary->decoder;
        std::vector<FeatureId> excluded = current->dictionary->rows.nonFinite;
        excluded.push_back(question.feature);
        list.neighbors = nearestTo(decoder, decoder.col(question.feature), count, question.metric,
                                   excluded, progress);
        return list;
      },
      [this](NeighborList list) {
        m_neighbors = std::move(list);
        emit neighborsChanged();
      });
}

void Document::ask(const std::string& query, int count)
{
  const auto current = layer();
  m_queryJob.cancel();
  m_answer = {};
  if (!current || query.empty()) {
    emit queryAnswered();
    return;
  }
  m_answer.layer = current->id;
  m_answer.query = query;
  m_queryJob.start(
      tr("Query"),
      [current, question = m_answer, count](const Progress& progress) {
        NeighborList list = question;
        const Dictionary& dictionary = *current->dictionary;
        const AlgebraQuery parsed = parseAlgebra(question.query, dictionary);
        std::vector<FeatureId> excluded = dictionary.rows.nonFinite;
        for (const AlgebraTerm& term : parsed.terms)
          excluded.push_back(term.feature);
        list.neighbors = nearestTo(*dictionary.decoder, evaluate(parsed, *dictionary.decoder),
                                   count, Metric::Cosine, excluded, progress);
        return list;
      },
      [this](NeighborList list) {
        m_answer = std::move(list);
        emit queryAnswered();
      });
}

void Document::runSearch()
{
  const auto current = layer();
  m_matches.clear();
  m_searchProblem.clear();
  if (!current) {
    m_searchJob.cancel();
    return;
  }
  m_searchJob.start(
      tr("Searching the labels"),
      [current, search = m_view.search](const Progress& progress) {
        return labelMatches(*current->dictionary, search, progress);
      },
      [this](std::vector<FeatureId> matches) {
        m_matches = std::move(matches);
        emit searchChanged();
      });
}

}  // namespace orrery
