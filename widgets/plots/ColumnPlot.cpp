#include "widgets/plots/ColumnPlot.h"

#include "widgets/models/FeatureText.h"
#include "widgets/views/WrappingLayout.h"

#include <qcustomplot.h>
#include <QMouseEvent>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

constexpr int clickSlop = 4;
constexpr double pickTolerance = 8.0;
constexpr int densityColumns = 160, densityRows = 110;
constexpr std::size_t mostTicks = 24;

/// Names in place of numbers on the axis of a category column.
void labelCategories(QCPAxis& axis, const std::vector<QString>& names)
{
  if (names.empty())
    return;
  const QSharedPointer<QCPAxisTickerText> ticker(new QCPAxisTickerText);
  const std::size_t step = (names.size() + mostTicks - 1) / mostTicks;
  // Side by side there is room for a few, a word in each line; many lean.
  constexpr std::size_t mostUpright = 6;
  const bool along = axis.axisType() == QCPAxis::atBottom;
  const bool upright = names.size() <= mostUpright;
  for (std::size_t i = 0; i < names.size(); i += step) {
    QString name = names[i].left(18);
    if (along && upright)
      name.replace(QLatin1Char(' '), QLatin1Char('\n'));
    ticker->addTick(static_cast<double>(i), name);
  }
  if (along && !upright)
    axis.setTickLabelRotation(-40);
  axis.setTicker(ticker);
  axis.setSubTicks(false);
}

}  // namespace

/// All that is drawn, as values: what the screen shows and a figure shows is one.
struct ColumnPlot::Content {
  bool histogram = true;
  QString xTitle, yTitle;
  std::vector<QString> xNames, yNames;  ///< Of categories; else empty.
  std::vector<double> x, y;             ///< n; NaN: not drawn.
  Histogram bars, selectedBars;
  bool logCounts = false;
  bool dense = false;
  std::vector<FeatureId> selected;  ///< Those of the selection.
  std::int64_t drawn = 0, missing = 0;
  double left = 0, right = 1, bottom = 0, top = 1;  ///< Of what is drawn.
};

namespace {

void widen(double& low, double& high)
{
  const double margin = high > low ? 0.04 * (high - low) : 0.5;
  low -= margin;
  high += margin;
}

}  // namespace

