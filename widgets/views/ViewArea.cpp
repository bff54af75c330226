#include "widgets/views/ViewArea.h"

#include "widgets/panels/IconButton.h"

#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QMenu>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

using Shape = ViewArrangement::Shape;

constexpr struct {
  Shape shape;
  const char* name;  ///< In sessions; stable.
  int panes;
  std::array<int, 4> columns;  ///< Of each pane.
} shapes[] = {{Shape::Single, "single", 1, {0, 0, 0, 0}},
              {Shape::Columns, "columns", 2, {0, 1, 0, 0}},
              {Shape::Rows, "rows", 2, {0, 0, 0, 0}},
              {Shape::OneAndTwo, "one and two", 3, {0, 1, 1, 0}},
              {Shape::Grid, "grid", 4, {0, 1, 0, 1}}};

const auto& entry(Shape shape)
{
  return *std::find_if(std::begin(shapes), std::end(shapes),
                       [shape](const auto& known) { return known.shape == shape; });
}

QToolButton* headerButton(const QString& iconName, const QString& name, QWidget* parent)
{
  QToolButton* button = iconButton(iconName, name, name, parent);
  button->setIconSize(QSize(16, 16));
  return button;
}

}  // namespace

int ViewArrangement::panes() const
{
  return entry(shape).panes;
}

// One pane ---------------------------------------------------------------------------------------

ViewPane::ViewPane(int number, QWidget* parent)
    : QWidget(parent),
      m_header(new QWidget(this)),
      m_title(new QToolButton(m_header)),
      m_titleMenu(new QMenu(this)),
      m_sentence(new QLabel(this))
{
  setAccessibleName(tr("View %1").arg(number));
  m_header->setAccessibleName(tr("Title of view %1").arg(number));
  m_header->setAutoFillBackground(true);
  m_header->setBackgroundRole(QPalette::Window);
  m_header->installEventFilter(this);
  m_title->setAccessibleName(tr("What view %1 shows").arg(number));
  m_title->setToolTip(tr("Choose what is shown here"));
  m_title->setToolButtonStyle(Qt::ToolButtonTextOnly);
  m_title->setPopupMode(QToolButton::InstantPopup);
  m_title->setAutoRaise(true);
  m_title->setMenu(m_titleMenu);
  m_titleMenu->setAccessibleName(tr("Views"));
  m_options = headerButton(QStringLiteral("palette"), tr("Settings of this view"), m_header);
  m_options->setPopupMode(QToolButton::InstantPopup);
  m_maximize = headerButton(QStringLiteral("maximize"), tr("Enlarge this view"), m_header);
  m_maximize->setCheckable(true);
  m_close = headerButton(QStringLiteral("close"), tr("Take this view away"), m_header);
  m_sentence->setTextFormat(Qt::PlainText);
  m_sentence->setWordWrap(true);
  m_sentence->setAccessibleName(tr("What view %1 shows, in a sentence").arg(number));
  m_sentence->setForegroundRole(QPalette::PlaceholderText);
  m_sentence->setContentsMargins(8, 2, 8, 3);
  m_sentence->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Minimum);
  auto* line = new QHBoxLayout(m_header);
  line->setContentsMargins(4, 1, 2, 1);
  line->setSpacing(0);
  line->addWidget(m_title);
  line->addStretch(1);
  for (QToolButton* button : {m_options, m_maximize, m_close})
    line->addWidget(button);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(m_header);
  layout->addWidget(m_sentence);
  setMinimumSize(140, 110);
  connect(m_maximize, &QToolButton::clicked, this, &ViewPane::maximizeRequested);
  connect(m_close, &QToolButton::clicked, this, &ViewPane::closeRequested);
}

void ViewPane::setView(QWidget* view)
{
  m_view = view;
  if (!view)
    return;
  static_cast<QVBoxLayout*>(layout())->insertWidget(1, view, 1);
  view->show();
}

void ViewPane::setChoices(const std::vector<std::pair<QString, QString>>& choices,
                          const QString& chosen)
{
  m_titleMenu->clear();
  for (const auto& [id, title] : choices) {
    QAction* action =
        m_titleMenu->addAction(title, this, [this, wanted = id] { emit viewChosen(wanted); });
    action->setCheckable(true);
    action->setChecked(id == chosen);
    if (id == chosen)
      m_title->setText(title);
  }
}

