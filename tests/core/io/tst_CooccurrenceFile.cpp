#include "core/base/Error.h"
#include "core/io/CooccurrenceFile.h"
#include "core/io/ResultFile.h"
#include "core/lobes/Affinity.h"
#include "tests/support/ExpectError.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <cmath>
#include <cstring>

using namespace orrery;

namespace {

using Path = std::filesystem::path;

ResultTable countsTable(std::vector<std::int32_t> counts, std::int64_t n, std::int64_t blocks)
{
  ResultTable table;
  table.arrays.push_back({"histogram", {n, n}, std::move(counts)});
  table.arrays.push_back({"n_chunks", {}, std::vector<std::int64_t>{blocks}});
  return table;
}

ResultTable sparseTable(std::vector<std::int32_t> indices, std::vector<std::int64_t> starts,
                        std::vector<float> values, std::int64_t n)
{
  ResultTable table;
  const auto count = static_cast<std::int64_t>(indices.size());
  const auto rows = static_cast<std::int64_t>(starts.size());
  table.arrays.push_back({"indices", {count}, std::move(indices)});
  table.arrays.push_back({"indptr", {rows}, std::move(starts)});
  table.arrays.push_back({"data", {static_cast<std::int64_t>(values.size())}, std::move(values)});
  table.arrays.push_back({"shape", {2}, std::vector<std::int64_t>{rows - 1, n}});
  return table;
}

template <typename T>
std::string bytes(const std::vector<T>& values)
{
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// An activation cache: entries (row, position, feature) with their activations.
std::string cache(const std::vector<std::int32_t>& locations, const std::vector<float>& values,
                  const std::vector<std::int32_t>& tokens, std::int64_t rows)
{
  const std::string parts[] = {bytes(locations), bytes(values), bytes(tokens)};
  const auto entry = [](const char* name, const char* type, const std::string& shape,
                        std::size_t from, std::size_t to) {
    return "\"" + std::string(name) + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape +
           "],\"data_offsets\":[" + std::to_string(from) + "," + std::to_string(to) + "]}";
  };
  const std::size_t a = parts[0].size(), b = a + parts[1].size(), c = b + parts[2].size();
  std::string header = "{" + entry("locations", "I32", std::to_string(values.size()) + ",3", 0, a) +
                       "," + entry("activations", "F32", std::to_string(values.size()), a, b) +
                       "," +
                       entry("tokens", "I32",
                             std::to_string(rows) + "," +
                                 std::to_string(static_cast<std::int64_t>(tokens.size()) / rows),
                             b, c) +
                       "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const auto length = static_cast<std::uint64_t>(header.size());
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + parts[0] + parts[1] +
         parts[2];
}

}  // namespace

class tst_CooccurrenceFile : public QObject {
  Q_OBJECT
 private slots:
  void counts()
  {
    const test::TemporaryFolder folder;
    const Path path = folder.path() / "counts.npz";
    writeResult(path, countsTable({3, 1, 0, 1, 2, 0, 0, 0, 0}, 3, 5));
    const CooccurrenceFacts facts = inspectCooccurrenceFile(path);
    QVERIFY(facts.kind == CooccurrenceFacts::Kind::Counts);
    QCOMPARE(*facts.features, std::int64_t{3});
    QCOMPARE(*facts.blocks, std::int64_t{5});
    const CooccurrenceData data = readCooccurrenceFile(path);
    QCOMPARE(data.blocks(), std::int64_t{5});
    QCOMPARE(data.counts->counts(0, 1), 1);
    QCOMPARE(data.own, (std::vector<std::int64_t>{3, 2, 0}));
    QVERIFY(countsOf(data) == data.counts);
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(path, {.features = 4}), "3 features");
  }

