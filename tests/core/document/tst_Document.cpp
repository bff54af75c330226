#include "core/document/Document.h"

#include "core/base/Random.h"
#include "core/document/ChangeCommand.h"
#include "core/document/MapTasks.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "tests/support/TestData.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <fstream>
#include <thread>

using namespace orrery;
using Ids = std::vector<FeatureId>;

namespace {

std::shared_ptr<const Dictionary> smallDictionary(const std::string& name, int features = 40)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = name;
  dictionary->decoder = std::make_shared<const FeatureMatrix>(gaussianCloud(features, 8, 11));
  for (int i = 0; i < features; ++i)
    dictionary->labels.push_back((i % 2 ? "odd word " : "even word ") + std::to_string(i));
  Column column;
  column.name = "frequency";
  for (int i = 0; i < features; ++i)
    column.numbers.push_back(i * 0.5);
  dictionary->columns.push_back(std::move(column));
  return dictionary;
}

Camera randomCamera(Random& random)
{
  Camera camera;
  camera.position = {random.normal(), random.normal(), random.normal()};
  camera.parallelScale = 0.1 + random.uniform();
  camera.orthographic = random.below(2) == 1;
  return camera;
}

/// The same with a feature that has no finite values.
std::shared_ptr<const Dictionary> withGap(std::shared_ptr<const Dictionary> whole, FeatureId gap)
{
  auto dictionary = std::make_shared<Dictionary>(*whole);
  auto matrix = std::make_shared<FeatureMatrix>(*whole->decoder);
  matrix->col(gap).setConstant(std::numeric_limits<float>::quiet_NaN());
  dictionary->decoder = std::move(matrix);
  dictionary->rows.nonFinite = {gap};
  return dictionary;
}

EmbeddingTask taskOf(EmbeddingMethod method, int dimensions)
{
  if (method == EmbeddingMethod::Umap) {
    UmapOptions options;
    options.dimensions = dimensions;
    return umapTask(options);
  }
  TsneOptions options;
  options.dimensions = dimensions;
  return tsneTask(options);
}

}  // namespace

class tst_Document : public QObject {
  Q_OBJECT
 private slots:
  void firstPointsComeByThemselves()
  {
    Document document;
    QSignalSpy embedded(&document, &Document::embeddingChanged);
    document.addLayer(smallDictionary("a"));
    QCOMPARE(document.features(), 40);
    QTRY_COMPARE(embedded.count(), 1);
    QCOMPARE(document.embedding()->method, EmbeddingMethod::Pca);
    QCOMPARE(document.embedding()->positions.cols(), 40);
    QVERIFY(!document.undoStack()->canUndo());
  }

  void mapsAreShownAsTheyAre()
  {
    auto map = std::make_shared<Dictionary>();
    map->name = "map";
    FeatureMatrix matrix(2, 3);
    matrix << 1, 2, std::numeric_limits<float>::quiet_NaN(), 4, 5, 6;
    map->decoder = std::make_shared<const FeatureMatrix>(matrix);
    map->rows.nonFinite = {2};
    Document document;
    document.addLayer(map);
    const auto embedding = document.embedding();
    QVERIFY(embedding);
    QCOMPARE(embedding->method, EmbeddingMethod::Given);
    QCOMPARE(embedding->dimensions, 2);
    QCOMPARE(embedding->positions(0, 1), 2.0f);
    QCOMPARE(embedding->positions(1, 1), 5.0f);
    QCOMPARE(embedding->positions(2, 1), 0.0f);
    QVERIFY(std::isnan(embedding->positions(1, 2)));
    QVERIFY(document.jobs()[1]->isRunning() == false);
  }

  void oneFeatureIsAPoint()
  {
    Document document;
    QSignalSpy embedded(&document, &Document::embeddingChanged);
    QSignalSpy messages(&document, &Document::messageRaised);
    document.addLayer(smallDictionary("one", 1));
    QTRY_COMPARE(embedded.count(), 1);
    QCOMPARE(document.embedding()->positions.cols(), 1);
    document.requestNeighbors(0);
    QSignalSpy answered(&document, &Document::neighborsChanged);
    QTRY_COMPARE(answered.count(), 1);
    QVERIFY(document.neighbors().neighbors.empty());
    QCOMPARE(messages.count(), 0);
  }