void ViewPane::setSentence(const QString& sentence)
{
  m_sentence->setText(sentence);
  m_sentence->setVisible(!sentence.isEmpty());
  setAccessibleDescription(sentence);
}

void ViewPane::setMenu(QMenu* menu)
{
  m_options->setMenu(menu);
  m_options->setVisible(menu);
}

void ViewPane::setHeaderShown(bool shown)
{
  m_header->setVisible(shown);
}

void ViewPane::setActive(bool active)
{
  QFont font = m_header->font();
  font.setBold(active);
  m_title->setFont(font);
}

void ViewPane::setMaximized(bool maximized)
{
  m_maximize->setChecked(maximized);
  const QString name = maximized ? tr("Show the other views again") : tr("Enlarge this view");
  m_maximize->setAccessibleName(name);
  m_maximize->setToolTip(name);
}

bool ViewPane::eventFilter(QObject* watched, QEvent* event)
{
  if (watched == m_header && event->type() == QEvent::MouseButtonDblClick) {
    emit maximizeRequested();
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

// The area ---------------------------------------------------------------------------------------

ViewArea::ViewArea(QWidget* parent)
    : QWidget(parent),
      m_bar(new QWidget(this)),
      m_tabs(new QTabBar(m_bar)),
      m_arrange(headerButton(QStringLiteral("views-four"), tr("Arrange the views"), m_bar)),
      m_outer(new QSplitter(Qt::Horizontal, this)),
      m_store(new QWidget(this))
{
  setAccessibleName(tr("Views"));
  m_bar->setAccessibleName(tr("Choice of views"));
  m_tabs->setAccessibleName(tr("Views"));
  m_tabs->setDocumentMode(true);
  m_tabs->setExpanding(false);
  m_tabs->setDrawBase(false);
  m_arrange->setPopupMode(QToolButton::InstantPopup);
  m_arrange->setToolTip(tr("Show one to four views side by side"));
  m_arrange->hide();
  m_bar->hide();
  m_store->setAccessibleName(tr("Views that are not shown"));
  m_store->hide();
  auto* line = new QHBoxLayout(m_bar);
  line->setContentsMargins(0, 0, 2, 0);
  line->setSpacing(0);
  line->addWidget(m_tabs, 1);
  line->addWidget(m_arrange, 0, Qt::AlignRight);
  m_outer->setAccessibleName(tr("Columns of views"));
  m_outer->setChildrenCollapsible(false);
  for (QSplitter*& column : m_columns) {
    column = new QSplitter(Qt::Vertical, m_outer);
    column->setAccessibleName(tr("Column of views"));
    column->setChildrenCollapsible(false);
    m_outer->addWidget(column);
  }
  for (std::size_t i = 0; i < m_panes.size(); ++i) {
    m_panes[i] = new ViewPane(static_cast<int>(i) + 1, this);
    m_panes[i]->hide();
    const int pane = static_cast<int>(i);
    connect(m_panes[i], &ViewPane::viewChosen, this,
            [this, pane](const QString& id) { chooseView(pane, id); });
    connect(m_panes[i], &ViewPane::maximizeRequested, this, [this, pane] {
      activate(pane);
      toggleMaximized();
    });
    connect(m_panes[i], &ViewPane::closeRequested, this, [this, pane] {
      ViewArrangement wanted = m_arrangement;
      wanted.maximized = -1;
      wanted.shares.clear();
      wanted.views.removeAt(pane);
      wanted.shape = wanted.views.size() == 3   ? Shape::OneAndTwo
                     : wanted.views.size() == 2 ? Shape::Columns
                                                : Shape::Single;
      change(wanted);
    });
  }
  for (QSplitter* splitter : splitters())
    connect(splitter, &QSplitter::splitterMoved, this, &ViewArea::takeDivision);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(m_bar);
  layout->addWidget(m_outer, 1);
  connect(m_tabs, &QTabBar::currentChanged, this, [this](int index) {
    if (const QString id = m_tabs->tabData(index).toString(); !id.isEmpty())
      showView(id);
  });
  // The pane that holds the focus is the one that commands mean.
  connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) {
    for (int pane = 0; pane < m_arrangement.panes(); ++pane)
      if (m_panes[static_cast<std::size_t>(pane)]->isAncestorOf(now))
        activate(pane);
  });
  placePanes();
  divide();
}

