// The leading eigenpairs of a dense symmetric matrix by block Lanczos, on all threads.
//
// Where a tenth or less of all pairs is wanted this needs some 5 · count products of the matrix
// with a vector instead of a reduction to tridiagonal form, and all of it is spread over the
// threads. Source: Golub & Van Loan, Matrix Computations, section 10.3 (block Lanczos, full
// reorthogonalisation); Cholesky QR twice over: Yamamoto et al., ETNA 44 (2015).
#pragma once

#include "core/base/LinearAlgebra.h"
#include "core/base/Progress.h"

#include <cstdint>
#include <optional>

namespace orrery {

struct KrylovEigenOptions {
  /// Every residual ‖Av − λv‖ must be below this share of λ₁. Products are in float: less than some
  /// 5·10⁻⁷ is not reached.
  double tolerance = 2e-6;
  /// Of the random start.
  std::uint64_t seed = 0;
};

/// The @p count largest eigenpairs of the symmetric positive semidefinite @p matrix (n × n, both
/// triangles, finite). Nothing if they have not converged within a space of 8 · count vectors or
/// half of all, or if the matrix is so degenerate (few distinct eigenvalues, low rank) that the
/// space ends before: then a direct method is the faster one. Eigenvalues and residuals are within
/// some 10⁻⁶ λ₁. Memory 8 n count floats. The same bits for any number of threads; stops within
/// milliseconds.
std::optional<SymmetricEigen<float>> krylovEigenpairs(const Eigen::MatrixXf& matrix, int count,
                                                      const KrylovEigenOptions& options = {},
                                                      const Progress& progress = {});

}  // namespace orrery
