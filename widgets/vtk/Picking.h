// From the cursor to features: pure functions of matrices, on the CPU, tested without a screen.
//
// Screen coordinates are logical pixels, x to the right, y down, (0, 0) the view's top left corner.
#pragma once

#include "core/base/Types.h"
#include "widgets/vtk/PointCloudActor.h"

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace orrery {

/// How the world gets onto the screen.
struct Projection {
  Eigen::Matrix4d clipFromWorld = Eigen::Matrix4d::Identity();
  double width = 1.0;
  double height = 1.0;
};

/// Every feature on the screen. Features that are not drawn (hidden, not finite, behind the eye or
/// outside the clipping planes) have NaN in all four.
struct ScreenPoints {
  std::vector<float> x;
  std::vector<float> y;
  std::vector<float> depth;   ///< −1 (near) … 1 (far); greyed features beyond all others.
  std::vector<float> radius;  ///< Of the disc.

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(x.size()); }
  [[nodiscard]] bool drawn(FeatureId feature) const;
};

/// Projects all features; O(n). @p hidden: a flag per feature, or empty. @p factors: size factors,
/// or empty.
ScreenPoints projectAll(const Positions& positions, const Projection& projection,
                        const PointSizing& sizing, const std::vector<float>& factors = {},
                        const std::vector<std::uint8_t>& hidden = {});

/// The feature that the cursor means: of the discs that cover it the nearest in depth, which is the
/// one to be seen there; if there is none, the one whose edge is nearest on the screen, up to
/// @p tolerance pixels from its centre, nearest in depth where edges are equally near (to half a
/// pixel). noFeature if there is none.
FeatureId pickFeature(const ScreenPoints& points, double x, double y, double tolerance = 8.0);

/// A part of the screen: what a rectangle, lasso, polygon or brush encloses. A closed set.
class Region {
 public:
  /// Between two opposite corners.
  static Region rectangle(const Eigen::Vector2d& a, const Eigen::Vector2d& b);
  /// Even-odd inside of a closed polygon; fewer than three corners enclose nothing.
  static Region polygon(std::vector<Eigen::Vector2d> corners);
  /// Everything within @p radius of a path.
  static Region brush(std::vector<Eigen::Vector2d> path, double radius);

  [[nodiscard]] bool contains(double x, double y) const;

  /// The features inside, ascending; the same as asking contains() for each, found by a mask of
  /// pixels that knows for all but those on the boundary. @p visible, if not empty, is a flag per
  /// feature (visibleFeatures): the others are left out.
  [[nodiscard]] std::vector<FeatureId> features(
      const ScreenPoints& points, const std::vector<std::uint8_t>& visible = {}) const;

 private:
  enum class Kind { Rectangle, Polygon, Brush };
  struct Mask;

  Region(Kind kind, std::vector<Eigen::Vector2d> corners, double radius);
  [[nodiscard]] bool containsPolygon(double x, double y) const;
  void fillPolygon(Mask& mask) const;
  void fillBrush(Mask& mask) const;

  Kind m_kind;
  std::vector<Eigen::Vector2d> m_corners;
  double m_radius = 0.0;
  Eigen::Vector2d m_low{0, 0};
  Eigen::Vector2d m_high{-1, -1};
};

/// A flag per feature: 1 if at least one pixel of its disc is not behind another disc. A software
/// buffer of ids and depths, @p width × @p height.
std::vector<std::uint8_t> visibleFeatures(const ScreenPoints& points, int width, int height);

}  // namespace orrery
