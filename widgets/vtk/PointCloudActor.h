// Points as round discs, in VTK: one poly-vertex cell, one colour and one size per point.
#pragma once

#include "core/base/Types.h"

#include <vtkNew.h>
#include <Eigen/Core>

#include <cstdint>
#include <memory>
#include <vector>

class vtkProp;

namespace orrery {

/// How big a point is drawn, so that the cursor and the region tools see what the eye sees: the
/// shader's formula, once more.
struct PointSizing {
  double diameter = 6.0;  ///< Pixels at the focal point, for size factor 1.
  bool perspective = false;
  double focalDistance = 1.0;        ///< World units.
  Eigen::Vector3d center{0, 0, 0};   ///< Of the scene's bounds.
  double radius = 1.0;               ///< Of the scene's bounds.
  Eigen::Vector3d towards{0, 0, 1};  ///< From the focal point to the eye.
  double orthographicDepth = 0.0;    ///< How much nearer points are bigger without perspective.

  /// Pixels across, of a point with @p factor at @p world whose clip coordinate w is @p clipW.
  [[nodiscard]] double diameterOf(double factor, const Eigen::Vector3d& world, double clipW) const;
};

/// What all points of one drawing share.
struct PointLook {
  PointSizing sizing;
  float fog = 0.0f;                     ///< Share of the background in the farthest points.
  Eigen::Vector3f background{1, 1, 1};  ///< What far points fade to.
  float rim = 0.0f;                     ///< How much the edge of a disc is darkened.
  float ring = 0.0f;                    ///< Width of an outline, pixels; 0: none.
  Eigen::Vector3f ringColor{0, 0, 0};
  float opacity = 1.0f;
  bool ghost = false;  ///< Only a pale outline, through whatever lies before it.
};

/// Draws a chosen, ordered part of the features. Knows neither Document nor Qt.
class PointCloudActor {
 public:
  /// @p outlined: with a ring around each disc, for the selected ones.
  explicit PointCloudActor(bool outlined = false);
  ~PointCloudActor();
  PointCloudActor(const PointCloudActor&) = delete;
  PointCloudActor& operator=(const PointCloudActor&) = delete;

  [[nodiscard]] vtkProp* prop() const;

  /// The points to draw, in this order: features of @p order, at (position − center) / radius.
  /// Every one of them must be finite.
  void setPoints(const Positions& positions, std::vector<FeatureId> order,
                 const Eigen::Vector3d& center, double radius);
  /// 0xAARRGGBB per feature, size factor per feature (negative: greyed, drawn behind all others);
  /// empty: @p defaultColor, 1.
  void setColors(const std::vector<std::uint32_t>& colors, std::uint32_t defaultColor);
  void setSizes(const std::vector<float>& factors);
  void setLook(const PointLook& look);

  /// The part of the order that the next rendering draws.
  void setRange(std::int64_t first, std::int64_t count);
  [[nodiscard]] std::int64_t count() const;

 private:
  struct Data;
  std::unique_ptr<Data> m_data;
};

}  // namespace orrery
