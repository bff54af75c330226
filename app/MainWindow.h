// Creates, places and connects; knows no mathematics and draws nothing.
#pragma once

#include "app/ActionTable.h"
#include "app/Settings.h"
#include "core/document/Annotations.h"
#include "core/document/Document.h"
#include "core/io/ResultFile.h"
#include "widgets/panels/AppearancePanel.h"
#include "widgets/panels/CloudPanel.h"
#include "widgets/panels/FeaturePanel.h"
#include "widgets/panels/InspectorPanel.h"
#include "widgets/panels/JobBar.h"
#include "widgets/panels/MessageBar.h"
#include "widgets/panels/StartPage.h"
#include "widgets/views/ViewArea.h"

#include <QComboBox>
#include <QDockWidget>
#include <QJsonObject>
#include <QMainWindow>
#include <QPointer>
#include <QStackedWidget>
#include <QTabWidget>

#include <filesystem>
#include <functional>
#include <vector>

namespace orrery {

class DockPart;
class HelpDialog;
class LobePart;
class NotePart;
class PlotPart;
class SelectionPart;
class SessionPart;
class VectorPart;
class ViewPart;

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  /// @p settings outlives the window.
  explicit MainWindow(Settings* settings, QWidget* parent = nullptr);
  ~MainWindow() override;

  [[nodiscard]] Document* document() { return &m_document; }
  [[nodiscard]] ActionTable* actions() { return m_actions; }
  [[nodiscard]] CloudPanel* cloud() { return m_cloud; }
  [[nodiscard]] ViewArea* views() { return m_views; }
  [[nodiscard]] FeaturePanel* featurePanel() { return m_features; }
  [[nodiscard]] InspectorPanel* inspector() { return m_inspector; }
  [[nodiscard]] MessageBar* messages() { return m_messages; }
  [[nodiscard]] Annotations* annotations() { return &m_annotations; }
  [[nodiscard]] SessionPart* session() { return m_session; }

  [[nodiscard]] ViewPart* viewPart() { return m_viewPart; }
  [[nodiscard]] SelectionPart* selectionPart() { return m_selectionPart; }
  [[nodiscard]] NotePart* notePart() { return m_notePart; }
  [[nodiscard]] PlotPart* plotPart() { return m_plotPart; }
  [[nodiscard]] VectorPart* vectorPart() { return m_vectorPart; }
  [[nodiscard]] LobePart* lobes() { return m_lobePart; }

  /// As dropped: what can be read without a question is, the rest says why not.
  void openFiles(const std::vector<std::filesystem::path>& paths);
  /// Through the dialog that shows what is in the file.
  void openWithDialog(const std::filesystem::path& path);

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void makeMenus();
  void makeToolBar();
  void makeDocks();
  void makeStatusBar();
  void connectActions();
  void connectDocument();
  void makeParts();
  [[nodiscard]] QJsonObject layout() const;
  void restoreLayout(const QJsonObject& layout);
  void showTitle();
  void cancelJobs();
  /// The cloud that commands of the camera mean.
  [[nodiscard]] CloudPanel* activeCloud() const;
  QDockWidget* dock(const char* id, const QString& title, QWidget* content,
                    Qt::DockWidgetArea area);

  void chooseFiles();
  void chooseLabels();
  void saveTable(const std::filesystem::path& path, const QString& sentence,
                 std::function<ResultTable()> make);
  void saveFeatures(const std::vector<FeatureId>& features, const QString& name);
  void saveNeighbors(const NeighborList& list);
  QString askFileName(const QString& name);
  void setTheme(ThemeChoice theme);
  void stepLayer(int step);
  void exportFigure();
  /// Whether the active view is a cloud.
  [[nodiscard]] bool showsCloud() const;
  void showHelp();

  /// The start page stands alone; what was open beside the cloud comes back with it.
  void showDocks(bool shown);
  void showLayers();
  void showState();
  void showStatus();
  void showTool(CloudTool tool);
  void showLegend();

  Settings* m_settings;
  Document m_document;
  Annotations m_annotations{&m_document};
  DockPart* m_dockPart = nullptr;
  SessionPart* m_session = nullptr;
  ViewPart* m_viewPart = nullptr;
  SelectionPart* m_selectionPart = nullptr;
  NotePart* m_notePart = nullptr;
  PlotPart* m_plotPart = nullptr;
  VectorPart* m_vectorPart = nullptr;
  ActionTable* m_actions;
  QStackedWidget* m_center;
  StartPage* m_start;
  ViewArea* m_views;
  CloudPanel* m_cloud;
  FeaturePanel* m_features;
  InspectorPanel* m_inspector;
  AppearancePanel* m_appearance;
  MessageBar* m_messages;
  QComboBox* m_layer;
  QAction* m_layerPlace = nullptr;  ///< Of the box in the tool bar.
  QLabel* m_status;
  QLabel* m_hint;
  JobBar* m_jobBar = nullptr;
  QMenu* m_panelMenu = nullptr;
  QPointer<HelpDialog> m_help;
  std::vector<JobRunner*> m_partJobs;
  LobePart* m_lobePart = nullptr;  ///< One of them.
  std::vector<QObject*> m_parts;
  QMenu* m_recentMenu = nullptr;
  QList<QDockWidget*> m_docks;
  QList<QDockWidget*> m_waitingDocks;  ///< Hidden while the start page is shown.
  bool m_docksShown = true;
  JobRunner m_saveJob;
};

}  // namespace orrery
