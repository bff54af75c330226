// Which features a text names, and what it may have meant if it names none.
#pragma once

#include "core/dictionary/Dictionary.h"

#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// The features that @p text names: those with exactly this label; if there are none, those whose
/// folded label (LabelIndex.h) equals the folded text, of these the ones in the same letter case if
/// there are any. One pass over the labels, without an index: what a single query needs.
std::vector<FeatureId> featuresLabelled(std::string_view text, const Dictionary& dictionary);

/// The labels with the fewest changed bytes to @p text after folding, different from each other, at
/// most @p count; only those of which at least half agrees.
std::vector<std::string> nearestLabels(std::string_view text, const Dictionary& dictionary,
                                       std::size_t count);

/// The label in quotes, cut and with control characters made visible, as errors show it.
std::string quotedLabel(std::string_view label);

}  // namespace orrery
