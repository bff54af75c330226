// Zip archives of arrays: sound variants are read, lies and bombs are refused while memory stays
// flat.
#include "core/io/TensorFile.h"
#include "tests/core/io/ContainerBytes.h"
#include "tests/support/TemporaryFolder.h"

#include <QtTest/QTest>

#include <QElapsedTimer>

#include <functional>

using namespace orrery;
using namespace orrery::test;

namespace {

ZipEntry matrixEntry(bool deflate = false)
{
  ZipEntry entry;
  entry.name = "W_dec.npy";
  entry.data = npyFloats("(2, 3)", {0, 1, 2, 3, 4, 5});
  entry.deflate = deflate;
  return entry;
}

ZipEntry otherEntry()
{
  ZipEntry entry;
  entry.name = "b.npy";
  entry.data = npyFloats("(2,)", {7, 8});
  return entry;
}

bool readsTheSix(TensorFile& file)
{
  for (const TensorInfo& tensor : file.tensors()) {
    if (tensor.name != "W_dec")
      continue;
    const FeatureMatrix matrix = file.readMatrix(tensor, FeatureAxis::Rows, {});
    return matrix.rows() == 3 && matrix.cols() == 2 && matrix(2, 0) == 2 && matrix(0, 1) == 3;
  }
  return false;
}

std::string replaced(std::string bytes, const std::string& from, const std::string& to)
{
  for (std::size_t at = bytes.find(from); at != std::string::npos;
       at = bytes.find(from, at + to.size()))
    bytes.replace(at, from.size(), to);
  return bytes;
}

/// The error of opening and reading everything.
std::string errorOfAll(const std::filesystem::path& path)
{
  return errorOf([&] {
    const auto file = openNpz(path);
    for (const TensorInfo& tensor : file->tensors())
      (void)file->readMatrix(tensor, FeatureAxis::Rows, {});
  });
}

}  // namespace

class tst_Npz : public QObject {
  Q_OBJECT

 private slots:
  void soundVariants_data()
  {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("format");
    const auto row = [](const char* name, const std::string& bytes, const char* format) {
      QTest::newRow(name) << QByteArray(bytes.data(), static_cast<int>(bytes.size())) << format;
    };
    ZipEntry zip64 = matrixEntry();
    zip64.zip64 = true;
    ZipEntry described = matrixEntry(true);
    described.descriptor = true;
    row("stored", zipOf({matrixEntry(), otherEntry()}), "NumPy .npz (stored)");
    row("deflated", zipOf({matrixEntry(true)}), "NumPy .npz (deflated)");
    row("both", zipOf({matrixEntry(true), otherEntry()}), "NumPy .npz (partly deflated)");
    row("zip64 fields, as NumPy writes", zipOf({zip64}), "NumPy .npz (stored)");
    row("zip64 end record", zipOf({zip64, otherEntry()}, {.zip64End = true}),
        "NumPy .npz (stored)");
    row("data descriptor", zipOf({described}), "NumPy .npz (deflated)");
    row("comment", zipOf({matrixEntry()}, {.comment = "hello"}), "NumPy .npz (stored)");
    row("longest comment", zipOf({matrixEntry()}, {.comment = std::string(65535, 'c')}),
        "NumPy .npz (stored)");
    row("prefix", zipOf({matrixEntry(true)}, {.prefix = "#!/bin/sh\nprefix"}),
        "NumPy .npz (deflated)");
    row("prefix and zip64 end", zipOf({zip64}, {.prefix = "xyz", .zip64End = true}),
        "NumPy .npz (stored)");
  }

