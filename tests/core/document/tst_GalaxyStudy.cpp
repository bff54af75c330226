// Corrections of what is known of layers: undone, kept by sessions, found again.
#include "core/document/GalaxyStudy.h"
#include "core/io/ResultFile.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QTemporaryDir>
#include <QtTest/QTest>

#include <filesystem>

using namespace orrery;

namespace {

std::shared_ptr<const Dictionary> layerOf(const std::string& folder, int number)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->decoder = std::make_shared<const FeatureMatrix>(
      gaussianCloud(40, 12, static_cast<std::uint64_t>(number)));
  dictionary->name = "params";
  dictionary->source.path = folder + "/layer_" + std::to_string(number) + "/params.npz";
  dictionary->source.dataset = "W_dec";
  dictionary->origin.layer = number;
  dictionary->origin.l0 = 70.0;
  return dictionary;
}

Origin corrected(const GalaxyEntry& entry, int layer, double l0)
{
  Origin origin = entry.source.origin;
  origin.layer = layer;
  origin.l0 = l0;
  return origin;
}

}  // namespace

class tst_GalaxyStudy : public QObject {
  Q_OBJECT
 private slots:
  void correctionsAreUndoable()
  {
    Document document;
    GalaxyStudy study(&document);
    for (const int number : {0, 1, 2})
      document.addLayer(layerOf("/models", number));
    study.setOrigin(0, corrected(study.entries()[0], 9, 80.0));
    QCOMPARE(*study.entries()[2].source.origin.layer, 9);  // sorted by it
    QCOMPARE(study.state().origins.size(), std::size_t{1});
    document.undoStack()->undo();
    QCOMPARE(*study.entries()[0].source.origin.layer, 0);
    QCOMPARE(*study.entries()[0].source.origin.l0, 70.0);
    QVERIFY(study.state().origins.empty());
    document.undoStack()->redo();
    QCOMPARE(*study.entries()[2].source.origin.l0, 80.0);
    // Nothing changed, nothing to undo.
    const int steps = document.undoStack()->count();
    study.setOrigin(2, study.entries()[2].source.origin);
    QCOMPARE(document.undoStack()->count(), steps);
  }

  // By path; by name and place where the whole folder has moved; and what is not listed yet waits.
  void stateFindsItsLayersAgain()
  {
    GalaxyState state;
    {
      Document document;
      GalaxyStudy study(&document);
      for (const int number : {0, 1, 2})
        document.addLayer(layerOf("/models", number));
      study.setOrigin(1, corrected(study.entries()[1], 1, 91.5));
      Origin unknown = study.entries()[2].source.origin;
      unknown.layer.reset();
      study.setOrigin(2, unknown);
      state = galaxyState(galaxyStateText(study.state()));
      QCOMPARE(state.origins.size(), std::size_t{2});
    }
    for (const std::string folder : {"/models", "/moved"}) {
      Document document;
      GalaxyStudy study(&document);
      for (const int number : {0, 1, 2})
        document.addLayer(layerOf(folder, number));
      study.restore(state);
      QCOMPARE(*study.entries()[0].source.origin.l0, 70.0);
      QCOMPARE(*study.entries()[1].source.origin.l0, 91.5);
      QVERIFY(!study.entries()[2].source.origin.layer);
      QCOMPARE(study.state().origins.size(), std::size_t{2});
    }
    Document document;
    GalaxyStudy study(&document);
    study.restore(state);
    QCOMPARE(study.state().origins.size(), std::size_t{2});  // kept, though nothing is there yet
    document.addLayer(layerOf("/models", 1));
    QCOMPARE(*study.entries()[0].source.origin.l0, 91.5);
  }

  // A file on disk that was corrected and is then opened is the same layer still.
  void openingKeepsWhatWasCorrected()
  {
    QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath(QStringLiteral("sae.npz")).toStdString();
    const FeatureMatrix cloud = gaussianCloud(40, 12, 5);
    ResultTable table;
    table.arrays.push_back({"W_dec",
                            {cloud.cols(), cloud.rows()},
                            std::vector<float>(cloud.data(), cloud.data() + cloud.size())});
    writeResult(path, table);
    Document document;
    GalaxyStudy study(&document);
    study.addLayers({path});
    QTRY_COMPARE_WITH_TIMEOUT(study.entries().size(), std::size_t{1}, 20000);
    study.setOrigin(0, corrected(study.entries()[0], 4, 33.0));
    document.addLayer(std::make_shared<const Dictionary>(readDictionary(path)));
    QCOMPARE(study.entries().size(), std::size_t{1});
    QVERIFY(study.entries()[0].layerId != 0);
    QCOMPARE(*study.entries()[0].source.origin.layer, 4);
    QCOMPARE(*study.entries()[0].source.origin.l0, 33.0);
  }

  void strangersStatesAreRead()
  {
    const auto count = [](const char* text) { return galaxyState(text).origins.size(); };
    QCOMPARE(count("{}"), std::size_t{0});
    QCOMPARE(count("[]"), std::size_t{0});
    QCOMPARE(count("no JSON"), std::size_t{0});
    QCOMPARE(count(R"({"origins": 5})"), std::size_t{0});
    QCOMPARE(count(R"({"origins": [5, {"layer": -1}, {"layer": 1.5}, {"width": 0}, {"l0": 0},
                       {"l0": "many"}, {"place": -3}, {"layer": 1e300}]})"),
             std::size_t{0});
    QCOMPARE(count(R"({"origins": [{"name": "x", "layer": 3, "width": null, "l0": 70.5}]})"),
             std::size_t{1});
  }
};

QTEST_MAIN(tst_GalaxyStudy)
#include "tst_GalaxyStudy.moc"
