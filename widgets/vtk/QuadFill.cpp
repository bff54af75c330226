#include "widgets/vtk/QuadFill.h"

#include "widgets/vtk/Palette.h"

#include <QImage>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {

namespace {

/// More pixels would not be seen, and a page has any number of them.
constexpr double mostPixels = 2000.0;
/// Depths closer than this are the same: a corner's own disc does not cover the quad.
constexpr float sameDepth = 1e-5f;

/// Of a quad's opacity, where a point is in front: in a dense cloud nothing would be seen of it
/// else.
constexpr double coveredShare = 0.3;

struct Vertex {
  double x = 0.0, y = 0.0, depth = 0.0;
};

/// The pixels around the quads: nearest depth of the discs, and the picture that grows.
class Canvas {
 public:
  Canvas(const QRectF& box, double scale)
      : m_box(box),
        m_scale(scale),
        m_width(std::max(1, static_cast<int>(std::ceil(box.width() * scale)))),
        m_height(std::max(1, static_cast<int>(std::ceil(box.height() * scale)))),
        m_near(static_cast<std::size_t>(m_width) * static_cast<std::size_t>(m_height),
               std::numeric_limits<float>::infinity()),
        m_image(m_width, m_height, QImage::Format_ARGB32_Premultiplied)
  {
    m_image.fill(Qt::transparent);
  }

  [[nodiscard]] const QImage& image() const { return m_image; }
  [[nodiscard]] QRectF target() const
  {
    return {m_box.topLeft(), QSizeF(m_width / m_scale, m_height / m_scale)};
  }

  [[nodiscard]] Vertex vertex(const ScreenPoints& points, FeatureId feature) const
  {
    const auto at = static_cast<std::size_t>(feature);
    return {(static_cast<double>(points.x[at]) - m_box.left()) * m_scale,
            (static_cast<double>(points.y[at]) - m_box.top()) * m_scale,
            static_cast<double>(points.depth[at])};
  }

  void addDisc(const Vertex& center, double radius)
  {
    const double r = std::max(0.5, radius * m_scale);
    const int top = std::max(0, static_cast<int>(std::ceil(center.y - r - 0.5)));
    const int bottom = std::min(m_height - 1, static_cast<int>(std::floor(center.y + r - 0.5)));
    for (int y = top; y <= bottom; ++y) {
      const double dy = y + 0.5 - center.y;
      const double half = std::sqrt(std::max(0.0, r * r - dy * dy));
      const int left = std::max(0, static_cast<int>(std::ceil(center.x - half - 0.5)));
      const int right = std::min(m_width - 1, static_cast<int>(std::floor(center.x + half - 0.5)));
      float* line = m_near.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(m_width);
      for (int x = left; x <= right; ++x)
        line[x] = std::min(line[x], static_cast<float>(center.depth));
    }
  }

  void addQuad(const std::array<Vertex, 4>& at, const QColor& color)
  {
    // Where a twisted quad covers itself, it is as one sheet: the nearer one.
    std::vector<float> depth(m_near.size(), std::numeric_limits<float>::infinity());
    addTriangle(at[0], at[1], at[2], depth);
    addTriangle(at[0], at[2], at[3], depth);
    const QRgb open = qPremultiply(color.rgba());
    const QRgb covered = qPremultiply(faded(color, color.alphaF() * coveredShare).rgba());
    for (int y = 0; y < m_height; ++y) {
      auto* line = reinterpret_cast<QRgb*>(m_image.scanLine(y));
      const auto begin = static_cast<std::size_t>(y) * static_cast<std::size_t>(m_width);
      for (int x = 0; x < m_width; ++x) {
        const std::size_t i = begin + static_cast<std::size_t>(x);
        if (!(depth[i] < std::numeric_limits<float>::infinity()))
          continue;
        const QRgb ink = m_near[i] < depth[i] - sameDepth ? covered : open;
        const int keep = 255 - qAlpha(ink);
        const auto over = [&](int mine, int below) { return mine + below * keep / 255; };
        line[x] = qRgba(over(qRed(ink), qRed(line[x])), over(qGreen(ink), qGreen(line[x])),
                        over(qBlue(ink), qBlue(line[x])), over(qAlpha(ink), qAlpha(line[x])));
      }
    }
  }

