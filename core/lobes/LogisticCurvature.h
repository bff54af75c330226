// The shape of a logistic regression's objective where it starts: what its steps are straightened
// by.
//
// With all weights zero every class is as probable as any other, and the Hessian of Σ −log p +
// λ|W|²/2 is, but for a term that is the same for all classes, one matrix for every class: M = Σ x
// xᵀ / classes + λ I (Böhning 1992). Vectors of a few strong directions make M far from a multiple
// of the identity; L-BFGS that starts from M⁻¹ in place of a multiple of the identity then needs a
// third of the steps. Σ x xᵀ is estimated from an even sample of the columns: M only shapes steps,
// the minimum is the same.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <map>

namespace orrery {

class LogisticCurvature {
 public:
  /// Whether making it costs less than the steps that it saves, for regressions of @p classes
  /// classes altogether on @p features vectors of @p dimensions.
  [[nodiscard]] static bool pays(Eigen::Index dimensions, Eigen::Index features,
                                 Eigen::Index classes);

  /// @p x: d × m, finite. Memory 12 d² bytes and a copy of max(4096, 2 d) columns. O(d² max(4096, 2
  /// d)).
  explicit LogisticCurvature(const FeatureMatrixView& x, const Progress& progress = {});

  /// Makes ready for regressions of @p classes classes with penalty @p penalty · |W|² / 2, where
  /// that was not done yet: 4 d² bytes, O(d³ / 3), one call of LAPACK.
  void prepare(int classes, double penalty);

  /// @p gradient (classes × (d + 1), intercepts last) M⁻¹, on all threads. Its number of classes
  /// must have been prepared; where M was not positive definite in float, a copy of @p gradient.
  [[nodiscard]] Eigen::MatrixXd solve(const Eigen::MatrixXd& gradient) const;

 private:
  double m_features = 0.0;
  Eigen::MatrixXf m_scatter;  ///< (d + 1)²: mean of (x, 1)(x, 1)ᵀ, the lower triangle.
  std::map<Eigen::Index, Eigen::MatrixXf> m_factors;  ///< By number of classes; empty: no factor.
};

}  // namespace orrery
