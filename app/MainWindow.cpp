#include "app/MainWindow.h"

#include "app/CommandPalette.h"
#include "app/HelpDialogs.h"
#include "app/KeyDialog.h"
#include "app/parts/CrystalPart.h"
#include "app/parts/DockPart.h"
#include "app/parts/ExportPart.h"
#include "app/parts/GalaxyPart.h"
#include "app/parts/LobePart.h"
#include "app/parts/MapPart.h"
#include "app/parts/NotePart.h"
#include "app/parts/PlotPart.h"
#include "app/parts/SelectionPart.h"
#include "app/parts/SessionPart.h"
#include "app/parts/VectorPart.h"
#include "app/parts/ViewPart.h"
#include "core/document/CountText.h"
#include "core/io/ByteSource.h"
#include "core/io/ResultFile.h"
#include "widgets/figure/FigureWidget.h"
#include "widgets/figure/PictureSession.h"
#include "widgets/models/FeatureList.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/FigureDialog.h"
#include "widgets/panels/OpenDialog.h"
#include "widgets/views/GalaxyView.h"
#include "widgets/views/PlanesView.h"

#include <QActionGroup>
#include <QApplication>
#include <QClipboard>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QLabel>
#include <QMenuBar>
#include <QMimeData>
#include <QStatusBar>
#include <QToolBar>
#include <QVBoxLayout>

#include <algorithm>
#include <numeric>
#include <utility>

