// Notes, tags, filters and growth: what the window's panels stand on.
#include "core/document/Annotations.h"
#include "core/document/Growth.h"
#include "core/document/VectorStudy.h"
#include "core/io/ResultFile.h"
#include "tests/support/TemporaryFolder.h"

#include <QJsonArray>
#include <QSignalSpy>
#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace orrery;
using Ids = std::vector<FeatureId>;
using Tags = std::vector<std::string>;

namespace {

std::shared_ptr<Dictionary> random(int dimensions, int features)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = "random";
  dictionary->decoder =
      std::make_shared<const FeatureMatrix>(FeatureMatrix::Random(dimensions, features));
  for (int i = 0; i < features; ++i)
    dictionary->labels.push_back("word " + std::to_string(i));
  return dictionary;
}

}  // namespace

class tst_Annotations : public QObject {
  Q_OBJECT

 private slots:
  void tagsAreReadAsTheyAreWritten()
  {
    QCOMPARE(tagsOf("a, b ,,a; zw\xC3\xB6lf\n c d "), (Tags{"a", "b", "zw\xC3\xB6lf", "c d"}));
    QVERIFY(tagsOf(" , ;").empty());
    QVERIFY(tagsOf("").empty());
  }

  void tagsOfManyAreOneStep()
  {
    Document document;
    Annotations annotations(&document);
    const int layer = document.addLayer(random(6, 20));
    annotations.setNote(layer, 3, {"seen", {"old"}});
    const int before = document.undoStack()->count();
    annotations.addTag(layer, {3, 4, 5}, "new");
    QCOMPARE(document.undoStack()->count(), before + 1);
    QCOMPARE(annotations.of(layer).notes.at(3).tags, (Tags{"old", "new"}));
    QCOMPARE(annotations.of(layer).notes.at(3).text, std::string("seen"));
    QCOMPARE(tagCounts(annotations.of(layer)),
             (std::map<std::string, std::int64_t>{{"new", 3}, {"old", 1}}));
    annotations.addTag(layer, {4}, "new");  // has it
    QCOMPARE(document.undoStack()->count(), before + 1);
    annotations.removeTag(layer, {3, 4, 9}, "new");
    QCOMPARE(annotations.of(layer).notes.count(4), std::size_t{0});
    QCOMPARE(annotations.of(layer).notes.at(3).tags, Tags{"old"});
    document.undoStack()->undo();
    document.undoStack()->undo();
    QCOMPARE(annotations.of(layer).notes.size(), std::size_t{1});
  }

  void notesAreFound()
  {
    LayerAnnotations annotations;
    annotations.notes[2] = {"Fires on quotes", {"syntax", "check"}};
    annotations.notes[5] = {"", {"Syntax"}};
    annotations.notes[9] = {"syntactic sugar", {}};
    QCOMPARE(featuresNoted(annotations, ""), (Ids{2, 5, 9}));
    QCOMPARE(featuresNoted(annotations, "synta"), (Ids{2, 5, 9}));
    QCOMPARE(featuresNoted(annotations, "QUOTES"), Ids{2});
    QCOMPARE(featuresNoted(annotations, "tag:syntax"), (Ids{2, 5}));
    QVERIFY(featuresNoted(annotations, "tag:synta").empty());
    QVERIFY(featuresNoted(annotations, "tag:").empty());
    const std::vector<Column> columns = noteColumns(annotations, 12);
    QCOMPARE(columns.size(), std::size_t{2});
    QCOMPARE(columns[0].name, std::string("tags"));
    QCOMPARE(columns[0].categories.size(), std::size_t{12});
    QCOMPARE(columns[0].categories[9], -1);
    QCOMPARE(columns[0].categoryNames[static_cast<std::size_t>(columns[0].categories[2])],
             std::string("syntax, check"));
    QCOMPARE(columns[1].categoryNames[static_cast<std::size_t>(columns[1].categories[9])],
             std::string("syntactic sugar"));
  }

  // Against brute force over all pairs.
  void grownByNeighborsIsExact()
  {
    Layer layer;
    auto dictionary = random(5, 80);
    dictionary->rows = inspectRows(*dictionary->decoder);
    layer.dictionary = dictionary;
    const FeatureMatrix& x = *dictionary->decoder;
    const Ids start{7, 30};
    std::set<FeatureId> expected(start.begin(), start.end());
    for (const FeatureId from : start) {
      std::vector<std::pair<float, FeatureId>> others;
      for (FeatureId id = 0; id < 80; ++id)
        if (id != from)
          others.emplace_back(-x.col(from).normalized().dot(x.col(id).normalized()), id);
      std::sort(others.begin(), others.end());
      for (std::size_t rank = 0; rank < 4; ++rank)
        expected.insert(others[rank].second);
    }
    const Ids wanted(expected.begin(), expected.end());
    QCOMPARE(grownByNeighbors(layer, start, 4), wanted);
    // The same from neighbours that are there already.
    NeighborOptions options;
    options.count = 10;
    layer.neighbors = std::make_shared<const Neighbors>(computeNeighbors(x, options));
    QCOMPARE(grownByNeighbors(layer, start, 4), wanted);
    // More than are known, so they are looked for.
    QCOMPARE(grownByNeighbors(layer, {7}, 40).size(), std::size_t{41});
    QVERIFY(grownByNeighbors(layer, {}, 4).empty());
  }

