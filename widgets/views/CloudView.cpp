#include "widgets/views/CloudViewPrivate.h"

#include <utility>

namespace orrery {

namespace {

constexpr int restMs = 150;      ///< Without an event for this long, the picture is completed.
constexpr int hoverRestMs = 70;  ///< Rest of the cursor before a point is named.
constexpr int markerMs = 1400;   ///< How long the rotation centre stays marked.

}  // namespace

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

bool CloudView::isPlanar() const
{
  return m_d->scene.planar();
}

}  // namespace orrery
