#include "core/base/Error.h"
#include "core/io/Hdf5File.h"
#include "core/io/Npy.h"
#include "tests/support/TestData.h"

#include <QtCore/QRegularExpression>
#include <QtTest/QtTest>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

using namespace orrery;

namespace {

const TensorInfo* find(const TensorFile& file, const std::string& name)
{
  for (const TensorInfo& info : file.tensors())
    if (info.name == name)
      return &info;
  return nullptr;
}

FeatureMatrix matrixOf(TensorFile& file, const std::string& name,
                       FeatureAxis axis = FeatureAxis::Rows)
{
  const TensorInfo* info = find(file, name);
  return info ? file.readMatrix(*info, axis, {}) : FeatureMatrix();
}

/// The largest difference; infinity where the shapes differ.
double difference(const FeatureMatrix& a, const FeatureMatrix& b)
{
  if (a.rows() != b.rows() || a.cols() != b.cols())
    return std::numeric_limits<double>::infinity();
  return (a - b).cwiseAbs().maxCoeff();
}

bool contains(const std::vector<std::string>& lines, const std::string& words)
{
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(words) != std::string::npos;
  });
}

/// One line for people, without the library's own words.
void isSentence(const Error& error)
{
  const std::string text = error.what();
  QVERIFY2(text.find(": ") != std::string::npos && text.find('\n') == std::string::npos &&
               text.find("HDF5-DIAG") == std::string::npos && text.find("H5F") == std::string::npos,
           text.c_str());
}

}  // namespace

/// Real files: those of this project's data folder and other projects' fixtures.
class tst_Hdf5File : public QObject {
  Q_OBJECT

 private slots:
  void readsEqualMatricesFromManyLayouts();
  void readsTheLatestFormat();
  void readsRealDictionaries();
  void readsSparseParts();
  void opensEveryFixture_data();
  void opensEveryFixture();
  void survivesMalformedFiles_data();
  void survivesMalformedFiles();
  void saysWhatIsWrong_data();
  void saysWhatIsWrong();
};

void tst_Hdf5File::readsEqualMatricesFromManyLayouts()
{
  ORRERY_NEED_DATA("formats/same_500x300/many_layouts.h5");
  const auto reference = openNpy(dataPath.parent_path() / "f32.npy");
  const FeatureMatrix expected =
      reference->readMatrix(reference->tensors().front(), FeatureAxis::Rows, {});
  const auto file = openHdf5(dataPath, {});
  QCOMPARE(file->formatName(), std::string("HDF5"));

  for (const char* name :
       {"/plain_f32", "/chunked_gzip_shuffle_f32", "/be_f64", "/nested/deeper/W_dec", "/alias"})
    QVERIFY2(difference(matrixOf(*file, name), expected) == 0.0, name);
  QVERIFY(difference(matrixOf(*file, "/transposed", FeatureAxis::Columns), expected) == 0.0);
  QVERIFY(difference(matrixOf(*file, "/plain_f32", FeatureAxis::Columns), expected.transpose()) ==
          0.0);
  QVERIFY(difference(matrixOf(*file, "/chunked_gzip_shuffle_f32", FeatureAxis::Columns),
                     expected.transpose()) == 0.0);
  // Half precision keeps what it can (the data's README has the bound).
  QVERIFY(difference(matrixOf(*file, "/f16"), expected) <= 2e-3);
  QVERIFY(difference(matrixOf(*file, "/bf16"), expected) <= 2e-2);

  QCOMPARE(find(*file, "/bf16")->type, ElementType::BFloat16);
  QCOMPARE(find(*file, "/be_f64")->typeName, std::string("float64 (big endian)"));
  QCOMPARE(find(*file, "/alias")->aliasOf, std::string("/nested/deeper/W_dec"));
  QVERIFY(find(*file, "/compound")->problem.find("compound of id, word, vec") != std::string::npos);
  QVERIFY_EXCEPTION_THROWN(file->readNumbers(*find(*file, "/compound"), {}), Error);

  const auto labels = file->readStrings(*find(*file, "/labels"), {});
  QCOMPARE(labels.size(), std::size_t{500});
  std::ifstream lines(dataPath.parent_path() / "labels.txt");
  std::vector<std::string> expectedLabels;
  for (std::string line; std::getline(lines, line);)
    expectedLabels.push_back(line);
  QCOMPARE(labels, expectedLabels);
  QCOMPARE(file->readStrings(*find(*file, "/labels_fixed"), {}), expectedLabels);
  const FeatureMatrix integers = matrixOf(*file, "/scaled_int8");
  QCOMPARE(integers.cols(), Eigen::Index{500});
  QVERIFY(contains(file->notes(), "int8"));
}

