// How the values of a column are spread.
#pragma once

#include "core/dictionary/Dictionary.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// Bins of equal width from the least to the greatest finite value; all closed below and open
/// above, the last closed at both ends, as numpy.histogram counts. Values that are all equal get
/// bins from half below to half above.
struct Histogram {
  double minimum = 0.0, maximum = 0.0;
  std::vector<std::int64_t> counts;  ///< Empty if no value is finite.
  std::int64_t missing = 0;          ///< Values that are not finite.

  [[nodiscard]] double width() const
  {
    return counts.empty() ? 0.0 : (maximum - minimum) / static_cast<double>(counts.size());
  }
  /// The lower edge of bin @p bin; of bin counts.size(): the upper edge of the last.
  [[nodiscard]] double edge(std::size_t bin) const;
  /// The bin that @p value is counted in; −1 if it is in none.
  [[nodiscard]] std::int64_t binOf(double value) const;
};

/// O(n + bins). @p bins at least 1.
Histogram computeHistogram(const std::vector<double>& values, int bins);

/// A column's values as numbers: those of a number column, the index of the category otherwise;
/// NaN where missing. @p logarithm: their decimal logarithm, NaN for what has none.
std::vector<double> columnValues(const Column& column, bool logarithm = false);

}  // namespace orrery
