#include "widgets/lobes/LobeCurves.h"

#include "widgets/models/FeatureText.h"

#include <QFontMetricsF>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

constexpr double legendLines = 3.4;  ///< Above the panels.

constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr int panels = 4;

/// Markers are a second channel beside colours.
void drawMarker(QPainter& painter, const QPointF& place, int kind, double r)
{
  switch (kind % 5) {
    case 0:
      painter.drawEllipse(place, r, r);
      break;
    case 1:
      painter.drawRect(QRectF(place.x() - r, place.y() - r, 2 * r, 2 * r));
      break;
    case 2:
      painter.drawPolygon(QPolygonF({place + QPointF(0, -1.3 * r), place + QPointF(1.2 * r, r),
                                     place + QPointF(-1.2 * r, r)}));
      break;
    case 3:
      painter.drawPolygon(QPolygonF({place + QPointF(0, -1.4 * r), place + QPointF(1.4 * r, 0),
                                     place + QPointF(0, 1.4 * r), place + QPointF(-1.4 * r, 0)}));
      break;
    default:
      painter.drawPolygon(QPolygonF({place + QPointF(0, 1.3 * r), place + QPointF(1.2 * r, -r),
                                     place + QPointF(-1.2 * r, -r)}));
  }
}

const NullComparison& comparisonOf(const LobeLocality& locality, int panel)
{
  return panel % 2 == 0 ? locality.ami : locality.logistic;
}

double valueOf(const LobeLocality& locality, int panel)
{
  if (panel % 2 == 1 && !locality.hasLogistic)
    return none;
  const NullComparison& comparison = comparisonOf(locality, panel);
  if (panel < 2)
    return comparison.observed;
  // A null that varies by rounding alone is no scale.
  return comparison.standardDeviation > 1e-9 ? comparison.z : none;
}

QString panelTitle(int panel)
{
  switch (panel) {
    case 0:
      return QStringLiteral("Agreement (AMI) with spatial lobes");
    case 1:
      return QStringLiteral("Balanced accuracy of regression");
    case 2:
      return QStringLiteral("Mutual information, in σ of its null");
    default:
      return QStringLiteral("Accuracy, in σ of its null");
  }
}

/// A step of 1, 2 or 5 times a power of ten that gives about @p count ticks.
double tickStep(double span, int count)
{
  const double raw = span / count, power = std::pow(10.0, std::floor(std::log10(raw)));
  const double part = raw / power;
  return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

std::vector<double> ticksOf(const CurvePanel& panel)
{
  std::vector<double> ticks;
  if (panel.logarithmic) {
    for (double tick = 1; tick <= panel.high * 1.0001; tick *= 10)
      if (tick >= panel.low * 0.9999)
        ticks.push_back(tick);
    return ticks;
  }
  const double step = tickStep(panel.high - panel.low, 5);
  for (double tick = std::ceil(panel.low / step - 1e-9) * step; tick <= panel.high + 1e-9 * step;
       tick += step)
    ticks.push_back(std::abs(tick) < 1e-12 ? 0.0 : tick);
  return ticks;
}

QString tickText(double tick)
{
  return std::abs(tick) >= 1000 ? displayCount(std::llround(tick)) : QString::number(tick, 'g', 4);
}

double shareOf(const CurvePanel& panel, double value)
{
  if (panel.logarithmic)
    return std::log(std::max(value, panel.low) / panel.low) / std::log(panel.high / panel.low);
  return (value - panel.low) / (panel.high - panel.low);
}

double yOf(const CurvePanel& panel, double value)
{
  return panel.plot.bottom() - shareOf(panel, value) * panel.plot.height();
}

std::pair<int, int> clusterRange(const CurveContent& content)
{
  int low = std::numeric_limits<int>::max(), high = 2;
  for (const auto& curve : content.curves)
    for (const int k : curve.clusters) {
      low = std::min(low, k);
      high = std::max(high, k);
    }
  return {std::min(low, high), high};
}

double xOf(const CurvePanel& panel, const std::pair<int, int>& range, int clusters)
{
  const double span = std::log2(static_cast<double>(range.second) / range.first);
  const double share =
      span > 0 ? std::log2(static_cast<double>(clusters) / range.first) / span : 0.5;
  const double margin = 0.04 * panel.plot.width();
  return panel.plot.left() + margin + share * (panel.plot.width() - 2 * margin);
}

}  // namespace

