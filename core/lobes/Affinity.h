// How alike two features are: five measures from co-occurrence counts, and the angle of their
// vectors.
//
// Source: arXiv:2410.19750, section 4. With n11 = blocks in which both fire, n_i and n_j those of
// each, T all blocks:
//
//   simple matching (n11 + n00) / T                Jaccard n11 / (n_i + n_j − n11)
//   Dice            2 n11 / (n_i + n_j)            overlap n11 / min(n_i, n_j)
//   phi             (n11 n00 − n10 n01) / √(n_i (T − n_i) n_j (T − n_j)),  whose numerator is n11 T
//   − n_i n_j
//
// Where a measure is undefined (a feature that never fires, or phi of one that always does) it is
// 0.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/lobes/Cooccurrence.h"

#include <string>
#include <string_view>
#include <vector>

namespace orrery {

enum class AffinityMeasure { SimpleMatching, Jaccard, Dice, Overlap, Phi };

inline constexpr AffinityMeasure allAffinityMeasures[] = {
    AffinityMeasure::Phi, AffinityMeasure::Jaccard, AffinityMeasure::Dice, AffinityMeasure::Overlap,
    AffinityMeasure::SimpleMatching};

/// "phi", "Jaccard", …; and the names of the command line: phi jaccard dice overlap smc.
std::string displayName(AffinityMeasure measure);
std::string commandName(AffinityMeasure measure);
/// Throws Error listing the known names.
AffinityMeasure affinityMeasureFromName(std::string_view commandName);

/// What makes an affinity with negative values (phi, cosine) fit for spectral clustering.
enum class AffinityShift {
  None,
  Add,  ///< + 1, as published: phi in [0, 2].
  Clip  ///< max(·, 0): drops the weak negative values, which otherwise drown the rest.
};

/// One value, in double. @p both ≤ min(@p first, @p second), all ≤ @p blocks.
double affinity(AffinityMeasure measure, std::int64_t both, std::int64_t first, std::int64_t second,
                std::int64_t blocks);

/// Writes the affinity of @p feature with all n into @p column (n floats): the block that
/// clusterings work in, so that no n × n matrix is needed. Computed in double per element, then
/// rounded.
void affinityColumn(const Cooccurrence& cooccurrence, AffinityMeasure measure, AffinityShift shift,
                    FeatureId feature, Eigen::Ref<Eigen::VectorXf> column);

/// The dense matrix between the features @p features (ascending; empty: all): m × m float (1 GiB
/// for m = 16 384) in @p result, whose memory is kept if it has that shape already: touching so
/// much new memory costs more than the figures. One pass over the counts on all threads.
void computeAffinity(const Cooccurrence& cooccurrence, AffinityMeasure measure, AffinityShift shift,
                     const std::vector<FeatureId>& features, Eigen::MatrixXf& result,
                     const Progress& progress = {});
/// The same between all features, in new memory.
Eigen::MatrixXf computeAffinity(const Cooccurrence& cooccurrence, AffinityMeasure measure,
                                AffinityShift shift = AffinityShift::None,
                                const Progress& progress = {});

/// cos(x_i, x_j), at least 0, for all pairs of columns of @p decoder (d × n, finite); a zero vector
/// has cosine 0 to all. n × n float in @p result, whose memory is kept if it has that shape
/// already; each tile of a pair of features is computed once.
void computePositiveCosine(const FeatureMatrixView& decoder, Eigen::MatrixXf& result,
                           const Progress& progress = {});

/// 1 − arccos(cos(x_i, x_j)) / π for all pairs of columns of @p decoder (d × n, finite): n × n
/// float, 1 on the diagonal; @p result as above. A zero vector has similarity ½ (a right angle) to
/// all others. Tiled products on all threads.
void computeAngularSimilarity(const FeatureMatrixView& decoder, Eigen::MatrixXf& result,
                              const Progress& progress = {});

}  // namespace orrery
