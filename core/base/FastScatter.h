// Second moments of many columns in float, with an eighth fewer multiplications.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

namespace orrery {

/// Whether fastScatter of d × n numbers takes less time than tiles multiplied by BLAS: where both
/// are large and d nearly fills the blocks it is cut into.
bool isFastScatterFor(Eigen::Index d, Eigen::Index n);

/// Σ_i (x_i − s)(x_i − s)ᵀ − n r rᵀ over the columns of @p x (d × n): d × d, both triangles filled.
///
/// A square off the diagonal is a product of a block of rows and another's transpose, and one step
/// of Strassen's algorithm (Numer. Math. 13, 1969) makes it of seven products of half their sizes
/// instead of eight. The sums of quarters that it needs are made while blocks are packed, once for
/// all squares in a row or column, and its results are added where they belong straight from
/// registers (Huang et al., SC 2016), so the step costs next to nothing but what it saves.
///
/// Products and sums of up to 16 384 columns are in float. Their error is about 2·10⁻⁷ of the
/// largest entries; unlike that of a plain product it is not smaller for rows that are small, so
/// eigenvalues a thousand times smaller than the largest need scatterMatrix in double. Memory 2.5
/// numbers in float for each of the d², as many in double, and 4.5 panels of 512 columns. The same
/// bits for any number of threads. O(n d²).
Eigen::MatrixXd fastScatter(const FeatureMatrixView& x, const Eigen::VectorXf& shift,
                            const Eigen::VectorXd& rest, const Progress& progress);

}  // namespace orrery
