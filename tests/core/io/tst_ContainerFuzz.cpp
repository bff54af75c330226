// A few thousand damaged files: each opens or is refused with a sentence; nothing crashes, hangs or
// takes memory that the file does not justify. Seeded, so that a failure can be repeated.
#include "core/base/Error.h"
#include "core/base/Random.h"
#include "core/io/DictionaryFile.h"
#include "tests/core/io/ContainerBytes.h"
#include "tests/support/TemporaryFolder.h"

#include <QtTest/QTest>

#include <QElapsedTimer>

#include <iterator>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr int casesPerFile = 500;

std::vector<float> values(std::size_t count)
{
  std::vector<float> result(count);
  for (std::size_t i = 0; i < count; ++i)
    result[i] = static_cast<float>(i) * 0.25f - 3.0f;
  return result;
}

ZipEntry member(const std::string& name, const std::string& bytes, bool deflate)
{
  ZipEntry entry;
  entry.name = name;
  entry.data = bytes;
  entry.deflate = deflate;
  return entry;
}

std::string soundFile(const QString& kind)
{
  const std::string matrix = npyFloats("(8, 5)", values(40));
  const std::string labels =
      npyOf(npyHeader("<U3", "(8,)"), bytesOf(std::vector<std::uint32_t>(24, 'a')));
  if (kind == "npy")
    return matrix;
  if (kind == "npy, big endian, Fortran order")
    return npyOf(npyHeader(">f8", "(8, 5)", true), bytesOf(std::vector<double>(40, 1.5)));
  if (kind == "safetensors")
    return safetensorsOf(
        R"({"__metadata__":{"format":"pt"},"W_dec":{"dtype":"F32","shape":[8,5],"data_offsets":[0,160]},)"
        R"("b_enc":{"dtype":"BF16","shape":[8],"data_offsets":[160,176]}})",
        bytesOf(values(44)));
  const bool deflate = kind.startsWith("deflated");
  return zipOf({member("W_dec.npy", matrix, deflate), member("labels.npy", labels, deflate),
                member("threshold.npy", npyFloats("(8,)", values(8)), deflate)},
               {.zip64End = kind.endsWith("zip64")});
}

/// One to eight of: a bit turned, a byte replaced, a field of 2, 4 or 8 bytes set to a wild number,
/// a piece cut out or doubled, the end cut off.
std::string damaged(std::string bytes, Random& random)
{
  static constexpr std::uint64_t wild[] = {0,          1,          0x7F,           0xFF,
                                           0xFFFF,     0x7FFFFFFF, 0x80000000,     0xFFFFFFFF,
                                           1ull << 32, 1ull << 40, 1ull << 62,     1ull << 63,
                                           ~0ull,      ~0ull - 7,  0x100000005ull, 0x10000};
  const auto count = 1 + random.below(random.below(4) == 0 ? 8 : 2);
  for (std::uint64_t i = 0; i < count && !bytes.empty(); ++i) {
    const auto at = static_cast<std::size_t>(random.below(bytes.size()));
    switch (random.below(7)) {
      case 0:
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 2:
        bytes[at] = static_cast<char>(random.below(256));
        break;
      case 3: {
        const std::uint64_t value = wild[random.below(std::size(wild))];
        const std::size_t width = std::size_t{2} << random.below(3);
        std::memcpy(bytes.data() + at, &value, std::min(width, bytes.size() - at));
        break;
      }
      case 4:
        bytes.erase(at, static_cast<std::size_t>(1 + random.below(16)));
        break;
      case 5:
        bytes.insert(at, bytes.substr(at, static_cast<std::size_t>(1 + random.below(16))));
        break;
      default:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

}  // namespace

class tst_ContainerFuzz : public QObject {
  Q_OBJECT

 private slots:
  void damagedFilesAreReadOrRefused_data()
  {
    QTest::addColumn<QString>("kind");
    for (const char* kind : {"npy", "npy, big endian, Fortran order", "safetensors", "stored npz",
                             "deflated npz", "stored npz, zip64", "deflated npz, zip64"})
      QTest::newRow(kind) << kind;
  }

  void damagedFilesAreReadOrRefused()
  {
    QFETCH(QString, kind);
    const TemporaryFolder folder;
    const std::string sound = soundFile(kind);
    QCOMPARE(readDictionary(folder.write("sound", sound)).features(), 8);
    const std::uint64_t before = peakMemory();
    int opened = 0;
    int refused = 0;
    QElapsedTimer slowest;
    for (int i = 0; i < casesPerFile; ++i) {
      Random random = Random::forPart(2024, static_cast<std::uint64_t>(i));
      const std::string bytes = damaged(sound, random);
      const auto path = folder.write("damaged", bytes);
      slowest.start();
      try {
        const Dictionary dictionary = readDictionary(path);
        QVERIFY(dictionary.features() > 0 && dictionary.dimensions() > 0);
        // Nothing is made up: what is shown was stored, up to deflate's own limit.
        QVERIFY(static_cast<std::uint64_t>(dictionary.decoder->size()) <= bytes.size() * 1032);
        ++opened;
      } catch (const Error& error) {
        const std::string text = error.what();
        QVERIFY2(text.find("damaged") != std::string::npos && text.size() < 2000 &&
                     text.find('\n') == std::string::npos,
                 text.c_str());
        ++refused;
      } catch (const std::exception& error) {
        QFAIL(("case " + std::to_string(i) + ": " + error.what()).c_str());
      }
      QVERIFY2(slowest.elapsed() < 5000, ("case " + std::to_string(i)).c_str());
    }
    QCOMPARE(opened + refused, casesPerFile);
    // Both happen: damage in the numbers cannot be noticed, damage in the structure must be.
    QVERIFY(refused > casesPerFile / 10);
    QVERIFY(peakMemory() - before < 200'000'000);
  }
};

QTEST_GUILESS_MAIN(tst_ContainerFuzz)
#include "tst_ContainerFuzz.moc"
