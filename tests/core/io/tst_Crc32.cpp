// The check sum of zip archives: zlib's, whatever the length, the place in memory and the cut.
#include "core/base/Random.h"
#include "core/io/Crc32.h"

#include <QtTest/QTest>

#include <zlib.h>

#include <cstddef>
#include <vector>

using namespace orrery;

namespace {

std::vector<std::byte> randomBytes(std::size_t count, std::uint64_t seed)
{
  Random random(seed);
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes)
    byte = static_cast<std::byte>(random.below(256));
  return bytes;
}

std::uint32_t byZlib(std::uint32_t before, const std::byte* bytes, std::size_t count)
{
  return static_cast<std::uint32_t>(
      ::crc32_z(before, reinterpret_cast<const unsigned char*>(bytes), count));
}

}  // namespace

class tst_Crc32 : public QObject {
  Q_OBJECT

 private slots:
  void isZlibs()
  {
    const std::vector<std::byte> bytes = randomBytes(20000, 1);
    for (const std::size_t count : {0, 1, 63, 255, 1023, 1024, 1025, 1279, 1280, 4096, 19900})
      for (const std::size_t offset : {0, 1, 13, 64})
        for (const std::uint32_t before : {0x0u, 0x1u, 0xFFFFFFFFu, 0xDEADBEEFu})
          QCOMPARE(crc32Of(before, bytes.data() + offset, count),
                   byZlib(before, bytes.data() + offset, count));
    // The check value of the standard.
    QCOMPARE(crc32Of(0, "123456789", 9), 0xCBF43926u);
  }

  void zerosAndOnes()
  {
    for (const int value : {0, 255}) {
      const std::vector<std::byte> bytes(5000, static_cast<std::byte>(value));
      QCOMPARE(crc32Of(0, bytes.data(), bytes.size()), byZlib(0, bytes.data(), bytes.size()));
    }
  }

  void piecesJoin()
  {
    const std::vector<std::byte> bytes = randomBytes(9000, 2);
    const std::uint32_t whole = crc32Of(0, bytes.data(), bytes.size());
    for (const std::size_t cut : {0, 5, 3000, 8999}) {
      const std::uint32_t first = crc32Of(0, bytes.data(), cut);
      QCOMPARE(crc32Of(first, bytes.data() + cut, bytes.size() - cut), whole);
      const std::uint32_t second = crc32Of(0, bytes.data() + cut, bytes.size() - cut);
      QCOMPARE(joinCrc(first, second, bytes.size() - cut), whole);
    }
  }

  void everyBitCounts()
  {
    std::vector<std::byte> bytes = randomBytes(2048, 3);
    const std::uint32_t whole = crc32Of(0, bytes.data(), bytes.size());
    for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += 37) {
      bytes[bit / 8] ^= std::byte{1} << (bit % 8);
      QVERIFY(crc32Of(0, bytes.data(), bytes.size()) != whole);
      bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    }
  }
};

QTEST_APPLESS_MAIN(tst_Crc32)
#include "tst_Crc32.moc"
