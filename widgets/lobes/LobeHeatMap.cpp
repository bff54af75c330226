#include "widgets/lobes/LobeHeatMap.h"

#include "widgets/models/FeatureText.h"
#include "widgets/vtk/Palette.h"

#include <QFontMetricsF>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

double lineHeight(const DrawingStyle& style)
{
  return QFontMetricsF(style.font).height();
}

QString typeText(const DocumentLobes& documents, std::size_t type)
{
  return QStringLiteral("%1 (%2)").arg(visibleText(documents.types[type], 40),
                                       displayCount(documents.blocks[type]));
}

QString percentText(double share)
{
  return QStringLiteral("%1 %").arg(100 * share, 0, 'f', share > 0 && share < 0.1 ? 1 : 0);
}

}  // namespace

QRectF HeatMapLayout::cell(int row, int column) const
{
  const double width = cells.width() / std::max(1, columns);
  const double height = cells.height() / std::max(1, rows);
  return {cells.left() + column * width, cells.top() + row * height, width, height};
}

HeatMapLayout layoutHeatMap(const HeatMapContent& content, const QSizeF& size,
                            const DrawingStyle& style)
{
  HeatMapLayout layout;
  const DocumentLobes& documents = content.purpose->documents;
  layout.rows = static_cast<int>(documents.types.size());
  layout.columns = static_cast<int>(documents.counts.rows());
  const QFontMetricsF metrics(style.font);
  double left = 0;
  for (std::size_t i = 0; i < documents.types.size(); ++i)
    left = std::max(left, metrics.horizontalAdvance(typeText(documents, i)));
  left = std::min(left + 1.6 * metrics.height(), 0.4 * size.width());
  const double line = metrics.height();
  const double top = 3.4 * line, bottom = 3.2 * line;
  layout.cells = QRectF(left, top, std::max(1.0, size.width() - left - line),
                        std::max(1.0, size.height() - top - bottom));
  const QRectF first = layout.cell(0, 0);
  layout.numbers = first.height() >= 1.05 * line &&
                   first.width() >= metrics.horizontalAdvance(QStringLiteral("100 %"));
  return layout;
}

Drawing heatMapDrawing(const HeatMapContent& content)
{
  return [content](QPainter& painter, const QSizeF& size, const DrawingStyle& style) {
    const DocumentLobes& documents = content.purpose->documents;
    const HeatMapLayout layout = layoutHeatMap(content, size, style);
    const double line = lineHeight(style);
    painter.setFont(style.font);
    const QFontMetricsF metrics(style.font);

    for (int lobe = 0; lobe < layout.columns; ++lobe) {
      const QRectF cell = layout.cell(0, lobe);
      const auto place = static_cast<std::size_t>(lobe);
      painter.fillRect(
          QRectF(cell.left() + 1, cell.top() - 0.45 * line, cell.width() - 2, 0.32 * line),
          style.category(content.colors[place]));
      painter.setPen(style.foreground);
      const QRectF head(cell.left() + 2, 0.2 * line, cell.width() - 4, 1.25 * line);
      drawElided(painter, head,
                 cell.width() > 4 * line ? content.names[lobe] : QString::number(lobe + 1),
                 Qt::AlignHCenter | Qt::AlignBottom);
      painter.setPen(style.muted);
      if (cell.width() > 4 * line)
        drawElided(painter, head.translated(0, 1.2 * line),
                   QStringLiteral("wins %1").arg(displayCount(content.purpose->won[place])),
                   Qt::AlignHCenter | Qt::AlignBottom);
    }
    for (int row = 0; row < layout.rows; ++row) {
      const std::size_t type = content.purpose->typeOrder[static_cast<std::size_t>(row)];
      const QRectF first = layout.cell(row, 0);
      painter.setPen(style.foreground);
      drawElided(painter,
                 QRectF(0.4 * line, first.top(), layout.cells.left() - line, first.height()),
                 typeText(documents, type), Qt::AlignRight | Qt::AlignVCenter);
      for (int lobe = 0; lobe < layout.columns; ++lobe) {
        const QRectF cell = layout.cell(row, lobe).adjusted(0.5, 0.5, -0.5, -0.5);
        const double share = documents.shares(lobe, static_cast<Eigen::Index>(type));
        const QColor color = mapColor(ColorMap::Viridis, share);
        painter.fillRect(cell, color);
        if (!layout.numbers)
          continue;
        const auto count =
            static_cast<std::int64_t>(documents.counts(lobe, static_cast<Eigen::Index>(type)));
        painter.setPen(contrastRatio(Qt::white, color) > contrastRatio(Qt::black, color)
                           ? QColor(Qt::white)
                           : QColor(Qt::black));
        QString text = percentText(share);
        const QString both = text + QStringLiteral("   ") + displayCount(count);
        if (metrics.horizontalAdvance(both) < cell.width() - 4)
          text = both;
        drawElided(painter, cell, text, Qt::AlignCenter);
      }
    }
    // The colour bar says what the colours mean.
    const double top = layout.cells.bottom() + 0.9 * line;
    const QRectF bar(layout.cells.left(), top, std::min(layout.cells.width(), 14 * line),
                     0.7 * line);
    QLinearGradient gradient(bar.topLeft(), bar.topRight());
    for (int i = 0; i <= 20; ++i)
      gradient.setColorAt(i / 20.0, mapColor(ColorMap::Viridis, i / 20.0));
    painter.fillRect(bar, gradient);
    painter.setPen(style.foreground);
    for (const int percent : {0, 50, 100}) {
      const double x = bar.left() + bar.width() * percent / 100.0;
      painter.drawText(QRectF(x - 3 * line, bar.bottom() + 0.1 * line, 6 * line, 1.2 * line),
                       Qt::AlignHCenter | Qt::AlignTop, QStringLiteral("%1 %").arg(percent));
    }
    drawElided(painter,
               QRectF(bar.right() + 2 * line, bar.top() - 0.3 * line,
                      size.width() - bar.right() - 3 * line, 1.3 * line),
               QStringLiteral("of the type's blocks won"), Qt::AlignLeft | Qt::AlignVCenter);
  };
}

