// Eigenvalue spectrum of a feature dictionary, the power law fitted to it, and what chance alone
// would give.
// Source: Li et al., "The Geometry of Concepts" (arXiv:2410.19750), section 5.
#pragma once

#include "core/base/LinearAlgebra.h"
#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <vector>

namespace orrery {

struct SpectrumOptions {
  /// Ranks (1-based, inclusive) that the fit and the log-determinant use. The head and the tail of
  /// a real spectrum leave the power law; 11 to 150 is the published window. Clipped to the rank.
  int firstRank = 11;
  int lastRank = 150;
  /// Ranks of the effective volume; clipped to the rank.
  int volumeFirstRank = 1;
  int volumeLastRank = 100;
  /// Off: eigenvalues of the uncentred second moment (divisor n), in which the mean of the features
  /// is one more, usually the largest, direction.
  bool center = true;
  /// Single: products and eigenvalues in float where that keeps four digits of the smallest one
  /// fitted, else both in double. Double: everything in double, at twice the time.
  Precision precision = Precision::Single;
  /// Random halves of the features from which the intervals over features come; 0 leaves them out.
  /// Each costs about as much as the spectrum itself.
  int halves = 0;
  std::uint64_t seed = 0;
};

struct Spectrum {
  Eigen::VectorXd eigenvalues;  ///< Of the features' covariance (divisor n − 1): d, largest first.
  std::int64_t features = 0;
  std::int64_t dimensions = 0;
  int rank = 0;  ///< Eigenvalues above rounding.

  int firstRank = 0, lastRank = 0;  ///< The window in use after clipping.
  bool windowClipped = false;
  /// Of log10 eigenvalue over log10 rank by least squares; about −.03 to −.05 by sampling for
  /// isotropic features.
  double slope = 0.0;
  double intercept = 0.0;  ///< log10 eigenvalue that the line has at rank 1.
  /// Half-width of the 95 % t-interval of the fit. Ordered eigenvalues are not independent: far too
  /// narrow as a statement about the features.
  double slopeFitInterval = 0.0;
  /// Half-width of the 95 % interval over the features, from random halves (delete-half jackknife);
  /// NaN if options.halves < 2.
  double slopeInterval = 0.0;

  double logDeterminant = 0.0;      ///< Σ ln λ over the window.
  double logEffectiveVolume = 0.0;  ///< ½ Σ ln λ over the volume's ranks.
  double logDeterminantInterval = 0.0, logEffectiveVolumeInterval = 0.0;  ///< As slopeInterval.
  int volumeFirstRank = 0, volumeLastRank = 0;                            ///< After clipping.
  double participationRatio = 0.0;  ///< (Σ λ)² / Σ λ²: directions that matter.
  /// Of the random halves, each of features / 2 (rounded down) of the features.
  std::vector<Eigen::VectorXd> halfEigenvalues;
  double totalVariance = 0.0;
  SpectrumOptions options;
};

/// Computes the covariance spectrum of @p decoder (d × n, finite; centred here unless the options
/// say otherwise). O(n d min(n, d)); memory min(n, d)² doubles. The same bits for any number of
/// threads. Throws Error if n < 2, or if the window clipped to the rank holds fewer than 10 ranks.
Spectrum computeSpectrum(const FeatureMatrixView& decoder, const SpectrumOptions& options = {},
                         const Progress& progress = {});

/// The same figures for eigenvalues (largest first) that are known already, without the interval
/// over features.
Spectrum describeSpectrum(const Eigen::VectorXd& eigenvalues, std::int64_t features,
                          const SpectrumOptions& options = {});

/// Sets the intervals over features of @p spectrum from its halves: for its window as it is now.
void addIntervals(Spectrum& spectrum);

/// t · standard deviation of @p values, the half-width of a 95 % interval; NaN for fewer than two.
double halfWidth95(const std::vector<double>& values);

/// A least-squares line through (log10 rank, log10 eigenvalue) over 1-based ranks.
struct PowerLawFit {
  double slope = 0.0;
  double intercept = 0.0;
  double slopeHalfWidth = 0.0;  ///< 95 % t-interval.
};
PowerLawFit fitPowerLaw(const Eigen::VectorXd& eigenvalues, int firstRank, int lastRank);

/// The t value that 97.5 % of Student's distribution with @p degrees of freedom lie below.
double studentQuantile975(double degrees);

/// Limit law of the covariance eigenvalues of independent Gaussian features of equal variance in
/// every direction, n and d large with d / n = ratio.
/// Source: Marchenko & Pastur 1967, distribution function in closed form.
class MarchenkoPastur {
 public:
  /// n − 1 (the mean is estimated) takes the place of @p features.
  MarchenkoPastur(std::int64_t features, std::int64_t dimensions, double variance);

  [[nodiscard]] double lowerEdge() const { return m_lower; }
  [[nodiscard]] double upperEdge() const { return m_upper; }
  /// Share of the eigenvalues that are exactly zero: where n − 1 < d.
  [[nodiscard]] double atomAtZero() const;
  /// Density of the continuous part; integrates to 1 − atomAtZero().
  [[nodiscard]] double density(double eigenvalue) const;
  [[nodiscard]] double distribution(double eigenvalue) const;
  [[nodiscard]] double quantile(double share) const;
  /// Expected eigenvalues by rank, largest first: d quantiles at the middle of each rank.
  [[nodiscard]] Eigen::VectorXd expectedEigenvalues() const;

 private:
  std::int64_t m_dimensions;
  double m_ratio;
  double m_variance;
  double m_lower, m_upper;
};

/// Eigenvalues of the covariance of @p features independent Gaussian features of the given variance
/// in each of @p dimensions: a draw from their exact law without drawing the features, by the
/// bidiagonal model (Dumitriu & Edelman 2002). O(d²). Largest first, d of them.
Eigen::VectorXd gaussianSpectrum(std::int64_t features, std::int64_t dimensions, double variance,
                                 std::uint64_t seed);

}  // namespace orrery
