#include "widgets/views/CloudViewPrivate.h"

#include <algorithm>
#include <utility>

namespace orrery {

void CloudView::Private::renderIfNeeded()
{
  const double ratio = q->devicePixelRatioF();
  const QSize size = (QSizeF(q->size()) * ratio).toSize().expandedTo(QSize(1, 1));
  if (!stale && size == renderedSize && ratio == renderedRatio)
    return;
  stale = false;
  renderedSize = size;
  renderedRatio = ratio;
  FrameRequest request;
  request.camera = camera;
  // Beyond what OpenGL can draw at once the picture is drawn smaller and enlarged by the painter.
  const double shrink = std::min(
      1.0, static_cast<double>(scene.maximumSize()) / std::max(size.width(), size.height()));
  request.size = (QSizeF(size) * shrink).toSize().expandedTo(QSize(1, 1));
  request.pixelRatio = ratio * shrink;
  if (renderer.start(request) && !moving)
    sliceTimer.start();
}

void CloudView::Private::slice()
{
  if (stale || moving)
    return;
  if (renderer.advance()) {
    q->update();
    sliceTimer.start();
  }
}

OverlayStyle CloudView::Private::style() const
{
  OverlayStyle result;
  result.foreground = scene.appearance().foreground;
  result.background = scene.appearance().background;
  result.font = q->font();
  return result;
}

void CloudView::Private::paintMarks(QPainter& painter, const ScreenPoints& points)
{
  const auto ring = [&](FeatureId feature, const QColor& color, double gap, double width) {
    if (!points.drawn(feature))
      return;
    const auto at = static_cast<std::size_t>(feature);
    const double radius = points.radius[at] + gap;
    const QPointF center(points.x[at], points.y[at]);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(scene.appearance().background, width + 2.0));
    painter.drawEllipse(center, radius, radius);
    painter.setPen(QPen(color, width));
    painter.drawEllipse(center, radius, radius);
  };
  painter.setRenderHint(QPainter::Antialiasing);
  ring(current, scene.appearance().foreground, 4.5, 2.0);
  ring(hoveredFeature, QColor(0xE6, 0x9F, 0x00), 3.0, 2.2);
}

void CloudView::Private::paintTool(QPainter& painter, const QRectF& area)
{
  const OverlayStyle look = style();
  if (drag == Drag::Rotate || markerTimer.isActive()) {
    // The rotation centre is the focal point: the middle of the view.
    const QPointF center = area.center();
    painter.setRenderHint(QPainter::Antialiasing);
    for (const auto& [color, width] :
         {std::pair(look.background, 3.5), std::pair(look.foreground, 1.4)}) {
      painter.setPen(QPen(color, width));
      painter.setBrush(Qt::NoBrush);
      painter.drawEllipse(center, 5.0, 5.0);
      painter.drawLine(center - QPointF(10, 0), center - QPointF(5, 0));
      painter.drawLine(center + QPointF(5, 0), center + QPointF(10, 0));
      painter.drawLine(center - QPointF(0, 10), center - QPointF(0, 5));
      painter.drawLine(center + QPointF(0, 5), center + QPointF(0, 10));
    }
  }
  region.paint(painter, look.foreground);
  if (!shownRegion.outline.empty() && shownRegion.camera == camera) {
    // Fractions of the height, as the camera's view is: what is wider shows more at both sides.
    QPolygonF outline;
    const double width = area.height() * shownRegion.aspect;
    for (const QPointF& corner : shownRegion.outline)
      outline << QPointF(area.center().x() + (corner.x() - 0.5) * width,
                         area.top() + corner.y() * area.height());
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(look.foreground, 1.4, Qt::DashLine));
    painter.drawPolygon(outline);
  }
  if (tool == CloudTool::Brush && !region.isActive() && cursorInside) {
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(look.foreground, 1.2));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(cursor, region.brushRadius(), region.brushRadius());
  }
  if (tool == CloudTool::Navigate || area.width() < 160.0)
    return;
  static constexpr const char* names[] = {"", "Rectangle", "Lasso", "Polygon", "Brush"};
  QString text = QString::fromLatin1(names[static_cast<int>(tool)]);
  text += visibleOnly ? QStringLiteral(" · visible points only")
                      : QStringLiteral(" · through all depths");
  if (region.isActive())
    text += QStringLiteral(" · %L1 inside").arg(std::max<qint64>(0, regionCount));
  else if (tool == CloudTool::Polygon)
    text += QStringLiteral(" · click corners, double click closes");
  text += QStringLiteral(" · Shift adds, Ctrl removes, Esc cancels");
  const QFontMetricsF metrics(look.font);
  constexpr double margin = 10.0, ends = 24.0, least = 220.0;
  const double whole = metrics.horizontalAdvance(text) + ends;
  QRectF pill(area.center().x() - whole / 2.0, area.top() + margin, whole,
              metrics.height() + margin);
  // Beside the legend where it fits, in part at least; else below it.
  if (const QRectF legend = legendBox(area, texts, look);
      !legend.isEmpty() && pill.right() > legend.left() - margin) {
    if (legend.left() - area.left() > least)
      pill.moveRight(legend.left() - margin);
    else
      pill.moveTop(legend.bottom() + margin);
  }
  pill.setLeft(std::max(pill.left(), area.left() + margin));
  pill.setRight(std::min(pill.right(), area.right() - margin));
  text = metrics.elidedText(text, Qt::ElideRight, pill.width() - ends);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(look.foreground);
  painter.drawRoundedRect(pill, pill.height() / 2.0, pill.height() / 2.0);
  painter.setPen(look.background);
  painter.setFont(look.font);
  painter.drawText(pill, Qt::AlignCenter, text);
}

