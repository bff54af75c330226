// Eigenvalues of symmetric tridiagonal matrices in float, many at a time.
#pragma once

#include "core/base/TridiagonalForm.h"

#include <Eigen/Core>

namespace orrery {

/// All eigenvalues of @p form, largest first, to within a few roundings of float times the largest
/// magnitude.
///
/// By bisection: the number of eigenvalues below x is that of the negative terms of the Sturm
/// sequence q_i = d_i − x − e²_{i−1} / q_{i−1} (Barth, Martin, Wilkinson, Numer. Math. 9, 1967).
/// Thirty-two are halved at once, shared out over the threads, which takes a quarter of the time of
/// an iteration by one thread (LAPACK's ?sterf); in double it would not pay. Each is found on its
/// own, so the bits do not depend on the threads. O(n²).
Eigen::VectorXd bisectedEigenvalues(const TridiagonalForm& form);

}  // namespace orrery
