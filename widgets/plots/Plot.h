// A plot as a value: one function that composes it on any QCustomPlot, so that the window and a
// vector figure show the same thing, each in its own colours and sizes.
#pragma once

#include <QByteArray>
#include <QColor>
#include <QFont>
#include <QPalette>
#include <QSizeF>
#include <QString>

#include <filesystem>
#include <functional>
#include <map>

class QCustomPlot;
class QCPAxis;
class QCPAbstractPlottable;

namespace orrery {

/// Colours and sizes for what is drawn. Pixels are the plot's own: of the screen, or half points of
/// the page.
struct PlotStyle {
  QColor background, foreground, muted, grid;
  QFont font;
  double lineWidth = 1.5;
  double markerSize = 6.0;
  bool dark = false;
  /// On screen: what can be dragged is drawn. In a figure it is not.
  bool interactive = false;

  /// The colour of curve @p index: Okabe and Ito's, readable on the background.
  [[nodiscard]] QColor series(int index) const;

  static PlotStyle ofScreen(const QPalette& palette, const QFont& font);
  /// Of a page: @p fontPoints points, black on white.
  static PlotStyle ofPage(double fontPoints = 7.0);
};

/// Composes a plot: axes, ranges, curves. The plot it is given is empty but for its four axes,
/// which have the style's colours and fonts already.
using PlotDrawing = std::function<void(QCustomPlot& plot, const PlotStyle& style)>;

/// Empties @p plot and composes @p drawing on it.
void composePlot(QCustomPlot& plot, const PlotStyle& style, const PlotDrawing& drawing);

/// The axis shows powers: logarithmic scale, ticks at decades, 1 2 5 … as plain numbers where the
/// range is short.
void setLogarithmic(QCPAxis& axis, const PlotStyle& style);

struct PlotFigure {
  PlotDrawing drawing;
  double widthMm = 85.0;
  double heightMm = 60.0;
  double fontPoints = 7.0;
  double dpi = 300.0;  ///< Of .png.
  QString title;       ///< Of the document.
  QString caption;     ///< What the figure shows, below it; wrapped.
  std::map<QString, QString> metadata;
};

/// The bytes of a .pdf, .svg or .png (@p ending with the dot): vector forms have real text and
/// lines. A QApplication must be there (no display). Throws Error for another ending or a size that
/// is not positive.
QByteArray plotFigureBytes(const PlotFigure& figure, const std::string& ending);

/// Writes it; complete or not there.
void writePlotFigure(const PlotFigure& figure, const std::filesystem::path& path);

}  // namespace orrery
