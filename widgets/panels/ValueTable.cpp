#include "widgets/panels/ValueTable.h"

#include "widgets/panels/Theme.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace orrery {

ValueTable::ValueTable(const QString& name, const QString& stem, QWidget* parent)
    : QWidget(parent),
      m_model(new ValueTableModel(this)),
      m_filter(new ValueFilter(this)),
      m_table(new QTableView(this)),
      m_title(new QLabel(name, this)),
      m_save(new QToolButton(this)),
      m_stem(stem)
{
  setAccessibleName(name);
  m_filter->setSourceModel(m_model);
  m_table->setModel(m_filter);
  m_table->setAccessibleName(name);
  m_table->setSortingEnabled(true);
  m_table->sortByColumn(-1, Qt::AscendingOrder);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::SingleSelection);
  m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  m_table->setShowGrid(false);
  m_table->setAlternatingRowColors(true);
  m_table->setWordWrap(false);
  m_table->setTabKeyNavigation(false);
  m_table->verticalHeader()->setVisible(false);
  m_table->verticalHeader()->setAccessibleName(tr("Rows"));
  m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 5);
  m_table->horizontalHeader()->setAccessibleName(tr("Columns"));
  m_table->horizontalHeader()->setHighlightSections(false);
  m_title->setTextFormat(Qt::PlainText);
  m_title->setAccessibleName(tr("About the table"));
  m_title->setForegroundRole(QPalette::PlaceholderText);
  m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  m_save->setIcon(icon(QStringLiteral("save")));
  m_save->setAutoRaise(true);
  m_save->setAccessibleName(tr("Save: %1").arg(name));
  m_save->setToolTip(tr("Save the whole table as CSV, TSV, NPZ, HDF5 or JSON"));
  auto* line = new QHBoxLayout;
  line->addWidget(m_title, 1);
  line->addWidget(m_save);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(1);
  layout->addLayout(line);
  layout->addWidget(m_table, 1);
  const auto choose = [this](const QModelIndex& index) {
    if (index.isValid())
      emit rowChosen(m_filter->mapToSource(index).row());
  };
  connect(m_table, &QAbstractItemView::clicked, this, choose);
  connect(m_table, &QAbstractItemView::activated, this, choose);
  connect(m_save, &QToolButton::clicked, this,
          [this] { emit saveRequested(m_model->table(), m_stem); });
  setTable({}, {});
}

void ValueTable::setTable(std::vector<ValueColumn> columns, std::vector<std::vector<QVariant>> rows)
{
  // Widths are found anew for other columns, and when the first rows come.
  bool other =
      columns.size() != m_model->columns().size() || (m_model->rowCount() == 0 && !rows.empty());
  for (std::size_t i = 0; i < columns.size() && !other; ++i)
    other = columns[i].key != m_model->columns()[i].key;
  m_save->setEnabled(!rows.empty());
  m_model->setTable(std::move(columns), std::move(rows));
  if (!other)
    return;
  const int em = fontMetrics().averageCharWidth();
  // QTableView hides what its base shows.
  const QAbstractItemView* view = m_table;
  for (int column = 0; column < m_model->columnCount(); ++column) {
    const ValueColumn& shown = m_model->columns()[static_cast<std::size_t>(column)];
    const int head = fontMetrics().horizontalAdvance(shown.title) + 4 * em;
    const int content =
        shown.number ? 9 * em : std::min(view->sizeHintForColumn(column) + em, 34 * em);
    m_table->setColumnWidth(column, std::max(head, content));
  }
}

void ValueTable::setTitle(const QString& title)
{
  m_title->setText(title);
  m_title->setToolTip(title.toHtmlEscaped());
}

void ValueTable::setMultiple()
{
  m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
  connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
          &ValueTable::selectionChanged);
}

std::vector<int> ValueTable::selectedRows() const
{
  std::vector<int> rows;
  for (const QModelIndex& index : m_table->selectionModel()->selectedRows())
    rows.push_back(m_filter->mapToSource(index).row());
  std::sort(rows.begin(), rows.end());
  return rows;
}

int ValueTable::currentRow() const
{
  const QModelIndex index = m_table->currentIndex();
  return index.isValid() ? m_filter->mapToSource(index).row() : -1;
}

}  // namespace orrery
