#include "widgets/views/CloudView.h"

#include "widgets/vtk/CloudOverlay.h"
#include "widgets/vtk/OpenGlContext.h"
#include "widgets/vtk/ProgressiveRenderer.h"

#include <QElapsedTimer>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QNativeGestureEvent>
#include <QPainter>
#include <QPointer>
#include <QTimer>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace orrery {

namespace {

constexpr int restMs = 150;        ///< Without an event for this long, the picture is completed.
constexpr int hoverRestMs = 70;    ///< Rest of the cursor before a point is named.
constexpr int glideMs = 300;       ///< Of the camera, where nobody says otherwise.
constexpr int markerMs = 1400;     ///< How long the rotation centre stays marked.
constexpr double clickSlop = 4.0;  ///< A press that moves less is a click.
constexpr double pickTolerance = 8.0;
constexpr double zoomPerStep = 1.18;  ///< Of a wheel's notch.

}  // namespace

class CloudView::Private {
 public:
  explicit Private(CloudView* view);

  CloudView* q;
  CloudScene scene;
  ProgressiveRenderer renderer{scene};
  Camera camera;
  bool framed = true;  ///< The camera is where frameAll() put it.
  bool stale = true;
  bool moving = false;
  QSize renderedSize;
  double renderedRatio = 0.0;

  QTimer restTimer;
  QTimer sliceTimer;
  QTimer hoverTimer;
  QTimer glideTimer;
  QTimer markerTimer;
  QTimer wheelTimer;

  FeatureId current = noFeature;
  FeatureId hoveredFeature = noFeature;
  FeatureId toldHover = noFeature;
  CloudTexts texts;
  QString emptyText = QStringLiteral("Nothing to show yet. Open a dictionary, or the demo.");

  CloudTool tool = CloudTool::Navigate;
  bool visibleOnly = false;
  bool spaceHeld = false;
  bool cursorInside = false;  ///< The cursor is over the view.
  RegionGesture region;
  DrawnRegion lastRegion;
  DrawnRegion shownRegion;  ///< A kept one, drawn while the camera is where it was.
  qint64 regionCount = -1;

  enum class Drag { None, Press, Rotate, Pan, Region };
  Drag drag = Drag::None;
  QPointF pressed;
  QPointF last;
  QPointF cursor;
  bool skipRelease = false;
  Camera before;
  bool wheeling = false;

  // Glides of the camera and of the points.
  QElapsedTimer glideClock;
  int glideDuration = 0;
  Camera glideFrom, glideTo;
  bool glidePoints = false;
  bool glidePlanar = false;
  Positions pointsFrom, pointsTo;

  std::optional<ScreenPoints> screen;
  std::vector<std::uint8_t> visible;

  [[nodiscard]] double aspect() const
  {
    return static_cast<double>(std::max(1, q->width())) / std::max(1, q->height());
  }
  void invalidate(bool inMotion);
  void moveCamera(const Camera& to);
  void startGlide(const Camera& to, int milliseconds);
  void stepGlide();
  void finishGlide();
  void jump(const Camera& to, int milliseconds);
  [[nodiscard]] Camera framedCamera(const Positions& positions, bool planar) const;
  const ScreenPoints& screenPoints();
  [[nodiscard]] FeatureId pick(QPointF at);
  void renderIfNeeded();
  void slice();

  void beginGesture();
  void endGesture();
  void zoomAt(QPointF at, double factor);
  void rotateBy(double dx, double dy);
  void hoverNow();
  void tellHover(FeatureId feature, QPoint global);
  void updateRegion();
  void finishRegion(Qt::KeyboardModifiers modifiers);
  void cancelRegion();
  std::vector<FeatureId> regionFeatures();
  [[nodiscard]] DrawnRegion drawnRegion() const;

  [[nodiscard]] OverlayStyle style() const;
  void paintMarks(QPainter& painter, const ScreenPoints& points);
  void paintTool(QPainter& painter, const QRectF& area);
  void paintNote(QPainter& painter, const QString& text, const QColor& background,
                 const QColor& foreground);
};