namespace orrery {
namespace {

constexpr struct {
  const char* action;
  CloudTool tool;
} tools[] = {{"select.navigate", CloudTool::Navigate},
             {"select.rectangle", CloudTool::Rectangle},
             {"select.lasso", CloudTool::Lasso},
             {"select.polygon", CloudTool::Polygon},
             {"select.brush", CloudTool::Brush}};

constexpr int narrowPanel = 300;  ///< Less, and labels are cut.

QString pathText(const std::filesystem::path& path)
{
  return QString::fromStdString(path.string());
}

}  // namespace

MainWindow::MainWindow(Settings* settings, QWidget* parent)
    : QMainWindow(parent),
      m_settings(settings),
      m_actions(new ActionTable(this)),
      m_center(new QStackedWidget(this)),
      m_start(new StartPage(this)),
      m_views(new ViewArea(this)),
      m_cloud(new CloudPanel(&m_document, this)),
      m_features(new FeaturePanel(&m_document, this)),
      m_inspector(new InspectorPanel(&m_document, this)),
      m_appearance(new AppearancePanel(&m_document, this)),
      m_messages(new MessageBar(this)),
      m_layer(new QComboBox(this)),
      m_status(new QLabel(this)),
      m_hint(new QLabel(this))
{
  setWindowIcon(QIcon(QStringLiteral(":/icons/orrery.svg")));
  setAcceptDrops(true);
  setDockNestingEnabled(true);
  // The panels at the left are lists, which need the height more than the one below the width.
  setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
  setAccessibleName(tr("Orrery"));

  m_center->setAccessibleName(tr("View"));
  m_center->addWidget(m_start);
  m_views->addView(QStringLiteral("cloud"), tr("Cloud"), m_cloud);
  m_center->addWidget(m_views);
  auto* central = new QWidget(this);
  central->setAccessibleName(tr("View and messages"));
  auto* layout = new QVBoxLayout(central);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(m_messages);
  layout->addWidget(m_center, 1);
  setCentralWidget(central);

  m_actions->setKeys(m_settings->keys());
  makeMenus();
  makeToolBar();
  makeDocks();
  makeStatusBar();
  connectActions();
  connectDocument();
  makeParts();
  m_start->setRecent(m_settings->recent());
  m_settings->restoreWindow(*this);
  showLayers();
}

MainWindow::~MainWindow()
{
  cancelJobs();
  // They look at the document, which goes before the window's children do.
  m_partJobs.clear();
  qDeleteAll(m_parts);
}

// Making -----------------------------------------------------------------------------------------

void MainWindow::makeMenus()
{
  menuBar()->setAccessibleName(tr("Menus"));
  std::map<ActionGroup, QMenu*> menus;
  for (const ActionSpec& spec : actionSpecs()) {
    QMenu*& menu = menus[spec.group];
    if (!menu) {
      menu = menuBar()->addMenu(groupTitle(spec.group));
      menu->setAccessibleName(groupTitle(spec.group).remove(QLatin1Char('&')));
    }
    if (spec.separatorBefore)
      menu->addSeparator();
    menu->addAction(m_actions->action(spec));
    if (std::string_view(spec.id) == "file.open") {
      m_recentMenu = menu->addMenu(tr("Open &recent"));
      m_recentMenu->setAccessibleName(tr("Open recent"));
      connect(m_recentMenu, &QMenu::aboutToShow, this, [this] {
        m_recentMenu->clear();
        for (const QString& path : m_settings->recent())
          m_recentMenu->addAction(
              visibleText(path.toStdString()).replace(QLatin1Char('&'), QStringLiteral("&&")), this,
              [this, path] { openFiles({std::filesystem::path(path.toStdString())}); });
        if (m_recentMenu->isEmpty())
          m_recentMenu->addAction(tr("nothing yet"))->setEnabled(false);
        m_recentMenu->addSeparator();
        m_recentMenu->addAction(tr("Forget these"), this, [this] {
          m_settings->clearRecent();
          m_start->setRecent({});
        });
      });
    }
  }

  QMenu* view = menus[ActionGroup::View];
  view->addSeparator();
  QMenu* themes = view->addMenu(tr("T&heme"));
  themes->setAccessibleName(tr("Theme"));
  auto* group = new QActionGroup(this);
  const std::pair<QString, ThemeChoice> choices[] = {{tr("As the &system"), ThemeChoice::System},
                                                     {tr("&Light"), ThemeChoice::Light},
                                                     {tr("&Dark"), ThemeChoice::Dark}};
  for (const auto& [text, choice] : choices) {
    QAction* action = themes->addAction(text, this, [this, theme = choice] { setTheme(theme); });
    action->setCheckable(true);
    action->setChecked(m_settings->theme() == choice);
    group->addAction(action);
  }
}

void MainWindow::makeToolBar()
{
  QToolBar* bar = addToolBar(tr("Tools"));
  bar->setObjectName(QStringLiteral("tools"));
  bar->setAccessibleName(tr("Tools"));
  bar->setMovable(false);
  bar->setIconSize(QSize(20, 20));
  ActionGroup group = ActionGroup::File;
  for (const ActionSpec& spec : actionSpecs()) {
    if (!spec.onToolBar)
      continue;
    if (spec.group != group)
      bar->addSeparator();
    group = spec.group;
    bar->addAction(m_actions->action(spec));
    if (QWidget* button = bar->widgetForAction(m_actions->action(spec)))
      button->setAccessibleName(m_actions->action(spec)->text().remove(QLatin1Char('&')));
  }
  auto* spacer = new QWidget(bar);
  spacer->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  spacer->setAccessibleName(tr("Space"));
  bar->addWidget(spacer);
  m_layer->setAccessibleName(tr("Layer"));
  m_layer->setToolTip(tr("Which of the open dictionaries is shown (Ctrl+PgUp, Ctrl+PgDown)"));
  m_layer->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  m_layer->setMinimumContentsLength(28);
  m_layerPlace = bar->addWidget(m_layer);
}

QDockWidget* MainWindow::dock(const char* id, const QString& title, QWidget* content,
                              Qt::DockWidgetArea area)
{
  auto* made = new QDockWidget(title, this);
  made->setObjectName(QString::fromLatin1(id));
  made->setAccessibleName(title);
  made->setWidget(content);
  // Panels above one another in a low window: each gives way before the window grows.
  content->setMinimumHeight(80);
  made->setFeatures(QDockWidget::DockWidgetMovable | QDockWidget::DockWidgetFloatable |
                    QDockWidget::DockWidgetClosable);
  addDockWidget(area, made);
  return made;
}

void MainWindow::makeDocks()
{
  QDockWidget* features = dock("features", tr("Features"), m_features, Qt::LeftDockWidgetArea);
  QDockWidget* inspector = dock("inspector", tr("Inspector"), m_inspector, Qt::RightDockWidgetArea);
  QDockWidget* appearance =
      dock("appearance", tr("Colours and sizes"), m_appearance, Qt::RightDockWidgetArea);
  m_docks = {features, inspector, appearance};
  resizeDocks({features, inspector}, {330, 320}, Qt::Horizontal);
  resizeDocks({inspector, appearance}, {460, 280}, Qt::Vertical);
  const auto actions = menuBar()->actions();
  for (QAction* menu : actions)
    if (menu->text() == groupTitle(ActionGroup::View)) {
      m_panelMenu = menu->menu();
      m_panelMenu->addSeparator();
      for (const QDockWidget* panel : {features, inspector, appearance})
        m_panelMenu->addAction(panel->toggleViewAction());
    }
}

void MainWindow::makeStatusBar()
{
  statusBar()->setAccessibleName(tr("Status"));
  statusBar()->setSizeGripEnabled(false);
  m_status->setTextFormat(Qt::PlainText);
  m_status->setAccessibleName(tr("Points shown and loaded"));
  m_status->setContentsMargins(6, 0, 6, 0);
  m_hint->setTextFormat(Qt::PlainText);
  m_hint->setAccessibleName(tr("Hint"));
  statusBar()->addWidget(m_status);
  statusBar()->addWidget(m_hint);
  std::vector<JobRunner*> jobs = m_document.jobs();
  jobs.push_back(&m_saveJob);
  m_jobBar = new JobBar(jobs, this);
  statusBar()->addPermanentWidget(m_jobBar);
}

void MainWindow::makeParts()
{
  WindowContext context;
  context.window = this;
  context.document = &m_document;
  context.annotations = &m_annotations;
  context.actions = m_actions;
  context.settings = m_settings;
  context.messages = m_messages;
  context.cloud = m_cloud;
  context.views = m_views;
  context.addPanel = [this](const char* id, const QString& title, QWidget* content,
                            Qt::DockWidgetArea area, bool shown) {
    QDockWidget* behind = nullptr;
    for (QDockWidget* panel : m_docks)
      if (dockWidgetArea(panel) == area)
        behind = panel;
    QDockWidget* made = dock(id, title, content, area);
    if (behind) {
      tabifyDockWidget(behind, made);
      behind->raise();
    }
    made->setVisible(shown);
    m_docks << made;
    m_panelMenu->addAction(made->toggleViewAction());
    return made;
  };
  context.addJob = [this](JobRunner* job) {
    m_partJobs.push_back(job);
    m_jobBar->addJob(job);
    connect(job, &JobRunner::failed, m_messages, [this](const QString& sentence) {
      m_messages->add({Message::Kind::Failure, sentence, {}, {}, false});
    });
  };
  context.askFileName = [this](const QString& name) { return askFileName(name); };
  context.saveTable = [this](const std::filesystem::path& path, const QString& sentence,
                             std::function<ResultTable()> make) {
    saveTable(path, sentence, std::move(make));
  };
  m_session = new SessionPart(context);
  context.keepState = [this](const std::string& name, auto save, auto restore) {
    m_session->keepState(name, std::move(save), std::move(restore));
  };
  context.keepState(
      "window", [this] { return layout(); },
      [this](const QJsonObject& kept) { restoreLayout(kept); });
  connect(m_session, &SessionPart::modifiedChanged, this, &MainWindow::showTitle);
  connect(m_session, &SessionPart::saved, this, &MainWindow::showTitle);
  connect(m_session, &SessionPart::opened, this, &MainWindow::showTitle);
  m_viewPart = new ViewPart(
      context, [this] { return layout(); },
      [this](const QJsonObject& kept) { restoreLayout(kept); });
  auto* maps = new MapPart(context);
  m_viewPart->setMaps(maps->study());
  connect(maps, &MapPart::tornChanged, m_viewPart, [this, maps] {
    for (CloudPanel* cloud : m_viewPart->furtherClouds())
      maps->showTornIn(cloud);
  });
  connect(m_viewPart, &ViewPart::furtherCloudChanged, maps, &MapPart::showTornIn);
  auto* crystals = new CrystalPart(context);
  m_lobePart = new LobePart(context);
  m_selectionPart = new SelectionPart(context);
  m_selectionPart->setCrystals(crystals->study());
  m_notePart = new NotePart(context);
  auto* exports = new ExportPart(context, [this] { return activeCloud(); });
  m_plotPart = new PlotPart(context);
  m_vectorPart = new VectorPart(context);
  m_parts = {m_session,       m_viewPart, maps,    crystals,   m_lobePart,  new GalaxyPart(context),
             m_selectionPart, m_notePart, exports, m_plotPart, m_vectorPart};
  m_dockPart = new DockPart(this, m_document.undoStack(), this);
  for (QDockWidget* panel : m_docks)
    m_dockPart->watch(panel);
  m_views->restoreState(m_settings->views());
}

CloudPanel* MainWindow::activeCloud() const
{
  return m_viewPart ? m_viewPart->activeCloud() : m_cloud;
}

void MainWindow::cancelJobs()
{
  m_document.cancelJobs();
  for (JobRunner* job : m_partJobs)
    job->cancel();
}

// Connecting -------------------------------------------------------------------------------------

void MainWindow::connectActions()
{
  const auto on = [this](const char* id, auto handler) {
    connect(m_actions->action(id), &QAction::triggered, this, handler);
  };
  SelectionModel* selection = m_document.selection();
  CloudView* view = m_cloud->view();

  on("file.open", [this] { chooseFiles(); });
  on("file.demo", [this] { m_document.openDemo(); });
  on("file.labels", [this] { chooseLabels(); });
  on("file.reread", [this] {
    if (const auto dictionary = m_document.dictionary();
        dictionary && !dictionary->source.path.empty())
      openWithDialog(dictionary->source.path);
  });
  on("file.close", [this] {
    if (const auto layer = m_document.layer())
      m_document.closeLayer(layer->id);
  });
  on("file.saveTable", [this] { saveFeatures(m_features->listed(), tr("features")); });
  on("file.saveSelection",
     [this, selection] { saveFeatures(selection->features(), tr("selection")); });
  on("file.figure", [this] { exportFigure(); });
  on("file.quit", [this] { close(); });

  on("edit.undo", [this] { m_document.undoStack()->undo(); });
  on("edit.redo", [this] { m_document.undoStack()->redo(); });
  on("edit.copyView", [this] {
    // The active view, whatever it shows.
    QWidget* shown = m_views->view(m_views->currentView());
    QApplication::clipboard()->setImage(
        showsCloud() || !shown ? activeCloud()->view()->grabPicture() : shown->grab().toImage());
    statusBar()->showMessage(tr("The view is on the clipboard"), 3000);
  });
  on("edit.copySelection", [this, selection] {
    if (const auto dictionary = m_document.dictionary())
      QApplication::clipboard()->setText(
          clipboardText(featureTable(*dictionary, selection->features())));
  });
  on("edit.find", [this] {
    if (auto* features = findChild<QDockWidget*>(QStringLiteral("features"))) {
      features->show();
      features->raise();
    }
    m_features->focusSearch();
  });
  on("edit.next", [this] { m_features->goToMatch(1); });
  on("edit.previous", [this] { m_features->goToMatch(-1); });
  on("edit.query", [this] {
    if (auto* inspector = findChild<QDockWidget*>(QStringLiteral("inspector"))) {
      inspector->show();
      inspector->raise();
    }
    m_inspector->focusQuery();
  });

  auto* group = new QActionGroup(this);
  for (const auto& [id, tool] : tools) {
    group->addAction(m_actions->action(id));
    on(id, [view, chosen = tool] { view->setTool(chosen); });
  }
  m_actions->action("select.navigate")->setChecked(true);
  connect(view, &CloudView::toolChanged, this, &MainWindow::showTool);
  on("select.visibleOnly", [view](bool checked) { view->setVisibleOnly(checked); });
  on("select.all", [this, selection] {
    std::vector<FeatureId> all(static_cast<std::size_t>(m_document.features()));
    std::iota(all.begin(), all.end(), 0);
    selection->setFeatures(std::move(all));
  });
  on("select.none", [selection] { selection->setFeatures({}); });
  on("select.invert", [this, selection] {
    std::vector<FeatureId> rest;
    const auto n = static_cast<FeatureId>(m_document.features());
    for (FeatureId id = 0; id < n; ++id)
      if (!selection->contains(id))
        rest.push_back(id);
    selection->setFeatures(std::move(rest));
  });
  on("select.matches", [this, selection] { selection->setFeatures(m_document.matches()); });

  on("view.frameSelection",
     [this, selection] { activeCloud()->view()->frame(selection->features()); });
  on("view.frameAll", [this] { activeCloud()->view()->frameAll(); });
  on("view.front", [this] { activeCloud()->view()->lookAlong(2); });
  on("view.side", [this] { activeCloud()->view()->lookAlong(0); });
  on("view.top", [this] { activeCloud()->view()->lookAlong(1); });
  on("view.orthographic",
     [this](bool checked) { activeCloud()->view()->setOrthographic(checked); });
  connect(m_views, &ViewArea::currentChanged, this, [this] {
    m_actions->action("view.orthographic")->setChecked(activeCloud()->view()->orthographic());
  });
  connect(view, &CloudView::cameraChanged, this, [this, view] {
    m_actions->action("view.orthographic")->setChecked(view->orthographic());
  });
  on("view.names", [this](bool checked) {
    Appearance appearance = m_document.appearance();
    appearance.showLabels = checked;
    m_document.setAppearance(appearance);
  });
  on("view.nextLayer", [this] { stepLayer(1); });
  on("view.previousLayer", [this] { stepLayer(-1); });
  on("view.fullScreen", [this](bool checked) {
    setWindowState(windowState().setFlag(Qt::WindowFullScreen, checked));
  });

  on("view.closeMessage", [this] { m_messages->closeMessage(); });

  on("tools.stop", [this] {
    cancelJobs();
    m_saveJob.cancel();
  });

  on("help.commands", [this] {
    CommandPalette palette(*m_actions, this);
    palette.move(mapToGlobal(QPoint((width() - palette.width()) / 2, height() / 8)));
    palette.exec();
    if (palette.chosen())
      palette.chosen()->trigger();
  });
  on("help.keys", [this] { CheatSheet(*m_actions, this).exec(); });
  on("help.manual", [this] { showHelp(); });
  on("help.editKeys", [this] {
    KeyDialog dialog(*m_actions, this);
    if (dialog.exec() != QDialog::Accepted)
      return;
    m_actions->setKeys(dialog.chosen());
    m_settings->setKeys(dialog.chosen());
  });
  on("help.about", [this, view] { AboutDialog(view->rendererName(), this).exec(); });
}

void MainWindow::connectDocument()
{
  connect(m_start, &StartPage::openRequested, this, &MainWindow::chooseFiles);
  connect(m_start, &StartPage::demoRequested, &m_document, &Document::openDemo);
  connect(m_start, &StartPage::recentRequested, this,
          [this](const QString& path) { openFiles({std::filesystem::path(path.toStdString())}); });
  connect(&m_document, &Document::messageRaised, m_messages, &MessageBar::add);
  connect(m_messages, &MessageBar::choiceRequested, this, &MainWindow::openWithDialog);
  connect(&m_saveJob, &JobRunner::failed, this, [this](const QString& sentence) {
    m_messages->add({Message::Kind::Failure, sentence, {}, {}, false});
  });

  connect(&m_document, &Document::layersChanged, this, &MainWindow::showLayers);
  connect(&m_document, &Document::currentLayerChanged, this, &MainWindow::showLayers);
  connect(&m_document, &Document::embeddingChanged, this, &MainWindow::showState);
  connect(&m_document, &Document::searchChanged, this, &MainWindow::showState);
  connect(&m_document, &Document::appearanceChanged, this, &MainWindow::showState);
  connect(m_document.selection(), &SelectionModel::changed, this, &MainWindow::showState);
  connect(m_document.undoStack(), &QUndoStack::indexChanged, this, &MainWindow::showState);
  connect(m_layer, &QComboBox::activated, this,
          [this] { m_document.setCurrentLayer(m_layer->currentData().toInt()); });
  connect(m_cloud, &CloudPanel::colorsChanged, this, &MainWindow::showLegend);
  connect(m_cloud, &CloudPanel::hintChanged, m_hint, &QLabel::setText);
  connect(m_cloud, &CloudPanel::overlaysChanged, this, &MainWindow::showStatus);
  connect(
      m_features, &FeaturePanel::saveRequested, this,
      [this](const std::vector<FeatureId>& features) { saveFeatures(features, tr("features")); });
  connect(m_inspector, &InspectorPanel::saveRequested, this, &MainWindow::saveNeighbors);
  showLegend();
}

// Opening and saving -----------------------------------------------------------------------------

QJsonObject MainWindow::layout() const
{
  QJsonObject panels;
  for (QDockWidget* panel : m_docks)
    panels[panel->objectName()] =
        QJsonObject{{QStringLiteral("shown"), !panel->isHidden()},
                    {QStringLiteral("front"), !panel->visibleRegion().isEmpty()},
                    {QStringLiteral("width"), panel->width()},
                    {QStringLiteral("height"), panel->height()},
                    {QStringLiteral("area"), static_cast<int>(dockWidgetArea(panel))}};
  // Where the picture lies in the window: with the camera this says what was where on the screen.
  const QPoint place = m_cloud->view()->mapTo(this, QPoint());
  return {
      {QStringLiteral("view"), m_views->currentView()},
      {QStringLiteral("views"), m_views->state()},
      {QStringLiteral("cloud"), QJsonObject{{QStringLiteral("x"), place.x()},
                                            {QStringLiteral("y"), place.y()},
                                            {QStringLiteral("width"), m_cloud->view()->width()},
                                            {QStringLiteral("height"), m_cloud->view()->height()}}},
      {QStringLiteral("panels"), panels}};
}

void MainWindow::restoreLayout(const QJsonObject& kept)
{
  // Sessions of the first releases name one view.
  if (kept[QStringLiteral("views")].isObject())
    m_views->restoreState(kept[QStringLiteral("views")].toObject());
  else
    m_views->showView(kept[QStringLiteral("view")].toString());
  const QJsonObject panels = kept[QStringLiteral("panels")].toObject();
  QList<QDockWidget*> sized;
  QList<int> widths, heights;
  for (QDockWidget* panel : m_docks) {
    const QJsonObject place = panels[panel->objectName()].toObject();
    if (place.isEmpty())
      continue;
    const auto area = static_cast<Qt::DockWidgetArea>(place[QStringLiteral("area")].toInt());
    const bool known = area == Qt::LeftDockWidgetArea || area == Qt::RightDockWidgetArea ||
                       area == Qt::TopDockWidgetArea || area == Qt::BottomDockWidgetArea;
    if (known && area != dockWidgetArea(panel))
      addDockWidget(area, panel);
    panel->setVisible(place[QStringLiteral("shown")].toBool(true));
    if (place[QStringLiteral("front")].toBool())
      panel->raise();
    const int width = std::clamp(place[QStringLiteral("width")].toInt(), 0, 4000);
    const int height = std::clamp(place[QStringLiteral("height")].toInt(), 0, 4000);
    // A panel behind another's tab says nothing of their size.
    if (width > 0 && height > 0 && !panel->isHidden() && place[QStringLiteral("front")].toBool()) {
      sized << panel;
      widths << width;
      heights << height;
    }
  }
  resizeDocks(sized, widths, Qt::Horizontal);
  resizeDocks(sized, heights, Qt::Vertical);
}

void MainWindow::openFiles(const std::vector<std::filesystem::path>& paths)
{
  for (const auto& path : paths) {
    std::error_code ignored;
    const auto absolute = std::filesystem::absolute(path, ignored);
    if (SessionPart::isSession(absolute)) {
      m_session->open(absolute);
      return;
    }
  }
  m_lobePart->openFiles(paths, [this](const std::vector<std::filesystem::path>& dictionaries) {
    std::vector<OpenRequest> requests;
    for (const auto& path : dictionaries) {
      std::error_code ignored;
      const auto absolute = std::filesystem::absolute(path, ignored);
      requests.push_back({absolute.empty() ? path : absolute, {}});
    }
    m_document.open(std::move(requests));
  });
}

void MainWindow::openWithDialog(const std::filesystem::path& path)
{
  if (SessionPart::isSession(path)) {
    m_session->open(path);
    return;
  }
  OpenDialog dialog(path, this);
  if (dialog.exec() == QDialog::Accepted)
    m_document.open(dialog.requests());
}

void MainWindow::chooseFiles()
{
  const QStringList recent = m_settings->recent();
  const QString folder = recent.isEmpty() ? QString() : QFileInfo(recent.front()).path();
  const QStringList files = QFileDialog::getOpenFileNames(
      this, tr("Open a dictionary"), folder,
      tr("Dictionaries (*.npz *.npy *.safetensors *.h5 *.hdf5 *.h5ad *.bin *.bytes *.txt *.tsv "
         "*.csv *.vec *.json);;Sessions and figures (*.orrery *.png);;All files (*)"));
  if (files.size() == 1) {
    openWithDialog(std::filesystem::path(files.front().toStdString()));
  } else if (!files.isEmpty()) {
    std::vector<std::filesystem::path> paths;
    for (const QString& file : files)
      paths.emplace_back(file.toStdString());
    openFiles(paths);
  }
}

void MainWindow::chooseLabels()
{
  const QString file = QFileDialog::getOpenFileName(
      this, tr("Attach labels"), {},
      tr("Labels (*.txt *.tsv *.csv *.json *.jsonl *.gz);;All files (*)"));
  if (!file.isEmpty())
    m_document.attachLabels(std::filesystem::path(file.toStdString()));
}

QString MainWindow::askFileName(const QString& name)
{
  const auto dictionary = m_document.dictionary();
  QString stem = dictionary ? QString::fromStdString(dictionary->name) : QString();
  stem.replace(QLatin1Char('/'), QLatin1Char('_'));
  return QFileDialog::getSaveFileName(
      this, tr("Save"), QStringLiteral("%1-%2.csv").arg(stem, name),
      tr("CSV (*.csv);;TSV (*.tsv);;NumPy (*.npz);;HDF5 (*.h5);;JSON (*.json)"));
}

void MainWindow::saveTable(const std::filesystem::path& path, const QString& sentence,
                           std::function<ResultTable()> make)
{
  const QString name = QFileInfo(pathText(path)).fileName();
  m_saveJob.start(
      tr("Saving %1").arg(name),
      [path, make = std::move(make)](const Progress& progress) {
        progress.checkStopped();
        writeResult(path, make());
        return true;
      },
      [this, path, text = sentence.arg(name)](bool) {
        m_messages->add({Message::Kind::Note, text, {}, path, false});
      });
}

void MainWindow::saveFeatures(const std::vector<FeatureId>& features, const QString& name)
{
  const auto dictionary = m_document.dictionary();
  const QString file = dictionary ? askFileName(name) : QString();
  if (!file.isEmpty())
    saveTable(file.toStdString(),
              tr("%1 saved in %2, with ids and labels.")
                  .arg(countText(static_cast<std::int64_t>(features.size()), tr("feature is"),
                                 tr("features are")),
                       QStringLiteral("%1")),
              [dictionary, features] { return featureTable(*dictionary, features); });
}

void MainWindow::saveNeighbors(const NeighborList& list)
{
  const auto dictionary = m_document.dictionary();
  const QString file = dictionary ? askFileName(tr("neighbours")) : QString();
  if (!file.isEmpty())
    saveTable(file.toStdString(), tr("The list is saved in %1."),
              [dictionary, list] { return neighborTable(*dictionary, list); });
}

bool MainWindow::showsCloud() const
{
  const QWidget* shown = m_views->view(m_views->currentView());
  return !shown || shown == m_cloud || shown->findChild<CloudView*>();
}

void MainWindow::exportFigure()
{
  // What is looked at: pictures that are no cloud ask for their own file.
  if (!showsCloud()) {
    QWidget* shown = m_views->view(m_views->currentView());
    if (auto* galaxy = qobject_cast<GalaxyView*>(shown)) {
      emit galaxy->saveCloudsRequested();
      return;
    }
    if (auto* planes = qobject_cast<PlanesView*>(shown)) {
      emit planes->saveRequested();
      return;
    }
    QList<FigureWidget*> figures = shown->findChildren<FigureWidget*>();
    figures.prepend(qobject_cast<FigureWidget*>(shown));
    for (FigureWidget* figure : std::as_const(figures))
      if (figure && figure->isVisible() && !figure->isEmpty()) {
        figure->saveFigure();
        return;
      }
  }
  const auto dictionary = m_document.dictionary();
  if (!dictionary || !m_document.embedding())
    return;
  QString stem = QString::fromStdString(dictionary->name);
  stem.replace(QLatin1Char('/'), QLatin1Char('_'));
  FigureRequest figure = activeCloud()->figure();
  figure.metadata = pictureMetadata(m_session->text());
  FigureDialog dialog(std::move(figure), stem, this);
  connect(&dialog, &FigureDialog::written, this, [this](const QString& path) {
    m_messages->add({Message::Kind::Note,
                     tr("The figure is saved in %1.").arg(QFileInfo(path).fileName()),
                     path,
                     {},
                     false});
  });
  dialog.exec();
}

void MainWindow::showHelp()
{
  if (!m_help) {
    m_help = new HelpDialog(*m_actions, this);
    m_help->setAttribute(Qt::WA_DeleteOnClose);
  }
  // What is being looked at first.
  const QString view = m_document.dictionary() ? m_views->currentView() : QString();
  m_help->showPage(view == QLatin1String("lobes")    ? QStringLiteral("lobes")
                   : view == QLatin1String("galaxy") ? QStringLiteral("galaxy")
                   : view == QLatin1String("planes") ? QStringLiteral("crystals")
                                                     : QStringLiteral("start"));
  m_help->setVisible(true);
  m_help->raise();
  m_help->activateWindow();
}

void MainWindow::setTheme(ThemeChoice theme)
{
  m_settings->setTheme(theme);
  applyTheme(theme);
}

void MainWindow::stepLayer(int step)
{
  const auto& layers = m_document.layers();
  const auto current = m_document.layer();
  const auto place = std::find(layers.begin(), layers.end(), current);
  if (place == layers.end())
    return;
  const auto count = static_cast<std::ptrdiff_t>(layers.size());
  const auto next = (place - layers.begin() + step + count) % count;
  m_document.setCurrentLayer(layers[static_cast<std::size_t>(next)]->id);
}

// Showing ----------------------------------------------------------------------------------------

void MainWindow::showDocks(bool shown)
{
  if (shown == m_docksShown)
    return;
  m_docksShown = shown;
  if (shown) {
    for (QDockWidget* waiting : std::exchange(m_waitingDocks, {}))
      waiting->show();
    // What was never sized by hand gets room to be read.
    if (auto* inspector = findChild<QDockWidget*>(QStringLiteral("inspector"));
        inspector && !m_settings->hasWindow()) {
      if (inspector->width() < narrowPanel)
        resizeDocks({m_docks.front(), inspector}, {330, 320}, Qt::Horizontal);
      if (auto* appearance = findChild<QDockWidget*>(QStringLiteral("appearance")))
        resizeDocks({inspector, appearance}, {height() * 11 / 20, height() * 9 / 20}, Qt::Vertical);
    }
    return;
  }
  for (QDockWidget* panel : m_docks)
    if (!panel->isHidden()) {
      m_waitingDocks << panel;
      panel->hide();
    }
}

void MainWindow::showLayers()
{
  m_layer->clear();
  for (const auto& layer : m_document.layers())
    m_layer->addItem(visibleText(layer->title().toStdString(), 60), layer->id);
  const auto current = m_document.layer();
  if (current) {
    m_layer->setCurrentIndex(m_layer->findData(current->id));
    const auto& path = current->dictionary->source.path;
    if (!path.empty()) {
      m_settings->addRecent(pathText(path));
      m_start->setRecent(m_settings->recent());
    }
  }
  m_layerPlace->setVisible(!m_document.layers().empty());
  showDocks(current != nullptr);
  m_center->setCurrentWidget(current ? static_cast<QWidget*>(m_views) : m_start);
  showTitle();
  showState();
}

void MainWindow::showTitle()
{
  const auto current = m_document.layer();
  QString title = current ? tr("%1 – Orrery").arg(visibleText(current->title().toStdString(), 100))
                          : tr("Orrery");
  if (m_session && current && !m_session->path().empty())
    title = QString::fromStdString(displayName(m_session->path().filename())) +
            QStringLiteral(" · ") + title;
  if (m_session && m_session->isModified())
    title.prepend(QStringLiteral("* "));
  setWindowTitle(title);
}

void MainWindow::showState()
{
  ActionTable::State state;
  state.dictionary = m_document.dictionary() != nullptr;
  state.map = m_document.embedding() != nullptr;
  state.selection = !m_document.selection()->features().empty();
  state.matches = !m_document.matches().empty();
  state.undo = m_document.undoStack()->canUndo();
  state.redo = m_document.undoStack()->canRedo();
  m_actions->setState(state);
  m_actions->action("view.names")->setChecked(m_document.appearance().showLabels);
  const QString undo = m_document.undoStack()->undoText();
  m_actions->action("edit.undo")->setText(undo.isEmpty() ? tr("&Undo") : tr("&Undo: %1").arg(undo));
  const QString redo = m_document.undoStack()->redoText();
  m_actions->action("edit.redo")->setText(redo.isEmpty() ? tr("&Redo") : tr("&Redo: %1").arg(redo));
  showStatus();
}

void MainWindow::showStatus()
{
  const auto dictionary = m_document.dictionary();
  if (!dictionary) {
    m_status->clear();
    return;
  }
  const std::int64_t loaded = dictionary->features();
  const auto missing = static_cast<std::int64_t>(dictionary->rows.nonFinite.size());
  const auto embedding = m_document.embedding();
  QString text;
  if (!embedding)
    text = tr("%1 features loaded, first map under way").arg(displayCount(loaded));
  else if (const auto hidden = static_cast<std::int64_t>(m_cloud->hidden().size()); hidden > 0)
    text = tr("%1 points shown, %2 loaded: the rest is hidden (H shows it in grey)")
               .arg(displayCount(loaded - hidden), displayCount(loaded));
  else if (missing == 0)
    text = tr("%1 points shown = %1 loaded").arg(displayCount(loaded));
  else
    text = tr("%1 points shown, %2 loaded: %3 are not finite")
               .arg(displayCount(loaded - missing), displayCount(loaded), displayCount(missing));
  text += tr("  ·  %1 dimensions").arg(displayCount(dictionary->dimensions()));
  const auto selected = static_cast<std::int64_t>(m_document.selection()->features().size());
  if (selected > 0)
    text += tr("  ·  %1 selected").arg(displayCount(selected));
  if (dictionary->synthetic)
    text += tr("  ·  synthetic");
  m_status->setText(text);
}

void MainWindow::showTool(CloudTool tool)
{
  for (const auto& [id, listed] : tools)
    if (listed == tool)
      m_actions->action(id)->setChecked(true);
}

void MainWindow::showLegend()
{
  m_appearance->setLegend(m_cloud->colors().legend);
  m_features->model()->setColors(m_cloud->colors().colors);
}

// Events -----------------------------------------------------------------------------------------

void MainWindow::closeEvent(QCloseEvent* event)
{
  m_notePart->panel()->commit();
  if (!m_session->mayClose()) {
    event->ignore();
    return;
  }
  showDocks(true);
  m_settings->saveWindow(*this);
  m_settings->setViews(m_views->state());
  cancelJobs();
  QMainWindow::closeEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
  if (event->mimeData()->hasUrls())
    event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
  std::vector<std::filesystem::path> paths;
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile())
      paths.emplace_back(url.toLocalFile().toStdString());
  if (paths.empty()) {
    m_messages->add(
        {Message::Kind::Failure, tr("Only files on this computer can be opened."), {}, {}, false});
    return;
  }
  event->acceptProposedAction();
  openFiles(paths);
}

}  // namespace orrery
