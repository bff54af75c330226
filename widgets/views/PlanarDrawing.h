// A crystal in its own plane, true to scale: before and after distractors are taken out, side by
// side, with a glide from one to the other.
#pragma once

#include "widgets/figure/Drawing.h"

#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <QString>
#include <QVariantAnimation>

#include <Eigen/Core>

#include <array>
#include <optional>

namespace orrery {

/// Four corners in their best plane, in lengths that can be compared between two spaces.
struct PlanarCrystal {
  Eigen::Matrix<double, 2, 4> corners = Eigen::Matrix<double, 2, 4>::Zero();  ///< a, b, c, d.
  Eigen::Vector2d expected = Eigen::Vector2d::Zero();  ///< b − a + c: where d would be.
  double planarity = 0.0;  ///< Share of the corners' variance in the plane.
  QString title;           ///< "before", "after: 7 dimensions kept by LDA".
  QString note;            ///< A line of figures below.
  QString caution;         ///< More lines, where the figures alone would mislead.
};

struct PlanarPicture {
  std::array<QString, 4> names;
  std::optional<PlanarCrystal> before;
  std::optional<PlanarCrystal> after;
};

/// Boxes for the names of four corners: beside them, on the outer side if that is free, and over
/// none of each other; farther out where corners lie close together. @p away: of text from a
/// corner.
std::array<QRectF, 4> placeCornerNames(const std::array<QPointF, 4>& corners,
                                       const std::array<QSizeF, 4>& sizes, const QRectF& bounds,
                                       double away);

/// Paints both into @p area in one scale. @p share 0 … 1: how far the second has gone from the
/// first shape to its own.
void paintPlanarPicture(QPainter& painter, const QRectF& area, const PlanarPicture& picture,
                        double share, const QColor& color, const OverlayStyle& style);

/// As a figure, text of 7 points.
DrawingFigure planarFigure(const PlanarPicture& picture);

class PlanarDrawing : public DrawingView {
  Q_OBJECT
 public:
  explicit PlanarDrawing(QWidget* parent = nullptr);

  /// With both drawings, the second glides from the first where somebody can see it.
  void setPicture(PlanarPicture picture);
  [[nodiscard]] const PlanarPicture& picture() const { return m_picture; }
  /// Plays the glide again.
  void play();
  [[nodiscard]] double share() const { return m_share; }
  [[nodiscard]] DrawingFigure figure() const override { return planarFigure(m_picture); }

  [[nodiscard]] QSize sizeHint() const override { return {520, 260}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {220, 140}; }

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;

 private:
  PlanarPicture m_picture;
  QVariantAnimation m_glide;
  double m_share = 1.0;
};

}  // namespace orrery
