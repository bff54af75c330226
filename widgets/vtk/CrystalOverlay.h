// Crystals in a cloud: translucent quads with arrows along their edges and the names of their
// corners. QPainter only, as the labels are, in the window and in figures. Points in front cover
// the quads; arrows and names stand over everything, so that they can be read.
#pragma once

#include "widgets/vtk/CloudOverlay.h"

#include <QColor>
#include <QRectF>
#include <QString>

#include <array>
#include <vector>

class QPainter;

namespace orrery {

/// An arrow with a filled head from @p from to @p to, which it misses by @p gap at either end; none
/// if there is no room for it.
void drawArrow(QPainter& painter, const QPointF& from, const QPointF& to, double gap,
               const QColor& color, double width, Qt::PenStyle line = Qt::SolidLine);

/// Draws @p crystals in their order, the chosen ones last and stronger. A crystal with a corner
/// that is not drawn (hidden, behind the eye) is left out. Names stand outwards of the corners,
/// whatever else is there. Gives the names that were drawn.
std::vector<PlacedLabel> drawCrystals(QPainter& painter, const std::vector<CrystalShape>& crystals,
                                      const ScreenPoints& points, const QRectF& area,
                                      const OverlayStyle& style);

}  // namespace orrery
