#include "app/parts/ViewPart.h"

#include "app/LayoutDialog.h"
#include "core/document/CameraJson.h"
#include "core/document/ChangeCommand.h"
#include "widgets/models/FeatureText.h"
#include "widgets/vtk/CameraMotion.h"

#include <QActionGroup>
#include <QInputDialog>
#include <QJsonArray>
#include <QMenu>
#include <QScopedValueRollback>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace orrery {
namespace {

using Shape = ViewArrangement::Shape;

constexpr int divideStep = 3001;  ///< Apart from other kinds of steps that merge.

constexpr struct {
  const char* action;
  Shape shape;
} shapeActions[] = {{"view.one", Shape::Single},
                    {"view.columns", Shape::Columns},
                    {"view.rows", Shape::Rows},
                    {"view.three", Shape::OneAndTwo},
                    {"view.four", Shape::Grid}};

constexpr std::size_t longestName = 80;
constexpr qsizetype mostLayouts = 50;

QString sideId(int index)
{
  return QStringLiteral("cloud%1").arg(index + 2);
}

/// A name as people may give it: one line, not endless.
QString cleanName(const QString& name)
{
  return name.simplified().left(static_cast<qsizetype>(longestName));
}

}  // namespace

// A further cloud --------------------------------------------------------------------------------

SideCloud::SideCloud(Document* document, SideViews* views, int index, QWidget* parent)
    : QWidget(parent), m_document(document), m_views(views), m_index(index)
{
  setAccessibleName(tr("Cloud of features, view %1").arg(index + 2));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  connect(views, &SideViews::changed, this, [this](int changed) {
    if (changed == m_index)
      showState();
  });
}

void SideCloud::showEvent(QShowEvent* event)
{
  QWidget::showEvent(event);
  if (m_panel)
    return;
  m_panel = new CloudPanel(m_document, this, CloudPanel::Role::Further);
  m_panel->setAccessibleName(accessibleName());
  layout()->addWidget(m_panel);
  showState();
  emit panelMade(m_panel);
}

void SideCloud::release()
{
  delete std::exchange(m_panel, nullptr);
}

void SideCloud::showState()
{
  if (!m_panel)
    return;
  const SideView& view = m_views->view(m_index);
  std::shared_ptr<const Embedding> map;
  if (!view.map.empty() && m_maps)
    for (const StudiedMap& studied : m_maps->maps())
      if (studied.embedding->description == view.map)
        map = studied.embedding;
  m_panel->setOwn(view.colorBy, std::move(map));
}

// The part ---------------------------------------------------------------------------------------