  void soundVariants()
  {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, format);
    const TemporaryFolder folder;
    const auto file = openNpz(folder.write("a.npz", bytes.toStdString()));
    QCOMPARE(QString::fromStdString(file->formatName()), format);
    QVERIFY(readsTheSix(*file));
  }

  void refused_data()
  {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("words");
    const auto row = [](const char* name, const std::string& bytes, const char* words) {
      QTest::newRow(name) << QByteArray(bytes.data(), static_cast<int>(bytes.size())) << words;
    };
    const auto with = [](bool deflate, const std::function<void(ZipEntry&)>& change) {
      ZipEntry entry = matrixEntry(deflate);
      change(entry);
      return zipOf({entry});
    };
    const std::string sound = zipOf({matrixEntry()});
    row("no zip", "PK\x03\x04 but nothing more of a zip", "not a complete zip file");
    row("second end record in the comment",
        zipOf({matrixEntry()}, {.comment = std::string("PK\x05\x06", 4) + std::string(18, '\0')}),
        "two end records");
    row("several disks",
        replaced(sound, std::string("PK\x05\x06\0\0", 6), std::string("PK\x05\x06\1\0", 6)),
        "several disks");
    row("count too large", zipOf({matrixEntry()}, {.count = std::uint16_t{2000}}),
        "2000 members do not fit");
    row("count too small", zipOf({matrixEntry(), otherEntry()}, {.count = std::uint16_t{1}}),
        "bytes are left after its 1 members");
    row("wrong CRC, stored", with(false, [](auto& e) { e.crc = 1; }),
        "'W_dec.npy' is damaged: its check sum");
    row("wrong CRC, deflated", with(true, [](auto& e) { e.crc = 1; }), "check sum");
    row("sizes differ", with(true, [](auto& e) { e.directorySize = 100; }), "different sizes");
    row("4 GiB", with(true, [](auto& e) { e.directorySize = e.localSize = 0xFFFFFFFE; }),
        "zip bomb");
    row("unpacks to more",
        with(true,
             [](auto& e) {
               e.data += "more";
               e.directorySize = e.localSize = static_cast<std::uint32_t>(e.data.size() - 4);
             }),
        "unpacks to more than");
    row("unpacks to less",
        with(true,
             [](auto& e) {
               e.data = npyFloats("(3, 3)", {1, 2, 3, 4, 5});
               e.directorySize = e.localSize = static_cast<std::uint32_t>(e.data.size() + 16);
             }),
        "ends too early");
    row("header lies",
        with(false,
             [](auto& e) {
               e.data = npyFloats("(3, 3)", {1, 2, 3});
             }),
        "needs 36 bytes, found 12");
    row("offset outside", with(false, [](auto& e) { e.directoryOffset = 0x7FFFFFFF; }),
        "lies outside the archive");
    row("offset of nothing", with(false, [](auto& e) { e.directoryOffset = 40; }), "has no header");
    row("encrypted", with(false, [](auto& e) { e.flags = 1; }), "is encrypted");
    row("AES", with(false, [](auto& e) { e.method = 99; }), "is encrypted");
    row("bzip2", with(false, [](auto& e) { e.method = 12; }), "bzip2 (method 12)");
    row("lzma", with(false, [](auto& e) { e.method = 14; }), "lzma (method 14)");
    row("zstd", with(false, [](auto& e) { e.method = 93; }), "zstd (method 93)");
    row("deflate64", with(false, [](auto& e) { e.method = 9; }), "deflate64 (method 9)");
    row("not deflated at all", with(false, [](auto& e) { e.method = 8; }),
        "'W_dec.npy' is not a NumPy array");
    row("zlib-wrapped",
        with(false,
             [](auto& e) {
               e.data = "\x78\x9C" + e.data;
               e.method = 8;
             }),
        "damaged compressed data");
    row(
        "overlapping",
        [] {
          ZipEntry second = matrixEntry();
          second.directoryOffset = 0;
          return zipOf({matrixEntry(), second});
        }(),
        "overlaps");
    row("stored with two sizes", with(false, [](auto& e) { e.directorySize = e.localSize = 5; }),
        "two sizes");
  }

  void refused()
  {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, words);
    const TemporaryFolder folder;
    const std::string error = errorOfAll(folder.write("bad.npz", bytes.toStdString()));
    QVERIFY2(error.find(words.toStdString()) != std::string::npos, error.c_str());
    QVERIFY2(error.find("bad.npz: ") != std::string::npos, error.c_str());
  }

  void cutAnywhereIsRefused()
  {
    const TemporaryFolder folder;
    for (const bool deflate : {false, true}) {
      const std::string whole = zipOf({matrixEntry(deflate), otherEntry()});
      for (std::size_t length = 0; length < whole.size(); ++length)
        QVERIFY(!errorOfAll(folder.write("cut.npz", std::string_view(whole).substr(0, length)))
                     .empty());
    }
  }

  void oneBadMemberLeavesTheOthersReadable()
  {
    ZipEntry bad = otherEntry();
    bad.method = 14;
    ZipEntry text;
    text.name = "readme.txt";
    text.data = "hello";
    const TemporaryFolder folder;
    const auto file = openNpz(folder.write("a.npz", zipOf({bad, text, matrixEntry()})));
    QVERIFY(readsTheSix(*file));
    QVERIFY(file->tensors()[0].problem.find("lzma") != std::string::npos);
    QVERIFY(file->tensors()[1].problem.find("not a NumPy array") != std::string::npos);
  }

  void twoMembersOfOneName()
  {
    ZipEntry second = matrixEntry();
    second.data = npyFloats("(2, 3)", {9, 9, 9, 9, 9, 9});
    const TemporaryFolder folder;
    const auto file = openNpz(folder.write("twice.npz", zipOf({matrixEntry(), second})));
    QVERIFY(readsTheSix(*file));
    QVERIFY(file->notes().front().find("first was taken") != std::string::npos);
  }

  void namesAreOnlyNames()
  {
    std::vector<ZipEntry> entries;
    for (const std::string& name :
         {std::string("../../evil"), std::string("/etc/passwd"), std::string("a\\b"),
          std::string("nul\0x", 5), std::string("\x1B[31m"), std::string("\xFF\xFE"),
          std::string(60000, 'n')}) {
      ZipEntry entry = otherEntry();
      entry.name = name + ".npy";
      entries.push_back(entry);
    }
    entries.push_back(matrixEntry());
    const TemporaryFolder folder;
    const auto file = openNpz(folder.write("names.npz", zipOf(entries)));
    QCOMPARE(file->tensors().size(), std::size_t{8});
    QVERIFY(readsTheSix(*file));
    QCOMPARE(file->readNumbers(file->tensors()[0], {}), (std::vector<double>{7, 8}));
    TensorInfo escape = file->tensors()[4];
    escape.problem = "is odd";
    const std::string error =
        errorOf([&] { (void)file->readMatrix(escape, FeatureAxis::Rows, {}); });
    QVERIFY2(error.find('\x1B') == std::string::npos, error.c_str());
  }

  void numbersTextsAndScalars()
  {
    ZipEntry labels;
    labels.name = "labels.npy";
    labels.data =
        npyOf(npyHeader("<U2", "(2,)"), bytesOf(std::vector<std::uint32_t>{'a', 'b', 0xE9, 0}));
    labels.deflate = true;
    ZipEntry scalar;
    scalar.name = "n_tokens.npy";
    scalar.data = npyOf(npyHeader("<i8", "()"), bytesOf(std::vector<std::int64_t>{12345}));
    const TemporaryFolder folder;
    const auto file = openNpz(folder.write("a.npz", zipOf({labels, scalar})));
    QCOMPARE(file->readStrings(file->tensors()[0], {}),
             (std::vector<std::string>{"ab", "\xC3\xA9"}));
    QCOMPARE(file->readNumbers(file->tensors()[1], {}), (std::vector<double>{12345}));
  }

  void bombIsRefusedAtOnceAndMemoryStaysFlat()
  {
    // 400 MB of zeros in 400 kB, truthful in every size: runs of 4 MB, each beginning anew.
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    std::string zeros(4'096'000, '\0');
    std::string run(100'000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
    stream.avail_in = static_cast<uInt>(zeros.size());
    stream.next_out = reinterpret_cast<Bytef*>(run.data());
    stream.avail_out = static_cast<uInt>(run.size());
    ::deflate(&stream, Z_FULL_FLUSH);
    run.resize(stream.total_out);
    deflateEnd(&stream);
    ZipEntry bomb = matrixEntry(true);
    bomb.data.clear();
    bomb.packed = std::string();
    for (int i = 0; i < 100; ++i)
      *bomb.packed += run;
    *bomb.packed += std::string("\x03\x00", 2);
    bomb.directorySize = bomb.localSize = 409'600'000;
    const TemporaryFolder folder;
    const auto path = folder.write("bomb.npz", zipOf({bomb}));
    const std::uint64_t before = peakMemory();
    QElapsedTimer timer;
    timer.start();
    const std::string error = errorOfAll(path);
    QVERIFY2(error.find("zip bomb") != std::string::npos, error.c_str());
    QVERIFY(timer.elapsed() < 1000);
    QVERIFY(peakMemory() - before < 50'000'000);
  }

  void twentyThousandMembers()
  {
    std::vector<ZipEntry> entries(20000, otherEntry());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      entries[i].name = "array_" + std::to_string(i) + ".npy";
      entries[i].deflate = i % 2 == 0;
    }
    const TemporaryFolder folder;
    const auto path = folder.write("many.npz", zipOf(entries));
    QElapsedTimer timer;
    timer.start();
    const auto file = openNpz(path);
    QVERIFY2(timer.elapsed() < 2000, std::to_string(timer.elapsed()).c_str());
    QCOMPARE(file->tensors().size(), std::size_t{20000});
    QCOMPARE(file->readNumbers(file->tensors()[19999], {}), (std::vector<double>{7, 8}));
  }
};

QTEST_GUILESS_MAIN(tst_Npz)
#include "tst_Npz.moc"