  void selectingIsUndoable()
  {
    Document document;
    document.addLayer(smallDictionary("a"));
    document.selection()->setFeatures({1, 2}, 2);
    document.selection()->setFeatures({3});
    QCOMPARE(document.undoStack()->count(), 2);
    document.undoStack()->undo();
    QCOMPARE(document.selection()->features(), (Ids{1, 2}));
    QCOMPARE(document.selection()->current(), 2);
    document.undoStack()->undo();
    QVERIFY(document.selection()->features().empty());
    document.undoStack()->redo();
    QCOMPARE(document.selection()->features(), (Ids{1, 2}));
    QCOMPARE(document.undoStack()->count(), 2);  // restoring recorded nothing new
    document.selection()->setHovered(7);
    QCOMPARE(document.undoStack()->count(), 2);
  }

  void consecutiveCameraMovesAreOneStep()
  {
    Document document;
    document.addLayer(smallDictionary("a"));
    Camera a, b, c;
    b.parallelScale = 2;
    c.parallelScale = 3;
    document.recordCamera(a, b);
    document.recordCamera(b, c);
    QCOMPARE(document.undoStack()->count(), 1);
    QSignalSpy restored(&document, &Document::cameraRestored);
    document.undoStack()->undo();
    QCOMPARE(restored.count(), 1);
    QCOMPARE(restored.first().first().value<Camera>(), a);
    document.undoStack()->redo();
    QCOMPARE(restored.last().first().value<Camera>(), c);
    // A pause ends the merging, and so does another kind of step.
    QTest::qWait(ChangeCommand::mergeWithinMs + 100);
    document.recordCamera(c, b);
    QCOMPARE(document.undoStack()->count(), 2);
    document.selection()->setFeatures({1});
    document.recordCamera(b, a);
    QCOMPARE(document.undoStack()->count(), 4);
  }

