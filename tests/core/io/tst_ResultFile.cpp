#include "core/io/ResultFile.h"

#include "core/base/Error.h"
#include "core/io/TensorFile.h"
#include "core/io/results/AtomicFile.h"
#include "tests/support/ExpectError.h"
#include "tests/support/Paths.h"

#include <QtCore/QProcess>
#include <QtTest/QTest>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <limits>
#include <thread>

using namespace orrery;
using orrery::test::bytesOf;
using orrery::test::TemporaryFolder;

namespace {

ResultTable sampleTable()
{
  ResultTable table;
  table.arrays.push_back({"feature", {3}, std::vector<std::int32_t>{0, 1, 2}});
  table.arrays.push_back(
      {"label",
       {3},
       std::vector<std::string>{"=1+1", "say \"hi\",\nyou", "\xC3\xA4 \xF0\x9F\x98\x80"}});
  table.arrays.push_back({"position", {3, 2}, std::vector<float>{1.5f, -2, 0.1f, 1e-7f, 3, 4}});
  table.arrays.push_back({"cosine", {3}, std::vector<double>{0.1, -1, std::nan("")}});
  table.arrays.push_back({"eigenvalues", {2}, std::vector<double>{2.5, 1.25}});
  table.arrays.push_back({"blocks", {}, std::vector<std::int64_t>{1'000'000'000'000}});
  table.options = {{"method", "pca"}, {"note", "a \"quoted\" \n line"}};
  return table;
}

std::vector<std::string> namesIn(const std::filesystem::path& folder)
{
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  return names;
}

/// Runs @p work in a child process; its exit status, or minus the signal that ended it.
template <typename Work>
int statusOfChild(Work&& work)
{
  const pid_t child = ::fork();
  if (child == 0)
    ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

class tst_ResultFile : public QObject {
  Q_OBJECT
 private slots:
  void writesCsv();
  void writesTsv();
  void writesJson();
  void writesNpy();
  void writesNpz();
  void writesHdf5();
  void numpyAndH5pyAgree();
  void sameBytesTwice();
  void guardsFormulas_data();
  void guardsFormulas();
  void refusesBeforeTheWork();
  void refusesWrongShapes();
  void emptyResults();
  void longTextsStayBounded();
  void keepsLinksAndModes();
  void fullDiskLeavesTheOldFile();
  void readOnlyFolder();
  void killedSaveLeavesOldOrNew();
  void removesStrayTemporariesOnly();
};

void tst_ResultFile::writesCsv()
{
  const TemporaryFolder files;
  const auto path = files.path() / "r.csv";
  writeResult(path, sampleTable());
  QCOMPARE(QByteArray::fromStdString(bytesOf(path)),
           QByteArray("feature,label,position_0,position_1,cosine\n"
                      "0,'=1+1,1.5,-2,0.1\n"
                      "1,\"say \"\"hi\"\",\nyou\",0.1,1e-07,-1\n"
                      "2,\xC3\xA4 \xF0\x9F\x98\x80,3,4,nan\n"));
  writeResult(path, sampleTable(), FormulaGuard::Off);
  QVERIFY(bytesOf(path).find("\n0,=1+1,") != std::string::npos);
  QCOMPARE(namesIn(files.path()).size(), 1u);
}

void tst_ResultFile::writesTsv()
{
  const TemporaryFolder files;
  const auto path = files.path() / "r.TSV";
  ResultTable table;
  table.arrays.push_back({"a\tb", {2}, std::vector<std::string>{"x\ty", "plain, with comma"}});
  writeResult(path, table);
  QCOMPARE(bytesOf(path), std::string("\"a\tb\"\n\"x\ty\"\nplain, with comma\n"));
}

void tst_ResultFile::writesJson()
{
  const TemporaryFolder files;
  const auto path = files.path() / "r.json";
  ResultTable table = sampleTable();
  table.arrays.push_back({"odd", {1}, std::vector<std::string>{std::string("\x01\xFF\0", 3)}});
  writeResult(path, table);
  const auto json = nlohmann::json::parse(bytesOf(path));
  QCOMPARE(json["options"]["note"].get<std::string>(), table.options["note"]);
  QCOMPARE(json["arrays"]["position"][1][0].get<float>(), 0.1f);
  QCOMPARE(json["arrays"]["label"][1].get<std::string>(), std::string("say \"hi\",\nyou"));
  QVERIFY(json["arrays"]["cosine"][2].is_null());
  QCOMPARE(json["arrays"]["blocks"].get<std::int64_t>(), 1'000'000'000'000);
  QCOMPARE(json["arrays"]["odd"][0].get<std::string>(), std::string("\x01\xEF\xBF\xBD\0", 5));
}

void tst_ResultFile::writesNpy()
{
  const TemporaryFolder files;
  const auto path = files.path() / "r.npy";
  ResultTable table;
  table.arrays.push_back({"label", {2}, std::vector<std::string>{"a", "b"}});
  ORRERY_EXPECT_ERROR(writeResult(path, table), "no numbers to save as .npy");
  table.arrays.push_back({"position", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}});
  writeResult(path, table);
  const auto file = openNpy(path);
  QCOMPARE(file->tensors().front().shape, (std::vector<std::int64_t>{2, 3}));
  const FeatureMatrix matrix = file->readMatrix(file->tensors().front(), FeatureAxis::Rows, {});
  QCOMPARE(matrix(2, 1), 6.0f);
  QCOMPARE(bytesOf(path).size() % 64, std::size_t{24});
}

void tst_ResultFile::writesNpz()
{
  const TemporaryFolder files;
  const auto path = files.path() / "r.npz";
  writeResult(path, sampleTable());
  const auto file = openNpz(path);
  bool sawOptions = false;
  for (const TensorInfo& tensor : file->tensors()) {
    if (tensor.name == "position") {
      const FeatureMatrix matrix = file->readMatrix(tensor, FeatureAxis::Rows, {});
      QCOMPARE(matrix(1, 0), -2.0f);
    }
    if (tensor.name == "label") {
      const std::vector<std::string> labels = file->readStrings(tensor, {});
      QCOMPARE(labels[2], std::string("\xC3\xA4 \xF0\x9F\x98\x80"));
    }
    sawOptions = sawOptions || tensor.name == "__options__";
  }
  QVERIFY(sawOptions);
  QCOMPARE(file->tensors().size(), 7u);
}

void tst_ResultFile::writesHdf5()
{
  const TemporaryFolder files;
  const auto path = files.path() / "r.h5";
  ResultTable table = sampleTable();
  table.arrays.push_back({"phi/2", {3}, std::vector<std::int32_t>{0, 1, 0}});
  writeResult(path, table);
  QCOMPARE(bytesOf(path).substr(1, 3), std::string("HDF"));
}

void tst_ResultFile::numpyAndH5pyAgree()
{
  const QString script =
      QString::fromStdString(orrery::test::sourceFolder() + "/tests/reference/read_results.py");
  QProcess python;
  QString interpreter;
  for (const char* const candidate : {"python3", "/usr/bin/python3"}) {
    python.start(candidate, {"-c", "import numpy, h5py"});
    if (interpreter.isEmpty() && python.waitForFinished(60000) && python.exitCode() == 0)
      interpreter = candidate;
    python.waitForFinished(60000);
  }
  if (interpreter.isEmpty())
    QSKIP("python3 with numpy and h5py is not here");
  const TemporaryFolder files;
  ResultTable table = sampleTable();
  table.arrays.push_back({"phi/2", {3}, std::vector<std::int32_t>{0, 1, 0}});
  writeResult(files.path() / "r.npz", table);
  writeResult(files.path() / "r.h5", table);
  writeResult(files.path() / "r.npy", table);
  writeResult(files.path() / "r.csv", table);
  python.start(interpreter, {script, QString::fromStdString(files.path().string())});
  QVERIFY(python.waitForFinished(60000));
  QVERIFY2(python.exitCode() == 0, python.readAllStandardError().constData());
}

void tst_ResultFile::sameBytesTwice()
{
  const TemporaryFolder files;
  for (const char* const ending : {".npz", ".h5"}) {
    const auto path = files.path() / (std::string("r") + ending);
    writeResult(path, sampleTable());
    const std::string before = bytesOf(path);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    writeResult(path, sampleTable());
    QVERIFY(bytesOf(path) == before);
  }
}

void tst_ResultFile::guardsFormulas_data()
{
  QTest::addColumn<QByteArray>("text");
  QTest::addColumn<QByteArray>("cell");
  QTest::newRow("plain") << QByteArray("plain") << QByteArray("plain");
  QTest::newRow("equals") << QByteArray("=cmd()") << QByteArray("'=cmd()");
  QTest::newRow("plus") << QByteArray("+1") << QByteArray("'+1");
  QTest::newRow("minus") << QByteArray("-1") << QByteArray("'-1");
  QTest::newRow("at") << QByteArray("@A1") << QByteArray("'@A1");
  QTest::newRow("tab") << QByteArray("\tx") << QByteArray("'\tx");
  QTest::newRow("carriage return") << QByteArray("\rx") << QByteArray("\"'\rx\"");
  QTest::newRow("later") << QByteArray("a=1") << QByteArray("a=1");
  QTest::newRow("empty") << QByteArray("") << QByteArray("");
  QTest::newRow("quote") << QByteArray("a\"b") << QByteArray("\"a\"\"b\"");
}

void tst_ResultFile::guardsFormulas()
{
  QFETCH(QByteArray, text);
  QFETCH(QByteArray, cell);
  QCOMPARE(delimitedCell(text.toStdString(), ',', FormulaGuard::On), cell.toStdString());
}

void tst_ResultFile::refusesBeforeTheWork()
{
  const TemporaryFolder files;
  ORRERY_EXPECT_ERROR(checkWritable(files.path() / "r.xlsx"), "'.xlsx' is unknown (expected .csv");
  ORRERY_EXPECT_ERROR(checkWritable(files.path() / "r"), "ending is missing");
  ORRERY_EXPECT_ERROR(checkWritable(files.path() / "none/r.csv"), "folder does not exist");
  std::filesystem::create_directory(files.path() / "d.csv");
  ORRERY_EXPECT_ERROR(checkWritable(files.path() / "d.csv"), "is a folder");
  ORRERY_EXPECT_ERROR(checkWritable(files.path() / (std::string(300, 'x') + ".csv")), "too long");
  ORRERY_EXPECT_ERROR(checkWritable(std::filesystem::path("/" + std::string(5000, 'x')) / "r.csv"),
                      "too long");
  files.write("file", "x");
  ORRERY_EXPECT_ERROR(checkWritable(files.path() / "file/r.csv"), "r.csv");
  const auto locked = files.write("locked.csv", "x");
  ::chmod(locked.c_str(), 0444);
  ORRERY_EXPECT_ERROR(checkWritable(locked), "is read-only");
  ::mkfifo((files.path() / "pipe.csv").c_str(), 0600);
  ORRERY_EXPECT_ERROR(checkWritable(files.path() / "pipe.csv"), "no regular file");
  std::filesystem::create_symlink("nowhere/x", files.path() / "link.csv");
  ORRERY_EXPECT_ERROR(checkWritable(files.path() / "link.csv"), "link.csv");
  checkWritable(files.path() / "odd %1 \xF0\x9F\x98\x80 name.csv");
}

void tst_ResultFile::refusesWrongShapes()
{
  const TemporaryFolder files;
  ResultTable table;
  ORRERY_EXPECT_ERROR(writeResult(files.path() / "r.npz", table), "no result to save");
  table.arrays.push_back({"x", {2, 2}, std::vector<float>{1, 2, 3}});
  ORRERY_EXPECT_ERROR(writeResult(files.path() / "r.npz", table),
                      "holds 3 values, its shape asks for 4");
  table.arrays = {{"x", {1}, std::vector<float>{1}}, {"x", {1}, std::vector<float>{2}}};
  ORRERY_EXPECT_ERROR(writeResult(files.path() / "r.npz", table), "Two results");
  ORRERY_EXPECT_ERROR(writeResult(files.path() / "r.h5", table), "Two results");
  QVERIFY(namesIn(files.path()).empty());
}

void tst_ResultFile::emptyResults()
{
  const TemporaryFolder files;
  ResultTable table;
  table.arrays.push_back({"feature", {0}, std::vector<std::int32_t>{}});
  table.arrays.push_back({"label", {0}, std::vector<std::string>{}});
  for (const char* const ending : {".csv", ".tsv", ".npy", ".npz", ".h5", ".json"})
    writeResult(files.path() / (std::string("r") + ending), table);
  QCOMPARE(bytesOf(files.path() / "r.csv"), std::string("feature,label\n"));
}

void tst_ResultFile::longTextsStayBounded()
{
  const TemporaryFolder files;
  ResultTable table;
  std::vector<std::string> texts(1000, "short");
  texts[500] = std::string(1 << 20, 'x');
  table.arrays.push_back({"label", {1000}, texts});
  writeResult(files.path() / "r.npz", table);
  QVERIFY(std::filesystem::file_size(files.path() / "r.npz") < (2u << 20));
  const auto file = openNpz(files.path() / "r.npz");
  QCOMPARE(file->tensors()[0].name, std::string("label.utf8"));
  QCOMPARE(file->tensors()[1].shape.front(), 1001);
}

void tst_ResultFile::keepsLinksAndModes()
{
  const TemporaryFolder files;
  const auto real = files.write("real.csv", "old");
  ::chmod(real.c_str(), 0640);
  std::filesystem::create_symlink("real.csv", files.path() / "link.csv");
  writeFileAtomically(files.path() / "link.csv", "new");
  QVERIFY(std::filesystem::is_symlink(files.path() / "link.csv"));
  QCOMPARE(bytesOf(real), std::string("new"));
  struct stat status {};
  ::stat(real.c_str(), &status);
  QCOMPARE(status.st_mode & 07777u, 0640u);
}

void tst_ResultFile::fullDiskLeavesTheOldFile()
{
  const TemporaryFolder files;
  const auto path = files.write("r.csv", "old");
  const int status = statusOfChild([&] {
    // The limit stands in for a full disk: the write fails in the middle.
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 16, 1 << 16};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message =
        test::errorOf([&] { writeFileAtomically(path, std::string(1 << 20, 'x')); });
    return message.find("it needs 1.0 MiB") != std::string::npos &&
                   message.find("are free") != std::string::npos &&
                   message.find("unchanged") != std::string::npos
               ? 0
               : 1;
  });
  QCOMPARE(status, 0);
  QCOMPARE(bytesOf(path), std::string("old"));
  QCOMPARE(namesIn(files.path()).size(), 1u);
}

