// NumPy's .npy: every sound variant is read, every lie is refused with a sentence.
#include "core/io/TensorFile.h"
#include "tests/core/io/ContainerBytes.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <cmath>

using namespace orrery;
using namespace orrery::test;

namespace {

const std::vector<float> sixValues{0, 1, 2, 3, 4, 5};

FeatureMatrix readOnly(TensorFile& file, FeatureAxis axis = FeatureAxis::Rows)
{
  return file.readMatrix(file.tensors().front(), axis, {});
}

/// 2 features × 3 dimensions: 0 1 2 | 3 4 5.
bool isTheSix(const FeatureMatrix& matrix)
{
  return matrix.rows() == 3 && matrix.cols() == 2 && matrix(0, 0) == 0 && matrix(2, 0) == 2 &&
         matrix(0, 1) == 3 && matrix(2, 1) == 5;
}

}  // namespace

class tst_Npy : public QObject {
  Q_OBJECT

 private slots:
  void soundVariants_data()
  {
    QTest::addColumn<QByteArray>("bytes");
    const std::string six = bytesOf(sixValues);
    const auto row = [](const char* name, const std::string& bytes) {
      QTest::newRow(name) << QByteArray(bytes.data(), static_cast<int>(bytes.size()));
    };
    const std::string plain = npyHeader("<f4", "(2, 3)");
    row("version 1", npyOf(plain, six, 1));
    row("version 2", npyOf(plain, six, 2));
    row("version 3", npyOf(plain, six, 3));
    row("double quotes",
        npyOf("{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2, 3)}", six));
    row("other order", npyOf("{'shape': (2, 3), 'descr': '<f4', 'fortran_order': False}", six));
    row("no blanks", npyOf("{'descr':'<f4','fortran_order':False,'shape':(2,3)}", six));
    row("Python 2 numbers", npyOf(npyHeader("<f4", "(2L, 3L)"), six));
    row("no padding", std::string("\x93NUMPY\x01\x00", 8) + std::string("\x36\x00", 2) +
                          "{'descr':'<f4','fortran_order':False,'shape':(2, 3), }" + six);
    row("native order", npyOf(npyHeader("=f4", "(2, 3)"), six));
    row("Fortran order", npyFloats("(2, 3)", {0, 3, 1, 4, 2, 5}, true));
    row("float64",
        npyOf(npyHeader("<f8", "(2, 3)"), bytesOf(std::vector<double>{0, 1, 2, 3, 4, 5})));
    row("int8", npyOf(npyHeader("|i1", "(2, 3)"), std::string("\0\1\2\3\4\5", 6)));
    row("float16",
        npyOf(npyHeader("<f2", "(2, 3)"),
              bytesOf(std::vector<std::uint16_t>{0, 0x3C00, 0x4000, 0x4200, 0x4400, 0x4500})));
    row("big endian int16",
        npyOf(npyHeader(">i2", "(2, 3)"), std::string("\0\0\0\1\0\2\0\3\0\4\0\5", 12)));
  }

  void soundVariants()
  {
    QFETCH(QByteArray, bytes);
    const TemporaryFolder folder;
    const auto file = openNpy(folder.write("a.npy", bytes.toStdString()));
    QCOMPARE(file->formatName(), std::string("NumPy .npy"));
    QVERIFY(isTheSix(readOnly(*file)));
    const auto numbers = file->readNumbers(file->tensors().front(), {});
    QCOMPARE(numbers, (std::vector<double>{0, 1, 2, 3, 4, 5}));
    QVERIFY(readOnly(*file, FeatureAxis::Columns) == readOnly(*file).transpose());
    QVERIFY(file->notes().empty());
  }

