// What is written over the picture: labels, legend, axes, caption. QPainter only, so that figures
// get real text; positions in the painter's units, sizes from the font.
#pragma once

#include "core/base/Types.h"
#include "widgets/vtk/Camera.h"
#include "widgets/vtk/Legend.h"
#include "widgets/vtk/Picking.h"

#include <QColor>
#include <QFont>
#include <QRectF>
#include <QString>
#include <QStringList>

#include <array>
#include <functional>
#include <utility>
#include <vector>

class QPainter;

namespace orrery {

struct OverlayStyle {
  QColor foreground = Qt::black;
  QColor background = Qt::white;
  QFont font;
  double lineWidth = 1.0;
  bool legendFrame = true;  ///< A box that sets the legend off from what lies behind it.
};

/// A label and where it goes.
struct PlacedLabel {
  FeatureId feature = noFeature;
  QString text;
  QRectF box;
};

/// Places labels beside their points, first come first served, without overlap among themselves or
/// with @p taken; one that finds no free place is left out. @p gap between disc and
/// text; @p measure gives a text's size.
std::vector<PlacedLabel> placeLabels(const std::vector<std::pair<FeatureId, QString>>& labels,
                                     const ScreenPoints& points, const QRectF& area,
                                     const std::vector<QRectF>& taken, double gap,
                                     const std::function<QSizeF(const QString&)>& measure);

void drawLabels(QPainter& painter, const std::vector<PlacedLabel>& labels,
                const OverlayStyle& style);

/// Size that drawLegend needs; empty for an empty legend. Texts longer than @p maximumWidth are cut
/// with an ellipsis.
QSizeF legendSize(const LegendModel& legend, const OverlayStyle& style, double maximumWidth);
void drawLegend(QPainter& painter, const LegendModel& legend, const QRectF& box,
                const OverlayStyle& style);

/// The directions of the three axes, around @p center, arms of @p length. Names may be empty; they
/// stay within the sides of @p area.
void drawOrientation(QPainter& painter, const Camera& camera, const QPointF& center, double length,
                     const QStringList& names, const QRectF& area, const OverlayStyle& style);

/// Names of the two axes of a map in the plane: along the bottom and up the left side.
void drawPlaneAxes(QPainter& painter, const QRectF& area, const QStringList& names,
                   const OverlayStyle& style);

/// A sentence along the bottom of @p area, wrapped; gives the box it took.
QRectF drawCaption(QPainter& painter, const QString& text, const QRectF& area,
                   const OverlayStyle& style);

/// Text with a rim of the background's colour, readable over points.
void drawHaloText(QPainter& painter, const QPointF& baseline, const QString& text,
                  const OverlayStyle& style);

/// Four features of a cloud that form a crystal, a is to b as c is to d.
struct CrystalShape {
  std::array<FeatureId, 4> corners{noFeature, noFeature, noFeature, noFeature};  ///< a, b, c, d.
  std::array<QString, 4> names;  ///< Beside the corners; empty: none.
  QColor color;
  bool chosen = false;  ///< Drawn strongly, over the others.
};

/// Lines from one feature to others that belong to it, wherever they lie.
struct FeatureTies {
  FeatureId from = noFeature;
  std::vector<FeatureId> to;
  QColor color;
};

/// Draws the lines over all points, with a rim of the background's colour, and a ring around every
/// end: as strong in a sparse cloud as in a dense one.
void drawTies(QPainter& painter, const FeatureTies& ties, const ScreenPoints& points,
              const QRectF& area, const OverlayStyle& style);

/// All that is written over a cloud.
struct CloudTexts {
  QString title;
  QString caption;
  QRectF captionArea;  ///< The caption stands at the bottom of it; empty: of the area itself.
  QStringList axisNames;
  LegendModel legend;
  std::vector<std::pair<FeatureId, QString>> labels;  ///< In order of importance.
  std::vector<CrystalShape> crystals;
  FeatureTies ties;
};

/// Where drawTexts puts the legend in @p area: its upper right corner. Empty if there is none, or
/// no room for it.
QRectF legendBox(const QRectF& area, const CloudTexts& texts, const OverlayStyle& style);

/// Lays them out in @p area and draws them: the one layout of window and figure. @p points in the
/// painter's units.
void drawTexts(QPainter& painter, const QRectF& area, const CloudTexts& texts, const Camera& camera,
               bool planar, const ScreenPoints& points, const OverlayStyle& style);

}  // namespace orrery
