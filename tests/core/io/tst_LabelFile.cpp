#include "core/io/LabelFile.h"

#include "core/base/Error.h"
#include "core/base/Random.h"
#include "core/io/labels/LabelReaders.h"
#include "tests/support/ExpectError.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <zlib.h>

#include <cmath>
#include <memory>

using namespace orrery;
using orrery::test::TemporaryFolder;

namespace {

std::string gzipped(const std::string& text)
{
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

LabelTable readText(const std::string& name, const std::string& text)
{
  const TemporaryFolder files;
  return readLabels(files.write(name, text));
}

Dictionary dictionaryOf(const FeatureMatrix& decoder)
{
  Dictionary dictionary;
  dictionary.name = "test";
  dictionary.decoder = std::make_shared<FeatureMatrix>(decoder);
  return dictionary;
}

Dictionary dictionaryOf(int features)
{
  return dictionaryOf(FeatureMatrix::Identity(features, features));
}

const Column& columnOf(const LabelTable& table, const std::string& name)
{
  for (const Column& column : table.columns)
    if (column.name == name)
      return column;
  throw Error("no column " + name);
}

std::string text(const std::vector<std::string>& labels)
{
  std::string joined;
  for (std::size_t i = 0; i < labels.size(); ++i)
    joined += (i == 0 ? "" : "|") + labels[i];
  return joined;
}

}  // namespace

class tst_LabelFile : public QObject {
  Q_OBJECT
 private slots:
  void realFeatureTable();
  void realVerbTable();
  void realLabelLists_data();
  void realLabelLists();
  void realClusters();
  void readsLabels_data();
  void readsLabels();
  void refuses_data();
  void refuses();
  void tellsColumnsApart();
  void readsNeuronpediaExplanations();
  void readsNeuronpediaFeatures();
  void readsNeuronpediaActivations();
  void readsOneFeatureFiles();
  void joinsFolders();
  void unpacksGzip();
  void refusesBombs();
  void readsOtherEncodings();
  void largeContentLoads();
  void damagedFilesAreReadOrRefused();
  void attachesByRow();
  void attachesByIndex();
  void warnsAboutOtherDictionaries();
  void comparesKnownNeighbors();
  void parsesNeuronpediaSources();
};

void tst_LabelFile::realFeatureTable()
{
  ORRERY_NEED_DATA("sae/gemma2-2b_l12_16k_l0-41_features.tsv");
  const LabelTable table = readLabels(dataPath);
  QCOMPARE(table.rows, 16384);
  QVERIFY(table.hasIndices);
  QCOMPARE(table.ids.size(), 16384u);
  QCOMPARE(table.labels[1], std::string("Ams, Am, Am, Amat, Amic"));
  QCOMPARE(columnOf(table, "activations").numbers[0], 1084.0);
  QCOMPARE(columnOf(table, "subgraph_size").numbers[1], 1.0);
  // Identities that come again are groups to colour by, however many there are.
  const Column& subgraphs = columnOf(table, "subgraph_id");
  QCOMPARE(subgraphs.kind, Column::Kind::Category);
  QVERIFY(subgraphs.categoryNames.size() > 14000);
  QVERIFY(table.details.at(1).explanations.front().starts_with("Top tokens: Ams, Am, Am, Amat"));
}

void tst_LabelFile::realVerbTable()
{
  ORRERY_NEED_DATA("sae/pasttense_verbs.tsv");
  const LabelTable table = readLabels(dataPath);
  QCOMPARE(table.ids.size(), 3917u);
  QCOMPARE(table.labels.front(), std::string("abash"));
  const Column& column = columnOf(table, "class");
  QVERIFY(column.kind == Column::Kind::Category);
  QCOMPARE(text(column.categoryNames), std::string("+D|+ID|+T|irregular|no-change"));
}

void tst_LabelFile::realLabelLists_data()
{
  QTest::addColumn<QString>("file");
  QTest::addColumn<int>("rows");
  QTest::addColumn<QString>("first");
  QTest::newRow("commas in labels")
      << "sae/pasttense_L4_final_K10.labels.txt" << 512 << "green, grieve, grease, gloss (171)";
  QTest::newRow("Google News") << "embeddings/googlenews_8168x300.labels.txt" << 8168 << "in";
  QTest::newRow("begins with [PAD]")
      << "formats/safetensors/model2vec_float32.labels.txt" << 29528 << "[PAD]";
  QTest::newRow("projector metadata")
      << "formats/same_500x300/projector_metadata.tsv" << 500 << "in";
  QTest::newRow("500 words") << "formats/same_500x300/labels.txt" << 500 << "in";
}

void tst_LabelFile::realLabelLists()
{
  QFETCH(QString, file);
  QFETCH(int, rows);
  QFETCH(QString, first);
  ORRERY_NEED_DATA(file.toStdString());
  const LabelTable table = readLabels(dataPath);
  QCOMPARE(static_cast<int>(table.labels.size()), rows);
  QCOMPARE(QString::fromStdString(table.labels.front()), first);
  QVERIFY(!table.hasIndices);
}

void tst_LabelFile::realClusters()
{
  ORRERY_NEED_DATA("sae/gpt2-small_l7_spectral_clusters.json");
  const LabelTable table = readLabels(dataPath);
  QCOMPARE(table.ids.size(), 24576u);
  QVERIFY(table.hasIndices);
  const Column& clusters = columnOf(table, "cluster");
  QVERIFY(clusters.kind == Column::Kind::Category);
  QCOMPARE(clusters.categoryNames.size(), 1000u);
  QCOMPARE(clusters.categoryNames[2], std::string("2"));
  QCOMPARE(clusters.categories[2360], 0);
  QCOMPARE(clusters.categories[4679], 1);
}

void tst_LabelFile::readsLabels_data()
{
  QTest::addColumn<QString>("name");
  QTest::addColumn<QByteArray>("content");
  QTest::addColumn<QByteArray>("labels");
  QTest::addColumn<QByteArray>("ids");
  const auto row = [](const char* tag, const char* name, QByteArray content, QByteArray labels,
                      QByteArray ids) { QTest::newRow(tag) << name << content << labels << ids; };
  row("lines", "a.txt", "x\ny\n\nz", "x|y||z", "0123");
  row("lines with mark and CRLF", "a.txt",
      "\xEF\xBB\xBF"
      "x\r\ny\r\n",
      "x|y", "01");
  row("blanks of tokens stay", "a.txt", " the\nthe\n", " the|the", "01");
  row("markup is text", "a.txt", "<b>%1</b>&amp;\n=1+1\n", "<b>%1</b>&amp;|=1+1", "01");
  row("TSV with index", "a.tsv", "index\tlabel\n2\tc\n0\ta\n", "a|c", "02");
  row("TSV without header", "a.tsv", "0\ta\n1\tb\n5\tf\n", "a|b|f", "015");
  row("TSV of blanks", "a.tsv", "token\tn\n the\t1\nthe\t2\n", " the|the", "01");
  row("lone quotes in TSV", "a.tsv", "token\tn\n\"\t1\n\"a\t2\n", "\"|\"a", "01");
  row("quoted TSV", "a.tsv", "\"token\"\t\"n\"\n\"a\tb\"\t\"1\"\n", "a\tb", "0");
  row("CSV", "a.csv", "feature,description\n1,\"b, with \"\"quotes\"\"\"\n0,\"a\nb\"\n",
      "a\nb|b, with \"quotes\"", "01");
  row("CSV with semicolons", "a.csv", "id;name\n0;a\n1;b\n", "a|b", "01");
  row("CSV, one column", "a.csv", "\"x, y\"\nz\n", "x, y|z", "01");
  row("CSV of a data frame", "a.csv", ",label\n0,a\n1,b\n", "a|b", "01");
  row("label column later", "a.tsv", "score\tlabel\n0.5\ta\n0.25\tb\n", "a|b", "01");
  row("numbers as words", "a.tsv", "word\tn\n2024\t1\nyear\t2\n", "2024|year", "01");
  row("JSON texts", "a.json", R"(["a", null, "c\u00e4"])", "a||c\xC3\xA4", "012");
  row("JSON object", "a.json", R"({"3": "d", "1": "b"})", "b|d", "13");
  row("JSON pairs", "a.json", R"([[4, "e"], [2, "c"]])", "c|e", "24");
  row("JSON records", "a.json", R"([{"index": 1, "label": "b"}, {"index": 0, "label": "a"}])",
      "a|b", "01");
  row("JSON records by row", "a.json", R"([{"label": "a"}, {"label": "b"}])", "a|b", "01");
  row("JSON inside an object", "a.json", R"({"model": "m", "labels": ["a", "b"]})", "a|b", "01");
  row("JSON, object inside", "a.json", R"({"labels": {"0": "a", "7": "h"}})", "a|h", "07");
  row("JSON vocabulary", "vocab.json", R"({"the": 1, "a": 0, "of": 2})", "a|the|of", "012");
  row("JSON Lines", "a.jsonl",
      "{\"feature\": 3, \"explanation\": \"d\"}\n\n{\"feature\": 1, "
      "\"explanation\": \"b\"}\n",
      "b|d", "13");
  row("JSON Lines of one", "a.jsonl", "{\"feature\": 3, \"explanation\": \"d\"}\n", "d", "3");
  row("delphi", "layers.5_latent17.txt", "\"about verbs\"", "about verbs", "17");
}

void tst_LabelFile::readsLabels()
{
  QFETCH(QString, name);
  QFETCH(QByteArray, content);
  QFETCH(QByteArray, labels);
  QFETCH(QByteArray, ids);
  const LabelTable table = readText(name.toStdString(), content.toStdString());
  QCOMPARE(text(table.labels), labels.toStdString());
  std::string found;
  for (const FeatureId id : table.ids)
    found += std::to_string(id);
  QCOMPARE(found, ids.toStdString());
}

void tst_LabelFile::refuses_data()
{
  QTest::addColumn<QString>("name");
  QTest::addColumn<QByteArray>("content");
  QTest::addColumn<QString>("sentence");
  const auto row = [](const char* tag, const char* name, QByteArray content, const char* sentence) {
    QTest::newRow(tag) << name << content << sentence;
  };
  row("empty", "a.txt", "", "is empty");
  row("pointer of git-lfs", "a.txt", "version https://git-lfs.github.com/spec/v1\noid x\n",
      "git-lfs");
  row("negative index", "a.tsv", "index\tlabel\n0\ta\n-1\tb\n",
      "line 3: '-1' is no feature's index");
  row("index as text", "a.tsv", "index\tlabel\n0\ta\nx\tb\n", "line 3: 'x' is no feature's index");
  row("fractional index", "a.tsv", "index\tlabel\n0\ta\n1.5\tb\n", "line 3: '1.5' is no feature's");
  row("index that wraps", "a.tsv", "index\tlabel\n0\ta\n4294967301\tb\n",
      "line 3: '4294967301' is no feature's index");
  row("index past 64 bits", "a.jsonl",
      "{\"index\":0,\"label\":\"a\"}\n{\"index\":\"18446744073709551617\","
      "\"label\":\"b\"}\n",
      "line 2");
  row("short row", "a.tsv", "index\tlabel\n0\ta\n1\n", "line 3 has 1 field, line 1 has 2");
  row("unclosed quote", "a.csv", "index,label\n0,\"a\n1,b\n",
      "the quote that opens in line 2 is never");
  row("cut JSON", "a.json", "[\"a\",\n\"b", "line 2");
  row("two documents", "a.json", "[\"a\"] [\"b\"]", "byte 6");
  row("trailing comma", "a.json", "[\"a\",\n]", "line 2");
  row("NaN", "a.json", "[NaN]", "not valid JSON");
  row("comment", "a.json", "[\"a\" /* b */]", "not valid JSON");
  row("wrong type", "a.json", "[\"a\",\n{\"x\":{}},\n[1,2,3]]", "line 3: expected a text");
  row("same key twice", "a.json", "{\"0\":\"a\",\n\"0\":\"b\"}", "has the key \"0\" twice");
  row("same key twice inside", "a.jsonl", "{\"index\":1,\"index\":2}\n{}\n",
      "has the key \"index\" twice");
  row("bad line 17", "a.jsonl",
      QByteArray("{\"index\":1,\"label\":\"a\"}\n").repeated(16) + "{oops\n",
      "line 17: the text is not valid JSON");
  row("index missing later", "a.jsonl", "{\"index\":1,\"label\":\"a\"}\n{\"label\":\"b\"}\n",
      "line 2");
  row("deep", "a.json", QByteArray(100000, '['), "nested more than 64 deep");
  row("too large a number", "a.json", "{\"0\": 1e999}", "not valid JSON");
  row("overlapping clusters", "a.json", "{\"0\":[1,2],\"1\":[2]}", "feature 2 is in more than one");
  row("negative in a cluster", "a.json", "{\"0\":[1,-2]}", "'-2' is no feature's index");
  row("nothing to use", "a.json", "{}", "holds no labels");
  row("two dictionaries", "a.jsonl",
      "{\"index\":\"1\",\"description\":\"a\",\"modelId\":\"m\",\"layer\":\"1-res\"}\n"
      "{\"index\":\"2\",\"description\":\"a\",\"modelId\":\"m\",\"layer\":\"2-res\"}\n",
      "line 2 is about 'm 2-res'");
  row("not gzip", "a.jsonl.gz", QByteArray("\x1F\x8B\x08garbage garbage", 18),
      "gzip data are damaged");
}

void tst_LabelFile::refuses()
{
  QFETCH(QString, name);
  QFETCH(QByteArray, content);
  QFETCH(QString, sentence);
  ORRERY_EXPECT_ERROR(readText(name.toStdString(), content.toStdString()), sentence.toStdString());
}

void tst_LabelFile::tellsColumnsApart()
{
  std::string content = "index\tlabel\tdensity\tkind\tcluster\tnotes\tempty\n";
  for (int i = 0; i < 40; ++i)
    content += std::to_string(i) + "\tl" + std::to_string(i) + "\t" +
               (i == 3 ? "NA" : std::to_string(i) + ".5") + "\t" + (i % 2 ? "noun" : "verb") +
               "\t" + std::to_string(i % 3) + "\tfree text " + std::to_string(i) + "\t\n";
  const LabelTable table = readText("a.tsv", content);
  QCOMPARE(table.columns.size(), 3u);
  QVERIFY(columnOf(table, "density").kind == Column::Kind::Number);
  QVERIFY(std::isnan(columnOf(table, "density").numbers[3]));
  QCOMPARE(columnOf(table, "density").numbers[4], 4.5);
  QCOMPARE(text(columnOf(table, "kind").categoryNames), std::string("noun|verb"));
  QCOMPARE(columnOf(table, "cluster").categories[5], 2);
  QVERIFY(test::hasPart(table.notes, "Left out, as text that is neither label nor class: 'notes'"));
}

void tst_LabelFile::readsNeuronpediaExplanations()
{
  const LabelTable table = readText(
      "batch-0.jsonl",
      R"({"modelId":"gemma-2-2b","layer":"12-gemmascope-res-16k__l0-41","index":"10","description":"ten","typeName":"oai_token-act-pair","embedding":null,"umap_x":0,"umap_y":0}
{"modelId":"gemma-2-2b","layer":"12-gemmascope-res-16k__l0-41","index":"2","description":"two","typeName":"np_max-act","umap_x":1.5,"umap_y":-2}
{"modelId":"gemma-2-2b","layer":"12-gemmascope-res-16k__l0-41","index":"10","description":"also ten","typeName":"np_max-act"}
)");
  QCOMPARE(table.format, std::string("Neuronpedia explanations"));
  QCOMPARE(text(table.labels), std::string("two|ten"));
  QCOMPARE(text(table.details.at(10).explanations), std::string("ten|also ten"));
  QCOMPARE(table.origin.l0, std::optional(41.0));
  QCOMPARE(columnOf(table, "umap_x").numbers[0], 1.5);
  QVERIFY(std::isnan(columnOf(table, "umap_x").numbers[1]));
  QCOMPARE(columnOf(table, "explanation_type").categoryNames.size(), 2u);
}

void tst_LabelFile::readsNeuronpediaFeatures()
{
  const LabelTable table = readText(
      "features.jsonl",
      R"({"modelId":"m","layer":"3-res","index":"5","frac_nonzero":0.25,"maxActApprox":7.5,"pos_str":[" a","b"],"pos_values":[1.5,1],"neg_str":["c"],"neg_values":[-2],"topkCosSimIndices":[5,1],"topkCosSimValues":[1,0.5],"vector":[]}
{"modelId":"m","layer":"3-res","index":"6","frac_nonzero":0.5,"pos_str":[],"pos_values":[]}
)");
  QCOMPARE(columnOf(table, "frac_nonzero").numbers[1], 0.5);
  QVERIFY(std::isnan(columnOf(table, "maxActApprox").numbers[1]));
  QCOMPARE(table.details.at(5).positiveLogits[0].token, std::string(" a"));
  QCOMPARE(table.details.at(5).negativeLogits[0].logit, -2.0f);
  QCOMPARE(table.knownNeighbors.size(), 1u);
  QCOMPARE(table.knownNeighbors[0].neighbor, 1);
}

void tst_LabelFile::readsNeuronpediaActivations()
{
  std::string content;
  for (int i = 0; i < 10; ++i)
    content += "{\"modelId\":\"m\",\"layer\":\"3-res\",\"index\":\"7\",\"tokens\":[\"x\",\"t" +
               std::to_string(i) + "\",\"y\"],\"values\":[0," + std::to_string((i * 7) % 10) +
               ",0.5],\"maxValue\":1}\n";
  const LabelTable table = readText("activations.jsonl", content);
  const std::vector<ActivationContext>& contexts = table.details.at(7).contexts;
  QCOMPARE(contexts.size(), 4u);
  QCOMPARE(contexts[0].activations[1], 9.0f);
  QCOMPARE(contexts[3].activations[1], 6.0f);
  QCOMPARE(contexts[0].tokens[1], std::string("t7"));
}

void tst_LabelFile::readsOneFeatureFiles()
{
  const LabelTable table = readText(
      "feature-12.json",
      R"({"density":0.5,"mean_act":2,"hist":{"1":2},"random":[],"top":[{"tokens":["a","b"],"acts":[0,3],"doc_id":1,"idx":1}]})");
  QCOMPARE(table.ids.front(), 12);
  QCOMPARE(columnOf(table, "density").numbers[0], 0.5);
  QCOMPARE(table.details.at(12).contexts[0].tokens[1], std::string("b"));
}

void tst_LabelFile::joinsFolders()
{
  const TemporaryFolder files;
  const std::string head = R"({"modelId":"m","layer":"3-res-16k","index":")";
  files.write("batch-1.jsonl.gz", gzipped(head + R"(9","description":"nine"})" + "\n"));
  files.write("batch-0.jsonl.gz", gzipped(head + R"(1","description":"one"})" + "\n" + head +
                                          R"(2","description":"two"})"));
  files.write("README.md", "no labels");
  const LabelTable table = readLabels(files.path());
  QCOMPARE(text(table.labels), std::string("one|two|nine"));
  QVERIFY(test::hasPart(table.notes, "Joined from 2 files"));
  files.write("batch-2.jsonl",
              R"({"modelId":"m","layer":"4-res-16k","index":"0","description":"x"})");
  ORRERY_EXPECT_ERROR(readLabels(files.path()), "belongs to another dictionary");
  const TemporaryFolder none;
  ORRERY_EXPECT_ERROR(readLabels(none.path()), "without label files");
}

