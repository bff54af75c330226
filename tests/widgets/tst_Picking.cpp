#include "core/base/Random.h"
#include "widgets/vtk/CameraMotion.h"
#include "widgets/vtk/Picking.h"

#include <Eigen/Geometry>
#include <QElapsedTimer>
#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace orrery;
using Eigen::Vector2d;
using Ids = std::vector<FeatureId>;

namespace {

constexpr double width = 1280.0;
constexpr double height = 800.0;

Positions cloud(int count, std::uint64_t seed)
{
  Random random(seed);
  Positions positions(3, count);
  for (int i = 0; i < count; ++i)
    for (int axis = 0; axis < 3; ++axis)
      positions(axis, i) = static_cast<float>(random.normal());
  return positions;
}

Projection someProjection(const Positions& positions, bool orthographic = false)
{
  Camera camera;
  camera.position = Eigen::Vector3d(0.5, 0.4, 1.0);
  camera.orthographic = orthographic;
  const SceneBounds bounds = boundsOf(positions);
  camera = frameBounds(camera, bounds, width / height);
  return {clipFromWorld(camera, width / height, bounds), width, height};
}

/// Points given directly on the screen.
ScreenPoints onScreen(const std::vector<std::array<float, 4>>& points)
{
  ScreenPoints result;
  for (const auto& [x, y, depth, radius] : points) {
    result.x.push_back(x);
    result.y.push_back(y);
    result.depth.push_back(depth);
    result.radius.push_back(radius);
  }
  return result;
}

/// A wild closed curve that crosses itself.
std::vector<Vector2d> lasso(int corners, std::uint64_t seed)
{
  Random random(seed);
  std::vector<Vector2d> path;
  for (int i = 0; i < corners; ++i) {
    const double angle = 4.0 * 3.14159265 * i / corners;
    const double radius = 150.0 + 120.0 * std::sin(5.0 * angle) + 40.0 * random.uniform();
    path.emplace_back(640.0 + 1.5 * radius * std::cos(angle), 400.0 + radius * std::sin(angle));
  }
  return path;
}

Ids bruteForce(const ScreenPoints& points, const Region& region)
{
  Ids found;
  for (FeatureId i = 0; i < points.size(); ++i)
    if (points.drawn(i) && region.contains(points.x[static_cast<std::size_t>(i)],
                                           points.y[static_cast<std::size_t>(i)]))
      found.push_back(i);
  return found;
}

}  // namespace

class tst_Picking : public QObject {
  Q_OBJECT
 private slots:
  void projectsAsTheMatrixSays()
  {
    Positions positions = cloud(500, 1);
    positions.col(7).setConstant(std::numeric_limits<float>::quiet_NaN());
    positions(1, 8) = std::numeric_limits<float>::infinity();
    const Projection projection = someProjection(positions);
    std::vector<std::uint8_t> hidden(500, 0);
    hidden[9] = 1;
    const ScreenPoints points = projectAll(positions, projection, {}, {}, hidden);
    QVERIFY(!points.drawn(7) && !points.drawn(8) && !points.drawn(9));
    QVERIFY(!points.drawn(noFeature) && !points.drawn(500));
    for (FeatureId i = 10; i < 500; ++i) {
      const Eigen::Vector4d clip =
          projection.clipFromWorld * positions.col(i).cast<double>().homogeneous();
      const auto at = static_cast<std::size_t>(i);
      QVERIFY(points.drawn(i));
      QVERIFY(std::abs(points.x[at] - (clip.x() / clip.w() + 1) * width / 2) < 1e-3);
      QVERIFY(std::abs(points.y[at] - (1 - clip.y() / clip.w()) * height / 2) < 1e-3);
    }
  }

  void nothingBehindTheEye()
  {
    Positions positions(3, 2);
    positions << 0, 0, 0, 0, 0, 20;
    Camera camera;
    camera.position = Eigen::Vector3d(0, 0, 5);
    const Projection projection{clipFromWorld(camera, 1.0, boundsOf(positions)), 100, 100};
    const ScreenPoints points = projectAll(positions, projection, {});
    QVERIFY(points.drawn(0));
    QVERIFY(!points.drawn(1));
    QCOMPARE(pickFeature(points, 50, 50), 0);
  }

  // The visible disc wins; outside all discs the nearest edge within the tolerance.
  void pickRules()
  {
    // Two discs that overlap: the nearer one.
    QCOMPARE(pickFeature(onScreen({{100, 100, 0.5f, 5}, {102, 100, 0.2f, 5}}), 101, 100), 1);
    // On the farther disc alone, the nearer one beside it: what is to be seen there.
    QCOMPARE(pickFeature(onScreen({{100, 100, 0.5f, 3}, {107, 100, 0.2f, 3}}), 99, 100), 0);
    // Beside both, equally far: the nearer in depth.
    QCOMPARE(pickFeature(onScreen({{100, 100, 0.5f, 3}, {110, 100, 0.2f, 3}}), 105, 100), 1);
    // Tolerance of eight pixels, and none beyond.
    QCOMPARE(pickFeature(onScreen({{100, 100, 0, 3}}), 107.9, 100), 0);
    QCOMPARE(pickFeature(onScreen({{100, 100, 0, 3}}), 108.1, 100), noFeature);
    // A disc larger than the tolerance is picked all over.
    QCOMPARE(pickFeature(onScreen({{100, 100, 0, 30}}), 129, 100), 0);
    QCOMPARE(pickFeature(onScreen({}), 1, 1), noFeature);
  }

