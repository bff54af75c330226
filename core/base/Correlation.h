// Correlation of two lists of numbers, by value or by rank.
#pragma once

#include <vector>

namespace orrery {

/// Pearson's; NaN where one of the lists does not vary. Both of one length.
double correlation(const std::vector<double>& a, const std::vector<double>& b);

/// Ranks from 1, equal values sharing the mean of theirs: the correlation of two such lists is
/// Spearman's.
std::vector<double> averageRanks(const std::vector<double>& values);

}  // namespace orrery
