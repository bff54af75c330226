#include "widgets/panels/CrystalPanel.h"

#include "core/document/CountText.h"
#include "widgets/models/CrystalTables.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/Theme.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {

namespace {

QLabel* note(const QString& name, QWidget* parent)
{
  auto* label = new QLabel(parent);
  label->setTextFormat(Qt::PlainText);
  label->setWordWrap(true);
  label->setAccessibleName(name);
  label->setForegroundRole(QPalette::PlaceholderText);
  return label;
}

QString silhouetteText(const LdaSweep& sweep)
{
  if (sweep.components.empty())
    return {};
  const auto number = [](double value) { return QString::number(value, 'f', 2); };
  std::size_t best = 0;
  for (std::size_t i = 1; i < sweep.heldOut.size(); ++i)
    if (sweep.heldOut[i] > sweep.heldOut[best])
      best = i;
  const auto at = [&](const std::vector<double>& values) {
    return best < values.size() ? number(values[best]) : QStringLiteral("–");
  };
  return CrystalPanel::tr(
             "Silhouette on held-out pairs %1 with %2 components (in-sample %3); "
             "shuffled labels %4 held out, %5 in-sample; plane of principal "
             "components %6.")
      .arg(at(sweep.heldOut))
      .arg(sweep.components[best])
      .arg(at(sweep.inSample), at(sweep.permutedHeldOut), at(sweep.permutedInSample),
           number(sweep.pcaPlane));
}

}  // namespace

