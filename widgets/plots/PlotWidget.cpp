#include "widgets/plots/PlotWidget.h"

#include <qcustomplot.h>
#include <QVBoxLayout>

#include <utility>

namespace orrery {

PlotWidget::PlotWidget(const QString& name, QWidget* parent)
    : FigureWidget(name, parent), m_plot(new QCustomPlot(this))
{
  setFileStem(QStringLiteral("plot"));
  m_plot->setAccessibleName(name);
  m_plot->setContextMenuPolicy(Qt::NoContextMenu);  // its mouse events come here
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_plot);
  refresh();
}

PlotWidget::~PlotWidget() = default;

void PlotWidget::setDrawing(PlotDrawing drawing)
{
  m_drawing = std::move(drawing);
  refresh();
}

void PlotWidget::setSummary(const QString& summary)
{
  FigureWidget::setSummary(summary);
  m_plot->setAccessibleDescription(summary);
}

DrawingStyle PlotWidget::drawingStyle() const
{
  return DrawingStyle::ofScreen(palette(), font(), devicePixelRatioF());
}

void PlotWidget::refresh()
{
  composePlot(*m_plot, drawingStyle(), m_drawing);
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

PlotFigure PlotWidget::figure() const
{
  PlotFigure figure;
  figure.drawing = m_drawing;
  figure.title = accessibleName();
  figure.caption = summary();
  figure.widthMm = 114.0;
  figure.heightMm = 80.0;
  return figure;
}

void PlotWidget::save(const std::filesystem::path& path) const
{
  writePlotFigure(figure(), path);
}

QPixmap PlotWidget::screenPicture()
{
  return m_plot->toPixmap(0, 0, devicePixelRatioF());
}

void PlotWidget::changeEvent(QEvent* event)
{
  FigureWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange ||
      event->type() == QEvent::StyleChange)
    refresh();
}

}  // namespace orrery
