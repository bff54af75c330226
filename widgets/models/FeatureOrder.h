// The order of a table's rows: index vectors, made away from the GUI thread.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/dictionary/Dictionary.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace orrery {

/// Which feature comes before which. Ties by id, so every order is one order.
struct FeatureSort {
  static constexpr int byId = 0;
  static constexpr int byLabel = 1;
  static constexpr int firstColumn = 2;  ///< Dictionary::columns[key − firstColumn].

  int key = byId;
  bool descending = false;

  bool operator==(const FeatureSort&) const = default;
};

/// The rank of every feature in the order of labels: letters without case first, then exact bytes;
/// no label last. About 0.3 s a million; worth keeping with the dictionary.
std::vector<std::int32_t> labelRanks(const std::vector<std::string>& labels,
                                     const Progress& progress = {});

/// @p features (any order; taken as they are for byId ascending if sorted already) in the order of
/// @p sort. Missing values come last whatever the direction. @p ranks are those of labelRanks(),
/// needed for byLabel alone.
std::vector<FeatureId> sortFeatures(std::vector<FeatureId> features, const Dictionary& dictionary,
                                    const FeatureSort& sort, const std::vector<std::int32_t>& ranks,
                                    const Progress& progress = {});

}  // namespace orrery
