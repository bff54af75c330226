// Where the eye is: the 10 numbers of `--camera`, independent of the window's size.
#pragma once

#include <Eigen/Core>

namespace orrery {

/// Position, focal point, view up and parallel scale (half the height of the view in world units),
/// as `render --camera` takes them.
struct Camera {
  Eigen::Vector3d position{0, 0, 1};
  Eigen::Vector3d focalPoint{0, 0, 0};
  Eigen::Vector3d viewUp{0, 1, 0};
  double parallelScale = 1.0;
  bool orthographic = false;

  bool operator==(const Camera&) const = default;
};

}  // namespace orrery
