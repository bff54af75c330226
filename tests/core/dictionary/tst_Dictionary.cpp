#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/dictionary/Dictionary.h"

#include <QtTest/QTest>

#include <limits>

using namespace orrery;

namespace {

Dictionary withFaults()
{
  FeatureMatrix decoder(13, 300);
  for (Eigen::Index column = 0; column < 300; ++column)
    for (Eigen::Index row = 0; row < 13; ++row)
      decoder(row, column) = static_cast<float>(column * 13 + row + 1);
  decoder(12, 3) = std::numeric_limits<float>::quiet_NaN();
  decoder(0, 70) = -std::numeric_limits<float>::infinity();
  decoder.col(9).setZero();
  decoder(4, 9) = -0.0f;
  decoder.col(299) = decoder.col(20);
  decoder.col(150) = decoder.col(20);
  Dictionary dictionary;
  dictionary.name = "faults";
  dictionary.decoder = std::make_shared<const FeatureMatrix>(std::move(decoder));
  dictionary.rows = inspectRows(*dictionary.decoder);
  return dictionary;
}

}  // namespace

class tst_Dictionary : public QObject {
  Q_OBJECT
 private slots:
  void rowsAreInspected()
  {
    for (const int threads : {1, 3}) {
      setThreadCount(threads);
      const Dictionary dictionary = withFaults();
      QCOMPARE(dictionary.rows.nonFinite, (std::vector<FeatureId>{3, 70}));
      QCOMPARE(dictionary.rows.zero, (std::vector<FeatureId>{9}));
      QCOMPARE(dictionary.rows.duplicates, 2);
    }
  }

  void nonFiniteRowsAreLeftOut()
  {
    const Dictionary dictionary = withFaults();
    const UsableFeatures usable = usableFeatures(dictionary);
    QCOMPARE(usable.decoder->cols(), 298);
    QVERIFY(usable.decoder->allFinite());
    QCOMPARE(usable.id(3), 4);
    QCOMPARE(usable.columnOf(4), std::int64_t{3});
    QCOMPARE(usable.columnOf(70), std::int64_t{-1});
    const Positions spread = usable.positionsOfAll(Positions::Constant(3, 298, 2.0f), 300);
    QCOMPARE(spread.cols(), 300);
    QVERIFY(std::isnan(spread(0, 3)) && std::isnan(spread(2, 70)));
    QCOMPARE(spread(1, 299), 2.0f);
  }

  void soundMatrixIsNotCopied()
  {
    Dictionary dictionary;
    dictionary.decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Ones(2, 4));
    QCOMPARE(usableFeatures(dictionary).decoder.get(), dictionary.decoder.get());
  }

  void nothingUsableIsAnError()
  {
    Dictionary dictionary;
    dictionary.decoder = std::make_shared<const FeatureMatrix>(
        FeatureMatrix::Constant(2, 4, std::numeric_limits<float>::quiet_NaN()));
    dictionary.rows = inspectRows(*dictionary.decoder);
    QVERIFY_EXCEPTION_THROWN(usableFeatures(dictionary), Error);
  }
};

QTEST_APPLESS_MAIN(tst_Dictionary)
#include "tst_Dictionary.moc"
