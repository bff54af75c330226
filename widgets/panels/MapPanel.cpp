#include "widgets/panels/MapPanel.h"

#include "widgets/panels/ScrollColumn.h"

#include <QHBoxLayout>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <cmath>

namespace orrery {
namespace {

enum Method { Pca, Tsne, Umap };

/// Below this many features exact neighbours are a matter of a minute.
constexpr std::int64_t fewestToApproximate = 50000;

QString share(double value)
{
  return std::isfinite(value) ? QStringLiteral("%1 %").arg(100 * value, 0, 'f', 1)
                              : MapPanel::tr("undefined");
}

QComboBox* combo(const QString& name, const QString& tip, const QStringList& entries)
{
  auto* box = new QComboBox;
  box->setAccessibleName(name);
  box->setToolTip(tip);
  box->addItems(entries);
  return box;
}

template <typename Box, typename Number>
Box* spin(const QString& name, const QString& tip, Number low, Number high, Number value)
{
  auto* box = new Box;
  box->setAccessibleName(name);
  box->setToolTip(tip);
  box->setRange(low, high);
  box->setValue(value);
  return box;
}

QPushButton* button(const QString& text, const QString& tip)
{
  auto* made = new QPushButton(text);
  made->setAccessibleName(QString(text).remove(QLatin1Char('&')));
  made->setToolTip(tip);
  return made;
}

QLabel* label(const QString& name)
{
  auto* made = new QLabel;
  made->setAccessibleName(name);
  made->setTextFormat(Qt::PlainText);
  made->setWordWrap(true);
  made->setTextInteractionFlags(Qt::TextSelectableByMouse);
  return made;
}

}  // namespace

QString trustText(const StudiedMap& map)
{
  const QString made = QString::fromStdString(map.embedding->description);
  if (!map.trust)
    return made;
  QStringList lines{
      MapPanel::tr("%1 of the %2 nearest neighbours kept")
          .arg(share(map.trust->neighborsKept))
          .arg(map.trust->options.neighbors),
      MapPanel::tr("trustworthiness %1, continuity %2")
          .arg(share(map.trust->trustworthiness), share(map.trust->continuity)),
      MapPanel::tr("distances: Spearman's ρ %1").arg(map.trust->distanceCorrelation, 0, 'f', 3)};
  if (map.klDivergence)
    lines << MapPanel::tr("KL divergence %1").arg(*map.klDivergence, 0, 'f', 3);
  return lines.join(QLatin1Char('\n')) + QStringLiteral("\n\n") + made;
}

MapPanel::MapPanel(Document* document, MapStudy* study, QWidget* parent)
    : QWidget(parent), m_document(document), m_study(study)
{
  setAccessibleName(tr("Maps"));
  makeForm();
  m_run = button(tr("&Make map"), tr("Compute it; the cloud shows it while it takes shape"));
  m_stop = button(tr("S&top"), tr("Keep the map as it is now"));
  m_goOn = button(tr("&Go on"), tr("Continue the shown map from where it is"));
  auto* buttons = new QHBoxLayout;
  for (QPushButton* one : {m_run, m_stop, m_goOn}) {
    one->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);  // the panel may be narrow
    buttons->addWidget(one, 1);
  }
  m_maps = new QListWidget;
  m_maps->setAccessibleName(tr("Maps of this layer"));
  m_maps->setToolTip(tr("Choose one: the cloud glides there"));
  m_maps->setMaximumHeight(110);
  m_trust = label(tr("How far the map may be trusted"));
  m_measure = button(tr("Meas&ure trust"),
                     tr("Compare the map's neighbours with the exact ones of the original space"));
  m_color = button(tr("&Colour by it"),
                   tr("Colour every point by the share of its true neighbours that the map keeps"));
  auto* judge = new QHBoxLayout;
  judge->addWidget(m_measure);
  judge->addWidget(m_color);

  auto* content = new QWidget(this);
  content->setAccessibleName(tr("Maps"));
  auto* layout = new QVBoxLayout(content);
  layout->setContentsMargins(8, 8, 8, 8);
  layout->addLayout(m_form);
  layout->addWidget(m_maps);
  layout->addWidget(m_trust);
  layout->addLayout(judge);
  layout->addStretch(1);
  // What starts and stops is in sight however low the panel is.
  auto* always = new QVBoxLayout;
  always->setContentsMargins(8, 0, 8, 8);
  always->addWidget(m_estimate = label(tr("Estimate")));
  always->addLayout(buttons);
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->addWidget(scrollColumn(content, tr("Maps"), this), 1);
  outer->addLayout(always);

