// The shown lobes as a table: names can be edited.
#pragma once

#include "core/document/LobeStudy.h"

#include <QAbstractTableModel>
#include <QStringList>

#include <vector>

namespace orrery {

class LobeTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum ColumnNumber { Name, Size, Wins, Frequent, Specific, columnTotal };

  LobeTableModel(Document* document, LobeStudy* study, QObject* parent = nullptr);

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                    int role) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  /// As the theme says, for the squares of colour.
  void setDark(bool dark);

 private:
  void reread();
  [[nodiscard]] QString featureList(const std::vector<LobeFeature>& features) const;

  Document* m_document;
  LobeStudy* m_study;
  std::vector<std::int64_t> m_sizes;
  std::vector<std::int32_t> m_colors;
  std::vector<std::string> m_names;
  std::shared_ptr<const LobePurpose> m_purpose;
  bool m_dark = false;
};

}  // namespace orrery
