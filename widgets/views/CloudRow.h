// Clouds of several layers side by side on the same axes, true to scale: drawn alike in the window,
// in figures and without a display.
#pragma once

#include "core/base/Types.h"
#include "widgets/vtk/CloudScene.h"

#include <QColor>
#include <QFont>
#include <QPainter>
#include <QRectF>
#include <QString>

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

namespace orrery {

struct RowCloud {
  QString title;                  ///< "Layer 12, L0 72".
  Positions positions;            ///< First three components, 3 × n.
  Eigen::Vector3d variances;      ///< λ₁ … λ₃.
  std::vector<FeatureId> marked;  ///< Followed features, drawn on top.
  std::vector<float> values;      ///< Colours the points where set (best-match cosines); else by
                                  ///< distance from the centre. NaN: grey.
  std::vector<float> presence;    ///< Where set: how much of each point is there, 0 … 1.
};

struct CloudRowOptions {
  /// The paper's drawing: coordinates multiplied once more by √λ, so that spread goes as λ.
  bool published = false;
  std::optional<Camera> camera;  ///< Direction only; every cloud is framed alike.
  QString colorName;             ///< What `values` are; empty: distance from the centre.
  double radius = 0.0;           ///< Half the side of the shared cube; 0: from the clouds.
  double pointSize = 0.0;        ///< Logical pixels; 0: by the number of points.
};

struct CloudRowStyle {
  QColor background = Qt::white, foreground = Qt::black;
  QFont font;
  double lineWidth = 1.0;
  double pixelsPerUnit = 1.0;  ///< Device pixels of the points' picture per unit of the painter.
};

/// Half the side of the cube that all clouds share.
double commonRadius(const std::vector<RowCloud>& clouds, bool published);

/// Draws @p clouds from left to right in @p area: points as a picture, axes and words as vectors.
/// False where there is no OpenGL (a sentence stands in its place).
bool paintCloudRow(QPainter& painter, const QRectF& area, const std::vector<RowCloud>& clouds,
                   const CloudRowOptions& options, const CloudRowStyle& style);

/// Height in millimetres that a row of @p count square clouds and their lines want.
double cloudRowHeight(double widthMm, std::size_t count);

/// As .pdf, .svg or .png. Throws Error for another ending or where nothing can be drawn.
void writeCloudRow(const std::vector<RowCloud>& clouds, const CloudRowOptions& options,
                   const std::filesystem::path& path, double widthMm, double heightMm,
                   double dpi = 300.0);

}  // namespace orrery
