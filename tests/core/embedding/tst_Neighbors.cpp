#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/Neighbors.h"

#include <QtTest/QTest>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

using namespace orrery;

namespace {

FeatureMatrix gaussian(Eigen::Index d, Eigen::Index n, std::uint64_t seed)
{
  Random random(seed);
  FeatureMatrix matrix(d, n);
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<float>(random.normal());
  return matrix;
}

double distanceByDefinition(const FeatureMatrix& x, Eigen::Index a, Eigen::Index b, Metric metric)
{
  const Eigen::VectorXd left = x.col(a).cast<double>(), right = x.col(b).cast<double>();
  if (metric == Metric::Euclidean)
    return (left - right).norm();
  return std::max(0.0, 1.0 - left.dot(right) / (left.norm() * right.norm()));
}

/// Compares with the definition, in double: ids exactly where distances differ by more than
/// rounding of doubles, distances to float accuracy.
void compareWithDefinition(const FeatureMatrix& x, const Neighbors& found, Metric metric, int count)
{
  QCOMPARE(found.count, count);
  QCOMPARE(found.ids.rows(), count);
  QCOMPARE(found.ids.cols(), x.cols());
  for (FeatureId feature = 0; feature < x.cols(); ++feature) {
    std::vector<std::pair<double, FeatureId>> expected;
    for (FeatureId other = 0; other < x.cols(); ++other)
      if (other != feature)
        expected.emplace_back(distanceByDefinition(x, feature, other, metric), other);
    std::sort(expected.begin(), expected.end());
    for (int place = 0; place < count; ++place) {
      const auto [distance, id] = expected[static_cast<std::size_t>(place)];
      if (found.ids(place, feature) != id) {
        const double other = distanceByDefinition(x, feature, found.ids(place, feature), metric);
        QVERIFY2(std::abs(other - distance) <= 1e-12 * (1.0 + distance),
                 qPrintable(QString("feature %1 place %2: %3 at %4, expected %5 at %6")
                                .arg(feature)
                                .arg(place)
                                .arg(found.ids(place, feature))
                                .arg(other, 0, 'g', 12)
                                .arg(id)
                                .arg(distance, 0, 'g', 12)));
      }
      QVERIFY(std::abs(static_cast<double>(found.distances(place, feature)) - distance) <=
              1e-4 * distance + 1e-12);
    }
  }
}

}  // namespace