  connect(m_run, &QPushButton::clicked, this, [this] { m_study->start(choice(), search()); });
  connect(m_stop, &QPushButton::clicked, study, &MapStudy::stop);
  connect(m_goOn, &QPushButton::clicked, study, &MapStudy::goOn);
  connect(m_measure, &QPushButton::clicked, study, &MapStudy::measure);
  connect(m_color, &QPushButton::clicked, this, &MapPanel::colorByTrustRequested);
  connect(m_maps, &QListWidget::currentRowChanged, study, &MapStudy::show);
  connect(study, &MapStudy::changed, this, &MapPanel::showMaps);
  connect(document, &Document::currentLayerChanged, this, &MapPanel::showLayer);
  showMethod();
  showMaps();
}

void MapPanel::makeForm()
{
  m_method = combo(tr("Method"), tr("How the map is made"), {tr("PCA"), tr("t-SNE"), tr("UMAP")});
  m_method->setCurrentIndex(Tsne);
  m_dimensions = combo(tr("Dimensions"), tr("Flat or in space"), {tr("2-D"), tr("3-D")});
  m_dimensions->setCurrentIndex(1);
  m_metric =
      combo(tr("Metric"), tr("By what neighbours are near"), {tr("cosine"), tr("Euclidean")});
  m_start = combo(tr("Start"), tr("Where the points begin"),
                  {tr("principal components"), tr("spectral"), tr("random")});
  m_perplexity = spin<QDoubleSpinBox>(
      tr("Perplexity"), tr("Neighbours each feature attends to: more shows coarser structure"), 1.0,
      1000.0, 30.0);
  m_exaggeration = spin<QDoubleSpinBox>(
      tr("Early exaggeration"),
      tr("How much stronger points attract each other at first; it fades over the "
         "first 250 iterations"),
      1.0, 100.0, 12.0);
  m_kernel = combo(tr("Kernel"),
                   tr("Degrees of freedom of Student's kernel: 2 leaves near neighbours more room"),
                   {tr("dimensions − 1"), tr("1 degree of freedom"), tr("2 degrees of freedom")});
  m_neighbors = spin<QSpinBox>(
      tr("Neighbours"), tr("Neighbours each feature is tied to, itself counted"), 2, 1000, 15);
  m_minDist = spin<QDoubleSpinBox>(tr("Least distance"), tr("How close the map may put features"),
                                   0.0, 0.99, 0.1);
  m_minDist->setSingleStep(0.05);
  m_iterations = spin<QSpinBox>(tr("Iterations"), tr("How long it goes on"), 0, 100000, 1000);
  m_seed = spin<QSpinBox>(tr("Seed"), tr("Of all that is drawn at random"), 0, 1000000, 0);
  m_approximate = new QCheckBox(tr("approximate"));
  m_approximate->setAccessibleName(tr("Approximate neighbours"));
  m_approximate->setToolTip(
      tr("Nearly all of the nearest neighbours in a fraction of the time. The map says about how "
         "many of them were found; off, all are."));
  m_form = new QFormLayout;
  m_form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  m_form->setVerticalSpacing(4);
  for (QWidget* field : std::initializer_list<QWidget*>{
           m_method, m_dimensions, m_metric, m_perplexity, m_exaggeration, m_kernel, m_neighbors,
           m_minDist, m_start, m_iterations, m_seed, m_approximate})
    m_form->addRow(field->accessibleName(), field);
  connect(m_method, &QComboBox::currentIndexChanged, this, &MapPanel::showMethod);
  connect(m_approximate, &QCheckBox::toggled, this, &MapPanel::showEstimate);
  for (QComboBox* box : {m_dimensions, m_metric, m_start, m_kernel})
    connect(box, &QComboBox::currentIndexChanged, this, &MapPanel::showEstimate);
  for (QDoubleSpinBox* box : {m_perplexity, m_exaggeration, m_minDist})
    connect(box, &QDoubleSpinBox::valueChanged, this, &MapPanel::showEstimate);
  for (QSpinBox* box : {m_neighbors, m_iterations, m_seed})
    connect(box, &QSpinBox::valueChanged, this, &MapPanel::showEstimate);
}

/// Rows that the method knows nothing of are away; Qt 6.4 can hide a row as a whole.
void MapPanel::showMethod()
{
  const int method = m_method->currentIndex();
  for (QWidget* field : std::initializer_list<QWidget*>{m_perplexity, m_exaggeration, m_kernel})
    m_form->setRowVisible(field, method == Tsne);
  for (QWidget* field : std::initializer_list<QWidget*>{m_neighbors, m_minDist})
    m_form->setRowVisible(field, method == Umap);
  for (QWidget* field : std::initializer_list<QWidget*>{m_metric, m_start, m_iterations})
    m_form->setRowVisible(field, method != Pca);
  const QSignalBlocker iterations(m_iterations), start(m_start);
  m_iterations->setSpecialValueText(method == Umap ? tr("by the number of features") : QString());
  m_iterations->setValue(method == Umap ? 0 : 1000);
  m_start->setCurrentIndex(method == Umap ? 1 : 0);
  showLayer();
}

