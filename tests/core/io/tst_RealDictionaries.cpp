// The files of real projects, and those damaged on purpose: each opens to the right matrix and
// labels or is refused with the right sentence.
#include "core/io/DictionaryFile.h"
#include "core/io/TensorFile.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <fstream>
#include <map>

using namespace orrery;
using orrery::test::errorOf;

namespace {

/// What must happen: features × dimensions and a number of labels, or words of the refusal.
struct Expected {
  std::int64_t features = 0;
  std::int64_t dimensions = 0;
  std::size_t labels = 0;
  std::string words;  ///< Of the error, or of a note or warning if it opens.
};

Expected refused(const std::string& words)
{
  return {0, 0, 0, words};
}

const std::map<std::string, Expected>& malformed()
{
  static const std::map<std::string, Expected> table = {
      {"npy/truncated_half.npy", refused("is cut short")},
      {"npy/shape_overflow.npy", refused("impossible shape")},
      {"npy/negative_dim.npy", refused("impossible shape (-")},
      {"npy/header_len_past_eof.npy", refused("the header claims")},
      {"npy/empty_file.npy", refused("is empty")},
      {"npy/python_expression_header.npy", refused("invalid header")},
      {"npy/zero_rows.npy", refused("has no features: its shape is (0, 12)")},
      {"npy/nan_inf_zero_row.npy", {40, 12, 0, "2 features with NaN or infinite values"}},
      {"npy/one_dimensional.npy", refused("one-dimensional")},
      {"npy/trailing_garbage.npy", {40, 12, 0, "63 bytes are left over"}},
      {"npy/npyio_ragged-array.npy", refused("Python objects")},
      {"npy/numpy_py2-objarr.npy", refused("Python objects")},
      {"npy/numpy_py2-objarr.npz", refused("Python objects")},
      {"npy/numpy_py3-objarr.npz", refused("Python objects")},
      {"npy/ndarray-npy_example_bool_bad_value.npy", refused("three-dimensional")},
      {"npz/truncated.npz", refused("not a complete zip file")},
      {"npz/not_a_zip.npz", refused("not a complete zip file")},
      {"npz/no_arrays.npz", refused("not a NumPy array")},
      {"npz/label_count_mismatch.npz", {40, 12, 0, "35 labels in labels for 40 features"}},
      {"safetensors/header_len_huge.safetensors", refused("claims a header of")},
      {"safetensors/header_not_json.safetensors", refused("not valid JSON at byte")},
      {"safetensors/offset_past_end.safetensors", refused("ends at byte 6016 of the data")},
      {"safetensors/offsets_reversed.safetensors", refused("from 1920 to 0")},
      {"safetensors/shape_bytes_mismatch.safetensors", refused("needs 2080 bytes")},
      {"safetensors/overlapping_tensors.safetensors", refused("overlapping the tensor before")},
      {"safetensors/seven_bytes.safetensors", refused("found 7")},
      {"safetensors/unknown_dtype.safetensors", refused("unknown type 'Q7'")},
      {"safetensors/no_tensors.safetensors", refused("holds no arrays")},
      {"word2vec/count_too_large.bin", refused("")},
      {"word2vec/dim_zero.bin", refused("")},
      {"word2vec/cut_in_vector.bin", refused("")},
      {"word2vec/no_header.bin", refused("")},
      {"word2vec/ragged.txt", refused("7")},
      {"word2vec/duplicate_words.txt", {41, 12, 41, ""}},
      {"word2vec/crlf_and_bom.txt", {40, 12, 40, ""}},
      {"word2vec/fasttext_not_word2vec_cp852_fasttext.bin", refused("")},
      {"hdf5/group_cycle.h5", {40, 12, 0, ""}},
      {"hdf5/no_datasets.h5", refused("holds no")},
      {"hdf5/string_only.h5", refused("text")},
      {"hdf5/label_count_mismatch.h5", {40, 12, 0, "30 labels"}},
      {"hdf5/huge_virtual_shape.h5", refused("")},
      {"hdf5/truncated.h5", refused("")}};
  return table;
}

bool says(const Dictionary& dictionary, const std::string& words)
{
  for (const auto* lines : {&dictionary.notes, &dictionary.warnings}) {
    for (const std::string& line : *lines) {
      if (line.find(words) != std::string::npos)
        return true;
    }
  }
  return words.empty();
}

void check(const std::filesystem::path& path, const Expected& expected)
{
  if (expected.features == 0) {
    const std::string error = errorOf([&] { readDictionary(path); });
    QVERIFY2(!error.empty(), "it opened");
    QVERIFY2(error.find(expected.words) != std::string::npos, error.c_str());
    QVERIFY2(error.find(path.filename().string()) != std::string::npos, error.c_str());
    return;
  }
  const Dictionary dictionary = readDictionary(path);
  QCOMPARE(dictionary.features(), expected.features);
  QCOMPARE(dictionary.dimensions(), expected.dimensions);
  QCOMPARE(dictionary.labels.size(), expected.labels);
  QVERIFY(says(dictionary, expected.words));
}

}  // namespace