void tst_Hdf5File::readsTheLatestFormat()
{
  ORRERY_NEED_DATA("formats/same_500x300/latest_format.h5");
  const auto reference = openNpy(dataPath.parent_path() / "f32.npy");
  const FeatureMatrix expected =
      reference->readMatrix(reference->tensors().front(), FeatureAxis::Rows, {});
  const auto file = openHdf5(dataPath, {});
  QVERIFY(difference(matrixOf(*file, "/layer_0/W_dec"), expected.leftCols(250)) == 0.0);
  QVERIFY(difference(matrixOf(*file, "/layer_1/W_dec"), expected.rightCols(250)) == 0.0);
}

void tst_Hdf5File::readsRealDictionaries()
{
  ORRERY_NEED_DATA("sae/pasttense_L4_saes.h5");
  const auto file = openHdf5(dataPath, {});
  QVERIFY(file->metadata().at("note").starts_with("top-k SAEs"));
  const TensorInfo* decoder = find(*file, "/final_K10/W_dec");
  QVERIFY(decoder);
  QCOMPARE(decoder->shape, (std::vector<std::int64_t>{512, 256}));
  QCOMPARE(decoder->attributes.at("layer"), std::string("4"));
  QCOMPARE(decoder->attributes.at("top_k"), std::string("10"));
  const FeatureMatrix matrix = file->readMatrix(*decoder, FeatureAxis::Rows, {});
  QCOMPARE(matrix.cols(), Eigen::Index{512});
  const auto other = openNpz(dataPath.parent_path() / "pasttense_L4_final_K10.npz");
  for (const TensorInfo& info : other->tensors())
    if (info.name == "W_dec")
      QVERIFY(difference(matrix, other->readMatrix(info, FeatureAxis::Rows, {})) == 0.0);
  QCOMPARE(file->readNumbers(*find(*file, "/final_K10/b_dec"), {}).size(), std::size_t{256});
  QCOMPARE(file->readStrings(*find(*file, "/verbs/lemma"), {}).size(), std::size_t{3917});
}

void tst_Hdf5File::readsSparseParts()
{
  ORRERY_NEED_DATA("corpus/blocks_x_words_csr.h5");
  const auto file = openHdf5(dataPath, {});
  QCOMPARE(file->metadata().at("shape"), std::string("[11402, 8000]"));
  const auto indices = file->readNumbers(*find(*file, "/indices"), {});
  QCOMPARE(indices.size(), std::size_t{1230794});
  QVERIFY(*std::max_element(indices.begin(), indices.end()) < 8000.0);
  QCOMPARE(file->readNumbers(*find(*file, "/indptr"), {}).back(), 1230794.0);
}

void tst_Hdf5File::opensEveryFixture_data()
{
  QTest::addColumn<QString>("path");
  QTest::addColumn<QString>("seen");
  std::ifstream manifest(test::dataFolder() / "formats/hdf5_MANIFEST.tsv");
  std::string line;
  std::getline(manifest, line);
  while (std::getline(manifest, line)) {
    const QStringList cells = QString::fromStdString(line).split('\t');
    if (cells.size() >= 5 && cells[0].startsWith("formats/"))
      QTest::addRow("%s %s", qPrintable(cells[0]), qPrintable(cells[2])) << cells[0] << cells[4];
  }
  QTest::addRow("(manifest)") << "formats/hdf5_MANIFEST.tsv"
                              << "";
}

void tst_Hdf5File::opensEveryFixture()
{
  QFETCH(QString, path);
  QFETCH(QString, seen);
  ORRERY_NEED_DATA(path.toStdString());
  if (seen.isEmpty())
    return;
  const auto file = openHdf5(dataPath, {});
  for (const TensorInfo& info : file->tensors()) {
    if (!info.problem.empty() || info.shape.size() > 2)
      continue;
    if (info.type == ElementType::Text)
      QVERIFY(!info.typeName.empty() && (void(file->readStrings(info, {})), true));
    else if (info.isMatrix() && info.shape[0] > 0 && info.shape[1] > 0)
      QCOMPARE(file->readMatrix(info, FeatureAxis::Rows, {}).cols(), info.shape[0]);
  }
  // "'/group/name (rows, columns) <f4'": the first matrices that h5py saw in it.
  static const QRegularExpression matrix("'(/[^']+) \\((\\d+), (\\d+)\\) [<>|]([fiu])(\\d+)'");
  for (auto match = matrix.globalMatch(seen); match.hasNext();) {
    const QStringList parts = match.next().capturedTexts();
    const TensorInfo* info = find(*file, parts[1].toStdString());
    // What hangs under a group with two names is listed under one of them.
    for (const TensorInfo& other : file->tensors())
      if (!info && other.name.ends_with(parts[1].section('/', -1).toStdString()))
        info = &other;
    QVERIFY2(info, qPrintable(parts[1]));
    // Where NumPy has numbers but the file has bit fields, enumerations or custom types, we refuse.
    if (!info->problem.empty()) {
      QVERIFY2(info->problem.find("bit field") != std::string::npos ||
                   info->problem.find("enumeration") != std::string::npos ||
                   info->problem.find("virtual") != std::string::npos ||
                   info->problem.find("nothing was ever written") != std::string::npos,
               info->problem.c_str());
      continue;
    }
    QCOMPARE(info->shape,
             (std::vector<std::int64_t>{parts[2].toLongLong(), parts[3].toLongLong()}));
    QCOMPARE(info->isFloat(), parts[4] == "f");
  }
}

