// The inside of quads in a cloud, paler where points are in front of them.
#pragma once

#include "widgets/vtk/Picking.h"

#include <QColor>
#include <QRectF>

#include <array>
#include <vector>

class QPainter;

namespace orrery {

struct FilledQuad {
  std::array<FeatureId, 4> corners{};  ///< In turn around it; all are drawn.
  QColor color;                        ///< With its opacity.
};

/// Fills @p quads in their order, as a surface of two triangles each. Where no point lies in front
/// of any (maps in the plane), real polygons are drawn; else a picture of the painter's own
/// resolution without what discs in front cover: the depths of the points (1/w is affine on the
/// screen, so those of a triangle are interpolated in straight lines) are kept for every pixel
/// around the quads. O(n) for n points, and the pixels of quads and of discs in front.
void fillQuads(QPainter& painter, const std::vector<FilledQuad>& quads, const ScreenPoints& points,
               const QRectF& area);

}  // namespace orrery
