// Every way of storing values that we read, written by the HDF5 library itself: what comes back is
// what went in, both ways round.
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/io/Hdf5File.h"
#include "core/io/reader/ChunkFilters.h"
#include "tests/core/io/Hdf5Maker.h"
#include "tests/support/TemporaryFolder.h"

#include <QtTest/QtTest>

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

using namespace orrery;
using test::chunked;
using test::errorOf;
using test::Hdf5Maker;

namespace {

const TensorInfo& find(const TensorFile& file, const std::string& name)
{
  for (const TensorInfo& info : file.tensors())
    if (info.name == name)
      return info;
  throw Error("no " + name);
}

bool contains(const std::vector<std::string>& lines, const std::string& words)
{
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(words) != std::string::npos;
  });
}

/// Multiples of 1/8 up to 16: exact in every float type.
std::vector<float> someFloats(std::size_t count, std::uint64_t seed = 1)
{
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values)
    value = static_cast<float>(static_cast<int>(random.below(256)) - 128) / 8.0f;
  return values;
}

/// Row-major rows × columns values, as features in rows.
FeatureMatrix asFeatures(const std::vector<float>& values, Eigen::Index rows, Eigen::Index columns)
{
  return Eigen::Map<const FeatureMatrix>(values.data(), columns, rows);
}

/// What readBlocks hands on, put together; @p blocks counts.
FeatureMatrix joinedBlocks(TensorFile& file, const TensorInfo& info, FeatureAxis axis, int& blocks)
{
  const Eigen::Index rows = info.shape[0], columns = info.shape[1];
  FeatureMatrix joined =
      FeatureMatrix::Constant(axis == FeatureAxis::Rows ? columns : rows,
                              axis == FeatureAxis::Rows ? rows : columns, -77.0f);
  blocks = 0;
  std::int64_t last = 0;
  file.readBlocks(info, axis, {}, [&](const MatrixBlock& block) {
    ++blocks;
    if (block.firstDimension < last)
      throw std::runtime_error("dimensions out of order");
    last = block.firstDimension;
    joined.block(block.firstDimension, block.firstFeature, block.values.rows(),
                 block.values.cols()) = block.values;
  });
  return joined;
}

void deflate(hid_t properties)
{
  H5Pset_deflate(properties, 4);
}

void shuffleDeflate(hid_t properties)
{
  H5Pset_shuffle(properties);
  H5Pset_deflate(properties, 4);
}

void allThree(hid_t properties)
{
  shuffleDeflate(properties);
  H5Pset_fletcher32(properties);
}

void checksumFirst(hid_t properties)
{
  H5Pset_fletcher32(properties);
  shuffleDeflate(properties);
}

void deflateTwice(hid_t properties)
{
  deflate(properties);
  deflate(properties);
}

void onlyChecksum(hid_t properties)
{
  H5Pset_fletcher32(properties);
}

void onlyShuffle(hid_t properties)
{
  H5Pset_shuffle(properties);
}

void szip(hid_t properties)
{
  H5Pset_szip(properties, H5_SZIP_NN_OPTION_MASK, 8);
}

void wholeEdges(hid_t properties)
{
  shuffleDeflate(properties);
  H5Pset_chunk_opts(properties, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
}

void compact(hid_t properties)
{
  H5Pset_layout(properties, H5D_COMPACT);
}

using Adjust = std::function<void(hid_t)>;

struct StoredWay {
  const char* name;
  Adjust adjust;
  bool latest;
};

std::vector<StoredWay> waysOfStoring()
{
  return {{"contiguous", {}, false},
          {"compact", compact, false},
          {"chunks", chunked({7, 5}), false},
          {"deflate", chunked({7, 5}, deflate), false},
          {"shuffle", chunked({7, 5}, onlyShuffle), false},
          {"checksum", chunked({7, 5}, onlyChecksum), false},
          {"shuffle deflate", chunked({16, 23}, shuffleDeflate), false},
          {"shuffle deflate checksum", chunked({7, 5}, allThree), false},
          {"checksum shuffle deflate", chunked({7, 5}, checksumFirst), false},
          {"deflated twice", chunked({7, 5}, deflateTwice), false},
          {"szip", chunked({16, 16}, szip), false},
          {"one element each", chunked({1, 1}, allThree), false},
          {"one chunk", chunked({43, 23}, allThree), false},
          {"rows", chunked({1, 23}, allThree), true},
          {"latest", chunked({7, 5}, allThree), true},
          {"edges unfiltered", chunked({16, 16}, wholeEdges), true}};
}

}  // namespace

