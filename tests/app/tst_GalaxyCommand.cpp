#include "tests/app/Program.h"
#include "tests/support/TestData.h"

#include <cmath>

using namespace orrery::test;

namespace {

std::vector<float> numbers(std::size_t count)
{
  std::vector<float> values(count);
  std::uint32_t seed = 1;
  for (float& value : values) {
    seed = 1664525u * seed + 1013904223u;
    value = static_cast<float>(seed >> 8) * 0x1p-24f - 0.5f;
  }
  return values;
}

}  // namespace

class tst_GalaxyCommand : public QObject {
  Q_OBJECT
 private slots:
  void knownSlopesOfRealLayers()
  {
    ORRERY_NEED_DATA("sae/pasttense_L4_saes.h5");
    const Workplace work;
    const Run run = runOrrery({"galaxy", (dataFolder() / "sae/pasttense_L4_saes.h5").string(),
                               "--halves", "0", "--json", "--output", work.text("layers.csv")});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json layers = run.json()["layers"];
    QCOMPARE(layers.size(), std::size_t{6});
    const std::pair<const char*, double> expected[] = {
        {"L1_K10/W_dec", -1.591}, {"L2_K10/W_dec", -1.792}, {"final_K10/W_dec", -1.159}};
    for (const auto& [dataset, slope] : expected) {
      int found = 0;
      for (const auto& layer : layers)
        if (layer["dataset"].get<std::string>().ends_with(dataset)) {
          ++found;
          QVERIFY(std::abs(layer["slope"].get<double>() - slope) < 1e-3);
          QVERIFY(std::abs(layer["slope_gaussian"].get<double>() + 0.53) < 0.05);
          // What sampling adds is taken off, with an interval of its own, and said in words.
          const double corrected = layer["slope_corrected"].get<double>();
          QVERIFY(corrected > layer["slope"].get<double>() && corrected < -0.3);
          QVERIFY(layer["slope_corrected_ci95"].is_null());  // needs halves
          QVERIFY(std::abs(layer["slope_by_sampling"].get<double>() + corrected -
                           layer["slope"].get<double>()) < 1e-9);
          QVERIFY(layer["sampling"].get<std::string>().starts_with("sampling alone explains"));
        }
      QCOMPARE(found, 1);
    }
    QVERIFY(run.error.find("L0 varies") != std::string::npos);
    const std::string csv = readText(work / "layers.csv");
    QVERIFY(csv.starts_with("file,dataset,layer,width,l0,"));
    QCOMPARE(std::count(csv.begin(), csv.end(), '\n'), std::ptrdiff_t{7});
  }

  void jsonKeys()
  {
    const Workplace work;
    writeNpy(work / "layer_3.npy", numbers(400 * 30), 400, 30);
    writeNpy(work / "raw.npy", numbers(500 * 30), 500, 30);
    const Run run =
        runOrrery({"galaxy", work.text("layer_3.npy"), "--activations", work.text("raw.npy"),
                   "--json", "--output", work.text("a.npz"), "--halves", "3"});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    const nlohmann::json layer = json["layers"][0];
    for (const char* key :
         {"file", "layer", "width", "l0", "features", "dimensions", "slope", "slope_fit_interval",
          "slope_ci95", "log_determinant", "log_effective_volume", "clustering_entropy",
          "clustering_entropy_ci95", "clustering_entropy_gaussian", "marchenko_pastur"})
      QVERIFY2(layer.contains(key), key);
    ORRERY_COMPARE_JSON(layer["layer"], 3);
    ORRERY_COMPARE_JSON(layer["features"], 400);
    ORRERY_COMPARE_JSON(layer["window"], (std::vector<int>{11, 30}));
    QVERIFY(run.error.find("clipped") != std::string::npos);
    ORRERY_COMPARE_JSON(json["activations"]["features"], 500);
    QVERIFY(layer["slope_ci95"][0] < layer["slope"] && layer["slope"] < layer["slope_ci95"][1]);
    QVERIFY(std::filesystem::file_size(work / "a.npz") > 3 * 30 * 8);
  }

