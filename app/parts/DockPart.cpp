#include "app/parts/DockPart.h"

#include "core/document/ChangeCommand.h"

#include <QAbstractButton>
#include <QEvent>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <utility>

namespace orrery {
namespace {

constexpr int glideMs = 400;

}  // namespace

DockPart::DockPart(QMainWindow* window, QUndoStack* undo, QObject* parent)
    : QObject(parent), m_window(window), m_undo(undo)
{
  m_rest.setSingleShot(true);
  connect(&m_rest, &QTimer::timeout, this, &DockPart::end);
  // The dividers between panels are the window's own.
  window->installEventFilter(this);
}

void DockPart::watch(QDockWidget* dock)
{
  m_docks << dock;
  dock->installEventFilter(this);
  const auto buttons = dock->findChildren<QAbstractButton*>(Qt::FindDirectChildrenOnly);
  for (QAbstractButton* button : buttons)  // close and float
    button->installEventFilter(this);
  connect(dock->toggleViewAction(), &QAction::triggered, this,
          [this, dock](bool shown) { show(dock, shown); });
}

bool DockPart::eventFilter(QObject* watched, QEvent* event)
{
  if (event->type() == QEvent::MouseButtonPress)
    begin();
  else if (event->type() == QEvent::MouseButtonRelease)
    // A panel that is dropped glides to its place, and floats until it is there.
    m_rest.start(floating() == m_floating ? 0 : glideMs);
  return QObject::eventFilter(watched, event);
}

QByteArray DockPart::arrangement() const
{
  QJsonArray docks;
  for (const QDockWidget* dock : m_docks) {
    QJsonObject place{
        {QStringLiteral("shown"), !dock->isHidden()},
        {QStringLiteral("floating"), dock->isFloating()},
        {QStringLiteral("area"), m_window->dockWidgetArea(const_cast<QDockWidget*>(dock))}};
    // One behind another's tab has no size of its own.
    if (!dock->isHidden() && !dock->visibleRegion().isEmpty()) {
      const QRect rect = dock->geometry();
      place[QStringLiteral("rect")] = QJsonArray{rect.x(), rect.y(), rect.width(), rect.height()};
    }
    docks.append(place);
  }
  return QJsonDocument(docks).toJson(QJsonDocument::Compact);
}

QList<bool> DockPart::floating() const
{
  QList<bool> all;
  for (const QDockWidget* dock : m_docks)
    all << dock->isFloating();
  return all;
}

void DockPart::begin()
{
  if (m_rest.isActive()) {
    m_rest.stop();
    end();
  }
  m_state = m_window->saveState();
  m_arrangement = arrangement();
  m_floating = floating();
}

void DockPart::end()
{
  const QByteArray before = std::exchange(m_state, {});
  if (before.isEmpty() || arrangement() == m_arrangement)
    return;
  const QByteArray after = m_window->saveState();
  // It is done already: the first "redo" only notes it.
  m_undo->push(new ChangeCommand(
      0, tr("Arrange the panels"),
      [window = m_window, after, first = true]() mutable {
        if (!first)
          window->restoreState(after);
        first = false;
      },
      [window = m_window, before] { window->restoreState(before); }));
}

void DockPart::show(QDockWidget* dock, bool shown)
{
  const auto put = [dock](bool wanted) {
    dock->setVisible(wanted);
    if (wanted)
      dock->raise();
  };
  m_undo->push(new ChangeCommand(
      0, shown ? tr("Show %1").arg(dock->windowTitle()) : tr("Close %1").arg(dock->windowTitle()),
      [put, shown] { put(shown); }, [put, shown] { put(!shown); }));
}

}  // namespace orrery
