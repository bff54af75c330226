#include "core/document/SelectionModel.h"

#include <QSignalSpy>
#include <QtTest/QTest>

using namespace orrery;
using Ids = std::vector<FeatureId>;

class tst_SelectionModel : public QObject {
  Q_OBJECT
 private slots:
  void sortsAndDropsRepeats()
  {
    SelectionModel model;
    model.setFeatures({5, 1, 5, 3}, 3);
    QCOMPARE(model.features(), (Ids{1, 3, 5}));
    QCOMPARE(model.current(), 3);
    QVERIFY(model.contains(5) && !model.contains(2));
  }

  void sameSetTwiceIsOneSignal()
  {
    SelectionModel model;
    QSignalSpy spy(&model, &SelectionModel::changed);
    model.setFeatures({2, 1});
    model.setFeatures({1, 2, 2});
    QCOMPARE(spy.count(), 1);
  }

  // Two views that answer each other's signals come to rest.
  void linkedViewsDoNotAnswerForEver()
  {
    SelectionModel a, b;
    connect(&a, &SelectionModel::changed, &b, [&] { b.setFeatures(a.features(), a.current()); });
    connect(&b, &SelectionModel::changed, &a, [&] { a.setFeatures(b.features(), b.current()); });
    QSignalSpy spy(&a, &SelectionModel::changed);
    b.setFeatures({4, 2}, 4);
    QCOMPARE(a.features(), (Ids{2, 4}));
    QCOMPARE(a.current(), 4);
    QCOMPARE(spy.count(), 1);
  }

  void currentStaysSelected()
  {
    SelectionModel model;
    model.setFeatures({1, 2, 3}, 2);
    model.setFeatures({1, 3});
    QCOMPARE(model.current(), 1);
    model.setFeatures({});
    QCOMPARE(model.current(), noFeature);
  }

  void modes()
  {
    using Mode = SelectionModel::Mode;
    const Ids selected{1, 2, 3};
    QCOMPARE(SelectionModel::combine(selected, {5, 3}, Mode::Replace), (Ids{3, 5}));
    QCOMPARE(SelectionModel::combine(selected, {5, 3}, Mode::Add), (Ids{1, 2, 3, 5}));
    QCOMPARE(SelectionModel::combine(selected, {5, 3}, Mode::Remove), (Ids{1, 2}));
    QCOMPARE(SelectionModel::combine(selected, {5, 3}, Mode::Toggle), (Ids{1, 2, 5}));
    QCOMPARE(SelectionModel::combine(selected, {5, 3}, Mode::Intersect), (Ids{3}));
  }
};

QTEST_APPLESS_MAIN(tst_SelectionModel)
#include "tst_SelectionModel.moc"
