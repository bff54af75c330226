#include "MapTestSupport.h"
#include "core/base/Parallel.h"
#include "core/embedding/Repulsion.h"

#include <QtTest/QTest>

#include <cmath>
#include <stop_token>

using namespace orrery;

namespace {

struct Sums {
  Eigen::MatrixXd forces;
  double z = 0.0;
};

/// The definition, over all pairs in double.
Sums overAllPairs(const Positions& y, int freedom = 1)
{
  const Eigen::Matrix3Xd places = y.cast<double>();
  Sums sums{Eigen::MatrixXd::Zero(3, y.cols()), 0.0};
  for (Eigen::Index i = 0; i < y.cols(); ++i)
    for (Eigen::Index j = 0; j < y.cols(); ++j)
      if (j != i) {
        const Eigen::Vector3d difference = places.col(i) - places.col(j);
        const double q = std::pow(1.0 + difference.squaredNorm() / freedom, -0.5 * (freedom + 1));
        sums.z += q;
        sums.forces.col(i) += q * q * difference;
      }
  return sums;
}

template <int dimensions>
Sums byTree(RepulsionTree<dimensions>& tree, double theta, Eigen::Index n)
{
  Sums sums{Eigen::MatrixXd::Zero(3, n), tree.repel(theta)};
  for (Eigen::Index i = 0; i < n; ++i)
    for (int axis = 0; axis < dimensions; ++axis)
      sums.forces(axis, i) = tree.force(i, axis);
  return sums;
}

/// Clumps of all sizes over some @p extent, as maps have.
Positions clumps(Eigen::Index n, int dimensions, double extent, std::uint64_t seed)
{
  Random random(seed);
  Positions centers = test::randomPositions(40, dimensions, extent, seed + 1);
  Positions y = test::randomPositions(n, dimensions, 0.05 * extent, seed + 2);
  for (Eigen::Index i = 0; i < n; ++i)
    y.col(i) = (y.col(i) * static_cast<float>(0.2 + random.uniform()) +
                centers.col(static_cast<Eigen::Index>(random.below(40))))
                   .eval();
  return y;
}

template <int dimensions>
void compare(const Positions& y, double theta, double forceTolerance, double zTolerance,
             int freedom = 1)
{
  RepulsionTree<dimensions> tree(y.cols(), freedom);
  tree.build(y.data(), 3);
  const Sums exact = overAllPairs(y, freedom);
  const Sums found = byTree(tree, theta, y.cols());
  const double error = (found.forces - exact.forces).norm() / std::max(exact.forces.norm(), 1e-300);
  QVERIFY2(error < forceTolerance, qPrintable(QString("force error %1").arg(error)));
  const double zError = std::abs(found.z / exact.z - 1.0);
  QVERIFY2(zError < zTolerance, qPrintable(QString("Z error %1").arg(zError)));
}

}  // namespace

