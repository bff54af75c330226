#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/galaxy/ClusteringEntropy.h"
#include "tests/support/Paths.h"

#include <QFile>
#include <QtTest/QTest>

#include <cmath>
#include <numbers>

using namespace orrery;

namespace {

/// The generator of tests/reference/mutual_information.py.
std::vector<std::uint32_t> draws(std::size_t n, std::uint32_t seed)
{
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < n; ++i) {
    seed = 1664525u * seed + 1013904223u;
    out.push_back(seed >> 8);
  }
  return out;
}

FeatureMatrix gaussian(Eigen::Index d, Eigen::Index n, std::uint64_t seed)
{
  Random random(seed);
  FeatureMatrix matrix(d, n);
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<float>(random.normal());
  return matrix;
}

double closedForm(double d)
{
  return d / 2 * (1 + std::log(2 * std::numbers::pi));
}

}  // namespace

class tst_ClusteringEntropy : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  // ψ(1) = −γ, ψ(½) = −γ − 2 ln 2, ψ(x + 1) = ψ(x) + 1/x.
  void digammaByItsIdentities()
  {
    constexpr double gamma = std::numbers::egamma;
    QVERIFY(std::abs(digamma(1) + gamma) < 1e-12);
    QVERIFY(std::abs(digamma(0.5) + gamma + 2 * std::log(2.0)) < 1e-12);
    for (const double x : {0.3, 4.0, 123.5})
      QVERIFY(std::abs(digamma(x + 1) - digamma(x) - 1 / x) < 1e-12);
  }

  void equalsNumPyForGivenRows()
  {
    QFile file(QString::fromStdString(orrery::test::sourceFolder() +
                                      "/tests/reference/clustering_entropy.csv"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    file.readLine();
    int cases = 0;
    while (!file.atEnd()) {
      const auto cells = file.readLine().trimmed().split(',');
      const std::size_t n = cells[0].toULong(), d = cells[1].toULong();
      const int k = cells[2].toInt();
      FeatureMatrix points(static_cast<Eigen::Index>(d), static_cast<Eigen::Index>(n));
      const auto values = draws(n * d, 5);
      for (std::size_t i = 0; i < values.size(); ++i)
        points.data()[i] = static_cast<float>((static_cast<double>(values[i]) - 0x1p23) / 0x1p20);
      std::vector<std::int32_t> multiplicity(n, 0);
      for (const std::uint32_t draw : draws(n, 6))
        ++multiplicity[draw % n];
      const EntropyEstimate published =
          estimateResampledEntropy(points, multiplicity, k, EntropyVariant::Published);
      QVERIFY(std::abs(published.entropy - cells[3].toDouble()) < 1e-6);
      QVERIFY(std::abs(published.gaussian - cells[4].toDouble()) < 1e-6);
      const EntropyEstimate textbook = estimateEntropy(points, k, EntropyVariant::Textbook);
      QVERIFY(std::abs(textbook.entropy - cells[5].toDouble()) < 1e-6);
      ++cases;
    }
    QCOMPARE(cases, 3);
  }

  // The estimate lies within its own 95 % interval of the closed form in at least eight of ten
  // clouds.
  void gaussianClosedForm()
  {
    for (const int d : {2, 10}) {
      int inside = 0;
      double worst = 0;
      for (std::uint64_t seed = 0; seed < 10; ++seed) {
        ClusteringEntropyOptions options;
        options.rows = 1000;
        options.components = d;
        options.seed = seed;
        options.gaussianSamples = 1;
        const ClusteringEntropy entropy =
            computeClusteringEntropy(gaussian(d, 1000, 100 + seed), options);
        const double off = std::abs(entropy.entropy - closedForm(d));
        inside += off < entropy.interval95;
        worst = std::max(worst, off);
      }
      qInfo("d = %d: %d of 10 inside, worst %.4f nats", d, inside, worst);
      QVERIFY(inside >= 8);
    }
  }

  void uniformCubeClosedForm()
  {
    Random random(7);
    FeatureMatrix cube(2, 20000);
    for (Eigen::Index i = 0; i < cube.size(); ++i)
      cube.data()[i] = static_cast<float>(3 * random.uniform());
    const double entropy = estimateEntropy(cube, 1, EntropyVariant::Textbook).entropy;
    QVERIFY(std::abs(entropy - 2 * std::log(3.0)) < 0.03);
  }

  void plantedMixtureIsSeenAndAGaussianIsNot()
  {
    Random random(9);
    const FeatureMatrix centres = 3 * gaussian(100, 20, 8);
    FeatureMatrix mixture = gaussian(100, 1500, 10);
    for (Eigen::Index i = 0; i < mixture.cols(); ++i)
      mixture.col(i) += centres.col(static_cast<Eigen::Index>(random.below(20)));
    const ClusteringEntropy planted = computeClusteringEntropy(mixture);
    const ClusteringEntropy none = computeClusteringEntropy(gaussian(100, 1500, 11));
    qInfo("mixture %.2f ± %.2f, Gaussian %.2f ± %.2f (uncorrected %.2f)", planted.corrected,
          planted.interval95, none.corrected, none.interval95, none.negentropy);
    QVERIFY(planted.corrected > 10 * planted.interval95);
    QVERIFY(std::abs(none.corrected) < 2 * none.interval95);
  }

  // What the published procedure says of a cloud without any clustering: far above zero, by the
  // copies alone.
  void publishedProcedureOnAGaussian()
  {
    ClusteringEntropyOptions options;
    options.variant = EntropyVariant::Published;
    options.rows = 1500;
    const ClusteringEntropy entropy = computeClusteringEntropy(gaussian(150, 3000, 12), options);
    qInfo("published, Gaussian: %.1f", entropy.negentropy);
    QVERIFY(entropy.negentropy > 250);
    QVERIFY(std::abs(entropy.corrected) < 0.05 * entropy.negentropy);
  }

  void copiesAreCountedAndLeftOut()
  {
    FeatureMatrix points = gaussian(3, 500, 13);
    points.col(7) = points.col(3);
    const EntropyEstimate with = estimateEntropy(points, 1, EntropyVariant::Textbook);
    QCOMPARE(with.copies, std::int64_t{2});
    QVERIFY(std::isfinite(with.entropy));
  }

  void edges()
  {
    QVERIFY_EXCEPTION_THROWN(computeClusteringEntropy(gaussian(3, 9, 1)), Error);
    QVERIFY_EXCEPTION_THROWN(computeClusteringEntropy(FeatureMatrix::Ones(3, 50)), Error);
    ClusteringEntropyOptions options;
    options.neighbor = 0;
    QVERIFY_EXCEPTION_THROWN(computeClusteringEntropy(gaussian(3, 50, 1), options), Error);
    FeatureMatrix oneFlat = gaussian(3, 50, 1);
    oneFlat.row(1).setConstant(4);
    QCOMPARE(computeClusteringEntropy(oneFlat).componentsUsed, 2);
  }

  void sameBitsForAnyThreadsAndSeed()
  {
    const FeatureMatrix matrix = gaussian(20, 600, 14);
    setThreadCount(1);
    const ClusteringEntropy one = computeClusteringEntropy(matrix);
    setThreadCount(3);
    const ClusteringEntropy three = computeClusteringEntropy(matrix);
    QCOMPARE(one.resampleValues, three.resampleValues);
    QCOMPARE(one.corrected, three.corrected);
  }

  void stopping()
  {
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(
        computeClusteringEntropy(gaussian(20, 600, 14), {}, Progress(stop.get_token(), {})),
        Cancelled);
  }
};

QTEST_APPLESS_MAIN(tst_ClusteringEntropy)
#include "tst_ClusteringEntropy.moc"
