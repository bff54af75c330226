#include "core/io/TextMatrixFile.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "tests/support/ExpectError.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <clocale>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <vector>

using namespace orrery;
using orrery::test::TemporaryFolder;

namespace {

TextMatrix readSniffed(const std::filesystem::path& path, const ReadOptions& options = {})
{
  const std::optional<TextMatrixFormat> format = sniffTextMatrix(path);
  if (!format)
    throw Error("not recognised");
  return readTextMatrix(path, *format, options, {});
}

/// The matrix that all files of same_500x300 hold: float32 in C order behind the header.
FeatureMatrix referenceMatrix()
{
  std::ifstream file(test::dataFolder() / "formats/same_500x300/f32.npy", std::ios::binary);
  file.seekg(128);
  FeatureMatrix matrix(300, 500);
  file.read(reinterpret_cast<char*>(matrix.data()), 600000);
  return matrix;
}

std::string floats(std::initializer_list<float> values)
{
  std::string bytes;
  for (const float value : values) {
    char raw[4];
    std::memcpy(raw, &value, 4);
    bytes.append(raw, 4);
  }
  return bytes;
}

}  // namespace

class tst_TextMatrixFile : public QObject {
  Q_OBJECT
 private slots:
  void sameMatrixInEveryFormat_data();
  void sameMatrixInEveryFormat();
  void realFiles_data();
  void realFiles();
  void readsProjectorPair();
  void readsRawBytes();
  void readsProjectorConfig();
  void configCannotReachOtherFiles();
  void leavesLabelFilesAlone();
  void recognises_data();
  void recognises();
  void refuses_data();
  void refuses();
  void keepsOddContent();
  void readsWordsWithBlanks();
  void readsBinaryWithOddWords();
  void firstFaultWhateverTheThreads();
  void sameBitsForAnyThreads();
  void readsUnderACommaLocale();
  void refusesBeyondMemoryLimit();
  void stops();
  void damagedFilesAreReadOrRefused();
  void malformedFiles_data();
  void malformedFiles();
};

void tst_TextMatrixFile::sameMatrixInEveryFormat_data()
{
  QTest::addColumn<QString>("file");
  QTest::addColumn<QString>("format");
  QTest::addColumn<bool>("labelled");
  QTest::newRow("word2vec text") << "word2vec.txt"
                                 << "word2vec text" << true;
  QTest::newRow("word2vec binary") << "word2vec.bin"
                                   << "word2vec binary" << true;
  QTest::newRow("GloVe") << "glove.txt"
                         << "GloVe text" << true;
  QTest::newRow("TSV") << "projector_tensors.tsv"
                       << "TSV" << false;
  QTest::newRow("CSV") << "with_header.csv"
                       << "CSV with header" << true;
}

void tst_TextMatrixFile::sameMatrixInEveryFormat()
{
  QFETCH(QString, file);
  QFETCH(QString, format);
  QFETCH(bool, labelled);
  ORRERY_NEED_DATA("formats/same_500x300/" + file.toStdString());
  const TextMatrix matrix = readSniffed(dataPath);
  QCOMPARE(QString::fromStdString(matrix.format), format);
  QCOMPARE(matrix.decoder.cols(), 500);
  QCOMPARE(matrix.decoder.rows(), 300);
  const FeatureMatrix expected = referenceMatrix();
  // The texts hold six digits of each number (data/README.md).
  QVERIFY((matrix.decoder - expected).cwiseAbs().maxCoeff() <= 2.5e-8f);
  QCOMPARE(matrix.labels.size(), labelled ? 500u : 0u);
  if (labelled) {
    std::ifstream labels(dataPath.parent_path() / "labels.txt");
    std::string label;
    for (std::size_t i = 0; std::getline(labels, label); ++i)
      QCOMPARE(matrix.labels[i], label);
  }
  const auto shape = textMatrixShape(dataPath, *sniffTextMatrix(dataPath), {});
  QCOMPARE(shape.second, 300);
  QVERIFY(shape.first == 500 || shape.first == -1);
}