ViewPart::ViewPart(const WindowContext& context, std::function<QJsonObject()> layout,
                   std::function<void(const QJsonObject&)> restoreLayout, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_layout(std::move(layout)),
      m_restoreLayout(std::move(restoreLayout)),
      m_views(new SideViews(context.document, this))
{
  askName = [this](const QString& suggestion) {
    return QInputDialog::getText(m_context.window, tr("Save layout"),
                                 tr("Name of the layout of views and panels"), QLineEdit::Normal,
                                 suggestion);
  };
  makeClouds();
  connectActions();
  context.keepState(
      "sideViews", [this] { return sideState(); },
      [this](const QJsonObject& kept) { restoreSide(kept); });
  context.keepState(
      "layouts", [this] { return allLayouts(); },
      [this](const QJsonObject& kept) {
        m_sessionLayouts = {};
        const QJsonObject own = m_context.settings->layouts();
        for (auto it = kept.begin(); it != kept.end() && m_sessionLayouts.size() < mostLayouts;
             ++it)
          if (it.value().isObject() && !own.contains(it.key()) && !cleanName(it.key()).isEmpty())
            m_sessionLayouts[cleanName(it.key())] = it.value();
        emit layoutsChanged();
      });
  showState();
}

void ViewPart::makeClouds()
{
  ViewArea* area = m_context.views;
  for (int index = 0; index < SideViews::count; ++index) {
    auto* cloud = new SideCloud(m_context.document, m_views, index, area);
    m_clouds[static_cast<std::size_t>(index)] = cloud;
    area->addView(sideId(index), tr("Cloud %1").arg(index + 2), cloud, true);
    auto* settings = new QMenu(area);
    settings->setAccessibleName(tr("Settings of cloud %1").arg(index + 2));
    connect(settings, &QMenu::aboutToShow, this,
            [this, settings, index] { fillSettings(settings, index); });
    area->setViewMenu(sideId(index), settings);
    connect(cloud, &SideCloud::panelMade, this,
            [this, index](CloudPanel* panel) { connectSide(index, panel); });
  }
  connect(m_context.cloud->view(), &CloudView::cameraChanged, this, [this] { follow(-1); });
  connect(m_context.cloud, &CloudPanel::overlaysChanged, this, [this] {
    for (SideCloud* cloud : m_clouds)
      if (cloud->panel())
        cloud->panel()->takeOverlays(*m_context.cloud);
  });
  connect(m_context.cloud->view(), &CloudView::toolChanged, this, [this](CloudTool tool) {
    for (SideCloud* cloud : m_clouds)
      if (cloud->panel())
        cloud->panel()->view()->setTool(tool);
  });
  connect(m_context.actions->action("select.visibleOnly"), &QAction::toggled, this,
          [this](bool visibleOnly) {
            for (SideCloud* cloud : m_clouds)
              if (cloud->panel())
                cloud->panel()->view()->setVisibleOnly(visibleOnly);
          });
  connect(m_views, &SideViews::changed, this, [this](int index) {
    CloudPanel* panel = m_clouds[static_cast<std::size_t>(index)]->panel();
    if (!panel)
      return;
    emit furtherCloudChanged(panel);
    const SideView& view = m_views->view(index);
    if (view.linked)
      follow(-1);
    else if (view.camera)
      panel->view()->setCamera(*view.camera);
  });
  connect(m_views, &SideViews::cameraRestored, this, [this](int index, const Camera& camera) {
    if (CloudPanel* panel = m_clouds[static_cast<std::size_t>(index)]->panel())
      panel->view()->setCamera(camera, 250);
  });
  connect(area, &ViewArea::changed, this, [this, area] {
    for (int index = 0; index < SideViews::count; ++index)
      if (!area->arrangement().views.contains(sideId(index)))
        m_clouds[static_cast<std::size_t>(index)]->release();
    showState();
  });
}

void ViewPart::setMaps(MapStudy* maps)
{
  m_maps = maps;
  for (SideCloud* cloud : m_clouds)
    cloud->setMaps(maps);
  connect(maps, &MapStudy::changed, this, [this] {
    for (SideCloud* cloud : m_clouds) {
      cloud->showState();
      if (cloud->panel())
        emit furtherCloudChanged(cloud->panel());
    }
  });
}

void ViewPart::connectActions()
{
  ViewArea* area = m_context.views;
  auto* group = new QActionGroup(this);
  auto* menu = new QMenu(area);
  menu->setAccessibleName(tr("Arrange the views"));
  for (const auto& [id, shape] : shapeActions) {
    QAction* action = m_context.actions->action(id);
    group->addAction(action);
    menu->addAction(action);
    m_context.on(id, area, [area, wanted = shape] { area->chooseShape(wanted); });
  }
  menu->addSeparator();
  for (const char* id : {"view.maximize", "view.nextPane"})
    menu->addAction(m_context.actions->action(id));
  menu->addSeparator();
  QMenu* layouts = menu->addMenu(tr("Saved layouts"));
  layouts->setAccessibleName(tr("Saved layouts"));
  connect(layouts, &QMenu::aboutToShow, this, [this, layouts] { fillLayouts(layouts); });
  for (const char* id : {"view.saveLayout", "view.layouts"})
    menu->addAction(m_context.actions->action(id));
  area->setArrangementMenu(menu);

  m_context.on("view.maximize", area, [area] { area->toggleMaximized(); });
  m_context.on("view.nextPane", area, [area] {
    area->choosePane((area->activePane() + 1) % area->arrangement().panes());
  });
  m_context.on("view.linkCameras", this, [this] {
    const bool all = std::all_of(m_clouds.begin(), m_clouds.end(), [this](SideCloud* cloud) {
      return m_views
          ->view(static_cast<int>(std::find(m_clouds.begin(), m_clouds.end(), cloud) -
                                  m_clouds.begin()))
          .linked;
    });
    QUndoStack* undo = m_context.document->undoStack();
    undo->beginMacro(all ? tr("Part the cameras") : tr("Link the cameras"));
    for (int index = 0; index < SideViews::count; ++index) {
      SideView view = m_views->view(index);
      view.linked = !all;
      m_views->setView(index, view, tr("Link the cameras"));
    }
    undo->endMacro();
    showState();
  });
  m_context.on("view.saveLayout", this, [this] {
    const QString suggestion = tr("Layout %1").arg(this->layouts().size() + 1);
    if (const QString name = cleanName(askName(suggestion)); !name.isEmpty())
      saveLayout(name);
  });
  m_context.on("view.layouts", this, [this] { editLayouts(); });
  connect(
      area, &ViewArea::arranged, this,
      [this, area](const ViewArrangement& before, const ViewArrangement& after) {
        // Dragging a divider is one step, however many it takes.
        ViewArrangement divided = before;
        divided.shares = after.shares;
        const bool dragged = divided == after;
        // The area is there already: the first "redo" only notes it.
        m_context.document->undoStack()->push(new ChangeCommand(
            dragged ? divideStep : 0, dragged ? tr("Divide the views") : tr("Arrange the views"),
            [area, after, first = true]() mutable {
              if (!first)
                area->setArrangement(after);
              first = false;
            },
            [area, before] { area->setArrangement(before); }));
      });
  connect(m_context.document, &Document::currentLayerChanged, this, &ViewPart::showState);
}

void ViewPart::showState()
{
  const bool open = m_context.document->layer() != nullptr;
  const ViewArrangement& arrangement = m_context.views->arrangement();
  for (const auto& [id, shape] : shapeActions) {
    QAction* action = m_context.actions->action(id);
    action->setEnabled(open);
    action->setChecked(arrangement.shape == shape);
  }
  const auto enable = [this](const char* id, bool enabled) {
    m_context.actions->action(id)->setEnabled(enabled);
  };
  enable("view.maximize", open && arrangement.panes() > 1);
  m_context.actions->action("view.maximize")->setChecked(arrangement.maximized >= 0);
  enable("view.nextPane", open && arrangement.panes() > 1);
  enable("view.linkCameras", open && arrangement.panes() > 1);
  bool linked = true;
  for (int index = 0; index < SideViews::count; ++index)
    linked = linked && m_views->view(index).linked;
  m_context.actions->action("view.linkCameras")->setChecked(linked);
  enable("view.saveLayout", open);
}

// Cameras ----------------------------------------------------------------------------------------

CloudPanel* ViewPart::activeCloud()
{
  const QString current = m_context.views->currentView();
  for (int index = 0; index < SideViews::count; ++index)
    if (current == sideId(index))
      if (CloudPanel* panel = m_clouds[static_cast<std::size_t>(index)]->panel())
        return panel;
  return m_context.cloud;
}

std::vector<CloudPanel*> ViewPart::furtherClouds() const
{
  std::vector<CloudPanel*> panels;
  for (SideCloud* cloud : m_clouds)
    if (CloudPanel* panel = cloud->panel())
      panels.push_back(panel);
  return panels;
}

void ViewPart::connectSide(int index, CloudPanel* panel)
{
  CloudView* first = m_context.cloud->view();
  CloudView* view = panel->view();
  view->setTool(first->tool());
  view->setVisibleOnly(first->visibleOnly());
  panel->takeOverlays(*m_context.cloud);
  connect(view, &CloudView::toolChanged, first, &CloudView::setTool);
  connect(view, &CloudView::cameraChanged, this, [this, index] {
    if (m_views->view(index).linked)
      follow(index);
  });
  connect(panel, &CloudPanel::cameraMoved, this,
          [this, index](const Camera& before, const Camera& after) {
            recordSide(index, before, after);
          });
  const SideView& state = m_views->view(index);
  if (state.linked)
    follow(-1);
  else if (state.camera)
    view->setCamera(*state.camera);
  emit furtherCloudChanged(panel);
}

void ViewPart::follow(int source)
{
  if (m_following)
    return;
  const QScopedValueRollback following(m_following, true);
  CloudView* first = m_context.cloud->view();
  CloudView* moved =
      source < 0 ? first : m_clouds[static_cast<std::size_t>(source)]->panel()->view();
  const auto bring = [moved](CloudView* view) {
    // A plane is looked at from above only: it does not turn with a cloud in space.
    if (view != moved && view->isPlanar() == moved->isPlanar())
      view->setCamera(carriedOver(moved->camera(), moved->bounds(), view->bounds()));
  };
  if (source >= 0)
    bring(first);
  for (int index = 0; index < SideViews::count; ++index) {
    CloudPanel* panel = m_clouds[static_cast<std::size_t>(index)]->panel();
    if (panel && m_views->view(index).linked)
      bring(panel->view());
  }
}

void ViewPart::recordSide(int index, const Camera& before, const Camera& after)
{
  CloudView* first = m_context.cloud->view();
  CloudView* view = m_clouds[static_cast<std::size_t>(index)]->panel()->view();
  if (!m_views->view(index).linked || first->isPlanar() != view->isPlanar()) {
    m_views->recordCamera(index, before, after);
    return;
  }
  // One camera for all: what undo brings back is the first view's, and the others follow.
  m_context.document->recordCamera(carriedOver(before, view->bounds(), first->bounds()),
                                   carriedOver(after, view->bounds(), first->bounds()));
}

// Settings of one view ---------------------------------------------------------------------------

void ViewPart::fillSettings(QMenu* menu, int index)
{
  menu->clear();
  const SideView now = m_views->view(index);
  const auto add = [this, index, now](QMenu* into, const QString& text, bool checked,
                                      const QString& step, auto change) {
    QAction* action = into->addAction(QString(text).replace(QLatin1Char('&'), QStringLiteral("&&")),
                                      this, [this, index, now, step, change] {
                                        SideView view = now;
                                        change(view);
                                        m_views->setView(index, view, step);
                                        showState();
                                      });
    action->setCheckable(true);
    action->setChecked(checked);
  };
  add(menu, tr("Camera turns with the first cloud"), now.linked, tr("Link the cameras"),
      [this, index](SideView& view) {
        view.linked = !view.linked;
        if (CloudPanel* panel = m_clouds[static_cast<std::size_t>(index)]->panel())
          view.camera = panel->view()->camera();
      });
  QMenu* colors = menu->addMenu(tr("Colour by"));
  colors->setAccessibleName(tr("Colour by"));
  const QString recolor = tr("Colour a view");
  add(colors, tr("As the first cloud"), !now.colorBy, recolor,
      [](SideView& view) { view.colorBy.reset(); });
  add(colors, tr("One colour"), now.colorBy == std::string(), recolor,
      [](SideView& view) { view.colorBy = std::string(); });
  if (const auto dictionary = m_context.document->dictionary())
    for (const Column& column : dictionary->columns)
      add(colors, visibleText(column.name, 60), now.colorBy == column.name, recolor,
          [name = column.name](SideView& view) { view.colorBy = name; });
  QMenu* maps = menu->addMenu(tr("Map"));
  maps->setAccessibleName(tr("Map"));
  const QString remap = tr("Choose the map of a view");
  add(maps, tr("As the first cloud"), now.map.empty(), remap,
      [](SideView& view) { view.map.clear(); });
  if (m_maps)
    for (const StudiedMap& studied : m_maps->maps())
      add(maps, visibleText(studied.embedding->description, 90),
          now.map == studied.embedding->description, remap,
          [map = studied.embedding->description](SideView& view) { view.map = map; });
}

// Kept -------------------------------------------------------------------------------------------

QJsonObject ViewPart::sideState() const
{
  QJsonArray views;
  for (int index = 0; index < SideViews::count; ++index) {
    const SideView& view = m_views->view(index);
    QJsonObject kept{{QStringLiteral("map"), QString::fromStdString(view.map)},
                     {QStringLiteral("linked"), view.linked}};
    if (view.colorBy)
      kept[QStringLiteral("colorBy")] = QString::fromStdString(*view.colorBy);
    std::optional<Camera> camera = view.camera;
    if (CloudPanel* panel = m_clouds[static_cast<std::size_t>(index)]->panel();
        panel && !view.linked)
      camera = panel->view()->camera();
    if (camera) {
      const QJsonObject numbers = cameraJson(*camera);
      for (auto it = numbers.begin(); it != numbers.end(); ++it)
        kept[it.key()] = it.value();
    }
    views.append(kept);
  }
  return {{QStringLiteral("views"), views}};
}

void ViewPart::restoreSide(const QJsonObject& kept)
{
  const QJsonArray views = kept[QStringLiteral("views")].toArray();
  for (int index = 0; index < SideViews::count; ++index) {
    const QJsonObject one = views.at(index).toObject();
    SideView view;
    if (one.contains(QStringLiteral("colorBy")))
      view.colorBy = one[QStringLiteral("colorBy")].toString().toStdString();
    view.map = one[QStringLiteral("map")].toString().toStdString();
    view.linked = one[QStringLiteral("linked")].toBool(true);
    view.camera = cameraOf(one);
    m_views->restore(index, view);
  }
  showState();
}

// Layouts under names ----------------------------------------------------------------------------

QJsonObject ViewPart::allLayouts() const
{
  QJsonObject all = m_sessionLayouts;
  const QJsonObject own = m_context.settings->layouts();
  for (auto it = own.begin(); it != own.end(); ++it)
    all[it.key()] = it.value();
  return all;
}

QStringList ViewPart::layouts() const
{
  return allLayouts().keys();
}

void ViewPart::saveLayout(const QString& name)
{
  QJsonObject own = m_context.settings->layouts();
  own[cleanName(name)] = m_layout();
  m_context.settings->setLayouts(own);
  m_sessionLayouts.remove(cleanName(name));
  m_context.messages->add(
      {Message::Kind::Note,
       tr("The layout is kept as “%1”; View ▸ Saved layouts brings it back.").arg(cleanName(name)),
       {},
       {},
       false});
  emit layoutsChanged();
}

void ViewPart::applyLayout(const QString& name)
{
  const QJsonObject layout = allLayouts()[name].toObject();
  if (layout.isEmpty())
    return;
  const ViewArrangement before = m_context.views->arrangement();
  m_restoreLayout(layout);
  const ViewArrangement after = m_context.views->arrangement();
  if (!(before == after))
    emit m_context.views->arranged(before, after);
}

void ViewPart::renameLayout(const QString& name, const QString& newName)
{
  const QString wanted = cleanName(newName);
  if (wanted.isEmpty() || wanted == name || layouts().contains(wanted))
    return;
  QJsonObject own = m_context.settings->layouts();
  own[wanted] = allLayouts()[name];
  own.remove(name);
  m_sessionLayouts.remove(name);
  m_context.settings->setLayouts(own);
  emit layoutsChanged();
}

void ViewPart::removeLayout(const QString& name)
{
  QJsonObject own = m_context.settings->layouts();
  own.remove(name);
  m_sessionLayouts.remove(name);
  m_context.settings->setLayouts(own);
  emit layoutsChanged();
}

void ViewPart::fillLayouts(QMenu* menu)
{
  menu->clear();
  const QStringList names = layouts();
  for (const QString& name : names)
    menu->addAction(visibleText(name.toStdString(), 60).replace(QLatin1Char('&'), "&&"), this,
                    [this, name] { applyLayout(name); });
  if (names.isEmpty())
    menu->addAction(tr("none yet"))->setEnabled(false);
}

void ViewPart::editLayouts()
{
  LayoutDialog dialog(this, m_context.window);
  dialog.exec();
}

}  // namespace orrery
