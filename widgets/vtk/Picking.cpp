#include "widgets/vtk/Picking.h"

#include "core/base/Dispatch.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace orrery {

namespace {

using Eigen::Vector2d;

constexpr float notDrawn = std::numeric_limits<float>::quiet_NaN();

double squaredDistance(const Vector2d& p, const Vector2d& a, const Vector2d& b)
{
  const Vector2d along = b - a;
  const double length = along.squaredNorm();
  const double t = length > 0.0 ? std::clamp((p - a).dot(along) / length, 0.0, 1.0) : 0.0;
  return (p - a - along * t).squaredNorm();
}

struct ProjectionInput {
  const float* positions;
  const float* factors;  ///< Or null.
  const std::uint8_t* hidden;
  double matrix[16];  ///< Column-major.
  double width, height;
  double diameter, focalDistance, orthographicDepth, radius;
  double towards[3];
  double center[3];
};

ORRERY_FOR_EACH_CPU void projectRange(const ProjectionInput& in, std::int64_t begin,
                                      std::int64_t end, float* xs, float* ys, float* depths,
                                      float* radii)
{
  const double* m = in.matrix;
  for (std::int64_t i = begin; i < end; ++i) {
    const double px = in.positions[3 * i];
    const double py = in.positions[3 * i + 1];
    const double pz = in.positions[3 * i + 2];
    const double w = m[3] * px + m[7] * py + m[11] * pz + m[15];
    const double cx = m[0] * px + m[4] * py + m[8] * pz + m[12];
    const double cy = m[1] * px + m[5] * py + m[9] * pz + m[13];
    const double cz = m[2] * px + m[6] * py + m[10] * pz + m[14];
    // NaN fails every comparison, so positions that are not finite fall out here.
    const bool inside = w > 0.0 && cz >= -w && cz <= w * (1.0 + 1e-9);
    const bool shown = inside && !(in.hidden && in.hidden[i]);
    const double inverse = 1.0 / w;
    const double depth =
        -((px - in.center[0]) * in.towards[0] + (py - in.center[1]) * in.towards[1] +
          (pz - in.center[2]) * in.towards[2]) /
        in.radius;
    const double nearness = in.focalDistance > 0.0
                                ? std::min(std::max(in.focalDistance * inverse, 0.35), 3.0)
                                : 1.0 - in.orthographicDepth * depth;
    const double factor = in.factors ? std::abs(static_cast<double>(in.factors[i])) : 1.0;
    xs[i] = shown ? static_cast<float>((cx * inverse + 1.0) * 0.5 * in.width) : notDrawn;
    ys[i] = shown ? static_cast<float>((1.0 - cy * inverse) * 0.5 * in.height) : notDrawn;
    // Greyed points lie behind all lit ones, as in the shader.
    const double side = in.factors && in.factors[i] < 0.0f ? 0.5 : -0.5;
    depths[i] = shown ? static_cast<float>(0.5 * cz * inverse + side) : notDrawn;
    radii[i] =
        shown ? static_cast<float>(0.5 * std::max(in.diameter * factor * nearness, 1.0)) : notDrawn;
  }
}

}  // namespace

bool ScreenPoints::drawn(FeatureId feature) const
{
  return feature >= 0 && feature < size() && !std::isnan(x[static_cast<std::size_t>(feature)]);
}

ScreenPoints projectAll(const Positions& positions, const Projection& projection,
                        const PointSizing& sizing, const std::vector<float>& factors,
                        const std::vector<std::uint8_t>& hidden)
{
  const std::int64_t count = positions.cols();
  const auto size = static_cast<std::size_t>(count);
  ScreenPoints points;
  points.x.resize(size);
  points.y.resize(size);
  points.depth.resize(size);
  points.radius.resize(size);

  ProjectionInput in{};
  in.positions = positions.data();
  in.factors = factors.size() == size ? factors.data() : nullptr;
  in.hidden = hidden.size() == size ? hidden.data() : nullptr;
  Eigen::Map<Eigen::Matrix4d>(in.matrix) = projection.clipFromWorld;
  in.width = projection.width;
  in.height = projection.height;
  in.diameter = sizing.diameter;
  in.focalDistance = sizing.perspective ? sizing.focalDistance : -1.0;
  in.orthographicDepth = sizing.orthographicDepth;
  in.radius = sizing.radius;
  for (int axis = 0; axis < 3; ++axis) {
    in.towards[axis] = sizing.towards[axis];
    in.center[axis] = sizing.center[axis];
  }
  parallelFor(count, 65536, [&](std::int64_t begin, std::int64_t end) {
    projectRange(in, begin, end, points.x.data(), points.y.data(), points.depth.data(),
                 points.radius.data());
  });
  return points;
}

