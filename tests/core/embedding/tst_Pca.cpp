#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/Pca.h"
#include "tests/support/ReferenceTable.h"

#include <QtTest/QTest>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

using namespace orrery;

namespace {

FeatureMatrix gaussian(Eigen::Index d, Eigen::Index n, std::uint64_t seed)
{
  Random random(seed);
  FeatureMatrix matrix(d, n);
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<float>(random.normal());
  return matrix;
}

/// The data of tests/reference/pca_reference.py.
FeatureMatrix referenceData(Eigen::Index n, Eigen::Index d, float offset)
{
  FeatureMatrix x(d, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < d; ++j) {
      const Eigen::Index hash = (7919 * i + 104729 * j + 31 * i * j + 17 * i * i) % 1009;
      const auto value = static_cast<float>(static_cast<double>(hash) / 500.0 - 1.0);
      x(j, i) = value / std::sqrt(static_cast<float>(1 + j)) + offset;
    }
  return x;
}

/// ‖C v − λ v‖ / λ₁ of the worst component, C by the definition in double.
double worstResidual(const FeatureMatrix& x, const Pca& pca)
{
  Eigen::MatrixXd wide = x.cast<double>();
  if (pca.options.center)
    wide.colwise() -= wide.rowwise().mean().eval();
  const Eigen::MatrixXd axes = pca.axes.cast<double>();
  const Eigen::MatrixXd residual =
      wide * (wide.transpose() * axes) / static_cast<double>(x.cols() - 1) -
      axes * pca.eigenvalues.asDiagonal();
  return residual.colwise().norm().maxCoeff() / pca.eigenvalues[0];
}

double departureFromOrthonormal(const Eigen::MatrixXf& axes)
{
  const Eigen::MatrixXd wide = axes.cast<double>();
  return (wide.transpose() * wide - Eigen::MatrixXd::Identity(axes.cols(), axes.cols())).norm();
}

}  // namespace

