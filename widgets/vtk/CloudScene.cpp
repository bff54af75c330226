#include "widgets/vtk/CloudScene.h"

#include "core/base/Dispatch.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "widgets/vtk/OffscreenWindow.h"
#include "widgets/vtk/OpenGlContext.h"
#include "widgets/vtk/PointCloudActor.h"

#include <QPainter>

#include <vtkActor.h>
#include <vtkCamera.h>
#include <vtkCellArray.h>
#include <vtkCuller.h>
#include <vtkCullerCollection.h>
#include <vtkFloatArray.h>
#include <vtkMatrix4x4.h>
#include <vtkNew.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkPolyDataMapper.h>
#include <vtkProperty.h>
#include <vtkRenderer.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace orrery {

namespace {

/// Tiles are no larger than this, whatever OpenGL allows: software renderers get slow and memory
/// runs short beyond.
constexpr int largestTile = 4096;
/// More selected points than this are not shown through what hides them: it would be a fog.
constexpr std::int64_t ghostLimit = 4096;
constexpr double ringWidth = 1.6;
constexpr double selectedGrowth = 1.35f;

Eigen::Vector3f rgb(const QColor& color)
{
  return {color.redF(), color.greenF(), color.blueF()};
}

std::uint32_t mixed(std::uint32_t a, std::uint32_t b, double share)
{
  std::uint32_t result = a & 0xFF000000u;
  for (int shift = 0; shift <= 16; shift += 8) {
    const double x = (a >> shift) & 0xFFu;
    const double y = (b >> shift) & 0xFFu;
    result |= static_cast<std::uint32_t>(std::lround(x + (y - x) * share)) << shift;
  }
  return result;
}

}  // namespace

double recommendedPointSize(std::int64_t features)
{
  const double n = static_cast<double>(std::max<std::int64_t>(1, features));
  return std::clamp(6.0 * std::pow(8192.0 / n, 0.22), 2.0, 9.0);
}

class CloudScene::Private {
 public:
  std::shared_ptr<OpenGlContext> context;
  vtkNew<vtkRenderer> renderer;
  vtkNew<vtkCamera> camera;
  std::unique_ptr<PointCloudActor> cloud;
  std::unique_ptr<PointCloudActor> ghost;
  std::unique_ptr<PointCloudActor> selected;
  vtkNew<vtkActor> lineActor;
  vtkNew<vtkPolyDataMapper> lineMapper;
  vtkNew<vtkPolyData> linePoints;
  vtkSmartPointer<OffscreenWindow> window;

  Positions positions;
  bool planar = false;
  SceneBounds bounds;
  CloudAppearance appearance;
  std::vector<FeatureId> selection;
  std::vector<FeatureId> shuffled;  ///< All features, in drawing order.
  std::vector<FeatureId> order;     ///< Those that can be drawn.
  std::vector<std::uint8_t> hidden;
  std::vector<std::uint8_t> lit;  ///< Empty: all.
  std::vector<float> factors;     ///< What the shader gets; empty: all 1.
  std::vector<std::uint32_t> colors;
  std::vector<std::pair<FeatureId, FeatureId>> links;
  QColor linkColor;

  bool pointsStale = true;
  bool coloursStale = true;
  bool selectionStale = true;
  bool linksStale = true;

  Private();
  ~Private();
  void build();
  void refresh();
  void refreshPoints();
  void refreshColours();
  void refreshSelection();
  void refreshLinks();
  [[nodiscard]] bool drawable(FeatureId feature) const;
  [[nodiscard]] PointSizing sizing(const Camera& camera) const;
  void setLooks(const FrameRequest& request);
  void drawOnly(const PointCloudActor* first, const PointCloudActor* second, bool keep);
};

CloudScene::Private::Private()
{
  cloud = std::make_unique<PointCloudActor>();
  ghost = std::make_unique<PointCloudActor>(true);
  selected = std::make_unique<PointCloudActor>(true);
  lineMapper->SetInputData(linePoints);
  lineActor->SetMapper(lineMapper);
  lineActor->SetVisibility(false);
  lineActor->ForceOpaqueOn();
  lineActor->GetProperty()->LightingOff();
  renderer->AddActor(lineActor);
  renderer->AddViewProp(cloud->prop());
  renderer->AddViewProp(ghost->prop());
  renderer->AddViewProp(selected->prop());
  renderer->SetActiveCamera(camera);
  // The whole of the projection is in one matrix of ours; VTK's own camera stands still.
  camera->SetPosition(0, 0, 0);
  camera->SetFocalPoint(0, 0, -1);
  camera->SetViewUp(0, 1, 0);
  camera->SetUseExplicitProjectionTransformMatrix(true);
  renderer->GetCullers()->RemoveAllItems();
  renderer->SetAutomaticLightCreation(false);
  build();
}