class tst_Hdf5Layouts : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

  void readsEveryLayout_data();
  void readsEveryLayout();
  void readsEveryNumberType_data();
  void readsEveryNumberType();
  void readsCustomFloats();
  void readsBooleans();
  void countsOverflow();
  void readsLargeChunksInPieces_data();
  void readsLargeChunksInPieces();
  void readsChunksInBands();
  void readsManyChunks();
  void fillsChunksThatWereNeverWritten();
  void readsGrowableDatasets();
  void givesTheSameBitsForAnyThreads();
  void dropsAnAxisOfLengthOne();
  void readsNumbersOfAnyShape();
  void readsTexts();
  void handsAttributesDown();
  void spreadsSparseMatrices();
  void refusesDamagedSparseMatrices();
  void readsCategories();
  void undoesLzf();
};

void tst_Hdf5Layouts::readsEveryLayout_data()
{
  QTest::addColumn<int>("way");
  QTest::addColumn<int>("userBlock");
  const std::vector<StoredWay> ways = waysOfStoring();
  for (int i = 0; i < static_cast<int>(ways.size()); ++i) {
    QTest::addRow("%s", ways[static_cast<std::size_t>(i)].name) << i << 0;
    QTest::addRow("%s, user block", ways[static_cast<std::size_t>(i)].name) << i << 1024;
  }
}

