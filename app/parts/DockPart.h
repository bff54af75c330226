// What people do to the panels around the views: showing, closing, moving, sizing them, as steps to
// undo.
#pragma once

#include <QByteArray>
#include <QDockWidget>
#include <QList>
#include <QMainWindow>
#include <QObject>
#include <QTimer>
#include <QUndoStack>

namespace orrery {

/// Watches the hands, not the panels: what the program itself shows or moves is no step.
class DockPart : public QObject {
  Q_OBJECT
 public:
  DockPart(QMainWindow* window, QUndoStack* undo, QObject* parent = nullptr);

  void watch(QDockWidget* dock);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  /// Where every panel is, and how large.
  [[nodiscard]] QByteArray arrangement() const;
  [[nodiscard]] QList<bool> floating() const;
  void begin();
  void end();
  void show(QDockWidget* dock, bool shown);

  QMainWindow* m_window;
  QUndoStack* m_undo;
  QList<QDockWidget*> m_docks;
  QByteArray m_state;        ///< Of the window when the hand went down; empty: it is up.
  QByteArray m_arrangement;  ///< And what it looked like.
  QList<bool> m_floating;
  QTimer m_rest;
};

}  // namespace orrery
