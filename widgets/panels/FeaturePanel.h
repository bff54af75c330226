// The table of features with the search above it.
#pragma once

#include "core/document/Document.h"
#include "widgets/models/FeatureTableModel.h"
#include "widgets/models/TableSelectionLink.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QWidget>

namespace orrery {

/// One search serves all views: what matches is lit in the cloud and listed here. Every list can be
/// copied and saved.
class FeaturePanel : public QWidget {
  Q_OBJECT
 public:
  explicit FeaturePanel(Document* document, QWidget* parent = nullptr);

  [[nodiscard]] FeatureTableModel* model() { return m_model; }
  [[nodiscard]] QTableView* table() { return m_table; }
  void focusSearch();
  /// Selects the next match in the table's order (@p step 1) or the one before (−1), around the
  /// end.
  void goToMatch(int step);
  [[nodiscard]] std::vector<FeatureId> listed() const { return m_model->order(); }

 signals:
  void saveRequested(const std::vector<orrery::FeatureId>& features);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void startSearch();
  void showSearch();
  void showRowCount();
  void fitColumns();
  void keepPlace();
  void restorePlace();

  Document* m_document;
  FeatureTableModel* m_model;
  TableSelectionLink* m_link;
  QTableView* m_table;
  QLineEdit* m_search;
  QToolButton* m_regularExpression;
  QToolButton* m_matchCase;
  QToolButton* m_previous;
  QToolButton* m_next;
  QLabel* m_found;
  QComboBox* m_rows;
  QLabel* m_rowCount;
  QTimer m_typing;
  /// Where the table stood when its rows were made anew, as for another column.
  struct {
    int layer = 0, rows = 0, place = 0;
  } m_stood;
};

}  // namespace orrery
