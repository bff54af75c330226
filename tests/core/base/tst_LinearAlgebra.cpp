#include "core/base/Error.h"
#include "core/base/FastScatter.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace orrery;

namespace {

FeatureMatrix randomMatrix(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed)
{
  Random random(seed);
  FeatureMatrix matrix(rows, columns);
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<float>(random.normal());
  return matrix;
}

/// The definition, in double.
Eigen::MatrixXd scatterByDefinition(const FeatureMatrix& x)
{
  const Eigen::MatrixXd wide = x.cast<double>();
  const Eigen::MatrixXd centred = wide.colwise() - wide.rowwise().mean();
  return centred * centred.transpose();
}

double relativeError(const Eigen::MatrixXd& found, const Eigen::MatrixXd& expected)
{
  return (found - expected).norm() / std::max(expected.norm(), 1e-300);
}

}  // namespace

class TestLinearAlgebra : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { setThreadCount(2); }

  void productsAreThoseOfTheDefinition()
  {
    const FeatureMatrix a = randomMatrix(1100, 70, 1), b = randomMatrix(70, 1030, 2);
    const FeatureMatrix wide = randomMatrix(1100, 30, 3);
    // Coefficient by coefficient, without BLAS.
    const Eigen::MatrixXd ab = a.cast<double>().lazyProduct(b.cast<double>());
    QVERIFY(relativeError(product(a, b).cast<double>(), ab) < 1e-6);
    const Eigen::MatrixXd at = a.cast<double>().transpose().lazyProduct(wide.cast<double>());
    QVERIFY(relativeError(transposedProduct(a, wide).cast<double>(), at) < 1e-6);
    const Eigen::MatrixXd aWide = a.cast<double>(), bWide = b.cast<double>();
    QVERIFY(relativeError(product(aWide, bWide), ab) < 1e-14);
    QCOMPARE(product(FeatureMatrix(3, 0), FeatureMatrix(0, 4)), FeatureMatrix::Zero(3, 4));
  }

  void scatterAndGramAreThoseOfTheDefinition_data()
  {
    QTest::addColumn<int>("d");
    QTest::addColumn<int>("n");
    QTest::addColumn<float>("offset");
    QTest::addColumn<double>("single");
    QTest::newRow("several panels") << 300 << 2500 << 0.0f << 1e-6;
    QTest::newRow("wide") << 1300 << 40 << 0.3f << 1e-6;
    QTest::newRow("one dimension") << 1 << 700 << 2.0f << 1e-6;
    QTest::newRow("one feature") << 5 << 1 << 7.0f << 1e-6;
    // Entries 10000 ± 1: a second moment minus n m mᵀ would lose eight digits of sixteen in double
    // and all of them in float.
    QTest::newRow("large mean") << 40 << 3000 << 10000.0f << 1e-6;
  }

  // By Strassen's step: ragged blocks and panels, and more columns than are summed in float.
  void fastScatterIsThatOfTheDefinition_data()
  {
    QTest::addColumn<int>("d");
    QTest::addColumn<int>("n");
    QTest::addColumn<float>("offset");
    QTest::newRow("ragged") << 747 << 1000 << 0.3f;
    QTest::newRow("whole blocks") << 768 << 1024 << 0.0f;
    QTest::newRow("many columns") << 660 << 17001 << 100.0f;
  }

  void fastScatterIsThatOfTheDefinition()
  {
    QFETCH(int, d);
    QFETCH(int, n);
    QFETCH(float, offset);
    FeatureMatrix x = randomMatrix(d, n, 11);
    x.array() += offset;
    const Eigen::VectorXd mean = meanColumn(x);
    const Eigen::VectorXf shift = mean.cast<float>();
    const auto fast = [&] {
      return fastScatter(x, shift, mean - shift.cast<double>(), Progress());
    };
    const Eigen::MatrixXd found = fast();
    const Eigen::MatrixXd expected = scatterMatrix(x, mean, Precision::Double);
    QVERIFY2(relativeError(found, expected) < 5e-7,
             qPrintable(QString::number(relativeError(found, expected))));
    QVERIFY((found - expected).cwiseAbs().maxCoeff() < 5e-7 * expected.cwiseAbs().maxCoeff());
    QCOMPARE(found, Eigen::MatrixXd(found.transpose()));
    QCOMPARE(scatterMatrix(x, mean) == found, isFastScatterFor(d, n));
    for (const int threads : {1, 3}) {
      setThreadCount(threads);
      QCOMPARE(fast(), found);
    }
  }

  void scatterAndGramAreThoseOfTheDefinition()
  {
    QFETCH(int, d);
    QFETCH(int, n);
    QFETCH(float, offset);
    QFETCH(double, single);
    FeatureMatrix x = randomMatrix(d, n, 4);
    x.array() += offset;
    const Eigen::VectorXd mean = meanColumn(x);
    const Eigen::MatrixXd wide = x.cast<double>();
    const Eigen::MatrixXd centred = wide.colwise() - wide.rowwise().mean();
    QVERIFY((mean - wide.rowwise().mean()).norm() <= 1e-12 * (1 + mean.norm()));

    const Eigen::MatrixXd scatter = scatterByDefinition(x);
    const Eigen::MatrixXd gram = centred.transpose() * centred;
    const auto close = [](const Eigen::MatrixXd& found, const Eigen::MatrixXd& expected,
                          double tolerance) {
      return (found - expected).norm() <= tolerance * std::max(1e-3, expected.norm());
    };
    QVERIFY(close(scatterMatrix(x, mean), scatter, single));
    QVERIFY(close(scatterMatrix(x, mean, Precision::Double), scatter, 1e-10));
    QVERIFY(close(gramMatrix(x, mean), gram, single));
    QVERIFY(close(gramMatrix(x, mean, Precision::Double), gram, 1e-10));
    QCOMPARE(scatterMatrix(x, mean), Eigen::MatrixXd(scatterMatrix(x, mean).transpose()));
    const Eigen::VectorXd zero = Eigen::VectorXd::Zero(d);
    QVERIFY(close(scatterMatrix(x, zero), wide * wide.transpose(), single));
  }

  void bitsDoNotDependOnThreads()
  {
    const FeatureMatrix x = randomMatrix(530, 2100, 5);
    setThreadCount(1);
    const Eigen::VectorXd mean = meanColumn(x);
    const Eigen::MatrixXd scatter = scatterMatrix(x, mean), gram = gramMatrix(x, mean);
    const FeatureMatrix products = transposedProduct(x, x);
    for (const int threads : {2, 5}) {
      setThreadCount(threads);
      QCOMPARE(meanColumn(x), mean);
      QCOMPARE(scatterMatrix(x, mean), scatter);
      QCOMPARE(gramMatrix(x, mean), gram);
      QCOMPARE(transposedProduct(x, x), products);
    }
  }

  void eigenpairsSatisfyTheirEquation()
  {
    const FeatureMatrix x = randomMatrix(120, 300, 6);
    const Eigen::MatrixXd c = scatterMatrix(x, meanColumn(x), Precision::Double) / 299.0;
    const SymmetricEigen<double> all = symmetricEigen(c);
    QVERIFY((c * all.vectors - all.vectors * all.values.asDiagonal()).norm() < 1e-11 * c.norm());
    QVERIFY((all.vectors.transpose() * all.vectors - Eigen::MatrixXd::Identity(120, 120)).norm() <
            1e-11);
    QVERIFY(std::is_sorted(all.values.data(), all.values.data() + 120, std::greater<>()));
    QVERIFY((symmetricEigenvalues(c) - all.values).norm() < 1e-11 * c.norm());

    const SymmetricEigen<double> few = largestEigen(c, 5);
    QCOMPARE(few.values.size(), 5);
    QVERIFY((few.values - all.values.head(5)).norm() < 1e-11 * c.norm());
    QVERIFY((c * few.vectors - few.vectors * few.values.asDiagonal()).norm() < 1e-10 * c.norm());
    QCOMPARE(largestEigen(c, 500).values.size(), 120);

    const Eigen::MatrixXf single = c.cast<float>();
    const SymmetricEigen<float> fewSingle = largestEigen(single, 3);
    QVERIFY(
        (single * fewSingle.vectors - fewSingle.vectors * fewSingle.values.asDiagonal()).norm() <
        1e-5f * single.norm());
    QVERIFY((symmetricEigen(single).values.cast<double>() - all.values).norm() < 1e-5 * c.norm());
  }

  void smallAndBrokenMatrices()
  {
    QCOMPARE(symmetricEigenvalues(Eigen::MatrixXd(0, 0)).size(), 0);
    const SymmetricEigen<double> one =
        symmetricEigen(Eigen::MatrixXd(Eigen::MatrixXd::Constant(1, 1, 4.0)));
    QCOMPARE(one.values[0], 4.0);
    QCOMPARE(std::abs(one.vectors(0, 0)), 1.0);
    QCOMPARE(symmetricEigenvalues(Eigen::MatrixXd(Eigen::MatrixXd::Zero(6, 6))),
             Eigen::VectorXd::Zero(6));
    Eigen::MatrixXd broken = Eigen::MatrixXd::Identity(3, 3);
    broken(2, 1) = std::numeric_limits<double>::quiet_NaN();
    QVERIFY_THROWS_EXCEPTION(Error, symmetricEigen(broken));
    QVERIFY_THROWS_EXCEPTION(Error, largestEigen(broken, 1));
  }

  void stops()
  {
    std::stop_source source;
    source.request_stop();
    const Progress progress(source.get_token(), {});
    const FeatureMatrix x = randomMatrix(20, 50, 7);
    QVERIFY_THROWS_EXCEPTION(Cancelled,
                             scatterMatrix(x, meanColumn(x), Precision::Single, progress));
    QVERIFY_THROWS_EXCEPTION(Cancelled, gramMatrix(x, meanColumn(x), Precision::Single, progress));
    QVERIFY_THROWS_EXCEPTION(Cancelled, product(x, FeatureMatrix(x.transpose()), progress));
  }
};

QTEST_APPLESS_MAIN(TestLinearAlgebra)
#include "tst_LinearAlgebra.moc"
