#include "widgets/figure/Figure.h"

#include "core/base/Error.h"
#include "widgets/vtk/CameraMotion.h"
#include "widgets/vtk/CloudOverlay.h"
#include "widgets/vtk/OpenGlContext.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {

namespace {

constexpr double mmPerInch = 25.4;
constexpr int tileSide = 2048;
/// Overlay coordinates: twentieths of a point, so that fonts, whose pixel sizes are whole numbers,
/// can have any size.
constexpr int unitsPerPoint = 20;
/// Pictures below this are drawn twice as large and averaged.
constexpr double mostSharpPixels = 60e6;

}  // namespace

Page figurePage(const FigureRequest& request)
{
  Page page;
  page.widthMm = request.widthMm;
  page.heightMm = request.heightMm;
  page.dpi = request.dpi;
  page.unitsPerPoint = unitsPerPoint;
  page.title = request.title.isEmpty() ? request.caption : request.title;
  page.description = request.caption;
  page.background = request.background == FigureBackground::Transparent
                        ? QColor(Qt::transparent)
                        : figureBackground(request.background);
  page.metadata = request.metadata;
  return page;
}

void checkFigureSize(const FigureRequest& request)
{
  checkPage(figurePage(request));
}

QColor figureBackground(FigureBackground background)
{
  return background == FigureBackground::Dark ? QColor(0x12, 0x14, 0x18) : QColor(Qt::white);
}

QColor figureForeground(FigureBackground background)
{
  return background == FigureBackground::Dark ? QColor(0xEC, 0xEC, 0xEC) : QColor(Qt::black);
}

FigureEstimate estimateFigure(const FigureRequest& request)
{
  FigureEstimate estimate;
  estimate.pixels = figurePage(request).pixels();
  const double pixels =
      static_cast<double>(estimate.pixels.width()) * static_cast<double>(estimate.pixels.height());
  estimate.gigapixels = pixels / 1e9;
  estimate.megabytes = pixels * 4.0 / (1024.0 * 1024.0);
  estimate.tiles = static_cast<int>(std::ceil(estimate.pixels.width() / double(tileSide)) *
                                    std::ceil(estimate.pixels.height() / double(tileSide)));
  return estimate;
}

struct FigureRenderer::Data {
  FigureRequest request;
  CloudScene scene;
  Camera asked;   ///< For the whole width …
  Camera camera;  ///< … and for the plot.
  QSize size;
  QSize plot;  ///< The part of it, from the left, that the cloud has; the rest is the legend's.
  int supersample = 1;
  double pixelsPerViewPixel = 1.0;
  std::vector<QRect> tiles;
  std::size_t next = 0;
  QImage points;  ///< The cloud alone.

  [[nodiscard]] QRectF page() const;
  [[nodiscard]] OverlayStyle style() const;
  [[nodiscard]] CloudTexts texts() const;
  [[nodiscard]] bool isLegendBeside() const { return plot.width() < size.width(); }
  [[nodiscard]] ScreenPoints places(const QRectF& area) const;
  [[nodiscard]] bool legendCoversPoints() const;
  void placeLegend();
  /// Shows in the plot what @p camera shows in the whole width.
  [[nodiscard]] Camera narrowed(const Camera& camera) const;
  void compose(QPainter& painter, bool onPage) const;
};