CloudView::Private::Private(CloudView* view) : q(view)
{
  restTimer.setSingleShot(true);
  restTimer.setInterval(restMs);
  sliceTimer.setSingleShot(true);
  sliceTimer.setInterval(0);
  hoverTimer.setSingleShot(true);
  hoverTimer.setInterval(hoverRestMs);
  glideTimer.setInterval(15);
  markerTimer.setSingleShot(true);
  markerTimer.setInterval(markerMs);
  wheelTimer.setSingleShot(true);
  wheelTimer.setInterval(300);
  QObject::connect(&restTimer, &QTimer::timeout, q, [this] {
    moving = false;
    sliceTimer.start();
    q->update();
  });
  QObject::connect(&sliceTimer, &QTimer::timeout, q, [this] { slice(); });
  QObject::connect(&hoverTimer, &QTimer::timeout, q, [this] { hoverNow(); });
  QObject::connect(&glideTimer, &QTimer::timeout, q, [this] { stepGlide(); });
  QObject::connect(&markerTimer, &QTimer::timeout, q, [this] { q->update(); });
  QObject::connect(&wheelTimer, &QTimer::timeout, q, [this] {
    wheeling = false;
    endGesture();
  });
}

void CloudView::Private::invalidate(bool inMotion)
{
  stale = true;
  screen.reset();
  visible.clear();
  if (inMotion) {
    moving = true;
    restTimer.start();
  }
  q->update();
}

void CloudView::Private::moveCamera(const Camera& to)
{
  if (to == camera)
    return;
  camera = to;
  framed = false;
  invalidate(true);
  emit q->cameraChanged();
}

void CloudView::Private::startGlide(const Camera& to, int milliseconds)
{
  glideFrom = camera;
  glideTo = to;
  glideDuration = milliseconds;
  glideClock.start();
  glideTimer.start();
}

void CloudView::Private::stepGlide()
{
  const double t =
      glideDuration > 0 ? static_cast<double>(glideClock.elapsed()) / glideDuration : 1.0;
  if (t >= 1.0) {
    finishGlide();
    return;
  }
  const double eased = easeInOut(t);
  if (glidePoints) {
    Positions between = pointsFrom + (pointsTo - pointsFrom) * static_cast<float>(eased);
    scene.setPositions(std::move(between), false);
  }
  camera = interpolate(glideFrom, glideTo, eased);
  invalidate(true);
  emit q->cameraChanged();
}

void CloudView::Private::finishGlide()
{
  if (!glideTimer.isActive())
    return;
  glideTimer.stop();
  camera = glideTo;
  if (glidePoints) {
    glidePoints = false;
    scene.setPositions(std::move(pointsTo), glidePlanar);
    pointsFrom.resize(3, 0);
    pointsTo.resize(3, 0);
  }
  invalidate(true);
  emit q->cameraChanged();
}

/// A camera given from outside or by a command: glides where somebody can see it.
void CloudView::Private::jump(const Camera& to, int milliseconds)
{
  finishGlide();
  // Even where it is there already: from now on it stays as it was told, whatever the view's size.
  framed = false;
  if (to == camera)
    return;
  if (milliseconds > 0 && q->isVisible()) {
    startGlide(to, milliseconds);
    return;
  }
  moveCamera(to);
}

Camera CloudView::Private::framedCamera(const Positions& positions, bool planar) const
{
  // Out of a map in the plane, a cloud is seen as if it were new.
  if (planar || scene.planar() || scene.positions().cols() == 0)
    return openingCamera(positions, planar, aspect());
  return frameBounds(camera, boundsOf(positions), aspect());
}

const ScreenPoints& CloudView::Private::screenPoints()
{
  if (!screen)
    screen = scene.project(camera, q->width(), q->height());
  return *screen;
}

FeatureId CloudView::Private::pick(QPointF at)
{
  return pickFeature(screenPoints(), at.x(), at.y(), pickTolerance);
}

void CloudView::Private::renderIfNeeded()
{
  const double ratio = q->devicePixelRatioF();
  const QSize size = (QSizeF(q->size()) * ratio).toSize().expandedTo(QSize(1, 1));
  if (!stale && size == renderedSize && ratio == renderedRatio)
    return;
  stale = false;
  renderedSize = size;
  renderedRatio = ratio;
  FrameRequest request;
  request.camera = camera;
  // Beyond what OpenGL can draw at once the picture is drawn smaller and enlarged by the painter.
  const double shrink = std::min(
      1.0, static_cast<double>(scene.maximumSize()) / std::max(size.width(), size.height()));
  request.size = (QSizeF(size) * shrink).toSize().expandedTo(QSize(1, 1));
  request.pixelRatio = ratio * shrink;
  if (renderer.start(request) && !moving)
    sliceTimer.start();
}

void CloudView::Private::slice()
{
  if (stale || moving)
    return;
  if (renderer.advance()) {
    q->update();
    sliceTimer.start();
  }
}

void CloudView::Private::beginGesture()
{
  finishGlide();
  before = camera;
}

