#include "widgets/views/GalaxyView.h"

#include "core/base/Error.h"
#include "core/document/CameraJson.h"
#include "widgets/views/WrappingLayout.h"

#include <qcustomplot.h>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QMenu>
#include <QMouseEvent>
#include <QSplitter>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

constexpr int mostClouds = 5;
/// Of the slider, from one layer to the next.
constexpr int morphSteps = 50;

QString text(const std::string& utf8)
{
  return QString::fromStdString(utf8);
}

/// What no clustering gives is taken off, but for the published figure.
double entropyShown(const LayerAnalysis& analysis)
{
  if (!analysis.entropy)
    return std::numeric_limits<double>::quiet_NaN();
  return analysis.options.entropy.variant == EntropyVariant::Published
             ? analysis.entropy->negentropy
             : analysis.entropy->corrected;
}

}  // namespace

GalaxyView::GalaxyView(Document* document, GalaxyStudy* study, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_study(study),
      m_analyze(new QPushButton(tr("Analyse"), this)),
      m_followButton(new QPushButton(tr("Follow the selection"), this)),
      m_unitNorm(new QCheckBox(tr("Unit length"), this)),
      m_center(new QCheckBox(tr("Centred"), this)),
      m_published(new QCheckBox(tr("As published"), this)),
      m_morph(new QCheckBox(tr("Morph"), this)),
      m_atL0(new QCheckBox(tr("Only L0"), this)),
      m_halves(new QSpinBox(this)),
      m_tolerance(new QSpinBox(this)),
      m_l0(new QDoubleSpinBox(this)),
      m_axis(new QComboBox(this)),
      m_colors(new QComboBox(this)),
      m_slider(new QSlider(Qt::Horizontal, this)),
      m_place(new QLabel(this)),
      m_warning(new QLabel(this)),
      m_followedText(new QLabel(this)),
      m_clouds(new CloudRowWidget(this)),
      m_spectrum(new PlotWidget(tr("Spectrum of the layer"), this)),
      m_followed(new QTableWidget(this)),
      m_layers(new GalaxyLayersTable(study, this)),
      m_component(new GalaxyComponentPanel(study, this))
{
  setAccessibleName(tr("Galaxy: layers of a model"));
  for (QLabel* label : {m_place, m_warning, m_followedText}) {
    label->setTextFormat(Qt::PlainText);
    label->setAccessibleName(label == m_place     ? tr("Layer shown")
                             : label == m_warning ? tr("Warnings")
                                                  : tr("Following"));
  }
  m_warning->setWordWrap(true);
  m_spectrum->setFileStem(QStringLiteral("spectrum"));
  auto* plots = new QSplitter(Qt::Horizontal, this);
  plots->setAccessibleName(tr("Spectrum and curves"));
  plots->addWidget(m_spectrum);
  plots->addWidget(makeTabs());
  plots->setChildrenCollapsible(false);
  auto* split = new QSplitter(Qt::Vertical, this);
  split->setAccessibleName(tr("Clouds and plots"));
  split->addWidget(m_clouds);
  split->addWidget(plots);
  split->setStretchFactor(0, 2);
  split->setStretchFactor(1, 3);
  split->setSizes({400, 600});
  split->setChildrenCollapsible(false);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(6, 6, 6, 6);
  layout->setSpacing(4);
  layout->addLayout(makeBars());
  layout->addWidget(m_warning);
  layout->addWidget(split, 1);
  connectStudy();
  connectDragging();
  showAll();
}

QLayout* GalaxyView::makeBars()
{
  auto* add = new QPushButton(tr("Add"), this);
  auto* sources = new QMenu(add);
  sources->addAction(tr("Folder of layers…"), this, &GalaxyView::addLayersRequested);
  sources->addAction(tr("Files as layers…"), this, &GalaxyView::addFilesRequested);
  sources->addAction(tr("Raw activations…"), this, &GalaxyView::activationsRequested);
  sources->addAction(tr("Published curve…"), this, &GalaxyView::referenceRequested);
  add->setMenu(sources);
  add->setToolTip(
      tr("Folders, Gemma Scope trees, files, groups of an HDF5 file: listed, and read one at a "
         "time. Or what to compare with: raw activations, a table of published values"));
  auto* save = new QPushButton(tr("Save"), this);
  auto* targets = new QMenu(save);
  targets->addAction(tr("Curves as a table…"), m_curves[0], &PlotWidget::saveTable);
  targets->addAction(tr("Clouds as a figure…"), this, &GalaxyView::saveCloudsRequested);
  save->setMenu(targets);
  m_analyze->setToolTip(tr("Compute spectrum, volume and clustering entropy of every layer"));
  m_followButton->setToolTip(
      tr("Follow the selected features through the layers by mutual best cosine"));
  m_center->setChecked(true);
  m_center->setToolTip(tr("Covariance; off: the second moment, in which the mean is a direction"));
  m_unitNorm->setToolTip(tr("Scale every feature to length one before the covariance"));
  m_published->setToolTip(
      tr("As the paper drew and computed: clouds × √λ, clustering entropy by bootstrap"));
  m_halves->setRange(0, 50);
  m_halves->setValue(6);
  m_halves->setPrefix(tr("Halves: "));
  m_halves->setSpecialValueText(tr("No intervals"));
  m_halves->setAccessibleName(tr("Random halves for the intervals"));
  m_morph->setToolTip(tr(
      "The slider glides one cloud from layer to layer: matched features move, the others fade"));
  m_atL0->setToolTip(tr("Compare only layers of about this L0, one of each layer number"));
  m_l0->setRange(0.1, 1e6);
  m_l0->setDecimals(1);
  m_l0->setValue(70);
  m_l0->setEnabled(false);
  m_l0->setAccessibleName(tr("L0 at which layers are compared"));
  m_tolerance->setRange(0, 100);
  m_tolerance->setValue(10);
  m_tolerance->setPrefix(QStringLiteral("± "));
  m_tolerance->setSuffix(QStringLiteral(" %"));
  m_tolerance->setEnabled(false);
  m_tolerance->setAccessibleName(tr("How far L0 may be from it, in percent"));
  for (const QString& name : {tr("Against layer"), tr("Against width"), tr("Against L0")})
    m_axis->addItem(name);
  m_axis->setAccessibleName(tr("What the curves are drawn against"));
  for (const QString& name : {tr("Colour: distance"), tr("Colour: best match")})
    m_colors->addItem(name);
  m_colors->setAccessibleName(tr("What colours the clouds"));
  m_colors->setToolTip(
      tr("Distance from the centre, or the best cosine with a feature of the next layer"));
  m_slider->setAccessibleName(tr("Layer"));
  m_slider->setFixedWidth(150);
  auto* bars = new WrappingLayout;
  bars->setSpacing(4);
  for (QWidget* widget : std::initializer_list<QWidget*>{
           m_analyze, add, save, m_followButton, m_unitNorm, m_center, m_published, m_halves,
           m_slider, m_place, m_morph, m_colors, m_axis, m_atL0, m_l0, m_tolerance})
    bars->addWidget(widget);
  return bars;
}

QWidget* GalaxyView::makeTabs()
{
  auto* tabs = new QTabWidget(this);
  tabs->setAccessibleName(tr("Curves, followed features, layers and components"));
  tabs->setDocumentMode(true);
  const QString names[] = {tr("Slope"), tr("Volume"), tr("Clustering entropy")};
  const QString tabNames[] = {names[0], names[1], tr("Entropy")};
  for (std::size_t i = 0; i < m_curves.size(); ++i) {
    m_curves[i] = new PlotWidget(tr("%1 over layers").arg(names[i]), this);
    m_curves[i]->setFileStem(QStringLiteral("layers"));
    tabs->addTab(m_curves[i], tabNames[i]);
    connectClicks(static_cast<CurveValue>(i));
  }
  m_followedText->setWordWrap(true);
  m_followedText->setText(
      tr("Select features, then choose Follow the selection: here stands which feature of every "
         "layer they are, by mutual best cosine above what chance gives."));
  m_followed->setAccessibleName(tr("Followed features, a row per layer"));
  m_followed->setObjectName(QStringLiteral("followed"));
  m_followed->setEditTriggers(QAbstractItemView::NoEditTriggers);
  m_followed->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_followed->verticalHeader()->setVisible(false);
  m_followed->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
  m_followed->horizontalHeader()->setAccessibleName(tr("Layers"));
  m_followed->verticalHeader()->setAccessibleName(tr("Rows of the followed features"));
  auto* page = new QWidget(this);
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(4, 4, 4, 4);
  layout->addWidget(m_followedText);
  layout->addWidget(m_followed, 1);
  tabs->addTab(page, tr("Followed"));
  tabs->addTab(m_component, tr("Components"));
  tabs->addTab(m_layers, tr("Layers"));
  return tabs;
}

void GalaxyView::connectStudy()
{
  connect(m_analyze, &QPushButton::clicked, this, [this] {
    applySwitches();
    m_study->analyze();
  });
  connect(m_followButton, &QPushButton::clicked, this,
          [this] { m_study->follow(m_document->selection()->features()); });
  connect(m_published, &QCheckBox::toggled, m_clouds, &CloudRowWidget::setPublished);
  connect(m_axis, &QComboBox::currentIndexChanged, this, &GalaxyView::showCurves);
  connect(m_slider, &QSlider::valueChanged, this, &GalaxyView::moveSlider);
  connect(m_morph, &QCheckBox::toggled, this, [this](bool on) {
    setSliderRange();
    if (on)
      askForMatches();
    showClouds();
  });
  connect(m_colors, &QComboBox::currentIndexChanged, this, [this](int index) {
    if (index == 1)
      askForMatches();
    showClouds();
  });
  connect(m_atL0, &QCheckBox::toggled, this, &GalaxyView::applyMatchedL0);
  connect(m_l0, &QDoubleSpinBox::valueChanged, this, &GalaxyView::applyMatchedL0);
  connect(m_tolerance, &QSpinBox::valueChanged, this, &GalaxyView::applyMatchedL0);
  connect(m_clouds, &CloudRowWidget::chosen, m_study, &GalaxyStudy::setCurrent);
  connect(m_followed, &QTableWidget::cellActivated, this,
          [this](int row, int) { m_study->setCurrent(row); });
  connect(m_followed, &QTableWidget::cellClicked, this,
          [this](int row, int) { m_study->setCurrent(row); });
  connect(m_component, &GalaxyComponentPanel::featureChosen, this,
          [this](FeatureId feature) { m_document->selection()->setFeatures({feature}, feature); });
  connect(m_layers, &GalaxyLayersTable::messageRaised, this, &GalaxyView::messageRaised);
  connect(m_study, &GalaxyStudy::entriesChanged, this, &GalaxyView::showAll);
  connect(m_study, &GalaxyStudy::currentChanged, this, &GalaxyView::showAll);
  connect(m_study, &GalaxyStudy::transitionsChanged, this, &GalaxyView::showClouds);
  connect(m_study, &GalaxyStudy::followedChanged, this, [this] {
    showFollowed();
    showClouds();
  });
  for (PlotWidget* plot : {m_spectrum, m_curves[0], m_curves[1], m_curves[2]}) {
    connect(plot, &PlotWidget::failed, this, [this](const QString& said) {
      emit messageRaised({Message::Kind::Failure, said, {}, {}, false});
    });
    connect(plot, &PlotWidget::saved, this, [this](const QString& said) {
      emit messageRaised({Message::Kind::Note, said, {}, {}, false});
    });
  }
}

void GalaxyView::setSliderRange()
{
  const std::vector<int> taken = m_study->compared();
  const QSignalBlocker quiet(m_slider);
  if (m_morph->isChecked()) {
    const auto here = std::ranges::find(taken, m_study->current());
    const int at = here == taken.end() ? 0 : static_cast<int>(here - taken.begin());
    const bool stays = m_slider->maximum() == morphSteps * (static_cast<int>(taken.size()) - 1) &&
                       std::lround(static_cast<double>(m_slider->value()) / morphSteps) == at;
    m_slider->setRange(0, std::max(0, morphSteps * (static_cast<int>(taken.size()) - 1)));
    m_slider->setPageStep(morphSteps);
    if (!stays)
      m_slider->setValue(morphSteps * at);
    m_slider->setEnabled(taken.size() > 1);
    return;
  }
  const auto count = static_cast<int>(m_study->entries().size());
  m_slider->setRange(0, std::max(0, count - 1));
  m_slider->setPageStep(1);
  m_slider->setValue(std::max(0, m_study->current()));
  m_slider->setEnabled(count > 1);
}

void GalaxyView::moveSlider(int value)
{
  if (!m_morph->isChecked()) {
    m_study->setCurrent(value);
    return;
  }
  const std::vector<int> taken = m_study->compared();
  const auto nearest = static_cast<std::size_t>(
      std::lround(static_cast<double>(value) / static_cast<double>(morphSteps)));
  if (nearest < taken.size() && taken[nearest] != m_study->current())
    m_study->setCurrent(taken[nearest]);  // shows all
  else
    showClouds();
}

void GalaxyView::applyMatchedL0()
{
  m_l0->setEnabled(m_atL0->isChecked());
  m_tolerance->setEnabled(m_atL0->isChecked());
  if (!m_atL0->isChecked()) {
    if (m_study->matchedL0())
      m_study->setMatchedL0(std::nullopt);
    return;
  }
  m_study->setMatchedL0(MatchedL0{m_l0->value(), 0.01 * m_tolerance->value()});
}

void GalaxyView::askForMatches()
{
  if (m_study->compared().size() > 1)
    m_study->matchLayers();
}

void GalaxyView::applySwitches()
{
  LayerAnalysisOptions options = m_study->options();
  const EntropyVariant variant =
      m_published->isChecked() ? EntropyVariant::Published : EntropyVariant::Textbook;
  const int halves = m_halves->value() == 1 ? 2 : m_halves->value();
  if (options.unitNorm == m_unitNorm->isChecked() &&
      options.spectrum.center == m_center->isChecked() && options.spectrum.halves == halves &&
      options.entropy.variant == variant)
    return;
  options.unitNorm = m_unitNorm->isChecked();
  options.spectrum.center = m_center->isChecked();
  options.spectrum.halves = halves;
  options.entropy.variant = variant;
  m_study->setOptions(options);
}

// The ends of the window are dragged; the study answers with a new fit.
void GalaxyView::connectDragging()
{
  QCustomPlot* plot = m_spectrum->plot();
  plot->setMouseTracking(true);
  const auto endAt = [this, plot](const QPoint& place) {
    if (m_study->current() < 0)
      return 0;
    const auto& analysis =
        m_study->entries()[static_cast<std::size_t>(m_study->current())].analysis;
    if (!analysis)
      return 0;
    const double first = plot->xAxis->coordToPixel(analysis->spectrum.firstRank);
    const double last = plot->xAxis->coordToPixel(analysis->spectrum.lastRank);
    const double toFirst = std::abs(place.x() - first), toLast = std::abs(place.x() - last);
    return std::min(toFirst, toLast) > 8 ? 0 : toFirst < toLast ? -1 : 1;
  };
  connect(plot, &QCustomPlot::mousePress, this,
          [this, endAt](QMouseEvent* event) { m_dragged = endAt(event->pos()); });
  connect(plot, &QCustomPlot::mouseRelease, this, [this] { m_dragged = 0; });
  connect(plot, &QCustomPlot::mouseMove, this, [this, plot, endAt](QMouseEvent* event) {
    if (m_dragged == 0) {
      plot->setCursor(endAt(event->pos()) != 0 ? Qt::SizeHorCursor : Qt::ArrowCursor);
      return;
    }
    const auto& analysis =
        m_study->entries()[static_cast<std::size_t>(m_study->current())].analysis;
    const int rank =
        std::clamp(static_cast<int>(std::lround(plot->xAxis->pixelToCoord(event->pos().x()))), 1,
                   analysis->spectrum.rank);
    int first = analysis->spectrum.firstRank, last = analysis->spectrum.lastRank;
    (m_dragged < 0 ? first : last) = rank;
    if (first != analysis->spectrum.firstRank || last != analysis->spectrum.lastRank)
      m_study->setWindow(first, last);
  });
}

void GalaxyView::connectClicks(CurveValue value)
{
  QCustomPlot* plot = curvePlot(value)->plot();
  connect(plot, &QCustomPlot::mousePress, this, [this, plot, value](QMouseEvent* event) {
    if (event->button() != Qt::LeftButton)
      return;
    const LayerCurve shown = curve(value);
    double nearest = 20;
    int entry = -1;
    for (const CurvePoint& point : shown.points)
      if (const auto at = axisValue(point, shown.axis)) {
        const double distance =
            std::hypot(plot->xAxis->coordToPixel(*at) - event->pos().x(),
                       plot->yAxis->coordToPixel(point.value) - event->pos().y());
        if (distance < nearest) {
          nearest = distance;
          entry = point.entry;
        }
      }
    if (entry >= 0)
      m_study->setCurrent(entry);
  });
}

QString GalaxyView::titleOf(int entry) const
{
  const LayerSource& source = m_study->entries()[static_cast<std::size_t>(entry)].source;
  QString title =
      source.origin.layer ? tr("Layer %1").arg(*source.origin.layer) : text(source.name);
  if (source.origin.l0)
    title += tr(", L0 %1").arg(*source.origin.l0);
  return title;
}

LayerCurve GalaxyView::curve(CurveValue value) const
{
  LayerCurve curve;
  curve.value = value;
  curve.axis = static_cast<CurveAxis>(m_axis->currentIndex());
  curve.current = m_study->current();
  const auto& entries = m_study->entries();
  for (const int taken : m_study->compared()) {
    const auto i = static_cast<std::size_t>(taken);
    const auto& analysis = entries[i].analysis;
    if (!analysis || (value == CurveValue::ClusteringEntropy && !analysis->entropy))
      continue;
    CurvePoint point;
    const Origin& origin = entries[i].source.origin;
    if (origin.layer)
      point.layer = *origin.layer;
    point.width = static_cast<double>(origin.width.value_or(entries[i].source.features));
    point.l0 = origin.l0;
    point.entry = static_cast<int>(i);
    switch (value) {
      case CurveValue::Slope:
        point.value = analysis->spectrum.slope;
        point.halfWidth = analysis->spectrum.slopeInterval;
        break;
      case CurveValue::LogDeterminant:
        point.value = analysis->spectrum.logDeterminant;
        point.halfWidth = analysis->spectrum.logDeterminantInterval;
        break;
      case CurveValue::ClusteringEntropy:
        point.value = entropyShown(*analysis);
        point.halfWidth = analysis->entropy->interval95;
        break;
    }
    curve.points.push_back(point);
    if (value == CurveValue::Slope && analysis->correction) {
      point.value = analysis->correction->slope;
      point.halfWidth = analysis->correction->slopeInterval;
      curve.corrected.push_back(point);
    }
  }
  if (const auto& raw = m_study->activations(); raw && raw->analysis)
    curve.activations = value == CurveValue::Slope ? raw->analysis->spectrum.slope
                        : value == CurveValue::LogDeterminant
                            ? raw->analysis->spectrum.logDeterminant
                            : entropyShown(*raw->analysis);
  if (m_reference && curve.axis == CurveAxis::Layer) {
    try {
      curve.reference = readReference(*m_reference, value);
      curve.referenceName = text(m_reference->stem().string());
    } catch (const Error&) {
      // A table may hold only some of the values; it was checked when it was chosen.
    }
  }
  return curve;
}

ResultTable GalaxyView::table() const
{
  ResultTable table;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::string> names;
  std::vector<const GalaxyEntry*> rows;
  for (const GalaxyEntry& entry : m_study->entries())
    if (entry.analysis) {
      rows.push_back(&entry);
      names.push_back(entry.source.name);
    }
  const auto count = static_cast<std::int64_t>(rows.size());
  table.arrays.push_back({"name", {count}, std::move(names)});
  const auto add = [&](const char* name, auto number) {
    std::vector<double> values;
    for (const GalaxyEntry* entry : rows)
      values.push_back(number(*entry, *entry->analysis));
    table.arrays.push_back({name, {count}, std::move(values)});
  };
  add("layer", [&](const GalaxyEntry& e, const LayerAnalysis&) {
    return e.source.origin.layer ? static_cast<double>(*e.source.origin.layer) : nan;
  });
  add("width", [](const GalaxyEntry& e, const LayerAnalysis&) {
    return static_cast<double>(e.source.origin.width.value_or(e.source.features));
  });
  add("l0",
      [&](const GalaxyEntry& e, const LayerAnalysis&) { return e.source.origin.l0.value_or(nan); });
  add("slope", [](const GalaxyEntry&, const LayerAnalysis& a) { return a.spectrum.slope; });
  add("slope_ci95",
      [](const GalaxyEntry&, const LayerAnalysis& a) { return a.spectrum.slopeInterval; });
  add("slope_corrected", [&](const GalaxyEntry&, const LayerAnalysis& a) {
    return a.correction ? a.correction->slope : nan;
  });
  add("slope_corrected_ci95", [&](const GalaxyEntry&, const LayerAnalysis& a) {
    return a.correction ? a.correction->slopeInterval : nan;
  });
  add("slope_gaussian",
      [](const GalaxyEntry&, const LayerAnalysis& a) { return a.gaussian.slope; });
  add("log_determinant",
      [](const GalaxyEntry&, const LayerAnalysis& a) { return a.spectrum.logDeterminant; });
  add("log_determinant_ci95",
      [](const GalaxyEntry&, const LayerAnalysis& a) { return a.spectrum.logDeterminantInterval; });
  add("log_effective_volume",
      [](const GalaxyEntry&, const LayerAnalysis& a) { return a.spectrum.logEffectiveVolume; });
  add("clustering_entropy", [&](const GalaxyEntry&, const LayerAnalysis& a) {
    return a.entropy ? a.entropy->negentropy : nan;
  });
  add("clustering_entropy_ci95", [&](const GalaxyEntry&, const LayerAnalysis& a) {
    return a.entropy ? a.entropy->interval95 : nan;
  });
  add("clustering_entropy_gaussian", [&](const GalaxyEntry&, const LayerAnalysis& a) {
    return a.entropy ? a.entropy->gaussian : nan;
  });
  return table;
}

void GalaxyView::setReference(const std::filesystem::path& path)
{
  try {
    (void)readReference(path, CurveValue::Slope);
    m_reference = path;
    showCurves();
  } catch (const Error& error) {
    emit messageRaised({Message::Kind::Failure, QString::fromUtf8(error.what()), {}, {}, false});
  }
}

QJsonObject galaxyLookJson(const GalaxyLook& look)
{
  QJsonObject json{{QStringLiteral("published"), look.published},
                   {QStringLiteral("unit_norm"), look.analysis.unitNorm},
                   {QStringLiteral("center"), look.analysis.spectrum.center}};
  if (look.camera) {
    const QJsonObject camera = cameraJson(*look.camera);
    for (auto it = camera.begin(); it != camera.end(); ++it)
      json[it.key()] = it.value();
  }
  return json;
}

GalaxyLook galaxyLook(const QJsonObject& json)
{
  GalaxyLook look;
  look.published = json[QStringLiteral("published")].toBool(look.published);
  look.analysis.unitNorm = json[QStringLiteral("unit_norm")].toBool(look.analysis.unitNorm);
  look.analysis.spectrum.center =
      json[QStringLiteral("center")].toBool(look.analysis.spectrum.center);
  look.camera = cameraOf(json);
  return look;
}

GalaxyLook GalaxyView::look() const
{
  return {m_published->isChecked(), m_study->options(), m_clouds->options().camera};
}

void GalaxyView::setLook(const GalaxyLook& look)
{
  m_published->setChecked(look.published);
  m_unitNorm->setChecked(look.analysis.unitNorm);
  m_center->setChecked(look.analysis.spectrum.center);
  if (look.camera)
    m_clouds->setCamera(*look.camera);
}

void GalaxyView::saveClouds(const std::filesystem::path& path)
{
  try {
    constexpr double widthMm = 170;
    writeCloudRow(m_clouds->clouds(), m_clouds->options(), path, widthMm,
                  cloudRowHeight(widthMm, m_clouds->clouds().size()));
  } catch (const Error& error) {
    emit messageRaised({Message::Kind::Failure, QString::fromUtf8(error.what()), {}, {}, false});
  }
}

void GalaxyView::showAll()
{
  const auto count = static_cast<int>(m_study->entries().size());
  setSliderRange();
  m_analyze->setEnabled(count > 0);
  m_followButton->setEnabled(count > 1);
  m_morph->setEnabled(count > 1);
  m_colors->setEnabled(count > 1);
  m_place->setText(m_study->current() < 0 ? tr("No layer")
                                          : tr("%1 (%2 of %3)")
                                                .arg(titleOf(m_study->current()))
                                                .arg(m_study->current() + 1)
                                                .arg(count));
  const QStringList warnings = m_study->warnings();
  m_warning->setText(warnings.join(QLatin1Char(' ')));
  m_warning->setVisible(!warnings.isEmpty());
  m_layers->showEntries();
  showSpectrum();
  showCurves();
  showClouds();
  showFollowed();
}

void GalaxyView::showSpectrum()
{
  const int current = m_study->current();
  if (current < 0 || !m_study->entries()[static_cast<std::size_t>(current)].analysis) {
    m_spectrum->setDrawing(emptyDrawing(tr("Analyse computes the spectrum of this layer.")));
    m_spectrum->setSummary(tr("Not computed yet."));
    m_spectrum->setTable(std::nullopt);
    return;
  }
  const LayerAnalysis& analysis = *m_study->entries()[static_cast<std::size_t>(current)].analysis;
  const auto& raw = m_study->activations();
  const LayerAnalysis* activations = raw && raw->analysis ? raw->analysis.get() : nullptr;
  m_spectrum->setDrawing(spectrumDrawing(analysis, activations));
  QString said = spectrumSentence(analysis, titleOf(current));
  if (activations)
    said += QLatin1Char(' ') + activationsSentence(*activations);
  m_spectrum->setSummary(said);
  m_spectrum->setToolTip(m_spectrum->summary());
  ResultTable spectra;
  const auto add = [&](const char* name, const Eigen::VectorXd& values) {
    spectra.arrays.push_back(
        {name, {values.size()}, std::vector<double>(values.begin(), values.end())});
  };
  add("eigenvalue", analysis.spectrum.eigenvalues);
  add("gaussian", analysis.gaussian.eigenvalues);
  add("marchenko_pastur", analysis.marchenkoPastur.eigenvalues);
  if (activations)
    add("activations", activations->spectrum.eigenvalues);
  m_spectrum->setTable(std::move(spectra));
}

void GalaxyView::showCurves()
{
  const ResultTable numbers = table();
  for (std::size_t i = 0; i < m_curves.size(); ++i) {
    const LayerCurve shown = curve(static_cast<CurveValue>(i));
    m_curves[i]->setDrawing(shown.points.empty()
                                ? emptyDrawing(tr("Analyse computes the curves over layers."))
                                : curveDrawing(shown));
    m_curves[i]->setTable(numbers);
    QString said = tr("%1 of %2 layers, bars: 95 % over random halves of the features.")
                       .arg(m_curves[i]->accessibleName())
                       .arg(shown.points.size());
    if (static_cast<CurveValue>(i) == CurveValue::ClusteringEntropy)
      said += m_study->options().entropy.variant == EntropyVariant::Published
                  ? tr(" By the published procedure, for which a Gaussian is not zero.")
                  : tr(" The value of Gaussian samples of the same covariance is taken off.");
    if (!shown.reference.empty())
      said += tr(" Diamonds: %1.").arg(shown.referenceName);
    m_curves[i]->setSummary(said);
  }
}

std::vector<int> GalaxyView::entriesOfClouds() const
{
  const auto& entries = m_study->entries();
  std::vector<int> ready;
  for (const int entry : m_study->compared()) {
    const auto& analysis = entries[static_cast<std::size_t>(entry)].analysis;
    if (analysis && analysis->scores.rows() >= 3)
      ready.push_back(entry);
  }
  if (static_cast<int>(ready.size()) <= mostClouds)
    return ready;
  // Evenly over all, with the current one in the place of the nearest.
  std::vector<int> shown;
  for (int i = 0; i < mostClouds; ++i)
    shown.push_back(ready[static_cast<std::size_t>(
        std::lround(i * (static_cast<double>(ready.size()) - 1) / (mostClouds - 1)))]);
  const auto here = std::ranges::find(ready, m_study->current());
  if (here != ready.end() && std::ranges::find(shown, *here) == shown.end()) {
    auto nearest =
        std::ranges::min_element(shown, {}, [&](int entry) { return std::abs(entry - *here); });
    *nearest = *here;
  }
  return shown;
}

RowCloud GalaxyView::cloudOf(int entry) const
{
  const auto& entries = m_study->entries();
  const LayerAnalysis& analysis = *entries[static_cast<std::size_t>(entry)].analysis;
  RowCloud cloud;
  cloud.title = titleOf(entry);
  cloud.positions = analysis.scores.topRows(3);
  cloud.variances = analysis.componentVariances.head(3);
  const auto& followed = m_study->followed();
  if (followed && followed->layers.size() == entries.size())
    for (const FeatureId id : followed->layers[static_cast<std::size_t>(entry)].features)
      if (id != noFeature)
        cloud.marked.push_back(id);
  std::ranges::sort(cloud.marked);
  cloud.marked.erase(std::unique(cloud.marked.begin(), cloud.marked.end()), cloud.marked.end());
  if (m_colors->currentIndex() != 1)
    return cloud;
  const std::vector<int> taken = m_study->compared();
  const auto here = std::ranges::find(taken, entry);
  if (here != taken.end() && std::next(here) != taken.end()) {
    if (const auto transition = m_study->transition(entry, *std::next(here)))
      cloud.values = transition->bestOfFirst;
  } else if (here != taken.end() && here != taken.begin()) {
    if (const auto transition = m_study->transition(*std::prev(here), entry))
      cloud.values = transition->bestOfSecond;
  }
  return cloud;
}

void GalaxyView::showClouds()
{
  if (m_morph->isChecked()) {
    showMorph();
    return;
  }
  std::vector<int> shown = entriesOfClouds();
  std::vector<RowCloud> clouds;
  bool byMatch = m_colors->currentIndex() == 1;
  for (const int entry : shown) {
    clouds.push_back(cloudOf(entry));
    byMatch = byMatch && !clouds.back().values.empty();
  }
  if (!byMatch)  // not matched yet: all by distance, never some of them
    for (RowCloud& cloud : clouds)
      cloud.values.clear();
  m_clouds->setRadius(0.0);
  m_clouds->setColorName(
      byMatch ? tr("best cosine in the next layer (of the last: in the one before)") : QString());
  m_clouds->setClouds(std::move(clouds), std::move(shown));
}

void GalaxyView::showMorph()
{
  const std::vector<int> taken = m_study->compared();
  const std::size_t last = taken.empty() ? 0 : taken.size() - 1;
  const auto at =
      std::min(static_cast<std::size_t>(m_slider->value() / morphSteps), last == 0 ? 0 : last - 1);
  const auto& entries = m_study->entries();
  const auto analysisOf = [&](int entry) -> const LayerAnalysis* {
    return entries[static_cast<std::size_t>(entry)].analysis.get();
  };
  if (last == 0 || !analysisOf(taken[at]) || !analysisOf(taken[at + 1]) ||
      !m_study->transition(taken[at], taken[at + 1])) {
    m_clouds->setClouds({}, {});
    return;
  }
  const int first = taken[at], second = taken[at + 1];
  const auto transition = m_study->transition(first, second);
  const double share =
      static_cast<double>(m_slider->value()) / morphSteps - static_cast<double>(at);
  const RowCloud a = cloudOf(first), b = cloudOf(second);
  MorphedCloud morphed = morphClouds(a.positions, b.positions, *transition, share);
  RowCloud cloud;
  cloud.title = tr("%1 → %2, %3 % of the way: %4 of %5 features matched")
                    .arg(a.title, b.title)
                    .arg(std::lround(100 * share))
                    .arg(transition->from.size())
                    .arg(a.positions.cols());
  cloud.positions = std::move(morphed.positions);
  cloud.presence = std::move(morphed.presence);
  cloud.values = std::move(morphed.cosines);
  cloud.variances = (1 - share) * a.variances + share * b.variances;
  for (std::size_t pair = 0; pair < transition->from.size(); ++pair)
    if (std::ranges::binary_search(a.marked, transition->from[pair]))
      cloud.marked.push_back(static_cast<FeatureId>(pair));
  m_clouds->setRadius(commonRadius({a, b}, m_published->isChecked()));
  m_clouds->setColorName(tr("cosine of the match; what has none fades"));
  m_clouds->setClouds({std::move(cloud)}, {share < 0.5 ? first : second});
}

void GalaxyView::showFollowed()
{
  const auto& followed = m_study->followed();
  const auto& entries = m_study->entries();
  if (!followed || followed->layers.size() != entries.size()) {
    m_followed->setRowCount(0);
    m_followed->setColumnCount(0);
    return;
  }
  const auto asked = static_cast<int>(followed->layers[followed->start].features.size());
  m_followedText->setText(
      tr("%n feature(s) of %1, followed by mutual best cosine above the null's 99 % quantile. A "
         "feature that has no match is lost from there on.",
         nullptr, asked)
          .arg(titleOf(static_cast<int>(followed->start))));
  m_followed->setColumnCount(5);
  m_followed->setHorizontalHeaderLabels(
      {tr("Layer"), tr("Found"), tr("Cosine"), tr("Chance reaches"), tr("Features")});
  m_followed->setRowCount(static_cast<int>(entries.size()));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const FollowedLayer& layer = followed->layers[i];
    QStringList names;
    double sum = 0;
    for (std::size_t k = 0; k < layer.features.size(); ++k) {
      if (layer.features[k] == noFeature)
        continue;
      sum += layer.cosines[k];
      if (names.size() >= 4)
        continue;
      const FeatureId id = layer.features[k];
      names << (layer.labels[k].empty()
                    ? QString::number(id)
                    : QStringLiteral("%1 %2").arg(id).arg(text(layer.labels[k]).simplified()));
    }
    if (layer.found > names.size())
      names << tr("…");
    const bool start = i == followed->start;
    const QStringList cells = {
        titleOf(static_cast<int>(i)), tr("%1 of %2").arg(layer.found).arg(asked),
        start             ? tr("start")
        : layer.found > 0 ? QString::number(sum / static_cast<double>(layer.found), 'f', 3)
                          : tr("lost"),
        start ? QString() : QString::number(layer.nullThreshold, 'f', 3),
        names.join(QStringLiteral(", "))};
    for (int column = 0; column < cells.size(); ++column)
      m_followed->setItem(static_cast<int>(i), column, new QTableWidgetItem(cells[column]));
  }
  m_followed->resizeColumnsToContents();
  m_followed->horizontalHeader()->setStretchLastSection(true);
}

}  // namespace orrery