ViewArea::~ViewArea()
{
  // Focus moves while children go, and nobody is there to be told.
  disconnect(qApp, nullptr, this, nullptr);
}

ViewArea::View* ViewArea::find(const QString& id)
{
  const auto found =
      std::find_if(m_views.begin(), m_views.end(), [&](const View& view) { return view.id == id; });
  return found == m_views.end() ? nullptr : &*found;
}

const ViewArea::View* ViewArea::find(const QString& id) const
{
  return const_cast<ViewArea*>(this)->find(id);
}

void ViewArea::addView(const QString& id, const QString& title, QWidget* view, bool extra)
{
  m_views.push_back({id, title, {}, view, nullptr, extra});
  // The largest of the views' own minimums would keep the window from being small.
  view->setMinimumSize(120, 80);
  view->setParent(m_store);
  complete(m_arrangement);
  apply();
}

void ViewArea::setSentence(const QString& id, const QString& sentence)
{
  View* view = find(id);
  if (!view || view->sentence == sentence)
    return;
  view->sentence = sentence;
  for (int pane = 0; pane < m_arrangement.panes(); ++pane)
    if (m_arrangement.views.value(pane) == id)
      m_panes[static_cast<std::size_t>(pane)]->setSentence(sentence);
}

QString ViewArea::sentence(const QString& id) const
{
  const View* view = find(id);
  return view ? view->sentence : QString();
}

void ViewArea::setViewMenu(const QString& id, QMenu* menu)
{
  if (View* view = find(id)) {
    view->menu = menu;
    apply();
  }
}

void ViewArea::setArrangementMenu(QMenu* menu)
{
  m_arrange->setMenu(menu);
  m_arrange->show();
}

QString ViewArea::currentView() const
{
  return m_arrangement.views.value(m_active);
}

QWidget* ViewArea::view(const QString& id) const
{
  const View* found = find(id);
  return found ? found->widget : nullptr;
}

bool ViewArea::isShown(const QString& id) const
{
  const auto pane = m_arrangement.views.indexOf(id);
  return pane >= 0 && (m_arrangement.maximized < 0 || m_arrangement.maximized == pane);
}

void ViewArea::complete(ViewArrangement& arrangement) const
{
  const auto panes = static_cast<qsizetype>(arrangement.panes());
  QStringList views;
  for (const QString& id : std::as_const(arrangement.views)) {
    const bool fits = views.size() < panes && find(id) && !views.contains(id);
    if (fits)
      views << id;
  }
  // What is not asked for: the first view, then more clouds, then the other scales.
  const auto offer = [&](const View& view) {
    if (views.size() < panes && !views.contains(view.id))
      views << view.id;
  };
  if (!m_views.empty())
    offer(m_views.front());
  for (const bool extra : {true, false})
    for (const View& view : m_views)
      if (view.extra == extra)
        offer(view);
  arrangement.views = views;
  if (arrangement.maximized < 0 || arrangement.maximized >= arrangement.panes() || panes == 1)
    arrangement.maximized = -1;
  if (std::ranges::all_of(arrangement.shares, [](double share) { return share == 0.5; }))
    arrangement.shares.clear();
}

void ViewArea::setArrangement(ViewArrangement arrangement)
{
  complete(arrangement);
  if (arrangement == m_arrangement)
    return;
  const QString before = currentView();
  const bool reshaped = arrangement.shape != m_arrangement.shape;
  m_arrangement = std::move(arrangement);
  m_active = std::clamp(m_active, 0, m_arrangement.panes() - 1);
  if (m_arrangement.maximized >= 0)
    m_active = m_arrangement.maximized;
  if (reshaped)
    placePanes();
  divide();
  apply();
  if (!m_arrangement.shares.empty())  // among those that are shown now, once they have places
    QTimer::singleShot(0, this, &ViewArea::divide);
  if (currentView() != before)
    emit currentChanged(currentView());
  emit changed();
}