  void refusedHeaders_data()
  {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("words");
    const std::string six = bytesOf(sixValues);
    const auto row = [&](const char* name, const std::string& bytes, const char* words) {
      QTest::newRow(name) << QByteArray(bytes.data(), static_cast<int>(bytes.size()))
                          << QString(words);
    };
    row("unknown version", npyOf(npyHeader("<f4", "(2, 3)"), six, 4),
        "invalid header: unknown .npy version 4");
    row("extra key",
        npyOf("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", six),
        "invalid header: unexpected key 'x'");
    row("missing key", npyOf("{'descr': '<f4', 'shape': (2, 3)}", six), "are not all there");
    row("key twice",
        npyOf("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", six),
        "'descr' twice");
    row("not a dictionary", npyOf("[1, 2]", six), "invalid header: expected '{'");
    row("code", npyOf(npyHeader("<f4", "(__import__('os').system('true'), 3)"), six),
        "invalid header: expected a number");
    row("expression", npyOf(npyHeader("<f4", "(2*1, 3)"), six), "invalid header");
    row("text after it", npyOf(npyHeader("<f4", "(2, 3)") + " x", six),
        "text after the dictionary");
    row("60,000 parentheses", npyOf("{'descr': " + std::string(60000, '('), six), "invalid header");
    row("60,000 brackets", npyOf("{'descr': " + std::string(60000, '['), six),
        "nested more than 8");
    row("50,000 digits", npyOf(npyHeader("<f4", "(" + std::string(50000, '9') + ", 3)"), six),
        "impossible shape (9999");
    row("10^40", npyOf(npyHeader("<f4", "(1" + std::string(40, '0') + ", 3)"), six),
        "impossible shape (1000");
    row("negative", npyOf(npyHeader("<f4", "(-5, 3)"), six), "impossible shape (-5, 3)");
    row("overflow of 64 bits", npyOf(npyHeader("<f4", "(4294967296, 4294967296)"), six),
        "impossible shape (4294967296, 4294967296)");
    row("wraps to 0", npyOf(npyHeader("<f8", "(2305843009213693952, 8)"), six), "impossible shape");
    row("excused by a zero", npyOf(npyHeader("<f4", "(0, 4294967296, 4294967296)"), six),
        "impossible shape");
    row("64 axes",
        npyOf(npyHeader("<f4", "(" +
                                   std::string(63 * 3, ' ')
                                       .replace(0, 189,
                                                [] {
                                                  std::string ones;
                                                  for (int i = 0; i < 63; ++i)
                                                    ones += "1, ";
                                                  return ones;
                                                }()) +
                                   "1)"),
              six),
        "more than 32 axes");
    row("unknown type", npyOf(npyHeader("<q7", "(2, 3)"), six), "unknown element type");
    row("empty type", npyOf(npyHeader("", "(2, 3)"), six), "unknown element type");
    row("32 GiB in few bytes", npyOf(npyHeader("<f4", "(4194304, 2048)"), six),
        "needs 34359738368 bytes after the header, found 24");
    row("no magic", "hello, this is text and long enough", "does not begin with");
    row("header length 2^31", std::string("\x93NUMPY\x02\x00\x00\x00\x00\x80", 12) + six,
        "claims 2147483648 bytes");
    row("header length 2^32 - 1", std::string("\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF", 12) + six,
        "claims 4294967295 bytes");
    row("header length 0", std::string("\x93NUMPY\x01\x00\x00\x00", 10) + six, "invalid header");
    row("header past the end", std::string("\x93NUMPY\x01\x00\xFF\x00{'descr'", 18),
        "the header claims 255 bytes, found 8");
  }