void tst_LabelFile::unpacksGzip()
{
  const std::string packed = gzipped("x\ny\n");
  // Two members in a row are one text.
  QCOMPARE(text(readText("a.txt.gz", packed + gzipped("z\n")).labels), std::string("x|y|z"));
  for (std::size_t size = 3; size < packed.size(); ++size)
    ORRERY_EXPECT_ERROR(readText("a.txt.gz", packed.substr(0, size)), "gzip data");
  std::string broken = packed;
  broken[packed.size() - 6] = static_cast<char>(broken[packed.size() - 6] ^ 1);
  ORRERY_EXPECT_ERROR(readText("a.txt.gz", broken), "gzip data are damaged");
}

void tst_LabelFile::refusesBombs()
{
  // Blanks pack about 1030 : 1, so 300 MB of them are past both bounds.
  const std::string blankLine = gzipped(std::string(4u << 20, ' ') + "\n");
  const std::string record = gzipped("{\"index\":1,\"label\":\"a\"}\n");
  std::string packed = record + record;
  for (int i = 0; i < 75; ++i)
    packed += blankLine;
  ORRERY_EXPECT_ERROR(readText("a.jsonl.gz", packed), "a gzip bomb");
  ORRERY_EXPECT_ERROR(readText("a.json.gz", gzipped("[") + blankLine + blankLine + blankLine),
                      "of blanks in a row");
}

