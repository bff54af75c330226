// The leading component of difference vectors against the difference in word length.
//
// Source: arXiv:2410.19750, figure 10: differences input − output z-scored per dimension, their
// first principal component against the characters of output minus input.
#pragma once

#include "core/base/Progress.h"
#include "core/crystals/Distractors.h"

#include <string>
#include <utility>
#include <vector>

namespace orrery {

struct LengthMean {
  int lengthDifference = 0;
  std::int64_t pairs = 0;
  double mean = 0.0;       ///< Of the first component.
  double deviation = 0.0;  ///< Standard deviation (n); 0 for one pair.
};

struct LengthRelation {
  std::vector<double> component;      ///< p: the first component of each z-scored difference.
  std::vector<int> lengthDifference;  ///< p: characters of second minus first.
  std::vector<std::pair<FeatureId, FeatureId>> pairs;  ///< p: whose differences these are.
  std::vector<LengthMean> means;                       ///< By length difference, ascending.
  /// Least squares line through the means: component = intercept + slope · length difference. The
  /// sign of the component is chosen so that the slope is not negative.
  double slope = 0.0;
  double intercept = 0.0;
  double correlation = 0.0;   ///< Of component and length difference over all pairs.
  double explained = 0.0;     ///< Share of the variance in the first component.
  Eigen::VectorXd direction;  ///< d: unit vector of the component in z-scored coordinates.
};

/// @p differences with at least three pairs; @p lengths n numbers (labelLengths). Pairs with a
/// missing length are left out. Throws Error if fewer than three are left or all are equal.
LengthRelation relateToLength(const RelationDifferences& differences,
                              const RegressionColumn& lengths, const Progress& progress = {});

}  // namespace orrery
