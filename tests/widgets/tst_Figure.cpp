#include "core/base/Error.h"
#include "core/base/Random.h"
#include "tests/support/Pictures.h"
#include "widgets/figure/Figure.h"
#include "widgets/figure/Turntable.h"
#include "widgets/views/CloudView.h"
#include "widgets/vtk/CameraMotion.h"

#include <QBuffer>
#include <QImageReader>
#include <QPainter>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <cmath>
#include <limits>

using namespace orrery;

namespace {

FigureRequest someRequest()
{
  Random random(3);
  FigureRequest request;
  request.positions.resize(3, 3000);
  for (int i = 0; i < 3000; ++i) {
    for (int axis = 0; axis < 3; ++axis)
      request.positions(axis, i) =
          static_cast<float>(0.4 * random.normal() + 1.5 * std::sin(i % 3 * 2.0 + axis));
    request.appearance.colors.push_back(0xFF000000u | (i % 3 == 0   ? 0xE69F00u
                                                       : i % 3 == 1 ? 0x56B4E9u
                                                                    : 0x009E73u));
  }
  request.legend.title = QStringLiteral("lobe");
  request.legend.entries = {{QColor(0xE6, 0x9F, 0x00), QStringLiteral("code"), 1000},
                            {QColor(0x56, 0xB4, 0xE9), QStringLiteral("text"), 1000}};
  request.legend.more = 37;
  request.labels = {{0, QStringLiteral("Königsberg")}, {1, QStringLiteral("déjà vu")}};
  request.caption = QStringLiteral("PCA of 3000 features; synthetic, seed 3.");
  request.axisNames = {QStringLiteral("PC1"), QStringLiteral("PC2"), QStringLiteral("PC3")};
  request.metadata[QStringLiteral("orrery-session")] = QStringLiteral("{\"a\": \"ü\"}");
  return request;
}

/// Height in millimetres of what is written at the bottom of an otherwise empty figure.
double textHeightMm(double dpi)
{
  FigureRequest request;
  request.caption = QStringLiteral("HHHH");
  request.dpi = dpi;
  const QImage picture = renderFigure(request);
  int top = picture.height(), bottom = -1;
  // Below the cross of the axes.
  for (int y = picture.height() * 85 / 100; y < picture.height(); ++y)
    for (int x = 0; x < picture.width(); ++x)
      if (qGray(picture.pixel(x, y)) < 128) {
        top = std::min(top, y);
        bottom = std::max(bottom, y);
      }
  return (bottom - top + 1) / dpi * 25.4;
}

FigureRenderer& drawn(FigureRenderer& renderer)
{
  while (renderer.advance()) {
  }
  return renderer;
}

}  // namespace

class tst_Figure : public QObject {
  Q_OBJECT
 private slots:
  // 85 mm at 600 dpi: 85 / 25.4 · 600 = 2007.87.
  void millimetresAndDpi()
  {
    FigureRequest request = someRequest();
    request.dpi = 600.0;
    FigureRenderer renderer(request);
    drawn(renderer);
    const QImage picture = renderer.image();
    QCOMPARE(picture.size(), QSize(2008, 1417));
    QByteArray bytes = QByteArray::fromStdString(renderer.bytes(".png"));
    QBuffer buffer(&bytes);
    QImageReader reader(&buffer, "png");
    const QImage read = reader.read();
    QCOMPARE(read.size(), QSize(2008, 1417));
    // 600 dpi are 23622.05 dots per metre.
    QCOMPARE(read.dotsPerMeterX(), 23622);
    QCOMPARE(read.dotsPerMeterY(), 23622);
    QCOMPARE(read.text(QStringLiteral("orrery-session")), QStringLiteral("{\"a\": \"ü\"}"));
  }

  // Twice the resolution is the same picture, only finer: text and points do not shrink.
  void resolutionDoesNotChangeTheLook()
  {
    FigureRequest request = someRequest();
    request.dpi = 150.0;
    const QImage coarse = renderFigure(request);
    request.dpi = 300.0;
    const QImage fine = renderFigure(request).scaled(coarse.size(), Qt::IgnoreAspectRatio,
                                                     Qt::SmoothTransformation);
    QVERIFY2(test::similarity(coarse, fine) > 0.85,
             QByteArray::number(test::similarity(coarse, fine)));
  }

