#include "widgets/figure/FigureSheet.h"

#include "core/base/Error.h"
#include "core/io/ResultFile.h"

#include <QBuffer>
#include <QGuiApplication>
#include <QImageWriter>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr double mmPerInch = 25.4;
constexpr double pointsPerInch = 72.0;
constexpr double unitsPerPoint = 20.0;  ///< As FigureRenderer::paint's.
constexpr double unitsPerMm = pointsPerInch / mmPerInch * unitsPerPoint;

/// Height of the strip above a panel.
double stripMm(double fontPoints)
{
  return fontPoints / pointsPerInch * mmPerInch * 1.6;
}

/// Page and size, as checkFigure knows them.
FigureRequest pageOf(const FigureSheet& sheet)
{
  FigureRequest page;
  page.widthMm = sheet.widthMm;
  page.heightMm = sheet.heightMm;
  page.dpi = sheet.dpi;
  return page;
}

/// Letters and headings; the painter's unit is a twentieth of a point.
void drawHeadings(QPainter& painter, const FigureSheet& sheet)
{
  const double strip = stripMm(sheet.fontPoints);
  QFont plain = QGuiApplication::font();
  plain.setPixelSize(std::max(1, static_cast<int>(std::lround(sheet.fontPoints * unitsPerPoint))));
  plain.setHintingPreference(QFont::PreferNoHinting);
  QFont bold = plain;
  bold.setBold(true);
  painter.setPen(figureForeground(sheet.background));
  for (std::size_t i = 0; i < sheet.panels.size(); ++i) {
    const FigurePanel& panel = sheet.panels[i];
    QRectF box(panel.xMm * unitsPerMm, (panel.yMm - strip) * unitsPerMm,
               panel.request.widthMm * unitsPerMm, strip * unitsPerMm);
    if (sheet.letters) {
      const QString letter = QStringLiteral("(%1)").arg(QChar(u'a' + static_cast<int>(i % 26)));
      painter.setFont(bold);
      painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, letter);
      box.setLeft(box.left() + QFontMetricsF(bold).horizontalAdvance(letter) +
                  0.4 * sheet.fontPoints * unitsPerPoint);
    }
    if (panel.heading.isEmpty())
      continue;
    painter.setFont(plain);
    painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                     QFontMetricsF(plain).elidedText(panel.heading, Qt::ElideRight, box.width()));
  }
}

}  // namespace

FigureSheet gridSheet(std::vector<FigureRequest> panels, const std::vector<QString>& headings,
                      int columns, double widthMm, double heightMm, double gapMm, bool letters,
                      double fontPoints)
{
  FigureSheet sheet;
  sheet.widthMm = widthMm;
  sheet.heightMm = heightMm;
  sheet.letters = letters;
  sheet.fontPoints = fontPoints;
  const int count = static_cast<int>(panels.size());
  columns = std::clamp(columns, 1, std::max(1, count));
  const int rows = (count + columns - 1) / columns;
  const bool headed = letters || std::any_of(headings.begin(), headings.end(),
                                             [](const QString& h) { return !h.isEmpty(); });
  const double strip = headed ? stripMm(fontPoints) : 0.0;
  const double width = (widthMm - gapMm * (columns - 1)) / columns;
  const double height = (heightMm - gapMm * (rows - 1)) / std::max(1, rows) - strip;
  if (!(width >= 5.0) || !(height >= 5.0))
    throw Error("There is no room for " + std::to_string(count) + " panels on " +
                QString::number(widthMm).toStdString() + " × " +
                QString::number(heightMm).toStdString() + " mm: each would be " +
                QString::number(width, 'f', 1).toStdString() + " × " +
                QString::number(height, 'f', 1).toStdString() + " mm (at least 5 × 5).");
  for (int i = 0; i < count; ++i) {
    FigurePanel panel;
    panel.request = std::move(panels[static_cast<std::size_t>(i)]);
    panel.request.widthMm = width;
    panel.request.heightMm = height;
    panel.xMm = (i % columns) * (width + gapMm);
    panel.yMm = (i / columns) * (height + strip + gapMm) + strip;
    if (static_cast<std::size_t>(i) < headings.size())
      panel.heading = headings[static_cast<std::size_t>(i)];
    sheet.panels.push_back(std::move(panel));
  }
  return sheet;
}

