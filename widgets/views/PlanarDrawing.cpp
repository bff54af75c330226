#include "widgets/views/PlanarDrawing.h"

#include "widgets/vtk/CrystalOverlay.h"
#include "widgets/vtk/Palette.h"

#include <QKeyEvent>
#include <QLineF>
#include <QPainter>
#include <QStringList>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

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

/// Places where a name can stand beside its corner, the best first.
std::vector<QRectF> placesOf(const QPointF& corner, const QSizeF& size, double away, bool above)
{
  const double w = size.width(), h = size.height();
  std::vector<QRectF> places;
  const auto add = [&](double x, double y) { places.emplace_back(corner + QPointF(x, y), size); };
  const double outside = above ? -away - h : away, inside = above ? away : -away - h;
  const double step = above ? -h : h;
  for (const double x : {-w / 2, -w + away, -away})
    add(x, outside);
  add(away, -h / 2);
  add(-away - w, -h / 2);
  for (const double x : {-w / 2, -w + away, -away})
    add(x, inside);
  // Farther out, where others stand beside the corner already.
  for (const int row : {1, 2, 3})
    for (const double x : {-w / 2, -w + away, -away})
      add(x, outside + row * step);
  for (const int row : {1, 2, 3})
    add(-w / 2, inside - row * step);
  return places;
}

/// Names, corners and what the names must not cover, while the best places are looked for.
class NamePlacing {
 public:
  NamePlacing(const std::array<QPointF, 4>& corners, const std::array<QSizeF, 4>& sizes,
              const QRectF& bounds, double away)
      : m_corners(corners), m_bounds(bounds), m_away(away)
  {
    const QPointF middle = (corners[0] + corners[1] + corners[2] + corners[3]) / 4.0;
    for (std::size_t i = 0; i < 4; ++i)
      m_places[i] = placesOf(corners[i], sizes[i], away, corners[i].y() <= middle.y());
  }

  std::array<QRectF, 4> best()
  {
    choose(0, 0.0);
    return m_best;
  }

 private:
  /// Rank of the place, then what it covers or leaves: a name over a name is worse than all else.
  [[nodiscard]] double costOf(std::size_t name, std::size_t rank, const QRectF& box) const
  {
    double cost = static_cast<double>(rank);
    for (std::size_t before = 0; before < name; ++before)
      cost += box.intersects(m_chosen[before]) ? 1000.0 : 0.0;
    for (std::size_t i = 0; i < 4; ++i) {
      const QRectF disc(m_corners[i] - QPointF(m_away, m_away) * 0.6, QSizeF(m_away, m_away) * 1.2);
      cost += i != name && box.intersects(disc) ? 12.0 : 0.0;
    }
    return m_bounds.contains(box) ? cost : cost + 60.0;
  }

  void choose(std::size_t name, double cost)
  {
    if (cost >= m_least)
      return;
    if (name == 4) {
      m_least = cost;
      m_best = m_chosen;
      return;
    }
    for (std::size_t rank = 0; rank < m_places[name].size(); ++rank) {
      const QRectF& box = m_places[name][rank];
      const double more = costOf(name, rank, box);
      m_chosen[name] = box;
      choose(name + 1, cost + more);
    }
  }

  std::array<QPointF, 4> m_corners;
  QRectF m_bounds;
  double m_away;
  std::array<std::vector<QRectF>, 4> m_places;
  std::array<QRectF, 4> m_chosen, m_best;
  double m_least = std::numeric_limits<double>::infinity();
};

/// Names beside their corners, with a line to it from one that had to go farther away.
void paintNames(QPainter& painter, const Pane& pane, const std::array<QPointF, 4>& corners,
                const std::array<QString, 4>& names, double dot, const OverlayStyle& style)
{
  OverlayStyle named = style;
  named.font.setBold(true);
  const QFontMetricsF wide(named.font);
  const double em = QFontMetricsF(style.font).height();
  const double gap = 0.5 * em;  // between two names side by side
  std::array<QString, 4> texts;
  std::array<QSizeF, 4> sizes;
  for (std::size_t i = 0; i < 4; ++i) {
    texts[i] = wide.elidedText(names[i], Qt::ElideRight, 10.0 * em);
    sizes[i] = {wide.horizontalAdvance(texts[i]) + gap, wide.ascent() + wide.descent()};
  }
  const double away = 1.6 * dot;
  const auto boxes = placeCornerNames(
      corners, sizes, pane.area.adjusted(-2.6 * em, -1.4 * em, 2.6 * em, 1.9 * em), away);
  for (std::size_t i = 0; i < 4; ++i) {
    const QRectF& box = boxes[i];
    const QPointF nearest(std::clamp(corners[i].x(), box.left(), box.right()),
                          std::clamp(corners[i].y(), box.top(), box.bottom()));
    if (QLineF(corners[i], nearest).length() > 2.0 * away) {
      painter.setPen(QPen(faded(style.foreground, 0.5), 0.06 * em));
      painter.drawLine(corners[i], nearest);
    }
    drawHaloText(painter, {box.left() + gap / 2.0, box.top() + wide.ascent()}, texts[i], named);
  }
}

void paintShape(QPainter& painter, const Pane& pane, const Eigen::Matrix<double, 2, 5>& shape,
                const std::array<QString, 4>& names, const QColor& color, const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  std::array<QPointF, 5> at;
  for (int i = 0; i < 5; ++i)
    at[static_cast<std::size_t>(i)] = pane.at(shape.col(i));
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
  paintNames(painter, pane, {at[0], at[1], at[2], at[3]}, names, dot, style);
}

}  // namespace

std::array<QRectF, 4> placeCornerNames(const std::array<QPointF, 4>& corners,
                                       const std::array<QSizeF, 4>& sizes, const QRectF& bounds,
                                       double away)
{
  return NamePlacing(corners, sizes, bounds, away).best();
}

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
