#include "widgets/views/PlanesView.h"

#include "widgets/panels/Theme.h"
#include "widgets/vtk/CrystalOverlay.h"
#include "widgets/vtk/Palette.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace orrery {

namespace {

/// Colours by class: those of the legend in its order, grey for the others.
class ClassColors {
 public:
  ClassColors(const PlanesPicture& picture, bool dark) : m_legend(picture.legend()), m_dark(dark)
  {
    m_rank.assign(picture.classNames.size(), -1);
    for (std::size_t i = 0; i < m_legend.size(); ++i)
      m_rank[static_cast<std::size_t>(m_legend[i])] = static_cast<int>(i);
  }
  [[nodiscard]] bool isChosen(std::int32_t number) const
  {
    return m_rank[static_cast<std::size_t>(number)] >= 0;
  }
  [[nodiscard]] QColor of(std::int32_t number) const
  {
    return categoryColor(m_rank[static_cast<std::size_t>(number)], m_dark);
  }
  [[nodiscard]] const std::vector<std::int32_t>& legend() const { return m_legend; }

 private:
  std::vector<std::int32_t> m_legend;
  std::vector<int> m_rank;
  bool m_dark;
};

/// Draws the names of the classes in lines from the bottom up; gives the height that took.
double paintClasses(QPainter& painter, const QRectF& area, const PlanesPicture& picture,
                    const ClassColors& colors, const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  struct Entry {
    QColor color;
    QString name;
    double width;
  };
  std::vector<std::vector<Entry>> lines(1);
  double x = 0.0;
  const auto add = [&](const QColor& color, const QString& name) {
    const double width = metrics.horizontalAdvance(name) + 2.0 * em;
    if (x + width > area.width() && !lines.back().empty()) {
      lines.emplace_back();
      x = 0.0;
    }
    lines.back().push_back({color, name, width});
    x += width;
  };
  for (const std::int32_t number : colors.legend())
    add(colors.of(number), picture.classNames[static_cast<std::size_t>(number)]);
  if (const auto others = picture.classNames.size() - colors.legend().size(); others > 0)
    add(categoryColor(-1, false), PlanesView::tr("%1 others").arg(others));
  double y = area.bottom() - em * 1.15 * static_cast<double>(lines.size());
  painter.setFont(style.font);
  for (const auto& line : lines) {
    double width = 0.0;
    for (const Entry& entry : line)
      width += entry.width;
    x = area.center().x() - width / 2.0;
    for (const Entry& entry : line) {
      painter.setPen(Qt::NoPen);
      painter.setBrush(entry.color);
      painter.drawEllipse(QPointF(x + 0.6 * em, y + 0.55 * em), 0.28 * em, 0.28 * em);
      painter.setPen(style.foreground);
      painter.drawText(QPointF(x + 1.1 * em, y + metrics.ascent()), entry.name);
      x += entry.width;
    }
    y += 1.15 * em;
  }
  return em * 1.15 * static_cast<double>(lines.size());
}

/// Title and axes; gives the frame that is left for the points.
QRectF paintPaneFrame(QPainter& painter, const QRectF& box, const PlanePane& pane,
                      const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  OverlayStyle bold = style;
  bold.font.setBold(true);
  const QFontMetricsF wide(bold.font);
  painter.setFont(bold.font);
  painter.setPen(style.foreground);
  painter.drawText(QPointF(box.left(), box.top() + wide.ascent()),
                   wide.elidedText(pane.title, Qt::ElideRight, box.width()));
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
  return frame;
}

/// Where the points go: both axes in one scale, for angles are what the plane has, and the points
/// of the legend's classes fill @p inside.
ScreenPoints placesOf(const PlanesPicture& picture, const PlanePane& pane,
                      const ClassColors& colors, const QRectF& inside, double dot)
{
  Eigen::Vector2d low = Eigen::Vector2d::Constant(std::numeric_limits<double>::infinity());
  Eigen::Vector2d high = -low;
  for (Eigen::Index i = 0; i < pane.points.cols(); ++i)
    if (colors.isChosen(picture.classes[static_cast<std::size_t>(i)])) {
      low = low.cwiseMin(pane.points.col(i));
      high = high.cwiseMax(pane.points.col(i));
    }
  const Eigen::Vector2d span = (high - low).cwiseMax(1e-12);
  const Eigen::Vector2d center = (low + high) / 2.0;
  const double scale = std::min(inside.width() / span.x(), inside.height() / span.y());
  ScreenPoints places;
  for (Eigen::Index i = 0; i < pane.points.cols(); ++i) {
    const Eigen::Vector2d point = pane.points.col(i) - center;
    places.x.push_back(static_cast<float>(inside.center().x() + point.x() * scale));
    places.y.push_back(static_cast<float>(inside.center().y() - point.y() * scale));
    places.depth.push_back(0.0f);
    places.radius.push_back(static_cast<float>(dot));
  }
  return places;
}

/// Grey points first, then those of the legend; gives how many lie outside the frame.
int paintPoints(QPainter& painter, const QRectF& frame, const PlanesPicture& picture,
                const ScreenPoints& places, const ClassColors& colors, double dot)
{
  int outside = 0;
  painter.setPen(Qt::NoPen);
  const bool pale = !picture.quads.empty();
  for (const bool chosen : {false, true})
    for (std::size_t i = 0; i < places.x.size(); ++i) {
      if (colors.isChosen(picture.classes[i]) != chosen)
        continue;
      const QPointF at(static_cast<double>(places.x[i]), static_cast<double>(places.y[i]));
      if (!frame.contains(at)) {
        ++outside;
        continue;
      }
      painter.setBrush(faded(colors.of(picture.classes[i]), !chosen ? 0.35 : pale ? 0.6 : 0.85));
      painter.drawEllipse(at, dot, dot);
    }
  return outside;
}

void paintQuads(QPainter& painter, const QRectF& frame, const PlanesPicture& picture,
                const ScreenPoints& places, const ClassColors& colors, const OverlayStyle& style)
{
  const QFontMetricsF metrics(style.font);
  const double em = metrics.height();
  std::vector<CrystalShape> shapes;
  std::vector<std::pair<FeatureId, QString>> labels;
  // More could not be told apart, and their names would have no room.
  constexpr std::size_t mostClasses = 4;
  const int most = colors.legend().size() > 2 ? 1 : 2;
  for (std::size_t place = 0; place < std::min(mostClasses, colors.legend().size()); ++place) {
    const std::int32_t number = colors.legend()[place];
    int drawn = 0;
    for (std::size_t i = 0; i < picture.quads.size() && drawn < most; ++i) {
      if (picture.quadClasses[i] != number)
        continue;
      CrystalShape shape;
      for (std::size_t k = 0; k < 4; ++k) {
        shape.corners[k] = picture.quads[i][k];
        if (const auto at = static_cast<std::size_t>(shape.corners[k]); at < picture.labels.size())
          labels.emplace_back(shape.corners[k], picture.labels[at]);
      }
      shape.color = colors.of(number);
      shape.chosen = true;
      shapes.push_back(std::move(shape));
      ++drawn;
    }
  }
  OverlayStyle thin = style;
  thin.font.setPixelSize(std::max(1, static_cast<int>(0.6 * QFontInfo(style.font).pixelSize())));
  drawCrystals(painter, shapes, places, frame, thin);
  const auto measure = [&](const QString& text) {
    return QSizeF(metrics.horizontalAdvance(text), em);
  };
  drawLabels(painter, placeLabels(labels, places, frame, {}, 0.1 * em, measure), style);
}

void paintPane(QPainter& painter, const QRectF& box, const PlanesPicture& picture,
               const PlanePane& pane, const ClassColors& colors, const OverlayStyle& style)
{
  const double em = QFontMetricsF(style.font).height();
  const QRectF frame = paintPaneFrame(painter, box, pane, style);
  if (pane.points.cols() == 0 || colors.legend().empty())
    return;
  const QRectF inside = frame.adjusted(1.6 * em, 1.2 * em, -1.6 * em, -1.2 * em);
  const double dot = (pane.points.cols() > 400 ? 0.14 : 0.19) * em;
  const ScreenPoints places = placesOf(picture, pane, colors, inside, dot);
  painter.save();
  painter.setClipRect(frame, Qt::IntersectClip);
  const int outside = paintPoints(painter, frame, picture, places, colors, dot);
  paintQuads(painter, frame, picture, places, colors, style);
  painter.restore();
  if (outside > 0)
    drawHaloText(painter, {frame.left() + 0.3 * em, frame.bottom() - 0.35 * em},
                 PlanesView::tr("%1 grey points lie outside").arg(outside), style);
}

}  // namespace

