// What stands behind CloudView: its files share it by subject (state, camera, drawing, gestures).
#pragma once

#include "widgets/views/CloudView.h"

#include "widgets/vtk/CloudOverlay.h"
#include "widgets/vtk/OpenGlContext.h"
#include "widgets/vtk/ProgressiveRenderer.h"

#include <QElapsedTimer>
#include <QPainter>
#include <QTimer>

#include <optional>

namespace orrery {

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

}  // namespace orrery