FeatureId pickFeature(const ScreenPoints& points, double x, double y, double tolerance)
{
  FeatureId covering = noFeature;
  FeatureId near = noFeature;
  float coveringDepth = std::numeric_limits<float>::infinity();
  float nearDepth = coveringDepth;
  double nearStep = std::numeric_limits<double>::infinity();
  const auto cursorX = static_cast<float>(x);
  const auto cursorY = static_cast<float>(y);
  for (std::int64_t i = 0; i < points.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const float dx = points.x[at] - cursorX;
    const float dy = points.y[at] - cursorY;
    const float reach = std::max(points.radius[at], static_cast<float>(tolerance));
    const float squared = dx * dx + dy * dy;
    if (!(squared <= reach * reach))
      continue;
    const float distance = std::sqrt(squared);
    const float depth = points.depth[at];
    if (distance <= points.radius[at]) {
      if (depth < coveringDepth) {
        covering = static_cast<FeatureId>(i);
        coveringDepth = depth;
      }
      continue;
    }
    const double step = std::floor(2.0 * (distance - points.radius[at]));
    if (step < nearStep || (step == nearStep && depth < nearDepth)) {
      near = static_cast<FeatureId>(i);
      nearStep = step;
      nearDepth = depth;
    }
  }
  return covering != noFeature ? covering : near;
}

/// For each pixel of the region's box: wholly inside, wholly outside, or on the boundary, where the
/// exact test decides.
struct Region::Mask {
  enum : std::uint8_t { Outside = 0, Inside = 1, Boundary = 2 };

  double cell = 1.0;
  int width = 0;
  int height = 0;
  Vector2d origin{0, 0};
  std::vector<std::uint8_t> cells;

  Mask(const Vector2d& low, const Vector2d& high)
  {
    const double longest = std::max(high.x() - low.x(), high.y() - low.y());
    cell = std::max(1.0, longest / 4096.0);
    origin = low - Vector2d::Constant(cell);
    width = static_cast<int>((high.x() - low.x()) / cell) + 4;
    height = static_cast<int>((high.y() - low.y()) / cell) + 4;
    cells.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), Outside);
  }
  [[nodiscard]] int column(double x) const { return static_cast<int>((x - origin.x()) / cell); }
  [[nodiscard]] int row(double y) const { return static_cast<int>((y - origin.y()) / cell); }
  [[nodiscard]] std::uint8_t& at(int column, int row)
  {
    return cells[static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
                 static_cast<std::size_t>(column)];
  }
};

Region::Region(Kind kind, std::vector<Vector2d> corners, double radius)
    : m_kind(kind), m_corners(std::move(corners)), m_radius(radius)
{
  if (m_corners.empty())
    return;
  m_low = m_high = m_corners.front();
  for (const Vector2d& corner : m_corners) {
    m_low = m_low.cwiseMin(corner);
    m_high = m_high.cwiseMax(corner);
  }
  m_low.array() -= m_radius;
  m_high.array() += m_radius;
}

Region Region::rectangle(const Vector2d& a, const Vector2d& b)
{
  return {Kind::Rectangle, {a, b}, 0.0};
}

Region Region::polygon(std::vector<Vector2d> corners)
{
  if (corners.size() < 3)
    corners.clear();
  return {Kind::Polygon, std::move(corners), 0.0};
}

Region Region::brush(std::vector<Vector2d> path, double radius)
{
  return {Kind::Brush, std::move(path), std::max(0.0, radius)};
}

