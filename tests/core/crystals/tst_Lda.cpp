#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/crystals/Distractors.h"
#include "core/crystals/Lda.h"
#include "core/crystals/LengthRelation.h"
#include "core/crystals/Silhouette.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "tests/support/Paths.h"

#include <QFile>
#include <QtTest/QTest>

#include <cmath>

using namespace orrery;

namespace {

using Labels = std::vector<std::int32_t>;

/// The samples of tests/reference/lda.py.
Eigen::MatrixXd samplesOf(int p, int d, int c, double strength)
{
  Eigen::MatrixXd x(d, p);
  for (int i = 0; i < p; ++i)
    for (int j = 0; j < d; ++j)
      x(j, i) = std::sin(1 + 1.7 * i + 0.37 * i * j + static_cast<double>(j) * j) +
                strength * std::sin(static_cast<double>(i % c) * (j + 1));
  return x;
}

Labels classesOf(int p, int c)
{
  Labels classes;
  for (int i = 0; i < p; ++i)
    classes.push_back(i % c);
  return classes;
}

}  // namespace

class tst_Lda : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void equalsScikitLearn()
  {
    QFile file(QString::fromStdString(orrery::test::sourceFolder() + "/tests/reference/lda.csv"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    file.readLine();
    int lines = 0;
    while (!file.atEnd()) {
      const auto cells = file.readLine().trimmed().split(',');
      const int p = cells[0].toInt(), d = cells[1].toInt(), c = cells[2].toInt();
      const Eigen::MatrixXd x = samplesOf(p, d, c, cells[3].toDouble());
      const Labels classes = classesOf(p, c);
      double found = 0.0;
      if (cells[4] == "raw") {
        found = silhouette(x, classes);
      } else {
        LdaOptions options;
        if (cells[4] != "svd") {
          options.solver = LdaSolver::Shrinkage;
          if (cells[4] != "ledoit-wolf")
            options.shrinkage = cells[4].toDouble();
        }
        found = silhouette(ldaTransform(fitLda(x, classes, options), x, cells[5].toInt()), classes);
      }
      QVERIFY2(std::abs(found - cells[6].toDouble()) < 1e-6,
               qPrintable(cells.join(' ') + ' ' + QByteArray::number(found, 'g', 12)));
      ++lines;
    }
    QVERIFY(lines > 20);
  }

  void whitensWithinClasses()
  {
    const Eigen::MatrixXd x = samplesOf(120, 30, 5, 0.3);
    const Labels classes = classesOf(120, 5);
    const Lda lda = fitLda(x, classes);
    QCOMPARE(lda.scalings.cols(), Eigen::Index{4});
    Eigen::MatrixXd z = ldaTransform(lda, x, 4);
    for (int c = 0; c < 5; ++c) {
      Eigen::VectorXd mean = Eigen::VectorXd::Zero(4);
      for (int i = c; i < 120; i += 5)
        mean += z.col(i) / 24;
      for (int i = c; i < 120; i += 5)
        z.col(i) -= mean;
    }
    const Eigen::MatrixXd within = z * z.transpose() / (120 - 5);
    QVERIFY((within - Eigen::MatrixXd::Identity(4, 4)).cwiseAbs().maxCoeff() < 1e-9);
  }

  // More dimensions than pairs: labels that mean nothing look well separated in-sample, and do not
  // on held-out pairs; classes that do differ hold.
  void heldOutPairsTellTruthFromChance()
  {
    Random random(3);
    Eigen::MatrixXd x(150, 120);
    for (Eigen::Index i = 0; i < x.size(); ++i)
      x.data()[i] = random.normal();
    const Labels classes = classesOf(120, 4);
    LdaSweepOptions options;
    options.permutations = 2;
    const LdaSweep noise = sweepLda(x, classes, options);
    QCOMPARE(noise.components, (std::vector<int>{2, 3}));
    QVERIFY(noise.inSample.back() > 0.5);
    QVERIFY(noise.heldOut.back() <= 0.02);
    for (int i = 0; i < 120; ++i)
      x(i % 4, i) += 8;
    const LdaSweep real = sweepLda(x, classes, options);
    QVERIFY(real.heldOut.back() > 0.2);
    QVERIFY(real.permutedInSample.back() > real.permutedHeldOut.back() + 0.3);
    for (const double value : real.permutedHeldOut)
      QVERIFY2(value <= 0, qPrintable(QString::number(value)));
    setThreadCount(1);
    const LdaSweep again = sweepLda(x, classes, options);
    QCOMPARE(again.heldOut, real.heldOut);
  }

  void columnsAreRemoved()
  {
    FeatureMatrix x = gaussianCloud(300, 20, 4);
    const Eigen::VectorXf direction = gaussianCloud(1, 20, 5).col(0);
    RegressionColumn column{"length", {}};
    Random random(6);
    for (Eigen::Index i = 0; i < 300; ++i) {
      column.numbers.push_back(static_cast<double>(random.below(9)));
      x.col(i) += static_cast<float>(column.numbers.back()) * direction;
    }
    const CrystalSpace space = rawSpace(std::make_shared<const FeatureMatrix>(x), false);
    Cleaning cleaning;
    cleaning.method = CleaningMethod::Column;
    cleaning.columns = {column};
    const CrystalSpace cleaned = applyCleaning(space, fitCleaning(space, {}, cleaning));
    const Eigen::Map<const Eigen::VectorXd> l(column.numbers.data(), 300);
    const Eigen::VectorXd centred = l.array() - l.mean();
    const Eigen::VectorXd left = cleaned.vectors->cast<double>() * centred;
    const Eigen::VectorXd before = x.cast<double>() * centred;
    QVERIFY(left.norm() < 1e-5 * before.norm());
    QVERIFY(cleaned.unit < space.unit);
    cleaning.method = CleaningMethod::Lda;
    QVERIFY_EXCEPTION_THROWN(fitCleaning(space, {}, cleaning), Error);
  }

  void lengthRelationFindsThePlantedLine()
  {
    Random random(8);
    RelationDifferences differences;
    RegressionColumn lengths{"length", {}};
    differences.differences.resize(10, 60);
    for (int i = 0; i < 60; ++i) {
      lengths.numbers.push_back(5);
      lengths.numbers.push_back(5 + static_cast<double>(random.below(7)) - 3);
      differences.pairs.emplace_back(2 * i, 2 * i + 1);
      for (Eigen::Index j = 0; j < 10; ++j)
        differences.differences(j, i) =
            (j % 2 ? 1 : -1) * (lengths.numbers.back() - 5) + 0.3 * random.normal();
    }
    const LengthRelation relation = relateToLength(differences, lengths);
    QVERIFY(relation.correlation > 0.98);
    QVERIFY(relation.slope > 0);
    QVERIFY(relation.explained > 0.9);
    QVERIFY(relation.means.size() <= 7);
    std::int64_t pairs = 0;
    for (const LengthMean& mean : relation.means)
      pairs += mean.pairs;
    QCOMPARE(pairs, std::int64_t{60});
  }

  void labelLengthsCountCharacters()
  {
    const RegressionColumn column = labelLengths(
        {"cat", " dog", "\xC4\xA0owl", "\xE2\x96\x81ox", "##ing", "\xC3\xA4\xC3\xB6", ""});
    const std::vector<double> expected = {3, 3, 3, 2, 3, 2};
    for (std::size_t i = 0; i < expected.size(); ++i)
      QCOMPARE(column.numbers[i], expected[i]);
    QVERIFY(std::isnan(column.numbers.back()));
  }

  void edges()
  {
    const Eigen::MatrixXd x = samplesOf(20, 5, 2, 0.1);
    QVERIFY_EXCEPTION_THROWN(fitLda(x, Labels(20, 0)), Error);
    QVERIFY_EXCEPTION_THROWN(fitLda(x, classesOf(19, 2)), Error);
    QVERIFY_EXCEPTION_THROWN(silhouette(x, Labels(20, 1)), Error);
    QVERIFY_EXCEPTION_THROWN(sweepLda(x, classesOf(20, 2)), Error);
    Eigen::MatrixXd constant = Eigen::MatrixXd::Ones(5, 20);
    QVERIFY_EXCEPTION_THROWN(fitLda(constant, classesOf(20, 2)), Error);
    constant(2, 3) = std::numeric_limits<double>::quiet_NaN();
    QVERIFY_EXCEPTION_THROWN(fitLda(constant, classesOf(20, 2)), Error);
  }
};

QTEST_APPLESS_MAIN(tst_Lda)
#include "tst_Lda.moc"
