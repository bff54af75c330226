#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/galaxy/SamplingCorrection.h"
#include "tests/support/ReferenceTable.h"

#include <QtTest/QTest>

#include <cmath>
#include <functional>

using namespace orrery;

namespace {

Eigen::VectorXd powerLaw(Eigen::Index d, double exponent)
{
  Eigen::VectorXd values(d);
  for (Eigen::Index i = 0; i < d; ++i)
    values[i] = std::pow(static_cast<double>(i + 1), exponent);
  return values;
}

/// Sample covariances of one cloud stretched to any population: D^½ S D^½.
class Cloud {
 public:
  Cloud(
      Eigen::Index d, Eigen::Index n, std::uint64_t seed,
      const std::function<double(Random&)>& draw = [](Random& random) { return random.normal(); })
      : m_features(n)
  {
    Random random(seed);
    FeatureMatrix x(d, n);
    for (Eigen::Index i = 0; i < x.size(); ++i)
      x.data()[i] = static_cast<float>(draw(random));
    m_covariance = scatterMatrix(x, meanColumn(x), Precision::Single) / static_cast<double>(n - 1);
  }

  [[nodiscard]] Spectrum spectrum(double exponent) const
  {
    const Eigen::VectorXd root = powerLaw(m_covariance.rows(), 0.5 * exponent);
    return describeSpectrum(
        symmetricEigenvalues(Eigen::MatrixXd(root.asDiagonal() * m_covariance * root.asDiagonal())),
        m_features);
  }

 private:
  Eigen::Index m_features;
  Eigen::MatrixXd m_covariance;
};

constexpr double slopes[] = {-0.2, -0.3, -0.5, -1.0, -1.5};

}  // namespace

class TestSamplingCorrection : public QObject {
  Q_OBJECT

 private slots:
  void cleanup() { setThreadCount(2); }

  // tests/reference/sampling_correction.py: means of NumPy's eigenvalues over 400 clouds.
  void expectedEigenvaluesAreThoseOfSampledClouds()
  {
    const auto table = test::referenceTable("sampling_correction.tsv");
    QCOMPARE(table.size(), std::size_t{12});
    for (const auto& row : table) {
      const int n = std::stoi(row[1]), d = std::stoi(row[2]);
      Eigen::VectorXd population = Eigen::VectorXd::Ones(d);
      if (row[0].starts_with("power"))
        population = powerLaw(d, std::stod(row[0].substr(5)));
      else if (row[0] == "stairs")
        population << Eigen::VectorXd::Constant(d / 3, 4.0), Eigen::VectorXd::Constant(d / 3, 2.0),
            Eigen::VectorXd::Ones(d / 3);
      else
        population.head(3) << 6.0, 4.0, 3.0;
      const Eigen::VectorXd expected = expectedSampleEigenvalues(population, n - 1.0);
      for (std::size_t cell = 3; cell < row.size(); ++cell) {
        const auto rank = static_cast<Eigen::Index>(5 * (cell - 3));
        const double ratio = expected[rank] / std::stod(row[cell]);
        // Largest and smallest ranks lie inside the limit's edges by n^(−2/3), and the law is one
        // of large d.
        QVERIFY2(std::abs(ratio - 1.0) < (rank == 0 || rank + 5 >= d ? 0.035 : 0.015),
                 qPrintable(QString("%1 n %2 rank %3: %4")
                                .arg(QString::fromStdString(row[0]))
                                .arg(n)
                                .arg(rank + 1)
                                .arg(ratio)));
      }
    }
  }

  void aFlatPopulationGivesMarchenkoAndPastursLaw()
  {
    for (const auto& [n, d] : {std::pair{1201, 300}, std::pair{401, 300}}) {
      const Eigen::VectorXd expected =
          expectedSampleEigenvalues(Eigen::VectorXd::Constant(d, 0.7), n - 1.0);
      const Eigen::VectorXd law = MarchenkoPastur(n, d, 0.7).expectedEigenvalues();
      QVERIFY((expected.array() / law.array() - 1.0).abs().maxCoeff() < 2e-4);
    }
  }

