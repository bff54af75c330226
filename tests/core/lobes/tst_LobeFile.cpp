#include "core/lobes/LobeFile.h"

#include "core/io/ResultFile.h"
#include "tests/support/ExpectError.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

using namespace orrery;

class tst_LobeFile : public QObject {
  Q_OBJECT
 private:
  test::TemporaryFolder m_folder;

  std::filesystem::path file(const std::string& name, std::vector<ResultArray> arrays)
  {
    const auto path = m_folder.path() / name;
    ResultTable table;
    table.arrays = std::move(arrays);
    writeResult(path, table);
    return path;
  }

 private slots:
  // Keys are numbers as text, and not in order.
  void publishedKeys()
  {
    const std::vector<StoredLobes> lobes = readLobeFile(
        file("layer_12_phi_clusters.npz", {{"4", {6}, std::vector<std::int64_t>{3, 3, 1, 0, 2, 3}},
                                           {"16", {6}, std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}},
                                           {"2", {6}, std::vector<std::int64_t>{1, 1, 1, 0, 0, 1}},
                                           {"seed", {1}, std::vector<std::int64_t>{7}}}),
        6);
    QCOMPARE(lobes.size(), std::size_t{3});
    QCOMPARE(lobes[0].lobes.clusters, 2);
    QCOMPARE(lobes[2].lobes.clusters, 16);
    QVERIFY(lobes[0].measure == AffinityMeasure::Phi);
    // Renumbered by size.
    QCOMPARE(lobes[0].lobes.labels, (std::vector<std::int32_t>{0, 0, 0, 1, 1, 0}));
    QCOMPARE(lobes[1].lobes.labels[0], 0);
  }

  void ownFiles()
  {
    for (const char* name : {"lobes.npz", "lobes.h5"}) {
      const std::vector<StoredLobes> lobes =
          readLobeFile(file(name, {{"cosine/2", {3}, std::vector<std::int32_t>{0, 0, 1}},
                                   {"jaccard/2", {3}, std::vector<std::int32_t>{0, -1, 1}},
                                   {"phi/3", {3}, std::vector<std::int32_t>{0, 1, 2}},
                                   {"phi/2", {3}, std::vector<std::int32_t>{0, 1, 0}}}),
                       3);
      QCOMPARE(lobes.size(), std::size_t{4});
      QVERIFY(lobes[0].measure == AffinityMeasure::Phi && lobes[0].lobes.clusters == 2);
      QVERIFY(lobes[2].measure == AffinityMeasure::Jaccard);
      QCOMPARE(lobes[2].lobes.labels[1], noLobe);
      QVERIFY(!lobes[3].measure);
    }
  }

  void oneArrayPerFile()
  {
    const auto path = file("layer_12_3.npy", {{"", {4}, std::vector<std::int32_t>{2, 2, 0, 1}}});
    QCOMPARE(readLobeFile(path, 4)[0].lobes.clusters, 3);
    const auto unnamed = file("labels.npy", {{"", {4}, std::vector<std::int32_t>{2, 2, 0, 1}}});
    ORRERY_EXPECT_ERROR(readLobeFile(unnamed, 4), "holds no lobes");
  }

  void faultsAreSentences()
  {
    const auto good = file("a.npz", {{"2", {3}, std::vector<std::int32_t>{0, 0, 1}}});
    ORRERY_EXPECT_ERROR(readLobeFile(good, 5),
                        "holds labels of 3 features, but the dictionary has 5");
    ORRERY_EXPECT_ERROR(
        readLobeFile(file("b.npz", {{"2", {3}, std::vector<std::int32_t>{0, 2, 1}}}), 3),
        "holds 3 different labels (expected at most 2)");
    ORRERY_EXPECT_ERROR(
        readLobeFile(file("c.npz", {{"2", {3}, std::vector<double>{0, 0.5, 1}}}), 3),
        "feature 1 is labelled");
    ORRERY_EXPECT_ERROR(
        readLobeFile(file("d.npz", {{"W_dec", {3}, std::vector<double>{0, 1, 1}}}), 3),
        "found 'W_dec'");
  }
};

QTEST_APPLESS_MAIN(tst_LobeFile)
#include "tst_LobeFile.moc"
