#include "core/base/Random.h"
#include "tests/app/Program.h"
#include "tests/support/PlantedCrystals.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <cmath>

using namespace orrery;
using namespace orrery::test;
using Words = std::vector<std::string>;

namespace {

constexpr int families = 4, size = 12, features = 240, dimensions = 48;

/// Words of 3 to 12 letters, so that their length varies.
std::string word(FeatureId id)
{
  return std::string(static_cast<std::size_t>(2 + id % 7), static_cast<char>('a' + id % 23)) +
         std::to_string(id);
}

/// words.npy with labels beside it, pairs.csv of four relations and one pair that is missing.
Planted writePlanted(const Workplace& work)
{
  const Planted planted = plantCrystals(features, dimensions, families, size, 0.15, 5);
  writeNpy(
      work / "words.npy",
      std::vector<float>(planted.vectors.data(), planted.vectors.data() + planted.vectors.size()),
      features, dimensions);
  std::string labels, pairs = "relation,first,second\n";
  for (FeatureId id = 0; id < features; ++id)
    labels += word(id) + "\n";
  for (int i = 0; i < families * size; ++i) {
    const auto [a, b] = planted.pairs[static_cast<std::size_t>(i)];
    pairs += "relation" + std::to_string(i / size) + "," + word(a) + "," + word(b) + "\n";
  }
  writeText(work / "words.labels.txt", labels);
  writeText(work / "pairs.csv", pairs + "relation0,nowhere,nothing\n");
  return planted;
}

Words command(const Workplace& work, const Words& more)
{
  Words words = {"crystals", work.text("words.npy")};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// Every key is there and of its kind: i integer, n number, o number or null, s text.
void hasKeys(const nlohmann::json& json, const std::vector<std::pair<const char*, char>>& keys)
{
  for (const auto& [key, kind] : keys) {
    QVERIFY2(json.contains(key), key);
    const nlohmann::json& value = json[key];
    QVERIFY2(kind == 'i'   ? value.is_number_integer()
             : kind == 'n' ? value.is_number()
             : kind == 'o' ? value.is_number() || value.is_null()
                           : value.is_string(),
             (std::string(key) + " " + value.dump()).c_str());
  }
}

}  // namespace

class tst_CrystalsCommand : public QObject {
  Q_OBJECT
 private slots:
  // The contract of the JSON, key by key, and what was planted.
  void plantedCrystals()
  {
    const Workplace work;
    const Planted planted = writePlanted(work);
    const Run run =
        runOrrery(command(work, {"--residual", "0.12", "--pairs", work.text("pairs.csv"), "--group",
                                 "6", "--output", work.text("out.csv"), "--json"}));
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    hasKeys(json, {{"mode", 's'},
                   {"clean", 's'},
                   {"components", 'i'},
                   {"pairs_searched", 'i'},
                   {"complete_above", 'n'},
                   {"seconds", 'n'}});
    ORRERY_COMPARE_JSON(json["mode"], "parallelogram");
    ORRERY_COMPARE_JSON(json["clean"], "none");
    ORRERY_COMPARE_JSON(json["components"], 8);

    std::set<Corners> found;
    for (const auto& one : json["found"]) {
      hasKeys(one, {{"a", 'i'},
                    {"b", 'i'},
                    {"c", 'i'},
                    {"d", 'i'},
                    {"cos_ab_cd", 'n'},
                    {"cos_ac_bd", 'n'},
                    {"length_ratio", 'n'},
                    {"residual", 'n'},
                    {"angle", 'n'},
                    {"planarity", 'n'},
                    {"rank_3cosadd", 'i'},
                    {"z", 'o'},
                    {"fdr", 'o'}});
      QCOMPARE(one["labels"].size(), std::size_t{4});
      ORRERY_COMPARE_JSON(one["labels"][3], word(one["d"].get<FeatureId>()));
      QVERIFY(one["fdr"].get<double>() < 0.05);
      found.insert(unordered({one["a"].get<FeatureId>(), one["b"].get<FeatureId>(),
                              one["c"].get<FeatureId>(), one["d"].get<FeatureId>()},
                             CrystalMode::Parallelogram));
    }
    const Agreement agreement = compareCrystals(found, planted.truth);
    QVERIFY(agreement.precision >= 0.95);
    QVERIFY(agreement.recall >= 0.95);

    QCOMPARE(json["relations"].size(), std::size_t{families});
    for (const auto& relation : json["relations"]) {
      hasKeys(relation, {{"name", 's'},
                         {"pairs", 'i'},
                         {"used", 'i'},
                         {"missing", 'i'},
                         {"cosine", 'n'},
                         {"cosine_shuffled", 'n'},
                         {"accuracy_3cosadd", 'n'},
                         {"accuracy_3cosmul", 'n'},
                         {"verdict", 's'}});
      ORRERY_COMPARE_JSON(relation["used"], size);
      ORRERY_COMPARE_JSON(relation["verdict"], "parallelogram");
      QVERIFY(relation["accuracy_3cosadd"].get<double>() > 0.95);
    }
    ORRERY_COMPARE_JSON(json["relations"][0]["missing"], 1);
    const nlohmann::json& silhouette = json["silhouette"];
    QVERIFY(silhouette["pca_plane"].is_number());
    for (const char* key : {"lda", "lda_heldout", "lda_permuted"}) {
      QCOMPARE(silhouette[key].size(), std::size_t{2});  // up to classes − 1
      QVERIFY(silhouette[key]["2"].is_number() && silhouette[key]["3"].is_number());
    }
    QVERIFY(silhouette["lda_heldout"]["3"].get<double>() > 0.5);
    QVERIFY(silhouette["lda_permuted"]["3"].get<double>() < 0.05);

    // All differences in groups: the families' pairs again, whole.
    int whole = 0;
    for (const auto& group : json["groups"])
      whole +=
          std::abs(group["pairs"].get<int>() - size) <= 1 && group["cosine"].get<double>() > 0.9;
    QCOMPARE(whole, families);

    const std::string table = readText(work / "out.csv");
    for (const char* column : {"label_a", "cos_ab_cd", "planarity", "rank_3cosadd", "family"})
      QVERIFY2(table.find(column) != std::string::npos, column);
    QCOMPARE(listFolder(work.folder()),
             (Words{"out.csv", "pairs.csv", "words.labels.txt", "words.npy"}));
  }