ColumnPlot::ColumnPlot(Document* document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_x(new QComboBox(this)),
      m_y(new QComboBox(this)),
      m_bins(new QSpinBox(this)),
      m_logX(new QCheckBox(tr("log x"), this)),
      m_logY(new QCheckBox(tr("log y"), this)),
      m_plot(new PlotWidget(tr("Plot of columns"), this)),
      m_band(new QRubberBand(QRubberBand::Rectangle, m_plot->plot()))
{
  setAccessibleName(tr("Plot of columns"));
  m_x->setAccessibleName(tr("Column along the plot"));
  m_y->setAccessibleName(tr("Column upwards, or a histogram"));
  m_x->setToolTip(m_x->accessibleName());
  m_y->setToolTip(m_y->accessibleName());
  for (QComboBox* box : {m_x, m_y}) {
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(12);
  }
  m_bins->setRange(2, 500);
  m_bins->setSuffix(tr(" bins"));
  m_bins->setAccessibleName(tr("Bins of the histogram"));
  m_band->setAccessibleName(tr("Brush"));
  m_logX->setToolTip(tr("The decimal logarithm of the values along; what has none is not drawn"));
  m_logY->setToolTip(tr("The decimal logarithm upwards, of values or counts"));
  m_plot->plot()->installEventFilter(this);
  m_plot->setFileStem(QStringLiteral("columns"));
  auto* line = new WrappingLayout;
  line->setContentsMargins(6, 4, 6, 2);
  line->setSpacing(6);
  for (QWidget* control : std::initializer_list<QWidget*>{m_x, m_y, m_bins, m_logX, m_logY})
    line->addWidget(control);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(line);
  layout->addWidget(m_plot, 1);
  for (QComboBox* box : {m_x, m_y})
    connect(box, &QComboBox::activated, this, &ColumnPlot::chooseByHand);
  connect(m_bins, &QSpinBox::valueChanged, this, &ColumnPlot::chooseByHand);
  connect(m_logX, &QCheckBox::clicked, this, &ColumnPlot::chooseByHand);
  connect(m_logY, &QCheckBox::clicked, this, &ColumnPlot::chooseByHand);
  connect(document, &Document::currentLayerChanged, this, &ColumnPlot::showColumns);
  connect(document, &Document::dictionaryChanged, this, &ColumnPlot::showColumns);
  connect(document->selection(), &SelectionModel::changed, this, &ColumnPlot::showSelection);
  showColumns();
}

const Column* ColumnPlot::column(const std::string& name) const
{
  const auto dictionary = m_document->dictionary();
  return dictionary && !name.empty() ? dictionary->column(name) : nullptr;
}

void ColumnPlot::setChoice(const ColumnPlotChoice& choice)
{
  m_choice = choice;
  m_choice.bins = std::clamp(choice.bins, 2, 500);
  showColumns();
}

void ColumnPlot::chooseByHand()
{
  ColumnPlotChoice wanted;
  wanted.x = m_x->currentData().toString().toStdString();
  wanted.y = m_y->currentData().toString().toStdString();
  wanted.bins = m_bins->value();
  wanted.logX = m_logX->isChecked();
  wanted.logY = m_logY->isChecked();
  if (wanted == m_choice)
    return;
  const ColumnPlotChoice before = m_choice;
  setChoice(wanted);
  emit choiceMade(before, m_choice);
}

void ColumnPlot::showColumns()
{
  const QSignalBlocker quietX(m_x), quietY(m_y), quietBins(m_bins);
  m_x->clear();
  m_y->clear();
  m_y->addItem(tr("Histogram"), QString());
  if (const auto dictionary = m_document->dictionary())
    for (const Column& one : dictionary->columns)
      for (QComboBox* box : {m_x, m_y})
        box->addItem(visibleText(one.name, 40), QString::fromStdString(one.name));
  // What another layer does not have comes back with the layer that has it.
  const int x = m_x->findData(QString::fromStdString(m_choice.x));
  m_x->setCurrentIndex(x < 0 && m_x->count() > 0 ? 0 : x);
  m_y->setCurrentIndex(std::max(0, m_y->findData(QString::fromStdString(m_choice.y))));
  m_bins->setValue(m_choice.bins);
  m_logX->setChecked(m_choice.logX);
  m_logY->setChecked(m_choice.logY);
  m_bins->setVisible(m_y->currentIndex() == 0);
  showContent();
}

void ColumnPlot::showEvent(QShowEvent* event)
{
  QWidget::showEvent(event);
  if (m_stale)
    showContent();
}

void ColumnPlot::showContent()
{
  m_stale = !isVisible();
  if (m_stale)
    return;
  const Column* along = column(m_x->currentData().toString().toStdString());
  const Column* up = column(m_y->currentData().toString().toStdString());
  if (!along) {
    m_content.reset();
    m_plot->setTable(std::nullopt);
    m_plot->setDrawing({});
    m_plot->setSummary(
        tr("There are no columns to plot: labels with numbers, a map's trust, lobes "
           "or a direction give some."));
    emit sentenceChanged(sentence());
    return;
  }
  auto content = std::make_shared<Content>();
  const auto namesOf = [](const Column& one) {
    std::vector<QString> names;
    if (one.kind == Column::Kind::Category)
      for (const std::string& name : one.categoryNames)
        names.push_back(visibleText(name, 40));
    return names;
  };
  const auto titleOf = [](const Column& one, bool logarithm) {
    const QString name = visibleText(one.name, 60);
    return logarithm ? tr("log10 of %1").arg(name) : name;
  };
  const bool logX = m_choice.logX && along->kind == Column::Kind::Number;
  content->histogram = !up;
  content->xTitle = titleOf(*along, logX);
  content->xNames = namesOf(*along);
  content->x = columnValues(*along, logX);
  const auto n = static_cast<std::int64_t>(content->x.size());
  if (up) {
    const bool logY = m_choice.logY && up->kind == Column::Kind::Number;
    content->yTitle = titleOf(*up, logY);
    content->yNames = namesOf(*up);
    content->y = columnValues(*up, logY);
  } else {
    content->logCounts = m_choice.logY;
    content->yTitle = tr("features");
    if (along->kind == Column::Kind::Category) {
      // A bar for each group, around its number.
      content->bars.minimum = -0.5;
      content->bars.maximum = static_cast<double>(along->categoryNames.size()) - 0.5;
      content->bars.counts.assign(along->categoryNames.size(), 0);
      for (const double value : content->x)
        if (const std::int64_t bin = content->bars.binOf(value); bin >= 0)
          ++content->bars.counts[static_cast<std::size_t>(bin)];
    } else {
      content->bars = computeHistogram(content->x, m_choice.bins);
    }
  }
  bool first = true;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (!std::isfinite(content->x[at]) || (up && !std::isfinite(content->y[at])))
      continue;
    ++content->drawn;
    const double y = up ? content->y[at] : 0.0;
    content->left = first ? content->x[at] : std::min(content->left, content->x[at]);
    content->right = first ? content->x[at] : std::max(content->right, content->x[at]);
    content->bottom = first ? y : std::min(content->bottom, y);
    content->top = first ? y : std::max(content->top, y);
    first = false;
  }
  content->missing = n - content->drawn;
  content->dense = up && content->drawn > mostDots;
  if (up) {
    widen(content->left, content->right);
    widen(content->bottom, content->top);
  } else if (!content->bars.counts.empty()) {
    content->left = content->bars.minimum;
    content->right = content->bars.maximum;
    widen(content->left, content->right);
  }
  m_content = std::move(content);
  showSelection();
}

