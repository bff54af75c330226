// Usage, help, errors and exit statuses, on the real program.
#include "tests/app/Program.h"
#include "tests/support/TestData.h"

#include <sys/stat.h>

#include <algorithm>

using namespace orrery::test;

namespace {

const std::vector<std::string> allCommands = {"info",     "embed",  "neighbors",
                                              "crystals", "render", "demo"};

/// Four features in two dimensions would be a map; three are enough to be none.
void writeSmall(const std::filesystem::path& path)
{
  writeNpy(path, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0}, 5, 4);
}

}  // namespace

class tst_CommandLine : public QObject {
  Q_OBJECT
 private slots:
  void versionAndHelp()
  {
    const Run version = runOrrery({"--version"});
    ORRERY_COMPARE_STATUS(version, 0);
    QVERIFY(version.out.starts_with("orrery "));
    QCOMPARE(std::count(version.out.begin(), version.out.end(), '\n'), 1);
    const Run help = runOrrery({"--help"});
    ORRERY_COMPARE_STATUS(help, 0);
    QCOMPARE(help.error, std::string());
    for (const std::string& command : allCommands)
      QVERIFY2(help.out.find(command) != std::string::npos, command.c_str());
  }

  void helpOfEveryCommand()
  {
    for (const std::string& command : allCommands) {
      const Run help = runOrrery({command, "--help"});
      ORRERY_COMPARE_STATUS(help, 0);
      QCOMPARE(help.error, std::string());
      for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS",
                                  "EXAMPLES", "--json", "--seed", "--threads", "--max-memory"})
        QVERIFY2(help.out.find(section) != std::string::npos, (command + section).c_str());
      std::size_t begin = 0;
      while (begin < help.out.size()) {
        const std::size_t end = help.out.find('\n', begin);
        QVERIFY2(end - begin <= 80, help.out.substr(begin, end - begin).c_str());
        begin = end + 1;
      }
      ORRERY_COMPARE_STATUS(runOrrery({command, "--version"}), 0);
    }
  }

  void wrongUsage_data()
  {
    QTest::addColumn<std::vector<std::string>>("arguments");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, std::vector<std::string> arguments, const char* says) {
      QTest::newRow(name) << std::move(arguments) << says;
    };
    row("unknown option", {"info", "f", "--wat"}, "--wat");
    row("unknown window option", {"--wat"}, "--wat");
    row("misspelt command", {"emebd", "f"}, "did you mean 'embed'");
    row("info without file", {"info"}, "FILE is missing");
    row("embed without method", {"embed", "f", "--output", "o.csv"}, "--method");
    row("embed without output", {"embed", "f", "--method", "pca"}, "--output");
    row("unknown method", {"embed", "f", "--method", "lda", "--output", "o.csv"},
        "pca, tsne or umap");
    row("four dimensions",
        {"embed", "f", "--method", "pca", "--dimensions", "4", "--output", "o.csv"},
        "--dimensions");
    row("no query", {"neighbors", "f"}, "--query or --algebra");
    row("both queries", {"neighbors", "f", "--query", "a", "--algebra", "a"},
        "--query or --algebra");
    row("bad count", {"neighbors", "f", "--query", "a", "--count", "0"}, "--count");
    row("bad metric", {"neighbors", "f", "--query", "a", "--metric", "dot"}, "--metric");
    row("bad threads", {"info", "f", "--threads", "0"}, "--threads");
    row("bad seed", {"info", "f", "--seed", "x"}, "--seed");
    row("bad memory", {"info", "f", "--max-memory", "much"}, "--max-memory");
    row("bad shape", {"info", "f", "--shape", "3"}, "--shape");
    row("bad variant", {"info", "f", "--variant", "mine"}, "--variant");
    row("demo without folder", {"demo"}, "--output");
    row("demo with file", {"demo", "f", "--output", "d"}, "takes no file");
    row("two files", {"neighbors", "f", "g", "--query", "a"}, "takes one file");
    row("labels and none", {"info", "f", "--labels", "l", "--no-labels"}, "exclude");
    row("crystals without output", {"crystals", "f"}, "--output");
    row("crystals to check", {"crystals", "f", "--check", "a", "b"}, "--check");
  }

  void wrongUsage()
  {
    QFETCH(std::vector<std::string>, arguments);
    QFETCH(QString, says);
    const Run run = runOrrery(arguments);
    ORRERY_COMPARE_STATUS(run, 2);
    QCOMPARE(run.out, std::string());
    QVERIFY2(run.remarks().size() == 1, run.error.c_str());
    QVERIFY2(run.error.starts_with("orrery: "), run.error.c_str());
    QVERIFY2(QString::fromStdString(run.error).contains(says), run.error.c_str());
  }

  void badFilesAreOneLine_data()
  {
    QTest::addColumn<std::string>("kind");
    QTest::addColumn<std::string>("says");
    for (const auto& [kind, says] :
         std::vector<std::pair<const char*, const char*>>{{"missing", "No such file"},
                                                          {"folder", ""},
                                                          {"empty", "empty"},
                                                          {"pipe", "pipe"},
                                                          {"html", "HTML"},
                                                          {"cut", ""},
                                                          {"overflow", ""},
                                                          {"link loop", ""}})
      QTest::newRow(kind) << std::string(kind) << std::string(says);
  }

  void badFilesAreOneLine()
  {
    QFETCH(std::string, kind);
    QFETCH(std::string, says);
    const Workplace work;
    const std::filesystem::path file = work / "input.npy";
    if (kind == "folder")
      std::filesystem::create_directory(file);
    else if (kind == "empty")
      writeText(file, "");
    else if (kind == "pipe")
      QCOMPARE(::mkfifo(file.c_str(), 0600), 0);
    else if (kind == "html")
      writeText(file, "<!DOCTYPE html><html><body>Not found</body></html>");
    else if (kind == "link loop")
      std::filesystem::create_symlink(file, file);
    else if (kind != "missing")
      writeSmall(file);
    if (kind == "cut")
      std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
    if (kind == "overflow") {
      std::string bytes = readText(file);
      const std::string shape = "(5, 4), }";
      bytes.replace(bytes.find(shape), shape.size() + 20, "(4611686018427387904, 16), }     ");
      writeText(file, bytes);
    }
    const std::string output = work.text("out.csv");
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"info", file.native()},
          {"info", file.native(), "--json"},
          {"embed", file.native(), "--method", "pca", "--output", output},
          {"neighbors", file.native(), "--query", "0"},
          {"render", file.native(), "--output", work.text("out.png")}}) {
      const Run run = runOrrery(arguments, {.timeoutMs = 10000});
      ORRERY_EXPECT_FAILURE(run, says);
      QVERIFY2(run.error.find("input.npy") != std::string::npos, run.error.c_str());
    }
    const std::size_t inputs = kind == "missing" ? 0 : 1;
    QCOMPARE(listFolder(work.folder()).size(), inputs);
  }

  void oddFileNames()
  {
    const Workplace work;
    for (const std::string name :
         {"with blank %1 #.npy", "\xC3\xA9\xF0\x9F\x98\x80.npy", "bytes\xFF\xFE.npy",
          "quote'\".npy", "-dash.npy", "--json", "line\nbreak.npy"}) {
      writeSmall(work / name);
      const Run run = runOrrery({"info", "--json", "--", work.text(name)});
      ORRERY_COMPARE_STATUS(run, 0);
      ORRERY_COMPARE_JSON(run.json()["features"], 5);
    }
    // A name that begins with a dash, from inside its folder.
    const Run run = runOrrery({"info", "--json", "--", "-dash.npy"},
                              {.throughShell = "cd '" + work.folder().native() + "';"});
    ORRERY_COMPARE_STATUS(run, 0);
    // A name with a line break stays one line in the error.
    writeText(work / "bad\nname\x1B[31m.npy", "");
    const Run bad = runOrrery({"info", work.text("bad\nname\x1B[31m.npy")});
    ORRERY_EXPECT_FAILURE(bad, "bad");
    QVERIFY(bad.error.find('\x1B') == std::string::npos);
  }

  void commonOptionsMayStandBeforeTheCommand()
  {
    const Workplace work;
    writeSmall(work / "a.npy");
    const Run run = runOrrery({"--quiet", "--seed", "3", "--json", "info", work.text("a.npy")});
    ORRERY_COMPARE_STATUS(run, 0);
    ORRERY_COMPARE_JSON(run.json()["features"], 5);
    QCOMPARE(run.error, std::string());
  }

  void standardOutputThatCannotBeWritten()
  {
    const Run run = runOrrery({"--help"}, {.standardOutput = "/dev/full"});
    ORRERY_COMPARE_STATUS(run, 1);
    QVERIFY2(run.error.starts_with("orrery: standard output"), run.error.c_str());
    const Run command = runOrrery({"info", "--help"}, {.standardOutput = "/dev/full"});
    ORRERY_COMPARE_STATUS(command, 1);
  }

  void windowWithoutDisplayIsOneSentence()
  {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{}, {"--demo"}, {"some.npy"}}) {
      const Run run = runOrrery(arguments, {.timeoutMs = 20000});
      ORRERY_EXPECT_FAILURE(run, "display");
    }
  }

  void resultsDoNotDependOnTheLocale()
  {
    const Workplace work;
    writeSmall(work / "a.npy");
    const Run plain = runOrrery({"neighbors", work.text("a.npy"), "--query", "0"});
    const Run german = runOrrery({"neighbors", work.text("a.npy"), "--query", "0"},
                                 {.environment = {{"LC_ALL", "de_DE.UTF-8"}}});
    ORRERY_COMPARE_STATUS(plain, 0);
    QCOMPARE(german.out, plain.out);
    QVERIFY(plain.out.find('.') != std::string::npos);
  }
};

QTEST_APPLESS_MAIN(tst_CommandLine)
#include "tst_CommandLine.moc"
