#include "widgets/models/TableSelectionLink.h"

#include <QScopedValueRollback>

#include <algorithm>

namespace orrery {

TableSelectionLink::TableSelectionLink(FeatureTableModel* model, SelectionModel* selection,
                                       QObject* parent)
    : QItemSelectionModel(model, parent), m_model(model), m_selection(selection)
{
  connect(selection, &SelectionModel::changed, this, &TableSelectionLink::showSelection);
  connect(model, &FeatureTableModel::orderChanged, this, &TableSelectionLink::showSelection);
  showSelection();
}

void TableSelectionLink::select(const QModelIndex& index,
                                QItemSelectionModel::SelectionFlags command)
{
  select(index.isValid() ? QItemSelection(index, index) : QItemSelection(), command);
}

void TableSelectionLink::select(const QItemSelection& selection,
                                QItemSelectionModel::SelectionFlags command)
{
  if (m_own) {
    QItemSelectionModel::select(selection, command);
    return;
  }
  if (command == NoUpdate)
    return;
  // Qt's rule: a step that is not "current" ends the drag before it, one that is replaces its own.
  if (!(command & Current))
    m_base = m_selection->features();
  if (command & Clear)
    m_base.clear();

  std::vector<FeatureId> features;
  for (const QItemSelectionRange& range : selection)
    for (int row = range.top(); row <= range.bottom(); ++row)
      if (const FeatureId feature = m_model->feature(row); feature != noFeature)
        features.push_back(feature);
  const FeatureId last = m_model->feature(currentIndex().row());

  using Mode = SelectionModel::Mode;
  const Mode mode = command & Toggle ? Mode::Toggle : command & Select ? Mode::Add : Mode::Remove;
  if (!(command & (Toggle | Select | Deselect)))  // Clear alone
    features.clear();
  const QScopedValueRollback asking(m_asking, true);
  m_model->holdRows(true);  // a click among the selected rows must not take the others away
  m_selection->setFeatures(SelectionModel::combine(m_base, std::move(features), mode), last);
  m_model->holdRows(false);
}

void TableSelectionLink::reset()
{
  // Qt forgets its ranges, for the rows are others now; what is selected is not.
  const QScopedValueRollback own(m_own, true);
  QItemSelectionModel::reset();
}

void TableSelectionLink::showSelection()
{
  if (!m_asking)
    m_base = m_selection->features();
  showRanges();
  const int row = m_model->row(m_selection->current());
  if (m_asking)
    return;
  if (row >= 0) {
    const int column = std::max(0, currentIndex().column());
    QItemSelectionModel::setCurrentIndex(m_model->index(row, column), NoUpdate);
    emit rowWanted(row);
  }
}

void TableSelectionLink::showRanges()
{
  std::vector<int> rows;
  const auto& features = m_selection->features();
  QItemSelection ranges;
  const int lastColumn = m_model->columnCount() - 1;
  if (features.size() <= 200000 && lastColumn >= 0) {
    rows.reserve(features.size());
    for (const FeatureId feature : features)
      if (const int row = m_model->row(feature); row >= 0)
        rows.push_back(row);
    std::sort(rows.begin(), rows.end());
    for (std::size_t i = 0; i < rows.size() && ranges.size() <= maxRanges;) {
      std::size_t end = i + 1;
      while (end < rows.size() && rows[end] == rows[end - 1] + 1)
        ++end;
      ranges.append({m_model->index(rows[i], 0), m_model->index(rows[end - 1], lastColumn)});
      i = end;
    }
    if (ranges.size() > maxRanges)
      ranges.clear();
  }
  QItemSelectionModel::select(ranges, ClearAndSelect);
}

SelectedRowDelegate::SelectedRowDelegate(const FeatureTableModel* model,
                                         const SelectionModel* selection, QObject* parent)
    : QStyledItemDelegate(parent), m_model(model), m_selection(selection)
{
}

void SelectedRowDelegate::initStyleOption(QStyleOptionViewItem* option,
                                          const QModelIndex& index) const
{
  QStyledItemDelegate::initStyleOption(option, index);
  const FeatureId feature = m_model->feature(index.row());
  option->state.setFlag(QStyle::State_Selected, m_selection->contains(feature));
  option->state.setFlag(QStyle::State_HasFocus, false);
  option->decorationSize = QSize(10, 10);
}

}  // namespace orrery
