#include "widgets/plots/GalaxyPlots.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"

#include <qcustomplot.h>
#include <QFile>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace orrery {
namespace {

QCPGraph* addCurve(QCustomPlot& plot, const QVector<double>& x, const QVector<double>& y,
                   const QPen& pen, const QString& name)
{
  QCPGraph* graph = plot.addGraph();
  graph->setData(x, y, true);
  graph->setPen(pen);
  graph->setName(name);
  graph->setAdaptiveSampling(false);
  return graph;
}

void addSpectrum(QCustomPlot& plot, const Eigen::VectorXd& eigenvalues, const QPen& pen,
                 const QString& name)
{
  QVector<double> x, y;
  for (Eigen::Index rank = 0; rank < eigenvalues.size(); ++rank)
    if (eigenvalues[rank] > 1e-14 * eigenvalues[0]) {
      // Where ranks lie closer than a line is wide, every one of them is not needed.
      if (rank > 200 && rank % 4 != 0 && rank + 1 < eigenvalues.size())
        continue;
      x << static_cast<double>(rank + 1);
      y << eigenvalues[rank];
    }
  addCurve(plot, x, y, pen, name);
}

QString signedNumber(double value, int decimals)
{
  return QString::number(value, 'f', decimals).replace(QLatin1Char('-'), QChar(0x2212));
}

QString plusMinus(double halfWidth, int decimals)
{
  return std::isfinite(halfWidth)
             ? QStringLiteral(" ± %1").arg(QString::number(halfWidth, 'f', decimals))
             : QString();
}

QString valueName(CurveValue value)
{
  switch (value) {
    case CurveValue::Slope:
      return QObject::tr("Slope");
    case CurveValue::LogDeterminant:
      return QObject::tr("Volume: Σ ln λ");
    case CurveValue::ClusteringEntropy:
      return QObject::tr("Clustering entropy (nats)");
  }
  return {};
}

QString axisName(CurveAxis axis)
{
  switch (axis) {
    case CurveAxis::Layer:
      return QObject::tr("Layer");
    case CurveAxis::Width:
      return QObject::tr("Width (features)");
    case CurveAxis::L0:
      return QObject::tr("L0");
  }
  return {};
}

QCPItemText* addText(QCustomPlot& plot, const DrawingStyle& style, const QString& said)
{
  auto* text = new QCPItemText(&plot);
  text->setText(said);
  text->setFont(style.font);
  text->setColor(style.muted);
  return text;
}

/// L0 in a line of its own above the curves, which numbers among them would hide.
void addL0Line(QCustomPlot& plot, const DrawingStyle& style, const LayerCurve& curve)
{
  std::map<double, std::pair<double, double>> ranges;  // several dictionaries may share a place
  for (const CurvePoint& point : curve.points)
    if (const auto at = axisValue(point, curve.axis); at && point.l0) {
      auto& [least, most] = ranges.emplace(*at, std::pair(*point.l0, *point.l0)).first->second;
      least = std::min(least, *point.l0);
      most = std::max(most, *point.l0);
    }
  const bool crowded = ranges.size() > 12;
  for (const auto& [at, range] : ranges) {
    const QString least = QString::number(range.first, 'g', 4);
    QCPItemText* text =
        addText(plot, style,
                range.first == range.second
                    ? least
                    : QStringLiteral("%1–%2").arg(least, QString::number(range.second, 'g', 4)));
    text->setRotation(crowded ? -90 : 0);
    text->setPositionAlignment(crowded ? Qt::AlignRight | Qt::AlignVCenter
                                       : Qt::AlignHCenter | Qt::AlignTop);
    text->position->setTypeX(QCPItemPosition::ptPlotCoords);
    text->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
    text->position->setCoords(at, 0.0);
  }
  QCPItemText* name = addText(plot, style, QObject::tr("L0"));
  name->position->setType(QCPItemPosition::ptAxisRectRatio);
  name->position->setCoords(0.0, 0.0);
  name->setPadding(QMargins(3, 0, 0, 0));
  name->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
}

/// One value at every place: only then a line leads from one to the next.
bool isCurve(const QVector<double>& x)
{
  QVector<double> sorted = x;
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
}

}  // namespace

PlotDrawing emptyDrawing(const QString& sentence)
{
  return [sentence](QCustomPlot& plot, const DrawingStyle& style) {
    for (QCPAxis* axis : plot.axisRect()->axes())
      axis->setVisible(false);
    for (QCPAxis* axis : {plot.xAxis, plot.yAxis})
      axis->grid()->setVisible(false);
    // In lines that a narrow plot can hold.
    constexpr qsizetype longest = 26;
    QString lines;
    qsizetype line = 0;
    for (const QString& word : sentence.split(QLatin1Char(' '))) {
      const bool breaks = line > 0 && line + word.size() >= longest;
      lines += (line == 0 ? QString() : QString(QLatin1Char(breaks ? '\n' : ' '))) + word;
      line = breaks ? word.size() : line + word.size() + 1;
    }
    QCPItemText* text = addText(plot, style, lines);
    text->setTextAlignment(Qt::AlignCenter);
    text->setColor(style.foreground);
    text->position->setType(QCPItemPosition::ptAxisRectRatio);
    text->position->setCoords(0.5, 0.5);
  };
}