void tst_TextMatrixFile::realFiles_data()
{
  QTest::addColumn<QString>("file");
  QTest::addColumn<int>("features");
  QTest::addColumn<int>("dimensions");
  QTest::addColumn<QString>("firstLabel");
  QTest::newRow("gensim text") << "gensim_EN.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt" << 20
                               << 300 << "one";
  QTest::newRow("gensim binary") << "gensim_euclidean_vectors.bin" << 2747 << 10 << "the";
  QTest::newRow("fastText") << "gensim_pang_lee_polarity_fasttext.vec" << 1694 << 100 << ".";
  QTest::newRow("GloVe") << "gensim_test_glove.txt" << 76 << 50 << "the";
}

void tst_TextMatrixFile::realFiles()
{
  QFETCH(QString, file);
  QFETCH(int, features);
  QFETCH(int, dimensions);
  QFETCH(QString, firstLabel);
  ORRERY_NEED_DATA("formats/word2vec/" + file.toStdString());
  const TextMatrix matrix = readSniffed(dataPath);
  QCOMPARE(matrix.decoder.cols(), features);
  QCOMPARE(matrix.decoder.rows(), dimensions);
  QCOMPARE(QString::fromStdString(matrix.labels.front()), firstLabel);
  QVERIFY(matrix.decoder.allFinite());
}

void tst_TextMatrixFile::readsProjectorPair()
{
  ORRERY_NEED_DATA("formats/same_500x300/projector_metadata.tsv");
  // A word and its length: one number is no vector.
  QVERIFY(!sniffTextMatrix(dataPath));
  const LabelTable table = readLabels(dataPath);
  QCOMPARE(table.labels.size(), 500u);
  QCOMPARE(table.labels.front(), std::string("in"));
}

void tst_TextMatrixFile::readsRawBytes()
{
  ORRERY_NEED_DATA("embeddings/iris_tensors.bytes");
  QCOMPARE(sniffTextMatrix(dataPath), TextMatrixFormat::RawBytes);
  ReadOptions options;
  ORRERY_EXPECT_ERROR(readSniffed(dataPath), "--shape");
  options.shape = {150, 5};
  ORRERY_EXPECT_ERROR(readSniffed(dataPath, options), "expected 3,000 bytes, found 2,400 bytes");
  options.shape = {std::numeric_limits<std::int64_t>::max(), 4};
  ORRERY_EXPECT_ERROR(readSniffed(dataPath, options), "does not hold");
  options.shape = {150, 4};
  const TextMatrix matrix = readSniffed(dataPath, options);
  QCOMPARE(matrix.decoder.cols(), 150);
  // The first flower of the data set, as iris_labels.tsv has it too.
  QCOMPARE(matrix.decoder(0, 0), 5.1f);
  QCOMPARE(matrix.decoder(3, 0), 0.2f);
}

void tst_TextMatrixFile::readsProjectorConfig()
{
  TemporaryFolder files;
  files.write("t.bytes", floats({1, 2, 3, 4, 5, 6}));
  files.write("t.tsv", "1\t2\n3\t4\n");
  files.write("m.tsv", "name\tsize\nfirst\t1\nsecond\t2\n");
  const auto config = files.write("projector_config.json", R"({"embeddings":[
    {"tensorName":"raw","tensorShape":[2,3],"tensorPath":"t.bytes","metadataPath":"m.tsv"},
    {"tensorName":"text","tensorShape":[2,2],"tensorPath":"t.tsv"}]})");
  QCOMPARE(sniffTextMatrix(config), TextMatrixFormat::ProjectorConfig);
  QCOMPARE(textMatrixShape(config, TextMatrixFormat::ProjectorConfig, {}),
           (std::pair<std::int64_t, std::int64_t>(2, 3)));
  const TextMatrix matrix = readSniffed(config);
  QCOMPARE(matrix.decoder(2, 1), 6.0f);
  QVERIFY(matrix.table);
  QCOMPARE(matrix.table->labels[1], std::string("second"));
  QVERIFY(test::hasPart(matrix.notes, "first of 2 tensors"));
  ReadOptions options;
  options.dataset = "text";
  QCOMPARE(readSniffed(config, options).decoder(1, 1), 4.0f);
  options.dataset = "none";
  ORRERY_EXPECT_ERROR(readSniffed(config, options), "it has 'raw', 'text'");
  std::filesystem::remove(files.path() / "m.tsv");
  QVERIFY(test::hasPart(readSniffed(config).notes, "The metadata were left out"));
}

