// A crystal in its own plane, true to scale: before and after distractors are taken out, side by
// side, with a glide from one to the other.
#pragma once

#include "widgets/vtk/CloudOverlay.h"

#include <QByteArray>
#include <QSizeF>
#include <QString>
#include <QVariantAnimation>
#include <QWidget>

#include <Eigen/Core>

#include <array>
#include <filesystem>
#include <optional>
#include <string>

namespace orrery {

/// Four corners in their best plane, in lengths that can be compared between two spaces.
struct PlanarCrystal {
  Eigen::Matrix<double, 2, 4> corners = Eigen::Matrix<double, 2, 4>::Zero();  ///< a, b, c, d.
  Eigen::Vector2d expected = Eigen::Vector2d::Zero();  ///< b − a + c: where d would be.
  double planarity = 0.0;  ///< Share of the corners' variance in the plane.
  QString title;           ///< "before", "after: 7 dimensions kept by LDA".
  QString note;            ///< A line of figures below.
};

struct PlanarPicture {
  std::array<QString, 4> names;
  std::optional<PlanarCrystal> before;
  std::optional<PlanarCrystal> after;
};

/// Paints both into @p area in one scale. @p share 0 … 1: how far the second has gone from the
/// first shape to its own.
void paintPlanarPicture(QPainter& painter, const QRectF& area, const PlanarPicture& picture,
                        double share, const QColor& color, const OverlayStyle& style);

/// As a figure of @p size millimetres, text of 7 points: bytes of .svg, .pdf or .png (@p ending
/// with the dot), lines and text real in the first two. Throws Error for other endings.
QByteArray planarPictureBytes(const PlanarPicture& picture, const std::string& ending,
                              const QSizeF& sizeMm = {114.0, 60.0}, double dpi = 300.0);

class PlanarDrawing : public QWidget {
  Q_OBJECT
 public:
  explicit PlanarDrawing(QWidget* parent = nullptr);

  /// With both drawings, the second glides from the first where somebody can see it.
  void setPicture(PlanarPicture picture);
  [[nodiscard]] const PlanarPicture& picture() const { return m_picture; }
  /// Plays the glide again.
  void play();
  [[nodiscard]] double share() const { return m_share; }
  void setEmptyText(const QString& text);
  /// Complete or not there. Throws Error.
  void save(const std::filesystem::path& path) const;

  [[nodiscard]] QSize sizeHint() const override { return {520, 260}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {220, 140}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;

 private:
  PlanarPicture m_picture;
  QString m_emptyText;
  QVariantAnimation m_glide;
  double m_share = 1.0;
};

}  // namespace orrery
