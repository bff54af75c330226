#include "MapTestSupport.h"
#include "core/embedding/MapRun.h"
#include "core/embedding/MapTransform.h"
#include "core/embedding/Pca.h"
#include "core/io/MapFile.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "tests/support/ExpectError.h"
#include "tests/support/TemporaryFolder.h"

#include <QtTest/QTest>

#include <stop_token>

using namespace orrery;

namespace {

MapChoice quick(EmbeddingMethod method)
{
  if (method == EmbeddingMethod::Pca)
    return PcaMapOptions{};
  if (method == EmbeddingMethod::Umap) {
    UmapOptions options;
    options.dimensions = 3;
    options.epochs = 60;
    return options;
  }
  TsneOptions options;
  options.dimensions = 3;
  options.iterations = 120;
  options.earlyIterations = 50;
  return options;
}

constexpr EmbeddingMethod methods[] = {EmbeddingMethod::Pca, EmbeddingMethod::Tsne,
                                       EmbeddingMethod::Umap};

}  // namespace

class tst_MapRun : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  // Stopped anywhere and gone on, a map ends at the same bits, with one thread or two.
  void aStoppedMapGoesOnToTheSameEnd()
  {
    const FeatureMatrix x = gaussianCloud(700, 12, 1);
    for (const EmbeddingMethod method : {EmbeddingMethod::Tsne, EmbeddingMethod::Umap}) {
      MapRun whole(quick(method));
      whole.advance(x);
      QVERIFY(whole.finished());
      for (const int stopAt : {1, 17, 55}) {
        setThreadCount(1);
        MapRun run(quick(method));
        std::stop_source source;
        int steps = 0;
        QVERIFY_THROWS_EXCEPTION(
            Cancelled,
            run.advance(x, nullptr, Progress(source.get_token(), {}), [&](const MapRun&) {
              if (++steps == stopAt)
                source.request_stop();
            }));
        QVERIFY(run.started() && !run.finished());
        QVERIFY(run.embedding().positions.allFinite());
        const auto neighbors = run.neighbors();
        run.advance(x);
        QVERIFY(run.finished());
        QCOMPARE(run.neighbors(), neighbors);
        QVERIFY(run.embedding().positions == whole.embedding().positions);
      }
      const std::string before = whole.embedding().description;
      whole.advance(x);  // a quarter further
      QVERIFY(whole.embedding().description != before);
      QVERIFY(whole.finished());
    }
  }

  void knownNeighborsServeIfTheyFit()
  {
    const FeatureMatrix x = gaussianCloud(300, 12, 2);
    const auto enough = std::make_shared<const Neighbors>(computeNeighbors(x, {.count = 90}));
    const auto few = std::make_shared<const Neighbors>(computeNeighbors(x, {.count = 20}));
    MapRun run(quick(EmbeddingMethod::Tsne)), other(quick(EmbeddingMethod::Tsne));
    run.advance(x, enough);
    QCOMPARE(run.neighbors(), enough);
    other.advance(x, few);
    QVERIFY(other.neighbors() != few);
    QVERIFY(run.embedding().positions == other.embedding().positions);
  }

  void savedMapsPlaceOthers()
  {
    const PlantedClusters planted = plantedClusters(900, 16, 6, 8.0, 3);
    const FeatureMatrix fitted = planted.decoder.leftCols(700);
    const FeatureMatrix others = planted.decoder.rightCols(200);
    const test::TemporaryFolder folder;
    for (const EmbeddingMethod method : methods) {
      MapRun run(quick(method));
      run.advance(fitted);
      const Embedding made = run.embedding();
      const auto path = folder.path() / "map.h5";
      writeFittedMap(path, fitMap(made, fitted));
      const FittedMap read = readFittedMap(path);
      QVERIFY(read.embedding.positions == made.positions);
      QCOMPARE(read.embedding.method, made.method);
      QCOMPARE(read.embedding.dimensions, made.dimensions);
      QCOMPARE(read.embedding.description, made.description);
      QVERIFY(read.embedding.options == made.options);
      const Embedding placed = applyFittedMap(read, others);
      QCOMPARE(placed.positions.cols(), Eigen::Index{200});
      if (method == EmbeddingMethod::Pca) {
        const Positions again = applyFittedMap(read, fitted).positions;
        QVERIFY((again - made.positions).norm() < 1e-4f * made.positions.norm());
      } else {
        QVERIFY(placed.positions ==
                placeOnMap(made, fitted, others).positions);  // nothing is lost by saving
      }
      // The planted cluster of the nearest fitted point is the vector's own.
      int same = 0;
      for (Eigen::Index i = 0; i < placed.positions.cols(); ++i) {
        Eigen::Index nearest = 0;
        (made.positions.colwise() - placed.positions.col(i))
            .colwise()
            .squaredNorm()
            .minCoeff(&nearest);
        same += planted.clusters[static_cast<std::size_t>(nearest)] ==
                planted.clusters[static_cast<std::size_t>(700 + i)];
      }
      QVERIFY2(same > (method == EmbeddingMethod::Pca ? 120 : 195),
               qPrintable(QString::number(same)));
    }
    QVERIFY_THROWS_EXCEPTION(Error, readFittedMap(folder.path() / "none.h5"));
    QVERIFY_THROWS_EXCEPTION(Error, writeFittedMap(folder.path() / "map.npz", FittedMap()));
    QVERIFY_THROWS_EXCEPTION(
        Error, applyFittedMap(readFittedMap(folder.path() / "map.h5"), FeatureMatrix::Zero(15, 3)));
  }
};

QTEST_APPLESS_MAIN(tst_MapRun)
#include "tst_MapRun.moc"