 private:
  void addTriangle(const Vertex& a, const Vertex& b, const Vertex& c,
                   std::vector<float>& depth) const
  {
    const double area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
    if (std::abs(area) < 1e-9)
      return;
    const auto limit = [](double value, int most) {
      return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(most)));
    };
    const int top = limit(std::floor(std::min({a.y, b.y, c.y})), m_height - 1);
    const int bottom = limit(std::ceil(std::max({a.y, b.y, c.y})), m_height - 1);
    const int left = limit(std::floor(std::min({a.x, b.x, c.x})), m_width - 1);
    const int right = limit(std::ceil(std::max({a.x, b.x, c.x})), m_width - 1);
    for (int y = top; y <= bottom; ++y)
      for (int x = left; x <= right; ++x) {
        const double px = x + 0.5 - a.x, py = y + 0.5 - a.y;
        const double v = (px * (c.y - a.y) - (c.x - a.x) * py) / area;
        const double w = ((b.x - a.x) * py - px * (b.y - a.y)) / area;
        if (v < 0.0 || w < 0.0 || v + w > 1.0)
          continue;
        float& kept = depth[static_cast<std::size_t>(y) * static_cast<std::size_t>(m_width) +
                            static_cast<std::size_t>(x)];
        kept = std::min(
            kept, static_cast<float>(a.depth + v * (b.depth - a.depth) + w * (c.depth - a.depth)));
      }
  }

  QRectF m_box;
  double m_scale;
  int m_width, m_height;
  std::vector<float> m_near;
  QImage m_image;
};

QPointF placeOf(const ScreenPoints& points, FeatureId feature)
{
  const auto at = static_cast<std::size_t>(feature);
  return {static_cast<double>(points.x[at]), static_cast<double>(points.y[at])};
}

}  // namespace

void fillQuads(QPainter& painter, const std::vector<FilledQuad>& quads, const ScreenPoints& points,
               const QRectF& area)
{
  QRectF box;
  float farthest = -std::numeric_limits<float>::infinity();
  for (const FilledQuad& quad : quads)
    for (const FeatureId corner : quad.corners) {
      const QPointF place = placeOf(points, corner);
      box = box.isNull() ? QRectF(place, QSizeF(1e-6, 1e-6))
                         : box.united(QRectF(place, QSizeF(1e-6, 1e-6)));
      farthest = std::max(farthest, points.depth[static_cast<std::size_t>(corner)]);
    }
  box = box.intersected(area);
  if (quads.empty() || box.isEmpty())
    return;
  std::vector<FeatureId> front;
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    const double x = static_cast<double>(points.x[i]), y = static_cast<double>(points.y[i]);
    const double r = static_cast<double>(points.radius[i]);
    // NaN where it is not drawn: no comparison holds.
    if (points.depth[i] < farthest - sameDepth && x + r > box.left() && x - r < box.right() &&
        y + r > box.top() && y - r < box.bottom())
      front.push_back(static_cast<FeatureId>(i));
  }
  if (front.empty()) {
    painter.setPen(Qt::NoPen);
    for (const FilledQuad& quad : quads) {
      QPointF outline[4];
      for (std::size_t i = 0; i < 4; ++i)
        outline[i] = placeOf(points, quad.corners[i]);
      painter.setBrush(quad.color);
      painter.drawPolygon(outline, 4, Qt::WindingFill);
    }
    return;
  }
  const double wanted = std::max(0.05, std::abs(painter.deviceTransform().m11()));
  Canvas canvas(box, std::min(wanted, mostPixels / std::max(box.width(), box.height())));
  for (const FeatureId feature : front)
    canvas.addDisc(canvas.vertex(points, feature),
                   static_cast<double>(points.radius[static_cast<std::size_t>(feature)]));
  for (const FilledQuad& quad : quads) {
    std::array<Vertex, 4> at;
    for (std::size_t i = 0; i < 4; ++i)
      at[i] = canvas.vertex(points, quad.corners[i]);
    canvas.addQuad(at, quad.color);
  }
  painter.drawImage(canvas.target(), canvas.image());
}

}  // namespace orrery