CurveContent curveContent(const LobeAnalysis& analysis)
{
  CurveContent content;
  for (const FunctionalLobes& functional : analysis.functional) {
    if (functional.locality.empty())
      continue;
    CurveContent::Curve curve;
    curve.measure = functional.measure;
    curve.name = QString::fromStdString(displayName(functional.measure));
    curve.color = static_cast<int>(functional.measure);
    // Yellow and black come last of the eight: five curves never need them.
    for (const LobeLocality& locality : functional.locality) {
      curve.clusters.push_back(locality.clusters);
      curve.locality.push_back(locality);
      content.permutations = locality.options.permutations;
    }
    content.curves.push_back(std::move(curve));
  }
  return content;
}

std::vector<CurvePanel> layoutCurves(const CurveContent& content, const QSizeF& size,
                                     const DrawingStyle& style)
{
  const double line = QFontMetricsF(style.font).height();
  const double top = legendLines * line;
  std::vector<CurvePanel> result(panels);
  const auto range = clusterRange(content);
  for (int i = 0; i < panels; ++i) {
    CurvePanel& panel = result[static_cast<std::size_t>(i)];
    const double width = size.width() / 2, height = (size.height() - top) / 2;
    panel.plot = QRectF((i % 2) * width + 3.8 * line, top + (i / 2) * height + 1.8 * line,
                        std::max(1.0, width - 4.6 * line), std::max(1.0, height - 4.6 * line));
    double low = i < 2 ? 0.0 : 1.0, high = i < 2 ? 0.02 : 10.0;
    for (const auto& curve : content.curves)
      for (const LobeLocality& locality : curve.locality) {
        const double value = valueOf(locality, i);
        if (!std::isfinite(value))
          continue;
        low = std::min(low, value);
        high = std::max(high, value);
        if (i < 2)
          high = std::max(high, comparisonOf(locality, i).mean +
                                    2 * comparisonOf(locality, i).standardDeviation);
      }
    // Standard deviations reach from none to a thousand: decades, unless some lie below one.
    panel.logarithmic = i >= 2 && low >= 1.0 && high > 30.0;
    if (panel.logarithmic) {
      panel.low = 1.0;
      panel.high = std::pow(10.0, std::ceil(std::log10(high) - 1e-9));
    } else {
      const double step = tickStep(high - std::min(low, 0.0), 5);
      panel.low = std::floor(std::min(low, 0.0) / step) * step;
      panel.high = std::ceil(high / step - 1e-9) * step;
    }
    for (const auto& curve : content.curves) {
      std::vector<QPointF> points;
      for (std::size_t j = 0; j < curve.clusters.size(); ++j) {
        const double value = valueOf(curve.locality[j], i);
        points.emplace_back(xOf(panel, range, curve.clusters[j]),
                            std::isfinite(value) ? yOf(panel, value) : none);
      }
      panel.points.push_back(std::move(points));
    }
  }
  return result;
}

namespace {

/// The curves in one line, what the bands and the empty marks are in the next.
void drawLegend(QPainter& painter, const CurveContent& content, const QSizeF& size,
                const DrawingStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double line = metrics.height(), left = 3.8 * line, below = 1.4 * line;
  double x = left;
  for (const auto& curve : content.curves) {
    const QColor color = style.category(curve.color);
    painter.setPen(QPen(color, line / 10));
    painter.drawLine(QPointF(x, line), QPointF(x + 1.6 * line, line));
    painter.setBrush(color);
    drawMarker(painter, {x + 0.8 * line, line}, curve.color, 0.24 * line);
    painter.setPen(style.foreground);
    const double width = metrics.horizontalAdvance(curve.name) + 4;
    painter.drawText(QRectF(x + 2 * line, 0.3 * line, width, 1.4 * line),
                     Qt::AlignLeft | Qt::AlignVCenter, curve.name);
    x += 3 * line + width;
  }
  QColor chance = style.muted;
  chance.setAlphaF(0.35f);
  painter.fillRect(QRectF(left, 0.7 * line + below, 1.6 * line, 0.6 * line), chance);
  painter.setPen(style.foreground);
  drawElided(
      painter,
      QRectF(left + 2 * line, 0.3 * line + below, size.width() - left - 2 * line, 1.4 * line),
      QStringLiteral("chance: mean ± 2 σ of %1 draws; empty marks: not above chance (p > .05)")
          .arg(content.permutations),
      Qt::AlignLeft | Qt::AlignVCenter);
}

}  // namespace

