#include "widgets/vtk/CameraMotion.h"

#include <Eigen/Geometry>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace orrery {

namespace {

using Eigen::Vector3d;

/// Room around what is framed.
constexpr double margin = 1.06;
const double tangent = std::tan(viewAngleDegrees * std::numbers::pi / 360.0);

Vector3d anyPerpendicular(const Vector3d& direction)
{
  const Vector3d axis = std::abs(direction.y()) < 0.9 ? Vector3d::UnitY() : Vector3d::UnitZ();
  return (axis - direction * direction.dot(axis)).normalized();
}

Camera rotated(const Camera& camera, const Eigen::Matrix3d& rotation)
{
  Camera turned = camera;
  turned.position = camera.focalPoint + rotation * (camera.position - camera.focalPoint);
  turned.viewUp = (rotation * camera.viewUp).normalized();
  return turned;
}

/// Puts the eye at @p distance along the present direction and makes the parallel scale agree.
Camera atDistance(const Camera& camera, double distance)
{
  Camera placed = camera;
  placed.position = camera.focalPoint + cameraAxes(camera).col(2) * distance;
  placed.parallelScale = distance * tangent;
  return placed;
}

/// @p visit(use) calls use(position) for every position that counts.
template <typename Visit>
SceneBounds ballOf(Visit visit)
{
  Eigen::Array3d low = Eigen::Array3d::Constant(std::numeric_limits<double>::infinity());
  Eigen::Array3d high = -low;
  visit([&](const Eigen::Array3d& p) {
    low = low.min(p);
    high = high.max(p);
  });
  SceneBounds bounds;
  if (!(low <= high).all())
    return bounds;
  bounds.center = ((low + high) * 0.5).matrix();
  double squared = 0.0;
  visit([&](const Eigen::Array3d& p) {
    squared = std::max(squared, (p.matrix() - bounds.center).squaredNorm());
  });
  // Positions that are equal as far as single precision goes have no extent of their own.
  const double resolution = bounds.center.cwiseAbs().maxCoeff() * 1e-6;
  const double radius = std::sqrt(squared);
  bounds.radius = radius > resolution ? radius : std::max(1.0, resolution);
  return bounds;
}

bool finite(const Positions& positions, Eigen::Index column)
{
  return std::isfinite(positions(0, column)) && std::isfinite(positions(1, column)) &&
         std::isfinite(positions(2, column));
}

}  // namespace

SceneBounds boundsOf(const Positions& positions)
{
  return ballOf([&](auto use) {
    for (Eigen::Index i = 0; i < positions.cols(); ++i)
      if (finite(positions, i))
        use(positions.col(i).cast<double>().array());
  });
}

SceneBounds boundsOf(const Positions& positions, const std::vector<FeatureId>& features)
{
  return ballOf([&](auto use) {
    for (const FeatureId i : features)
      if (i >= 0 && i < positions.cols() && finite(positions, i))
        use(positions.col(i).cast<double>().array());
  });
}

Eigen::Matrix3d cameraAxes(const Camera& camera)
{
  Vector3d towards = camera.position - camera.focalPoint;
  towards = towards.norm() > 0.0 ? Vector3d(towards.normalized()) : Vector3d::UnitZ();
  Vector3d up = camera.viewUp - towards * towards.dot(camera.viewUp);
  const double size = camera.viewUp.norm();
  up =
      up.norm() > 1e-9 * size && size > 0.0 ? Vector3d(up.normalized()) : anyPerpendicular(towards);
  Eigen::Matrix3d axes;
  axes << up.cross(towards), up, towards;
  return axes;
}

double halfHeight(const Camera& camera)
{
  if (camera.orthographic)
    return camera.parallelScale > 0.0 ? camera.parallelScale : 1.0;
  const double distance = (camera.position - camera.focalPoint).norm();
  return distance > 0.0 ? distance * tangent : 1.0;
}

double focalDistance(const Camera& camera)
{
  return halfHeight(camera) / tangent;
}

