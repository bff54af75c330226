// Makes, stops, continues and compares maps: edits one MapChoice and shows what came of each.
#pragma once

#include "core/document/MapStudy.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSpinBox>
#include <QWidget>

#include <vector>

namespace orrery {

class MapPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MapPanel(Document* document, MapStudy* study, QWidget* parent = nullptr);

  /// What would be started now.
  [[nodiscard]] MapChoice choice() const;
  [[nodiscard]] NeighborSearch search() const;
  [[nodiscard]] QString estimate() const { return m_estimate->text(); }
  [[nodiscard]] QString trust() const { return m_trust->text(); }

 signals:
  void colorByTrustRequested();

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void makeForm();
  void showMethod();
  void showLayer();
  void showEstimate();
  void showMaps();

  Document* m_document;
  MapStudy* m_study;
  QFormLayout* m_form;
  QComboBox *m_method, *m_dimensions, *m_metric, *m_start, *m_kernel;
  QDoubleSpinBox *m_perplexity, *m_exaggeration, *m_minDist;
  QSpinBox *m_neighbors, *m_iterations, *m_seed;
  QCheckBox* m_approximate;
  QLabel *m_estimate, *m_trust;
  QPushButton *m_run, *m_stop, *m_goOn, *m_measure, *m_color;
  QListWidget* m_maps;
  double m_slowdown = 1.0;
};

/// "79.1 % of the 10 nearest neighbours kept …": the figures of a map, each on a line of its own.
QString trustText(const StudiedMap& map);

}  // namespace orrery
