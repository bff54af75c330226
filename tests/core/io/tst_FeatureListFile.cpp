// Lists that are pasted or loaded, and vectors from files: every form, and what is not found.
#include "core/io/FeatureListFile.h"
#include "core/io/ResultFile.h"
#include "core/io/VectorFile.h"
#include "tests/support/ExpectError.h"
#include "tests/support/TemporaryFolder.h"

#include <QtTest/QTest>

#include <cmath>
#include <limits>

using namespace orrery;
using orrery::test::TemporaryFolder;
using Ids = std::vector<FeatureId>;
using Texts = std::vector<std::string>;

namespace {

Dictionary words()
{
  Dictionary made;
  made.decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Random(4, 12));
  made.labels = {"king", "queen",           "man", "Woman", "New York", "red, green",
                 "king", "\xE2\x96\x81the", "7",   "[CLS]", "",         "caf\xC3\xA9"};
  return made;
}

ResultArray floats(const std::string& name, std::vector<std::int64_t> shape,
                   std::vector<float> values)
{
  return {name, std::move(shape), std::move(values)};
}

}  // namespace

class tst_FeatureListFile : public QObject {
  Q_OBJECT

 private slots:
  void lists_data()
  {
    QTest::addColumn<std::string>("text");
    QTest::addColumn<Ids>("features");
    QTest::addColumn<Texts>("missing");
    QTest::newRow("lines") << std::string("3\n1\n3\n") << Ids{1, 3} << Texts{};
    QTest::newRow("commas") << std::string("3, 1,2") << Ids{1, 2, 3} << Texts{};
    QTest::newRow("blanks") << std::string("3 1 2") << Ids{1, 2, 3} << Texts{};
    QTest::newRow("marks") << std::string("#3; #11") << Ids{3, 11} << Texts{};
    QTest::newRow("range") << std::string("2-4\r\n9") << Ids{2, 3, 4, 9} << Texts{};
    QTest::newRow("range beyond") << std::string("10-14") << Ids{10, 11} << Texts{"10-14"};
    QTest::newRow("beyond") << std::string("3,12,99") << Ids{3} << Texts{"12", "99"};
    QTest::newRow("negative") << std::string("-1") << Ids{} << Texts{"-1"};
    QTest::newRow("huge") << std::string("99999999999999999999999") << Ids{}
                          << Texts{"99999999999999999999999"};
    QTest::newRow("label of several") << std::string("king") << Ids{0, 6} << Texts{};
    QTest::newRow("labels") << std::string("queen\nman\nprince") << Ids{1, 2} << Texts{"prince"};
    QTest::newRow("blank in a label") << std::string("New York\nqueen") << Ids{1, 4} << Texts{};
    QTest::newRow("comma in a label") << std::string("red, green\nqueen") << Ids{1, 5} << Texts{};
    QTest::newRow("labels on a line")
        << std::string("queen, man, duke") << Ids{1, 2} << Texts{"duke"};
    QTest::newRow("mixed") << std::string("queen, 2") << Ids{1, 2} << Texts{};
    QTest::newRow("folded") << std::string("woman\nTHE\nCAF\xC3\x89") << Ids{3, 7, 11} << Texts{};
    QTest::newRow("number is an index") << std::string("7") << Ids{7} << Texts{};
    QTest::newRow("quoted is a label") << std::string("\"7\"") << Ids{8} << Texts{};
    QTest::newRow("brackets") << std::string("[CLS]") << Ids{9} << Texts{};
    QTest::newRow("json") << std::string("[1, \"queen\", 2.0, \"earl\"]") << Ids{1, 2}
                          << Texts{"earl"};
    QTest::newRow("json object") << std::string("{\"seed\": 3, \"indices\": [4, 5]}") << Ids{4, 5}
                                 << Texts{};
    QTest::newRow("our table") << std::string("feature\tlabel\tscore\n3\tWoman\t7\n1\tqueen\t8\n")
                               << Ids{1, 3} << Texts{};
    QTest::newRow("labels in a table")
        << std::string("word,score\nqueen,3\n\"red, green\",4\n") << Ids{1, 5} << Texts{};
    QTest::newRow("header and indices") << std::string("index\n4\n5\n") << Ids{4, 5} << Texts{};
    QTest::newRow("empty") << std::string(" \n\n") << Ids{} << Texts{};
    QTest::newRow("byte order mark") << std::string(
                                            "\xEF\xBB\xBF"
                                            "1\n2")
                                     << Ids{1, 2} << Texts{};
    QTest::newRow("missing once") << std::string("duke\nduke\nDuke") << Ids{}
                                  << Texts{"duke", "Duke"};
  }
  void lists()
  {
    QFETCH(std::string, text);
    QFETCH(Ids, features);
    QFETCH(Texts, missing);
    const FoundFeatures found = findFeatures(text, words());
    QCOMPARE(found.features, features);
    QCOMPARE(found.missing, missing);
    QVERIFY(!found.rule.empty());
  }