MapChoice MapPanel::choice() const
{
  constexpr MapStart starts[] = {MapStart::Pca, MapStart::Spectral, MapStart::Random};
  const int dimensions = m_dimensions->currentIndex() + 2;
  const Metric metric = m_metric->currentIndex() == 0 ? Metric::Cosine : Metric::Euclidean;
  const auto seed = static_cast<std::uint64_t>(m_seed->value());
  if (m_method->currentIndex() == Pca)
    return PcaMapOptions{dimensions, seed};
  if (m_method->currentIndex() == Umap) {
    UmapOptions options;
    options.dimensions = dimensions;
    options.neighbors = m_neighbors->value();
    options.minDist = m_minDist->value();
    options.metric = metric;
    options.start = starts[m_start->currentIndex()];
    options.seed = seed;
    if (m_iterations->value() > 0)
      options.epochs = m_iterations->value();
    return options;
  }
  TsneOptions options;
  options.dimensions = dimensions;
  options.perplexity = m_perplexity->value();
  options.earlyExaggeration = m_exaggeration->value();
  if (m_kernel->currentIndex() > 0)
    options.degreesOfFreedom = m_kernel->currentIndex();
  options.metric = metric;
  options.start = starts[m_start->currentIndex()];
  options.seed = seed;
  options.iterations = m_iterations->value();
  return options;
}

/// What is hidden is off: neighbours are exact unless somebody sees that they are not.
NeighborSearch MapPanel::search() const
{
  return m_form->isRowVisible(m_approximate) && m_approximate->isChecked()
             ? NeighborSearch::Approximate
             : NeighborSearch::Exact;
}

void MapPanel::showLayer()
{
  const auto layer = m_document->layer();
  m_form->setRowVisible(m_approximate, m_method->currentIndex() != Pca && layer &&
                                           layer->dictionary->features() >= fewestToApproximate);
  showEstimate();
}

void MapPanel::showEvent(QShowEvent* event)
{
  QWidget::showEvent(event);
  m_slowdown = measureSlowdown();
  showEstimate();
}

void MapPanel::showEstimate()
{
  const auto layer = m_document->layer();
  if (!layer) {
    m_estimate->clear();
    return;
  }
  const MapChoice wanted = choice();
  const bool known = layer->neighbors && layer->neighbors->metric == metricOf(wanted) &&
                     layer->neighbors->count >= neighborsNeeded(wanted);
  MapEstimate estimate = estimateMap(wanted, layer->dictionary->features(),
                                     layer->dictionary->dimensions(), known, search());
  estimate.neighborSeconds *= m_slowdown;
  estimate.layoutSeconds *= m_slowdown;
  QString text = tr("Will take %1").arg(estimateText(estimate));
  if (const auto memory = availableMemory();
      memory != 0 && estimate.bytes > static_cast<std::int64_t>(memory))
    text += tr(": more than is free");
  m_estimate->setText(text + QLatin1Char('.'));
}

void MapPanel::showMaps()
{
  const bool running = m_study->isRunning();
  const auto& maps = m_study->maps();
  const int shown = m_study->shown();
  {
    const QSignalBlocker blocker(m_maps);
    m_maps->clear();
    for (std::size_t i = 0; i < maps.size(); ++i) {
      const Embedding& map = *maps[i].embedding;
      QString text = QStringLiteral("%1. %2 %3-D")
                         .arg(i + 1)
                         .arg(QString::fromStdString(displayName(map.method)))
                         .arg(map.dimensions);
      if (!maps[i].finished)
        text += tr(", stopped");
      if (maps[i].trust)
        text += tr(", %1 kept").arg(share(maps[i].trust->neighborsKept));
      m_maps->addItem(text);
      m_maps->item(static_cast<int>(i))->setToolTip(QString::fromStdString(map.description));
    }
    m_maps->setCurrentRow(shown);
  }
  m_run->setEnabled(m_document->layer() != nullptr && !running);
  m_stop->setEnabled(running);
  m_goOn->setEnabled(m_study->canGoOn());
  const bool measured = shown >= 0 && maps[static_cast<std::size_t>(shown)].trust;
  m_measure->setEnabled(shown >= 0 && !running && !m_study->trustJob()->isRunning() && !measured);
  m_color->setEnabled(measured);
  m_trust->setText(running     ? tr("The map is being made.")
                   : shown < 0 ? QString()
                   : m_study->trustJob()->isRunning()
                       ? tr("Measuring how far it may be trusted…")
                       : trustText(maps[static_cast<std::size_t>(shown)]));
  showEstimate();
}

}  // namespace orrery
