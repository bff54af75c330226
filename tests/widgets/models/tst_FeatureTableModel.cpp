#include "widgets/models/FeatureTableModel.h"

#include "core/base/Random.h"
#include "widgets/models/FeatureText.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace orrery;
using Ids = std::vector<FeatureId>;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

std::shared_ptr<Dictionary> labelled(std::vector<std::string> labels)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = "test";
  dictionary->decoder = std::make_shared<const FeatureMatrix>(
      FeatureMatrix::Ones(2, static_cast<Eigen::Index>(labels.size())));
  dictionary->labels = std::move(labels);
  return dictionary;
}

void addNumbers(Dictionary& dictionary, std::vector<double> numbers)
{
  Column column;
  column.name = "value";
  column.numbers = std::move(numbers);
  dictionary.columns.push_back(std::move(column));
}

std::shared_ptr<Dictionary> million()
{
  constexpr int count = 1 << 20;
  Random random(5);
  std::vector<std::string> labels(count);
  std::vector<double> numbers(count);
  for (int i = 0; i < count; ++i) {
    const int length = 3 + static_cast<int>(random.below(12));
    for (int letter = 0; letter < length; ++letter)
      labels[static_cast<std::size_t>(i)] += static_cast<char>('a' + random.below(26));
    numbers[static_cast<std::size_t>(i)] = random.normal();
  }
  auto dictionary = labelled(std::move(labels));
  addNumbers(*dictionary, std::move(numbers));
  return dictionary;
}

Ids all(const Dictionary& dictionary)
{
  Ids ids(static_cast<std::size_t>(dictionary.features()));
  for (std::size_t i = 0; i < ids.size(); ++i)
    ids[i] = static_cast<FeatureId>(i);
  return ids;
}

}  // namespace

class tst_FeatureTableModel : public QObject {
  Q_OBJECT
 private slots:
  void labelsSortWithoutCaseAndNoLabelLast()
  {
    const auto dictionary = labelled({"beta", "", "Alpha", "alpha", "Beta2", "", "âme", "ALPHA"});
    const auto ranks = labelRanks(dictionary->labels);
    const FeatureSort up{FeatureSort::byLabel, false}, down{FeatureSort::byLabel, true};
    QCOMPARE(sortFeatures(all(*dictionary), *dictionary, up, ranks), (Ids{7, 2, 3, 0, 4, 6, 1, 5}));
    QCOMPARE(sortFeatures(all(*dictionary), *dictionary, down, ranks),
             (Ids{6, 4, 0, 3, 2, 7, 1, 5}));
  }

  void missingNumbersComeLastBothWays()
  {
    const auto dictionary = labelled({"a", "b", "c", "d", "e"});
    addNumbers(*dictionary, {2, missing, -1, 2, -std::numeric_limits<double>::infinity()});
    const FeatureSort up{2, false}, down{2, true};
    QCOMPARE(sortFeatures(all(*dictionary), *dictionary, up, {}), (Ids{4, 2, 0, 3, 1}));
    QCOMPARE(sortFeatures(all(*dictionary), *dictionary, down, {}), (Ids{0, 3, 2, 4, 1}));
  }

  void categoriesSortByName()
  {
    const auto dictionary = labelled({"a", "b", "c", "d"});
    Column column;
    column.name = "lobe";
    column.kind = Column::Kind::Category;
    column.categoryNames = {"zoo", "Ape"};
    column.categories = {0, 1, -1, 1};
    dictionary->columns.push_back(column);
    QCOMPARE(sortFeatures(all(*dictionary), *dictionary, {2, false}, {}), (Ids{1, 3, 0, 2}));
  }

  // Longer than a piece of the parallel sort, against the standard's own.
  void longListsSortAsShortOnes()
  {
    const auto dictionary = labelled(std::vector<std::string>(150000, "x"));
    Random random(3);
    std::vector<double> numbers(150000);
    for (double& number : numbers)
      number = static_cast<double>(random.below(1000));
    Ids expected = all(*dictionary);
    std::stable_sort(expected.begin(), expected.end(), [&](FeatureId a, FeatureId b) {
      return numbers[static_cast<std::size_t>(a)] < numbers[static_cast<std::size_t>(b)];
    });
    addNumbers(*dictionary, numbers);
    QCOMPARE(sortFeatures(all(*dictionary), *dictionary, {2, false}, {}), expected);
  }

