#include "widgets/lobes/PartitionDrawing.h"

#include "core/lobes/LobeScores.h"
#include "widgets/models/FeatureText.h"
#include "widgets/vtk/Palette.h"

#include <QFontMetricsF>

#include <algorithm>
#include <numeric>

namespace orrery {

PartitionContent partitionContent(TypePartitions partitions)
{
  PartitionContent content;
  std::vector<const Lobes*> levels;
  for (const Lobes& lobes : partitions.levels)
    levels.push_back(&lobes);
  content.colors = traceSplits(levels).colors;
  content.order.resize(partitions.types.size());
  std::iota(content.order.begin(), content.order.end(), std::size_t{0});
  std::stable_sort(content.order.begin(), content.order.end(), [&](std::size_t a, std::size_t b) {
    for (const Lobes& lobes : partitions.levels)
      if (lobes.labels[a] != lobes.labels[b])
        return lobes.labels[a] < lobes.labels[b];
    return false;
  });
  content.partitions = std::move(partitions);
  return content;
}

Drawing partitionDrawing(const PartitionContent& content)
{
  return [content](QPainter& painter, const QSizeF& size, const DrawingStyle& style) {
    painter.setFont(style.font);
    const QFontMetricsF metrics(style.font);
    const double line = metrics.height();
    const auto& types = content.partitions.types;
    double left = 0;
    for (const std::string& type : types)
      left = std::max(left, metrics.horizontalAdvance(visibleText(type, 40)));
    left = std::min(left + 2 * line, 0.5 * size.width());
    const auto levels = static_cast<double>(content.partitions.levels.size());
    const double width = std::min(10 * line, (size.width() - left - line) / levels);
    const double row =
        std::min(1.9 * line, (size.height() - 3 * line) /
                                 std::max<double>(1, static_cast<double>(types.size())));
    for (std::size_t level = 0; level < content.partitions.levels.size(); ++level) {
      const Lobes& lobes = content.partitions.levels[level];
      const double x = left + width * static_cast<double>(level);
      painter.setPen(style.muted);
      painter.drawText(QRectF(x, 0.5 * line, width, 1.6 * line), Qt::AlignCenter,
                       QStringLiteral("k = %1").arg(lobes.clusters));
      for (std::size_t i = 0; i < content.order.size(); ++i) {
        const std::int32_t lobe = lobes.labels[content.order[i]];
        const QRectF cell(x + 1, 2.4 * line + row * static_cast<double>(i) + 0.5, width - 2,
                          row - 1);
        const QColor color =
            lobe < 0 ? style.grid
                     : style.category(content.colors[level][static_cast<std::size_t>(lobe)]);
        painter.fillRect(cell, color);
        painter.setPen(contrastRatio(Qt::white, color) > contrastRatio(Qt::black, color)
                           ? QColor(Qt::white)
                           : QColor(Qt::black));
        drawElided(painter, cell,
                   lobe < 0 ? QStringLiteral("none") : QStringLiteral("lobe %1").arg(lobe + 1),
                   Qt::AlignCenter);
      }
    }
    painter.setPen(style.foreground);
    for (std::size_t i = 0; i < content.order.size(); ++i)
      drawElided(painter,
                 QRectF(0.5 * line, 2.4 * line + row * static_cast<double>(i), left - line, row),
                 visibleText(types[content.order[i]], 40), Qt::AlignRight | Qt::AlignVCenter);
  };
}

}  // namespace orrery
