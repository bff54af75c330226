#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/VectorAlgebra.h"
#include "tests/support/ReferenceTable.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>

using namespace orrery;

namespace {

Dictionary labelled(const std::vector<std::string>& labels)
{
  Dictionary dictionary;
  dictionary.name = "words";
  dictionary.labels = labels;
  dictionary.decoder = std::make_shared<FeatureMatrix>(
      FeatureMatrix::Identity(3, static_cast<Eigen::Index>(labels.size())));
  return dictionary;
}

QString errorOf(const std::function<void()>& call)
{
  try {
    call();
  } catch (const Error& error) {
    return QString::fromUtf8(error.what());
  }
  return {};
}

}  // namespace

class TestVectorAlgebra : public QObject {
  Q_OBJECT

 private slots:
  void parses_data()
  {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");  // signs and ids
    QTest::newRow("three terms") << "king - man + woman"
                                 << "+0-1+2";
    QTest::newRow("one term") << "king"
                              << "+0";
    QTest::newRow("leading minus") << "- man + king"
                                   << "-1+0";
    QTest::newRow("quoted label with blanks") << "\"new york\" + king"
                                              << "+3+0";
    QTest::newRow("bare words are one label") << "new york - king"
                                              << "+3-0";
    QTest::newRow("typographic minus") << QString::fromUtf8("king − man") << "+0-1";
    QTest::newRow("index") << "#2 - #0"
                           << "+2-0";
    QTest::newRow("plain index") << "2 + king"
                                 << "+2+0";
    QTest::newRow("a label that is a number") << "1984 + #1"
                                              << "+5+1";
    QTest::newRow("a quoted operator") << "king + \"-\""
                                       << "+0+6";
    QTest::newRow("a quoted quote") << "\"say \"\"+\"\""
                                    << "";
    QTest::newRow("an escaped quote") << "\"say \\\"hi\\\"\" - king"
                                      << "+7-0";
    QTest::newRow("hyphens inside words") << "well-known - king"
                                          << "+8-0";
    QTest::newRow("other case") << "KING - Man"
                                << "+0-1";
    QTest::newRow("blanks around") << "  king   +  man "
                                   << "+0+1";
  }

  void parses()
  {
    QFETCH(QString, text);
    QFETCH(QString, expected);
    const Dictionary words = labelled({"king", "man", "woman", "new york", "\u2581queen", "1984",
                                       "-", "say \"hi\"", "well-known"});
    QString found;
    const QString error = errorOf([&] {
      for (const AlgebraTerm& term : parseAlgebra(text.toStdString(), words).terms)
        found += (term.sign > 0 ? "+" : "-") + QString::number(term.feature);
    });
    QCOMPARE(found, expected);
    QCOMPARE(error.isEmpty(), !expected.isEmpty());
  }

  void findsAsPeopleWrite()
  {
    const Dictionary words = labelled({"\u2581queen", "\u0120Rome", "##ing", " dog", "Éclair",
                                       "twin", "twin", "cat", "Cat", "CAT"});
    QCOMPARE(findFeature("queen", words), 0);
    QCOMPARE(findFeature("rome", words), 1);
    QCOMPARE(findFeature("ing", words), 2);
    QCOMPARE(findFeature("dog", words), 3);
    QCOMPARE(findFeature("éclair", words), 4);
    QCOMPARE(findFeature("Cat", words), 8);
    QCOMPARE(findFeature("#5", words), 5);
    QCOMPARE(findFeature("6", words), 6);
    QCOMPARE(findFeature("\" dog\"", words), 3);
  }

