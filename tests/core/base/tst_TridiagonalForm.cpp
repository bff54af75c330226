// The reduction to tridiagonal form keeps the eigenvalues: LAPACK's, and those known in closed
// form.
#include "core/base/Bisection.h"
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/base/TridiagonalForm.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

using namespace orrery;

namespace {

Eigen::MatrixXd randomSymmetric(Eigen::Index n, std::uint64_t seed)
{
  Random random(seed);
  Eigen::MatrixXd matrix(n, n);
  for (Eigen::Index column = 0; column < n; ++column)
    for (Eigen::Index row = column; row < n; ++row)
      matrix(row, column) = matrix(column, row) = random.normal();
  return matrix;
}

Eigen::VectorXd eigenvaluesThrough(const Eigen::MatrixXd& matrix, Precision precision)
{
  const TridiagonalForm form = tridiagonalForm(matrix, precision);
  return precision == Precision::Single ? bisectedEigenvalues(form)
                                        : tridiagonalEigenvalues(form.diagonal, form.secondary);
}

double worst(const Eigen::VectorXd& found, const Eigen::VectorXd& expected)
{
  return (found - expected).cwiseAbs().maxCoeff() / expected.cwiseAbs().maxCoeff();
}

}  // namespace

class tst_TridiagonalForm : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { setThreadCount(2); }

  void sameEigenvaluesAsLapack_data()
  {
    QTest::addColumn<int>("size");
    for (const int size : {1, 2, 3, 31, 32, 33, 70, 255, 256, 257, 290, 513, 700})
      QTest::addRow("%d", size) << size;
  }

  void sameEigenvaluesAsLapack()
  {
    QFETCH(int, size);
    const Eigen::MatrixXd matrix = randomSymmetric(size, 1);
    const Eigen::VectorXd expected = symmetricEigen(matrix).values;
    QVERIFY(worst(eigenvaluesThrough(matrix, Precision::Double), expected) < 2e-14);
    QVERIFY(worst(eigenvaluesThrough(matrix, Precision::Single), expected) < 3e-6);
    QVERIFY(worst(symmetricEigenvalues(matrix), expected) < 2e-14);
  }

  void onlyTheLowerTriangleIsRead()
  {
    Eigen::MatrixXd matrix = randomSymmetric(300, 2);
    const Eigen::VectorXd expected = eigenvaluesThrough(matrix, Precision::Double);
    matrix.triangularView<Eigen::StrictlyUpper>().setConstant(
        std::numeric_limits<double>::quiet_NaN());
    QCOMPARE(eigenvaluesThrough(matrix, Precision::Double), expected);
  }

  void closedForms()
  {
    // min(i, j), counted from 1: 1 / (4 sin²((2 k − 1) π / (4 n + 2))).
    constexpr Eigen::Index n = 400;
    Eigen::MatrixXd least(n, n);
    Eigen::VectorXd expected(n);
    for (Eigen::Index i = 0; i < n; ++i) {
      for (Eigen::Index j = 0; j < n; ++j)
        least(i, j) = static_cast<double>(std::min(i, j) + 1);
      const double sine = std::sin(static_cast<double>(2 * i + 1) * std::numbers::pi / (4 * n + 2));
      expected[i] = 0.25 / (sine * sine);
    }
    QVERIFY(worst(eigenvaluesThrough(least, Precision::Double), expected) < 1e-14);
    QVERIFY(worst(eigenvaluesThrough(least, Precision::Single), expected) < 1e-6);

    // 2 + 3 · 1 1ᵀ: 3 n + 2, and 2 for all others. Nothing is left to reflect after one step.
    const Eigen::MatrixXd flat =
        Eigen::MatrixXd::Constant(n, n, 3.0) + 2.0 * Eigen::MatrixXd::Identity(n, n);
    Eigen::VectorXd levels = Eigen::VectorXd::Constant(n, 2.0);
    levels[0] = 3.0 * n + 2.0;
    QVERIFY(worst(eigenvaluesThrough(flat, Precision::Double), levels) < 1e-14);

    const Eigen::VectorXd falling = Eigen::VectorXd::LinSpaced(n, 5.0, -5.0);
    QVERIFY(worst(eigenvaluesThrough(falling.asDiagonal(), Precision::Double), falling) < 1e-15);
    QCOMPARE(eigenvaluesThrough(Eigen::MatrixXd::Zero(n, n), Precision::Single),
             Eigen::VectorXd::Zero(n));
    QCOMPARE(tridiagonalForm(Eigen::MatrixXd(0, 0), Precision::Double).diagonal.size(), 0);
  }

  void sizeOfTheNumbersDoesNotMatter()
  {
    const Eigen::MatrixXd matrix = randomSymmetric(300, 3);
    const Eigen::VectorXd expected = eigenvaluesThrough(matrix, Precision::Single);
    for (const double scale : {0x1p-300, 0x1p-70, 0x1p200})
      QCOMPARE(Eigen::VectorXd(eigenvaluesThrough(matrix * scale, Precision::Single) / scale),
               expected);
  }

  void bisectionFindsWhatLapackFinds_data()
  {
    QTest::addColumn<int>("size");
    for (const int size : {0, 1, 2, 31, 32, 33, 500})
      QTest::addRow("%d", size) << size;
  }

  void bisectionFindsWhatLapackFinds()
  {
    QFETCH(int, size);
    Random random(6);
    TridiagonalForm form;
    form.diagonal.resize(size);
    form.secondary.resize(std::max(0, size - 1));
    for (double& number : form.diagonal)
      number = random.normal();
    for (double& number : form.secondary)
      number = random.normal();
    // Where it falls apart, each part on its own.
    if (size > 20)
      form.secondary.segment(7, 3).setZero();
    const Eigen::VectorXd found = bisectedEigenvalues(form);
    QCOMPARE(found.size(), size);
    if (size == 0)
      return;
    QVERIFY(worst(found, tridiagonalEigenvalues(form.diagonal, form.secondary)) < 5e-7);
    QVERIFY(std::is_sorted(found.begin(), found.end(), std::greater<>()));
    setThreadCount(1);
    QCOMPARE(bisectedEigenvalues(form), found);
  }

  void bitsDoNotDependOnThreads()
  {
    const Eigen::MatrixXd matrix = randomSymmetric(600, 4);
    for (const Precision precision : {Precision::Single, Precision::Double}) {
      setThreadCount(1);
      const TridiagonalForm alone = tridiagonalForm(matrix, precision);
      for (const int threads : {2, 5}) {
        setThreadCount(threads);
        const TridiagonalForm shared = tridiagonalForm(matrix, precision);
        QCOMPARE(shared.diagonal, alone.diagonal);
        QCOMPARE(shared.secondary, alone.secondary);
      }
    }
  }

  void brokenMatricesAndStops()
  {
    Eigen::MatrixXd broken = randomSymmetric(300, 5);
    broken(299, 17) = std::numeric_limits<double>::infinity();
    QVERIFY_THROWS_EXCEPTION(Error, tridiagonalForm(broken, Precision::Single));
    std::stop_source source;
    source.request_stop();
    const Progress progress(source.get_token(), {});
    QVERIFY_THROWS_EXCEPTION(Cancelled,
                             tridiagonalForm(randomSymmetric(300, 5), Precision::Single, progress));
  }
};

QTEST_APPLESS_MAIN(tst_TridiagonalForm)
#include "tst_TridiagonalForm.moc"
