// The galaxy scale: clouds of layers side by side, the spectrum of one of them, and curves over
// all.
#pragma once

#include "core/document/GalaxyStudy.h"
#include "widgets/plots/GalaxyPlots.h"
#include "widgets/plots/PlotWidget.h"
#include "widgets/views/CloudRowWidget.h"
#include "widgets/views/GalaxyComponentPanel.h"
#include "widgets/views/GalaxyLayersTable.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QJsonObject>
#include <QLabel>
#include <QPushButton>
#include <QSlider>
#include <QSpinBox>
#include <QTableWidget>
#include <QWidget>

#include <array>
#include <filesystem>
#include <optional>

namespace orrery {

/// How the clouds of layers are looked at, as sessions keep it.
struct GalaxyLook {
  bool published = false;
  LayerAnalysisOptions analysis;  ///< Unit norm and centre.
  std::optional<Camera> camera;
};
QJsonObject galaxyLookJson(const GalaxyLook& look);
/// What is missing, or something else, stays as it is by default.
GalaxyLook galaxyLook(const QJsonObject& json);

class GalaxyView : public QWidget {
  Q_OBJECT
 public:
  GalaxyView(Document* document, GalaxyStudy* study, QWidget* parent = nullptr);

  void setReference(const std::filesystem::path& path);
  [[nodiscard]] PlotWidget* spectrumPlot() { return m_spectrum; }
  [[nodiscard]] PlotWidget* curvePlot(CurveValue value)
  {
    return m_curves[static_cast<std::size_t>(value)];
  }
  [[nodiscard]] CloudRowWidget* clouds() { return m_clouds; }
  void saveClouds(const std::filesystem::path& path);
  [[nodiscard]] GalaxyLook look() const;
  void setLook(const GalaxyLook& look);

 signals:
  void addLayersRequested();
  void addFilesRequested();
  void activationsRequested();
  void referenceRequested();
  void saveCloudsRequested();
  void messageRaised(const orrery::Message& message);

 private:
  void showAll();
  void showSpectrum();
  void showCurves();
  void showClouds();
  void showMorph();
  void showFollowed();
  [[nodiscard]] QLayout* makeBars();
  [[nodiscard]] QWidget* makeTabs();
  void connectStudy();
  void setSliderRange();
  void moveSlider(int value);
  void applySwitches();
  void applyMatchedL0();
  void askForMatches();
  [[nodiscard]] RowCloud cloudOf(int entry) const;
  [[nodiscard]] std::vector<int> entriesOfClouds() const;
  void connectDragging();
  void connectClicks(CurveValue value);
  [[nodiscard]] LayerCurve curve(CurveValue value) const;
  [[nodiscard]] ResultTable table() const;
  [[nodiscard]] QString titleOf(int entry) const;

  Document* m_document;
  GalaxyStudy* m_study;
  QPushButton* m_analyze;
  QPushButton* m_followButton;
  QCheckBox *m_unitNorm, *m_center, *m_published, *m_morph, *m_atL0;
  QSpinBox *m_halves, *m_tolerance;
  QDoubleSpinBox* m_l0;
  QComboBox *m_axis, *m_colors;
  QSlider* m_slider;
  QLabel *m_place, *m_warning, *m_followedText;
  CloudRowWidget* m_clouds;
  PlotWidget* m_spectrum;
  std::array<PlotWidget*, 3> m_curves{};
  QTableWidget* m_followed;
  GalaxyLayersTable* m_layers;
  GalaxyComponentPanel* m_component;
  std::optional<std::filesystem::path> m_reference;
  int m_dragged = 0;  ///< −1 the first rank's end, +1 the last's, 0 none.
};

}  // namespace orrery