class TestNeighbors : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { setThreadCount(2); }

  void agreesWithTheDefinition_data()
  {
    QTest::addColumn<int>("d");
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("k");
    QTest::addColumn<float>("offset");
    QTest::newRow("tiles of all kinds") << 12 << 3300 << 15 << 0.0f;
    QTest::newRow("one tile, not a multiple of the lanes") << 300 << 77 << 10 << 0.0f;
    QTest::newRow("more dimensions than one product") << 4500 << 60 << 5 << 0.0f;
    QTest::newRow("fewer features than neighbours") << 8 << 6 << 5 << 0.0f;
    QTest::newRow("one dimension") << 1 << 300 << 4 << 0.0f;
    // |x|² is 10⁸ times the squared distances: products alone would leave no digit of them.
    QTest::newRow("large mean") << 32 << 1300 << 10 << 10000.0f;
  }

  void agreesWithTheDefinition()
  {
    QFETCH(int, d);
    QFETCH(int, n);
    QFETCH(int, k);
    QFETCH(float, offset);
    FeatureMatrix x = gaussian(d, n, 3);
    x.array() += offset;
    for (const Metric metric : {Metric::Cosine, Metric::Euclidean})
      compareWithDefinition(x, computeNeighbors(x, {.count = k, .metric = metric}), metric, k);
  }

  void closePairsKeepTheirDigits()
  {
    // Pairs 10⁻⁶ of their length apart: 1 − cosine is 10⁻¹², which a float product cannot hold.
    FeatureMatrix x(64, 400);
    const FeatureMatrix base = gaussian(64, 200, 4), step = gaussian(64, 200, 5);
    for (Eigen::Index i = 0; i < 200; ++i) {
      x.col(2 * i) = base.col(i);
      x.col(2 * i + 1) = base.col(i) + 1e-6f * step.col(i);
    }
    for (const Metric metric : {Metric::Cosine, Metric::Euclidean}) {
      const Neighbors found = computeNeighbors(x, {.count = 3, .metric = metric});
      for (FeatureId feature = 0; feature < 400; ++feature) {
        QCOMPARE(found.ids(0, feature), feature ^ 1);
        const double expected = distanceByDefinition(x, feature, feature ^ 1, metric);
        QVERIFY(std::abs(static_cast<double>(found.distances(0, feature)) - expected) <=
                1e-2 * expected + 1e-14);
      }
    }
  }

  void tiesGoById()
  {
    // Three directions, 700 features each: 699 exact ties, far more than are kept.
    FeatureMatrix x(3, 2100);
    for (Eigen::Index i = 0; i < 2100; ++i)
      x.col(i) = Eigen::Vector3f::Unit(i % 3);
    for (const Metric metric : {Metric::Cosine, Metric::Euclidean}) {
      const Neighbors found = computeNeighbors(x, {.count = 20, .metric = metric});
      for (FeatureId feature = 0; feature < 2100; ++feature) {
        FeatureId expected = feature % 3;
        for (int place = 0; place < 20; ++place, expected += 3) {
          if (expected == feature)
            expected += 3;
          QCOMPARE(found.ids(place, feature), expected);
          QCOMPARE(found.distances(place, feature), 0.0f);
        }
      }
    }
    const FeatureMatrix equal = FeatureMatrix::Constant(700, 1500, 0.37f);
    const Neighbors found = computeNeighbors(equal, {.count = 9});
    for (FeatureId feature = 0; feature < 1500; ++feature)
      for (int place = 0; place < 9; ++place)
        QCOMPARE(found.ids(place, feature), place < feature ? place : place + 1);
  }

  void zeroRowsAreNoNeighbours()
  {
    FeatureMatrix x = gaussian(10, 40, 6);
    x.col(3).setZero();
    x.col(17).setConstant(-0.0f);
    const Neighbors cosine = computeNeighbors(x, {.count = 39});
    for (FeatureId feature = 0; feature < 40; ++feature) {
      const bool zero = feature == 3 || feature == 17;
      const int expected = zero ? 0 : 37;
      for (int place = 0; place < 39; ++place) {
        QCOMPARE(cosine.ids(place, feature) != noFeature, place < expected);
        QCOMPARE(std::isnan(cosine.distances(place, feature)), place >= expected);
        QVERIFY(cosine.ids(place, feature) != 3 && cosine.ids(place, feature) != 17);
      }
    }
    const Neighbors euclidean = computeNeighbors(x, {.count = 1, .metric = Metric::Euclidean});
    QCOMPARE(euclidean.ids(0, 3), 17);
    QCOMPARE(euclidean.distances(0, 3), 0.0f);
  }

  void hugeAndTinyValues()
  {
    for (const float scale : {1e-41f, 1e-30f, 1e36f}) {
      const FeatureMatrix x = gaussian(20, 150, 7) * scale;
      compareWithDefinition(x, computeNeighbors(x, {.count = 5}), Metric::Cosine, 5);
      const Neighbors euclidean = computeNeighbors(x, {.count = 5, .metric = Metric::Euclidean});
      compareWithDefinition(x, euclidean, Metric::Euclidean, 5);
    }
    // One outlier must not cost the others their digits.
    FeatureMatrix x = gaussian(20, 150, 8);
    x.col(11) *= 1e35f;
    for (const Metric metric : {Metric::Cosine, Metric::Euclidean})
      compareWithDefinition(x, computeNeighbors(x, {.count = 149, .metric = metric}), metric, 149);
  }

  void few()
  {
    QCOMPARE(computeNeighbors(FeatureMatrix(4, 0)).count, 0);
    const Neighbors one = computeNeighbors(gaussian(4, 1, 9));
    QCOMPARE(one.count, 0);
    QCOMPARE(one.ids.cols(), 1);
    const Neighbors two = computeNeighbors(gaussian(4, 2, 9));
    QCOMPARE(two.count, 1);
    QCOMPARE(two.options.count, 90);
    QCOMPARE(two.ids(0, 0), 1);
    QCOMPARE(two.ids(0, 1), 0);
    QVERIFY_THROWS_EXCEPTION(Error, computeNeighbors(gaussian(4, 2, 9), {.count = 0}));
    FeatureMatrix broken = gaussian(4, 5, 9);
    broken(2, 3) = std::numeric_limits<float>::quiet_NaN();
    QVERIFY_THROWS_EXCEPTION(Error, computeNeighbors(broken, {.count = 2}));
  }

  void bitsDoNotDependOnThreads()
  {
    const FeatureMatrix x = gaussian(40, 3000, 10);
    for (const Metric metric : {Metric::Cosine, Metric::Euclidean}) {
      setThreadCount(1);
      const Neighbors one = computeNeighbors(x, {.count = 30, .metric = metric});
      for (const int threads : {2, 5}) {
        setThreadCount(threads);
        const Neighbors many = computeNeighbors(x, {.count = 30, .metric = metric});
        QVERIFY(many.ids == one.ids);
        QVERIFY(many.distances == one.distances);
      }
    }
  }

  void neighboursInNoiseFavourNobody()
  {
    // In an isotropic cloud being a neighbour is spread about evenly: no place in the matrix is
    // favoured by the sweep.
    const FeatureMatrix x = gaussian(6, 4000, 11);
    const Neighbors found = computeNeighbors(x, {.count = 10});
    std::vector<double> asked(4, 0.0);
    for (Eigen::Index i = 0; i < found.ids.size(); ++i)
      asked[static_cast<std::size_t>(found.ids.data()[i] / 1000)] += 1.0 / 10000.0;
    for (const double share : asked)
      QVERIFY(std::abs(share - 1.0) < 0.05);
  }

  void stopsWithinASecond()
  {
    const FeatureMatrix x = gaussian(512, 16384, 12);
    std::stop_source source;
    std::chrono::steady_clock::time_point asked;
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
      asked = std::chrono::steady_clock::now();
      source.request_stop();
    });
    bool stopped = false;
    try {
      (void)computeNeighbors(x, {}, Progress(source.get_token(), {}));
    } catch (const Cancelled&) {
      stopped = true;
    }
    const auto ended = std::chrono::steady_clock::now();
    stopper.join();
    QVERIFY(stopped);
    QVERIFY(ended - asked < std::chrono::seconds(1));
  }

  void progressRuns()
  {
    double last = 0.0;
    std::mutex guard;
    const Progress progress({}, [&](std::string_view, double share) {
      const std::lock_guard lock(guard);
      last = std::max(last, share);
    });
    (void)computeNeighbors(gaussian(16, 3000, 13), {.count = 5}, progress);
    QVERIFY(last > 0.9 && last <= 1.0);
  }

  void queries()
  {
    FeatureMatrix x = gaussian(30, 2000, 14);
    x.col(5).setZero();
    const Eigen::VectorXf query = x.col(100) + 0.5f * x.col(200);
    for (const Metric metric : {Metric::Cosine, Metric::Euclidean}) {
      const std::vector<Neighbor> found = nearestTo(x, query, 12, metric, {100, 7000, -3});
      QCOMPARE(found.size(), std::size_t{12});
      FeatureMatrix all(30, 2001);
      all << x, query;
      std::vector<std::pair<double, FeatureId>> expected;
      for (FeatureId id = 0; id < 2000; ++id)
        if (id != 100 && (id != 5 || metric == Metric::Euclidean))
          expected.emplace_back(distanceByDefinition(all, 2000, id, metric), id);
      std::sort(expected.begin(), expected.end());
      for (std::size_t i = 0; i < found.size(); ++i) {
        QCOMPARE(found[i].feature, expected[i].second);
        const double value = metric == Metric::Cosine ? 1.0 - expected[i].first : expected[i].first;
        QVERIFY(std::abs(static_cast<double>(found[i].value) - value) < 1e-6);
      }
    }
    setThreadCount(1);
    const std::vector<Neighbor> one = nearestTo(x, query, 50);
    setThreadCount(3);
    const std::vector<Neighbor> three = nearestTo(x, query, 50);
    for (std::size_t i = 0; i < 50; ++i)
      QVERIFY(one[i].feature == three[i].feature && one[i].value == three[i].value);

    QCOMPARE(nearestTo(x, query, 0).size(), std::size_t{0});
    QCOMPARE(nearestTo(x, query, 5000).size(), std::size_t{1999});
    QVERIFY_THROWS_EXCEPTION(Error, nearestTo(x, Eigen::VectorXf::Zero(30), 3));
    QVERIFY_THROWS_EXCEPTION(Error, nearestTo(x, Eigen::VectorXf::Ones(31), 3));
    QCOMPARE(nearestTo(x, Eigen::VectorXf::Zero(30), 1, Metric::Euclidean)[0].feature, 5);
  }

  void identicalAndOppositeQueriesStayInRange()
  {
    FeatureMatrix x = gaussian(7, 50, 15);
    x.col(1) = -x.col(0);
    x.col(2) = 3.0f * x.col(0);
    const std::vector<Neighbor> found = nearestTo(x, x.col(0), 50);
    QCOMPARE(found[0].feature, 0);
    QCOMPARE(found[0].value, 1.0f);
    QCOMPARE(found[1].feature, 2);
    QCOMPARE(found[1].value, 1.0f);
    QCOMPARE(found.back().feature, 1);
    QVERIFY(found.back().value >= -1.0f);
  }
};

QTEST_APPLESS_MAIN(TestNeighbors)
#include "tst_Neighbors.moc"
