// The crystal in its plane: scale, glide, and what leaves as a figure.
#include "tests/support/ExpectError.h"
#include "widgets/panels/Theme.h"
#include "widgets/views/PlanarDrawing.h"

#include <QApplication>
#include <QPainter>
#include <QSvgRenderer>
#include <QtTest/QTest>

using namespace orrery;

namespace {

PlanarCrystal crystal(double skew, double size, const QString& title)
{
  PlanarCrystal result;
  result.corners << -1, 1, -1, 1 + skew, -1, -1, 1, 1;
  result.corners *= size;
  result.expected = result.corners.col(1) - result.corners.col(0) + result.corners.col(2);
  result.planarity = skew == 0.0 ? 1.0 : 0.9;
  result.title = title;
  return result;
}

PlanarPicture queen()
{
  PlanarPicture picture;
  picture.names = {QStringLiteral("man"), QStringLiteral("woman"), QStringLiteral("king"),
                   QStringLiteral("queen")};
  picture.before = crystal(1.5, 0.5, QStringLiteral("before"));
  picture.after = crystal(0.0, 0.25, QStringLiteral("after"));
  return picture;
}

/// Columns that hold the strong colour of an arrow between @p from and @p to.
int widthOfColor(const QImage& image, int from, int to, QColor color)
{
  int low = to, high = from;
  for (int y = 0; y < image.height(); ++y)
    for (int x = from; x < to; ++x) {
      const QColor at = image.pixelColor(x, y);
      if (std::abs(at.red() - color.red()) < 12 && std::abs(at.green() - color.green()) < 12 &&
          std::abs(at.blue() - color.blue()) < 12) {
        low = std::min(low, x);
        high = std::max(high, x);
      }
    }
  return high - low;
}

}  // namespace

class tst_PlanarDrawing : public QObject {
  Q_OBJECT
 private slots:
  // Both in one scale: the second is half as large and is drawn so.
  void oneScaleForBoth()
  {
    PlanarPicture picture = queen();
    picture.before = crystal(0.0, 0.5, QStringLiteral("before"));
    QImage image(1000, 500, QImage::Format_RGB32);
    image.fill(Qt::white);
    const QColor color(0, 90, 200);
    {
      QPainter painter(&image);
      paintPlanarPicture(painter, image.rect(), picture, 1.0, color, OverlayStyle());
    }
    const double before = widthOfColor(image, 0, 490, color);
    const double after = widthOfColor(image, 510, 1000, color);
    QVERIFY2(std::abs(before / after - 2.0) < 0.15,
             qPrintable(QStringLiteral("%1 and %2").arg(before).arg(after)));
  }

  // Corners far apart have their names on the outer side; corners that lie close together, or all
  // in one place, have them all the same, and none over another.
  void namesStandApart()
  {
    const std::array<QSizeF, 4> sizes = {QSizeF(60, 14), QSizeF(80, 14), QSizeF(30, 14),
                                         QSizeF(110, 14)};
    const QRectF bounds(0, 0, 260, 150);
    const std::array<QPointF, 4> square = {QPointF(60, 110), QPointF(200, 110), QPointF(60, 40),
                                           QPointF(200, 40)};
    const auto apart = placeCornerNames(square, sizes, bounds, 5);
    for (std::size_t i = 0; i < 4; ++i) {
      QCOMPARE(apart[i].center().x(), square[i].x());
      QVERIFY(i < 2 ? apart[i].top() > square[i].y() : apart[i].bottom() < square[i].y());
    }
    for (const double spread : {0.0, 3.0, 12.0, 30.0}) {
      const QPointF middle = bounds.center();
      const auto boxes =
          placeCornerNames({middle + QPointF(-spread, 2), middle + QPointF(spread, 2),
                            middle + QPointF(-spread, -2), middle + QPointF(spread, -2)},
                           sizes, bounds, 5);
      for (std::size_t i = 0; i < 4; ++i) {
        QVERIFY(bounds.contains(boxes[i]));
        QCOMPARE(boxes[i].size(), sizes[i]);
        for (std::size_t j = 0; j < i; ++j)
          QVERIFY2(!boxes[i].intersects(boxes[j]), qPrintable(QString::number(spread)));
      }
    }
  }

  void glidesFromBeforeToAfter()
  {
    PlanarDrawing drawing;
    drawing.resize(520, 260);
    drawing.setPicture(queen());
    QCOMPARE(drawing.share(), 1.0);  // nobody looks
    drawing.show();
    QVERIFY(QTest::qWaitForWindowExposed(&drawing));
    QTest::keyClick(&drawing, Qt::Key_Space);
    QVERIFY(drawing.share() < 0.5);
    QTRY_COMPARE_WITH_TIMEOUT(drawing.share(), 1.0, 5000);
    QVERIFY(drawing.accessibleDescription().contains(QStringLiteral("planarity 90.0")));
    PlanarPicture one = queen();
    one.after.reset();
    drawing.setPicture(one);
    QCOMPARE(drawing.share(), 1.0);
  }

  void bothThemes()
  {
    PlanarDrawing drawing;
    drawing.resize(520, 260);
    drawing.setPicture(queen());
    for (const QPalette& palette : {lightPalette(), darkPalette()}) {
      drawing.setPalette(palette);
      const QImage image = drawing.grab().toImage();
      QCOMPARE(image.pixelColor(2, 2), palette.color(QPalette::Base));
      int different = 0;
      for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
          different += image.pixelColor(x, y) != palette.color(QPalette::Base);
      QVERIFY(different > 3000);
    }
  }

  void leavesAsVectors()
  {
    const QByteArray svg = drawingBytes(planarFigure(queen()), ".svg");
    QVERIFY(svg.contains(">queen<"));
    QVERIFY(svg.contains("planarity 100.0 %"));
    QVERIFY(!svg.contains("<image"));
    QVERIFY(QSvgRenderer(svg).isValid());
    QVERIFY(drawingBytes(planarFigure(queen()), ".pdf").startsWith("%PDF"));
    DrawingFigure figure = planarFigure(queen());
    figure.dpi = 100.0;
    const QImage png = QImage::fromData(drawingBytes(figure, ".png"));
    QCOMPARE(png.size(), QSize(449, 236));
    ORRERY_EXPECT_ERROR(drawingBytes(planarFigure(queen()), ".bmp"), ".bmp");
  }
};

QTEST_MAIN(tst_PlanarDrawing)
#include "tst_PlanarDrawing.moc"