bool Region::contains(double x, double y) const
{
  if (!(x >= m_low.x() && x <= m_high.x() && y >= m_low.y() && y <= m_high.y()))
    return false;
  switch (m_kind) {
    case Kind::Rectangle:
      return true;
    case Kind::Polygon:
      return containsPolygon(x, y);
    case Kind::Brush:
      break;
  }
  const Vector2d p(x, y);
  for (std::size_t i = 0; i < m_corners.size(); ++i)
    if (squaredDistance(p, m_corners[i], m_corners[std::min(i + 1, m_corners.size() - 1)]) <=
        m_radius * m_radius)
      return true;
  return false;
}

bool Region::containsPolygon(double x, double y) const
{
  bool inside = false;
  for (std::size_t i = 0, j = m_corners.size() - 1; i < m_corners.size(); j = i++) {
    const Vector2d& a = m_corners[i];
    const Vector2d& b = m_corners[j];
    if ((a.y() > y) != (b.y() > y) && x < (b.x() - a.x()) * (y - a.y()) / (b.y() - a.y()) + a.x())
      inside = !inside;
  }
  return inside;
}

void Region::fillPolygon(Mask& mask) const
{
  // Cells that an edge touches, a little generously: the exact test answers there.
  for (std::size_t i = 0, j = m_corners.size() - 1; i < m_corners.size(); j = i++) {
    const Vector2d a = (m_corners[j] - mask.origin) / mask.cell;
    const Vector2d b = (m_corners[i] - mask.origin) / mask.cell;
    const Vector2d& left = a.x() <= b.x() ? a : b;
    const Vector2d& right = a.x() <= b.x() ? b : a;
    constexpr double slack = 1e-6;
    const int first = std::max(0, static_cast<int>(left.x() - slack));
    const int last = std::min(mask.width - 1, static_cast<int>(right.x() + slack));
    for (int column = first; column <= last; ++column) {
      const double from = std::clamp<double>(column, left.x(), right.x());
      const double to = std::clamp<double>(column + 1, left.x(), right.x());
      double y0 = std::min(left.y(), right.y());
      double y1 = std::max(left.y(), right.y());
      if (right.x() - left.x() > 1e-9) {
        const double slope = (right.y() - left.y()) / (right.x() - left.x());
        const double f = left.y() + slope * (from - left.x());
        const double t = left.y() + slope * (to - left.x());
        y0 = std::max(y0, std::min(f, t));
        y1 = std::min(y1, std::max(f, t));
      }
      const int top = std::max(0, static_cast<int>(y0 - slack));
      const int bottom = std::min(mask.height - 1, static_cast<int>(y1 + slack));
      for (int row = top; row <= bottom; ++row)
        mask.at(column, row) = Mask::Boundary;
    }
  }
  // The others lie on one side as a whole: their centres tell, row by row.
  std::vector<double> crossings;
  for (int row = 0; row < mask.height; ++row) {
    const double y = mask.origin.y() + (row + 0.5) * mask.cell;
    crossings.clear();
    for (std::size_t i = 0, j = m_corners.size() - 1; i < m_corners.size(); j = i++) {
      const Vector2d& a = m_corners[i];
      const Vector2d& b = m_corners[j];
      if ((a.y() > y) != (b.y() > y))
        crossings.push_back((b.x() - a.x()) * (y - a.y()) / (b.y() - a.y()) + a.x());
    }
    std::sort(crossings.begin(), crossings.end());
    for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
      const int first = std::max(0, mask.column(crossings[i]));
      const int last = std::min(mask.width - 1, mask.column(crossings[i + 1]));
      for (int column = first; column <= last; ++column) {
        std::uint8_t& cell = mask.at(column, row);
        if (cell == Mask::Outside)
          cell = Mask::Inside;
      }
    }
  }
}