  // Text is given in points of the page: as high in millimetres at every resolution, to a pixel.
  void textIsAsHighAtEveryResolution()
  {
    const double fine = textHeightMm(1200);
    QVERIFY2(fine > 1.2 && fine < 2.2, QByteArray::number(fine));  // capitals of 7 pt
    for (const double dpi : {100.0, 150.0, 300.0, 600.0}) {
      const double height = textHeightMm(dpi);
      QVERIFY2(
          std::abs(height - fine) <= 25.4 / dpi,
          qPrintable(
              QStringLiteral("%1 mm at %2 dpi, %3 mm at 1200").arg(height).arg(dpi).arg(fine)));
    }
  }

  // A legend that would cover points stands beside them: the points keep their colours, all of
  // them, and the text is there.
  void legendCoversNoPoints()
  {
    FigureRequest request = someRequest();
    request.labels.clear();
    request.axisNames.clear();
    request.caption.clear();
    request.dpi = 150.0;
    request.planar = true;
    for (int i = 0; i < 3000; ++i)  // a carpet that fills the page
      request.positions.col(i) = Eigen::Vector3f(static_cast<float>(i % 60) / 30.0f * 1.4f,
                                                 static_cast<float>(i / 60) / 25.0f, 0.0f);
    request.legendPlace = LegendPlace::Inside;
    const QImage inside = renderFigure(request);
    request.legendPlace = LegendPlace::Beside;
    const QImage beside = renderFigure(request);
    QCOMPARE(beside.size(), inside.size());
    request.legendPlace = LegendPlace::Auto;
    QCOMPARE(renderFigure(request), beside);
    // A white gap separates the points from what is written.
    int begin = beside.width();
    for (; begin > 1; --begin) {
      bool empty = true;
      for (int y = 0; y < beside.height() && empty; ++y)
        empty = beside.pixel(begin - 1, y) == qRgb(255, 255, 255);
      if (empty && begin < beside.width() * 8 / 10)
        break;
    }
    QVERIFY(begin > beside.width() / 2 && begin < beside.width() * 8 / 10);
    // Where nothing is covered it stays inside.
    for (int i = 0; i < 3000; ++i)  // a line from the upper left to the lower right
      request.positions.col(i) = Eigen::Vector3f(static_cast<float>(i) / 1500.0f * 1.4f,
                                                 -static_cast<float>(i) / 1500.0f, 0.0f);
    request.legendPlace = LegendPlace::Inside;
    const QImage free = renderFigure(request);
    request.legendPlace = LegendPlace::Auto;
    QCOMPARE(renderFigure(request), free);
    // One that is higher than the page says how many it leaves out.
    for (int i = 0; i < 80; ++i)
      request.legend.entries.push_back({Qt::blue, QStringLiteral("class %1").arg(i), 1});
    request.legendPlace = LegendPlace::Beside;
    FigureRenderer renderer(request);
    const QString svg = QString::fromStdString(drawn(renderer).bytes(".svg"));
    QVERIFY(svg.contains(QStringLiteral("class 3")) && !svg.contains(QStringLiteral("class 79")));
    QVERIFY(svg.contains(QStringLiteral(" more")));
  }

  void turns()
  {
    FigureRequest request = someRequest();
    request.legend = {};
    request.labels.clear();
    request.dpi = 40.0;
    QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath("turn.png").toStdString();
    writeTurntable(request, path, 12);
    const auto frame = [&](int number) {
      return QImage(folder.filePath(QStringLiteral("turn-%1.png").arg(number, 4, 10, QChar('0'))));
    };
    QVERIFY(!QFile::exists(folder.filePath("turn.png")) && !frame(12).isNull());
    QVERIFY(frame(13).isNull());
    // The first is the figure itself; a turn later it would be so again.
    const QImage still = renderFigure(request);
    QVERIFY(test::similarity(frame(1), still) > 0.999);
    QVERIFY(test::similarity(frame(4), still) < 0.95);
    const Camera camera = openingCamera(request.positions, false, 85.0 / 60.0);
    const Camera whole = turntableCamera(camera, 12, 12);
    QVERIFY((whole.position - camera.position).norm() < 1e-9);
    for (int i = 1; i < 12; ++i) {
      const Camera turned = turntableCamera(camera, i, 12);
      QVERIFY(turned.focalPoint == camera.focalPoint);
      const Eigen::Vector3d a = camera.position - camera.focalPoint,
                            b = turned.position - turned.focalPoint;
      QVERIFY(std::abs(a.norm() - b.norm()) < 1e-9 && std::abs(a.y() - b.y()) < 1e-9);
      const double step = std::atan2(a.z() * b.x() - a.x() * b.z(), a.x() * b.x() + a.z() * b.z());
      QVERIFY(std::abs(std::remainder(std::abs(step) - i * M_PI / 6, 2 * M_PI)) < 1e-9 ||
              std::abs(std::remainder(std::abs(step) + i * M_PI / 6, 2 * M_PI)) < 1e-9);
    }
    QVERIFY_EXCEPTION_THROWN(writeTurntable(request, path, 1), Error);
    QVERIFY_EXCEPTION_THROWN(writeTurntable(request, folder.filePath("a.pdf").toStdString(), 4),
                             Error);
    request.planar = true;
    QVERIFY_EXCEPTION_THROWN(writeTurntable(request, path, 4), Error);
    QCOMPARE(framePath("/a/b.png", 41, 20000), std::filesystem::path("/a/b-00042.png"));
  }

