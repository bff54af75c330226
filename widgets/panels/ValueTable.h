// A table of results: sorted by a click on its head, saved by its button.
#pragma once

#include "widgets/models/ValueTableModel.h"

#include <QLabel>
#include <QString>
#include <QTableView>
#include <QToolButton>
#include <QWidget>

#include <vector>

namespace orrery {

class ValueTable : public QWidget {
  Q_OBJECT
 public:
  /// @p name is what screen readers call it; @p stem names its files.
  ValueTable(const QString& name, const QString& stem, QWidget* parent = nullptr);

  /// Keeps sorting and filter.
  void setTable(std::vector<ValueColumn> columns, std::vector<std::vector<QVariant>> rows);
  [[nodiscard]] ValueTableModel* model() { return m_model; }
  [[nodiscard]] ValueFilter* filter() { return m_filter; }
  [[nodiscard]] QTableView* table() { return m_table; }
  /// A line above the table.
  void setTitle(const QString& title);
  /// Several rows can be selected.
  void setMultiple();
  /// Rows of the model, ascending.
  [[nodiscard]] std::vector<int> selectedRows() const;
  /// Row of the model that is current; −1: none.
  [[nodiscard]] int currentRow() const;

 signals:
  /// Clicked, or reached by keys; a row of the model.
  void rowChosen(int row);
  void selectionChanged();
  void saveRequested(const orrery::ResultTable& table, const QString& stem);

 private:
  ValueTableModel* m_model;
  ValueFilter* m_filter;
  QTableView* m_table;
  QLabel* m_title;
  QToolButton* m_save;
  QString m_stem;
};

}  // namespace orrery
