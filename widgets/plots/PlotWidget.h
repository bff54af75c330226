// A plot in the window: theme colours, a name for screen readers, saved as a vector figure and as
// a table.
#pragma once

#include "core/io/ResultFile.h"
#include "widgets/plots/Plot.h"

#include <QWidget>

#include <optional>

class QCustomPlot;

namespace orrery {

/// Shows a PlotDrawing and composes it anew when the drawing, the theme or the font changes. Its
/// context menu saves and copies. A view that lets the user drag something connects to plot()'s
/// mouse signals and calls setDrawing or refresh() when its model answers.
class PlotWidget : public QWidget {
  Q_OBJECT
 public:
  /// @p name is what screen readers call the plot.
  explicit PlotWidget(const QString& name, QWidget* parent = nullptr);
  ~PlotWidget() override;

  void setDrawing(PlotDrawing drawing);
  /// One sentence with the numbers that the picture shows: for screen readers, and the caption of
  /// figures.
  void setSummary(const QString& summary);
  [[nodiscard]] QString summary() const { return m_summary; }
  /// What "Save the numbers" writes; its absence takes the action away.
  void setTable(std::optional<ResultTable> table);
  /// The name that is offered for files, without ending.
  void setFileStem(const QString& stem) { m_fileStem = stem; }
  void refresh();

  [[nodiscard]] QCustomPlot* plot() { return m_plot; }
  [[nodiscard]] PlotStyle plotStyle() const;
  [[nodiscard]] PlotFigure figure() const;

  [[nodiscard]] QSize sizeHint() const override { return {420, 280}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {160, 120}; }

 public slots:
  /// Ask for a file name, then write; failures go to failed().
  void saveFigure();
  void saveTable();
  void copyPicture();

 signals:
  void failed(const QString& message);
  void saved(const QString& message);

 protected:
  void changeEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  QCustomPlot* m_plot;
  PlotDrawing m_drawing;
  QString m_summary, m_fileStem;
  std::optional<ResultTable> m_table;
};

}  // namespace orrery
