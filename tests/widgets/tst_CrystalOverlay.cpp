// Quads in a cloud: points in front cover them, points behind shine through, and what lies in the
// plane is a polygon.
#include "widgets/vtk/CrystalOverlay.h"

#include <QBuffer>
#include <QImage>
#include <QPainter>
#include <QSvgGenerator>
#include <QtTest/QTest>

using namespace orrery;

namespace {

constexpr int side = 200;

struct Scene {
  ScreenPoints points;
  CrystalShape shape;

  FeatureId add(float x, float y, float depth, float radius = 4.0f)
  {
    points.x.push_back(x);
    points.y.push_back(y);
    points.depth.push_back(depth);
    points.radius.push_back(radius);
    return static_cast<FeatureId>(points.x.size() - 1);
  }
};

/// A quad from 40 to 160 whose left side has depth @p left and whose right side @p right.
Scene quad(float left, float right)
{
  Scene scene;
  scene.shape.corners = {scene.add(40, 40, left), scene.add(160, 40, right),
                         scene.add(40, 160, left), scene.add(160, 160, right)};
  scene.shape.color = QColor(200, 0, 0);
  scene.shape.chosen = true;
  return scene;
}

QImage drawn(const Scene& scene, double ratio = 1.0)
{
  QImage image(static_cast<int>(side * ratio), static_cast<int>(side * ratio),
               QImage::Format_RGB32);
  image.fill(Qt::white);
  QPainter painter(&image);
  painter.scale(ratio, ratio);
  drawCrystals(painter, {scene.shape}, scene.points, QRectF(0, 0, side, side), OverlayStyle());
  return image;
}

/// How much of the quad's colour is there, 0 … 255.
int tintOf(const QImage& image, int x, int y)
{
  const QColor color = image.pixelColor(x, y);
  return std::max(0, color.red() - color.green());
}

/// The whole colour, as where no point is in front.
bool isTinted(const QImage& image, int x, int y)
{
  return tintOf(image, x, y) > 40;
}

}  // namespace

class tst_CrystalOverlay : public QObject {
  Q_OBJECT
 private slots:
  void pointsInFrontCover_data()
  {
    QTest::addColumn<double>("ratio");
    QTest::newRow("screen") << 1.0;
    QTest::newRow("two device pixels") << 2.0;
  }
  void pointsInFrontCover()
  {
    QFETCH(double, ratio);
    Scene scene = quad(0.5f, 0.5f);
    scene.add(80, 100, 0.2f, 8.0f);
    scene.add(120, 100, 0.8f, 8.0f);
    const QImage image = drawn(scene, ratio);
    const auto at = [&](double x, double y) {
      return isTinted(image, static_cast<int>(x * ratio), static_cast<int>(y * ratio));
    };
    QVERIFY(!at(80, 100));
    QVERIFY(!at(86, 100));
    const int covered = tintOf(image, static_cast<int>(80 * ratio), static_cast<int>(100 * ratio));
    const int open = tintOf(image, static_cast<int>(100 * ratio), static_cast<int>(60 * ratio));
    QVERIFY2(covered > 5 && 3 * covered < open + 6,
             qPrintable(QStringLiteral("%1 of %2").arg(covered).arg(open)));
    QVERIFY(at(90, 100));   // beside its disc
    QVERIFY(at(120, 100));  // behind
    QVERIFY(at(100, 60));
    QVERIFY(!at(20, 100));
  }

  // On a slanted quad the same depth is in front at one end and behind at the other.
  void depthIsInterpolated()
  {
    Scene scene = quad(0.1f, 0.9f);
    scene.add(60, 100, 0.5f, 6.0f);   // the quad is at .23 there
    scene.add(140, 100, 0.5f, 6.0f);  // and at .77 here
    const QImage image = drawn(scene);
    QVERIFY(isTinted(image, 60, 100));
    QVERIFY(!isTinted(image, 140, 100));
  }

  void hiddenPointsCoverNothing()
  {
    Scene scene = quad(0.5f, 0.5f);
    const FeatureId hidden = scene.add(80, 100, 0.2f, 8.0f);
    const auto at = static_cast<std::size_t>(hidden);
    scene.points.x[at] = scene.points.y[at] = scene.points.depth[at] = scene.points.radius[at] =
        std::numeric_limits<float>::quiet_NaN();
    QVERIFY(isTinted(drawn(scene), 80, 100));
    // A crystal with a corner that is not drawn is not drawn either.
    scene.points.depth[0] = scene.points.x[0] = std::numeric_limits<float>::quiet_NaN();
    QVERIFY(!isTinted(drawn(scene), 120, 80));
  }

  // In the plane nothing is in front, and figures get real polygons.
  void planesStayVectors()
  {
    Scene scene = quad(0.0f, 0.0f);
    scene.add(100, 100, 0.0f, 10.0f);
    QVERIFY(isTinted(drawn(scene), 100, 100));
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    {
      QPainter painter(&generator);
      drawCrystals(painter, {scene.shape}, scene.points, QRectF(0, 0, side, side), OverlayStyle());
    }
    QVERIFY(!buffer.data().contains("<image"));
    QVERIFY(buffer.data().contains("<path"));
  }
};

QTEST_MAIN(tst_CrystalOverlay)
#include "tst_CrystalOverlay.moc"
