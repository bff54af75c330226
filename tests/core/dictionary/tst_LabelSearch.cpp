#include "core/dictionary/LabelSearch.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "tests/support/ExpectError.h"

#include <QtCore/QElapsedTimer>
#include <QtTest/QTest>

#include <algorithm>
#include <ctime>

using namespace orrery;

namespace {

std::string found(const std::vector<std::string>& labels, std::string_view query,
                  const LabelSearchOptions& options = {})
{
  std::string text;
  for (const FeatureId id : findLabels(labels, query, options))
    text += std::to_string(id) + " ";
  return text;
}

double processorSeconds()
{
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace

class tst_LabelSearch : public QObject {
  Q_OBJECT
 private slots:
  void findsWords_data();
  void findsWords();
  void optionsOverrideTheQuery();
  void refusesBadExpressions();
  void pathologicalExpressionsEnd();
  void sameForAnyThreads();
  void aMillionLabels();
  void stops();
};

void tst_LabelSearch::findsWords_data()
{
  QTest::addColumn<QByteArray>("query");
  QTest::addColumn<QByteArray>("ids");
  const auto row = [](const char* query, const char* ids) {
    QTest::newRow(query) << QByteArray(query) << QByteArray(ids);
  };
  // 0 king | 1 King of France | 2 queen | 3 (none) | 4 a+b (c) | 5 ÄRGER | 6 ärger | 7 king<NUL>pin
  row("king", "0 1 7 ");
  row("King", "1 ");
  row("france king", "1 ");
  row("  king   of ", "1 ");
  row("\"king of\"", "1 ");
  row("\"king  of\"", "");
  row("a+b", "4 ");
  row("(c) a", "4 ");
  row("\xC3\xA4rger", "5 6 ");
  row("\xC3\x84RGER", "5 ");
  row("", "");
  row("   ", "");
  row("\"", "");
  row("/^k.ng$/", "0 ");
  row("/^k.ng\\b/", "0 1 7 ");
  row("/\\Sing$/", "0 ");
  row("/^King/", "1 ");
  row("/^KING/i", "0 1 7 ");
  row("/^$/", "3 ");
  row("/", "");
  row("//", "");
  row("pin", "7 ");
  row("zebra", "");
}

void tst_LabelSearch::findsWords()
{
  const std::vector<std::string> labels = {
      "king",    "King of France", "queen",        "",
      "a+b (c)", "\xC3\x84RGER",   "\xC3\xA4rger", std::string("king\0pin", 8)};
  QFETCH(QByteArray, query);
  QFETCH(QByteArray, ids);
  QCOMPARE(found(labels, query.toStdString()), ids.toStdString());
}

void tst_LabelSearch::optionsOverrideTheQuery()
{
  const std::vector<std::string> labels = {"King", "king", "/k/", "k.ng"};
  using Options = LabelSearchOptions;
  QCOMPARE(found(labels, "king", {Options::Mode::Words, Options::Case::Sensitive}),
           std::string("1 "));
  QCOMPARE(found(labels, "KING", {Options::Mode::Words, Options::Case::Insensitive}),
           std::string("0 1 "));
  QCOMPARE(found(labels, "/k/", {Options::Mode::Words, Options::Case::Smart}), std::string("2 "));
  QCOMPARE(found(labels, "k.ng", {Options::Mode::Regex, Options::Case::Smart}),
           std::string("0 1 3 "));
  QCOMPARE(found(labels, "k.ng", {Options::Mode::Words, Options::Case::Smart}), std::string("3 "));
}

void tst_LabelSearch::refusesBadExpressions()
{
  ORRERY_EXPECT_ERROR(findLabels({"a"}, "/(/"), "missing )");
  ORRERY_EXPECT_ERROR(findLabels({"a"}, "/a{100000}/"), "cannot be searched for");
  ORRERY_EXPECT_ERROR(findLabels({"a"}, "/(a)\\1/"), "cannot be searched for");
  ORRERY_EXPECT_ERROR(findLabels({"a"}, std::string(20000, 'x')), "at most 10000");
}

void tst_LabelSearch::pathologicalExpressionsEnd()
{
  // Backtracking takes 2^n steps for these.
  const std::vector<std::string> labels(200, std::string(5000, 'a') + "!");
  const double before = processorSeconds();
  QCOMPARE(found(labels, "/^(a+)+$/"), std::string());
  QCOMPARE(found(labels, "/(a|a)*b(.*a){20}c/"), std::string());
  QCOMPARE(found(labels, "/(x+x+)+y/"), std::string());
  QVERIFY(processorSeconds() - before < 5.0);
}

void tst_LabelSearch::sameForAnyThreads()
{
  std::vector<std::string> labels;
  for (int i = 0; i < 50'000; ++i)
    labels.push_back("feature " + std::to_string(i * 7919 % 50'000));
  const int before = threadCount();
  setThreadCount(1);
  const std::vector<FeatureId> one = findLabels(labels, "99");
  setThreadCount(4);
  const std::vector<FeatureId> four = findLabels(labels, "99");
  setThreadCount(before);
  QCOMPARE(one, four);
  QVERIFY(std::is_sorted(one.begin(), one.end()));
  QVERIFY(!one.empty());
}

void tst_LabelSearch::aMillionLabels()
{
  std::vector<std::string> labels;
  for (int i = 0; i < 1 << 20; ++i)
    labels.push_back("references to medical and legal terms, number " + std::to_string(i));
  for (const char* const query : {"zebra", "legal 777", "Zebra", "/legal.*7{3}$/"}) {
    QElapsedTimer timer;
    timer.start();
    const double before = processorSeconds();
    const std::size_t count = findLabels(labels, query).size();
    qInfo("%s: %zu of 2^20 labels, %.0f ms of processor time, %lld ms", query, count,
          (processorSeconds() - before) * 1e3, static_cast<long long>(timer.elapsed()));
    // A bound that a loaded machine keeps; a search that is not linear misses it by far.
    QVERIFY(processorSeconds() - before < 2.0);
  }
}

void tst_LabelSearch::stops()
{
  std::stop_source stop;
  stop.request_stop();
  const std::vector<std::string> labels(1000, "a");
  QVERIFY_THROWS_EXCEPTION(Cancelled, findLabels(labels, "a", {}, Progress(stop.get_token(), {})));
}

QTEST_APPLESS_MAIN(tst_LabelSearch)
#include "tst_LabelSearch.moc"
