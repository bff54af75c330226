#include "core/base/KrylovEigen.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <QtTest/QTest>

#include <Eigen/QR>
#include <cmath>

using namespace orrery;

namespace {

/// A random orthogonal basis with the given eigenvalues, and in double what float makes of it.
struct Planted {
  Eigen::MatrixXf matrix;
  SymmetricEigen<double> exact;  ///< By LAPACK, of the float matrix.
};

Planted planted(const Eigen::VectorXd& values, std::uint64_t seed)
{
  const Eigen::Index n = values.size();
  Random random(seed);
  Eigen::MatrixXd noise(n, n);
  for (Eigen::Index i = 0; i < noise.size(); ++i)
    noise.data()[i] = random.normal();
  const Eigen::MatrixXd q = Eigen::HouseholderQR<Eigen::MatrixXd>(noise).householderQ();
  const Eigen::MatrixXd square = q * values.asDiagonal() * q.transpose();
  Planted result;
  result.matrix = (0.5 * (square + square.transpose())).cast<float>();
  result.exact = symmetricEigen(Eigen::MatrixXd(result.matrix.cast<double>()));
  return result;
}

Eigen::VectorXd powerLaw(Eigen::Index n, double exponent)
{
  return Eigen::VectorXd::LinSpaced(n, 1, static_cast<double>(n)).array().pow(exponent);
}

}  // namespace

class tst_KrylovEigen : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void equalsLapack_data()
  {
    QTest::addColumn<double>("exponent");
    QTest::addColumn<int>("count");
    QTest::newRow("steep, few") << -1.0 << 3;
    QTest::newRow("steep, many") << -1.0 << 60;
    QTest::newRow("flat") << -0.4 << 40;
  }

  void equalsLapack()
  {
    QFETCH(double, exponent);
    QFETCH(int, count);
    const Planted problem = planted(powerLaw(700, exponent), 1);
    const auto found = krylovEigenpairs(problem.matrix, count);
    QVERIFY(found.has_value());
    QCOMPARE(found->values.size(), count);
    const double largest = problem.exact.values[0];
    QVERIFY(
        (found->values.cast<double>() - problem.exact.values.head(count)).cwiseAbs().maxCoeff() <
        2e-6 * largest);
    const Eigen::MatrixXd v = found->vectors.cast<double>(), a = problem.matrix.cast<double>();
    QVERIFY((v.transpose() * v - Eigen::MatrixXd::Identity(count, count)).cwiseAbs().maxCoeff() <
            5e-6);
    QVERIFY((a * v - v * found->values.cast<double>().asDiagonal()).colwise().norm().maxCoeff() <
            4e-6 * largest);
    // The subspace: what of it lies outside LAPACK's, by the gap beside it.
    const Eigen::MatrixXd kept = problem.exact.vectors.leftCols(count);
    const double gap = problem.exact.values[count - 1] - problem.exact.values[count];
    QVERIFY((v - kept * (kept.transpose() * v)).norm() < 1e-5 * largest / gap);
  }

  // A random start has a share in a repeated eigenvalue for every vector of a block, not for more.
  void degenerateMatricesAreLeftToOthers()
  {
    QVERIFY(!krylovEigenpairs(Eigen::MatrixXf::Identity(600, 600), 10));
    Eigen::VectorXd lowRank = Eigen::VectorXd::Zero(600);
    lowRank.head(20) = powerLaw(20, -0.5);
    QVERIFY(!krylovEigenpairs(planted(lowRank, 2).matrix, 10));
    QVERIFY(!krylovEigenpairs(Eigen::MatrixXf::Zero(600, 600), 10));
    // Too many pairs for a space of half of all vectors.
    QVERIFY(!krylovEigenpairs(planted(powerLaw(300, -1), 3).matrix, 60));
  }

  void sameBitsForAnyThreads()
  {
    const Planted problem = planted(powerLaw(500, -0.8), 4);
    setThreadCount(1);
    const auto one = krylovEigenpairs(problem.matrix, 30);
    setThreadCount(3);
    const auto three = krylovEigenpairs(problem.matrix, 30);
    QVERIFY(one && three);
    QCOMPARE(one->values, three->values);
    QCOMPARE(one->vectors, three->vectors);
  }

  void stopping()
  {
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN((void)krylovEigenpairs(planted(powerLaw(300, -1), 5).matrix, 3, {},
                                                    Progress(stop.get_token(), {})),
                             Cancelled);
  }
};

QTEST_APPLESS_MAIN(tst_KrylovEigen)
#include "tst_KrylovEigen.moc"
