#include "widgets/panels/FeaturePanel.h"

#include "core/document/CountText.h"
#include "widgets/models/FeatureList.h"
#include "widgets/panels/IconButton.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QScrollBar>
#include <QVBoxLayout>

#include <algorithm>

namespace orrery {
FeaturePanel::FeaturePanel(Document* document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_model(new FeatureTableModel(document, this)),
      m_link(new TableSelectionLink(m_model, document->selection(), this)),
      m_table(new QTableView(this)),
      m_search(new QLineEdit(this)),
      m_found(new QLabel(this)),
      m_rows(new QComboBox(this)),
      m_rowCount(new QLabel(this))
{
  setAccessibleName(tr("Features"));
  m_search->setPlaceholderText(tr("Search labels"));
  m_search->setAccessibleName(tr("Search labels"));
  m_search->setToolTip(
      tr("Words or, with the button beside, a regular expression. What matches is "
         "lit in the cloud and listed below; the rest turns grey (Ctrl+F)"));
  m_search->setClearButtonEnabled(true);
  m_search->addAction(icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  m_search->installEventFilter(this);
  m_matchCase = iconButton(QStringLiteral("case"), tr("Match case"),
                           tr("Distinguish capital and small letters"), this);
  m_regularExpression =
      iconButton(QStringLiteral("regex"), tr("Regular expression"),
                 tr("Take the text as a regular expression, such as ^un.*able$"), this);
  m_previous = iconButton(QStringLiteral("previous"), tr("Previous match"),
                          tr("Go to the match before (Shift+Enter)"), this);
  m_next = iconButton(QStringLiteral("next"), tr("Next match"), tr("Go to the next match (Enter)"),
                      this);
  m_matchCase->setCheckable(true);
  m_regularExpression->setCheckable(true);
  m_found->setTextFormat(Qt::PlainText);
  m_found->setWordWrap(true);
  m_found->setAccessibleName(tr("Matches found"));
  m_rows->addItem(tr("All features"), QVariant::fromValue(FeatureTableModel::Rows::All));
  m_rows->addItem(tr("Matches"), QVariant::fromValue(FeatureTableModel::Rows::Matches));
  m_rows->addItem(tr("Selected"), QVariant::fromValue(FeatureTableModel::Rows::Selected));
  m_rows->setAccessibleName(tr("Which features are listed"));
  m_rows->setToolTip(tr("Which features the table lists"));
  m_rowCount->setTextFormat(Qt::PlainText);
  m_rowCount->setAccessibleName(tr("Number of rows"));
  m_rowCount->setForegroundRole(QPalette::PlaceholderText);

  m_table->setModel(m_model);
  QItemSelectionModel* unused = m_table->selectionModel();
  m_table->setSelectionModel(m_link);
  delete unused;
  m_table->setItemDelegate(new SelectedRowDelegate(m_model, document->selection(), m_table));
  m_table->setAccessibleName(tr("Features"));
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  m_table->setShowGrid(false);
  m_table->setAlternatingRowColors(true);
  m_table->setWordWrap(false);
  m_table->setTextElideMode(Qt::ElideRight);
  m_table->setMouseTracking(true);
  m_table->setSortingEnabled(true);
  m_table->sortByColumn(0, Qt::AscendingOrder);
  m_table->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  m_table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  m_table->verticalHeader()->setVisible(false);
  m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
  m_table->horizontalHeader()->setAccessibleName(tr("Columns"));
  m_table->verticalHeader()->setAccessibleName(tr("Rows"));
  m_table->horizontalHeader()->setHighlightSections(false);
  m_table->setTabKeyNavigation(false);

  auto* copy =
      iconButton(QStringLiteral("copy"), tr("Copy the list"),
                 tr("Copy the listed features, with ids, labels and columns, as text"), this);
  auto* save = iconButton(QStringLiteral("save"), tr("Save the list"),
                          tr("Save the listed features as CSV, TSV, NPZ, HDF5 or JSON"), this);

  auto* searchLine = new QHBoxLayout;
  searchLine->setSpacing(1);
  searchLine->addWidget(m_search, 1);
  for (QToolButton* button : {m_matchCase, m_regularExpression, m_previous, m_next})
    searchLine->addWidget(button);
  auto* rowLine = new QHBoxLayout;
  rowLine->addWidget(m_rows);
  rowLine->addWidget(m_rowCount, 1);
  rowLine->addWidget(copy);
  rowLine->addWidget(save);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(6, 6, 6, 6);
  layout->setSpacing(4);
  layout->addLayout(searchLine);
  layout->addWidget(m_found);
  layout->addLayout(rowLine);
  layout->addWidget(m_table, 1);

  m_typing.setSingleShot(true);
  m_typing.setInterval(150);
  connect(m_search, &QLineEdit::textEdited, &m_typing, qOverload<>(&QTimer::start));
  connect(m_search, &QLineEdit::textChanged, this, [this](const QString& text) {
    if (text.isEmpty())
      m_typing.start();  // the clear button edits nothing
  });
  connect(&m_typing, &QTimer::timeout, this, &FeaturePanel::startSearch);
  connect(m_matchCase, &QToolButton::toggled, this, &FeaturePanel::startSearch);
  connect(m_regularExpression, &QToolButton::toggled, this, &FeaturePanel::startSearch);
  connect(m_previous, &QToolButton::clicked, this, [this] { goToMatch(-1); });
  connect(m_next, &QToolButton::clicked, this, [this] { goToMatch(1); });
  connect(m_rows, &QComboBox::currentIndexChanged, this,
          [this] { m_model->setRows(m_rows->currentData().value<FeatureTableModel::Rows>()); });
  connect(m_link, &TableSelectionLink::rowWanted, this, [this](int row) {
    m_table->scrollTo(m_model->index(row, std::max(0, m_table->currentIndex().column())));
  });
  connect(m_model, &FeatureTableModel::orderChanged, this, &FeaturePanel::showRowCount);
  connect(m_model, &QAbstractItemModel::modelReset, this, &FeaturePanel::fitColumns);
  connect(m_model, &QAbstractItemModel::modelAboutToBeReset, this, &FeaturePanel::keepPlace);
  connect(m_model, &FeatureTableModel::orderChanged, this, &FeaturePanel::restorePlace);
  connect(m_table, &QAbstractItemView::entered, this, [this](const QModelIndex& index) {
    m_document->selection()->setHovered(m_model->feature(index.row()));
  });
  m_table->viewport()->installEventFilter(this);
  connect(document, &Document::searchChanged, this, &FeaturePanel::showSearch);
  connect(copy, &QToolButton::clicked, this, [this] {
    if (const auto dictionary = m_document->dictionary())
      QApplication::clipboard()->setText(clipboardText(featureTable(*dictionary, listed())));
  });
  connect(save, &QToolButton::clicked, this, [this] { emit saveRequested(listed()); });
  showSearch();
  showRowCount();
}

void FeaturePanel::keepPlace()
{
  if (m_model->rowCount() == 0)
    return;
  const auto layer = m_document->layer();
  m_stood = {layer ? layer->id : 0, m_model->rowCount(), m_table->verticalScrollBar()->value()};
}

/// The same rows of the same layer: a new column does not send the reader back to the top.
void FeaturePanel::restorePlace()
{
  const auto layer = m_document->layer();
  if (!layer || layer->id != m_stood.layer || m_model->rowCount() != m_stood.rows)
    return;
  QTimer::singleShot(0, this, [this, place = m_stood.place] {
    if (m_table->currentIndex().row() < 0)
      m_table->verticalScrollBar()->setValue(place);
  });
}

void FeaturePanel::focusSearch()
{
  m_search->setFocus(Qt::ShortcutFocusReason);
  m_search->selectAll();
}

bool FeaturePanel::eventFilter(QObject* watched, QEvent* event)
{
  if (watched == m_table->viewport() && event->type() == QEvent::Leave)
    m_document->selection()->setHovered(noFeature);
  if (watched == m_search && event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
      if (m_typing.isActive()) {
        m_typing.stop();
        startSearch();
      } else {
        goToMatch(key->modifiers() & Qt::ShiftModifier ? -1 : 1);
      }
      return true;
    }
    if (key->key() == Qt::Key_Escape && !m_search->text().isEmpty()) {
      m_search->clear();
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void FeaturePanel::startSearch()
{
  m_typing.stop();
  m_document->setSearch(
      {m_search->text().toStdString(), m_regularExpression->isChecked(), m_matchCase->isChecked()});
}

void FeaturePanel::showSearch()
{
  const SearchText& search = m_document->searchText();
  const QString text = QString::fromStdString(search.text);
  if (m_search->text() != text && !m_typing.isActive()) {
    const QSignalBlocker quiet(m_search);  // undo and redo write here too
    m_search->setText(text);
    m_matchCase->blockSignals(true);
    m_regularExpression->blockSignals(true);
    m_matchCase->setChecked(search.matchCase);
    m_regularExpression->setChecked(search.regularExpression);
    m_matchCase->blockSignals(false);
    m_regularExpression->blockSignals(false);
  }
  const bool searching = !search.text.empty();
  const auto count = static_cast<std::int64_t>(m_document->matches().size());
  m_previous->setEnabled(count > 0);
  m_next->setEnabled(count > 0);
  m_found->setVisible(searching);
  if (!m_document->searchProblem().isEmpty())
    m_found->setText(m_document->searchProblem());
  else if (count == 0)
    m_found->setText(tr("No label matches."));
  else
    m_found->setText((count == 1 ? tr("%1 of %2 matches, the rest is grey")
                                 : tr("%1 of %2 match, the rest is grey"))
                         .arg(displayCount(count), displayCount(m_document->features())));
  // The list follows the search, both ways; a choice of the user's own in between is kept.
  const auto matches = static_cast<int>(FeatureTableModel::Rows::Matches);
  const auto all = static_cast<int>(FeatureTableModel::Rows::All);
  if (searching && m_rows->currentIndex() == all)
    m_rows->setCurrentIndex(matches);
  else if (!searching && m_rows->currentIndex() == matches)
    m_rows->setCurrentIndex(all);
}

void FeaturePanel::goToMatch(int step)
{
  const auto& matches = m_document->matches();
  if (matches.empty())
    return;
  // In the table's order where it lists the matches, else by id.
  std::vector<FeatureId> order =
      m_model->rows() == FeatureTableModel::Rows::Matches ? m_model->order() : matches;
  if (order.empty())
    return;
  const auto current = std::find(order.begin(), order.end(), m_document->selection()->current());
  // First what is called exactly so, then what only holds it.
  const auto dictionary = m_document->dictionary();
  if (current == order.end() && step > 0 && dictionary) {
    const std::string& text = m_document->searchText().text;
    const auto exact = std::find_if(order.begin(), order.end(), [&](FeatureId feature) {
      const auto at = static_cast<std::size_t>(feature);
      return at < dictionary->labels.size() && dictionary->labels[at] == text;
    });
    if (exact != order.end()) {
      m_document->selection()->setFeatures({*exact}, *exact);
      return;
    }
  }
  const auto count = static_cast<std::ptrdiff_t>(order.size());
  const std::ptrdiff_t place = current != order.end() ? current - order.begin() + step
                               : step > 0             ? 0
                                                      : -1;
  const FeatureId feature = order[static_cast<std::size_t>((place + count) % count)];
  m_document->selection()->setFeatures({feature}, feature);
}

void FeaturePanel::showRowCount()
{
  m_rowCount->setText(m_model->isSorting() ? tr("sorting…")
                                           : countText(m_model->rowCount(), tr("row"), tr("rows")));
}

void FeaturePanel::fitColumns()
{
  // From what the columns can hold, not from their cells: never a walk over a million rows.
  const int letter = fontMetrics().averageCharWidth();
  for (int section = 0; section < m_model->columnCount(); ++section) {
    const int wanted = section == FeatureSort::byLabel ? 24 : section == FeatureSort::byId ? 9 : 12;
    const auto title = m_model->headerData(section, Qt::Horizontal, Qt::DisplayRole).toString();
    const int width =
        std::max(wanted * letter, fontMetrics().horizontalAdvance(title) + 5 * letter);
    if (m_table->columnWidth(section) == m_table->horizontalHeader()->defaultSectionSize())
      m_table->setColumnWidth(section, width);
  }
}

}  // namespace orrery
