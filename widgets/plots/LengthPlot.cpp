#include "widgets/plots/LengthPlot.h"

#include "widgets/models/FeatureText.h"
#include "widgets/vtk/Palette.h"

#include <qcustomplot.h>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace orrery {

namespace {

QString signedNumber(double value, int decimals)
{
  return QString::number(value, 'f', decimals).replace(QLatin1Char('-'), QChar(0x2212));
}

QCPGraph* addPoints(QCustomPlot& plot, const QVector<double>& x, const QVector<double>& y,
                    const QCPScatterStyle& style, const QString& name)
{
  QCPGraph* graph = plot.addGraph();
  graph->setData(x, y);
  graph->setLineStyle(QCPGraph::lsNone);
  graph->setScatterStyle(style);
  graph->setName(name);
  return graph;
}

void addMeans(QCustomPlot& plot, const LengthRelation& relation, const DrawingStyle& style)
{
  const QColor color = style.series(3);
  QVector<double> x, y, deviations;
  for (const LengthMean& mean : relation.means) {
    x << mean.lengthDifference;
    y << mean.mean;
    // One pair has no spread to show.
    deviations << (mean.pairs > 1 ? mean.deviation : std::numeric_limits<double>::quiet_NaN());
  }
  QCPGraph* means = addPoints(
      plot, x, y, QCPScatterStyle(QCPScatterStyle::ssDisc, color, color, 1.3 * style.markerSize),
      LengthPlot::tr("mean ± standard deviation"));
  auto* bars = new QCPErrorBars(plot.xAxis, plot.yAxis);
  bars->setDataPlottable(means);
  bars->setData(deviations);
  bars->setPen(QPen(color, style.lineWidth));
  bars->setWhiskerWidth(style.markerSize);
  bars->removeFromLegend();
  QCPGraph* line = plot.addGraph();
  line->setPen(QPen(style.foreground, style.lineWidth));
  line->setData({x.first(), x.last()}, {relation.intercept + relation.slope * x.first(),
                                        relation.intercept + relation.slope * x.last()});
  line->setName(
      LengthPlot::tr("line through the means, slope %1").arg(signedNumber(relation.slope, 2)));
}

QString hint()
{
  return LengthPlot::tr("Load word pairs in the Crystals panel, then press Length.");
}

PlotDrawing hintDrawing()
{
  return [](QCustomPlot& plot, const DrawingStyle& style) {
    for (QCPAxis* axis : plot.axisRect()->axes())
      axis->setVisible(false);
    for (QCPAxis* axis : plot.axisRect()->axes())
      axis->grid()->setVisible(false);
    auto* text = new QCPItemText(&plot);
    text->position->setType(QCPItemPosition::ptAxisRectRatio);
    text->position->setCoords(0.5, 0.5);
    text->setFont(style.font);
    text->setColor(style.muted);
    text->setText(hint());
  };
}

}  // namespace

QPointF lengthPoint(const LengthRelation& relation, std::size_t i)
{
  // The golden ratio's multiples are spread evenly, whatever the order of the pairs.
  const double turn = static_cast<double>(i) * 0.6180339887498949;
  return {relation.lengthDifference[i] + lengthJitter * (2.0 * (turn - std::floor(turn)) - 1.0),
          relation.component[i]};
}

