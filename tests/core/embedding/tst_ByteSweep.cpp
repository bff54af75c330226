#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/ByteProducts.h"
#include "core/embedding/ByteSweep.h"
#include "core/embedding/ByteTiles.h"
#include "core/embedding/ExactProducts.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <stop_token>
#include <vector>

using namespace orrery;

namespace {

constexpr double anyNumber = 1e9;

/// Every feature's nearest by the definition are among the candidates, whose nearness is right.
void holdsTheNearest(const FeatureMatrix& x, Metric metric, int count)
{
  const PreparedFeatures prepared = prepareFeatures(x, metric);
  const auto lists = sweepByBytes(x, prepared, count, {}, anyNumber);
  QVERIFY(lists.has_value());
  for (FeatureId a = 0; a < x.cols(); ++a) {
    const auto own = static_cast<std::size_t>(a);
    std::vector<std::pair<double, FeatureId>> expected;
    for (FeatureId b = 0; b < x.cols(); ++b) {
      const auto other = static_cast<std::size_t>(b);
      if (b == a || std::isinf(prepared.bias[other]))
        continue;
      const Eigen::VectorXd apart = x.col(a).cast<double>() * prepared.scale[own] -
                                    x.col(b).cast<double>() * prepared.scale[other];
      expected.emplace_back(-0.5 * apart.squaredNorm(), b);
    }
    const auto found = lists->of(a);
    if (std::isinf(prepared.bias[own])) {
      QVERIFY(found.empty());
      continue;
    }
    const auto wanted = std::min<std::ptrdiff_t>(count, std::ssize(expected));
    std::partial_sort(expected.begin(), expected.begin() + wanted, expected.end(),
                      std::greater<>());
    for (std::ptrdiff_t place = 0; place < wanted; ++place) {
      const auto [nearness, id] = expected[static_cast<std::size_t>(place)];
      const auto entry = std::find_if(found.begin(), found.end(), [id = id](const auto& candidate) {
        return candidate.feature == id;
      });
      QVERIFY(entry != found.end());
      // As large as rounding allows it to be.
      const double error = static_cast<double>(prepared.error[own]) +
                           static_cast<double>(prepared.error[static_cast<std::size_t>(id)]);
      QVERIFY(entry->nearness >= nearness - 1e-12 && entry->nearness <= nearness + 2.0 * error);
    }
  }
}

}  // namespace

