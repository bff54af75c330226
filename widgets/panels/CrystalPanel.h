// Relations, distractors, search and making of crystals: edits what CrystalStudy is asked for and
// shows what it has as tables.
#pragma once

#include "core/document/CrystalStudy.h"
#include "widgets/panels/ValueTable.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QWidget>

#include <array>
#include <string>
#include <vector>

namespace orrery {

class CrystalPanel : public QWidget {
  Q_OBJECT
 public:
  CrystalPanel(Document* document, CrystalStudy* study, QWidget* parent = nullptr);

  [[nodiscard]] CrystalSearchOptions options() const;
  [[nodiscard]] CrystalStudy* study() { return m_study; }
  [[nodiscard]] QTabWidget* tabs() { return m_tabs; }
  [[nodiscard]] ValueTable* relations() { return m_relations; }
  [[nodiscard]] ValueTable* families() { return m_families; }
  [[nodiscard]] ValueTable* crystals() { return m_crystals; }
  [[nodiscard]] ValueTable* criteria() { return m_criteria; }

 public slots:
  void makeFromSelection();
  void askPlanes();
  void askLength();

 signals:
  void loadRequested();
  /// Of these relations; none: of all.
  void planesRequested(const std::vector<std::string>& only);
  void lengthRequested(const std::vector<std::string>& only);
  void saveRequested(const orrery::ResultTable& table, const QString& stem);

 private:
  QWidget* relationPage();
  QWidget* searchPage();
  QWidget* onePage();
  void clean();
  /// Names of the relations that are selected in their table.
  [[nodiscard]] std::vector<std::string> chosenRelations() const;
  void showRelations();
  void showCleaned();
  void showFindings();
  void showEstimate();
  void showWhyNot();
  void showSelection();
  void askEstimate();
  [[nodiscard]] bool searchesCleaned() const;

  Document* m_document;
  CrystalStudy* m_study;
  QTabWidget* m_tabs;
  ValueTable *m_relations, *m_families, *m_crystals, *m_criteria;
  QComboBox *m_method, *m_solver, *m_column, *m_space, *m_mode;
  QSpinBox *m_components, *m_nulls, *m_groups;
  QDoubleSpinBox *m_residual, *m_least;
  QPushButton *m_clean, *m_asLayer, *m_planes, *m_length, *m_search, *m_stop, *m_fromSelection;
  QLabel *m_chosenText, *m_cleanedText, *m_estimateText, *m_foundText, *m_whyNotText;
  QLineEdit *m_filter, *m_algebra;
  std::array<QLineEdit*, 4> m_corners{};
  QTimer m_estimateSoon;
};

}  // namespace orrery
