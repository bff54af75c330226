#include "widgets/figure/Figure.h"

#include "core/base/Error.h"
#include "widgets/vtk/CloudOverlay.h"
#include "widgets/vtk/OpenGlContext.h"

#include <QBuffer>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QImageWriter>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {

namespace {

constexpr double pointsPerInch = 72.0;
constexpr double mmPerInch = 25.4;
constexpr double mostGigapixels = 1.0;
constexpr int tileSide = 2048;
/// Overlay coordinates: twentieths of a point, so that fonts, whose pixel sizes are whole numbers,
/// can have any size.
constexpr double unitsPerPoint = 20.0;
/// Pictures below this are drawn twice as large and averaged.
constexpr double mostSharpPixels = 60e6;

QSize pixelSize(const FigureRequest& request)
{
  const auto pixels = [&](double mm) {
    return static_cast<int>(std::min(2e9, std::round(mm / mmPerInch * request.dpi)));
  };
  return {std::max(1, pixels(request.widthMm)), std::max(1, pixels(request.heightMm))};
}

std::string number(double value, int decimals)
{
  return QString::number(value, 'f', decimals).toStdString();
}

}  // namespace

void checkFigureSize(const FigureRequest& request)
{
  const bool positive = request.widthMm > 0.0 && request.heightMm > 0.0 && request.dpi > 0.0 &&
                        std::isfinite(request.widthMm) && std::isfinite(request.heightMm) &&
                        std::isfinite(request.dpi);
  if (!positive)
    throw Error("The figure's width, height and dots per inch must be positive, found " +
                number(request.widthMm, 1) + " mm × " + number(request.heightMm, 1) + " mm at " +
                number(request.dpi, 0) + " dpi.");
  const FigureEstimate estimate = estimateFigure(request);
  if (estimate.gigapixels > mostGigapixels)
    throw Error("A figure of " + number(request.widthMm, 0) + " mm × " +
                number(request.heightMm, 0) + " mm at " + number(request.dpi, 0) + " dpi has " +
                number(estimate.gigapixels, 2) + " gigapixels and needs " +
                number(estimate.megabytes / 1024.0, 1) +
                " GiB of memory; the limit is 1 gigapixel, so lower the size or the dpi.");
}

namespace {

/// Families with letters for every label are a matter of the system; this is the usual plain one.
QFont figureFont(double points)
{
  QFont font = QGuiApplication::font();
  font.setPixelSize(std::max(1, static_cast<int>(std::lround(points * unitsPerPoint))));
  // Hinting to a pixel grid that is not the page's would bend the letters.
  font.setHintingPreference(QFont::PreferNoHinting);
  return font;
}

}  // namespace

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
  estimate.pixels = pixelSize(request);
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
  d.size = pixelSize(request);
  const double viewWidth =
      request.viewWidth > 0.0 ? request.viewWidth : 2.0 * 96.0 * request.widthMm / mmPerInch;
  d.pixelsPerViewPixel = d.size.width() / viewWidth;
  const double pixels = static_cast<double>(d.size.width()) * d.size.height();
  d.supersample = pixels <= mostSharpPixels ? 2 : 1;

  d.points = QImage(d.size, QImage::Format_ARGB32_Premultiplied);
  if (d.points.isNull())
    throw Error("There is not enough memory for a figure of " +
                number(estimateFigure(request).megabytes, 0) + " MiB.");
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
  const QRectF page(0.0, 0.0, request.widthMm / mmPerInch * pointsPerInch * unitsPerPoint,
                    request.heightMm / mmPerInch * pointsPerInch * unitsPerPoint);
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
  style.font = figureFont(request.fontPoints);
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
  const double scale = d.request.dpi / pointsPerInch / unitsPerPoint;
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
  const Data& d = *m_data;
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  const QSizeF pagePoints(d.request.widthMm / mmPerInch * pointsPerInch,
                          d.request.heightMm / mmPerInch * pointsPerInch);
  if (ending == ".png") {
    QImageWriter writer(&buffer, "png");
    writer.setCompression(70);
    if (!writer.write(image()))
      throw Error("The picture cannot be written as PNG: " + writer.errorString().toStdString() +
                  ".");
  } else if (ending == ".svg") {
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    // Units of the drawing are hundredths of a point; the size is given in real ones.
    constexpr int resolution = 7200;
    generator.setResolution(resolution);
    const QSize size = (pagePoints * 100.0).toSize();
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    generator.setTitle(d.request.title);
    generator.setDescription(d.request.caption);
    QPainter painter(&generator);
    painter.scale(100.0 / unitsPerPoint, 100.0 / unitsPerPoint);
    d.compose(painter, true);
  } else {
    QPdfWriter writer(&buffer);
    writer.setCreator(QStringLiteral("Orrery"));
    writer.setTitle(d.request.title.isEmpty() ? d.request.caption : d.request.title);
    writer.setResolution(7200);
    writer.setPageSize(QPageSize(pagePoints, QPageSize::Point, {}, QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    QPainter painter(&writer);
    painter.scale(100.0 / unitsPerPoint, 100.0 / unitsPerPoint);
    d.compose(painter, true);
  }
  return bytes.toStdString();
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
