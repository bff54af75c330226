#include "core/base/Error.h"
#include "core/io/Hdf5File.h"
#include "core/io/Npy.h"
#include "tests/support/TestData.h"

#include <QtTest/QtTest>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

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
  for (const TensorInfo& info : file->tensors())
    if (std::getenv("ORRERY_SHOW"))
      qInfo() << info.name.c_str() << info.shape << info.typeName.c_str() << info.problem.c_str()
              << info.aliasOf.c_str();
  for (const std::string& note : file->notes())
    if (std::getenv("ORRERY_SHOW"))
      qInfo() << note.c_str();
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
    for (const TensorInfo& info : file->tensors())
      if (std::getenv("ORRERY_SHOW"))
        qInfo() << info.name.c_str() << info.shape << info.typeName.c_str() << info.problem.c_str();
    for (const std::string& note : file->notes())
      if (std::getenv("ORRERY_SHOW"))
        qInfo() << note.c_str();
  } catch (const Error& error) {
    if (std::getenv("ORRERY_SHOW"))
      qInfo() << error.what() << "||" << error.details().c_str();
  }
}

QTEST_APPLESS_MAIN(tst_Hdf5File)
#include "tst_Hdf5File.moc"
