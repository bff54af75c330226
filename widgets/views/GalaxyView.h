// The galaxy scale: clouds of layers side by side, the spectrum of one of them, and curves over
// all.
#pragma once

#include "core/document/GalaxyStudy.h"
#include "widgets/plots/GalaxyPlots.h"
#include "widgets/plots/PlotWidget.h"
#include "widgets/views/CloudRow.h"

#include <QCheckBox>
#include <QComboBox>
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

/// Paints a row of clouds and keeps the picture until something changes; dragging turns them all.
class CloudRowWidget : public QWidget {
  Q_OBJECT
 public:
  explicit CloudRowWidget(QWidget* parent = nullptr);

  /// @p entries: what a click on each cloud chooses.
  void setClouds(std::vector<RowCloud> clouds, std::vector<int> entries);
  void setPublished(bool published);
  [[nodiscard]] const std::vector<RowCloud>& clouds() const { return m_clouds; }
  [[nodiscard]] const CloudRowOptions& options() const { return m_options; }
  [[nodiscard]] QSize sizeHint() const override { return {900, 260}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {200, 120}; }

 signals:
  void chosen(int entry);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;

 private:
  std::vector<RowCloud> m_clouds;
  std::vector<int> m_entries;
  CloudRowOptions m_options;
  QImage m_picture;
  QPointF m_pressed, m_last;
  bool m_turned = false;
};

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

 signals:
  void addLayersRequested();
  void referenceRequested();
  void saveCloudsRequested();
  void messageRaised(const orrery::Message& message);

 private:
  void showAll();
  void showSpectrum();
  void showCurves();
  void showClouds();
  void showFollowed();
  void applySwitches();
  void connectDragging();
  void connectClicks(CurveValue value);
  [[nodiscard]] LayerCurve curve(CurveValue value) const;
  [[nodiscard]] ResultTable table() const;
  [[nodiscard]] QString titleOf(int entry) const;

  Document* m_document;
  GalaxyStudy* m_study;
  QPushButton* m_analyze;
  QPushButton* m_followButton;
  QCheckBox *m_unitNorm, *m_center, *m_published;
  QSpinBox* m_halves;
  QComboBox* m_axis;
  QSlider* m_slider;
  QLabel *m_place, *m_warning, *m_followedText;
  CloudRowWidget* m_clouds;
  PlotWidget* m_spectrum;
  std::array<PlotWidget*, 3> m_curves{};
  QTableWidget* m_followed;
  std::optional<std::filesystem::path> m_reference;
  int m_dragged = 0;  ///< −1 the first rank's end, +1 the last's, 0 none.
};

}  // namespace orrery
