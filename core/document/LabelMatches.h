// The features whose labels match what is being looked for.
#pragma once

#include "core/base/Progress.h"
#include "core/dictionary/Dictionary.h"
#include "core/document/Layer.h"

#include <vector>

namespace orrery {

/// Words: every word of the text must stand in the label, in any order. A regular expression
/// (RE2's syntax, never more than linear time) is looked for anywhere in it. Ascending ids.
/// Throws Error if the expression is none, saying where.
std::vector<FeatureId> labelMatches(const Dictionary& dictionary, const SearchText& search,
                                    const Progress& progress = {});

}  // namespace orrery
