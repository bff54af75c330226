// How often two features fire in the same block of text.
//
// Source: arXiv:2410.19750, section 4: documents cut into blocks of 256 tokens; a feature fires in
// a block if its activation exceeds the threshold at any token of it.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

/// Which features fire in which block: a 0/1 matrix blocks × features in compressed rows, ids
/// ascending and without repeats within a block.
struct Firings {
  std::int64_t features = 0;
  std::vector<std::int64_t> starts{0};  ///< blocks + 1.
  std::vector<FeatureId> ids;           ///< starts.back() of them.

  [[nodiscard]] std::int64_t blocks() const { return static_cast<std::int64_t>(starts.size()) - 1; }
};

/// Throws Error, naming the block, unless starts rise from 0 to the number of ids and every id is
/// in range; sorts the ids of a block and drops repeats where necessary and returns how many were
/// dropped.
std::int64_t normalizeFirings(Firings& firings);

using CountMatrix = Eigen::Matrix<std::int32_t, Eigen::Dynamic, Eigen::Dynamic>;

struct Cooccurrence {
  /// n × n, symmetric; the diagonal is the number of blocks in which each feature fires. 1 GiB for
  /// n = 16 384.
  CountMatrix counts;
  std::int64_t blocks = 0;

  [[nodiscard]] std::int64_t features() const { return counts.cols(); }
};

/// Bytes that countCooccurrences allocates at its peak: the result and its work space. For the
/// estimate before the start.
std::uint64_t cooccurrenceMemory(const Firings& firings);

/// Counts, for every pair of features, the blocks in which both fire. Features that fire
/// often are held as bit sets and compared by population counts; a pair with a
/// rarer one is counted while walking the blocks of the rarer. About Σ over blocks of (rare firings
/// × firings) / 2 increments and f² T / 128 word operations for f frequent features in T blocks.
/// Exact; the same for any number of threads. Throws Error if the counts would not fit.
Cooccurrence countCooccurrences(const Firings& firings, const Progress& progress = {});

}  // namespace orrery
