#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/galaxy/FeatureFollowing.h"
#include "core/galaxy/LayerTransition.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QtTest/QTest>

#include <numeric>

using namespace orrery;

namespace {

std::vector<FeatureId> shuffled(Eigen::Index n, std::uint64_t seed)
{
  std::vector<FeatureId> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  Random(seed).shuffle(order);
  return order;
}

/// Column order[i] of the result is column i of @p x, with noise.
FeatureMatrix moved(const FeatureMatrix& x, const std::vector<FeatureId>& order, float noise,
                    std::uint64_t seed)
{
  const FeatureMatrix errors = gaussianCloud(x.cols(), x.rows(), seed);
  FeatureMatrix y(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.cols(); ++i)
    y.col(order[static_cast<std::size_t>(i)]) = x.col(i) + noise * errors.col(i);
  return y;
}

LayerSource layerOf(FeatureMatrix matrix, int layer)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = "layer " + std::to_string(layer);
  dictionary->decoder = std::make_shared<const FeatureMatrix>(std::move(matrix));
  LayerSource source;
  source.open = dictionary;
  source.origin.layer = layer;
  return source;
}

}  // namespace

class tst_FeatureMatching : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void plantedOrderIsFoundNotTheIndex()
  {
    const FeatureMatrix x = gaussianCloud(1500, 64, 1);
    const auto order = shuffled(1500, 2);
    const FeatureMatching matching = matchFeatures(x, moved(x, order, 0.3f, 3));
    std::int64_t right = 0;
    for (const FeatureMatch& match : matching.matches)
      right += match.matched && match.to == order[static_cast<std::size_t>(match.from)];
    QVERIFY(right > 1490);
    QVERIFY(matching.nullThreshold > 0.4f && matching.nullThreshold < 0.75f);
  }

  // Two clouds that have nothing to do with each other: few matches, about what the null promises
  // of those that are mutual.
  void strangersAreNotMatched()
  {
    FeatureMatrix x = gaussianCloud(2000, 64, 1), y = gaussianCloud(2000, 64, 9);
    // A direction that all share makes every cosine large; the null has it too.
    x.row(0).array() += 6.0f;
    y.row(0).array() += 6.0f;
    const FeatureMatching matching = matchFeatures(x, y);
    QVERIFY2(matching.matched < 40, qPrintable(QString::number(matching.matched)));
    double small = 0;
    for (const FeatureMatch& match : matching.matches)
      small += match.share < 0.05;
    QVERIFY2(small < 0.1 * 2000, qPrintable(QString::number(small)));
  }

  void bestCosinesAreThoseOfAllPairs()
  {
    const FeatureMatrix x = gaussianCloud(70, 20, 4), y = gaussianCloud(1300, 20, 5);
    const BestCosines best = bestCosines(x, y);
    const Eigen::MatrixXf all =
        y.colwise().normalized().transpose() * x.colwise().normalized().matrix();
    for (Eigen::Index i = 0; i < x.cols(); ++i) {
      Eigen::Index row = 0;
      const float cosine = all.col(i).maxCoeff(&row);
      QCOMPARE(best.ids[static_cast<std::size_t>(i)], static_cast<FeatureId>(row));
      QVERIFY(std::abs(best.cosines[static_cast<std::size_t>(i)] - cosine) < 1e-5f);
    }
  }

  void subsetIsAsTheWhole()
  {
    const FeatureMatrix x = gaussianCloud(300, 32, 1);
    const FeatureMatrix y = moved(x, shuffled(300, 2), 0.5f, 3);
    const FeatureMatching whole = matchFeatures(x, y), part = matchFeatures(x, y, {7, 3, 250});
    QCOMPARE(part.matches.size(), std::size_t{3});
    for (const FeatureMatch& match : part.matches) {
      const FeatureMatch& same = whole.matches[static_cast<std::size_t>(match.from)];
      QCOMPARE(match.to, same.to);
      QCOMPARE(match.matched, same.matched);
    }
  }

  void zeroRowsAndFaults()
  {
    FeatureMatrix x = gaussianCloud(60, 8, 1);
    const FeatureMatrix y = x;
    x.col(5).setZero();
    const FeatureMatching matching = matchFeatures(x, y);
    QCOMPARE(matching.matches[5].to, noFeature);
    QVERIFY(!matching.matches[5].matched);
    QVERIFY_EXCEPTION_THROWN(matchFeatures(x, gaussianCloud(60, 9, 1)), Error);
    QVERIFY_EXCEPTION_THROWN(matchFeatures(x, y, {60}), Error);
  }

  void sameBitsAndStopping()
  {
    const FeatureMatrix x = gaussianCloud(900, 48, 1), y = gaussianCloud(1100, 48, 2);
    setThreadCount(1);
    const FeatureMatching one = matchFeatures(x, y);
    setThreadCount(3);
    const FeatureMatching three = matchFeatures(x, y);
    QCOMPARE(one.nullCosines, three.nullCosines);
    for (std::size_t i = 0; i < one.matches.size(); ++i)
      QCOMPARE(one.matches[i].cosine, three.matches[i].cosine);
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(matchFeatures(x, y, {}, {}, Progress(stop.get_token(), {})),
                             Cancelled);
  }

  void followedThroughLayersBothWays()
  {
    const FeatureMatrix middle = gaussianCloud(800, 64, 1);
    const auto toFirst = shuffled(800, 2), toLast = shuffled(800, 3);
    FeatureMatrix last = moved(middle, toLast, 0.2f, 5);
    // Feature 4 of the middle has no counterpart in the last layer.
    last.col(toLast[4]) = gaussianCloud(1, 64, 77);
    LayerCache cache(
        {layerOf(moved(middle, toFirst, 0.2f, 4), 0), layerOf(middle, 1), layerOf(last, 2)}, 0);
    const FollowedFeatures followed = followFeatures(cache, 1, {10, 4});
    QCOMPARE(followed.layers.size(), std::size_t{3});
    QCOMPARE(followed.layers[0].features, (std::vector<FeatureId>{toFirst[10], toFirst[4]}));
    QCOMPARE(followed.layers[2].features, (std::vector<FeatureId>{toLast[10], noFeature}));
    QCOMPARE(followed.layers[2].found, std::int64_t{1});
    QVERIFY(followed.layers[0].cosines[0] > followed.layers[0].nullThreshold);
    QVERIFY_EXCEPTION_THROWN(followFeatures(cache, 3, {0}), Error);
    QVERIFY_EXCEPTION_THROWN(followFeatures(cache, 0, {800}), Error);
  }

  void transitionsMatchTheSharedFeaturesAndNoOthers()
  {
    const FeatureMatrix first = gaussianCloud(800, 64, 1);
    const auto to = shuffled(800, 2);
    FeatureMatrix second = moved(first, to, 0.2f, 4);
    for (FeatureId id = 0; id < 100; ++id)  // have no counterpart
      second.col(to[static_cast<std::size_t>(id)]) =
          gaussianCloud(1, 64, 500 + static_cast<std::uint64_t>(id));
    const LayerTransition transition =
        matchLayers(*layerOf(first, 0).open, *layerOf(second, 1).open);
    QVERIFY(transition.from.size() >= 680 && transition.from.size() <= 710);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < transition.from.size(); ++i) {
      wrong += to[static_cast<std::size_t>(transition.from[i])] != transition.to[i];
      QVERIFY(transition.cosines[i] > transition.nullThreshold);
    }
    QVERIFY(wrong <= 3);
    // Best cosines, both ways: those of matched pairs are theirs.
    QCOMPARE(transition.bestOfFirst.size(), std::size_t{800});
    QCOMPARE(transition.bestOfFirst[static_cast<std::size_t>(transition.from[5])],
             transition.cosines[5]);
    QVERIFY(std::abs(transition.bestOfSecond[static_cast<std::size_t>(transition.to[5])] -
                     transition.cosines[5]) < 1e-5f);
  }

  void morphsGlideMatchedFeaturesAndFadeTheRest()
  {
    LayerTransition transition;
    transition.from = {0, 2};
    transition.to = {1, 0};
    transition.cosines = {0.9f, 0.8f};
    transition.bestOfFirst = {0.9f, 0.2f, 0.8f};
    transition.bestOfSecond = {0.8f, 0.9f, 0.3f, 0.1f};
    Positions first(3, 3), second(3, 4);
    first << 1, 5, -1, 0, 5, 0, 2, 5, 2;
    // The first axis is mirrored in the second cloud.
    second << 1, -1, 7, 8, 0, 0, 7, 8, 2, 2, 7, 8;
    const MorphedCloud half = morphClouds(first, second, transition, 0.5);
    QCOMPARE(half.positions.cols(), 5);  // 2 pairs, 1 and 2 without partner
    QCOMPARE(half.presence, (std::vector<float>{1, 1, 0.5f, 0.5f, 0.5f}));
    QCOMPARE(half.cosines, (std::vector<float>{0.9f, 0.8f, 0.2f, 0.3f, 0.1f}));
    QVERIFY(half.positions.col(0).isApprox(first.col(0)));  // it does not move
    const MorphedCloud start = morphClouds(first, second, transition, 0.0);
    QVERIFY(start.positions.leftCols(2).isApprox(
        (Positions(3, 2) << first.col(0), first.col(2)).finished()));
    QCOMPARE(start.presence[2], 1.0f);
    QCOMPARE(start.presence[3], 0.0f);
    const MorphedCloud end = morphClouds(first, second, transition, 1.0);
    QVERIFY(end.positions.col(4).isApprox(Eigen::Vector3f(-8, 8, 8)));
    QCOMPARE(end.presence[2], 0.0f);
    QVERIFY_EXCEPTION_THROWN(morphClouds(second, first, transition, 0.5), Error);
  }
};

QTEST_APPLESS_MAIN(tst_FeatureMatching)
#include "tst_FeatureMatching.moc"
