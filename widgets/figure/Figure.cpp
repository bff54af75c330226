#include "widgets/figure/Figure.h"

#include "core/base/Error.h"
#include "widgets/vtk/CloudOverlay.h"
#include "widgets/vtk/OpenGlContext.h"

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
  Camera camera;
  QSize size;
  int supersample = 1;
  double pixelsPerViewPixel = 1.0;
  std::vector<QRect> tiles;
  std::size_t next = 0;
  QImage points;  ///< The cloud alone.

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
  d.points.fill(Qt::transparent);
  for (int y = 0; y < d.size.height(); y += tileSide)
    for (int x = 0; x < d.size.width(); x += tileSide)
      d.tiles.push_back(QRect(x, y, tileSide, tileSide).intersected(d.points.rect()));

  d.scene.setPositions(std::move(request.positions), request.planar);
  d.scene.setAppearance(std::move(request.appearance));
  d.scene.setHidden(request.hidden);
  if (request.emphasis)
    d.scene.setEmphasis(*request.emphasis);
  d.scene.setSelection(request.selection);
  const double aspect = static_cast<double>(d.size.width()) / d.size.height();
  d.camera =
      request.camera ? *request.camera : openingCamera(d.scene.positions(), request.planar, aspect);
  d.request = std::move(request);
}

FigureRenderer::~FigureRenderer() = default;

bool FigureRenderer::advance()
{
  Data& d = *m_data;
  if (d.next >= d.tiles.size())
    return false;
  const QRect tile = d.tiles[d.next];
  FrameRequest frame;
  frame.camera = d.camera;
  frame.size = d.size;
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

/// Draws the points' picture and all texts; the painter's unit is a twentieth of a point.
void FigureRenderer::Data::compose(QPainter& painter, bool onPage) const
{
  const Page sheet = figurePage(request);
  const QRectF page(QPointF(0.0, 0.0), sheet.size());
  if (onPage) {
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(page, points);
  }
  ScreenPoints places = scene.project(camera, page.width(), page.height());
  const double unitsPerViewPixel = page.width() / size.width() * pixelsPerViewPixel;
  for (float& radius : places.radius)
    radius *= static_cast<float>(unitsPerViewPixel);
  OverlayStyle style;
  style.foreground = figureForeground(request.background);
  style.background = figureBackground(request.background);
  style.font = sheet.font(request.fontPoints);
  style.lineWidth = request.linePoints * unitsPerPoint;
  const CloudTexts texts{request.title,  request.caption,  request.axisNames, request.legend,
                         request.labels, request.crystals, request.ties};
  drawTexts(painter, page, texts, camera, request.planar, places, style);
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
