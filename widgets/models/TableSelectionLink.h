// Ties a feature table's selection to the one SelectionModel.
#pragma once

#include "core/document/SelectionModel.h"
#include "widgets/models/FeatureTableModel.h"

#include <QItemSelectionModel>
#include <QStyledItemDelegate>

#include <vector>

namespace orrery {

/// What the view asks to select goes to the SelectionModel, whose signal brings it back, to this
/// table as to all views. Qt's own store keeps ranges and searches them linearly, which a scattered
/// selection of a hundred thousand rows would not survive: up to `maxRanges` it is kept (screen
/// readers and Shift-click use it), beyond that only the SelectionModel knows, and
/// SelectedRowDelegate paints from there in every case.
class TableSelectionLink : public QItemSelectionModel {
  Q_OBJECT
 public:
  static constexpr int maxRanges = 1000;

  TableSelectionLink(FeatureTableModel* model, SelectionModel* selection,
                     QObject* parent = nullptr);

  void select(const QItemSelection& selection,
              QItemSelectionModel::SelectionFlags command) override;
  void select(const QModelIndex& index, QItemSelectionModel::SelectionFlags command) override;
  void reset() override;

 signals:
  /// The view should scroll here: another view has made this feature the current one.
  void rowWanted(int row);

 private:
  void showSelection();
  void showRanges();

  FeatureTableModel* m_model;
  SelectionModel* m_selection;
  std::vector<FeatureId> m_base;  ///< Selected before the drag that is under way.
  bool m_own = false;             ///< Qt's own housekeeping, no wish of the user's.
  bool m_asking = false;          ///< Our own request is being answered: do not scroll.
};

/// Paints rows as selected by the SelectionModel.
class SelectedRowDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  SelectedRowDelegate(const FeatureTableModel* model, const SelectionModel* selection,
                      QObject* parent = nullptr);

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;

 private:
  const FeatureTableModel* m_model;
  const SelectionModel* m_selection;
};

}  // namespace orrery
