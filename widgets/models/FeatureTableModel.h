// The features of the current layer as rows: id, label, and every column the dictionary has.
#pragma once

#include "core/document/Document.h"
#include "widgets/models/FeatureOrder.h"

#include <QAbstractTableModel>

#include <cstdint>
#include <memory>
#include <vector>

namespace orrery {

/// Holds no data but an order: which features are rows, and where each is. Sorting and filtering
/// run on a worker and swap the order, so a million rows never block the window.
class FeatureTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum class Rows { All, Matches, Selected };
  Q_ENUM(Rows)

  explicit FeatureTableModel(Document* document, QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  void sort(int column, Qt::SortOrder order) override;

  void setRows(Rows rows);
  [[nodiscard]] Rows rows() const { return m_rows; }
  /// While held, Rows::Selected stays what it is though the selection changes.
  void holdRows(bool hold) { m_held = hold; }
  /// Small squares beside the labels, 0xAARRGGBB per feature; empty: none.
  void setColors(std::shared_ptr<const std::vector<std::uint32_t>> colors);

  [[nodiscard]] FeatureId feature(int row) const;
  /// −1 if the feature is not among the rows.
  [[nodiscard]] int row(FeatureId feature) const;
  [[nodiscard]] const std::vector<FeatureId>& order() const { return m_order; }
  [[nodiscard]] Document* document() const { return m_document; }
  [[nodiscard]] bool isSorting() const { return m_orderJob.isRunning(); }

 signals:
  /// The rows are other ones, or in another order, than before.
  void orderChanged();

 private:
  struct Ordered;
  void reload();
  void reorder();
  void takeOrder(std::vector<FeatureId> order);

  Document* m_document;
  std::shared_ptr<const Dictionary> m_dictionary;
  Rows m_rows = Rows::All;
  bool m_held = false;
  FeatureSort m_sort;
  std::shared_ptr<const std::vector<std::int32_t>> m_labelRanks;  ///< Of m_dictionary; made once.
  std::vector<FeatureId> m_order;
  std::vector<std::int32_t> m_rowOf;  ///< n; −1 for features that are no rows.
  std::shared_ptr<const std::vector<std::uint32_t>> m_colors;
  JobRunner m_orderJob;
};

}  // namespace orrery
