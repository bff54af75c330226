#include "app/parts/MapPart.h"

#include "core/document/MapTasks.h"
#include "core/io/MapFile.h"
#include "widgets/figure/LayerFigure.h"
#include "widgets/vtk/Palette.h"

#include <QFileDialog>
#include <QFileInfo>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace orrery {

MapPart::MapPart(const WindowContext& context, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_study(new MapStudy(context.document, this)),
      m_panel(new MapPanel(context.document, m_study))
{
  m_context.addPanel("maps", tr("Maps"), m_panel, Qt::RightDockWidgetArea, true);
  m_context.addJob(m_study->trustJob());
  m_context.addJob(&m_saveJob);
  connectActions();
  connect(m_study, &MapStudy::changed, this, [this] {
    showState();
    showTorn();
    const int shown = m_study->shown();
    if (m_colorWhenMeasured && shown >= 0 && m_study->maps()[static_cast<std::size_t>(shown)].trust)
      colorByTrust();
  });
  connect(m_context.document, &Document::neighborsChanged, this, &MapPart::showTorn);
  connect(m_context.document->selection(), &SelectionModel::changed, this, &MapPart::showTorn);
  connect(m_panel, &MapPanel::colorByTrustRequested, this, &MapPart::colorByTrust);
  showState();
}

void MapPart::connectActions()
{
  const auto make = [this](const char* id, MapChoice choice) {
    m_context.on(id, this, [this, choice = std::move(choice)] { start(choice); });
  };
  for (const int dimensions : {2, 3}) {
    TsneOptions tsne;
    UmapOptions umap;
    tsne.dimensions = umap.dimensions = dimensions;
    make(dimensions == 2 ? "tools.pca2" : "tools.pca3", PcaMapOptions{dimensions, 0});
    make(dimensions == 2 ? "tools.tsne2" : "tools.tsne3", tsne);
    make(dimensions == 2 ? "tools.umap2" : "tools.umap3", umap);
  }
  m_context.on("maps.stop", m_study, [this] { m_study->stop(); });
  m_context.on("maps.goOn", m_study, [this] { m_study->goOn(); });
  m_context.on("maps.next", this, [this] { step(1); });
  m_context.on("maps.previous", this, [this] { step(-1); });
  m_context.on("maps.trust", m_study, [this] { m_study->measure(); });
  m_context.on("maps.distortion", this, [this] { colorByTrust(); });
  m_context.on("maps.save", this, [this] { saveMap(); });
  m_context.on("maps.apply", this, [this] { applyMap(); });
  m_context.on("maps.torn", this, [this] { showTorn(); });
}

void MapPart::start(MapChoice choice)
{
  const auto layer = m_context.document->layer();
  if (!layer)
    return;
  if (!std::holds_alternative<PcaMapOptions>(choice)) {
    MapEstimate estimate =
        estimateMap(choice, layer->dictionary->features(), layer->dictionary->dimensions(),
                    layer->neighbors && layer->neighbors->count >= neighborsNeeded(choice));
    const double slowdown = measureSlowdown();
    estimate.neighborSeconds *= slowdown;
    estimate.layoutSeconds *= slowdown;
    m_context.messages->add({Message::Kind::Note,
                             tr("%1: %2. The map shows while it takes shape; stop it when it "
                                "pleases, and go on from there.")
                                 .arg(methodName(choice), estimateText(estimate)),
                             {},
                             {},
                             false});
  }
  m_study->start(std::move(choice));
}

void MapPart::step(int step)
{
  const auto count = static_cast<int>(m_study->maps().size());
  if (count > 1)
    m_study->show((m_study->shown() + step + count) % count);
}

void MapPart::showState()
{
  const int shown = m_study->shown();
  const bool measured =
      shown >= 0 && m_study->maps()[static_cast<std::size_t>(shown)].trust != nullptr;
  const auto enable = [this](const char* id, bool enabled) {
    m_context.actions->action(id)->setEnabled(enabled);
  };
  enable("maps.stop", m_study->isRunning());
  enable("maps.goOn", m_study->canGoOn());
  enable("maps.next", m_study->maps().size() > 1);
  enable("maps.previous", m_study->maps().size() > 1);
  enable("maps.trust", shown >= 0 && !measured && !m_study->isRunning());
  enable("maps.save", shown >= 0 && !m_study->isRunning() &&
                          m_context.document->embedding()->method != EmbeddingMethod::Given);
  enable("maps.distortion", shown >= 0 && !m_study->isRunning());
}

void MapPart::showTorn()
{
  showTornIn(m_context.cloud);
  emit tornChanged();
}

void MapPart::showTornIn(CloudPanel* cloud) const
{
  const Document* document = m_context.document;
  const auto dictionary = document->dictionary();
  const auto map = cloud->embedding();
  FeatureTies ties;
  QString sentence;
  if (const auto feature = document->selection()->current();
      m_context.actions->action("maps.torn")->isChecked() && !m_study->isRunning() && dictionary &&
      map && feature != noFeature && document->neighbors().feature == feature) {
    ties.from = feature;
    ties.to = m_study->tornNeighbors(*map);
    const bool dark = m_context.window->palette().color(QPalette::Window).lightness() < 128;
    ties.color = categoryColor(3, dark);
    const QString name = shortLabel(*dictionary, feature);
    const auto looked =
        std::min<std::size_t>(tornNeighborCount, document->neighbors().neighbors.size());
    sentence = ties.to.empty()
                   ? tr("The %1 nearest neighbours of “%2” are its nearest here too.")
                         .arg(looked)
                         .arg(name)
                   : tr("Lines lead from “%1” to %2 of its %3 nearest neighbours, which this map "
                        "puts elsewhere.")
                         .arg(name)
                         .arg(ties.to.size())
                         .arg(looked);
  }
  cloud->setTies(std::move(ties), sentence);
}

void MapPart::colorByTrust()
{
  const int shown = m_study->shown();
  if (shown < 0)
    return;
  if (!m_study->maps()[static_cast<std::size_t>(shown)].trust) {
    m_colorWhenMeasured = true;
    m_study->measure();
    return;
  }
  m_colorWhenMeasured = false;
  Appearance appearance = m_context.document->appearance();
  appearance.colorBy = keptColumnName;
  m_context.document->setAppearance(appearance);
}

void MapPart::saveMap()
{
  const auto layer = m_context.document->layer();
  if (!layer || !layer->embedding)
    return;
  const QString file = QFileDialog::getSaveFileName(
      m_context.window, tr("Save fitted map"),
      QString::fromStdString(layer->dictionary->name).replace(QLatin1Char('/'), QLatin1Char('_')) +
          QStringLiteral("-map.h5"),
      tr("HDF5 (*.h5)"));
  if (file.isEmpty())
    return;
  m_saveJob.start(
      tr("Saving %1").arg(QFileInfo(file).fileName()),
      [path = std::filesystem::path(file.toStdString()), layer](const Progress& progress) {
        const UsableFeatures usable = usableFeatures(*layer->dictionary);
        Embedding map = *layer->embedding;
        map.positions.resize(3, usable.decoder->cols());
        for (Eigen::Index i = 0; i < map.positions.cols(); ++i)
          map.positions.col(i) = layer->embedding->positions.col(usable.id(i));
        writeFittedMap(path, fitMap(map, *usable.decoder, progress));
        return true;
      },
      [this, file](bool) {
        m_context.messages->add(
            {Message::Kind::Note,
             tr("The map is saved in %1: other vectors of the same space can be "
                "placed on it.")
                 .arg(QFileInfo(file).fileName()),
             file,
             {},
             false});
      });
}

void MapPart::applyMap()
{
  const QString file = QFileDialog::getOpenFileName(m_context.window, tr("Place on a saved map"),
                                                    QString(), tr("HDF5 (*.h5)"));
  if (file.isEmpty())
    return;
  EmbeddingTask task;
  task.name = tr("Placing on %1").arg(QFileInfo(file).fileName());
  task.work = [path = std::filesystem::path(file.toStdString())](
                  const Layer& layer, const Progress& progress, const EmbeddingTask::Publish&) {
    const FittedMap map = readFittedMap(path, progress);
    const UsableFeatures usable = usableFeatures(*layer.dictionary);
    Embedding placed = applyFittedMap(map, *usable.decoder, progress);
    placed.positions =
        usable.positionsOfAll(std::move(placed.positions), layer.dictionary->features());
    EmbeddingTask::Result result;
    result.embedding = std::make_shared<const Embedding>(std::move(placed));
    return result;
  };
  m_context.document->computeEmbedding(std::move(task));
}

}  // namespace orrery
