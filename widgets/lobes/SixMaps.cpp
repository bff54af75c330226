#include "widgets/lobes/SixMaps.h"

#include "core/document/LobeState.h"
#include "widgets/models/FeatureText.h"
#include "widgets/vtk/CameraMotion.h"
#include "widgets/vtk/Palette.h"

#include <QFontMetricsF>
#include <QMouseEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

constexpr int panelColumns = 3;

const std::optional<AffinityMeasure> measureOfPanel[] = {std::nullopt,
                                                         AffinityMeasure::SimpleMatching,
                                                         AffinityMeasure::Jaccard,
                                                         AffinityMeasure::Overlap,
                                                         AffinityMeasure::Phi,
                                                         AffinityMeasure::Dice};

const LobeLocality* localityOf(const LobeAnalysis& analysis, AffinityMeasure measure, int clusters)
{
  if (const FunctionalLobes* functional = analysis.find(measure))
    for (const LobeLocality& locality : functional->locality)
      if (locality.clusters == clusters)
        return &locality;
  return nullptr;
}

}  // namespace

MapContent sixMaps(const LobeResult& result, int clusters, const Embedding& embedding,
                   const std::vector<std::int64_t>& own)
{
  MapContent content;
  content.positions = embedding.positions;
  content.planar = embedding.dimensions == 2;
  content.pointSize = 0.85 * recommendedPointSize(embedding.positions.cols());
  const std::int64_t most = own.empty() ? 0 : *std::max_element(own.begin(), own.end());
  for (const std::int64_t blocks : own)
    content.sizes.push_back(static_cast<float>(
        0.5 + 2.0 * std::sqrt(static_cast<double>(blocks) /
                              static_cast<double>(std::max<std::int64_t>(1, most)))));
  for (const auto& measure : measureOfPanel) {
    MapContent::Panel panel;
    panel.title = QString::fromStdString(displayName(measure));
    const LobeChoice choice{measure, clusters};
    const Lobes* lobes = result.lobes(choice);
    const auto colors = result.colors.find(choice);
    if (!lobes || colors == result.colors.end()) {
      panel.note = QStringLiteral("not computed");
    } else {
      panel.colors.reserve(lobes->labels.size());
      for (const std::int32_t lobe : lobes->labels)
        panel.colors.push_back(lobe < 0 ? -1 : colors->second[static_cast<std::size_t>(lobe)]);
      if (!measure)
        panel.note = QStringLiteral("by the vectors");
      else if (const LobeLocality* locality = localityOf(result.analysis, *measure, clusters))
        panel.note = QStringLiteral("AMI %1, %2 σ")
                         .arg(locality->ami.observed, 0, 'f', 3)
                         .arg(locality->ami.z, 0, 'f', 0);
    }
    content.panels.push_back(std::move(panel));
  }
  return content;
}

QRectF mapPanel(const QSizeF& size, const DrawingStyle& style, int index, int count)
{
  const double line = QFontMetricsF(style.font).height();
  const int rows = (count + panelColumns - 1) / panelColumns;
  const double gap = 0.5 * line;
  const double width = (size.width() - gap * (panelColumns + 1)) / panelColumns;
  const double height = (size.height() - gap * (rows + 1)) / std::max(1, rows);
  const int row = index / panelColumns, column = index % panelColumns;
  return {gap + column * (width + gap), gap + row * (height + gap) + 1.5 * line,
          std::max(1.0, width), std::max(1.0, height - 1.5 * line)};
}

QString sixMapsSentence(const Embedding& embedding, int clusters)
{
  return QObject::tr(
             "%1 Coloured by %2 lobes of each affinity; lobes that share most features "
             "share a colour; area by the blocks a feature fires in.")
      .arg(QString::fromStdString(embedding.description))
      .arg(clusters);
}

