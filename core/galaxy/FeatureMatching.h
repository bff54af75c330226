// Which feature of one dictionary is which of another: by cosine, both ways, against a null. Never
// by index.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <vector>

namespace orrery {

struct FeatureMatchOptions {
  /// Draws of the null: features without counterpart, Gaussian with the mean and covariance of the
  /// first dictionary, so that what two dictionaries share as clouds is in it.
  int nullDraws = 512;
  /// A match counts if its cosine is above this share of the null's best cosines.
  double nullQuantile = 0.99;
  std::uint64_t seed = 0;
};

/// Of one feature of the first dictionary.
struct FeatureMatch {
  FeatureId from = noFeature;
  FeatureId to = noFeature;  ///< Its best in the second; noFeature for a zero row.
  float cosine = 0.0f;
  bool mutual = false;  ///< The best of `to` in the first is `from`.
  double share = 1.0;   ///< Of the null's best cosines that are at least as large.
  /// Mutual and above the null: what may be followed and morphed.
  bool matched = false;
};

struct FeatureMatching {
  std::vector<FeatureMatch> matches;  ///< In the order asked for.
  std::vector<float> nullCosines;     ///< Best cosines of the null's draws, ascending.
  float nullThreshold = 0.0f;
  std::int64_t matched = 0;
  FeatureMatchOptions options;
};

/// Matches the features @p ids of @p first (all, if empty) with @p second; both d × n, finite.
/// O((|ids| + nullDraws) n₂ d) and as much for the way back; in tiles, without an n × n matrix.
/// Equal cosines: the smaller id. The same bits for any number of threads. Throws Error if the
/// dimensions differ or an id is not there.
FeatureMatching matchFeatures(const FeatureMatrixView& first, const FeatureMatrixView& second,
                              const std::vector<FeatureId>& ids = {},
                              const FeatureMatchOptions& options = {},
                              const Progress& progress = {});

/// The best of each column of @p queries (d × m) among @p features (d × n), by cosine.
struct BestCosines {
  std::vector<FeatureId> ids;
  std::vector<float> cosines;
};
BestCosines bestCosines(const FeatureMatrixView& queries, const FeatureMatrixView& features,
                        const Progress& progress = {});

}  // namespace orrery
