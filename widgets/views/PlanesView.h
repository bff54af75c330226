// The same points in two planes side by side, coloured by class, with quads over them: relations in
// the plane of principal components and in that of discriminants.
#pragma once

#include "widgets/figure/Drawing.h"

#include <QComboBox>
#include <QString>
#include <QWidget>

#include <Eigen/Core>

#include <array>
#include <filesystem>
#include <vector>

namespace orrery {

struct PlanePane {
  QString title;  ///< "Principal components: silhouette −0.08".
  Eigen::Matrix2Xd points;
  QString horizontal, vertical;  ///< Names of the axes.
};

struct PlanesPicture {
  QString name;  ///< What the list of pictures calls it.
  std::vector<PlanePane> panes;
  std::vector<std::int32_t> classes;  ///< Of each point.
  std::vector<QString> classNames;
  std::vector<QString> labels;  ///< Of each point, or empty: none. Corners of quads come first.
  std::vector<std::array<std::int32_t, 4>> quads;  ///< a, b, c, d as places in the points.
  std::vector<std::int32_t> quadClasses;
  QString caption;
};

void paintPlanes(QPainter& painter, const QRectF& area, const PlanesPicture& picture, bool dark,
                 const OverlayStyle& style);

/// As a figure, text of 7 points.
DrawingFigure planesFigure(const PlanesPicture& picture);

class PlanesView : public QWidget {
  Q_OBJECT
 public:
  explicit PlanesView(QWidget* parent = nullptr);

  void setPictures(std::vector<PlanesPicture> pictures);
  void showPicture(int index);
  [[nodiscard]] const std::vector<PlanesPicture>& pictures() const { return m_pictures; }
  /// Null if there is none.
  [[nodiscard]] const PlanesPicture* shown() const;
  void setEmptyText(const QString& text);
  void save(const std::filesystem::path& path) const;

 signals:
  void saveRequested();

 private:
  class Canvas;

  std::vector<PlanesPicture> m_pictures;
  QComboBox* m_choice;
  Canvas* m_canvas;
};

}  // namespace orrery
