// A drawing as a value: painted in the window and on a page by the same function, each in its own
// colours and sizes.
#pragma once

#include "core/io/ResultFile.h"

#include <QByteArray>
#include <QColor>
#include <QFont>
#include <QPainter>
#include <QPalette>
#include <QSizeF>
#include <QString>
#include <QWidget>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace orrery {

/// Colours and sizes of what is drawn. Units are logical pixels on the screen, half points on a
/// page.
struct DrawingStyle {
  QColor background, foreground, muted, grid;
  QFont font;
  bool dark = false;
  double pixelRatio = 1.0;  ///< Device pixels per unit: how finely pictures within are made.

  static DrawingStyle ofScreen(const QPalette& palette, const QFont& font, double pixelRatio);
  static DrawingStyle ofPage(double fontPoints, double dpi);
  /// A class's colour, as the cloud has it.
  [[nodiscard]] QColor category(int rank) const;
};

using Drawing = std::function<void(QPainter& painter, const QSizeF& size, const DrawingStyle&)>;

struct DrawingFigure {
  Drawing drawing;
  double widthMm = 170.0;
  double heightMm = 110.0;
  double fontPoints = 7.0;
  double dpi = 300.0;  ///< Of .png, and of pictures within the vector forms.
  QString title;
  QString caption;  ///< Below the drawing, wrapped; may be empty.
};

/// The bytes of a .pdf, .svg or .png (@p ending with the dot). A QGuiApplication must be there, a
/// display need not. Throws Error for another ending or a size that cannot be.
QByteArray drawingBytes(const DrawingFigure& figure, const std::string& ending);
/// Complete or not there.
void writeDrawing(const DrawingFigure& figure, const std::filesystem::path& path);

/// One line of text in @p box, cut with … where it is too long.
void drawElided(QPainter& painter, const QRectF& box, const QString& text, int flags);

/// Shows a drawing, repaints it when theme or size change, and saves it from its context menu.
class DrawingView : public QWidget {
  Q_OBJECT
 public:
  /// @p name is what screen readers call it.
  explicit DrawingView(const QString& name, QWidget* parent = nullptr);

  void setDrawing(Drawing drawing);
  /// What stands there while there is nothing to draw.
  void setEmptyText(const QString& text);
  /// The picture's numbers in a sentence: for screen readers, and the caption of figures.
  void setSummary(const QString& summary);
  [[nodiscard]] QString summary() const { return m_summary; }
  /// What "Save the numbers" writes; none takes the action away.
  void setTable(std::optional<ResultTable> table) { m_table = std::move(table); }
  void setFileStem(const QString& stem) { m_fileStem = stem; }
  [[nodiscard]] DrawingFigure figure() const;
  [[nodiscard]] DrawingStyle drawingStyle() const;
  [[nodiscard]] bool isEmpty() const { return !m_drawing; }

  [[nodiscard]] QSize sizeHint() const override { return {640, 420}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {200, 140}; }

 public slots:
  void saveFigure();
  void saveTable();
  void copyPicture();

 signals:
  void failed(const QString& message);
  void saved(const QString& message);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  Drawing m_drawing;
  QString m_emptyText, m_summary, m_fileStem;
  std::optional<ResultTable> m_table;
};

}  // namespace orrery