void tst_TextMatrixFile::configCannotReachOtherFiles()
{
  TemporaryFolder files;
  files.write("outside.tsv", "1\t2\n3\t4\n");
  for (const std::string& name :
       {std::string("../outside.tsv"), (files.path() / "outside.tsv").string(),
        std::string("https://example.org/t.tsv")}) {
    const auto config = files.write("inner/projector_config.json",
                                    R"({"embeddings":[{"tensorPath":")" + name + R"("}]})");
    ORRERY_EXPECT_ERROR(readSniffed(config), "not in its own folder");
  }
}

void tst_TextMatrixFile::leavesLabelFilesAlone()
{
  for (const char* const name :
       {"sae/gemma2-2b_l12_16k_l0-41_features.tsv", "sae/pasttense_L4_final_K10.labels.txt",
        "sae/pasttense_verbs.tsv", "sae/gpt2-small_l7_spectral_clusters.json",
        "embeddings/googlenews_8168x300.labels.txt", "embeddings/googlenews_8168x300.npy",
        "formats/same_500x300/f32.safetensors", "formats/same_500x300/stored.npz"}) {
    ORRERY_NEED_DATA(name);
    QVERIFY2(!sniffTextMatrix(dataPath), name);
  }
}

void tst_TextMatrixFile::recognises_data()
{
  QTest::addColumn<QByteArray>("content");
  QTest::addColumn<int>("features");
  QTest::addColumn<int>("dimensions");
  QTest::addColumn<float>("last");
  QTest::addColumn<QByteArray>("lastLabel");
  QTest::newRow("numpy.savetxt") << QByteArray("1.0e+00 2.0e+00\n3.0e+00 4.0e+00\n") << 2 << 2
                                 << 4.0f << QByteArray();
  QTest::newRow("aligned") << QByteArray("   1.5    2.5\n  -3.5   -4.5\n") << 2 << 2 << -4.5f
                           << QByteArray();
  QTest::newRow("no last line feed")
      << QByteArray("1,2,3\n4,5,6") << 2 << 3 << 6.0f << QByteArray();
  QTest::newRow("CRLF and mark") << QByteArray(
                                        "\xEF\xBB\xBF"
                                        "1,2,3\r\n4,5,6\r\n")
                                 << 2 << 3 << 6.0f << QByteArray();
  QTest::newRow("label last") << QByteArray("1\t2\tone\n3\t4\ttwo\n") << 2 << 2 << 4.0f
                              << QByteArray("two");
  QTest::newRow("semicolons") << QByteArray("name;a;b\nx;1;2\ny;3;4\n") << 2 << 2 << 4.0f
                              << QByteArray("y");
  QTest::newRow("data frame") << QByteArray(",0,1,2\n0,1,2,3\n1,4,5,6\n") << 2 << 3 << 6.0f
                              << QByteArray();
  QTest::newRow("data frame without index")
      << QByteArray("0,1,2\n1,2,3\n4,5,6\n") << 2 << 3 << 6.0f << QByteArray();
  QTest::newRow("quoted line feed")
      << QByteArray("w,a,b\n\"one\ntwo\",1,2\n\"say \"\"hi\"\", you\",3,4\n") << 2 << 2 << 4.0f
      << QByteArray("say \"hi\", you");
  QTest::newRow("one dimension") << QByteArray("1\n2\n3\n") << 3 << 1 << 3.0f << QByteArray();
  QTest::newRow("one row") << QByteArray("1,2,3\n") << 1 << 3 << 3.0f << QByteArray();
  QTest::newRow("blank lines") << QByteArray("1 2\n\n3 4\n\n\n") << 2 << 2 << 4.0f << QByteArray();
  QTest::newRow("word2vec of one dimension")
      << QByteArray("2 1\na 0.5\nb 0.25\n") << 2 << 1 << 0.25f << QByteArray("b");
  QTest::newRow("two integer columns")
      << QByteArray("5 3\n1 2\n") << 2 << 2 << 2.0f << QByteArray();
  QTest::newRow("GloVe with numbers as words")
      << QByteArray("the 0.5 1.5\n1 2.5 3.5\n") << 2 << 2 << 3.5f << QByteArray("1");
  QTest::newRow("signs") << QByteArray("+1 -2\n+3 -.5\n") << 2 << 2 << -0.5f << QByteArray();
  QTest::newRow("too small for a float")
      << QByteArray("1 2\n3 1e-60\n") << 2 << 2 << 0.0f << QByteArray();
  QTest::newRow("too small for a double")
      << QByteArray("1 2\n3 1e-999\n") << 2 << 2 << 0.0f << QByteArray();
}