void CloudView::Private::endGesture()
{
  if (!(before == camera))
    emit q->cameraGestureFinished(before, camera);
  before = camera;
}

void CloudView::Private::rotateBy(double dx, double dy)
{
  // A drag across the shorter side is half a turn.
  const double perPixel = std::numbers::pi / std::max(80, std::min(q->width(), q->height()));
  moveCamera(orbit(camera, dx * perPixel, dy * perPixel));
}

void CloudView::Private::zoomAt(QPointF at, double factor)
{
  const double half = halfHeight(camera);
  // Neither into a single point nor away until the cloud is a speck.
  const double radius = scene.bounds().radius;
  const double allowed =
      std::clamp(half / factor, radius * 1e-5, std::max(radius * 40.0, half)) / half;
  if (std::abs(allowed - 1.0) < 1e-9)
    return;
  const double x = 2.0 * at.x() / std::max(1, q->width()) - 1.0;
  const double y = 1.0 - 2.0 * at.y() / std::max(1, q->height());
  Eigen::Vector3d anchor = focalPlanePoint(camera, aspect(), x, y);
  if (!camera.orthographic && !scene.planar()) {
    // A point under the cursor stays there, and the focal plane comes towards it.
    const FeatureId feature = pick(at);
    if (feature != noFeature) {
      const Eigen::Vector3d place = scene.positions().col(feature).cast<double>();
      const Eigen::Matrix3d axes = cameraAxes(camera);
      const double distance = (camera.position - place).dot(axes.col(2));
      anchor = camera.position + (anchor - camera.position) * (distance / focalDistance(camera));
    }
  }
  moveCamera(zoomAbout(camera, anchor, 1.0 / allowed));
}

void CloudView::Private::tellHover(FeatureId feature, QPoint global)
{
  if (feature == toldHover)
    return;
  toldHover = feature;
  emit q->hovered(feature, global);
}

void CloudView::Private::hoverNow()
{
  if (drag != Drag::None || region.isActive() || !cursorInside)
    return;
  tellHover(pick(cursor), q->mapToGlobal(cursor.toPoint()));
}

std::vector<FeatureId> CloudView::Private::regionFeatures()
{
  const ScreenPoints& points = screenPoints();
  if (visibleOnly && visible.empty())
    visible = visibleFeatures(points, q->width(), q->height());
  return region.region().features(points, visibleOnly ? visible : std::vector<std::uint8_t>());
}

void CloudView::Private::updateRegion()
{
  const auto count = static_cast<qint64>(regionFeatures().size());
  if (count != regionCount) {
    regionCount = count;
    emit q->regionCountChanged(count);
  }
  q->update();
}

void CloudView::Private::finishRegion(Qt::KeyboardModifiers modifiers)
{
  const std::vector<FeatureId> features = regionFeatures();
  lastRegion = drawnRegion();
  cancelRegion();
  const auto mode = modifiers & Qt::ControlModifier ? SelectionModel::Mode::Remove
                    : modifiers & Qt::ShiftModifier ? SelectionModel::Mode::Add
                                                    : SelectionModel::Mode::Replace;
  emit q->regionSelected(features, mode);
}

/// The drawn outline, independent of the window's size; a brush has none.
DrawnRegion CloudView::Private::drawnRegion() const
{
  DrawnRegion drawn;
  drawn.camera = camera;
  drawn.aspect = aspect();
  drawn.visibleOnly = visibleOnly;
  const double width = std::max(1, q->width()), height = std::max(1, q->height());
  for (const QPointF& corner : region.outline())
    drawn.outline.emplace_back(corner.x() / width, corner.y() / height);
  return drawn;
}

void CloudView::Private::cancelRegion()
{
  region.cancel();
  if (drag == Drag::Region)
    drag = Drag::None;
  regionCount = -1;
  emit q->regionCountChanged(-1);
  q->update();
}

OverlayStyle CloudView::Private::style() const
{
  OverlayStyle result;
  result.foreground = scene.appearance().foreground;
  result.background = scene.appearance().background;
  result.font = q->font();
  return result;
}

void CloudView::Private::paintMarks(QPainter& painter, const ScreenPoints& points)
{
  const auto ring = [&](FeatureId feature, const QColor& color, double gap, double width) {
    if (!points.drawn(feature))
      return;
    const auto at = static_cast<std::size_t>(feature);
    const double radius = points.radius[at] + gap;
    const QPointF center(points.x[at], points.y[at]);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(scene.appearance().background, width + 2.0));
    painter.drawEllipse(center, radius, radius);
    painter.setPen(QPen(color, width));
    painter.drawEllipse(center, radius, radius);
  };
  painter.setRenderHint(QPainter::Antialiasing);
  ring(current, scene.appearance().foreground, 4.5, 2.0);
  ring(hoveredFeature, QColor(0xE6, 0x9F, 0x00), 3.0, 2.2);
}

