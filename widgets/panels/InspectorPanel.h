// Everything known about one feature: the selected one, else the hovered.
#pragma once

#include "core/document/Document.h"
#include "widgets/panels/NeighborPanel.h"

#include <QLabel>
#include <QLineEdit>
#include <QTabWidget>
#include <QTextEdit>
#include <QTimer>
#include <QWidget>

namespace orrery {

class InspectorPanel : public QWidget {
  Q_OBJECT
 public:
  explicit InspectorPanel(Document* document, QWidget* parent = nullptr);

  /// The one shown now.
  [[nodiscard]] FeatureId feature() const { return m_feature; }
  [[nodiscard]] NeighborPanel* neighbors() { return m_neighbors; }
  [[nodiscard]] NeighborPanel* answers() { return m_answers; }
  [[nodiscard]] QString labelShown() const { return m_label->text(); }
  void focusQuery();

 signals:
  void saveRequested(const orrery::NeighborList& list);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void showFeature();
  void showDetails(const Dictionary& dictionary);
  void showNeighbors();
  void showAnswer();
  void ask();

  Document* m_document;
  FeatureId m_feature = noFeature;
  QLabel* m_label;
  QLabel* m_key;
  QTextEdit* m_details;
  QTabWidget* m_tabs;
  NeighborPanel* m_neighbors;
  QLineEdit* m_query;
  NeighborPanel* m_answers;
  QTimer m_later;
};

}  // namespace orrery
