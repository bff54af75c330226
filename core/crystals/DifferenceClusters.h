// All differences of two features in clusters: function vectors without a list of words.
//
// Source: arXiv:2410.19750, section 3 clusters pairwise differences by K-means; in one cluster any
// two make a parallelogram (differences as they are, Euclidean) or a trapezoid (unit differences,
// cosine).
//
// No difference is ever made. Which of the two is subtracted is nobody's choice: a difference
// belongs to the mean μ or −μ that is nearer, and is turned accordingly (K-means of all ordered
// differences with 2 K means that come in opposite pairs is the same). With s = Mᵀ X,
//
//   |(x_j − x_i) ∓ μ|² = |x_j − x_i|² − 2 (|s_j − s_i| − |μ|² / 2),
//
// so a pair's mean is the one with the largest |s_j − s_i| − |μ|² / 2 (unit differences and unit
// means: the largest |s_j − s_i|), and a new mean is Σ_i c_i x_i with whole numbers c: how often
// x_i came last less how often first (unit differences: weighted by 1 / length, rounded to 1 / 4096
// of the typical one). Whole numbers add up in any order, hence the same bits for any number of
// threads.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/crystals/Crystal.h"
#include "core/crystals/CrystalFamilies.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/CrystalSpace.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

struct DifferenceClusterOptions {
  CrystalMode mode = CrystalMode::Parallelogram;
  int clusters = 64;
  int steps = 10;  ///< At most; fewer where nothing changes any more.
  /// A difference belongs to no cluster if its cosine with the nearest mean is below this. 0: plain
  /// K-means. Of all pairs nearly all are unlike any other, and drown the few that agree.
  double leastCosine = 0.0;
  /// Pairs closer than this, in √(2 unit), are near-duplicates and left out.
  double leastSide = 0.2;
  int strongest = 50;  ///< Pairs kept of each cluster, those nearest to its mean.
  std::uint64_t seed = 0;
};

struct DifferenceMember {
  FeatureId from = noFeature;
  FeatureId to = noFeature;      ///< x_to − x_from lies on the mean's side.
  float cosine = 0.0f;           ///< With the mean.
  float squaredDistance = 0.0f;  ///< From it (of unit differences and means: 2 − 2 cos).
};

struct DifferenceCluster {
  Eigen::VectorXf mean;                     ///< d: the function vector (trapezoid: of length one).
  std::int64_t pairs = 0;                   ///< Of all n (n − 1) / 2.
  double cosine = 0.0;                      ///< Mean cosine of its pairs with the mean.
  std::vector<DifferenceMember> strongest;  ///< Nearest to the mean first.
};

struct DifferenceClusters {
  std::vector<DifferenceCluster> clusters;  ///< Highest mean cosine first; none is empty.
  std::int64_t pairs = 0;                   ///< Considered.
  std::int64_t alone = 0;                   ///< In no cluster (leastCosine).
  int steps = 0;
  bool converged = false;
  /// By step. Parallelograms: mean squared distance from the mean, of pairs in no cluster from
  /// zero; trapezoids: mean 2 − 2 cos, pairs in no cluster as 2.
  std::vector<double> objective;
  double secondsPerStep = 0.0;
  DifferenceClusterOptions options;
};

struct DifferenceClusterEstimate {
  double pairs = 0.0;
  double seconds = 0.0;  ///< Of all steps, on this many threads, roughly.
  double bytes = 0.0;    ///< Beside the matrix.
  std::string sentence;
};
DifferenceClusterEstimate estimateDifferenceClusters(const CrystalSpace& space,
                                                     const DifferenceClusterOptions& options = {});

/// @p initial: the first means (d × at most `clusters`), such as function vectors of relations or
/// of families that a search found; the others are drawn from a sample of differences, far ones
/// rather than near ones (k-means++, Arthur & Vassilvitskii 2007). O(n² K) a step, and O(n² d)
/// once. Memory n²/2 floats (recomputed each step where that is above 2 GiB), n K floats, and n K
/// whole numbers a thread. Stopped it throws Cancelled. Throws Error on bad options.
DifferenceClusters clusterDifferences(const CrystalSpace& space,
                                      const DifferenceClusterOptions& options = {},
                                      const FeatureMatrix& initial = {},
                                      const Progress& progress = {});

/// The crystals that the strongest pairs of each cluster make with each other: every two without a
/// common corner that @p search accepts. `family` is the cluster. Best first, folded, the first
/// `top`.
std::vector<FoundCrystal> crystalsOfClusters(const CrystalSpace& space,
                                             const DifferenceClusters& clusters,
                                             const CrystalSearchOptions& search = {},
                                             const Progress& progress = {});

/// The options under which a search's families are grown by grouping all differences. A word of one
/// pair and an answer of another (a : d where a : b and c : d) lie at a cosine of about .63 from
/// the family's mean where all distances are alike: the least cosine is .75.
DifferenceClusterOptions familyClusters(const CrystalSearchOptions& search, int clusters);

/// Function vectors of the largest families as means to begin with, d × at most `clusters`; of
/// those that agree (`leastCosine`) the first.
FeatureMatrix functionVectors(const std::vector<CrystalFamily>& families,
                              const DifferenceClusterOptions& options, std::int64_t dimensions);

}  // namespace orrery
