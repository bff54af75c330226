// The whole of the brain scale in one call: what `orrery lobes` runs and the window's job is.
//
// Source: arXiv:2410.19750, section 4.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/io/CooccurrenceFile.h"
#include "core/lobes/Affinity.h"
#include "core/lobes/LobeLocality.h"
#include "core/lobes/SpectralClustering.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

/// Which features take part in lobes.
struct LobeFilter {
  std::int64_t minBlocks = 1;  ///< Fire in at least so many blocks.
  double maxShare = 1.0;       ///< And in at most this share of them.
};

/// The features that are clustered, and why the others are not. Those of no block and of every
/// block never take part, whatever the filter, unless `Published`.
struct LobeFeatures {
  std::vector<FeatureId> used;  ///< Ascending.
  std::int64_t never = 0;       ///< Fire in no block.
  std::int64_t rarely = 0;      ///< In some, but fewer than minBlocks.
  std::int64_t always = 0;      ///< In every block.
  std::int64_t often = 0;       ///< In more than maxShare of them.
  std::int64_t unusable = 0;    ///< Their vectors are not finite or (where asked) zero.
  [[nodiscard]] std::string sentence() const;  ///< "5,052 of 8,168 features take part: …".
};

/// @p own: blocks of each feature; @p blocks: all; @p unusable: features whose vectors are not
/// finite (ascending).
LobeFeatures chooseLobeFeatures(const std::vector<std::int64_t>& own, std::int64_t blocks,
                                const LobeFilter& filter, LobeVariant variant,
                                const std::vector<FeatureId>& unusable = {});

struct LobeAnalysisOptions {
  std::vector<AffinityMeasure> measures = {AffinityMeasure::Phi};
  /// Add: phi + 1 and angular similarity, as published. Clip: max(phi, 0) and max(cosine, 0). The
  /// other measures have no negative values and are the same either way.
  AffinityShift shift = AffinityShift::Add;
  SpectralClusteringOptions clustering;
  LobeFilter filter;
  LocalityOptions locality;  ///< Its variant and seed count for the whole.
  bool measureLocality = true;
  bool measureStability = false;
  bool measureNeighborPhi = false;
};

struct FunctionalLobes {
  AffinityMeasure measure = AffinityMeasure::Phi;
  SpectralClustering clustering;
  std::vector<LobeLocality> locality;    ///< One per number of lobes; empty if not measured.
  std::vector<LobeStability> stability;  ///< The same; empty if not measured.
};

struct LobeAnalysis {
  LobeFeatures features;
  std::vector<FunctionalLobes> functional;  ///< One per measure.
  SpectralClustering spatial;               ///< By the vectors: the partner of every AMI.
  NeighborPhi neighborPhi;                  ///< Empty unless measured.
  LobeAnalysisOptions options;
  std::vector<std::string> notes;
  [[nodiscard]] const FunctionalLobes* find(AffinityMeasure measure) const;
};

/// Bytes that analyzeLobes needs at its peak beside its inputs.
std::uint64_t lobeAnalysisMemory(const CooccurrenceData& data, std::int64_t features,
                                 const LobeAnalysisOptions& options);

/// @p decoder d × n, the vectors of the same n features as @p data; @p unusable: its columns that
/// are not finite (ascending). Without locality the vectors are used for the spatial clustering
/// only. Figure 3 of the paper is `functional[·].locality[·]` over k. Throws Error if the numbers
/// of features differ, too few take part, or more memory is needed than @p data's options allow or
/// is free.
LobeAnalysis analyzeLobes(const CooccurrenceData& data, const FeatureMatrixView& decoder,
                          const std::vector<FeatureId>& unusable,
                          const LobeAnalysisOptions& options = {}, const Progress& progress = {});

}  // namespace orrery
