// What is to be seen of a cloud, and its drawing: one path for window, figure and headless run.
#pragma once

#include "core/base/Types.h"
#include "widgets/vtk/CameraMotion.h"
#include "widgets/vtk/Picking.h"

#include <QColor>
#include <QImage>
#include <QRect>
#include <QSize>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace orrery {

/// How the points look. Vectors are per feature, or empty for "all alike".
struct CloudAppearance {
  std::vector<std::uint32_t> colors;  ///< 0xAARRGGBB per feature; empty: defaultColor.
  std::vector<float> sizes;           ///< Factor on pointSize per feature; empty: 1.
  QColor defaultColor = QColor(0x56, 0xB4, 0xE9);
  double pointSize = 6.0;  ///< Diameter in logical pixels.
  double opacity = 1.0;
  QColor background = Qt::white;
  QColor foreground = Qt::black;  ///< Axes, labels, the lasso.
  double depthCue = 0.6;          ///< 0 … 1: how strongly far points fade (3-D only).
};

/// A diameter in logical pixels at which @p features points of a map fill it without clogging it.
double recommendedPointSize(std::int64_t features);

/// One picture, or a tile of one.
struct FrameRequest {
  Camera camera;
  QSize size;                ///< Of the whole picture, device pixels.
  QRect tile;                ///< The part to draw; null: all.
  double pixelRatio = 1.0;   ///< Device pixels per logical pixel: points and lines grow with it.
  bool transparent = false;  ///< No background.
};

/// Owns the VTK pipeline. Works without a window; GUI thread only. Where there is no OpenGL all
/// calls do nothing and begin() is false.
class CloudScene {
 public:
  CloudScene();
  ~CloudScene();
  CloudScene(const CloudScene&) = delete;
  CloudScene& operator=(const CloudScene&) = delete;

  /// False where OpenGL cannot be had or was lost.
  [[nodiscard]] bool isUsable() const;
  [[nodiscard]] QString rendererName() const;
  [[nodiscard]] bool isSoftware() const;
  [[nodiscard]] int maximumSize() const;

  /// @p positions 3 × n; columns that are not finite are not drawn.
  void setPositions(Positions positions, bool planar);
  [[nodiscard]] const Positions& positions() const;
  [[nodiscard]] bool planar() const;
  [[nodiscard]] const SceneBounds& bounds() const;
  void setAppearance(CloudAppearance appearance);
  [[nodiscard]] const CloudAppearance& appearance() const;
  void setSelection(std::vector<FeatureId> features);
  [[nodiscard]] const std::vector<FeatureId>& selection() const;
  void setHidden(std::vector<FeatureId> features);
  void setEmphasis(std::vector<FeatureId> features);
  void clearEmphasis();
  void setLinks(std::vector<std::pair<FeatureId, FeatureId>> links, QColor color);

  /// Features that can be drawn: finite and not hidden.
  [[nodiscard]] std::int64_t drawableCount() const;

  /// Clears the picture and draws the links. False if there is no OpenGL (any more).
  bool begin(const FrameRequest& request);
  /// Draws points @p first … of a fixed shuffle of the drawable ones on top of what is there, so
  /// that any prefix is a fair sample of all.
  void drawPoints(std::int64_t first, std::int64_t count);
  /// The selected points again, outlined, on top. To be called after the last drawPoints.
  void drawSelection(std::int64_t first, std::int64_t count);
  [[nodiscard]] std::int64_t selectionCount() const;
  /// Waits until all that was asked for is drawn: what is timed must have happened.
  void finishDrawing();
  [[nodiscard]] QImage read();

  /// All of it at once, drawn @p supersample times as large and averaged, in tiles where it is
  /// larger than OpenGL can draw.
  [[nodiscard]] QImage render(const FrameRequest& request, int supersample = 1);

  /// Where everything lies in a view of @p width × @p height logical pixels.
  [[nodiscard]] Projection projection(const Camera& camera, double width, double height) const;
  [[nodiscard]] ScreenPoints project(const Camera& camera, double width, double height) const;

 private:
  class Private;
  std::unique_ptr<Private> m_d;
};

/// @p picture at 1 / @p factor of its size, each pixel the mean of factor × factor.
QImage averaged(const QImage& picture, int factor);

}  // namespace orrery
