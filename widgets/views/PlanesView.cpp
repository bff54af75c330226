#include "widgets/views/PlanesView.h"

#include "widgets/panels/Theme.h"
#include "widgets/vtk/CrystalOverlay.h"
#include "widgets/vtk/Palette.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {

namespace {

/// Draws the names of the classes in lines from the bottom up; gives the height that took.
double paintClasses(QPainter& painter, const QRectF& area, const PlanesPicture& picture, bool dark,
                    const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  std::vector<std::vector<std::size_t>> lines(1);
  double x = 0.0;
  for (std::size_t i = 0; i < picture.classNames.size(); ++i) {
    const double width = metrics.horizontalAdvance(picture.classNames[i]) + 2.0 * em;
    if (x + width > area.width() && !lines.back().empty()) {
      lines.emplace_back();
      x = 0.0;
    }
    lines.back().push_back(i);
    x += width;
  }
  double y = area.bottom() - em * 1.15 * static_cast<double>(lines.size());
  for (const auto& line : lines) {
    double width = 0.0;
    for (const std::size_t i : line)
      width += metrics.horizontalAdvance(picture.classNames[i]) + 2.0 * em;
    x = area.center().x() - width / 2.0;
    for (const std::size_t i : line) {
      painter.setPen(Qt::NoPen);
      painter.setBrush(categoryColor(static_cast<int>(i), dark));
      painter.drawEllipse(QPointF(x + 0.6 * em, y + 0.55 * em), 0.28 * em, 0.28 * em);
      painter.setPen(style.foreground);
      painter.setFont(style.font);
      painter.drawText(QPointF(x + 1.1 * em, y + metrics.ascent()), picture.classNames[i]);
      x += metrics.horizontalAdvance(picture.classNames[i]) + 2.0 * em;
    }
    y += 1.15 * em;
  }
  return em * 1.15 * static_cast<double>(lines.size());
}

void paintPane(QPainter& painter, const QRectF& box, const PlanesPicture& picture,
               const PlanePane& pane, bool dark, const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  OverlayStyle bold = style;
  bold.font.setBold(true);
  const QFontMetricsF wide(bold.font);
  const QString title = wide.elidedText(pane.title, Qt::ElideRight, box.width());
  painter.setFont(bold.font);
  painter.setPen(style.foreground);
  painter.drawText(QPointF(box.left(), box.top() + wide.ascent()), title);
  const QRectF frame = box.adjusted(1.4 * em, 1.5 * em, 0.0, -1.5 * em);
  painter.setPen(QPen(faded(style.foreground, 0.35), style.lineWidth));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(frame);
  painter.setFont(style.font);
  painter.setPen(faded(style.foreground, 0.8));
  painter.drawText(QPointF(frame.center().x() - metrics.horizontalAdvance(pane.horizontal) / 2.0,
                           frame.bottom() + 1.15 * em),
                   pane.horizontal);
  painter.save();
  painter.translate(frame.left() - 0.4 * em, frame.center().y());
  painter.rotate(-90.0);
  painter.drawText(QPointF(-metrics.horizontalAdvance(pane.vertical) / 2.0, 0.0), pane.vertical);
  painter.restore();
  if (pane.points.cols() == 0)
    return;

  // Both axes in one scale: angles are what the plane has.
  const Eigen::Vector2d low = pane.points.rowwise().minCoeff();
  const Eigen::Vector2d span = (pane.points.rowwise().maxCoeff() - low).cwiseMax(1e-12);
  const Eigen::Vector2d center = low + span / 2.0;
  const QRectF inside = frame.adjusted(1.6 * em, 1.2 * em, -1.6 * em, -1.2 * em);
  const double scale = std::min(inside.width() / span.x(), inside.height() / span.y());
  const auto count = static_cast<std::size_t>(pane.points.cols());
  const double dot = (count > 400 ? 0.14 : 0.19) * em;
  ScreenPoints places;
  for (std::size_t i = 0; i < count; ++i) {
    const Eigen::Vector2d point = pane.points.col(static_cast<Eigen::Index>(i)) - center;
    places.x.push_back(static_cast<float>(inside.center().x() + point.x() * scale));
    places.y.push_back(static_cast<float>(inside.center().y() - point.y() * scale));
    places.depth.push_back(0.0f);
    places.radius.push_back(static_cast<float>(dot));
  }
  painter.save();
  painter.setClipRect(frame);
  painter.setPen(Qt::NoPen);
  const bool pale = !picture.quads.empty();
  for (std::size_t i = 0; i < count; ++i) {
    painter.setBrush(faded(categoryColor(picture.classes[i], dark), pale ? 0.45 : 0.85));
    painter.drawEllipse(QPointF(static_cast<double>(places.x[i]), static_cast<double>(places.y[i])),
                        dot, dot);
  }
  std::vector<CrystalShape> shapes;
  std::vector<std::pair<FeatureId, QString>> labels;
  for (std::size_t i = 0; i < picture.quads.size(); ++i) {
    CrystalShape shape;
    for (std::size_t k = 0; k < 4; ++k) {
      shape.corners[k] = picture.quads[i][k];
      if (const auto at = static_cast<std::size_t>(shape.corners[k]); at < picture.labels.size())
        labels.emplace_back(shape.corners[k], picture.labels[at]);
    }
    shape.color = categoryColor(picture.quadClasses[i], dark);
    shape.chosen = true;
    shapes.push_back(std::move(shape));
  }
  OverlayStyle thin = style;
  thin.font.setPixelSize(std::max(1, static_cast<int>(0.6 * QFontInfo(style.font).pixelSize())));
  drawCrystals(painter, shapes, places, frame, thin);
  const auto measure = [&](const QString& text) {
    return QSizeF(metrics.horizontalAdvance(text), em);
  };
  drawLabels(painter, placeLabels(labels, places, frame, {}, 0.1 * em, measure), style);
  painter.restore();
}

}  // namespace

