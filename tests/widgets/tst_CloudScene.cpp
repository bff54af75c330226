#include "core/base/Random.h"
#include "tests/support/Pictures.h"
#include "widgets/vtk/CloudScene.h"
#include "widgets/vtk/OpenGlContext.h"
#include "widgets/vtk/ProgressiveRenderer.h"

#include <QGuiApplication>
#include <QPainter>
#include <QtTest/QTest>

#include <cmath>
#include <limits>

using namespace orrery;

namespace {

constexpr std::uint32_t classColors[] = {0xFFE69F00u, 0xFF56B4E9u, 0xFF009E73u, 0xFFD55E00u,
                                         0xFFCC79A7u};

struct Cloud {
  Positions positions;
  CloudAppearance look;
};

/// Five balls of points.
Cloud balls(int count, std::uint64_t seed = 1)
{
  Random random(seed);
  Cloud cloud;
  cloud.positions.resize(3, count);
  for (int i = 0; i < count; ++i) {
    const int ball = i % 5;
    for (int axis = 0; axis < 3; ++axis)
      cloud.positions(axis, i) =
          static_cast<float>(0.35 * random.normal() + 1.6 * std::cos(2.1 * ball + 1.7 * axis));
    cloud.look.colors.push_back(classColors[ball]);
  }
  return cloud;
}

FrameRequest request(const CloudScene& scene, QSize size)
{
  FrameRequest frame;
  frame.camera = openingCamera(scene.positions(), scene.planar(),
                               static_cast<double>(size.width()) / size.height());
  frame.size = size;
  return frame;
}

void show(CloudScene& scene, const Cloud& cloud, bool planar = false)
{
  scene.setPositions(cloud.positions, planar);
  scene.setAppearance(cloud.look);
}

/// Pixels whose colour is nearer to @p color than 30 of 255 in every channel.
int pixelsOf(const QImage& picture, QRgb color)
{
  int count = 0;
  for (int y = 0; y < picture.height(); ++y)
    for (int x = 0; x < picture.width(); ++x) {
      const QRgb at = picture.pixel(x, y);
      if (std::abs(qRed(at) - qRed(color)) < 30 && std::abs(qGreen(at) - qGreen(color)) < 30 &&
          std::abs(qBlue(at) - qBlue(color)) < 30)
        ++count;
    }
  return count;
}

}  // namespace

