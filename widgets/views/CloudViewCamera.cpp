#include "widgets/views/CloudViewPrivate.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace orrery {

namespace {

constexpr int glideMs = 300;  ///< Of the camera, where nobody says otherwise.

}  // namespace

void CloudView::Private::moveCamera(const Camera& to)
{
  if (to == camera)
    return;
  camera = to;
  framed = false;
  invalidate(true);
  emit q->cameraChanged();
}

void CloudView::Private::startGlide(const Camera& to, int milliseconds)
{
  glideFrom = camera;
  glideTo = to;
  glideDuration = milliseconds;
  glideClock.start();
  glideTimer.start();
}

void CloudView::Private::stepGlide()
{
  const double t =
      glideDuration > 0 ? static_cast<double>(glideClock.elapsed()) / glideDuration : 1.0;
  if (t >= 1.0) {
    finishGlide();
    return;
  }
  const double eased = easeInOut(t);
  if (glidePoints) {
    Positions between = pointsFrom + (pointsTo - pointsFrom) * static_cast<float>(eased);
    scene.setPositions(std::move(between), false);
  }
  camera = interpolate(glideFrom, glideTo, eased);
  invalidate(true);
  emit q->cameraChanged();
}

void CloudView::Private::finishGlide()
{
  if (!glideTimer.isActive())
    return;
  glideTimer.stop();
  camera = glideTo;
  if (glidePoints) {
    glidePoints = false;
    scene.setPositions(std::move(pointsTo), glidePlanar);
    pointsFrom.resize(3, 0);
    pointsTo.resize(3, 0);
  }
  invalidate(true);
  emit q->cameraChanged();
}

/// A camera given from outside or by a command: glides where somebody can see it.
void CloudView::Private::jump(const Camera& to, int milliseconds)
{
  finishGlide();
  // Even where it is there already: from now on it stays as it was told, whatever the view's size.
  framed = false;
  if (to == camera)
    return;
  if (milliseconds > 0 && q->isVisible()) {
    startGlide(to, milliseconds);
    return;
  }
  moveCamera(to);
}

Camera CloudView::Private::framedCamera(const Positions& positions, bool planar) const
{
  // Out of a map in the plane, a cloud is seen as if it were new.
  if (planar || scene.planar() || scene.positions().cols() == 0)
    return openingCamera(positions, planar, aspect());
  return frameBounds(camera, boundsOf(positions), aspect());
}

void CloudView::Private::beginGesture()
{
  finishGlide();
  before = camera;
}

void CloudView::Private::endGesture()
{
  if (!(before == camera))
    emit q->cameraGestureFinished(before, camera);
  before = camera;
}

void CloudView::Private::rotateBy(double dx, double dy)
{
  // A drag across the shorter side is half a turn.
  const double perPixel = std::numbers::pi / std::max(80, std::min(q->width(), q->height()));
  moveCamera(orbit(camera, dx * perPixel, dy * perPixel));
}

void CloudView::Private::zoomAt(QPointF at, double factor)
{
  const double half = halfHeight(camera);
  // Neither into a single point nor away until the cloud is a speck.
  const double radius = scene.bounds().radius;
  const double allowed =
      std::clamp(half / factor, radius * 1e-5, std::max(radius * 40.0, half)) / half;
  if (std::abs(allowed - 1.0) < 1e-9)
    return;
  const double x = 2.0 * at.x() / std::max(1, q->width()) - 1.0;
  const double y = 1.0 - 2.0 * at.y() / std::max(1, q->height());
  Eigen::Vector3d anchor = focalPlanePoint(camera, aspect(), x, y);
  if (!camera.orthographic && !scene.planar()) {
    // A point under the cursor stays there, and the focal plane comes towards it.
    const FeatureId feature = pick(at);
    if (feature != noFeature) {
      const Eigen::Vector3d place = scene.positions().col(feature).cast<double>();
      const Eigen::Matrix3d axes = cameraAxes(camera);
      const double distance = (camera.position - place).dot(axes.col(2));
      anchor = camera.position + (anchor - camera.position) * (distance / focalDistance(camera));
    }
  }
  moveCamera(zoomAbout(camera, anchor, 1.0 / allowed));
}

SceneBounds CloudView::bounds() const
{
  return m_d->scene.bounds();
}

Camera CloudView::camera() const
{
  return m_d->camera;
}

void CloudView::setCamera(const Camera& camera, int glideMs)
{
  m_d->jump(camera, glideMs);
}

void CloudView::frame(const std::vector<FeatureId>& features)
{
  Private& d = *m_d;
  if (features.empty()) {
    frameAll();
    return;
  }
  d.beginGesture();
  Camera to;
  if (d.scene.planar()) {
    to = framePlane(d.scene.positions(), features, d.aspect());
  } else {
    SceneBounds bounds = boundsOf(d.scene.positions(), features);
    // A single point, or a few close ones, with what lies around them.
    bounds.radius = features.size() == 1
                        ? d.scene.bounds().radius * 0.15
                        : std::max(bounds.radius * 1.15, d.scene.bounds().radius * 0.02);
    to = frameBounds(d.camera, bounds, d.aspect());
  }
  if (!to.focalPoint.allFinite() || to == d.camera)
    return;
  emit cameraGestureFinished(d.camera, to);
  d.jump(to, glideMs);
}

void CloudView::frameAll()
{
  Private& d = *m_d;
  d.beginGesture();
  const Camera to = d.framedCamera(d.scene.positions(), d.scene.planar());
  if (!(to == d.camera)) {
    emit cameraGestureFinished(d.camera, to);
    d.jump(to, glideMs);
  }
  d.framed = true;
}

void CloudView::lookAlong(int axis)
{
  Private& d = *m_d;
  if (d.scene.planar())
    return;
  d.beginGesture();
  // 1, 3 and 7 look along −z, −x and −y: the axis that is looked along.
  const Camera to = lookAlongAxis(d.camera, axis);
  if (to == d.camera)
    return;
  emit cameraGestureFinished(d.camera, to);
  d.jump(to, glideMs);
}

void CloudView::setOrthographic(bool orthographic)
{
  Private& d = *m_d;
  if (d.scene.planar() || orthographic == d.camera.orthographic)
    return;
  d.beginGesture();
  d.moveCamera(withProjection(d.camera, orthographic));
  d.endGesture();
}

bool CloudView::orthographic() const
{
  return m_d->camera.orthographic;
}

void CloudView::setRotationCenter(FeatureId feature)
{
  Private& d = *m_d;
  if (feature < 0 || feature >= d.scene.positions().cols() ||
      !d.scene.positions().col(feature).allFinite())
    return;
  d.beginGesture();
  const Eigen::Vector3d shift =
      d.scene.positions().col(feature).cast<double>() - d.camera.focalPoint;
  Camera to = d.camera;
  to.focalPoint += shift;
  to.position += shift;
  d.markerTimer.start();
  update();
  if (to == d.camera)
    return;
  emit cameraGestureFinished(d.camera, to);
  d.jump(to, glideMs);
}

}  // namespace orrery
