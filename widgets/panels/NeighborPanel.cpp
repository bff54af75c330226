#include "widgets/panels/NeighborPanel.h"

#include "widgets/models/FeatureList.h"
#include "widgets/panels/IconButton.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QVBoxLayout>

namespace orrery {

NeighborPanel::NeighborPanel(Document* document, const QString& name, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_model(new NeighborTableModel(this)),
      m_table(new QTableView(this)),
      m_note(new QLabel(this))
{
  setAccessibleName(name);
  m_table->setModel(m_model);
  m_table->setItemDelegateForColumn(NeighborTableModel::Value, new ShareBarDelegate(m_table));
  m_table->setAccessibleName(name);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::SingleSelection);
  m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  m_table->setShowGrid(false);
  m_table->setMouseTracking(true);
  m_table->setWordWrap(false);
  m_table->setTabKeyNavigation(false);
  m_table->verticalHeader()->setVisible(false);
  m_table->verticalHeader()->setAccessibleName(tr("Rows"));
  m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
  auto* header = m_table->horizontalHeader();
  header->setAccessibleName(tr("Columns"));
  header->setHighlightSections(false);
  header->setMinimumSectionSize(24);
  header->setSectionResizeMode(NeighborTableModel::Rank, QHeaderView::Fixed);
  header->setSectionResizeMode(NeighborTableModel::Label, QHeaderView::Stretch);
  header->setSectionResizeMode(NeighborTableModel::Value, QHeaderView::Fixed);
  m_table->setColumnWidth(NeighborTableModel::Rank, fontMetrics().averageCharWidth() * 5);
  m_table->setColumnWidth(NeighborTableModel::Value, fontMetrics().averageCharWidth() * 14);
  m_note->setTextFormat(Qt::PlainText);
  m_note->setWordWrap(true);
  m_note->setAccessibleName(tr("About the list"));
  m_note->setForegroundRole(QPalette::PlaceholderText);

  m_selectAll = iconButton(QStringLiteral("select-all"), tr("Select the whole list"),
                           tr("Select all features of this list"), this);
  m_copy = iconButton(QStringLiteral("copy"), tr("Copy the list"),
                      tr("Copy ranks, ids, labels and values as text"), this);
  m_save = iconButton(QStringLiteral("save"), tr("Save the list"),
                      tr("Save this list as CSV, TSV, NPZ, HDF5 or JSON"), this);

  auto* line = new QHBoxLayout;
  line->setSpacing(1);
  line->addWidget(m_note, 1);
  line->addWidget(m_selectAll, 0, Qt::AlignTop);
  line->addWidget(m_copy, 0, Qt::AlignTop);
  line->addWidget(m_save, 0, Qt::AlignTop);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(3);
  layout->addLayout(line);
  layout->addWidget(m_table, 1);

  m_table->viewport()->installEventFilter(this);
  connect(m_table, &QAbstractItemView::entered, this, [this](const QModelIndex& index) {
    m_document->selection()->setHovered(m_model->feature(index.row()));
  });
  connect(m_table, &QAbstractItemView::clicked, this, &NeighborPanel::go);
  connect(m_table, &QAbstractItemView::activated, this, &NeighborPanel::go);
  connect(m_selectAll, &QToolButton::clicked, this, [this] {
    std::vector<FeatureId> features;
    for (const Neighbor& neighbor : m_model->list().neighbors)
      features.push_back(neighbor.feature);
    // The feature asked about stays, and stays the one inspected.
    const FeatureId asked = m_model->list().feature;
    if (asked != noFeature)
      features.push_back(asked);
    m_document->selection()->setFeatures(std::move(features), asked);
  });
  connect(m_copy, &QToolButton::clicked, this, [this] {
    if (const auto dictionary = m_document->dictionary())
      QApplication::clipboard()->setText(
          clipboardText(neighborTable(*dictionary, m_model->list())));
  });
  connect(m_save, &QToolButton::clicked, this, [this] { emit saveRequested(m_model->list()); });
  setList({}, {});
}

void NeighborPanel::setList(const NeighborList& list, const QString& note)
{
  m_model->setList(m_document->dictionary(), list);
  m_note->setText(note);
  for (QToolButton* button : {m_selectAll, m_copy, m_save})
    button->setEnabled(!list.neighbors.empty());
}

void NeighborPanel::go(const QModelIndex& index)
{
  const FeatureId feature = m_model->feature(index.row());
  if (feature != noFeature)
    m_document->selection()->setFeatures({feature}, feature);
}

bool NeighborPanel::eventFilter(QObject* watched, QEvent* event)
{
  if (event->type() == QEvent::Leave)
    m_document->selection()->setHovered(noFeature);
  return QWidget::eventFilter(watched, event);
}

}  // namespace orrery
