// The galaxy scale's plots as drawings: a spectrum with its controls, and curves over layers.
#pragma once

#include "core/galaxy/LayerAnalysis.h"
#include "core/galaxy/LayerSeries.h"
#include "core/io/ResultFile.h"
#include "widgets/plots/Plot.h"

#include <QString>

#include <filesystem>
#include <optional>
#include <vector>

namespace orrery {

/// A sentence where nothing is to be seen yet.
PlotDrawing emptyDrawing(const QString& sentence);

/// Eigenvalues against rank, both logarithmic, with the fitted line, the window's ends, a Gaussian
/// cloud of equal N and d, and the Marchenko–Pastur law.
/// @p activations: drawn beside, at the same total variance.
PlotDrawing spectrumDrawing(const LayerAnalysis& analysis,
                            const LayerAnalysis* activations = nullptr);
/// What the raw activations show, after the sentence of a layer.
QString activationsSentence(const LayerAnalysis& activations);
QString spectrumSentence(const LayerAnalysis& analysis, const QString& name);

enum class CurveValue { Slope, LogDeterminant, ClusteringEntropy };
enum class CurveAxis { Layer, Width, L0 };

struct CurvePoint {
  std::optional<double> layer, width, l0;
  double value = 0.0;
  double halfWidth = 0.0;  ///< NaN: not known.
  int entry = -1;          ///< What a click chooses.
};

struct LayerCurve {
  CurveValue value = CurveValue::Slope;
  CurveAxis axis = CurveAxis::Layer;
  std::vector<CurvePoint> points;
  std::vector<CurvePoint> corrected;  ///< Slopes without what sampling adds.
  std::optional<double> activations;  ///< Of raw activations: a line across.
  std::vector<CurvePoint> reference;  ///< Published, drawn behind.
  QString referenceName;
  int current = -1;  ///< Entry that is marked.
};

/// Where @p point stands on the axis; none if that is not known.
std::optional<double> axisValue(const CurvePoint& point, CurveAxis axis);
/// One value over the axis, with error bars; L0 stands beside the points where it varies.
PlotDrawing curveDrawing(const LayerCurve& curve);

/// A reference table as `published_galaxy_gemma2-2b_65k.csv`: a header line, then numbers; columns
/// are known by the beginnings of their names (layer, slope or exponent, log…, entropy). The points
/// of @p value. Throws Error if it has none.
std::vector<CurvePoint> readReference(const std::filesystem::path& path, CurveValue value);

}  // namespace orrery
