// Selections: kept under names, grown, pasted and loaded.
#pragma once

#include "app/parts/WindowContext.h"
#include "core/document/CrystalStudy.h"
#include "core/io/FeatureListFile.h"
#include "widgets/panels/SelectionPanel.h"

#include <QObject>

#include <filesystem>
#include <functional>

namespace orrery {

class SelectionPart : public QObject {
  Q_OBJECT
 public:
  explicit SelectionPart(const WindowContext& context, QObject* parent = nullptr);

  /// Where crystals come from that a selection can grow by.
  void setCrystals(CrystalStudy* crystals);
  [[nodiscard]] SelectionPanel* panel() { return m_panel; }

  /// As if pasted: selects by the panel's mode and says what was not found.
  void selectList(const QString& text);
  void loadList(const std::filesystem::path& path);
  void keepSelection(const QString& name);
  void growByNeighbors(int count);
  /// Looks at the cloud as the kept selection was drawn.
  void draw(const std::string& name);

  /// What only the user can decide; a dialog by default.
  std::function<QString(const QString& suggestion)> askName;

 private:
  void growByCrystals();
  void take(const FoundFeatures& found, const QString& from);
  void showFilter();
  void showState();
  void saveSelections();

  WindowContext m_context;
  SelectionPanel* m_panel;
  CrystalStudy* m_crystals = nullptr;
  JobRunner m_listJob, m_growJob;
  /// What the last region gave, to know whether the selection still is that.
  std::vector<FeatureId> m_drawn;
  DrawnRegion m_region;
};

}  // namespace orrery