/// Puts the panes into their columns.
void ViewArea::placePanes()
{
  for (ViewPane* pane : m_panes) {
    pane->setParent(this);
    pane->hide();
  }
  const auto& shape = entry(m_arrangement.shape);
  for (int pane = 0; pane < shape.panes; ++pane) {
    const auto place = static_cast<std::size_t>(pane);
    QSplitter* column = m_columns[static_cast<std::size_t>(shape.columns[place])];
    column->addWidget(m_panes[place]);
    if (QWidget* handle = column->handle(column->count() - 1))
      handle->setAccessibleName(tr("Divider"));
  }
  m_outer->handle(1)->setAccessibleName(tr("Divider"));
}

/// Makes the screen match the arrangement.
void ViewArea::apply()
{
  const int panes = m_arrangement.panes();
  // First all that leaves, then all that comes: a view has one place at a time.
  for (std::size_t i = 0; i < m_panes.size(); ++i) {
    QWidget* shown = m_panes[i]->view();
    const View* wanted = find(m_arrangement.views.value(static_cast<int>(i)));
    const bool stays = static_cast<int>(i) < panes && wanted && wanted->widget == shown;
    if (shown && !stays) {
      shown->hide();
      shown->setParent(m_store);
      m_panes[i]->setView(nullptr);
    }
  }
  std::vector<std::pair<QString, QString>> choices;
  for (const View& view : m_views)
    choices.emplace_back(view.id, view.title);
  for (int i = 0; i < panes; ++i) {
    ViewPane* pane = m_panes[static_cast<std::size_t>(i)];
    const View* wanted = find(m_arrangement.views.value(i));
    if (wanted && pane->view() != wanted->widget)
      pane->setView(wanted->widget);
    pane->setChoices(choices, wanted ? wanted->id : QString());
    pane->setSentence(wanted ? wanted->sentence : QString());
    pane->setMenu(wanted ? wanted->menu : nullptr);
    pane->setHeaderShown(panes > 1);
    pane->setActive(i == m_active);
    pane->setMaximized(i == m_arrangement.maximized);
    pane->setVisible(m_arrangement.maximized < 0 || m_arrangement.maximized == i);
  }
  for (QSplitter* column : m_columns) {
    bool any = false;
    for (int i = 0; i < column->count(); ++i)
      any = any || !column->widget(i)->isHidden();
    column->setVisible(any);
  }
  showTabs();
}

void ViewArea::showTabs()
{
  const QSignalBlocker quiet(m_tabs);
  while (m_tabs->count() > 0)
    m_tabs->removeTab(0);
  for (const View& view : m_views)
    if (!view.extra || view.id == currentView()) {
      const int index = m_tabs->addTab(view.title);
      m_tabs->setTabData(index, view.id);
      if (view.id == currentView())
        m_tabs->setCurrentIndex(index);
    }
  m_tabs->setVisible(m_arrangement.panes() == 1);
  m_bar->setVisible(m_views.size() > 1);
}

void ViewArea::activate(int pane)
{
  if (pane == m_active || pane < 0 || pane >= m_arrangement.panes())
    return;
  m_active = pane;
  for (int i = 0; i < m_arrangement.panes(); ++i)
    m_panes[static_cast<std::size_t>(i)]->setActive(i == pane);
  emit currentChanged(currentView());
}

void ViewArea::showView(const QString& id)
{
  if (!find(id))
    return;
  ViewArrangement wanted = m_arrangement;
  const auto pane = static_cast<int>(wanted.views.indexOf(id));
  if (pane >= 0) {
    if (wanted.maximized >= 0)
      wanted.maximized = pane;
    setArrangement(wanted);
    activate(pane);
    return;
  }
  wanted.views[m_active] = id;
  setArrangement(wanted);
}

void ViewArea::chooseView(int pane, const QString& id)
{
  ViewArrangement wanted = m_arrangement;
  const auto other = wanted.views.indexOf(id);
  if (other >= 0)
    wanted.views[other] = wanted.views[pane];
  wanted.views[pane] = id;
  activate(pane);
  change(wanted);
}

