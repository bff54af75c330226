#include "widgets/plots/Plot.h"

#include "core/base/Error.h"
#include "core/io/ResultFile.h"
#include "widgets/panels/Theme.h"
#include "widgets/vtk/Palette.h"

#include <qcustomplot.h>
#include <QBuffer>
#include <QFontDatabase>
#include <QFontMetricsF>
#include <QGuiApplication>
#include <QImage>
#include <QPdfWriter>
#include <QSvgGenerator>

#include <cmath>

namespace orrery {

namespace {

constexpr double mmPerInch = 25.4;
/// A page is composed in half points: thin lines and small text are whole pixels there.
constexpr double unitsPerInch = 144.0;
constexpr double unitsPerPoint = unitsPerInch / 72.0;

double units(double mm)
{
  return mm / mmPerInch * unitsPerInch;
}

QColor mixed(const QColor& a, const QColor& b, double share)
{
  return QColor::fromRgbF(static_cast<float>(a.redF() + (b.redF() - a.redF()) * share),
                          static_cast<float>(a.greenF() + (b.greenF() - a.greenF()) * share),
                          static_cast<float>(a.blueF() + (b.blueF() - a.blueF()) * share));
}

void styleAxis(QCPAxis& axis, const PlotStyle& style)
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

/// Composes and draws; @p painter's units are half points of the page.
void paint(QCPPainter& painter, const PlotFigure& figure)
{
  const PlotStyle style = PlotStyle::ofPage(figure.fontPoints);
  const QSizeF page(units(figure.widthMm), units(figure.heightMm));
  QRectF captionBox;
  if (!figure.caption.isEmpty()) {
    const QFontMetricsF metrics(style.font);
    captionBox = metrics.boundingRect(QRectF(6, 0, page.width() - 12, 1e4), Qt::TextWordWrap,
                                      figure.caption);
    const double height = std::min(captionBox.height() + 4, 0.5 * page.height());
    captionBox = QRectF(6, page.height() - height, page.width() - 12, height);
  }
  painter.fillRect(QRectF(QPointF(0, 0), page), style.background);
  {
    QCustomPlot plot;
    composePlot(plot, style, figure.drawing);
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    painter.save();
    plot.toPainter(&painter, static_cast<int>(page.width()),
                   static_cast<int>(page.height() - captionBox.height()));
    painter.restore();
  }
  if (captionBox.isEmpty())
    return;
  painter.setPen(style.foreground);
  painter.setFont(style.font);
  painter.drawText(captionBox, Qt::TextWordWrap, figure.caption);
}

}  // namespace

QColor PlotStyle::series(int index) const
{
  return readableColor(categoryColor(index, dark), background, 3.0);
}

PlotStyle PlotStyle::ofScreen(const QPalette& palette, const QFont& font)
{
  PlotStyle style;
  style.background = palette.color(QPalette::Base);
  style.foreground = palette.color(QPalette::Text);
  style.muted = mixed(style.background, style.foreground, 0.55);
  style.grid = mixed(style.background, style.foreground, 0.14);
  style.font = font;
  style.dark = isDark(palette);
  style.interactive = true;
  return style;
}

PlotStyle PlotStyle::ofPage(double fontPoints)
{
  PlotStyle style;
  style.background = Qt::white;
  style.foreground = Qt::black;
  style.muted = QColor(0x70, 0x70, 0x70);
  style.grid = QColor(0xE0, 0xE0, 0xE0);
  style.font = QGuiApplication::font();
  style.font.setPixelSize(std::max(1, static_cast<int>(std::lround(fontPoints * unitsPerPoint))));
  style.font.setHintingPreference(QFont::PreferNoHinting);
  style.lineWidth = 1.6;
  style.markerSize = 5.0;
  return style;
}

void composePlot(QCustomPlot& plot, const PlotStyle& style, const PlotDrawing& drawing)
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

void setLogarithmic(QCPAxis& axis, const PlotStyle& style)
{
  axis.setScaleType(QCPAxis::stLogarithmic);
  const QSharedPointer<QCPAxisTickerLog> ticker(new QCPAxisTickerLog);
  axis.setTicker(ticker);
  axis.grid()->setSubGridPen(QPen(style.grid, 0.5));
}

QByteArray plotFigureBytes(const PlotFigure& figure, const std::string& ending)
{
  if (!(figure.widthMm > 0) || !(figure.heightMm > 0) || !(figure.dpi > 0) ||
      figure.widthMm > 5000 || figure.heightMm > 5000)
    throw Error("a plot's width and height must be positive and at most 5000 mm (found " +
                std::to_string(figure.widthMm) + " x " + std::to_string(figure.heightMm) + ")");
  QBuffer buffer;
  buffer.open(QIODevice::WriteOnly);
  if (ending == ".pdf") {
    QPdfWriter writer(&buffer);
    writer.setTitle(figure.title);
    writer.setCreator(QStringLiteral("Orrery"));
    writer.setPageSize(QPageSize(QSizeF(figure.widthMm, figure.heightMm), QPageSize::Millimeter));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    writer.setResolution(static_cast<int>(unitsPerInch) * 10);
    QCPPainter painter;
    painter.begin(&writer);
    painter.scale(10, 10);
    paint(painter, figure);
    painter.end();
  } else if (ending == ".svg") {
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setTitle(figure.title);
    generator.setDescription(figure.caption);
    generator.setResolution(static_cast<int>(unitsPerInch));
    const QSizeF size(units(figure.widthMm), units(figure.heightMm));
    generator.setSize(size.toSize());
    generator.setViewBox(QRectF(QPointF(0, 0), size));
    QCPPainter painter;
    painter.begin(&generator);
    paint(painter, figure);
    painter.end();
  } else if (ending == ".png") {
    const double scale = figure.dpi / unitsPerInch;
    QImage image(std::max(1, static_cast<int>(std::lround(units(figure.widthMm) * scale))),
                 std::max(1, static_cast<int>(std::lround(units(figure.heightMm) * scale))),
                 QImage::Format_ARGB32_Premultiplied);
    if (image.isNull())
      throw Error("there is not enough memory for this figure; lower its size or its dpi");
    image.setDotsPerMeterX(static_cast<int>(std::lround(figure.dpi / 0.0254)));
    image.setDotsPerMeterY(image.dotsPerMeterX());
    image.fill(Qt::white);
    QCPPainter painter;
    painter.begin(&image);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    painter.scale(scale, scale);
    paint(painter, figure);
    painter.end();
    for (const auto& [key, value] : figure.metadata)
      image.setText(key, value);
    image.save(&buffer, "PNG");
  } else {
    throw Error("a plot is written as .pdf, .svg or .png, found '" + ending + "'");
  }
  return buffer.data();
}

void writePlotFigure(const PlotFigure& figure, const std::filesystem::path& path)
{
  const std::string ending =
      QString::fromStdString(path.extension().string()).toLower().toStdString();
  checkFileWritable(path);
  const QByteArray bytes = plotFigureBytes(figure, ending);
  writeFileAtomically(path, std::string(bytes.constData(), static_cast<std::size_t>(bytes.size())));
}

}  // namespace orrery