  void greyedLieBehind()
  {
    Positions positions(3, 2);
    positions << 0, 0, 0, 0, 0.5f, -0.5f;  // The first is nearer, but greyed.
    Camera camera;
    camera.position = Eigen::Vector3d(0, 0, 5);
    camera.orthographic = true;
    const Projection front{clipFromWorld(camera, 1.0, boundsOf(positions)), 100, 100};
    QCOMPARE(pickFeature(projectAll(positions, front, {}), 50, 50), 0);
    QCOMPARE(pickFeature(projectAll(positions, front, {}, {-1.0f, 1.0f}), 50, 50), 1);
  }

  void pickIsBruteForce()
  {
    const Positions positions = cloud(20000, 2);
    const ScreenPoints points = projectAll(positions, someProjection(positions), {});
    Random random(3);
    for (int trial = 0; trial < 200; ++trial) {
      const double x = width * random.uniform(), y = height * random.uniform();
      const FeatureId picked = pickFeature(points, x, y);
      FeatureId covering = noFeature;
      for (FeatureId i = 0; i < points.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (std::hypot(points.x[at] - x, points.y[at] - y) < points.radius[at] - 1e-3 &&
            (covering == noFeature ||
             points.depth[at] < points.depth[static_cast<std::size_t>(covering)]))
          covering = i;
      }
      if (covering != noFeature)
        QVERIFY(points.depth[static_cast<std::size_t>(picked)] <=
                points.depth[static_cast<std::size_t>(covering)]);
    }
  }

  void regionsEqualBruteForce_data()
  {
    QTest::addColumn<int>("count");
    QTest::newRow("2000") << 2000;
    QTest::newRow("1048576") << 1048576;
  }
  void regionsEqualBruteForce()
  {
    QFETCH(int, count);
    const Positions positions = cloud(count, 5);
    const ScreenPoints points = projectAll(positions, someProjection(positions), {});
    const std::vector<Vector2d> path = lasso(120, 6);
    for (const Region& region :
         {Region::polygon(path), Region::rectangle({300.5, 500.25}, {700.75, 200.0}),
          Region::brush({{400, 300}, {500, 320}, {640, 400}, {610, 420}}, 24.0),
          Region::brush({{640, 400}}, 24.0), Region::polygon({{600, 300}, {700, 300}, {650, 500}}),
          Region::polygon({{-500, -500}, {3000, 400}, {200, 450}})}) {
      const Ids expected = bruteForce(points, region);
      QCOMPARE(region.features(points), expected);
      QVERIFY(!expected.empty());
      QVERIFY(static_cast<int>(expected.size()) < count);
    }
  }

  // Points exactly on edges and corners, where a mask of pixels is most easily wrong.
  void regionsEqualBruteForceOnTheEdge()
  {
    std::vector<std::array<float, 4>> grid;
    for (int x = 0; x < 120; ++x)
      for (int y = 0; y < 120; ++y)
        grid.push_back({0.5f * static_cast<float>(x), 0.5f * static_cast<float>(y), 0, 3});
    const ScreenPoints points = onScreen(grid);
    for (const Region& region :
         {Region::polygon({{10, 10}, {50, 10}, {50, 50}, {10, 50}}),
          Region::polygon({{10, 10}, {50, 50}, {10, 50}, {50, 10}}),
          Region::polygon({{5, 5}, {5, 5}, {40, 5}, {40, 40}, {5, 40}}),
          Region::rectangle({10, 10}, {50, 50}), Region::brush({{10, 10}, {50, 50}}, 7.5)})
      QCOMPARE(region.features(points), bruteForce(points, region));
  }

  void emptyRegions()
  {
    const ScreenPoints points = onScreen({{10, 10, 0, 3}});
    QVERIFY(Region::polygon({}).features(points).empty());
    QVERIFY(Region::polygon({{0, 0}, {20, 20}}).features(points).empty());
    QVERIFY(Region::brush({}, 5).features(points).empty());
    QCOMPARE(Region::brush({{10, 10}}, 0).features(points), Ids{0});
    QVERIFY(Region::rectangle({0, 0}, {20, 20}).features(onScreen({})).empty());
  }

  void visibleOnlyLeavesOutWhatIsHidden()
  {
    // Wholly covered, partly covered, in front, elsewhere, smaller than a pixel.
    const ScreenPoints points = onScreen({{50, 50, 0.5f, 4},
                                          {58, 50, 0.5f, 4},
                                          {50, 50, 0.1f, 6},
                                          {20, 20, 0.9f, 4},
                                          {80, 80, 0.3f, 0.5f}});
    const auto visible = visibleFeatures(points, 100, 100);
    QCOMPARE(visible, (std::vector<std::uint8_t>{0, 1, 1, 1, 1}));
    const Region all = Region::rectangle({0, 0}, {100, 100});
    QCOMPARE(all.features(points), (Ids{0, 1, 2, 3, 4}));
    QCOMPARE(all.features(points, visible), (Ids{1, 2, 3, 4}));
    QVERIFY(visibleFeatures(points, 0, 0).size() == 5);
  }

  void lassoOf16384TakesLessThan100Milliseconds()
  {
    const Positions positions = cloud(16384, 8);
    const Projection projection = someProjection(positions);
    const std::vector<Vector2d> path = lasso(400, 9);
    qint64 best = std::numeric_limits<qint64>::max();
    for (int trial = 0; trial < 5; ++trial) {
      QElapsedTimer timer;
      timer.start();
      const ScreenPoints points = projectAll(positions, projection, {});
      const Ids found = Region::polygon(path).features(points);
      best = std::min(best, timer.nsecsElapsed());
      QVERIFY(!found.empty());
    }
    qInfo("projection and lasso of 16384 points: %.2f ms", 1e-6 * static_cast<double>(best));
    QVERIFY(best < 100'000'000);
  }
};

QTEST_APPLESS_MAIN(tst_Picking)
#include "tst_Picking.moc"
