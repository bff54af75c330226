// A plot in the window: theme colours, saved as a vector figure and as a table.
#pragma once

#include "widgets/plots/Plot.h"

class QCustomPlot;

namespace orrery {

/// Shows a PlotDrawing and composes it anew when the drawing, the theme or the font changes. A view
/// that lets the user drag something connects to plot()'s mouse signals and calls setDrawing or
/// refresh() when its model answers.
class PlotWidget : public FigureWidget {
  Q_OBJECT
 public:
  explicit PlotWidget(const QString& name, QWidget* parent = nullptr);
  ~PlotWidget() override;

  void setDrawing(PlotDrawing drawing);
  void setSummary(const QString& summary) override;
  void refresh();

  [[nodiscard]] QCustomPlot* plot() { return m_plot; }
  [[nodiscard]] DrawingStyle drawingStyle() const;
  [[nodiscard]] PlotFigure figure() const;
  [[nodiscard]] bool isEmpty() const override { return !m_drawing; }
  void save(const std::filesystem::path& path) const override;
  [[nodiscard]] QPixmap screenPicture() override;

  [[nodiscard]] QSize sizeHint() const override { return {420, 280}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {160, 120}; }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  QCustomPlot* m_plot;
  PlotDrawing m_drawing;
};

}  // namespace orrery
