// Cutting lobes: options, what they cost, start and stop; and the lobes that came out.
#pragma once

#include "core/document/LobeStudy.h"
#include "widgets/lobes/LobeTableModel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QWidget>

#include <optional>
#include <vector>

namespace orrery {

/// "2, 3, 4, 8" or "2-4 8"; nothing if it holds anything else or a number below 2 or above 4096.
std::optional<std::vector<int>> clusterNumbers(const QString& text);

class LobePanel : public QWidget {
  Q_OBJECT
 public:
  LobePanel(Document* document, LobeStudy* study, QWidget* parent = nullptr);

  /// What the controls say; unset if the numbers of lobes cannot be read or no affinity is chosen.
  [[nodiscard]] std::optional<LobeAnalysisOptions> options() const;
  [[nodiscard]] LobeTableModel* model() { return m_model; }

 signals:
  void cooccurrenceRequested();  ///< A file is to be chosen.
  void documentsRequested();
  void saveRequested();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void showData();
  void showEstimate();
  void showResult();
  void showShown();

  Document* m_document;
  LobeStudy* m_study;
  LobeTableModel* m_model;
  QLabel *m_about, *m_estimate, *m_locality;
  QPushButton *m_open, *m_documents, *m_demo, *m_start, *m_save;
  std::vector<std::pair<AffinityMeasure, QCheckBox*>> m_measures;
  QLineEdit* m_clusters;
  QComboBox* m_shift;
  QSpinBox* m_minBlocks;
  QDoubleSpinBox* m_maxShare;
  QCheckBox *m_local, *m_logistic;
  QSpinBox* m_permutations;
  QComboBox *m_shownMeasure, *m_shownClusters;
  QWidget* m_results = nullptr;  ///< All below the options.
  QTableView* m_table;
};

}  // namespace orrery
