// Are lobes places? Functional lobes beside spatial ones, and beside the vectors, each figure with
// what chance alone would give.
//
// Source: arXiv:2410.19750, section 4 and Figures 3 and 5.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/lobes/Cooccurrence.h"
#include "core/lobes/Lobes.h"
#include "core/lobes/LogisticRegression.h"
#include "core/lobes/MutualInformation.h"
#include "core/lobes/SpectralClustering.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

enum class LobeVariant {
  Textbook,  ///< Features that never or always fire have no lobe; stratified, seeded split.
  Published  ///< All features are clustered; the first 80 % train; sizes as they come.
};

/// How an observed figure stands to its null.
struct NullComparison {
  double observed = 0.0;
  std::vector<double> values;  ///< The null's draws.
  double mean = 0.0;
  double standardDeviation = 0.0;  ///< Divisor draws − 1.
  double z = 0.0;                  ///< NaN if the null does not vary.
  /// (1 + draws ≥ observed) / (1 + draws); of AMI from 999 draws or more.
  double p = 1.0;
};
NullComparison compareWithNull(double observed, std::vector<double> values);

/// By the share of the null's draws that reach the figure: the two customary levels, since a null
/// of few lobes is too skewed for z to tell (with two lobes it is a χ² of one degree of freedom).
enum class Verdict {
  NotDistinguishable,  ///< p above .05.
  Weak,                ///< p from .01 to .05.
  Clear                ///< p of .01 or less: no draw in a hundred reaches it.
};
Verdict verdictOf(const NullComparison& comparison);
/// "not distinguishable from chance", "weakly above chance", "clearly above chance".
std::string displayName(Verdict verdict);
/// "clearly above chance (p = 0.001)".
std::string verdictSentence(const NullComparison& comparison);

/// Tenths of the features by the number of blocks they fire in: a number 0 … 9 for each; equal
/// counts share a group. What nulls shuffle within, so that frequency alone explains nothing.
std::vector<std::int32_t> frequencyDeciles(const std::vector<std::int64_t>& own);

struct LocalityOptions {
  int permutations = 100;
  bool logistic = true;  ///< Also the logistic regression, the slow part.
  /// Draws of random unit vectors for the null of the logistic regression; −1: as permutations.
  int logisticDraws = -1;
  LobeVariant variant = LobeVariant::Textbook;
  LogisticOptions regression;
  std::uint64_t seed = 0;
};

/// One functional clustering beside the spatial one of the same number of lobes.
struct LobeLocality {
  int clusters = 0;
  std::vector<std::int64_t> sizes;  ///< Of the functional lobes.
  std::int64_t compared = 0;        ///< Features that both place.
  NullComparison ami;               ///< Null: the spatial labels permuted.
  NullComparison amiWithinDeciles;  ///< Permuted within deciles of firing frequency only.
  bool hasLogistic = false;
  NullComparison logistic;  ///< Balanced accuracy; null: random unit vectors in place of ours.
  /// Null: our vectors permuted within deciles of firing frequency: what frequency alone tells.
  NullComparison logisticWithinDeciles;
  std::int64_t trainOnlyLobes = 0;  ///< Lobes with fewer than five features.
  /// Of the plain AMI: whether lobes of both kinds have to do with each other at all.
  Verdict verdict = Verdict::NotDistinguishable;
  /// Of the AMI within deciles, another question: whether more than firing frequency, which may
  /// shape lobes of both kinds, ties them together.
  Verdict beyondFrequency = Verdict::NotDistinguishable;
  /// Both verdicts with their p: "clearly above chance (p = 0.001); within deciles of firing
  /// frequency weakly above chance (p = 0.03)".
  [[nodiscard]] std::string sentence() const;
  LocalityOptions options;
};

/// @p decoder d × n; @p own: blocks of each feature (n). AMI: see permutationNull. The logistic
/// null fits `logisticDraws` dictionaries of random unit vectors, O(draws · n d k · iterations).
/// The same bits for any number of threads.
LobeLocality measureLocality(const Lobes& functional, const Lobes& spatial,
                             const FeatureMatrixView& decoder, const std::vector<std::int64_t>& own,
                             const LocalityOptions& options = {}, const Progress& progress = {});

/// A functional clustering and the spatial one that it is compared with.
struct LobePair {
  const Lobes* functional = nullptr;
  const Lobes* spatial = nullptr;
};

/// Many of them (every affinity and number of lobes) over the same features in one go: a draw of
/// random vectors, and one pass over the vectors, serve all regressions.
std::vector<LobeLocality> measureLocalities(const std::vector<LobePair>& pairs,
                                            const FeatureMatrixView& decoder,
                                            const std::vector<std::int64_t>& own,
                                            const LocalityOptions& options = {},
                                            const Progress& progress = {});

/// Do the same lobes come again?
struct LobeStability {
  int clusters = 0;
  double betweenHalves = 0.0;        ///< AMI of lobes from the even and from the odd blocks.
  std::vector<double> betweenSeeds;  ///< AMI of the lobes with those of other k-means seeds.
  double leastBetweenSeeds = 0.0;
};

/// Clusters both halves of the blocks and with @p seeds further seeds. Needs firings. One entry per
/// number of lobes.
std::vector<LobeStability> measureStability(const Firings& firings, AffinityMeasure measure,
                                            AffinityShift shift,
                                            const std::vector<FeatureId>& features,
                                            const SpectralClusteringOptions& options, int seeds = 4,
                                            const Progress& progress = {});

/// Locality without clusters: do features that point alike fire together?
struct NeighborPhi {
  std::vector<double> mean;       ///< Of phi with the 1st, 2nd, … k-th cosine neighbour.
  std::vector<double> deviation;  ///< Standard deviation over the features.
  double randomMean = 0.0;        ///< Of phi over random pairs …
  double randomDeviation = 0.0;   ///< … its standard deviation over the pairs …
  double matchedMean = 0.0;       ///< … and with partners drawn within the neighbour's decile.
  std::vector<double> z;      ///< (mean_k − matchedMean) in standard errors of the matched mean.
  std::int64_t features = 0;  ///< That took part.
};

struct NeighborPhiOptions {
  int neighbors = 20;
  std::int64_t randomPairs = 100000;
  std::uint64_t seed = 0;
};

/// @p features: those that take part (ascending; empty: all). Neighbours by cosine, exact.
NeighborPhi measureNeighborPhi(const Cooccurrence& counts, const FeatureMatrixView& decoder,
                               const std::vector<FeatureId>& features,
                               const NeighborPhiOptions& options = {},
                               const Progress& progress = {});

}  // namespace orrery