void tst_LabelFile::readsOtherEncodings()
{
  const std::string utf16(
      "\xFF\xFE"
      "a\0\t\0b\0\n\0"
      "\xE4\0\t\0"
      "\x3D\xD8\x00\xDE"
      "\n\0",
      20);
  const LabelTable table = readText("a.tsv", utf16);
  QCOMPARE(text(table.labels), std::string("\xC3\xA4"));
  const LabelTable bad = readText("a.txt", std::string("a\xC0\xAF"
                                                       "b\nc\0d\n",
                                                       9));
  QCOMPARE(bad.labels[0], std::string("a\xEF\xBF\xBD\xEF\xBF\xBD"
                                      "b"));
  QCOMPARE(bad.labels[1], std::string("c\xEF\xBF\xBD"
                                      "d"));
  QVERIFY(test::hasPart(bad.notes, "3 places in the text that are not UTF-8"));
}

void tst_LabelFile::largeContentLoads()
{
  const std::string longLabel(8u << 20, 'x');
  QCOMPARE(readText("a.txt", "a\n" + longLabel + "\nb\n").labels[1].size(), longLabel.size());
  QCOMPARE(readText("a.txt", std::string(1'000'000, '\n')).labels.size(), 1'000'000u);
  std::string rows = "index\tlabel\tn\n";
  for (int i = 0; i < 200'000; ++i)
    rows += std::to_string(i) + "\tsome label\t0.5\n";
  QCOMPARE(readText("a.tsv", rows).labels.size(), 200'000u);
}

void tst_LabelFile::damagedFilesAreReadOrRefused()
{
  const std::vector<std::pair<std::string, std::string>> samples = {
      {"a.tsv", "index\tlabel\tn\n2\tc\t0.5\n0\ta\t1\n"},
      {"a.csv", "feature,description\n1,\"b, \"\"c\"\"\"\n0,\"a\nb\"\n"},
      {"a.json", R"({"0": "a", "1": "b", "x": {"labels": ["c", null]}, "2": [1, 2]})"},
      {"a.json", R"({"labels": ["a", "b"], "density": [0.5, 1e-3], "ids": [4, 5]})"},
      {"a.json", R"({"0": [2, 3], "1": [4]})"},
      {"a.jsonl",
       R"({"modelId":"m","layer":"3-res","index":"5","description":"d","frac_nonzero":0.25,)"
       R"("pos_str":["a"],"pos_values":[1.5],"topkCosSimIndices":[1],"topkCosSimValues":[0.5]})"
       "\n"
       R"({"modelId":"m","layer":"3-res","index":"5","tokens":["a","b"],"values":[0,1]})"
       "\n"},
      {"a.jsonl.gz", gzipped("{\"index\":1,\"label\":\"a\"}\n{\"index\":2,\"label\":\"b\"}\n")},
      {"1.json", R"({"density":0.5,"top":[{"tokens":["a"],"acts":[3]}],"hist":{"1":2}})"}};
  const TemporaryFolder files;
  const Dictionary dictionary = dictionaryOf(6);
  Random random(11);
  const auto readAndAttach = [&](const std::string& name, const std::string& bytes) {
    const auto path = files.write(name, bytes);
    // An Error or labels in their places; anything else ends the test.
    test::errorOf([&] {
      const Dictionary labelled = attachLabels(dictionary, readLabels(path), path);
      QVERIFY(labelled.labels.empty() || labelled.labels.size() == 6);
      for (const Column& column : labelled.columns)
        QCOMPARE(column.numbers.size() + column.categories.size(), 6u);
    });
  };
  for (const auto& [name, sample] : samples) {
    for (std::size_t size = 0; size < sample.size(); ++size)
      readAndAttach(name, sample.substr(0, size));
    for (int round = 0; round < 150; ++round) {
      std::string damaged = sample;
      for (std::uint64_t i = 0; i <= random.below(3); ++i) {
        const auto at = static_cast<std::size_t>(random.below(damaged.size()));
        if (random.below(3) == 0)
          damaged.erase(at, 1 + random.below(4));
        else
          damaged[at] = random.below(2) ? static_cast<char>(random.bits())
                                        : "0123456789-[]{},:\"\t\n"[random.below(20)];
        if (damaged.empty())
          damaged = "x";
      }
      readAndAttach(name, damaged);
    }
  }
}

void tst_LabelFile::attachesByRow()
{
  const Dictionary plain = dictionaryOf(3);
  const Dictionary labelled = attachLabels(plain, readText("a.txt", "a\n\na\n"), "a.txt");
  QCOMPARE(text(labelled.labels), std::string("a||a"));
  QVERIFY(labelled.decoder == plain.decoder);
  QCOMPARE(labelled.labelPath, std::filesystem::path("a.txt"));
  ORRERY_EXPECT_ERROR(attachLabels(plain, readText("a.txt", "a\nb\n"), "a.txt"),
                      "has 2 labels for 3 features");
  ORRERY_EXPECT_ERROR(attachLabels(plain, readText("a.txt", "a\nb\nc\nd\n"), "a.txt"),
                      "has 4 labels for 3 features");
  QCOMPARE(text(attachLabels(plain, readText("a.txt", "a\nb\nc\n\n\n"), "a.txt").labels),
           std::string("a|b|c"));
  // The first row of a table of texts may be a label or a name; the count tells.
  const LabelTable table = readText("a.tsv", "king\tman\nqueen\twoman\nprince\tboy\n");
  QCOMPARE(text(attachLabels(plain, table, "a.tsv").labels), std::string("king|queen|prince"));
  QCOMPARE(text(attachLabels(dictionaryOf(2), table, "a.tsv").labels), std::string("queen|prince"));
}

void tst_LabelFile::attachesByIndex()
{
  const Dictionary plain = dictionaryOf(4);
  const LabelTable table = readText("a.tsv", "index\tlabel\tn\n3\td\t1.5\n1\tb\t2\n");
  const Dictionary labelled = attachLabels(plain, table, "a.tsv");
  QCOMPARE(text(labelled.labels), std::string("|b||d"));
  QVERIFY(std::isnan(labelled.columns[0].numbers[0]));
  QCOMPARE(labelled.columns[0].numbers[3], 1.5);
  QVERIFY(test::hasPart(labelled.notes, "name 2 of 4 features"));
  const Dictionary partly = attachLabels(dictionaryOf(2), table, "a.tsv");
  QCOMPARE(text(partly.labels), std::string("|b"));
  QVERIFY(test::hasPart(partly.warnings,
                        "1 feature that the dictionary (0 to 1) does not have, the "
                        "first 3"));
  ORRERY_EXPECT_ERROR(attachLabels(dictionaryOf(1), table, "a.tsv"), "names features from 1 on");
  ORRERY_EXPECT_ERROR(
      attachLabels(dictionaryOf(2), readText("a.tsv", "index\tlabel\n1\ta\n2\tb\n"), "a.tsv"),
      "count from 1");
  const LabelTable twice = readText("a.tsv", "index\tlabel\n0\ta\n1\tb\n0\tc\n");
  QCOMPARE(text(twice.labels), std::string("a|b"));
  QCOMPARE(text(twice.details.at(0).explanations), std::string("a|c"));
  QVERIFY(test::hasPart(twice.notes, "name a feature again"));
}

void tst_LabelFile::warnsAboutOtherDictionaries()
{
  Dictionary dictionary = dictionaryOf(2);
  dictionary.origin = {"google/gemma-2-2b", 12, "res", 16384, 41.0, "path"};
  LabelTable table = readText("a.txt", "a\nb\n");
  const auto warnings = [&](const std::string& model, const std::string& layer) {
    table.origin = neuronpediaOrigin(model, layer);
    return attachLabels(dictionary, table, "a").warnings;
  };
  QVERIFY(warnings("gemma-2-2b", "12-gemmascope-res-16k__l0-41").empty());
  QVERIFY(
      test::hasPart(warnings("gemma-2-2b", "12-gemmascope-res-16k__l0-82"), "L0 82 instead of 41"));
  QVERIFY(test::hasPart(warnings("gemma-2-2b", "12-gemmascope-res-16k"), "average_l0_82"));
  QVERIFY(test::hasPart(warnings("gemma-2-2b", "11-gemmascope-res-16k__l0-41"),
                        "layer 11 instead of 12"));
  QVERIFY(test::hasPart(warnings("gpt2-small", "12-res-jb"), "model gpt2-small"));
  QVERIFY(test::hasPart(warnings("gemma-2-2b", "12-gemmascope-mlp-16k__l0-41"), "site mlp"));
  QVERIFY(test::hasPart(warnings("gemma-2-2b", "12-gemmascope-res-65k__l0-41"), "width 65536"));
  dictionary.origin.l0 = 82.0;
  QVERIFY(warnings("gemma-2-2b", "12-gemmascope-res-16k").empty());
}

void tst_LabelFile::comparesKnownNeighbors()
{
  FeatureMatrix decoder = FeatureMatrix::Random(8, 40);
  Dictionary dictionary = dictionaryOf(decoder);
  LabelTable table = readText("a.json", "{\"0\":\"a\"}");
  for (FeatureId id = 0; id < 40; ++id) {
    const FeatureId other = (id + 7) % 40;
    const float cosine = decoder.col(id).normalized().dot(decoder.col(other).normalized());
    table.knownNeighbors.push_back({id, other, cosine});
  }
  const Dictionary same = attachLabels(dictionary, table, "a");
  QVERIFY(same.warnings.empty());
  QVERIFY(test::hasPart(same.notes, "40 of 40 neighbours"));
  for (LabelTable::KnownNeighbor& pair : table.knownNeighbors)
    pair.neighbor = (pair.neighbor + 1) % 40;
  QVERIFY(
      test::hasPart(attachLabels(dictionary, table, "a").warnings, "belong to another dictionary"));
}

void tst_LabelFile::parsesNeuronpediaSources()
{
  const Origin scope = neuronpediaOrigin("gemma-2-2b", "12-gemmascope-res-16k__l0-41");
  QCOMPARE(scope.layer, std::optional(12));
  QCOMPARE(scope.site, std::string("res"));
  QCOMPARE(scope.width, std::optional<std::int64_t>(16384));
  QCOMPARE(scope.l0, std::optional(41.0));
  QCOMPARE(neuronpediaOrigin("m", "3-x-65k").width, std::optional<std::int64_t>(65536));
  QCOMPARE(neuronpediaOrigin("m", "3-x-262k").width, std::optional<std::int64_t>(262144));
  QCOMPARE(neuronpediaOrigin("m", "3-x-1m").width, std::optional<std::int64_t>(1048576));
  QVERIFY(!neuronpediaOrigin("m", "6-res-jb").l0);
}

QTEST_APPLESS_MAIN(tst_LabelFile)
#include "tst_LabelFile.moc"