void CloudView::Private::paintTool(QPainter& painter, const QRectF& area)
{
  const OverlayStyle look = style();
  if (drag == Drag::Rotate || markerTimer.isActive()) {
    // The rotation centre is the focal point: the middle of the view.
    const QPointF center = area.center();
    painter.setRenderHint(QPainter::Antialiasing);
    for (const auto& [color, width] :
         {std::pair(look.background, 3.5), std::pair(look.foreground, 1.4)}) {
      painter.setPen(QPen(color, width));
      painter.setBrush(Qt::NoBrush);
      painter.drawEllipse(center, 5.0, 5.0);
      painter.drawLine(center - QPointF(10, 0), center - QPointF(5, 0));
      painter.drawLine(center + QPointF(5, 0), center + QPointF(10, 0));
      painter.drawLine(center - QPointF(0, 10), center - QPointF(0, 5));
      painter.drawLine(center + QPointF(0, 5), center + QPointF(0, 10));
    }
  }
  region.paint(painter, look.foreground);
  if (!shownRegion.outline.empty() && shownRegion.camera == camera) {
    // Fractions of the height, as the camera's view is: what is wider shows more at both sides.
    QPolygonF outline;
    const double width = area.height() * shownRegion.aspect;
    for (const QPointF& corner : shownRegion.outline)
      outline << QPointF(area.center().x() + (corner.x() - 0.5) * width,
                         area.top() + corner.y() * area.height());
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(look.foreground, 1.4, Qt::DashLine));
    painter.drawPolygon(outline);
  }
  if (tool == CloudTool::Brush && !region.isActive() && cursorInside) {
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(look.foreground, 1.2));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(cursor, region.brushRadius(), region.brushRadius());
  }
  if (tool == CloudTool::Navigate || area.width() < 160.0)
    return;
  static constexpr const char* names[] = {"", "Rectangle", "Lasso", "Polygon", "Brush"};
  QString text = QString::fromLatin1(names[static_cast<int>(tool)]);
  text += visibleOnly ? QStringLiteral(" · visible points only")
                      : QStringLiteral(" · through all depths");
  if (region.isActive())
    text += QStringLiteral(" · %L1 inside").arg(std::max<qint64>(0, regionCount));
  else if (tool == CloudTool::Polygon)
    text += QStringLiteral(" · click corners, double click closes");
  text += QStringLiteral(" · Shift adds, Ctrl removes, Esc cancels");
  const QFontMetricsF metrics(look.font);
  text = metrics.elidedText(text, Qt::ElideRight, area.width() - 40.0);
  const QRectF pill(area.center().x() - metrics.horizontalAdvance(text) / 2.0 - 12.0,
                    area.top() + 10.0, metrics.horizontalAdvance(text) + 24.0,
                    metrics.height() + 10.0);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(look.foreground);
  painter.drawRoundedRect(pill, pill.height() / 2.0, pill.height() / 2.0);
  painter.setPen(look.background);
  painter.setFont(look.font);
  painter.drawText(pill, Qt::AlignCenter, text);
}

void CloudView::Private::paintNote(QPainter& painter, const QString& text, const QColor& background,
                                   const QColor& foreground)
{
  painter.fillRect(q->rect(), background);
  painter.setPen(foreground);
  painter.drawText(q->rect().adjusted(20, 20, -20, -20), Qt::AlignCenter | Qt::TextWordWrap, text);
}

CloudView::CloudView(QWidget* parent) : QWidget(parent), m_d(std::make_unique<Private>(this))
{
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setMinimumSize(1, 1);
  setAccessibleName(QStringLiteral("Cloud of features"));
  setAccessibleDescription(QStringLiteral(
      "Points in space. Arrow keys turn the cloud, Shift with arrows moves it, plus and minus "
      "zoom."));
}

CloudView::~CloudView() = default;