  // Lines lead over all points from one feature to others, with a ring around each end.
  void tiesLieOverThePoints()
  {
    FigureRequest request = someRequest();
    request.labels.clear();
    request.ties = {0, {1, 2, 9999}, QColor(Qt::red)};
    const auto red = [](const QImage& picture) {
      int count = 0;
      for (int y = 0; y < picture.height(); ++y)
        for (int x = 0; x < picture.width(); ++x) {
          const QColor color = picture.pixelColor(x, y);
          count += color.red() > 200 && color.green() < 60 && color.blue() < 60 ? 1 : 0;
        }
      return count;
    };
    const QImage tied = renderFigure(request);
    // The three clusters lie hundreds of pixels apart, and a line is some four wide.
    QVERIFY2(red(tied) > 1000, QByteArray::number(red(tied)));
    request.ties.to = {0};
    QVERIFY(4 * red(renderFigure(request)) < red(tied));  // the ring alone
    request.ties = {};
    QCOMPARE(red(renderFigure(request)), 0);
  }

  void isThePictureOfTheWindow()
  {
    FigureRequest request = someRequest();
    request.labels.clear();
    request.legend = {};
    request.caption.clear();
    request.axisNames.clear();
    CloudView view;
    view.resize(400, 300);
    view.setPositions(request.positions, false);
    view.setAppearance(request.appearance);
    request.camera = view.camera();
    request.viewWidth = 400;
    request.widthMm = 400.0 / 96.0 * 25.4;
    request.heightMm = 300.0 / 96.0 * 25.4;
    request.dpi = 96.0;
    request.fontPoints = view.font().pointSizeF();
    const QImage window = view.grabPicture();
    const QImage figure = renderFigure(request);
    QCOMPARE(figure.size(), window.size());
    QVERIFY2(test::similarity(window, figure) > 0.97,
             QByteArray::number(test::similarity(window, figure)));
  }

  void backgrounds()
  {
    FigureRequest request = someRequest();
    request.legend = {};
    request.title.clear();
    request.dpi = 100.0;
    request.background = FigureBackground::Transparent;
    QCOMPARE(qAlpha(renderFigure(request).pixel(0, 0)), 0);
    request.background = FigureBackground::White;
    QCOMPARE(renderFigure(request).pixel(0, 0), qRgb(255, 255, 255));
    QVERIFY(!renderFigure(request).hasAlphaChannel());
    request.background = FigureBackground::Dark;
    QCOMPARE(renderFigure(request).pixel(0, 0), figureBackground(FigureBackground::Dark).rgb());
  }