void tst_TextMatrixFile::recognises()
{
  QFETCH(QByteArray, content);
  QFETCH(int, features);
  QFETCH(int, dimensions);
  QFETCH(float, last);
  QFETCH(QByteArray, lastLabel);
  TemporaryFolder files;
  const auto path = files.write("file", content.toStdString());
  const TextMatrix matrix = readSniffed(path);
  QCOMPARE(matrix.decoder.cols(), features);
  QCOMPARE(matrix.decoder.rows(), dimensions);
  QCOMPARE(matrix.decoder(dimensions - 1, features - 1), last);
  QCOMPARE(matrix.labels.empty(), lastLabel.isEmpty());
  if (!lastLabel.isEmpty())
    QCOMPARE(matrix.labels.back(), lastLabel.toStdString());
}

void tst_TextMatrixFile::refuses_data()
{
  QTest::addColumn<QByteArray>("content");
  QTest::addColumn<QString>("sentence");
  QTest::newRow("short row")
      << QByteArray("2 3\na 1 2 3\nb 1 2\n")
      << "line 3, column 3: the row ends after 2 numbers; the header promises 3";
  QTest::newRow("long row") << QByteArray("2 3\na 1 2 3\nb 1 2 3 4\n")
                            << "line 3, column 5: the row goes on past its last number";
  QTest::newRow("short row, GloVe")
      << QByteArray("a 1 2 3\nb 1 2 3\nc 1 2\nd 1 2 3\n") << "line 3, column 3: the row ends";
  QTest::newRow("short row, CSV") << QByteArray("1,2,3\n1,2\n1,2,3\n")
                                  << "line 2, column 2: the row ends after 2 fields";
  QTest::newRow("long row, CSV") << QByteArray("1,2,3\n1,2,3,4\n1,2,3\n")
                                 << "line 2, column 4: the row goes on past its last field";
  QTest::newRow("text") << QByteArray("2 3\na 1 2 3\nb 1 oops 3\n")
                        << "line 3, column 3: 'oops' is not a number";
  QTest::newRow("decimal comma") << QByteArray("2 3\na 1 2 3\nb 1 0,5 3\n")
                                 << "line 3, column 3: '0,5' has a decimal comma";
  QTest::newRow("decimal comma everywhere")
      << QByteArray("0,5;0,25\n1,5;2,5\n") << "line 1, column 1: '0,5' has a decimal comma";
  QTest::newRow("decimal comma and blanks")
      << QByteArray("0,5 0,25\n1,5 2,5\n") << "line 1, column 1: '0,5' has a decimal comma";
  QTest::newRow("too large") << QByteArray("2 3\na 1 2 3\nb 1 2 1e999\n")
                             << "line 3, column 4: '1e999' is too large";
  QTest::newRow("hexadecimal") << QByteArray("1,2\n0x1p3,4\n5,6\n")
                               << "line 2, column 1: '0x1p3' is hexadecimal";
  QTest::newRow("empty cell") << QByteArray("1,2\n,4\n5,6\n")
                              << "line 2, column 1: nothing stands where a number";
  QTest::newRow("fewer rows than promised")
      << QByteArray("5 3\na 1 2 3\nb 1 2 3\n") << "the header promises 5 rows, found 2";
  QTest::newRow("more rows than promised")
      << QByteArray("1 3\na 1 2 3\nb 1 2 3\n") << "the header promises 1 rows, found 2";
  QTest::newRow("negative count") << QByteArray("-2 3\na 1 2 3\nb 1 2 3\n")
                                  << "the header promises '-2' rows";
  QTest::newRow("zero dimensions")
      << QByteArray("2 0\na 1 2 3\nb 1 2 3\n") << "the header promises '0' dimensions";
  QTest::newRow("count of 2^64") << QByteArray("18446744073709551616 3\na 1 2 3\n")
                                 << "the header promises '18446744073709551616' rows";
  QTest::newRow("count that wraps")
      << QByteArray("4294967298 3\na 1 2 3\nb 1 2 3\n") << "the header promises '4294967298' rows";
  QTest::newRow("huge dimensions")
      << QByteArray("2 2000000000\na 1 2 3\nb 1 2 3\n") << "cannot hold one such row";
  QTest::newRow("dimensions too large for the rows")
      << QByteArray("2 10\na 1 2 3\nb 1 2 3\n") << "line 2, column 4: the row ends after 3 numbers";
  QTest::newRow("unclosed quote") << QByteArray("w,a,b\n\"one,1,2\ntwo,3,4\n")
                                  << "the quote that opens in line 2 is never closed";
  QTest::newRow("binary, fewer rows")
      << QByteArray("3 2\na \0\0\0\0\0\0\0\0\nb \0\0\0\0\0\0\0\0\n", 26)
      << "has room for 2 at most";
  QTest::newRow("binary, no dimensions")
      << QByteArray("3 0\na \0\0\0\0\n", 11) << "the header promises '0' dimensions";
  QTest::newRow("binary, huge") << QByteArray("2147483647 2147483647\na \0\0\0\0\0\0\0\0\n", 33)
                                << "has room for 0 at most";
  QTest::newRow("binary, word without end")
      << QByteArray("2 1\na \0\0\0\0bcdef\0\0\0", 18) << "inside the word of row 2 of 2";
  QTest::newRow("binary, cut in a vector")
      << QByteArray("2 2\na \0\0\0\0\0\0\0\0aaaaaaaaa \0\0\0", 27)
      << "expected 8 bytes at byte 24, found 3";
}

