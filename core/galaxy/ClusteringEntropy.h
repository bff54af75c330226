// Clustering entropy: how far a cloud is from a Gaussian of its own covariance, by nearest
// neighbours.
//
// Source: arXiv:2410.19750, section 5. Textbook entropy: Kozachenko & Leonenko (1987),
//
//   H = ψ(n) − ψ(k) + ln c_d + (d/n) Σ ln r_i,     c_d the volume of the unit d-ball, r_i the
//   distance to the k-th neighbour,
//
// and negentropy H_gauss − H with H_gauss = (d/2)(1 + ln 2π) + ½ Σ ln λ. In a hundred dimensions
// the estimate is biased by far more than any effect, so the same figure of Gaussian samples of
// equal n and covariance is its zero.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <vector>

namespace orrery {

enum class EntropyVariant {
  /// Kozachenko–Leonenko; interval by half-samples drawn without replacement.
  Textbook,
  /// As the paper's code has it: ln(r + 0.01), the mean of ln λ added to H, and 30 resamples with
  /// replacement, in which 63 % of the
  /// rows have a copy at distance 0. It reproduces the published figures; a cloud without any
  /// clustering gives about 346 by it.
  Published
};

struct ClusteringEntropyOptions {
  EntropyVariant variant = EntropyVariant::Textbook;
  /// Rows drawn without replacement (all, if there are fewer).
  std::int64_t rows = 5000;
  /// Principal components kept after the columns are standardised; fewer where the rank is smaller.
  int components = 100;
  /// Which nearest neighbour, k.
  int neighbor = 1;
  int resamples = 30;
  /// Samples of the matched Gaussian that make the zero; 0: none, and no corrected figure (NaN).
  int gaussianSamples = 3;
  std::uint64_t seed = 0;
};

struct ClusteringEntropy {
  double negentropy =
      0.0;  ///< H_gauss − H, nats, uncorrected; published: the mean over the resamples.
  double gaussian =
      0.0;  ///< The same for Gaussian samples of equal n and covariance: what no clustering gives.
  double corrected = 0.0;  ///< negentropy − gaussian.
  double entropy = 0.0;    ///< H of the drawn rows after reduction.
  /// Half-width of the 95 % interval of negentropy: t · sd over half-samples (textbook), t · sd /
  /// √resamples (published, √resamples too narrow).
  double interval95 = 0.0;
  std::vector<double> resampleValues;
  std::int64_t rowsUsed = 0;
  int componentsUsed = 0;
  std::int64_t copies =
      0;  ///< Rows whose k-th neighbour lies at distance 0: left out of the textbook sum.
  ClusteringEntropyOptions options;
};

/// @p decoder d × n, finite. Cost: PCA of the drawn rows, one all-pairs search among them (and one
/// per Gaussian sample); every resample reads its neighbours off the stored lists. The same bits
/// for any number of threads. Throws Error if fewer than 10 rows or no varying dimension are left.
ClusteringEntropy computeClusteringEntropy(const FeatureMatrixView& decoder,
                                           const ClusteringEntropyOptions& options = {},
                                           const Progress& progress = {});

/// The estimate for points as they are (no standardising, no reduction), every point drawn once. @p
/// points d × n, n > k + 1, d ≥ 1.
struct EntropyEstimate {
  double entropy = 0.0;
  double gaussian = 0.0;  ///< H_gauss from the points' covariance (eigenvalues floored at 1e-10).
  std::int64_t copies = 0;
};
EntropyEstimate estimateEntropy(const FeatureMatrixView& points, int neighbor,
                                EntropyVariant variant, const Progress& progress = {});

/// The estimate for a resample: point i is taken multiplicity[i] times (0: not at all). For the
/// tests of `Published`.
EntropyEstimate estimateResampledEntropy(const FeatureMatrixView& points,
                                         const std::vector<std::int32_t>& multiplicity,
                                         int neighbor, EntropyVariant variant,
                                         const Progress& progress = {});

/// ψ(x), x > 0.
double digamma(double x);

}  // namespace orrery