PlotDrawing spectrumDrawing(const LayerAnalysis& analysis, const LayerAnalysis* activations)
{
  Eigen::VectorXd raw;
  double rawSlope = 0.0;
  if (activations) {
    raw = activations->spectrum.eigenvalues *
          (analysis.spectrum.totalVariance / activations->spectrum.totalVariance);
    rawSlope = activations->spectrum.slope;
  }
  return [analysis, raw, rawSlope](QCustomPlot& plot, const DrawingStyle& style) {
    const Spectrum& spectrum = analysis.spectrum;
    setLogarithmic(*plot.xAxis, style);
    setLogarithmic(*plot.yAxis, style);
    plot.xAxis->setLabel(QObject::tr("Rank"));
    plot.yAxis->setLabel(QObject::tr("Eigenvalue λ"));

    // Numbers come first in the legend: in a narrow plot its right end is cut off.
    QPen pen(style.muted, style.lineWidth, Qt::DotLine);
    addSpectrum(plot, analysis.marchenkoPastur.eigenvalues, pen,
                QObject::tr("Slope %1, Marchenko–Pastur")
                    .arg(signedNumber(analysis.marchenkoPastur.slope, 3)));
    pen = QPen(style.series(0), style.lineWidth, Qt::DashLine);
    addSpectrum(plot, analysis.gaussian.eigenvalues, pen,
                QObject::tr("Slope %1, Gaussian of same N, d")
                    .arg(signedNumber(analysis.gaussian.slope, 3)));
    if (raw.size() > 0)
      addSpectrum(
          plot, raw, QPen(style.series(3), 1.2 * style.lineWidth),
          QObject::tr("Slope %1, raw activations, same variance").arg(signedNumber(rawSlope, 3)));
    pen = QPen(style.series(4), 1.5 * style.lineWidth);
    addSpectrum(
        plot, spectrum.eigenvalues, pen,
        QObject::tr("Features, N = %1, d = %2").arg(spectrum.features).arg(spectrum.dimensions));
    const auto fitted = [&](double rank) {
      return std::pow(10.0, spectrum.intercept + spectrum.slope * std::log10(rank));
    };
    addCurve(plot, {double(spectrum.firstRank), double(spectrum.lastRank)},
             {fitted(spectrum.firstRank), fitted(spectrum.lastRank)},
             QPen(style.series(5), 1.8 * style.lineWidth),
             QObject::tr("Slope %1%2, ranks %3–%4")
                 .arg(signedNumber(spectrum.slope, 3),
                      plusMinus(std::isfinite(spectrum.slopeInterval) ? spectrum.slopeInterval
                                                                      : spectrum.slopeFitInterval,
                                3))
                 .arg(spectrum.firstRank)
                 .arg(spectrum.lastRank));
    if (analysis.correction && analysis.correction->unavailable.empty()) {
      const SamplingCorrection& correction = *analysis.correction;
      const auto corrected = [&](double rank) {
        return std::pow(10.0, correction.intercept + correction.slope * std::log10(rank));
      };
      addCurve(plot, {double(spectrum.firstRank), double(spectrum.lastRank)},
               {corrected(spectrum.firstRank), corrected(spectrum.lastRank)},
               QPen(style.series(2), 1.8 * style.lineWidth, Qt::DashDotLine),
               QObject::tr("Slope %1%2, corrected for sampling")
                   .arg(signedNumber(correction.slope, 3), plusMinus(correction.slopeInterval, 3)));
    }
    for (const int rank : {spectrum.firstRank, spectrum.lastRank}) {
      auto* end = new QCPItemStraightLine(&plot);
      end->setObjectName(rank == spectrum.firstRank ? QStringLiteral("first")
                                                    : QStringLiteral("last"));
      end->point1->setCoords(rank, 1e-6);
      end->point2->setCoords(rank, 1.0);
      end->setPen(QPen(style.series(5), style.interactive ? 1.5 : 0.8, Qt::DashLine));
    }
    double least = spectrum.eigenvalues[std::max(0, spectrum.rank - 1)];
    least = std::max(least, 1e-6 * spectrum.eigenvalues[0]);
    plot.xAxis->setRange(0.9, 1.15 * static_cast<double>(spectrum.dimensions));
    plot.yAxis->setRange(0.25 * least * std::pow(least / spectrum.eigenvalues[0], 0.35),
                         2.0 * std::max(spectrum.eigenvalues[0], analysis.upperEdge));
    plot.legend->setVisible(true);
    plot.legend->setRowSpacing(3);
    plot.axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignLeft | Qt::AlignBottom);
  };
}