void tst_Hdf5Layouts::readsEveryLayout()
{
  QFETCH(int, way);
  QFETCH(int, userBlock);
  const StoredWay stored = waysOfStoring()[static_cast<std::size_t>(way)];
  const test::TemporaryFolder folder;
  const std::vector<float> values = someFloats(43 * 23);
  {
    Hdf5Maker maker(folder.path() / "a.h5", stored.latest, static_cast<hsize_t>(userBlock));
    maker.floats("values", {43, 23}, values, stored.adjust);
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  const TensorInfo& info = find(*file, "/values");
  QCOMPARE(info.problem, std::string());
  const FeatureMatrix expected = asFeatures(values, 43, 23);
  QVERIFY(file->readMatrix(info, FeatureAxis::Rows, {}) == expected);
  QVERIFY(file->readMatrix(info, FeatureAxis::Columns, {}) == expected.transpose());
  int blocks = 0;
  QVERIFY(joinedBlocks(*file, info, FeatureAxis::Rows, blocks) == expected);
  QVERIFY(joinedBlocks(*file, info, FeatureAxis::Columns, blocks) == expected.transpose());
  const std::vector<double> numbers = file->readNumbers(info, {});
  QVERIFY(std::equal(values.begin(), values.end(), numbers.begin(), numbers.end()));
}

void tst_Hdf5Layouts::readsEveryNumberType_data()
{
  QTest::addColumn<qint64>("type");
  QTest::addColumn<QString>("name");
  const std::vector<std::pair<hid_t, const char*>> types = {
      {H5T_IEEE_F32LE, "float32"},
      {H5T_IEEE_F32BE, "float32 (big endian)"},
      {H5T_IEEE_F64LE, "float64"},
      {H5T_IEEE_F64BE, "float64 (big endian)"},
      {H5T_STD_I8LE, "int8"},
      {H5T_STD_I16BE, "int16 (big endian)"},
      {H5T_STD_I32LE, "int32"},
      {H5T_STD_I64BE, "int64 (big endian)"},
      {H5T_STD_U8BE, "uint8"},
      {H5T_STD_U16LE, "uint16"},
      {H5T_STD_U32BE, "uint32 (big endian)"},
      {H5T_STD_U64LE, "uint64"}};
  for (const auto& [type, name] : types)
    QTest::addRow("%s", name) << static_cast<qint64>(type) << name;
}

void tst_Hdf5Layouts::readsEveryNumberType()
{
  QFETCH(qint64, type);
  QFETCH(QString, name);
  const bool isSigned = !name.startsWith("uint");
  std::vector<float> values(40 * 70);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(static_cast<int>(i % 120) - (isSigned ? 60 : 0));
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.dataset("plain", {40, 70}, type, H5T_NATIVE_FLOAT, values.data());
    maker.dataset("chunks", {40, 70}, type, H5T_NATIVE_FLOAT, values.data(),
                  chunked({9, 67}, allThree));
    maker.dataset("szip", {40, 70}, type, H5T_NATIVE_FLOAT, values.data(), chunked({8, 16}, szip));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  const FeatureMatrix expected = asFeatures(values, 40, 70);
  for (const char* dataset : {"/plain", "/chunks", "/szip"}) {
    const TensorInfo& info = find(*file, dataset);
    QCOMPARE(info.typeName, name.toStdString());
    QVERIFY(file->readMatrix(info, FeatureAxis::Rows, {}) == expected);
    QVERIFY(file->readMatrix(info, FeatureAxis::Columns, {}) == expected.transpose());
  }
}

void tst_Hdf5Layouts::readsCustomFloats()
{
  const auto floatType = [](hid_t base, std::size_t bytes, std::size_t precision, std::size_t sign,
                            std::size_t exponent, std::size_t exponentSize,
                            std::size_t mantissaSize, std::size_t bias) {
    const hid_t type = H5Tcopy(base);
    H5Tset_fields(type, sign, exponent, exponentSize, 0, mantissaSize);
    H5Tset_precision(type, precision);
    H5Tset_size(type, bytes);
    H5Tset_ebias(type, bias);
    return type;
  };
  const std::vector<float> values = someFloats(12 * 5);
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    const auto add = [&](const char* name, hid_t type) {
      maker.dataset(name, {12, 5}, type, H5T_NATIVE_FLOAT, values.data());
      maker.dataset(std::string(name) + "_chunks", {12, 5}, type, H5T_NATIVE_FLOAT, values.data(),
                    chunked({5, 2}, allThree));
    };
    add("half", floatType(H5T_IEEE_F32LE, 2, 16, 15, 10, 5, 10, 15));
    add("half_big", floatType(H5T_IEEE_F32BE, 2, 16, 15, 10, 5, 10, 15));
    add("brain", floatType(H5T_IEEE_F32LE, 2, 16, 15, 7, 8, 7, 127));
    add("odd", floatType(H5T_IEEE_F32LE, 3, 24, 23, 16, 7, 16, 63));
    add("long", H5T_NATIVE_LDOUBLE);
    add("tiny", floatType(H5T_IEEE_F32LE, 1, 8, 7, 3, 4, 3, 7));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  const FeatureMatrix expected = asFeatures(values, 12, 5);
  for (const char* name : {"/half", "/half_big", "/brain", "/odd", "/long"})
    for (const char* ending : {"", "_chunks"}) {
      const TensorInfo& info = find(*file, std::string(name) + ending);
      QVERIFY2(file->readMatrix(info, FeatureAxis::Rows, {}) == expected, info.name.c_str());
    }
  QCOMPARE(find(*file, "/half").type, ElementType::Float16);
  QCOMPARE(find(*file, "/half_big").typeName, std::string("float16 (big endian)"));
  QCOMPARE(find(*file, "/brain").type, ElementType::BFloat16);
  QVERIFY(contains(file->notes(), "unusual type"));
  QVERIFY(find(*file, "/tiny").problem.find("float of 8 bits") != std::string::npos);
}

void tst_Hdf5Layouts::readsBooleans()
{
  const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  signed char value = 0;
  H5Tenum_insert(type, "FALSE", &value);
  value = 1;
  H5Tenum_insert(type, "TRUE", &value);
  const std::vector<signed char> values = {1, 0, 0, 1, 1, 0};
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.dataset("plain", {2, 3}, type, type, values.data());
    maker.dataset("chunks", {2, 3}, type, type, values.data(), chunked({1, 2}, deflate));
    maker.dataset("szip", {2, 3}, type, type, values.data(), compact);
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  FeatureMatrix expected(3, 2);
  expected << 1, 1, 0, 1, 0, 0;
  for (const char* name : {"/plain", "/chunks", "/szip"}) {
    QCOMPARE(find(*file, name).type, ElementType::Boolean);
    QVERIFY(file->readMatrix(find(*file, name), FeatureAxis::Rows, {}) == expected);
    QCOMPARE(file->readNumbers(find(*file, name), {}), (std::vector<double>{1, 0, 0, 1, 1, 0}));
  }
  QVERIFY(contains(file->notes(), "booleans"));
}

void tst_Hdf5Layouts::countsOverflow()
{
  const std::vector<double> values = {1e300, -1e39, 1.0, INFINITY};
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.dataset("plain", {2, 2}, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.data());
    maker.dataset("chunks", {2, 2}, H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, values.data(),
                  chunked({1, 2}, deflate));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  for (const char* name : {"/plain", "/chunks"}) {
    std::int64_t overflowed = 0;
    const FeatureMatrix matrix =
        file->readMatrix(find(*file, name), FeatureAxis::Rows, {}, &overflowed);
    QCOMPARE(overflowed, std::int64_t{2});
    QVERIFY(std::isinf(matrix(0, 0)) && std::isinf(matrix(1, 0)) && matrix(0, 1) == 1.0f);
  }
}

void tst_Hdf5Layouts::readsLargeChunksInPieces_data()
{
  QTest::addColumn<int>("filters");
  QTest::addRow("plain") << 0;
  QTest::addRow("deflate") << 1;
  QTest::addRow("shuffle deflate") << 2;
  QTest::addRow("all") << 3;
  QTest::addRow("checksum") << 4;
}

void tst_Hdf5Layouts::readsLargeChunksInPieces()
{
  QFETCH(int, filters);
  const Adjust adjust[] = {{}, deflate, shuffleDeflate, allThree, onlyChecksum};
  constexpr hsize_t rows = 2540, columns = 2500;
  const std::vector<float> values = someFloats(rows * columns);
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    // One chunk of 25 MB, larger than the matrix, so that its edges are cut off.
    maker.dataset("values", {rows, columns}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data(),
                  chunked({2550, 2503}, adjust[filters]), {H5S_UNLIMITED, H5S_UNLIMITED});
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  const FeatureMatrix expected = asFeatures(values, rows, columns);
  QVERIFY(file->readMatrix(find(*file, "/values"), FeatureAxis::Rows, {}) == expected);
  QVERIFY(file->readMatrix(find(*file, "/values"), FeatureAxis::Columns, {}) ==
          expected.transpose());
}

void tst_Hdf5Layouts::readsChunksInBands()
{
  // Listed chunks, and so many that the helper sends them; the last of each side are cut off.
  constexpr hsize_t rows = 2500, columns = 2000;
  const std::vector<float> values = someFloats(rows * columns);
  const FeatureMatrix expected = asFeatures(values, rows, columns);
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.floats("few", {rows, columns}, values, chunked({300, 701}, shuffleDeflate));
    maker.floats("many", {rows, columns}, values, chunked({40, 77}, deflate));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  for (const char* name : {"/few", "/many"})
    for (const FeatureAxis axis : {FeatureAxis::Rows, FeatureAxis::Columns}) {
      int blocks = 0;
      const FeatureMatrix joined = joinedBlocks(*file, find(*file, name), axis, blocks);
      QVERIFY(axis == FeatureAxis::Rows ? joined == expected : joined == expected.transpose());
      QCOMPARE(blocks, 3);
    }
}

void tst_Hdf5Layouts::readsManyChunks()
{
  // More than the library lists quickly: the stored chunks come from the helper.
  const std::vector<float> values = someFloats(2000 * 6);
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.floats("values", {2000, 6}, values, chunked({1, 6}, allThree));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  QVERIFY(file->readMatrix(find(*file, "/values"), FeatureAxis::Rows, {}) ==
          asFeatures(values, 2000, 6));
}

void tst_Hdf5Layouts::fillsChunksThatWereNeverWritten()
{
  const test::TemporaryFolder folder;
  const auto fill = [](float value) {
    return [value](hid_t properties) { H5Pset_fill_value(properties, H5T_NATIVE_FLOAT, &value); };
  };
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    for (const auto& [name, value] : {std::pair{"seven", 7.0f}, std::pair{"nan", NAN}}) {
      maker.dataset(name, {6, 4}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr,
                    chunked({2, 2}, fill(value)));
      const hid_t dataset = H5Dopen2(maker.file(), name, H5P_DEFAULT);
      const hid_t space = H5Dget_space(dataset);
      const hsize_t start[] = {2, 0}, count[] = {1, 1};
      H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
      const hsize_t one = 1;
      const hid_t memory = H5Screate_simple(1, &one, nullptr);
      const float written = 1.0f;
      test::made(H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, &written));
      H5Dclose(dataset);
    }
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  const FeatureMatrix seven = file->readMatrix(find(*file, "/seven"), FeatureAxis::Rows, {});
  QCOMPARE(seven(0, 2), 1.0f);
  QCOMPARE(seven.sum(), 1.0f + 23 * 7.0f);
  const FeatureMatrix nan = file->readMatrix(find(*file, "/nan"), FeatureAxis::Rows, {});
  QCOMPARE(nan.array().isNaN().count(), Eigen::Index{23});
  int blocks = 0;
  QVERIFY(joinedBlocks(*file, find(*file, "/seven"), FeatureAxis::Rows, blocks) == seven);
  QVERIFY(contains(file->notes(), "5 of 6 chunks were never written"));
}

