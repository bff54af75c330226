#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/embedding/TsneAffinities.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QtTest/QTest>

#include <cmath>
#include <limits>

using namespace orrery;

namespace {

Neighbors neighborsOf(const FeatureMatrix& x, int count, Metric metric = Metric::Euclidean)
{
  NeighborOptions options;
  options.count = count;
  options.metric = metric;
  return computeNeighbors(x, options);
}

}  // namespace

class tst_TsneAffinities : public QObject {
  Q_OBJECT
 private slots:
  // The definition: Σ −p log2 p = log2 perplexity.
  void rowsReachThePerplexity()
  {
    const std::vector<double> squared = {0.3, 0.31, 0.5, 0.9, 1.2, 1.3, 2.0, 2.2, 5.0, 100.0};
    for (const double scale : {1e-12, 1.0, 1e9})
      for (const double perplexity : {1.5, 3.0, 7.5}) {
        std::vector<double> scaled = squared, weights(squared.size());
        for (double& value : scaled)
          value *= scale;
        calibrateRow(scaled.data(), 10, perplexity, weights.data());
        double entropy = 0.0, sum = 0.0;
        for (const double p : weights) {
          sum += p;
          entropy -= p > 0.0 ? p * std::log2(p) : 0.0;
        }
        QVERIFY(std::abs(sum - 1.0) < 1e-12);
        QVERIFY(std::abs(std::exp2(entropy) / perplexity - 1.0) < 1e-6);
        // Gaussian: log weights fall with the squared distance at one rate.
        const double rate = std::log(weights[0] / weights[2]) / (scaled[2] - scaled[0]);
        QVERIFY(std::abs(std::log(weights[0] / weights[5]) / (scaled[5] - scaled[0]) / rate - 1) <
                1e-9);
      }
  }

  void allFeaturesReachThePerplexity()
  {
    const FeatureMatrix x = gaussianCloud(500, 20, 3);
    const TsneAffinities affinities = computeTsneAffinities(neighborsOf(x, 60), 20.0);
    QCOMPARE(affinities.neighborsUsed, 60);
    for (const float perplexity : affinities.perplexities)
      QVERIFY(std::abs(perplexity - 20.0f) < 1e-4f);
  }

  void symmetricAndSumsToOne()
  {
    const FeatureMatrix x = gaussianCloud(300, 10, 4);
    const WeightedGraph graph = computeTsneAffinities(neighborsOf(x, 30), 10.0).graph;
    double sum = 0.0;
    Eigen::MatrixXf dense = Eigen::MatrixXf::Zero(300, 300);
    for (std::size_t i = 0; i < 300; ++i)
      for (std::int64_t e = graph.starts[i]; e < graph.starts[i + 1]; ++e) {
        const auto at = static_cast<std::size_t>(e);
        QVERIFY(e == graph.starts[i] || graph.ids[at - 1] < graph.ids[at]);
        dense(static_cast<Eigen::Index>(i), graph.ids[at]) = graph.weights[at];
        sum += graph.weights[at];
      }
    QVERIFY(dense == dense.transpose());
    QVERIFY(dense.diagonal().isZero());
    QVERIFY(std::abs(sum - 1.0) < 1e-6);
  }

  // 2 (1 − cosine) is the squared distance of the unit rows: one map, whichever way it is asked
  // for.
  void cosineIsTheEuclideanDistanceOfUnitRows()
  {
    FeatureMatrix x = gaussianCloud(300, 10, 5);
    const WeightedGraph byCosine =
        computeTsneAffinities(neighborsOf(x, 30, Metric::Cosine), 10.0).graph;
    x.colwise().normalize();
    const WeightedGraph byDistance = computeTsneAffinities(neighborsOf(x, 30), 10.0).graph;
    QVERIFY(byCosine.ids == byDistance.ids);
    for (std::size_t e = 0; e < byCosine.weights.size(); ++e)
      QVERIFY(std::abs(byCosine.weights[e] - byDistance.weights[e]) <=
              1e-4f * byDistance.weights[e] + 1e-9f);
  }

  void tooFewFeaturesReduceThePerplexity()
  {
    const TsneAffinities affinities =
        computeTsneAffinities(neighborsOf(gaussianCloud(10, 4, 6), 90), 30.0);
    QCOMPARE(affinities.perplexity, 3.0);
    QCOMPARE(affinities.neighborsUsed, 9);
    for (const float perplexity : affinities.perplexities)
      QVERIFY(std::abs(perplexity - 3.0f) < 1e-4f);
  }

  // 200 equal features: their nearest 60 are all at distance 0 and no width can tell them apart.
  void moreDuplicatesThanThePerplexity()
  {
    FeatureMatrix x = gaussianCloud(400, 8, 7);
    x.leftCols(200).colwise() = Eigen::VectorXf(x.col(0));
    const TsneAffinities affinities = computeTsneAffinities(neighborsOf(x, 60), 20.0);
    QVERIFY(std::abs(affinities.perplexities[0] - 60.0f) < 1e-3f);
    QVERIFY(std::abs(affinities.perplexities[300] - 20.0f) < 1e-3f);
    for (const float weight : affinities.graph.weights)
      QVERIFY(std::isfinite(weight));
  }

  void zeroRowsHaveNoPlaceUnderCosine()
  {
    FeatureMatrix x = gaussianCloud(100, 8, 8);
    x.col(17).setZero();
    const TsneAffinities affinities =
        computeTsneAffinities(neighborsOf(x, 30, Metric::Cosine), 10.0);
    QCOMPARE(affinities.unplaced, std::int64_t{1});
    QVERIFY(std::isnan(affinities.perplexities[17]));
    QCOMPARE(affinities.graph.starts[17], affinities.graph.starts[18]);
    for (const FeatureId id : affinities.graph.ids)
      QVERIFY(id != 17);
  }

  void badPerplexities()
  {
    const Neighbors neighbors = neighborsOf(gaussianCloud(50, 4, 9), 20);
    for (const double perplexity : {0.0, -3.0, 0.5, std::numeric_limits<double>::quiet_NaN(),
                                    std::numeric_limits<double>::infinity()})
      QVERIFY_EXCEPTION_THROWN(computeTsneAffinities(neighbors, perplexity), Error);
  }

  void threadsChangeNothing()
  {
    const Neighbors neighbors = neighborsOf(gaussianCloud(2000, 10, 10), 90);
    setThreadCount(1);
    const WeightedGraph one = computeTsneAffinities(neighbors, 30.0).graph;
    setThreadCount(2);
    const WeightedGraph two = computeTsneAffinities(neighbors, 30.0).graph;
    QVERIFY(one.ids == two.ids && one.weights == two.weights && one.starts == two.starts);
  }
};

QTEST_APPLESS_MAIN(tst_TsneAffinities)
#include "tst_TsneAffinities.moc"