class tst_Repulsion : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  // The faster falling kernel, by all pairs and by groups.
  void twoDegreesOfFreedom()
  {
    for (const double extent : {0.5, 20.0}) {
      compare<2>(clumps(1500, 2, extent, 21), 0.0, 1e-5, 1e-6, 2);
      compare<3>(clumps(1500, 3, extent, 22), 0.0, 1e-5, 1e-6, 2);
      compare<2>(clumps(1500, 2, extent, 23), 0.5, 2e-2, 2e-2, 2);
      compare<3>(clumps(1500, 3, extent, 24), 0.5, 2e-2, 2e-2, 2);
    }
  }

  // The sum over all pairs in floats against the same in doubles, also where the last leaf is not
  // full.
  void allPairs()
  {
    for (const Eigen::Index n : {2, 3, 31, 32, 33, 65, 1000}) {
      compare<2>(clumps(n, 2, 10.0, 1), 0.0, 1e-5, 1e-5);
      compare<3>(clumps(n, 3, 10.0, 2), 0.0, 1e-5, 1e-5);
    }
  }

  // Root mean square over the points, for maps of the sizes that t-SNE passes through. The net
  // force is what remains when pushes from all sides cancel, so its relative error is larger than
  // theirs.
  void groupsWithinTolerance_data()
  {
    QTest::addColumn<double>("extent");
    for (const double extent : {1e-4, 0.1, 1.0, 5.0, 30.0, 200.0})
      QTest::newRow(qPrintable(QString::number(extent))) << extent;
  }
  void groupsWithinTolerance()
  {
    QFETCH(double, extent);
    compare<2>(clumps(3000, 2, extent, 3), 0.5, 0.01, 2e-3);
    compare<3>(clumps(3000, 3, extent, 4), 0.5, 0.01, 2e-3);
    compare<2>(clumps(3000, 2, extent, 3), 0.7, 0.035, 6e-3);
    compare<3>(clumps(3000, 3, extent, 4), 0.7, 0.035, 6e-3);
  }

  // A tree that kept its order while the points moved.
  void refreshFollowsThePoints()
  {
    Positions y = clumps(2000, 2, 20.0, 5);
    RepulsionTree<2> tree(y.cols());
    tree.build(y.data(), 3);
    tree.repel(0.5);
    y += test::randomPositions(2000, 2, 0.2, 6);
    tree.refresh(y.data(), 3);
    const Sums exact = overAllPairs(y);
    const Sums found = byTree(tree, 0.5, y.cols());
    QVERIFY((found.forces - exact.forces).norm() < 0.006 * exact.forces.norm());
    QVERIFY(std::abs(found.z / exact.z - 1.0) < 1e-3);
  }

  void groupsSaveWork()
  {
    const Positions y = test::randomPositions(20000, 2, 30.0, 7);
    RepulsionTree<2> tree(y.cols());
    tree.build(y.data(), 3);
    tree.repel(0.7);
    QVERIFY(tree.interactions() < 20000ll * 20000 / 20);
    tree.repel(0.0);
    QVERIFY(tree.interactions() >= 20000ll * 20000);
  }

  void equalPoints()
  {
    const Positions y = Positions::Constant(3, 500, 1.5f);
    RepulsionTree<3> tree(500);
    tree.build(y.data(), 3);
    for (const double theta : {0.0, 0.7}) {
      QVERIFY(std::abs(tree.repel(theta) - 500.0 * 499.0) < 1.0);
      QCOMPARE(tree.force(77, 1), 0.0f);
    }
  }

  void oneAndNone()
  {
    const Positions y = Positions::Constant(3, 1, 2.0f);
    RepulsionTree<2> one(1);
    one.build(y.data(), 3);
    QCOMPARE(one.repel(0.7), 0.0);
    RepulsionTree<2> none(0);
    none.build(y.data(), 3);
    QCOMPARE(none.repel(0.7), 0.0);
  }

  void threadsChangeNothing()
  {
    const Positions y = clumps(5000, 3, 20.0, 8);
    std::vector<Sums> sums;
    for (const int threads : {1, 2, 3}) {
      setThreadCount(threads);
      RepulsionTree<3> tree(y.cols());
      tree.build(y.data(), 3);
      sums.push_back(byTree(tree, 0.7, y.cols()));
    }
    for (const Sums& other : sums) {
      QVERIFY(other.forces == sums[0].forces);
      QCOMPARE(other.z, sums[0].z);
    }
  }

  void stops()
  {
    const Positions y = clumps(5000, 2, 20.0, 9);
    RepulsionTree<2> tree(y.cols());
    tree.build(y.data(), 3);
    const double z = tree.repel(0.7);
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(tree.repel(0.5, Progress(stop.get_token(), {})), Cancelled);
    QCOMPARE(tree.repel(0.7), z);
  }
};

QTEST_APPLESS_MAIN(tst_Repulsion)
#include "tst_Repulsion.moc"
