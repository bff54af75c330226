#include "widgets/views/PlanarDrawing.h"

#include "widgets/vtk/CrystalOverlay.h"
#include "widgets/vtk/Palette.h"

#include <QKeyEvent>
#include <QPainter>
#include <QStringList>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {

namespace {

constexpr int glideMs = 900;

/// The corners and the place where d would be.
Eigen::Matrix<double, 2, 5> shapeOf(const PlanarCrystal& crystal)
{
  Eigen::Matrix<double, 2, 5> shape;
  shape << crystal.corners, crystal.expected;
  return shape;
}

/// The largest round length (1, 2, 5 times a power of ten) up to @p length.
double roundLength(double length)
{
  const double power = std::pow(10.0, std::floor(std::log10(std::max(length, 1e-12))));
  for (const double factor : {5.0, 2.0})
    if (factor * power <= length)
      return factor * power;
  return power;
}

struct Pane {
  QRectF area;  ///< Of the shape.
  double scale = 1.0;
  Eigen::Vector2d center{0, 0};

  [[nodiscard]] QPointF at(const Eigen::Vector2d& place) const
  {
    return area.center() +
           QPointF((place.x() - center.x()) * scale, (center.y() - place.y()) * scale);
  }
};

/// Short lines, for the panes are narrow.
QStringList textBelow(const PlanarCrystal& crystal)
{
  QStringList lines = {QStringLiteral("planarity %1 %").arg(100.0 * crystal.planarity, 0, 'f', 1)};
  if (!crystal.note.isEmpty())
    lines << crystal.note;
  if (!crystal.caution.isEmpty())
    lines << crystal.caution.split(QLatin1Char('\n'));
  return lines;
}

void paintShape(QPainter& painter, const Pane& pane, const Eigen::Matrix<double, 2, 5>& shape,
                const std::array<QString, 4>& names, const QColor& color, const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  std::array<QPointF, 5> at;
  QPointF middle;
  for (int i = 0; i < 5; ++i) {
    at[static_cast<std::size_t>(i)] = pane.at(shape.col(i));
    if (i < 4)
      middle += at[static_cast<std::size_t>(i)] / 4.0;
  }
  const QPointF outline[4] = {at[0], at[1], at[3], at[2]};
  painter.setPen(Qt::NoPen);
  painter.setBrush(faded(color, 0.16));
  painter.drawPolygon(outline, 4, Qt::WindingFill);
  const double dot = 0.2 * em;
  const double line = 0.11 * em;
  // What is missing to a parallelogram.
  painter.setPen(QPen(faded(style.foreground, 0.65), 0.6 * line, Qt::DotLine));
  painter.setBrush(Qt::NoBrush);
  painter.drawLine(at[3], at[4]);
  painter.drawEllipse(at[4], dot, dot);
  drawArrow(painter, at[0], at[1], 1.4 * dot, color, 1.3 * line);
  drawArrow(painter, at[2], at[3], 1.4 * dot, color, 1.3 * line);
  drawArrow(painter, at[0], at[2], 1.4 * dot, color, 0.8 * line, Qt::DashLine);
  drawArrow(painter, at[1], at[3], 1.4 * dot, color, 0.8 * line, Qt::DashLine);
  painter.setPen(QPen(style.background, 0.6 * line));
  painter.setBrush(color);
  for (std::size_t i = 0; i < 4; ++i)
    painter.drawEllipse(at[i], dot, dot);
  OverlayStyle named = style;
  named.font.setBold(true);
  const QFontMetricsF wide(named.font);
  for (std::size_t i = 0; i < 4; ++i) {
    const QString text = wide.elidedText(names[i], Qt::ElideRight, 10.0 * em);
    const double width = wide.horizontalAdvance(text);
    const bool above = at[i].y() <= middle.y();
    const double x =
        std::clamp(at[i].x() - width / 2.0, pane.area.left() - 2.6 * em,
                   std::max(pane.area.left() - 2.6 * em, pane.area.right() + 2.6 * em - width));
    drawHaloText(
        painter,
        {x, above ? at[i].y() - 1.6 * dot - wide.descent() : at[i].y() + 1.6 * dot + wide.ascent()},
        text, named);
  }
}

}  // namespace

