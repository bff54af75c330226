// Multinomial logistic regression: how well a feature's vector tells its lobe.
//
// Source: arXiv:2410.19750, section 4, and its code: scikit-learn's LogisticRegression(C = 1, L2,
// multinomial, L-BFGS), first 80 % of the features for training, balanced accuracy on the rest.
//
//   minimise  Σ_i −log p(y_i | x_i) + |W|² / (2 C),   p = softmax(W x + b), b free of the penalty.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <vector>

namespace orrery {

struct LogisticOptions {
  double inverseStrength = 1.0;  ///< C.
  int maxIterations = 1000;
  /// Ends when no entry of the gradient, divided by the number of training features, is larger, or
  /// a step lowers the objective by less than a hundredth of this share.
  double tolerance = 1e-4;
  /// Shapes steps by the curvature at the start where that is cheaper (LogisticCurvature.h): the
  /// same minimum after fewer iterations.
  bool curvature = true;
};

struct LogisticModel {
  Eigen::MatrixXf weights;  ///< classes × d.
  Eigen::VectorXd intercepts;
  int iterations = 0;
  bool converged = false;
};

/// Which features train and which test.
struct Split {
  std::vector<FeatureId> train, test;  ///< Ascending.
  /// Classes with fewer than five features: they train and are not tested.
  std::vector<std::int32_t> trainOnly;
};

enum class SplitRule {
  Stratified,  ///< A fifth of every class, drawn by the seed: our default.
  ByIndex      ///< The first 80 % of the features train, as published.
};

/// @p labels: n, negative = takes no part. Stratified: every class of at least five features gives
/// a fifth (rounded, at least one) to the test.
Split splitFeatures(const std::vector<std::int32_t>& labels, SplitRule rule, std::uint64_t seed);

/// Fits on the columns @p features of @p x (d × n) with classes @p labels[feature] in 0 … classes −
/// 1. Products in float on all threads, sums in double; the same bits for any number of threads.
/// O(iterations · m d classes).
LogisticModel fitLogistic(const FeatureMatrixView& x, const std::vector<std::int32_t>& labels,
                          const std::vector<FeatureId>& features, int classes,
                          const LogisticOptions& options = {}, const Progress& progress = {});

/// One of several regressions on the same vectors.
struct LogisticProblem {
  std::vector<std::int32_t> labels;  ///< n; 0 … classes − 1 in the features that train.
  std::vector<FeatureId> train;      ///< Ascending.
  int classes = 0;
};

/// All of them in step: a pass over the vectors serves every problem, so that the products are
/// large ones. The model of each is that of a pass of its own but for rounding. Beside the vectors
/// that train, each needs 8 bytes per feature and class and 200 bytes per dimension and class;
/// where steps are shaped by curvature, 12 bytes per pair of dimensions and 4 more for every
/// different number of classes.
std::vector<LogisticModel> fitLogistics(const FeatureMatrixView& x,
                                        const std::vector<LogisticProblem>& problems,
                                        const LogisticOptions& options = {},
                                        const Progress& progress = {});

/// The most probable class of the columns @p features.
std::vector<std::int32_t> predict(const LogisticModel& model, const FeatureMatrixView& x,
                                  const std::vector<FeatureId>& features);

/// Mean over the classes present in @p truth of the share of their members that @p guess gets
/// right; NaN if nothing is tested.
double balancedAccuracy(const std::vector<std::int32_t>& truth,
                        const std::vector<std::int32_t>& guess);

}  // namespace orrery
