// Jobs and results of the atom scale: what is planted is found, what is stopped is kept, steps can
// be undone, and nothing outlives its layer.
#include "core/base/Random.h"
#include "core/document/CrystalStudy.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <cmath>
#include <fstream>

using namespace orrery;

namespace {

constexpr int timeoutMs = 60000;
constexpr int planted = 12;

/// 12 pairs "stem i" → "shoot i" along one direction, and 300 features of noise.
std::shared_ptr<const Dictionary> garden()
{
  Random random(7);
  constexpr int d = 48, n = 2 * planted + 300;
  FeatureMatrix vectors(d, n);
  for (int i = 0; i < n; ++i)
    for (int row = 0; row < d; ++row)
      vectors(row, i) = static_cast<float>(random.normal() / std::sqrt(double(d)));
  Eigen::VectorXf step(d);
  for (int row = 0; row < d; ++row)
    step[row] = static_cast<float>(random.normal() / std::sqrt(double(d)));
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = "garden";
  for (int i = 0; i < n; ++i) {
    if (i < 2 * planted && i % 2 == 1)
      vectors.col(i) = vectors.col(i - 1) + step + 0.02f * vectors.col(i);
    dictionary->labels.push_back(i >= 2 * planted ? "weed " + std::to_string(i)
                                 : i % 2 == 0     ? "stem" + std::to_string(i / 2)
                                                  : "shoot" + std::to_string(i / 2));
  }
  dictionary->decoder = std::make_shared<const FeatureMatrix>(std::move(vectors));
  return dictionary;
}

std::filesystem::path pairFile(const QTemporaryDir& folder)
{
  const std::filesystem::path path = folder.filePath(QStringLiteral("pairs.csv")).toStdString();
  std::ofstream file(path);
  file << "relation,first,second\n";
  for (int i = 0; i < planted; ++i)
    file << "growth,stem" << i << ",shoot" << i << "\n";
  for (int i = 0; i < 10; ++i)
    file << "nothing,weed " << 24 + i << ",weed " << 60 + 3 * i << "\n";
  file << "growth,stem99,shoot99\n";
  return path;
}

}  // namespace

class tst_CrystalStudy : public QObject {
  Q_OBJECT
 private slots:
  void relationsAreMatchedAndJudged()
  {
    QTemporaryDir folder;
    Document document;
    CrystalStudy study(&document);
    QSignalSpy messages(&study, &CrystalStudy::messageRaised);
    document.addLayer(garden());
    study.loadPairs({pairFile(folder), "/nowhere/pairs.csv"});
    QTRY_COMPARE_WITH_TIMEOUT(study.relations().size(), std::size_t(2), timeoutMs);
    QCOMPARE(messages.count(), 1);
    const auto& growth = study.relations()[0];
    QCOMPARE(growth.relation.pairs.size(), std::size_t(planted));
    QCOMPARE(growth.relation.missing, 1);
    QVERIFY(growth.scores.cosine > 0.8);
    QCOMPARE(growth.scores.verdict, RelationVerdict::Parallelogram);
    QCOMPARE(study.relations()[1].scores.verdict, RelationVerdict::None);
    study.computePlanes();
    QTRY_VERIFY_WITH_TIMEOUT(study.planes(), timeoutMs);
    const RelationPlanes& planes = *study.planes();
    QCOMPARE(planes.pcaDifferences.cols(), planted + 10);
    QVERIFY(planes.ldaSilhouette > planes.pcaSilhouette);
    QCOMPARE(planes.words.size(), std::size_t(2 * planes.ldaDifferences.cols()));
    QVERIFY(!planes.crystals.empty());
  }

  void whatIsPlantedIsFound()
  {
    Document document;
    CrystalStudy study(&document);
    document.addLayer(garden());
    CrystalSearchOptions options;
    options.residual = 0.3;  // unit rows shorten the shoots
    study.estimate(options, false);
    QTRY_VERIFY_WITH_TIMEOUT(study.estimated(), timeoutMs);
    QVERIFY(study.estimated()->pairs > 0);
    QVERIFY(!study.estimated()->sentence.empty());
    study.search(options, false, 1);
    QVERIFY(study.findings()->running);
    QTRY_VERIFY_WITH_TIMEOUT(!study.findings()->running && !study.findings()->qualities.empty(),
                             timeoutMs);
    const CrystalFindings& findings = *study.findings();
    QCOMPARE(findings.qualities.size(), findings.result.found.size());
    QVERIFY(!findings.families.empty());
    int ofGarden = 0;
    for (std::size_t i = 0; i < findings.qualities.size(); ++i) {
      const auto corners = findings.result.found[i].crystal.corners();
      if (std::all_of(corners.begin(), corners.end(),
                      [](FeatureId corner) { return corner < 2 * planted; })) {
        ++ofGarden;
        QVERIFY(findings.qualities[i].z > 3.0);
        QVERIFY(findings.qualities[i].fdr < 0.2);
      }
    }
    QVERIFY2(ofGarden >= planted, QByteArray::number(ofGarden));
  }

  void stoppedBeforeItBegan()
  {
    Document document;
    CrystalStudy study(&document);
    document.addLayer(garden());
    study.search({}, false, 1);
    study.stopSearch();
    QVERIFY(!study.findings()->running);
    QVERIFY(study.findings()->result.partial);
    QTest::qWait(200);
    QVERIFY(!study.findings()->running);
  }