  void grownByGroupsAndCrystals()
  {
    Column lobe{"lobe", Column::Kind::Category, {}, {0, 1, 0, 2, -1, 1}, {"a", "b", "c"}, {}};
    QCOMPARE(grownByCategory(lobe, {0}), (Ids{0, 2}));
    QCOMPARE(grownByCategory(lobe, {3, 5}), (Ids{1, 3, 5}));
    QCOMPARE(grownByCategory(lobe, {4}), Ids{4});
    const Column number{"score", Column::Kind::Number, {1, 1, 2}, {}, {}, {}};
    QCOMPARE(grownByCategory(number, {0}), Ids{0});
    const std::vector<std::array<FeatureId, 4>> crystals{{1, 2, 3, 4}, {4, 5, 6, 7}, {8, 9, 0, 1}};
    QCOMPARE(grownByQuadruples(crystals, {2}), (Ids{1, 2, 3, 4}));
    QCOMPARE(grownByQuadruples(crystals, {4}), (Ids{1, 2, 3, 4, 5, 6, 7}));
    QCOMPARE(grownByQuadruples(crystals, {11}), Ids{11});
  }

  void vectorsRankStandAndLeave()
  {
    const orrery::test::TemporaryFolder folder;
    Document document;
    Annotations annotations(&document);
    VectorStudy study(&document, &annotations);
    const auto dictionary = random(6, 60);
    const int first = document.addLayer(dictionary);
    QTRY_VERIFY(document.embedding());
    annotations.setNote(first, 3, {"kept", {}});
    writeResult(folder.path() / "probe.npy",
                {{{"a", {6}, std::vector<float>{1, 2, 0, 0, -1, 3}}}, {}});
    writeResult(folder.path() / "short.npy", {{{"a", {5}, std::vector<float>(5, 1)}}, {}});
    QSignalSpy changed(&study, &VectorStudy::changed);
    study.load({folder.path() / "probe.npy"});
    QTRY_COMPARE(study.vectors().size(), std::size_t{1});
    QCOMPARE(study.vectors()[0].name, std::string("probe"));
    study.load({folder.path() / "probe.npy"});  // again: no second one
    QTRY_COMPARE(changed.count(), 2);
    QCOMPARE(study.vectors().size(), std::size_t{1});
    QSignalSpy failed(study.jobs().front(), &JobRunner::failed);
    study.load({folder.path() / "short.npy"});
    QTRY_COMPARE(failed.count(), 1);
    document.selection()->setFeatures({4, 5, 6});
    study.addMeanOfSelection();
    QCOMPARE(study.vectors().size(), std::size_t{2});

    // A column, and colours that can be undone.
    study.rank({0});
    QTRY_VERIFY(document.dictionary()->column("cosine with probe"));
    const auto& cosines = document.dictionary()->column("cosine with probe")->numbers;
    Eigen::VectorXf probe(6);
    probe << 1, 2, 0, 0, -1, 3;
    for (int i = 0; i < 60; ++i)
      QVERIFY(std::abs(cosines[static_cast<std::size_t>(i)] -
                       static_cast<double>(dictionary->decoder->col(i).normalized().dot(
                           probe.normalized()))) < 1e-5);
    QCOMPARE(document.appearance().colorBy, std::string("cosine with probe"));
    document.undoStack()->undo();
    QVERIFY(document.appearance().colorBy.empty());

    // Points: where a feature of the same direction lies, for PCA is linear.
    const auto map = document.embedding();
    study.addAsPoints({0, 1});
    QTRY_COMPARE(document.layers().size(), std::size_t{2});
    QCOMPARE(document.features(), std::int64_t{62});
    QTRY_VERIFY(document.embedding());
    QVERIFY(document.embedding()->positions.leftCols(60) == map->positions);
    QVERIFY(document.embedding()->positions.rightCols(2).allFinite());
    QCOMPARE(document.selection()->features(), (Ids{60, 61}));
    QCOMPARE(annotations.current().notes.at(3).text, std::string("kept"));
    // The mean of three unit vectors lies in the mean of their places, but for the lengths.
    QVERIFY(document.dictionary()->labels[60] == "probe");

    document.setCurrentLayer(first);
    study.takeOut({0});
    QTRY_COMPARE(document.layers().size(), std::size_t{3});
    QCOMPARE(document.features(), std::int64_t{60});
    QVERIFY((document.dictionary()->decoder->transpose() * probe).cwiseAbs().maxCoeff() < 1e-5f);
    QTRY_VERIFY(document.embedding());

    // Kept and brought back.
    VectorStudy other(&document, &annotations);
    other.restoreState(study.state());
    QCOMPARE(other.vectors().size(), std::size_t{2});
    QVERIFY(other.vectors()[0].values == study.vectors()[0].values);
    QCOMPARE(other.vectors()[1].name, study.vectors()[1].name);
    QJsonObject broken = study.state();
    broken[QStringLiteral("vectors")] = QJsonArray{QJsonObject{{QStringLiteral("name"), 3}}, 7};
    other.restoreState(broken);
    QVERIFY(other.vectors().empty());
    study.remove({0});
    QCOMPARE(study.vectors().size(), std::size_t{1});
  }
};

QTEST_GUILESS_MAIN(tst_Annotations)
#include "tst_Annotations.moc"