Eigen::Matrix4d clipFromWorld(const Camera& camera, double aspect, const SceneBounds& bounds)
{
  const Eigen::Matrix3d axes = cameraAxes(camera);
  const double half = halfHeight(camera);
  const double distance = focalDistance(camera);
  const Vector3d eye = camera.focalPoint + axes.col(2) * distance;

  // Depth of the ball's centre in front of the eye, and the planes that hold the ball.
  const double middle = (eye - bounds.center).dot(axes.col(2));
  const double reach = bounds.radius * 1.02;
  double near = middle - reach;
  double far = middle + reach;

  Eigen::Matrix4d viewFromWorld = Eigen::Matrix4d::Identity();
  viewFromWorld.topLeftCorner<3, 3>() = axes.transpose();
  viewFromWorld.topRightCorner<3, 1>() = -axes.transpose() * eye;

  Eigen::Matrix4d clip = Eigen::Matrix4d::Zero();
  if (camera.orthographic) {
    clip(0, 0) = 1.0 / (half * aspect);
    clip(1, 1) = 1.0 / half;
    clip(2, 2) = -2.0 / (far - near);
    clip(2, 3) = -(far + near) / (far - near);
    clip(3, 3) = 1.0;
  } else {
    far = std::max(far, distance * 1e-3);
    // A near plane too close would cost all precision of the depth buffer.
    near = std::max(near, std::min(far * 1e-3, distance * 0.05));
    clip(0, 0) = 1.0 / (tangent * aspect);
    clip(1, 1) = 1.0 / tangent;
    clip(2, 2) = -(far + near) / (far - near);
    clip(2, 3) = -2.0 * far * near / (far - near);
    clip(3, 2) = -1.0;
  }
  return clip * viewFromWorld;
}

Camera orbit(const Camera& camera, double right, double down)
{
  // An upside-down camera (one given by hand) turns the way the hand sees it. The slack keeps a
  // camera at a pole, whose up is level but for rounding, on the side it is on.
  const bool upsideDown = cameraAxes(camera)(1, 1) < -1e-6;
  const double about = upsideDown ? right : -right;
  Camera turned = rotated(camera, Eigen::AngleAxisd(about, Vector3d::UnitY()).toRotationMatrix());

  // Turning about the camera's own right axis turns (up.y, towards.y) in its plane.
  const Eigen::Matrix3d axes = cameraAxes(turned);
  constexpr double pi = std::numbers::pi;
  double elevation = std::atan2(axes(1, 2), axes(1, 1));
  if (upsideDown && elevation < 0.0)
    elevation += 2.0 * pi;
  const double middle = upsideDown ? pi : 0.0;
  const double wanted = std::clamp(elevation + down, middle - pi / 2.0, middle + pi / 2.0);
  return rotated(turned, Eigen::AngleAxisd(elevation - wanted, axes.col(0)).toRotationMatrix());
}

Camera roll(const Camera& camera, double radians)
{
  return rotated(camera, Eigen::AngleAxisd(radians, cameraAxes(camera).col(2)).toRotationMatrix());
}

Camera pan(const Camera& camera, double dx, double dy, double height)
{
  const double worldPerPixel = 2.0 * halfHeight(camera) / std::max(1.0, height);
  const Eigen::Matrix3d axes = cameraAxes(camera);
  const Vector3d shift = (-dx * axes.col(0) + dy * axes.col(1)) * worldPerPixel;
  Camera moved = camera;
  moved.position += shift;
  moved.focalPoint += shift;
  return moved;
}

Camera zoomAbout(const Camera& camera, const Vector3d& anchor, double factor)
{
  Camera moved = camera;
  moved.position = anchor + (camera.position - anchor) / factor;
  moved.focalPoint = anchor + (camera.focalPoint - anchor) / factor;
  moved.parallelScale = halfHeight(camera) / factor;
  return moved;
}

Vector3d focalPlanePoint(const Camera& camera, double aspect, double x, double y)
{
  const Eigen::Matrix3d axes = cameraAxes(camera);
  const double half = halfHeight(camera);
  return camera.focalPoint + axes.col(0) * (x * half * aspect) + axes.col(1) * (y * half);
}

Camera frameBounds(const Camera& camera, const SceneBounds& bounds, double aspect)
{
  Camera framed = camera;
  const Eigen::Matrix3d axes = cameraAxes(camera);
  const double narrow = std::min(1.0, std::max(aspect, 1e-3));
  double half = bounds.radius * margin / narrow;
  if (!camera.orthographic) {
    // The cone through the ball touches it before the plane of its centre does.
    const double angle = std::atan(tangent * narrow);
    half = bounds.radius * margin / std::sin(angle) * tangent;
  }
  framed.focalPoint = bounds.center;
  framed.position = bounds.center + axes.col(2) * (half / tangent);
  framed.viewUp = axes.col(1);
  framed.parallelScale = half;
  return framed;
}

