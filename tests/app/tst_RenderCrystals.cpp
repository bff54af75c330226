// `orrery render --view crystals` without a display: from word pairs, from four labels, from a
// session; and what it refuses.
#include "core/document/CrystalState.h"
#include "core/document/Session.h"
#include "core/io/DictionaryFile.h"
#include "tests/app/Program.h"

#include <QImage>

#include <cmath>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr int pairCount = 12;
constexpr int d = 16;

/// Words "a0" "b0" … along one direction, "c0" "d0" … along another, each with a little noise.
void writeWords(const Workplace& work)
{
  std::vector<float> values;
  std::string labels, pairs = "relation,first,second\n";
  std::uint32_t seed = 5;
  const auto next = [&seed] {
    seed = 1664525u * seed + 1013904223u;
    return static_cast<float>(seed >> 8) * 0x1p-24f - 0.5f;
  };
  for (int relation = 0; relation < 2; ++relation)
    for (int i = 0; i < pairCount; ++i) {
      std::vector<float> first(d), second(d);
      for (std::size_t k = 0; k < d; ++k) {
        first[k] = next();
        second[k] = first[k] + 0.02f * next();
      }
      second[static_cast<std::size_t>(relation)] += 0.8f;
      values.insert(values.end(), first.begin(), first.end());
      values.insert(values.end(), second.begin(), second.end());
      const std::string number = std::to_string(i);
      const std::string one = (relation ? "c" : "a") + number;
      const std::string other = (relation ? "d" : "b") + number;
      labels += one + "\n" + other + "\n";
      pairs += (relation ? "second," : "first,") + one + "," + other + "\n";
    }
  writeNpy(work / "words.npy", values, 4 * pairCount, d);
  writeText(work / "words.labels.txt", labels);
  writeText(work / "pairs.csv", pairs);
}

}  // namespace

class tst_RenderCrystals : public QObject {
  Q_OBJECT
 private slots:
  void fromWordPairs()
  {
    const Workplace work;
    writeWords(work);
    const Run run = runOrrery({"render", work.text("words.npy"), "--view", "crystals", "--pairs",
                               work.text("pairs.csv"), "--check", "a0", "b0", "a1", "b1", "--json",
                               "--output", work.text("crystals.svg")});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    ORRERY_COMPARE_JSON(json["view"], "crystals");
    ORRERY_COMPARE_JSON(json["width_px"], 2008);  // 170 mm at 300 dpi
    ORRERY_COMPARE_JSON(json["height_px"], 945);
    ORRERY_COMPARE_JSON(json["labels"], (std::vector<std::string>{"a0", "b0", "a1", "b1"}));
    QVERIFY(json["quads"].get<int>() >= 2);
    QVERIFY(json["cos_ab_cd"].get<double>() > 0.8);
    QVERIFY(json["cos_ab_cd_after"].get<double>() > 0.8);
    QVERIFY2(run.error.find("fitted again without them") != std::string::npos, run.error.c_str());
    const std::string svg = readText(work / "crystals.svg");
    for (const char* text : {">a0<", ">b1<", "Before removal", "After LDA, 1 of 1 kept",
                             "planarity", "fitted without these pairs", ">second<"})
      QVERIFY2(svg.find(text) != std::string::npos, text);
  }

  void withoutCleaningAndInOtherForms()
  {
    const Workplace work;
    writeWords(work);
    const std::vector<std::string> common = {"render",  work.text("words.npy"),
                                             "--view",  "crystals",
                                             "--check", "a0",
                                             "b0",      "a1",
                                             "b1",      "--width-mm",
                                             "85",      "--height-mm",
                                             "110",     "--dpi",
                                             "100",     "--quiet",
                                             "--json"};
    for (const char* name : {"crystals.png", "crystals.pdf"}) {
      auto arguments = common;
      arguments.insert(arguments.end(), {"--output", work.text(name)});
      const Run run = runOrrery(arguments);
      ORRERY_COMPARE_STATUS(run, 0);
      QVERIFY(run.json()["cos_ab_cd_after"].is_null());
      ORRERY_COMPARE_JSON(run.json()["quads"], 1);
    }
    const QImage image(QString::fromStdString(work.text("crystals.png")));
    QCOMPARE(image.size(), QSize(335, 433));
    int inked = 0;
    for (int x = 0; x < image.width(); ++x)
      for (int y = 0; y < image.height(); ++y)
        inked += image.pixelColor(x, y) != QColor(Qt::white);
    QVERIFY(inked > 1500);
  }

