#include "widgets/views/CloudViewPrivate.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QNativeGestureEvent>
#include <QPointer>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

constexpr double clickSlop = 4.0;  ///< A press that moves less is a click.
constexpr double pickTolerance = 8.0;
constexpr double zoomPerStep = 1.18;  ///< Of a wheel's notch.

}  // namespace

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