Drawing mapDrawing(std::shared_ptr<const MapContent> content)
{
  // One scene a panel, kept between paintings: turning the maps must not send the points again.
  struct Kept {
    std::vector<std::unique_ptr<CloudScene>> scenes;
    bool dark = false;
  };
  auto kept = std::make_shared<Kept>();
  return [content, kept](QPainter& painter, const QSizeF& size, const DrawingStyle& style) {
    const int count = static_cast<int>(content->panels.size());
    if (kept->scenes.empty() || kept->dark != style.dark) {
      kept->scenes.clear();
      kept->dark = style.dark;
      for (const MapContent::Panel& panel : content->panels) {
        auto scene = std::make_unique<CloudScene>();
        scene->setPositions(content->positions, content->planar);
        CloudAppearance appearance;
        appearance.background = style.background;
        appearance.foreground = style.foreground;
        appearance.pointSize = content->pointSize;
        appearance.opacity = content->opacity;
        appearance.sizes = content->sizes;
        // Features without a lobe stand back.
        const std::uint32_t without = style.grid.rgba();
        appearance.colors.assign(static_cast<std::size_t>(content->positions.cols()), without);
        for (std::size_t i = 0; i < panel.colors.size(); ++i)
          if (panel.colors[i] >= 0)
            appearance.colors[i] = style.category(panel.colors[i]).rgba();
        scene->setAppearance(std::move(appearance));
        scene->setSelection(content->selection);
        kept->scenes.push_back(std::move(scene));
      }
    }
    painter.setFont(style.font);
    const double line = QFontMetricsF(style.font).height();
    for (int i = 0; i < count; ++i) {
      const QRectF box = mapPanel(size, style, i, count);
      const MapContent::Panel& panel = content->panels[static_cast<std::size_t>(i)];
      painter.setPen(style.foreground);
      QFont bold = style.font;
      bold.setBold(true);
      painter.setFont(bold);
      const QRectF head(box.left(), box.top() - 1.45 * line, box.width(), 1.35 * line);
      drawElided(painter, head, panel.title, Qt::AlignLeft | Qt::AlignVCenter);
      const double title = QFontMetricsF(bold).horizontalAdvance(panel.title) + 0.6 * line;
      painter.setFont(style.font);
      painter.setPen(style.muted);
      // Of "AMI 0.163, 512 σ" the first half matters most.
      const QRectF rest = head.adjusted(title, 0, 0, 0);
      const bool whole = QFontMetricsF(style.font).horizontalAdvance(panel.note) <= rest.width();
      drawElided(painter, rest, whole ? panel.note : panel.note.section(QLatin1Char(','), 0, 0),
                 Qt::AlignRight | Qt::AlignVCenter);
      FrameRequest request;
      request.camera = content->framed ? openingCamera(content->positions, content->planar,
                                                       box.width() / box.height())
                                       : content->camera;
      request.pixelRatio = style.pixelRatio;
      request.size =
          QSize(std::max(1, static_cast<int>(std::lround(box.width() * style.pixelRatio))),
                std::max(1, static_cast<int>(std::lround(box.height() * style.pixelRatio))));
      CloudScene& scene = *kept->scenes[static_cast<std::size_t>(i)];
      if (scene.isUsable()) {
        painter.drawImage(box, scene.render(request));
      } else {
        painter.drawText(box, Qt::AlignCenter | Qt::TextWordWrap,
                         QStringLiteral("OpenGL cannot be had: no picture"));
      }
      painter.setPen(QPen(style.grid, line / 16));
      painter.setBrush(Qt::NoBrush);
      painter.drawRect(box);
    }
  };
}

SixMaps::SixMaps(Document* document, LobeStudy* study, QWidget* parent)
    : DrawingView(tr("Six maps of lobes"), parent), m_document(document), m_study(study)
{
  setFileStem(QStringLiteral("lobes-six-maps"));
  connect(study, &LobeStudy::resultChanged, this, [this] { showResult(true); });
  connect(study, &LobeStudy::shownChanged, this, [this] { showResult(true); });
  connect(document, &Document::embeddingChanged, this, [this] { showResult(false); });
  connect(document, &Document::currentLayerChanged, this, [this] { showResult(false); });
  connect(document->selection(), &SelectionModel::changed, this, [this] { showResult(true); });
  showResult(false);
}