class tst_RealDictionaries : public QObject {
  Q_OBJECT

 private slots:
  void everyLineOfTheManifest()
  {
    ORRERY_NEED_DATA("malformed/MANIFEST.tsv");
    std::ifstream manifest(dataPath);
    std::string line;
    std::getline(manifest, line);
    int lines = 0;
    while (std::getline(manifest, line)) {
      const std::string name = line.substr(0, line.find('\t'));
      QVERIFY2(malformed().contains(name), name.c_str());
      ++lines;
    }
    QVERIFY(lines > 30);
  }

  void malformedFiles_data()
  {
    QTest::addColumn<QString>("name");
    for (const auto& [name, expected] : malformed())
      QTest::newRow(name.c_str()) << QString::fromStdString(name);
  }

  void malformedFiles()
  {
    QFETCH(QString, name);
    ORRERY_NEED_DATA("malformed/" + name.toStdString());
    check(dataPath, malformed().at(name.toStdString()));
  }

  void damagedHdf5NeverCrashes()
  {
    ORRERY_NEED_DATA("malformed/hdf5");
    for (const auto& entry : std::filesystem::directory_iterator(dataPath)) {
      try {
        const Dictionary dictionary = readDictionary(entry.path());
        QVERIFY(dictionary.features() > 0);
      } catch (const Error& error) {
        const std::string text = error.what();
        QVERIFY2(text.find(entry.path().filename().string()) != std::string::npos, text.c_str());
        QVERIFY2(text.find("HDF5-DIAG") == std::string::npos, text.c_str());
      }
    }
  }

  void oneMatrixInManyFormats_data()
  {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("dataset");
    QTest::addColumn<double>("tolerance");
    QTest::addColumn<int>("labels");
    QTest::newRow("npy") << "f32.npy"
                         << "" << 0.0 << 0;
    QTest::newRow("npy f16") << "f16.npy"
                             << "" << 5.1e-7 << 0;
    QTest::newRow("npy f64") << "f64_bigendian_fortran.npy"
                             << "" << 0.0 << 0;
    QTest::newRow("npz stored") << "stored.npz"
                                << "" << 0.0 << 500;
    QTest::newRow("npz deflated") << "deflated.npz"
                                  << "" << 0.0 << 500;
    QTest::newRow("safetensors F32") << "f32.safetensors"
                                     << "" << 0.0 << 0;
    QTest::newRow("safetensors BF16") << "bf16.safetensors"
                                      << "" << 5.1e-7 << 0;
    QTest::newRow("safetensors F16") << "f16_two_tensors.safetensors"
                                     << "" << 5.1e-7 << 0;
    QTest::newRow("word2vec binary") << "word2vec.bin"
                                     << "" << 0.0 << 500;
    QTest::newRow("word2vec text") << "word2vec.txt"
                                   << "" << 2.4e-8 << 500;
    QTest::newRow("GloVe") << "glove.txt"
                           << "" << 2.4e-8 << 500;
    QTest::newRow("projector") << "projector_tensors.tsv"
                               << "" << 2.4e-8 << 500;
    QTest::newRow("CSV") << "with_header.csv"
                         << "" << 2.4e-8 << 500;
    for (const char* dataset :
         {"plain_f32", "chunked_gzip_shuffle_f32", "be_f64", "nested/deeper/W_dec", "transposed"})
      QTest::newRow(dataset) << "many_layouts.h5" << dataset << 0.0 << -1;
    QTest::newRow("h5 f16") << "many_layouts.h5"
                            << "f16" << 5.1e-7 << -1;
    QTest::newRow("h5 bf16") << "many_layouts.h5"
                             << "bf16" << 5.1e-7 << -1;
  }

  void oneMatrixInManyFormats()
  {
    QFETCH(QString, name);
    QFETCH(QString, dataset);
    QFETCH(double, tolerance);
    QFETCH(int, labels);
    ORRERY_NEED_DATA("formats/same_500x300");
    const Dictionary reference = readDictionary(dataPath / "f32.npy");
    ReadOptions options;
    if (!dataset.isEmpty())
      options.dataset = dataset.toStdString();
    const Dictionary dictionary = readDictionary(dataPath / name.toStdString(), options);
    QCOMPARE(dictionary.features(), 500);
    QCOMPARE(dictionary.dimensions(), 300);
    const double difference = (*dictionary.decoder - *reference.decoder).cwiseAbs().maxCoeff();
    QVERIFY2(difference <= tolerance, std::to_string(difference).c_str());
    if (labels >= 0)
      QCOMPARE(dictionary.labels.size(), static_cast<std::size_t>(labels));
    if (labels > 0) {
      QCOMPARE(dictionary.labels[0], std::string("in"));
    }
  }

