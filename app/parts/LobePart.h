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

#include <QJsonObject>
#include <QObject>
#include <QStringList>
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

  /// Lobes from elsewhere: of features (.npz, .npy, HDF5: see readLobeFile) as the layer's own, of
  /// document types (.json: see readTypePartitions) as a picture.
  void openPublished(const std::filesystem::path& path);
  [[nodiscard]] DrawingView* published() { return m_published; }

  /// What sessions keep: which co-occurrences and document types belong to which layer.
  [[nodiscard]] QJsonObject saveState() const;
  void restoreState(const QJsonObject& state);
  /// Whether a session may open these files, which lie neither beside a dictionary that is open nor
  /// among those opened of late. A dialog unless set.
  void setQuestion(std::function<bool(const QStringList&)> mayOpen)
  {
    m_mayOpen = std::move(mayOpen);
  }

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
  [[nodiscard]] bool isKnownPlace(const std::filesystem::path& path) const;
  void showSentence();

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
  std::function<bool(const QStringList&)> m_mayOpen;
};

}  // namespace orrery