  // The property that makes undo worth having: whatever was done, undoing it all restores the start
  // and redoing it all the end, bit for bit.
  void undoingAnySequenceRestoresTheStart()
  {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      Random random(seed);
      Document document;
      const int ids[] = {document.addLayer(smallDictionary("a")),
                         document.addLayer(smallDictionary("b", 30)),
                         document.addLayer(smallDictionary("c", 20))};
      const auto layerAndView = [&] {
        return std::pair(document.layer()->id, document.viewState());
      };
      const auto start = layerAndView();
      const int steps = 120 + static_cast<int>(random.below(100));
      std::vector<std::pair<int, LayerView>> states{start};
      for (int step = 0; step < steps; ++step) {
        switch (random.below(8)) {
          case 0:
          case 1: {
            Ids features;
            for (std::uint64_t i = random.below(6); i > 0; --i)
              features.push_back(static_cast<FeatureId>(random.below(20)));
            document.selection()->setFeatures(features);
            break;
          }
          case 2:
            document.recordCamera(document.camera().value_or(Camera()), randomCamera(random));
            break;
          case 3: {
            Appearance appearance = document.appearance();
            appearance.colorBy = random.below(2) ? "frequency" : "";
            appearance.pointSize = 1 + static_cast<double>(random.below(9));
            document.setAppearance(appearance);
            break;
          }
          case 4: {
            Appearance appearance = document.appearance();
            appearance.pointSize = 1 + static_cast<double>(random.below(9));
            document.setAppearance(appearance);
            break;
          }
          case 5:
            document.setSearch(
                {random.below(3) ? "word " + std::to_string(random.below(40)) : "", false, false});
            break;
          case 6:
            document.setCurrentLayer(ids[random.below(3)]);
            break;
          case 7:
            // Undo and redo in the midst belong to the sequence too.
            for (std::uint64_t i = random.below(5); i > 0; --i)
              document.undoStack()->undo();
            for (std::uint64_t i = random.below(3); i > 0; --i)
              document.undoStack()->redo();
            break;
        }
        QCOMPARE(document.selection()->features(), document.viewState().selection);
      }
      const auto end = layerAndView();
      const int depth = document.undoStack()->index();
      QVERIFY(depth >= 10);
      while (document.undoStack()->canUndo())
        document.undoStack()->undo();
      QVERIFY(layerAndView() == start);
      QVERIFY(document.selection()->features().empty());
      for (int i = 0; i < depth; ++i)
        document.undoStack()->redo();
      QVERIFY(layerAndView() == end);
    }
  }

  void aHundredStepsAtLeast()
  {
    Document document;
    document.addLayer(smallDictionary("a"));
    for (int i = 0; i < 400; ++i)
      document.selection()->setFeatures({i % 40});
    for (int i = 0; i < 300; ++i)
      document.undoStack()->undo();
    QCOMPARE(document.selection()->features(), (Ids{99 % 40}));
  }

  void layersKeepTheirOwnView()
  {
    Document document;
    const int a = document.addLayer(smallDictionary("a"));
    const int b = document.addLayer(smallDictionary("b"));
    QCOMPARE(document.layer()->id, a);
    document.selection()->setFeatures({5, 6}, 6);
    document.setSearch({"odd", false, false});
    document.setCurrentLayer(b);
    QVERIFY(document.selection()->features().empty());
    QVERIFY(document.searchText().text.empty());
    QVERIFY(document.matches().empty());
    document.setCurrentLayer(a);
    QCOMPARE(document.selection()->features(), (Ids{5, 6}));
    QCOMPARE(document.selection()->current(), 6);
    QTRY_COMPARE(document.matches().size(), std::size_t{20});
    document.closeLayer(a);
    QCOMPARE(document.layer()->id, b);
    QVERIFY(!document.undoStack()->canUndo());
    document.closeLayer(b);
    QVERIFY(!document.layer());
    QCOMPARE(document.features(), 0);
  }

  void everyLayerGetsItsMap()
  {
    Document document;
    const int a = document.addLayer(smallDictionary("a"));
    const int b = document.addLayer(smallDictionary("b", 30));
    document.setCurrentLayer(b);
    document.setCurrentLayer(a);
    QTRY_VERIFY(document.embedding());
    QCOMPARE(document.embedding()->positions.cols(), 40);
    document.setCurrentLayer(b);
    QTRY_VERIFY(document.embedding());
    QCOMPARE(document.embedding()->positions.cols(), 30);
  }

  void closedLayersGetNoLateResult()
  {
    Document document;
    const int a = document.addLayer(smallDictionary("a"));
    document.addLayer(smallDictionary("b", 30));
    document.requestNeighbors(3);
    document.closeLayer(a);
    QTRY_VERIFY(document.embedding());
    QVERIFY(waitForJobThreads(2000));
    QCoreApplication::processEvents();
    QCOMPARE(document.embedding()->positions.cols(), 30);
    QCOMPARE(document.neighbors().feature, noFeature);
  }

  void searchFindsAndExplains()
  {
    Document document;
    document.addLayer(smallDictionary("a"));
    QSignalSpy searched(&document, &Document::searchChanged);
    document.setSearch({"odd", false, false});
    QTRY_COMPARE(document.matches().size(), std::size_t{20});
    document.setSearch({"word [0-4]$", true, false});
    QTRY_COMPARE(document.matches(), (Ids{0, 1, 2, 3, 4}));
    document.setSearch({"(", true, false});
    QTRY_VERIFY(!document.searchProblem().isEmpty());
    QVERIFY(document.matches().empty());
    searched.clear();
    document.setSearch({});
    QCOMPARE(searched.count(), 1);
    QVERIFY(document.searchProblem().isEmpty());
  }

  void neighborsAreThoseOfTheOriginalSpace()
  {
    Document document;
    const auto dictionary = smallDictionary("a");
    document.addLayer(dictionary);
    document.requestNeighbors(4, 5);
    QTRY_COMPARE(document.neighbors().neighbors.size(), std::size_t{5});
    const FeatureMatrix& x = *dictionary->decoder;
    FeatureId best = noFeature;
    double bestCosine = -2;
    for (FeatureId id = 0; id < 40; ++id) {
      if (id == 4)
        continue;
      const double cosine =
          x.col(4).cast<double>().normalized().dot(x.col(id).cast<double>().normalized());
      if (cosine > bestCosine) {
        bestCosine = cosine;
        best = id;
      }
    }
    QCOMPARE(document.neighbors().neighbors.front().feature, best);
    QVERIFY(std::abs(document.neighbors().neighbors.front().value - bestCosine) < 1e-5);
  }

  void queriesAnswerOrExplain()
  {
    Document document;
    document.addLayer(smallDictionary("a"));
    QSignalSpy answered(&document, &Document::queryAnswered);
    document.ask("#1 - #2 + #3");
    QTRY_COMPARE(answered.count(), 1);
    QCOMPARE(document.answer().neighbors.size(), std::size_t{20});
    for (const Neighbor& neighbor : document.answer().neighbors)
      QVERIFY(neighbor.feature < 1 || neighbor.feature > 3);
    answered.clear();
    document.ask("no such label at all");
    QTRY_COMPARE(answered.count(), 1);
    QVERIFY(!document.answer().note.isEmpty());
    QVERIFY(document.answer().neighbors.empty());
  }

  void liveMapsArePublishedAndKeptWhenStopped()
  {
    Document document;
    const int id = document.addLayer(smallDictionary("a"));
    QTRY_VERIFY(document.embedding());
    EmbeddingTask task;
    task.name = QStringLiteral("moving");
    task.work = [](const Layer& layer, const Progress& progress,
                   const EmbeddingTask::Publish& publish) -> EmbeddingTask::Result {
      for (int i = 0;; ++i) {
        auto map = std::make_shared<Embedding>();
        map->positions =
            Positions::Constant(3, layer.dictionary->features(), static_cast<float>(i));
        map->description = "step " + std::to_string(i);
        publish(map);
        progress.update(i % 100, 100);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    };
    QSignalSpy published(&document, &Document::embeddingPublished);
    document.computeEmbedding(task);
    QTRY_VERIFY(published.count() >= 3);
    QVERIFY(published.count() < 60);  // sampled, not pushed
    document.jobs()[1]->cancel();
    QVERIFY(document.embedding()->description.starts_with("step "));
    QCOMPARE(document.layer()->id, id);
    // Failing keeps nothing of it.
    task.work = [](const Layer& layer, const Progress&,
                   const EmbeddingTask::Publish& publish) -> EmbeddingTask::Result {
      auto map = std::make_shared<Embedding>();
      map->positions = Positions::Zero(3, layer.dictionary->features());
      map->description = "broken";
      publish(map);
      throw std::bad_alloc();
    };
    QSignalSpy messages(&document, &Document::messageRaised);
    document.computeEmbedding(task);
    QTRY_COMPARE(messages.count(), 1);
    QVERIFY(document.embedding()->description.starts_with("step "));
  }

  void tsneAndUmapStartFromTheLayer()
  {
    for (const EmbeddingMethod method : {EmbeddingMethod::Tsne, EmbeddingMethod::Umap})
      for (const int dimensions : {2, 3}) {
        Document document;
        QSignalSpy messages(&document, &Document::messageRaised);
        document.addLayer(withGap(smallDictionary("a", 200), 7));
        QTRY_VERIFY(document.embedding());
        document.computeEmbedding(taskOf(method, dimensions));
        QTRY_COMPARE_WITH_TIMEOUT(document.embedding()->method, method, 20000);
        QTRY_VERIFY(!document.jobs()[1]->isRunning());
        const Embedding& map = *document.embedding();
        QCOMPARE(map.dimensions, dimensions);
        QCOMPARE(map.positions.cols(), 200);
        for (int id = 0; id < 200; ++id)
          QCOMPARE(map.positions.col(id).allFinite(), id != 7);
        QVERIFY(map.description.find(" 1 feature with") != std::string::npos);
        QCOMPARE(messages.count(), 0);
      }
  }

  void wholeLayersKeepTheNeighborsOfTheirMaps()
  {
    for (const EmbeddingMethod method : {EmbeddingMethod::Tsne, EmbeddingMethod::Umap}) {
      Document document;
      document.addLayer(smallDictionary("a", 200));
      QTRY_VERIFY(document.embedding());
      document.computeEmbedding(taskOf(method, 2));
      QTRY_COMPARE_WITH_TIMEOUT(document.embedding()->method, method, 20000);
      QTRY_VERIFY(document.layer()->neighbors);
      QCOMPARE(document.layer()->neighbors->ids.cols(), 200);
    }
  }

  void fewFeaturesHaveMapsOrAReason()
  {
    for (const EmbeddingMethod method : {EmbeddingMethod::Tsne, EmbeddingMethod::Umap})
      for (const int features : {1, 2, 3}) {
        Document document;
        QSignalSpy messages(&document, &Document::messageRaised);
        document.addLayer(smallDictionary("few", features));
        QTRY_VERIFY(document.embedding());
        document.computeEmbedding(taskOf(method, 2));
        QTRY_VERIFY(document.embedding()->method == method || messages.count() == 1);
        QCOMPARE(document.embedding()->positions.cols(), features);
      }
  }

  void stoppingAMapKeepsWhatWasShown()
  {
    for (const EmbeddingMethod method : {EmbeddingMethod::Tsne, EmbeddingMethod::Umap}) {
      Document document;
      QSignalSpy messages(&document, &Document::messageRaised);
      QSignalSpy live(&document, &Document::embeddingPublished);
      document.addLayer(smallDictionary("a", 2000));
      QTRY_VERIFY(document.embedding());
      document.computeEmbedding(taskOf(method, 2));
      QTRY_VERIFY_WITH_TIMEOUT(live.count() >= 2, 30000);
      document.cancelJobs();
      QTRY_VERIFY_WITH_TIMEOUT(!document.jobs()[1]->isRunning(), 1000);
      QCOMPARE(document.embedding()->method, method);
      QVERIFY(document.embedding()->positions.allFinite());
      QCOMPARE(messages.count(), 0);
    }
  }

  void openingTellsWhatWasDone()
  {
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    Document document;
    QSignalSpy messages(&document, &Document::messageRaised);
    document.open({{dataPath, {}}});
    QTRY_VERIFY_WITH_TIMEOUT(document.embedding(), 20000);
    QCOMPARE(document.features(), 8168);
    QCOMPARE(messages.count(), 1);
    const auto message = messages.first().first().value<Message>();
    QCOMPARE(message.kind, Message::Kind::Note);
    QVERIFY2(message.text.contains(QStringLiteral("8,168 features × 300 dimensions, because")),
             qPrintable(message.text));
  }

  void aFailedFileChangesNothingAndKeepsOutNoOther()
  {
    QTemporaryDir folder;
    const std::filesystem::path broken = folder.path().toStdString() + "/broken.npy";
    std::ofstream(broken, std::ios::binary) << std::string("\x93NUMPY\x01\x00\xff\xff{'descr'", 18);
    Document document;
    const int id = document.addLayer(smallDictionary("a"));
    const auto before = document.dictionary();
    QSignalSpy messages(&document, &Document::messageRaised);
    document.open({{broken, {}}});
    QTRY_COMPARE(messages.count(), 1);
    const auto message = messages.first().first().value<Message>();
    QCOMPARE(message.kind, Message::Kind::Failure);
    QVERIFY(message.text.contains(QStringLiteral("broken.npy")));
    QCOMPARE(document.layers().size(), std::size_t{1});
    QCOMPARE(document.layer()->id, id);
    QCOMPARE(document.dictionary(), before);
  }

  void labelFilesAreAttached()
  {
    QTemporaryDir folder;
    const std::filesystem::path labels = folder.path().toStdString() + "/words.tsv";
    {
      std::ofstream stream(labels);
      stream << "index\tlabel\n";
      for (int i = 0; i < 40; ++i)
        stream << i << "\tname " << i << '\n';
    }
    Document document;
    document.addLayer(smallDictionary("a"));
    const auto matrix = document.dictionary()->decoder;
    QSignalSpy changed(&document, &Document::dictionaryChanged);
    document.open({{labels, {}}});
    QTRY_COMPARE(changed.count(), 1);
    QCOMPARE(document.dictionary()->labels[7], std::string("name 7"));
    QCOMPARE(document.dictionary()->decoder, matrix);
    QCOMPARE(document.layers().size(), std::size_t{1});
  }

  void demoIsSynthetic()
  {
    Document document;
    document.openDemo();
    QTRY_VERIFY_WITH_TIMEOUT(document.embedding(), 20000);
    QCOMPARE(document.layers().size(), std::size_t{6});
    for (const auto& layer : document.layers())
      QVERIFY(layer->title().contains(QStringLiteral("synthetic")));
    QCOMPARE(document.appearance().colorBy, std::string("lobe"));
    QVERIFY(!document.undoStack()->canUndo() || document.undoStack()->count() == 1);
  }
};

QTEST_GUILESS_MAIN(tst_Document)
#include "tst_Document.moc"
