#include "widgets/lobes/LobeFlowView.h"

#include "widgets/models/FeatureText.h"

#include <QFontMetricsF>
#include <QMouseEvent>

#include <algorithm>
#include <numeric>

namespace orrery {
namespace {

constexpr int mostLobes = 16;

}  // namespace

FlowLayout layoutFlow(const FlowContent& content, const QSizeF& size, const DrawingStyle& style)
{
  FlowLayout layout;
  const LobeFlow& flow = content.flow;
  const std::size_t levels = flow.sizes.size();
  if (levels == 0)
    return layout;
  const double line = QFontMetricsF(style.font).height();
  const double top = 2.2 * line, bottom = 0.8 * line, side = line, width = 0.9 * line;
  // Names stand right of their lobe, those of the last level need room of their own.
  const double last = std::min(11 * line, 0.22 * size.width());
  const double step =
      levels > 1 ? (size.width() - 2 * side - width - last) / static_cast<double>(levels - 1) : 0;
  std::int64_t features = 1;
  std::size_t most = 1;
  for (const auto& sizes : flow.sizes) {
    features = std::max(features, std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}));
    most = std::max(most, sizes.size());
  }
  const double gap =
      std::min(1.1 * line, 0.35 * (size.height() - top - bottom) / static_cast<double>(most));
  const double scale = (size.height() - top - bottom - gap * static_cast<double>(most - 1)) /
                       static_cast<double>(features);
  for (std::size_t level = 0; level < levels; ++level) {
    const auto& sizes = flow.sizes[level];
    std::vector<QRectF> lobes(sizes.size());
    const auto total =
        static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}));
    const double height = scale * total + gap * static_cast<double>(sizes.size() - 1);
    double y = top + (size.height() - top - bottom - height) / 2;
    for (const std::int32_t lobe : flow.order[level]) {
      const double tall = scale * static_cast<double>(sizes[static_cast<std::size_t>(lobe)]);
      lobes[static_cast<std::size_t>(lobe)] =
          QRectF(side + step * static_cast<double>(level), y, width, tall);
      y += tall + gap;
    }
    layout.lobes.push_back(std::move(lobes));
  }
  // Bands leave and enter their lobes in the order of where they go, so that they do not cross
  // more than they must.
  const auto place = [&](int level, std::int32_t lobe) {
    return layout.lobes[static_cast<std::size_t>(level)][static_cast<std::size_t>(lobe)].top();
  };
  layout.bands.resize(flow.bands.size());
  std::vector<double> leave(flow.bands.size(), 0), enter(flow.bands.size(), 0);
  const auto stack = [&](bool leaving, std::vector<double>& offsets) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < flow.bands.size(); ++i)
      if (flow.bands[i].from >= 0 && flow.bands[i].to >= 0)
        order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const auto& first = flow.bands[a];
      const auto& second = flow.bands[b];
      return leaving ? place(first.level + 1, first.to) < place(second.level + 1, second.to)
                     : place(first.level, first.from) < place(second.level, second.from);
    });
    std::map<std::pair<int, std::int32_t>, double> filled;
    for (const std::size_t i : order) {
      const auto& band = flow.bands[i];
      double& used = filled[{band.level, leaving ? band.from : band.to}];
      offsets[i] = used;
      used += scale * static_cast<double>(band.features);
    }
  };
  stack(true, leave);
  stack(false, enter);
  for (std::size_t i = 0; i < flow.bands.size(); ++i) {
    const auto& band = flow.bands[i];
    if (band.from < 0 || band.to < 0)
      continue;
    const QRectF from =
        layout.lobes[static_cast<std::size_t>(band.level)][static_cast<std::size_t>(band.from)];
    const QRectF to =
        layout.lobes[static_cast<std::size_t>(band.level + 1)][static_cast<std::size_t>(band.to)];
    const double tall = scale * static_cast<double>(band.features);
    const QPointF a(from.right(), from.top() + leave[i]), b(to.left(), to.top() + enter[i]);
    const double middle = (a.x() + b.x()) / 2;
    QPainterPath path(a);
    path.cubicTo({middle, a.y()}, {middle, b.y()}, b);
    path.lineTo(b.x(), b.y() + tall);
    path.cubicTo({middle, b.y() + tall}, {middle, a.y() + tall}, {a.x(), a.y() + tall});
    path.closeSubpath();
    layout.bands[i] = path;
  }
  return layout;
}

