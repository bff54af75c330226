// A list of neighbours or answers: hover to see where, click to go there, copy and save.
#pragma once

#include "core/document/Document.h"
#include "widgets/models/NeighborTableModel.h"

#include <QLabel>
#include <QTableView>
#include <QToolButton>
#include <QWidget>

namespace orrery {

class NeighborPanel : public QWidget {
  Q_OBJECT
 public:
  NeighborPanel(Document* document, const QString& name, QWidget* parent = nullptr);

  /// @p note stands above the list; empty: none.
  void setList(const NeighborList& list, const QString& note);
  [[nodiscard]] QTableView* table() { return m_table; }
  [[nodiscard]] const NeighborTableModel* model() const { return m_model; }

 signals:
  void saveRequested(const orrery::NeighborList& list);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void go(const QModelIndex& index);

  Document* m_document;
  NeighborTableModel* m_model;
  QTableView* m_table;
  QLabel* m_note;
  QToolButton* m_copy;
  QToolButton* m_save;
  QToolButton* m_selectAll;
};

}  // namespace orrery
