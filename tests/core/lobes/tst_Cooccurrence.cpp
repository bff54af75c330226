#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/lobes/Cooccurrence.h"

#include <QtTest/QTest>

#include <cmath>

using namespace orrery;

namespace {

/// Feature i fires with a probability that falls with i from @p highest, so that both ways of
/// counting have work.
Firings firings(std::int64_t features, std::int64_t blocks, double highest, std::uint64_t seed)
{
  Random random(seed);
  Firings result;
  result.features = features;
  for (std::int64_t block = 0; block < blocks; ++block) {
    for (FeatureId id = 0; id < features; ++id)
      if (random.uniform() < highest / (1 + 0.2 * ((id * 37) % features)))
        result.ids.push_back(id);
    result.starts.push_back(static_cast<std::int64_t>(result.ids.size()));
  }
  return result;
}

CountMatrix bruteForce(const Firings& firings)
{
  CountMatrix counts = CountMatrix::Zero(firings.features, firings.features);
  for (std::size_t block = 0; block + 1 < firings.starts.size(); ++block)
    for (std::int64_t i = firings.starts[block]; i < firings.starts[block + 1]; ++i)
      for (std::int64_t j = firings.starts[block]; j < firings.starts[block + 1]; ++j)
        ++counts(firings.ids[static_cast<std::size_t>(i)],
                 firings.ids[static_cast<std::size_t>(j)]);
  return counts;
}

}  // namespace

class tst_Cooccurrence : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void equalsBruteForce_data()
  {
    QTest::addColumn<int>("features");
    QTest::addColumn<int>("blocks");
    QTest::addColumn<double>("highest");
    QTest::newRow("mixed") << 151 << 3001 << 0.9;
    QTest::newRow("all rare") << 90 << 500 << 0.08;
    QTest::newRow("all frequent") << 7 << 1000 << 1.0;
    QTest::newRow("long rows") << 20 << 40000 << 1.0;
    QTest::newRow("one feature") << 1 << 10 << 0.5;
    QTest::newRow("two features") << 2 << 65 << 0.9;
    QTest::newRow("one block") << 40 << 1 << 0.9;
  }
  void equalsBruteForce()
  {
    QFETCH(int, features);
    QFETCH(int, blocks);
    QFETCH(double, highest);
    const Firings data = firings(features, blocks, highest, 1);
    const CountMatrix expected = bruteForce(data);
    for (const int threads : {1, 3}) {
      setThreadCount(threads);
      const Cooccurrence result = countCooccurrences(data);
      QCOMPARE(result.blocks, blocks);
      QVERIFY(result.counts == expected);
    }
  }

  // More firings than a 16-bit counter holds, of a feature below the frequent share.
  void countsAboveSixteenBits()
  {
    Firings data;
    data.features = 2;
    for (int block = 0; block < 800000; ++block) {
      if (block % 11 == 0) {
        data.ids.push_back(0);
        data.ids.push_back(1);
      }
      data.starts.push_back(static_cast<std::int64_t>(data.ids.size()));
    }
    const Cooccurrence result = countCooccurrences(data);
    QCOMPARE(result.counts(0, 1), 72728);
    QCOMPARE(result.counts(1, 0), 72728);
    QCOMPARE(result.counts(1, 1), 72728);
  }

  void nothingFires()
  {
    Firings data;
    data.features = 5;
    QVERIFY(countCooccurrences(data).counts == CountMatrix::Zero(5, 5));
    data.starts = {0, 0, 0};
    QVERIFY(countCooccurrences(data).counts == CountMatrix::Zero(5, 5));
    data.features = 0;
    QCOMPARE(countCooccurrences(data).features(), std::int64_t{0});
  }

  void repeatsAreDropped()
  {
    Firings data;
    data.features = 9;
    data.ids = {8, 1, 8, 1, 5, 5, 2, 0};
    data.starts = {0, 4, 4, 6, 8};
    QCOMPARE(normalizeFirings(data), std::int64_t{3});
    QCOMPARE(data.ids, (std::vector<FeatureId>{1, 8, 5, 0, 2}));
    QCOMPARE(data.starts, (std::vector<std::int64_t>{0, 2, 2, 3, 5}));
  }

  void damagedFiringsAreRefused()
  {
    const auto refused = [](std::vector<std::int64_t> starts, std::vector<FeatureId> ids) {
      Firings data;
      data.features = 4;
      data.starts = std::move(starts);
      data.ids = std::move(ids);
      try {
        normalizeFirings(data);
      } catch (const Error&) {
        return true;
      }
      return false;
    };
    QVERIFY(refused({}, {}));
    QVERIFY(refused({1, 2}, {0, 1}));
    QVERIFY(refused({0, 1}, {0, 1}));
    QVERIFY(refused({0, 2, 1, 2}, {0, 1}));
    QVERIFY(refused({0, 3, 2}, {0, 1}));
    QVERIFY(refused({0, 2}, {0, 4}));
    QVERIFY(refused({0, 2}, {-1, 0}));
    QVERIFY(!refused({0, 2}, {1, 0}));
  }

  void stopping()
  {
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(
        countCooccurrences(firings(50, 200, 0.9, 2), Progress(stop.get_token(), {})), Cancelled);
  }
};

QTEST_APPLESS_MAIN(tst_Cooccurrence)
#include "tst_Cooccurrence.moc"