  void refusesWithASentence()
  {
    const Dictionary words = labelled({"king", "kings", "viking", "twin", "twin", "Cat", "cAt"});
    const auto fails = [&](const char* text) { return errorOf([&] { findFeature(text, words); }); };
    QCOMPARE(fails("kingg"),
             QString("words: no feature has the label \"kingg\"; nearest are \"king\", \"kings\""));
    QCOMPARE(fails("twin"), QString("words: \"twin\" names 2 features (#3 \"twin\", #4 \"twin\"); "
                                    "name one by its number"));
    QVERIFY(fails("cat").contains("names 2 features"));
    QCOMPARE(fails("#7"), QString("words: there is no feature #7 (expected 0 to 6)"));
    QVERIFY(fails("#99999999999999999999").contains("expected 0 to 6"));
    QVERIFY(fails("#-1").contains("no feature has the label"));
    QVERIFY(fails("").contains("no feature has the label"));
    QVERIFY(fails("zzzzzzzz").endsWith("\"zzzzzzzz\""));
    QVERIFY(!fails("a\nb\x1b[31m").contains('\n'));

    const auto query = [&](const char* text) {
      return errorOf([&] { parseAlgebra(text, words); });
    };
    QVERIFY(query("").contains("empty"));
    QVERIFY(query("king -").contains("needs a label after \"-\""));
    QVERIFY(query("king + - viking").contains("needs a label after \"+\""));
    QVERIFY(query("\"king").contains("closing"));
    QVERIFY(query("\"king\"+viking").contains("blank after"));
    QVERIFY(query("king \"viking\"").contains("needs + or - before"));
    QVERIFY(query("king-viking").contains("no feature has the label"));

    Dictionary bare = words;
    bare.labels.clear();
    QCOMPARE(findFeature("3", bare), 3);
    QVERIFY(errorOf([&] { findFeature("king", bare); }).contains("#0 to #6"));
  }

  void evaluates()
  {
    FeatureMatrix x(2, 4);
    x << 3, 0, 0, std::numeric_limits<float>::quiet_NaN(),  //
        4, 2, 0, 1;
    const AlgebraQuery query{{{1.0, 0, "a"}, {-1.0, 1, "b"}}};
    QCOMPARE(evaluate(query, x), Eigen::VectorXf(Eigen::Vector2f(0.6f, -0.2f)));
    QCOMPARE(evaluate(query, x, false), Eigen::VectorXf(Eigen::Vector2f(3.0f, 2.0f)));
    QCOMPARE(errorOf([&] {
               evaluate({{{1.0, 2, "dead"}}}, x);
             }),
             QString("feature 2 (\"dead\") is the zero vector and cannot be in a query"));
    QVERIFY(errorOf([&] { evaluate({{{1.0, 3, ""}}}, x); }).contains("NaN"));
    QVERIFY(errorOf([&] { evaluate({{{1.0, 4, ""}}}, x); }).contains("expected 0 to 3"));
  }

  void agreesWithNumPyOnWordVectors()
  {
    // tests/reference/vector_algebra_reference.py
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    Dictionary words;
    words.labels =
        test::textLines(test::dataFolder() / "embeddings/googlenews_8168x300.labels.txt");
    words.decoder = std::make_shared<FeatureMatrix>(test::npyMatrix(dataPath, 8168, 300));
    const auto table = test::referenceTable("vector_algebra.tsv");
    QCOMPARE(table.size(), std::size_t{6});
    for (const auto& row : table) {
      const AlgebraQuery query = parseAlgebra(row[0], words);
      std::vector<FeatureId> terms;
      for (const AlgebraTerm& term : query.terms)
        terms.push_back(term.feature);
      const std::vector<Neighbor> found =
          nearestTo(*words.decoder, evaluate(query, *words.decoder), 10, Metric::Cosine, terms);
      for (std::size_t place = 0; place < 10; ++place) {
        QCOMPARE(found[place].feature, std::stoi(row[1 + 2 * place]));
        QVERIFY(std::abs(found[place].value - std::stof(row[2 + 2 * place])) < 1e-5f);
      }
      if (row[0] == "king - man + woman")
        QCOMPARE(words.labels[static_cast<std::size_t>(found[0].feature)], std::string("queen"));
    }
  }
};

QTEST_APPLESS_MAIN(TestVectorAlgebra)
#include "tst_VectorAlgebra.moc"