  // One eigenvalue far above a flat rest: τ (1 + γ σ² / (τ − σ²)), Baik & Silverstein 2006.
  void aSpikeIsMovedAsItsClosedFormSays()
  {
    const int d = 200, n = 1000;
    Eigen::VectorXd population = Eigen::VectorXd::Ones(d);
    population[0] = 9.0;
    const double ratio = (d - 1.0) / n;
    QVERIFY(
        std::abs(expectedSampleEigenvalues(population, n)[0] / (9.0 * (1.0 + ratio / (9.0 - 1.0))) -
                 1.0) < 0.01);
  }

  void plantedSlopesComeBackAt32FeaturesADimension_data()
  {
    QTest::addColumn<int>("d");
    QTest::addColumn<int>("seed");
    for (const auto& [d, clouds] : {std::pair{200, 4}, std::pair{300, 3}, std::pair{600, 2}})
      for (int cloud = 0; cloud < clouds; ++cloud)
        QTest::addRow("d = %d, cloud %d", d, cloud) << d << d + cloud;
  }

  void plantedSlopesComeBackAt32FeaturesADimension()
  {
    QFETCH(int, d);
    QFETCH(int, seed);
    const Cloud cloud(d, 32 * d, static_cast<std::uint64_t>(seed));
    for (const double planted : slopes) {
      const Spectrum spectrum = cloud.spectrum(planted);
      const SamplingCorrection correction = correctForSampling(spectrum);
      qInfo("d = %d, N = 32 d, planted %.1f: raw %.4f, corrected %.4f", d, planted, spectrum.slope,
            correction.slope);
      QVERIFY(std::abs(correction.slope - planted) < 0.01);
      QVERIFY(!correction.isotropic);
      QCOMPARE(correction.found, spectrum.slope);
    }
  }

  // With fewer features a single cloud tells the slope less exactly than to .01, whatever the
  // method: the mean over clouds must show no bias.
  void noBiasIsLeftInSmallClouds_data()
  {
    QTest::addColumn<int>("d");
    QTest::addColumn<int>("perDimension");
    QTest::addColumn<int>("draws");
    QTest::newRow("d = 100, N = 32 d") << 100 << 32 << 6;
    QTest::newRow("d = 100, N = 8 d") << 100 << 8 << 12;
    QTest::newRow("d = 200, N = 8 d") << 200 << 8 << 8;
    QTest::newRow("d = 300, N = 8 d") << 300 << 8 << 4;
    QTest::newRow("d = 600, N = 8 d") << 600 << 8 << 2;
  }

  void noBiasIsLeftInSmallClouds()
  {
    QFETCH(int, d);
    QFETCH(int, perDimension);
    QFETCH(int, draws);
    Eigen::VectorXd raw = Eigen::VectorXd::Zero(std::size(slopes)), corrected = raw;
    for (int draw = 0; draw < draws; ++draw) {
      const Cloud cloud(d, perDimension * d, static_cast<std::uint64_t>(1000 * d + draw));
      for (Eigen::Index i = 0; i < raw.size(); ++i) {
        const Spectrum spectrum = cloud.spectrum(slopes[i]);
        raw[i] += spectrum.slope / draws;
        corrected[i] += correctForSampling(spectrum).slope / draws;
      }
    }
    for (Eigen::Index i = 0; i < raw.size(); ++i) {
      qInfo("d = %d, N = %d d, planted %.1f, mean of %d: raw %.4f, corrected %.4f", d, perDimension,
            slopes[i], draws, raw[i], corrected[i]);
      QVERIFY(std::abs(corrected[i] - slopes[i]) < 0.01);
    }
  }

  void isotropicCloudsHaveNoSlope()
  {
    int taken = 0, all = 0;
    for (const auto& [n, d] :
         {std::pair{3200, 100}, std::pair{800, 100}, std::pair{2400, 300}, std::pair{16384, 2304}})
      for (std::uint64_t seed = 1; seed < 6; ++seed) {
        const Spectrum spectrum = describeSpectrum(gaussianSpectrum(n, d, 0.3, seed), n);
        QVERIFY(spectrum.slope < -0.04);
        const SamplingCorrection correction = correctForSampling(spectrum);
        ++all;
        taken += correction.isotropic;
        if (correction.isotropic) {
          QCOMPARE(correction.slope, 0.0);
          QCOMPARE(correction.share(), 1.0);
          QVERIFY(correction.resolution > 0.0 && correction.resolution < 0.2);
          QVERIFY(samplingSentence(correction).find("the whole slope") != std::string::npos);
        } else {  // One in twenty leaves the 95 % interval.
          QVERIFY(correction.slope > -0.1);
        }
      }
    QVERIFY2(taken >= all - 4, qPrintable(QString("%1 of %2").arg(taken).arg(all)));
  }