class tst_CloudScene : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase()
  {
    const auto context = OpenGlContext::shared();
    QVERIFY2(context, qPrintable(OpenGlContext::failure()));
    qInfo("%s", qPrintable(context->renderer()));
    QVERIFY(context->maximumSize() >= 2048);
  }

  void looksLikeTheBaseline_data()
  {
    QTest::addColumn<QString>("name");
    for (const char* name :
         {"cloud", "cloud_dark", "selection", "emphasis", "plane", "links", "translucent", "sizes"})
      QTest::newRow(name) << name;
  }
  void looksLikeTheBaseline()
  {
    QFETCH(QString, name);
    Cloud cloud = balls(600);
    const bool planar = name == "plane";
    if (planar)
      cloud.positions.row(2).setZero();
    if (name == "cloud_dark") {
      cloud.look.background = QColor(0x12, 0x14, 0x18);
      cloud.look.foreground = QColor(0xEC, 0xEC, 0xEC);
    }
    if (name == "translucent")
      cloud.look.opacity = 0.4;
    if (name == "sizes")
      for (int i = 0; i < 600; ++i)
        cloud.look.sizes.push_back(0.5f + 0.004f * static_cast<float>(i));
    CloudScene scene;
    show(scene, cloud, planar);
    if (name == "selection")
      scene.setSelection({0, 5, 10, 15, 20, 1, 6, 11, 2, 3, 4, 103, 108});
    if (name == "emphasis") {
      std::vector<FeatureId> lit;
      for (FeatureId i = 0; i < 600; i += 5)
        lit.push_back(i);
      scene.setEmphasis(lit);
    }
    if (name == "links")
      scene.setLinks({{0, 1}, {1, 2}, {2, 3}, {0, 9999}}, QColor(40, 40, 40));
    const QImage picture = scene.render(request(scene, {300, 300}), 2);
    const QString difference = test::differenceFromBaseline(picture, name);
    QVERIFY2(difference.isEmpty(), qPrintable(difference));
  }

  // The picture is where the projection says: a disc of its colour around each point, its size as
  // PointSizing has it.
  void drawsWhereTheProjectionSays()
  {
    for (const bool orthographic : {false, true})
      for (const double scale : {1e-25, 1.0, 1e20}) {
        Cloud cloud;
        cloud.positions.resize(3, 3);
        cloud.positions << -1, 1, 0, -1, 0.5, 1, 0.3f, -0.5f, 1;
        cloud.positions *= static_cast<float>(scale);
        cloud.look.colors = {0xFFFF0000u, 0xFF00FF00u, 0xFF0000FFu};
        cloud.look.pointSize = 24.0;
        cloud.look.depthCue = 0.0;
        CloudScene scene;
        show(scene, cloud);
        FrameRequest frame = request(scene, {300, 200});
        frame.camera = withProjection(frame.camera, orthographic);
        const QImage picture = scene.render(frame);
        const ScreenPoints points = scene.project(frame.camera, 300, 200);
        for (std::size_t i = 0; i < 3; ++i) {
          QVERIFY(points.drawn(static_cast<FeatureId>(i)));
          const auto color = static_cast<QRgb>(cloud.look.colors[i]);
          const auto at = [&](double dx) {
            return picture.pixel(static_cast<int>(points.x[i] + dx), static_cast<int>(points.y[i]));
          };
          QCOMPARE(at(0.0), color);
          QVERIFY(at(points.radius[i] - 2.0) != qRgb(255, 255, 255));
          QCOMPARE(at(points.radius[i] + 2.0), qRgb(255, 255, 255));
        }
      }
  }

  void tilesMakeTheSamePicture()
  {
    CloudScene scene;
    show(scene, balls(3000));
    const FrameRequest whole = request(scene, {500, 400});
    const QImage expected = scene.render(whole);
    QImage tiled(500, 400, QImage::Format_ARGB32_Premultiplied);
    QPainter painter(&tiled);
    for (const QRect& tile : {QRect(0, 0, 230, 170), QRect(230, 0, 270, 170),
                              QRect(0, 170, 230, 230), QRect(230, 170, 270, 230)}) {
      FrameRequest part = whole;
      part.tile = tile;
      painter.drawImage(tile.topLeft(),
                        scene.render(part).copy(QRect(tile.topLeft(), tile.size())));
    }
    painter.end();
    QVERIFY(test::similarity(tiled, expected) > 0.999);
  }

  // Slices add up to the picture that is drawn at once, whatever other views draw in between.
  void slicesMakeTheSamePicture()
  {
    CloudScene scene, other;
    const Cloud cloud = balls(5000);
    show(scene, cloud);
    show(other, balls(100, 9));
    const FrameRequest frame = request(scene, {400, 300});
    QVERIFY(scene.begin(frame));
    scene.drawPoints(0, 5000);
    const QImage expected = scene.read();
    QVERIFY(scene.begin(frame));
    for (int first = 0; first < 5000; first += 700) {
      scene.drawPoints(first, 700);
      QVERIFY(!other.render(request(other, {200, 150})).isNull());
    }
    const QImage slices = scene.read();
    QVERIFY2(slices == expected, QByteArray::number(test::similarity(slices, expected)));
  }

  void transparentBackgroundIsTransparent()
  {
    CloudScene scene;
    show(scene, balls(50));
    FrameRequest frame = request(scene, {200, 200});
    frame.transparent = true;
    const QImage picture = scene.render(frame, 2);
    QCOMPARE(qAlpha(picture.pixel(1, 1)), 0);
    const ScreenPoints points = scene.project(frame.camera, 200, 200);
    QCOMPARE(qAlpha(picture.pixel(static_cast<int>(points.x[0]), static_cast<int>(points.y[0]))),
             255);
  }

  // A lit point is never hidden by a greyed one before it; a selected one shows through.
  void whatMattersIsOnTop()
  {
    Cloud cloud;
    cloud.positions.resize(3, 2);
    cloud.positions << 0, 0, 0, 0, 1, -1;
    cloud.look.colors = {0xFFFF0000u, 0xFF0000FFu};
    cloud.look.pointSize = 40;
    cloud.look.depthCue = 0;
    CloudScene scene;
    show(scene, cloud);
    FrameRequest frame = request(scene, {200, 200});
    frame.camera = lookAlongAxis(frame.camera, 2);
    QVERIFY(pixelsOf(scene.render(frame), 0xFFFF0000u) > 200);
    scene.setEmphasis({1});
    QVERIFY(pixelsOf(scene.render(frame), 0xFF0000FFu) > 200);
    QCOMPARE(pixelsOf(scene.render(frame), 0xFFFF0000u), 0);
    scene.clearEmphasis();
    const QImage before = scene.render(frame);
    scene.setSelection({1});
    QVERIFY(scene.render(frame) != before);
  }

  void hiddenAndNotFiniteAreNotDrawn()
  {
    Cloud cloud = balls(10);
    cloud.positions(1, 3) = std::numeric_limits<float>::quiet_NaN();
    cloud.positions(2, 4) = -std::numeric_limits<float>::infinity();
    CloudScene scene;
    show(scene, cloud);
    QCOMPARE(scene.drawableCount(), 8);
    scene.setHidden({0, 1, 3, -5, 99});
    QCOMPARE(scene.drawableCount(), 6);
    scene.setHidden({});
    QCOMPARE(scene.drawableCount(), 8);
    scene.setSelection({3, 4, 0, 77});
    QCOMPARE(scene.selectionCount(), 1);
    QVERIFY(!scene.render(request(scene, {100, 100})).isNull());
  }

  void levelOfDetail()
  {
    CloudScene scene;
    show(scene, balls(300000));
    ProgressiveRenderer renderer(scene);
    const FrameRequest frame = request(scene, {640, 400});
    for (int i = 0; i < 3; ++i)
      QVERIFY(renderer.start(frame));
    const auto first = renderer.statistics();
    QVERIFY(first.points > 0);
    QVERIFY(!renderer.isFinished());
    std::int64_t last = first.points;
    int slices = 0;
    while (renderer.advance()) {
      ++slices;
      QVERIFY(renderer.statistics().points >= last);
      last = renderer.statistics().points;
    }
    QVERIFY(renderer.isFinished());
    QVERIFY(renderer.statistics().complete);
    QCOMPARE(renderer.statistics().points, 300000);
    QCOMPARE(renderer.picture().size(), QSize(640, 400));
    QVERIFY(slices >= 1);
    QVERIFY(!renderer.advance());
    // Done in slices, the picture is the one drawn at once.
    QVERIFY(test::similarity(renderer.picture(), scene.render(frame, 2)) > 0.999);
  }

  void anyPrefixIsAFairSample()
  {
    CloudScene scene;
    Cloud cloud = balls(50000);
    cloud.look.depthCue = 0.0;
    show(scene, cloud);
    const FrameRequest frame = request(scene, {300, 300});
    QVERIFY(scene.begin(frame));
    scene.drawPoints(0, 1000);
    const QImage picture = scene.read();
    // Five classes of equal size: none is missing or rules.
    for (const std::uint32_t color : classColors)
      QVERIFY(pixelsOf(picture, color) > 60);
  }

  // The view says so and does not crash.
  void withoutOpenGl()
  {
    OpenGlContext::choose(OpenGlChoice::None);
    {
      CloudScene scene;
      show(scene, balls(10));
      QVERIFY(!scene.isUsable());
      QVERIFY(scene.rendererName().isEmpty());
      QVERIFY(scene.render(request(scene, {100, 100})).isNull());
      QVERIFY(!OpenGlContext::failure().isEmpty());
      QVERIFY(scene.project(request(scene, {100, 100}).camera, 100, 100).drawn(0));
    }
    OpenGlContext::choose(OpenGlChoice::Software);
    CloudScene scene;
    show(scene, balls(10));
    QVERIFY(scene.isUsable() && scene.isSoftware());
    QVERIFY(!scene.render(request(scene, {100, 100})).isNull());
    OpenGlContext::choose(OpenGlChoice::Automatic);
  }

  void contextLostIsMadeAnew()
  {
    CloudScene scene;
    show(scene, balls(100));
    const FrameRequest frame = request(scene, {100, 100});
    const QImage before = scene.render(frame);
    OpenGlContext::shared()->markLost();
    QCOMPARE(scene.render(frame), before);
  }
};

QTEST_MAIN(tst_CloudScene)
#include "tst_CloudScene.moc"
