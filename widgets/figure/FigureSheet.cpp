#include "widgets/figure/FigureSheet.h"

#include "core/base/Error.h"

#include <QPainter>

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
  page.background = sheet.background;
  page.metadata = sheet.metadata;
  return page;
}

/// Letters and headings; the painter's unit is a twentieth of a point.
void drawHeadings(QPainter& painter, const FigureSheet& sheet)
{
  const double strip = stripMm(sheet.fontPoints);
  const QFont plain = figurePage(pageOf(sheet)).font(sheet.fontPoints);
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

  writePage(figurePage(page), path, [&](QPainter& painter) {
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      painter.save();
      painter.translate(sheet.panels[i].xMm * unitsPerMm, sheet.panels[i].yMm * unitsPerMm);
      drawn[i]->paint(painter);
      painter.restore();
    }
    drawHeadings(painter, sheet);
  });
  progress.update(1, 1);
  return estimate;
}

}  // namespace orrery
