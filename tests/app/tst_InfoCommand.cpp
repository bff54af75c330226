#include "tests/app/Program.h"
#include "tests/support/TestData.h"

#include <cmath>
#include <limits>
#include <set>

using namespace orrery::test;

namespace {

const std::vector<std::string> contractKeys = {"file",
                                               "format",
                                               "dataset",
                                               "features",
                                               "dimensions",
                                               "dtype",
                                               "orientation",
                                               "orientation_rule",
                                               "nonfinite_rows",
                                               "zero_rows",
                                               "duplicate_rows",
                                               "labels",
                                               "labels_missing",
                                               "model",
                                               "layer",
                                               "site",
                                               "width",
                                               "l0",
                                               "cooccurrence_blocks",
                                               "notes"};

std::string missingKey(const nlohmann::json& json)
{
  for (const std::string& key : contractKeys)
    if (!json.contains(key))
      return key;
  return "";
}

}  // namespace

class tst_InfoCommand : public QObject {
  Q_OBJECT
 private slots:
  void countsRowsAndLabels()
  {
    const Workplace work;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    writeNpy(work / "odd.npy",
             {1, 2, 3, 4, nan, 1, 1, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9}, 6, 4);
    writeText(work / "odd.labels.txt", "one\ntwo\n\nfour\nfive\nsix\n");
    const Run run = runOrrery({"info", work.text("odd.npy"), "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    QVERIFY2(missingKey(json).empty(), missingKey(json).c_str());
    ORRERY_COMPARE_JSON(json["file"], work.text("odd.npy"));
    ORRERY_COMPARE_JSON(json["features"], 6);
    ORRERY_COMPARE_JSON(json["dimensions"], 4);
    ORRERY_COMPARE_JSON(json["dtype"], "float32");
    ORRERY_COMPARE_JSON(json["nonfinite_rows"], 1);
    ORRERY_COMPARE_JSON(json["zero_rows"], 1);
    ORRERY_COMPARE_JSON(json["duplicate_rows"], 1);
    ORRERY_COMPARE_JSON(json["labels"], 5);
    ORRERY_COMPARE_JSON(json["labels_missing"], 1);
    QVERIFY(json["model"].is_null());
    QVERIFY(json["layer"].is_null());
    QVERIFY(json["notes"].is_array());
    QVERIFY(!json["orientation_rule"].get<std::string>().empty());

    const Run bare = runOrrery({"info", work.text("odd.npy"), "--json", "--no-labels"});
    ORRERY_COMPARE_JSON(bare.json()["labels"], 0);
    const Run turned =
        runOrrery({"info", work.text("odd.npy"), "--json", "--transpose", "--no-labels"});
    ORRERY_COMPARE_JSON(turned.json()["features"], 4);
    const Run text = runOrrery({"info", work.text("odd.npy")});
    ORRERY_COMPARE_STATUS(text, 0);
    QVERIFY(text.out.find("features") != std::string::npos);
  }

  void severalFilesMakeOneObject()
  {
    const Workplace work;
    writeNpy(work / "a.npy", std::vector<float>(20, 1), 5, 4);
    writeNpy(work / "b.npy", std::vector<float>(24, 2), 6, 4);
    const Run run = runOrrery({"info", work.text("a.npy"), work.text("b.npy"), "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    QCOMPARE(run.json()["files"].size(), std::size_t{2});
    ORRERY_COMPARE_JSON(run.json()["files"][1]["features"], 6);
  }

  void pathsTellTheOrigin()
  {
    const Workplace work;
    const auto folder = work / "layer_12" / "width_16k" / "average_l0_41";
    std::filesystem::create_directories(folder);
    writeNpy(folder / "W_dec.npy", std::vector<float>(20, 1), 5, 4);
    const nlohmann::json json =
        runOrrery({"info", (folder / "W_dec.npy").native(), "--json"}).json();
    ORRERY_COMPARE_JSON(json["layer"], 12);
    ORRERY_COMPARE_JSON(json["l0"], 41);
  }

  void rawBytesNeedAShape()
  {
    ORRERY_NEED_DATA("embeddings/iris_tensors.bytes");
    const Run run = runOrrery({"info", dataPath.native(), "--shape", "150x4", "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    ORRERY_COMPARE_JSON(run.json()["features"], 150);
    ORRERY_COMPARE_STATUS(runOrrery({"info", dataPath.native(), "--shape", "150x5"}), 1);
  }

  void memoryIsRefusedWithTheNumber()
  {
    const Workplace work;
    writeNpy(work / "a.npy", std::vector<float>(1 << 20, 1), 1024, 1024);
    const Run run = runOrrery({"info", work.text("a.npy"), "--max-memory", "1M"});
    ORRERY_EXPECT_FAILURE(run, "a.npy");
    QVERIFY2(run.error.find("MiB") != std::string::npos, run.error.c_str());
  }

  void realFiles_data()
  {
    QTest::addColumn<std::string>("file");
    QTest::addColumn<std::vector<std::string>>("options");
    QTest::addColumn<int>("features");
    QTest::addColumn<int>("dimensions");
    QTest::addColumn<int>("labels");
    const auto row = [](const char* file, std::vector<std::string> options, int features,
                        int dimensions, int labels) {
      QTest::newRow(file) << std::string(file) << std::move(options) << features << dimensions
                          << labels;
    };
    row("embeddings/googlenews_8168x300.npy", {}, 8168, 300, 8168);
    row("sae/pasttense_L4_final_K10.safetensors", {}, 512, 256, 512);
    row("sae/pasttense_L4_final_K10.npz", {}, 512, 256, 512);
    row("sae/gemma2-2b_l12_16k_l0-41_Wdec_tsne.npy", {"--no-labels"}, 16384, 2, 0);
    row("formats/same_500x300/f32.npy", {"--no-labels"}, 500, 300, 0);
  }

  void realFiles()
  {
    QFETCH(std::string, file);
    QFETCH(std::vector<std::string>, options);
    QFETCH(int, features);
    QFETCH(int, dimensions);
    QFETCH(int, labels);
    ORRERY_NEED_DATA(file);
    std::vector<std::string> arguments = {"info", dataPath.native(), "--json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Run run = runOrrery(arguments);
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    QVERIFY2(missingKey(json).empty(), missingKey(json).c_str());
    ORRERY_COMPARE_JSON(json["features"], features);
    ORRERY_COMPARE_JSON(json["dimensions"], dimensions);
    ORRERY_COMPARE_JSON(json["labels"], labels);
  }

  void groupsOfAnHdf5FileAreListed()
  {
    ORRERY_NEED_DATA("sae/pasttense_L4_saes.h5");
    const Run run = runOrrery({"info", dataPath.native(), "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    std::set<std::string> names;
    const nlohmann::json json = run.json();
    for (const auto& array : json["arrays"])
      names.insert(array["name"].get<std::string>());
    QVERIFY(names.count("/final_K10/W_dec"));
    const Run chosen =
        runOrrery({"info", dataPath.native(), "--dataset", "/final_K10/W_dec", "--json"});
    ORRERY_COMPARE_STATUS(chosen, 0);
    ORRERY_COMPARE_JSON(chosen.json()["features"], 512);
    const Run absent = runOrrery({"info", dataPath.native(), "--dataset", "/nothing", "--json"});
    ORRERY_EXPECT_FAILURE(absent, "nothing");
  }

  void nothingMalformedCrashesOrHangs()
  {
    ORRERY_NEED_DATA("malformed");
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dataPath)) {
      if (!entry.is_regular_file())
        continue;
      const Run run = runOrrery({"info", entry.path().native(), "--json"}, {.timeoutMs = 20000});
      const std::string name = entry.path().native() + ": " + run.error;
      QVERIFY2(run.status == 0 || run.status == 1, name.c_str());
      if (run.status == 1) {
        QVERIFY2(run.remarks().size() == 1, name.c_str());
        QVERIFY2(run.out.empty(), name.c_str());
      } else {
        QVERIFY2(run.json().is_object(), name.c_str());
      }
      ++files;
    }
    QVERIFY(files > 50);
  }
};

QTEST_APPLESS_MAIN(tst_InfoCommand)
#include "tst_InfoCommand.moc"