CloudScene::Private::~Private()
{
  if (window) {
    if (context->makeCurrent())
      renderer->ReleaseGraphicsResources(window);
    window->RemoveRenderer(renderer);
  }
}

void CloudScene::Private::build()
{
  if (window) {
    renderer->ReleaseGraphicsResources(window);
    window->RemoveRenderer(renderer);
    window = nullptr;
  }
  context = OpenGlContext::shared();
  if (!context)
    return;
  window = vtkSmartPointer<OffscreenWindow>::New();
  window->setContext(context);
  window->AddRenderer(renderer);
}

bool CloudScene::Private::drawable(FeatureId feature) const
{
  const auto index = static_cast<std::size_t>(feature);
  return feature >= 0 && feature < positions.cols() && positions.col(feature).allFinite() &&
         (hidden.empty() || !hidden[index]);
}

void CloudScene::Private::refreshPoints()
{
  const auto count = static_cast<std::size_t>(positions.cols());
  if (shuffled.size() != count) {
    shuffled.resize(count);
    std::iota(shuffled.begin(), shuffled.end(), 0);
    Random(0x0442E24ull).shuffle(shuffled);
  }
  order.clear();
  order.reserve(count);
  std::copy_if(shuffled.begin(), shuffled.end(), std::back_inserter(order),
               [&](FeatureId feature) { return drawable(feature); });
  cloud->setPoints(positions, order, bounds.center, bounds.radius);
}

void CloudScene::Private::refreshColours()
{
  const auto count = static_cast<std::size_t>(positions.cols());
  const std::uint32_t plain = appearance.defaultColor.rgba();
  colors = appearance.colors;
  factors = appearance.sizes;
  if (!factors.empty())
    factors.resize(count, 1.0f);
  if (!colors.empty())
    colors.resize(count, plain);
  for (float& factor : factors)
    factor = std::isfinite(factor) ? std::max(0.05f, std::abs(factor)) : 1.0f;
  if (!lit.empty()) {
    factors.resize(count, 1.0f);
    colors.resize(count, plain);
    const std::uint32_t grey =
        mixed(appearance.background.rgba(), appearance.foreground.rgba(), 0.16);
    for (std::size_t i = 0; i < count; ++i)
      if (!lit[i]) {
        colors[i] = mixed(grey, colors[i], 0.06);
        factors[i] = -0.8f * factors[i];
      }
  }
  cloud->setColors(colors, plain);
  cloud->setSizes(factors);
}

void CloudScene::Private::refreshSelection()
{
  std::vector<FeatureId> features;
  if (static_cast<std::int64_t>(selection.size()) > 1024) {
    std::vector<std::uint8_t> chosen(static_cast<std::size_t>(positions.cols()), 0);
    for (const FeatureId feature : selection)
      if (feature >= 0 && feature < positions.cols())
        chosen[static_cast<std::size_t>(feature)] = 1;
    std::copy_if(order.begin(), order.end(), std::back_inserter(features),
                 [&](FeatureId feature) { return chosen[static_cast<std::size_t>(feature)]; });
  } else {
    std::copy_if(selection.begin(), selection.end(), std::back_inserter(features),
                 [&](FeatureId feature) { return drawable(feature); });
  }
  std::vector<float> sizes = factors;
  if (!features.empty() && sizes.empty())
    sizes.assign(static_cast<std::size_t>(positions.cols()), 1.0f);
  // A selected feature is never greyed: it keeps the colour it would have.
  std::vector<std::uint32_t> own = appearance.colors;
  for (const FeatureId feature : features) {
    float& size = sizes[static_cast<std::size_t>(feature)];
    size = std::abs(size) * static_cast<float>(selectedGrowth);
  }
  for (PointCloudActor* actor : {ghost.get(), selected.get()}) {
    actor->setPoints(positions, features, bounds.center, bounds.radius);
    actor->setColors(own, appearance.defaultColor.rgba());
    actor->setSizes(sizes);
  }
}