void ViewArea::chooseShape(Shape shape)
{
  ViewArrangement wanted = m_arrangement;
  wanted.maximized = -1;
  wanted.shares.clear();
  if (shape == Shape::Single)
    wanted.views = {currentView()};
  wanted.shape = shape;
  change(wanted);
}

void ViewArea::toggleMaximized()
{
  if (m_arrangement.panes() == 1)
    return;
  ViewArrangement wanted = m_arrangement;
  wanted.maximized = wanted.maximized < 0 ? m_active : -1;
  change(wanted);
}

void ViewArea::choosePane(int pane)
{
  if (pane < 0 || pane >= m_arrangement.panes())
    return;
  if (m_arrangement.maximized >= 0 && m_arrangement.maximized != pane) {
    ViewArrangement wanted = m_arrangement;
    wanted.maximized = pane;
    setArrangement(wanted);
  }
  activate(pane);
  if (QWidget* shown = m_panes[static_cast<std::size_t>(pane)]->view()) {
    QWidget* target = shown;
    const auto inner = shown->findChildren<QWidget*>();
    for (QWidget* child : inner)
      if (target->focusPolicy() == Qt::NoFocus && child->focusPolicy() != Qt::NoFocus &&
          child->isVisibleTo(shown))
        target = child;
    target->setFocus(Qt::ShortcutFocusReason);
  }
}

void ViewArea::change(const ViewArrangement& wanted)
{
  const ViewArrangement before = m_arrangement;
  setArrangement(wanted);
  if (!(before == m_arrangement))
    emit arranged(before, m_arrangement);
}

// Kept -------------------------------------------------------------------------------------------

void ViewArea::divide()
{
  std::size_t place = 0;
  for (QSplitter* splitter : splitters()) {
    constexpr int whole = 10000;
    const double share = place < m_arrangement.shares.size() ? m_arrangement.shares[place] : 0.5;
    const int part = static_cast<int>(std::lround(std::clamp(share, 0.05, 0.95) * whole));
    splitter->setSizes({part, whole - part});
    ++place;
  }
}

/// A divider has been dragged.
void ViewArea::takeDivision()
{
  const ViewArrangement before = m_arrangement;
  m_arrangement.shares.resize(splitters().size(), 0.5);
  std::size_t place = 0;
  for (const QSplitter* splitter : splitters()) {
    const QList<int> sizes = splitter->sizes();
    // Where a part is hidden, it stays as it was.
    if (sizes.value(0) > 0 && sizes.value(1) > 0)
      m_arrangement.shares[place] =
          std::round(1000.0 * sizes.value(0) / (sizes.value(0) + sizes.value(1))) / 1000.0;
    ++place;
  }
  if (!(before == m_arrangement))
    emit arranged(before, m_arrangement);
}

QJsonObject ViewArea::state() const
{
  QJsonArray kept;
  for (std::size_t i = 0; i < splitters().size(); ++i)
    kept.append(i < m_arrangement.shares.size() ? m_arrangement.shares[i] : 0.5);
  return {{QStringLiteral("shape"), QLatin1String(entry(m_arrangement.shape).name)},
          {QStringLiteral("views"), QJsonArray::fromStringList(m_arrangement.views)},
          {QStringLiteral("maximized"), m_arrangement.maximized},
          {QStringLiteral("active"), m_active},
          {QStringLiteral("shares"), kept}};
}

void ViewArea::restoreState(const QJsonObject& state)
{
  ViewArrangement wanted;
  const QString name = state[QStringLiteral("shape")].toString();
  for (const auto& known : shapes)
    if (name == QLatin1String(known.name))
      wanted.shape = known.shape;
  const QJsonArray views = state[QStringLiteral("views")].toArray();
  for (const QJsonValue& id : views)
    wanted.views << id.toString();
  wanted.maximized = state[QStringLiteral("maximized")].toInt(-1);
  const QJsonArray kept = state[QStringLiteral("shares")].toArray();
  for (qsizetype i = 0; i < std::min<qsizetype>(kept.size(), 3); ++i)
    wanted.shares.push_back(kept[i].toDouble(0.5));
  setArrangement(wanted);
  activate(std::clamp(state[QStringLiteral("active")].toInt(), 0, m_arrangement.panes() - 1));
}

}  // namespace orrery
