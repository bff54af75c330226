// Agreement of two clusterings, adjusted for chance, with a shuffled null.
//
// Source: arXiv:2410.19750, section 4 (agreement of functional and spatial lobes); Vinh, Epps &
// Bailey, "Information Theoretic Measures for Clusterings Comparison" (JMLR 11, 2010), for the
// expected value under the permutation model:
//
//   AMI = (MI − E[MI]) / ((H(U) + H(V)) / 2 − E[MI])
//
// E[MI] depends on the cluster sizes only, so one value serves every permutation of the same
// labels.
#pragma once

#include "core/base/Progress.h"

#include <cstdint>
#include <vector>

namespace orrery {

struct ClusteringAgreement {
  double mutualInformation = 0.0;  ///< Nats.
  double expectedMutualInformation = 0.0;
  double entropyFirst = 0.0;
  double entropySecond = 0.0;
  double adjusted = 0.0;      ///< AMI with the arithmetic mean of the entropies; 1 for equal
                              ///< clusterings, about 0 by chance.
  std::int64_t compared = 0;  ///< Features that both clusterings place.
};

/// Compares two clusterings of the same features; a label below 0 in either means "in no cluster"
/// and leaves the feature out. O(n + Σ over pairs of distinct cluster sizes of the spread of their
/// overlap). Two clusterings that are both a single cluster, or both all singletons, agree
/// perfectly (as scikit-learn has it); nothing compared gives 1. Throws Error if the lengths
/// differ.
ClusteringAgreement compareClusterings(const std::vector<std::int32_t>& first,
                                       const std::vector<std::int32_t>& second);

struct PermutationNullOptions {
  int permutations = 100;
  std::uint64_t seed = 0;
  /// Shuffle only within these groups (deciles of firing frequency, say): one number per feature;
  /// empty: among all.
  std::vector<std::int32_t> strata;
};

struct PermutationNull {
  ClusteringAgreement observed;
  std::vector<double> values;  ///< AMI with @p second permuted, one per permutation.
  double mean = 0.0;
  double standardDeviation = 0.0;  ///< Divisor permutations − 1.
  double z = 0.0;  ///< (observed − mean) / standardDeviation; NaN if the null does not vary.
  PermutationNullOptions options;
};

/// The observed agreement beside that of @p second permuted. Permutation i draws from a generator
/// of its own, so the bits do not depend on the number of threads.
PermutationNull permutationNull(const std::vector<std::int32_t>& first,
                                const std::vector<std::int32_t>& second,
                                const PermutationNullOptions& options = {},
                                const Progress& progress = {});

}  // namespace orrery
