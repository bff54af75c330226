#include "tests/app/Program.h"

#include <algorithm>

using namespace orrery::test;

namespace {

std::vector<std::string> filesBelow(const std::filesystem::path& folder)
{
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      names.push_back(entry.path().native());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

class tst_DemoCommand : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase()
  {
    const Run run = runOrrery({"demo", "--output", m_work.text("demo"), "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    const nlohmann::json json = run.json();
    for (const auto& file : json["files"])
      m_files.push_back(file.get<std::string>());
    std::sort(m_files.begin(), m_files.end());
  }

  void allFilesAreListedAndNamedSynthetic()
  {
    QCOMPARE(m_files, filesBelow(m_work / "demo"));
    for (const std::string& file : m_files)
      QVERIFY2(std::filesystem::path(file).filename().native().starts_with("synthetic-"),
               file.c_str());
  }

  void everyLayerOpensWithItsLabels()
  {
    int layers = 0;
    for (const std::string& file : m_files) {
      if (!file.ends_with("synthetic-params.npz"))
        continue;
      const Run run = runOrrery({"info", file, "--json", "--cooccurrence",
                                 m_work.text("demo/synthetic-cooccurrences.npz")});
      ORRERY_COMPARE_STATUS(run, 0);
      const nlohmann::json json = run.json();
      ORRERY_COMPARE_JSON(json["features"], 4096);
      ORRERY_COMPARE_JSON(json["dimensions"], 256);
      ORRERY_COMPARE_JSON(json["labels"], 4096);
      ORRERY_COMPARE_JSON(json["layer"], layers);
      QVERIFY(json["l0"].is_number());
      ORRERY_COMPARE_JSON(json["cooccurrence_blocks"], 3000);
      ORRERY_COMPARE_JSON(json["nonfinite_rows"], 0);
      ++layers;
    }
    QCOMPARE(layers, 6);
  }

  void capitalsLieNearTheirCountries()
  {
    const auto layer3 = std::find_if(m_files.begin(), m_files.end(), [](const std::string& file) {
      return file.find("layer_3") != std::string::npos && file.ends_with(".npz");
    });
    QVERIFY(layer3 != m_files.end());
    const Run run =
        runOrrery({"neighbors", *layer3, "--algebra", "Paris - France + Austria", "--json"});
    ORRERY_COMPARE_STATUS(run, 0);
    ORRERY_COMPARE_JSON(run.json()["neighbors"][0]["label"], "Vienna");
  }

  void writtenTwiceTheSameBytes()
  {
    ORRERY_COMPARE_STATUS(runOrrery({"demo", "--output", m_work.text("again"), "--quiet"}), 0);
    const std::vector<std::string> again = filesBelow(m_work / "again");
    QCOMPARE(again.size(), m_files.size());
    for (std::size_t i = 0; i < again.size(); ++i)
      QVERIFY2(readText(again[i]) == readText(m_files[i]), m_files[i].c_str());
  }

  void folderThatCannotBeMade()
  {
    const Workplace work;
    writeText(work / "taken", "x");
    ORRERY_EXPECT_FAILURE(runOrrery({"demo", "--output", work.text("taken/demo"), "--quiet"}),
                          "taken");
    ORRERY_EXPECT_FAILURE(runOrrery({"demo", "--output", work.text("taken"), "--quiet"}), "taken");
    QCOMPARE(readText(work / "taken"), std::string("x"));
  }

 private:
  Workplace m_work;
  std::vector<std::string> m_files;
};

QTEST_APPLESS_MAIN(tst_DemoCommand)
#include "tst_DemoCommand.moc"