namespace {

/// The numbers behind the picture.
ResultTable tableOf(const Histogram& bars, const Histogram& selected)
{
  ResultTable table;
  std::vector<double> from, to;
  std::vector<std::int64_t> counts, chosen;
  for (std::size_t bin = 0; bin < bars.counts.size(); ++bin) {
    from.push_back(bars.edge(bin));
    to.push_back(bars.edge(bin + 1));
    counts.push_back(bars.counts[bin]);
    chosen.push_back(bin < selected.counts.size() ? selected.counts[bin] : 0);
  }
  const auto n = static_cast<std::int64_t>(counts.size());
  table.arrays = {{"from", {n}, std::move(from)},
                  {"to", {n}, std::move(to)},
                  {"features", {n}, std::move(counts)},
                  {"selected", {n}, std::move(chosen)}};
  return table;
}

/// @p base: where bars begin; a logarithmic axis has no 0.
void drawBars(QCustomPlot& plot, const Histogram& bars, const QColor& fill, const QColor& edge,
              double base)
{
  auto* drawn = new QCPBars(plot.xAxis, plot.yAxis);
  drawn->setWidthType(QCPBars::wtPlotCoords);
  drawn->setWidth(bars.width());
  drawn->setBaseValue(base);
  drawn->setBrush(fill);
  drawn->setPen(QPen(edge, 0.5));
  QVector<double> keys, values;
  for (std::size_t bin = 0; bin < bars.counts.size(); ++bin) {
    if (bars.counts[bin] == 0)
      continue;
    keys << bars.edge(bin) + 0.5 * bars.width();
    values << static_cast<double>(bars.counts[bin]);
  }
  drawn->setData(keys, values, true);
}

void drawDots(QCustomPlot& plot, const QVector<double>& x, const QVector<double>& y,
              const QColor& color, double size)
{
  QCPGraph* graph = plot.addGraph();
  graph->setLineStyle(QCPGraph::lsNone);
  graph->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, color, color, size));
  graph->setData(x, y);
}

}  // namespace