void tst_Hdf5File::survivesMalformedFiles_data()
{
  QTest::addColumn<QString>("path");
  const auto folder = test::dataFolder() / "malformed/hdf5";
  if (std::filesystem::exists(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      QTest::addRow("%s", entry.path().filename().c_str())
          << QString::fromStdString("malformed/hdf5/" + entry.path().filename().string());
  QTest::addRow("(folder)") << "malformed/hdf5";
}

void tst_Hdf5File::survivesMalformedFiles()
{
  QFETCH(QString, path);
  ORRERY_NEED_DATA(path.toStdString());
  if (std::filesystem::is_directory(dataPath))
    return;
  try {
    const auto file = openHdf5(dataPath, {});
    for (const TensorInfo& info : file->tensors()) {
      try {
        if (info.isMatrix())
          (void)file->readMatrix(info, FeatureAxis::Rows, {});
        else
          (void)file->readNumbers(info, {});
      } catch (const Error& error) {
        isSentence(error);
      }
    }
  } catch (const Error& error) {
    isSentence(error);
  }
}

void tst_Hdf5File::saysWhatIsWrong_data()
{
  QTest::addColumn<QString>("path");
  QTest::addColumn<QString>("dataset");
  QTest::addColumn<QString>("words");
  const auto add = [](const char* path, const char* dataset, const char* words) {
    QTest::addRow("%s %s", path, dataset) << path << dataset << words;
  };
  add("malformed/hdf5/truncated.h5", "", "expects 486297 bytes, but the file has 162099");
  add("malformed/hdf5/huge_virtual_shape.h5", "/W_dec", "nothing was ever written");
  add("malformed/hdf5/string_only.h5", "/labels", "axes instead of 2");
  add("malformed/hdf5/h5clear_log_v3.h5", "", "not closed properly; see h5clear");
  add("malformed/hdf5/h5clear_status_noclose.h5", "", "not closed properly; see h5clear");
  add("malformed/hdf5/tsplit_file-m.h5", "", "split over several");
  add("malformed/hdf5/filter_error.h5", "/dataset_with_filter", "filter 305 (LZO)");
  add("malformed/hdf5/bad_compound.h5", "/dataset", "damaged");
  add("malformed/hdf5/cve_2020_10810.h5", "", "damaged");
  add("malformed/hdf5/3790_infinite_loop.h5", "", "damaged");
  add("malformed/hdf5/corrupt_stab_msg.h5", "", "damaged");
  add("formats/hdf5/h5ex_d_zstd.h5", "/DS1", "filter 32015 (Zstandard)");
  add("formats/hdf5/h5ex_d_lz4.h5", "/DS1", "filter 32004 (LZ4)");
  add("formats/hdf5/h5ex_d_bshuf.h5", "/DS1", "filter 32008 (bitshuffle)");
  add("formats/hdf5/h5ex_d_zfp.h5", "/DS1", "filter 32013 (ZFP)");
  add("formats/hdf5/3_1_vds.h5", "", "virtual");
  add("formats/hdf5/be_extlink1.h5", "/ext_link", "link to another file");
  add("formats/hdf5/h5repack_ext.h5", "/external", "another file");
}

void tst_Hdf5File::saysWhatIsWrong()
{
  QFETCH(QString, path);
  QFETCH(QString, dataset);
  QFETCH(QString, words);
  ORRERY_NEED_DATA(path.toStdString());
  std::string said = "(nothing)";
  try {
    const auto file = openHdf5(dataPath, {});
    const TensorInfo* info =
        dataset.isEmpty() ? &file->tensors().front() : find(*file, dataset.toStdString());
    QVERIFY(info);
    (void)file->readMatrix(*info, FeatureAxis::Rows, {});
  } catch (const Error& error) {
    isSentence(error);
    said = error.what();
  }
  QVERIFY2(said.find(words.toStdString()) != std::string::npos, said.c_str());
}

QTEST_APPLESS_MAIN(tst_Hdf5File)
#include "tst_Hdf5File.moc"
