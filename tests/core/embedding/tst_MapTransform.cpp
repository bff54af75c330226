#include "core/embedding/MapTransform.h"

#include "MapTestSupport.h"
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/embedding/Tsne.h"
#include "core/embedding/Umap.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QtTest/QTest>

#include <cmath>

using namespace orrery;

namespace {

/// Planted clusters, most features fitted and the rest held out.
struct Split {
  FeatureMatrix fitted, heldOut;
  std::vector<std::int32_t> fittedClusters, heldOutClusters;
  Neighbors neighbors;
};

Split makeSplit()
{
  const PlantedClusters planted = plantedClusters(900, 20, 6, 9.0, 1);
  Split split;
  split.fitted = planted.decoder.leftCols(800);
  split.heldOut = planted.decoder.rightCols(100);
  split.fittedClusters.assign(planted.clusters.begin(), planted.clusters.begin() + 800);
  split.heldOutClusters.assign(planted.clusters.begin() + 800, planted.clusters.end());
  NeighborOptions options;
  options.metric = Metric::Euclidean;
  split.neighbors = computeNeighbors(split.fitted, options);
  return split;
}

Embedding mapOf(const Split& split, EmbeddingMethod method)
{
  return method == EmbeddingMethod::Tsne ? computeTsne(split.fitted, split.neighbors)
                                         : computeUmap(split.fitted, split.neighbors);
}

}  // namespace

class tst_MapTransform : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void heldOutFeaturesLandInTheirClusters()
  {
    const Split split = makeSplit();
    for (const EmbeddingMethod method : {EmbeddingMethod::Tsne, EmbeddingMethod::Umap}) {
      const Embedding map = mapOf(split, method);
      const TransformedMap placed = placeOnMap(map, split.fitted, split.heldOut);
      QCOMPARE(placed.unplaced, std::int64_t{0});
      QVERIFY(placed.positions.row(2).isZero(0.0f));
      int same = 0;
      for (Eigen::Index i = 0; i < 100; ++i) {
        Eigen::Index nearest = 0;
        (map.positions.colwise() - placed.positions.col(i))
            .colwise()
            .squaredNorm()
            .minCoeff(&nearest);
        same += split.fittedClusters[static_cast<std::size_t>(nearest)] ==
                split.heldOutClusters[static_cast<std::size_t>(i)];
      }
      QVERIFY2(same >= 98, qPrintable(QString::number(same)));
    }
  }

  // The fitted features themselves come out near where they are, beside the size of the map.
  void fittedFeaturesStay()
  {
    const Split split = makeSplit();
    for (const EmbeddingMethod method : {EmbeddingMethod::Tsne, EmbeddingMethod::Umap}) {
      const Embedding map = mapOf(split, method);
      const TransformedMap placed = placeOnMap(map, split.fitted, split.fitted.leftCols(100));
      const double moved = (placed.positions - map.positions.leftCols(100)).colwise().norm().mean();
      const Eigen::Vector3f center = map.positions.rowwise().mean();
      const double size = (map.positions.colwise() - center).colwise().norm().mean();
      QVERIFY2(moved < 0.1 * size, qPrintable(QString("%1 of %2").arg(moved).arg(size)));
    }
  }

  // A place depends on its own vector alone, whatever comes with it and on however many threads.
  void eachAlone()
  {
    const Split split = makeSplit();
    const Embedding map = mapOf(split, EmbeddingMethod::Tsne);
    const Positions all = placeOnMap(map, split.fitted, split.heldOut).positions;
    setThreadCount(1);
    const Positions some = placeOnMap(map, split.fitted, split.heldOut.middleCols(40, 7)).positions;
    QVERIFY(test::sameBits(all.middleCols(40, 7), some));
  }

  void principalComponentsAreExact()
  {
    const FeatureMatrix x = gaussianCloud(200, 10, 2);
    const Pca pca = computePca(x);
    const Positions placed = placeOnPca(pca, 3, x.leftCols(50));
    QVERIFY((placed - pca.scores.topRows(3).leftCols(50)).cwiseAbs().maxCoeff() < 1e-5f);
    QVERIFY(placeOnPca(pca, 2, x.leftCols(50)).row(2).isZero(0.0f));
  }

  void edges()
  {
    const Split split = makeSplit();
    Embedding map = mapOf(split, EmbeddingMethod::Umap);
    QCOMPARE(placeOnMap(map, split.fitted, FeatureMatrix(20, 0)).positions.cols(), Eigen::Index{0});
    QVERIFY_EXCEPTION_THROWN(placeOnMap(map, split.fitted, FeatureMatrix::Zero(19, 3)), Error);
    QVERIFY_EXCEPTION_THROWN(placeOnMap(map, split.fitted.leftCols(10), split.heldOut), Error);
    map.options["metric"] = "cosine";
    const TransformedMap placed = placeOnMap(map, split.fitted, FeatureMatrix::Zero(20, 2));
    QCOMPARE(placed.unplaced, std::int64_t{2});
    QVERIFY(placed.positions.array().isNaN().all());
    map.method = EmbeddingMethod::Pca;
    QVERIFY_EXCEPTION_THROWN(placeOnMap(map, split.fitted, split.heldOut), Error);
  }
};

QTEST_APPLESS_MAIN(tst_MapTransform)
#include "tst_MapTransform.moc"