void ColumnPlot::showSelection()
{
  if (!m_content || !isVisible()) {
    m_stale = m_stale || !isVisible();
    return;
  }
  auto content = std::make_shared<Content>(*m_content);
  content->selected = m_document->selection()->features();
  std::erase_if(content->selected, [&](FeatureId id) {
    const auto at = static_cast<std::size_t>(id);
    return at >= content->x.size() || !std::isfinite(content->x[at]) ||
           (!content->histogram && !std::isfinite(content->y[at]));
  });
  if (content->histogram) {
    content->selectedBars = content->bars;
    std::fill(content->selectedBars.counts.begin(), content->selectedBars.counts.end(), 0);
    for (const FeatureId id : content->selected)
      if (const auto bin = content->bars.binOf(content->x[static_cast<std::size_t>(id)]); bin >= 0)
        ++content->selectedBars.counts[static_cast<std::size_t>(bin)];
  }
  m_content = content;
  const auto drawing = [content](QCustomPlot& plot, const DrawingStyle& style) {
    plot.xAxis->setLabel(content->xTitle);
    plot.yAxis->setLabel(content->yTitle);
    labelCategories(*plot.xAxis, content->xNames);
    labelCategories(*plot.yAxis, content->yNames);
    plot.xAxis->setRange(content->left, content->right);
    const QColor chosen = style.series(5);
    QColor color = style.series(0);
    if (content->histogram) {
      std::int64_t most = 1;
      for (const std::int64_t count : content->bars.counts)
        most = std::max(most, count);
      if (content->logCounts) {
        setLogarithmic(*plot.yAxis, style);
        plot.yAxis->setRange(0.7, 1.5 * static_cast<double>(most));
      } else {
        plot.yAxis->setRange(0.0, 1.06 * static_cast<double>(most));
      }
      QColor fill = color;
      fill.setAlphaF(0.75f);
      const double base = content->logCounts ? 0.7 : 0.0;
      drawBars(plot, content->bars, fill, style.background, base);
      drawBars(plot, content->selectedBars, chosen, style.background, base);
      return;
    }
    plot.yAxis->setRange(content->bottom, content->top);
    if (content->dense) {
      auto* map = new QCPColorMap(plot.xAxis, plot.yAxis);
      map->data()->setSize(densityColumns, densityRows);
      map->data()->setRange(QCPRange(content->left, content->right),
                            QCPRange(content->bottom, content->top));
      map->data()->fill(0);
      for (std::size_t i = 0; i < content->x.size(); ++i) {
        if (!std::isfinite(content->x[i]) || !std::isfinite(content->y[i]))
          continue;
        int column = 0, row = 0;
        map->data()->coordToCell(content->x[i], content->y[i], &column, &row);
        if (column >= 0 && column < densityColumns && row >= 0 && row < densityRows)
          map->data()->setCell(column, row, map->data()->cell(column, row) + 1.0);
      }
      // A shade says the logarithm of how many: one feature is seen beside ten thousand.
      for (int column = 0; column < densityColumns; ++column)
        for (int row = 0; row < densityRows; ++row)
          map->data()->setCell(column, row, std::log1p(map->data()->cell(column, row)));
      QCPColorGradient gradient;
      gradient.clearColorStops();
      QColor light = color;
      light.setAlphaF(0.25f);
      gradient.setColorStopAt(0.0, style.background);
      gradient.setColorStopAt(0.02, light);
      gradient.setColorStopAt(1.0, style.foreground);
      map->setGradient(gradient);
      map->setInterpolate(false);
      map->rescaleDataRange(true);
    } else {
      QVector<double> x, y;
      for (std::size_t i = 0; i < content->x.size(); ++i)
        if (std::isfinite(content->x[i]) && std::isfinite(content->y[i])) {
          x << content->x[i];
          y << content->y[i];
        }
      color.setAlphaF(content->drawn > 5000 ? 0.35f : 0.6f);
      drawDots(plot, x, y, color,
               content->drawn > 5000 ? 0.6 * style.markerSize : 0.8 * style.markerSize);
    }
    QVector<double> x, y;
    for (const FeatureId id : content->selected) {
      x << content->x[static_cast<std::size_t>(id)];
      y << content->y[static_cast<std::size_t>(id)];
    }
    drawDots(plot, x, y, chosen, style.markerSize);
  };
  QString said = content->histogram
                     ? tr("How many of %1 features have which %2")
                           .arg(displayCount(content->drawn), content->xTitle)
                     : tr("%1 features by %2 and %3")
                           .arg(displayCount(content->drawn), content->xTitle, content->yTitle);
  if (content->dense)
    said += tr(", as shades: the darker, the more lie there");
  if (content->missing > 0)
    said += tr("; %1 have no value").arg(displayCount(content->missing));
  if (!content->selected.empty())
    said += tr("; %1 selected stand out")
                .arg(displayCount(static_cast<std::int64_t>(content->selected.size())));
  m_plot->setSummary(said + QLatin1Char('.'));
  if (content->histogram) {
    m_plot->setTable(tableOf(content->bars, content->selectedBars));
  } else {
    ResultTable table;
    const auto n = static_cast<std::int64_t>(content->x.size());
    std::vector<std::int32_t> ids(content->x.size());
    for (std::size_t i = 0; i < ids.size(); ++i)
      ids[i] = static_cast<std::int32_t>(i);
    table.arrays = {{"feature", {n}, std::move(ids)},
                    {content->xTitle.toStdString(), {n}, content->x},
                    {content->yTitle.toStdString(), {n}, content->y}};
    m_plot->setTable(std::move(table));
  }
  m_plot->setDrawing(drawing);
  emit sentenceChanged(sentence());
}

