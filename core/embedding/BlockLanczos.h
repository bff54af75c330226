// The leading eigenvectors of a covariance by block Lanczos, without forming it.
#pragma once

#include "core/embedding/CovarianceKernel.h"

#include <cstdint>

namespace orrery {

struct BlockLanczosOptions {
  int components = 3;
  /// Every residual ‖Cv − λv‖ must be below this share of λ₁.
  double tolerance = 1e-7;
  std::uint64_t seed = 0;
  /// Products with the covariance, in blocks, after which it gives up.
  int maxProducts = 240;
};

struct LeadingSubspace {
  Eigen::VectorXd values;   ///< Largest first; fewer than asked for if the matrix has no more.
  Eigen::MatrixXd vectors;  ///< d × components, orthonormal.
  Eigen::MatrixXf scores;   ///< components × n: vectorsᵀ(x_i − m), if they came for nothing.
  bool converged = false;
  int products = 0;
};

/// Block Lanczos with full reorthogonalisation and thick restarts. Products are in single precision
/// until the tolerance is met as far as they can tell, then in double: the answer's residuals are
/// checked by a product in double always. The same bits for any number of threads.
LeadingSubspace leadingSubspace(const CovarianceKernel& covariance, Eigen::Index dimensions,
                                const BlockLanczosOptions& options, const Progress& progress = {});

}  // namespace orrery