  // What is planted is seen as soon as it is steeper than the stated resolution.
  void theResolutionIsTrue()
  {
    const int d = 300, n = 2400;
    const Cloud cloud(d, n, 4);
    const SamplingCorrection flat = correctForSampling(cloud.spectrum(0.0));
    QVERIFY(flat.isotropic);
    const SamplingCorrection steep = correctForSampling(cloud.spectrum(-2.0 * flat.resolution));
    QVERIFY(!steep.isotropic);
    QVERIFY(std::abs(steep.slope + 2.0 * flat.resolution) < 0.5 * flat.resolution);
  }

  void featuresNeedNotBeGaussian()
  {
    const int d = 300;
    // Uniform, and a mixture with heavy tails; both of variance one.
    const double side = std::sqrt(12.0);
    const Cloud uniform(d, 32 * d, 3,
                        [side](Random& random) { return side * (random.uniform() - 0.5); });
    const Cloud heavy(d, 32 * d, 3, [](Random& random) {
      return (random.uniform() < 0.1 ? std::sqrt(5.5) : std::sqrt(0.5)) * random.normal();
    });
    for (const Cloud* cloud : {&uniform, &heavy})
      for (const double planted : {-0.3, -1.0})
        QVERIFY(std::abs(correctForSampling(cloud->spectrum(planted)).slope - planted) < 0.01);
  }

  void theIntervalOverHalvesHoldsThePlantedSlope()
  {
    const int d = 200, n = 1600;
    int held = 0;
    double width = 0.0, spread = 0.0;
    constexpr int clouds = 8;
    for (int draw = 0; draw < clouds; ++draw) {
      Random random(static_cast<std::uint64_t>(90 + draw));
      FeatureMatrix x(d, n);
      for (Eigen::Index i = 0; i < n; ++i)
        for (Eigen::Index j = 0; j < d; ++j)
          x(j, i) = static_cast<float>(random.normal() *
                                       std::pow(static_cast<double>(j + 1), 0.5 * -0.5));
      SpectrumOptions options;
      options.halves = 6;
      const SamplingCorrection correction = correctForSampling(computeSpectrum(x, options));
      held += std::abs(correction.slope + 0.5) < correction.slopeInterval;
      width += correction.slopeInterval / clouds;
      spread += (correction.slope + 0.5) * (correction.slope + 0.5) / clouds;
    }
    QVERIFY2(held >= clouds - 1, qPrintable(QString::number(held)));
    // Not held by being idle: t(5) = 2.57 standard deviations, give or take.
    QVERIFY2(width < 8.0 * std::sqrt(spread), qPrintable(QString::number(width)));
  }

  void saysWhereNothingCanBeSaid()
  {
    const Eigen::VectorXd values = gaussianSpectrum(180, 300, 1.0, 1);
    const SamplingCorrection correction = correctForSampling(describeSpectrum(values, 180));
    QVERIFY(!correction.unavailable.empty());
    QVERIFY(std::isnan(correction.slope) && std::isnan(correction.share()));
    QVERIFY(samplingSentence(correction).find("not known") != std::string::npos);
    // Directions without any variance are no dimensions.
    Eigen::VectorXd padded = Eigen::VectorXd::Zero(400);
    const Cloud cloud(200, 6400, 8);
    padded.head(200) = cloud.spectrum(-0.5).eigenvalues;
    QVERIFY(std::abs(correctForSampling(describeSpectrum(padded, 6400)).slope + 0.5) < 0.01);
  }

  void bitsDoNotDependOnThreadsAndItStops()
  {
    const Spectrum spectrum = Cloud(300, 2400, 6).spectrum(-0.3);
    setThreadCount(1);
    const SamplingCorrection one = correctForSampling(spectrum);
    setThreadCount(3);
    const SamplingCorrection three = correctForSampling(spectrum);
    QCOMPARE(one.slope, three.slope);
    QCOMPARE(one.intercept, three.intercept);
    std::stop_source source;
    source.request_stop();
    QVERIFY_THROWS_EXCEPTION(Cancelled,
                             correctForSampling(spectrum, {}, Progress(source.get_token(), {})));
  }
};

QTEST_APPLESS_MAIN(TestSamplingCorrection)
#include "tst_SamplingCorrection.moc"