  // The same in every form, and whatever the number of threads.
  void outputsAgree()
  {
    const Workplace work;
    writeNpy(work / "a.npy", numbers(200 * 24), 200, 24);
    std::string first;
    for (const char* threads : {"1", "3"}) {
      const Run run = runOrrery({"galaxy", work.text("a.npy"), "--json", "--quiet", "--threads",
                                 threads, "--output", work.text("a.h5")});
      ORRERY_COMPARE_STATUS(run, 0);
      QVERIFY(first.empty() || first == run.out);
      first = run.out;
    }
    for (const char* name : {"a.json", "a.tsv", "a.npz", "b.npy"})
      ORRERY_COMPARE_STATUS(
          runOrrery({"galaxy", work.text("a.npy"), "--output", work.text(name), "--quiet"}), 0);
    QVERIFY(readText(work / "a.json").find("eigenvalues_marchenko_pastur") != std::string::npos);
  }

  void publishedVariant()
  {
    const Workplace work;
    writeNpy(work / "a.npy", numbers(300 * 20), 300, 20);
    const auto entropy = [&](const char* variant) {
      const Run run = runOrrery({"galaxy", work.text("a.npy"), "--variant", variant, "--json",
                                 "--quiet", "--output", work.text("o.csv")});
      return run.json()["layers"][0]["clustering_entropy"].get<double>();
    };
    QVERIFY(entropy("published") > entropy("textbook") + 10);
  }

  // Small multiples without a display: text as text, one cloud for each layer.
  void rendersTheRowOfClouds()
  {
    const Workplace work;
    std::filesystem::create_directories(work / "layers");
    for (const char* name : {"layers/layer_1.npy", "layers/layer_7.npy"})
      writeNpy(work / name, numbers(120 * 9), 120, 9);
    const Run run = runOrrery({"render", work.text("layers"), "--view", "galaxy", "--json",
                               "--output", work.text("row.svg"), "--dpi", "96"});
    ORRERY_COMPARE_STATUS(run, 0);
    ORRERY_COMPARE_JSON(run.json()["view"], "galaxy");
    const std::string svg = readText(work / "row.svg");
    QVERIFY(svg.find("Layer 1") != std::string::npos && svg.find("Layer 7") != std::string::npos);
    QVERIFY(svg.find("True to scale") != std::string::npos);
    const Run published = runOrrery({"render", work.text("layers"), "--view", "galaxy", "--variant",
                                     "published", "--output", work.text("row.svg")});
    ORRERY_COMPARE_STATUS(published, 0);
    QVERIFY(readText(work / "row.svg").find("As published") != std::string::npos);
  }

  void refusals()
  {
    const Workplace work;
    writeNpy(work / "thin.npy", numbers(100 * 12), 100, 12);
    writeNpy(work / "a.npy", numbers(100 * 30), 100, 30);
    const auto files = listFolder(work.folder());
    ORRERY_EXPECT_FAILURE(
        runOrrery({"galaxy", work.text("thin.npy"), "--output", work.text("o.csv")}), "10 ranks");
    ORRERY_EXPECT_FAILURE(runOrrery({"galaxy", work.text("a.npy"), "--window", "25:60", "--output",
                                     work.text("o.csv")}),
                          "10 ranks");
    ORRERY_EXPECT_FAILURE(runOrrery({"galaxy", work.text("a.npy"), "--max-memory", "16K",
                                     "--output", work.text("o.csv")}),
                          "memory");
    for (const std::vector<std::string>& wrong :
         {std::vector<std::string>{"--window", "5"}, {"--window", "9:3"}, {"--halves", "1"}}) {
      std::vector<std::string> arguments = {"galaxy", work.text("a.npy"), "--output",
                                            work.text("o.csv")};
      arguments.insert(arguments.end(), wrong.begin(), wrong.end());
      ORRERY_COMPARE_STATUS(runOrrery(arguments), 2);
    }
    ORRERY_COMPARE_STATUS(runOrrery({"galaxy", work.text("a.npy")}), 2);
    QCOMPARE(listFolder(work.folder()), files);
  }
};

QTEST_GUILESS_MAIN(tst_GalaxyCommand)
#include "tst_GalaxyCommand.moc"
