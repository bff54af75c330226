#include "widgets/models/FeatureTableModel.h"

#include "widgets/models/FeatureText.h"

#include <QColor>
#include <QGuiApplication>
#include <QPalette>

#include <algorithm>
#include <numeric>
#include <utility>

namespace orrery {

struct FeatureTableModel::Ordered {
  std::vector<FeatureId> order;
  std::shared_ptr<const std::vector<std::int32_t>> labelRanks;
};

FeatureTableModel::FeatureTableModel(Document* document, QObject* parent)
    : QAbstractTableModel(parent), m_document(document)
{
  connect(document, &Document::currentLayerChanged, this, &FeatureTableModel::reload);
  connect(document, &Document::dictionaryChanged, this, &FeatureTableModel::reload);
  connect(document, &Document::searchChanged, this, [this] {
    if (m_rows == Rows::Matches)
      reorder();
  });
  connect(document->selection(), &SelectionModel::changed, this, [this] {
    if (m_rows == Rows::Selected && !m_held)
      reorder();
  });
  reload();
}

int FeatureTableModel::rowCount(const QModelIndex& parent) const
{
  return parent.isValid() ? 0 : static_cast<int>(m_order.size());
}

int FeatureTableModel::columnCount(const QModelIndex& parent) const
{
  if (parent.isValid() || !m_dictionary)
    return 0;
  return FeatureSort::firstColumn + static_cast<int>(m_dictionary->columns.size());
}

FeatureId FeatureTableModel::feature(int row) const
{
  return row >= 0 && row < rowCount() ? m_order[static_cast<std::size_t>(row)] : noFeature;
}

int FeatureTableModel::row(FeatureId feature) const
{
  return feature >= 0 && static_cast<std::size_t>(feature) < m_rowOf.size()
             ? m_rowOf[static_cast<std::size_t>(feature)]
             : -1;
}

QVariant FeatureTableModel::data(const QModelIndex& index, int role) const
{
  const FeatureId id = feature(index.row());
  if (id == noFeature || !m_dictionary)
    return {};
  const int section = index.column();
  const bool isLabel = section == FeatureSort::byLabel;
  const Column* column =
      section >= FeatureSort::firstColumn && section < columnCount()
          ? &m_dictionary->columns[static_cast<std::size_t>(section - FeatureSort::firstColumn)]
          : nullptr;
  switch (role) {
    case Qt::DisplayRole:
      if (section == FeatureSort::byId)
        return QString::number(id);
      return column ? columnText(*column, id) : labelText(*m_dictionary, id);
    case Qt::TextAlignmentRole:
      if (isLabel || (column && column->kind == Column::Kind::Category))
        return QVariant::fromValue(Qt::AlignLeft | Qt::AlignVCenter);
      return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
    case Qt::ToolTipRole:
      return isLabel ? plainToolTip(labelText(*m_dictionary, id)) : QVariant();
    case Qt::DecorationRole:
      if (isLabel && m_colors && static_cast<std::size_t>(id) < m_colors->size())
        return QColor::fromRgba((*m_colors)[static_cast<std::size_t>(id)]);
      return {};
    case Qt::ForegroundRole:
      if (isLabel && !m_dictionary->labels.empty() &&
          m_dictionary->labels[static_cast<std::size_t>(id)].empty())
        return QGuiApplication::palette().color(QPalette::PlaceholderText);
      return {};
    default:
      return {};
  }
}

QVariant FeatureTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
  if (orientation != Qt::Horizontal || !m_dictionary || section >= columnCount())
    return {};
  const Column* column =
      section >= FeatureSort::firstColumn
          ? &m_dictionary->columns[static_cast<std::size_t>(section - FeatureSort::firstColumn)]
          : nullptr;
  if (role == Qt::DisplayRole)
    return column                            ? visibleText(column->name, 40)
           : section == FeatureSort::byLabel ? tr("Label")
                                             : tr("Feature");
  if (role == Qt::ToolTipRole)
    return column ? plainToolTip(visibleText(column->name) + QLatin1Char('\n') +
                                 visibleText(column->description, 400))
           : section == FeatureSort::byLabel
               ? tr("What the feature is called; click to sort")
               : tr("The feature's index, from 0: the same in every view and file");
  return {};
}

