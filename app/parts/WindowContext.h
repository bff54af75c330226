// What the main window lends to its parts. Each scale's share of the window (panels, views, answers
// to its actions) is a part of its own, so that MainWindow only creates, places and connects.
#pragma once

#include "app/ActionTable.h"
#include "app/Settings.h"
#include "core/document/Annotations.h"
#include "core/document/Document.h"
#include "core/io/ResultFile.h"
#include "widgets/panels/CloudPanel.h"
#include "widgets/panels/MessageBar.h"
#include "widgets/views/ViewArea.h"

#include <QDockWidget>
#include <QJsonObject>
#include <QString>
#include <QWidget>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace orrery {

/// All of it outlives the parts.
struct WindowContext {
  QWidget* window = nullptr;  ///< Parent of dialogs.
  Document* document = nullptr;
  Annotations* annotations = nullptr;  ///< Notes, kept selections, filters: undoable.
  ActionTable* actions = nullptr;
  Settings* settings = nullptr;
  MessageBar* messages = nullptr;
  CloudPanel* cloud = nullptr;
  ViewArea* views = nullptr;
  /// Docks @p content behind the panels that are in that area already. @p id is what the saved
  /// layout calls it. Nothing to show yet: @p shown false.
  std::function<QDockWidget*(const char* id, const QString& title, QWidget* content,
                             Qt::DockWidgetArea area, bool shown)>
      addPanel;
  /// The job bar shows it, and the window stops it at the end and with "stop all jobs".
  std::function<void(JobRunner* job)> addJob;
  /// Where a table called @p name shall go, with an ending that writeResult() knows; empty:
  /// nowhere.
  std::function<QString(const QString& name)> askFileName;
  /// Writes what @p make gives, on a worker, and then says @p sentence, with %1 for the file's
  /// name.
  std::function<void(const std::filesystem::path& path, const QString& sentence,
                     std::function<ResultTable()> make)>
      saveTable;
  /// What a part wants sessions to keep, beside columns of the dictionary, which they keep anyway:
  /// a JSON object, data only. @p restore is called after the layers are there and must check what
  /// it is given; it is not called where a session has nothing of this name.
  std::function<void(const std::string& name, std::function<QJsonObject()> save,
                     std::function<void(const QJsonObject&)> restore)>
      keepState;

  /// Calls @p handler when the action of this name is chosen.
  template <typename Handler>
  void on(std::string_view id, QObject* receiver, Handler handler) const
  {
    QObject::connect(actions->action(id), &QAction::triggered, receiver, handler);
  }
};

}  // namespace orrery