CrystalPanel::CrystalPanel(Document* document, CrystalStudy* study, QWidget* parent)
    : QWidget(parent), m_document(document), m_study(study), m_tabs(new QTabWidget(this))
{
  setAccessibleName(tr("Crystals"));
  m_tabs->setAccessibleName(tr("Relations, search and single crystals"));
  m_tabs->setDocumentMode(true);
  m_tabs->addTab(relationPage(), tr("Relations"));
  m_tabs->addTab(searchPage(), tr("Search"));
  m_tabs->addTab(onePage(), tr("One crystal"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_tabs);
  for (ValueTable* table : {m_relations, m_families, m_crystals, m_criteria})
    connect(table, &ValueTable::saveRequested, this, &CrystalPanel::saveRequested);

  m_estimateSoon.setSingleShot(true);
  m_estimateSoon.setInterval(250);
  connect(&m_estimateSoon, &QTimer::timeout, this, &CrystalPanel::askEstimate);
  connect(study, &CrystalStudy::relationsChanged, this, &CrystalPanel::showRelations);
  connect(study, &CrystalStudy::cleanedChanged, this, &CrystalPanel::showCleaned);
  connect(study, &CrystalStudy::sweepChanged, this, &CrystalPanel::showCleaned);
  connect(study, &CrystalStudy::findingsChanged, this, &CrystalPanel::showFindings);
  connect(study, &CrystalStudy::estimateChanged, this, &CrystalPanel::showEstimate);
  connect(study, &CrystalStudy::whyNotChanged, this, &CrystalPanel::showWhyNot);
  connect(study, &CrystalStudy::searchingChanged, this, [this](bool running) {
    m_stop->setEnabled(running);
    m_search->setEnabled(!running && m_document->dictionary() != nullptr);
  });
  connect(document->selection(), &SelectionModel::changed, this, &CrystalPanel::showSelection);
  showRelations();
  showCleaned();
  showFindings();
  showEstimate();
  showWhyNot();
  showSelection();
}

QWidget* CrystalPanel::relationPage()
{
  auto* page = new QWidget(this);
  page->setAccessibleName(tr("Relations"));
  auto* load = new QPushButton(tr("Load word pairs…"), page);
  load->setToolTip(
      tr("Function-vector JSON, analogy lists, BATS-like TSV or CSV; several at once"));
  auto* forget = new QPushButton(tr("Forget"), page);
  forget->setToolTip(tr("Forget all word pairs"));
  connect(load, &QPushButton::clicked, this, &CrystalPanel::loadRequested);
  connect(forget, &QPushButton::clicked, m_study, &CrystalStudy::clearPairs);
  m_relations = new ValueTable(tr("Relations"), tr("relations"), page);
  m_relations->setMultiple();
  auto* filter = new QLineEdit(page);
  filter->setAccessibleName(tr("Filter the relations"));
  filter->setPlaceholderText(tr("Filter by name or verdict"));
  filter->setClearButtonEnabled(true);
  connect(filter, &QLineEdit::textChanged, m_relations->filter(), &ValueFilter::setText);
  m_chosenText = note(tr("Which relations are used"), page);

  m_method = new QComboBox(page);
  m_method->setAccessibleName(tr("How distractors are taken out"));
  const std::pair<QString, CleaningMethod> methods[] = {
      {tr("Nothing"), CleaningMethod::None},
      {tr("Keep what separates relations (LDA)"), CleaningMethod::Lda},
      {tr("Remove principal components"), CleaningMethod::Pca},
      {tr("Remove a column's direction"), CleaningMethod::Column},
      {tr("Remove the selected features"), CleaningMethod::Directions}};
  for (const auto& [text, method] : methods)
    m_method->addItem(text, static_cast<int>(method));
  m_components = new QSpinBox(page);
  m_components->setAccessibleName(tr("Components"));
  m_components->setToolTip(
      tr("Discriminants kept (at most relations − 1), or principal components removed"));
  m_components->setRange(1, 4096);
  m_components->setValue(8);
  m_solver = new QComboBox(page);
  m_solver->setAccessibleName(tr("How LDA is solved"));
  m_solver->addItem(tr("singular values"), static_cast<int>(LdaSolver::SingularValues));
  m_solver->addItem(tr("shrinkage"), static_cast<int>(LdaSolver::Shrinkage));
  m_solver->setToolTip(
      tr("Shrinkage (Ledoit and Wolf) holds better for pairs that LDA has not seen, where there "
         "are fewer pairs than dimensions"));
  m_column = new QComboBox(page);
  m_column->setAccessibleName(tr("Column whose direction is removed"));
  m_clean = new QPushButton(tr("Clean"), page);
  m_asLayer = new QPushButton(tr("As a layer"), page);
  m_asLayer->setToolTip(tr("Open the cleaned space as a layer: map it, search it, save it"));
  m_planes = new QPushButton(tr("Planes"), page);
  m_planes->setToolTip(
      tr("Show the relations in the plane of principal components and in that of "
         "discriminants"));
  m_length = new QPushButton(tr("Length"), page);
  m_length->setToolTip(
      tr("Show the first component of the differences against the difference in word length"));
  m_cleanedText = note(tr("About the cleaned space"), page);
  connect(m_clean, &QPushButton::clicked, this, &CrystalPanel::clean);
  connect(m_asLayer, &QPushButton::clicked, m_study, &CrystalStudy::addCleanedLayer);
  connect(m_planes, &QPushButton::clicked, this, &CrystalPanel::askPlanes);
  connect(m_length, &QPushButton::clicked, this, &CrystalPanel::askLength);
  connect(m_relations, &ValueTable::selectionChanged, this, [this] {
    const auto count = m_relations->selectedRows().size();
    m_chosenText->setText(count == 0 ? tr("All relations are used; select some to use those alone.")
                                     : tr("%1 selected relations are used.").arg(count));
  });
  const auto showOptions = [this] {
    const auto method = static_cast<CleaningMethod>(m_method->currentData().toInt());
    m_components->setEnabled(method == CleaningMethod::Lda || method == CleaningMethod::Pca);
    m_column->setEnabled(method == CleaningMethod::Column);
    m_solver->setEnabled(method == CleaningMethod::Lda);
  };
  connect(m_method, &QComboBox::currentIndexChanged, this, showOptions);
  showOptions();

  auto* top = new QHBoxLayout;
  top->addWidget(load, 1);
  top->addWidget(forget);
  auto* form = new QFormLayout;
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  form->addRow(tr("Distractors"), m_method);
  auto* components = new QHBoxLayout;
  components->addWidget(m_components);
  components->addWidget(m_solver, 1);
  form->addRow(tr("Components"), components);
  form->addRow(tr("Column"), m_column);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(m_clean);
  buttons->addWidget(m_asLayer);
  buttons->addWidget(m_planes);
  buttons->addWidget(m_length);
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(6, 6, 6, 6);
  layout->addLayout(top);
  layout->addWidget(filter);
  layout->addWidget(m_relations, 1);
  layout->addWidget(m_chosenText);
  layout->addLayout(form);
  layout->addLayout(buttons);
  layout->addWidget(m_cleanedText);
  return page;
}

QWidget* CrystalPanel::searchPage()
{
  auto* page = new QWidget(this);
  page->setAccessibleName(tr("Search"));
  m_space = new QComboBox(page);
  m_space->setAccessibleName(tr("Space to search"));
  m_space->addItems({tr("As it is"), tr("Cleaned")});
  m_mode = new QComboBox(page);
  m_mode->setAccessibleName(tr("What is searched"));
  m_mode->addItem(tr("Parallelograms"), static_cast<int>(CrystalMode::Parallelogram));
  m_mode->addItem(tr("Trapezoids"), static_cast<int>(CrystalMode::Trapezoid));
  m_residual = new QDoubleSpinBox(page);
  m_residual->setAccessibleName(tr("Squared residual"));
  m_residual->setToolTip(
      tr("Every crystal up to this squared residual δ is looked for; larger "
         "finds looser ones and costs more"));
  m_residual->setDecimals(3);
  m_residual->setRange(0.001, 4.0);
  m_residual->setSingleStep(0.02);
  m_residual->setValue(CrystalSearchOptions().residual);
  m_nulls = new QSpinBox(page);
  m_nulls->setAccessibleName(tr("Null searches"));
  m_nulls->setToolTip(
      tr("Dictionaries without meaning that are searched the same way, for the "
         "false-discovery rate; each costs as much as the search"));
  m_nulls->setRange(0, 20);
  m_nulls->setValue(1);
  m_groups = new QSpinBox(page);
  m_groups->setAccessibleName(tr("Groups of all differences"));
  m_groups->setToolTip(
      tr("After the search the differences of all pairs of features are put into this many groups, "
         "the first begun at the families found; 0: not"));
  m_groups->setRange(0, 4096);
  m_estimateText = note(tr("What the search will cost"), page);
  m_search = new QPushButton(tr("Search"), page);
  m_stop = new QPushButton(tr("Stop"), page);
  m_stop->setToolTip(tr("Stop and keep what was found"));
  m_stop->setEnabled(false);
  m_foundText = note(tr("What was found"), page);
  m_filter = new QLineEdit(page);
  m_filter->setAccessibleName(tr("Filter by label"));
  m_filter->setPlaceholderText(tr("Filter by label"));
  m_filter->setClearButtonEnabled(true);
  m_least = new QDoubleSpinBox(page);
  m_least->setAccessibleName(tr("Least score"));
  m_least->setToolTip(tr("Only crystals with at least this score"));
  m_least->setPrefix(tr("score ≥ "));
  m_least->setRange(-1.0, 1.0);
  m_least->setSingleStep(0.05);
  m_least->setValue(-1.0);
  m_families = new ValueTable(tr("Families"), tr("families"), page);
  m_crystals = new ValueTable(tr("Crystals"), tr("crystals"), page);
  auto* splitter = new QSplitter(Qt::Vertical, page);
  splitter->setAccessibleName(tr("Families and crystals"));
  splitter->addWidget(m_families);
  splitter->addWidget(m_crystals);
  splitter->setStretchFactor(0, 1);
  splitter->setStretchFactor(1, 2);
  splitter->setChildrenCollapsible(false);
  splitter->handle(1)->setAccessibleName(tr("Divider"));

  auto* form = new QFormLayout;
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  auto* what = new QHBoxLayout;
  what->addWidget(m_mode, 1);
  what->addWidget(m_space, 1);
  form->addRow(tr("Search"), what);
  auto* numbers = new QHBoxLayout;
  numbers->addWidget(m_residual, 1);
  auto* nullLabel = new QLabel(tr("nulls"), page);
  nullLabel->setBuddy(m_nulls);
  numbers->addWidget(nullLabel);
  numbers->addWidget(m_nulls);
  auto* groupLabel = new QLabel(tr("groups"), page);
  groupLabel->setBuddy(m_groups);
  numbers->addWidget(groupLabel);
  numbers->addWidget(m_groups);
  form->addRow(tr("Up to δ"), numbers);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(m_search, 1);
  buttons->addWidget(m_stop);
  auto* filters = new QHBoxLayout;
  filters->addWidget(m_filter, 1);
  filters->addWidget(m_least);
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(6, 6, 6, 6);
  layout->addLayout(form);
  layout->addWidget(m_estimateText);
  layout->addLayout(buttons);
  layout->addWidget(m_foundText);
  layout->addLayout(filters);
  layout->addWidget(splitter, 1);

  const auto soon = [this] { m_estimateSoon.start(); };
  connect(m_space, &QComboBox::currentIndexChanged, this, soon);
  connect(m_mode, &QComboBox::currentIndexChanged, this, soon);
  connect(m_residual, &QDoubleSpinBox::valueChanged, this, soon);
  connect(m_groups, &QSpinBox::valueChanged, this, soon);
  connect(m_tabs, &QTabWidget::currentChanged, this, [this](int tab) {
    if (tab == 1 && !m_study->estimated())
      askEstimate();
  });
  connect(m_search, &QPushButton::clicked, this, [this] {
    m_study->search(options(), searchesCleaned(), m_nulls->value(), m_groups->value());
  });
  connect(m_stop, &QPushButton::clicked, m_study, &CrystalStudy::stopSearch);
  connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& text) {
    m_crystals->filter()->setText(text);
    m_families->filter()->setText(text);
  });
  connect(m_least, &QDoubleSpinBox::valueChanged, this,
          [this](double least) { m_crystals->filter()->setLeast(crystalScoreColumn, least); });
  connect(m_families, &ValueTable::rowChosen, this, [this](int row) {
    // Again on the same: all families.
    const double family = m_families->model()->value(row, 0).toDouble();
    const bool same =
        m_families->property("only").toDouble() == family && m_families->property("only").isValid();
    m_families->setProperty("only", same ? QVariant() : QVariant(family));
    m_crystals->filter()->setOnly(crystalFamilyColumn,
                                  same ? std::numeric_limits<double>::quiet_NaN() : family);
    showFindings();
    if (same)
      m_families->table()->clearSelection();
  });
  connect(m_crystals, &ValueTable::rowChosen, this, [this](int row) {
    const auto findings = m_study->findings();
    if (findings && static_cast<std::size_t>(row) < findings->result.found.size())
      m_study->setCrystal(findings->result.found[static_cast<std::size_t>(row)].crystal);
  });
  return page;
}