void Region::fillBrush(Mask& mask) const
{
  const double halfDiagonal = mask.cell * std::sqrt(0.5) + 1e-6;
  const double inner = std::max(0.0, m_radius - halfDiagonal);
  const double outer = m_radius + halfDiagonal;
  for (std::size_t i = 0; i < m_corners.size(); ++i) {
    const Vector2d& a = m_corners[i];
    const Vector2d& b = m_corners[std::min(i + 1, m_corners.size() - 1)];
    const Vector2d low = a.cwiseMin(b) - Vector2d::Constant(outer);
    const Vector2d high = a.cwiseMax(b) + Vector2d::Constant(outer);
    const int top = std::max(0, mask.row(low.y()));
    const int bottom = std::min(mask.height - 1, mask.row(high.y()));
    const int first = std::max(0, mask.column(low.x()));
    const int last = std::min(mask.width - 1, mask.column(high.x()));
    for (int row = top; row <= bottom; ++row)
      for (int column = first; column <= last; ++column) {
        std::uint8_t& cell = mask.at(column, row);
        if (cell == Mask::Inside)
          continue;
        const Vector2d center = mask.origin + Vector2d(column + 0.5, row + 0.5) * mask.cell;
        const double squared = squaredDistance(center, a, b);
        if (squared < inner * inner)
          cell = Mask::Inside;
        else if (squared <= outer * outer)
          cell = Mask::Boundary;
      }
  }
}

std::vector<FeatureId> Region::features(const ScreenPoints& points,
                                        const std::vector<std::uint8_t>& visible) const
{
  std::vector<FeatureId> found;
  if (m_corners.empty())
    return found;
  // Nothing outside the screen is drawn, but a path may leave it; the box follows the points.
  Mask mask(m_low, m_high);
  if (m_kind == Kind::Polygon)
    fillPolygon(mask);
  else if (m_kind == Kind::Brush)
    fillBrush(mask);
  const bool all = visible.size() != points.x.size();
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    const double x = points.x[i];
    const double y = points.y[i];
    if (!(x >= m_low.x() && x <= m_high.x() && y >= m_low.y() && y <= m_high.y()) ||
        !(all || visible[i]))
      continue;
    bool inside = m_kind == Kind::Rectangle;
    if (!inside) {
      const std::uint8_t cell = mask.at(mask.column(x), mask.row(y));
      inside = cell == Mask::Inside || (cell == Mask::Boundary && contains(x, y));
    }
    if (inside)
      found.push_back(static_cast<FeatureId>(i));
  }
  return found;
}

std::vector<std::uint8_t> visibleFeatures(const ScreenPoints& points, int width, int height)
{
  struct Pixel {
    float depth = std::numeric_limits<float>::infinity();
    FeatureId feature = noFeature;
  };
  std::vector<std::uint8_t> visible(points.x.size(), 0);
  if (width < 1 || height < 1)
    return visible;
  std::vector<Pixel> buffer(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    const float x = points.x[i];
    const float y = points.y[i];
    const float radius = points.radius[i];
    if (!(x + radius >= 0.0f && y + radius >= 0.0f && x - radius <= static_cast<float>(width) &&
          y - radius <= static_cast<float>(height)))
      continue;
    const float depth = points.depth[i];
    const float squared = radius * radius;
    const int top = std::max(0, static_cast<int>(y - radius));
    const int bottom = std::min(height - 1, static_cast<int>(y + radius));
    const int first = std::max(0, static_cast<int>(x - radius));
    const int last = std::min(width - 1, static_cast<int>(x + radius));
    for (int row = top; row <= bottom; ++row) {
      Pixel* line = buffer.data() + static_cast<std::size_t>(row) * static_cast<std::size_t>(width);
      const float dy = static_cast<float>(row) + 0.5f - y;
      for (int column = first; column <= last; ++column) {
        const float dx = static_cast<float>(column) + 0.5f - x;
        // The pixel of the centre belongs to a point even if it is smaller than a pixel.
        if (dx * dx + dy * dy > squared && std::max(std::abs(dx), std::abs(dy)) > 0.5f)
          continue;
        if (depth < line[column].depth)
          line[column] = {depth, static_cast<FeatureId>(i)};
      }
    }
  }
  for (const Pixel& pixel : buffer)
    if (pixel.feature != noFeature)
      visible[static_cast<std::size_t>(pixel.feature)] = 1;
  return visible;
}

}  // namespace orrery
