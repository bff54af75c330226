// What lies on a component of a layer: its extreme features, and what it goes with.
#pragma once

#include "core/document/GalaxyStudy.h"

#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QWidget>

#include <vector>

namespace orrery {

class GalaxyComponentPanel : public QWidget {
  Q_OBJECT
 public:
  explicit GalaxyComponentPanel(GalaxyStudy* study, QWidget* parent = nullptr);

  /// Of the study: its component, or how to get one.
  void showComponent();
  [[nodiscard]] QTableWidget* extremes() { return m_extremes; }
  [[nodiscard]] QTableWidget* correlations() { return m_correlations; }

 signals:
  /// A click on a feature of the layer that the report is of.
  void featureChosen(orrery::FeatureId feature);

 private:
  [[nodiscard]] int entryOfReport() const;
  [[nodiscard]] std::vector<FeatureId> chosenFeatures() const;

  GalaxyStudy* m_study;
  QSpinBox* m_number;
  QPushButton *m_look, *m_follow;
  QLabel* m_text;
  QTableWidget *m_extremes, *m_correlations;
};

}  // namespace orrery
