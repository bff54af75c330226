// One pass over the features that multiplies a few vectors by the centred covariance.
#pragma once

#include "core/base/LinearAlgebra.h"
#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <optional>

namespace orrery {

/// C = Σ (x_i − m)(x_i − m)ᵀ / (n − 1), known only by what it does to vectors: a feature is read
/// once, gives its products with all vectors and is added to all results while it is in the cache,
/// so a product costs one pass over memory and C is never formed.
class CovarianceKernel {
 public:
  /// @p x (d × n) must outlive the kernel; @p mean is its mean, or zero. @p squares is Σ|x_i|² if
  /// it is known: then the trace costs nothing, and where the mean is small beside the spread
  /// products in float take it off their results instead of off every feature.
  CovarianceKernel(const FeatureMatrixView& x, const Eigen::VectorXd& mean,
                   std::optional<double> squares = {});

  /// C q for the columns of @p q (d × b). Single: products in float, sums of 256 features in
  /// float, the rest in double (relative error about 1e-8 of ‖C‖ ‖q‖). The same bits for any number
  /// of threads. If @p scores is given it becomes what scores(q) returns, at no further cost.
  [[nodiscard]] Eigen::MatrixXd apply(const Eigen::MatrixXd& q, Precision precision,
                                      const Progress& progress,
                                      Eigen::MatrixXf* scores = nullptr) const;

  /// qᵀ(x_i − m) for all features: b × n.
  [[nodiscard]] Eigen::MatrixXf scores(const Eigen::MatrixXd& q, const Progress& progress) const;

  /// The trace of C.
  [[nodiscard]] double trace() const;

 private:
  FeatureMatrixView m_x;
  Eigen::VectorXd m_mean;
  Eigen::VectorXf m_shift;  ///< The mean, rounded: what is subtracted from each feature.
  Eigen::VectorXd m_rest;   ///< The mean less the shift.
  std::optional<double> m_trace;
  bool m_meanIsSmall = false;
};

}  // namespace orrery