  void everyFormAndCleaning_data()
  {
    QTest::addColumn<Words>("more");
    QTest::addColumn<std::string>("file");
    QTest::newRow("trapezoids") << Words{"--mode", "trapezoid"} << std::string("o.json");
    QTest::newRow("lda") << Words{"--clean", "lda", "--components", "3"} << std::string("o.npz");
    QTest::newRow("pca") << Words{"--clean", "pca", "--components", "2"} << std::string("o.h5");
    QTest::newRow("length") << Words{"--clean", "length"} << std::string("o.tsv");
  }
  void everyFormAndCleaning()
  {
    QFETCH(Words, more);
    QFETCH(std::string, file);
    const Workplace work;
    (void)writePlanted(work);
    Words words = command(work, {"--residual", "0.02", "--top", "20", "--pairs",
                                 work.text("pairs.csv"), "--output", work.text(file), "--json"});
    words.insert(words.end(), more.begin(), more.end());
    const Run run = runOrrery(words);
    ORRERY_COMPARE_STATUS(run, 0);
    ORRERY_COMPARE_JSON(run.json()[more[0] == "--mode" ? "mode" : "clean"], more[1]);
    QVERIFY(run.json()["found"].size() <= 20);
    QVERIFY(std::filesystem::file_size(work / file) > 0);
    // The same bits for any number of threads.
    for (const char* threads : {"1", "3"}) {
      Words again = words;
      again.insert(again.end(), {"--threads", threads});
      const Run other = runOrrery(again);
      ORRERY_COMPARE_STATUS(other, 0);
      ORRERY_COMPARE_JSON(other.json()["found"], run.json()["found"]);
    }
  }

