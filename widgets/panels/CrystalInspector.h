// The crystal that is looked at: its drawing before and after, its corners, all measures with their
// nulls, and what is nearest to b − a + c.
#pragma once

#include "core/document/CrystalStudy.h"
#include "widgets/panels/ValueTable.h"
#include "widgets/views/PlanarDrawing.h"

#include <QLabel>
#include <QToolButton>
#include <QWidget>

#include <array>

namespace orrery {

class CrystalInspector : public QWidget {
  Q_OBJECT
 public:
  CrystalInspector(Document* document, CrystalStudy* study, QWidget* parent = nullptr);

  [[nodiscard]] PlanarDrawing* drawing() { return m_drawing; }
  [[nodiscard]] ValueTable* measures() { return m_measures; }
  [[nodiscard]] ValueTable* fourthCorner() { return m_fourth; }
  [[nodiscard]] QToolButton* corner(std::size_t i) { return m_corners[i]; }

 signals:
  /// The user wants to see this corner.
  void cornerChosen(orrery::FeatureId feature);
  void saveRequested(const orrery::ResultTable& table, const QString& stem);
  void saveDrawingRequested();

 private:
  void showCrystal();
  void showReport();

  Document* m_document;
  CrystalStudy* m_study;
  std::array<QToolButton*, 4> m_corners{};
  QToolButton* m_save;
  QLabel *m_note, *m_effect;
  PlanarDrawing* m_drawing;
  ValueTable *m_measures, *m_fourth;
};

}  // namespace orrery
