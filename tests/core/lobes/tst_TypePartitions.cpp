#include "core/lobes/TypePartitions.h"

#include "tests/support/ExpectError.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <fstream>

using namespace orrery;

class tst_TypePartitions : public QObject {
  Q_OBJECT
 private:
  test::TemporaryFolder m_folder;

  std::filesystem::path file(const std::string& text)
  {
    const auto path = m_folder.path() / "partitions.json";
    std::ofstream(path) << text;
    return path;
  }

 private slots:
  void levelsRiseAndTypesKeepTheirPlace()
  {
    const TypePartitions read = readTypePartitions(
        file(R"({"3_lobes": [["a"], ["b", "c"], ["d"]], "2_lobes": [["a", "b"], ["d"]], "x": 1})"));
    QCOMPARE(read.types, (std::vector<std::string>{"a", "b", "d", "c"}));
    QCOMPARE(read.levels.size(), std::size_t{2});
    QCOMPARE(read.levels[0].clusters, 2);
    // Numbered by size; a type that a level does not mention has no lobe there.
    QCOMPARE(read.levels[0].labels, (std::vector<std::int32_t>{0, 0, 1, noLobe}));
    QCOMPARE(read.levels[1].labels, (std::vector<std::int32_t>{1, 0, 2, 0}));
  }

  void faultsAreSentences()
  {
    ORRERY_EXPECT_ERROR(readTypePartitions(file("[]")), "is not an object");
    ORRERY_EXPECT_ERROR(readTypePartitions(file("{}")), "has no key such as");
    ORRERY_EXPECT_ERROR(readTypePartitions(file(R"({"2_lobes": [["a"]]})")),
                        "does not list 2 lobes");
    ORRERY_EXPECT_ERROR(readTypePartitions(file(R"({"2_lobes": [["a"], ["a"]]})")),
                        "puts 'a' into two lobes");
    ORRERY_EXPECT_ERROR(readTypePartitions(file(R"({"2_lobes": [["a"], 3]})")),
                        "is not a list of types");
    ORRERY_EXPECT_ERROR(readTypePartitions(file(R"({"2_lobes": [["a"], [3]]})")),
                        "that is not a text");
    ORRERY_EXPECT_ERROR(readTypePartitions(file("{\"2_lobes\": [")), "partitions.json");
  }

  void published()
  {
    ORRERY_NEED_DATA("sae/published_lobe_partitions.json");
    const TypePartitions read = readTypePartitions(dataPath);
    QCOMPARE(read.types.size(), std::size_t{17});
    QCOMPARE(read.levels.size(), std::size_t{3});
    for (const Lobes& lobes : read.levels)
      QCOMPARE(lobes.placed(), 17);
  }
};

QTEST_APPLESS_MAIN(tst_TypePartitions)
#include "tst_TypePartitions.moc"