void CloudView::Private::paintNote(QPainter& painter, const QString& text, const QColor& background,
                                   const QColor& foreground)
{
  painter.fillRect(q->rect(), background);
  painter.setPen(foreground);
  painter.drawText(q->rect().adjusted(20, 20, -20, -20), Qt::AlignCenter | Qt::TextWordWrap, text);
}

QImage CloudView::grabPicture(double scale)
{
  Private& d = *m_d;
  const double ratio = devicePixelRatioF() * std::clamp(scale, 0.01, 32.0);
  FrameRequest request;
  request.camera = d.camera;
  request.size = (QSizeF(size()) * ratio).toSize().expandedTo(QSize(1, 1));
  request.pixelRatio = ratio;
  const double pixels = static_cast<double>(request.size.width()) * request.size.height();
  QImage picture = d.scene.render(request, pixels < 2e7 ? 2 : 1);
  if (picture.isNull())
    return picture;
  d.stale = true;
  update();
  QPainter painter(&picture);
  painter.scale(ratio, ratio);
  const ScreenPoints points = d.scene.project(d.camera, width(), height());
  drawTexts(painter, rect(), d.texts, d.camera, d.scene.planar(), points, d.style());
  d.paintMarks(painter, points);
  return picture;
}

QString CloudView::rendererName() const
{
  return m_d->scene.rendererName();
}

CloudView::FrameStatistics CloudView::lastFrame() const
{
  const auto& statistics = m_d->renderer.statistics();
  return {statistics.points, statistics.milliseconds, statistics.complete};
}

void CloudView::paintEvent(QPaintEvent*)
{
  Private& d = *m_d;
  QPainter painter(this);
  const CloudAppearance& look = d.scene.appearance();
  if (d.scene.drawableCount() == 0) {
    d.paintNote(painter, d.emptyText, look.background, look.foreground);
    return;
  }
  d.renderIfNeeded();
  const QImage& picture = d.renderer.picture();
  if (picture.isNull()) {
    const QString why = OpenGlContext::failure();
    d.paintNote(painter,
                QStringLiteral("The cloud cannot be drawn: %1. Tables and plots work all the same.")
                    .arg(why.isEmpty() ? QStringLiteral("the graphics driver gave up") : why),
                look.background, look.foreground);
    return;
  }
  // One device pixel of the picture on one of the screen.
  QImage shown = picture;
  shown.setDevicePixelRatio(devicePixelRatioF());
  if (picture.size() == d.renderedSize)
    painter.drawImage(QPointF(0, 0), shown);
  else
    painter.drawImage(QRectF(rect()), picture);
  const ScreenPoints& points = d.screenPoints();
  drawTexts(painter, rect(), d.texts, d.camera, d.scene.planar(), points, d.style());
  d.paintMarks(painter, points);
  d.paintTool(painter, rect());
}

void CloudView::resizeEvent(QResizeEvent*)
{
  Private& d = *m_d;
  // What filled the view goes on filling it.
  if (d.framed && !d.glideTimer.isActive() && d.scene.positions().cols() > 0) {
    d.camera = d.framedCamera(d.scene.positions(), d.scene.planar());
    emit cameraChanged();
  }
  if (d.region.isActive())
    d.cancelRegion();
  d.invalidate(true);
}

}  // namespace orrery
