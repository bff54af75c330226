#include "widgets/plots/Plot.h"

#include <qcustomplot.h>

#include <algorithm>

namespace orrery {

namespace {

void styleAxis(QCPAxis& axis, const DrawingStyle& style)
{
  const QPen pen(style.foreground, std::max(1.0, 0.6 * style.lineWidth));
  axis.setBasePen(pen);
  axis.setTickPen(pen);
  axis.setSubTickPen(QPen(style.muted, 1.0));
  axis.setTickLabelColor(style.foreground);
  axis.setTickLabelFont(style.font);
  axis.setLabelColor(style.foreground);
  axis.setLabelFont(style.font);
  axis.setLabelPadding(3);
  axis.setTickLabelPadding(3);
  axis.setTickLengthIn(0);
  axis.setTickLengthOut(4);
  axis.setSubTickLengthIn(0);
  axis.setSubTickLengthOut(2);
  axis.grid()->setPen(QPen(style.grid, 1.0));
  axis.grid()->setSubGridVisible(false);
  axis.grid()->setZeroLinePen(QPen(style.grid, 1.0));
  // The exponent of a label is written out, not stacked: screen readers of SVG and searches of PDF
  // find it whole.
  axis.setNumberFormat("g");
  axis.setNumberPrecision(4);
}

}  // namespace

void composePlot(QCustomPlot& plot, const DrawingStyle& style, const PlotDrawing& drawing)
{
  plot.clearItems();
  plot.clearPlottables();
  // Whatever an earlier drawing laid out goes; one plain axis rectangle comes in its place.
  plot.plotLayout()->clear();
  auto* rect = new QCPAxisRect(&plot);
  plot.plotLayout()->addElement(0, 0, rect);
  for (QCPAxis* axis : rect->axes())
    axis->setLayer(QStringLiteral("axes"));
  for (QCPAxis* axis : rect->axes())
    axis->grid()->setLayer(QStringLiteral("grid"));
  plot.xAxis = rect->axis(QCPAxis::atBottom);
  plot.yAxis = rect->axis(QCPAxis::atLeft);
  plot.xAxis2 = rect->axis(QCPAxis::atTop);
  plot.yAxis2 = rect->axis(QCPAxis::atRight);
  plot.xAxis2->setVisible(false);
  plot.yAxis2->setVisible(false);
  plot.setBackground(QBrush(style.background));
  plot.setFont(style.font);
  for (QCPAxis* axis : rect->axes())
    styleAxis(*axis, style);
  plot.legend = new QCPLegend;
  rect->insetLayout()->addElement(plot.legend, Qt::AlignRight | Qt::AlignTop);
  plot.legend->setLayer(QStringLiteral("legend"));
  plot.legend->setVisible(false);
  plot.legend->setFont(style.font);
  plot.legend->setTextColor(style.foreground);
  QColor ground = style.background;
  ground.setAlphaF(0.85f);
  plot.legend->setBrush(ground);
  plot.legend->setBorderPen(Qt::NoPen);
  plot.legend->setRowSpacing(0);
  plot.legend->setIconSize(18, 10);
  plot.setAntialiasedElements(QCP::aeAll);
  if (drawing)
    drawing(plot, style);
}

void setLogarithmic(QCPAxis& axis, const DrawingStyle& style)
{
  axis.setScaleType(QCPAxis::stLogarithmic);
  const QSharedPointer<QCPAxisTickerLog> ticker(new QCPAxisTickerLog);
  axis.setTicker(ticker);
  axis.grid()->setSubGridPen(QPen(style.grid, 0.5));
}

QByteArray plotFigureBytes(const PlotFigure& figure, const std::string& ending)
{
  QCPPainter painter;
  return pageBytes(figure.page(), ending, painter, [&] {
    const DrawingStyle style = figure.style();
    const double height = paintFrame(painter, figure, style);
    QCustomPlot plot;
    composePlot(plot, style, figure.drawing);
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    painter.save();
    plot.toPainter(&painter, static_cast<int>(figure.page().size().width()),
                   static_cast<int>(height));
    painter.restore();
  });
}

void writePlotFigure(const PlotFigure& figure, const std::filesystem::path& path)
{
  checkPageFile(path);
  writeFileAtomically(path, plotFigureBytes(figure, pageEnding(path)).toStdString());
}

}  // namespace orrery
