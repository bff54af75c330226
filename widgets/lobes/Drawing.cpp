#include "widgets/lobes/Drawing.h"

#include "core/base/Error.h"
#include "widgets/panels/Theme.h"
#include "widgets/vtk/Palette.h"

#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QMenu>
#include <QPdfWriter>
#include <QSvgGenerator>

#include <cmath>

namespace orrery {
namespace {

constexpr double unitsPerInch = 144.0;

double units(double mm)
{
  return mm / 25.4 * unitsPerInch;
}

QColor mixed(const QColor& a, const QColor& b, double share)
{
  const auto mix = [share](int x, int y) {
    return static_cast<int>(std::lround(x + (y - x) * share));
  };
  return {mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue())};
}

void paintFigure(QPainter& painter, const DrawingFigure& figure)
{
  const DrawingStyle style = DrawingStyle::ofPage(figure.fontPoints, figure.dpi);
  const QSizeF page(units(figure.widthMm), units(figure.heightMm));
  painter.fillRect(QRectF(QPointF(0, 0), page), style.background);
  double caption = 0;
  if (!figure.caption.isEmpty()) {
    painter.setFont(style.font);
    painter.setPen(style.foreground);
    const QRectF wanted =
        painter.boundingRect(QRectF(4, 0, page.width() - 8, 1e4), Qt::TextWordWrap, figure.caption);
    caption = std::min(wanted.height() + 6, 0.4 * page.height());
    painter.drawText(QRectF(4, page.height() - caption, page.width() - 8, caption),
                     Qt::TextWordWrap | Qt::AlignBottom, figure.caption);
  }
  painter.save();
  if (figure.drawing)
    figure.drawing(painter, {page.width(), page.height() - caption}, style);
  painter.restore();
}

}  // namespace

DrawingStyle DrawingStyle::ofScreen(const QPalette& palette, const QFont& font, double pixelRatio)
{
  DrawingStyle style;
  style.background = palette.color(QPalette::Base);
  style.foreground = palette.color(QPalette::Text);
  style.muted = mixed(style.background, style.foreground, 0.62);
  style.grid = mixed(style.background, style.foreground, 0.16);
  style.font = font;
  style.dark = isDark(palette);
  style.pixelRatio = pixelRatio;
  return style;
}

DrawingStyle DrawingStyle::ofPage(double fontPoints, double dpi)
{
  DrawingStyle style;
  style.background = Qt::white;
  style.foreground = Qt::black;
  style.muted = QColor(0x60, 0x60, 0x60);
  style.grid = QColor(0xDC, 0xDC, 0xDC);
  style.font = QGuiApplication::font();
  style.font.setPixelSize(
      std::max(1, static_cast<int>(std::lround(fontPoints * unitsPerInch / 72.0))));
  style.font.setHintingPreference(QFont::PreferNoHinting);
  style.pixelRatio = dpi / unitsPerInch;
  return style;
}

QColor DrawingStyle::category(int rank) const
{
  return categoryColor(rank, dark);
}

QByteArray drawingBytes(const DrawingFigure& figure, const std::string& ending)
{
  if (!(figure.widthMm > 0) || !(figure.heightMm > 0) || figure.widthMm > 5000 ||
      figure.heightMm > 5000 || !(figure.dpi >= 10) || figure.dpi > 4800)
    throw Error("a figure's sides must be above 0 and at most 5000 mm, its dpi 10 to 4800 (found " +
                std::to_string(figure.widthMm) + " x " + std::to_string(figure.heightMm) + " mm, " +
                std::to_string(figure.dpi) + " dpi)");
  QBuffer buffer;
  buffer.open(QIODevice::WriteOnly);
  QPainter painter;
  if (ending == ".pdf") {
    QPdfWriter writer(&buffer);
    writer.setTitle(figure.title);
    writer.setCreator(QStringLiteral("Orrery"));
    writer.setPageSize(QPageSize(QSizeF(figure.widthMm, figure.heightMm), QPageSize::Millimeter));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    writer.setResolution(static_cast<int>(unitsPerInch) * 10);
    painter.begin(&writer);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.scale(10, 10);
    paintFigure(painter, figure);
    painter.end();
  } else if (ending == ".svg") {
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setTitle(figure.title);
    generator.setDescription(figure.caption);
    generator.setResolution(static_cast<int>(unitsPerInch));
    const QSizeF size(units(figure.widthMm), units(figure.heightMm));
    generator.setSize(size.toSize());
    generator.setViewBox(QRectF(QPointF(0, 0), size));
    painter.begin(&generator);
    paintFigure(painter, figure);
    painter.end();
  } else if (ending == ".png") {
    const double scale = figure.dpi / unitsPerInch;
    const QSize size(static_cast<int>(std::lround(units(figure.widthMm) * scale)),
                     static_cast<int>(std::lround(units(figure.heightMm) * scale)));
    if (static_cast<double>(size.width()) * size.height() > 1e9)
      throw Error("the figure would have more than a gigapixel; lower its size or its dpi");
    QImage image(size.expandedTo({1, 1}), QImage::Format_ARGB32_Premultiplied);
    if (image.isNull())
      throw Error("there is not enough memory for this figure; lower its size or its dpi");
    image.setDotsPerMeterX(static_cast<int>(std::lround(figure.dpi / 0.0254)));
    image.setDotsPerMeterY(image.dotsPerMeterX());
    image.fill(Qt::white);
    painter.begin(&image);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    painter.scale(scale, scale);
    paintFigure(painter, figure);
    painter.end();
    image.setText(QStringLiteral("Description"), figure.caption);
    image.save(&buffer, "PNG");
  } else {
    throw Error("a figure is written as .pdf, .svg or .png, found '" + ending + "'");
  }
  return buffer.data();
}

