#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/galaxy/Spectrum.h"
#include "core/io/TensorFile.h"
#include "tests/support/ReferenceTable.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace orrery;

namespace {

/// Independent features with variances rank^exponent along the axes.
FeatureMatrix powerLawCloud(Eigen::Index d, Eigen::Index n, double exponent, std::uint64_t seed)
{
  Random random(seed);
  FeatureMatrix x(d, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < d; ++j)
      x(j, i) = static_cast<float>(random.normal() *
                                   std::pow(static_cast<double>(j + 1), 0.5 * exponent));
  return x;
}

/// Features whose covariance is diagonal with exactly the eigenvalues rank^exponent.
FeatureMatrix plantedSpectrum(Eigen::Index d, double exponent)
{
  FeatureMatrix x = FeatureMatrix::Zero(d, 2 * d);
  for (Eigen::Index rank = 0; rank < d; ++rank) {
    const double eigenvalue = std::pow(static_cast<double>(rank + 1), exponent);
    const auto length =
        static_cast<float>(std::sqrt(eigenvalue * static_cast<double>(2 * d - 1) / 2.0));
    x(d - 1 - rank, 2 * rank) = length;
    x(d - 1 - rank, 2 * rank + 1) = -length;
  }
  return x;
}

FeatureMatrix readData(const std::vector<std::string>& row)
{
  const std::filesystem::path path = test::dataFolder() / row[0];
  if (path.extension() == ".npy")
    return test::npyMatrix(path, 8168, 300).leftCols(std::stoi(row[2]));
  const auto file = openHdf5(path, {});
  for (const TensorInfo& tensor : file->tensors())
    if (tensor.name == "/" + row[1] || tensor.name == row[1])
      return file->readMatrix(tensor, FeatureAxis::Rows, {});
  return {};
}

}  // namespace

