#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/ApproximateNeighbors.h"
#include "core/embedding/ByteProducts.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <stop_token>
#include <vector>

using namespace orrery;

namespace {

/// Features near a subspace of @p rank dimensions whose directions weigh less and less, with noise
/// in all d, as a dictionary's.
FeatureMatrix nearSubspace(Eigen::Index d, Eigen::Index n, int rank, double noise,
                           std::uint64_t seed)
{
  Random random(seed);
  const auto draw = [&](Eigen::Index rows, Eigen::Index columns) {
    FeatureMatrix matrix(rows, columns);
    for (float& value : matrix.reshaped())
      value = static_cast<float>(random.normal());
    return matrix;
  };
  FeatureMatrix weights = draw(rank, n);
  for (int axis = 0; axis < rank; ++axis)
    weights.row(axis) *= static_cast<float>(std::pow(1.0 + axis, -0.5));
  FeatureMatrix x = draw(d, rank) * weights;
  x *= static_cast<float>(std::sqrt(static_cast<double>(x.size())) / x.norm());
  x += static_cast<float>(noise) * draw(d, n);
  return x;
}

/// Share of the exact lists that the other finds.
double recallOf(const Neighbors& found, const Neighbors& exact)
{
  std::int64_t hits = 0;
  for (Eigen::Index feature = 0; feature < exact.ids.cols(); ++feature)
    for (int place = 0; place < exact.count; ++place)
      hits += (found.ids.col(feature).array() == exact.ids(place, feature)).any();
  return static_cast<double>(hits) / static_cast<double>(exact.ids.size());
}

/// What was found has the distances that the exact search gives it.
void compareDistances(const Neighbors& found, const Neighbors& exact)
{
  for (Eigen::Index feature = 0; feature < exact.ids.cols(); ++feature)
    for (int place = 0; place < exact.count; ++place)
      for (int other = 0; other < exact.count; ++other)
        if (found.ids(place, feature) == exact.ids(other, feature)) {
          const float distance = exact.distances(other, feature);
          QVERIFY(std::abs(found.distances(place, feature) - distance) <= 2e-4f * distance + 1e-7f);
        }
}

bool sameNeighbors(const Neighbors& a, const Neighbors& b)
{
  return a.ids == b.ids && std::equal(a.distances.reshaped().begin(), a.distances.reshaped().end(),
                                      b.distances.reshaped().begin(), [](float x, float y) {
                                        return x == y || (std::isnan(x) && std::isnan(y));
                                      });
}

ApproximateNeighborOptions smallOptions(Metric metric = Metric::Cosine)
{
  ApproximateNeighborOptions options;
  options.count = 15;
  options.metric = metric;
  options.prefix = 48;
  options.sample = 128;
  return options;
}

}  // namespace

