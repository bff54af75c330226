// The atom scale in the window: relations, crystals and their view.
#pragma once

#include "app/parts/WindowContext.h"
#include "core/document/CrystalState.h"
#include "core/document/CrystalStudy.h"
#include "widgets/panels/CrystalInspector.h"
#include "widgets/panels/CrystalPanel.h"
#include "widgets/plots/LengthPlot.h"
#include "widgets/views/PlanesView.h"

#include <QObject>

namespace orrery {

class CrystalPart : public QObject {
  Q_OBJECT
 public:
  explicit CrystalPart(const WindowContext& context, QObject* parent = nullptr);

  [[nodiscard]] CrystalStudy* study() { return m_study; }
  [[nodiscard]] CrystalPanel* panel() { return m_panel; }
  [[nodiscard]] CrystalInspector* inspector() { return m_inspector; }
  [[nodiscard]] PlanesView* planes() { return m_planes; }

 private:
  void choosePairs();
  void goTo(FeatureId feature);
  void saveTable(const ResultTable& table, const QString& stem);
  QString askFileName(const QString& stem, const QString& forms);
  /// Says what went wrong, if anything does.
  void saving(const QString& file, const std::function<void()>& save);
  /// Of the crystal that is looked at, without itself; drawn dimly.
  [[nodiscard]] std::vector<Crystal> family() const;
  void showShapes();
  void showPlanes();
  void showState();

  WindowContext m_context;
  CrystalState m_kept;  ///< As the session had it.
  CrystalStudy* m_study;
  CrystalPanel* m_panel;
  CrystalInspector* m_inspector;
  PlanesView* m_planes;
  LengthPlot* m_length;
  QDockWidget* m_panelDock;
  QDockWidget* m_inspectorDock;
};

}  // namespace orrery
