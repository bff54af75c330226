// The slope of a spectrum without what sampling alone adds to it.
//
// n features drawn from a law whose covariance has the eigenvalues τ show other eigenvalues λ: the
// spectrum is blurred, and a flat one gets a slope. For n and d large the blurred spectrum is known
// from τ. With masses w over the τ, Σ w = d, and u in the upper half plane on the curve where
//
//   (1/n) Σ w τ² / |u − τ|² = 1,
//
// x = Re u + (1/n) Σ w τ + (1/n) Σ w τ² (Re u − τ) / |u − τ|² runs over the support of the λ, and
//
//   N(x) = (n/π) [arg u + (1/n) Σ w (arg(u − τ) − arg u) − x Im u / |u|²]
//
// of them lie above x: the imaginary part of the logarithmic potential, in closed form. The λ of
// rank i is expected where N = i − ½. Here τ is sought so that this meets the eigenvalues found:
// outside the window of the fit every τ is moved by found / expected, inside it τ is a power law
// whose slope and level are. So the corrected slope is that of the power law which, sampled as
// these features, shows the slope found.
//
// Source: Silverstein & Bai 1995 (the equation); Ledoit & Wolf 2015, "Spectrum estimation", and
// 2017, "Numerical implementation of the QuEST function" (eigenvalues of rank i as quantiles, and
// the curve in u); the law's potential and the power law inside the window are ours.
#pragma once

#include "core/base/Progress.h"
#include "core/galaxy/Spectrum.h"

#include <cstdint>
#include <string>

namespace orrery {

struct SamplingCorrectionOptions {
  /// Rounds of moving τ; steep spectra need 5, flat ones 20.
  int rounds = 30;
  /// Draws of an isotropic Gaussian cloud: a slope within what they scatter is none.
  int gaussianDraws = 8;
  std::uint64_t seed = 0;
};

struct SamplingCorrection {
  /// Of the power law of the population over the window; NaN where `unavailable` says why.
  double slope = 0.0;
  double intercept = 0.0;  ///< log10 eigenvalue that it has at rank 1.
  /// Half-width of the 95 % interval: over the spectrum's random halves, each corrected as what it
  /// is, a cloud of half as many features; where they have no more features than dimensions that of
  /// the raw slope. For `isotropic` at least `resolution`. NaN: no halves.
  double slopeInterval = 0.0;
  double found = 0.0;  ///< The slope that was corrected.
  /// The spectrum is, as a whole and in slope, within the scatter of isotropic Gaussian clouds: the
  /// corrected slope is 0.
  bool isotropic = false;
  /// Only for `isotropic`: a power law less steep than this could not have been told from none.
  double resolution = 0.0;
  int rounds = 0;
  std::string unavailable;
  SamplingCorrectionOptions options;

  /// What sampling adds to the slope.
  [[nodiscard]] double bySampling() const { return found - slope; }
  /// The same as a share of the slope found, 0 … 1; NaN where unavailable.
  [[nodiscard]] double share() const;
};

/// Corrects the slope of @p spectrum over its window. It stands on the features being independent
/// draws of one law; it does not need them to be Gaussian. Where a covariance was imposed on the
/// features (as in dictionaries made with an exact spectrum) sampling added nothing, and the raw
/// slope is the right one. Unavailable where there are not more
/// features than dimensions with variance: a part of the spectrum is not seen then. About 10 ms a
/// round for 2304 dimensions, and as much for every half; a nearly flat spectrum also costs the
/// draws, O(d²) each. The same bits for any number of threads.
SamplingCorrection correctForSampling(const Spectrum& spectrum,
                                      const SamplingCorrectionOptions& options = {},
                                      const Progress& progress = {});

/// In words: "sampling alone explains …", one sentence without a name before it.
std::string samplingSentence(const SamplingCorrection& correction);

/// The eigenvalues expected of the covariance of @p degrees + 1 features whose population has the
/// eigenvalues @p population (positive), one of each; largest first. O(d²) for each tenth round of
/// a bisection. For the tests, and to look at.
Eigen::VectorXd expectedSampleEigenvalues(const Eigen::VectorXd& population, double degrees);

}  // namespace orrery
