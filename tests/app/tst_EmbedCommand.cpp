#include "core/base/Random.h"
#include "tests/app/Program.h"
#include "tests/support/TestData.h"

#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>

using namespace orrery;
using namespace orrery::test;

namespace {

std::vector<float> normals(std::int64_t count, std::uint64_t seed)
{
  Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values)
    value = static_cast<float>(random.normal());
  return values;
}

const std::vector<std::string> contractKeys = {
    "method",  "dimensions",        "features",        "seconds",    "stages",
    "options", "neighbors_kept_10", "trustworthiness", "continuity", "kl_divergence"};

}  // namespace

class tst_EmbedCommand : public QObject {
  Q_OBJECT
 private slots:
  void jsonKeys()
  {
    const Workplace work;
    writeNpy(work / "a.npy", normals(200 * 10, 1), 200, 10);
    const Run run = runOrrery({"embed", work.text("a.npy"), "--method", "pca", "--output",
                               work.text("map.npz"), "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    for (const std::string& key : contractKeys)
      QVERIFY2(json.contains(key), key.c_str());
    ORRERY_COMPARE_JSON(json["method"], "pca");
    ORRERY_COMPARE_JSON(json["dimensions"], 3);
    ORRERY_COMPARE_JSON(json["features"], 200);
    QVERIFY(json["seconds"].get<double>() > 0);
    QVERIFY(json["stages"].is_object() && !json["stages"].empty());
    QVERIFY(json["options"].is_object());
    QVERIFY(json["kl_divergence"].is_null());
    for (const char* key : {"neighbors_kept_10", "trustworthiness", "continuity"}) {
      const double value = json[key].get<double>();
      QVERIFY2(value > 0 && value <= 1, key);
    }
    QCOMPARE(listFolder(work.folder()), (std::vector<std::string>{"a.npy", "map.npz"}));
  }

  // A plane in ten dimensions: two components keep everything.
  void aPlaneIsKeptWhole()
  {
    const Workplace work;
    const std::vector<float> flat = normals(2 * 300, 2);
    std::vector<float> values;
    for (int i = 0; i < 300; ++i)
      for (int axis = 0; axis < 10; ++axis)
        values.push_back(flat[static_cast<std::size_t>(2 * i)] * static_cast<float>(axis + 1) +
                         flat[static_cast<std::size_t>(2 * i + 1)] *
                             static_cast<float>(axis % 3 - 1) * 5);
    writeNpy(work / "a.npy", values, 300, 10);
    const Run run =
        runOrrery({"embed", work.text("a.npy"), "--method", "pca", "--dimensions", "2", "--metric",
                   "euclidean", "--output", work.text("map.csv"), "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    QVERIFY(run.json()["neighbors_kept_10"].get<double>() > 0.99);
    QVERIFY(run.json()["trustworthiness"].get<double>() > 0.999);
    const std::string csv = readText(work / "map.csv");
    QVERIFY2(csv.starts_with("index,x,y"), csv.substr(0, 60).c_str());
    QCOMPARE(std::count(csv.begin(), csv.end(), '\n'), 301);
  }

  void everyEndingOpensAgain_data()
  {
    QTest::addColumn<std::string>("ending");
    for (const char* ending : {".csv", ".tsv", ".npy", ".npz", ".h5", ".json"})
      QTest::newRow(ending) << std::string(ending);
  }

  void everyEndingOpensAgain()
  {
    QFETCH(std::string, ending);
    const Workplace work;
    writeNpy(work / "a.npy", normals(60 * 5, 3), 60, 5);
    const std::string map = work.text("map" + ending);
    ORRERY_COMPARE_STATUS(runOrrery({"embed", work.text("a.npy"), "--method", "pca", "--dimensions",
                                     "2", "--output", map}),
                          0);
    QVERIFY(std::filesystem::file_size(map) > 100);
    if (ending == ".npy" || ending == ".npz" || ending == ".h5") {
      const Run info = runOrrery({"info", map, "--json"});
      ORRERY_COMPARE_STATUS(info, 0);
      ORRERY_COMPARE_JSON(info.json()["features"], 60);
      ORRERY_COMPARE_JSON(info.json()["dimensions"], 2);
    }
    if (ending == ".json")
      QVERIFY(nlohmann::json::parse(readText(map), nullptr, false).is_object());
  }

  void unfiniteRowsHaveNoPlace()
  {
    const Workplace work;
    std::vector<float> values = normals(50 * 5, 4);
    values[7 * 5 + 2] = std::numeric_limits<float>::quiet_NaN();
    writeNpy(work / "a.npy", values, 50, 5);
    const Run run = runOrrery({"embed", work.text("a.npy"), "--method", "pca", "--output",
                               work.text("map.npy"), "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    ORRERY_COMPARE_JSON(run.json()["features"], 50);
    ORRERY_COMPARE_JSON(run.json()["left_out"], 1);
    const std::string bytes = readText(work / "map.npy");
    std::vector<float> map(150);
    std::memcpy(map.data(), bytes.data() + bytes.size() - 600, 600);
    for (std::size_t i = 0; i < 150; ++i)
      QCOMPARE(std::isnan(map[i]), i / 3 == 7);
  }

  void sameBitsForAnyThreads()
  {
    const Workplace work;
    writeNpy(work / "a.npy", normals(700 * 40, 5), 700, 40);
    std::string first;
    for (const char* threads : {"1", "2"}) {
      ORRERY_COMPARE_STATUS(runOrrery({"embed", work.text("a.npy"), "--method", "pca", "--threads",
                                       threads, "--output", work.text("map.npy")}),
                            0);
      const std::string bytes = readText(work / "map.npy");
      if (first.empty())
        first = bytes;
      QVERIFY(bytes == first);
    }
  }

  void edges_data()
  {
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("status");
    QTest::newRow("one feature") << 1 << 5 << 0;
    QTest::newRow("two features") << 2 << 5 << 0;
    QTest::newRow("five features, ten neighbours asked") << 5 << 8 << 0;
    QTest::newRow("one dimension") << 50 << 1 << 0;
    QTest::newRow("a map itself") << 50 << 2 << 0;
  }

  void edges()
  {
    QFETCH(int, rows);
    QFETCH(int, columns);
    QFETCH(int, status);
    const Workplace work;
    writeNpy(work / "a.npy", normals(rows * columns, 6), rows, columns);
    const Run run = runOrrery({"embed", work.text("a.npy"), "--method", "pca", "--output",
                               work.text("map.csv"), "--json"});
    ORRERY_COMPARE_STATUS(run, status);
    if (status == 1)
      ORRERY_EXPECT_FAILURE(run, "a.npy");
    QCOMPARE(std::filesystem::exists(work / "map.csv"), status == 0);
  }

  void failuresLeaveTheOldFile_data()
  {
    QTest::addColumn<std::string>("kind");
    for (const char* kind : {"all rows NaN", "no room", "cut input"})
      QTest::newRow(kind) << std::string(kind);
  }

  void failuresLeaveTheOldFile()
  {
    QFETCH(std::string, kind);
    const Workplace work;
    std::vector<float> values = normals(2000 * 8, 7);
    if (kind == "all rows NaN")
      values.assign(values.size(), std::numeric_limits<float>::quiet_NaN());
    writeNpy(work / "a.npy", values, 2000, 8);
    if (kind == "cut input")
      std::filesystem::resize_file(work / "a.npy", 1000);
    writeText(work / "map.csv", "precious\n");
    RunOptions options;
    if (kind == "no room")
      options.throughShell = "ulimit -f 8;";  // of 512 bytes
    const Run run = runOrrery({"embed", work.text("a.npy"), "--method", "pca", "--quiet",
                               "--output", work.text("map.csv")},
                              options);
    ORRERY_EXPECT_FAILURE(run, kind == "no room" ? "map.csv" : "a.npy");
    QCOMPARE(readText(work / "map.csv"), std::string("precious\n"));
    QCOMPARE(listFolder(work.folder()), (std::vector<std::string>{"a.npy", "map.csv"}));
  }

  void badOutputsAreRefusedBeforeTheWork_data()
  {
    QTest::addColumn<std::string>("output");
    for (const char* output : {"map.xyz", "map", "missing/map.csv", "folder.csv"})
      QTest::newRow(output) << std::string(output);
  }

  void badOutputsAreRefusedBeforeTheWork()
  {
    QFETCH(std::string, output);
    const Workplace work;
    std::filesystem::create_directory(work / "folder.csv");
    // The input is missing too: what is known before the work is said first.
    const Run run = runOrrery(
        {"embed", work.text("absent.npy"), "--method", "pca", "--output", work.text(output)});
    ORRERY_EXPECT_FAILURE(run, output);
    QCOMPARE(listFolder(work.folder()), (std::vector<std::string>{"folder.csv"}));
  }

  void progressIsPlainLinesOrABar()
  {
    const Workplace work;
    writeNpy(work / "a.npy", normals(20000 * 512, 8), 20000, 512);
    const std::vector<std::string> arguments = {"embed", work.text("a.npy"), "--method",
                                                "pca",   "--output",         work.text("map.npy")};
    const Run plain = runOrrery(arguments);
    ORRERY_COMPARE_STATUS(plain, 0);
    QVERIFY2(std::count(plain.error.begin(), plain.error.end(), '\n') >= 2, plain.error.c_str());
    QVERIFY2(plain.error.find(" %") != std::string::npos, plain.error.c_str());
    QVERIFY(plain.error.find('\r') == std::string::npos);
    std::istringstream lines(plain.error);
    for (std::string line; std::getline(lines, line);)
      QVERIFY2(line.starts_with("orrery: "), line.c_str());

    const Run bar = runOrrery(arguments, {.terminal = true});
    ORRERY_COMPARE_STATUS(bar, 0);
    QVERIFY2(bar.error.find("\r") != std::string::npos && bar.error.find('[') != std::string::npos,
             bar.error.c_str());
    QVERIFY2(bar.error.ends_with("\r\033[K"), "the bar is wiped at the end");

    std::vector<std::string> quiet = arguments;
    quiet.emplace_back("--quiet");
    QCOMPARE(runOrrery(quiet).error, std::string());
  }

  void interruptionIsQuickAndClean()
  {
    const Workplace work;
    writeNpy(work / "a.npy", normals(30000 * 512, 9), 30000, 512);
    writeText(work / "map.npy", "precious\n");
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      RunOptions options;
      options.interrupt = [number](const std::string& error) {
        return error.find("eighbours") != std::string::npos ? number : 0;
      };
      const Run run = runOrrery({"embed", work.text("a.npy"), "--method", "pca", "--output",
                                 work.text("map.npy"), "--json"},
                                options);
      ORRERY_COMPARE_STATUS(run, 128 + number);
      qInfo("signal %d: ended after %.2f s", number, run.secondsAfterSignal);
      QVERIFY(run.secondsAfterSignal < 1.0);
      QCOMPARE(run.out, std::string());
      QVERIFY2(run.remarks().empty(), run.error.c_str());
      QCOMPARE(readText(work / "map.npy"), std::string("precious\n"));
      QCOMPARE(listFolder(work.folder()), (std::vector<std::string>{"a.npy", "map.npy"}));
    }
  }

  void ignoredSignalsStayIgnored()
  {
    const Workplace work;
    writeNpy(work / "a.npy", normals(20000 * 512, 8), 20000, 512);
    RunOptions options;
    options.throughShell = "trap '' HUP;";
    bool sent = false;
    options.interrupt = [&sent](const std::string& error) {
      return sent || error.empty() ? 0 : (sent = true, SIGHUP);
    };
    ORRERY_COMPARE_STATUS(runOrrery({"embed", work.text("a.npy"), "--method", "pca", "--output",
                                     work.text("map.npy")},
                                    options),
                          0);
    QVERIFY(sent);
  }

  void realVectorsKeepTheirNeighbours()
  {
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    const Workplace work;
    const Run run = runOrrery({"embed", dataPath.native(), "--method", "pca", "--output",
                               work.text("map.csv"), "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    ORRERY_COMPARE_JSON(json["features"], 8168);
    QVERIFY(json["trustworthiness"].get<double>() > 0.6);
    const std::string csv = readText(work / "map.csv");
    QVERIFY2(csv.starts_with("index,label,x,y,z,neighbors_kept"), csv.substr(0, 60).c_str());
  }
};

QTEST_APPLESS_MAIN(tst_EmbedCommand)
#include "tst_EmbedCommand.moc"