void paintPlanes(QPainter& painter, const QRectF& area, const PlanesPicture& picture, bool dark,
                 const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  QRectF inside = area.adjusted(0.8 * em, 0.6 * em, -0.8 * em, -0.5 * em);
  const QRectF caption = drawCaption(painter, picture.caption, inside, style);
  if (!caption.isEmpty())
    inside.setBottom(caption.top() - 0.4 * em);
  inside.setBottom(inside.bottom() - paintClasses(painter, inside, picture, dark, style) -
                   0.3 * em);
  const double width =
      inside.width() / static_cast<double>(std::max<std::size_t>(1, picture.panes.size()));
  for (std::size_t i = 0; i < picture.panes.size(); ++i)
    paintPane(painter,
              QRectF(inside.left() + width * static_cast<double>(i), inside.top(), width - 0.8 * em,
                     inside.height()),
              picture, picture.panes[i], dark, style);
  painter.restore();
}

DrawingFigure planesFigure(const PlanesPicture& picture)
{
  DrawingFigure figure;
  figure.drawing = [picture](QPainter& painter, const QSizeF& size, const DrawingStyle& style) {
    paintPlanes(painter, QRectF(QPointF(0, 0), size), picture, style.dark, style.overlay());
  };
  figure.widthMm = 170.0;
  figure.heightMm = 90.0;
  figure.title = picture.name;
  return figure;
}

class PlanesView::Canvas : public DrawingView {
 public:
  explicit Canvas(PlanesView* view)
      : DrawingView(PlanesView::tr("Two planes side by side"), view), m_view(view)
  {
    setFileStem(QStringLiteral("planes"));
  }

  [[nodiscard]] DrawingFigure figure() const override
  {
    const PlanesPicture* picture = m_view->shown();
    return picture ? planesFigure(*picture) : DrawingFigure();
  }

  void showPicture()
  {
    const PlanesPicture* picture = m_view->shown();
    setSummary(picture ? picture->caption : QString());
    setDrawing(picture ? planesFigure(*picture).drawing : Drawing());
  }

 private:
  PlanesView* m_view;
};

PlanesView::PlanesView(QWidget* parent)
    : QWidget(parent), m_choice(new QComboBox(this)), m_canvas(new Canvas(this))
{
  setAccessibleName(tr("Planes of the relations"));
  m_choice->setAccessibleName(tr("What the planes show"));
  auto* label = new QLabel(tr("Show"), this);
  auto* save = new QToolButton(this);
  save->setIcon(icon(QStringLiteral("figure")));
  save->setAccessibleName(tr("Save the picture"));
  save->setToolTip(tr("Save the planes as SVG, PDF or PNG"));
  auto* bar = new QHBoxLayout;
  bar->setContentsMargins(6, 4, 6, 4);
  bar->addWidget(label);
  bar->addWidget(m_choice, 1);
  bar->addWidget(save);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(bar);
  layout->addWidget(m_canvas, 1);
  connect(m_choice, &QComboBox::currentIndexChanged, m_canvas, [this] { m_canvas->showPicture(); });
  connect(save, &QToolButton::clicked, this, &PlanesView::saveRequested);
}

void PlanesView::setPictures(std::vector<PlanesPicture> pictures)
{
  const int before = m_choice->currentIndex();
  m_pictures = std::move(pictures);
  m_choice->clear();
  for (const PlanesPicture& picture : m_pictures)
    m_choice->addItem(picture.name);
  m_choice->setCurrentIndex(std::clamp(before, 0, std::max(0, m_choice->count() - 1)));
  m_canvas->showPicture();
}

void PlanesView::showPicture(int index)
{
  m_choice->setCurrentIndex(index);
}

const PlanesPicture* PlanesView::shown() const
{
  const auto index = static_cast<std::size_t>(m_choice->currentIndex());
  return m_choice->currentIndex() >= 0 && index < m_pictures.size() ? &m_pictures[index] : nullptr;
}

void PlanesView::setEmptyText(const QString& text)
{
  m_canvas->setEmptyText(text);
}

void PlanesView::save(const std::filesystem::path& path) const
{
  if (shown())
    m_canvas->save(path);
}

}  // namespace orrery
