#include "app/parts/CrystalPart.h"

#include "core/base/Error.h"
#include "widgets/figure/LayerFigure.h"
#include "widgets/models/CrystalTables.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/Theme.h"

#include <QApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QJsonDocument>

#include <algorithm>

namespace orrery {

namespace {

/// Of a family drawn around the chosen crystal: more would be a fog.
constexpr std::size_t mostDimmed = 24;

}  // namespace

CrystalPart::CrystalPart(const WindowContext& context, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_study(new CrystalStudy(context.document, this)),
      m_panel(new CrystalPanel(context.document, m_study, context.window)),
      m_inspector(new CrystalInspector(context.document, m_study, context.window)),
      m_planes(new PlanesView(context.window)),
      m_length(new LengthPlot(context.document, m_study, context.window))
{
  m_panelDock =
      context.addPanel("crystals", tr("Crystals"), m_panel, Qt::LeftDockWidgetArea, false);
  m_inspectorDock =
      context.addPanel("crystal", tr("Crystal"), m_inspector, Qt::BottomDockWidgetArea, false);
  context.views->addView(QStringLiteral("planes"), tr("Planes"), m_planes);
  context.views->addView(QStringLiteral("length"), tr("Word length"), m_length);
  m_planes->setEmptyText(
      tr("Load word pairs of at least two relations, then ask for their planes."));
  for (JobRunner* job : m_study->jobs())
    context.addJob(job);

  connect(m_study, &CrystalStudy::messageRaised, context.messages, &MessageBar::add);
  connect(m_study, &CrystalStudy::crystalChanged, this, [this] {
    if (m_study->crystal()) {
      m_inspectorDock->show();
      m_inspectorDock->raise();
    }
    showShapes();
  });
  connect(m_study, &CrystalStudy::findingsChanged, this, &CrystalPart::showShapes);
  connect(m_study, &CrystalStudy::planesChanged, this, &CrystalPart::showPlanes);
  connect(m_panel, &CrystalPanel::loadRequested, this, &CrystalPart::choosePairs);
  connect(m_study, &CrystalStudy::lengthChanged, this, [this] {
    if (m_study->lengthStudy())
      m_context.views->showView(QStringLiteral("length"));
  });
  connect(m_panel, &CrystalPanel::planesRequested, m_study, &CrystalStudy::computePlanes);
  connect(m_panel, &CrystalPanel::lengthRequested, m_study, &CrystalStudy::relateToLength);
  connect(m_length, &LengthPlot::failed, this, [this](const QString& said) {
    m_context.messages->add({Message::Kind::Failure, said, {}, {}, false});
  });
  connect(m_length, &LengthPlot::saved, this, [this](const QString& said) {
    m_context.messages->add({Message::Kind::Note, said, {}, {}, false});
  });
  connect(m_panel, &CrystalPanel::saveRequested, this, &CrystalPart::saveTable);
  connect(m_inspector, &CrystalInspector::saveRequested, this, &CrystalPart::saveTable);
  connect(m_inspector, &CrystalInspector::cornerChosen, this, &CrystalPart::goTo);
  const QString pictures = tr("PDF (*.pdf);;SVG (*.svg);;PNG (*.png)");
  connect(m_inspector, &CrystalInspector::saveDrawingRequested, this, [this, pictures] {
    const QString file = askFileName(tr("crystal.pdf"), pictures);
    saving(file, [this, file] { m_inspector->drawing()->save(file.toStdString()); });
  });
  connect(m_planes, &PlanesView::saveRequested, this, [this, pictures] {
    const QString file = askFileName(tr("planes.pdf"), pictures);
    saving(file, [this, file] { m_planes->save(file.toStdString()); });
  });
  connect(context.document, &Document::currentLayerChanged, this, &CrystalPart::showState);
  connect(context.document->selection(), &SelectionModel::changed, this, &CrystalPart::showState);
  connect(m_study, &CrystalStudy::relationsChanged, this, &CrystalPart::showState);

  const auto showPanel = [this] {
    m_panelDock->show();
    m_panelDock->raise();
  };
  context.on("crystals.panel", this, showPanel);
  context.on("crystals.load", this, [this, showPanel] {
    showPanel();
    choosePairs();
  });
  context.on("crystals.make", m_panel, [this] { m_panel->makeFromSelection(); });
  context.on("crystals.none", this, [this] { m_study->setCrystal(std::nullopt); });
  context.on("crystals.planes", m_panel, [this] { m_panel->askPlanes(); });
  context.on("crystals.length", m_panel, [this] { m_panel->askLength(); });
  context.keepState(
      "crystals",
      [this] {
        const std::string text = crystalStateText({m_study->crystal(), family()});
        return QJsonDocument::fromJson(QByteArray::fromStdString(text)).object();
      },
      [this](const QJsonObject& kept) {
        const auto dictionary = m_context.document->dictionary();
        if (!dictionary)
          return;
        const std::string text = QJsonDocument(kept).toJson(QJsonDocument::Compact).toStdString();
        m_kept = crystalState(text, dictionary->features());
        if (m_kept.crystal)
          m_study->restoreCrystal(*m_kept.crystal);
      });
  showState();
}

void CrystalPart::showState()
{
  const bool open = m_context.document->dictionary() != nullptr;
  m_context.actions->action("crystals.load")->setEnabled(open);
  m_context.actions->action("crystals.panel")->setEnabled(open);
  m_context.actions->action("crystals.make")
      ->setEnabled(m_context.document->selection()->features().size() == 4);
  m_context.actions->action("crystals.none")->setEnabled(m_study->crystal().has_value());
  m_context.actions->action("crystals.planes")->setEnabled(m_study->relations().size() >= 2);
  m_context.actions->action("crystals.length")->setEnabled(!m_study->relations().empty());
}

void CrystalPart::choosePairs()
{
  const QStringList files =
      QFileDialog::getOpenFileNames(m_context.window, tr("Load word pairs"), {},
                                    tr("Word pairs (*.json *.txt *.tsv *.csv);;All files (*)"));
  std::vector<std::filesystem::path> paths;
  for (const QString& file : files)
    paths.emplace_back(file.toStdString());
  m_study->loadPairs(std::move(paths));
}

void CrystalPart::goTo(FeatureId feature)
{
  m_context.document->selection()->setFeatures({feature}, feature);
  m_context.views->showView(QStringLiteral("cloud"));
  m_context.cloud->view()->frame({feature});
}

QString CrystalPart::askFileName(const QString& stem, const QString& forms)
{
  const auto dictionary = m_context.document->dictionary();
  QString name = dictionary ? QString::fromStdString(dictionary->name) : QString();
  name.replace(QLatin1Char('/'), QLatin1Char('_'));
  return QFileDialog::getSaveFileName(m_context.window, tr("Save"), name + QLatin1Char('-') + stem,
                                      forms);
}

void CrystalPart::saving(const QString& file, const std::function<void()>& save)
{
  if (file.isEmpty())
    return;
  try {
    save();
    m_context.messages->add(
        {Message::Kind::Note, tr("Saved in %1.").arg(QFileInfo(file).fileName()), file, {}, false});
  } catch (const Error& error) {
    m_context.messages->add(
        {Message::Kind::Failure, QString::fromStdString(error.what()), {}, {}, false});
  }
}

void CrystalPart::saveTable(const ResultTable& table, const QString& stem)
{
  const QString file =
      askFileName(stem + QStringLiteral(".csv"),
                  tr("CSV (*.csv);;TSV (*.tsv);;NumPy (*.npz);;HDF5 (*.h5);;JSON (*.json)"));
  ResultTable saved = table;
  if (const auto dictionary = m_context.document->dictionary()) {
    saved.options["dictionary"] = dictionary->name;
    saved.options["features"] = std::to_string(dictionary->features());
    saved.options["dimensions"] = std::to_string(dictionary->dimensions());
  }
  if (const auto cleaned = m_study->cleaned())
    saved.options["cleaning"] = cleaned->fitted.description;
  saved.options.emplace("seed", std::to_string(0));
  saving(file, [&] { writeResult(file.toStdString(), saved); });
}

std::vector<Crystal> CrystalPart::family() const
{
  std::vector<Crystal> others;
  const auto findings = m_study->findings();
  const auto& crystal = m_study->crystal();
  // A session remembers the family, not all that was found.
  if (crystal && !findings && m_kept.crystal == crystal)
    return m_kept.family;
  if (!crystal || !findings || findings->running)
    return others;
  const auto& found = findings->result.found;
  const auto own = std::find_if(found.begin(), found.end(), [&](const FoundCrystal& other) {
    return other.crystal == *crystal;
  });
  if (own == found.end() || own->family < 0)
    return others;
  for (const FoundCrystal& other : found)
    if (other.family == own->family && &other != &*own && others.size() < mostDimmed)
      others.push_back(other.crystal);
  return others;
}

void CrystalPart::showShapes()
{
  std::vector<CrystalShape> shapes;
  const auto dictionary = m_context.document->dictionary();
  const auto& crystal = m_study->crystal();
  m_context.actions->action("crystals.none")->setEnabled(crystal.has_value());
  if (dictionary && crystal)
    shapes = crystalShapes(*dictionary, *crystal, family(), isDark(QApplication::palette()));
  m_context.cloud->setCrystals(std::move(shapes));
}

void CrystalPart::showPlanes()
{
  const auto dictionary = m_context.document->dictionary();
  const auto planes = m_study->planes();
  if (!planes || !dictionary) {
    m_planes->setPictures({});
    return;
  }
  m_planes->setPictures(planesPictures(*dictionary, *planes), planes->separations);
  m_context.views->showView(QStringLiteral("planes"));
}

}  // namespace orrery