void FeatureTableModel::sort(int column, Qt::SortOrder order)
{
  const FeatureSort wanted{std::max(column, 0), order == Qt::DescendingOrder};
  if (wanted == m_sort)
    return;
  m_sort = wanted;
  reorder();
}

void FeatureTableModel::setRows(Rows rows)
{
  if (rows == m_rows)
    return;
  m_rows = rows;
  reorder();
}

void FeatureTableModel::setColors(std::shared_ptr<const std::vector<std::uint32_t>> colors)
{
  m_colors = std::move(colors);
  if (!m_order.empty())
    emit dataChanged(index(0, FeatureSort::byLabel), index(rowCount() - 1, FeatureSort::byLabel),
                     {Qt::DecorationRole});
}

void FeatureTableModel::reload()
{
  m_orderJob.cancel();
  beginResetModel();
  m_dictionary = m_document->dictionary();
  m_labelRanks.reset();
  m_colors.reset();
  m_order.clear();
  m_rowOf.clear();
  if (m_sort.key >= columnCount())
    m_sort = {};
  endResetModel();
  reorder();
}

void FeatureTableModel::reorder()
{
  if (!m_dictionary) {
    m_orderJob.cancel();
    takeOrder({});
    return;
  }
  std::vector<FeatureId> features;
  if (m_rows == Rows::Matches) {
    features = m_document->matches();
  } else if (m_rows == Rows::Selected) {
    features = m_document->selection()->features();
  } else {
    features.resize(static_cast<std::size_t>(m_dictionary->features()));
    std::iota(features.begin(), features.end(), 0);
  }
  // In the order they come already, or so few that a worker would only make them flicker.
  const bool small =
      features.size() <= 4096 &&
      (m_sort.key != FeatureSort::byLabel || m_labelRanks || m_dictionary->labels.size() <= 20000);
  if (m_sort == FeatureSort() || small) {
    m_orderJob.cancel();
    if (m_sort.key == FeatureSort::byLabel && !m_labelRanks)
      m_labelRanks =
          std::make_shared<const std::vector<std::int32_t>>(labelRanks(m_dictionary->labels));
    takeOrder(m_sort == FeatureSort()
                  ? std::move(features)
                  : sortFeatures(std::move(features), *m_dictionary, m_sort,
                                 m_labelRanks ? *m_labelRanks : std::vector<std::int32_t>()));
    return;
  }
  m_orderJob.start(
      tr("Sorting"),
      [features = std::move(features), dictionary = m_dictionary, sort = m_sort,
       ranks = m_labelRanks](const Progress& progress) mutable {
        if (sort.key == FeatureSort::byLabel && !ranks)
          ranks = std::make_shared<const std::vector<std::int32_t>>(
              labelRanks(dictionary->labels, progress));
        auto order = sortFeatures(std::move(features), *dictionary, sort,
                                  ranks ? *ranks : std::vector<std::int32_t>(), progress);
        return Ordered{std::move(order), ranks};
      },
      [this](Ordered ordered) {
        m_labelRanks = std::move(ordered.labelRanks);
        takeOrder(std::move(ordered.order));
      });
}

void FeatureTableModel::takeOrder(std::vector<FeatureId> order)
{
  beginResetModel();
  m_order = std::move(order);
  m_rowOf.assign(m_dictionary ? static_cast<std::size_t>(m_dictionary->features()) : 0, -1);
  for (std::size_t row = 0; row < m_order.size(); ++row)
    m_rowOf[static_cast<std::size_t>(m_order[row])] = static_cast<std::int32_t>(row);
  endResetModel();
  emit orderChanged();
}

}  // namespace orrery