QString spectrumSentence(const LayerAnalysis& analysis, const QString& name)
{
  const Spectrum& spectrum = analysis.spectrum;
  QString text =
      QObject::tr(
          "%1: eigenvalues of the %2 of %3 features × %4 dimensions%5. Over the ranks %6 to "
          "%7 the slope is %8 (fit interval%9")
          .arg(name, analysis.options.spectrum.center ? QObject::tr("covariance")
                                                      : QObject::tr("uncentred second moment"))
          .arg(spectrum.features)
          .arg(spectrum.dimensions)
          .arg(analysis.options.unitNorm ? QObject::tr(" at length one") : QString())
          .arg(spectrum.firstRank)
          .arg(spectrum.lastRank)
          .arg(signedNumber(spectrum.slope, 3), plusMinus(spectrum.slopeFitInterval, 3));
  if (std::isfinite(spectrum.slopeInterval))
    text += QObject::tr("; over features%1, %2 random halves")
                .arg(plusMinus(spectrum.slopeInterval, 3))
                .arg(spectrum.options.halves);
  text += QObject::tr(
              "); a Gaussian cloud of equal size gives %1, the Marchenko–Pastur law "
              "%2. Participation ratio %3 of %4.")
              .arg(signedNumber(analysis.gaussian.slope, 3),
                   signedNumber(analysis.marchenkoPastur.slope, 3))
              .arg(spectrum.participationRatio, 0, 'f', 1)
              .arg(spectrum.dimensions);
  if (analysis.correction) {
    QString said = QString::fromStdString(samplingSentence(*analysis.correction));
    said.replace(QStringLiteral("+-"), QStringLiteral("±"));
    said.replace(QLatin1String(" -"), QStringLiteral(" %1").arg(QChar(0x2212)));
    said[0] = said[0].toUpper();
    text += QStringLiteral(" %1.").arg(said);
  }
  return text;
}

QString activationsSentence(const LayerAnalysis& activations)
{
  return QObject::tr("Raw activations (%1 × %2), scaled to the same variance: slope %3.")
      .arg(activations.spectrum.features)
      .arg(activations.spectrum.dimensions)
      .arg(signedNumber(activations.spectrum.slope, 3));
}

std::optional<double> axisValue(const CurvePoint& point, CurveAxis axis)
{
  return axis == CurveAxis::Layer ? point.layer : axis == CurveAxis::Width ? point.width : point.l0;
}

