#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/lobes/LobeMatching.h"
#include "core/lobes/MutualInformation.h"
#include "core/lobes/SpectralClustering.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace orrery;

namespace {

/// Features of @p topics topics; a block is of one topic, whose features fire more often.
struct Planted {
  Firings firings;
  std::vector<std::int32_t> topics;
};

Planted planted(std::int64_t features, std::int64_t blocks, int topics, double contrast)
{
  Random random(3);
  Planted result;
  result.firings.features = features;
  for (std::int64_t i = 0; i < features; ++i)
    // Topic 0 is the largest, so that the order by size is known.
    result.topics.push_back(static_cast<std::int32_t>(
        random.uniform() < 0.2 ? 0 : random.below(static_cast<std::uint64_t>(topics))));
  for (std::int64_t block = 0; block < blocks; ++block) {
    const auto topic = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(topics)));
    for (FeatureId id = 0; id < features; ++id)
      if (random.uniform() <
          (result.topics[static_cast<std::size_t>(id)] == topic ? 0.05 * contrast : 0.05))
        result.firings.ids.push_back(id);
    result.firings.starts.push_back(static_cast<std::int64_t>(result.firings.ids.size()));
  }
  return result;
}

double agreement(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b)
{
  return compareClusterings(a, b).adjusted;
}

}  // namespace

