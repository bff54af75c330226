#include "core/galaxy/Spectrum.h"

#include "core/base/Error.h"
#include "core/base/Random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

namespace orrery {
namespace {

constexpr int fewestRanks = 10;
/// Up to here eigenvalues in double cost next to nothing.
constexpr Eigen::Index alwaysDouble = 512;

/// Eigenvalues of the second moments, or of the Gram matrix where that is smaller, summed and found
/// in @p precision.
Eigen::VectorXd momentEigenvalues(const FeatureMatrixView& decoder, const Eigen::VectorXd& mean,
                                  Precision precision, const Progress& progress)
{
  const Progress products = progress.stage("Covariance", 0.0, 0.6);
  const Eigen::MatrixXd matrix = decoder.cols() > decoder.rows()
                                     ? scatterMatrix(decoder, mean, precision, products)
                                     : gramMatrix(decoder, mean, precision, products);
  return symmetricEigenvalues(matrix, precision, progress.stage("Eigenvalues", 0.6, 1.0));
}

/// Errors in float are a few 10⁻⁷ of the largest eigenvalue, so the smallest one that matters must
/// not be a thousand times smaller.
bool isFloatEnough(const Eigen::VectorXd& eigenvalues, const SpectrumOptions& options)
{
  const Eigen::Index last = std::min<Eigen::Index>(
      eigenvalues.size(), std::max(options.lastRank, options.volumeLastRank));
  return eigenvalues[last - 1] > 1e-3 * eigenvalues[0];
}

/// All d eigenvalues of the covariance, zeros where n − 1 < d.
Eigen::VectorXd covarianceEigenvalues(const FeatureMatrixView& decoder,
                                      const SpectrumOptions& options, const Progress& progress)
{
  const Eigen::Index d = decoder.rows(), n = decoder.cols();
  Eigen::VectorXd mean = meanColumn(decoder);
  if (!mean.allFinite())
    throw Error("the spectrum cannot be computed: a feature holds a NaN or an infinity");
  if (!options.center)
    mean.setZero();
  const Eigen::Index freedom = options.center ? n - 1 : n;
  // Small and steep spectra cost nothing in double either.
  const Precision precision =
      std::min(n, d) <= alwaysDouble ? Precision::Double : options.precision;
  Eigen::VectorXd found = momentEigenvalues(decoder, mean, precision, progress);
  if (precision == Precision::Single && !isFloatEnough(found, options))
    found = momentEigenvalues(decoder, mean, Precision::Double, progress);
  found /= static_cast<double>(freedom);
  Eigen::VectorXd values = Eigen::VectorXd::Zero(d);
  const Eigen::Index kept = std::min({d, freedom, found.size()});
  values.head(kept) = found.head(kept).cwiseMax(0.0);
  return values;
}

int rankOf(const Eigen::VectorXd& eigenvalues, std::int64_t features, bool center)
{
  if (eigenvalues.size() == 0 || !(eigenvalues[0] > 0.0))
    return 0;
  const double floor = eigenvalues[0] * 0x1.0p-52 *
                       static_cast<double>(std::max<std::int64_t>(features, eigenvalues.size()));
  const auto nonzero = std::count_if(eigenvalues.begin(), eigenvalues.end(),
                                     [floor](double value) { return value > floor; });
  return static_cast<int>(std::min<std::int64_t>(nonzero, center ? features - 1 : features));
}

double logSum(const Eigen::VectorXd& eigenvalues, int firstRank, int lastRank)
{
  return eigenvalues.segment(firstRank - 1, lastRank - firstRank + 1).array().log().sum();
}

/// The spectra of random halves.
void addHalves(const FeatureMatrixView& decoder, Spectrum& spectrum, const Progress& progress)
{
  const SpectrumOptions& options = spectrum.options;
  const Eigen::Index n = decoder.cols(), half = n / 2;
  for (int draw = 0; draw < options.halves; ++draw) {
    progress.update(draw, options.halves);
    std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), Eigen::Index{0});
    Random random = Random::forPart(options.seed, static_cast<std::uint64_t>(draw));
    random.shuffle(order);
    std::sort(order.begin(), order.begin() + half);
    FeatureMatrix part(decoder.rows(), half);
    for (Eigen::Index column = 0; column < half; ++column)
      part.col(column) = decoder.col(order[static_cast<std::size_t>(column)]);
    spectrum.halfEigenvalues.push_back(
        covarianceEigenvalues(part, options, Progress(progress.stopToken(), {})));
  }
}

}  // namespace

