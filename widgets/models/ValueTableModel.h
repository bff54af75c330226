// Rows of texts and numbers: shown, sorted by value, filtered, saved. What a list of results is.
#pragma once

#include "core/io/ResultFile.h"

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QString>
#include <QVariant>

#include <string>
#include <vector>

namespace orrery {

struct ValueColumn {
  std::string key;  ///< In saved tables.
  QString title;
  QString tip;
  bool number = true;
  int decimals = 3;  ///< 0: whole numbers.
};

class ValueTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  static constexpr int ValueRole = Qt::UserRole;  ///< What rows are sorted by.

  using QAbstractTableModel::QAbstractTableModel;

  /// A cell is a QString or a double; NaN shows as a dash. Rows are as long as @p columns.
  void setTable(std::vector<ValueColumn> columns, std::vector<std::vector<QVariant>> rows);
  [[nodiscard]] const std::vector<ValueColumn>& columns() const { return m_columns; }
  [[nodiscard]] const QVariant& value(int row, int column) const;
  [[nodiscard]] ResultTable table() const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::vector<ValueColumn> m_columns;
  std::vector<std::vector<QVariant>> m_rows;
};

/// Sorts by value; keeps rows that hold every word of a text, reach a least value in one column,
/// and equal a value in another.
class ValueFilter : public QSortFilterProxyModel {
  Q_OBJECT
 public:
  explicit ValueFilter(QObject* parent = nullptr);

  void setText(const QString& text);
  void setLeast(int column, double least);
  /// NaN: all rows.
  void setOnly(int column, double value);

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

 private:
  QStringList m_words;
  int m_leastColumn = -1;
  double m_least = 0.0;
  int m_onlyColumn = -1;
  double m_only = 0.0;
};

}  // namespace orrery