  void damagedCounts_data()
  {
    QTest::addColumn<std::vector<std::int32_t>>("counts");
    QTest::addColumn<std::string>("says");
    using Counts = std::vector<std::int32_t>;
    QTest::newRow("not symmetric") << Counts{3, 1, 2, 2} << std::string("symmetric");
    QTest::newRow("above its diagonal") << Counts{3, 2, 2, 1} << std::string("diagonal");
    QTest::newRow("negative") << Counts{3, -1, -1, 1} << std::string("negative");
    QTest::newRow("more than the blocks") << Counts{9, 1, 1, 1} << std::string("of 5 blocks");
  }
  void damagedCounts()
  {
    QFETCH(std::vector<std::int32_t>, counts);
    QFETCH(std::string, says);
    const test::TemporaryFolder folder;
    const Path path = folder.path() / "counts.npz";
    writeResult(path, countsTable(counts, 2, 5));
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(path), says);
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(path), "counts.npz");
  }

  void sparse()
  {
    const test::TemporaryFolder folder;
    for (const char* ending : {".npz", ".h5"}) {
      const Path path = folder.path() / (std::string("blocks") + ending);
      writeResult(path, sparseTable({2, 0, 0, 1}, {0, 2, 2, 4}, {1, 1, 1, 1}, 4));
      const CooccurrenceData data = readCooccurrenceFile(path);
      QCOMPARE(data.blocks(), std::int64_t{3});
      QCOMPARE(data.features(), std::int64_t{4});
      QCOMPARE(data.firings->ids, (std::vector<FeatureId>{0, 2, 0, 1}));
      QCOMPARE(countsOf(data)->counts(0, 0), 2);
    }
    // Activations: what is above the threshold fires; without one, above 0.
    const Path path = folder.path() / "values.npz";
    writeResult(path, sparseTable({2, 0, 0, 1}, {0, 2, 2, 4}, {0.5f, 3, 0, 2}, 4));
    QCOMPARE(readCooccurrenceFile(path).firings->ids, (std::vector<FeatureId>{0, 2, 1}));
    QCOMPARE(readCooccurrenceFile(path, {.threshold = 1.0}).firings->ids,
             (std::vector<FeatureId>{0, 1}));
    // A dictionary with more features than the file knows.
    QCOMPARE(readCooccurrenceFile(path, {.features = 6}).own.size(), std::size_t{6});
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(path, {.features = 3}), "4 features");
  }

  void damagedSparse()
  {
    const test::TemporaryFolder folder;
    const Path path = folder.path() / "blocks.npz";
    const auto says = [&](std::vector<std::int32_t> indices, std::vector<std::int64_t> starts,
                          const std::string& part) {
      const std::vector<float> ones(indices.size(), 1.0f);
      writeResult(path, sparseTable(std::move(indices), std::move(starts), ones, 4));
      const std::string text = test::errorOf([&] { readCooccurrenceFile(path); });
      return text.find(part) != std::string::npos;
    };
    QVERIFY(says({0, 4}, {0, 2}, "names feature 4"));
    QVERIFY(says({0, -1}, {0, 2}, "whole number"));
    QVERIFY(says({0, 1}, {0, 3}, "indptr"));
    QVERIFY(says({0, 1}, {0, 1}, "indptr"));
    QVERIFY(says({0, 1}, {1, 2}, "indptr"));
    folder.write("blocks.npz", "PK not an archive");
    QVERIFY(!test::errorOf([&] { readCooccurrenceFile(path); }).empty());
    folder.write("nothing.txt", "some words that are no container");
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(folder.path() / "nothing.txt"), "nothing.txt");
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(folder.path() / "absent.npz"), "absent.npz");
  }

  void activationCaches()
  {
    const test::TemporaryFolder folder;
    // Two rows of seven tokens; the first of each is dropped; blocks of three tokens.
    const std::vector<std::int32_t> locations = {0, 0, 1, 0, 1, 2, 0, 3, 0, 0, 4,
                                                 1, 1, 6, 2, 1, 6, 0, 1, 2, 1};
    const std::vector<float> values = {9, 2, 0.5f, 3, 4, 1.5f, 1};
    std::vector<std::int32_t> tokens;
    for (int i = 0; i < 14; ++i)
      tokens.push_back(100 + i);
    const Path path = folder.write("0_4.safetensors", cache(locations, values, tokens, 2));
    CooccurrenceReadOptions options;
    options.blockLength = 3;
    options.keepTokens = true;
    const CooccurrenceData data = readCooccurrenceFile(path, options);
    QCOMPARE(data.blocks(), std::int64_t{4});
    QCOMPARE(data.features(), std::int64_t{5});
    QCOMPARE(data.firings->starts, (std::vector<std::int64_t>{0, 1, 2, 2, 4}));
    QCOMPARE(data.firings->ids, (std::vector<FeatureId>{2, 1, 0, 2}));
    QCOMPARE(data.tokens->tokens(), std::int64_t{12});
    QCOMPARE(data.tokens->tokenIds[0], std::int64_t{101});
    QCOMPARE(data.tokens->tokenIds[6], std::int64_t{108});
    QCOMPARE(data.tokens->blockOf(2), std::int64_t{0});
    QCOMPARE(data.tokens->blockOf(3), std::int64_t{1});
    QCOMPARE(data.tokens->ids.size(), std::size_t{6});
    options.threshold = 0.25;
    QCOMPARE(readCooccurrenceFile(path, options).firings->ids,
             (std::vector<FeatureId>{0, 2, 1, 1, 0, 2}));
    options.blockLength = 7;
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(path, options), "--block");

    // A folder of parts: features of the second begin at its start.
    folder.write("cache/0_1.safetensors", cache({0, 1, 0}, {2}, tokens, 2));
    folder.write("cache/2_4.safetensors", cache({0, 1, 1}, {2}, tokens, 2));
    options.blockLength = 3;
    QCOMPARE(readCooccurrenceFile(folder.path() / "cache", options).firings->ids,
             (std::vector<FeatureId>{0, 3}));
  }

  void documentTypesAndFrequencies()
  {
    const test::TemporaryFolder folder;
    const Path types = folder.write("types.txt", "news\r\nchat\nnews\n");
    QCOMPARE(readDocumentTypes(types, 3), (std::vector<std::string>{"news", "chat", "news"}));
    ORRERY_EXPECT_ERROR(readDocumentTypes(types, 4), "3 document types");
    ResultTable table;
    table.arrays.push_back({"histogram", {2}, std::vector<double>{5, 0}});
    table.arrays.push_back({"n_tokens", {}, std::vector<std::int64_t>{10}});
    const Path path = folder.path() / "frequencies.npz";
    writeResult(path, table);
    QCOMPARE(readFiringFrequencies(path), (std::vector<double>{0.5, 0.0}));
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(path), "how often");
  }

  void memoryIsAskedBefore()
  {
    const test::TemporaryFolder folder;
    const Path path = folder.path() / "counts.npz";
    writeResult(path, countsTable(std::vector<std::int32_t>(10000, 0), 100, 5));
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(path, {.maxMemory = 39999}), "--max-memory");
    QVERIFY(readCooccurrenceFile(path, {.maxMemory = 40000}).counts != nullptr);
  }

  void theCorpusInBothForms()
  {
    ORRERY_NEED_DATA("corpus/blocks_x_words_csr.npz");
    const CooccurrenceData npz = readCooccurrenceFile(dataPath);
    const CooccurrenceData hdf5 =
        readCooccurrenceFile(dataPath.parent_path() / "blocks_x_words_csr.h5");
    QCOMPARE(npz.blocks(), std::int64_t{11402});
    QCOMPARE(npz.firings->ids.size(), std::size_t{1230794});
    QVERIFY(npz.firings->ids == hdf5.firings->ids);
    QVERIFY(npz.firings->starts == hdf5.firings->starts);
    QCOMPARE(hdf5.blockTypes.size(), std::size_t{11402});
    QCOMPARE(hdf5.featureNames.size(), std::size_t{8000});

    // All six affinities of some pairs, by the cells counted block by block.
    const auto counts = countsOf(npz);
    for (const auto& [a, b] : {std::pair{5, 17}, {100, 4000}, {7999, 3}}) {
      double n11 = 0, na = 0, nb = 0;
      for (std::int64_t block = 0; block < npz.blocks(); ++block) {
        const auto first =
            npz.firings->ids.begin() + npz.firings->starts[static_cast<std::size_t>(block)];
        const auto last =
            npz.firings->ids.begin() + npz.firings->starts[static_cast<std::size_t>(block) + 1];
        const bool hasA = std::binary_search(first, last, a),
                   hasB = std::binary_search(first, last, b);
        n11 += hasA && hasB;
        na += hasA;
        nb += hasB;
      }
      const double total = 11402, n10 = na - n11, n01 = nb - n11, n00 = total - na - nb + n11;
      const double denominator = std::sqrt(na * (total - na)) * std::sqrt(nb * (total - nb));
      const double expected[] = {denominator > 0 ? (n11 * n00 - n10 * n01) / denominator : 0.0,
                                 na + nb > 0 ? n11 / (n11 + n10 + n01) : 0.0,
                                 na + nb > 0 ? 2 * n11 / (na + nb) : 0.0,
                                 na * nb > 0 ? n11 / std::min(na, nb) : 0.0, (n11 + n00) / total};
      for (std::size_t m = 0; m < 5; ++m)
        QVERIFY(std::abs(affinity(allAffinityMeasures[m], counts->counts(a, b),
                                  counts->counts(a, a), counts->counts(b, b), counts->blocks) -
                         expected[m]) < 1e-6);
    }
  }

  void theSetBesideTheDictionaryIsTaken()
  {
    ORRERY_NEED_DATA("sae/pasttense_L4_saes.h5");
    ORRERY_EXPECT_ERROR(readCooccurrenceFile(dataPath), "several");
    const CooccurrenceData data =
        readCooccurrenceFile(dataPath, {.features = 512, .besideDataset = "/final_K5/W_dec"});
    QCOMPARE(data.blocks(), std::int64_t{3917});
    QCOMPARE(data.firings->ids.size(), std::size_t{3917 * 5});
  }
};

QTEST_APPLESS_MAIN(tst_CooccurrenceFile)
#include "tst_CooccurrenceFile.moc"