  void transposedIsSuspectedAndTurned()
  {
    ORRERY_NEED_DATA("formats/same_500x300/f32_transposed_300x500.npy");
    const Dictionary asIs = readDictionary(dataPath);
    QCOMPARE(asIs.features(), 300);
    QVERIFY(says(asIs, "--transpose"));
    ReadOptions options;
    options.transpose = true;
    const Dictionary turned = readDictionary(dataPath, options);
    const Dictionary reference = readDictionary(dataPath.parent_path() / "f32.npy");
    QVERIFY(*turned.decoder == *reference.decoder);
  }

  void sparseAutoencoderInEveryContainer()
  {
    ORRERY_NEED_DATA("sae/pasttense_L4_final_K10.npz");
    const auto folder = dataPath.parent_path();
    const Dictionary npz = readDictionary(dataPath);
    const Dictionary tensors = readDictionary(folder / "pasttense_L4_final_K10.safetensors");
    ReadOptions options;
    options.dataset = "final_K10/W_dec";
    const Dictionary hdf5 = readDictionary(folder / "pasttense_L4_saes.h5", options);
    QCOMPARE(npz.features(), 512);
    QCOMPARE(npz.dimensions(), 256);
    QVERIFY(*npz.decoder == *tensors.decoder);
    QVERIFY(*npz.decoder == *hdf5.decoder);
    QCOMPARE(npz.labels, hdf5.labels);
    QCOMPARE(tensors.labels.size(), std::size_t{512});
    QCOMPARE(tensors.column("encoder bias")->numbers, hdf5.column("encoder bias")->numbers);
    // W_enc lies transposed in one of the two: its cosines are the same.
    const auto& first = tensors.column("encoder cosine")->numbers;
    const auto& second = hdf5.column("encoder cosine")->numbers;
    for (std::size_t i = 0; i < first.size(); ++i)
      QVERIFY(std::abs(first[i] - second[i]) < 1e-9);
    QVERIFY(inspectDictionaryFile(folder / "pasttense_L4_saes.h5").ambiguous);
    QVERIFY(errorOf([&] {
              readDictionary(folder / "pasttense_L4_final_K10.pt");
            }).find("PyTorch") != std::string::npos);
  }

  void mapsAndVectorsWithLabels()
  {
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    const Dictionary words = readDictionary(dataPath);
    QCOMPARE(words.features(), 8168);
    QCOMPARE(words.labels.size(), std::size_t{8168});
    QVERIFY(!words.isMap());
    ReadOptions options;
    options.shape = {{150, 4}};
    const Dictionary iris = readDictionary(dataPath.parent_path() / "iris_tensors.bytes", options);
    QCOMPARE(iris.features(), 150);
    QCOMPARE(iris.dimensions(), 4);
    QVERIFY(std::abs((*iris.decoder)(0, 0) - 5.1f) < 1e-6f);
    const Dictionary map = readDictionary(dataPath.parent_path().parent_path() / "sae" /
                                          "gemma2-2b_l12_16k_l0-41_Wdec_tsne.npy");
    QVERIFY(map.isMap());
    QCOMPARE(map.origin.layer, std::optional<int>(12));
    QCOMPARE(map.origin.model, std::string("gemma-2-2b"));
    QCOMPARE(map.origin.l0, std::optional<double>(41));
  }

  void integersOfATokenModel()
  {
    ORRERY_NEED_DATA("formats/safetensors/model2vec_int8.safetensors");
    const Dictionary whole = readDictionary(dataPath);
    QCOMPARE(whole.features(), 29528);
    QCOMPARE(whole.dimensions(), 2);
    QCOMPARE(whole.labels.size(), std::size_t{29528});
    QVERIFY(says(whole, "int8 and were converted"));
  }

  void annotatedData()
  {
    ORRERY_NEED_DATA("formats/h5ad");
    // h5py: X is (700, 765) in the oldest, sparse in the second; the newest has annotations alone.
    const Dictionary oldest = readDictionary(dataPath / "anndata_v0.5.0_adata.h5ad");
    QCOMPARE(oldest.features(), 700);
    QCOMPARE(oldest.dimensions(), 765);
    QVERIFY(oldest.source.orientationRule.find("AnnData") != std::string::npos);
    const Dictionary sparse = readDictionary(dataPath / "anndata_v0.7.8_adata.h5ad");
    QCOMPARE(sparse.source.dataset, std::string("/X"));
    QCOMPARE(sparse.features(), 30);
    QCOMPARE(sparse.labels.size(), std::size_t{30});
    QVERIFY(sparse.column("float64"));
    const std::string error =
        errorOf([&] { readDictionary(dataPath / "anndata_v0.11.4_adata.h5ad"); });
    QVERIFY2(error.find("/obs/_index (10,) text") != std::string::npos, error.c_str());
  }
};

QTEST_GUILESS_MAIN(tst_RealDictionaries)
#include "tst_RealDictionaries.moc"
