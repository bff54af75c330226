#include "widgets/figure/Page.h"

#include "core/base/Error.h"
#include "core/io/ResultFile.h"

#include <QBuffer>
#include <QGuiApplication>
#include <QImageWriter>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

constexpr double pointsPerInch = 72.0;
constexpr double mmPerInch = 25.4;
constexpr double mostMm = 5000.0;
constexpr double mostPixels = 1e9;
/// Finer than any printer, so that rounding to whole device units is not seen.
constexpr int pdfDpi = 7200;

std::string number(double value, int decimals)
{
  return QString::number(value, 'f', decimals).toStdString();
}

QImage emptyImage(const Page& page)
{
  const bool opaque = page.background.alpha() == 255;
  QImage image(page.pixels(), opaque ? QImage::Format_RGB32 : QImage::Format_ARGB32_Premultiplied);
  if (image.isNull())
    throw Error("there is not enough memory for this figure; lower its size or its dpi");
  image.fill(page.background);
  image.setDotsPerMeterX(static_cast<int>(std::lround(page.dpi / mmPerInch * 1000.0)));
  image.setDotsPerMeterY(image.dotsPerMeterX());
  if (!page.description.isEmpty())
    image.setText(QStringLiteral("Description"), page.description);
  for (const auto& [key, text] : page.metadata)
    image.setText(key, text);
  return image;
}

}  // namespace

QSize Page::pixels() const
{
  const auto side = [this](double mm) {
    return static_cast<int>(std::min(2e9, std::round(mm / mmPerInch * dpi)));
  };
  return {std::max(1, side(widthMm)), std::max(1, side(heightMm))};
}

QFont Page::font(double points) const
{
  QFont font = QGuiApplication::font();
  font.setPixelSize(std::max(1, static_cast<int>(std::lround(points * unitsPerPoint))));
  font.setHintingPreference(QFont::PreferNoHinting);
  return font;
}

void checkPage(const Page& page)
{
  const auto side = [](double mm) { return mm > 0.0 && mm <= mostMm; };
  if (!side(page.widthMm) || !side(page.heightMm) || !(page.dpi >= 10.0) || page.dpi > 4800.0)
    throw Error("a figure's sides must be above 0 and at most 5000 mm, its dpi 10 to 4800 (found " +
                number(page.widthMm, 1) + " x " + number(page.heightMm, 1) + " mm at " +
                number(page.dpi, 0) + " dpi)");
  const QSize pixels = page.pixels();
  const double count = static_cast<double>(pixels.width()) * pixels.height();
  if (count > mostPixels)
    throw Error("a figure of " + number(page.widthMm, 0) + " x " + number(page.heightMm, 0) +
                " mm at " + number(page.dpi, 0) + " dpi would have " + number(count / 1e9, 2) +
                " gigapixels and need " + number(count * 4.0 / (1024.0 * 1024.0 * 1024.0), 1) +
                " GiB of memory (expected at most 1 gigapixel); lower its size or its dpi");
}

std::string pageEnding(const std::filesystem::path& path)
{
  return QString::fromStdString(path.extension().string()).toLower().toStdString();
}

void checkPageFile(const std::filesystem::path& path)
{
  const std::string ending = pageEnding(path);
  if (ending != ".png" && ending != ".svg" && ending != ".pdf")
    throw Error(path.string() + ": a figure is written as .png, .svg or .pdf, found '" + ending +
                "'.");
  checkFileWritable(path);
}

QByteArray pageBytes(const Page& page, const std::string& ending, QPainter& painter,
                     const std::function<void()>& paint)
{
  checkPage(page);
  const QSizeF size = page.size();
  // A painter that outlives its device aborts the program: it ends even where painting throws.
  struct Ended {
    QPainter& painter;
    ~Ended() { painter.end(); }
  };
  const auto draw = [&](double scale) {
    const Ended ended{painter};
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing |
                           QPainter::SmoothPixmapTransform);
    painter.scale(scale, scale);
    if (page.background.alpha() > 0)
      painter.fillRect(QRectF(QPointF(0, 0), size), page.background);
    paint();
  };
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  if (ending == ".png") {
    QImage image = emptyImage(page);
    painter.begin(&image);
    draw(page.pixelsPerUnit());
    return pngBytes(image);
  }
  if (ending == ".svg") {
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setTitle(page.title);
    generator.setDescription(page.description);
    generator.setResolution(static_cast<int>(pointsPerInch) * page.unitsPerPoint);
    generator.setSize(size.toSize());
    generator.setViewBox(QRectF(QPointF(0, 0), size));
    painter.begin(&generator);
    draw(1.0);
  } else if (ending == ".pdf") {
    QPdfWriter writer(&buffer);
    writer.setTitle(page.title);
    writer.setCreator(QStringLiteral("Orrery"));
    writer.setResolution(pdfDpi);
    writer.setPageSize(
        QPageSize(size / page.unitsPerPoint, QPageSize::Point, {}, QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    painter.begin(&writer);
    draw(pdfDpi / pointsPerInch / page.unitsPerPoint);
  } else {
    throw Error("a figure is written as .png, .svg or .pdf, found '" + ending + "'");
  }
  return bytes;
}

QByteArray pageBytes(const Page& page, const std::string& ending,
                     const std::function<void(QPainter&)>& paint)
{
  QPainter painter;
  return pageBytes(page, ending, painter, [&] { paint(painter); });
}

QByteArray pngBytes(const QImage& image)
{
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  QImageWriter writer(&buffer, "png");
  writer.setCompression(70);
  if (!writer.write(image))
    throw Error("The picture cannot be written as PNG: " + writer.errorString().toStdString() +
                ".");
  return bytes;
}

void writePage(const Page& page, const std::filesystem::path& path,
               const std::function<void(QPainter&)>& paint)
{
  checkPageFile(path);
  writeFileAtomically(path, pageBytes(page, pageEnding(path), paint).toStdString());
}

}  // namespace orrery
