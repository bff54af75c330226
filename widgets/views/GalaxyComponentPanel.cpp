#include "widgets/views/GalaxyComponentPanel.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

QTableWidget* makeTable(const QString& name, const QStringList& columns, QWidget* parent)
{
  auto* table = new QTableWidget(parent);
  table->setAccessibleName(name);
  table->setColumnCount(static_cast<int>(columns.size()));
  table->setHorizontalHeaderLabels(columns);
  table->horizontalHeader()->setAccessibleName(QObject::tr("%1: columns").arg(name));
  table->verticalHeader()->setAccessibleName(QObject::tr("%1: rows").arg(name));
  table->verticalHeader()->setVisible(false);
  table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 6);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  return table;
}

void setRow(QTableWidget& table, int row, const QStringList& cells, int firstNumber)
{
  for (int column = 0; column < cells.size(); ++column) {
    auto* cell = new QTableWidgetItem(cells[column]);
    if (column >= firstNumber)
      cell->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    table.setItem(row, column, cell);
  }
}

}  // namespace

GalaxyComponentPanel::GalaxyComponentPanel(GalaxyStudy* study, QWidget* parent)
    : QWidget(parent),
      m_study(study),
      m_number(new QSpinBox(this)),
      m_look(new QPushButton(tr("Look"), this)),
      m_follow(new QPushButton(tr("Follow these"), this)),
      m_text(new QLabel(this)),
      m_extremes(makeTable(tr("Extreme features of the component"),
                           {tr("End"), tr("Label"), tr("Feature"), tr("Score")}, this)),
      m_correlations(makeTable(
          tr("What the component goes with"),
          {tr("Number"), tr("Pearson"), tr("Spearman"), tr("Chance ±"), tr("Features")}, this))
{
  setAccessibleName(tr("Component of the layer"));
  m_number->setRange(1, LayerAnalysisOptions().components);
  m_number->setPrefix(tr("Component "));
  m_number->setAccessibleName(tr("Which component"));
  m_look->setToolTip(tr("Find what lies on this component of the layer that is shown"));
  m_follow->setToolTip(tr("Follow the chosen rows, or all, through the layers"));
  m_text->setTextFormat(Qt::PlainText);
  m_text->setWordWrap(true);
  m_text->setAccessibleName(tr("The component"));
  auto* bar = new QHBoxLayout;
  bar->addWidget(m_number);
  bar->addWidget(m_look);
  bar->addWidget(m_follow);
  bar->addStretch(1);
  auto* tables = new QSplitter(Qt::Vertical, this);
  tables->setAccessibleName(tr("Extremes and correlations"));
  tables->addWidget(m_extremes);
  tables->addWidget(m_correlations);
  tables->setStretchFactor(0, 3);
  tables->setStretchFactor(1, 1);
  tables->setChildrenCollapsible(false);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(4, 4, 4, 4);
  layout->addLayout(bar);
  layout->addWidget(m_text);
  layout->addWidget(tables, 1);
  const auto look = [this] { m_study->inspect(m_number->value() - 1); };
  connect(m_look, &QPushButton::clicked, this, look);
  connect(m_number, &QSpinBox::valueChanged, this, look);
  connect(m_follow, &QPushButton::clicked, this,
          [this] { m_study->follow(chosenFeatures(), entryOfReport()); });
  connect(m_extremes, &QTableWidget::cellClicked, this, [this](int row, int) {
    const int entry = entryOfReport();
    if (entry >= 0 && m_study->entries()[static_cast<std::size_t>(entry)].layerId != 0)
      emit featureChosen(m_extremes->item(row, 2)->data(Qt::UserRole).toInt());
  });
  connect(study, &GalaxyStudy::componentChanged, this, &GalaxyComponentPanel::showComponent);
  connect(study, &GalaxyStudy::currentChanged, this, &GalaxyComponentPanel::showComponent);
  connect(study, &GalaxyStudy::entriesChanged, this, &GalaxyComponentPanel::showComponent);
  showComponent();
}

int GalaxyComponentPanel::entryOfReport() const
{
  const auto& component = m_study->component();
  const auto& entries = m_study->entries();
  for (std::size_t i = 0; component && i < entries.size(); ++i)
    if (isSameLayer(entries[i].source, component->source))
      return static_cast<int>(i);
  return -1;
}

std::vector<FeatureId> GalaxyComponentPanel::chosenFeatures() const
{
  std::vector<FeatureId> features;
  const bool all = m_extremes->selectedItems().isEmpty();
  for (int row = 0; row < m_extremes->rowCount(); ++row)
    if (all || m_extremes->item(row, 0)->isSelected())
      features.push_back(m_extremes->item(row, 2)->data(Qt::UserRole).toInt());
  std::ranges::sort(features);
  features.erase(std::unique(features.begin(), features.end()), features.end());
  return features;
}

void GalaxyComponentPanel::showComponent()
{
  const int current = m_study->current();
  const bool analysed =
      current >= 0 && m_study->entries()[static_cast<std::size_t>(current)].analysis != nullptr;
  m_look->setEnabled(analysed);
  m_number->setEnabled(analysed);
  if (analysed)
    m_number->setMaximum(static_cast<int>(
        m_study->entries()[static_cast<std::size_t>(current)].analysis->scores.rows()));
  const bool shown = analysed && entryOfReport() == current;
  m_follow->setEnabled(shown && m_study->entries().size() > 1);
  if (!shown) {
    m_extremes->setRowCount(0);
    m_correlations->setRowCount(0);
    m_text->setText(analysed ? tr("Look shows the features at both ends of a component of this "
                                  "layer, and what its scores go with.")
                             : tr("Analyse the layer first."));
    return;
  }
  const InspectedComponent& component = *m_study->component();
  const ComponentReport& report = component.report;
  m_text->setText(
      tr("%1, component %2: variance %3, %4 % of all. Chance: independent numbers correlate by "
         "less than this in 95 of 100 cases.")
          .arg(QString::fromStdString(component.source.name))
          .arg(report.component + 1)
          .arg(report.variance, 0, 'g', 4)
          .arg(100 * report.share, 0, 'f', 1));
  m_extremes->setRowCount(static_cast<int>(report.highest.size() + report.lowest.size()));
  int row = 0;
  const auto add = [&](const QString& end, const auto& features,
                       const std::vector<std::string>& labels) {
    for (std::size_t i = 0; i < features.size(); ++i) {
      const auto& [id, score] = features[i];
      setRow(*m_extremes, row,
             {end, QString::fromStdString(labels[i]), QString::number(id),
              QString::number(score, 'g', 4)},
             2);
      m_extremes->item(row++, 2)->setData(Qt::UserRole, id);
    }
  };
  add(tr("high"), report.highest, component.highestLabels);
  add(tr("low"), report.lowest, component.lowestLabels);
  m_correlations->setRowCount(static_cast<int>(report.correlations.size()));
  row = 0;
  for (const ComponentCorrelation& correlation : report.correlations)
    setRow(*m_correlations, row++,
           {QString::fromStdString(correlation.name), QString::number(correlation.pearson, 'f', 3),
            QString::number(correlation.spearman, 'f', 3),
            QString::number(1.96 / std::sqrt(static_cast<double>(correlation.features)), 'f', 3),
            QString::number(correlation.features)},
           1);
  for (QTableWidget* table : {m_extremes, m_correlations}) {
    table->resizeColumnsToContents();
    for (int column = 0; column < table->columnCount(); ++column)
      table->setColumnWidth(column, std::min(table->columnWidth(column), 260));
    table->horizontalHeader()->setStretchLastSection(true);
  }
}

}  // namespace orrery