  void aMillionRowsNeverBlockTheWindow()
  {
    const auto dictionary = million();
    Document document;
    FeatureTableModel model(&document);
    document.addLayer(dictionary);
    QCOMPARE(model.rowCount(), 1 << 20);

    QElapsedTimer clock;
    clock.start();
    model.sort(FeatureSort::byLabel, Qt::AscendingOrder);
    const auto blockedMs = clock.elapsed();
    QVERIFY(model.isSorting());
    // The longest turn of the event loop meanwhile is what the user would feel.
    qint64 longest = 0;
    while (model.isSorting()) {
      QElapsedTimer turn;
      turn.start();
      QCoreApplication::processEvents(QEventLoop::AllEvents);
      longest = std::max(longest, turn.elapsed());
      QTest::qSleep(2);
      QVERIFY(clock.elapsed() < 60000);
    }
    qInfo(
        "sort 1,048,576 labels: %lld ms on a worker, window blocked %lld ms, longest turn %lld ms",
        static_cast<long long>(clock.elapsed()), static_cast<long long>(blockedMs),
        static_cast<long long>(longest));
    for (int row = 1; row < model.rowCount(); ++row) {
      const auto& before = dictionary->labels[static_cast<std::size_t>(model.feature(row - 1))];
      const auto& after = dictionary->labels[static_cast<std::size_t>(model.feature(row))];
      if (before > after)
        QFAIL(qPrintable(QStringLiteral("row %1 is out of order").arg(row)));
    }
    QCOMPARE(model.row(model.feature(12345)), 12345);

    clock.restart();
    model.sort(FeatureSort::firstColumn, Qt::DescendingOrder);
    QTRY_VERIFY_WITH_TIMEOUT(!model.isSorting(), 60000);
    qInfo("sort 1,048,576 numbers: %lld ms", static_cast<long long>(clock.elapsed()));
    const auto& numbers = dictionary->columns.front().numbers;
    for (int row = 1; row < model.rowCount(); ++row)
      if (numbers[static_cast<std::size_t>(model.feature(row - 1))] <
          numbers[static_cast<std::size_t>(model.feature(row))])
        QFAIL("numbers are out of order");

    model.setRows(FeatureTableModel::Rows::Matches);
    clock.restart();
    document.setSearch({"qu", false, false});
    QTRY_VERIFY_WITH_TIMEOUT(model.rowCount() > 0 && !model.isSorting(), 60000);
    qInfo("search 1,048,576 labels and sort %d matches: %lld ms", model.rowCount(),
          static_cast<long long>(clock.elapsed()));
    for (int row = 0; row < model.rowCount(); ++row)
      if (dictionary->labels[static_cast<std::size_t>(model.feature(row))].find("qu") ==
          std::string::npos)
        QFAIL("a row does not match");
  }

  void rowsFollowSearchAndSelection()
  {
    Document document;
    document.addLayer(labelled({"one", "two", "three", "four"}));
    FeatureTableModel model(&document);
    model.setRows(FeatureTableModel::Rows::Selected);
    QCOMPARE(model.rowCount(), 0);
    document.selection()->setFeatures({3, 1});
    QCOMPARE(model.order(), (Ids{1, 3}));
    QCOMPARE(model.row(3), 1);
    QCOMPARE(model.row(0), -1);
    model.setRows(FeatureTableModel::Rows::Matches);
    document.setSearch({"o", false, false});
    QTRY_COMPARE(model.order(), (Ids{0, 1, 3}));
    model.setRows(FeatureTableModel::Rows::All);
    QCOMPARE(model.rowCount(), 4);
  }

  void noDictionaryNoRows()
  {
    Document document;
    FeatureTableModel model(&document);
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(model.columnCount(), 0);
    const int id = document.addLayer(labelled({"a"}));
    QCOMPARE(model.rowCount(), 1);
    document.closeLayer(id);
    QCOMPARE(model.rowCount(), 0);
    QVERIFY(!model.data(model.index(0, 0), Qt::DisplayRole).isValid());
  }

  // What a stranger's label could do to a list.
  void labelsAreShownAsText()
  {
    Document document;
    document.addLayer(labelled({"<b>bold</b>&amp;%1", "", std::string(3000000, 'x'),
                                "right\u202Eleft", "line\nbreak\ttab"}));
    FeatureTableModel model(&document);
    const auto text = [&](int row) {
      return model.data(model.index(row, 1), Qt::DisplayRole).toString();
    };
    QCOMPARE(text(0), QStringLiteral("<b>bold</b>&amp;%1"));
    QCOMPARE(text(1), QStringLiteral("(no label)"));
    QVERIFY(text(2).size() <= 201);
    QVERIFY(!text(3).contains(QChar(0x202E)));
    QVERIFY(!text(4).contains(QLatin1Char('\n')));
    const QString tip = model.data(model.index(0, 1), Qt::ToolTipRole).toString();
    QVERIFY(tip.contains(QStringLiteral("&lt;b&gt;")));
    QVERIFY(!tip.contains(QStringLiteral("<b>")));
  }
};

QTEST_MAIN(tst_FeatureTableModel)
#include "tst_FeatureTableModel.moc"
