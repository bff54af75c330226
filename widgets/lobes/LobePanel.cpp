#include "widgets/lobes/LobePanel.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/ScrollColumn.h"
#include "widgets/panels/Theme.h"

#include <QApplication>
#include <QEvent>
#include <QFormLayout>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QRegularExpression>
#include <QSignalBlocker>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

QString durationText(double seconds)
{
  if (seconds < 1)
    return QObject::tr("less than a second");
  if (seconds < 90)
    return QObject::tr("about %1 s").arg(std::lround(seconds));
  if (seconds < 5400)
    return QObject::tr("about %1 min").arg(std::lround(seconds / 60));
  return QObject::tr("about %1 h").arg(seconds / 3600, 0, 'f', 1);
}

QString comparisonText(const NullComparison& comparison)
{
  return QObject::tr("%1 (chance %2 ± %3, %4 σ)")
      .arg(comparison.observed, 0, 'f', 3)
      .arg(comparison.mean, 0, 'f', 3)
      .arg(comparison.standardDeviation, 0, 'g', 2)
      .arg(comparison.z, 0, 'f', 1);
}

}  // namespace

std::optional<std::vector<int>> clusterNumbers(const QString& text)
{
  static const QRegularExpression separators(QStringLiteral("[\\s,;]+"));
  std::vector<int> numbers;
  for (const QString& part : text.split(separators, Qt::SkipEmptyParts)) {
    const QStringList ends = part.split(QLatin1Char('-'));
    bool first = false, last = false;
    const int from = ends.front().toInt(&first), to = ends.back().toInt(&last);
    if (!first || !last || ends.size() > 2 || from < 2 || to < from || to > 4096)
      return {};
    for (int k = from; k <= to; ++k)
      numbers.push_back(k);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  if (numbers.empty())
    return {};
  return numbers;
}

LobePanel::LobePanel(Document* document, LobeStudy* study, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_study(study),
      m_model(new LobeTableModel(document, study, this)),
      m_about(new QLabel(this)),
      m_estimate(new QLabel(this)),
      m_locality(new QLabel(this)),
      m_open(new QPushButton(tr("Co-occurrences…"), this)),
      m_documents(new QPushButton(tr("Document types…"), this)),
      m_demo(new QPushButton(tr("The demo's firings"), this)),
      m_start(new QPushButton(tr("Cut lobes"), this)),
      m_save(new QPushButton(tr("Save…"), this)),
      m_clusters(new QLineEdit(QStringLiteral("2, 3, 4, 8"), this)),
      m_shift(new QComboBox(this)),
      m_minBlocks(new QSpinBox(this)),
      m_maxShare(new QDoubleSpinBox(this)),
      m_local(new QCheckBox(tr("Measure locality"), this)),
      m_logistic(new QCheckBox(tr("with regression"), this)),
      m_permutations(new QSpinBox(this)),
      m_shownMeasure(new QComboBox(this)),
      m_shownClusters(new QComboBox(this)),
      m_table(new QTableView(this))
{
  setAccessibleName(tr("Lobes"));
  for (QLabel* label : {m_about, m_estimate, m_locality}) {
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  }
  m_about->setAccessibleName(tr("What fires together"));
  m_estimate->setAccessibleName(tr("What it will take"));
  m_locality->setAccessibleName(tr("Locality of the lobes"));
  m_estimate->setForegroundRole(QPalette::PlaceholderText);
  m_open->setToolTip(
      tr("Choose the file that says which features fire together: counts, block × "
         "feature, or activations"));
  m_documents->setToolTip(tr("Choose the file with one document type per line, in block order"));
  m_start->setToolTip(tr("Cluster the features by how they fire together; runs in the background"));
  m_save->setAccessibleName(tr("Save lobes"));
  m_save->setToolTip(tr("Every clustering as an array, with ids and labels"));

  auto* options = new QWidget(this);
  options->setAccessibleName(tr("Options of the lobes"));
  auto* form = new QFormLayout(options);
  // In a narrow panel fields go below their labels, or they would be cut.
  form->setRowWrapPolicy(QFormLayout::WrapLongRows);
  form->setContentsMargins(6, 6, 6, 6);
  form->setVerticalSpacing(4);
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  form->addRow(m_about);
  // A panel may be narrower than its texts; the scroll area turns in one direction only.
  setMinimumWidth(200);
  for (QPushButton* button : {m_open, m_documents})
    button->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  for (QComboBox* box : {m_shift, m_shownMeasure, m_shownClusters}) {
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(5);
  }
  auto* files = new QVBoxLayout;
  files->setSpacing(4);
  files->addWidget(m_open);
  files->addWidget(m_documents);
  form->addRow(files);
  form->addRow(m_demo);
  auto* measures = new QGridLayout;
  measures->setHorizontalSpacing(6);
  measures->setVerticalSpacing(0);
  int place = 0;
  for (const AffinityMeasure measure : allAffinityMeasures) {
    auto* box = new QCheckBox(QString::fromStdString(displayName(measure)), options);
    box->setChecked(measure == AffinityMeasure::Phi);
    m_measures.emplace_back(measure, box);
    measures->addWidget(box, place / 2, place % 2);
    ++place;
    connect(box, &QCheckBox::toggled, this, &LobePanel::showEstimate);
  }
  form->addRow(tr("Affinity"), measures);
  m_clusters->setAccessibleName(tr("Numbers of lobes"));
  m_clusters->setToolTip(tr("Numbers of lobes, all in one run: 2, 3, 4, 8 or 2-8, 16"));
  form->addRow(tr("Lobes"), m_clusters);
  m_shift->setAccessibleName(tr("Negative values"));
  m_shift->addItem(tr("add 1 (as published)"), static_cast<int>(AffinityShift::Add));
  m_shift->addItem(tr("clip at 0"), static_cast<int>(AffinityShift::Clip));
  m_shift->setToolTip(tr("What becomes of phi and cosine below 0: + 1 and the angle, or nothing"));
  form->addRow(tr("Below 0"), m_shift);
  m_minBlocks->setAccessibleName(tr("Least blocks"));
  m_minBlocks->setRange(1, 100000000);
  m_minBlocks->setToolTip(tr("Features that fire in fewer blocks get no lobe"));
  m_maxShare->setAccessibleName(tr("Largest share of blocks"));
  m_maxShare->setRange(0.1, 100);
  m_maxShare->setDecimals(1);
  m_maxShare->setValue(100);
  m_maxShare->setSuffix(tr(" %"));
  m_maxShare->setToolTip(tr("Features that fire in a larger share of the blocks get no lobe"));
  auto* filter = new QHBoxLayout;
  filter->addWidget(m_minBlocks, 1);
  auto* to = new QLabel(tr("to"), options);
  filter->addWidget(to);
  filter->addWidget(m_maxShare, 1);
  form->addRow(tr("Fires in"), filter);
  m_local->setChecked(true);
  m_local->setToolTip(tr("Compare with lobes cut from the vectors, beside permutations"));
  m_logistic->setToolTip(
      tr("Also tell the lobe from the vector by logistic regression: the slow part"));
  m_permutations->setAccessibleName(tr("Draws of every null"));
  m_permutations->setRange(2, 10000);
  m_permutations->setValue(100);
  m_permutations->setToolTip(tr("Draws of every null"));
  auto* local = new QVBoxLayout;
  local->addWidget(m_local);
  local->addWidget(m_logistic);
  form->addRow(local);
  form->addRow(tr("Permutations"), m_permutations);
  form->addRow(m_estimate);
  form->addRow(m_start);

  QScrollArea* scroll = scrollColumn(options, tr("Options of the lobes"), this);

  QWidget* found = m_results = new QWidget(this);
  found->setAccessibleName(tr("The lobes"));
  m_shownMeasure->setAccessibleName(tr("Affinity shown"));
  m_shownClusters->setAccessibleName(tr("Number of lobes shown"));
  auto* shown = new QHBoxLayout;
  shown->setSpacing(4);
  shown->addWidget(m_shownMeasure, 2);
  shown->addWidget(m_shownClusters, 1);
  shown->addWidget(m_save);
  m_table->setModel(m_model);
  m_table->setAccessibleName(tr("Lobes"));
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_table->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
  m_table->setShowGrid(false);
  m_table->setWordWrap(false);
  m_table->setTabKeyNavigation(false);
  m_table->verticalHeader()->setVisible(false);
  m_table->verticalHeader()->setAccessibleName(tr("Rows"));
  m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
  m_table->horizontalHeader()->setAccessibleName(tr("Columns"));
  m_table->horizontalHeader()->setHighlightSections(false);
  m_table->setColumnWidth(LobeTableModel::Name, fontMetrics().averageCharWidth() * 18);
  m_table->setColumnWidth(LobeTableModel::Size, fontMetrics().averageCharWidth() * 9);
  m_table->setColumnWidth(LobeTableModel::Wins, fontMetrics().averageCharWidth() * 8);
  m_table->setColumnWidth(LobeTableModel::Frequent, fontMetrics().averageCharWidth() * 34);
  m_table->setColumnWidth(LobeTableModel::Specific, fontMetrics().averageCharWidth() * 34);
  auto* results = new QVBoxLayout(found);
  results->setContentsMargins(6, 6, 6, 6);
  results->addLayout(shown);
  results->addWidget(m_locality);
  results->addWidget(m_table, 1);

  auto* splitter = new QSplitter(Qt::Vertical, this);
  splitter->setAccessibleName(tr("Options and lobes"));
  splitter->addWidget(scroll);
  splitter->addWidget(found);
  splitter->setChildrenCollapsible(false);
  splitter->setSizes({320, 280});
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(splitter);

  connect(m_open, &QPushButton::clicked, this, &LobePanel::cooccurrenceRequested);
  connect(m_documents, &QPushButton::clicked, this, &LobePanel::documentsRequested);
  connect(m_demo, &QPushButton::clicked, study, &LobeStudy::useDemoFirings);
  connect(m_save, &QPushButton::clicked, this, &LobePanel::saveRequested);
  connect(m_start, &QPushButton::clicked, this, [this] {
    if (m_study->isAnalyzing()) {
      m_study->jobs()[1]->cancel();
      return;
    }
    if (const auto chosen = this->options())
      m_study->analyze(*chosen);
  });
  connect(m_clusters, &QLineEdit::textChanged, this, &LobePanel::showEstimate);
  connect(m_shift, &QComboBox::currentIndexChanged, this, &LobePanel::showEstimate);
  connect(m_minBlocks, &QSpinBox::valueChanged, this, &LobePanel::showEstimate);
  connect(m_maxShare, &QDoubleSpinBox::valueChanged, this, &LobePanel::showEstimate);
  connect(m_permutations, &QSpinBox::valueChanged, this, &LobePanel::showEstimate);
  connect(m_local, &QCheckBox::toggled, this, &LobePanel::showEstimate);
  connect(m_logistic, &QCheckBox::toggled, this, &LobePanel::showEstimate);
  const auto choose = [this] {
    LobeChoice choice;
    if (const int measure = m_shownMeasure->currentData().toInt(); measure >= 0)
      choice.measure = static_cast<AffinityMeasure>(measure);
    choice.clusters = m_shownClusters->currentData().toInt();
    m_study->show(choice);
  };
  connect(m_shownMeasure, &QComboBox::activated, this, choose);
  connect(m_shownClusters, &QComboBox::activated, this, choose);
  const auto select = [this] {
    const Lobes* lobes = m_study->shownLobes();
    if (!lobes)
      return;
    std::vector<FeatureId> features;
    for (const QModelIndex& row : m_table->selectionModel()->selectedRows()) {
      const auto members = lobes->members(row.row());
      features.insert(features.end(), members.begin(), members.end());
    }
    m_study->selectFeatures(std::move(features));
  };
  connect(m_table, &QTableView::clicked, this, select);
  connect(study, &LobeStudy::dataChanged, this, &LobePanel::showData);
  connect(study, &LobeStudy::resultChanged, this, &LobePanel::showResult);
  connect(study, &LobeStudy::shownChanged, this, &LobePanel::showShown);
  connect(study, &LobeStudy::runningChanged, this, &LobePanel::showEstimate);
  m_model->setDark(isDark(palette()));
  showData();
  showResult();
}

std::optional<LobeAnalysisOptions> LobePanel::options() const
{
  LobeAnalysisOptions options;
  options.measures.clear();
  for (const auto& [measure, box] : m_measures)
    if (box->isChecked())
      options.measures.push_back(measure);
  const auto clusters = clusterNumbers(m_clusters->text());
  if (!clusters || options.measures.empty())
    return {};
  options.clustering.clusters = *clusters;
  options.shift = static_cast<AffinityShift>(m_shift->currentData().toInt());
  options.filter.minBlocks = m_minBlocks->value();
  options.filter.maxShare = m_maxShare->value() / 100;
  options.measureLocality = m_local->isChecked();
  options.locality.logistic = m_logistic->isChecked();
  options.locality.permutations = m_permutations->value();
  return options;
}

void LobePanel::showData()
{
  const auto known = m_study->data();
  const bool layer = m_document->layer() != nullptr;
  m_open->setEnabled(layer);
  m_documents->setEnabled(known && known->blocks() > 0);
  m_demo->setVisible(m_study->isDemo() && !known);
  if (!known) {
    m_about->setText(layer ? tr("Which features fire together is not known yet: choose or drop a "
                                "file of counts, of blocks × features, or of activations.")
                           : tr("Nothing is open."));
  } else {
    QString text = known->path.empty()
                       ? QString::fromStdString(known->facts.format)
                       : QStringLiteral("%1: %2").arg(
                             QString::fromStdString(displayName(known->path.filename())),
                             QString::fromStdString(known->facts.format));
    text += tr(", %1 features in %2 blocks")
                .arg(displayCount(known->features()), displayCount(known->blocks()));
    if (known->tokens)
      text += tr(", token by token");
    const auto types = m_study->documentTypes();
    m_about->setText(text + (types ? tr(", document types known.") : QStringLiteral(".")));
  }
  showEstimate();
}

void LobePanel::showEstimate()
{
  const bool running = m_study->isAnalyzing();
  m_start->setText(running ? tr("Stop") : tr("Cut lobes"));
  m_logistic->setEnabled(m_local->isChecked());
  m_permutations->setEnabled(m_local->isChecked());
  const auto chosen = options();
  m_start->setEnabled(running || (chosen && m_study->data()));
  if (!chosen) {
    m_estimate->setText(clusterNumbers(m_clusters->text())
                            ? tr("Choose an affinity.")
                            : tr("Numbers of lobes are read like 2, 3, 4, 8 or 2-8."));
    return;
  }
  if (!m_study->data()) {
    m_estimate->clear();
    return;
  }
  const LobeEstimate estimate = m_study->estimate(*chosen);
  QString text = tr("Takes %1 and %2 MiB.")
                     .arg(durationText(estimate.seconds),
                          displayCount(static_cast<std::int64_t>(estimate.bytes >> 20)));
  if (const std::uint64_t free = availableMemory(); free && estimate.bytes > free)
    text += tr(" Only %1 MiB are free.").arg(displayCount(static_cast<std::int64_t>(free >> 20)));
  m_estimate->setText(text);
}

void LobePanel::showResult()
{
  const QSignalBlocker measure(m_shownMeasure);
  m_shownMeasure->clear();
  const auto result = m_study->result();
  if (result) {
    for (const FunctionalLobes& functional : result->analysis.functional)
      m_shownMeasure->addItem(QString::fromStdString(displayName(functional.measure)),
                              static_cast<int>(functional.measure));
    if (!result->analysis.spatial.clusterings.empty())
      m_shownMeasure->addItem(tr("cosine (vectors)"), -1);
  }
  showShown();
}

void LobePanel::showShown()
{
  const auto result = m_study->result();
  const LobeChoice shown = m_study->shown();
  const QSignalBlocker measure(m_shownMeasure), clusters(m_shownClusters);
  m_shownClusters->clear();
  if (result)
    for (const LobeChoice& choice : result->choices())
      if (choice.measure == shown.measure)
        m_shownClusters->addItem(tr("k = %1").arg(choice.clusters), choice.clusters);
  m_shownClusters->setCurrentIndex(m_shownClusters->findData(shown.clusters));
  m_shownMeasure->setCurrentIndex(
      m_shownMeasure->findData(shown.measure ? static_cast<int>(*shown.measure) : -1));
  m_results->setVisible(result != nullptr);  // until then the options have the room
  QStringList lines;
  if (result) {
    lines << QString::fromStdString(result->analysis.features.sentence());
    if (shown.measure)
      if (const FunctionalLobes* functional = result->analysis.find(*shown.measure)) {
        for (const LobeLocality& locality : functional->locality) {
          if (locality.clusters != shown.clusters)
            continue;
          const auto said = [](const NullComparison& comparison) {
            return QStringLiteral("%1: %2").arg(
                comparisonText(comparison), QString::fromStdString(verdictSentence(comparison)));
          };
          lines << tr("Agreement with spatial lobes: AMI %1.").arg(said(locality.ami));
          lines << tr("Within deciles of firing frequency: AMI %1.")
                       .arg(said(locality.amiWithinDeciles));
          if (locality.hasLogistic)
            lines << tr("Lobe told from the vector: balanced accuracy %1.")
                         .arg(comparisonText(locality.logistic));
        }
      }
  }
  m_locality->setText(lines.join(QLatin1Char('\n')));
}

void LobePanel::changeEvent(QEvent* event)
{
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && m_model)
    m_model->setDark(isDark(palette()));
}

}  // namespace orrery
