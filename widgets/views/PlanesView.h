// The same points in two planes side by side, coloured by class, with quads over them: relations in
// the plane of principal components and in that of discriminants.
#pragma once

#include "widgets/figure/Drawing.h"

#include <QComboBox>
#include <QString>
#include <QToolButton>
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
  /// Classes that have a colour, a place in the legend and quads, in that order; the others are
  /// grey. Empty: all, in their own order.
  std::vector<std::int32_t> chosen;
  std::vector<QString> labels;  ///< Of each point, or empty: none. Corners of quads come first.
  std::vector<std::array<std::int32_t, 4>> quads;  ///< a, b, c, d as places in the points.
  std::vector<std::int32_t> quadClasses;
  QString caption;

  [[nodiscard]] std::vector<std::int32_t> legend() const;
};

/// More at once could not be told apart: colours that are safe for all eyes, and room for quads.
inline constexpr std::size_t fewClasses = 8;

/// The @p most classes of largest @p separations, best first.
std::vector<std::int32_t> mostSeparated(const std::vector<double>& separations,
                                        std::size_t most = fewClasses);

void paintPlanes(QPainter& painter, const QRectF& area, const PlanesPicture& picture, bool dark,
                 const OverlayStyle& style);

/// As a figure, text of 7 points.
DrawingFigure planesFigure(const PlanesPicture& picture);

class PlanesView : public QWidget {
  Q_OBJECT
 public:
  explicit PlanesView(QWidget* parent = nullptr);

  /// @p separations: of each class, what the list of classes is sorted by. A choice of classes that
  /// the user made stays while the classes do.
  void setPictures(std::vector<PlanesPicture> pictures, std::vector<double> separations = {});
  /// Empty: the most separated.
  void chooseClasses(std::vector<std::int32_t> chosen);
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

  void fillMenu();

  std::vector<PlanesPicture> m_pictures;
  std::vector<double> m_separations;
  QComboBox* m_choice;
  QToolButton* m_classes;
  Canvas* m_canvas;
};

}  // namespace orrery