  // A short list leaves crystals of the family out; the grouping of all differences adds them.
  void allDifferencesInGroups()
  {
    Document document;
    CrystalStudy study(&document);
    document.addLayer(garden());
    CrystalSearchOptions options;
    options.residual = 0.4;  // unit rows shorten the shoots
    options.top = 20;
    study.estimate(options, false, 5);
    QTRY_VERIFY_WITH_TIMEOUT(study.estimated(), timeoutMs);
    QVERIFY(study.estimated()->sentence.find("5 clusters") != std::string::npos);
    study.search(options, false, 1, 5);
    QTRY_VERIFY_WITH_TIMEOUT(study.findings() && study.findings()->groups, timeoutMs);
    const CrystalFindings& findings = *study.findings();
    QVERIFY(findings.result.found.size() > 25);
    QCOMPARE(findings.qualities.size(), findings.result.found.size());
    // All are judged, and those of the family are none of chance.
    for (std::size_t i = 0; i < findings.qualities.size(); ++i) {
      const auto corners = findings.result.found[i].crystal.corners();
      const bool ofGarden = std::all_of(corners.begin(), corners.end(),
                                        [](FeatureId corner) { return corner < 2 * planted; });
      QVERIFY(findings.qualities[i].fdr >= 0.0 && findings.qualities[i].fdr <= 1.0);
      QVERIFY(!ofGarden || findings.qualities[i].fdr < 0.2);
    }
    QVERIFY(findings.families.front().pairs.size() >= planted - 2);
    bool whole = false;
    for (const DifferenceCluster& cluster : findings.groups->clusters)
      whole = whole || cluster.pairs >= planted - 2;
    QVERIFY(whole);
  }

  void crystalsAreUndoable()
  {
    Document document;
    CrystalStudy study(&document);
    const int first = document.addLayer(garden());
    study.makeCrystal(std::string("shoot0 - stem0 + stem1"));
    QTRY_VERIFY_WITH_TIMEOUT(study.report(), timeoutMs);
    const Crystal crystal{0, 1, 2, 3};
    QCOMPARE(*study.crystal(), crystal);
    QCOMPARE(document.selection()->features(), (std::vector<FeatureId>{0, 1, 2, 3}));
    QVERIFY(study.report()->raw.quality.rank3CosAdd == 1);
    QVERIFY(!study.report()->cleaned);
    QCOMPARE(study.report()->raw.fourthCorner.front().feature, 3);
    QVERIFY(study.report()->raw.null->random.size() > 100);
    document.undoStack()->undo();
    QVERIFY(!study.crystal());
    QVERIFY(document.selection()->features().empty());
    document.undoStack()->redo();
    QCOMPARE(*study.crystal(), crystal);
    // The order of the corners does not matter where the best is looked for.
    study.setCrystal(std::nullopt);
    study.makeCrystal(std::array<FeatureId, 4>{3, 0, 2, 1});
    QTRY_VERIFY_WITH_TIMEOUT(study.crystal(), timeoutMs);
    QTRY_VERIFY_WITH_TIMEOUT(study.report(), timeoutMs);
    QVERIFY(crystalScore(study.report()->raw.quality, CrystalMode::Parallelogram) > 0.5);

    Cleaning cleaning;
    cleaning.method = CleaningMethod::Column;
    cleaning.columns.push_back(labelLengths(document.dictionary()->labels));
    study.clean(cleaning);
    QTRY_VERIFY_WITH_TIMEOUT(study.report() && study.report()->cleaned, timeoutMs);
    QCOMPARE(study.cleaned()->space.features(), document.features());
    study.explain({"stem0", "shoot0", "weed 30", "weed 31"}, {});
    QTRY_VERIFY_WITH_TIMEOUT(study.whyNot(), timeoutMs);
    QVERIFY(!study.whyNot()->raw.isFound);
    QVERIFY(study.whyNot()->cleaned);

    study.addCleanedLayer();
    QCOMPARE(document.layers().size(), std::size_t(2));
    QVERIFY(document.layer()->id != first);
    // Its vectors are not those of the file: a session must not believe so.
    QVERIFY(document.dictionary()->source.path.empty());
    QVERIFY(!study.crystal());
    QVERIFY(!study.cleaned());
    QVERIFY(!study.whyNot());
    // Steps of the other layer lead back there and do not name its features here.
    while (document.undoStack()->canUndo())
      document.undoStack()->undo();
    QCOMPARE(document.layer()->id, first);
    QVERIFY(!study.crystal());
  }

  void refusalsAreSentences()
  {
    Document document;
    CrystalStudy study(&document);
    document.addLayer(garden());
    QStringList sentences;
    for (JobRunner* job : study.jobs())
      connect(job, &JobRunner::failed, this,
              [&](const QString& sentence) { sentences << sentence; });
    study.makeCrystal(std::string("stem0 + stem1"));
    QTRY_COMPARE_WITH_TIMEOUT(sentences.size(), 1, timeoutMs);
    QVERIFY(sentences[0].contains(QStringLiteral("b - a + c")));
    study.computePlanes();
    QTRY_COMPARE_WITH_TIMEOUT(sentences.size(), 2, timeoutMs);
    QVERIFY(sentences[1].contains(QStringLiteral("two relations")));
  }
};

QTEST_GUILESS_MAIN(tst_CrystalStudy)
#include "tst_CrystalStudy.moc"
