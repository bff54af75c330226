#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/MapTrust.h"
#include "tests/support/ReferenceTable.h"

#include <QtTest/QTest>

#include <cmath>

using namespace orrery;

namespace {

/// The data of tests/reference/map_trust_reference.py.
FeatureMatrix referenceData(Eigen::Index n, Eigen::Index d)
{
  FeatureMatrix x(d, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < d; ++j) {
      const Eigen::Index hash = (7919 * i + 104729 * j + 31 * i * j) % 1009;
      x(j, i) =
          static_cast<float>(static_cast<double>(hash) / 500.0 - 1.0) / static_cast<float>(1 + j);
    }
  return x;
}

Positions bentMap(const FeatureMatrix& x)
{
  Positions map = x.topRows(3);
  map.row(2) = map.row(0).cwiseProduct(map.row(1));
  return map;
}

FeatureMatrix gaussian(Eigen::Index d, Eigen::Index n, std::uint64_t seed)
{
  Random random(seed);
  FeatureMatrix matrix(d, n);
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<float>(random.normal());
  return matrix;
}

}  // namespace

class TestMapTrust : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { setThreadCount(2); }

  void agreesWithScikitLearn()
  {
    // tests/reference/map_trust_reference.py
    const auto table = test::referenceTable("map_trust.tsv");
    QCOMPARE(table.size(), std::size_t{6});
    for (const auto& row : table) {
      const FeatureMatrix x = referenceData(std::stoi(row[0]), std::stoi(row[1]));
      MapTrustOptions options;
      options.neighbors = std::stoi(row[2]);
      options.distancePairs = 1000000;
      const Metric metric = row[3] == "cosine" ? Metric::Cosine : Metric::Euclidean;
      const MapTrust trust = measureMapTrust(
          x, bentMap(x), computeNeighbors(x, {.count = options.neighbors + 3, .metric = metric}),
          options);
      QVERIFY(std::abs(trust.neighborsKept - std::stod(row[4])) < 1e-6);
      QVERIFY(std::abs(trust.trustworthiness - std::stod(row[5])) < 1e-9);
      QVERIFY(std::abs(trust.continuity - std::stod(row[6])) < 1e-9);
      QVERIFY(std::abs(trust.distanceCorrelation - std::stod(row[7])) < 1e-9);
      QCOMPARE(trust.sampled, x.cols());
    }
  }

  void aPerfectMapIsTrusted()
  {
    const FeatureMatrix x = gaussian(3, 600, 1);
    const Neighbors neighbors = computeNeighbors(x, {.count = 10, .metric = Metric::Euclidean});
    const MapTrust trust = measureMapTrust(x, x, neighbors);
    QCOMPARE(trust.neighborsKept, 1.0);
    QCOMPARE(trust.trustworthiness, 1.0);
    QCOMPARE(trust.continuity, 1.0);
    QCOMPARE(trust.distanceCorrelation, 1.0);
  }

  void aRandomMapIsNot()
  {
    const FeatureMatrix x = gaussian(50, 3000, 2);
    const Neighbors neighbors = computeNeighbors(x, {.count = 10, .metric = Metric::Euclidean});
    const MapTrust trust = measureMapTrust(x, gaussian(3, 3000, 3), neighbors);
    QVERIFY(trust.neighborsKept < 0.01);
    QVERIFY(std::abs(trust.trustworthiness - 0.5) < 0.02);
    QVERIFY(std::abs(trust.continuity - 0.5) < 0.02);
    QVERIFY(std::abs(trust.distanceCorrelation) < 0.02);
    QCOMPARE(trust.sampled, 2000);
    QCOMPARE(trust.keptPerFeature.size(), std::size_t{3000});
  }

  void aSampleEstimatesTheWhole()
  {
    const FeatureMatrix x = referenceData(900, 40);
    const Neighbors neighbors = computeNeighbors(x, {.count = 10});
    const MapTrust whole = measureMapTrust(x, bentMap(x), neighbors);
    MapTrustOptions options;
    options.rankSample = 300;
    options.distancePairs = 20000;
    const MapTrust part = measureMapTrust(x, bentMap(x), neighbors, options);
    QCOMPARE(part.sampled, 300);
    QCOMPARE(part.neighborsKept, whole.neighborsKept);
    QVERIFY(std::abs(part.trustworthiness - whole.trustworthiness) < 0.02);
    QVERIFY(std::abs(part.continuity - whole.continuity) < 0.02);
    QVERIFY(std::abs(part.distanceCorrelation - whole.distanceCorrelation) < 0.02);
    options.seed = 1;
    QVERIFY(measureMapTrust(x, bentMap(x), neighbors, options).trustworthiness !=
            part.trustworthiness);
  }

  void zeroRowsStayOut()
  {
    FeatureMatrix x = gaussian(5, 60, 4);
    x.col(8).setZero();
    const MapTrust trust =
        measureMapTrust(x, gaussian(3, 60, 5), computeNeighbors(x, {.count = 10}));
    QVERIFY(std::isnan(trust.keptPerFeature[8]));
    QCOMPARE(trust.sampled, 59);
    QVERIFY(std::isfinite(trust.neighborsKept) && std::isfinite(trust.trustworthiness) &&
            std::isfinite(trust.continuity) && std::isfinite(trust.distanceCorrelation));
  }

  void few()
  {
    for (const Eigen::Index n : {1, 2, 3, 5}) {
      const FeatureMatrix x = gaussian(4, n, 6);
      const MapTrust trust = measureMapTrust(x, gaussian(3, n, 7), computeNeighbors(x));
      QCOMPARE(trust.keptPerFeature.size(), static_cast<std::size_t>(n));
      if (n >= 2)
        QCOMPARE(trust.neighborsKept, 1.0);  // all others are neighbours in both
      if (n >= 3)
        QVERIFY(trust.trustworthiness >= 0.0 && trust.trustworthiness <= 1.0);
    }
    const FeatureMatrix equal = FeatureMatrix::Ones(4, 30);
    const MapTrust trust = measureMapTrust(equal, Positions::Zero(3, 30), computeNeighbors(equal));
    QCOMPARE(trust.trustworthiness, 1.0);
    QVERIFY(std::isnan(trust.distanceCorrelation));
    const FeatureMatrix x = gaussian(4, 30, 8);
    QVERIFY_THROWS_EXCEPTION(
        Error, measureMapTrust(x, Positions::Zero(3, 29), computeNeighbors(x, {.count = 10})));
    QVERIFY_THROWS_EXCEPTION(
        Error, measureMapTrust(x, Positions::Zero(3, 30), computeNeighbors(x, {.count = 4})));
  }

  void bitsDoNotDependOnThreadsAndItStops()
  {
    const FeatureMatrix x = gaussian(30, 2500, 9), map = gaussian(3, 2500, 10);
    const Neighbors neighbors = computeNeighbors(x, {.count = 10});
    setThreadCount(1);
    const MapTrust one = measureMapTrust(x, map, neighbors);
    setThreadCount(3);
    const MapTrust three = measureMapTrust(x, map, neighbors);
    QCOMPARE(one.trustworthiness, three.trustworthiness);
    QCOMPARE(one.continuity, three.continuity);
    QCOMPARE(one.distanceCorrelation, three.distanceCorrelation);
    QCOMPARE(one.neighborsKept, three.neighborsKept);
    std::stop_source source;
    source.request_stop();
    QVERIFY_THROWS_EXCEPTION(
        Cancelled, measureMapTrust(x, map, neighbors, {}, Progress(source.get_token(), {})));
  }
};

QTEST_APPLESS_MAIN(TestMapTrust)
#include "tst_MapTrust.moc"