std::vector<FeatureId> featuresOfCell(const Firings& firings, const Lobes& lobes, std::int32_t lobe,
                                      const std::vector<std::string>& types,
                                      const std::string& type)
{
  const auto n = static_cast<std::size_t>(firings.features);
  std::vector<std::int64_t> within(n, 0), overall(n, 0);
  std::int64_t blocks = 0;
  for (std::size_t block = 0; block < types.size(); ++block) {
    const bool of = types[block] == type;
    blocks += of;
    for (auto i = firings.starts[block]; i < firings.starts[block + 1]; ++i) {
      const auto feature = static_cast<std::size_t>(firings.ids[static_cast<std::size_t>(i)]);
      ++overall[feature];
      within[feature] += of;
    }
  }
  std::vector<FeatureId> found;
  const auto all = static_cast<double>(types.size());
  for (std::size_t i = 0; i < n; ++i)
    if (lobes.labels[i] == lobe && within[i] > 0 &&
        static_cast<double>(within[i]) * all >
            static_cast<double>(overall[i]) * static_cast<double>(blocks))
      found.push_back(static_cast<FeatureId>(i));
  return found;
}

LobeHeatMap::LobeHeatMap(Document* document, LobeStudy* study, QWidget* parent)
    : DrawingView(tr("Lobes and document types"), parent), m_document(document), m_study(study)
{
  setFileStem(QStringLiteral("lobes-documents"));
  connect(study, &LobeStudy::shownChanged, this, &LobeHeatMap::showPurpose);
  connect(study, &LobeStudy::dataChanged, this, &LobeHeatMap::showPurpose);
  showPurpose();
}

