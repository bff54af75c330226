// The brain scale in the window: co-occurrence, lobes, their locality and their views.
#pragma once

#include "app/parts/WindowContext.h"
#include "core/document/LobeStudy.h"
#include "widgets/lobes/LobeCurves.h"
#include "widgets/lobes/LobeFlowView.h"
#include "widgets/lobes/LobeHeatMap.h"
#include "widgets/lobes/LobePanel.h"
#include "widgets/lobes/LobeReplay.h"
#include "widgets/lobes/SixMaps.h"

#include <QObject>
#include <QTabWidget>

#include <filesystem>
#include <functional>
#include <vector>

namespace orrery {

class LobePart : public QObject {
  Q_OBJECT
 public:
  explicit LobePart(const WindowContext& context, QObject* parent = nullptr);

  [[nodiscard]] LobeStudy* study() { return m_study; }
  [[nodiscard]] LobePanel* panel() { return m_panel; }
  [[nodiscard]] SixMaps* maps() { return m_maps; }
  [[nodiscard]] LobeHeatMap* heatMap() { return m_heatMap; }
  [[nodiscard]] LobeCurves* curves() { return m_curves; }
  [[nodiscard]] LobeFlowView* flow() { return m_flow; }
  [[nodiscard]] LobeReplay* replay() { return m_replay; }

  /// Shows the document types that others found in their lobes.
  void openPublished(const std::filesystem::path& path);
  [[nodiscard]] DrawingView* published() { return m_published; }

  /// Takes the files that hold co-occurrences and gives the others to @p rest.
  void openFiles(const std::vector<std::filesystem::path>& paths,
                 std::function<void(std::vector<std::filesystem::path>)> rest);

 private:
  void showView(QWidget* view);
  void chooseCooccurrence();
  void chooseDocuments();
  void chooseTokenTexts();
  void choosePublished();
  void saveLobes();
  void showState();

  WindowContext m_context;
  LobeStudy* m_study;
  LobePanel* m_panel;
  QTabWidget* m_tabs;
  SixMaps* m_maps;
  LobeHeatMap* m_heatMap;
  LobeCurves* m_curves;
  LobeFlowView* m_flow;
  LobeReplay* m_replay;
  DrawingView* m_published;
  JobRunner m_saveJob;
};

}  // namespace orrery
