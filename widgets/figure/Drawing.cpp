#include "widgets/figure/Drawing.h"

#include "widgets/panels/Theme.h"
#include "widgets/vtk/Palette.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

/// Drawings and plots are composed in half points: thin lines and small text are whole units there.
constexpr int unitsPerPoint = 2;

}  // namespace

DrawingStyle DrawingStyle::ofScreen(const QPalette& palette, const QFont& font, double pixelRatio)
{
  DrawingStyle style;
  style.background = palette.color(QPalette::Base);
  style.foreground = palette.color(QPalette::Text);
  style.muted = mixed(style.background, style.foreground, 0.62);
  style.grid = mixed(style.background, style.foreground, 0.16);
  style.font = font;
  style.dark = isDark(palette);
  style.interactive = true;
  style.pixelRatio = pixelRatio;
  return style;
}

DrawingStyle DrawingStyle::ofPage(double fontPoints, double dpi)
{
  Page page;
  page.unitsPerPoint = unitsPerPoint;
  page.dpi = dpi;
  DrawingStyle style;
  style.background = Qt::white;
  style.foreground = Qt::black;
  style.muted = QColor(0x60, 0x60, 0x60);
  style.grid = QColor(0xDC, 0xDC, 0xDC);
  style.font = page.font(fontPoints);
  style.lineWidth = 1.6;
  style.markerSize = 5.0;
  style.pixelRatio = page.pixelsPerUnit();
  return style;
}

QColor DrawingStyle::category(int rank) const
{
  return categoryColor(rank, dark);
}

QColor DrawingStyle::series(int rank) const
{
  return readableColor(category(rank), background, 3.0);
}

OverlayStyle DrawingStyle::overlay() const
{
  return {foreground, background, font, 1.0};
}

Page FigureFrame::page() const
{
  Page page;
  page.widthMm = widthMm;
  page.heightMm = heightMm;
  page.dpi = dpi;
  page.unitsPerPoint = unitsPerPoint;
  page.title = title;
  page.description = caption;
  page.metadata = metadata;
  return page;
}

double paintFrame(QPainter& painter, const FigureFrame& frame, const DrawingStyle& style)
{
  const QSizeF page = frame.page().size();
  if (frame.caption.isEmpty())
    return page.height();
  painter.setFont(style.font);
  painter.setPen(style.foreground);
  const QRectF wanted =
      painter.boundingRect(QRectF(4, 0, page.width() - 8, 1e4), Qt::TextWordWrap, frame.caption);
  const double height = std::min(wanted.height() + 6, 0.4 * page.height());
  painter.drawText(QRectF(4, page.height() - height, page.width() - 8, height),
                   Qt::TextWordWrap | Qt::AlignBottom, frame.caption);
  return page.height() - height;
}

QByteArray drawingBytes(const DrawingFigure& figure, const std::string& ending)
{
  return pageBytes(figure.page(), ending, [&](QPainter& painter) {
    const DrawingStyle style = figure.style();
    const double height = paintFrame(painter, figure, style);
    painter.save();
    if (figure.drawing)
      figure.drawing(painter, {figure.page().size().width(), height}, style);
    painter.restore();
  });
}

void writeDrawing(const DrawingFigure& figure, const std::filesystem::path& path)
{
  checkPageFile(path);
  writeFileAtomically(path, drawingBytes(figure, pageEnding(path)).toStdString());
}

void drawElided(QPainter& painter, const QRectF& box, const QString& text, int flags)
{
  if (box.width() <= 0)
    return;
  const QFontMetricsF metrics(painter.font(), painter.device());
  painter.drawText(box, flags | Qt::TextSingleLine,
                   metrics.elidedText(text, Qt::ElideRight, box.width()));
}

// View --------------------------------------------------------------------------------------------

DrawingView::DrawingView(const QString& name, QWidget* parent) : FigureWidget(name, parent)
{
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
}

void DrawingView::setDrawing(Drawing drawing)
{
  m_drawing = std::move(drawing);
  update();
}

void DrawingView::setEmptyText(const QString& text)
{
  m_emptyText = text;
  update();
}

DrawingStyle DrawingView::drawingStyle() const
{
  return DrawingStyle::ofScreen(palette(), font(), devicePixelRatioF());
}

DrawingFigure DrawingView::figure() const
{
  DrawingFigure figure;
  figure.drawing = m_drawing;
  figure.heightMm = figure.widthMm * height() / std::max(1, width());
  figure.title = accessibleName();
  figure.caption = summary();
  return figure;
}

void DrawingView::save(const std::filesystem::path& path) const
{
  writeDrawing(figure(), path);
}

void DrawingView::paintEvent(QPaintEvent*)
{
  QPainter painter(this);
  painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
  const DrawingStyle style = drawingStyle();
  painter.fillRect(rect(), style.background);
  painter.setFont(style.font);
  if (m_drawing) {
    m_drawing(painter, size(), style);
  } else {
    painter.setPen(style.muted);
    painter.drawText(rect().adjusted(24, 12, -24, -12), Qt::AlignCenter | Qt::TextWordWrap,
                     m_emptyText);
  }
}

}  // namespace orrery
