// The bounded reader: what it opens, what it refuses without waiting, and what it says.
#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "tests/support/TemporaryFolder.h"

#include <QtTest/QTest>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <limits>
#include <string>

using namespace orrery;
using orrery::test::errorOf;
using orrery::test::TemporaryFolder;

class tst_ByteSource : public QObject {
  Q_OBJECT

 private slots:
  void readsByPosition()
  {
    const TemporaryFolder folder;
    const ByteSource source(folder.write("a.bin", "0123456789"));
    QCOMPARE(source.size(), std::uint64_t{10});
    char text[4] = {};
    source.read(3, text, 3);
    QCOMPARE(std::string(text), std::string("345"));
    QCOMPARE(source.readUpTo(8, 100).size(), std::size_t{2});
    QCOMPARE(source.readUpTo(10, 100).size(), std::size_t{0});
    QCOMPARE(source.readUpTo(std::numeric_limits<std::uint64_t>::max(), 5).size(), std::size_t{0});
    QVERIFY(source.modifiedNs() > 0);
  }

  void endGivesBothNumbers()
  {
    const TemporaryFolder folder;
    const ByteSource source(folder.write("short.bin", "0123456789"));
    char text[8];
    const std::string error = errorOf([&] { source.read(6, text, 8); });
    QVERIFY2(error.find("short.bin: ") != std::string::npos, error.c_str());
    QVERIFY2(error.find("expected 8 bytes at byte 6, found 4") != std::string::npos, error.c_str());
    QVERIFY(!errorOf([&] { source.read(~std::uint64_t{0} - 2, text, 8); }).empty());
  }

  void cutWhileOpenIsAnErrorNotASignal()
  {
    const TemporaryFolder folder;
    const auto path = folder.write("cut.bin", std::string(100000, 'x'));
    const ByteSource source(path);
    QCOMPARE(::truncate(path.c_str(), 10), 0);
    std::string target(100000, ' ');
    QVERIFY(errorOf([&] { source.read(0, target.data(), target.size()); }).find("found 10") !=
            std::string::npos);
  }

  void refusesWhatIsNoFile_data()
  {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("word");
    QTest::newRow("missing") << "missing"
                             << "No such file";
    QTest::newRow("folder") << "folder"
                            << "is a folder";
    QTest::newRow("pipe") << "pipe"
                          << "pipe, not a regular file";
    QTest::newRow("socket") << "socket"
                            << "socket, not a regular file";
    QTest::newRow("device") << "device"
                            << "device, not a regular file";
    QTest::newRow("dangling link") << "dangling"
                                   << "No such file";
    QTest::newRow("looping link") << "loop"
                                  << "symbolic links";
    QTest::newRow("unreadable") << "unreadable"
                                << "Permission denied";
  }

  void refusesWhatIsNoFile()
  {
    QFETCH(QString, kind);
    QFETCH(QString, word);
    const TemporaryFolder folder;
    std::filesystem::path path = folder.path() / kind.toStdString();
    if (kind == "folder")
      std::filesystem::create_directory(path);
    else if (kind == "pipe")
      QCOMPARE(::mkfifo(path.c_str(), 0600), 0);
    else if (kind == "device")
      path = "/dev/zero";
    else if (kind == "dangling")
      std::filesystem::create_symlink(folder.path() / "nowhere", path);
    else if (kind == "loop")
      std::filesystem::create_symlink(path, path);
    else if (kind == "socket")
      makeSocket(path);
    else if (kind == "unreadable") {
      if (::geteuid() == 0)
        QSKIP("the superuser may read everything");
      folder.write("unreadable", "x");
      std::filesystem::permissions(path, std::filesystem::perms::none);
    }
    const std::string error = errorOf([&] { const ByteSource source(path); });
    QVERIFY2(error.find(word.toStdString()) != std::string::npos, error.c_str());
  }

  void oddNames_data()
  {
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("shown");
    QTest::newRow("blanks and quotes")
        << QByteArray("a \"b\" 'c' %1 #&") << QByteArray("a \"b\" 'c' %1 #&");
    QTest::newRow("leading dash") << QByteArray("--help") << QByteArray("--help");
    QTest::newRow("emoji") << QByteArray("\xF0\x9F\x98\x80.npy")
                           << QByteArray("\xF0\x9F\x98\x80.npy");
    QTest::newRow("not UTF-8") << QByteArray("caf\xE9.npy") << QByteArray("caf\\xE9.npy");
    QTest::newRow("escape code") << QByteArray("\x1B[31mred\n") << QByteArray("\\x1B[31mred\\n");
    QTest::newRow("bidi override")
        << QByteArray("x\xE2\x80\xAEypn.exe") << QByteArray("x\\u202Eypn.exe");
    QTest::newRow("255 bytes") << QByteArray(255, 'n') << QByteArray(255, 'n');
  }

  void oddNames()
  {
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, shown);
    const TemporaryFolder folder;
    const ByteSource source(folder.write(name.toStdString(), "abc"));
    QCOMPARE(source.size(), std::uint64_t{3});
    const std::string error = errorOf([&] { source.fail("is odd"); });
    QVERIFY2(error.ends_with("/" + shown.toStdString() + ": is odd"), error.c_str());
  }

  void showsTextSafely()
  {
    QCOMPARE(displayText("plain \xC3\xA9"), std::string("plain \xC3\xA9"));
    QCOMPARE(displayText(std::string("nul\0x", 5)), std::string("nul\\x00x"));
    QCOMPARE(displayText("\xC0\xAF"), std::string("\\xC0\\xAF"));           // overlong
    QCOMPARE(displayText("\xED\xA0\x80"), std::string("\\xED\\xA0\\x80"));  // surrogate
    QCOMPARE(displayText("\xE2\x82"), std::string("\\xE2\\x82"));           // cut
    QCOMPARE(displayText("\xF5\x80\x80\x80"), std::string("\\xF5\\x80\\x80\\x80"));
  }

  void showsBytes()
  {
    QCOMPARE(displayBytes(0), std::string("0 bytes"));
    QCOMPARE(displayBytes(1), std::string("1 byte"));
    QCOMPARE(displayBytes(960512), std::string("960,512 bytes"));
    QCOMPARE(displayBytes(150994944), std::string("144.0 MiB"));
    QCOMPARE(displayBytes(std::uint64_t{16} << 30), std::string("16.0 GiB"));
    QCOMPARE(displayBytes(~std::uint64_t{0}), std::string("16.0 EiB"));
  }

  void checksArithmetic()
  {
    std::uint64_t result = 0;
    QVERIFY(multiplyChecked(1u << 31, 1u << 31, result));
    QVERIFY(!multiplyChecked(std::uint64_t{1} << 33, std::uint64_t{1} << 31, result));
    QVERIFY(!addChecked(~std::uint64_t{0}, 1, result));
    QVERIFY(addChecked(~std::uint64_t{0}, 0, result));
  }

 private:
  static void makeSocket(const std::filesystem::path& path)
  {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    QCOMPARE(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(descriptor);
  }
};

QTEST_GUILESS_MAIN(tst_ByteSource)
#include "tst_ByteSource.moc"