  // A session's crystal is drawn with its family; what is none in a stranger's session is not.
  void fromASession()
  {
    const Workplace work;
    writeWords(work);
    const auto dictionary = std::make_shared<const Dictionary>(readDictionary(work / "words.npy"));
    Document document;
    Annotations annotations(&document);
    document.addLayer(dictionary);
    Session session = sessionOf(document, annotations);
    const CrystalState state{Crystal{0, 1, 2, 3}, {Crystal{4, 5, 6, 7}, Crystal{0, 0, 6, 7}}};
    session.parts["crystals"] = crystalStateText(state);
    saveSession(work / "work.orrery", session);
    const Run run = runOrrery({"render", work.text("work.orrery"), "--view", "crystals", "--json",
                               "--output", work.text("crystals.svg")});
    ORRERY_COMPARE_STATUS(run, 0);
    ORRERY_COMPARE_JSON(run.json()["labels"], (std::vector<std::string>{"a0", "b0", "a1", "b1"}));
    ORRERY_COMPARE_JSON(run.json()["quads"], 2);
    QVERIFY(readText(work / "crystals.svg").find("In the space as it is") != std::string::npos);

    session.parts.clear();
    saveSession(work / "empty.orrery", session);
    ORRERY_EXPECT_FAILURE(runOrrery({"render", work.text("empty.orrery"), "--view", "crystals",
                                     "--quiet", "--output", work.text("none.svg")}),
                          "give --pairs or --check");
    QVERIFY(!std::filesystem::exists(work / "none.svg"));
  }

  void statesOfStrangers()
  {
    for (const char* text :
         {"", "[]", "{\"crystal\": [1,2,3]}", "{\"crystal\": [1,2,3,1]}",
          "{\"crystal\": [1,2,3,99]}", "{\"crystal\": [1,2,3,-4]}", "{\"crystal\": [1,2,3,4.5]}",
          "{\"crystal\": \"queen\", \"family\": 7}", "{\"family\": [[1,2,3,4,5], null]}"}) {
      const CrystalState state = crystalState(text, 20);
      QVERIFY2(!state.crystal && state.family.empty(), text);
    }
    const CrystalState state{Crystal{1, 2, 3, 4}, {Crystal{5, 6, 7, 8}}};
    const CrystalState again = crystalState(crystalStateText(state), 20);
    QVERIFY(again.crystal == state.crystal && again.family == state.family);
  }

  void refuses()
  {
    const Workplace work;
    writeWords(work);
    const auto status = [&](std::vector<std::string> more) {
      std::vector<std::string> arguments = {
          "render", work.text("words.npy"), "--view", "crystals", "--output", work.text("x.svg")};
      arguments.insert(arguments.end(), more.begin(), more.end());
      return runOrrery(arguments);
    };
    for (const auto& [more, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{}, "needs --pairs"},
             {{"--check", "a0", "b0"}, "--check"},
             {{"--check", "a0", "b0", "a1", "b1", "--clean", "lda"},
              "--clean lda needs --pairs"}}) {
      const Run run = status(more);
      ORRERY_COMPARE_STATUS(run, 2);
      QVERIFY2(run.error.find(says) != std::string::npos, run.error.c_str());
    }
    ORRERY_EXPECT_FAILURE(status({"--check", "a0", "b0", "a1", "nobody"}), "nobody");
    QVERIFY(!std::filesystem::exists(work / "x.svg"));
  }
};

QTEST_GUILESS_MAIN(tst_RenderCrystals)
#include "tst_RenderCrystals.moc"