void CloudView::setPositions(Positions positions, bool planar, bool keepCamera)
{
  Private& d = *m_d;
  d.glideTimer.stop();
  d.glidePoints = false;
  const bool keep =
      keepCamera && positions.cols() == d.scene.positions().cols() && planar == d.scene.planar();
  const Camera to = keep && !d.framed ? carriedOver(d.camera, d.scene.bounds(), boundsOf(positions))
                                      : d.framedCamera(positions, planar);
  if (positions.cols() != d.scene.positions().cols()) {
    // What belonged to other features means nothing now.
    d.hoveredFeature = d.toldHover = d.current = noFeature;
    d.texts.labels.clear();
    d.texts.crystals.clear();
    d.scene.setSelection({});
    d.texts.ties = {};
    d.scene.clearEmphasis();
    d.scene.setHidden({});
  }
  d.scene.setPositions(std::move(positions), planar);
  d.camera = to;
  d.framed = d.framed || !keep;
  d.invalidate(false);
  emit cameraChanged();
}

void CloudView::glideTo(Positions positions, bool planar, int milliseconds)
{
  Private& d = *m_d;
  d.finishGlide();
  if (milliseconds <= 0 || !isVisible() || positions.cols() != d.scene.positions().cols() ||
      positions.cols() == 0) {
    setPositions(std::move(positions), planar);
    return;
  }
  const Camera to = d.framed || planar != d.scene.planar()
                        ? d.framedCamera(positions, planar)
                        : carriedOver(d.camera, d.scene.bounds(), boundsOf(positions));
  d.pointsFrom = d.scene.positions();
  d.pointsTo = std::move(positions);
  // A feature that has a place in one of the maps only is not drawn on the way: NaN stays NaN.
  d.glidePoints = true;
  d.glidePlanar = planar;
  const bool framed = d.framed || planar != d.scene.planar();
  d.startGlide(to, milliseconds);
  d.framed = framed;
}

void CloudView::setAppearance(CloudAppearance appearance)
{
  m_d->scene.setAppearance(std::move(appearance));
  m_d->invalidate(false);
}

void CloudView::setSelection(const std::vector<FeatureId>& features, FeatureId current)
{
  m_d->current = current;
  m_d->scene.setSelection(features);
  m_d->invalidate(false);
}

void CloudView::setHovered(FeatureId feature)
{
  if (feature == m_d->hoveredFeature)
    return;
  m_d->hoveredFeature = feature;
  update();
}

void CloudView::setEmphasis(std::vector<FeatureId> features)
{
  m_d->scene.setEmphasis(std::move(features));
  m_d->invalidate(false);
}

void CloudView::clearEmphasis()
{
  m_d->scene.clearEmphasis();
  m_d->invalidate(false);
}

void CloudView::setHidden(std::vector<FeatureId> features)
{
  m_d->scene.setHidden(std::move(features));
  m_d->invalidate(false);
}

void CloudView::setLabels(std::vector<std::pair<FeatureId, QString>> labels)
{
  m_d->texts.labels = std::move(labels);
  update();
}

void CloudView::setTies(FeatureTies ties)
{
  m_d->texts.ties = std::move(ties);
  update();
}

void CloudView::setCrystals(std::vector<CrystalShape> crystals)
{
  m_d->texts.crystals = std::move(crystals);
  update();
}

void CloudView::setCaption(const QString& caption)
{
  m_d->texts.caption = caption;
  update();
}

void CloudView::setAxisNames(const QStringList& names)
{
  m_d->texts.axisNames = names;
  update();
}

void CloudView::setLegend(LegendModel legend)
{
  m_d->texts.legend = std::move(legend);
  update();
}

void CloudView::setEmptyText(const QString& text)
{
  m_d->emptyText = text;
  update();
}

void CloudView::setTool(CloudTool tool)
{
  Private& d = *m_d;
  if (tool == d.tool)
    return;
  if (d.region.isActive())
    d.cancelRegion();
  d.tool = tool;
  setCursor(tool == CloudTool::Navigate ? Qt::ArrowCursor
            : tool == CloudTool::Brush  ? Qt::BlankCursor
                                        : Qt::CrossCursor);
  update();
  emit toolChanged(tool);
}

CloudTool CloudView::tool() const
{
  return m_d->tool;
}

void CloudView::setVisibleOnly(bool visibleOnly)
{
  m_d->visibleOnly = visibleOnly;
  if (m_d->region.isActive())
    m_d->updateRegion();
  update();
}

bool CloudView::visibleOnly() const
{
  return m_d->visibleOnly;
}

const DrawnRegion& CloudView::lastRegion() const
{
  return m_d->lastRegion;
}

void CloudView::showRegion(const DrawnRegion& region)
{
  m_d->shownRegion = region;
  update();
}

SceneBounds CloudView::bounds() const
{
  return m_d->scene.bounds();
}