FigureEstimate writeSheet(const FigureSheet& sheet, const std::filesystem::path& path,
                          const Progress& progress)
{
  const FigureRequest page = pageOf(sheet);
  checkFigure(page, path);
  const FigureEstimate estimate = estimateFigure(page);
  std::vector<std::unique_ptr<FigureRenderer>> drawn;
  const auto count = static_cast<double>(sheet.panels.size());
  for (const FigurePanel& panel : sheet.panels) {
    FigureRequest request = panel.request;
    request.dpi = sheet.dpi;
    request.background = sheet.background;
    drawn.push_back(std::make_unique<FigureRenderer>(std::move(request)));
    const auto at = static_cast<double>(drawn.size());
    const Progress stage = progress.stage("drawing", 0.9 * (at - 1) / count, 0.9 * at / count);
    while (drawn.back()->advance())
      stage.update(static_cast<std::int64_t>(1000 * drawn.back()->fraction()), 1000);
  }

  const std::string ending =
      QString::fromStdString(path.extension().string()).toLower().toStdString();
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  const auto paint = [&](QPainter& painter, double perUnit) {
    painter.scale(perUnit, perUnit);
    if (sheet.background != FigureBackground::Transparent && ending != ".png")
      painter.fillRect(QRectF(0, 0, sheet.widthMm * unitsPerMm, sheet.heightMm * unitsPerMm),
                       figureBackground(sheet.background));
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      painter.save();
      painter.translate(sheet.panels[i].xMm * unitsPerMm, sheet.panels[i].yMm * unitsPerMm);
      drawn[i]->paint(painter);
      painter.restore();
    }
    drawHeadings(painter, sheet);
  };
  const QSizeF points(sheet.widthMm / mmPerInch * pointsPerInch,
                      sheet.heightMm / mmPerInch * pointsPerInch);
  if (ending == ".png") {
    QImage picture(estimate.pixels, sheet.background == FigureBackground::Transparent
                                        ? QImage::Format_ARGB32_Premultiplied
                                        : QImage::Format_RGB32);
    if (picture.isNull())
      throw Error("There is not enough memory for a figure of this size.");
    picture.fill(sheet.background == FigureBackground::Transparent
                     ? QColor(Qt::transparent)
                     : figureBackground(sheet.background));
    picture.setDotsPerMeterX(static_cast<int>(std::lround(sheet.dpi / mmPerInch * 1000.0)));
    picture.setDotsPerMeterY(picture.dotsPerMeterX());
    for (const auto& [key, text] : sheet.metadata)
      picture.setText(key, text);
    QPainter painter(&picture);
    painter.setRenderHint(QPainter::Antialiasing);
    paint(painter, sheet.dpi / pointsPerInch / unitsPerPoint);
    painter.end();
    QImageWriter writer(&buffer, "png");
    writer.setCompression(70);
    if (!writer.write(picture))
      throw Error("The picture cannot be written as PNG: " + writer.errorString().toStdString());
  } else if (ending == ".svg") {
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(7200);
    const QSize size = (points * 100.0).toSize();
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    QPainter painter(&generator);
    paint(painter, 100.0 / unitsPerPoint);
  } else {
    QPdfWriter writer(&buffer);
    writer.setCreator(QStringLiteral("Orrery"));
    writer.setResolution(7200);
    writer.setPageSize(QPageSize(points, QPageSize::Point, {}, QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    QPainter painter(&writer);
    paint(painter, 100.0 / unitsPerPoint);
  }
  writeFileAtomically(path, bytes.toStdString());
  progress.update(1, 1);
  return estimate;
}

}  // namespace orrery