QWidget* CrystalPanel::onePage()
{
  auto* page = new QWidget(this);
  page->setAccessibleName(tr("One crystal"));
  m_fromSelection = new QPushButton(tr("Make one of the four selected"), page);
  m_algebra = new QLineEdit(page);
  m_algebra->setAccessibleName(tr("Make one of b − a + c"));
  m_algebra->setPlaceholderText(tr("woman - man + king"));
  m_algebra->setToolTip(tr("b - a + c: the nearest feature becomes the fourth corner. Enter"));
  m_algebra->setClearButtonEnabled(true);
  connect(m_fromSelection, &QPushButton::clicked, this, &CrystalPanel::makeFromSelection);
  connect(m_algebra, &QLineEdit::returnPressed, this,
          [this] { m_study->makeCrystal(m_algebra->text().toStdString()); });
  auto* corners = new QHBoxLayout;
  const char* names[] = {"a", "b", "c", "d"};
  for (std::size_t i = 0; i < 4; ++i) {
    m_corners[i] = new QLineEdit(page);
    m_corners[i]->setAccessibleName(tr("Corner %1").arg(QString::fromLatin1(names[i])));
    m_corners[i]->setPlaceholderText(QString::fromLatin1(names[i]));
    corners->addWidget(m_corners[i]);
  }
  auto* ask = new QPushButton(tr("Why not?"), page);
  ask->setToolTip(tr("Which criterion these four fail, and by how much, before and after"));
  auto* look = new QPushButton(tr("Look at it"), page);
  m_whyNotText = note(tr("Verdict"), page);
  m_criteria = new ValueTable(tr("Criteria"), tr("criteria"), page);
  const auto four = [this] {
    std::array<std::string, 4> labels;
    for (std::size_t i = 0; i < 4; ++i)
      labels[i] = m_corners[i]->text().toStdString();
    return labels;
  };
  connect(ask, &QPushButton::clicked, this, [this, four] { m_study->explain(four(), options()); });
  connect(m_corners[3], &QLineEdit::returnPressed, ask, &QPushButton::click);
  connect(look, &QPushButton::clicked, this, [this] {
    if (const auto report = m_study->whyNot())
      m_study->setCrystal(report->crystal);
  });
  look->setEnabled(false);
  connect(m_study, &CrystalStudy::whyNotChanged, look,
          [this, look] { look->setEnabled(m_study->whyNot() != nullptr); });
  auto* form = new QFormLayout;
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  form->addRow(QStringLiteral("b − a + c"), m_algebra);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(ask, 1);
  buttons->addWidget(look);
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(6, 6, 6, 6);
  layout->addWidget(m_fromSelection);
  layout->addLayout(form);
  layout->addLayout(corners);
  layout->addLayout(buttons);
  layout->addWidget(m_whyNotText);
  layout->addWidget(m_criteria, 1);
  return page;
}

