// A plot as a value: one function that composes it on any QCustomPlot, so that the window and a
// vector figure show the same thing, each in its own colours and sizes.
#pragma once

#include "widgets/figure/Drawing.h"

#include <QByteArray>

#include <filesystem>
#include <functional>
#include <string>

class QCustomPlot;
class QCPAxis;
class QCPAbstractPlottable;

namespace orrery {

/// Composes a plot: axes, ranges, curves. The plot it is given is empty but for its four axes,
/// which have the style's colours and fonts already.
using PlotDrawing = std::function<void(QCustomPlot& plot, const DrawingStyle& style)>;

/// Empties @p plot and composes @p drawing on it.
void composePlot(QCustomPlot& plot, const DrawingStyle& style, const PlotDrawing& drawing);

/// The axis shows powers: logarithmic scale, ticks at decades, 1 2 5 … as plain numbers where the
/// range is short.
void setLogarithmic(QCPAxis& axis, const DrawingStyle& style);

struct PlotFigure : FigureFrame {
  PlotFigure()
  {
    widthMm = 85.0;
    heightMm = 60.0;
  }

  PlotDrawing drawing;
};

/// As drawingBytes: vector forms have real text and lines. A QApplication must be there (no
/// display).
QByteArray plotFigureBytes(const PlotFigure& figure, const std::string& ending);

/// Writes it; complete or not there.
void writePlotFigure(const PlotFigure& figure, const std::filesystem::path& path);

}  // namespace orrery
