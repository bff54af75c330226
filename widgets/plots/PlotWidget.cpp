#include "widgets/plots/PlotWidget.h"

#include "core/base/Error.h"

#include <qcustomplot.h>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QMenu>
#include <QVBoxLayout>

#include <utility>

namespace orrery {

PlotWidget::PlotWidget(const QString& name, QWidget* parent)
    : QWidget(parent), m_plot(new QCustomPlot(this)), m_fileStem(QStringLiteral("plot"))
{
  setAccessibleName(name);
  m_plot->setAccessibleName(name);
  m_plot->setContextMenuPolicy(Qt::NoContextMenu);  // its mouse events come here
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_plot);
  refresh();
}

PlotWidget::~PlotWidget() = default;

void PlotWidget::setDrawing(PlotDrawing drawing)
{
  m_drawing = std::move(drawing);
  refresh();
}

void PlotWidget::setSummary(const QString& summary)
{
  m_summary = summary;
  setAccessibleDescription(summary);
  m_plot->setAccessibleDescription(summary);
}

void PlotWidget::setTable(std::optional<ResultTable> table)
{
  m_table = std::move(table);
}

PlotStyle PlotWidget::plotStyle() const
{
  return PlotStyle::ofScreen(palette(), font());
}

void PlotWidget::refresh()
{
  composePlot(*m_plot, plotStyle(), m_drawing);
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

PlotFigure PlotWidget::figure() const
{
  PlotFigure figure;
  figure.drawing = m_drawing;
  figure.title = accessibleName();
  figure.caption = m_summary;
  figure.widthMm = 114.0;
  figure.heightMm = 80.0;
  return figure;
}

void PlotWidget::saveFigure()
{
  const QString path =
      QFileDialog::getSaveFileName(this, tr("Save the plot"), m_fileStem + QStringLiteral(".pdf"),
                                   tr("Vector figures (*.pdf *.svg);;Pictures (*.png)"));
  if (path.isEmpty())
    return;
  try {
    writePlotFigure(figure(), path.toStdString());
    emit saved(tr("The plot was saved as %1.").arg(path));
  } catch (const Error& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

void PlotWidget::saveTable()
{
  if (!m_table)
    return;
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Save the numbers"), m_fileStem + QStringLiteral(".csv"),
      tr("Tables (*.csv *.tsv);;Arrays (*.npz *.h5 *.json)"));
  if (path.isEmpty())
    return;
  try {
    writeResult(path.toStdString(), *m_table);
    emit saved(tr("The numbers were saved as %1.").arg(path));
  } catch (const Error& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

void PlotWidget::copyPicture()
{
  QApplication::clipboard()->setPixmap(m_plot->toPixmap(0, 0, devicePixelRatioF()));
}

void PlotWidget::changeEvent(QEvent* event)
{
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange ||
      event->type() == QEvent::StyleChange)
    refresh();
}

void PlotWidget::contextMenuEvent(QContextMenuEvent* event)
{
  QMenu menu(this);
  menu.addAction(tr("Save the plot…"), this, &PlotWidget::saveFigure);
  QAction* numbers = menu.addAction(tr("Save the numbers…"), this, &PlotWidget::saveTable);
  numbers->setEnabled(m_table.has_value());
  menu.addAction(tr("Copy the picture"), this, &PlotWidget::copyPicture);
  menu.exec(event->globalPos());
}

}  // namespace orrery
