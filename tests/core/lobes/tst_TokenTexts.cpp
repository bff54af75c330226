#include "core/lobes/TokenTexts.h"

#include "tests/support/ExpectError.h"

#include <QtTest/QTest>

using namespace orrery;
using Texts = std::vector<std::string>;

class tst_TokenTexts : public QObject {
  Q_OBJECT
 private:
  test::TemporaryFolder m_folder;

  Texts read(const std::string& bytes)
  {
    return readTokenTexts(m_folder.write("vocabulary", bytes));
  }

 private slots:
  void linesAndJson()
  {
    QCOMPARE(read("a\r\n\xE2\x96\x81the\n\nz"), (Texts{"a", " the", "", "z"}));
    QCOMPARE(read(R"({"b": 2, "Ġa": 0})"), (Texts{" a", "", "b"}));
    QCOMPARE(read(R"({"version": "1", "model": {"vocab": {"x": 1}}})"), (Texts{"", "x"}));
  }

  void faults()
  {
    ORRERY_EXPECT_ERROR(read(""), "is empty");
    ORRERY_EXPECT_ERROR(read(R"({"a": -1})"), "no number from 0");
    ORRERY_EXPECT_ERROR(read(R"({"a": "b"})"), "no number from 0");
    ORRERY_EXPECT_ERROR(read("{}"), "has no vocabulary");
    ORRERY_EXPECT_ERROR(read(std::string("a\0b", 3)), "neither a text");
  }

  void tokensGetTheirTexts()
  {
    TokenActivations tokens;
    ORRERY_EXPECT_ERROR(withTexts(tokens, {"a"}), "without the numbers");
    tokens.tokenIds = {1, 0, 7};
    QCOMPARE(withTexts(tokens, {"a", "b"}).texts, (Texts{"b", "a", "#7"}));
  }
};

QTEST_APPLESS_MAIN(tst_TokenTexts)
#include "tst_TokenTexts.moc"
