#include "core/dictionary/LabelIndex.h"

#include <QtTest/QTest>

using namespace orrery;

class tst_LabelIndex : public QObject {
  Q_OBJECT
 private slots:
  void folding_data()
  {
    QTest::addColumn<QByteArray>("label");
    QTest::addColumn<QByteArray>("folded");
    QTest::newRow("case") << QByteArray("Paris") << QByteArray("paris");
    QTest::newRow("leading blank") << QByteArray(" Paris ") << QByteArray("paris");
    QTest::newRow("sentencepiece") << QByteArray("▁Paris") << QByteArray("paris");
    QTest::newRow("byte-level") << QByteArray("ĠParis") << QByteArray("paris");
    QTest::newRow("wordpiece") << QByteArray("##ing") << QByteArray("ing");
    QTest::newRow("only a mark") << QByteArray("##") << QByteArray("##");
    QTest::newRow("accents") << QByteArray("ÉCOLE") << QByteArray("école");
    QTest::newRow("times sign stays") << QByteArray("×") << QByteArray("×");
    QTest::newRow("cyrillic") << QByteArray("Этому Ё") << QByteArray("этому ё");
    QTest::newRow("greek") << QByteArray("ΑΩ") << QByteArray("αω");
    QTest::newRow("other scripts") << QByteArray("東京") << QByteArray("東京");
    QTest::newRow("cut character") << QByteArray("a\xC3") << QByteArray("a\xC3");
    QTest::newRow("empty") << QByteArray("") << QByteArray("");
  }
  void folding()
  {
    QFETCH(QByteArray, label);
    QFETCH(QByteArray, folded);
    QCOMPARE(QByteArray::fromStdString(foldLabel(label.toStdString())), folded);
  }

  void exactWinsOverFolded()
  {
    const LabelIndex index({"", "turkey", "Turkey", "▁Paris", "king", "king"});
    QCOMPARE(index.find("Turkey").feature, 2);
    QVERIFY(index.find("Turkey").match == LabelMatch::Exact);
    QCOMPARE(index.find("TURKEY").feature, 1);
    QVERIFY(index.find("TURKEY").match == LabelMatch::Folded);
    QCOMPARE(index.find("TURKEY").candidates, 2);
    QCOMPARE(index.find("paris").feature, 3);
    QCOMPARE(index.find("king").candidates, 2);
    QCOMPARE(index.find("queen").feature, noFeature);
    QCOMPARE(index.find("").feature, noFeature);
  }
};

QTEST_APPLESS_MAIN(tst_LabelIndex)
#include "tst_LabelIndex.moc"