  void svgHasRealText()
  {
    FigureRequest request = someRequest();
    request.dpi = 100.0;
    FigureRenderer renderer(request);
    const std::string svg = drawn(renderer).bytes(".svg");
    const QString text = QString::fromStdString(svg);
    QVERIFY(text.contains(QStringLiteral("<text")));
    QVERIFY(text.contains(QStringLiteral("Königsberg")));
    QVERIFY(text.contains(QStringLiteral("and 37 more")));
    QVERIFY(text.contains(QStringLiteral("<image")));
    QSvgRenderer reader(QByteArray::fromStdString(svg));
    QVERIFY(reader.isValid());
    // The page is 85 × 60 mm.
    QVERIFY(text.contains(QStringLiteral("width=\"85")) || text.contains(QStringLiteral("85mm")) ||
            text.contains(QStringLiteral("84.9")));
    QImage page(600, 424, QImage::Format_ARGB32_Premultiplied);
    page.fill(Qt::white);
    QPainter painter(&page);
    reader.render(&painter);
    painter.end();
    const QImage raster =
        renderFigure(request).scaled(page.size(), Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    QVERIFY2(test::similarity(page, raster) > 0.7,
             QByteArray::number(test::similarity(page, raster)));
  }

  // A crystal is polygons and text of its own in a vector figure, and its corners are named once.
  void crystalsAreDrawnOverThePoints()
  {
    FigureRequest request = someRequest();
    request.labels = {{0, QStringLiteral("Königsberg")}, {5, QStringLiteral("far away")}};
    request.dpi = 100.0;
    const QImage plain = renderFigure(request);
    CrystalShape crystal;
    crystal.corners = {0, 1, 2, 4};
    crystal.names = {QStringLiteral("Königsberg"), QStringLiteral("river"),
                     QStringLiteral("Florence"), QStringLiteral("Arno")};
    crystal.color = QColor(0xD5, 0x5E, 0x00);
    crystal.chosen = true;
    CrystalShape lost = crystal;
    lost.corners[3] = 2999999;
    request.crystals = {lost};
    QCOMPARE(renderFigure(request), plain);
    request.crystals = {lost, crystal};
    QVERIFY(test::similarity(renderFigure(request), plain) < 0.99);
    FigureRenderer renderer(request);
    const QString svg = QString::fromStdString(drawn(renderer).bytes(".svg"));
    QVERIFY(svg.contains(QStringLiteral(">Arno<")));
    QCOMPARE(svg.count(QStringLiteral(">Königsberg<")), 1);
    QVERIFY(svg.contains(QStringLiteral("#d55e00")));
  }

  void pdfIsAPageOfThatSize()
  {
    FigureRequest request = someRequest();
    request.dpi = 100.0;
    FigureRenderer renderer(request);
    const std::string pdf = drawn(renderer).bytes(".pdf");
    QVERIFY(pdf.starts_with("%PDF"));
    // 85 mm = 240.94 pt, 60 mm = 170.08 pt.
    QVERIFY(pdf.find("/MediaBox [0 0 240.9") != std::string::npos ||
            pdf.find("/MediaBox [0 0 241") != std::string::npos);
    QVERIFY(pdf.find("/FontFile2") != std::string::npos);
  }

  void refusesAboveOneGigapixel()
  {
    FigureRequest request = someRequest();
    request.widthMm = request.heightMm = 2000.0;
    request.dpi = 1200.0;
    try {
      FigureRenderer renderer(request);
      QFAIL("a figure of 8.9 gigapixels was begun");
    } catch (const Error& error) {
      const QString text = QString::fromUtf8(error.what());
      QVERIFY2(text.contains(QStringLiteral("8.93 gigapixels")), qPrintable(text));
      QVERIFY2(text.contains(QStringLiteral("GiB")), qPrintable(text));
    }
    for (const double bad : {0.0, -3.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
      request = someRequest();
      request.dpi = bad;
      QVERIFY_EXCEPTION_THROWN(checkFigureSize(request), Error);
      request = someRequest();
      request.widthMm = bad;
      QVERIFY_EXCEPTION_THROWN(checkFigureSize(request), Error);
    }
  }

  void largerThanOpenGlCanDrawAtOnce()
  {
    FigureRequest request = someRequest();
    request.widthMm = 254.0;
    request.heightMm = 25.4;
    request.dpi = 1000.0;
    const QImage picture = renderFigure(request);
    QCOMPARE(picture.size(), QSize(10000, 1000));
    request.dpi = 100.0;
    const QImage small = renderFigure(request);
    QVERIFY(test::similarity(
                picture.scaled(small.size(), Qt::IgnoreAspectRatio, Qt::SmoothTransformation),
                small) > 0.85);
  }

  void emptyAndOne()
  {
    for (const int count : {0, 1}) {
      FigureRequest request;
      request.positions = Positions::Zero(3, count);
      request.dpi = 72.0;
      QVERIFY(!renderFigure(request).isNull());
    }
  }

  void stops()
  {
    std::stop_source stop;
    stop.request_stop();
    bool stopped = false;
    try {
      renderFigure(someRequest(), Progress(stop.get_token(), {}));
    } catch (const Cancelled&) {
      stopped = true;
    }
    QVERIFY(stopped);
  }
};

QTEST_MAIN(tst_Figure)
#include "tst_Figure.moc"
