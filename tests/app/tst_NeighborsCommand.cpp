#include "tests/app/Program.h"
#include "tests/support/TestData.h"

#include <cmath>
#include <limits>

using namespace orrery::test;

class tst_NeighborsCommand : public QObject {
  Q_OBJECT

  static void writeFive(const Workplace& work)
  {
    writeNpy(work / "a.npy", {1, 0, 0, 2, 0, 0, 1, 1, 0, 0, 0, 5, -1, 0, 0}, 5, 3);
    writeText(work / "a.labels.txt", "east\nfar east\nnorth east\nup\nwest\n");
  }

 private slots:
  void jsonKeysAndOrder()
  {
    const Workplace work;
    writeFive(work);
    const Run run = runOrrery({"neighbors", work.text("a.npy"), "--query", "east", "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    QCOMPARE(json["query"].size(), std::size_t{1});
    ORRERY_COMPARE_JSON(json["query"][0]["index"], 0);
    ORRERY_COMPARE_JSON(json["query"][0]["label"], "east");
    ORRERY_COMPARE_JSON(json["metric"], "cosine");
    const auto& found = json["neighbors"];
    QCOMPARE(found.size(), std::size_t{4});
    const int order[] = {1, 2, 3, 4};
    const double cosines[] = {1, std::sqrt(0.5), 0, -1};
    for (std::size_t i = 0; i < 4; ++i) {
      ORRERY_COMPARE_JSON(found[i]["index"], order[i]);
      QVERIFY(std::abs(found[i]["cosine"].get<double>() - cosines[i]) < 1e-6);
    }
    ORRERY_COMPARE_JSON(found[0]["label"], "far east");
  }

  void queriesByIndexAndLabelsWithBlanks()
  {
    const Workplace work;
    writeFive(work);
    const Run byIndex = runOrrery({"neighbors", work.text("a.npy"), "--query", "4", "--json"});
    ORRERY_COMPARE_STATUS(byIndex, 0);
    QCOMPARE(byIndex.json()["query"][0]["label"], "west");
    const Run blank = runOrrery(
        {"neighbors", work.text("a.npy"), "--query", "far east", "--count", "2", "--json"});
    ORRERY_COMPARE_STATUS(blank, 0);
    QCOMPARE(blank.json()["neighbors"].size(), std::size_t{2});
    const Run algebra = runOrrery(
        {"neighbors", work.text("a.npy"), "--algebra", "\"far east\" + up - west", "--json"});
    ORRERY_COMPARE_STATUS(algebra, 0);
    QCOMPARE(algebra.json()["query"].size(), std::size_t{3});
    for (const auto& neighbor : algebra.json()["neighbors"])
      QVERIFY(neighbor["index"] == 0 || neighbor["index"] == 2);
  }

  void distances()
  {
    const Workplace work;
    writeFive(work);
    const Run run = runOrrery(
        {"neighbors", work.text("a.npy"), "--query", "east", "--metric", "euclidean", "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    ORRERY_COMPARE_JSON(run.json()["metric"], "euclidean");
    QVERIFY(std::abs(run.json()["neighbors"][0]["distance"].get<double>() - 1) < 1e-6);
  }

  void rowsLeftOutKeepTheOthersIds()
  {
    const Workplace work;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    writeNpy(work / "a.npy", {nan, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0.1f, 0, 0, 1, 0}, 5, 3);
    const Run run = runOrrery({"neighbors", work.text("a.npy"), "--query", "1", "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    QCOMPARE(json["neighbors"].size(), std::size_t{2});  // neither the NaN nor the zero row
    ORRERY_COMPARE_JSON(json["neighbors"][0]["index"], 3);
    ORRERY_COMPARE_JSON(json["neighbors"][1]["index"], 4);
    for (const char* row : {"0", "2"})
      ORRERY_EXPECT_FAILURE(runOrrery({"neighbors", work.text("a.npy"), "--query", row, "--quiet"}),
                            "a.npy");
  }

  void absentWordsAreNamedWithTheNearest()
  {
    const Workplace work;
    writeFive(work);
    ORRERY_EXPECT_FAILURE(
        runOrrery({"neighbors", work.text("a.npy"), "--query", "wset", "--quiet"}), "west");
    for (const char* bad : {"", "east +", "east + + west", "\"east", "+"})
      ORRERY_EXPECT_FAILURE(
          runOrrery({"neighbors", work.text("a.npy"), "--algebra", bad, "--quiet"}), "orrery");
    ORRERY_EXPECT_FAILURE(runOrrery({"neighbors", work.text("a.npy"), "--query", "77", "--quiet"}),
                          "77");
  }

  void labelsAreHarmlessOnTheTerminal()
  {
    const Workplace work;
    writeNpy(work / "a.npy", {1, 0, 0, 1, 1, 0}, 2, 3);
    writeText(work / "a.labels.txt", "plain\n\x1B[31mred\xE2\x80\xAE<b>%1\n");
    const Run run = runOrrery({"neighbors", work.text("a.npy"), "--query", "0"});
    ORRERY_COMPARE_STATUS(run, 0);
    QVERIFY(run.out.find('\x1B') == std::string::npos);
    QVERIFY(run.out.find("\xE2\x80\xAE") == std::string::npos);
    QVERIFY2(run.out.find("<b>%1") != std::string::npos, run.out.c_str());
  }

  void kingManWoman()
  {
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    const Run run = runOrrery({"neighbors", dataPath.native(), "--algebra", "king - man + woman",
                               "--count", "3", "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    ORRERY_COMPARE_JSON(json["neighbors"][0]["label"], "queen");
    QCOMPARE(json["neighbors"].size(), std::size_t{3});
    const Run paris =
        runOrrery({"neighbors", dataPath.native(), "--query", "king", "--count", "1", "--json"});
    // numpy: (x / norms) @ (x[king] / norm) has its largest value beside king itself, 0.651, at
    // queen.
    ORRERY_COMPARE_JSON(paris.json()["neighbors"][0]["label"], "queen");
    QVERIFY(std::abs(paris.json()["neighbors"][0]["cosine"].get<double>() - 0.651) < 5e-4);
    const Run text = runOrrery({"neighbors", dataPath.native(), "--algebra", "king - man + woman"});
    QVERIFY2(text.out.find("queen") < text.out.find('\n'), text.out.c_str());
  }
};

QTEST_APPLESS_MAIN(tst_NeighborsCommand)
#include "tst_NeighborsCommand.moc"
