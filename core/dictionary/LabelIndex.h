// Finds features by their labels: exactly, or as people write them.
#pragma once

#include "core/base/Types.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orrery {

/// How a text was found among the labels; the weaker ones are stated wherever they are used.
enum class LabelMatch { None, Exact, Folded };

/// The label without what tokenisers add: leading and trailing blanks, a leading sub-token mark (▁
/// Ġ
/// ##).
std::string_view bareLabel(std::string_view label);

/// Characters (Unicode code points) of the bare label; NaN where there is no label. What "label
/// length" means at every scale.
double labelLength(std::string_view label);

/// The bare label without letter case (ASCII, Latin-1, Greek and Cyrillic; other scripts as they
/// are).
std::string foldLabel(std::string_view label);

/// A hash index over the labels of a dictionary, worth keeping between queries: 1 M labels take
/// about 0.2 s to index.
class LabelIndex {
 public:
  explicit LabelIndex(const std::vector<std::string>& labels);

  struct Found {
    FeatureId feature = noFeature;
    LabelMatch match = LabelMatch::None;
    std::int32_t candidates = 0;  ///< Features that match equally well; the smallest id is taken.
  };

  /// The feature whose label is @p text; if there is none, whose folded label equals the folded
  /// text.
  [[nodiscard]] Found find(std::string_view text) const;

 private:
  struct Entry {
    FeatureId first = noFeature;
    std::int32_t count = 0;
  };
  std::unordered_map<std::string, Entry> m_exact;
  std::unordered_map<std::string, Entry> m_folded;
};

}  // namespace orrery
