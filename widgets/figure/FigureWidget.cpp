#include "widgets/figure/FigureWidget.h"

#include "core/base/Error.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>

namespace orrery {

FigureWidget::FigureWidget(const QString& name, QWidget* parent)
    : QWidget(parent), m_fileStem(QStringLiteral("figure"))
{
  setAccessibleName(name);
}

void FigureWidget::setSummary(const QString& summary)
{
  m_summary = summary;
  setAccessibleDescription(summary);
}

void FigureWidget::saveFigure()
{
  const QString file =
      QFileDialog::getSaveFileName(this, tr("Save figure"), m_fileStem + QStringLiteral(".pdf"),
                                   tr("PDF (*.pdf);;SVG (*.svg);;PNG (*.png)"));
  if (file.isEmpty())
    return;
  try {
    save(file.toStdString());
    emit saved(tr("The figure is saved in %1.").arg(QFileInfo(file).fileName()));
  } catch (const Error& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

void FigureWidget::saveTable()
{
  if (!m_table)
    return;
  const QString file = QFileDialog::getSaveFileName(
      this, tr("Save the numbers"), m_fileStem + QStringLiteral(".csv"),
      tr("CSV (*.csv);;TSV (*.tsv);;NumPy (*.npz);;HDF5 (*.h5);;JSON (*.json)"));
  if (file.isEmpty())
    return;
  try {
    writeResult(file.toStdString(), *m_table);
    emit saved(tr("The numbers are saved in %1.").arg(QFileInfo(file).fileName()));
  } catch (const Error& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

void FigureWidget::copyPicture()
{
  QApplication::clipboard()->setPixmap(screenPicture());
}

void FigureWidget::contextMenuEvent(QContextMenuEvent* event)
{
  if (isEmpty())
    return;
  QMenu menu(this);
  menu.addAction(tr("Save figure…"), this, &FigureWidget::saveFigure);
  menu.addAction(tr("Copy picture"), this, &FigureWidget::copyPicture);
  if (m_table)
    menu.addAction(tr("Save the numbers…"), this, &FigureWidget::saveTable);
  menu.exec(event->globalPos());
}

}  // namespace orrery