// Brush ------------------------------------------------------------------------------------------

std::vector<FeatureId> ColumnPlot::inside(double left, double right, double bottom,
                                          double top) const
{
  std::vector<FeatureId> features;
  if (!m_content)
    return features;
  for (std::size_t i = 0; i < m_content->x.size(); ++i) {
    const bool wide = m_content->x[i] >= left && m_content->x[i] <= right;
    const bool high = m_content->histogram || (m_content->y[i] >= bottom && m_content->y[i] <= top);
    if (wide && high)
      features.push_back(static_cast<FeatureId>(i));
  }
  return features;
}

bool ColumnPlot::eventFilter(QObject* watched, QEvent* event)
{
  if (watched != m_plot->plot())
    return QWidget::eventFilter(watched, event);
  const auto* mouse = dynamic_cast<QMouseEvent*>(event);
  if (event->type() == QEvent::MouseButtonPress && mouse->button() == Qt::LeftButton) {
    m_pressed = mouse->position().toPoint();
    m_brushing = m_content != nullptr;
    return true;
  }
  if (event->type() == QEvent::MouseMove && m_brushing) {
    QRect brush = QRect(m_pressed, mouse->position().toPoint()).normalized();
    const QRect area = m_plot->plot()->axisRect()->rect();
    if (m_content->histogram) {
      brush.setTop(area.top());
      brush.setBottom(area.bottom());
    }
    m_band->setGeometry(brush.intersected(area));
    m_band->show();
    return true;
  }
  if (event->type() == QEvent::MouseButtonRelease && m_brushing) {
    m_brushing = false;
    m_band->hide();
    m_band->setGeometry(QRect(m_pressed, mouse->position().toPoint()).normalized());
    finishBrush(mouse->modifiers());
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

void ColumnPlot::finishBrush(Qt::KeyboardModifiers modifiers)
{
  if (!m_content)
    return;
  const QRect brush = m_band->geometry();
  const QCustomPlot& plot = *m_plot->plot();
  const auto x = [&](int pixel) { return plot.xAxis->pixelToCoord(pixel); };
  const auto y = [&](int pixel) { return plot.yAxis->pixelToCoord(pixel); };
  if (brush.width() > clickSlop || brush.height() > clickSlop) {
    select(inside(x(brush.left()), x(brush.right()), y(brush.bottom()), y(brush.top())), modifiers);
    return;
  }
  if (m_content->histogram) {
    std::vector<FeatureId> features;
    const std::int64_t bin = m_content->bars.binOf(x(m_pressed.x()));
    for (std::size_t i = 0; i < m_content->x.size() && bin >= 0; ++i)
      if (m_content->bars.binOf(m_content->x[i]) == bin)
        features.push_back(static_cast<FeatureId>(i));
    select(std::move(features), modifiers);
    return;
  }
  FeatureId nearest = noFeature;
  double best = pickTolerance * pickTolerance;
  for (std::size_t i = 0; i < m_content->x.size(); ++i) {
    if (!std::isfinite(m_content->x[i]) || !std::isfinite(m_content->y[i]))
      continue;
    const double dx = plot.xAxis->coordToPixel(m_content->x[i]) - m_pressed.x();
    const double dy = plot.yAxis->coordToPixel(m_content->y[i]) - m_pressed.y();
    if (dx * dx + dy * dy < best) {
      best = dx * dx + dy * dy;
      nearest = static_cast<FeatureId>(i);
    }
  }
  select(nearest == noFeature ? std::vector<FeatureId>() : std::vector<FeatureId>{nearest},
         modifiers);
}

void ColumnPlot::select(std::vector<FeatureId> features, Qt::KeyboardModifiers modifiers)
{
  using Mode = SelectionModel::Mode;
  const Mode mode = modifiers & Qt::ControlModifier ? Mode::Remove
                    : modifiers & Qt::ShiftModifier ? Mode::Add
                                                    : Mode::Replace;
  SelectionModel* selection = m_document->selection();
  selection->setFeatures(SelectionModel::combine(selection->features(), std::move(features), mode));
}

}  // namespace orrery