class tst_SpectralClustering : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void plantedLobesAreFound_data()
  {
    QTest::addColumn<int>("features");
    QTest::newRow("solved whole") << 300;
    QTest::newRow("by Lanczos") << 900;
  }
  void plantedLobesAreFound()
  {
    QFETCH(int, features);
    const Planted data = planted(features, 1500, 5, 5.0);
    const Cooccurrence counts = countCooccurrences(data.firings);
    SpectralClusteringOptions options;
    options.clusters = {5, 2, 5};
    for (const AffinityMeasure measure : allAffinityMeasures) {
      const SpectralClustering result =
          clusterCooccurrence(counts, measure, AffinityShift::Add, {}, options);
      QVERIFY(result.converged);
      QCOMPARE(result.clusterings.size(), std::size_t{2});
      const Lobes* lobes = result.find(5);
      QVERIFY(lobes);
      QVERIFY(std::is_sorted(lobes->sizes.rbegin(), lobes->sizes.rend()));
      // Simple matching tells features by how rarely they fire, too: it is not asked for all.
      if (measure != AffinityMeasure::SimpleMatching)
        QVERIFY2(
            agreement(lobes->labels, data.topics) > 0.98,
            (displayName(measure) + " " + std::to_string(agreement(lobes->labels, data.topics)))
                .c_str());
      QVERIFY(std::abs(result.eigenvalues[0] - 1.0) < 1e-5);
    }
  }

  // Without any matrix of all pairs: the same operator.
  void firingsGiveTheLobesOfTheCounts()
  {
    const Planted data = planted(800, 1200, 4, 4.0);
    const Cooccurrence counts = countCooccurrences(data.firings);
    std::vector<FeatureId> features;
    for (FeatureId id = 0; id < 800; ++id)
      if (id % 9 != 0)
        features.push_back(id);
    SpectralClusteringOptions options;
    options.clusters = {4};
    options.tolerance = 1e-5;
    for (const AffinityMeasure measure : {AffinityMeasure::Phi, AffinityMeasure::SimpleMatching}) {
      const auto dense =
          clusterCooccurrence(counts, measure, AffinityShift::Add, features, options);
      const auto sparse =
          clusterFirings(data.firings, measure, AffinityShift::Add, features, options);
      const double apart = (dense.eigenvalues - sparse.eigenvalues).cwiseAbs().maxCoeff();
      QVERIFY2(apart < 1e-5, (displayName(measure) + " " + std::to_string(apart * 1e6) +
                              "e-6, second " + std::to_string(dense.eigenvalues[1]))
                                 .c_str());
      QVERIFY(agreement(dense.clusterings[0].labels, sparse.clusterings[0].labels) > 0.98);
      QCOMPARE(sparse.clusterings[0].labels[9], noLobe);
      QCOMPARE(sparse.clusterings[0].placed(), static_cast<std::int64_t>(features.size()));
    }
    QVERIFY_EXCEPTION_THROWN(
        clusterFirings(data.firings, AffinityMeasure::Jaccard, AffinityShift::Add, {}, options),
        Error);
    QVERIFY_EXCEPTION_THROWN(
        clusterFirings(data.firings, AffinityMeasure::Phi, AffinityShift::Clip, {}, options),
        Error);
  }

  // Two cliques with one weak edge: the second eigenvector is known in closed form up to its sign.
  void eigenvaluesOfTwoCliques()
  {
    constexpr int half = 400;
    Eigen::MatrixXf affinity = Eigen::MatrixXf::Zero(2 * half, 2 * half);
    affinity.topLeftCorner(half, half).setOnes();
    affinity.bottomRightCorner(half, half).setOnes();
    affinity.array() += 0.01f;
    SpectralClusteringOptions options;
    options.clusters = {2};
    const SpectralClustering result = clusterAffinity(affinity, options);
    const double inside = (half - 1) * 1.01, outside = half * 0.01;
    QVERIFY(std::abs(result.eigenvalues[1] - (inside - outside) / (inside + outside)) < 1e-4);
    for (int i = 1; i < half; ++i) {
      QCOMPARE(result.clusterings[0].labels[static_cast<std::size_t>(i)],
               result.clusterings[0].labels[0]);
      QVERIFY(result.clusterings[0].labels[static_cast<std::size_t>(half + i)] !=
              result.clusterings[0].labels[0]);
    }
  }

  void vectorsInClustersAreFound()
  {
    const PlantedClusters data = plantedClusters(900, 30, 6, 12.0, 4);
    SpectralClusteringOptions options;
    options.clusters = {6};
    for (const AffinityShift shift : {AffinityShift::Add, AffinityShift::Clip})
      QVERIFY(agreement(clusterVectors(data.decoder, shift, {}, options).clusterings[0].labels,
                        data.clusters) > 0.98);
  }

  void isolatedFeaturesHaveNoLobe()
  {
    Eigen::MatrixXf affinity = Eigen::MatrixXf::Ones(20, 20);
    affinity.row(7).setZero();
    affinity.col(7).setZero();
    affinity(7, 7) = 5.0f;  // the diagonal does not count
    SpectralClusteringOptions options;
    options.clusters = {2};
    const SpectralClustering result = clusterAffinity(affinity, options);
    QCOMPARE(result.isolated, std::int64_t{1});
    QCOMPARE(result.clusterings[0].labels[7], noLobe);
  }

  void badRequestsAreRefused()
  {
    const Cooccurrence counts = countCooccurrences(planted(30, 100, 2, 3.0).firings);
    SpectralClusteringOptions options;
    const auto refused = [&](AffinityShift shift) {
      try {
        clusterCooccurrence(counts, AffinityMeasure::Phi, shift, {}, options);
      } catch (const Error&) {
        return true;
      }
      return false;
    };
    QVERIFY(refused(AffinityShift::None));
    options.clusters = {1};
    QVERIFY(refused(AffinityShift::Add));
    options.clusters = {31};
    QVERIFY(refused(AffinityShift::Add));
    options.clusters = {};
    QVERIFY(refused(AffinityShift::Add));
    options.clusters = {2};
    QVERIFY(!refused(AffinityShift::Add));
    Eigen::MatrixXf negative = Eigen::MatrixXf::Ones(5, 5);
    negative(1, 2) = negative(2, 1) = -1.0f;
    QVERIFY_EXCEPTION_THROWN(clusterAffinity(negative, options), Error);
  }

  void sameBitsForAnyThreads()
  {
    const Planted data = planted(700, 800, 3, 4.0);
    SpectralClusteringOptions options;
    options.clusters = {3, 8};
    setThreadCount(1);
    const auto one =
        clusterFirings(data.firings, AffinityMeasure::Phi, AffinityShift::Add, {}, options);
    setThreadCount(3);
    const auto three =
        clusterFirings(data.firings, AffinityMeasure::Phi, AffinityShift::Add, {}, options);
    QVERIFY(one.eigenvalues == three.eigenvalues);
    for (std::size_t i = 0; i < 2; ++i)
      QCOMPARE(one.clusterings[i].labels, three.clusterings[i].labels);
  }

  void stopping()
  {
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(
        clusterFirings(planted(700, 100, 2, 3.0).firings, AffinityMeasure::Phi, AffinityShift::Add,
                       {}, {}, Progress(stop.get_token(), {})),
        Cancelled);
  }

  // --- Matching ---------------------------------------------------------------------------------

  void assignmentsAreOptimal()
  {
    Random random(9);
    for (const auto& [rows, columns] : {std::pair{4, 4}, {3, 6}, {6, 3}, {1, 5}, {5, 1}}) {
      Eigen::MatrixXd benefit(rows, columns);
      for (Eigen::Index i = 0; i < benefit.size(); ++i)
        benefit.data()[i] = random.uniform();
      const std::vector<int> assigned = optimalAssignment(benefit);
      double found = 0.0;
      for (int i = 0; i < rows; ++i)
        if (assigned[static_cast<std::size_t>(i)] >= 0)
          found += benefit(i, assigned[static_cast<std::size_t>(i)]);
      // All ways: columns (or none) of the longer side permuted.
      std::vector<int> order(static_cast<std::size_t>(std::max(rows, columns)));
      std::iota(order.begin(), order.end(), 0);
      double best = 0.0;
      do {
        double sum = 0.0;
        for (int i = 0; i < std::min(rows, columns); ++i)
          sum += rows <= columns ? benefit(i, order[static_cast<std::size_t>(i)])
                                 : benefit(order[static_cast<std::size_t>(i)], i);
        best = std::max(best, sum);
      } while (std::next_permutation(order.begin(), order.end()));
      QVERIFY(std::abs(found - best) < 1e-12);
    }
  }

  void coloursFollowTheLobes()
  {
    const Lobes first = lobesFromLabels({0, 0, 0, 0, 0, 1, 1, 1, 1, -1});
    const Lobes second = lobesFromLabels({2, 2, 5, 5, 5, 7, 7, 7, 7, 7});
    QCOMPARE(second.sizes, (std::vector<std::int64_t>{5, 3, 2}));
    const LobeMatching matching = matchLobes(first, second);
    QCOMPARE(matching.partners, (std::vector<std::int32_t>{1, 0, noLobe}));
    QCOMPARE(matching.colors, (std::vector<std::int32_t>{1, 0, 2}));
    QVERIFY(std::abs(matching.agreement - 7.0 / 9.0) < 1e-12);
    QCOMPARE(matchLobes(first, second, {4, 0}).colors, (std::vector<std::int32_t>{0, 4, 1}));
  }

  void lobesOfLayersMatchByDirection()
  {
    const PlantedClusters data = plantedClusters(300, 20, 3, 10.0, 8);
    const Lobes first = lobesFromLabels(data.clusters);
    // The other layer: the same places, features in reverse order.
    const FeatureMatrix reversed = data.decoder.rowwise().reverse();
    std::vector<std::int32_t> labels(data.clusters.rbegin(), data.clusters.rend());
    const Lobes second = lobesFromLabels(labels);
    const LobeMatching matching = matchLobesOfLayers(first, data.decoder, second, reversed);
    for (std::size_t i = 0; i < 300; ++i)
      QCOMPARE(matching.colors[static_cast<std::size_t>(second.labels[i])], first.labels[299 - i]);
    QVERIFY(matching.agreement > 0.99);
  }
};

QTEST_APPLESS_MAIN(tst_SpectralClustering)
#include "tst_SpectralClustering.moc"