FigureRenderer::FigureRenderer(FigureRequest request) : m_data(std::make_unique<Data>())
{
  checkFigureSize(request);
  Data& d = *m_data;
  if (!d.scene.isUsable())
    throw Error("The figure cannot be drawn: " + OpenGlContext::failure().toStdString() + ".");
  request.appearance.background = figureBackground(request.background);
  request.appearance.foreground = figureForeground(request.background);
  d.size = figurePage(request).pixels();
  const double viewWidth =
      request.viewWidth > 0.0 ? request.viewWidth : 2.0 * 96.0 * request.widthMm / mmPerInch;
  d.pixelsPerViewPixel = d.size.width() / viewWidth;
  const double pixels = static_cast<double>(d.size.width()) * d.size.height();
  d.supersample = pixels <= mostSharpPixels ? 2 : 1;

  d.points = QImage(d.size, QImage::Format_ARGB32_Premultiplied);
  if (d.points.isNull())
    throw Error("There is not enough memory for a figure of " +
                std::to_string(std::lround(estimateFigure(request).megabytes)) + " MiB.");
  d.points.fill(request.background == FigureBackground::Transparent
                    ? QColor(Qt::transparent)
                    : figureBackground(request.background));

  d.scene.setPositions(std::move(request.positions), request.planar);
  d.scene.setAppearance(std::move(request.appearance));
  d.scene.setHidden(request.hidden);
  if (request.emphasis)
    d.scene.setEmphasis(*request.emphasis);
  d.scene.setSelection(request.selection);
  const double aspect = static_cast<double>(d.size.width()) / d.size.height();
  d.camera =
      request.camera ? *request.camera : openingCamera(d.scene.positions(), request.planar, aspect);
  d.asked = d.camera;
  d.request = std::move(request);
  d.placeLegend();
  for (int y = 0; y < d.plot.height(); y += tileSide)
    for (int x = 0; x < d.plot.width(); x += tileSide)
      d.tiles.push_back(QRect(x, y, tileSide, tileSide).intersected(QRect(QPoint(0, 0), d.plot)));
}

FigureRenderer::~FigureRenderer() = default;

const Camera& FigureRenderer::camera() const
{
  return m_data->asked;
}

void FigureRenderer::turnTo(const Camera& camera)
{
  Data& d = *m_data;
  d.asked = camera;
  d.request.camera = camera;
  d.next = 0;
  d.camera = d.isLegendBeside() ? d.narrowed(camera) : camera;
}

bool FigureRenderer::advance()
{
  Data& d = *m_data;
  if (d.next >= d.tiles.size())
    return false;
  const QRect tile = d.tiles[d.next];
  FrameRequest frame;
  frame.camera = d.camera;
  frame.size = d.plot;
  frame.tile = tile;
  frame.pixelRatio = d.pixelsPerViewPixel;
  frame.transparent = d.request.background == FigureBackground::Transparent;
  const QImage part = d.scene.render(frame, d.supersample);
  if (part.isNull())
    throw Error("The figure cannot be drawn: the graphics driver gave up at tile " +
                std::to_string(d.next + 1) + " of " + std::to_string(d.tiles.size()) + ".");
  QPainter painter(&d.points);
  painter.setCompositionMode(QPainter::CompositionMode_Source);
  painter.drawImage(tile.topLeft(), part);
  ++d.next;
  return true;
}

double FigureRenderer::fraction() const
{
  return static_cast<double>(m_data->next) / static_cast<double>(m_data->tiles.size());
}

QRectF FigureRenderer::Data::page() const
{
  return {QPointF(0.0, 0.0), figurePage(request).size()};
}

OverlayStyle FigureRenderer::Data::style() const
{
  OverlayStyle style;
  style.foreground = figureForeground(request.background);
  style.background = figureBackground(request.background);
  style.font = figurePage(request).font(request.fontPoints);
  style.lineWidth = request.linePoints * unitsPerPoint;
  return style;
}

CloudTexts FigureRenderer::Data::texts() const
{
  return {request.title,  request.caption,  {},          request.axisNames, request.legend,
          request.labels, request.crystals, request.ties};
}

ScreenPoints FigureRenderer::Data::places(const QRectF& area) const
{
  ScreenPoints places = scene.project(camera, area.width(), area.height());
  const double unitsPerViewPixel = page().width() / size.width() * pixelsPerViewPixel;
  for (float& radius : places.radius)
    radius *= static_cast<float>(unitsPerViewPixel);
  return places;
}

bool FigureRenderer::Data::legendCoversPoints() const
{
  constexpr double bearable = 0.002;  // of all points
  const QRectF box = legendBox(page(), texts(), style());
  const ScreenPoints drawn = places(page());
  const auto covered = Region::rectangle({box.left(), box.top()}, {box.right(), box.bottom()})
                           .features(drawn)
                           .size();
  return static_cast<double>(covered) > bearable * static_cast<double>(drawn.size());
}