class TestSpectrum : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { setThreadCount(2); }

  void agreesWithNumPyOnRealDictionaries()
  {
    // tests/reference/spectrum_reference.py
    ORRERY_NEED_DATA("sae/pasttense_L4_saes.h5");
    const auto table = test::referenceTable("spectrum.tsv");
    QCOMPARE(table.size(), std::size_t{4});
    for (const auto& row : table) {
      const FeatureMatrix x = readData(row);
      QVERIFY2(x.cols() == std::stoi(row[2]), row[1].c_str());
      for (const Precision precision : {Precision::Single, Precision::Double}) {
        SpectrumOptions options;
        options.precision = precision;
        const Spectrum spectrum = computeSpectrum(x, options);
        QVERIFY(std::abs(spectrum.slope - std::stod(row[3])) < 1e-6);
        QVERIFY(std::abs(spectrum.slopeFitInterval - std::stod(row[4])) < 1e-6);
        QVERIFY(std::abs(spectrum.logDeterminant - std::stod(row[5])) < 1e-3);
        QVERIFY(std::abs(spectrum.logEffectiveVolume - std::stod(row[6])) < 1e-3);
        QVERIFY(std::abs(spectrum.participationRatio / std::stod(row[7]) - 1.0) < 1e-6);
        QCOMPARE(spectrum.firstRank, 11);
        QCOMPARE(spectrum.lastRank, 150);
        QVERIFY(!spectrum.windowClipped);
      }
    }
  }

  // NumPy's eigenvalues, every 16th, of the covariance and of the uncentred second moment.
  void eigenvaluesAreNumPys()
  {
    ORRERY_NEED_DATA("sae/pasttense_L4_saes.h5");
    const auto table = test::referenceTable("eigenvalues.tsv");
    QCOMPARE(table.size(), std::size_t{8});
    for (const auto& row : table) {
      SpectrumOptions options;
      options.center = row[3] == "centred";
      const Spectrum spectrum = computeSpectrum(readData(row), options);
      for (std::size_t cell = 4; cell < row.size(); ++cell) {
        const auto rank = static_cast<Eigen::Index>(16 * (cell - 4));
        QVERIFY(std::abs(spectrum.eigenvalues[rank] / std::stod(row[cell]) - 1.0) < 1e-5);
      }
    }
  }

  void sampledCloudsGiveTheSlopeAt32FeaturesADimension()
  {
    for (const double exponent : {-0.5, -1.2}) {
      const Spectrum spectrum = computeSpectrum(powerLawCloud(400, 32 * 400, exponent, 77));
      QVERIFY2(std::abs(spectrum.slope - exponent) < 0.01,
               qPrintable(QString::number(spectrum.slope)));
    }
  }

  // Kolmogorov and Smirnov's distance between a sampled Gaussian's eigenvalues and the closed form.
  void marchenkoPasturIsTheLawOfASampledGaussian()
  {
    for (const auto& [n, d] : {std::pair{1200, 300}, std::pair{260, 400}}) {
      SpectrumOptions options;
      options.firstRank = 1;
      const Eigen::VectorXd values =
          computeSpectrum(powerLawCloud(d, n, 0.0, 5), options).eigenvalues;
      const MarchenkoPastur law(n, d, 1.0);
      double distance = 0.0;
      for (int rank = 0; rank < d; ++rank) {
        const double below = static_cast<double>(d - rank) / d;
        const double here = values[rank] > 1e-9 ? law.distribution(values[rank]) : below;
        distance = std::max({distance, std::abs(here - below), std::abs(here - below + 1.0 / d)});
      }
      qInfo("n = %d, d = %d: KS distance %.4f", n, d, distance);
      // Eigenvalues repel: they follow their law far closer than independent draws, 1.36/√d.
      QVERIFY(distance < 0.012);
    }
  }

  void uncentredSeesTheMean()
  {
    FeatureMatrix x = powerLawCloud(60, 3000, -0.8, 2);
    x.row(3).array() += 50.0f;
    SpectrumOptions options;
    options.center = false;
    const Spectrum spectrum = computeSpectrum(x, options);
    QVERIFY(std::abs(spectrum.eigenvalues[0] / 2500.0 - 1.0) < 0.01);
    QVERIFY(computeSpectrum(x).eigenvalues[0] < 3.0);
  }

  void plantedSlopeIsFound()
  {
    for (const double exponent : {-0.5, -1.6}) {
      const Spectrum spectrum = computeSpectrum(plantedSpectrum(300, exponent));
      QVERIFY(std::abs(spectrum.slope - exponent) < 1e-6);
      QVERIFY(std::abs(spectrum.intercept) < 1e-6);
      QVERIFY(spectrum.slopeFitInterval < 1e-6);
      QVERIFY(std::abs(spectrum.eigenvalues[0] - 1.0) < 1e-6);
      QVERIFY(std::abs(spectrum.logDeterminant -
                       exponent * (std::lgamma(151.0) - std::lgamma(11.0))) < 1e-4);
      QVERIFY(std::abs(spectrum.logEffectiveVolume - 0.5 * exponent * std::lgamma(101.0)) < 1e-4);
    }
    // Large enough for the fast way through float eigenvalues.
    const Spectrum fast = computeSpectrum(plantedSpectrum(700, -0.5));
    QVERIFY(std::abs(fast.slope + 0.5) < 1e-5);
    // Too steep for float: it must be noticed.
    const Spectrum steep = computeSpectrum(plantedSpectrum(700, -2.0));
    QVERIFY(std::abs(steep.slope + 2.0) < 1e-5);
  }

  void fewerFeaturesThanDimensions()
  {
    const FeatureMatrix x = powerLawCloud(500, 180, -0.5, 1);
    const Spectrum spectrum = computeSpectrum(x);
    QCOMPARE(spectrum.eigenvalues.size(), 500);
    QCOMPARE(spectrum.rank, 179);
    QVERIFY(spectrum.eigenvalues.tail(321).isZero());
    const Eigen::MatrixXd wide = x.cast<double>();
    const Eigen::MatrixXd centred = wide.colwise() - wide.rowwise().mean();
    const Eigen::VectorXd expected = symmetricEigenvalues(
        Eigen::MatrixXd(centred * centred.transpose() / static_cast<double>(x.cols() - 1)));
    QVERIFY((spectrum.eigenvalues - expected).norm() < 1e-9 * expected.norm());
  }

  void largeMeansCostNothing()
  {
    FeatureMatrix x = powerLawCloud(60, 3000, -0.8, 2);
    const Spectrum plain = computeSpectrum(x);
    x.array() += 256.0f;
    QVERIFY(std::abs(computeSpectrum(x).slope - plain.slope) < 1e-4);
  }

  void windowIsClippedAndSaidSo()
  {
    const Spectrum spectrum = computeSpectrum(powerLawCloud(40, 500, -0.5, 3));
    QVERIFY(spectrum.windowClipped);
    QCOMPARE(spectrum.firstRank, 11);
    QCOMPARE(spectrum.lastRank, 40);
    QCOMPARE(spectrum.volumeLastRank, 40);
    QVERIFY_THROWS_EXCEPTION(Error, computeSpectrum(powerLawCloud(19, 500, -0.5, 3)));
    QCOMPARE(computeSpectrum(powerLawCloud(20, 500, -0.5, 3)).lastRank, 20);
    QVERIFY_THROWS_EXCEPTION(Error, computeSpectrum(FeatureMatrix::Ones(50, 1)));
    QVERIFY_THROWS_EXCEPTION(Error, computeSpectrum(FeatureMatrix::Ones(50, 90)));
    FeatureMatrix broken = powerLawCloud(40, 50, -0.5, 4);
    broken(3, 3) = std::numeric_limits<float>::quiet_NaN();
    QVERIFY_THROWS_EXCEPTION(Error, computeSpectrum(broken));
    SpectrumOptions options;
    options.firstRank = 0;
    QVERIFY_THROWS_EXCEPTION(Error, computeSpectrum(powerLawCloud(40, 50, -0.5, 4), options));
  }

  void studentQuantiles()
  {
    // scipy.stats.t.ppf(0.975, ν)
    QVERIFY(std::abs(studentQuantile975(1) - 12.706204736432095) < 1e-6);
    QVERIFY(std::abs(studentQuantile975(2) - 4.302652729911275) < 1e-7);
    QVERIFY(std::abs(studentQuantile975(9) - 2.2621571627409915) < 1e-8);
    QVERIFY(std::abs(studentQuantile975(138) - 1.9773035420129161) < 1e-8);
  }

  void marchenkoPasturIsADistribution_data()
  {
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("d");
    QTest::newRow("many features") << 16385 << 2304;
    QTest::newRow("as many as dimensions") << 301 << 300;
    QTest::newRow("fewer") << 101 << 400;
  }

  void marchenkoPasturIsADistribution()
  {
    QFETCH(int, n);
    QFETCH(int, d);
    const MarchenkoPastur law(n, d, 0.7);
    // Density against distribution, by the midpoint rule in √λ, where it is smooth.
    const double low = std::sqrt(law.lowerEdge()), high = std::sqrt(law.upperEdge());
    constexpr int steps = 20000;
    double sum = law.atomAtZero(), mean = 0.0;
    for (int i = 0; i < steps; ++i) {
      const double root = low + (high - low) * (i + 0.5) / steps;
      const double share = law.density(root * root) * 2.0 * root * (high - low) / steps;
      sum += share;
      mean += share * root * root;
      if (i % 1000 == 999) {
        const double edge = low + (high - low) * (i + 1.0) / steps;
        QVERIFY(std::abs(law.distribution(edge * edge) - sum) < 1e-5);
        QVERIFY(std::abs(law.quantile(law.distribution(edge * edge)) - edge * edge) < 1e-6);
      }
    }
    QVERIFY(std::abs(sum - 1.0) < 1e-5);
    QVERIFY(std::abs(mean - 0.7) < 1e-4);
    QCOMPARE(law.distribution(law.upperEdge() + 1.0), 1.0);
    QCOMPARE(law.distribution(-1.0), 0.0);
    const Eigen::VectorXd expected = law.expectedEigenvalues();
    QVERIFY(std::is_sorted(expected.begin(), expected.end(), std::greater<>()));
    QVERIFY(std::abs(expected.mean() - 0.7) < 1e-2);
  }

  void gaussianControlHasTheLawOfACloud()
  {
    // Against clouds drawn feature by feature, and against the limit law.
    for (const auto& [n, d] : {std::pair{400, 60}, std::pair{60, 150}}) {
      Eigen::VectorXd drawn = Eigen::VectorXd::Zero(d), model = Eigen::VectorXd::Zero(d);
      for (std::uint64_t seed = 0; seed < 40; ++seed) {
        SpectrumOptions options;
        options.firstRank = 1;
        drawn += computeSpectrum(powerLawCloud(d, n, 0.0, 100 + seed), options).eigenvalues / 40.0;
        model += gaussianSpectrum(n, d, 1.0, seed) / 40.0;
      }
      const Eigen::VectorXd limit = MarchenkoPastur(n, d, 1.0).expectedEigenvalues();
      for (int rank = 0; rank < std::min(n - 1, d) - 10; ++rank) {
        QVERIFY(std::abs(model[rank] / drawn[rank] - 1.0) < 0.05);
        QVERIFY(std::abs(model[rank] / limit[rank] - 1.0) < 0.08);
      }
    }
    QCOMPARE(gaussianSpectrum(50, 20, 1.0, 3), gaussianSpectrum(50, 20, 1.0, 3));
    QVERIFY(gaussianSpectrum(50, 20, 1.0, 3) != gaussianSpectrum(50, 20, 1.0, 4));
    QVERIFY_THROWS_EXCEPTION(Error, gaussianSpectrum(1, 20, 1.0, 3));
    QVERIFY_THROWS_EXCEPTION(Error, MarchenkoPastur(10, 10, 0.0));
  }

  void publishedGaussianSlope()
  {
    // arXiv:2410.19750, figure of the spectra: −.028 for 65 536 isotropic features in 2304
    // dimensions. The limit law gives the same.
    const Eigen::VectorXd drawn = gaussianSpectrum(65536, 2304, 1.0, 0);
    QVERIFY(std::abs(describeSpectrum(drawn, 65536).slope + 0.028) < 0.001);
    const Eigen::VectorXd limit = MarchenkoPastur(65536, 2304, 1.0).expectedEigenvalues();
    QVERIFY(std::abs(describeSpectrum(limit, 65536).slope + 0.028) < 0.001);
  }

  void intervalFromHalvesIsOfTheRightSize()
  {
    // The true spread of the slope, from independent clouds.
    std::vector<double> slopes;
    for (std::uint64_t seed = 0; seed < 30; ++seed)
      slopes.push_back(computeSpectrum(powerLawCloud(170, 1500, -0.5, 200 + seed)).slope);
    double mean = 0.0, square = 0.0;
    for (const double slope : slopes)
      mean += slope / 30.0;
    for (const double slope : slopes)
      square += (slope - mean) * (slope - mean) / 29.0;
    SpectrumOptions options;
    options.halves = 20;
    const Spectrum spectrum = computeSpectrum(powerLawCloud(170, 1500, -0.5, 200), options);
    const double ratio = spectrum.slopeInterval / (studentQuantile975(19) * std::sqrt(square));
    QVERIFY2(ratio > 0.4 && ratio < 2.5, qPrintable(QString::number(ratio)));
    QVERIFY(std::isnan(computeSpectrum(powerLawCloud(170, 300, -0.5, 1)).slopeInterval));
  }

  void bitsDoNotDependOnThreadsAndItStops()
  {
    const FeatureMatrix x = powerLawCloud(600, 1200, -0.5, 5);
    setThreadCount(1);
    const Spectrum one = computeSpectrum(x);
    setThreadCount(3);
    const Spectrum three = computeSpectrum(x);
    QCOMPARE(one.eigenvalues, three.eigenvalues);
    QCOMPARE(one.slope, three.slope);
    std::stop_source source;
    source.request_stop();
    QVERIFY_THROWS_EXCEPTION(Cancelled, computeSpectrum(x, {}, Progress(source.get_token(), {})));
  }
};

QTEST_APPLESS_MAIN(TestSpectrum)
#include "tst_Spectrum.moc"
