#include "app/LayoutDialog.h"

#include "app/parts/ViewPart.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace orrery {

LayoutDialog::LayoutDialog(ViewPart* part, QWidget* parent)
    : QDialog(parent),
      m_part(part),
      m_list(new QListWidget(this)),
      m_apply(new QPushButton(tr("&Show"), this)),
      m_delete(new QPushButton(tr("&Delete"), this))
{
  setWindowTitle(tr("Saved layouts"));
  setAccessibleName(tr("Saved layouts"));
  m_list->setAccessibleName(tr("Saved layouts"));
  m_list->setEditTriggers(QAbstractItemView::EditKeyPressed | QAbstractItemView::DoubleClicked);
  auto* text = new QLabel(tr("Which views and panels are shown, and where. F2 or a double click "
                             "renames. “Save layout…” in the View menu keeps the present one."),
                          this);
  text->setTextFormat(Qt::PlainText);
  text->setWordWrap(true);
  auto* close = new QDialogButtonBox(QDialogButtonBox::Close, this);
  close->setAccessibleName(tr("End"));
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(m_apply);
  buttons->addWidget(m_delete);
  buttons->addStretch(1);
  buttons->addWidget(close);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(text);
  layout->addWidget(m_list, 1);
  layout->addLayout(buttons);
  resize(420, 320);
  connect(m_apply, &QPushButton::clicked, this, [this] { m_part->applyLayout(chosen()); });
  connect(m_delete, &QPushButton::clicked, this, [this] { m_part->removeLayout(chosen()); });
  connect(close, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(m_list, &QListWidget::currentRowChanged, this, [this](int row) {
    m_apply->setEnabled(row >= 0);
    m_delete->setEnabled(row >= 0);
  });
  connect(m_list, &QListWidget::itemChanged, this, [this](QListWidgetItem* item) {
    m_part->renameLayout(item->data(Qt::UserRole).toString(), item->text());
    // After the editor has closed, whether the name could be had or not.
    QMetaObject::invokeMethod(this, &LayoutDialog::showLayouts, Qt::QueuedConnection);
  });
  connect(part, &ViewPart::layoutsChanged, this, &LayoutDialog::showLayouts, Qt::QueuedConnection);
  showLayouts();
}

QString LayoutDialog::chosen() const
{
  const QListWidgetItem* item = m_list->currentItem();
  return item ? item->data(Qt::UserRole).toString() : QString();
}

void LayoutDialog::showLayouts()
{
  const QSignalBlocker quiet(m_list);
  const int row = m_list->currentRow();
  m_list->clear();
  const QStringList names = m_part->layouts();
  for (const QString& name : names) {
    auto* item = new QListWidgetItem(name, m_list);
    item->setData(Qt::UserRole, name);
    item->setFlags(item->flags() | Qt::ItemIsEditable);
  }
  m_list->setCurrentRow(
      std::clamp(row, names.isEmpty() ? -1 : 0, static_cast<int>(names.size()) - 1));
  m_apply->setEnabled(m_list->currentRow() >= 0);
  m_delete->setEnabled(m_list->currentRow() >= 0);
}

}  // namespace orrery