  void whyNot()
  {
    const Workplace work;
    (void)writePlanted(work);
    const auto check = [&](const Words& corners, const Words& more) {
      Words words = command(work, {"--residual", "0.12", "--json", "--check"});
      words.insert(words.end(), corners.begin(), corners.end());
      words.insert(words.end(), more.begin(), more.end());
      return runOrrery(words);
    };
    const Run good = check({word(0), word(1), word(2), word(3)}, {});
    ORRERY_COMPARE_STATUS(good, 0);
    ORRERY_COMPARE_JSON(good.json()["raw"]["verdict"], "a parallelogram by every criterion");
    QVERIFY(!good.json().contains("cleaned"));
    // Thresholds are options: the same four under a stricter one.
    for (const Words& strict :
         {Words{"--least-cosine", "0.9999"}, Words{"--least-ratio", "0.9999"},
          Words{"--most-p", "0"}, Words{"--least-angle", "89"}, Words{"--least-side", "0.9"}}) {
      const Run run = check({word(0), word(1), word(2), word(3)}, strict);
      ORRERY_COMPARE_STATUS(run, 0);
      QVERIFY2(run.json()["raw"]["verdict"] != "a parallelogram by every criterion",
               strict[0].c_str());
    }
    const Run bad = check({word(0), word(1), word(3), word(2)},
                          {"--clean", "lda", "--pairs", work.text("pairs.csv")});
    ORRERY_COMPARE_STATUS(bad, 0);
    for (const char* space : {"raw", "cleaned"}) {
      const nlohmann::json judged = bad.json()[space];
      QVERIFY(judged["verdict"].get<std::string>().find("squared residual") != std::string::npos);
      for (const auto& criterion : judged["criteria"])
        hasKeys(criterion, {{"name", 's'}, {"value", 'o'}, {"needed", 'n'}});
    }
    ORRERY_EXPECT_FAILURE(check({word(0), word(1), word(2), "xyzzy"}, {}), "xyzzy");
  }

  void wrongUsage_data()
  {
    QTest::addColumn<Words>("more");
    QTest::newRow("no output") << Words{};
    QTest::newRow("mode") << Words{"--output", "o.csv", "--mode", "square"};
    QTest::newRow("cleaning") << Words{"--output", "o.csv", "--clean", "soap"};
    QTest::newRow("three corners") << Words{"--check", "a", "b", "c"};
    QTest::newRow("no residual") << Words{"--output", "o.csv", "--residual", "0"};
    QTest::newRow("no groups") << Words{"--output", "o.csv", "--group", "0"};
  }
  void wrongUsage()
  {
    QFETCH(Words, more);
    const Workplace work;
    (void)writePlanted(work);
    ORRERY_COMPARE_STATUS(runOrrery(command(work, more)), 2);
  }

  void failuresSayOneLine()
  {
    const Workplace work;
    (void)writePlanted(work);
    ORRERY_EXPECT_FAILURE(runOrrery(command(work, {"--pairs", work.text("absent.csv"), "--output",
                                                   work.text("o.csv")})),
                          "absent.csv");
    ORRERY_EXPECT_FAILURE(runOrrery(command(work, {"--output", work.text("o.png")})), "o.png");
    writeText(work / "bad.csv", "relation,first,second\none,two\n");
    ORRERY_EXPECT_FAILURE(
        runOrrery(command(work, {"--pairs", work.text("bad.csv"), "--output", work.text("o.csv")})),
        "line 2");
    std::filesystem::remove(work / "words.labels.txt");
    ORRERY_EXPECT_FAILURE(
        runOrrery(command(work, {"--clean", "length", "--output", work.text("o.csv")})), "labels");
    QVERIFY(!std::filesystem::exists(work / "o.csv"));
  }

  // data/README.md, through the program; tst_RelationScores has all tasks.
  void googleNews()
  {
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    const Workplace work;
    const std::string tasks = dataFolder() / "tasks";
    const Run run =
        runOrrery({"crystals", dataPath.native(), "--pairs", tasks + "/google_questions-words.txt",
                   tasks + "/function_vectors/country-capital.json",
                   tasks + "/function_vectors/capitalize_first_letter.json", "--residual", "0.01",
                   "--output", work.text("o.csv"), "--json"},
                  {.timeoutMs = 110000});
    ORRERY_COMPARE_STATUS(run, 0);
    const std::map<std::string, double> expected = {{"capital-common-countries", .917},
                                                    {"family", .934},
                                                    {"gram3-comparative", .902},
                                                    {"gram6-nationality-adjective", .962},
                                                    {"currency", .32},
                                                    {"gram2-opposite", .478},
                                                    {"country-capital", .81}};
    std::size_t seen = 0;
    const auto report = run.json();
    for (const auto& relation : report["relations"]) {
      const auto name = relation["name"].get<std::string>();
      if (const auto known = expected.find(name); known != expected.end()) {
        ++seen;
        QVERIFY2(std::abs(relation["accuracy_3cosadd"].get<double>() - known->second) < 0.005,
                 relation.dump().c_str());
      }
      if (name == "capitalize_first_letter")
        ORRERY_COMPARE_JSON(relation["verdict"], "no parallelogram");
    }
    QCOMPARE(seen, expected.size());
  }
};

QTEST_APPLESS_MAIN(tst_CrystalsCommand)
#include "tst_CrystalsCommand.moc"