  void withoutLabels()
  {
    Dictionary plain = words();
    plain.labels.clear();
    const FoundFeatures found = findFeatures("1\nking", plain);
    QCOMPARE(found.features, Ids{1});
    QCOMPARE(found.missing, Texts{"king"});
    QCOMPARE(found.entries, std::int64_t{2});
  }

  void largeListsAreQuick()
  {
    Dictionary large;
    large.decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Zero(1, 200'000));
    for (int i = 0; i < 200'000; ++i)
      large.labels.push_back("label " + std::to_string(i));
    std::string text;
    for (int i = 0; i < 200'000; i += 2)
      text += "label " + std::to_string(i) + "\n";
    const FoundFeatures found = findFeatures(text, large);
    QCOMPARE(found.features.size(), std::size_t{100'000});
    QVERIFY(found.missing.empty());
  }

  void files()
  {
    const TemporaryFolder folder;
    const Dictionary dictionary = words();
    const auto at = [&](const char* name) { return folder.path() / name; };
    folder.write("list.txt", "queen\n3\n");
    QCOMPARE(readFeatureList(at("list.txt"), dictionary).features, (Ids{1, 3}));
    folder.write("list.json", "{\"features\": [2]}");
    QCOMPARE(readFeatureList(at("list.json"), dictionary).features, Ids{2});
    folder.write("bad.json", "{\"features\": ");
    ORRERY_EXPECT_ERROR(readFeatureList(at("bad.json"), dictionary), "bad.json");
    folder.write("none.json", "{\"a\": 1}");
    ORRERY_EXPECT_ERROR(readFeatureList(at("none.json"), dictionary), "no list of features");
    const ResultArray ids{"ids", {3}, std::vector<std::int64_t>{5, 2, 40}};
    for (const char* name : {"list.npz", "list.h5", "list.npy"}) {
      writeResult(at(name), {{ids}, {}});
      const FoundFeatures found = readFeatureList(at(name), dictionary);
      QCOMPARE(found.features, (Ids{2, 5}));
      QCOMPARE(found.missing, Texts{"40"});
    }
    writeResult(
        at("two.npz"),
        {{{"a", {1}, std::vector<std::int64_t>{1}}, {"b", {1}, std::vector<std::int64_t>{2}}}, {}});
    ORRERY_EXPECT_ERROR(readFeatureList(at("two.npz"), dictionary), "2 arrays of one dimension");
    writeResult(at("half.npy"), {{{"a", {1}, std::vector<double>{1.5}}}, {}});
    ORRERY_EXPECT_ERROR(readFeatureList(at("half.npy"), dictionary), "whole numbers");
    writeResult(at("words.h5"), {{{"labels", {2}, Texts{"queen", "nobody"}}}, {}});
    QCOMPARE(readFeatureList(at("words.h5"), dictionary).missing, Texts{"nobody"});
    folder.write("noise.txt", std::string_view("a\0b", 3));
    ORRERY_EXPECT_ERROR(readFeatureList(at("noise.txt"), dictionary), "neither a text");
    ORRERY_EXPECT_ERROR(readFeatureList(at("absent.txt"), dictionary), "absent.txt");
    // What is saved can be loaded.
    writeResult(at("ours.csv"), {{{"feature", {2}, std::vector<std::int32_t>{1, 5}},
                                  {"label", {2}, Texts{"queen", "red, green"}}},
                                 {}});
    QCOMPARE(readFeatureList(at("ours.csv"), dictionary).features, (Ids{1, 5}));
  }

  void vectorsOfEveryForm()
  {
    const TemporaryFolder folder;
    const auto at = [&](const char* name) { return folder.path() / name; };
    writeResult(at("one.npy"), {{floats("a", {4}, {1, 2, 3, 4})}, {}});
    VectorSet set = readVectors(at("one.npy"), 4);
    QCOMPARE(set.names, Texts{"one"});
    QVERIFY(set.vectors.col(0) == Eigen::Vector4f(1, 2, 3, 4));
    const std::vector<float> rows{1, 2, 3, 4, 5, 6, 7, 8};
    for (const char* name : {"many.npz", "many.h5"}) {
      writeResult(at(name), {{floats("probe", {4}, {0, 0, 0, 1}), floats("rows", {2, 4}, rows),
                              floats("columns", {4, 2}, rows), floats("other", {3}, {1, 2, 3})},
                             {}});
      set = readVectors(at(name), 4);
      QCOMPARE(set.names.size(), std::size_t{5});
      const auto column = [&](const std::string& wanted) {
        const auto place = std::find(set.names.begin(), set.names.end(), wanted);
        return set.vectors.col(place - set.names.begin()).eval();
      };
      QVERIFY(column("probe") == Eigen::Vector4f(0, 0, 0, 1));
      QVERIFY(column("rows 1") == Eigen::Vector4f(5, 6, 7, 8));
      QVERIFY(column("columns 1") == Eigen::Vector4f(2, 4, 6, 8));
    }
    folder.write("words.txt", "2 4\nup 1 0 0 0\ndown 0 1 0 0\n");
    set = readVectors(at("words.txt"), 4);
    QCOMPARE(set.names, (Texts{"up", "down"}));
  }

  void vectorsThatCannotBeUsed()
  {
    const TemporaryFolder folder;
    const auto at = [&](const char* name) { return folder.path() / name; };
    writeResult(at("short.npz"), {{floats("probe", {3}, {1, 2, 3})}, {}});
    ORRERY_EXPECT_ERROR(readVectors(at("short.npz"), 4), "no vector of 4 numbers");
    ORRERY_EXPECT_ERROR(readVectors(at("short.npz"), 4), "probe (3)");
    writeResult(at("zero.npy"), {{floats("a", {4}, {0, 0, 0, 0})}, {}});
    ORRERY_EXPECT_ERROR(readVectors(at("zero.npy"), 4), "zero or not finite");
    writeResult(at("some.npy"),
                {{floats("a", {3, 4}, {1, 0, 0, 0, 0, 0, 0, 0, NAN, 0, 0, 1})}, {}});
    const VectorSet set = readVectors(at("some.npy"), 4);
    QCOMPARE(set.vectors.cols(), Eigen::Index{1});
    QVERIFY(set.notes.front().find("2 vectors") != std::string::npos);
    writeResult(at("many.npy"), {{floats("a", {3, 4}, std::vector<float>(12, 1.0f))}, {}});
    QVERIFY(readVectors(at("many.npy"), 4, 2).notes.front().find("1 more") != std::string::npos);
    folder.write("words.txt", "2 3\nup 1 0 0\ndown 0 1 0\n");
    ORRERY_EXPECT_ERROR(readVectors(at("words.txt"), 4), "have 3");
  }
};

QTEST_APPLESS_MAIN(tst_FeatureListFile)
#include "tst_FeatureListFile.moc"