void CloudScene::Private::refreshLinks()
{
  vtkNew<vtkPoints> points;
  vtkNew<vtkCellArray> lines;
  for (const auto& [a, b] : links) {
    if (!drawable(a) || !drawable(b))
      continue;
    vtkIdType ends[2];
    int end = 0;
    for (const FeatureId feature : {a, b}) {
      const Eigen::Vector3d place =
          (positions.col(feature).cast<double>() - bounds.center) / bounds.radius;
      ends[end++] = points->InsertNextPoint(place.data());
    }
    lines->InsertNextCell(2, ends);
  }
  linePoints->SetPoints(points);
  linePoints->SetLines(lines);
  linePoints->Modified();
  lineActor->GetProperty()->SetColor(linkColor.redF(), linkColor.greenF(), linkColor.blueF());
}

void CloudScene::Private::refresh()
{
  if (pointsStale)
    refreshPoints();
  if (pointsStale || coloursStale)
    refreshColours();
  if (pointsStale || coloursStale || selectionStale)
    refreshSelection();
  if (pointsStale || linksStale)
    refreshLinks();
  pointsStale = coloursStale = selectionStale = linksStale = false;
}

PointSizing CloudScene::Private::sizing(const Camera& view) const
{
  PointSizing result;
  // Points grow a little when the eye comes nearer, so that a close-up is not a few lost dots.
  const double zoom = std::pow(bounds.radius / halfHeight(view), 0.3);
  result.diameter = appearance.pointSize * std::clamp(zoom, 0.7, 3.0);
  result.perspective = !planar && !view.orthographic;
  result.focalDistance = focalDistance(view);
  result.center = bounds.center;
  result.radius = bounds.radius;
  result.towards = cameraAxes(view).col(2);
  result.orthographicDepth = planar ? 0.0 : 0.22;
  return result;
}

void CloudScene::Private::setLooks(const FrameRequest& request)
{
  PointLook look;
  look.sizing = sizing(request.camera);
  look.sizing.diameter *= request.pixelRatio;
  look.background = rgb(appearance.background);
  look.fog = planar ? 0.0f : static_cast<float>(std::clamp(appearance.depthCue, 0.0, 1.0));
  look.rim = 0.28f;
  look.opacity = static_cast<float>(std::clamp(appearance.opacity, 0.02, 1.0));
  cloud->setLook(look);

  look.fog = 0.0f;
  look.opacity = 1.0f;
  look.ring = static_cast<float>(ringWidth * request.pixelRatio);
  look.ringColor = rgb(appearance.foreground);
  selected->setLook(look);

  look.ghost = true;
  look.ring = static_cast<float>(request.pixelRatio);
  look.ringColor = 0.65f * rgb(appearance.foreground) + 0.35f * rgb(appearance.background);
  ghost->setLook(look);
  lineActor->GetProperty()->SetLineWidth(static_cast<float>(1.1 * request.pixelRatio));
}

CloudScene::CloudScene() : m_d(std::make_unique<Private>()) {}
CloudScene::~CloudScene() = default;

bool CloudScene::isUsable() const
{
  return m_d->context && !m_d->context->isLost();
}

QString CloudScene::rendererName() const
{
  return isUsable() ? m_d->context->renderer() : QString();
}

bool CloudScene::isSoftware() const
{
  return !m_d->context || m_d->context->isSoftware();
}

int CloudScene::maximumSize() const
{
  return isUsable() ? std::min(m_d->context->maximumSize(), largestTile) : largestTile;
}

void CloudScene::setPositions(Positions positions, bool planar)
{
  m_d->positions = std::move(positions);
  m_d->planar = planar;
  m_d->bounds = boundsOf(m_d->positions);
  const auto count = static_cast<std::size_t>(m_d->positions.cols());
  if (!m_d->hidden.empty())
    m_d->hidden.resize(count, 0);
  if (!m_d->lit.empty())
    m_d->lit.resize(count, 0);
  m_d->pointsStale = true;
}

const Positions& CloudScene::positions() const
{
  return m_d->positions;
}

bool CloudScene::planar() const
{
  return m_d->planar;
}

