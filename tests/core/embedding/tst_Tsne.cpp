#include "core/embedding/Tsne.h"

#include "MapTestSupport.h"
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QtTest/QTest>

#include <chrono>
#include <cmath>
#include <limits>
#include <stop_token>
#include <thread>

using namespace orrery;

namespace {

Neighbors neighborsOf(const FeatureMatrix& x, int count = 90, Metric metric = Metric::Cosine)
{
  NeighborOptions options;
  options.count = count;
  options.metric = metric;
  return computeNeighbors(x, options);
}

/// A run at given places, left where they are.
TsneRun runAt(const Neighbors& neighbors, const Positions& places, int dimensions,
              double perplexity)
{
  TsneOptions options;
  options.dimensions = dimensions;
  options.perplexity = perplexity;
  options.startDeviation.reset();
  options.degreesOfFreedom = 1;  // whose steps follow the gradient
  return TsneRun(neighbors, places, options);
}

}  // namespace

class tst_Tsne : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  // Σ p log(p / q) by its definition, q over all pairs.
  void divergenceIsItsDefinition()
  {
    const Neighbors neighbors = neighborsOf(gaussianCloud(200, 10, 1), 30);
    const Positions y = test::randomPositions(200, 3, 2.0, 2);
    const TsneRun run = runAt(neighbors, y, 3, 10.0);
    double z = 0.0;
    for (Eigen::Index i = 0; i < 200; ++i)
      for (Eigen::Index j = 0; j < 200; ++j)
        if (j != i)
          z += 1.0 / (1.0 + (y.col(i) - y.col(j)).cast<double>().squaredNorm());
    const WeightedGraph& graph = run.affinities().graph;
    double divergence = 0.0;
    for (std::size_t i = 0; i < 200; ++i)
      for (std::int64_t e = graph.starts[i]; e < graph.starts[i + 1]; ++e) {
        const auto at = static_cast<std::size_t>(e);
        const double p = graph.weights[at];
        const double w = 1.0 / (1.0 + (y.col(static_cast<Eigen::Index>(i)) - y.col(graph.ids[at]))
                                          .cast<double>()
                                          .squaredNorm());
        divergence += p * std::log(p / (w / z));
      }
    QVERIFY(std::abs(run.klDivergence() / divergence - 1.0) < 1e-5);
  }

  void gradientIsTheSlopeOfTheDivergence()
  {
    const Neighbors neighbors = neighborsOf(gaussianCloud(150, 8, 3), 30);
    for (const int dimensions : {2, 3}) {
      const Positions y = test::randomPositions(150, dimensions, 3.0, 4);
      const TsneRun run = runAt(neighbors, y, dimensions, 10.0);
      const Positions gradient = run.gradient(0.0);
      // Along random directions: one difference tests all coordinates at once.
      for (std::uint64_t seed = 10; seed < 16; ++seed) {
        const Positions direction = test::randomPositions(150, dimensions, 1.0, seed);
        const double step = 2e-3;
        const auto shifted = [&](double sign) {
          return runAt(neighbors, y + static_cast<float>(sign * step) * direction, dimensions, 10.0)
              .klDivergence();
        };
        const double slope = (shifted(1.0) - shifted(-1.0)) / (2.0 * step);
        const double expected =
            gradient.cast<double>().cwiseProduct(direction.cast<double>()).sum();
        const double scale = gradient.norm() * direction.norm() / std::sqrt(450.0);
        QVERIFY2(std::abs(slope - expected) < 5e-3 * scale,
                 qPrintable(QString("%1 against %2").arg(slope).arg(expected)));
      }
    }
  }

  void gradientByGroups()
  {
    const FeatureMatrix x = plantedClusters(3000, 20, 12, 6.0, 5).decoder;
    const Neighbors neighbors = neighborsOf(x);
    for (const int dimensions : {2, 3}) {
      TsneOptions options;
      options.dimensions = dimensions;
      TsneRun run(neighbors, test::randomPositions(3000, dimensions, 1.0, 6), options);
      run.advance(300);
      const Positions exact = run.gradient(0.0);
      const Positions found = run.gradient(tsneTheta(options, 3000));
      QVERIFY((found - exact).norm() < 0.05 * exact.norm());
    }
  }

  void divergenceFalls()
  {
    const Neighbors neighbors = neighborsOf(plantedClusters(1500, 20, 6, 6.0, 7).decoder);
    TsneRun run(neighbors, test::randomPositions(1500, 2, 1.0, 8), {});
    const double before = run.klDivergence();
    run.advance(400);
    const double middle = run.klDivergence();
    run.advance(300);
    QVERIFY(middle < 0.7 * before);
    QVERIFY(run.klDivergence() < middle);
    QCOMPARE(run.iteration(), 700);
    QVERIFY(!run.finished());
  }

  // Sums over groups end no worse than sums over all pairs.
  void groupsCostNoQuality()
  {
    const Neighbors neighbors = neighborsOf(gaussianCloud(1500, 15, 9));
    double divergences[2];
    for (const bool exact : {false, true}) {
      TsneOptions options;
      if (exact)
        options.theta = 0.0;
      TsneRun run(neighbors, test::randomPositions(1500, 2, 1.0, 10), options);
      run.advance(1000);
      divergences[exact] = run.klDivergence();
    }
    QVERIFY2(divergences[0] < 1.01 * divergences[1],
             qPrintable(QString("%1, all pairs %2").arg(divergences[0]).arg(divergences[1])));
  }

  // Where every feature is tied to a good part of the others, exaggeration shrinks the map to a dot
  // that bursts when it ends.
  void smallMapsDoNotBurst()
  {
    const FeatureMatrix x = gaussianCloud(300, 40, 19);
    const Neighbors neighbors = neighborsOf(x);
    for (const int dimensions : {2, 3})
      for (const bool fading : {true, false}) {
        TsneOptions options;
        options.dimensions = dimensions;
        options.fadingExaggeration = fading;
        TsneRun run(neighbors, test::randomPositions(300, dimensions, 1.0, 20), options);
        run.advance(options.iterations);
        options.earlyExaggeration = 1.0;
        TsneRun plain(neighbors, test::randomPositions(300, dimensions, 1.0, 20), options);
        plain.advance(options.iterations);
        QVERIFY2(run.klDivergence() < 1.03 * plain.klDivergence(),
                 qPrintable(QString("%1 D, fading %2: %3, without exaggeration %4")
                                .arg(dimensions)
                                .arg(fading)
                                .arg(run.klDivergence())
                                .arg(plain.klDivergence())));
      }
  }

  // What fits into the map is not pressed together; what does not is kept from swelling.
  void lateExaggerationHoldsWideMapsAlone()
  {
    for (const int d : {3, 40}) {
      const Neighbors neighbors = neighborsOf(gaussianCloud(400, d, 21), 90, Metric::Euclidean);
      double widths[2];
      Positions maps[2];
      for (const bool late : {false, true}) {
        TsneOptions options;
        options.dimensions = 3;
        options.learningRate = 100.0;
        options.lateExaggeration = late ? 1.2 : 1.0;
        TsneRun run(neighbors, test::randomPositions(400, 3, 1.0, 22), options);
        run.advance(options.iterations);
        maps[late] = run.positions();
        widths[late] = maps[late].norm();
      }
      if (d == 3)
        QCOMPARE(maps[1], maps[0]);
      else
        QVERIFY(widths[1] < 0.9 * widths[0]);
    }
  }

  void plantedClustersComeOutSeparated()
  {
    const PlantedClusters planted = plantedClusters(1200, 30, 8, 8.0, 11);
    const Neighbors neighbors = neighborsOf(planted.decoder, 90, Metric::Euclidean);
    for (const int dimensions : {2, 3}) {
      TsneOptions options;
      options.dimensions = dimensions;
      options.metric = Metric::Euclidean;
      const Embedding map = computeTsne(planted.decoder, neighbors, options);
      QVERIFY(test::clusterPurity(map.positions, planted.clusters) > 0.99);
      QVERIFY(test::clusterSeparation(map.positions, planted.clusters, 8) > 3.0);
    }
  }

  // The clusters of a cloud that has none: random halves of it lie in the same place.
  void isotropicNoiseDoesNot()
  {
    const FeatureMatrix x = gaussianCloud(1200, 30, 12);
    std::vector<std::int32_t> halves(1200);
    for (std::size_t i = 0; i < halves.size(); ++i)
      halves[i] = static_cast<std::int32_t>(i % 2);
    const Embedding map = computeTsne(x, neighborsOf(x));
    QVERIFY(test::clusterPurity(map.positions, halves) < 0.56);
    QVERIFY(test::clusterSeparation(map.positions, halves, 2) < 0.2);
  }

  void threadsAndGroupingOfStepsChangeNothing()
  {
    const FeatureMatrix x = gaussianCloud(3000, 10, 13);
    const Neighbors neighbors = neighborsOf(x);
    for (const int dimensions : {2, 3}) {
      TsneOptions options;
      options.dimensions = dimensions;
      std::vector<Positions> maps;
      for (const int threads : {1, 2, 3}) {
        setThreadCount(threads);
        TsneRun run(neighbors, test::randomPositions(3000, dimensions, 1.0, 14), options);
        for (int done = 0; done < 320; done += 32 * threads)
          run.advance(std::min(32 * threads, 320 - done));
        QCOMPARE(run.iteration(), 320);
        maps.push_back(run.positions());
      }
      QVERIFY(test::sameBits(maps[0], maps[1]));
      QVERIFY(test::sameBits(maps[0], maps[2]));
    }
  }

  void sameSeedSameBits()
  {
    const FeatureMatrix x = gaussianCloud(400, 10, 15);
    const Neighbors neighbors = neighborsOf(x);
    TsneOptions options;
    options.start = MapStart::Random;
    options.iterations = 60;
    const Embedding first = computeTsne(x, neighbors, options);
    QVERIFY(test::sameBits(first.positions, computeTsne(x, neighbors, options).positions));
    options.seed = 1;
    QVERIFY(!test::sameBits(first.positions, computeTsne(x, neighbors, options).positions));
  }

  // A stopped run is where its last whole step left it, and goes on as if nothing had been.
  void stopsWithinASecondAndGoesOn()
  {
    const Neighbors neighbors = neighborsOf(gaussianCloud(3000, 10, 16));
    const Positions start = test::randomPositions(3000, 2, 1.0, 17);
    TsneRun stopped(neighbors, start, {});
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
    QVERIFY(stopped.iteration() > 0);
    QVERIFY(stopped.positions().allFinite());
    stopped.advance(30);
    TsneRun through(neighbors, start, {});
    through.advance(stopped.iteration());
    QVERIFY(test::sameBits(stopped.positions(), through.positions()));
  }

  void fewFeatures()
  {
    for (const int n : {1, 2, 3, 4, 5, 20}) {
      const FeatureMatrix x = gaussianCloud(n, 6, 18);
      for (const int dimensions : {2, 3})
        for (const MapStart start : {MapStart::Pca, MapStart::Spectral, MapStart::Random}) {
          TsneOptions options;
          options.dimensions = dimensions;
          options.iterations = 300;
          options.start = start;
          const Embedding map = computeTsne(x, neighborsOf(x), options);
          QCOMPARE(map.positions.cols(), Eigen::Index{n});
          QVERIFY2(map.positions.allFinite(), qPrintable(QString("%1 features").arg(n)));
          QCOMPARE(map.dimensions, dimensions);
          if (n > 1)
            QVERIFY(map.description.find("reduced from 30") != std::string::npos);
          if (dimensions == 2)
            QVERIFY(map.positions.row(2).isZero(0.0f));
        }
    }
  }

  void duplicatesAndZeroRows()
  {
    FeatureMatrix x = gaussianCloud(300, 10, 19);
    x.leftCols(150).colwise() = Eigen::VectorXf(x.col(0));
    x.col(200).setZero();
    TsneOptions options;
    options.iterations = 350;
    const Embedding map = computeTsne(x, neighborsOf(x), options);
    QVERIFY(map.positions.col(200).array().isNaN().all());
    Positions placed = map.positions;
    placed.col(200).setZero();
    QVERIFY(placed.allFinite());
    QVERIFY(map.description.find("1 without any neighbour left out") != std::string::npos);
    QCOMPARE(map.options.at("unplaced"), std::string("1"));
  }

  void allEqualAndNoneAtAll()
  {
    const FeatureMatrix equal = FeatureMatrix::Constant(5, 50, 0.3f);
    TsneOptions options;
    options.iterations = 100;
    QVERIFY(computeTsne(equal, neighborsOf(equal), options).positions.allFinite());
    const FeatureMatrix zero = FeatureMatrix::Zero(5, 20);
    QVERIFY(computeTsne(zero, neighborsOf(zero), options).positions.array().isNaN().all());
  }

  void badOptions()
  {
    const FeatureMatrix x = gaussianCloud(50, 5, 20);
    const Neighbors neighbors = neighborsOf(x);
    const auto throws = [&](auto change) {
      TsneOptions options;
      change(options);
      QVERIFY_EXCEPTION_THROWN(TsneRun(neighbors, Positions::Zero(3, 50), options), Error);
    };
    throws([](TsneOptions& o) { o.dimensions = 4; });
    throws([](TsneOptions& o) { o.perplexity = 0.0; });
    throws([](TsneOptions& o) { o.theta = -0.1; });
    throws([](TsneOptions& o) { o.learningRate = 0.0; });
    throws([](TsneOptions& o) { o.momentum = 1.0; });
    throws([](TsneOptions& o) { o.earlyExaggeration = 0.5; });
    throws([](TsneOptions& o) { o.lateExaggeration = 0.5; });
    throws([](TsneOptions& o) { o.iterations = -1; });
    QVERIFY_EXCEPTION_THROWN(TsneRun(neighbors, Positions::Zero(3, 49), {}), Error);
    Positions start = Positions::Zero(3, 50);
    start(0, 3) = std::numeric_limits<float>::quiet_NaN();
    QVERIFY_EXCEPTION_THROWN(TsneRun(neighbors, start, {}), Error);
  }

  void estimateGrowsWithTheWork()
  {
    const MapEstimate small = estimateTsne(1000, 100);
    const MapEstimate large = estimateTsne(16384, 2304);
    QVERIFY(small.seconds() > 0.0 && large.seconds() > 10.0 * small.seconds());
    QVERIFY(large.bytes > small.bytes && large.bytes < (std::int64_t{1} << 30));
    QCOMPARE(estimateTsne(16384, 2304, {}, true).neighborSeconds, 0.0);
  }
};

QTEST_APPLESS_MAIN(tst_Tsne)
#include "tst_Tsne.moc"
