#include "core/synthetic/SyntheticDictionary.h"
#include "tests/app/Program.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <QFile>

#include <algorithm>
#include <cmath>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr const char* keys[] = {"affinity",           "clusters",         "sizes",     "ami",
                                "ami_null_mean",      "ami_null_sd",      "ami_z",     "logistic",
                                "logistic_null_mean", "logistic_null_sd", "logistic_z"};

/// A small planted dictionary as files.
void writePlanted(const Workplace& work)
{
  SyntheticOptions options;
  options.features = 500;
  options.dimensions = 48;
  options.blocks = 600;
  const SyntheticDictionary planted = makeSyntheticDictionary(options);
  const FeatureMatrix& decoder = *planted.dictionary.decoder;
  writeNpy(work / "words.npy", std::vector<float>(decoder.data(), decoder.data() + decoder.size()),
           500, 48);
  std::string types;
  for (const std::string& type : planted.firings.documentTypes)
    types += type + "\n";
  writeText(work / "types.txt", types);
}

}  // namespace

class tst_LobesCommand : public QObject {
  Q_OBJECT
 private slots:
  void theDemosLobes()
  {
    const Workplace work;
    ORRERY_COMPARE_STATUS(runOrrery({"demo", "--output", work.text("demo")}), 0);
    std::string dictionary;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(work.folder() / "demo"))
      if (entry.path().filename() == "synthetic-params.npz" &&
          entry.path().native().find("layer_3") != std::string::npos)
        dictionary = entry.path().native();
    QVERIFY(!dictionary.empty());
    const Run run =
        runOrrery({"lobes", dictionary, "--cooccurrence", work.text("demo/synthetic-blocks.npz"),
                   "--documents", work.text("demo/synthetic-documents.txt"), "--clusters", "2,4",
                   "--permutations", "2", "--output", work.text("lobes.npz"), "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    QCOMPARE(json["results"].size(), std::size_t{2});
    for (const auto& result : json["results"]) {
      for (const char* key : keys)
        QVERIFY2(result.contains(key), key);
      ORRERY_COMPARE_JSON(result["affinity"], "phi");
      QVERIFY(result["ami"].get<double>() > 0.05);
    }
    ORRERY_COMPARE_JSON(json["results"][1]["clusters"], 4);
    QVERIFY(json["documents"].size() > 1);
    for (const auto& [type, shares] : json["documents"].items()) {
      double sum = 0.0;
      for (const auto& share : shares)
        sum += share.get<double>();
      QVERIFY2(std::abs(sum - 1.0) < 1e-9, type.c_str());
    }
    // The counts of the same firings give the same lobes.
    const Run counts = runOrrery(
        {"lobes", dictionary, "--cooccurrence", work.text("demo/synthetic-cooccurrences.npz"),
         "--clusters", "4", "--permutations", "2", "--output", work.text("counts.npz"), "--json"});
    ORRERY_COMPARE_STATUS(counts, 0);
    QVERIFY(std::abs(counts.json()["results"][0]["ami"].get<double>() -
                     json["results"][1]["ami"].get<double>()) < 0.02);
    // The four pictures, with names of document types as text.
    for (const auto& [picture, clusters] :
         {std::pair{"maps", "3"}, {"documents", "4"}, {"curves", "2,4"}, {"splitting", "2,3,4"}}) {
      const std::string file = work.text(std::string(picture) + ".svg");
      const Run drawn =
          runOrrery({"render", dictionary, "--view", "lobes", "--picture", picture,
                     "--cooccurrence", work.text("demo/synthetic-blocks.npz"), "--documents",
                     work.text("demo/synthetic-documents.txt"), "--clusters", clusters,
                     "--permutations", "2", "--output", file});
      ORRERY_COMPARE_STATUS(drawn, 0);
      QFile svg(QString::fromStdString(file));
      QVERIFY(svg.open(QIODevice::ReadOnly));
      const QByteArray text = svg.readAll();
      QCOMPARE(text.contains(QByteArray::fromStdString(json["documents"].begin().key())),
               std::string(picture) == "documents");
    }
    const Run typeless = runOrrery(
        {"render", dictionary, "--view", "lobes", "--picture", "documents", "--cooccurrence",
         work.text("demo/synthetic-cooccurrences.npz"), "--output", work.text("no.svg")});
    ORRERY_EXPECT_FAILURE(typeless, "counts only");
    const Run info = runOrrery(
        {"info", dictionary, "--cooccurrence", work.text("demo/synthetic-blocks.npz"), "--json"});
    ORRERY_COMPARE_STATUS(info, 0);
    ORRERY_COMPARE_JSON(info.json()["cooccurrence_blocks"], 3000);
  }

  void wrongUsage_data()
  {
    QTest::addColumn<std::vector<std::string>>("more");
    using Words = std::vector<std::string>;
    QTest::newRow("no output") << Words{"--cooccurrence", "c.npz"};
    QTest::newRow("no co-occurrence") << Words{"--output", "o.npz"};
    QTest::newRow("one lobe") << Words{"--cooccurrence", "c",          "--output",
                                       "o.npz",          "--clusters", "1"};
    QTest::newRow("no number") << Words{"--cooccurrence", "c",          "--output",
                                        "o.npz",          "--clusters", "2;3"};
    QTest::newRow("affinity") << Words{"--cooccurrence", "c",          "--output",
                                       "o.npz",          "--affinity", "pearson"};
    QTest::newRow("shift") << Words{"--cooccurrence", "c", "--output", "o.npz", "--shift", "none"};
  }
  void wrongUsage()
  {
    QFETCH(std::vector<std::string>, more);
    std::vector<std::string> arguments = {"lobes", "a.npy"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ORRERY_COMPARE_STATUS(runOrrery(arguments), 2);
  }

  void failuresSayOneLine()
  {
    const Workplace work;
    writePlanted(work);
    const Run absent = runOrrery({"lobes", work.text("words.npy"), "--cooccurrence",
                                  work.text("absent.npz"), "--output", work.text("o.csv")});
    ORRERY_EXPECT_FAILURE(absent, "absent.npz");
    const Run nothing = runOrrery({"lobes", work.text("words.npy"), "--cooccurrence",
                                   work.text("types.txt"), "--output", work.text("o.csv")});
    ORRERY_EXPECT_FAILURE(nothing, "types.txt");
    QVERIFY(!std::filesystem::exists(work / "o.csv"));
  }

  // data/README.md: max(phi, 0) beside max(cosine, 0), words in 30 blocks to 40 % of them.
  void theCorpusGivesThePublishedAgreement()
  {
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    const Workplace work;
    const std::string corpus = dataFolder() / "corpus";
    struct Expected {
      std::string shift;
      std::vector<double> ami;  ///< At k = 2, 3, 5, 8.
    };
    for (const Expected& expected : {Expected{"clip", {0.004, 0.163, 0.103, 0.095}},
                                     Expected{"add", {0.151, 0.067, 0.085, 0.096}}}) {
      const Run run = runOrrery(
          {"lobes", dataPath.native(), "--cooccurrence", corpus + "/blocks_x_words_csr.npz",
           "--documents", corpus + "/block_types.txt", "--shift", expected.shift, "--min-blocks",
           "30", "--max-share", "0.4", "--clusters", "2,3,5,8", "--permutations", "2", "--output",
           work.text("lobes.csv"), "--json"});
      ORRERY_COMPARE_STATUS(run, 0);
      const nlohmann::json json = run.json();
      for (std::size_t i = 0; i < 4; ++i) {
        const double ami = json["results"][i]["ami"].get<double>();
        QVERIFY2(std::abs(ami - expected.ami[i]) < 0.03, std::to_string(ami).c_str());
      }
      if (expected.shift != "clip")
        continue;
      const auto& lobes = json["documents_by_lobes"]["3"];
      QVERIFY(lobes["code-python"]["2"].get<double>() > 0.99);        // the smallest
      QVERIFY(lobes["brown-fiction"]["1"].get<double>() > 0.9);       // narrative
      QVERIFY(lobes["state-of-the-union"]["0"].get<double>() > 0.8);  // public affairs
    }
  }

  // The verbs that features of three dictionaries fire on: lobes of two are not distinguishable
  // from chance, of five clearly are. For L1_K10 that is true of the best of a thousand starts of
  // k-means (here and in scikit-learn p is near .005); ten starts give p from .0005 to .09 by the
  // seed. Among features of like frequency little of it remains.
  void twoLobesOfVerbsAreNoPlaces_data()
  {
    QTest::addColumn<QString>("seed");
    for (const char* seed : {"0", "1", "2"})
      QTest::newRow(seed) << seed;
  }
  void twoLobesOfVerbsAreNoPlaces()
  {
    QFETCH(QString, seed);
    ORRERY_NEED_DATA("sae/pasttense_L4_saes.h5");
    const Workplace work;
    for (const char* set : {"/L1_K10/W_dec", "/final_K5/W_dec", "/final_K10/W_dec"}) {
      const Run run =
          runOrrery({"lobes", dataPath.native(), "--dataset", set, "--cooccurrence",
                     dataPath.native(), "--clusters", "2,5", "--permutations", "2", "--seed",
                     seed.toStdString(), "--output", work.text("lobes.npz"), "--json"});
      ORRERY_COMPARE_STATUS(run, 0);
      const nlohmann::json results = run.json()["results"];
      ORRERY_COMPARE_JSON(results[0]["verdict"], "not distinguishable from chance");
      ORRERY_COMPARE_JSON(results[1]["verdict"], "clearly above chance");
      if (std::string(set) != "/L1_K10/W_dec")
        ORRERY_COMPARE_JSON(results[1]["verdict_within_deciles"], "clearly above chance");
    }
  }
};

QTEST_APPLESS_MAIN(tst_LobesCommand)
#include "tst_LobesCommand.moc"
