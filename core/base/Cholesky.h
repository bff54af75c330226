// Gram matrices in double and their Cholesky factors.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

namespace orrery {

/// AᵀA, both triangles filled: n × n for n columns, lower tiles on all threads. O(n² m).
Eigen::MatrixXd gramOfColumns(const Eigen::Ref<const Eigen::MatrixXd>& a,
                              const Progress& progress = {});

/// Overwrites the symmetric @p matrix (its lower triangle is read) with L of L Lᵀ, zeros above.
/// False if it is not positive definite; the matrix is then of no use. One call of LAPACK.
[[nodiscard]] bool choleskyFactor(Eigen::MatrixXd& matrix);
[[nodiscard]] bool choleskyFactor(Eigen::MatrixXf& matrix);

/// Overwrites @p columns (n × b) with (L Lᵀ)⁻¹ times them, on the calling thread. O(n² b).
void solveWithFactor(const Eigen::MatrixXf& lower, Eigen::MatrixXf& columns);

/// L⁻¹ of a lower triangular matrix without zeros on its diagonal. One call of LAPACK.
Eigen::MatrixXd lowerInverse(Eigen::MatrixXd lower);

}  // namespace orrery
