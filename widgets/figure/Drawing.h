// A drawing as a value: painted in the window and on a page by the same function, each in its own
// colours and sizes.
#pragma once

#include "widgets/figure/FigureWidget.h"
#include "widgets/figure/Page.h"
#include "widgets/vtk/CloudOverlay.h"

#include <QByteArray>
#include <QColor>
#include <QFont>
#include <QPainter>
#include <QPalette>
#include <QSizeF>
#include <QString>

#include <filesystem>
#include <functional>
#include <string>

namespace orrery {

/// Colours and sizes of what is drawn. Units are logical pixels on the screen, half points on a
/// page.
struct DrawingStyle {
  QColor background, foreground, muted, grid;
  QFont font;
  double lineWidth = 1.5;
  double markerSize = 6.0;
  bool dark = false;
  /// On screen: what can be dragged is drawn. In a figure it is not.
  bool interactive = false;
  double pixelRatio = 1.0;  ///< Device pixels per unit: how finely pictures within are made.

  static DrawingStyle ofScreen(const QPalette& palette, const QFont& font, double pixelRatio = 1.0);
  /// Of a page: black on white.
  static DrawingStyle ofPage(double fontPoints = 7.0, double dpi = 300.0);
  /// A class's colour, as the cloud has it.
  [[nodiscard]] QColor category(int rank) const;
  /// The same, made readable as a thin line on the background.
  [[nodiscard]] QColor series(int rank) const;
  /// For what is written over pictures.
  [[nodiscard]] OverlayStyle overlay() const;
};

/// What a figure is beside its drawing.
struct FigureFrame {
  double widthMm = 170.0;
  double heightMm = 110.0;
  double fontPoints = 7.0;
  double dpi = 300.0;  ///< Of .png, and of pictures within the vector forms.
  QString title;
  QString caption;  ///< Below the drawing, wrapped; may be empty.
  std::map<QString, QString> metadata;

  [[nodiscard]] Page page() const;
  [[nodiscard]] DrawingStyle style() const { return DrawingStyle::ofPage(fontPoints, dpi); }
};

/// Writes the caption along the bottom of the page; gives the height that is left above it.
double paintFrame(QPainter& painter, const FigureFrame& frame, const DrawingStyle& style);

using Drawing = std::function<void(QPainter& painter, const QSizeF& size, const DrawingStyle&)>;

struct DrawingFigure : FigureFrame {
  Drawing drawing;
};

/// The bytes of a .pdf, .svg or .png (@p ending with the dot), as pageBytes gives them.
QByteArray drawingBytes(const DrawingFigure& figure, const std::string& ending);
/// Complete or not there.
void writeDrawing(const DrawingFigure& figure, const std::filesystem::path& path);

/// One line of text in @p box, cut with … where it is too long.
void drawElided(QPainter& painter, const QRectF& box, const QString& text, int flags);

/// Shows a drawing, repaints it when theme or size change, and saves it from its context menu.
class DrawingView : public FigureWidget {
  Q_OBJECT
 public:
  explicit DrawingView(const QString& name, QWidget* parent = nullptr);

  void setDrawing(Drawing drawing);
  /// What stands there while there is nothing to draw.
  void setEmptyText(const QString& text);
  [[nodiscard]] virtual DrawingFigure figure() const;
  [[nodiscard]] DrawingStyle drawingStyle() const;
  [[nodiscard]] bool isEmpty() const override { return !m_drawing; }
  void save(const std::filesystem::path& path) const override;

  [[nodiscard]] QSize sizeHint() const override { return {640, 420}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {200, 140}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Drawing m_drawing;
  QString m_emptyText;
};

}  // namespace orrery
