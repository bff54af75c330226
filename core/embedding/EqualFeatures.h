// Which features are the same vector.
#pragma once

#include "core/base/Types.h"

#include <vector>

namespace orrery {

/// Features equal to another one, bit for bit. Searches work on the first of each group and spread
/// its answer: thousands of equal rows (dead features often are) then cost nothing, and their order
/// cannot depend on rounding.
struct EqualFeatures {
  /// n: the smallest id with the same vector; empty if no two are equal.
  std::vector<FeatureId> first;
  /// By first id: the whole group, ascending; empty for features that are alone.
  std::vector<std::vector<FeatureId>> group;

  [[nodiscard]] bool any() const { return !first.empty(); }
};

/// One pass over the matrix on all threads; equal hashes are compared in full. @p leftOut features
/// (n flags) stay alone.
EqualFeatures findEqualFeatures(const FeatureMatrixView& decoder, const std::vector<bool>& leftOut);

}  // namespace orrery