Drawing curveDrawing(const CurveContent& content)
{
  return [content](QPainter& painter, const QSizeF& size, const DrawingStyle& style) {
    const auto layout = layoutCurves(content, size, style);
    const auto range = clusterRange(content);
    painter.setFont(style.font);
    const QFontMetricsF metrics(style.font);
    const double line = metrics.height(), thin = line / 16;

    drawLegend(painter, content, size, style);
    for (int i = 0; i < panels; ++i) {
      const CurvePanel& panel = layout[static_cast<std::size_t>(i)];
      painter.setPen(style.foreground);
      drawElided(
          painter,
          QRectF(panel.plot.left(), panel.plot.top() - 1.5 * line, panel.plot.width(), 1.3 * line),
          panelTitle(i), Qt::AlignLeft | Qt::AlignVCenter);
      for (const double tick : ticksOf(panel)) {
        const double y = yOf(panel, tick);
        painter.setPen(QPen(style.grid, thin));
        painter.drawLine(QPointF(panel.plot.left(), y), QPointF(panel.plot.right(), y));
        painter.setPen(style.foreground);
        painter.drawText(QRectF(panel.plot.left() - 3.7 * line, y - line, 3.4 * line, 2 * line),
                         Qt::AlignRight | Qt::AlignVCenter, tickText(tick));
      }
      std::vector<int> numbers;
      for (const auto& curve : content.curves)
        numbers.insert(numbers.end(), curve.clusters.begin(), curve.clusters.end());
      std::sort(numbers.begin(), numbers.end());
      numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
      double lastRight = -1e9;
      for (const int k : numbers) {
        const double at = xOf(panel, range, k);
        painter.setPen(QPen(style.foreground, thin));
        painter.drawLine(QPointF(at, panel.plot.bottom()),
                         QPointF(at, panel.plot.bottom() + 0.25 * line));
        const QString text = QString::number(k);
        const double half = metrics.horizontalAdvance(text) / 2 + 0.2 * line;
        if (at - half < lastRight)
          continue;
        lastRight = at + half;
        painter.drawText(
            QRectF(at - 3 * line, panel.plot.bottom() + 0.3 * line, 6 * line, 1.3 * line),
            Qt::AlignHCenter | Qt::AlignTop, text);
      }
      painter.drawText(QRectF(panel.plot.left(), panel.plot.bottom() + 1.4 * line,
                              panel.plot.width(), 1.3 * line),
                       Qt::AlignHCenter | Qt::AlignTop, QStringLiteral("lobes (k)"));
      painter.setPen(QPen(style.foreground, thin));
      painter.drawLine(panel.plot.bottomLeft(), panel.plot.bottomRight());
      painter.drawLine(panel.plot.bottomLeft(), panel.plot.topLeft());

      bool any = false;
      painter.save();
      painter.setClipRect(panel.plot.adjusted(0, -0.4 * line, 0, 0.4 * line));
      for (std::size_t c = 0; c < content.curves.size(); ++c) {
        const auto& curve = content.curves[c];
        QPolygonF upper, lower;
        for (std::size_t j = 0; j < curve.clusters.size(); ++j) {
          if (!std::isfinite(valueOf(curve.locality[j], i % 2)))
            continue;
          const NullComparison& comparison = comparisonOf(curve.locality[j], i);
          const double middle = i < 2 ? comparison.mean : 0;
          const double spread = i < 2 ? 2 * comparison.standardDeviation : 2;
          const double at = panel.points[c][j].x();
          upper << QPointF(at, yOf(panel, middle + spread));
          lower.prepend(QPointF(at, yOf(panel, middle - spread)));
        }
        QColor band = i < 2 ? style.category(curve.color) : style.muted;
        band.setAlphaF(i < 2 ? 0.3f : 0.12f);
        painter.setPen(i < 2 ? QPen(band, thin) : QPen(Qt::NoPen));
        painter.setBrush(band);
        painter.drawPolygon(upper + lower);
      }
      for (std::size_t c = 0; c < content.curves.size(); ++c) {
        const QColor color = style.category(content.curves[c].color);
        painter.setPen(QPen(color, 1.6 * thin));
        QPolygonF run;
        for (const QPointF& point : panel.points[c])
          if (std::isfinite(point.y()))
            run << point;
        painter.setBrush(Qt::NoBrush);
        painter.drawPolyline(run);
        for (std::size_t j = 0; j < panel.points[c].size(); ++j) {
          if (!std::isfinite(panel.points[c][j].y()))
            continue;
          // Empty where chance would do.
          const Verdict verdict = verdictOf(comparisonOf(content.curves[c].locality[j], i));
          painter.setBrush(verdict == Verdict::NotDistinguishable ? style.background : color);
          drawMarker(painter, panel.points[c][j], content.curves[c].color, 0.24 * line);
        }
        any = any || !run.isEmpty();
      }
      painter.restore();
      if (!any) {
        painter.setPen(style.muted);
        painter.drawText(panel.plot, Qt::AlignCenter | Qt::TextWordWrap,
                         QStringLiteral("not measured"));
      }
    }
  };
}