Drawing flowDrawing(const FlowContent& content)
{
  return [content](QPainter& painter, const QSizeF& size, const DrawingStyle& style) {
    const FlowLayout layout = layoutFlow(content, size, style);
    const LobeFlow& flow = content.flow;
    const double line = QFontMetricsF(style.font).height();
    painter.setFont(style.font);
    for (std::size_t i = 0; i < flow.bands.size(); ++i) {
      const auto& band = flow.bands[i];
      if (band.from < 0 || band.to < 0)
        continue;
      QColor color = style.category(content.colors[static_cast<std::size_t>(band.level)]
                                                  [static_cast<std::size_t>(band.from)]);
      color.setAlphaF(0.42f);
      painter.fillPath(layout.bands[i], color);
    }
    for (std::size_t level = 0; level < layout.lobes.size(); ++level) {
      painter.setPen(style.muted);
      const double x = layout.lobes[level].empty() ? 0 : layout.lobes[level].front().left();
      painter.drawText(QRectF(x, 0.4 * line, 8 * line, 1.4 * line),
                       Qt::AlignLeft | Qt::AlignVCenter,
                       QStringLiteral("k = %1").arg(flow.clusters[level]));
      const double next = level + 1 < layout.lobes.size() && !layout.lobes[level + 1].empty()
                              ? layout.lobes[level + 1].front().left()
                              : size.width();
      for (std::size_t lobe = 0; lobe < layout.lobes[level].size(); ++lobe) {
        const QRectF box = layout.lobes[level][lobe];
        painter.fillRect(box, style.category(content.colors[level][lobe]));
        painter.setPen(style.foreground);
        const QRectF text(box.right() + 0.35 * line, box.center().y() - 1.2 * line,
                          std::min(next - box.right() - line, 13 * line), 1.2 * line);
        const bool two = box.height() > 2.2 * line;
        const QString name = content.names[level].value(static_cast<int>(lobe));
        const QString count = displayCount(flow.sizes[level][lobe]);
        if (two) {
          drawElided(painter, text, name, Qt::AlignLeft | Qt::AlignVCenter);
          painter.setPen(style.muted);
          drawElided(painter, text.translated(0, 1.2 * line), count,
                     Qt::AlignLeft | Qt::AlignVCenter);
        } else {
          // The count is never cut.
          const QFontMetricsF metrics(style.font);
          const QRectF row = text.translated(0, 0.6 * line);
          const double counted = metrics.horizontalAdvance(count) + 0.5 * line;
          const QString cut =
              metrics.elidedText(name, Qt::ElideRight, std::max(0.0, row.width() - counted));
          drawElided(painter, row, cut, Qt::AlignLeft | Qt::AlignVCenter);
          painter.setPen(style.muted);
          painter.drawText(row.adjusted(metrics.horizontalAdvance(cut) + 0.5 * line, 0, line, 0),
                           Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, count);
        }
      }
    }
  };
}

LobeFlowView::LobeFlowView(LobeStudy* study, QWidget* parent)
    : DrawingView(tr("How lobes split"), parent), m_study(study)
{
  setFileStem(QStringLiteral("lobes-splitting"));
  setEmptyText(
      tr("Cut lobes for several numbers in the Lobes panel: here it shows how they split "
         "as their number grows."));
  connect(study, &LobeStudy::resultChanged, this, &LobeFlowView::showFlow);
  connect(study, &LobeStudy::shownChanged, this, &LobeFlowView::showFlow);
  showFlow();
}

void LobeFlowView::showFlow()
{
  m_levels.clear();
  m_content = {};
  const auto result = m_study->result();
  std::vector<const Lobes*> clusterings;
  if (result)
    for (const LobeChoice& choice : result->choices())
      if (choice.measure == m_study->shown().measure && choice.clusters <= mostLobes) {
        m_levels.push_back(choice);
        clusterings.push_back(result->lobes(choice));
      }
  if (clusterings.size() < 2) {
    setDrawing({});
    setTable({});
    setSummary({});
    return;
  }
  m_content.flow = traceSplits(clusterings);
  QStringList numbers;
  for (const LobeChoice& level : m_levels) {
    QStringList names;
    for (const std::string& name : m_study->names(level))
      names << visibleText(name, 40);
    m_content.names.push_back(std::move(names));
    m_content.colors.push_back(m_study->colors(level));
    numbers << QString::number(level.clusters);
  }
  setSummary(tr("How %1 features lie in %2 lobes (%3): the width of a band is the number of "
                "features that two lobes share.")
                 .arg(displayCount(clusterings.front()->placed()),
                      numbers.join(QStringLiteral(", ")),
                      QString::fromStdString(displayName(m_levels.front().measure))));
  ResultTable table;
  std::vector<std::int64_t> from, to, fromLobe, toLobe, features;
  for (const LobeFlow::Band& band : m_content.flow.bands) {
    const auto level = static_cast<std::size_t>(band.level);
    from.push_back(m_content.flow.clusters[level]);
    to.push_back(m_content.flow.clusters[level + 1]);
    fromLobe.push_back(band.from + 1);
    toLobe.push_back(band.to + 1);
    features.push_back(band.features);
  }
  const auto count = static_cast<std::int64_t>(from.size());
  table.arrays = {{"from k", {count}, from},
                  {"from lobe", {count}, fromLobe},
                  {"to k", {count}, to},
                  {"to lobe", {count}, toLobe},
                  {"features", {count}, features}};
  setTable(std::move(table));
  setDrawing(flowDrawing(m_content));
}

FlowLayout LobeFlowView::flowLayout() const
{
  return layoutFlow(m_content, size(), drawingStyle());
}

void LobeFlowView::mousePressEvent(QMouseEvent* event)
{
  const auto result = m_study->result();
  if (event->button() != Qt::LeftButton || m_levels.empty() || !result)
    return;
  const FlowLayout layout = flowLayout();
  for (std::size_t level = 0; level < layout.lobes.size(); ++level)
    for (std::size_t lobe = 0; lobe < layout.lobes[level].size(); ++lobe)
      if (layout.lobes[level][lobe].adjusted(-2, -2, 2, 2).contains(event->position())) {
        m_study->selectFeatures(
            result->lobes(m_levels[level])->members(static_cast<std::int32_t>(lobe)));
        return;
      }
  for (std::size_t i = layout.bands.size(); i-- > 0;)
    if (layout.bands[i].contains(event->position())) {
      const LobeFlow::Band& band = m_content.flow.bands[i];
      const auto level = static_cast<std::size_t>(band.level);
      const Lobes& first = *result->lobes(m_levels[level]);
      const Lobes& second = *result->lobes(m_levels[level + 1]);
      std::vector<FeatureId> shared;
      for (const FeatureId feature : first.members(band.from))
        if (second.labels[static_cast<std::size_t>(feature)] == band.to)
          shared.push_back(feature);
      m_study->selectFeatures(std::move(shared));
      return;
    }
}

}  // namespace orrery
