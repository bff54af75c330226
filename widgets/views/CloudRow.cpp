#include "widgets/views/CloudRow.h"

#include "core/base/Error.h"
#include "core/io/ResultFile.h"
#include "widgets/figure/Page.h"
#include "widgets/vtk/Palette.h"

#include <QFontMetricsF>
#include <QObject>

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

Positions shown(const RowCloud& cloud, bool published)
{
  Positions positions = cloud.positions;
  if (published)
    for (int axis = 0; axis < 3; ++axis)
      positions.row(axis) *= static_cast<float>(std::sqrt(std::max(0.0, cloud.variances[axis])));
  for (std::size_t i = 0; i < cloud.presence.size(); ++i)
    if (cloud.presence[i] < 0.02f)
      positions.col(static_cast<Eigen::Index>(i))
          .setConstant(std::numeric_limits<float>::quiet_NaN());
  return positions;
}

std::vector<std::uint32_t> colorsOf(const RowCloud& cloud, double radius, const QColor& background)
{
  const std::size_t count = static_cast<std::size_t>(cloud.positions.cols());
  std::vector<std::uint32_t> colors(count);
  for (std::size_t i = 0; i < count; ++i) {
    // Distances of the unscaled cloud in either drawing, as published.
    const double share = cloud.values.size() == count
                             ? static_cast<double>(cloud.values[i])
                             : cloud.positions.col(static_cast<Eigen::Index>(i)).norm() / radius;
    QColor color = std::isfinite(share) ? QColor::fromRgb(mapColor(ColorMap::Viridis, share).rgba())
                                        : QColor(0x88, 0x88, 0x88);
    if (cloud.presence.size() == count) {
      const auto there = static_cast<double>(cloud.presence[i]);
      const auto mixed = [there](int a, int b) {
        return static_cast<int>(std::lround(there * a + (1.0 - there) * b));
      };
      color = QColor(mixed(color.red(), background.red()), mixed(color.green(), background.green()),
                     mixed(color.blue(), background.blue()));
    }
    colors[i] = color.rgba();
  }
  return colors;
}

QPointF onScreen(const Projection& projection, const Eigen::Vector3d& point, const QRectF& box)
{
  const Eigen::Vector4d clip = projection.clipFromWorld * point.homogeneous();
  return {box.left() + (clip.x() / clip.w() + 1) / 2 * box.width(),
          box.top() + (1 - clip.y() / clip.w()) / 2 * box.height()};
}

QString shortNumber(double value)
{
  return QString::number(value, 'g', 3);
}

}  // namespace

double commonRadius(const std::vector<RowCloud>& clouds, bool published)
{
  double radius = 0.0;
  for (const RowCloud& cloud : clouds) {
    const Positions positions = shown(cloud, published);
    for (Eigen::Index i = 0; i < positions.cols(); ++i)
      if (positions.col(i).allFinite())
        radius = std::max(radius, static_cast<double>(positions.col(i).norm()));
  }
  return radius > 0 ? radius : 1.0;
}