bool CloudView::isPlanar() const
{
  return m_d->scene.planar();
}

Camera CloudView::camera() const
{
  return m_d->camera;
}

void CloudView::setCamera(const Camera& camera, int glideMs)
{
  m_d->jump(camera, glideMs);
}

void CloudView::frame(const std::vector<FeatureId>& features)
{
  Private& d = *m_d;
  if (features.empty()) {
    frameAll();
    return;
  }
  d.beginGesture();
  Camera to;
  if (d.scene.planar()) {
    to = framePlane(d.scene.positions(), features, d.aspect());
  } else {
    SceneBounds bounds = boundsOf(d.scene.positions(), features);
    // A single point, or a few close ones, with what lies around them.
    bounds.radius = features.size() == 1
                        ? d.scene.bounds().radius * 0.15
                        : std::max(bounds.radius * 1.15, d.scene.bounds().radius * 0.02);
    to = frameBounds(d.camera, bounds, d.aspect());
  }
  if (!to.focalPoint.allFinite() || to == d.camera)
    return;
  emit cameraGestureFinished(d.camera, to);
  d.jump(to, glideMs);
}

void CloudView::frameAll()
{
  Private& d = *m_d;
  d.beginGesture();
  const Camera to = d.framedCamera(d.scene.positions(), d.scene.planar());
  if (!(to == d.camera)) {
    emit cameraGestureFinished(d.camera, to);
    d.jump(to, glideMs);
  }
  d.framed = true;
}

void CloudView::lookAlong(int axis)
{
  Private& d = *m_d;
  if (d.scene.planar())
    return;
  d.beginGesture();
  // 1, 3 and 7 look along −z, −x and −y: the axis that is looked along.
  const Camera to = lookAlongAxis(d.camera, axis);
  if (to == d.camera)
    return;
  emit cameraGestureFinished(d.camera, to);
  d.jump(to, glideMs);
}

void CloudView::setOrthographic(bool orthographic)
{
  Private& d = *m_d;
  if (d.scene.planar() || orthographic == d.camera.orthographic)
    return;
  d.beginGesture();
  d.moveCamera(withProjection(d.camera, orthographic));
  d.endGesture();
}

bool CloudView::orthographic() const
{
  return m_d->camera.orthographic;
}

void CloudView::setRotationCenter(FeatureId feature)
{
  Private& d = *m_d;
  if (feature < 0 || feature >= d.scene.positions().cols() ||
      !d.scene.positions().col(feature).allFinite())
    return;
  d.beginGesture();
  const Eigen::Vector3d shift =
      d.scene.positions().col(feature).cast<double>() - d.camera.focalPoint;
  Camera to = d.camera;
  to.focalPoint += shift;
  to.position += shift;
  d.markerTimer.start();
  update();
  if (to == d.camera)
    return;
  emit cameraGestureFinished(d.camera, to);
  d.jump(to, glideMs);
}

QImage CloudView::grabPicture(double scale)
{
  Private& d = *m_d;
  const double ratio = devicePixelRatioF() * std::clamp(scale, 0.01, 32.0);
  FrameRequest request;
  request.camera = d.camera;
  request.size = (QSizeF(size()) * ratio).toSize().expandedTo(QSize(1, 1));
  request.pixelRatio = ratio;
  const double pixels = static_cast<double>(request.size.width()) * request.size.height();
  QImage picture = d.scene.render(request, pixels < 2e7 ? 2 : 1);
  if (picture.isNull())
    return picture;
  d.stale = true;
  update();
  QPainter painter(&picture);
  painter.scale(ratio, ratio);
  const ScreenPoints points = d.scene.project(d.camera, width(), height());
  drawTexts(painter, rect(), d.texts, d.camera, d.scene.planar(), points, d.style());
  d.paintMarks(painter, points);
  return picture;
}

QString CloudView::rendererName() const
{
  return m_d->scene.rendererName();
}

CloudView::FrameStatistics CloudView::lastFrame() const
{
  const auto& statistics = m_d->renderer.statistics();
  return {statistics.points, statistics.milliseconds, statistics.complete};
}