void tst_Hdf5Layouts::readsGrowableDatasets()
{
  // As latent-scope and others write: growable, chunks larger than what there is so far.
  const std::vector<float> values = someFloats(5 * 3);
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5", true);
    maker.dataset("embeddings", {5, 3}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data(),
                  chunked({100, 3}, shuffleDeflate), {H5S_UNLIMITED, 3});
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  QVERIFY(file->readMatrix(find(*file, "/embeddings"), FeatureAxis::Rows, {}) ==
          asFeatures(values, 5, 3));
}

void tst_Hdf5Layouts::givesTheSameBitsForAnyThreads()
{
  const std::vector<float> values = someFloats(300 * 200);
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.floats("values", {300, 200}, values, chunked({17, 33}, allThree));
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  const int threads = threadCount();
  for (const int count : {1, 2, 5}) {
    setThreadCount(count);
    const FeatureMatrix matrix = file->readMatrix(find(*file, "/values"), FeatureAxis::Columns, {});
    QVERIFY(matrix == asFeatures(values, 300, 200).transpose());
  }
  setThreadCount(threads);
}

void tst_Hdf5Layouts::dropsAnAxisOfLengthOne()
{
  const test::TemporaryFolder folder;
  const std::vector<float> values = someFloats(43 * 23);
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.floats("plain", {1, 43, 23}, values);
    maker.floats("middle", {43, 1, 23}, values, chunked({7, 1, 5}, allThree));
    maker.floats("last", {43, 23, 1}, values, chunked({7, 5, 1}, szip));
    maker.dataset("longer", {43, 1, 23}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data(),
                  chunked({7, 4, 5}, allThree), {43, H5S_UNLIMITED, 23});
    maker.floats("many", {1, 43, 23}, values, chunked({1, 1, 1}, onlyChecksum));
    maker.floats("two", {1, 989, 1}, values);
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  for (const char* name : {"/plain", "/middle", "/last", "/longer", "/many"})
    QVERIFY2(
        file->readMatrix(find(*file, name), FeatureAxis::Rows, {}) == asFeatures(values, 43, 23),
        name);
  QVERIFY(errorOf([&] {
            (void)file->readMatrix(find(*file, "/two"), FeatureAxis::Rows, {});
          }).find("3 axes instead of 2") != std::string::npos);
}