class tst_ApproximateNeighbors : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { setThreadCount(2); }

  void productsAgreeWithTheirDefinition()
  {
    Random random(1);
    for (Eigen::Index count = 0; count < 100; ++count) {
      std::vector<float> a(100), b(100);
      std::vector<std::int8_t> bytesA(100), bytesB(100);
      for (std::size_t j = 0; j < 100; ++j) {
        a[j] = static_cast<float>(random.normal());
        b[j] = static_cast<float>(random.normal());
        bytesA[j] = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
        bytesB[j] = static_cast<std::int8_t>(j % 2 == 0 ? -127 : 127);
      }
      int bytes = 0;
      double floats = 0.0, size = 1e-30;
      for (std::size_t j = 0; j < static_cast<std::size_t>(count); ++j) {
        bytes += bytesA[j] * bytesB[j];
        floats += static_cast<double>(a[j]) * b[j];
        size += std::abs(static_cast<double>(a[j]) * b[j]);
      }
      QCOMPARE(byteProduct(bytesA.data(), bytesB.data(), count), bytes);
      QVERIFY(std::abs(floatProduct(a.data(), b.data(), count) - floats) < 1e-6 * size);
      const float step = roundToBytes(a.data(), count, bytesA.data());
      for (std::size_t j = 0; j < static_cast<std::size_t>(count); ++j)
        QVERIFY(std::abs(step * bytesA[j] - a[j]) <= 0.51f * step);
    }
    std::vector<std::int8_t> most(at(mostForByteProducts), -127);
    QCOMPARE(byteProduct(most.data(), most.data(), mostForByteProducts),
             static_cast<std::int32_t>(127 * 127 * mostForByteProducts));
  }

  void findsNearlyAllAndSaysHowMany_data()
  {
    QTest::addColumn<Metric>("metric");
    QTest::addColumn<double>("shift");
    QTest::newRow("cosine") << Metric::Cosine << 0.0;
    QTest::newRow("Euclidean") << Metric::Euclidean << 0.0;
    QTest::newRow("cosine beside a mean") << Metric::Cosine << 1.5;
    QTest::newRow("Euclidean beside a mean") << Metric::Euclidean << 1.5;
  }
  void findsNearlyAllAndSaysHowMany()
  {
    QFETCH(Metric, metric);
    QFETCH(double, shift);
    FeatureMatrix x = nearSubspace(160, 2500, 60, 0.4, 7);
    x.array() += static_cast<float>(shift);
    if (metric == Metric::Euclidean)  // lengths that differ by a factor of two
      for (Eigen::Index i = 0; i < x.cols(); ++i)
        x.col(i) *= 0.7f + 0.7f * static_cast<float>(i % 10) / 10.0f;
    const auto found = computeApproximateNeighbors(x, smallOptions(metric));
    QVERIFY2(!found.exact, found.note.c_str());
    QCOMPARE(found.judged, 64);
    const Neighbors exact = computeNeighbors(x, {15, metric});
    const double recall = recallOf(found.neighbors, exact);
    qInfo("recall %.4f, said to be %.4f +- %.4f, %.0f candidates, captured %.2f", recall,
          found.recall, found.recallError, found.candidates, found.captured);
    QVERIFY(recall > 0.99);
    // Where hardly any is missed the sample's own error is no measure.
    QVERIFY(std::abs(recall - found.recall) < 4.0 * found.recallError + 0.003);
    QVERIFY(found.candidates < 1000.0);
    compareDistances(found.neighbors, exact);
  }

  void aimsAtWhatItIsAskedFor()
  {
    const FeatureMatrix x = nearSubspace(160, 2500, 60, 0.6, 8);
    const Neighbors exact = computeNeighbors(x, {15, Metric::Cosine});
    double before = 0.0, candidates = 0.0;
    for (const double wanted : {0.9, 0.97, 0.995}) {
      auto options = smallOptions();
      options.recall = wanted;
      const auto found = computeApproximateNeighbors(x, options);
      const double recall = recallOf(found.neighbors, exact);
      QVERIFY2(std::abs(recall - wanted) < 0.02, qPrintable(QString::number(recall)));
      QVERIFY(std::abs(recall - found.recall) < 4.0 * found.recallError + 0.003);
      QVERIFY(recall > before && found.candidates > candidates);
      before = recall;
      candidates = found.candidates;
    }
  }

  void findsPlantedClusters()
  {
    // Within a cluster no direction is left out: its members are all candidates, the others none.
    const PlantedClusters planted = plantedClusters(2400, 120, 40, 12.0, 3);
    auto options = smallOptions();
    options.exactWhereCheaper = false;
    const auto found = computeApproximateNeighbors(planted.decoder, options);
    const Neighbors exact = computeNeighbors(planted.decoder, {15, Metric::Cosine});
    QVERIFY(!found.exact);
    QVERIFY(recallOf(found.neighbors, exact) > 0.99);
    QVERIFY2(found.candidates < 65.0, qPrintable(QString::number(found.candidates)));
  }

  void fallsBackWhereThereIsNoSubspace()
  {
    const FeatureMatrix noise = gaussianCloud(2500, 120, 5);
    const auto found = computeApproximateNeighbors(noise, smallOptions());
    QVERIFY(found.exact);
    QCOMPARE(found.recall, 1.0);
    QVERIFY(found.note.find("no direction out") != std::string::npos);
    QVERIFY(sameNeighbors(found.neighbors, computeNeighbors(noise, {15, Metric::Cosine})));
  }

  void saysThatItMissesMany()
  {
    const FeatureMatrix noise = gaussianCloud(5000, 256, 6);
    auto options = smallOptions();
    options.prefix = 8;
    options.exactWhereCheaper = false;
    const auto found = computeApproximateNeighbors(noise, options);
    QVERIFY(!found.exact);
    const double recall = recallOf(found.neighbors, computeNeighbors(noise, {15, Metric::Cosine}));
    qInfo("recall %.4f, said to be %.4f +- %.4f", recall, found.recall, found.recallError);
    QVERIFY(recall < 0.8);
    QVERIFY(std::abs(recall - found.recall) < 4.0 * found.recallError);
    QVERIFY(found.captured < 0.1);
  }

  void sameBitsForAnyNumberOfThreads()
  {
    const FeatureMatrix x = nearSubspace(120, 2300, 60, 0.5, 9);
    setThreadCount(1);
    const auto one = computeApproximateNeighbors(x, smallOptions());
    for (const int threads : {2, 5}) {
      setThreadCount(threads);
      const auto more = computeApproximateNeighbors(x, smallOptions());
      QVERIFY(sameNeighbors(one.neighbors, more.neighbors));
      QCOMPARE(more.recall, one.recall);
      QCOMPARE(more.candidates, one.candidates);
    }
  }

  void takesEqualAndZeroFeaturesTogether()
  {
    FeatureMatrix x = nearSubspace(120, 2300, 60, 0.5, 10);
    for (Eigen::Index i = 0; i < 200; ++i)
      x.col(i * 7) = x.col(1);
    x.col(2200).setZero();
    const auto found = computeApproximateNeighbors(x, smallOptions());
    QVERIFY2(!found.exact, found.note.c_str());
    QVERIFY(recallOf(found.neighbors, computeNeighbors(x, {15, Metric::Cosine})) > 0.99);
    QVERIFY((found.neighbors.ids.col(2200).array() == noFeature).all());
    QCOMPARE(found.neighbors.ids(0, 1), 0);
    QCOMPARE(found.neighbors.distances(14, 1), 0.0f);
  }

  void takesTheExactSearchForLittleData()
  {
    for (const auto& [d, n] : {std::pair<int, int>{150, 300}, {60, 2500}, {150, 1}, {150, 20}}) {
      const FeatureMatrix x = gaussianCloud(n, d, 11);
      const auto found = computeApproximateNeighbors(x, smallOptions());
      QVERIFY(n < 2 || found.exact);
      QVERIFY(sameNeighbors(found.neighbors, computeNeighbors(x, {15, Metric::Cosine})));
    }
  }

  void refusesWhatMakesNoSense()
  {
    const FeatureMatrix x = gaussianCloud(100, 10, 12);
    const auto refuses = [&](auto change) {
      auto options = smallOptions();
      change(options);
      QVERIFY_EXCEPTION_THROWN((void)computeApproximateNeighbors(x, options), Error);
    };
    refuses([](auto& options) { options.recall = 0.0; });
    refuses([](auto& options) { options.recall = 1.1; });
    refuses([](auto& options) { options.prefix = 0; });
    refuses([](auto& options) { options.sample = 31; });
    refuses([](auto& options) { options.count = 0; });
    FeatureMatrix bad = x;
    bad(3, 4) = std::nanf("");
    QVERIFY_EXCEPTION_THROWN((void)computeApproximateNeighbors(bad, smallOptions()), Error);
  }

  void stopsBetweenAnyTwoStages()
  {
    const FeatureMatrix x = nearSubspace(120, 2300, 60, 0.5, 13);
    for (const char* wanted : {"leading directions", "candidates", "products of bytes"}) {
      std::stop_source stop;
      bool reached = false;
      const Progress progress(stop.get_token(), [&](std::string_view stage, double) {
        if (stage.find(wanted) != std::string_view::npos) {
          reached = true;
          stop.request_stop();
        }
      });
      QVERIFY_EXCEPTION_THROWN((void)computeApproximateNeighbors(x, smallOptions(), progress),
                               Cancelled);
      QVERIFY(reached);
    }
  }

 private:
  static std::size_t at(Eigen::Index index) { return static_cast<std::size_t>(index); }
};

QTEST_APPLESS_MAIN(tst_ApproximateNeighbors)
#include "tst_ApproximateNeighbors.moc"