void CloudView::paintEvent(QPaintEvent*)
{
  Private& d = *m_d;
  QPainter painter(this);
  const CloudAppearance& look = d.scene.appearance();
  if (d.scene.drawableCount() == 0) {
    d.paintNote(painter, d.emptyText, look.background, look.foreground);
    return;
  }
  d.renderIfNeeded();
  const QImage& picture = d.renderer.picture();
  if (picture.isNull()) {
    const QString why = OpenGlContext::failure();
    d.paintNote(painter,
                QStringLiteral("The cloud cannot be drawn: %1. Tables and plots work all the same.")
                    .arg(why.isEmpty() ? QStringLiteral("the graphics driver gave up") : why),
                look.background, look.foreground);
    return;
  }
  // One device pixel of the picture on one of the screen.
  QImage shown = picture;
  shown.setDevicePixelRatio(devicePixelRatioF());
  if (picture.size() == d.renderedSize)
    painter.drawImage(QPointF(0, 0), shown);
  else
    painter.drawImage(QRectF(rect()), picture);
  const ScreenPoints& points = d.screenPoints();
  drawTexts(painter, rect(), d.texts, d.camera, d.scene.planar(), points, d.style());
  d.paintMarks(painter, points);
  d.paintTool(painter, rect());
}

void CloudView::resizeEvent(QResizeEvent*)
{
  Private& d = *m_d;
  // What filled the view goes on filling it.
  if (d.framed && !d.glideTimer.isActive() && d.scene.positions().cols() > 0) {
    d.camera = d.framedCamera(d.scene.positions(), d.scene.planar());
    emit cameraChanged();
  }
  if (d.region.isActive())
    d.cancelRegion();
  d.invalidate(true);
}

void CloudView::mousePressEvent(QMouseEvent* event)
{
  Private& d = *m_d;
  d.pressed = d.last = d.cursor = event->position();
  d.skipRelease = false;
  d.hoverTimer.stop();
  if (event->button() == Qt::MiddleButton && d.drag == Private::Drag::None) {
    d.beginGesture();
    d.drag = Private::Drag::Pan;
    return;
  }
  if (event->button() != Qt::LeftButton) {
    event->ignore();
    return;
  }
  d.beginGesture();
  const bool drawing = d.tool != CloudTool::Navigate && !d.spaceHeld;
  if (drawing && d.tool == CloudTool::Polygon) {
    if (!d.region.isActive())
      d.region.begin(d.tool, event->position());
    else if (d.region.addCorner(event->position())) {
      d.finishRegion(event->modifiers());
      return;
    }
    d.updateRegion();
  } else if (drawing) {
    d.region.begin(d.tool, event->position());
    d.drag = Private::Drag::Region;
    d.updateRegion();
  } else {
    d.drag = Private::Drag::Press;
  }
}

void CloudView::mouseMoveEvent(QMouseEvent* event)
{
  Private& d = *m_d;
  using Drag = Private::Drag;
  const QPointF at = event->position();
  const QPointF step = at - d.last;
  d.last = d.cursor = at;
  d.cursorInside = true;
  if (d.drag == Drag::Press && (at - d.pressed).manhattanLength() >= clickSlop) {
    const bool pan = d.scene.planar() || event->modifiers() & Qt::ShiftModifier;
    d.drag = pan ? Drag::Pan : Drag::Rotate;
  }
  if (d.drag == Drag::Rotate)
    d.rotateBy(step.x(), step.y());
  else if (d.drag == Drag::Pan)
    d.moveCamera(pan(d.camera, step.x(), step.y(), height()));
  else if (d.region.isActive()) {
    d.region.move(at);
    d.updateRegion();
  } else if (d.drag == Drag::None && event->buttons() == Qt::NoButton) {
    const ScreenPoints* points = d.screen ? &*d.screen : nullptr;
    if (d.toldHover != noFeature && points && points->drawn(d.toldHover)) {
      const auto index = static_cast<std::size_t>(d.toldHover);
      const double distance = std::hypot(at.x() - points->x[index], at.y() - points->y[index]);
      if (distance > points->radius[index] + pickTolerance)
        d.tellHover(noFeature, mapToGlobal(at.toPoint()));
    }
    d.hoverTimer.start();
    if (d.tool == CloudTool::Brush)
      update();
  }
}

void CloudView::mouseReleaseEvent(QMouseEvent* event)
{
  Private& d = *m_d;
  using Drag = Private::Drag;
  const Drag drag = d.drag;
  if ((drag == Drag::Pan && event->buttons() != Qt::NoButton) || drag == Drag::None) {
    if (drag == Drag::None)
      event->ignore();
    return;
  }
  d.drag = Drag::None;
  if (drag == Drag::Region) {
    const bool still = (event->position() - d.pressed).manhattanLength() < clickSlop;
    if (still && d.tool != CloudTool::Brush) {
      // Nothing was drawn: the hand meant a click.
      d.cancelRegion();
      emit clicked(d.pick(event->position()), event->modifiers());
    } else if (d.region.isActive())
      d.finishRegion(event->modifiers());
    return;
  }
  if (drag == Drag::Press) {
    if (!d.skipRelease)
      emit clicked(d.pick(event->position()), event->modifiers());
    d.skipRelease = false;
    return;
  }
  d.endGesture();
  update();
}