// Halves of a sample vary about the whole's value as the whole varies about the truth.
void addIntervals(Spectrum& spectrum)
{
  std::vector<double> slopes, determinants, volumes;
  for (const Eigen::VectorXd& values : spectrum.halfEigenvalues) {
    if (values[spectrum.lastRank - 1] > 0.0) {
      slopes.push_back(fitPowerLaw(values, spectrum.firstRank, spectrum.lastRank).slope);
      determinants.push_back(logSum(values, spectrum.firstRank, spectrum.lastRank));
    }
    if (values[spectrum.volumeLastRank - 1] > 0.0)
      volumes.push_back(0.5 * logSum(values, spectrum.volumeFirstRank, spectrum.volumeLastRank));
  }
  spectrum.slopeInterval = halfWidth95(slopes);
  spectrum.logDeterminantInterval = halfWidth95(determinants);
  spectrum.logEffectiveVolumeInterval = halfWidth95(volumes);
}

double halfWidth95(const std::vector<double>& values)
{
  if (values.size() < 2)
    return std::numeric_limits<double>::quiet_NaN();
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0.0;
  for (const double value : values)
    squares += (value - mean) * (value - mean);
  return studentQuantile975(count - 1.0) * std::sqrt(squares / (count - 1.0));
}

double studentQuantile975(double degrees)
{
  if (!(degrees > 0.0))
    return std::numeric_limits<double>::quiet_NaN();
  // Half of the mass lies within; integrate the density, substituting t = √ν tan θ, which turns
  // it into cos^(ν−1) θ on a finite interval, by Simpson's rule, and bisect for the angle.
  const auto integral = [degrees](double angle) {
    constexpr int steps = 2000;
    const double h = angle / steps;
    double sum = 0.0;
    for (int i = 0; i <= steps; ++i) {
      const double weight = i == 0 || i == steps ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
      sum += weight * std::pow(std::max(0.0, std::cos(i * h)), degrees - 1.0);
    }
    return sum * h / 3.0;
  };
  const double scale = std::exp(std::lgamma(0.5 * (degrees + 1.0)) - std::lgamma(0.5 * degrees)) /
                       std::sqrt(std::numbers::pi);
  double low = 0.0, high = 0.5 * std::numbers::pi;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (scale * integral(middle) < 0.475 ? low : high) = middle;
  }
  return std::sqrt(degrees) * std::tan(0.5 * (low + high));
}

PowerLawFit fitPowerLaw(const Eigen::VectorXd& eigenvalues, int firstRank, int lastRank)
{
  if (firstRank < 1 || lastRank > eigenvalues.size() || lastRank - firstRank < 1)
    throw Error("a power law cannot be fitted to ranks " + std::to_string(firstRank) + " to " +
                std::to_string(lastRank) + " of " + std::to_string(eigenvalues.size()));
  const Eigen::Index count = lastRank - firstRank + 1;
  Eigen::VectorXd x(count), y(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    x[i] = std::log10(static_cast<double>(firstRank + i));
    y[i] = std::log10(eigenvalues[firstRank - 1 + i]);
  }
  const double meanX = x.mean(), meanY = y.mean();
  const double spread = (x.array() - meanX).square().sum();
  PowerLawFit fit;
  fit.slope = ((x.array() - meanX) * (y.array() - meanY)).sum() / spread;
  fit.intercept = meanY - fit.slope * meanX;
  const double residual = (y.array() - fit.intercept - fit.slope * x.array()).square().sum();
  const double degrees = static_cast<double>(count) - 2.0;
  fit.slopeHalfWidth = degrees > 0.0
                           ? studentQuantile975(degrees) * std::sqrt(residual / degrees / spread)
                           : std::numeric_limits<double>::quiet_NaN();
  return fit;
}