CrystalSearchOptions CrystalPanel::options() const
{
  CrystalSearchOptions options;
  options.mode = static_cast<CrystalMode>(m_mode->currentData().toInt());
  options.residual = m_residual->value();
  return options;
}

bool CrystalPanel::searchesCleaned() const
{
  return m_space->currentIndex() == 1 && m_study->cleaned() != nullptr;
}

void CrystalPanel::makeFromSelection()
{
  const auto& features = m_document->selection()->features();
  if (features.size() == 4)
    m_study->makeCrystal(
        std::array<FeatureId, 4>{features[0], features[1], features[2], features[3]});
}

void CrystalPanel::clean()
{
  const auto dictionary = m_document->dictionary();
  if (!dictionary)
    return;
  Cleaning cleaning;
  cleaning.method = static_cast<CleaningMethod>(m_method->currentData().toInt());
  cleaning.components = m_components->value();
  const std::vector<std::string> only = chosenRelations();
  if (cleaning.method == CleaningMethod::Lda) {
    cleaning.lda.solver = static_cast<LdaSolver>(m_solver->currentData().toInt());
    // No more than relations − 1 can be kept.
    int classes = 0;
    for (const ScoredRelation& scored : m_study->relations())
      classes +=
          scored.relation.pairs.size() >= 10 &&
          (only.empty() || std::find(only.begin(), only.end(), scored.relation.name) != only.end());
    cleaning.components = std::clamp(cleaning.components, 1, std::max(1, classes - 1));
  } else if (cleaning.method == CleaningMethod::Column) {
    if (m_column->currentIndex() <= 0) {
      cleaning.columns.push_back(labelLengths(dictionary->labels));
    } else if (const Column* column =
                   dictionary->column(m_column->currentData().toString().toStdString())) {
      cleaning.columns.push_back({column->name, column->numbers});
    }
  } else if (cleaning.method == CleaningMethod::Directions) {
    const auto& features = m_document->selection()->features();
    cleaning.directions.resize(dictionary->dimensions(),
                               static_cast<Eigen::Index>(features.size()));
    for (std::size_t i = 0; i < features.size(); ++i)
      cleaning.directions.col(static_cast<Eigen::Index>(i)) = dictionary->decoder->col(features[i]);
  }
  m_study->clean(cleaning, only);
}

