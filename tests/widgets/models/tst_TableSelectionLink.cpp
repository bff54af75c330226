#include "widgets/models/TableSelectionLink.h"

#include "core/synthetic/SyntheticDictionary.h"

#include <QElapsedTimer>
#include <QHeaderView>
#include <QSignalSpy>
#include <QTableView>
#include <QtTest/QTest>

using namespace orrery;
using Ids = std::vector<FeatureId>;

namespace {

std::shared_ptr<const Dictionary> plain(int features)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = "plain";
  dictionary->decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Ones(2, features));
  return dictionary;
}

struct Table {
  explicit Table(int features) : model(&document), link(&model, document.selection())
  {
    document.addLayer(plain(features));
    view.setModel(&model);
    view.setSelectionModel(&link);
    view.setSelectionBehavior(QAbstractItemView::SelectRows);
    view.setSelectionMode(QAbstractItemView::ExtendedSelection);
    view.verticalHeader()->setDefaultSectionSize(20);
    view.resize(400, 600);
    view.show();
  }
  void click(int row, Qt::KeyboardModifiers modifiers = {})
  {
    const QRect cell = view.visualRect(model.index(row, 0));
    QTest::mouseClick(view.viewport(), Qt::LeftButton, modifiers, cell.center());
  }
  [[nodiscard]] const Ids& selected() const { return document.selection()->features(); }

  Document document;
  FeatureTableModel model;
  TableSelectionLink link;
  QTableView view;
};

}  // namespace

class tst_TableSelectionLink : public QObject {
  Q_OBJECT
 private slots:
  void clicksReachTheModel()
  {
    Table table(50);
    table.click(3);
    QCOMPARE(table.selected(), (Ids{3}));
    QCOMPARE(table.document.selection()->current(), 3);
    table.click(7, Qt::ControlModifier);
    QCOMPARE(table.selected(), (Ids{3, 7}));
    QCOMPARE(table.document.selection()->current(), 7);
    table.click(3, Qt::ControlModifier);
    QCOMPARE(table.selected(), (Ids{7}));
    table.click(5);
    table.click(9, Qt::ShiftModifier);
    QCOMPARE(table.selected(), (Ids{5, 6, 7, 8, 9}));
    table.click(6, Qt::ShiftModifier);
    QCOMPARE(table.selected(), (Ids{5, 6}));
  }

  // Ctrl-click on top of a selection that was made elsewhere extends that one.
  void clicksExtendWhatOthersSelected()
  {
    Table table(50);
    table.document.selection()->setFeatures({10, 20, 30});
    table.click(1, Qt::ControlModifier);
    QCOMPARE(table.selected(), (Ids{1, 10, 20, 30}));
  }

  void othersSelectionsShow()
  {
    Table table(50);
    QSignalSpy wanted(&table.link, &TableSelectionLink::rowWanted);
    table.document.selection()->setFeatures({4, 5, 6, 40}, 40);
    QVERIFY(table.link.isRowSelected(5));
    QVERIFY(table.link.isRowSelected(40));
    QVERIFY(!table.link.isRowSelected(7));
    QCOMPARE(wanted.last().first().toInt(), 40);
    // And our own click does not make the table jump.
    wanted.clear();
    table.click(2);
    QCOMPARE(wanted.count(), 0);
  }

  void sortedRowsKeepTheirFeatures()
  {
    Table table(50);
    table.document.selection()->setFeatures({0, 1, 2});
    table.model.sort(0, Qt::DescendingOrder);
    QCOMPARE(table.selected(), (Ids{0, 1, 2}));
    QVERIFY(table.link.isRowSelected(49));
    QVERIFY(!table.link.isRowSelected(0));
    table.click(1);
    QCOMPARE(table.selected(), (Ids{48}));
  }

  void oneClickOneSignal()
  {
    Table table(50);
    QSignalSpy changed(table.document.selection(), &SelectionModel::changed);
    table.click(3);
    QCOMPARE(changed.count(), 1);
    table.click(3);
    QCOMPARE(changed.count(), 1);
  }

  void aScatteredHalfMillionIsQuick()
  {
    Table table(1 << 20);
    Ids every;
    for (FeatureId id = 0; id < (1 << 20); id += 2)
      every.push_back(id);
    QElapsedTimer clock;
    clock.start();
    table.document.selection()->setFeatures(every);
    table.view.viewport()->repaint();
    const auto ms = clock.elapsed();
    qInfo("selecting and painting 524,288 scattered rows: %lld ms", static_cast<long long>(ms));
    QVERIFY(ms < 2000);
    table.click(1, Qt::ControlModifier);
    QCOMPARE(table.selected().size(), every.size() + 1);
    table.view.selectAll();
    QCOMPARE(table.selected().size(), std::size_t{1 << 20});
  }
};

QTEST_MAIN(tst_TableSelectionLink)
#include "tst_TableSelectionLink.moc"