void tst_Hdf5Layouts::readsNumbersOfAnyShape()
{
  const test::TemporaryFolder folder;
  const std::vector<float> cube = someFloats(7 * 5 * 3);
  std::vector<std::int64_t> list(1'500'000);
  for (std::size_t i = 0; i < list.size(); ++i)
    list[i] = static_cast<std::int64_t>(i) - 5;
  const double scalar = 2.5;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.floats("cube", {7, 5, 3}, cube, chunked({2, 2, 2}, allThree));
    maker.dataset("list", {list.size()}, H5T_STD_I64BE, H5T_NATIVE_INT64, list.data(),
                  chunked({1'000'000}, shuffleDeflate));
    maker.dataset("scalar", {}, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &scalar);
    maker.dataset("none", {0}, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, nullptr);
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  const std::vector<double> numbers = file->readNumbers(find(*file, "/cube"), {});
  QVERIFY(std::equal(cube.begin(), cube.end(), numbers.begin(), numbers.end()));
  const std::vector<double> indices = file->readNumbers(find(*file, "/list"), {});
  QVERIFY(std::equal(list.begin(), list.end(), indices.begin(), indices.end(),
                     [](std::int64_t a, double b) { return static_cast<double>(a) == b; }));
  QCOMPARE(file->readNumbers(find(*file, "/scalar"), {}), std::vector<double>{2.5});
  QVERIFY(file->readNumbers(find(*file, "/none"), {}).empty());
  QVERIFY(errorOf([&] {
            (void)file->readMatrix(find(*file, "/cube"), FeatureAxis::Rows, {});
          }).find("3 axes instead of 2") != std::string::npos);
}

