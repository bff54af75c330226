// safetensors: the format's own demands are kept, every refusal names the tensor and both numbers.
#include "core/io/TensorFile.h"
#include "tests/core/io/ContainerBytes.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <QElapsedTimer>

using namespace orrery;
using namespace orrery::test;

namespace {

const std::string sixFloats = bytesOf(std::vector<float>{0, 1, 2, 3, 4, 5});

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets)
{
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

}  // namespace

class tst_Safetensors : public QObject {
  Q_OBJECT

 private slots:
  void readsMatricesNumbersAndMetadata()
  {
    const TemporaryFolder folder;
    const std::string header = "{\"__metadata__\":{\"format\":\"pt\",\"html\":\"<b>x</b>\"}," +
                               entry("b", "I8", "[3]", "[24,27]") + "," +
                               entry("W_dec", "F32", "[2,3]", "[0,24]") + "}   ";
    const auto file = openSafetensors(
        folder.write("a.safetensors", safetensorsOf(header, sixFloats + "\x01\x02\xFF")));
    QCOMPARE(file->formatName(), std::string("safetensors"));
    QCOMPARE(file->metadata().at("html"), std::string("<b>x</b>"));
    const FeatureMatrix matrix = file->readMatrix(file->tensors()[1], FeatureAxis::Rows, {});
    QVERIFY(matrix.rows() == 3 && matrix.cols() == 2 && matrix(0, 1) == 3);
    QVERIFY(file->readMatrix(file->tensors()[1], FeatureAxis::Columns, {}) == matrix.transpose());
    QCOMPARE(file->readNumbers(file->tensors()[0], {}), (std::vector<double>{1, 2, -1}));
    QCOMPARE(file->tensors()[0].typeName, std::string("int8"));
  }

  void refused_data()
  {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("words");
    const auto raw = [](const char* name, const std::string& bytes, const char* words) {
      QTest::newRow(name) << QByteArray(bytes.data(), static_cast<int>(bytes.size())) << words;
    };
    const auto row = [&](const char* name, const std::string& header, const char* words) {
      raw(name, safetensorsOf(header, sixFloats), words);
    };
    const auto one = [](const std::string& shape, const std::string& offsets,
                        const std::string& dtype = "F32") {
      return "{" + entry("W", dtype, shape, offsets) + "}";
    };
    for (const std::uint64_t length :
         {std::uint64_t{1} << 31, (std::uint64_t{1} << 32) + 5, std::uint64_t{1} << 63,
          ~std::uint64_t{0}, ~std::uint64_t{0} - 7}) {
      std::string bytes;
      put(bytes, length);
      raw(("length " + std::to_string(length)).c_str(), bytes + "{}      ",
          "more than the 100000000 allowed");
    }
    raw("length past the end", std::string("\x40\0\0\0\0\0\0\0{}", 10), "claims 64 bytes, found 2");
    raw("length 0", std::string("\0\0\0\0\0\0\0\0", 8), "not a JSON object");
    raw("seven bytes", "1234567", "found 7");
    row("not JSON", "{\"W\": {dtype: F32", "not valid JSON at byte 15");
    row("not an object", "[1, 2]", "not a JSON object (byte 8)");
    row("byte order mark", "\xEF\xBB\xBF{}", "not a JSON object (byte 8)");
    row("bad UTF-8", "{\"W\xFF\": 1}", "not valid JSON at byte 11");
    row("UTF-16", std::string("{\0\"\0W\0", 6), "not valid JSON at byte 9");
    row("garbage after it", one("[2,3]", "[0,24]") + " x", "not valid JSON at byte");
    row("comment", "{/* no */}", "not valid JSON");
    row("NaN", "{\"W\": NaN}", "not valid JSON");
    row("100,000 deep", "{\"a\":{\"b\":" + std::string(100000, '['), "nested more than 64");
    row("deep and closed", "{\"a\":{\"b\":" + std::string(90, '[') + std::string(90, ']') + "}}",
        "nested more than 64");
    row("tensor twice",
        "{" + entry("W", "F32", "[2,3]", "[0,24]") + "," + entry("W", "F32", "[2,3]", "[0,24]") +
            "}",
        "key \"W\" twice");
    row("field twice", "{\"W\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "key \"dtype\" twice");
    row("entry is a number", "{\"W\": 3}", "where the entry 'W' should be an object");
    row("entry is a list", "{\"W\": [3]}", "where the entry 'W' should be an object");
    row("no shape", "{\"W\":{\"dtype\":\"F32\",\"data_offsets\":[0,24]}}", "'W' has no shape");
    row("metadata is no text", "{\"__metadata__\":{\"a\":1}}", "not text");
    row("metadata is nested", "{\"__metadata__\":{\"a\":{}}}", "not text");
    row("offsets reversed", one("[2,3]", "[24,0]"), "'W' has reversed offsets: from 24 to 0");
    row("offset negative", one("[2,3]", "[-1,24]"), "tensor 'W' has -1 in its data_offsets");
    row("offset fractional", one("[2,3]", "[0,24.5]"), "tensor 'W' has 24.5 in its data_offsets");
    row("offset as text", one("[2,3]", "[\"0\",24]"), "has the text \"0\" in its data_offsets");
    row("offset beyond 64 bits", one("[2,3]", "[0,99999999999999999999]"), "in its data_offsets");
    row("offset null", one("[2,3]", "[null,24]"), "null in its data_offsets");
    row("offset an object", one("[2,3]", "[{},24]"), "an object in its data_offsets");
    row("three offsets", one("[2,3]", "[0,12,24]"), "has 3 data_offsets, expected 2");
    row("outside", one("[2,3]", "[0,28]"), "ends at byte 28 of the data, found 24");
    row("shape disagrees", one("[2,4]", "[0,24]"), "needs 32 bytes, its offsets give 24");
    row("shape negative", one("[-2,3]", "[0,24]"), "tensor 'W' has -2 in its shape");
    row("shape is no list", one("6", "[0,24]"), "tensor 'W' has 6 in its shape");
    row("product wraps to 4", one("[4611686018427387905,4]", "[0,24]"), "impossible shape");
    row("product wraps to 0", one("[4294967296,4294967296]", "[0,0]"), "impossible shape");
    row("overlap",
        "{" + entry("A", "F32", "[4]", "[0,16]") + "," + entry("B", "F32", "[4]", "[8,24]") + "}",
        "'B' begins at byte 8 of the data, overlapping the tensor before, which ends at 16");
    row("hole",
        "{" + entry("A", "F32", "[2]", "[0,8]") + "," + entry("B", "F32", "[2]", "[16,24]") + "}",
        "'B' begins at byte 16 of the data, leaving a hole after byte 8");
    row("hole at the start", one("[2]", "[16,24]"), "leaving a hole after byte 0");
    row("bytes left over", one("[2]", "[0,8]"), "tensors end at byte 8 of the data, found 24");
    row("unknown type", one("[2,3]", "[0,24]", "Q7"), "'W' is of the unknown type 'Q7'");
  }

