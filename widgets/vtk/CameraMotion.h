// How the camera moves: pure functions from camera to camera, and the matrix that it means.
#pragma once

#include "core/base/Types.h"
#include "widgets/vtk/Camera.h"

#include <Eigen/Core>

#include <vector>

namespace orrery {

/// Vertical field of view of the perspective camera, degrees.
inline constexpr double viewAngleDegrees = 30.0;

/// The ball that holds every finite position: what clipping planes, depth cues and framing go by.
/// Never degenerate: the radius of a single point is 1.
struct SceneBounds {
  Eigen::Vector3d center{0, 0, 0};
  double radius = 1.0;

  bool operator==(const SceneBounds&) const = default;
};

/// Bounds of the finite columns of @p positions; of @p features alone if given.
SceneBounds boundsOf(const Positions& positions);
SceneBounds boundsOf(const Positions& positions, const std::vector<FeatureId>& features);

/// The camera's right-handed axes as columns: right, up, towards the eye. Orthonormal for any
/// camera, a degenerate one included.
Eigen::Matrix3d cameraAxes(const Camera& camera);

/// Distance of the eye from the focal point; in the orthographic case the one at which a
/// perspective camera would show the same.
double focalDistance(const Camera& camera);

/// Clip coordinates (OpenGL's, z in −w … w) from world coordinates for a view whose width is
/// @p aspect times its height. The clipping planes hold all of @p bounds, except what lies behind
/// a perspective eye.
Eigen::Matrix4d clipFromWorld(const Camera& camera, double aspect, const SceneBounds& bounds);

/// Half the height of the view in world units at the focal point.
double halfHeight(const Camera& camera);

/// Turns about the focal point: @p right and @p down are the drag in radians. A turntable about
/// the world's y axis that stops at the poles, so that the object never stands on its head.
Camera orbit(const Camera& camera, double right, double down);

/// Rolls about the viewing direction.
Camera roll(const Camera& camera, double radians);

/// Moves with the hand: @p dx, @p dy in pixels (y down) of a view @p height pixels high.
Camera pan(const Camera& camera, double dx, double dy, double height);

/// Shows 1 / @p factor of the size (factor > 1: nearer) about @p anchor, which stays where it is
/// on the screen.
Camera zoomAbout(const Camera& camera, const Eigen::Vector3d& anchor, double factor);

/// The world point of the focal plane below the screen position (@p x, @p y) ∈ [−1, 1]², y up.
Eigen::Vector3d focalPlanePoint(const Camera& camera, double aspect, double x, double y);

/// The same direction, placed so that all of @p bounds fits in a view of @p aspect.
Camera frameBounds(const Camera& camera, const SceneBounds& bounds, double aspect);

/// For maps in a plane: fits the rectangle of the finite positions of @p features (all if empty).
Camera framePlane(const Positions& positions, const std::vector<FeatureId>& features,
                  double aspect);

/// What @p camera shows of @p from, seen of @p to: for a cloud that grows or moves as a whole, and
/// for views of several maps that turn together.
Camera carriedOver(const Camera& camera, const SceneBounds& from, const SceneBounds& to);

/// Where a map is first seen from: a plane from straight above, a cloud from the front, a little
/// from the right and above; all of it in view.
Camera openingCamera(const Positions& positions, bool planar, double aspect);

/// Looks along −z, −x or −y (@p axis 2, 0, 1), same focal point and size.
Camera lookAlongAxis(const Camera& camera, int axis);

/// The same view in the other projection.
Camera withProjection(const Camera& camera, bool orthographic);

/// Between two cameras, @p t ∈ [0, 1]: directions turn, distances scale, focal points move.
Camera interpolate(const Camera& from, const Camera& to, double t);

/// Slow at both ends.
double easeInOut(double t);

}  // namespace orrery