void CloudView::mouseDoubleClickEvent(QMouseEvent* event)
{
  Private& d = *m_d;
  if (event->button() != Qt::LeftButton) {
    event->ignore();
    return;
  }
  d.pressed = d.last = d.cursor = event->position();
  if (d.tool == CloudTool::Polygon && d.region.isActive()) {
    d.finishRegion(event->modifiers());
    return;
  }
  const FeatureId feature = d.pick(event->position());
  // The release that follows is not another click.
  d.drag = Private::Drag::Press;
  d.skipRelease = true;
  if (feature == noFeature)
    return;
  setRotationCenter(feature);
  emit doubleClicked(feature);
}

void CloudView::wheelEvent(QWheelEvent* event)
{
  Private& d = *m_d;
  const double notches = event->pixelDelta().isNull() ? event->angleDelta().y() / 120.0
                                                      : event->pixelDelta().y() / 60.0;
  if (notches == 0.0) {
    event->ignore();
    return;
  }
  if (!d.wheeling) {
    d.wheeling = true;
    d.beginGesture();
  }
  d.zoomAt(event->position(), std::pow(zoomPerStep, notches));
  d.wheelTimer.start();
  event->accept();
}

void CloudView::keyPressEvent(QKeyEvent* event)
{
  Private& d = *m_d;
  const auto key = event->key();
  if (d.region.isActive() && key == Qt::Key_Escape) {
    d.cancelRegion();
    return;
  }
  if (d.region.isActive() && (key == Qt::Key_Return || key == Qt::Key_Enter)) {
    d.finishRegion(event->modifiers());
    return;
  }
  if (d.tool == CloudTool::Brush && (key == Qt::Key_BracketLeft || key == Qt::Key_BracketRight)) {
    d.region.setBrushRadius(d.region.brushRadius() * (key == Qt::Key_BracketRight ? 1.25 : 0.8));
    update();
    return;
  }
  if (key == Qt::Key_Space && d.tool != CloudTool::Navigate) {
    d.spaceHeld = true;
    return;
  }
  constexpr double step = 24.0;
  double dx = 0.0, dy = 0.0;
  switch (key) {
    case Qt::Key_Left:
      dx = -step;
      break;
    case Qt::Key_Right:
      dx = step;
      break;
    case Qt::Key_Up:
      dy = -step;
      break;
    case Qt::Key_Down:
      dy = step;
      break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
    case Qt::Key_Minus:
      d.beginGesture();
      d.zoomAt(QRectF(rect()).center(), key == Qt::Key_Minus ? 1.0 / zoomPerStep : zoomPerStep);
      d.endGesture();
      return;
    default:
      QWidget::keyPressEvent(event);
      return;
  }
  d.beginGesture();
  if (d.scene.planar() || event->modifiers() & Qt::ShiftModifier)
    d.moveCamera(pan(d.camera, dx, dy, height()));
  else
    d.rotateBy(dx, dy);
  d.endGesture();
}

bool CloudView::event(QEvent* event)
{
  Private& d = *m_d;
  if (event->type() == QEvent::ShortcutOverride && d.region.isActive()) {
    // While a region is drawn these keys are its own, whatever actions the window has on them.
    const auto key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Escape || key == Qt::Key_Return || key == Qt::Key_Enter) {
      event->accept();
      return true;
    }
  }
  if (event->type() == QEvent::KeyRelease && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Space)
    d.spaceHeld = false;
  if (event->type() == QEvent::NativeGesture) {
    const auto* gesture = static_cast<QNativeGestureEvent*>(event);
    if (gesture->gestureType() == Qt::ZoomNativeGesture) {
      if (!d.wheeling) {
        d.wheeling = true;
        d.beginGesture();
      }
      d.zoomAt(gesture->position(), std::max(0.1, 1.0 + gesture->value()));
      d.wheelTimer.start();
      return true;
    }
  }
  return QWidget::event(event);
}

void CloudView::leaveEvent(QEvent*)
{
  m_d->cursorInside = false;
  m_d->hoverTimer.stop();
  m_d->tellHover(noFeature, QCursor::pos());
  update();
}

}  // namespace orrery
