// Finding features by what their labels say: words or a regular expression.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct LabelSearchOptions {
  enum class Mode {
    Automatic,  ///< `/…/` is a regular expression (`/…/i` without case), anything else are words.
    Words,      ///< Parts of the label, in any order, all of them; "in quotes" with blanks.
    Regex       ///< RE2's syntax, anywhere in the label.
  };
  enum class Case {
    Smart,  ///< Counts if the query has a capital letter.
    Sensitive,
    Insensitive
  };
  Mode mode = Mode::Automatic;
  Case letters = Case::Smart;
};

/// The features whose label (entry of @p labels) matches @p query, ascending. An empty query finds
/// none. The time grows linearly with the labels whatever the expression is. Throws Error if the
/// expression is none, saying where it fails. On all threads.
std::vector<FeatureId> findLabels(const std::vector<std::string>& labels, std::string_view query,
                                  const LabelSearchOptions& options = {},
                                  const Progress& progress = {});

}  // namespace orrery