class tst_ByteSweep : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { setThreadCount(2); }

  void tilesAgreeWithTheDefinition()
  {
    Random random(1);
    for (const auto& [dimensions, vectors] : {std::pair<int, int>{1, 5}, {37, 100}, {700, 70}}) {
      ByteTiles tiles(dimensions, vectors);
      for (int id = 0; id < vectors; ++id)
        for (int j = 0; j < dimensions; ++j)
          tiles.row(id)[j] =
              static_cast<std::int8_t>(id == 3   ? -127
                                       : id == 4 ? 127
                                                 : static_cast<int>(random.below(255)) - 127);
      for (int first = 0; first < vectors; first += ByteTiles::panel)
        tiles.pack(first);
      FeatureMatrix products(128, 128);
      tiles.multiply(0, vectors, 0, vectors, products.data(), products.rows());
      for (int a = 0; a < vectors; ++a)
        for (int b = 0; b < vectors; ++b)
          QCOMPARE(products(a, b),
                   static_cast<float>(byteProduct(tiles.row(a), tiles.row(b), tiles.stride())));
    }
  }

  void losesNothing_data()
  {
    QTest::addColumn<Metric>("metric");
    QTest::addColumn<int>("d");
    QTest::addColumn<int>("n");
    QTest::newRow("cosine") << Metric::Cosine << 64 << 1500;
    QTest::newRow("Euclidean") << Metric::Euclidean << 40 << 1100;
    QTest::newRow("few") << Metric::Cosine << 5 << 12;
  }
  void losesNothing()
  {
    QFETCH(Metric, metric);
    QFETCH(int, d);
    QFETCH(int, n);
    FeatureMatrix x = gaussianCloud(n, d, 2);
    for (Eigen::Index i = 0; i < n; ++i)
      x.col(i) *= 0.7f + 0.1f * static_cast<float>(i % 7);
    x(0, 3) = 40.0f;  // a spike, which makes the bytes of its feature coarse
    x.col(5).setZero();
    holdsTheNearest(x, metric, 15);
  }

  // More members of a cluster than there is room for by the sample: they are compared with all.
  void crowdedListsLoseNothing()
  {
    FeatureMatrix x = gaussianCloud(3000, 64, 3);
    Random random(4);
    for (Eigen::Index i = 0; i < 320; ++i)
      for (Eigen::Index j = 0; j < 64; ++j)
        x(j, 9 * i) = x(j, 1) * 3.0f + 1e-3f * static_cast<float>(random.normal());
    const PreparedFeatures prepared = prepareFeatures(x, Metric::Cosine);
    const auto lists = sweepByBytes(x, prepared, 10, {}, anyNumber);
    QVERIFY(lists && std::count(lists->cut.begin(), lists->cut.end(), 1) > 0);
    holdsTheNearest(x, Metric::Cosine, 10);
  }

  void leavesNoiseToFloats()
  {
    const FeatureMatrix noise = gaussianCloud(2000, 600, 5);
    const PreparedFeatures prepared = prepareFeatures(noise, Metric::Cosine);
    QVERIFY(!sweepByBytes(noise, prepared, 30, {}));
    FeatureMatrix shifted = noise;
    shifted.array() += 2.0f;
    QVERIFY(!sweepByBytes(shifted, prepareFeatures(shifted, Metric::Cosine), 30, {}, anyNumber));
  }

  // As large as a search must be for bytes to be thought of: the floats' candidates, if any.
  void largeSearchesGiveTheSame()
  {
    const PlantedClusters planted = plantedClusters(4200, 520, 60, 6.0, 8);
    const PreparedFeatures prepared = prepareFeatures(planted.decoder, Metric::Cosine);
    const CandidateLists lists = exactCandidates(planted.decoder, prepared, 12, {});
    const CandidateLists floats = sweepNeighbors(planted.decoder, prepared, 12, {});
    const auto nearest = [](std::span<const NeighborCandidate> found) {
      std::vector<NeighborCandidate> sorted(found.begin(), found.end());
      std::sort(sorted.begin(), sorted.end(),
                [](const auto& a, const auto& b) { return a.nearness > b.nearness; });
      sorted.resize(12);
      return sorted;
    };
    for (FeatureId id = 0; id < 4200; ++id) {
      const auto one = nearest(lists.of(id)), other = nearest(floats.of(id));
      for (std::size_t place = 0; place < 12; ++place)
        QVERIFY(std::abs(one[place].nearness - other[place].nearness) < 1e-4f);
    }
  }

  void sameBitsForAnyNumberOfThreads()
  {
    const PlantedClusters planted = plantedClusters(2500, 64, 30, 3.0, 6);
    const PreparedFeatures prepared = prepareFeatures(planted.decoder, Metric::Cosine);
    const auto sorted = [&] {
      auto lists = sweepByBytes(planted.decoder, prepared, 20, {}, anyNumber);
      std::vector<std::pair<FeatureId, float>> all;
      for (FeatureId id = 0; id < planted.decoder.cols(); ++id) {
        const auto begin = std::ssize(all);
        for (const NeighborCandidate& candidate : lists->of(id))
          all.emplace_back(candidate.feature, candidate.nearness);
        std::sort(all.begin() + begin, all.end());
      }
      return all;
    };
    setThreadCount(1);
    const auto one = sorted();
    setThreadCount(4);
    QVERIFY(one == sorted());
  }

  void stops()
  {
    const FeatureMatrix x = gaussianCloud(2500, 64, 7);
    const PreparedFeatures prepared = prepareFeatures(x, Metric::Cosine);
    for (const char* wanted : {"Neighbours: bytes", "possible ones"}) {
      std::stop_source stop;
      const Progress progress(stop.get_token(), [&](std::string_view stage, double) {
        if (stage.find(wanted) != std::string_view::npos)
          stop.request_stop();
      });
      QVERIFY_EXCEPTION_THROWN((void)sweepByBytes(x, prepared, 10, progress, anyNumber), Cancelled);
    }
  }
};

QTEST_APPLESS_MAIN(tst_ByteSweep)
#include "tst_ByteSweep.moc"
