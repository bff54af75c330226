#include "widgets/views/GalaxyLayersTable.h"

#include <QHeaderView>

#include <cmath>
#include <limits>

namespace orrery {

GalaxyLayersTable::GalaxyLayersTable(GalaxyStudy* study, QWidget* parent)
    : QTableWidget(parent), m_study(study)
{
  setAccessibleName(tr("Layers: number, width and L0 can be edited"));
  setToolTip(tr("Double-click a layer number, a width or an L0 to correct it; empty: not known"));
  setColumnCount(Columns);
  setWordWrap(false);
  setHorizontalHeaderLabels(
      {tr("Dictionary"), tr("Layer"), tr("Width"), tr("L0"), tr("Size"), tr("State")});
  setSelectionBehavior(QAbstractItemView::SelectRows);
  verticalHeader()->setVisible(false);
  verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
  verticalHeader()->setAccessibleName(tr("Layer rows"));
  horizontalHeader()->setAccessibleName(tr("Layer columns"));
  connect(this, &QTableWidget::itemChanged, this, &GalaxyLayersTable::takeEdit);
  connect(this, &QTableWidget::cellClicked, this, [this](int row, int column) {
    if (column == Name || column == Size || column == State)
      m_study->setCurrent(row);
  });
}

void GalaxyLayersTable::showEntries()
{
  m_filling = true;
  const auto& entries = m_study->entries();
  const std::vector<int> compared = m_study->compared();
  setRowCount(static_cast<int>(entries.size()));
  for (int row = 0; row < rowCount(); ++row) {
    const GalaxyEntry& entry = entries[static_cast<std::size_t>(row)];
    const Origin& origin = entry.source.origin;
    const bool taken = std::find(compared.begin(), compared.end(), row) != compared.end();
    const QString cells[] = {
        QString::fromStdString(entry.source.name),
        origin.layer ? QString::number(*origin.layer) : QString(),
        origin.width ? QString::number(*origin.width) : QString(),
        origin.l0 ? QString::number(*origin.l0) : QString(),
        entry.source.features > 0
            ? tr("%1 × %2").arg(entry.source.features).arg(entry.source.dimensions)
            : tr("not read yet"),
        (entry.analysis ? tr("analysed") : tr("not analysed")) +
            (entry.layerId == 0 ? tr(", on disk") : tr(", open")) +
            (taken ? QString() : tr(", left out (L0)"))};
    for (int column = 0; column < Columns; ++column) {
      auto* cell = new QTableWidgetItem(cells[column]);
      const bool editable = column == LayerNumber || column == Width || column == L0;
      cell->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable |
                     (editable ? Qt::ItemIsEditable : Qt::NoItemFlags));
      if (editable || column == Size)
        cell->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
      if (row == m_study->current()) {
        QFont bold = font();
        bold.setBold(true);
        cell->setFont(bold);
      }
      setItem(row, column, cell);
    }
  }
  resizeColumnsToContents();
  horizontalHeader()->setStretchLastSection(true);
  m_filling = false;
}

void GalaxyLayersTable::takeEdit(QTableWidgetItem* cell)
{
  if (m_filling)
    return;
  const int row = cell->row();
  Origin origin = m_study->entries().at(static_cast<std::size_t>(row)).source.origin;
  const QString typed = cell->text().trimmed();
  bool isNumber = false;
  const double number = locale().toDouble(typed, &isNumber);
  const bool whole = isNumber && number == std::floor(number);
  bool fits = typed.isEmpty();
  if (cell->column() == LayerNumber) {
    fits = fits || (whole && number >= 0 && number <= 100000);
    origin.layer = typed.isEmpty() ? std::optional<int>() : static_cast<int>(number);
  } else if (cell->column() == Width) {
    fits = fits || (whole && number >= 1 && number <= 1e9);
    origin.width =
        typed.isEmpty() ? std::optional<std::int64_t>() : static_cast<std::int64_t>(number);
  } else {
    fits = fits || (isNumber && number > 0 && std::isfinite(number));
    origin.l0 = typed.isEmpty() ? std::optional<double>() : number;
  }
  if (fits) {
    // Sorting rebuilds this table: not from within its own signal.
    QMetaObject::invokeMethod(
        this, [this, row, origin] { m_study->setOrigin(row, origin); }, Qt::QueuedConnection);
    return;
  }
  emit messageRaised(
      {Message::Kind::Warning,
       tr("'%1' is no %2 (expected %3).")
           .arg(typed, horizontalHeaderItem(cell->column())->text().toLower(),
                cell->column() == L0 ? tr("a number above 0") : tr("a whole number")),
       {},
       {},
       false});
  QMetaObject::invokeMethod(
      this, [this] { showEntries(); }, Qt::QueuedConnection);
}

}  // namespace orrery