void tst_Hdf5Layouts::readsTexts()
{
  const test::TemporaryFolder folder;
  const auto fixed = [](std::size_t bytes, H5T_str_t padding) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    H5Tset_strpad(type, padding);
    return type;
  };
  const std::string padded = "ab\0\0cd  ef g";
  const char raw[] = {'a', 'b', 0, 0, 'c', 'd', ' ', ' ', 'e', ' ', 'f', 'g'};
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.texts("variable", {"König", "", "日本", "bad \xFF byte"});
    for (const auto& [name, padding] :
         {std::pair{"null", H5T_STR_NULLPAD}, std::pair{"term", H5T_STR_NULLTERM},
          std::pair{"space", H5T_STR_SPACEPAD}}) {
      const hid_t type = fixed(4, padding);
      maker.dataset(name, {3}, type, type, raw);
    }
    const char* one = "alone";
    const hid_t variable = H5Tcopy(H5T_C_S1);
    H5Tset_size(variable, H5T_VARIABLE);
    maker.dataset("scalar", {}, variable, variable, &one);
    const std::string longText(200'000, 'x');
    std::vector<const char*> many(60, longText.c_str());
    maker.texts("long", many);
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  const auto texts = [&](const char* name) { return file->readStrings(find(*file, name), {}); };
  QCOMPARE(texts("/variable"),
           (std::vector<std::string>{"König", "", "日本", "bad \xEF\xBF\xBD byte"}));
  QVERIFY(contains(file->notes(), "1 bytes that are not UTF-8"));
  QCOMPARE(texts("/null"), (std::vector<std::string>{"ab", "cd  ", "e fg"}));
  QCOMPARE(texts("/space")[1], std::string("cd"));
  QCOMPARE(texts("/scalar"), std::vector<std::string>{"alone"});
  QCOMPARE(texts("/long").size(), std::size_t{60});
  QCOMPARE(texts("/long").back().size(), std::size_t{200'000});
  QVERIFY(errorOf([&] {
            (void)file->readNumbers(find(*file, "/null"), {});
          }).find("no list of numbers") != std::string::npos);
}

void tst_Hdf5Layouts::handsAttributesDown()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    maker.group("layer_7");
    maker.floats("layer_7/W_dec", {2, 2}, {1, 2, 3, 4});
    maker.textAttribute("/", "model", "gemma-2-2b");
    maker.textAttribute("/", "site", "res");
    const int layer = 7;
    maker.attribute("layer_7", "layer", {}, H5T_NATIVE_INT, &layer);
    maker.textAttribute("layer_7", "site", "mlp");
    const float numbers[] = {0.1f, 2.0f};
    maker.attribute("layer_7/W_dec", "range", {2}, H5T_NATIVE_FLOAT, numbers);
    maker.textAttribute("layer_7/W_dec", "html", "<b>bold</b>");
    // One that is too long, and more of them than are taken.
    maker.textAttribute("layer_7/W_dec", "long", std::string(60'000, 'y'));
    for (int i = 0; i < 200; ++i)
      maker.textAttribute("layer_7", "many" + std::to_string(i), "z");
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  QCOMPARE(file->metadata().at("model"), std::string("gemma-2-2b"));
  const auto& attributes = find(*file, "/layer_7/W_dec").attributes;
  QCOMPARE(attributes.at("layer"), std::string("7"));
  QCOMPARE(attributes.at("site"), std::string("mlp"));
  QCOMPARE(attributes.at("model"), std::string("gemma-2-2b"));
  QCOMPARE(attributes.at("range"), std::string("[0.1, 2]"));
  QCOMPARE(attributes.at("html"), std::string("<b>bold</b>"));
  QVERIFY(attributes.at("long").size() <= 4096);
  QVERIFY(attributes.size() < 150);
}

namespace {

/// [[0, 5, 0], [0, 0, 0], [2, 0, 3], [0, 0, 4]] by rows or by columns.
void addSparse(Hdf5Maker& maker, const std::string& name, bool byRows, bool old = false)
{
  const std::vector<int> pointers =
      byRows ? std::vector<int>{0, 1, 1, 3, 4} : std::vector<int>{0, 1, 2, 4};
  const std::vector<int> indices =
      byRows ? std::vector<int>{1, 0, 2, 2} : std::vector<int>{2, 0, 2, 3};
  const std::vector<float> values =
      byRows ? std::vector<float>{5, 2, 3, 4} : std::vector<float>{2, 5, 3, 4};
  maker.group(name);
  maker.dataset(name + "/indptr", {pointers.size()}, H5T_STD_I32LE, H5T_NATIVE_INT,
                pointers.data());
  maker.dataset(name + "/indices", {indices.size()}, H5T_STD_I32LE, H5T_NATIVE_INT, indices.data());
  maker.floats(name + "/data", {values.size()}, values);
  const std::int64_t shape[] = {4, 3};
  maker.attribute(name, old ? "h5sparse_shape" : "shape", {2}, H5T_NATIVE_INT64, shape);
  if (old)
    maker.textAttribute(name, "h5sparse_format", byRows ? "csr" : "csc");
  else
    maker.textAttribute(name, "encoding-type", byRows ? "csr_matrix" : "csc_matrix");
}

}  // namespace

void tst_Hdf5Layouts::spreadsSparseMatrices()
{
  const test::TemporaryFolder folder;
  {
    Hdf5Maker maker(folder.path() / "a.h5ad");
    maker.textAttribute("/", "encoding-type", "anndata");
    addSparse(maker, "/X", true);
    maker.group("/layers");
    addSparse(maker, "/layers/columns", false);
    addSparse(maker, "/layers/old", true, true);
  }
  const auto file = openHdf5(folder.path() / "a.h5ad", {});
  QCOMPARE(file->formatName(), std::string("HDF5 (AnnData)"));
  FeatureMatrix expected(3, 4);
  expected << 0, 0, 2, 0, 5, 0, 0, 0, 0, 0, 3, 4;
  for (const char* name : {"/X", "/layers/columns", "/layers/old"}) {
    const TensorInfo& info = find(*file, name);
    QCOMPARE(info.shape, (std::vector<std::int64_t>{4, 3}));
    QVERIFY(info.typeName.find("sparse") != std::string::npos);
    QVERIFY(file->readMatrix(info, FeatureAxis::Rows, {}) == expected);
    QVERIFY(file->readMatrix(info, FeatureAxis::Columns, {}) == expected.transpose());
  }
  QVERIFY(contains(file->notes(), "was spread out"));
}

void tst_Hdf5Layouts::refusesDamagedSparseMatrices()
{
  const test::TemporaryFolder folder;
  const auto rewrite = [](Hdf5Maker& maker, const char* name, const std::vector<int>& values) {
    const hid_t dataset = H5Dopen2(maker.file(), name, H5P_DEFAULT);
    test::made(H5Dwrite(dataset, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
    H5Dclose(dataset);
  };
  {
    Hdf5Maker maker(folder.path() / "a.h5");
    addSparse(maker, "/far", true);
    rewrite(maker, "/far/indices", {1, 0, 3, 2});
    addSparse(maker, "/negative", true);
    rewrite(maker, "/negative/indices", {1, 0, -1, 2});
    addSparse(maker, "/unsorted", true);
    rewrite(maker, "/unsorted/indptr", {0, 3, 1, 3, 4});
    addSparse(maker, "/short", true);
    rewrite(maker, "/short/indptr", {0, 1, 1, 3, 3});
    maker.group("/huge");
    const std::int64_t shape[] = {1, 5'000'000'000};
    const std::int64_t pointers[] = {0, 1};
    const float value = 1.0f;
    maker.attribute("/huge", "shape", {2}, H5T_NATIVE_INT64, shape);
    maker.textAttribute("/huge", "encoding-type", "csr_matrix");
    maker.dataset("/huge/indptr", {2}, H5T_STD_I64LE, H5T_NATIVE_INT64, pointers);
    maker.dataset("/huge/indices", {1}, H5T_STD_I64LE, H5T_NATIVE_INT64, pointers);
    maker.dataset("/huge/data", {1}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, &value);
  }
  const auto file = openHdf5(folder.path() / "a.h5", {});
  for (const char* name : {"/far", "/negative", "/unsorted", "/short"})
    QVERIFY2(errorOf([&] {
               (void)file->readMatrix(find(*file, name), FeatureAxis::Rows, {});
             }).find("is damaged") != std::string::npos,
             name);
  QVERIFY(find(*file, "/huge").problem.find("18.6 GiB") != std::string::npos);
}

void tst_Hdf5Layouts::readsCategories()
{
  const test::TemporaryFolder folder;
  const signed char codes[] = {1, 0, -1, 1};
  const signed char wrong[] = {1, 2};
  {
    Hdf5Maker maker(folder.path() / "a.h5ad");
    maker.group("/obs");
    maker.textAttribute("/obs", "_index", "names");
    maker.texts("/obs/names", {"a", "b", "c", "d"});
    maker.group("/obs/kind");
    maker.textAttribute("/obs/kind", "encoding-type", "categorical");
    maker.dataset("/obs/kind/codes", {4}, H5T_STD_I8LE, H5T_NATIVE_SCHAR, codes);
    maker.texts("/obs/kind/categories", {"verb", "noun"});
    // As before version 0.8.
    maker.dataset("/obs/old", {4}, H5T_STD_I8LE, H5T_NATIVE_SCHAR, codes);
    maker.group("/obs/__categories");
    maker.texts("/obs/__categories/old", {"verb", "noun"});
    maker.group("/obs/wrong");
    maker.textAttribute("/obs/wrong", "encoding-type", "categorical");
    maker.dataset("/obs/wrong/codes", {2}, H5T_STD_I8LE, H5T_NATIVE_SCHAR, wrong);
    maker.texts("/obs/wrong/categories", {"verb", "noun"});
  }
  const auto file = openHdf5(folder.path() / "a.h5ad", {});
  const std::vector<std::string> expected = {"noun", "verb", "", "noun"};
  QCOMPARE(file->readStrings(find(*file, "/obs/kind"), {}), expected);
  QCOMPARE(file->readStrings(find(*file, "/obs/old"), {}), expected);
  QCOMPARE(find(*file, "/obs/names").attributes.at("_index"), std::string("names"));
  QVERIFY(errorOf([&] {
            (void)file->readStrings(find(*file, "/obs/wrong"), {});
          }).find("element 1 has no category") != std::string::npos);
}

void tst_Hdf5Layouts::undoesLzf()
{
  const auto undo = [](std::initializer_list<int> source, std::size_t size, std::string& text) {
    std::vector<std::byte> bytes;
    for (const int value : source)
      bytes.push_back(static_cast<std::byte>(value));
    std::vector<std::byte> target(size);
    const bool whole = reader::decompressLzf(bytes, target);
    text.assign(reinterpret_cast<const char*>(target.data()), size);
    return whole;
  };
  std::string text;
  // Three literals; then a copy of length 3 + 2 from distance 3, overlapping itself.
  QVERIFY(undo({2, 'a', 'b', 'c', 3 << 5, 2}, 8, text));
  QCOMPARE(text, std::string("abcabcab"));
  // A long copy: length 7 + 4 + 2 from distance 1.
  QVERIFY(undo({0, 'x', 7 << 5, 4, 0}, 14, text));
  QCOMPARE(text, std::string(14, 'x'));
  QVERIFY(undo({}, 0, text));
  // Copies from before the start, runs past either end, cut in the middle.
  QVERIFY(!undo({1 << 5, 0}, 3, text));
  QVERIFY(!undo({0, 'x', 1 << 5, 1}, 4, text));
  QVERIFY(!undo({5, 'x'}, 6, text));
  QVERIFY(!undo({2, 'a', 'b', 'c'}, 2, text));
  QVERIFY(!undo({2, 'a', 'b', 'c'}, 4, text));
  QVERIFY(!undo({0, 'x', 7 << 5}, 14, text));
  QVERIFY(!undo({0, 'x', 7 << 5, 4}, 14, text));
  QVERIFY(!undo({0, 'x', 7 << 5, 4, 0}, 13, text));
}

QTEST_APPLESS_MAIN(tst_Hdf5Layouts)
#include "tst_Hdf5Layouts.moc"
