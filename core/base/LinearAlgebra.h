// The door to BLAS and LAPACK: products on fixed tiles, symmetric rank updates and symmetric
// eigenproblems.
//
// Every library call runs on one thread; the tiles are spread over parallelFor. Tiles and the order
// of sums depend on the shapes only, so the bits do not depend on the number of threads. (Threaded
// BLAS cuts its sums by the number of threads.) Eigen's own decompositions are several times slower
// than LAPACK's and are not used.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

namespace orrery {

/// What products are computed in. Sums over many columns are kept in double either way.
enum class Precision {
  /// Products and panel sums in float: relative error about 1e-7 of the largest entries.
  Single,
  /// Everything in double; twice the time.
  Double
};

/// C = op(A) B + keep · C by one library call on the calling thread: the building block for bodies
/// of parallelFor. op(A) is Aᵀ if @p transposeA.
void multiplyInto(Eigen::Ref<Eigen::MatrixXf> c, const Eigen::Ref<const Eigen::MatrixXf>& a,
                  bool transposeA, const Eigen::Ref<const Eigen::MatrixXf>& b, float keep = 0.0f);
void multiplyInto(Eigen::Ref<Eigen::MatrixXd> c, const Eigen::Ref<const Eigen::MatrixXd>& a,
                  bool transposeA, const Eigen::Ref<const Eigen::MatrixXd>& b, double keep = 0.0);

/// A B, tile by tile on all threads.
Eigen::MatrixXf product(const Eigen::Ref<const Eigen::MatrixXf>& a,
                        const Eigen::Ref<const Eigen::MatrixXf>& b, const Progress& progress = {});
Eigen::MatrixXd product(const Eigen::Ref<const Eigen::MatrixXd>& a,
                        const Eigen::Ref<const Eigen::MatrixXd>& b, const Progress& progress = {});

/// Aᵀ B, tile by tile on all threads.
Eigen::MatrixXf transposedProduct(const Eigen::Ref<const Eigen::MatrixXf>& a,
                                  const Eigen::Ref<const Eigen::MatrixXf>& b,
                                  const Progress& progress = {});
Eigen::MatrixXd transposedProduct(const Eigen::Ref<const Eigen::MatrixXd>& a,
                                  const Eigen::Ref<const Eigen::MatrixXd>& b,
                                  const Progress& progress = {});

struct ColumnMoments {
  Eigen::VectorXd mean;  ///< d.
  double squares = 0.0;  ///< Σ |x_i|².
};

/// The mean of the columns of @p x (d × n) and the sum of their squares, in one pass, summed in
/// double over fixed chunks.
ColumnMoments columnMoments(const FeatureMatrixView& x);

/// The mean alone.
Eigen::VectorXd meanColumn(const FeatureMatrixView& x);

/// Σ_i (x_i − m)(x_i − m)ᵀ over the columns of @p x (d × n): d × d, both triangles filled. @p mean
/// must be the columns' mean, or zero for the uncentred sum.
///
/// No centred copy is made: a panel of columns at a time is shifted by m rounded to float and
/// multiplied. The shift is exact where an entry is within a factor of two of it, and the outer
/// product of what the rounding left is taken off in double, so entries that are large beside their
/// spread cost no accuracy beyond that of the data. Large matrices go through FastScatter.h in
/// Single. Memory d² doubles and one panel, or what that says. O(n d²).
Eigen::MatrixXd scatterMatrix(const FeatureMatrixView& x, const Eigen::VectorXd& mean,
                              Precision precision = Precision::Single,
                              const Progress& progress = {});

/// (x_i − m)ᵀ(x_j − m) for all columns of @p x: n × n, both triangles filled, in the same way over
/// panels of rows. Memory n² doubles and one panel. O(n² d).
Eigen::MatrixXd gramMatrix(const FeatureMatrixView& x, const Eigen::VectorXd& mean,
                           Precision precision = Precision::Single, const Progress& progress = {});

/// Eigenvalues, largest first, and eigenvectors as columns of unit length in the same order.
template <typename Scalar>
struct SymmetricEigen {
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> values;
  Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> vectors;
};

/// Eigenvalues of the symmetric @p matrix (its lower triangle is read), largest first. Single:
/// their error is a few 10⁻⁷ of the largest. Small matrices are left to LAPACK (in double), large
/// ones reduced to tridiagonal form on all threads (TridiagonalForm.h), which can be stopped.
/// Memory n²/2 numbers of the precision. O(n³). Throws Error if the matrix holds a NaN or an
/// infinity or LAPACK does not converge.
Eigen::VectorXd symmetricEigenvalues(const Eigen::Ref<const Eigen::MatrixXd>& matrix,
                                     Precision precision = Precision::Double,
                                     const Progress& progress = {});

/// All eigenpairs (divide and conquer).
SymmetricEigen<float> symmetricEigen(Eigen::MatrixXf matrix);
SymmetricEigen<double> symmetricEigen(Eigen::MatrixXd matrix);

/// The @p count largest eigenpairs (at most all of them).
SymmetricEigen<float> largestEigen(Eigen::MatrixXf matrix, int count);
SymmetricEigen<double> largestEigen(Eigen::MatrixXd matrix, int count);

/// Eigenvalues of the symmetric tridiagonal matrix with this diagonal and, one shorter, this
/// secondary diagonal; largest first. O(n²).
Eigen::VectorXd tridiagonalEigenvalues(Eigen::VectorXd diagonal, Eigen::VectorXd secondary);

}  // namespace orrery
