// Symmetric matrices on all threads: reduced to tridiagonal form by Householder reflections.
#pragma once

#include "core/base/LinearAlgebra.h"
#include "core/base/Progress.h"

#include <Eigen/Core>

namespace orrery {

struct TridiagonalForm {
  Eigen::VectorXd diagonal;   ///< n.
  Eigen::VectorXd secondary;  ///< n − 1 (none for n = 0).
};

/// A symmetric tridiagonal matrix with the eigenvalues of @p matrix (n × n, its lower triangle is
/// read), computed in float or double as @p precision says: its eigenvalues differ from the
/// matrix's by a few roundings times the largest.
///
/// The reflections are gathered in panels and applied to the rest of the matrix by a product each
/// (Dongarra, Hammarling, Sorensen, J. Comput. Appl. Math. 27, 1989; LAPACK's ?sytrd). Half of the
/// 4/3 n³ operations remain products of the matrix with one vector, which the speed of the cache
/// bounds: only one triangle is read, once for both of its products, in strips that are shared out
/// over the threads. Their sums are taken in a fixed order, so the bits do not depend on how many
/// threads there are.
///
/// Memory n² numbers in double, half as many in float (TiledTriangle.h). Stops within milliseconds.
/// Throws Error if the matrix holds a NaN or an infinity.
TridiagonalForm tridiagonalForm(const Eigen::Ref<const Eigen::MatrixXd>& matrix,
                                Precision precision, const Progress& progress = {});

}  // namespace orrery
