#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/lobes/Affinity.h"

#include <QtTest/QTest>

#include <cmath>

using namespace orrery;

namespace {

Cooccurrence someCounts()
{
  Random random(1);
  Firings firings;
  firings.features = 40;
  for (int block = 0; block < 400; ++block) {
    for (FeatureId id = 1; id < 39; ++id)  // 0 never fires
      if (random.uniform() < 0.02 * id)
        firings.ids.push_back(id);
    firings.ids.push_back(39);  // 39 always fires
    firings.starts.push_back(static_cast<std::int64_t>(firings.ids.size()));
  }
  return countCooccurrences(firings);
}

/// The definitions by the four cells of the contingency table, in long double.
long double byCells(AffinityMeasure measure, long double n11, long double ni, long double nj,
                    long double total)
{
  const long double n10 = ni - n11, n01 = nj - n11, n00 = total - ni - nj + n11;
  const auto ratio = [](long double a, long double b) { return b == 0 ? 0.0L : a / b; };
  switch (measure) {
    case AffinityMeasure::SimpleMatching:
      return ratio(n11 + n00, total);
    case AffinityMeasure::Jaccard:
      return ratio(n11, n11 + n10 + n01);
    case AffinityMeasure::Dice:
      return ratio(2 * n11, 2 * n11 + n10 + n01);
    case AffinityMeasure::Overlap:
      return ratio(n11, std::min(ni, nj));
    case AffinityMeasure::Phi:
      return ratio(n11 * n00 - n10 * n01,
                   std::sqrt(ni * (total - ni)) * std::sqrt(nj * (total - nj)));
  }
  return 0;
}

}  // namespace

class tst_Affinity : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void everyMeasureEqualsItsDefinition()
  {
    const Cooccurrence data = someCounts();
    for (const AffinityMeasure measure : allAffinityMeasures) {
      const Eigen::MatrixXf matrix = computeAffinity(data, measure);
      for (FeatureId i = 0; i < 40; ++i)
        for (FeatureId j = 0; j < 40; ++j) {
          const double expected = static_cast<double>(byCells(
              measure, data.counts(i, j), data.counts(i, i), data.counts(j, j), data.blocks));
          QVERIFY(std::abs(matrix(i, j) - expected) < 1e-6);
          QVERIFY(std::abs(affinity(measure, data.counts(i, j), data.counts(i, i),
                                    data.counts(j, j), data.blocks) -
                           expected) < 1e-12);
        }
      QVERIFY(matrix.allFinite());
      QVERIFY(matrix.isApprox(matrix.transpose(), 0));
    }
  }

  void largeCountsKeepPhiExact()
  {
    // n11 n00 is near 2⁶²: single precision, or integers of 64 bits in n_i (T − n_i) n_j (T − n_j),
    // would fail.
    const double phi =
        affinity(AffinityMeasure::Phi, 1000000001, 2000000000, 2000000000, 4000000000);
    QVERIFY(std::abs(phi - 1e-9) < 1e-15);
  }

  void shifts()
  {
    const Cooccurrence data = someCounts();
    const Eigen::MatrixXf plain = computeAffinity(data, AffinityMeasure::Phi);
    QVERIFY(plain.minCoeff() < 0);
    // Shifted in double, then rounded: once instead of twice.
    const Eigen::MatrixXf added = computeAffinity(data, AffinityMeasure::Phi, AffinityShift::Add);
    QVERIFY((added.array() - plain.array() - 1.0f).abs().maxCoeff() <= 1.2e-7f);
    QVERIFY(computeAffinity(data, AffinityMeasure::Phi, AffinityShift::Clip) ==
            plain.cwiseMax(0.0f));
    Eigen::VectorXf column(40);
    affinityColumn(data, AffinityMeasure::Phi, AffinityShift::Add, 7, column);
    QVERIFY(column == added.col(7));
  }

  void memoryIsKept()
  {
    const Cooccurrence data = someCounts();
    const std::vector<FeatureId> some = {1, 5, 6, 20, 39};
    Eigen::MatrixXf result;
    computeAffinity(data, AffinityMeasure::Dice, AffinityShift::None, some, result);
    const float* memory = result.data();
    computeAffinity(data, AffinityMeasure::Jaccard, AffinityShift::None, some, result);
    QVERIFY(result.data() == memory);
    QVERIFY(result == computeAffinity(data, AffinityMeasure::Jaccard)(some, some));
  }

  void names()
  {
    for (const AffinityMeasure measure : allAffinityMeasures)
      QVERIFY(affinityMeasureFromName(commandName(measure)) == measure);
    QVERIFY_EXCEPTION_THROWN(affinityMeasureFromName("cosine"), Error);
  }

  void anglesOfKnownVectors()
  {
    FeatureMatrix vectors(2, 6);
    vectors << 1, 0, -2, 3, 0, 1,  //
        0, 5, 0, 3, 0, 1e-20f;
    Eigen::MatrixXf similarity;
    computeAngularSimilarity(vectors, similarity);
    QVERIFY(std::abs(similarity(0, 1) - 0.5f) < 1e-6f);
    QVERIFY(std::abs(similarity(0, 2)) < 1e-6f);
    QVERIFY(std::abs(similarity(0, 3) - 0.75f) < 1e-6f);
    QVERIFY(std::abs(similarity(4, 1) - 0.5f) < 1e-6f);
    QCOMPARE(similarity(0, 5), 1.0f);
    QVERIFY(similarity.allFinite());
    QVERIFY(similarity.diagonal().isOnes());
  }

  void sameBitsForAnyThreads()
  {
    const Cooccurrence data = someCounts();
    setThreadCount(1);
    const Eigen::MatrixXf one = computeAffinity(data, AffinityMeasure::Phi);
    setThreadCount(3);
    QVERIFY(one == computeAffinity(data, AffinityMeasure::Phi));
  }
};

QTEST_APPLESS_MAIN(tst_Affinity)
#include "tst_Affinity.moc"