PlotDrawing lengthDrawing(std::shared_ptr<const LengthStudy> study, std::vector<char> marked)
{
  return [study = std::move(study), marked = std::move(marked)](QCustomPlot& plot,
                                                                const DrawingStyle& style) {
    const LengthRelation& relation = study->relation;
    QVector<double> x, y, markedX, markedY;
    for (std::size_t i = 0; i < relation.component.size(); ++i) {
      const QPointF point = lengthPoint(relation, i);
      x << point.x();
      y << point.y();
      if (i < marked.size() && marked[i]) {
        markedX << point.x();
        markedY << point.y();
      }
    }
    const double size = (x.size() > 1500 ? 0.55 : 0.8) * style.markerSize;
    const QColor quiet = faded(style.series(4), x.size() > 1500 ? 0.25 : 0.45);
    addPoints(plot, x, y, QCPScatterStyle(QCPScatterStyle::ssDisc, quiet, quiet, size),
              LengthPlot::tr("a pair of words"));
    addMeans(plot, relation, style);
    if (!markedX.isEmpty()) {
      const QColor strong = style.foreground;
      addPoints(plot, markedX, markedY,
                QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(strong, 1.3 * style.lineWidth),
                                Qt::NoBrush, 1.5 * style.markerSize),
                LengthPlot::tr("selected"));
    }
    const QSharedPointer<QCPAxisTickerFixed> whole(new QCPAxisTickerFixed);
    whole->setTickStep(1.0);
    whole->setScaleStrategy(QCPAxisTickerFixed::ssMultiples);
    plot.xAxis->setTicker(whole);
    plot.xAxis->setLabel(LengthPlot::tr("Characters of the second word minus the first"));
    plot.yAxis->setLabel(LengthPlot::tr("First component of the differences"));
    plot.xAxis->setRange(*std::min_element(x.begin(), x.end()) - 0.5,
                         *std::max_element(x.begin(), x.end()) + 0.5);
    const auto [low, high] = std::minmax_element(y.begin(), y.end());
    // Room for the legend, which stands in the upper left corner.
    const double span = std::max(1e-9, *high - *low);
    plot.yAxis->setRange(*low - 0.04 * span, *high + 0.22 * span);
    plot.legend->setVisible(true);
    plot.axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignLeft | Qt::AlignTop);
  };
}

QString lengthSummary(const LengthStudy& study)
{
  const LengthRelation& relation = study.relation;
  return LengthPlot::tr(
             "Differences first − second of %1 word pairs of %2 relations, z-scored per dimension: "
             "their first principal component (%3 % of the variance) against characters of the "
             "second word minus the first. Correlation over all pairs %4; line through the means "
             "of the lengths, slope %5. Bars are standard deviations; points are spread sideways.")
      .arg(relation.component.size())
      .arg(study.names.size())
      .arg(100.0 * relation.explained, 0, 'f', 1)
      .arg(signedNumber(relation.correlation, 2), signedNumber(relation.slope, 2));
}

ResultTable lengthTable(const Dictionary& dictionary, const LengthStudy& study)
{
  const LengthRelation& relation = study.relation;
  const auto count = static_cast<std::int64_t>(relation.component.size());
  std::vector<std::string> names, first, second;
  std::vector<std::int32_t> firstIds, secondIds, lengths;
  for (std::size_t i = 0; i < relation.component.size(); ++i) {
    names.push_back(study.names[static_cast<std::size_t>(study.classes[i])]);
    firstIds.push_back(relation.pairs[i].first);
    secondIds.push_back(relation.pairs[i].second);
    first.push_back(dictionary.labels[static_cast<std::size_t>(relation.pairs[i].first)]);
    second.push_back(dictionary.labels[static_cast<std::size_t>(relation.pairs[i].second)]);
    lengths.push_back(relation.lengthDifference[i]);
  }
  ResultTable table;
  table.arrays.push_back({"relation", {count}, std::move(names)});
  table.arrays.push_back({"first", {count}, std::move(firstIds)});
  table.arrays.push_back({"second", {count}, std::move(secondIds)});
  table.arrays.push_back({"first_label", {count}, std::move(first)});
  table.arrays.push_back({"second_label", {count}, std::move(second)});
  table.arrays.push_back({"length_difference", {count}, std::move(lengths)});
  table.arrays.push_back({"component", {count}, relation.component});
  table.options["slope"] = std::to_string(relation.slope);
  table.options["intercept"] = std::to_string(relation.intercept);
  table.options["correlation"] = std::to_string(relation.correlation);
  table.options["explained"] = std::to_string(relation.explained);
  table.options["dictionary"] = dictionary.name;
  return table;
}

