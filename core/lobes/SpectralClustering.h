// Lobes from an affinity: spectral clustering as scikit-learn's
// SpectralClustering(affinity="precomputed", assign_labels="kmeans"), for many cluster counts at
// once.
//
// Source: arXiv:2410.19750, section 4; Shi & Malik 2000, von Luxburg 2007 (the random-walk
// embedding). With W the affinity without its diagonal and D its row sums, the k leading
// eigenvectors of D^−½ W D^−½ divided by √D place every feature in k dimensions (the first one,
// constant, is kept), where k-means with ten starts cuts the lobes. One basis of eigenvectors
// serves all k.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/lobes/Affinity.h"
#include "core/lobes/Cooccurrence.h"
#include "core/lobes/Lobes.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace orrery {

struct SpectralClusteringOptions {
  /// Numbers of lobes, each at least 2; sorted and without repeats in the result.
  std::vector<int> clusters = {2, 3, 4, 8};
  /// K-means is begun so often from other seeds; the one with the smallest inertia is kept. Up
  /// to a hundred times as often where features × lobes are below 32 768.
  int starts = 10;
  int maxIterations = 300;  ///< Of one k-means.
  /// Residual ‖Sv − λv‖ that every wanted eigenvector must reach, relative to the second eigenvalue
  /// (the first is 1 for any affinity). Products are in single precision.
  double tolerance = 1e-4;
  /// Products with a block of vectors after which it gives up and says so (`converged`).
  int maxProducts = 400;
  std::uint64_t seed = 0;
};

struct SpectralClustering {
  std::vector<Lobes> clusterings;  ///< One per number of lobes, rising.
  /// Of D^−½ W D^−½, largest first: as many as the largest number of lobes. A gap after the k-th
  /// speaks for k lobes.
  Eigen::VectorXd eigenvalues;
  double largestResidual = 0.0;
  bool converged = false;
  int products = 0;
  /// Of the features that were to be clustered, those without affinity to any other: no lobe.
  std::int64_t isolated = 0;
  SpectralClusteringOptions options;

  /// The clustering with @p clusters lobes; null if there is none.
  [[nodiscard]] const Lobes* find(int clusters) const;
};

/// Clusters features by how they fire together. @p features: those that take part, ascending (the
/// others get noLobe); empty: all. @p shift is for phi; the other measures are taken as they are.
///
/// phi + 1 and simple matching are linear in the counts: where only @p firings are given they are
/// clustered without any n × n matrix (see the overload below). Here the affinity is made once as a
/// dense float matrix over the m features that take part: m² · 4 bytes (1 GiB for 16 384) and
/// O(m² b) for each product with b vectors. @p room: memory for it that outlives the call, so that
/// the next clustering of as many features needs no new one; null: given back at the end. Throws
/// Error if the affinity has negative values (phi without a shift), if there are fewer features
/// than lobes, or bad options.
SpectralClustering clusterCooccurrence(const Cooccurrence& counts, AffinityMeasure measure,
                                       AffinityShift shift, const std::vector<FeatureId>& features,
                                       const SpectralClusteringOptions& options = {},
                                       const Progress& progress = {},
                                       Eigen::MatrixXf* room = nullptr);

/// Whether clusterFirings takes it: simple matching, and phi with AffinityShift::Add.
bool isLinearInCounts(AffinityMeasure measure, AffinityShift shift);

/// The same from the firings alone, with no n × n matrix: each product walks the firings twice.
/// Memory: the firings once more and the basis. Throws Error unless isLinearInCounts.
SpectralClustering clusterFirings(const Firings& firings, AffinityMeasure measure,
                                  AffinityShift shift, const std::vector<FeatureId>& features,
                                  const SpectralClusteringOptions& options = {},
                                  const Progress& progress = {});

/// Clusters vectors by their angles: 1 − arccos(cos)/π, or max(cos, 0) with AffinityShift::Clip.
/// Zero vectors have cosine 0 to all. @p decoder d × n, finite in the columns of @p features. Dense
/// m × m float like clusterCooccurrence.
SpectralClustering clusterVectors(const FeatureMatrixView& decoder, AffinityShift shift,
                                  const std::vector<FeatureId>& features,
                                  const SpectralClusteringOptions& options = {},
                                  const Progress& progress = {}, Eigen::MatrixXf* room = nullptr);

/// Clusters by any dense affinity (n × n, symmetric, no negative value; its diagonal is ignored).
SpectralClustering clusterAffinity(const Eigen::MatrixXf& affinity,
                                   const SpectralClusteringOptions& options = {},
                                   const Progress& progress = {});

}  // namespace orrery