void tst_ResultFile::readOnlyFolder()
{
  const TemporaryFolder files;
  const auto folder = files.path() / "inner";
  std::filesystem::create_directory(folder);
  ::chmod(files.path().c_str(), 0755);
  ::chmod(folder.c_str(), 0555);
  const int status = statusOfChild([&] {
    // Root may write everywhere; nobody may not.
    if (::geteuid() == 0 && ::setuid(65534) != 0)
      return 2;
    const std::string message = test::errorOf([&] { checkWritable(folder / "r.csv"); });
    return message.find("nothing can be written to its folder") != std::string::npos ? 0 : 1;
  });
  ::chmod(folder.c_str(), 0755);
  QCOMPARE(status, 0);
}

void tst_ResultFile::killedSaveLeavesOldOrNew()
{
  const TemporaryFolder files;
  const auto path = files.path() / "r.bin";
  const std::string a(3 << 20, 'a'), b(2 << 20, 'b');
  writeFileAtomically(path, a);
  for (int round = 0; round < 12; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int i = 0;; ++i)
        writeFileAtomically(path, i % 2 ? a : b);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + 7 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const std::string found = bytesOf(path);
    QVERIFY(found == a || found == b);
  }
  removeStrayTemporaries(files.path());
  QCOMPARE(namesIn(files.path()).size(), 1u);
}

void tst_ResultFile::removesStrayTemporariesOnly()
{
  const TemporaryFolder files;
  files.write(".orrery-save-0123456789abcdef.tmp", "stray");
  const auto busy = files.write(".orrery-save-0123456789abcde0.tmp", "at work");
  files.write(".orrery-save-0123456789abcdeX.tmp", "another program's");
  files.write("orrery-save-0123456789abcdef.tmp", "a user's");
  const int descriptor = ::open(busy.c_str(), O_RDWR);
  ::flock(descriptor, LOCK_EX);
  QCOMPARE(removeStrayTemporaries(files.path()), 1);
  QCOMPARE(namesIn(files.path()).size(), 3u);
  ::close(descriptor);
  QCOMPARE(removeStrayTemporaries(files.path()), 1);
  QCOMPARE(removeStrayTemporaries(files.path() / "none"), 0);
}

QTEST_APPLESS_MAIN(tst_ResultFile)
#include "tst_ResultFile.moc"
