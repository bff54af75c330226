// The selection in numbers: kept ones under names, grown, by values, by lists.
#pragma once

#include "core/document/Annotations.h"
#include "core/document/Document.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSpinBox>
#include <QWidget>

#include <vector>

namespace orrery {

/// Everything chosen here replaces the selection, is added to it, taken from it, or cut with it, as
/// the line at the top says.
class SelectionPanel : public QWidget {
  Q_OBJECT
 public:
  SelectionPanel(Document* document, Annotations* annotations, QWidget* parent = nullptr);

  [[nodiscard]] SelectionModel::Mode mode() const;
  void setMode(SelectionModel::Mode mode);
  /// Combines @p features with the selection by mode().
  void apply(const std::vector<FeatureId>& features);
  /// The kept selection that is marked in the list; empty if none.
  [[nodiscard]] std::string chosen() const;
  /// A name that no kept selection has yet.
  [[nodiscard]] QString freshName() const;
  void setCrystalsKnown(bool known);
  [[nodiscard]] QString countText() const { return m_count->text(); }

 signals:
  void keepRequested();
  /// Its camera, and its outline over the cloud.
  void drawRequested(const std::string& name);
  void growRequested(int neighbors);
  void growByCrystalsRequested();
  void pasteRequested();
  void loadRequested();

 private:
  QWidget* makeKept();
  QWidget* makeValues();
  QWidget* makeGrowth();
  void showCount();
  void showKept();
  void showColumns();
  void showColumn();
  void showInside();
  void showFilter();
  [[nodiscard]] const Column* column() const;
  [[nodiscard]] ColumnFilter range() const;
  [[nodiscard]] std::vector<FeatureId> inside() const;

  Document* m_document;
  Annotations* m_annotations;
  QLabel* m_count;
  QComboBox* m_mode;
  QListWidget* m_kept;
  QPushButton *m_keep, *m_use, *m_draw, *m_forget;
  QComboBox* m_column;
  QComboBox* m_category;
  QWidget* m_range;
  QLineEdit *m_minimum, *m_maximum;
  QLabel* m_inside;
  QPushButton *m_useValues, *m_wholeGroups;
  QCheckBox* m_filter;
  QSpinBox* m_neighbors;
  QPushButton *m_grow, *m_matches, *m_crystals;
};

}  // namespace orrery