PlotDrawing curveDrawing(const LayerCurve& curve)
{
  return [curve](QCustomPlot& plot, const DrawingStyle& style) {
    plot.xAxis->setLabel(axisName(curve.axis));
    plot.yAxis->setLabel(valueName(curve.value));
    double leftmost = 1e300, rightmost = -1e300, lowest = 1e300, highest = -1e300;
    const auto widen = [&](double x, double low, double high) {
      leftmost = std::min(leftmost, x);
      rightmost = std::max(rightmost, x);
      lowest = std::min(lowest, low);
      highest = std::max(highest, high);
    };
    bool anyL0 = false;
    const auto draw = [&](const std::vector<CurvePoint>& points, const QColor& color, bool solid,
                          const QString& name) {
      QVector<double> x, y, errors;
      for (const CurvePoint& point : points) {
        const auto at = axisValue(point, curve.axis);
        if (!at || !std::isfinite(point.value))
          continue;
        const double half = std::isfinite(point.halfWidth) ? point.halfWidth : 0.0;
        x << *at;
        y << point.value;
        errors << half;
        widen(*at, point.value - half, point.value + half);
        anyL0 = anyL0 || (solid && point.l0);
      }
      if (x.isEmpty())
        return;
      QCPGraph* graph = addCurve(
          plot, x, y, QPen(color, style.lineWidth, solid ? Qt::SolidLine : Qt::DashLine), name);
      graph->setLineStyle(curve.axis == CurveAxis::Layer && isCurve(x) ? QCPGraph::lsLine
                                                                       : QCPGraph::lsNone);
      graph->setScatterStyle(
          QCPScatterStyle(solid ? QCPScatterStyle::ssDisc : QCPScatterStyle::ssDiamond, color,
                          color, style.markerSize));
      auto* bars = new QCPErrorBars(plot.xAxis, plot.yAxis);
      bars->setDataPlottable(graph);
      bars->setData(errors);
      bars->setPen(QPen(color, 0.8 * style.lineWidth));
      bars->setWhiskerWidth(style.markerSize);
      bars->removeFromLegend();
    };
    draw(curve.reference, style.series(0), false, curve.referenceName);
    draw(curve.points, style.series(4), true, QObject::tr("These dictionaries"));
    draw(curve.corrected, style.series(2), false,
         QObject::tr("Corrected for sampling, if independent"));
    if (leftmost > rightmost)
      return;
    if (curve.activations && std::isfinite(*curve.activations)) {
      widen(leftmost, *curve.activations, *curve.activations);
      const double apart = std::max(rightmost - leftmost, 1.0);
      addCurve(
          plot, {leftmost - apart, rightmost + apart}, {*curve.activations, *curve.activations},
          QPen(style.series(3), style.lineWidth, Qt::DashDotLine), QObject::tr("Raw activations"));
    }
    const double wide = std::max(rightmost - leftmost, 1e-9 + 0.1 * std::abs(leftmost));
    const double high = std::max(highest - lowest, 1e-9 + 0.02 * std::abs(lowest));
    plot.xAxis->setRange(leftmost - (anyL0 ? 0.14 : 0.08) * wide, rightmost + 0.08 * wide);
    plot.yAxis->setRange(
        lowest - (curve.reference.empty() && curve.corrected.empty() && !curve.activations ? 0.1
                                                                                           : 0.35) *
                     high,
        highest + (anyL0 ? 0.28 : 0.12) * high);
    if (curve.axis == CurveAxis::Layer && rightmost - leftmost <= 12.0) {
      const QSharedPointer<QCPAxisTickerFixed> whole(new QCPAxisTickerFixed);
      whole->setTickStep(1.0);
      plot.xAxis->setTicker(whole);
    }
    if (curve.axis == CurveAxis::Width)
      plot.xAxis->setNumberFormat("f"), plot.xAxis->setNumberPrecision(0);
    for (const CurvePoint& point : curve.points) {
      const auto at = axisValue(point, curve.axis);
      if (!at || !std::isfinite(point.value))
        continue;
      if (point.entry == curve.current && style.interactive) {
        auto* center = new QCPItemTracer(&plot);
        center->setStyle(QCPItemTracer::tsCircle);
        center->setSize(2.4 * style.markerSize);
        center->setPen(QPen(style.foreground, 1.5));
        center->position->setCoords(*at, point.value);
      }
    }
    if (anyL0 && curve.axis != CurveAxis::L0)
      addL0Line(plot, style, curve);
    if (!curve.reference.empty() || !curve.corrected.empty() || curve.activations) {
      plot.legend->setVisible(true);
      plot.legend->setRowSpacing(3);
      plot.axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignRight | Qt::AlignBottom);
    }
  };
}

std::vector<CurvePoint> readReference(const std::filesystem::path& path, CurveValue value)
{
  QFile file(QString::fromStdString(path.string()));
  constexpr qint64 longest = 4 << 20;
  if (!file.open(QIODevice::ReadOnly) || file.size() > longest)
    throw Error(displayName(path) + ": cannot be read as a reference table of at most 4 MiB");
  const auto cellsOf = [](const QByteArray& line) { return line.trimmed().split(','); };
  const auto header = cellsOf(file.readLine());
  int layer = -1, number = -1, error = -1;
  for (int i = 0; i < header.size(); ++i) {
    const QByteArray name = header[i].toLower();
    if (name == "layer")
      layer = i;
    const bool wanted = value == CurveValue::Slope
                            ? name.startsWith("slope") || name.startsWith("alpha")
                        : value == CurveValue::LogDeterminant
                            ? name.startsWith("log_determinant") || name.startsWith("sum_log")
                            : name.startsWith("clustering_entropy");
    if (!wanted)
      continue;
    const bool isError = name.contains("error") || name.contains("ci95");
    (isError ? error : number) = isError ? (error < 0 ? i : error) : (number < 0 ? i : number);
  }
  if (layer < 0 || number < 0)
    throw Error(displayName(path) + ": is no reference table (expected the columns layer and " +
                valueName(value).toStdString() + ")");
  // Exponents are published without their sign.
  const double sign = header[number].toLower().startsWith("alpha") ? -1.0 : 1.0;
  std::vector<CurvePoint> points;
  while (!file.atEnd()) {
    const auto cells = cellsOf(file.readLine());
    bool isLayer = false, isNumber = false;
    CurvePoint point;
    point.halfWidth = std::numeric_limits<double>::quiet_NaN();
    if (cells.size() <= std::max(layer, number))
      continue;
    point.layer = cells[layer].toDouble(&isLayer);
    point.value = sign * cells[number].toDouble(&isNumber);
    if (error >= 0 && error < cells.size())
      point.halfWidth = cells[error].toDouble();
    if (isLayer && isNumber && std::isfinite(point.value))
      points.push_back(point);
  }
  return points;
}

}  // namespace orrery