const SceneBounds& CloudScene::bounds() const
{
  return m_d->bounds;
}

void CloudScene::setAppearance(CloudAppearance appearance)
{
  m_d->appearance = std::move(appearance);
  m_d->coloursStale = true;
}

const CloudAppearance& CloudScene::appearance() const
{
  return m_d->appearance;
}

void CloudScene::setSelection(std::vector<FeatureId> features)
{
  m_d->selection = std::move(features);
  m_d->selectionStale = true;
}

const std::vector<FeatureId>& CloudScene::selection() const
{
  return m_d->selection;
}

void CloudScene::setHidden(std::vector<FeatureId> features)
{
  m_d->hidden.clear();
  if (!features.empty())
    m_d->hidden.assign(static_cast<std::size_t>(m_d->positions.cols()), 0);
  for (const FeatureId feature : features)
    if (feature >= 0 && feature < m_d->positions.cols())
      m_d->hidden[static_cast<std::size_t>(feature)] = 1;
  m_d->pointsStale = true;
}

void CloudScene::setEmphasis(std::vector<FeatureId> features)
{
  m_d->lit.assign(static_cast<std::size_t>(m_d->positions.cols()), 0);
  for (const FeatureId feature : features)
    if (feature >= 0 && feature < m_d->positions.cols())
      m_d->lit[static_cast<std::size_t>(feature)] = 1;
  m_d->coloursStale = true;
}

void CloudScene::clearEmphasis()
{
  m_d->lit.clear();
  m_d->coloursStale = true;
}

void CloudScene::setLinks(std::vector<std::pair<FeatureId, FeatureId>> links, QColor color)
{
  m_d->links = std::move(links);
  m_d->linkColor = color;
  m_d->linksStale = true;
}

std::int64_t CloudScene::drawableCount() const
{
  m_d->refresh();
  return static_cast<std::int64_t>(m_d->order.size());
}

bool CloudScene::begin(const FrameRequest& request)
{
  Private& d = *m_d;
  if (d.context && d.context->isLost())
    d.build();
  if (!d.window || request.size.isEmpty())
    return false;
  d.refresh();
  d.setLooks(request);

  const QRect tile = request.tile.isNull() ? QRect(QPoint(0, 0), request.size) : request.tile;
  const double width = request.size.width();
  const double height = request.size.height();
  // The tile's part of the clip volume, spread over all of it.
  Eigen::Matrix4d part = Eigen::Matrix4d::Identity();
  part(0, 0) = width / tile.width();
  part(1, 1) = height / tile.height();
  part(0, 3) = (width - 2.0 * tile.x() - tile.width()) / tile.width();
  part(1, 3) = -(height - 2.0 * tile.y() - tile.height()) / tile.height();
  Eigen::Matrix4d worldFromModel = Eigen::Matrix4d::Identity();
  worldFromModel.diagonal().head<3>().setConstant(d.bounds.radius);
  worldFromModel.topRightCorner<3, 1>() = d.bounds.center;
  Eigen::Matrix4d clip =
      part * clipFromWorld(request.camera, width / height, d.bounds) * worldFromModel;
  // Clip coordinates are homogeneous: near 1 they suit the shader's single precision.
  if (!request.camera.orthographic)
    clip /= d.bounds.radius;
  vtkNew<vtkMatrix4x4> matrix;
  for (int row = 0; row < 4; ++row)
    for (int column = 0; column < 4; ++column)
      matrix->SetElement(row, column, clip(row, column));
  d.camera->SetExplicitProjectionTransformMatrix(matrix);
  d.camera->Modified();

  const QColor& background = d.appearance.background;
  d.renderer->SetBackground(request.transparent ? 0.0 : background.redF(),
                            request.transparent ? 0.0 : background.greenF(),
                            request.transparent ? 0.0 : background.blueF());
  d.renderer->SetBackgroundAlpha(request.transparent ? 0.0 : 1.0);
  if (!d.window->begin(tile.width(), tile.height()))
    return false;
  d.lineActor->SetVisibility(d.linePoints->GetNumberOfLines() > 0);
  d.drawOnly(nullptr, nullptr, false);
  d.lineActor->SetVisibility(false);
  return true;
}