Camera framePlane(const Positions& positions, const std::vector<FeatureId>& features, double aspect)
{
  Eigen::Array2d low = Eigen::Array2d::Constant(std::numeric_limits<double>::infinity());
  Eigen::Array2d high = -low;
  const auto use = [&](Eigen::Index i) {
    if (i < 0 || i >= positions.cols() || !finite(positions, i))
      return;
    const Eigen::Array2d p = positions.col(i).head<2>().cast<double>();
    low = low.min(p);
    high = high.max(p);
  };
  if (features.empty())
    for (Eigen::Index i = 0; i < positions.cols(); ++i)
      use(i);
  else
    for (const FeatureId i : features)
      use(i);

  const SceneBounds whole = boundsOf(positions);
  Camera camera;
  camera.orthographic = true;
  Eigen::Array2d halfSize(whole.radius, whole.radius);
  Eigen::Array2d center = whole.center.head<2>();
  if ((low <= high).all()) {
    center = low * 0.5 + high * 0.5;
    halfSize = high * 0.5 - low * 0.5;
  }
  double half = std::max(halfSize.y(), halfSize.x() / std::max(aspect, 1e-3)) * margin;
  // One point, or a few that coincide: a part of the whole.
  half = std::max(half, whole.radius * (features.empty() ? 0.1 : 0.02));
  camera.focalPoint = Vector3d(center.x(), center.y(), whole.center.z());
  camera.parallelScale = half;
  camera.position = camera.focalPoint + Vector3d::UnitZ() * (half / tangent);
  camera.viewUp = Vector3d::UnitY();
  return camera;
}

Camera carriedOver(const Camera& camera, const SceneBounds& from, const SceneBounds& to)
{
  const double scale = to.radius / from.radius;
  Camera carried = camera;
  carried.position = to.center + (camera.position - from.center) * scale;
  carried.focalPoint = to.center + (camera.focalPoint - from.center) * scale;
  carried.parallelScale = camera.parallelScale * scale;
  return carried;
}

Camera openingCamera(const Positions& positions, bool planar, double aspect)
{
  if (planar)
    return framePlane(positions, {}, aspect);
  Camera camera;
  camera.position = Vector3d(0.45, 0.32, 1.0);
  return frameBounds(camera, boundsOf(positions), aspect);
}

Camera lookAlongAxis(const Camera& camera, int axis)
{
  const double distance = focalDistance(camera);
  Camera turned = camera;
  const Vector3d towards = Vector3d::Unit(std::clamp(axis, 0, 2));
  turned.position = camera.focalPoint + towards * distance;
  // From above, z points down the screen, so that x still points right.
  turned.viewUp = axis == 1 ? Vector3d(-Vector3d::UnitZ()) : Vector3d(Vector3d::UnitY());
  turned.parallelScale = halfHeight(camera);
  return turned;
}

Camera withProjection(const Camera& camera, bool orthographic)
{
  Camera changed = atDistance(camera, focalDistance(camera));
  changed.orthographic = orthographic;
  return changed;
}

Camera interpolate(const Camera& from, const Camera& to, double t)
{
  if (t <= 0.0)
    return from;
  if (t >= 1.0)
    return to;
  const Eigen::Quaterniond a(cameraAxes(from));
  const Eigen::Quaterniond b(cameraAxes(to));
  const Eigen::Matrix3d axes = a.slerp(t, b).toRotationMatrix();
  const double distance =
      focalDistance(from) * std::pow(focalDistance(to) / focalDistance(from), t);
  Camera between = to;
  between.orthographic = from.orthographic && to.orthographic;
  between.focalPoint = from.focalPoint + (to.focalPoint - from.focalPoint) * t;
  between.position = between.focalPoint + axes.col(2) * distance;
  between.viewUp = axes.col(1);
  between.parallelScale = distance * tangent;
  return between;
}

double easeInOut(double t)
{
  const double x = std::clamp(t, 0.0, 1.0);
  return x * x * (3.0 - 2.0 * x);
}

}  // namespace orrery