void writeDrawing(const DrawingFigure& figure, const std::filesystem::path& path)
{
  checkFileWritable(path);
  const QByteArray bytes = drawingBytes(
      figure, QString::fromStdString(path.extension().string()).toLower().toStdString());
  writeFileAtomically(path, bytes.toStdString());
}

void drawElided(QPainter& painter, const QRectF& box, const QString& text, int flags)
{
  if (box.width() <= 0)
    return;
  const QFontMetricsF metrics(painter.font(), painter.device());
  painter.drawText(box, flags | Qt::TextSingleLine,
                   metrics.elidedText(text, Qt::ElideRight, box.width()));
}

// View --------------------------------------------------------------------------------------------

DrawingView::DrawingView(const QString& name, QWidget* parent) : QWidget(parent)
{
  setAccessibleName(name);
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
}

void DrawingView::setDrawing(Drawing drawing)
{
  m_drawing = std::move(drawing);
  update();
}

void DrawingView::setEmptyText(const QString& text)
{
  m_emptyText = text;
  update();
}

void DrawingView::setSummary(const QString& summary)
{
  m_summary = summary;
  setAccessibleDescription(summary);
}

DrawingStyle DrawingView::drawingStyle() const
{
  return DrawingStyle::ofScreen(palette(), font(), devicePixelRatioF());
}

DrawingFigure DrawingView::figure() const
{
  DrawingFigure figure;
  figure.drawing = m_drawing;
  figure.heightMm = figure.widthMm * height() / std::max(1, width());
  figure.title = accessibleName();
  figure.caption = m_summary;
  return figure;
}

void DrawingView::paintEvent(QPaintEvent*)
{
  QPainter painter(this);
  painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
  const DrawingStyle style = drawingStyle();
  painter.fillRect(rect(), style.background);
  painter.setFont(style.font);
  if (m_drawing) {
    m_drawing(painter, size(), style);
  } else {
    painter.setPen(style.muted);
    painter.drawText(rect().adjusted(24, 12, -24, -12), Qt::AlignCenter | Qt::TextWordWrap,
                     m_emptyText);
  }
}

void DrawingView::contextMenuEvent(QContextMenuEvent* event)
{
  if (!m_drawing)
    return;
  QMenu menu(this);
  menu.addAction(tr("Save figure…"), this, &DrawingView::saveFigure);
  menu.addAction(tr("Copy picture"), this, &DrawingView::copyPicture);
  if (m_table)
    menu.addAction(tr("Save the numbers…"), this, &DrawingView::saveTable);
  menu.exec(event->globalPos());
}

void DrawingView::saveFigure()
{
  const QString file =
      QFileDialog::getSaveFileName(this, tr("Save figure"), m_fileStem + QStringLiteral(".pdf"),
                                   tr("PDF (*.pdf);;SVG (*.svg);;PNG (*.png)"));
  if (file.isEmpty())
    return;
  try {
    writeDrawing(figure(), std::filesystem::path(file.toStdString()));
    emit saved(tr("The figure is saved in %1.").arg(QFileInfo(file).fileName()));
  } catch (const Error& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

void DrawingView::saveTable()
{
  if (!m_table)
    return;
  const QString file = QFileDialog::getSaveFileName(
      this, tr("Save the numbers"), m_fileStem + QStringLiteral(".csv"),
      tr("CSV (*.csv);;TSV (*.tsv);;NumPy (*.npz);;HDF5 (*.h5);;JSON (*.json)"));
  if (file.isEmpty())
    return;
  try {
    writeResult(std::filesystem::path(file.toStdString()), *m_table);
    emit saved(tr("The numbers are saved in %1.").arg(QFileInfo(file).fileName()));
  } catch (const Error& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

void DrawingView::copyPicture()
{
  QApplication::clipboard()->setPixmap(grab());
}

}  // namespace orrery