void CloudScene::Private::drawOnly(const PointCloudActor* first, const PointCloudActor* second,
                                   bool keep)
{
  for (PointCloudActor* actor : {cloud.get(), ghost.get(), selected.get()})
    if (actor != first && actor != second)
      actor->setRange(0, 0);
  if (!window->resume())
    return;
  renderer->SetPreserveColorBuffer(keep);
  renderer->SetPreserveDepthBuffer(keep);
  renderer->Render();
}

void CloudScene::drawPoints(std::int64_t first, std::int64_t count)
{
  if (!isUsable() || count <= 0)
    return;
  m_d->cloud->setRange(first, count);
  m_d->drawOnly(m_d->cloud.get(), nullptr, true);
}

std::int64_t CloudScene::selectionCount() const
{
  m_d->refresh();
  return m_d->selected->count();
}

void CloudScene::drawSelection(std::int64_t first, std::int64_t count)
{
  if (!isUsable() || count <= 0 || m_d->selected->count() == 0)
    return;
  const bool through = m_d->selected->count() <= ghostLimit;
  m_d->ghost->setRange(first, through ? count : 0);
  m_d->selected->setRange(first, count);
  m_d->drawOnly(m_d->ghost.get(), m_d->selected.get(), true);
}

void CloudScene::finishDrawing()
{
  if (isUsable())
    m_d->window->WaitForCompletion();
}

QImage CloudScene::read()
{
  return isUsable() ? m_d->window->read() : QImage();
}

QImage CloudScene::render(const FrameRequest& request, int supersample)
{
  const int factor = std::max(1, supersample);
  QImage picture(request.size, QImage::Format_ARGB32_Premultiplied);
  if (picture.isNull())
    return {};
  FrameRequest large = request;
  large.size = request.size * factor;
  large.pixelRatio = request.pixelRatio * factor;
  const int step = std::max(1, maximumSize() / factor);
  QPainter painter(&picture);
  painter.setCompositionMode(QPainter::CompositionMode_Source);
  for (int y = 0; y < request.size.height(); y += step)
    for (int x = 0; x < request.size.width(); x += step) {
      const QRect tile = QRect(x, y, step, step).intersected(QRect(QPoint(0, 0), request.size));
      large.tile = QRect(tile.topLeft() * factor, tile.size() * factor);
      if (!begin(large))
        return {};
      drawPoints(0, drawableCount());
      drawSelection(0, selectionCount());
      const QImage part = averaged(read(), factor);
      if (part.isNull())
        return {};
      painter.drawImage(tile.topLeft(), part);
    }
  return picture;
}

Projection CloudScene::projection(const Camera& camera, double width, double height) const
{
  return {clipFromWorld(camera, width / std::max(1.0, height), m_d->bounds), width, height};
}

ScreenPoints CloudScene::project(const Camera& camera, double width, double height) const
{
  m_d->refresh();
  return projectAll(m_d->positions, projection(camera, width, height), m_d->sizing(camera),
                    m_d->factors, m_d->hidden);
}

namespace {

ORRERY_FOR_EACH_CPU void averageRows(const std::uint8_t* from, std::size_t fromStride,
                                     std::uint8_t* to, int width, int factor)
{
  const unsigned area = static_cast<unsigned>(factor * factor);
  for (int x = 0; x < width; ++x)
    for (int channel = 0; channel < 4; ++channel) {
      unsigned sum = area / 2;
      for (int row = 0; row < factor; ++row)
        for (int column = 0; column < factor; ++column)
          sum += from[static_cast<std::size_t>(row) * fromStride +
                      static_cast<std::size_t>(4 * (x * factor + column) + channel)];
      to[4 * x + channel] = static_cast<std::uint8_t>(sum / area);
    }
}

}  // namespace

QImage averaged(const QImage& picture, int factor)
{
  if (factor <= 1 || picture.isNull())
    return picture;
  QImage small(picture.width() / factor, picture.height() / factor,
               QImage::Format_ARGB32_Premultiplied);
  if (small.isNull())
    return small;
  std::uint8_t* to = small.bits();
  const auto toStride = static_cast<std::size_t>(small.bytesPerLine());
  parallelFor(small.height(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      averageRows(picture.constScanLine(static_cast<int>(row) * factor),
                  static_cast<std::size_t>(picture.bytesPerLine()),
                  to + static_cast<std::size_t>(row) * toStride, small.width(), factor);
  });
  return small;
}

}  // namespace orrery