LobeCurves::LobeCurves(LobeStudy* study, QWidget* parent)
    : DrawingView(tr("Locality of lobes over their number"), parent), m_study(study)
{
  setFileStem(QStringLiteral("lobes-locality"));
  setEmptyText(
      tr("Cut lobes with their locality in the Lobes panel: here it shows, over the number "
         "of lobes, how far features that fire together also lie together, beside what "
         "chance gives."));
  connect(study, &LobeStudy::resultChanged, this, &LobeCurves::showResult);
  showResult();
}

void LobeCurves::showResult()
{
  const auto result = m_study->result();
  m_content = result ? curveContent(result->analysis) : CurveContent();
  if (m_content.curves.empty()) {
    setDrawing({});
    setTable({});
    setSummary({});
    return;
  }
  ResultTable table;
  std::vector<std::string> measures;
  std::vector<std::int64_t> clusters;
  std::vector<double> ami, amiMean, amiSd, amiZ, logistic, logisticMean, logisticSd, logisticZ;
  for (const auto& curve : m_content.curves)
    for (const LobeLocality& locality : curve.locality) {
      measures.push_back(commandName(curve.measure));
      clusters.push_back(locality.clusters);
      ami.push_back(locality.ami.observed);
      amiMean.push_back(locality.ami.mean);
      amiSd.push_back(locality.ami.standardDeviation);
      amiZ.push_back(locality.ami.z);
      const bool has = locality.hasLogistic;
      logistic.push_back(has ? locality.logistic.observed : none);
      logisticMean.push_back(has ? locality.logistic.mean : none);
      logisticSd.push_back(has ? locality.logistic.standardDeviation : none);
      logisticZ.push_back(has ? locality.logistic.z : none);
    }
  const auto n = static_cast<std::int64_t>(clusters.size());
  table.arrays = {{"affinity", {n}, measures},
                  {"clusters", {n}, clusters},
                  {"ami", {n}, ami},
                  {"ami_null_mean", {n}, amiMean},
                  {"ami_null_sd", {n}, amiSd},
                  {"ami_z", {n}, amiZ},
                  {"logistic", {n}, logistic},
                  {"logistic_null_mean", {n}, logisticMean},
                  {"logistic_null_sd", {n}, logisticSd},
                  {"logistic_z", {n}, logisticZ}};
  setTable(std::move(table));
  setSummary(
      tr("How local lobes are, over their number: agreement of functional with spatial lobes, "
         "and how well the vectors tell a feature's lobe; bands are the mean and two standard "
         "deviations of %1 permutations (left) or dictionaries of random vectors (right). %2")
          .arg(m_content.permutations)
          .arg(QString::fromStdString(result->analysis.features.sentence())));
  setDrawing(curveDrawing(m_content));
}

std::optional<LobeCurves::Hit> LobeCurves::hitAt(const QPointF& place) const
{
  std::optional<Hit> best;
  double least = 10.0;
  const auto layout = layoutCurves(m_content, size(), drawingStyle());
  for (std::size_t i = 0; i < layout.size() && !m_content.curves.empty(); ++i)
    for (std::size_t c = 0; c < layout[i].points.size(); ++c)
      for (std::size_t j = 0; j < layout[i].points[c].size(); ++j) {
        const QPointF away = layout[i].points[c][j] - place;
        const double distance = std::hypot(away.x(), away.y());
        if (distance < least) {
          least = distance;
          best = Hit{i, c, j};
        }
      }
  return best;
}

void LobeCurves::mousePressEvent(QMouseEvent* event)
{
  const auto hit = hitAt(event->position());
  if (event->button() == Qt::LeftButton && hit) {
    const auto& curve = m_content.curves[hit->curve];
    m_study->show({curve.measure, curve.clusters[hit->entry]});
  }
}

bool LobeCurves::event(QEvent* event)
{
  if (event->type() == QEvent::ToolTip) {
    auto* help = static_cast<QHelpEvent*>(event);
    const auto hit = hitAt(help->pos());
    if (!hit) {
      QToolTip::hideText();
      return true;
    }
    const auto& curve = m_content.curves[hit->curve];
    const LobeLocality& locality = curve.locality[hit->entry];
    const NullComparison& comparison = comparisonOf(locality, static_cast<int>(hit->panel));
    QToolTip::showText(
        help->globalPos(),
        plainToolTip(tr("%1, %2 lobes: %3 (chance %4 ± %5, %6 σ)\n%7\nClick shows these lobes.")
                         .arg(curve.name)
                         .arg(locality.clusters)
                         .arg(comparison.observed, 0, 'g', 4)
                         .arg(comparison.mean, 0, 'g', 3)
                         .arg(comparison.standardDeviation, 0, 'g', 2)
                         .arg(comparison.z, 0, 'f', 1)
                         .arg(QString::fromStdString(locality.sentence()))),
        this);
    return true;
  }
  return DrawingView::event(event);
}

}  // namespace orrery