void tst_TextMatrixFile::refuses()
{
  QFETCH(QByteArray, content);
  QFETCH(QString, sentence);
  TemporaryFolder files;
  const auto path = files.write("file", content.toStdString());
  ORRERY_EXPECT_ERROR(readSniffed(path), sentence.toStdString());
}

void tst_TextMatrixFile::keepsOddContent()
{
  TemporaryFolder files;
  const auto path = files.write(
      "w.txt", "5 2\na 1 nan\nb\xFF 2 inf\na 3 1e39\n<b>%1</b> 4 -0.0\n\xC3\xA4 5 1e-45\n");
  const TextMatrix matrix = readSniffed(path);
  QVERIFY(std::isnan(matrix.decoder(1, 0)));
  QVERIFY(std::isinf(matrix.decoder(1, 1)));
  QVERIFY(std::isinf(matrix.decoder(1, 2)));
  QVERIFY(matrix.decoder(1, 4) > 0.0f);
  QCOMPARE(matrix.labels[1], std::string("b\xEF\xBF\xBD"));
  QCOMPARE(matrix.labels[3], std::string("<b>%1</b>"));
  QCOMPARE(matrix.labels[4], std::string("\xC3\xA4"));
  QVERIFY(test::hasPart(matrix.notes, "not UTF-8"));
  QVERIFY(test::hasPart(matrix.notes, "does not fit 32 bits"));
  QVERIFY(test::hasPart(matrix.notes, "a label that an earlier row has too: 'a'"));
}

void tst_TextMatrixFile::readsWordsWithBlanks()
{
  TemporaryFolder files;
  const std::string longWord(1 << 20, 'x');
  const auto path = files.write(
      "glove.txt", "the 1 2 3\n. . . 4 5 6\nat a@b.org 7 8 9\n" + longWord + " 1 2 3\n");
  const TextMatrix matrix = readSniffed(path);
  QCOMPARE(matrix.format, std::string("GloVe text"));
  QCOMPARE(matrix.labels[1], std::string(". . ."));
  QCOMPARE(matrix.labels[2], std::string("at a@b.org"));
  QCOMPARE(matrix.labels[3], longWord);
  QCOMPARE(matrix.decoder(0, 2), 7.0f);
}

