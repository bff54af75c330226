// A neighbour list or a query's answers as rows: rank, label, cosine.
#pragma once

#include "core/document/Document.h"

#include <QAbstractTableModel>
#include <QStyledItemDelegate>

#include <memory>

namespace orrery {

class NeighborTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Section { Rank, Label, Value, SectionCount };
  static constexpr int ShareRole = Qt::UserRole;  ///< Of Value: 0 … 1, how long its bar is.

  using QAbstractTableModel::QAbstractTableModel;

  void setList(std::shared_ptr<const Dictionary> dictionary, NeighborList list);
  [[nodiscard]] const NeighborList& list() const { return m_list; }
  [[nodiscard]] FeatureId feature(int row) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::shared_ptr<const Dictionary> m_dictionary;
  NeighborList m_list;
};

/// Draws the cosine as a bar behind its number.
class ShareBarDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option,
             const QModelIndex& index) const override;
};

}  // namespace orrery
