#include "widgets/vtk/CrystalOverlay.h"

#include "widgets/vtk/Palette.h"
#include "widgets/vtk/QuadFill.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

QPointF placeOf(const ScreenPoints& points, FeatureId feature)
{
  const auto at = static_cast<std::size_t>(feature);
  return {static_cast<double>(points.x[at]), static_cast<double>(points.y[at])};
}

/// Where a text of @p size stands beside @p corner, away from @p center.
QRectF outwardBox(const QPointF& corner, const QPointF& center, double away, const QSizeF& size)
{
  QPointF out = corner - center;
  const double length = std::hypot(out.x(), out.y());
  out = length > 1e-6 ? out / length : QPointF(1.0, 0.0);
  const QPointF middle =
      corner + out * away + QPointF(out.x() * size.width() / 2.0, out.y() * size.height() / 2.0);
  return {middle - QPointF(size.width() / 2.0, size.height() / 2.0), size};
}

}  // namespace

void drawArrow(QPainter& painter, const QPointF& from, const QPointF& to, double gap,
               const QColor& color, double width, Qt::PenStyle line)
{
  const QPointF whole = to - from;
  const double length = std::hypot(whole.x(), whole.y());
  const double head = std::min(5.0 * width, 0.4 * length);
  if (length < 2.0 * gap + head || length < 1e-6)
    return;
  const QPointF along = whole / length;
  const QPointF across(-along.y(), along.x());
  const QPointF tip = to - along * gap;
  const QPointF neck = tip - along * head;
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(color, width, line, Qt::FlatCap));
  painter.drawLine(from + along * gap, neck);
  painter.setPen(Qt::NoPen);
  painter.setBrush(color);
  const QPointF triangle[3] = {tip, neck + across * head * 0.42, neck - across * head * 0.42};
  painter.drawPolygon(triangle, 3);
}

std::vector<PlacedLabel> drawCrystals(QPainter& painter, const std::vector<CrystalShape>& crystals,
                                      const ScreenPoints& points, const QRectF& area,
                                      const OverlayStyle& style)
{
  std::vector<PlacedLabel> taken;
  const QFontMetricsF metrics(style.font);
  const double line = 0.11 * metrics.height();
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setClipRect(area.adjusted(-1, -1, 1, 1), Qt::IntersectClip);
  const auto isDrawn = [&](const CrystalShape& crystal) {
    return std::all_of(crystal.corners.begin(), crystal.corners.end(),
                       [&](FeatureId feature) { return points.drawn(feature); });
  };
  std::vector<FilledQuad> insides;
  for (const bool chosen : {false, true})
    for (const CrystalShape& crystal : crystals)
      if (crystal.chosen == chosen && isDrawn(crystal)) {
        const auto [a, b, c, d] = crystal.corners;
        insides.push_back({{a, b, d, c}, faded(crystal.color, chosen ? 0.26 : 0.07)});
      }
  fillQuads(painter, insides, points, area);
  for (const bool chosen : {false, true})
    for (const CrystalShape& crystal : crystals) {
      if (crystal.chosen != chosen || !isDrawn(crystal))
        continue;
      std::array<QPointF, 4> at;
      QPointF center;
      for (std::size_t i = 0; i < 4; ++i) {
        at[i] = placeOf(points, crystal.corners[i]);
        center += at[i] / 4.0;
      }
      const auto gap = [&](std::size_t i) {
        return static_cast<double>(points.radius[static_cast<std::size_t>(crystal.corners[i])]) +
               line;
      };
      const QPointF outline[4] = {at[0], at[1], at[3], at[2]};
      if (chosen) {
        painter.setPen(QPen(faded(style.background, 0.8), 3.2 * line, Qt::SolidLine, Qt::RoundCap,
                            Qt::RoundJoin));
        painter.setBrush(Qt::NoBrush);
        painter.drawPolygon(outline, 4);
      }
      const QColor edge = faded(crystal.color, chosen ? 1.0 : 0.4);
      const double width = chosen ? 1.3 * line : 0.7 * line;
      // a → b and c → d are the function vector; the other two sides only close the figure.
      drawArrow(painter, at[0], at[1], gap(1), edge, width);
      drawArrow(painter, at[2], at[3], gap(3), edge, width);
      if (chosen) {
        drawArrow(painter, at[0], at[2], gap(2), edge, 0.7 * width, Qt::DashLine);
        drawArrow(painter, at[1], at[3], gap(3), edge, 0.7 * width, Qt::DashLine);
      } else {
        painter.setPen(QPen(faded(crystal.color, 0.3), 0.6 * width));
        painter.drawLine(at[0], at[2]);
        painter.drawLine(at[1], at[3]);
      }
      for (std::size_t i = 0; i < 4; ++i) {
        if (crystal.names[i].isEmpty())
          continue;
        OverlayStyle named = style;
        named.font.setBold(chosen);
        const QFontMetricsF wide(named.font);
        QRectF box = outwardBox(at[i], center, gap(i) + 0.25 * metrics.height(),
                                {wide.horizontalAdvance(crystal.names[i]), wide.height()});
        // Two corners at nearly one place: the second name makes way.
        for (const PlacedLabel& other : taken)
          if (other.box.intersects(box))
            box.moveTop(box.center().y() < other.box.center().y() ? other.box.top() - box.height()
                                                                  : other.box.bottom());
        taken.push_back({crystal.corners[i], crystal.names[i], box});
        drawHaloText(painter, QPointF(box.left(), box.top() + wide.ascent()), crystal.names[i],
                     named);
      }
    }
  painter.restore();
  return taken;
}

}  // namespace orrery
