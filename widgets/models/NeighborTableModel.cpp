#include "widgets/models/NeighborTableModel.h"

#include "widgets/models/FeatureText.h"

#include <QApplication>
#include <QPainter>

#include <algorithm>

namespace orrery {

void NeighborTableModel::setList(std::shared_ptr<const Dictionary> dictionary, NeighborList list)
{
  beginResetModel();
  m_dictionary = std::move(dictionary);
  m_list = std::move(list);
  endResetModel();
}

FeatureId NeighborTableModel::feature(int row) const
{
  return row >= 0 && row < rowCount() ? m_list.neighbors[static_cast<std::size_t>(row)].feature
                                      : noFeature;
}

int NeighborTableModel::rowCount(const QModelIndex& parent) const
{
  return parent.isValid() || !m_dictionary ? 0 : static_cast<int>(m_list.neighbors.size());
}

int NeighborTableModel::columnCount(const QModelIndex& parent) const
{
  return parent.isValid() ? 0 : SectionCount;
}

QVariant NeighborTableModel::data(const QModelIndex& index, int role) const
{
  const FeatureId id = feature(index.row());
  if (id == noFeature)
    return {};
  const float value = m_list.neighbors[static_cast<std::size_t>(index.row())].value;
  switch (role) {
    case Qt::DisplayRole:
      if (index.column() == Rank)
        return index.row() + 1;
      if (index.column() == Label)
        return labelText(*m_dictionary, id);
      return QString::number(static_cast<double>(value), 'f', 3);
    case Qt::ToolTipRole:
      return plainToolTip(tr("Feature %1: ").arg(id) + labelText(*m_dictionary, id));
    case Qt::TextAlignmentRole:
      return QVariant::fromValue((index.column() == Label ? Qt::AlignLeft : Qt::AlignRight) |
                                 Qt::AlignVCenter);
    case Qt::ForegroundRole:
      if (index.column() == Rank)
        return QApplication::palette().color(QPalette::PlaceholderText);
      return {};
    case ShareRole: {
      if (index.column() != Value)
        return {};
      if (m_list.metric == Metric::Cosine)
        return std::clamp(static_cast<double>(value), 0.0, 1.0);
      const double farthest = static_cast<double>(m_list.neighbors.back().value);
      return farthest > 0 ? static_cast<double>(value) / farthest : 0.0;
    }
    default:
      return {};
  }
}

QVariant NeighborTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
  if (orientation != Qt::Horizontal)
    return {};
  const bool cosine = m_list.metric == Metric::Cosine;
  if (role == Qt::DisplayRole)
    return section == Rank    ? tr("#")
           : section == Label ? tr("Label")
           : cosine           ? tr("Cosine")
                              : tr("Distance");
  if (role == Qt::ToolTipRole)
    return section == Rank    ? tr("Rank, the nearest first")
           : section == Label ? tr("Click a row to go there")
           : cosine           ? tr("Cosine similarity in the original space, not in the picture")
                              : tr("Distance on the map: the file holds no other space");
  return {};
}

void ShareBarDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                             const QModelIndex& index) const
{
  const QVariant share = index.data(NeighborTableModel::ShareRole);
  if (share.isValid() && !(option.state & QStyle::State_Selected)) {
    QRect bar = option.rect.adjusted(3, 3, -3, -3);
    bar.setLeft(bar.right() - static_cast<int>(bar.width() * share.toDouble()));
    QColor color = option.palette.color(QPalette::Highlight);
    color.setAlpha(60);
    painter->fillRect(bar, color);
  }
  QStyledItemDelegate::paint(painter, option, index);
}

}  // namespace orrery
