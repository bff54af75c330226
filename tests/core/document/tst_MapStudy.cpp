#include "core/document/MapStudy.h"

#include "core/embedding/ByteSweep.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QtTest/QTest>

#include <algorithm>
#include <cmath>

using namespace orrery;

namespace {

std::shared_ptr<const Dictionary> clustered(int features)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = "clusters";
  dictionary->decoder =
      std::make_shared<const FeatureMatrix>(plantedClusters(features, 20, 5, 6.0, 1).decoder);
  return dictionary;
}

}  // namespace

class tst_MapStudy : public QObject {
  Q_OBJECT
 private slots:
  void everyMapIsKeptAndComesBack()
  {
    Document document;
    MapStudy study(&document);
    document.addLayer(clustered(400));
    QTRY_COMPARE(study.shown(), 0);
    TsneOptions tsne;
    tsne.iterations = 500;
    study.start(tsne);
    QTRY_COMPARE_WITH_TIMEOUT(static_cast<int>(study.maps().size()), 2, 20000);
    QTRY_VERIFY_WITH_TIMEOUT(study.maps()[1].trust, 20000);  // measured by itself
    QCOMPARE(study.shown(), 1);
    QVERIFY(study.maps()[1].finished);
    QVERIFY(study.maps()[1].klDivergence && std::isfinite(*study.maps()[1].klDivergence));
    QVERIFY(study.maps()[1].trust->neighborsKept > 0.2);
    const Column* kept = document.dictionary()->column(keptColumnName);
    QVERIFY(kept);
    QCOMPARE(kept->numbers.size(), std::size_t{400});
    QVERIFY(std::all_of(kept->numbers.begin(), kept->numbers.end(),
                        [](double share) { return share >= 0.0 && share <= 1.0; }));

    const auto pca = study.maps()[0].embedding;
    study.show(0);
    QCOMPARE(document.embedding(), pca);
    QVERIFY(!study.canGoOn());
    study.measure();
    QTRY_VERIFY_WITH_TIMEOUT(study.maps()[0].trust, 20000);
    QVERIFY(study.maps()[0].trust->neighborsKept < study.maps()[1].trust->neighborsKept);
    study.show(1);
    QCOMPARE(study.shown(), 1);
    // Another layer has maps of its own; closing forgets them.
    document.setCurrentLayer(document.addLayer(clustered(50)));
    QTRY_COMPARE(static_cast<int>(study.maps().size()), 1);
    document.closeLayer(document.layer()->id);
    QCOMPARE(static_cast<int>(study.maps().size()), 2);
  }

  // A map of approximate neighbours says so, and does not leave them as the layer's exact ones.
  // Where the processor multiplies bytes, the exact search costs less here and is taken.
  void approximateNeighborsStayWithTheirMap()
  {
    FeatureMatrix axes = gaussianCloud(20, 800, 5);
    FeatureMatrix x = axes * gaussianCloud(4200, 20, 6) + 0.5f * gaussianCloud(4200, 800, 7);
    auto dictionary = std::make_shared<Dictionary>();
    dictionary->decoder = std::make_shared<const FeatureMatrix>(std::move(x));
    Document document;
    MapStudy study(&document);
    document.addLayer(dictionary);
    QTRY_COMPARE_WITH_TIMEOUT(study.shown(), 0, 20000);
    UmapOptions umap;
    umap.epochs = 1;
    study.start(umap, NeighborSearch::Approximate);
    QTRY_COMPARE_WITH_TIMEOUT(static_cast<int>(study.maps().size()), 2, 20000);
    const Embedding& map = *study.maps()[1].embedding;
    const bool approximate = !bytesAreFaster(4200, 800);
    QVERIFY2((map.description.find("Approximate neighbours: about 9") != std::string::npos) ==
                 approximate,
             map.description.c_str());
    QCOMPARE(map.options.count("neighbor_search"), std::size_t{approximate});
    QCOMPARE(!document.layer()->neighbors, approximate);
    study.start(umap);
    QTRY_COMPARE_WITH_TIMEOUT(static_cast<int>(study.maps().size()), 3, 20000);
    QCOMPARE(study.maps()[2].embedding->options.count("neighbor_search"), std::size_t{0});
    QVERIFY(document.layer()->neighbors);
    study.stop();
  }

  void aStoppedMapGoesOn()
  {
    Document document;
    MapStudy study(&document);
    document.addLayer(clustered(2500));
    QTRY_COMPARE(study.shown(), 0);
    QSignalSpy published(&document, &Document::embeddingPublished);
    UmapOptions umap;
    umap.epochs = 3000;
    study.start(umap);
    QTRY_VERIFY_WITH_TIMEOUT(published.count() >= 2, 20000);
    QElapsedTimer clock;
    clock.start();
    study.stop();
    QVERIFY(!study.isRunning());
    QCOMPARE(static_cast<int>(study.maps().size()), 2);
    QVERIFY(!study.maps()[1].finished);
    QVERIFY(study.canGoOn());
    const Positions stopped = document.embedding()->positions;
    {
      const std::lock_guard lock(study.maps()[1].run->mutex);  // the thread has left
      QVERIFY(clock.elapsed() < 1000);
    }
    published.clear();
    study.goOn();
    QTRY_VERIFY_WITH_TIMEOUT(published.count() >= 1, 20000);
    study.stop();
    QCOMPARE(static_cast<int>(study.maps().size()), 2);  // the same map, farther
    QVERIFY(document.embedding()->positions != stopped);
  }

  void tornNeighborsAreThoseTheMapPutElsewhere()
  {
    Positions map = Positions::Zero(3, 30);
    for (int i = 0; i < 30; ++i)
      map(0, i) = static_cast<float>(i);
    std::vector<Neighbor> nearest;
    for (const FeatureId id : {1, 2, 29, 3, 28})
      nearest.push_back({id, 0.5f});
    QCOMPARE(tornNeighbors(map, 0, nearest, 5), (std::vector<FeatureId>{29, 28}));
    QCOMPARE(tornNeighbors(map, 0, nearest, 2), std::vector<FeatureId>{});
    map.col(29).setConstant(std::numeric_limits<float>::quiet_NaN());
    QCOMPARE(tornNeighbors(map, 0, nearest, 5), std::vector<FeatureId>{28});
    QCOMPARE(tornNeighbors(map, 29, nearest, 5), std::vector<FeatureId>{});
  }
};

QTEST_GUILESS_MAIN(tst_MapStudy)
#include "tst_MapStudy.moc"
