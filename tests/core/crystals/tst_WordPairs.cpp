#include "core/base/Error.h"
#include "core/crystals/WordPairs.h"
#include "tests/support/TestData.h"

#include <QTemporaryDir>
#include <QtTest/QTest>

#include <fstream>

using namespace orrery;
using Pairs = std::vector<std::pair<std::string, std::string>>;

class tst_WordPairs : public QObject {
  Q_OBJECT

  QTemporaryDir m_folder;

  std::filesystem::path write(const std::string& name, const std::string& text)
  {
    const std::filesystem::path path = m_folder.path().toStdString() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  /// The sentence that @p text is refused with; empty if it is read.
  std::string refusal(const std::string& text)
  {
    try {
      readWordPairs(write("refused.txt", text));
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }

 private slots:
  void functionVectorJson()
  {
    const auto tasks = readWordPairs(write(
        "country-capital.json",
        R"([{"output": "Kabul", "input": "Afghanistan"}, {"input": "A", "output": "B"}, {"input": "A", "output": "B"}])"));
    QCOMPARE(tasks.size(), std::size_t{1});
    QCOMPARE(tasks[0].name, std::string("country-capital"));
    QCOMPARE(tasks[0].pairs, (Pairs{{"Afghanistan", "Kabul"}, {"A", "B"}}));
  }

  void analogyListWithCategories()
  {
    const auto tasks =
        readWordPairs(write("questions.txt",
                            "\xEF\xBB\xBF: capitals\r\nAthens Greece Bern Switzerland\r\n"
                            "Athens Greece Oslo Norway\r\n\r\n: family\r\nboy girl man woman\r\n"));
    QCOMPARE(tasks.size(), std::size_t{2});
    QCOMPARE(tasks[0].pairs,
             (Pairs{{"Athens", "Greece"}, {"Bern", "Switzerland"}, {"Oslo", "Norway"}}));
    QCOMPARE(tasks[1].name, std::string("family"));
  }

  void analogyListWithoutCategories()
  {
    const auto tasks = readWordPairs(write("capitals.txt", "Athens Greece Oslo Norway\n"));
    QCOMPARE(tasks[0].name, std::string("capitals"));
    QCOMPARE(tasks[0].pairs.size(), std::size_t{2});
  }

  void batsTakesTheBestAnswer()
  {
    const auto tasks = readWordPairs(write("E01.tsv", "athens\tgreece\nfalcon\tbird/raptor\n"));
    QCOMPARE(tasks[0].pairs, (Pairs{{"athens", "greece"}, {"falcon", "bird"}}));
  }

  void ownCsv()
  {
    const auto tasks = readWordPairs(write(
        "pairs.csv", "relation,first,second\npast,go,went\ngender,man,woman\npast,see,saw\n"));
    QCOMPARE(tasks.size(), std::size_t{2});
    QCOMPARE(tasks[0].pairs, (Pairs{{"go", "went"}, {"see", "saw"}}));
  }

  void refusalsSayWhere()
  {
    const auto says = [&](const std::string& text, const char* part) {
      const std::string sentence = refusal(text);
      if (sentence.find(part) == std::string::npos ||
          sentence.find("refused.txt") == std::string::npos)
        QFAIL(("said: " + sentence).c_str());
    };
    says("", "empty");
    says(" \n\n", "empty");
    says("a b c d\na b c\n", "line 2");
    says(":\n", "line 1");
    says("relation,first,second\nx,y\n", "line 2");
    says("a\tb\nc\n", "line 2");
    says("[{\"input\": \"a\"}]", "\"output\"");
    says("[{\"input\": \"a\", \"output\": 5}]", "\"output\"");
    says("[{\"input\": \"a\",", "byte");
    says("{}", "array");
    says("[]", "no word pair");
    says(std::string(100000, '['), "64 deep");
  }

  void labelsAreMatched()
  {
    const LabelIndex index({"go", " went", "See", "saw", "man"});
    const Relation relation = matchLabels(
        {"past", {{"go", "went"}, {"see", "saw"}, {"man", "men"}, {"go", "go"}, {"SEE", "saw"}}},
        index);
    QCOMPARE(relation.pairs, (std::vector<std::pair<FeatureId, FeatureId>>{{0, 1}, {2, 3}}));
    QCOMPARE(relation.given, std::int64_t{5});
    QCOMPARE(relation.missing, std::int64_t{2});
    QCOMPARE(relation.folded, std::int64_t{2});
    QCOMPARE(relation.missingWords, std::vector<std::string>{"men"});
  }

  void everyPublishedTaskIsRead()
  {
    ORRERY_NEED_DATA("tasks");
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dataPath / "function_vectors")) {
      QVERIFY(!readWordPairs(entry.path())[0].pairs.empty());
      ++files;
    }
    QCOMPARE(files, 21);
    QCOMPARE(readWordPairs(dataPath / "google_questions-words.txt").size(), std::size_t{14});
    QCOMPARE(readWordPairs(dataPath / "capitals.txt").size(), std::size_t{1});
  }
};

QTEST_APPLESS_MAIN(tst_WordPairs)
#include "tst_WordPairs.moc"