std::vector<std::int32_t> PlanesPicture::legend() const
{
  if (!chosen.empty())
    return chosen;
  std::vector<std::int32_t> all(classNames.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<std::int32_t> mostSeparated(const std::vector<double>& separations, std::size_t most)
{
  std::vector<std::int32_t> order(separations.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return separations[static_cast<std::size_t>(a)] > separations[static_cast<std::size_t>(b)];
  });
  order.resize(std::min(order.size(), most));
  return order;
}

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
  const ClassColors colors(picture, dark);
  inside.setBottom(inside.bottom() - paintClasses(painter, inside, picture, colors, style) -
                   0.3 * em);
  const double width =
      inside.width() / static_cast<double>(std::max<std::size_t>(1, picture.panes.size()));
  for (std::size_t i = 0; i < picture.panes.size(); ++i)
    paintPane(painter,
              QRectF(inside.left() + width * static_cast<double>(i), inside.top(), width - 0.8 * em,
                     inside.height()),
              picture, picture.panes[i], colors, style);
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
    : QWidget(parent),
      m_choice(new QComboBox(this)),
      m_classes(new QToolButton(this)),
      m_canvas(new Canvas(this))
{
  setAccessibleName(tr("Planes of the relations"));
  m_choice->setAccessibleName(tr("What the planes show"));
  auto* label = new QLabel(tr("Show"), this);
  auto* save = new QToolButton(this);
  save->setIcon(icon(QStringLiteral("figure")));
  save->setAccessibleName(tr("Save the picture"));
  save->setToolTip(tr("Save the planes as SVG, PDF or PNG"));
  m_classes->setText(tr("Relations"));
  m_classes->setAccessibleName(tr("Relations that are coloured"));
  m_classes->setToolTip(tr("Choose which relations have a colour and quads; the others are grey"));
  m_classes->setPopupMode(QToolButton::InstantPopup);
  m_classes->setMenu(new QMenu(m_classes));
  m_classes->setEnabled(false);
  auto* bar = new QHBoxLayout;
  bar->setContentsMargins(6, 4, 6, 4);
  bar->addWidget(label);
  bar->addWidget(m_choice, 1);
  bar->addWidget(m_classes);
  bar->addWidget(save);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(bar);
  layout->addWidget(m_canvas, 1);
  connect(m_choice, &QComboBox::currentIndexChanged, m_canvas, [this] { m_canvas->showPicture(); });
  connect(save, &QToolButton::clicked, this, &PlanesView::saveRequested);
}

void PlanesView::setPictures(std::vector<PlanesPicture> pictures, std::vector<double> separations)
{
  const int before = m_choice->currentIndex();
  const bool same = !m_pictures.empty() && !pictures.empty() &&
                    m_pictures.front().classNames == pictures.front().classNames;
  const auto kept = same ? m_pictures.front().chosen : std::vector<std::int32_t>();
  m_pictures = std::move(pictures);
  m_separations = std::move(separations);
  m_choice->clear();
  for (const PlanesPicture& picture : m_pictures)
    m_choice->addItem(picture.name);
  m_choice->setCurrentIndex(std::clamp(before, 0, std::max(0, m_choice->count() - 1)));
  chooseClasses(kept);
}

void PlanesView::chooseClasses(std::vector<std::int32_t> chosen)
{
  if (chosen.empty())
    chosen = mostSeparated(m_separations);
  for (PlanesPicture& picture : m_pictures)
    picture.chosen = chosen;
  fillMenu();
  m_canvas->showPicture();
}

void PlanesView::fillMenu()
{
  QMenu* menu = m_classes->menu();
  menu->clear();
  m_classes->setEnabled(!m_pictures.empty());
  if (m_pictures.empty())
    return;
  const auto chosen = m_pictures.front().legend();
  menu->addAction(tr("The most separated"), this, [this] { chooseClasses({}); });
  menu->addSeparator();
  for (const std::int32_t number : mostSeparated(m_separations, m_separations.size())) {
    const auto at = static_cast<std::size_t>(number);
    QString name = m_pictures.front().classNames[at];
    QAction* action = menu->addAction(name.replace(QLatin1Char('&'), QStringLiteral("&&")));
    action->setCheckable(true);
    action->setChecked(std::find(chosen.begin(), chosen.end(), number) != chosen.end());
    connect(action, &QAction::toggled, this, [this, number](bool on) {
      auto now = m_pictures.front().legend();
      std::erase(now, number);
      if (on)
        now.push_back(number);
      // The menu goes on after its action has answered.
      QMetaObject::invokeMethod(
          this, [this, now] { chooseClasses(now); }, Qt::QueuedConnection);
    });
  }
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