void paintPlanarPicture(QPainter& painter, const QRectF& area, const PlanarPicture& picture,
                        double share, const QColor& color, const OverlayStyle& style)
{
  if (!picture.before && !picture.after)
    return;
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  const bool both = picture.before && picture.after;
  std::vector<const PlanarCrystal*> drawn;
  if (picture.before)
    drawn.push_back(&*picture.before);
  if (picture.after)
    drawn.push_back(&*picture.after);

  // One scale for both, so that what shrinks is seen to shrink.
  double spanX = 1e-9, spanY = 1e-9;
  for (const PlanarCrystal* crystal : drawn) {
    const auto shape = shapeOf(*crystal);
    const Eigen::Vector2d span = shape.rowwise().maxCoeff() - shape.rowwise().minCoeff();
    spanX = std::max(spanX, span.x());
    spanY = std::max(spanY, span.y());
  }
  // Both panes leave room for the longer of their two texts: shapes are compared at one height.
  qsizetype lines = 0;
  for (const PlanarCrystal* crystal : drawn)
    lines = std::max(lines, textBelow(*crystal).size());
  const double below = 1.15 * em * static_cast<double>(lines - 1);
  const double width = area.width() / static_cast<double>(drawn.size());
  std::vector<Pane> panes;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const QRectF whole(area.left() + width * static_cast<double>(i), area.top(), width,
                       area.height());
    Pane pane;
    pane.area = whole.adjusted(3.2 * em, 2.9 * em, -3.2 * em, -4.3 * em - below);
    pane.area = pane.area.isValid() ? pane.area : whole;
    pane.scale = std::min(pane.area.width() / spanX, pane.area.height() / spanY);
    panes.push_back(pane);
  }
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const PlanarCrystal& crystal = *drawn[i];
    Pane& pane = panes[i];
    const QRectF whole(area.left() + width * static_cast<double>(i), area.top(), width,
                       area.height());
    auto shape = shapeOf(crystal);
    if (both && i == 1)
      shape = (1.0 - share) * shapeOf(*picture.before) + share * shape;
    pane.center = (shape.rowwise().maxCoeff() + shape.rowwise().minCoeff()) / 2.0;
    if (i > 0) {
      painter.setPen(QPen(faded(style.foreground, 0.2), 0.06 * em));
      painter.drawLine(whole.topLeft() + QPointF(0, 0.5 * em),
                       whole.bottomLeft() - QPointF(0, 0.5 * em));
    }
    OverlayStyle quiet = style;
    quiet.foreground = faded(style.foreground, 0.78);
    painter.setFont(style.font);
    const auto centered = [&](double baseline, const QString& text, bool strong) {
      OverlayStyle used = strong ? style : quiet;
      used.font.setBold(strong);
      const QFontMetricsF measured(used.font);
      const QString shown = measured.elidedText(text, Qt::ElideRight, whole.width() - em);
      drawHaloText(painter,
                   {whole.center().x() - measured.horizontalAdvance(shown) / 2.0, baseline}, shown,
                   used);
    };
    centered(whole.top() + 1.15 * em, crystal.title, true);
    paintShape(painter, pane, shape, picture.names, color, style);
    double line = whole.bottom() - 1.55 * em - below;
    for (const QString& text : textBelow(crystal)) {
      centered(line, text, false);
      line += 1.15 * em;
    }
    // The scale bar makes "true to scale" something to check.
    const double length = roundLength(0.3 * std::max(spanX, spanY));
    const double bar = length * pane.scale;
    const QString text = QString::number(length);
    const double total = bar + 0.4 * em + metrics.horizontalAdvance(text);
    const double left = whole.center().x() - total / 2.0;
    const double y = whole.bottom() - 0.75 * em;
    painter.setPen(QPen(quiet.foreground, 0.09 * em));
    painter.drawLine(QPointF(left, y), QPointF(left + bar, y));
    painter.drawLine(QPointF(left, y - 0.2 * em), QPointF(left, y + 0.2 * em));
    painter.drawLine(QPointF(left + bar, y - 0.2 * em), QPointF(left + bar, y + 0.2 * em));
    drawHaloText(painter, {left + bar + 0.4 * em, y + 0.33 * em}, text, quiet);
  }
  painter.restore();
}

DrawingFigure planarFigure(const PlanarPicture& picture)
{
  DrawingFigure figure;
  figure.drawing = [picture](QPainter& painter, const QSizeF& size, const DrawingStyle& style) {
    paintPlanarPicture(painter, QRectF(QPointF(0, 0), size), picture, 1.0, style.series(0),
                       style.overlay());
  };
  figure.widthMm = picture.before && picture.after ? 114.0 : 85.0;
  figure.heightMm = 60.0;
  figure.title = picture.names[0] + QStringLiteral(" : ") + picture.names[1] +
                 QStringLiteral(" :: ") + picture.names[2] + QStringLiteral(" : ") +
                 picture.names[3];
  return figure;
}

PlanarDrawing::PlanarDrawing(QWidget* parent)
    : DrawingView(tr("Drawing of the crystal, true to scale"), parent)
{
  setEmptyText(tr("No crystal is chosen"));
  setFileStem(QStringLiteral("crystal"));
  setToolTip(
      tr("The four corners in their best plane, true to scale. The open circle is b − a + c, "
         "where d would be. Click, or press Space, to see the change again."));
  m_glide.setStartValue(0.0);
  m_glide.setEndValue(1.0);
  m_glide.setDuration(glideMs);
  m_glide.setEasingCurve(QEasingCurve::InOutCubic);
  connect(&m_glide, &QVariantAnimation::valueChanged, this, [this](const QVariant& value) {
    m_share = value.toDouble();
    update();
  });
}

void PlanarDrawing::setPicture(PlanarPicture picture)
{
  m_picture = std::move(picture);
  m_glide.stop();
  m_share = 1.0;
  QString said;
  for (const auto& crystal : {m_picture.before, m_picture.after})
    if (crystal)
      said +=
          QStringLiteral("%1: planarity %2 percent, %3. ")
              .arg(crystal->title)
              .arg(100.0 * crystal->planarity, 0, 'f', 1)
              .arg(
                  crystal->caution.isEmpty()
                      ? crystal->note
                      : crystal->note + QStringLiteral("; ") +
                            QString(crystal->caution).replace(QLatin1Char('\n'), QLatin1Char(' ')));
  setSummary(said);
  if (m_picture.before || m_picture.after)
    setDrawing([this](QPainter& painter, const QSizeF& size, const DrawingStyle& style) {
      paintPlanarPicture(painter, QRectF(QPointF(0, 0), size), m_picture, m_share, style.series(0),
                         style.overlay());
    });
  else
    setDrawing({});
  if (isVisible())
    play();
}

void PlanarDrawing::play()
{
  if (!m_picture.before || !m_picture.after)
    return;
  m_glide.stop();
  m_share = 0.0;
  m_glide.start();
  update();
}

void PlanarDrawing::keyPressEvent(QKeyEvent* event)
{
  if (event->key() == Qt::Key_Space)
    play();
  else
    DrawingView::keyPressEvent(event);
}

void PlanarDrawing::mousePressEvent(QMouseEvent* event)
{
  if (event->button() == Qt::LeftButton)
    play();
}

}  // namespace orrery
