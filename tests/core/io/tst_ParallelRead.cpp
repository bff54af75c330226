// Numbers of every kind become floats exactly; matrices arrive whichever way they lie.
#include "core/base/Parallel.h"
#include "core/io/Elements.h"
#include "core/io/ParallelRead.h"
#include "tests/core/io/ContainerBytes.h"
#include "tests/support/TemporaryFolder.h"

#include <QtTest/QTest>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

using namespace orrery;
using orrery::test::bytesOf;
using orrery::test::TemporaryFolder;

namespace {

/// The definition of IEEE 754 binary16, by its three fields.
double halfByDefinition(std::uint16_t half)
{
  const int exponent = (half >> 10) & 31;
  const int mantissa = half & 1023;
  const double sign = half & 0x8000 ? -1.0 : 1.0;
  if (exponent == 31)
    return mantissa ? std::numeric_limits<double>::quiet_NaN() : sign * INFINITY;
  if (exponent == 0)
    return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

template <typename Value>
std::string swapped(const std::vector<Value>& values)
{
  std::string bytes = bytesOf(values);
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(Value))
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                 bytes.begin() + static_cast<std::ptrdiff_t>(i + sizeof(Value)));
  return bytes;
}

template <typename Value>
void checkKind(ElementKind kind, const std::vector<Value>& values)
{
  for (const bool bigEndian : {false, true}) {
    // One byte in front puts every element where it is not aligned.
    const std::string bytes = "x" + (bigEndian ? swapped(values) : bytesOf(values));
    const auto* source = reinterpret_cast<const std::byte*>(bytes.data()) + 1;
    const auto count = static_cast<std::int64_t>(values.size());
    std::vector<float> floats(values.size());
    std::vector<double> doubles(values.size());
    convertToFloat({kind, bigEndian}, source, count, floats.data());
    convertToDouble({kind, bigEndian}, source, count, doubles.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      QCOMPARE(std::bit_cast<std::uint32_t>(floats[i]),
               std::bit_cast<std::uint32_t>(static_cast<float>(values[i])));
      QCOMPARE(std::bit_cast<std::uint64_t>(doubles[i]),
               std::bit_cast<std::uint64_t>(static_cast<double>(values[i])));
    }
  }
}

template <typename Integer>
std::vector<Integer> extremes()
{
  std::vector<Integer> values{std::numeric_limits<Integer>::min(),
                              std::numeric_limits<Integer>::max(), 0, 1};
  for (int i = 0; i < 200; ++i)
    values.push_back(static_cast<Integer>(static_cast<std::uint64_t>(i) * 0x0123456789ABCDEFu));
  return values;
}

}  // namespace

class tst_ParallelRead : public QObject {
  Q_OBJECT

 private slots:
  void halvesAreExact()
  {
    std::vector<std::uint16_t> halves(65536);
    for (std::size_t i = 0; i < halves.size(); ++i)
      halves[i] = static_cast<std::uint16_t>(i);
    for (const bool bigEndian : {false, true}) {
      const std::string bytes = bigEndian ? swapped(halves) : bytesOf(halves);
      std::vector<float> floats(halves.size());
      convertToFloat({ElementKind::Float16, bigEndian},
                     reinterpret_cast<const std::byte*>(bytes.data()), 65536, floats.data());
      for (std::size_t i = 0; i < halves.size(); ++i) {
        const double expected = halfByDefinition(halves[i]);
        QVERIFY(std::isnan(expected) ? std::isnan(floats[i])
                                     : static_cast<double>(floats[i]) == expected &&
                                           std::signbit(floats[i]) == std::signbit(expected));
      }
    }
  }

  void bfloatsAreExact()
  {
    // numpy.array([1, -2.5, 3.140625], ml_dtypes.bfloat16).view('u2')
    const std::vector<std::uint16_t> words{0x3F80, 0xC020, 0x4049, 0xFF80, 0x0001};
    std::vector<float> floats(words.size());
    convertToFloat({ElementKind::BFloat16}, reinterpret_cast<const std::byte*>(words.data()), 5,
                   floats.data());
    QCOMPARE(floats[0], 1.0f);
    QCOMPARE(floats[1], -2.5f);
    QCOMPARE(floats[2], 3.140625f);
    QCOMPARE(floats[3], -std::numeric_limits<float>::infinity());
    QCOMPARE(std::bit_cast<std::uint32_t>(floats[4]), 0x10000u);
  }

  void everyKindInBothByteOrders()
  {
    checkKind(ElementKind::Int8, extremes<std::int8_t>());
    checkKind(ElementKind::Int16, extremes<std::int16_t>());
    checkKind(ElementKind::Int32, extremes<std::int32_t>());
    checkKind(ElementKind::Int64, extremes<std::int64_t>());
    checkKind(ElementKind::UInt8, extremes<std::uint8_t>());
    checkKind(ElementKind::UInt16, extremes<std::uint16_t>());
    checkKind(ElementKind::UInt32, extremes<std::uint32_t>());
    checkKind(ElementKind::UInt64, extremes<std::uint64_t>());
    std::vector<float> floats{0.0f, -0.0f, 1e-45f, 3.4e38f, -INFINITY};
    std::vector<double> doubles{0.0, -0.0, 1.0 / 3.0, 3.4e38, 1e-300, -INFINITY};
    for (int i = 0; i < 150; ++i) {
      floats.push_back(std::sin(static_cast<float>(i)));
      doubles.push_back(std::sin(i));
    }
    checkKind(ElementKind::Float32, floats);
    checkKind(ElementKind::Float64, doubles);
  }