Spectrum describeSpectrum(const Eigen::VectorXd& eigenvalues, std::int64_t features,
                          const SpectrumOptions& options)
{
  if (options.firstRank < 1 || options.lastRank < options.firstRank ||
      options.volumeFirstRank < 1 || options.volumeLastRank < options.volumeFirstRank)
    throw Error(
        "the window of ranks must begin at 1 or later and not end before it begins (found " +
        std::to_string(options.firstRank) + ":" + std::to_string(options.lastRank) + ")");
  Spectrum spectrum;
  spectrum.options = options;
  spectrum.eigenvalues = eigenvalues;
  spectrum.features = features;
  spectrum.dimensions = eigenvalues.size();
  spectrum.rank = rankOf(eigenvalues, features, options.center);
  spectrum.firstRank = options.firstRank;
  spectrum.lastRank = std::min(options.lastRank, spectrum.rank);
  spectrum.windowClipped = spectrum.lastRank != options.lastRank;
  if (spectrum.lastRank - spectrum.firstRank + 1 < fewestRanks)
    throw Error("the slope needs at least " + std::to_string(fewestRanks) + " ranks, the window " +
                std::to_string(options.firstRank) + ":" + std::to_string(options.lastRank) +
                " has " + std::to_string(std::max(0, spectrum.lastRank - spectrum.firstRank + 1)) +
                " of the rank " + std::to_string(spectrum.rank));
  const PowerLawFit fit = fitPowerLaw(eigenvalues, spectrum.firstRank, spectrum.lastRank);
  spectrum.slope = fit.slope;
  spectrum.intercept = fit.intercept;
  spectrum.slopeFitInterval = fit.slopeHalfWidth;
  spectrum.slopeInterval = std::numeric_limits<double>::quiet_NaN();
  spectrum.logDeterminantInterval = std::numeric_limits<double>::quiet_NaN();
  spectrum.logEffectiveVolumeInterval = std::numeric_limits<double>::quiet_NaN();
  spectrum.logDeterminant = logSum(eigenvalues, spectrum.firstRank, spectrum.lastRank);
  spectrum.volumeFirstRank = std::min(options.volumeFirstRank, spectrum.rank);
  spectrum.volumeLastRank = std::min(options.volumeLastRank, spectrum.rank);
  spectrum.logEffectiveVolume =
      0.5 * logSum(eigenvalues, spectrum.volumeFirstRank, spectrum.volumeLastRank);
  spectrum.totalVariance = eigenvalues.sum();
  spectrum.participationRatio =
      spectrum.totalVariance * spectrum.totalVariance / eigenvalues.squaredNorm();
  return spectrum;
}

Spectrum computeSpectrum(const FeatureMatrixView& decoder, const SpectrumOptions& options,
                         const Progress& progress)
{
  if (decoder.cols() < 2)
    throw Error("a spectrum needs at least 2 features, there are " +
                std::to_string(decoder.cols()));
  if (options.halves < 0)
    throw Error("the number of halves must not be negative");
  progress.update(0, 1);
  // The whole and each half cost about the same.
  const double whole = 1.0 / (1.0 + 0.5 * options.halves);
  Spectrum spectrum = describeSpectrum(
      covarianceEigenvalues(decoder, options, progress.stage("Spectrum", 0.0, whole)),
      decoder.cols(), options);
  addHalves(decoder, spectrum, progress.stage("Intervals over features", whole, 1.0));
  addIntervals(spectrum);
  return spectrum;
}

}  // namespace orrery