std::vector<std::string> CrystalPanel::chosenRelations() const
{
  std::vector<std::string> names;
  const auto& relations = m_study->relations();
  for (const int row : m_relations->selectedRows())
    if (static_cast<std::size_t>(row) < relations.size())
      names.push_back(relations[static_cast<std::size_t>(row)].relation.name);
  return names;
}

void CrystalPanel::askPlanes()
{
  // One relation alone has no planes.
  const auto chosen = chosenRelations();
  emit planesRequested(chosen.size() >= 2 ? chosen : std::vector<std::string>());
}

void CrystalPanel::askLength()
{
  emit lengthRequested(chosenRelations());
}

void CrystalPanel::showRelations()
{
  auto rows = relationRows(m_study->relations());
  m_relations->setTable(std::move(rows.columns), std::move(rows.rows));
  const auto count = m_study->relations().size();
  m_relations->setTitle(
      count == 0 ? tr("No word pairs yet")
                 : countText(static_cast<std::int64_t>(count), tr("relation"), tr("relations")) +
                       tr(", judged against shuffled partners"));
  m_planes->setEnabled(count >= 2);
  m_length->setEnabled(count >= 1);
  emit m_relations->selectionChanged();
  m_column->clear();
  m_column->addItem(tr("Length of the label"));
  if (const auto dictionary = m_document->dictionary())
    for (const Column& column : dictionary->columns)
      if (column.kind == Column::Kind::Number)
        m_column->addItem(visibleText(column.name, 60), QString::fromStdString(column.name));
  m_clean->setEnabled(m_document->dictionary() != nullptr);
}

