#include "app/Arguments.h"

#include <QtTest/QTest>

#include <string>
#include <vector>

using namespace orrery;

namespace {

const CommandSpec& testSpec()
{
  static const CommandSpec spec = {
      .name = "test",
      .summary = "",
      .synopsis = {},
      .description = "",
      .options = {{"query", "LABEL", ""}, {"camera", "NUMBERS", "", 3}, {"flat", "", ""}},
      .files = "FILE",
      .fewestFiles = 1,
      .mostFiles = 2,
      .examples = {},
  };
  return spec;
}

Arguments parse(const std::vector<std::string>& arguments)
{
  return Arguments::parse(testSpec(), arguments);
}

std::string refusal(const std::vector<std::string>& arguments)
{
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

class tst_Arguments : public QObject {
  Q_OBJECT
 private slots:
  void valuesAndFiles()
  {
    const Arguments parsed = parse({"a.npy", "--query", "king", "--flat", "--seed=7", "b"});
    QCOMPARE(parsed.text("query"), std::optional<std::string>("king"));
    QVERIFY(parsed.has("flat"));
    QVERIFY(!parsed.has("json"));
    QCOMPARE(parsed.seed(), std::uint64_t{7});
    QCOMPARE(parsed.files().size(), std::size_t{2});
    QCOMPARE(parsed.files()[1].native(), std::string("b"));
  }

  void oddFileNames()
  {
    const std::string bytes = "\xFF\xFE odd\n%1.npy";
    QCOMPARE(parse({bytes}).files()[0].native(), bytes);
    QCOMPARE(parse({"--", "--query"}).files()[0].native(), std::string("--query"));
    QCOMPARE(parse({"-"}).files()[0].native(), std::string("-"));
    QCOMPARE(parse({"--", "--", "-x"}).files()[0].native(), std::string("--"));
  }

  void oddValues()
  {
    QCOMPARE(*parse({"f", "--query", "-ing"}).text("query"), std::string("-ing"));
    QCOMPARE(*parse({"f", "--query", "--"}).text("query"), std::string("--"));
    QCOMPARE(*parse({"f", "--query", "--unheard-of"}).text("query"), std::string("--unheard-of"));
    QCOMPARE(*parse({"f", "--query=--json"}).text("query"), std::string("--json"));
    QCOMPARE(*parse({"f", "--query=a=b"}).text("query"), std::string("a=b"));
    QCOMPARE(*parse({"f", "--query="}).text("query"), std::string());
  }

  void severalNumbers()
  {
    const std::vector<double> expected = {1, -2.5, 3e2};
    QCOMPARE(parse({"f", "--camera", "1", "-2.5", "3e2"}).numberList("camera", 3), expected);
    QCOMPARE(parse({"--camera", "1,-2.5,300", "f"}).numberList("camera", 3), expected);
    QCOMPARE(parse({"--camera=1, -2.5, +300", "f"}).numberList("camera", 3), expected);
    QVERIFY_EXCEPTION_THROWN((void)parse({"f", "--camera", "1,2"}).numberList("camera", 3),
                             UsageError);
    QVERIFY_EXCEPTION_THROWN((void)parse({"f", "--camera", "1,2,x"}).numberList("camera", 3),
                             UsageError);
    QVERIFY_EXCEPTION_THROWN((void)parse({"f", "--camera", "1,2,nan"}).numberList("camera", 3),
                             UsageError);
  }

  void refusals_data()
  {
    QTest::addColumn<std::vector<std::string>>("arguments");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, std::vector<std::string> arguments, const char* says) {
      QTest::newRow(name) << std::move(arguments) << says;
    };
    row("unknown", {"f", "--wat"}, "no option --wat");
    row("misspelt", {"f", "--qurey", "x"}, "did you mean --query");
    row("short", {"f", "-q"}, "no option -q");
    row("no value", {"f", "--query"}, "--query needs a value (LABEL)");
    row("option for value", {"f", "--query", "--json"}, "before --json");
    row("value for switch", {"f", "--flat=1"}, "--flat takes no value");
    row("twice", {"f", "--query", "a", "--query", "b"}, "given twice");
    row("no file", {"--flat"}, "FILE is missing");
    row("three files", {"a", "b", "c"}, "3 are given");
    row("empty file", {""}, "empty");
  }

  void refusals()
  {
    QFETCH(std::vector<std::string>, arguments);
    QFETCH(QString, says);
    const std::string message = refusal(arguments);
    QVERIFY2(QString::fromStdString(message).contains(says), message.c_str());
  }

  void helpNeedsNothingElse()
  {
    QVERIFY(parse({"--help"}).has("help"));
    QVERIFY(parse({"-h", "a", "b", "c"}).has("help"));
    QVERIFY(parse({"--version"}).has("version"));
  }

  void numbers()
  {
    const auto with = [](const std::string& value) { return parse({"f", "--threads", value}); };
    QCOMPARE(with("12").integer("threads", 1, 1, 99), 12);
    QCOMPARE(parse({"f"}).integer("threads", 5, 1, 99), 5);
    for (const char* bad :
         {"0", "100", "1.5", "", " 2", "2 ", "0x2", "1e1", "99999999999999999999"})
      QVERIFY_EXCEPTION_THROWN((void)with(bad).integer("threads", 1, 1, 99), UsageError);
    QCOMPARE(with("0.25").number("threads", 1, 0, 1), 0.25);
    for (const char* bad : {"0,25", "nan", "inf", "1e999", "-0.1", ""})
      QVERIFY_EXCEPTION_THROWN((void)with(bad).number("threads", 1, 0, 1), UsageError);
    QVERIFY_EXCEPTION_THROWN((void)parse({"f", "--seed", "-1"}).seed(), UsageError);
    QCOMPARE(parse({"f", "--seed", "18446744073709551615"}).seed(), ~std::uint64_t{0});
  }

  void shapes()
  {
    const auto shape = [](const char* text) { return parse({"f", "--shape", text}).shape(); };
    QCOMPARE(shape("150x4"), std::optional(std::pair<std::int64_t, std::int64_t>(150, 4)));
    for (const char* bad : {"150", "x4", "150x", "0x4", "-1x4", "150*4", "1x2x3"})
      QVERIFY_EXCEPTION_THROWN((void)shape(bad), UsageError);
    QVERIFY(!parse({"f"}).shape());
  }

  void memory()
  {
    const auto memory = [](const char* text) {
      return *parse({"f", "--max-memory", text}).maxMemory();
    };
    QCOMPARE(memory("800M"), std::uint64_t{800} << 20);
    QCOMPARE(memory("8g"), std::uint64_t{8} << 30);
    QCOMPARE(memory("1.5K"), std::uint64_t{1536});
    QCOMPARE(memory("4096"), std::uint64_t{4096});
    for (const char* bad : {"", "G", "-1G", "8X", "0", "nanG", "1e30T"})
      QVERIFY_EXCEPTION_THROWN((void)memory(bad), UsageError);
  }

  void choices()
  {
    const Arguments parsed = parse({"f", "--variant", "published"});
    QCOMPARE(parsed.choice("variant", "textbook", {"textbook", "published"}),
             std::string("published"));
    QCOMPARE(parse({"f"}).choice("variant", "textbook", {"textbook", "published"}),
             std::string("textbook"));
    QVERIFY_EXCEPTION_THROWN((void)parsed.choice("variant", "a", {"a", "b"}), UsageError);
  }

  void nearestWords()
  {
    QCOMPARE(nearestWord("emebd", {"info", "embed"}), std::optional<std::string>("embed"));
    QCOMPARE(nearestWord("params", {"info", "embed"}), std::optional<std::string>());
    QCOMPARE(nearestWord("x", {"ab"}), std::optional<std::string>());
  }
};

QTEST_APPLESS_MAIN(tst_Arguments)
#include "tst_Arguments.moc"
