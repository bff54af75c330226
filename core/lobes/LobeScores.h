// What lobes are for: which one wins a block, on which documents, with which features and words.
//
// Source: arXiv:2410.19750, section 4 and Figure 4.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/lobes/Cooccurrence.h"
#include "core/lobes/Lobes.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

/// The lobes' part in every block.
struct BlockLobes {
  /// lobes × blocks: the share of the lobe's own features that fire in the block.
  Eigen::MatrixXf shares;
  /// Per block: the lobe with the largest share (the larger lobe where equal); noLobe where none of
  /// its features fire.
  std::vector<std::int32_t> winners;
};
/// O(firings). Throws Error if the numbers of features differ.
BlockLobes scoreBlocks(const Firings& firings, const Lobes& lobes);

/// Lobe × document type: how many blocks of a type each lobe wins.
struct DocumentLobes {
  std::vector<std::string> types;       ///< In order of first mention.
  std::vector<std::int64_t> blocks;     ///< Of each type.
  Eigen::MatrixXd counts;               ///< lobes × types: blocks won.
  Eigen::MatrixXd shares;               ///< counts over the type's blocks.
  std::vector<std::int64_t> undecided;  ///< Blocks of each type in which nothing fires.
};
/// @p types: one per block. Throws Error if the numbers differ.
DocumentLobes scoreDocuments(const BlockLobes& blocks, const std::vector<std::string>& types,
                             std::int32_t lobes);

/// Types put beside each other by the lobe that wins most of their blocks, for the heat map: the
/// order in which to draw @p documents' columns.
std::vector<std::size_t> orderByLobe(const DocumentLobes& documents);

struct LobeFeature {
  FeatureId feature = noFeature;
  std::int64_t blocks = 0;  ///< In which it fires.
  /// Share of its firings that fall on blocks its lobe wins, over the share of blocks its lobe
  /// wins: 1 = no preference.
  double specificity = 0.0;
};
struct TopFeatures {
  std::vector<LobeFeature> byFrequency;
  std::vector<LobeFeature> bySpecificity;  ///< Of features that fire in at least leastBlocks.
};
/// For every lobe the @p count first ones.
std::vector<TopFeatures> topFeatures(const Firings& firings, const Lobes& lobes,
                                     const BlockLobes& blocks, int count = 20,
                                     std::int64_t leastBlocks = 20);

/// A word that stands in a lobe's labels more often than chance puts it there.
struct LobeWord {
  std::string word;          ///< Case folded.
  std::int64_t within = 0;   ///< Labels of the lobe with the word …
  std::int64_t overall = 0;  ///< … and of all features that have a lobe.
  double score = 0.0;        ///< tf · idf: share within the lobe × ln(1 + features / overall).
  double p = 1.0;  ///< Chance of at least `within` of `overall` in the lobe (hypergeometric), times
                   ///< the number of words tried (Bonferroni), at most 1.
};
struct LobeName {
  std::vector<LobeWord> words;  ///< Best first, p below the level asked for.
  std::string suggestion;       ///< The first three, with commas; "lobe 3" where none is sure.
};
/// Names from the labels (n, "" = none), split into words of letters and digits. Where labels are
/// single words, which no two features share, no word can be significant: the suggestion then is
/// made of the lobe's most frequent features by @p own (blocks of each feature; may be empty) and
/// `words` stays empty.
std::vector<LobeName> suggestNames(const Lobes& lobes, const std::vector<std::string>& labels,
                                   const std::vector<std::int64_t>& own, double level = 0.05,
                                   const Progress& progress = {});

/// How lobes split as their number grows: bands between consecutive clusterings.
struct LobeFlow {
  struct Band {
    int level = 0;          ///< From clustering `level` to `level + 1`.
    std::int32_t from = 0;  ///< Lobe of the first; noLobe for features placed only in the second …
    std::int32_t to = 0;    ///< … and of the second.
    std::int64_t features = 0;
  };
  std::vector<int> clusters;                     ///< 2, 3, 4, 8 …
  std::vector<std::vector<std::int64_t>> sizes;  ///< Per level and lobe.
  /// Per level: the order from top to bottom in which bands cross least (by the mean place of where
  /// their features come from).
  std::vector<std::vector<std::int32_t>> order;
  /// Per level and lobe: a colour kept along the largest band (see matchLobes).
  std::vector<std::vector<std::int32_t>> colors;
  std::vector<Band> bands;  ///< Without empty ones, by level, from, to.
};
/// @p clusterings of the same features by rising number of lobes. Throws Error if the numbers of
/// features differ.
LobeFlow traceSplits(const std::vector<const Lobes*>& clusterings);

}  // namespace orrery
