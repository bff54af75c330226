// The nearest and the most opposite of every feature.
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/Twins.h"

#include <QtTest/QTest>

#include <cmath>

using namespace orrery;

namespace {

FeatureMatrix noise(Eigen::Index d, Eigen::Index n, std::uint64_t seed)
{
  Random random(seed);
  FeatureMatrix matrix(d, n);
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<float>(random.normal());
  return matrix;
}

}  // namespace

class tst_Twins : public QObject {
  Q_OBJECT

 private slots:
  // By the definition, in double, pair by pair; more features than a block.
  void equalsBruteForce()
  {
    const FeatureMatrix decoder = noise(12, 700, 3);
    const Twins twins = findTwins(decoder);
    const Eigen::MatrixXd wide = decoder.cast<double>();
    for (Eigen::Index i = 0; i < wide.cols(); ++i) {
      double most = -2, least = 2;
      for (Eigen::Index j = 0; j < wide.cols(); ++j) {
        if (j == i)
          continue;
        const double cosine =
            wide.col(i).dot(wide.col(j)) / (wide.col(i).norm() * wide.col(j).norm());
        most = std::max(most, cosine);
        least = std::min(least, cosine);
      }
      const auto at = static_cast<std::size_t>(i);
      QVERIFY(std::abs(twins.nearestCosine[at] - most) < 1e-6);
      QVERIFY(std::abs(twins.oppositeCosine[at] - least) < 1e-6);
    }
  }

  void findsWhatIsPlanted()
  {
    FeatureMatrix decoder = noise(64, 600, 5);
    decoder.col(41) = 3.0f * decoder.col(7);    // the same direction
    decoder.col(580) = -0.5f * decoder.col(9);  // the opposite one
    decoder.col(20).setZero();
    decoder(3, 30) = std::nanf("");
    const Twins twins = findTwins(decoder);
    QCOMPARE(twins.nearest[7], FeatureId{41});
    QCOMPARE(twins.nearest[41], FeatureId{7});
    QVERIFY(std::abs(twins.nearestCosine[7] - 1.0) < 1e-6);
    QCOMPARE(twins.opposite[9], FeatureId{580});
    QCOMPARE(twins.opposite[580], FeatureId{9});
    QVERIFY(std::abs(twins.oppositeCosine[9] + 1.0) < 1e-6);
    for (const std::size_t without : {std::size_t{20}, std::size_t{30}}) {
      QCOMPARE(twins.nearest[without], noFeature);
      QVERIFY(std::isnan(twins.nearestCosine[without]));
      QVERIFY(std::isnan(twins.oppositeCosine[without]));
    }
    for (std::size_t i = 0; i < twins.nearest.size(); ++i)
      QVERIFY(twins.nearest[i] != 20 && twins.opposite[i] != 30);
    // Of noise alone nobody has a twin: 64 dimensions keep 600 directions apart.
    for (std::size_t i = 0; i < twins.nearest.size(); ++i)
      if (i != 7 && i != 41 && i != 9 && i != 580 && twins.nearest[i] != noFeature)
        QVERIFY(twins.nearestCosine[i] < 0.8 && twins.oppositeCosine[i] > -0.8);
  }

  void anyNumberOfThreads()
  {
    const FeatureMatrix decoder = noise(20, 1300, 8);
    const int before = threadCount();
    setThreadCount(1);
    const Twins one = findTwins(decoder);
    setThreadCount(4);
    const Twins four = findTwins(decoder);
    setThreadCount(before);
    QVERIFY(one.nearest == four.nearest && one.opposite == four.opposite);
    QVERIFY(one.nearestCosine == four.nearestCosine);
    QVERIFY(one.oppositeCosine == four.oppositeCosine);
  }

  void oneHasNoTwin()
  {
    const Twins twins = findTwins(noise(4, 1, 1));
    QCOMPARE(twins.nearest, std::vector<FeatureId>{noFeature});
    QVERIFY(std::isnan(twins.oppositeCosine[0]));
  }
};

QTEST_GUILESS_MAIN(tst_Twins)
#include "tst_Twins.moc"