  void refused()
  {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, words);
    const TemporaryFolder folder;
    const auto path = folder.write("bad.safetensors", bytes.toStdString());
    const std::string error = errorOf([&] { openSafetensors(path); });
    QVERIFY2(error.find(words.toStdString()) != std::string::npos, error.c_str());
    QVERIFY2(error.find("bad.safetensors: ") != std::string::npos, error.c_str());
    QVERIFY2(error.size() < 500, error.c_str());
  }

  void cutAnywhereIsRefused()
  {
    const std::string whole =
        safetensorsOf("{" + entry("W", "F32", "[2,3]", "[0,24]") + "}", sixFloats);
    const TemporaryFolder folder;
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto path = folder.write("cut.safetensors", std::string_view(whole).substr(0, length));
      QVERIFY(!errorOf([&] { openSafetensors(path); }).empty());
    }
  }

  void smallFloatsAreRefusedByName()
  {
    const TemporaryFolder folder;
    for (const char* dtype : {"F8_E4M3", "F8_E5M2", "C64"}) {
      const std::string size = std::string(dtype) == "C64" ? "48" : "6";
      const auto file = openSafetensors(
          folder.write("f8.safetensors",
                       safetensorsOf("{" + entry("W", dtype, "[2,3]", "[0," + size + "]") + "}",
                                     std::string(std::stoul(size), 'x'))));
      const std::string error =
          errorOf([&] { (void)file->readMatrix(file->tensors()[0], FeatureAxis::Rows, {}); });
      QVERIFY2(error.find(dtype) != std::string::npos, error.c_str());
    }
  }

  void hundredThousandTensors()
  {
    std::string header = "{";
    for (int i = 0; i < 100000; ++i)
      header +=
          (i > 0 ? "," : "") + entry("tensor_" + std::to_string(i), "U8", "[1]",
                                     "[" + std::to_string(i) + "," + std::to_string(i + 1) + "]");
    header += "}";
    const TemporaryFolder folder;
    const auto path =
        folder.write("many.safetensors", safetensorsOf(header, std::string(100000, '\x05')));
    QElapsedTimer timer;
    timer.start();
    const auto file = openSafetensors(path);
    QVERIFY2(timer.elapsed() < 3000, std::to_string(timer.elapsed()).c_str());
    QCOMPARE(file->readNumbers(file->tensors()[99999], {}), (std::vector<double>{5}));
  }

  void longNamesAndMetadata()
  {
    const std::string name(1'000'000, 'n');
    const TemporaryFolder folder;
    const auto file = openSafetensors(folder.write(
        "long.safetensors", safetensorsOf("{\"__metadata__\":{\"m\":\"" + name + "\"}," +
                                              entry(name, "F32", "[6]", "[0,24]") + "}",
                                          sixFloats)));
    const std::string error =
        errorOf([&] { (void)file->readMatrix(file->tensors()[0], FeatureAxis::Rows, {}); });
    QVERIFY(error.size() < 500);
  }

  void filesOfItsOwnProject()
  {
    // The format's sample files: one tensor of the values -3 … 2 each.
    ORRERY_NEED_DATA("formats/safetensors");
    for (const char* name : {"sample_d", "sample_e", "sample_h"}) {
      const auto file = openSafetensors(dataPath / (std::string(name) + ".safetensors"));
      QCOMPARE(file->readNumbers(file->tensors()[0], {}),
               (std::vector<double>{-3, -2, -1, 0, 1, 2}));
      QCOMPARE(file->metadata().at("test"), std::string("a"));
    }
  }
};

QTEST_GUILESS_MAIN(tst_Safetensors)
#include "tst_Safetensors.moc"