void CrystalPanel::showCleaned()
{
  const auto cleaned = m_study->cleaned();
  m_asLayer->setEnabled(cleaned != nullptr);
  m_space->setEnabled(cleaned != nullptr);
  if (!cleaned)
    m_space->setCurrentIndex(0);
  QString text = cleaned ? visibleText(cleaned->fitted.description, 0) + QLatin1Char('.')
                         : tr("The space is as it is.");
  if (cleaned && !cleaned->fitted.leftOut.empty()) {
    QStringList left;
    for (const std::string& name : cleaned->fitted.leftOut)
      left << visibleText(name, 60);
    text += tr(" Left out, too few pairs: %1.").arg(left.join(QStringLiteral(", ")));
  }
  if (const auto sweep = m_study->sweep())
    text += QLatin1Char(' ') + silhouetteText(*sweep);
  m_cleanedText->setText(text);
}

void CrystalPanel::showFindings()
{
  const auto findings = m_study->findings();
  const auto dictionary = m_document->dictionary();
  m_search->setEnabled(dictionary != nullptr && !(findings && findings->running));
  if (!findings || !dictionary) {
    m_families->setTable({}, {});
    m_crystals->setTable({}, {});
    m_families->setProperty("only", QVariant());
    m_crystals->filter()->setOnly(crystalFamilyColumn, std::numeric_limits<double>::quiet_NaN());
    m_families->setTitle(tr("Families"));
    m_crystals->setTitle(tr("Crystals"));
    m_foundText->setText(tr("Nothing has been searched yet."));
    return;
  }
  const CrystalSearchResult& result = findings->result;
  auto families = familyRows(*dictionary, *findings);
  m_families->setTable(std::move(families.columns), std::move(families.rows));
  m_families->setTitle(
      tr("%1 families; a click shows one of them alone").arg(findings->families.size()));
  auto crystals = crystalRows(*dictionary, *findings);
  m_crystals->setTable(std::move(crystals.columns), std::move(crystals.rows));
  const QVariant only = m_families->property("only");
  m_crystals->setTitle(only.isValid() ? tr("Crystals of family %1").arg(only.toInt())
                                      : countText(static_cast<std::int64_t>(result.found.size()),
                                                  tr("crystal"), tr("crystals")));
  QString text =
      findings->running
          ? tr("Searching: %1 so far.").arg(result.found.size())
          : tr("%1 of %2 quadruples within δ = %3 in %4, %5 s.")
                .arg(countText(static_cast<std::int64_t>(result.found.size()), tr("crystal"),
                               tr("crystals")))
                .arg(displayCount(result.matches))
                .arg(result.options.residual)
                .arg(findings->cleaned ? tr("the cleaned space") : tr("the space as it is"))
                .arg(result.seconds, 0, 'f', 1);
  if (!findings->running)
    text += result.partial    ? tr(" Stopped: there are more.")
            : result.complete ? tr(" Complete.")
                              : tr(" Complete for sides of a mean similarity of %1 or more.")
                                    .arg(result.completeAbove, 0, 'f', 2);
  m_foundText->setText(text);
}

void CrystalPanel::showEstimate()
{
  const auto& estimate = m_study->estimated();
  m_estimateText->setText(estimate ? visibleText(estimate->sentence, 0) +
                                         tr(". Each null takes as long again.")
                                   : tr("Before the start, what it will cost stands here."));
}

void CrystalPanel::askEstimate()
{
  if (m_document->dictionary())
    m_study->estimate(options(), searchesCleaned(), m_groups->value());
}

void CrystalPanel::showWhyNot()
{
  const auto report = m_study->whyNot();
  if (!report) {
    m_whyNotText->setText(tr("Four labels: which criterion fails, and by how much?"));
    m_criteria->setTable({}, {});
    return;
  }
  QString text = visibleText(report->raw.verdict, 0);
  if (report->cleaned)
    text = tr("Before: %1\nAfter: %2").arg(text, visibleText(report->cleaned->verdict, 0));
  m_whyNotText->setText(text);
  auto rows = criterionRows(*report);
  m_criteria->setTable(std::move(rows.columns), std::move(rows.rows));
}

void CrystalPanel::showSelection()
{
  const auto count = m_document->selection()->features().size();
  m_fromSelection->setEnabled(count == 4);
  m_fromSelection->setToolTip(count == 4
                                  ? tr("The order that makes the best parallelogram is taken")
                                  : tr("Select exactly four features; %1 are selected").arg(count));
}

}  // namespace orrery