LengthPlot::LengthPlot(Document* document, CrystalStudy* study, QWidget* parent)
    : PlotWidget(tr("Differences and word length"), parent), m_document(document), m_study(study)
{
  setFileStem(QStringLiteral("word-length"));
  setToolTip(tr("Click a point, or draw a rectangle, to select the words of its pair"));
  plot()->setSelectionRectMode(QCP::srmCustom);
  connect(study, &CrystalStudy::lengthChanged, this, &LengthPlot::showStudy);
  connect(document->selection(), &SelectionModel::changed, this, &LengthPlot::showStudy);
  connect(plot()->selectionRect(), &QCPSelectionRect::accepted, this,
          [this](const QRect& box) { selectIn(QRectF(box)); });
  connect(plot(), &QCustomPlot::mousePress, this,
          [this](const QMouseEvent* event) { m_pressed = event->position(); });
  connect(plot(), &QCustomPlot::mouseRelease, this, [this](const QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || (event->position() - m_pressed).manhattanLength() >= 4)
      return;
    if (const int pair = pairAt(event->position()); pair >= 0)
      select({pair});
  });
  connect(plot(), &QCustomPlot::mouseMove, this, [this](const QMouseEvent* event) {
    const int pair = event->buttons() == Qt::NoButton ? pairAt(event->position()) : -1;
    if (pair >= 0)
      QToolTip::showText(event->globalPosition().toPoint(),
                         textOf(static_cast<std::size_t>(pair)).toHtmlEscaped(), plot());
    else
      QToolTip::hideText();
  });
  showStudy();
}

void LengthPlot::showStudy()
{
  const auto study = m_study->lengthStudy();
  const auto dictionary = m_document->dictionary();
  if (!study || !dictionary) {
    setDrawing(hintDrawing());
    setSummary(hint());
    setTable({});
    return;
  }
  const auto& selected = m_document->selection()->features();
  std::vector<char> marked(study->relation.pairs.size(), 0);
  const auto holds = [&](FeatureId feature) {
    return std::binary_search(selected.begin(), selected.end(), feature);
  };
  for (std::size_t i = 0; i < marked.size(); ++i)
    marked[i] = holds(study->relation.pairs[i].first) && holds(study->relation.pairs[i].second);
  setDrawing(lengthDrawing(study, std::move(marked)));
  setSummary(lengthSummary(*study));
  setTable(lengthTable(*dictionary, *study));
}

QPointF LengthPlot::pixelOf(std::size_t pair) const
{
  const QPointF point = lengthPoint(m_study->lengthStudy()->relation, pair);
  const QCustomPlot* shown = const_cast<LengthPlot*>(this)->plot();
  return {shown->xAxis->coordToPixel(point.x()), shown->yAxis->coordToPixel(point.y())};
}

QString LengthPlot::textOf(std::size_t pair) const
{
  const auto study = m_study->lengthStudy();
  const auto dictionary = m_document->dictionary();
  const auto [first, second] = study->relation.pairs[pair];
  return tr("%1 → %2 (%3): %4 characters, component %5")
      .arg(labelText(*dictionary, first), labelText(*dictionary, second),
           visibleText(study->names[static_cast<std::size_t>(study->classes[pair])], 40),
           signedNumber(study->relation.lengthDifference[pair], 0),
           signedNumber(study->relation.component[pair], 2));
}

int LengthPlot::pairAt(const QPointF& place, double tolerance) const
{
  const auto study = m_study->lengthStudy();
  if (!study)
    return -1;
  int best = -1;
  double nearest = tolerance;
  for (std::size_t i = 0; i < study->relation.pairs.size(); ++i) {
    const QPointF away = pixelOf(i) - place;
    if (const double distance = std::hypot(away.x(), away.y()); distance <= nearest) {
      nearest = distance;
      best = static_cast<int>(i);
    }
  }
  return best;
}

void LengthPlot::selectIn(const QRectF& box)
{
  const auto study = m_study->lengthStudy();
  if (!study)
    return;
  std::vector<int> pairs;
  for (std::size_t i = 0; i < study->relation.pairs.size(); ++i)
    if (box.contains(pixelOf(i)))
      pairs.push_back(static_cast<int>(i));
  select(pairs);
}

void LengthPlot::select(const std::vector<int>& pairs)
{
  const auto study = m_study->lengthStudy();
  std::vector<FeatureId> words;
  for (const int pair : pairs) {
    words.push_back(study->relation.pairs[static_cast<std::size_t>(pair)].first);
    words.push_back(study->relation.pairs[static_cast<std::size_t>(pair)].second);
  }
  m_document->selection()->setFeatures(std::move(words));
}

}  // namespace orrery
