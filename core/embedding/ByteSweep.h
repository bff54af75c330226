// The sweep of all pairs by products of bytes: a quarter of the time of float products where the
// processor has an instruction for them, and nothing lost.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/NeighborSweep.h"

#include <cstdint>
#include <optional>

namespace orrery {

/// Whether sweepByBytes() is expected to beat sweepNeighbors() on @p features features of
/// @p dimensions: the processor multiplies bytes (AVX-512 VNNI) and there is enough to do.
bool bytesAreFaster(std::int64_t features, std::int64_t dimensions);

/// The candidates of sweepNeighbors(), found in three steps. Features u are rounded to bytes, q;
/// since |u·v − q·r| ≤ |u − q| |v| + |q| |v − r|, products of bytes leave some hundred that may be
/// among the @p count nearest of a feature. Those that look nearest are multiplied in float; what
/// is surely farther than these goes, and the rest is multiplied in float too. Lists with no room
/// left are made anew from all features. Nothing where it would not pay: the prepared features are
/// not direct or too long, or a sample of them is left with more than @p most candidates in the
/// mean (none: a sixteenth of the features), as noise is, and lengths that differ widely. O(n² d)
/// time at a quarter of a float product each, and O(candidates n d); memory (2 d + 12 candidates) n
/// bytes. The same bits for any number of threads.
std::optional<CandidateLists> sweepByBytes(const FeatureMatrixView& decoder,
                                           const PreparedFeatures& prepared, int count,
                                           const Progress& progress,
                                           std::optional<double> most = {});

/// The candidates for an exact search, by bytes where that is faster, else in float.
CandidateLists exactCandidates(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                               int count, const Progress& progress);

}  // namespace orrery