/// Gives the legend a strip of its own where it would cover points. What the picture showed before
/// stays in it, smaller.
void FigureRenderer::Data::placeLegend()
{
  constexpr double mostShare = 0.45;  // of the width
  plot = size;
  // One that is higher than the page says less, not nothing.
  while (request.legend.entries.size() > 1 &&
         legendSize(request.legend, style(), page().width()).height() >
             page().height() - 1.5 * QFontMetricsF(style().font).height()) {
    request.legend.entries.pop_back();
    ++request.legend.more;
  }
  const bool beside = !request.legend.isEmpty() &&
                      (request.legendPlace == LegendPlace::Beside ||
                       (request.legendPlace == LegendPlace::Auto && legendCoversPoints()));
  if (!beside)
    return;
  const double wanted = legendSize(request.legend, style(), mostShare * page().width()).width();
  plot.setWidth(
      std::max(1, static_cast<int>(std::lround(size.width() * (1.0 - wanted / page().width())))));
  camera = request.camera ? narrowed(camera)
                          : openingCamera(scene.positions(), request.planar,
                                          static_cast<double>(plot.width()) / plot.height());
}

Camera FigureRenderer::Data::narrowed(const Camera& whole) const
{
  return zoomAbout(whole, whole.focalPoint, static_cast<double>(plot.width()) / size.width());
}

/// Draws the points' picture and all texts; the painter's unit is a twentieth of a point.
void FigureRenderer::Data::compose(QPainter& painter, bool onPage) const
{
  if (onPage) {
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(page(), points);
  }
  QRectF area = page();
  area.setWidth(area.width() * plot.width() / size.width());
  CloudTexts written = texts();
  OverlayStyle drawn = style();
  if (!isLegendBeside()) {
    drawTexts(painter, area, written, camera, request.planar, places(area), drawn);
    return;
  }
  const double em = QFontMetricsF(drawn.font).height();
  const double margin = 0.3 * em;
  drawn.legendFrame = false;
  const QSizeF needed = legendSize(request.legend, drawn, page().width() - area.width());
  drawn.legendFrame = true;
  written.legend = {};
  // Where the legend ends well above it, the caption has the whole width.
  if (constexpr double fewLines = 6; needed.height() + fewLines * em < page().height())
    written.captionArea = page();
  drawTexts(painter, area, written, camera, request.planar, places(area), drawn);
  drawn.legendFrame = false;
  drawLegend(painter, request.legend, QRectF(QPointF(area.right(), margin), needed), drawn);
}

QImage FigureRenderer::image() const
{
  const Data& d = *m_data;
  QImage picture = d.points;
  picture.setDotsPerMeterX(static_cast<int>(std::lround(d.request.dpi / mmPerInch * 1000.0)));
  picture.setDotsPerMeterY(picture.dotsPerMeterX());
  for (const auto& [key, text] : d.request.metadata)
    picture.setText(key, text);
  QPainter painter(&picture);
  const double scale = figurePage(d.request).pixelsPerUnit();
  painter.scale(scale, scale);
  d.compose(painter, false);
  painter.end();
  // An opaque picture without an alpha channel: some typesetters trip over one.
  if (d.request.background != FigureBackground::Transparent)
    picture.convertTo(QImage::Format_RGB32);
  return picture;
}

void FigureRenderer::paint(QPainter& painter) const
{
  m_data->compose(painter, true);
}

std::string FigureRenderer::bytes(const std::string& ending) const
{
  // A picture is not drawn anew: its pixels are those of the tiles.
  if (ending == ".png")
    return pngBytes(image()).toStdString();
  return pageBytes(figurePage(m_data->request), ending,
                   [this](QPainter& painter) { paint(painter); })
      .toStdString();
}

QImage renderFigure(const FigureRequest& request, const Progress& progress)
{
  FigureRenderer renderer(request);
  const auto total = static_cast<std::int64_t>(estimateFigure(request).tiles);
  for (std::int64_t done = 0; renderer.advance(); ++done)
    progress.update(done + 1, total);
  return renderer.image();
}

}  // namespace orrery