void tst_TextMatrixFile::readsBinaryWithOddWords()
{
  TemporaryFolder files;
  const std::string longWord(1 << 20, 'y');
  const auto path = files.write("w.bin", "4 2\n" + std::string("a\xFE ") + floats({1, 2}) + "\nb " +
                                             floats({3, 4}) + longWord + " " + floats({5, 6}) +
                                             "b " + floats({7, 8}) + "\nrest");
  const TextMatrix matrix = readSniffed(path);
  QCOMPARE(matrix.labels[0], std::string("a\xEF\xBF\xBD"));
  QCOMPARE(matrix.labels[2], longWord);
  QCOMPARE(matrix.decoder(1, 3), 8.0f);
  QVERIFY(test::hasPart(matrix.notes, "not UTF-8"));
  QVERIFY(test::hasPart(matrix.notes, "4 bytes are left over"));
  QVERIFY(test::hasPart(matrix.notes, "earlier row has too"));
}

void tst_TextMatrixFile::firstFaultWhateverTheThreads()
{
  // Several blocks of 4 MiB with a fault in each.
  std::string text;
  while (text.size() < (13u << 20))
    for (int i = 0; i < 50000; ++i)
      text += i == 40000 ? "word 1 bad 3\n" : "word 1.25 -2.5 3\n";
  TemporaryFolder files;
  const auto path = files.write("glove.txt", text);
  const int before = threadCount();
  for (const int threads : {1, 2, 4}) {
    setThreadCount(threads);
    ORRERY_EXPECT_ERROR(readSniffed(path), "line 40001, column 3: 'bad' is not a number");
  }
  setThreadCount(before);
}

void tst_TextMatrixFile::sameBitsForAnyThreads()
{
  std::string text;
  for (int i = 0; text.size() < (9u << 20); ++i)
    text += "w" + std::to_string(i) + " " + std::to_string(i * 0.37) + " " +
            std::to_string(i * 1e-3) + (i % 7 == 0 ? "\n\n" : "\n");
  TemporaryFolder files;
  const auto path = files.write("glove.txt", text);
  const int before = threadCount();
  setThreadCount(1);
  const TextMatrix one = readSniffed(path);
  setThreadCount(4);
  const TextMatrix four = readSniffed(path);
  setThreadCount(before);
  QCOMPARE(one.decoder, four.decoder);
  QCOMPARE(one.labels, four.labels);
  QCOMPARE(one.labels.back(), "w" + std::to_string(one.labels.size() - 1));
}

void tst_TextMatrixFile::readsUnderACommaLocale()
{
  TemporaryFolder files;
  const char* found = std::setlocale(LC_ALL, "de_DE.UTF-8");
  if (!found) {
    // Not installed: made for this test, if the sources of locales are.
    const std::string target = (files.path() / "de_DE.UTF-8").string();
    const std::string command = "localedef -i de_DE -f UTF-8 '" + target + "' >/dev/null 2>&1";
    if (std::system(command.c_str()) == 0) {
      qputenv("LOCPATH", QByteArray::fromStdString(files.path().string()));
      found = std::setlocale(LC_ALL, "de_DE.UTF-8");
    }
  }
  if (!found)
    QSKIP("no locale de_DE.UTF-8 here, and none could be made with localedef");
  QCOMPARE(std::localeconv()->decimal_point[0], ',');
  const auto text = files.write("w.txt", "1 2\na 0.5 -1.25e1\n");
  const TextMatrix matrix = readSniffed(text);
  const auto json = files.write("l.jsonl", "{\"index\":0,\"label\":\"a\",\"density\":0.5}\n");
  const LabelTable table = readLabels(json);
  std::setlocale(LC_ALL, "C");
  QCOMPARE(matrix.decoder(0, 0), 0.5f);
  QCOMPARE(matrix.decoder(1, 0), -12.5f);
  QCOMPARE(table.columns.front().numbers.front(), 0.5);
}

void tst_TextMatrixFile::refusesBeyondMemoryLimit()
{
  TemporaryFolder files;
  ReadOptions options;
  options.maxMemory = 23;
  const auto path = files.write("m.csv", "1,2,3\n4,5,6\n");
  ORRERY_EXPECT_ERROR(readSniffed(path, options), "needs 24 bytes of memory");
  options.maxMemory = 24;
  QCOMPARE(readSniffed(path, options).decoder.cols(), 2);
}