void LobeHeatMap::showPurpose()
{
  const auto purpose = m_study->purpose();
  if (!purpose || !purpose->hasDocuments) {
    m_content = {};
    setDrawing({});
    setTable({});
    setSummary({});
    setEmptyText(
        !m_study->result() ? tr("Cut lobes in the Lobes panel: here it shows which of them "
                                "wins the blocks of which kind of text.")
        : !m_study->documentTypes()
            ? tr("Which kind of text each block is from is not known yet: give the file of "
                 "document types (one line per block) in the Lobes panel.")
            : tr("The file holds counts, no blocks: which lobe wins a block cannot be "
                 "told."));
    return;
  }
  m_content.purpose = purpose;
  m_content.colors = m_study->colors(purpose->choice);
  m_content.names.clear();
  for (const std::string& name : m_study->names(purpose->choice))
    m_content.names << visibleText(name, 40);
  setSummary(tr("Which of %1 lobes (%2) wins a block, by document type: the lobe with the largest "
                "share of its own features firing. %3 blocks of %4 types.")
                 .arg(purpose->choice.clusters)
                 .arg(QString::fromStdString(displayName(purpose->choice.measure)),
                      displayCount(static_cast<std::int64_t>(purpose->blocks.winners.size())))
                 .arg(purpose->documents.types.size()));
  ResultTable table;
  const DocumentLobes& documents = purpose->documents;
  const auto types = static_cast<std::int64_t>(documents.types.size());
  table.arrays.push_back({"type", {types}, documents.types});
  table.arrays.push_back({"blocks", {types}, documents.blocks});
  for (int lobe = 0; lobe < documents.counts.rows(); ++lobe) {
    std::vector<std::int64_t> counts;
    for (std::int64_t type = 0; type < types; ++type)
      counts.push_back(static_cast<std::int64_t>(documents.counts(lobe, type)));
    table.arrays.push_back({"lobe " + std::to_string(lobe + 1), {types}, std::move(counts)});
  }
  setTable(std::move(table));
  setDrawing(heatMapDrawing(m_content));
}

QRectF LobeHeatMap::cellRect(int row, int lobe) const
{
  return m_content.purpose ? layoutHeatMap(m_content, size(), drawingStyle()).cell(row, lobe)
                           : QRectF();
}

std::optional<std::pair<int, int>> LobeHeatMap::cellAt(const QPointF& place) const
{
  if (!m_content.purpose)
    return {};
  const HeatMapLayout layout = layoutHeatMap(m_content, size(), drawingStyle());
  if (place.x() < layout.cells.left() || place.x() >= layout.cells.right() ||
      place.y() >= layout.cells.bottom())
    return {};
  const int lobe =
      static_cast<int>((place.x() - layout.cells.left()) / layout.cells.width() * layout.columns);
  const int row = place.y() < layout.cells.top()
                      ? -1
                      : static_cast<int>((place.y() - layout.cells.top()) / layout.cells.height() *
                                         layout.rows);
  return std::pair(row, lobe);
}

void LobeHeatMap::mousePressEvent(QMouseEvent* event)
{
  const auto cell = cellAt(event->position());
  const auto known = m_study->data();
  const Lobes* lobes = m_study->shownLobes();
  if (event->button() != Qt::LeftButton || !cell || !known || !lobes)
    return;
  const auto [row, lobe] = *cell;
  if (row < 0) {
    m_study->selectFeatures(lobes->members(lobe));
    return;
  }
  const std::size_t type = m_content.purpose->typeOrder[static_cast<std::size_t>(row)];
  m_study->selectFeatures(featuresOfCell(*known->firings, *lobes, lobe, *m_study->documentTypes(),
                                         m_content.purpose->documents.types[type]));
}

bool LobeHeatMap::event(QEvent* event)
{
  if (event->type() == QEvent::ToolTip) {
    auto* help = static_cast<QHelpEvent*>(event);
    const auto cell = cellAt(help->pos());
    if (!cell) {
      QToolTip::hideText();
    } else if (cell->first < 0) {
      QToolTip::showText(
          help->globalPos(),
          plainToolTip(
              tr("%1\nClick selects its features.").arg(m_content.names.value(cell->second))),
          this);
    } else {
      const DocumentLobes& documents = m_content.purpose->documents;
      const auto type = static_cast<Eigen::Index>(
          m_content.purpose->typeOrder[static_cast<std::size_t>(cell->first)]);
      QToolTip::showText(
          help->globalPos(),
          plainToolTip(
              tr("%1 wins %2 of %3 blocks of %4 (%5).\nClick selects its features that fire more "
                 "often there than elsewhere.")
                  .arg(
                      m_content.names.value(cell->second),
                      displayCount(static_cast<std::int64_t>(documents.counts(cell->second, type))),
                      displayCount(documents.blocks[static_cast<std::size_t>(type)]),
                      visibleText(documents.types[static_cast<std::size_t>(type)], 60),
                      percentText(documents.shares(cell->second, type)))),
          this);
    }
    return true;
  }
  return DrawingView::event(event);
}

}  // namespace orrery
