// The nearest and the most opposite of every feature: near-duplicates and antipodal pairs.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <vector>

namespace orrery {

/// For each of n features. Features whose vector is zero or not finite have none, and are nobody's.
struct Twins {
  std::vector<FeatureId> nearest;      ///< Of largest cosine; noFeature where there is no other.
  std::vector<double> nearestCosine;   ///< NaN where there is none.
  std::vector<FeatureId> opposite;     ///< Of smallest cosine.
  std::vector<double> oppositeCosine;  ///< NaN where there is none.
};

/// All pairs of @p decoder (d × n): O(n² d) time in products of blocks, memory n d floats and one
/// block of products for each thread. Among cosines that float products cannot tell apart the
/// smaller id counts; the cosines given are of sums in double. The same bits for any number of
/// threads.
Twins findTwins(const FeatureMatrixView& decoder, const Progress& progress = {});

}  // namespace orrery