void SixMaps::showResult(bool keepCamera)
{
  const auto result = m_study->result();
  const auto embedding = m_document->embedding();
  const auto dictionary = m_document->dictionary();
  const auto known = m_study->data();
  if (!result || !embedding || !dictionary || m_study->shown().clusters == 0) {
    m_content = std::make_shared<MapContent>();
    setDrawing({});
    setSummary({});
    setEmptyText(
        tr("Cut lobes by all affinities in the Lobes panel: here the same map shows six "
           "times, coloured by the lobes of each."));
    return;
  }
  auto content =
      std::make_shared<MapContent>(sixMaps(*result, m_study->shown().clusters, *embedding,
                                           known ? known->own : blocksOfFeatures(*dictionary)));
  content->selection = m_document->selection()->features();
  if (keepCamera && m_content->positions.cols() == content->positions.cols()) {
    content->camera = m_content->camera;
    content->framed = m_content->framed;
  }
  if (const auto wanted = std::exchange(m_wanted, {})) {
    content->camera = *wanted;
    content->framed = false;
  }
  setSummary(sixMapsSentence(*embedding, m_study->shown().clusters));
  m_content = content;
  setDrawing(mapDrawing(m_content));
}

std::optional<Camera> SixMaps::camera() const
{
  return m_content->framed ? m_wanted : m_content->camera;
}

void SixMaps::setCamera(const Camera& camera)
{
  if (m_content->panels.empty()) {
    m_wanted = camera;
    return;
  }
  moveCamera([&](const Camera&) { return camera; });
}

int SixMaps::panelAt(const QPointF& place) const
{
  const int count = static_cast<int>(m_content->panels.size());
  for (int i = 0; i < count; ++i)
    if (mapPanel(size(), drawingStyle(), i, count).contains(place))
      return i;
  return -1;
}

void SixMaps::moveCamera(const std::function<Camera(const Camera&)>& move)
{
  if (m_content->panels.empty())
    return;
  // Only the camera changes: the drawing and its scenes stay.
  MapContent* content = m_content.get();
  const QRectF box = mapPanel(size(), drawingStyle(), 0, static_cast<int>(content->panels.size()));
  if (content->framed)
    content->camera =
        openingCamera(content->positions, content->planar, box.width() / box.height());
  content->framed = false;
  content->camera = move(content->camera);
  update();
}

void SixMaps::mousePressEvent(QMouseEvent* event)
{
  m_pressed = m_last = event->position();
  m_moved = false;
}

void SixMaps::mouseMoveEvent(QMouseEvent* event)
{
  if (event->buttons() == Qt::NoButton || m_content->panels.empty())
    return;
  if (!m_moved && (event->position() - m_pressed).manhattanLength() < 4)
    return;
  m_moved = true;
  const QPointF by = event->position() - m_last;
  m_last = event->position();
  const double height =
      mapPanel(size(), drawingStyle(), 0, static_cast<int>(m_content->panels.size())).height();
  const bool pans = m_content->planar || event->buttons() & Qt::MiddleButton ||
                    event->modifiers() & Qt::ShiftModifier;
  moveCamera([&](const Camera& camera) {
    return pans ? pan(camera, by.x(), by.y(), height)
                : orbit(camera, by.x() * M_PI / height, by.y() * M_PI / height);
  });
}

void SixMaps::mouseReleaseEvent(QMouseEvent* event)
{
  const int panel = panelAt(event->position());
  if (event->button() != Qt::LeftButton || m_moved || panel < 0)
    return;
  m_study->show({measureOfPanel[panel], m_study->shown().clusters});
}

void SixMaps::mouseDoubleClickEvent(QMouseEvent*)
{
  moveCamera([](const Camera& camera) { return camera; });
  if (!m_content->panels.empty())
    m_content->framed = true;
  update();
}

void SixMaps::wheelEvent(QWheelEvent* event)
{
  const int panel = panelAt(event->position());
  if (panel < 0)
    return;
  const QRectF box =
      mapPanel(size(), drawingStyle(), panel, static_cast<int>(m_content->panels.size()));
  const double x = 2 * (event->position().x() - box.left()) / box.width() - 1;
  const double y = 1 - 2 * (event->position().y() - box.top()) / box.height();
  moveCamera([&](const Camera& camera) {
    return zoomAbout(camera, focalPlanePoint(camera, box.width() / box.height(), x, y),
                     std::pow(1.2, event->angleDelta().y() / 120.0));
  });
}

}  // namespace orrery