  void booleansAreZeroOrOne()
  {
    const std::vector<std::uint8_t> bytes{0, 1, 255, 2};
    std::vector<float> floats(4);
    convertToFloat({ElementKind::Boolean}, reinterpret_cast<const std::byte*>(bytes.data()), 4,
                   floats.data());
    QCOMPARE(floats, (std::vector<float>{0, 1, 1, 1}));
  }

  void countsWhatDoesNotFit()
  {
    std::vector<double> values(300, 1.0);
    values[3] = 1e39;
    values[77] = -1e300;
    values[299] = 3.5e38;
    values[5] = std::numeric_limits<double>::infinity();
    values[6] = std::numeric_limits<double>::quiet_NaN();
    std::vector<float> floats(values.size());
    QCOMPARE(convertToFloat({ElementKind::Float64},
                            reinterpret_cast<const std::byte*>(values.data()), 300, floats.data()),
             std::int64_t{3});
  }

  void matrixWhicheverWayItLies_data()
  {
    QTest::addColumn<int>("slow");
    QTest::addColumn<int>("fast");
    QTest::newRow("one element") << 1 << 1;
    QTest::newRow("one row") << 1 << 1000;
    QTest::newRow("one column") << 1000 << 1;
    QTest::newRow("odd") << 131 << 517;
    QTest::newRow("several pieces") << 3000 << 700;
    QTest::newRow("rows longer than a piece") << 3 << 1100000;
  }

  void matrixWhicheverWayItLies()
  {
    QFETCH(int, slow);
    QFETCH(int, fast);
    std::vector<std::int16_t> values(static_cast<std::size_t>(slow) *
                                     static_cast<std::size_t>(fast));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<std::int16_t>(i * 40503u >> 3);
    const TemporaryFolder folder;
    const auto floats = std::vector<float>(values.begin(), values.end());
    const ByteSource shorts(folder.write("shorts", "abc" + bytesOf(values)));
    const ByteSource plain(folder.write("floats", "abc" + bytesOf(floats)));
    const auto expectedCrc = static_cast<std::uint32_t>(crc32(
        0, reinterpret_cast<const Bytef*>(floats.data()), static_cast<uInt>(floats.size() * 4)));
    const int before = threadCount();
    for (const int threads : {1, 3}) {
      setThreadCount(threads);
      for (const bool featuresAreSlow : {true, false}) {
        std::uint32_t crc = 0;
        const StoredMatrix place{3, slow, fast, {ElementKind::Float32}, featuresAreSlow};
        const FeatureMatrix direct = readMatrixParallel(plain, place, {}, nullptr, &crc);
        QCOMPARE(crc, expectedCrc);
        const StoredMatrix shortPlace{3, slow, fast, {ElementKind::Int16}, featuresAreSlow};
        const FeatureMatrix converted = readMatrixParallel(shorts, shortPlace, {});
        std::uint64_t at = 3;
        const auto next = [&](void* target, std::size_t count) {
          shorts.read(at, target, count);
          at += count;
        };
        const FeatureMatrix inOrder = readMatrixInOrder(next, shortPlace, {});
        const Eigen::Map<const Eigen::MatrixXf> asStored(floats.data(), fast, slow);
        const FeatureMatrix expected =
            featuresAreSlow ? FeatureMatrix(asStored) : FeatureMatrix(asStored.transpose());
        std::uint32_t blocksCrc = 0;
        FeatureMatrix joined = FeatureMatrix::Zero(expected.rows(), expected.cols());
        FeatureMatrix joinedInOrder = joined;
        const auto joinTo = [&](FeatureMatrix& whole) {
          return [&](const MatrixBlock& block) {
            QVERIFY(block.values.size() <= std::max<Eigen::Index>(fast, 1 << 20));
            whole.block(block.firstDimension, block.firstFeature, block.values.rows(),
                        block.values.cols()) += block.values;
          };
        };
        readBlocksParallel(plain, place, {}, joinTo(joined), &blocksCrc);
        at = 3;
        readBlocksInOrder(next, shortPlace, {}, joinTo(joinedInOrder));
        QCOMPARE(blocksCrc, expectedCrc);
        QVERIFY(joined == expected);
        QVERIFY(joinedInOrder == expected);
        QVERIFY(direct == expected);
        QVERIFY(converted == expected);
        QVERIFY(inOrder == expected);
      }
    }
    setThreadCount(before);
  }

  void bytesInParallel()
  {
    std::string bytes(9'000'001, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(i * 2654435761u >> 13);
    const TemporaryFolder folder;
    const ByteSource source(folder.write("bytes", bytes));
    std::string read(bytes.size() - 1, ' ');
    std::uint32_t crc = 0;
    readParallel(source, 1, read.data(), read.size(), {}, &crc);
    QVERIFY(bytes.compare(1, std::string::npos, read) == 0);
    QCOMPARE(crc, static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(read.data()),
                                                   static_cast<uInt>(read.size()))));
  }

  void stops()
  {
    const TemporaryFolder folder;
    const ByteSource source(folder.write("zeros", std::string(1 << 20, '\0')));
    std::stop_source stop;
    stop.request_stop();
    const Progress progress(stop.get_token(), {});
    const StoredMatrix place{0, 512, 512, {ElementKind::Float32}, true};
    QVERIFY_THROWS_EXCEPTION(Cancelled, (void)readMatrixParallel(source, place, progress));
  }
};

QTEST_GUILESS_MAIN(tst_ParallelRead)
#include "tst_ParallelRead.moc"
