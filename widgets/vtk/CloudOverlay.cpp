#include "widgets/vtk/CloudOverlay.h"

#include "widgets/vtk/CameraMotion.h"
#include "widgets/vtk/CrystalOverlay.h"

#include <QFontMetricsF>
#include <QLinearGradient>
#include <QPainter>
#include <QPainterPath>
#include <QPointF>
#include <QTextLayout>

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery {

namespace {

constexpr double lineSpacing = 1.18;

QColor withAlpha(QColor color, double alpha)
{
  color.setAlphaF(static_cast<float>(alpha));
  return color;
}

double emOf(const OverlayStyle& style)
{
  return QFontMetricsF(style.font).height();
}

QString entryText(const LegendEntry& entry, bool counts)
{
  return entry.count < 0 || !counts ? entry.text
                                    : QStringLiteral("%1 (%L2)").arg(entry.text).arg(entry.count);
}

/// Width that the entries want.
double entriesWidth(const LegendModel& legend, const OverlayStyle& style, bool counts)
{
  const QFontMetricsF metrics(style.font);
  double width = 0.0;
  for (const LegendEntry& entry : legend.entries)
    width = std::max(width, metrics.horizontalAdvance(entryText(entry, counts)));
  return legend.entries.empty() ? 0.0 : width + 1.1 * lineSpacing * metrics.height();
}

QString moreText(const LegendModel& legend)
{
  return QStringLiteral("and %L1 more").arg(legend.more);
}

/// The note in lines of @p width: it never makes a legend wide.
QStringList noteLines(const QString& note, const QFont& font, double width)
{
  const QFontMetricsF metrics(font);
  QStringList lines;
  for (const QString& word : note.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
    const QString longer = lines.isEmpty() ? word : lines.back() + QLatin1Char(' ') + word;
    if (lines.isEmpty())
      lines << word;
    else if (metrics.horizontalAdvance(longer) <= width)
      lines.back() = longer;
    else
      lines << word;
  }
  return lines;
}

constexpr double noteWidth = 11.0;  ///< Of a legend's note, in lines of text, unless it is wider.
constexpr double barLines = 7.0;    ///< Height of a colour bar, in lines of text.
constexpr double titleLines = 1.4;  ///< What a title takes.

/// @p area without its margin.
QRectF textArea(const QRectF& area, double em)
{
  return area.adjusted(0.6 * em, 0.6 * em, -0.6 * em, -0.6 * em);
}

}  // namespace

void drawHaloText(QPainter& painter, const QPointF& baseline, const QString& text,
                  const OverlayStyle& style)
{
  QPainterPath outline;
  outline.addText(baseline, style.font, text);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.strokePath(outline, QPen(withAlpha(style.background, 0.85), emOf(style) * 0.22,
                                   Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  painter.setFont(style.font);
  painter.setPen(style.foreground);
  painter.drawText(baseline, text);
  painter.restore();
}

std::vector<PlacedLabel> placeLabels(const std::vector<std::pair<FeatureId, QString>>& labels,
                                     const ScreenPoints& points, const QRectF& area,
                                     const std::vector<QRectF>& taken, double gap,
                                     const std::function<QSizeF(const QString&)>& measure)
{
  // A coarse grid of the boxes already there: each label meets only its neighbours.
  const double cell = std::max({1.0, area.width() / 24.0, area.height() / 24.0});
  const int columns = std::max(1, static_cast<int>(area.width() / cell) + 1);
  const int rows = std::max(1, static_cast<int>(area.height() / cell) + 1);
  std::vector<std::vector<QRectF>> grid(static_cast<std::size_t>(columns * rows));
  const auto cells = [&](const QRectF& box, auto visit) {
    const auto index = [cell](double value, int size) {
      return std::clamp(static_cast<int>(value / cell), 0, size - 1);
    };
    for (int row = index(box.top() - area.top(), rows);
         row <= index(box.bottom() - area.top(), rows); ++row)
      for (int column = index(box.left() - area.left(), columns);
           column <= index(box.right() - area.left(), columns); ++column)
        if (!visit(grid[static_cast<std::size_t>(row * columns + column)]))
          return false;
    return true;
  };
  const auto isFree = [&](const QRectF& box) {
    return area.contains(box) && cells(box, [&](const std::vector<QRectF>& boxes) {
             return std::none_of(boxes.begin(), boxes.end(),
                                 [&](const QRectF& other) { return other.intersects(box); });
           });
  };
  const auto take = [&](const QRectF& box) {
    cells(box, [&](std::vector<QRectF>& boxes) {
      boxes.push_back(box);
      return true;
    });
  };
  for (const QRectF& box : taken)
    take(box);

  std::vector<PlacedLabel> placed;
  for (const auto& [feature, text] : labels) {
    if (text.isEmpty() || !points.drawn(feature))
      continue;
    const auto at = static_cast<std::size_t>(feature);
    const QPointF point(points.x[at], points.y[at]);
    if (!area.contains(point))
      continue;
    const QSizeF size = measure(text);
    const double away = points.radius[at] + gap;
    const double w = size.width(), h = size.height();
    // Right of the point reads best, then left, above, below.
    const std::array<QPointF, 6> corners = {point + QPointF(away, -h / 2),
                                            point + QPointF(-away - w, -h / 2),
                                            point + QPointF(-w / 2, -away - h),
                                            point + QPointF(-w / 2, away),
                                            point + QPointF(away * 0.7, -away * 0.7 - h),
                                            point + QPointF(away * 0.7, away * 0.7)};
    for (const QPointF& corner : corners) {
      const QRectF box(corner, size);
      if (!isFree(box))
        continue;
      take(box);
      placed.push_back({feature, text, box});
      break;
    }
  }
  return placed;
}

void drawLabels(QPainter& painter, const std::vector<PlacedLabel>& labels,
                const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  for (const PlacedLabel& label : labels)
    drawHaloText(painter, QPointF(label.box.left(), label.box.top() + metrics.ascent()), label.text,
                 style);
}

QSizeF legendSize(const LegendModel& legend, const OverlayStyle& style, double maximumWidth)
{
  if (legend.isEmpty())
    return {};
  QFont bold = style.font;
  bold.setBold(true);
  const QFontMetricsF metrics(style.font);
  const double line = metrics.height() * lineSpacing;
  double width = QFontMetricsF(bold).horizontalAdvance(legend.title);
  double height = legend.title.isEmpty() ? 0.0 : line * 1.1;
  // Where there is little room, names without their counts say more than names cut short.
  const double padding = 0.5 * line;
  const double whole = entriesWidth(legend, style, true);
  width = std::max(
      width, whole + 2.0 * padding > maximumWidth ? entriesWidth(legend, style, false) : whole);
  height += line * static_cast<double>(legend.entries.size());
  if (legend.more > 0) {
    width = std::max(width, line * 1.1 + metrics.horizontalAdvance(moreText(legend)));
    height += line;
  }
  if (!legend.bar.colors.empty()) {
    for (const auto& [place, text] : legend.bar.ticks)
      width = std::max(width, line * 1.5 + metrics.horizontalAdvance(text));
    height += line * (barLines + 0.8);
  }
  width = std::max(width,
                   std::min(metrics.horizontalAdvance(legend.note), noteWidth * metrics.height()));
  width = std::min(width + 2.2 * padding, maximumWidth);
  height +=
      line * static_cast<double>(noteLines(legend.note, style.font, width - 2.0 * padding).size());
  return {width, height + 1.6 * padding};
}

void drawLegend(QPainter& painter, const LegendModel& legend, const QRectF& box,
                const OverlayStyle& style)
{
  if (legend.isEmpty() || box.isEmpty())
    return;
  const QFontMetricsF metrics(style.font);
  const double line = metrics.height() * lineSpacing;
  const double padding = 0.5 * line;
  const QRectF inside = box.adjusted(padding, padding * 0.8, -padding, -padding * 0.8);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(withAlpha(style.foreground, 0.18), style.lineWidth));
  painter.setBrush(withAlpha(style.background, 0.88));
  if (style.legendFrame)
    painter.drawRoundedRect(box, padding * 0.5, padding * 0.5);

  double y = inside.top();
  const auto write = [&](double x, const QString& text, const QFont& font) {
    painter.setFont(font);
    painter.setPen(style.foreground);
    painter.drawText(QPointF(x, y + (line - metrics.height()) / 2.0 + metrics.ascent()),
                     QFontMetricsF(font).elidedText(text, Qt::ElideRight, inside.right() - x));
  };
  if (!legend.title.isEmpty()) {
    QFont bold = style.font;
    bold.setBold(true);
    write(inside.left(), legend.title, bold);
    y += line * 1.1;
  }
  const bool counts = entriesWidth(legend, style, true) <= inside.width() + 0.5;
  for (const LegendEntry& entry : legend.entries) {
    const double radius = metrics.height() * 0.29;
    painter.setPen(QPen(entry.color.darker(125), style.lineWidth));
    painter.setBrush(entry.color);
    painter.drawEllipse(QPointF(inside.left() + radius + style.lineWidth, y + line / 2.0), radius,
                        radius);
    write(inside.left() + line * 1.1, entryText(entry, counts), style.font);
    y += line;
  }
  if (legend.more > 0) {
    QFont italic = style.font;
    italic.setItalic(true);
    write(inside.left() + line * 1.1, moreText(legend), italic);
    y += line;
  }
  if (!legend.bar.colors.empty()) {
    const QRectF bar(inside.left(), y + line * 0.4, line * 0.8, line * barLines);
    QLinearGradient gradient(bar.bottomLeft(), bar.topLeft());
    const auto last = static_cast<double>(std::max<std::size_t>(1, legend.bar.colors.size() - 1));
    for (std::size_t i = 0; i < legend.bar.colors.size(); ++i)
      gradient.setColorAt(static_cast<double>(i) / last, legend.bar.colors[i]);
    painter.setPen(QPen(withAlpha(style.foreground, 0.35), style.lineWidth));
    painter.setBrush(gradient);
    painter.drawRect(bar);
    painter.setFont(style.font);
    painter.setPen(QPen(style.foreground, style.lineWidth));
    for (const auto& [place, text] : legend.bar.ticks) {
      const double at = bar.bottom() - place * bar.height();
      painter.drawLine(QPointF(bar.right(), at), QPointF(bar.right() + line * 0.2, at));
      painter.drawText(
          QPointF(bar.right() + line * 0.35, at + (metrics.ascent() - metrics.descent()) / 2.0),
          text);
    }
    y += line * (barLines + 0.8);
  }
  for (const QString& said : noteLines(legend.note, style.font, inside.width())) {
    write(inside.left(), said, style.font);
    y += line;
  }
  painter.restore();
}

void drawOrientation(QPainter& painter, const Camera& camera, const QPointF& center, double length,
                     const QStringList& names, const QRectF& area, const OverlayStyle& style)
{
  // Okabe–Ito's vermilion, green and blue: told apart by all readers, and named besides.
  const std::array<QColor, 3> colors = {QColor(0xD5, 0x5E, 0x00), QColor(0x00, 0x9E, 0x73),
                                        QColor(0x00, 0x72, 0xB2)};
  const Eigen::Matrix3d axes = cameraAxes(camera);
  std::array<int, 3> farFirst = {0, 1, 2};
  std::sort(farFirst.begin(), farFirst.end(),
            [&](int a, int b) { return axes(a, 2) < axes(b, 2); });
  const QFontMetricsF metrics(style.font);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  for (const int axis : farFirst) {
    const QPointF arm(axes(axis, 0) * length, -axes(axis, 1) * length);
    const bool away = axes(axis, 2) < -0.05;
    painter.setPen(QPen(withAlpha(colors[static_cast<std::size_t>(axis)], away ? 0.55 : 1.0),
                        1.8 * style.lineWidth, Qt::SolidLine, Qt::RoundCap));
    painter.drawLine(center, center + arm);
    const QString name = axis < names.size() ? names[axis] : QString();
    if (name.isEmpty())
      continue;
    const double size = std::max(std::hypot(arm.x(), arm.y()), 1e-6);
    const QPointF end = center + arm + arm / size * (0.35 * metrics.height());
    const double width = metrics.horizontalAdvance(name);
    const double x = arm.x() >= 0.0 ? end.x() : end.x() - width;
    drawHaloText(painter,
                 QPointF(std::max(std::min(x, area.right() - width), area.left()),
                         end.y() + metrics.ascent() * 0.35),
                 name, style);
  }
  painter.restore();
}

void drawPlaneAxes(QPainter& painter, const QRectF& area, const QStringList& names,
                   const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  if (!names.isEmpty() && !names[0].isEmpty())
    drawHaloText(painter,
                 QPointF(area.center().x() - metrics.horizontalAdvance(names[0]) / 2.0,
                         area.bottom() - metrics.descent()),
                 names[0], style);
  if (names.size() > 1 && !names[1].isEmpty()) {
    painter.save();
    painter.translate(area.left(), area.center().y());
    painter.rotate(-90.0);
    drawHaloText(painter, QPointF(-metrics.horizontalAdvance(names[1]) / 2.0, metrics.ascent()),
                 names[1], style);
    painter.restore();
  }
}

QRectF drawCaption(QPainter& painter, const QString& text, const QRectF& area,
                   const OverlayStyle& style)
{
  if (text.isEmpty() || area.width() < 1.0)
    return {};
  const QFontMetricsF metrics(style.font);
  QTextLayout layout(text, style.font, painter.device());
  layout.beginLayout();
  double height = 0.0;
  for (QTextLine line = layout.createLine(); line.isValid(); line = layout.createLine()) {
    line.setLineWidth(area.width());
    height += metrics.lineSpacing();
  }
  layout.endLayout();
  double y = area.bottom() - height;
  const QRectF box(area.left(), y, area.width(), height);
  for (int i = 0; i < layout.lineCount(); ++i) {
    const QTextLine line = layout.lineAt(i);
    drawHaloText(painter, QPointF(area.left(), y + metrics.ascent()),
                 text.mid(line.textStart(), line.textLength()).trimmed(), style);
    y += metrics.lineSpacing();
  }
  return box;
}

QRectF legendBox(const QRectF& area, const CloudTexts& texts, const OverlayStyle& style)
{
  const double em = QFontMetricsF(style.font).height();
  QRectF inside = textArea(area, em);
  if (!texts.title.isEmpty())
    inside.setTop(inside.top() + titleLines * em);
  const QSizeF size = legendSize(texts.legend, style, inside.width() * 0.45);
  if (size.isEmpty() || size.height() > inside.height())
    return {};
  return {QPointF(inside.right() - size.width(), inside.top()), size};
}

void drawTies(QPainter& painter, const FeatureTies& ties, const ScreenPoints& points,
              const QRectF& area, const OverlayStyle& style)
{
  if (!points.drawn(ties.from))
    return;
  const double line = 0.11 * emOf(style);
  const auto place = [&](FeatureId feature) {
    const auto at = static_cast<std::size_t>(feature);
    return QPointF(static_cast<double>(points.x[at]), static_cast<double>(points.y[at]));
  };
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setClipRect(area.adjusted(-1, -1, 1, 1), Qt::IntersectClip);
  painter.setBrush(Qt::NoBrush);
  // All rims before all lines, so that none is cut by another's.
  for (const bool rim : {true, false}) {
    painter.setPen(QPen(rim ? withAlpha(style.background, 0.85) : ties.color,
                        rim ? 3.0 * line : 1.3 * line, Qt::SolidLine, Qt::FlatCap));
    for (const FeatureId other : ties.to) {
      if (!points.drawn(other))
        continue;
      const double ring =
          static_cast<double>(points.radius[static_cast<std::size_t>(other)]) + 1.6 * line;
      const QPointF from = place(ties.from), to = place(other);
      const double length = std::hypot(to.x() - from.x(), to.y() - from.y());
      if (length > ring)
        painter.drawLine(from, to - (to - from) * (ring / length));
      painter.drawEllipse(to, ring, ring);
    }
  }
  painter.restore();
}

void drawTexts(QPainter& painter, const QRectF& area, const CloudTexts& texts, const Camera& camera,
               bool planar, const ScreenPoints& points, const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  QRectF inside = textArea(area, em);
  if (inside.width() < 3.0 * em || inside.height() < 3.0 * em)
    return;
  drawTies(painter, texts.ties, points, area, style);
  const std::vector<PlacedLabel> corners =
      drawCrystals(painter, texts.crystals, points, area, style);
  std::vector<QRectF> taken;
  for (const PlacedLabel& corner : corners)
    taken.push_back(corner.box);
  if (!texts.title.isEmpty()) {
    OverlayStyle bold = style;
    bold.font.setBold(true);
    const QFontMetricsF wide(bold.font);
    drawHaloText(painter, inside.topLeft() + QPointF(0.0, wide.ascent()),
                 wide.elidedText(texts.title, Qt::ElideRight, inside.width()), bold);
    inside.setTop(inside.top() + titleLines * em);
  }
  const QRectF captionBox =
      drawCaption(painter, texts.caption,
                  texts.captionArea.isEmpty() ? inside : textArea(texts.captionArea, em), style);
  if (!captionBox.isEmpty())
    inside.setBottom(captionBox.top() - 0.3 * em);
  const QRectF box = legendBox(area, texts, style);
  if (!box.isEmpty() && box.bottom() <= inside.bottom()) {
    drawLegend(painter, texts.legend, box, style);
    taken.push_back(box);
  }
  if (planar) {
    drawPlaneAxes(painter, inside, texts.axisNames, style);
  } else if (inside.width() > 14.0 * em && inside.height() > 10.0 * em) {
    const double arm = 1.7 * em;
    const QPointF center(inside.left() + arm + 1.4 * em, inside.bottom() - arm - em);
    drawOrientation(painter, camera, center, arm, texts.axisNames, inside, style);
    taken.emplace_back(center.x() - arm - 1.4 * em, center.y() - arm - em, 2 * arm + 4.0 * em,
                       2 * arm + 2.0 * em);
  }
  // What a crystal names already is not named again.
  auto labels = texts.labels;
  for (const PlacedLabel& corner : corners)
    std::erase_if(labels, [&](const auto& label) { return label.first == corner.feature; });
  drawLabels(
      painter,
      placeLabels(labels, points, inside, taken, 0.35 * em,
                  [&](const QString& text) { return QSizeF(metrics.horizontalAdvance(text), em); }),
      style);
}

}  // namespace orrery
