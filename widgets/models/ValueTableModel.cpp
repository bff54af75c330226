#include "widgets/models/ValueTableModel.h"

#include "widgets/models/FeatureText.h"

#include <cmath>
#include <utility>

namespace orrery {

void ValueTableModel::setTable(std::vector<ValueColumn> columns,
                               std::vector<std::vector<QVariant>> rows)
{
  beginResetModel();
  m_columns = std::move(columns);
  m_rows = std::move(rows);
  endResetModel();
}

const QVariant& ValueTableModel::value(int row, int column) const
{
  return m_rows[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
}

ResultTable ValueTableModel::table() const
{
  ResultTable table;
  const auto n = static_cast<std::int64_t>(m_rows.size());
  for (std::size_t c = 0; c < m_columns.size(); ++c) {
    const ValueColumn& column = m_columns[c];
    if (!column.number) {
      std::vector<std::string> texts;
      for (const auto& row : m_rows)
        texts.push_back(row[c].toString().toStdString());
      table.arrays.push_back({column.key, {n}, std::move(texts)});
    } else if (column.decimals == 0) {
      std::vector<std::int64_t> numbers;
      for (const auto& row : m_rows)
        numbers.push_back(std::llround(row[c].toDouble()));
      table.arrays.push_back({column.key, {n}, std::move(numbers)});
    } else {
      std::vector<double> numbers;
      for (const auto& row : m_rows)
        numbers.push_back(row[c].toDouble());
      table.arrays.push_back({column.key, {n}, std::move(numbers)});
    }
  }
  return table;
}

int ValueTableModel::rowCount(const QModelIndex& parent) const
{
  return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int ValueTableModel::columnCount(const QModelIndex& parent) const
{
  return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
}

QVariant ValueTableModel::data(const QModelIndex& index, int role) const
{
  const ValueColumn& column = m_columns[static_cast<std::size_t>(index.column())];
  const QVariant& cell = value(index.row(), index.column());
  switch (role) {
    case ValueRole:
      return cell;
    case Qt::DisplayRole:
      if (!column.number)
        return cell.toString();
      return std::isfinite(cell.toDouble()) ? QString::number(cell.toDouble(), 'f', column.decimals)
                                            : QStringLiteral("–");
    case Qt::ToolTipRole:
      return plainToolTip(column.number ? column.tip : cell.toString());
    case Qt::TextAlignmentRole:
      return QVariant::fromValue((column.number ? Qt::AlignRight : Qt::AlignLeft) |
                                 Qt::AlignVCenter);
    default:
      return {};
  }
}

QVariant ValueTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
  if (orientation != Qt::Horizontal)
    return {};
  const ValueColumn& column = m_columns[static_cast<std::size_t>(section)];
  if (role == Qt::DisplayRole)
    return column.title;
  if (role == Qt::ToolTipRole)
    return plainToolTip(column.tip);
  return {};
}

ValueFilter::ValueFilter(QObject* parent) : QSortFilterProxyModel(parent)
{
  setSortRole(ValueTableModel::ValueRole);
  setSortCaseSensitivity(Qt::CaseInsensitive);
}

void ValueFilter::setText(const QString& text)
{
  m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
  invalidateFilter();
}

void ValueFilter::setLeast(int column, double least)
{
  m_leastColumn = column;
  m_least = least;
  invalidateFilter();
}

void ValueFilter::setOnly(int column, double value)
{
  m_onlyColumn = std::isnan(value) ? -1 : column;
  m_only = value;
  invalidateFilter();
}

bool ValueFilter::filterAcceptsRow(int row, const QModelIndex&) const
{
  const auto* model = static_cast<const ValueTableModel*>(sourceModel());
  if (m_leastColumn >= 0 && m_leastColumn < model->columnCount() &&
      model->value(row, m_leastColumn).toDouble() < m_least)
    return false;
  if (m_onlyColumn >= 0 && m_onlyColumn < model->columnCount() &&
      model->value(row, m_onlyColumn).toDouble() != m_only)
    return false;
  for (const QString& word : m_words) {
    bool found = false;
    for (int column = 0; column < model->columnCount() && !found; ++column)
      found = !model->columns()[static_cast<std::size_t>(column)].number &&
              model->value(row, column).toString().contains(word, Qt::CaseInsensitive);
    if (!found)
      return false;
  }
  return true;
}

}  // namespace orrery