void tst_TextMatrixFile::stops()
{
  TemporaryFolder files;
  const auto path = files.write("m.csv", "1,2,3\n4,5,6\n");
  std::stop_source stop;
  stop.request_stop();
  QVERIFY_THROWS_EXCEPTION(Cancelled, readTextMatrix(path, TextMatrixFormat::DelimitedText, {},
                                                     Progress(stop.get_token(), {})));
}

void tst_TextMatrixFile::damagedFilesAreReadOrRefused()
{
  const std::vector<std::string> samples = {
      "3 2\na 1.5 -2\nb 3 4e-2\nc 5 6\n",
      "3 2\na " + floats({1, 2}) + "\nb " + floats({3, 4}) + "\nc " + floats({5, 6}) + "\n",
      "the 1 2 3\n. . 4 5 6\nof 7 8 9\n",
      "w,a,b\n\"one\ntwo\",1,2\n\"say \"\"hi\"\"\",3,4\n",
      "id\tx\ty\n0\t1\t2\n1\t3\t4\n",
      R"({"embeddings":[{"tensorName":"n","tensorShape":[2,3],"tensorPath":"t.bytes"}]})"};
  const TemporaryFolder files;
  files.write("t.bytes", floats({1, 2, 3, 4, 5, 6}));
  Random random(7);
  for (const std::string& sample : samples) {
    for (std::size_t size = 0; size < sample.size(); ++size) {
      const auto path = files.write("cut", sample.substr(0, size));
      test::errorOf([&] { readSniffed(path); });
    }
    for (int round = 0; round < 150; ++round) {
      std::string damaged = sample;
      for (std::uint64_t i = 0; i <= random.below(3); ++i) {
        const auto at = static_cast<std::size_t>(random.below(damaged.size()));
        const char byte = static_cast<char>(random.bits());
        if (random.below(3) == 0)
          damaged.insert(at, 1, byte);
        else
          damaged[at] = random.below(2) ? byte : static_cast<char>('0' + random.below(10));
      }
      const auto path = files.write("damaged", damaged);
      // An Error or a matrix; anything else ends the test.
      test::errorOf([&] {
        const TextMatrix matrix = readSniffed(path);
        QVERIFY(matrix.labels.empty() ||
                static_cast<Eigen::Index>(matrix.labels.size()) == matrix.decoder.cols());
      });
    }
  }
}

void tst_TextMatrixFile::malformedFiles_data()
{
  QTest::addColumn<QString>("file");
  QTest::addColumn<QString>("sentence");
  QTest::newRow("count_too_large") << "count_too_large.bin"
                                   << "has room for";
  QTest::newRow("dim_zero") << "dim_zero.bin"
                            << "promises '0' dimensions";
  QTest::newRow("cut_in_vector") << "cut_in_vector.bin"
                                 << "inside the vector of row 40 of 40";
  QTest::newRow("no_header") << "no_header.bin"
                             << "not recognised";
  QTest::newRow("fastText model") << "fasttext_not_word2vec_cp852_fasttext.bin"
                                  << "not recognised";
  QTest::newRow("ragged") << "ragged.txt"
                          << "line 7, column 12: the row ends after 11 numbers";
  QTest::newRow("duplicate_words") << "duplicate_words.txt"
                                   << "";
  QTest::newRow("crlf_and_bom") << "crlf_and_bom.txt"
                                << "";
}

void tst_TextMatrixFile::malformedFiles()
{
  QFETCH(QString, file);
  QFETCH(QString, sentence);
  ORRERY_NEED_DATA("malformed/word2vec/" + file.toStdString());
  if (!sentence.isEmpty()) {
    ORRERY_EXPECT_ERROR(readSniffed(dataPath), sentence.toStdString());
    return;
  }
  const TextMatrix matrix = readSniffed(dataPath);
  QCOMPARE(matrix.decoder.rows(), 12);
  QCOMPARE(matrix.labels.front(), std::string("in"));
}

QTEST_APPLESS_MAIN(tst_TextMatrixFile)
#include "tst_TextMatrixFile.moc"