  void refusedHeaders()
  {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, words);
    const TemporaryFolder folder;
    const auto path = folder.write("bad.npy", bytes.toStdString());
    const std::string error = errorOf([&] { openNpy(path); });
    QVERIFY2(error.find(words.toStdString()) != std::string::npos, error.c_str());
    QVERIFY2(error.find("bad.npy: ") != std::string::npos, error.c_str());
    QVERIFY2(error.size() < 500, error.c_str());
  }

  void refusedTypes_data()
  {
    QTest::addColumn<QString>("descr");
    QTest::addColumn<QString>("words");
    QTest::newRow("objects") << "'|O'"
                             << "Python objects";
    QTest::newRow("complex64") << "'<c8'"
                               << "complex64";
    QTest::newRow("complex128") << "'<c16'"
                                << "complex128";
    QTest::newRow("long double") << "'<f16'"
                                 << "float128";
    QTest::newRow("datetime") << "'<M8[ns]'"
                              << "datetime64";
    QTest::newRow("timedelta") << "'<m8[s]'"
                               << "timedelta64";
    QTest::newRow("raw") << "'|V7'"
                         << "V7";
    QTest::newRow("bfloat16 without its name") << "'|V2'"
                                               << "bfloat16";
    QTest::newRow("structured") << "[('x', '<f4'), ('y', '<f4', (2, 2))]"
                                << "structured array [('x'";
    QTest::newRow("empty text") << "'<U0'"
                                << "length zero";
  }

  void refusedTypes()
  {
    QFETCH(QString, descr);
    QFETCH(QString, words);
    const TemporaryFolder folder;
    const auto file =
        openNpy(folder.write("type.npy", npyOf("{'descr': " + descr.toStdString() +
                                                   ", 'fortran_order': False, 'shape': (2, 3)}",
                                               std::string(200, 'x'))));
    const std::string problem = file->tensors().front().problem;
    QVERIFY2(problem.find(words.toStdString()) != std::string::npos, problem.c_str());
    QVERIFY(!errorOf([&] { readOnly(*file); }).empty());
  }

  void cutAnywhereIsRefused()
  {
    const std::string whole = npyFloats("(2, 3)", sixValues);
    const TemporaryFolder folder;
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto path = folder.write("cut.npy", std::string_view(whole).substr(0, length));
      const std::string error = errorOf([&] { openNpy(path); });
      QVERIFY2(error.find("cut short") != std::string::npos,
               (std::to_string(length) + ": " + error).c_str());
    }
  }

  void textModeDamageIsRefused()
  {
    std::string damaged = npyFloats("(2, 3)", sixValues);
    damaged.insert(damaged.find('\n'), "\r");
    const TemporaryFolder folder;
    const auto file = openNpy(folder.write("crlf.npy", damaged));
    QCOMPARE(file->notes().size(), std::size_t{1});  // one byte too many: said
  }

  void leftOverBytesAreCounted()
  {
    const TemporaryFolder folder;
    const auto file = openNpy(folder.write("tail.npy", npyFloats("(2, 3)", sixValues) + "tail!"));
    QVERIFY(isTheSix(readOnly(*file)));
    QVERIFY(file->notes().front().find("5 bytes are left over") != std::string::npos);
  }

  void textsOfBothKinds()
  {
    const TemporaryFolder folder;
    std::vector<std::uint32_t> points{'d', 'o', 'g', 0, 0x1F600, 0, 0, 0, 0xD800, 'x', 0, 0};
    const auto wide =
        openNpy(folder.write("u.npy", npyOf(npyHeader("<U4", "(3,)"), bytesOf(points))));
    const auto texts = wide->readStrings(wide->tensors().front(), {});
    QCOMPARE(texts, (std::vector<std::string>{"dog", "\xF0\x9F\x98\x80", "\xEF\xBF\xBDx"}));
    QVERIFY(wide->notes().front().find("1 bytes") != std::string::npos);
    for (std::uint32_t& point : points)
      point = __builtin_bswap32(point);
    const auto swapped =
        openNpy(folder.write("b.npy", npyOf(npyHeader(">U4", "(3,)"), bytesOf(points))));
    QCOMPARE(swapped->readStrings(swapped->tensors().front(), {}), texts);
    const auto narrow = openNpy(
        folder.write("s.npy", npyOf(npyHeader("|S4", "(2,)"), std::string("caf\xE9xy\0\0", 8))));
    QCOMPARE(narrow->readStrings(narrow->tensors().front(), {}),
             (std::vector<std::string>{"caf\xEF\xBF\xBD", "xy"}));
  }

  void overflowIsCounted()
  {
    const TemporaryFolder folder;
    const auto file =
        openNpy(folder.write("f64.npy", npyOf(npyHeader("<f8", "(1, 3)"),
                                              bytesOf(std::vector<double>{1, 1e40, -1e39}))));
    std::int64_t overflowed = 0;
    const FeatureMatrix matrix =
        file->readMatrix(file->tensors().front(), FeatureAxis::Rows, {}, &overflowed);
    QCOMPARE(overflowed, std::int64_t{2});
    QVERIFY(std::isinf(matrix(1, 0)));
  }

  void threeAxesInFortranOrder()
  {
    // numpy.arange(8.).reshape(2, 2, 2) saved in Fortran order.
    const TemporaryFolder folder;
    const auto file =
        openNpy(folder.write("three.npy", npyFloats("(2, 2, 2)", {0, 4, 2, 6, 1, 5, 3, 7}, true)));
    QCOMPARE(file->readNumbers(file->tensors().front(), {}),
             (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}));
  }

  void foreignWritersAgree()
  {
    // numpy.load of these: [[0, 1, 2], [3, 4, 5]], in Fortran order [[0, 2, 4], [1, 3, 5]].
    ORRERY_NEED_DATA("formats/npy");
    int seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dataPath)) {
      const std::string name = entry.path().filename().string();
      if (name.find("_2x3_") == std::string::npos || entry.path().extension() != ".npy")
        continue;
      const auto file = openNpy(entry.path());
      const bool turned = name.find("forder") != std::string::npos;
      FeatureMatrix expected(3, 2);
      expected << 0, turned ? 1 : 3, turned ? 2 : 1, turned ? 3 : 4, turned ? 4 : 2, 5;
      QVERIFY2(readOnly(*file) == expected, name.c_str());
      ++seen;
    }
    QVERIFY(seen >= 6);
  }
};

QTEST_GUILESS_MAIN(tst_Npy)
#include "tst_Npy.moc"