class TestPca : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { setThreadCount(2); }

  void agreesWithNumPy_data()
  {
    QTest::addColumn<int>("solver");
    QTest::newRow("automatic") << static_cast<int>(PcaSolver::Automatic);
    QTest::newRow("covariance") << static_cast<int>(PcaSolver::Covariance);
    QTest::newRow("gram") << static_cast<int>(PcaSolver::Gram);
    QTest::newRow("krylov") << static_cast<int>(PcaSolver::Krylov);
  }

  void agreesWithNumPy()
  {
    // tests/reference/pca_reference.py
    QFETCH(int, solver);
    const auto table = test::referenceTable("pca.tsv");
    QCOMPARE(table.size(), std::size_t{6});
    for (const auto& row : table) {
      const FeatureMatrix x =
          referenceData(std::stoi(row[0]), std::stoi(row[1]), std::stof(row[2]));
      PcaOptions options;
      options.components = 6;
      options.center = row[3] == "1";
      options.solver = static_cast<PcaSolver>(solver);
      const Pca pca = computePca(x, options);
      QCOMPARE(pca.eigenvalues.size(), 6);
      if (options.solver != PcaSolver::Automatic)
        QCOMPARE(pca.solverUsed, options.solver);
      for (int component = 0; component < 6; ++component) {
        const auto place = static_cast<std::size_t>(component);
        const double eigenvalue = std::stod(row[4 + place]);
        QVERIFY(std::abs(pca.eigenvalues[component] / eigenvalue - 1.0) < 1e-6);
        QVERIFY(std::abs(static_cast<double>(pca.scores(component, 0)) -
                         std::stod(row[10 + place])) < 1e-4);
      }
      QVERIFY(worstResidual(x, pca) < 3e-7);
      QVERIFY(departureFromOrthonormal(pca.axes) < 1e-6);
    }
  }

  void solversAgreeWhereTheyShouldUseLanczos()
  {
    // Power-law variances in 700 dimensions: no gap is large.
    FeatureMatrix x = gaussian(700, 3000, 1);
    for (Eigen::Index j = 0; j < 700; ++j)
      x.row(j) *= std::pow(static_cast<float>(1 + j), -0.25f);
    const Pca automatic = computePca(x);
    QCOMPARE(automatic.solverUsed, PcaSolver::Krylov);
    QVERIFY(worstResidual(x, automatic) < 3e-7);
    PcaOptions dense;
    dense.solver = PcaSolver::Covariance;
    const Pca exact = computePca(x, dense);
    QVERIFY(((automatic.eigenvalues - exact.eigenvalues).array() / exact.eigenvalues.array())
                .abs()
                .maxCoeff() < 1e-9);
    QVERIFY((automatic.axes - exact.axes).norm() < 1e-4f);
    QVERIFY(std::abs(automatic.totalVariance - exact.totalVariance) < 1e-9 * exact.totalVariance);
    QVERIFY(exact.totalVariance >= exact.eigenvalues.sum());
  }

  void isotropicNoiseHasNoDirection()
  {
    // Marchenko–Pastur: (1 + √(d/n))² is the edge, about 2.2 here; the gaps beyond it are tiny, so
    // Lanczos has a hard time, and whatever is used must meet its equation.
    const FeatureMatrix x = gaussian(450, 2000, 2);
    const Pca pca = computePca(x);
    QVERIFY(worstResidual(x, pca) < 3e-7);
    QVERIFY(std::abs(pca.eigenvalues[0] - std::pow(1.0 + std::sqrt(450.0 / 2000.0), 2)) < 0.1);
    QVERIFY(std::abs(pca.totalVariance / 450.0 - 1.0) < 0.01);
  }

  void plantedDirectionsAreFound()
  {
    FeatureMatrix x = gaussian(500, 4000, 3);
    const FeatureMatrix weights = gaussian(3, 4000, 4);
    x.row(17) += 9.0f * weights.row(0);
    x.row(400) -= 7.0f * weights.row(1);
    x.row(3) += 5.0f * weights.row(2);
    const Pca pca = computePca(x);
    QVERIFY(pca.axes(17, 0) > 0.99f);
    QVERIFY(pca.axes(400, 1) > 0.99f);
    QVERIFY(pca.axes(3, 2) > 0.99f);
  }

  void signsAndScoresAreAsStated()
  {
    const FeatureMatrix x = gaussian(12, 300, 5);
    const Pca pca = computePca(x);
    for (int k = 0; k < 3; ++k) {
      Eigen::Index largest = 0;
      pca.axes.col(k).cwiseAbs().maxCoeff(&largest);
      QVERIFY(pca.axes(largest, k) > 0.0f);
    }
    QVERIFY((pca.scores.rowwise().mean()).norm() < 1e-5f);
    const Eigen::MatrixXf centred = x.colwise() - pca.mean;
    QVERIFY((pca.axes.transpose() * centred - pca.scores).norm() < 1e-4f);
    QVERIFY((project(pca, x) - pca.scores).norm() < 1e-4f);
    QVERIFY_THROWS_EXCEPTION(Error, project(pca, gaussian(11, 2, 1)));
  }

  void rankDecidesHowManyComeBack()
  {
    // Two directions, 50 features, huge mean: rank 2 and no more.
    FeatureMatrix low = FeatureMatrix::Constant(20, 50, 64.0f);
    for (Eigen::Index i = 0; i < 50; ++i) {
      low(4, i) += static_cast<float>(i % 7);
      low(9, i) += static_cast<float>(i % 5);
    }
    for (const PcaSolver solver :
         {PcaSolver::Automatic, PcaSolver::Covariance, PcaSolver::Gram, PcaSolver::Krylov}) {
      PcaOptions options;
      options.solver = solver;
      options.components = 5;
      QCOMPARE(computePca(low, options).eigenvalues.size(), 2);
      const Pca none = computePca(FeatureMatrix::Constant(20, 50, 0.1f), options);
      QCOMPARE(none.eigenvalues.size(), 0);
      QCOMPARE(none.scores.cols(), 50);
      const Embedding map = pcaEmbedding(none, 3);
      QCOMPARE(map.positions, Positions(Positions::Zero(3, 50)));
    }
  }

  void few()
  {
    FeatureMatrix two(3, 2);
    two << 0, 2, 0, 0, 0, 0;
    for (const PcaSolver solver : {PcaSolver::Automatic, PcaSolver::Covariance, PcaSolver::Gram}) {
      PcaOptions options;
      options.solver = solver;
      const Pca pca = computePca(two, options);
      QCOMPARE(pca.eigenvalues.size(), 1);
      QVERIFY(std::abs(pca.eigenvalues[0] - 2.0) < 1e-12);
      QVERIFY(std::abs(pca.scores(0, 0) + 1.0f) < 1e-6f);
      QVERIFY(std::abs(pca.scores(0, 1) - 1.0f) < 1e-6f);
    }
    const Pca line = computePca(gaussian(1, 100, 6));
    QCOMPARE(line.eigenvalues.size(), 1);
    QCOMPARE(line.axes(0, 0), 1.0f);
    QCOMPARE(pcaEmbedding(line, 2).explainedVariance.size(), std::size_t{1});

    QVERIFY_THROWS_EXCEPTION(Error, computePca(gaussian(5, 1, 7)));
    QVERIFY_THROWS_EXCEPTION(Error, computePca(FeatureMatrix(5, 0)));
    QVERIFY_THROWS_EXCEPTION(Error, computePca(FeatureMatrix(0, 5)));
    QVERIFY_THROWS_EXCEPTION(Error, computePca(gaussian(5, 9, 7), {.components = 0}));
    FeatureMatrix broken = gaussian(5, 9, 8);
    broken(1, 1) = std::numeric_limits<float>::infinity();
    QVERIFY_THROWS_EXCEPTION(Error, computePca(broken));
    QVERIFY_THROWS_EXCEPTION(Error, pcaEmbedding(line, 4));
  }

  void describesItself()
  {
    FeatureMatrix x = gaussian(40, 500, 9);
    x.row(0) *= 30.0f;
    const Embedding map = pcaEmbedding(computePca(x), 2);
    QCOMPARE(map.method, EmbeddingMethod::Pca);
    QCOMPARE(map.dimensions, 2);
    QVERIFY(map.positions.row(2).isZero());
    QCOMPARE(map.explainedVariance.size(), std::size_t{2});
    QVERIFY(map.explainedVariance[0] > 0.9);
    QVERIFY(QString::fromStdString(map.description)
                .startsWith(QString::fromUtf8("PCA of 500 features × 40 dimensions: the first 2 "
                                              "components hold 9")));
    QCOMPARE(map.options.at("components"), std::string("3"));
  }

  void bitsDoNotDependOnThreads()
  {
    const FeatureMatrix x = referenceData(1500, 600, 0.0f);
    for (const PcaSolver solver : {PcaSolver::Covariance, PcaSolver::Gram, PcaSolver::Krylov}) {
      PcaOptions options;
      options.solver = solver;
      setThreadCount(1);
      const Pca one = computePca(x, options);
      setThreadCount(3);
      const Pca three = computePca(x, options);
      QCOMPARE(one.scores, three.scores);
      QCOMPARE(one.axes, three.axes);
      QCOMPARE(one.eigenvalues, three.eigenvalues);
      QCOMPARE(one.totalVariance, three.totalVariance);
    }
  }

  void stopsWithinASecond()
  {
    const FeatureMatrix x = gaussian(1500, 6000, 10);
    std::stop_source source;
    std::chrono::steady_clock::time_point asked;
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      asked = std::chrono::steady_clock::now();
      source.request_stop();
    });
    PcaOptions options;
    options.tolerance = 1e-300;  // never met: only the stop ends it
    options.solver = PcaSolver::Krylov;
    QVERIFY_THROWS_EXCEPTION(Cancelled, computePca(x, options, Progress(source.get_token(), {})));
    const auto ended = std::chrono::steady_clock::now();
    stopper.join();
    QVERIFY(ended - asked < std::chrono::seconds(1));
  }
};

QTEST_APPLESS_MAIN(TestPca)
#include "tst_Pca.moc"
