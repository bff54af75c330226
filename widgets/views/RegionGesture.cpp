#include "widgets/views/RegionGesture.h"

#include <QLineF>
#include <QPainter>
#include <QPainterPath>
#include <QPolygonF>

#include <algorithm>

namespace orrery {

namespace {

/// Clicks this near to the first corner close a polygon.
constexpr double closingDistance = 8.0;

}  // namespace

void RegionGesture::setBrushRadius(double pixels)
{
  m_brushRadius = std::clamp(pixels, 2.0, 400.0);
}

void RegionGesture::begin(CloudTool tool, QPointF at)
{
  m_tool = tool;
  m_active = tool != CloudTool::Navigate;
  m_path = {at};
  m_cursor = at;
}

void RegionGesture::move(QPointF to)
{
  m_cursor = to;
  if (m_tool == CloudTool::Lasso || m_tool == CloudTool::Brush) {
    // Steps below a pixel and a half add nothing but time.
    if (QLineF(m_path.back(), to).length() >= 1.5)
      m_path.push_back(to);
  }
}

bool RegionGesture::addCorner(QPointF at)
{
  m_cursor = at;
  if (m_path.size() >= 3 && QLineF(m_path.front(), at).length() <= closingDistance)
    return true;
  if (QLineF(m_path.back(), at).length() >= 1.0)
    m_path.push_back(at);
  return false;
}

Region RegionGesture::region() const
{
  std::vector<Eigen::Vector2d> corners;
  corners.reserve(m_path.size() + 1);
  for (const QPointF& point : m_path)
    corners.emplace_back(point.x(), point.y());
  const Eigen::Vector2d cursor(m_cursor.x(), m_cursor.y());
  if (m_tool == CloudTool::Rectangle)
    return Region::rectangle(corners.front(), cursor);
  if (corners.back() != cursor)
    corners.push_back(cursor);
  return m_tool == CloudTool::Brush ? Region::brush(std::move(corners), m_brushRadius)
                                    : Region::polygon(std::move(corners));
}

std::vector<QPointF> RegionGesture::outline() const
{
  if (m_tool == CloudTool::Brush || m_path.empty())
    return {};
  if (m_tool == CloudTool::Rectangle) {
    const QRectF box = QRectF(m_path.front(), m_cursor).normalized();
    return {box.topLeft(), box.topRight(), box.bottomRight(), box.bottomLeft()};
  }
  std::vector<QPointF> corners = m_path;
  if (corners.back() != m_cursor)
    corners.push_back(m_cursor);
  return corners;
}

void RegionGesture::paint(QPainter& painter, const QColor& color) const
{
  if (!m_active)
    return;
  QColor fill = color;
  fill.setAlphaF(0.10f);
  QPen pen(color, 1.4);
  painter.setRenderHint(QPainter::Antialiasing);
  if (m_tool == CloudTool::Brush) {
    QPainterPath path(m_path.front());
    for (const QPointF& point : m_path)
      path.lineTo(point);
    path.lineTo(m_cursor + QPointF(0.01, 0.0));
    QColor stroke = color;
    stroke.setAlphaF(0.18f);
    painter.strokePath(
        path, QPen(stroke, 2.0 * m_brushRadius, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setPen(pen);
    painter.drawEllipse(m_cursor, m_brushRadius, m_brushRadius);
    return;
  }
  painter.setPen(pen);
  painter.setBrush(fill);
  if (m_tool == CloudTool::Rectangle) {
    painter.drawRect(QRectF(m_path.front(), m_cursor).normalized());
    return;
  }
  QPolygonF polygon(QList<QPointF>(m_path.begin(), m_path.end()));
  polygon.append(m_cursor);
  painter.setPen(Qt::NoPen);
  painter.drawPolygon(polygon);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(pen);
  painter.drawPolyline(polygon);
  pen.setStyle(Qt::DashLine);
  painter.setPen(pen);
  painter.drawLine(m_cursor, m_path.front());
  if (m_tool == CloudTool::Polygon) {
    painter.setBrush(color);
    for (const QPointF& corner : m_path)
      painter.drawEllipse(corner, 2.5, 2.5);
  }
}

}  // namespace orrery
