#include "core/embedding/Umap.h"

#include "MapTestSupport.h"
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/embedding/SpectralStart.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QtTest/QTest>

#include <chrono>
#include <cmath>
#include <limits>
#include <stop_token>
#include <thread>

using namespace orrery;

namespace {

Neighbors neighborsOf(const FeatureMatrix& x, int count = 30, Metric metric = Metric::Cosine)
{
  NeighborOptions options;
  options.count = count;
  options.metric = metric;
  return computeNeighbors(x, options);
}

}  // namespace

class tst_Umap : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  // umap.umap_.find_ab_params(spread, min_dist) of umap-learn 0.5.3 (tests/reference/maps.py).
  void curveIsUmapLearns()
  {
    struct Case {
      double spread, minDist, a, b;
    };
    for (const Case& c : {Case{1.0, 0.1, 1.5769434601962196, 0.8950608779914887},
                          Case{1.0, 0.0, 1.9328083975546724, 0.7904949734010681},
                          Case{1.0, 0.001, 1.9290733952004866, 0.7915045329560677},
                          Case{1.0, 0.25, 1.121436342691746, 1.0574998766588604},
                          Case{1.0, 0.5, 0.583030020479462, 1.3341669929263487},
                          Case{1.0, 0.8, 0.23206272677488027, 1.6812316037965835},
                          Case{1.0, 0.99, 0.11930530006447332, 1.9163904159174419},
                          Case{2.0, 0.5, 0.25887874119038884, 1.057499699581397}}) {
      const UmapCurve curve = fitUmapCurve(c.minDist, c.spread);
      QVERIFY2(std::abs(curve.a / c.a - 1.0) < 1e-4 && std::abs(curve.b / c.b - 1.0) < 1e-4,
               qPrintable(QString("min_dist %1: %2 %3").arg(c.minDist).arg(curve.a).arg(curve.b)));
    }
    QVERIFY_EXCEPTION_THROWN(fitUmapCurve(-0.1, 1.0), Error);
    QVERIFY_EXCEPTION_THROWN(fitUmapCurve(1.5, 1.0), Error);
    QVERIFY_EXCEPTION_THROWN(fitUmapCurve(0.1, 0.0), Error);
    QVERIFY_EXCEPTION_THROWN(fitUmapCurve(std::nan(""), 1.0), Error);
  }

  // The definitions: Σ exp(−max(0, d − ρ) / σ) = log2 k, and w + v − w v.
  void graphIsItsDefinition()
  {
    const FeatureMatrix x = gaussianCloud(300, 10, 1);
    const Neighbors neighbors = neighborsOf(x, 20, Metric::Euclidean);
    const FuzzyGraph fuzzy = computeFuzzyGraph(neighbors, 15);
    QCOMPARE(fuzzy.neighborsUsed, 14);
    Eigen::MatrixXd directed = Eigen::MatrixXd::Zero(300, 300);
    for (Eigen::Index i = 0; i < 300; ++i) {
      QCOMPARE(fuzzy.nearest(i), static_cast<double>(neighbors.distances(0, i)));
      double sum = 0.0;
      for (int j = 0; j < 14; ++j) {
        const double weight =
            std::exp(-(neighbors.distances(j, i) - fuzzy.nearest(i)) / fuzzy.widths(i));
        sum += weight;
        directed(neighbors.ids(j, i), i) = weight;
      }
      QVERIFY(std::abs(sum - std::log2(15.0)) < 1e-5);
    }
    for (std::size_t i = 0; i < 300; ++i)
      for (std::int64_t e = fuzzy.graph.starts[i]; e < fuzzy.graph.starts[i + 1]; ++e) {
        const auto row = static_cast<Eigen::Index>(i);
        const FeatureId j = fuzzy.graph.ids[static_cast<std::size_t>(e)];
        const double w = directed(row, j), v = directed(j, row);
        QVERIFY(std::abs(fuzzy.graph.weights[static_cast<std::size_t>(e)] - (w + v - w * v)) <
                1e-6);
      }
  }

  // Spectral axes: the defining equation, against the graph as a dense matrix.
  void spectralAxesAreEigenvectors()
  {
    const PlantedClusters planted = plantedClusters(400, 10, 3, 3.0, 2);
    const WeightedGraph graph =
        computeFuzzyGraph(neighborsOf(planted.decoder, 20, Metric::Euclidean), 15).graph;
    SpectralOptions options;
    options.components = 3;
    options.tolerance = 1e-4;
    const SpectralAxes axes = spectralAxes(graph, options);
    QVERIFY(axes.converged);
    Eigen::MatrixXd a = Eigen::MatrixXd::Zero(400, 400);
    for (std::size_t i = 0; i < 400; ++i)
      for (std::int64_t e = graph.starts[i]; e < graph.starts[i + 1]; ++e)
        a(static_cast<Eigen::Index>(i), graph.ids[static_cast<std::size_t>(e)]) =
            graph.weights[static_cast<std::size_t>(e)];
    const Eigen::VectorXd roots = a.rowwise().sum().cwiseSqrt().cwiseInverse();
    a = roots.asDiagonal() * a * roots.asDiagonal();
    const Eigen::VectorXd trivial = roots.cwiseInverse().normalized();
    for (int k = 0; k < 3; ++k) {
      QVERIFY((a * axes.vectors.col(k) - axes.values(k) * axes.vectors.col(k)).norm() < 5e-4);
      QVERIFY(std::abs(axes.vectors.col(k).dot(trivial)) < 1e-2);
      QVERIFY(k == 0 || axes.values(k) <= axes.values(k - 1));
      QVERIFY(axes.values(k) < 1.0);
    }
  }

  void partsOfAGraph()
  {
    FeatureMatrix x = gaussianCloud(60, 4, 3);
    x.rightCols(20).array() += 1000.0f;
    const WeightedGraph graph = computeFuzzyGraph(neighborsOf(x, 10, Metric::Euclidean), 10).graph;
    const std::vector<std::int32_t> parts = connectedParts(graph);
    QCOMPARE(parts[0], 0);
    QVERIFY(parts[59] == parts[40] && parts[59] > 0);
  }

  void plantedClustersComeOutSeparated()
  {
    const PlantedClusters planted = plantedClusters(1200, 30, 8, 8.0, 4);
    const Neighbors neighbors = neighborsOf(planted.decoder, 30, Metric::Euclidean);
    for (const int dimensions : {2, 3})
      for (const MapStart start : {MapStart::Spectral, MapStart::Pca, MapStart::Random}) {
        UmapOptions options;
        options.dimensions = dimensions;
        options.start = start;
        const Embedding map = computeUmap(planted.decoder, neighbors, options);
        QVERIFY(test::clusterPurity(map.positions, planted.clusters) > 0.98);
        if (start != MapStart::Random)
          QVERIFY(test::clusterSeparation(map.positions, planted.clusters, 8) > 3.0);
      }
  }

  void isotropicNoiseDoesNot()
  {
    const FeatureMatrix x = gaussianCloud(1200, 30, 5);
    std::vector<std::int32_t> halves(1200);
    for (std::size_t i = 0; i < halves.size(); ++i)
      halves[i] = static_cast<std::int32_t>(i % 2);
    const Embedding map = computeUmap(x, neighborsOf(x));
    QVERIFY(test::clusterPurity(map.positions, halves) < 0.56);
    QVERIFY(test::clusterSeparation(map.positions, halves, 2) < 0.2);
  }

  void threadsAndGroupingOfEpochsChangeNothing()
  {
    const FeatureMatrix x = gaussianCloud(2000, 10, 6);
    const Neighbors neighbors = neighborsOf(x);
    for (const int dimensions : {2, 3}) {
      UmapOptions options;
      options.dimensions = dimensions;
      options.epochs = 60;
      std::vector<Positions> maps;
      for (const int threads : {1, 2, 3}) {
        setThreadCount(threads);
        UmapRun run(neighbors, test::randomPositions(2000, dimensions, 1.0, 7), options);
        while (!run.finished())
          run.advance(10 * threads);
        maps.push_back(run.positions());
      }
      QVERIFY(test::sameBits(maps[0], maps[1]));
      QVERIFY(test::sameBits(maps[0], maps[2]));
    }
    setThreadCount(1);
    const Embedding one = computeUmap(x, neighbors);
    setThreadCount(2);
    QVERIFY(test::sameBits(one.positions, computeUmap(x, neighbors).positions));
    UmapOptions otherSeed;
    otherSeed.seed = 1;
    QVERIFY(!test::sameBits(one.positions, computeUmap(x, neighbors, otherSeed).positions));
  }

  void stopsWithinASecondAndGoesOn()
  {
    const Neighbors neighbors = neighborsOf(gaussianCloud(3000, 10, 8));
    const Positions start = test::randomPositions(3000, 2, 1.0, 9);
    UmapOptions options;
    options.epochs = 1000000;
    UmapRun stopped(neighbors, start, options);
    std::stop_source stop;
    std::chrono::steady_clock::time_point asked;
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      asked = std::chrono::steady_clock::now();
      stop.request_stop();
    });
    bool cancelled = false;
    try {
      stopped.advance(1000000, Progress(stop.get_token(), {}));
    } catch (const Cancelled&) {
      cancelled = true;
    }
    const auto ended = std::chrono::steady_clock::now();
    stopper.join();
    QVERIFY(cancelled);
    QVERIFY(ended - asked < std::chrono::seconds(1));
    QVERIFY(stopped.epoch() > 0);
    QVERIFY(stopped.positions().allFinite());
    stopped.advance(10);
    UmapRun through(neighbors, start, options);
    through.advance(stopped.epoch());
    QVERIFY(test::sameBits(stopped.positions(), through.positions()));
  }

  void fewFeatures()
  {
    for (const int n : {1, 2, 3, 4, 5, 20}) {
      const FeatureMatrix x = gaussianCloud(n, 6, 10);
      for (const int dimensions : {2, 3})
        for (const MapStart start : {MapStart::Pca, MapStart::Spectral, MapStart::Random}) {
          UmapOptions options;
          options.dimensions = dimensions;
          options.start = start;
          const Embedding map = computeUmap(x, neighborsOf(x), options);
          QCOMPARE(map.positions.cols(), Eigen::Index{n});
          QVERIFY2(map.positions.allFinite(), qPrintable(QString("%1 features").arg(n)));
          if (dimensions == 2)
            QVERIFY(map.positions.row(2).isZero(0.0f));
          if (n < 15)
            QVERIFY(map.description.find("reduced from 15") != std::string::npos);
        }
    }
  }

  void duplicatesAndZeroRows()
  {
    FeatureMatrix x = gaussianCloud(300, 10, 11);
    x.leftCols(150).colwise() = Eigen::VectorXf(x.col(0));
    x.col(200).setZero();
    const Embedding map = computeUmap(x, neighborsOf(x));
    QVERIFY(map.positions.col(200).array().isNaN().all());
    Positions placed = map.positions;
    placed.col(200).setZero();
    QVERIFY(placed.allFinite());
    QVERIFY(map.description.find("1 without any neighbour left out") != std::string::npos);
    const FeatureMatrix equal = FeatureMatrix::Constant(5, 50, 0.3f);
    QVERIFY(computeUmap(equal, neighborsOf(equal)).positions.allFinite());
    const FeatureMatrix zero = FeatureMatrix::Zero(5, 20);
    QVERIFY(computeUmap(zero, neighborsOf(zero)).positions.array().isNaN().all());
  }

  void badOptions()
  {
    const Neighbors neighbors = neighborsOf(gaussianCloud(50, 5, 12));
    const auto throws = [&](auto change) {
      UmapOptions options;
      change(options);
      QVERIFY_EXCEPTION_THROWN(UmapRun(neighbors, Positions::Zero(3, 50), options), Error);
    };
    throws([](UmapOptions& o) { o.dimensions = 1; });
    throws([](UmapOptions& o) { o.neighbors = 1; });
    throws([](UmapOptions& o) { o.minDist = 2.0; });
    throws([](UmapOptions& o) { o.epochs = -1; });
    throws([](UmapOptions& o) { o.learningRate = 0.0; });
    QVERIFY_EXCEPTION_THROWN(UmapRun(neighbors, Positions::Zero(3, 49), {}), Error);
  }

  void estimateGrowsWithTheWork()
  {
    const MapEstimate small = estimateUmap(1000, 100);
    const MapEstimate large = estimateUmap(16384, 2304);
    QVERIFY(small.seconds() > 0.0 && large.seconds() > 2.0 * small.seconds());
    QVERIFY(large.bytes > small.bytes);
    QCOMPARE(estimateUmap(16384, 2304, {}, true).neighborSeconds, 0.0);
  }
};

QTEST_APPLESS_MAIN(tst_Umap)
#include "tst_Umap.moc"
