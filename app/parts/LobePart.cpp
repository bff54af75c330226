#include "app/parts/LobePart.h"

#include "core/base/Error.h"
#include "core/document/CameraJson.h"
#include "core/document/LobeState.h"
#include "core/document/Session.h"
#include "core/io/FileKind.h"
#include "core/io/ResultFile.h"
#include "widgets/lobes/PartitionDrawing.h"
#include "widgets/models/FeatureText.h"

#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QJsonArray>
#include <QMessageBox>
#include <QTimer>

#include <algorithm>
#include <utility>

namespace orrery {
namespace {

constexpr char viewId[] = "lobes";

QString textOf(const std::filesystem::path& path)
{
  return QFile::decodeName(QByteArray::fromStdString(path.native()));
}

std::filesystem::path ownPath(const QString& text)
{
  return QFile::encodeName(text).toStdString();
}

}  // namespace

LobePart::LobePart(const WindowContext& context, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_study(new LobeStudy(context.document, this)),
      m_panel(new LobePanel(context.document, m_study, context.window)),
      m_tabs(new QTabWidget(context.window)),
      m_maps(new SixMaps(context.document, m_study, m_tabs)),
      m_heatMap(new LobeHeatMap(context.document, m_study, m_tabs)),
      m_curves(new LobeCurves(m_study, m_tabs)),
      m_flow(new LobeFlowView(m_study, m_tabs)),
      m_replay(new LobeReplay(context.document, m_study, m_tabs)),
      m_published(new DrawingView(tr("Published lobes of document types"), m_tabs))
{
  m_tabs->setAccessibleName(tr("Views of the lobes"));
  m_tabs->setDocumentMode(true);
  m_tabs->setMinimumSize(200, 150);
  m_tabs->addTab(m_maps, tr("Six maps"));
  m_tabs->addTab(m_heatMap, tr("Documents"));
  m_tabs->addTab(m_curves, tr("Locality"));
  m_tabs->addTab(m_flow, tr("Splitting"));
  m_tabs->addTab(m_replay, tr("Replay"));
  m_published->hide();
  m_published->setFileStem(QStringLiteral("published-lobes"));
  context.views->addView(QLatin1String(viewId), tr("Lobes"), m_tabs);
  connect(m_tabs, &QTabWidget::currentChanged, this, &LobePart::showSentence);
  connect(m_study, &LobeStudy::resultChanged, this, &LobePart::showSentence);
  connect(m_study, &LobeStudy::shownChanged, this, &LobePart::showSentence);
  QDockWidget* dock =
      context.addPanel("lobes", tr("Lobes"), m_panel, Qt::LeftDockWidgetArea, false);
  for (JobRunner* job : m_study->jobs())
    context.addJob(job);
  context.addJob(&m_saveJob);

  context.on("lobes.panel", this, [dock] {
    dock->show();
    dock->raise();
  });
  context.on("lobes.open", this, [this] { chooseCooccurrence(); });
  context.on("lobes.documents", this, [this] { chooseDocuments(); });
  context.on("lobes.published", this, [this] { choosePublished(); });
  context.on("lobes.tokens", this, [this] { chooseTokenTexts(); });
  context.on("lobes.save", this, [this] { saveLobes(); });
  const std::pair<const char*, QWidget*> views[] = {{"lobes.maps", m_maps},
                                                    {"lobes.heatMap", m_heatMap},
                                                    {"lobes.curves", m_curves},
                                                    {"lobes.flow", m_flow},
                                                    {"lobes.replay", m_replay}};
  for (const auto& [action, view] : views)
    context.on(action, this, [this, shown = view] { showView(shown); });

  if (context.keepState)
    context.keepState(
        "lobes", [this] { return saveState(); },
        [this](const QJsonObject& state) { restoreState(state); });
  m_mayOpen = [window = context.window](const QStringList& paths) {
    QMessageBox box(
        QMessageBox::Question, tr("Co-occurrences of the session"),
        tr("This session asks for co-occurrences outside the folders of its layers. Open them?"),
        QMessageBox::Open | QMessageBox::Cancel, window);
    box.setTextFormat(Qt::PlainText);
    box.setInformativeText(paths.mid(0, 10).join(QLatin1Char('\n')));
    box.setDefaultButton(QMessageBox::Cancel);
    return box.exec() == QMessageBox::Open;
  };
  connect(m_panel, &LobePanel::cooccurrenceRequested, this, &LobePart::chooseCooccurrence);
  connect(m_panel, &LobePanel::documentsRequested, this, &LobePart::chooseDocuments);
  connect(m_panel, &LobePanel::saveRequested, this, &LobePart::saveLobes);
  const auto failure = [this](const QString& sentence) {
    m_context.messages->add({Message::Kind::Failure, sentence, {}, {}, false});
  };
  const auto note = [this](const QString& sentence) {
    m_context.messages->add({Message::Kind::Note, sentence, {}, {}, false});
  };
  for (DrawingView* view :
       std::initializer_list<DrawingView*>{m_maps, m_heatMap, m_curves, m_flow, m_published}) {
    connect(view, &DrawingView::failed, this, failure);
    connect(view, &DrawingView::saved, this, note);
  }
  connect(m_replay, &LobeReplay::failed, this, failure);
  connect(m_replay, &LobeReplay::saved, this, note);
  connect(m_study, &LobeStudy::dataChanged, this, &LobePart::showState);
  connect(m_study, &LobeStudy::resultChanged, this, &LobePart::showState);
  showState();
  showSentence();
}

/// After the views themselves have answered.
void LobePart::showSentence()
{
  QMetaObject::invokeMethod(
      this,
      [this] {
        const auto* drawing = qobject_cast<DrawingView*>(m_tabs->currentWidget());
        const QString said = drawing ? drawing->summary() : QString();
        m_context.views->setSentence(
            QLatin1String(viewId),
            said.isEmpty() ? tr("Lobes: groups of features that fire together, cut from how often "
                                "features share a block of text.")
                           : said);
      },
      Qt::QueuedConnection);
}

void LobePart::showState()
{
  const auto enable = [this](const char* id, bool enabled) {
    m_context.actions->action(id)->setEnabled(enabled);
  };
  const bool layer = m_context.document->layer() != nullptr;
  for (const char* id : {"lobes.panel", "lobes.open", "lobes.maps", "lobes.heatMap", "lobes.curves",
                         "lobes.flow", "lobes.replay", "lobes.published"})
    enable(id, layer);
  enable("lobes.documents", m_study->data() && m_study->data()->blocks() > 0);
  enable("lobes.tokens", m_study->data() && m_study->data()->tokens);
  enable("lobes.save", m_study->result() != nullptr);
}

void LobePart::showView(QWidget* view)
{
  m_context.views->showView(QLatin1String(viewId));
  m_tabs->setCurrentWidget(view);
}

void LobePart::openFiles(const std::vector<std::filesystem::path>& paths,
                         std::function<void(std::vector<std::filesystem::path>)> rest)
{
  m_study->sortFiles(paths, std::move(rest));
}

void LobePart::chooseCooccurrence()
{
  const QString file = QFileDialog::getOpenFileName(
      m_context.window, tr("Co-occurrences"), {},
      tr("Co-occurrences and activations (*.npz *.h5 *.hdf5 *.safetensors);;All files (*)"));
  if (!file.isEmpty())
    m_study->openCooccurrence(std::filesystem::path(file.toStdString()));
}

void LobePart::chooseDocuments()
{
  const QString file =
      QFileDialog::getOpenFileName(m_context.window, tr("Document types, one line per block"), {},
                                   tr("Text (*.txt *.tsv);;All files (*)"));
  if (!file.isEmpty())
    m_study->openDocuments(std::filesystem::path(file.toStdString()));
}

void LobePart::chooseTokenTexts()
{
  const QString file = QFileDialog::getOpenFileName(
      m_context.window, tr("Token texts"), {}, tr("Vocabularies (*.txt *.json);;All files (*)"));
  if (!file.isEmpty())
    m_study->openTokenTexts(std::filesystem::path(file.toStdString()));
}

void LobePart::choosePublished()
{
  const QString file = QFileDialog::getOpenFileName(
      m_context.window, tr("Lobes from elsewhere"), {},
      tr("Lobes of features or of document types (*.npz *.npy *.h5 *.json);;All files (*)"));
  if (!file.isEmpty())
    openPublished(std::filesystem::path(file.toStdString()));
}

void LobePart::openPublished(const std::filesystem::path& path)
{
  try {
    const FileKind kind = sniffFile(path, {}).kind;
    if (kind == FileKind::Npz || kind == FileKind::Npy || kind == FileKind::Hdf5) {
      m_study->openLobes(path);
      showView(m_maps);
      return;
    }
    const PartitionContent content = partitionContent(readTypePartitions(path));
    m_published->setSummary(tr("Document types and the lobe each was found in. %1")
                                .arg(visibleText(content.partitions.source, 300)));
    m_published->setDrawing(partitionDrawing(content));
    if (m_tabs->indexOf(m_published) < 0)
      m_tabs->addTab(m_published, tr("Published"));
    showView(m_published);
  } catch (const Error& error) {
    m_context.messages->add(
        {Message::Kind::Failure, QString::fromUtf8(error.what()), {}, path, false});
  }
}

// Sessions ----------------------------------------------------------------------------------------

QJsonObject LobePart::saveState() const
{
  const auto& layers = m_context.document->layers();
  QJsonArray sources;
  for (const LobeSource& source : m_study->sources()) {
    const auto layer = std::find_if(layers.begin(), layers.end(), [&](const auto& candidate) {
      return candidate->id == source.layer;
    });
    if (layer == layers.end())
      continue;
    QJsonObject entry{{"layer", static_cast<int>(layer - layers.begin())},
                      {"cooccurrence", textOf(source.cooccurrence)},
                      {"documents", textOf(source.documents)},
                      {"block", source.options.blockLength},
                      {"dropFirstToken", source.options.dropFirstToken}};
    if (source.options.threshold)
      entry["threshold"] = *source.options.threshold;
    if (source.options.dataset)
      entry["dataset"] = QString::fromStdString(*source.options.dataset);
    sources.append(entry);
  }
  QJsonArray results;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const int id = layers[i]->id;
    if (!m_study->result(id))
      continue;
    QJsonObject kept =
        lobeStateJson({m_study->result(id), m_study->ownNames(id), m_study->shown(id)});
    kept["layer"] = static_cast<int>(i);
    results.append(kept);
  }
  QJsonObject state{{"sources", sources}, {"results", results}};
  if (const auto camera = m_maps->camera())
    state["maps"] = cameraJson(*camera);
  return state;
}

bool LobePart::isKnownPlace(const std::filesystem::path& path) const
{
  if (path.native().starts_with("//"))
    return false;
  for (const auto& layer : m_context.document->layers())
    if (!layer->dictionary->source.path.empty() &&
        !isOutside(path, layer->dictionary->source.path.parent_path()))
      return true;
  return m_context.settings->recent().contains(textOf(path));
}

void LobePart::restoreState(const QJsonObject& state)
{
  const auto& layers = m_context.document->layers();
  const QJsonArray results = state["results"].toArray();
  for (const auto& value : results) {
    const int index = value.toObject()["layer"].toInt(-1);
    if (index < 0 || index >= static_cast<int>(layers.size()))
      continue;
    const auto& layer = layers[static_cast<std::size_t>(index)];
    if (auto kept = lobeState(value.toObject(), layer->dictionary->features()))
      m_study->restore(layer->id, kept->result, std::move(kept->names), kept->shown);
  }
  if (const auto camera = cameraOf(state["maps"].toObject()))
    m_maps->setCamera(*camera);
  std::vector<LobeSource> sources;
  QStringList asked;
  const QJsonArray entries = state["sources"].toArray();
  for (const auto& value : entries) {
    const QJsonObject entry = value.toObject();
    const int index = entry["layer"].toInt(-1);
    if (index < 0 || index >= static_cast<int>(layers.size()))
      continue;
    const auto& layer = layers[static_cast<std::size_t>(index)];
    LobeSource source;
    source.layer = layer->id;
    source.cooccurrence = ownPath(entry["cooccurrence"].toString());
    source.documents = ownPath(entry["documents"].toString());
    source.options.blockLength = std::clamp(entry["block"].toInt(256), 1, 1 << 30);
    source.options.dropFirstToken = entry["dropFirstToken"].toBool(true);
    if (entry["threshold"].isDouble())
      source.options.threshold = entry["threshold"].toDouble();
    if (entry["dataset"].isString())
      source.options.dataset = entry["dataset"].toString().toStdString();
    source.options.besideDataset = layer->dictionary->source.dataset;
    for (std::filesystem::path* path : {&source.cooccurrence, &source.documents}) {
      // Moved together with the dictionary: beside it under the same name.
      std::error_code ignored;
      const auto beside = layer->dictionary->source.path.parent_path() / path->filename();
      if (!path->empty() && !std::filesystem::exists(*path, ignored) &&
          std::filesystem::exists(beside, ignored))
        *path = beside;
      if (!path->empty() && !isKnownPlace(*path) && !asked.contains(textOf(*path)))
        asked << textOf(*path);
    }
    sources.push_back(std::move(source));
  }
  if (sources.empty())
    return;
  // After the session is there: a question must not stop it half-way.
  QTimer::singleShot(0, this, [this, sources, asked] {
    if (asked.isEmpty() || m_mayOpen(asked))
      m_study->reopen(sources);
    else
      m_context.messages->add({Message::Kind::Note,
                               tr("The co-occurrences of the session were not opened."),
                               asked.join(QLatin1Char('\n')),
                               {},
                               false});
  });
}

void LobePart::saveLobes()
{
  if (!m_study->result())
    return;
  const QString file = QFileDialog::getSaveFileName(
      m_context.window, tr("Save lobes"), QStringLiteral("lobes.npz"),
      tr("NumPy (*.npz);;HDF5 (*.h5);;CSV (*.csv);;TSV (*.tsv);;JSON (*.json)"));
  if (file.isEmpty())
    return;
  m_saveJob.start(
      tr("Saving %1").arg(QFileInfo(file).fileName()),
      [path = std::filesystem::path(file.toStdString()),
       table = m_study->table()](const Progress& progress) {
        progress.checkStopped();
        writeResult(path, table);
        return true;
      },
      [this, file](bool) {
        m_context.messages->add({Message::Kind::Note,
                                 tr("The lobes are saved in %1.").arg(QFileInfo(file).fileName()),
                                 file,
                                 {},
                                 false});
      });
}

}  // namespace orrery