bool paintCloudRow(QPainter& painter, const QRectF& area, const std::vector<RowCloud>& clouds,
                   const CloudRowOptions& options, const CloudRowStyle& style)
{
  painter.fillRect(area, style.background);
  painter.setFont(style.font);
  painter.setPen(style.foreground);
  if (clouds.empty())
    return true;
  CloudScene scene;
  if (!scene.isUsable()) {
    painter.drawText(area, Qt::AlignCenter, QObject::tr("Without OpenGL there are no clouds."));
    return false;
  }
  const double radius =
      options.radius > 0 ? options.radius : commonRadius(clouds, options.published);
  const double unscaled = commonRadius(clouds, false);
  const QFontMetricsF metrics(style.font);
  const double line = metrics.height();
  const double width = area.width() / static_cast<double>(clouds.size());
  for (std::size_t i = 0; i < clouds.size(); ++i) {
    const RowCloud& cloud = clouds[i];
    const QRectF cell(area.left() + width * static_cast<double>(i), area.top(), width,
                      area.height());
    const double side = std::min(width - 4, area.height() - 4.8 * line);
    if (side < 10)
      continue;
    const QRectF box(cell.center().x() - side / 2, cell.top() + 1.3 * line, side, side);

    CloudAppearance appearance;
    appearance.colors = colorsOf(cloud, unscaled, style.background);
    appearance.background = style.background;
    appearance.foreground = style.foreground;
    appearance.depthCue = 0.3;
    appearance.pointSize = options.pointSize > 0
                               ? options.pointSize
                               : 0.7 * recommendedPointSize(cloud.positions.cols());
    scene.setPositions(shown(cloud, options.published), false);
    scene.setAppearance(appearance);
    scene.setSelection(cloud.marked);
    Camera camera = options.camera.value_or(openingCamera(scene.positions(), false, 1.0));
    const Eigen::Matrix3d axes = cameraAxes(camera);
    camera.focalPoint = Eigen::Vector3d::Zero();
    camera.position = axes.col(2) * 10.0 * radius;
    camera.orthographic = true;
    camera.parallelScale = 1.05 * radius;
    FrameRequest request;
    request.camera = camera;
    const int pixels = std::max(8, static_cast<int>(std::lround(side * style.pixelsPerUnit)));
    request.size = {pixels, pixels};
    request.pixelRatio = style.pixelsPerUnit;
    painter.drawImage(box, scene.render(request, pixels < 1500 ? 2 : 1));

    // Principal axes: two standard deviations to either side, in the drawing's own scale.
    const Projection projection = scene.projection(camera, side, side);
    static constexpr int colors[] = {5, 2, 4};
    for (int axis = 0; axis < 3; ++axis) {
      const double variance = std::max(0.0, cloud.variances[axis]);
      const double arm = 2 * (options.published ? variance : std::sqrt(variance));
      const Eigen::Vector3d end = arm * Eigen::Vector3d::Unit(axis);
      const QColor color = readableColor(categoryColor(colors[axis], false), style.background, 3);
      painter.setPen(QPen(color, 1.6 * style.lineWidth));
      painter.drawLine(onScreen(projection, -end, box), onScreen(projection, end, box));
      painter.setPen(readableColor(color, style.background));
      const QString name = QStringLiteral("λ%1").arg(QChar(0x2081 + axis));
      const QPointF tip = onScreen(projection, end, box);
      painter.drawText(QPointF(std::min(tip.x() + 2, box.right() - metrics.horizontalAdvance(name)),
                               std::clamp(tip.y() - 2, box.top() + line, box.bottom())),
                       name);
    }
    painter.setPen(QPen(style.foreground, style.lineWidth));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(box);
    painter.drawText(QRectF(cell.left(), cell.top(), width, 1.2 * line), Qt::AlignCenter,
                     metrics.elidedText(cloud.title, Qt::ElideRight, width - 4));
    const double ratio = std::sqrt(cloud.variances[0] / std::max(1e-300, cloud.variances[2]));
    const QString lines[] = {
        QObject::tr("λ %1, %2, %3")
            .arg(shortNumber(cloud.variances[0]), shortNumber(cloud.variances[1]),
                 shortNumber(cloud.variances[2])),
        QObject::tr("axis ratio 1–3: %1")
            .arg(shortNumber(options.published ? ratio * ratio : ratio))};
    for (int row = 0; row < 2; ++row)
      painter.drawText(QRectF(cell.left(), box.bottom() + (0.1 + row) * line, width, 1.1 * line),
                       Qt::AlignCenter, metrics.elidedText(lines[row], Qt::ElideRight, width - 4));
  }
  painter.setPen(style.foreground);
  painter.drawText(
      QRectF(area.left(), area.bottom() - 1.15 * line, area.width(), 1.1 * line), Qt::AlignCenter,
      metrics.elidedText(
          (options.published
               ? QObject::tr("As published: coordinates × √λ. ")
               : QObject::tr("True to scale, same axes ±%1. ").arg(shortNumber(radius))) +
              (options.colorName.isEmpty()
                   ? QObject::tr("Colour: distance from the centre, dark 0 to yellow %1. ")
                         .arg(shortNumber(unscaled))
                   : QObject::tr("Colour: %1, dark 0 to yellow 1. ").arg(options.colorName)) +
              QObject::tr("Lines: ±2 s.d."),
          Qt::ElideRight, area.width()));
  return true;
}

double cloudRowHeight(double widthMm, std::size_t count)
{
  constexpr double linesMm = 14;
  return widthMm / static_cast<double>(std::max<std::size_t>(1, count)) + linesMm;
}

void writeCloudRow(const std::vector<RowCloud>& clouds, const CloudRowOptions& options,
                   const std::filesystem::path& path, double widthMm, double heightMm, double dpi)
{
  checkPageFile(path);
  Page page;
  page.widthMm = widthMm;
  page.heightMm = heightMm;
  page.dpi = dpi;
  page.unitsPerPoint = 2;  // as other plots
  CloudRowStyle style;
  style.font = page.font(6.5);
  style.pixelsPerUnit = page.pixelsPerUnit();
  const QByteArray bytes = pageBytes(page, pageEnding(path), [&](QPainter& painter) {
    if (!paintCloudRow(painter, QRectF(QPointF(0, 0), page.size()), clouds, options, style))
      throw Error("the clouds cannot be drawn: there is no OpenGL");
  });
  writeFileAtomically(path, bytes.toStdString());
}

}  // namespace orrery
