#include "app/parts/SelectionPart.h"

#include "core/base/Error.h"
#include "core/document/ChangeCommand.h"
#include "core/document/CountText.h"
#include "core/document/Growth.h"
#include "core/io/ByteSource.h"
#include "widgets/models/FeatureList.h"
#include "widgets/models/FeatureText.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QInputDialog>

#include <array>
#include <utility>

namespace orrery {
namespace {

/// A clipboard or a file may hold anything; this many of the missing are named.
constexpr std::size_t namedMissing = 200;

}  // namespace

SelectionPart::SelectionPart(const WindowContext& context, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_panel(new SelectionPanel(context.document, context.annotations))
{
  QDockWidget* dock =
      context.addPanel("selection", tr("Selection"), m_panel, Qt::LeftDockWidgetArea, true);
  for (JobRunner* job : {&m_listJob, &m_growJob})
    context.addJob(job);
  askName = [this](const QString& suggestion) {
    return QInputDialog::getText(m_context.window, tr("Keep the selection"),
                                 tr("Name of the selection"), QLineEdit::Normal, suggestion);
  };
  const auto keep = [this] {
    if (const QString name = askName(m_panel->freshName()); !name.simplified().isEmpty())
      keepSelection(name);
  };
  const auto paste = [this] { selectList(QApplication::clipboard()->text()); };
  const auto load = [this] {
    const QString file =
        QFileDialog::getOpenFileName(m_context.window, tr("Select what a file lists"), {},
                                     tr("Lists (*.txt *.csv *.tsv *.json *.npy *.npz *.safetensors "
                                        "*.h5 *.hdf5);;All files (*)"));
    if (!file.isEmpty())
      loadList(std::filesystem::path(file.toStdString()));
  };
  connect(m_panel, &SelectionPanel::keepRequested, this, keep);
  connect(m_panel, &SelectionPanel::pasteRequested, this, paste);
  connect(m_panel, &SelectionPanel::loadRequested, this, load);
  connect(m_panel, &SelectionPanel::drawRequested, this, &SelectionPart::draw);
  connect(m_panel, &SelectionPanel::growRequested, this, &SelectionPart::growByNeighbors);
  connect(m_panel, &SelectionPanel::growByCrystalsRequested, this, &SelectionPart::growByCrystals);
  context.on("select.panel", this, [dock] {
    dock->show();
    dock->raise();
  });
  context.on("select.keep", this, keep);
  context.on("select.paste", this, paste);
  context.on("select.load", this, load);
  context.on("select.grow", this, [this] { growByNeighbors(10); });
  context.on("select.save", this, [this] { saveSelections(); });
  QAction* hide = context.actions->action("view.hideRest");
  connect(hide, &QAction::triggered, this, [this, hide](bool hidden) {
    const auto put = [this, hide](bool wanted) {
      hide->setChecked(wanted);
      m_context.cloud->setHideRest(wanted);
    };
    m_context.document->undoStack()->push(new ChangeCommand(
        0, hidden ? tr("Hide the rest") : tr("Show the rest in grey"),
        [put, hidden] { put(hidden); }, [put, hidden] { put(!hidden); }));
  });
  if (context.keepState)
    context.keepState(
        "rest",
        [this] {
          return QJsonObject{{QStringLiteral("hidden"), m_context.cloud->hidesRest()}};
        },
        [this, hide](const QJsonObject& kept) {
          hide->setChecked(kept[QStringLiteral("hidden")].toBool());
          m_context.cloud->setHideRest(hide->isChecked());
        });

  // Before the panel's own answer to the gesture: what is drawn is what the selection then is.
  CloudView* view = context.cloud->view();
  connect(view, &CloudView::regionSelected, this,
          [this, view](const std::vector<FeatureId>& features, SelectionModel::Mode mode) {
            // An outline that was added to, or cut from, another selection is not the selection's.
            m_drawn = mode == SelectionModel::Mode::Replace ? features : std::vector<FeatureId>();
            m_region = view->lastRegion();
            view->showRegion({});
          });
  connect(context.annotations, &Annotations::changed, this, [this] {
    showFilter();
    showState();
  });
  connect(context.document, &Document::currentLayerChanged, this, [this, view] {
    m_drawn.clear();
    view->showRegion({});
    showFilter();
    showState();
  });
  connect(context.document, &Document::dictionaryChanged, this, &SelectionPart::showFilter);
  connect(context.document->selection(), &SelectionModel::changed, this, &SelectionPart::showState);
  showState();
}

void SelectionPart::setCrystals(CrystalStudy* crystals)
{
  m_crystals = crystals;
  for (const auto signal : {&CrystalStudy::findingsChanged, &CrystalStudy::crystalChanged})
    connect(crystals, signal, this, &SelectionPart::showState);
}

void SelectionPart::showState()
{
  const bool open = m_context.document->layer() != nullptr;
  const bool selected = !m_context.document->selection()->features().empty();
  const auto enable = [this](const char* id, bool enabled) {
    m_context.actions->action(id)->setEnabled(enabled);
  };
  enable("select.panel", open);
  enable("view.hideRest", open);
  enable("select.paste", open);
  enable("select.load", open);
  enable("select.keep", selected);
  enable("select.grow", selected);
  enable("select.save", !m_context.annotations->current().selections.empty());
  m_panel->setCrystalsKnown(m_crystals && (m_crystals->crystal() || m_crystals->findings()));
}

/// Of the layer that is shown: features by the values of a column, lit.
void SelectionPart::showFilter()
{
  const auto& filter = m_context.annotations->current().filter;
  const auto dictionary = m_context.document->dictionary();
  const Column* column = filter && dictionary ? dictionary->column(filter->column) : nullptr;
  m_context.cloud->setFilter(
      column ? std::optional(featuresInRange(*column, filter->minimum, filter->maximum))
             : std::nullopt);
}

// Lists ------------------------------------------------------------------------------------------

void SelectionPart::selectList(const QString& text)
{
  const auto dictionary = m_context.document->dictionary();
  if (!dictionary)
    return;
  m_listJob.start(
      tr("Looking for the pasted features"),
      [dictionary, pasted = text.toStdString()](const Progress& progress) {
        progress.checkStopped();
        return findFeatures(pasted, *dictionary);
      },
      [this](const FoundFeatures& found) { take(found, tr("the clipboard")); });
}

void SelectionPart::loadList(const std::filesystem::path& path)
{
  const auto dictionary = m_context.document->dictionary();
  if (!dictionary)
    return;
  m_listJob.start(
      tr("Looking for the listed features"),
      [dictionary, path](const Progress& progress) {
        return readFeatureList(path, *dictionary, progress);
      },
      [this, name = QString::fromStdString(displayName(path.filename()))](
          const FoundFeatures& found) { take(found, name); });
}

void SelectionPart::take(const FoundFeatures& found, const QString& from)
{
  const auto count = [](std::size_t number) {
    return displayCount(static_cast<std::int64_t>(number));
  };
  const QString features =
      countText(static_cast<std::int64_t>(found.features.size()), tr("feature"), tr("features"));
  const QString entries = countText(found.entries, tr("entry"), tr("entries"));
  QString text;
  if (found.entries == 0)
    text = tr("There is no list in %1.").arg(from);
  else if (found.missing.empty())
    text = tr("%1 by %2 of %3.").arg(features, entries, from);
  else
    text = tr("%1 by %2 of %3; not found: %4.")
               .arg(features, entries, from,
                    found.missing.size() == 1
                        ? QStringLiteral("“%1”").arg(visibleText(found.missing.front(), 40))
                        : count(found.missing.size()));
  QString details = QString::fromStdString(found.rule);
  if (found.folded > 0)
    details += QLatin1Char('\n') +
               tr("%1 found without regard to case, a leading blank or a sub-token mark.")
                   .arg(countText(found.folded, tr("entry was"), tr("entries were")));
  if (!found.missing.empty()) {
    details += tr("\nNot found:");
    for (std::size_t i = 0; i < std::min(found.missing.size(), namedMissing); ++i)
      details += QLatin1Char('\n') + visibleText(found.missing[i], 120);
    if (found.missing.size() > namedMissing)
      details += tr("\nand %1 more").arg(count(found.missing.size() - namedMissing));
  }
  m_context.messages->add(
      {found.missing.empty() && found.entries > 0 ? Message::Kind::Note : Message::Kind::Warning,
       text,
       details,
       {},
       false});
  if (!found.features.empty())
    m_panel->apply(found.features);
}

// Kept -------------------------------------------------------------------------------------------

void SelectionPart::keepSelection(const QString& name)
{
  const auto layer = m_context.document->layer();
  const auto& features = m_context.document->selection()->features();
  if (!layer || features.empty())
    return;
  NamedSelection kept;
  kept.name = name.simplified().left(80).toStdString();
  kept.features = features;
  if (m_drawn == features && !m_region.outline.empty()) {
    kept.polygon = m_region.outline;
    kept.camera = m_region.camera;
    kept.aspect = m_region.aspect;
    kept.visibleOnly = m_region.visibleOnly;
  } else {
    kept.camera = m_context.cloud->view()->camera();
  }
  m_context.annotations->keepSelection(layer->id, std::move(kept));
}

void SelectionPart::draw(const std::string& name)
{
  CloudView* view = m_context.cloud->view();
  for (const NamedSelection& kept : m_context.annotations->current().selections)
    if (kept.name == name && kept.camera) {
      m_context.views->showView(QStringLiteral("cloud"));
      if (!(view->camera() == *kept.camera)) {
        m_context.document->recordCamera(view->camera(), *kept.camera);
        view->setCamera(*kept.camera);
      }
      view->showRegion({kept.polygon, *kept.camera, kept.aspect, kept.visibleOnly});
    }
}

void SelectionPart::saveSelections()
{
  const auto dictionary = m_context.document->dictionary();
  const auto selections = m_context.annotations->current().selections;
  if (!dictionary || selections.empty())
    return;
  if (const QString file = m_context.askFileName(tr("selections")); !file.isEmpty())
    m_context.saveTable(
        file.toStdString(), tr("The kept selections are saved in %1."),
        [dictionary, selections] { return selectionTable(*dictionary, selections); });
}

// Growth -----------------------------------------------------------------------------------------

void SelectionPart::growByNeighbors(int count)
{
  const auto layer = m_context.document->layer();
  const auto before = m_context.document->selection()->features();
  if (!layer || before.empty())
    return;
  m_growJob.start(
      tr("Growing the selection"),
      [layer, before, count](const Progress& progress) {
        return grownByNeighbors(*layer, before, count, progress);
      },
      [this, layer, before](const std::vector<FeatureId>& grown) {
        SelectionModel* selection = m_context.document->selection();
        const auto now = m_context.document->layer();
        if (now && now->id == layer->id && selection->features() == before)
          selection->setFeatures(grown);
      });
}

void SelectionPart::growByCrystals()
{
  if (!m_crystals)
    return;
  std::vector<std::array<FeatureId, 4>> quadruples;
  if (const auto& crystal = m_crystals->crystal())
    quadruples.push_back(crystal->corners());
  if (const auto findings = m_crystals->findings())
    for (const FoundCrystal& found : findings->result.found)
      quadruples.push_back(found.crystal.corners());
  SelectionModel* selection = m_context.document->selection();
  selection->setFeatures(grownByQuadruples(quadruples, selection->features()));
}

}  // namespace orrery
