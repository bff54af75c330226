#include "core/base/LinearAlgebra.h"

#include "core/base/Bisection.h"
#include "core/base/Dispatch.h"
#include "core/base/Error.h"
#include "core/base/FastScatter.h"
#include "core/base/Parallel.h"
#include "core/base/TridiagonalForm.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// The few entries of OpenBLAS that are used, declared here because the header's place differs
// between systems. Enumerators of CBLAS: column-major 102, as it is 111, transposed 112, lower 122.
extern "C" {
void cblas_sgemm(int order, int transA, int transB, int m, int n, int k, float alpha,
                 const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc);
void cblas_dgemm(int order, int transA, int transB, int m, int n, int k, double alpha,
                 const double* a, int lda, const double* b, int ldb, double beta, double* c,
                 int ldc);
void cblas_ssyrk(int order, int triangle, int trans, int n, int k, float alpha, const float* a,
                 int lda, float beta, float* c, int ldc);
void cblas_dsyrk(int order, int triangle, int trans, int n, int k, double alpha, const double* a,
                 int lda, double beta, double* c, int ldc);
void dsterf_(const int* n, double* diagonal, double* secondary, int* info);
void ssyevd_(const char* job, const char* triangle, const int* n, float* a, const int* lda,
             float* values, float* work, const int* workSize, int* integerWork,
             const int* integerWorkSize, int* info);
void dsyevd_(const char* job, const char* triangle, const int* n, double* a, const int* lda,
             double* values, double* work, const int* workSize, int* integerWork,
             const int* integerWorkSize, int* info);
void ssyevr_(const char* job, const char* range, const char* triangle, const int* n, float* a,
             const int* lda, const float* low, const float* high, const int* first, const int* last,
             const float* tolerance, int* found, float* values, float* vectors, const int* ldv,
             int* support, float* work, const int* workSize, int* integerWork,
             const int* integerWorkSize, int* info);
void dsyevr_(const char* job, const char* range, const char* triangle, const int* n, double* a,
             const int* lda, const double* low, const double* high, const int* first,
             const int* last, const double* tolerance, int* found, double* values, double* vectors,
             const int* ldv, int* support, double* work, const int* workSize, int* integerWork,
             const int* integerWorkSize, int* info);
}

namespace orrery {
namespace {

constexpr int columnMajor = 102;
constexpr int asItIs = 111;
constexpr int transposed = 112;
constexpr int lowerTriangle = 122;

/// Tiles of a product.
constexpr Eigen::Index productTile = 1024;
/// Tiles of a rank update: as large as is left by a few on each side, which keep many threads busy.
constexpr Eigen::Index largestUpdateTile = 640;
constexpr Eigen::Index smallestUpdateTile = 256;
/// Columns (scatter) or rows (Gram) of a panel. Within it sums are in the chosen precision.
constexpr Eigen::Index panelDepth = 2048;
/// Matrices up to this size are not worth the tiles.
constexpr Eigen::Index leftToLapack = 256;

template <typename Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <typename Scalar>
using View = Eigen::Ref<const Matrix<Scalar>>;

void gemm(int transA, int transB, int m, int n, int k, const float* a, int lda, const float* b,
          int ldb, float keep, float* c, int ldc)
{
  cblas_sgemm(columnMajor, transA, transB, m, n, k, 1.0f, a, lda, b, ldb, keep, c, ldc);
}

void gemm(int transA, int transB, int m, int n, int k, const double* a, int lda, const double* b,
          int ldb, double keep, double* c, int ldc)
{
  cblas_dgemm(columnMajor, transA, transB, m, n, k, 1.0, a, lda, b, ldb, keep, c, ldc);
}

/// The lower triangle of C = Y Yᵀ or Yᵀ Y + keep · C, n × n.
void rankUpdate(int trans, int n, int k, const float* y, int ld, float keep, float* c, int ldc)
{
  cblas_ssyrk(columnMajor, lowerTriangle, trans, n, k, 1.0f, y, ld, keep, c, ldc);
}

void rankUpdate(int trans, int n, int k, const double* y, int ld, double keep, double* c, int ldc)
{
  cblas_dsyrk(columnMajor, lowerTriangle, trans, n, k, 1.0, y, ld, keep, c, ldc);
}

template <typename Scalar>
void multiply(Eigen::Ref<Matrix<Scalar>> c, const View<Scalar>& a, bool transposeA,
              const View<Scalar>& b, Scalar keep)
{
  const Eigen::Index depth = transposeA ? a.rows() : a.cols();
  eigen_assert(c.rows() == (transposeA ? a.cols() : a.rows()) && c.cols() == b.cols());
  eigen_assert(b.rows() == depth);
  if (c.size() == 0)
    return;
  if (depth == 0) {
    c *= keep;
    return;
  }
  threadCount();  // puts BLAS on one thread
  gemm(transposeA ? transposed : asItIs, asItIs, static_cast<int>(c.rows()),
       static_cast<int>(c.cols()), static_cast<int>(depth), a.data(),
       static_cast<int>(a.outerStride()), b.data(), static_cast<int>(b.outerStride()), keep,
       c.data(), static_cast<int>(c.outerStride()));
}

template <typename Scalar>
Matrix<Scalar> tiledProduct(const View<Scalar>& a, bool transposeA, const View<Scalar>& b,
                            const Progress& progress)
{
  Matrix<Scalar> c(transposeA ? a.cols() : a.rows(), b.cols());
  const Eigen::Index rowTiles = (c.rows() + productTile - 1) / productTile;
  const Eigen::Index tiles = rowTiles * ((c.cols() + productTile - 1) / productTile);
  std::atomic<Eigen::Index> done{0};
  parallelFor(tiles, 1, [&](std::int64_t tile, std::int64_t) {
    progress.checkStopped();
    const Eigen::Index row = tile % rowTiles * productTile;
    const Eigen::Index column = tile / rowTiles * productTile;
    const Eigen::Index rows = std::min(productTile, c.rows() - row);
    const Eigen::Index columns = std::min(productTile, c.cols() - column);
    const View<Scalar> left =
        transposeA ? View<Scalar>(a.middleCols(row, rows)) : View<Scalar>(a.middleRows(row, rows));
    multiply<Scalar>(c.block(row, column, rows, columns), left, transposeA,
                     b.middleCols(column, columns), Scalar(0));
    progress.update(++done, tiles);
  });
  return c;
}

/// sum += x, in double.
ORRERY_FOR_EACH_CPU
void addConverted(const float* __restrict x, Eigen::Index count, double* __restrict sum)
{
  Eigen::Index j = 0;
  for (; j + 16 <= count; j += 16)
    for (int lane = 0; lane < 16; ++lane)
      sum[j + lane] += static_cast<double>(x[j + lane]);
  for (; j < count; ++j)
    sum[j] += static_cast<double>(x[j]);
}

/// sum += x, in double; returns |x|².
ORRERY_FOR_EACH_CPU
double addWidened(const float* __restrict x, Eigen::Index count, double* __restrict sum)
{
  double squares[16] = {};
  Eigen::Index j = 0;
  for (; j + 16 <= count; j += 16)  // a fixed count, so that the compiler uses vectors
    for (int lane = 0; lane < 16; ++lane) {
      const auto value = static_cast<double>(x[j + lane]);
      sum[j + lane] += value;
      squares[lane] += value * value;
    }
  double square = 0.0;
  for (const double part : squares)
    square += part;
  for (; j < count; ++j) {
    const auto value = static_cast<double>(x[j]);
    sum[j] += value;
    square += value * value;
  }
  return square;
}

/// Row and column of the tile @p index of a lower triangle: those off the diagonal first, since
/// those on it are the smaller ones to end with.
std::pair<Eigen::Index, Eigen::Index> lowerTile(Eigen::Index index, Eigen::Index tilesPerSide)
{
  const Eigen::Index below = tilesPerSide * (tilesPerSide - 1) / 2;
  if (index >= below)
    return {index - below, index - below};
  Eigen::Index row = 1;  // counted 10, 20, 21, 30, 31, 32 …
  while (row * (row + 1) / 2 <= index)
    ++row;
  return {row, index - row * (row - 1) / 2};
}

Eigen::Index updateTile(Eigen::Index size)
{
  const auto parts = [size](Eigen::Index length) { return (size + length - 1) / length; };
  const Eigen::Index perSide =
      std::max({parts(largestUpdateTile), std::min<Eigen::Index>(4, parts(smallestUpdateTile)),
                Eigen::Index{1}});
  return (size + 16 * perSide - 1) / (16 * perSide) * 16;
}

/// One tile of Y Yᵀ (or Yᵀ Y): what of Y makes its rows and its columns.
template <typename Scalar>
struct UpdateTile {
  const Scalar* left = nullptr;
  const Scalar* right = nullptr;
  int stride = 0;
  int rows = 0, columns = 0, depth = 0;
  bool isTransposed = false;
  bool isDiagonal = false;  ///< The lower triangle will do.
};

/// C = the tile's product + keep · C.
template <typename Scalar>
void multiplyTile(const UpdateTile<Scalar>& tile, Scalar keep, Scalar* c, int ldc)
{
  const int first = tile.isTransposed ? transposed : asItIs;
  const int second = tile.isTransposed ? asItIs : transposed;
  if (tile.isDiagonal)
    rankUpdate(first, tile.rows, tile.depth, tile.left, tile.stride, keep, c, ldc);
  else
    gemm(first, second, tile.rows, tile.columns, tile.depth, tile.left, tile.stride, tile.right,
         tile.stride, keep, c, ldc);
}

void addTile(const UpdateTile<double>& tile, bool isFirst, double* sum, Eigen::Index stride)
{
  multiplyTile(tile, isFirst ? 0.0 : 1.0, sum, static_cast<int>(stride));
}

void addTile(const UpdateTile<float>& tile, bool isFirst, double* sum, Eigen::Index stride)
{
  // Kept between tiles: fresh memory of this size is given back and faulted in every time.
  static thread_local std::vector<float> part(largestUpdateTile * largestUpdateTile);
  multiplyTile(tile, 0.0f, part.data(), tile.rows);
  for (int column = 0; column < tile.columns; ++column) {
    const int begin = tile.isDiagonal ? column : 0;
    double* target = sum + column * stride + begin;
    if (isFirst)
      std::fill(target, target + tile.rows - begin, 0.0);
    addConverted(part.data() + column * tile.rows + begin, tile.rows - begin, target);
  }
}

/// Adds the lower tiles of Y Yᵀ (or Yᵀ Y) of one panel to @p sum, or begins it.
template <typename Scalar>
void addPanel(Eigen::MatrixXd& sum, const Matrix<Scalar>& panel, bool transposePanel, bool isFirst)
{
  const Eigen::Index side = updateTile(sum.rows());
  const Eigen::Index tilesPerSide = (sum.rows() + side - 1) / side;
  // Column-major Y (m × depth): C = Y_i Y_jᵀ; for Yᵀ Y (depth × m): C = Y_iᵀ Y_j.
  const Eigen::Index step = transposePanel ? panel.outerStride() : 1;
  threadCount();  // puts BLAS on one thread
  parallelFor(tilesPerSide * (tilesPerSide + 1) / 2, 1, [&](std::int64_t index, std::int64_t) {
    const auto [i, j] = lowerTile(index, tilesPerSide);
    const Eigen::Index row = i * side, column = j * side;
    UpdateTile<Scalar> tile;
    tile.left = panel.data() + row * step;
    tile.right = panel.data() + column * step;
    tile.stride = static_cast<int>(panel.outerStride());
    tile.rows = static_cast<int>(std::min(side, sum.rows() - row));
    tile.columns = static_cast<int>(std::min(side, sum.rows() - column));
    tile.depth = static_cast<int>(transposePanel ? panel.rows() : panel.cols());
    tile.isTransposed = transposePanel;
    tile.isDiagonal = i == j;
    addTile(tile, isFirst, &sum(row, column), sum.outerStride());
  });
}

/// Square by square, so that neither side strides through memory.
void mirrorLowerTriangle(Eigen::MatrixXd& matrix)
{
  constexpr Eigen::Index side = 64;
  const Eigen::Index n = matrix.rows();
  parallelFor(n, side, [&](std::int64_t begin, std::int64_t end) {
    for (Eigen::Index row = 0; row < end; row += side)
      for (Eigen::Index column = begin; column < end; ++column) {
        const Eigen::Index rows = std::min(side, column - row);
        for (Eigen::Index r = row; r < row + rows; ++r)
          matrix(r, column) = matrix(column, r);
      }
  });
}

template <typename Scalar>
Eigen::MatrixXd scatterOf(const FeatureMatrixView& x, const Eigen::VectorXd& mean,
                          const Progress& progress)
{
  const Eigen::Index d = x.rows(), n = x.cols();
  const Eigen::VectorX<Scalar> shift = mean.cast<Scalar>();
  // Σ(x − s)(x − s)ᵀ = Σ(x − m)(x − m)ᵀ + n (m − s)(m − s)ᵀ with s the rounded mean.
  const Eigen::VectorXd rest = mean - shift.template cast<double>();
  if constexpr (std::is_same_v<Scalar, float>)
    if (isFastScatterFor(d, n))
      return fastScatter(x, shift, rest, progress);
  Eigen::MatrixXd sum(d, d);
  if (n == 0)
    sum.setZero();
  Matrix<Scalar> panel;
  for (Eigen::Index begin = 0; begin < n; begin += panelDepth) {
    progress.update(begin, n);
    const Eigen::Index columns = std::min(panelDepth, n - begin);
    panel.resize(d, columns);
    parallelFor(columns, 64, [&](std::int64_t from, std::int64_t to) {
      for (Eigen::Index c = from; c < to; ++c)
        panel.col(c) = x.col(begin + c).template cast<Scalar>() - shift;
    });
    addPanel(sum, panel, false, begin == 0);
  }
  for (Eigen::Index column = 0; column < d; ++column)
    sum.col(column).tail(d - column) -=
        static_cast<double>(n) * rest[column] * rest.tail(d - column);
  mirrorLowerTriangle(sum);
  return sum;
}

template <typename Scalar>
Eigen::MatrixXd gramOf(const FeatureMatrixView& x, const Eigen::VectorXd& mean,
                       const Progress& progress)
{
  const Eigen::Index d = x.rows(), n = x.cols();
  const Eigen::VectorX<Scalar> shift = mean.cast<Scalar>();
  const Eigen::VectorXd rest = mean - shift.template cast<double>();
  Eigen::MatrixXd sum(n, n);
  if (d == 0)
    sum.setZero();
  Eigen::VectorXd crossed = Eigen::VectorXd::Zero(n);  // (x_i − s)ᵀ(m − s)
  Matrix<Scalar> panel;
  for (Eigen::Index begin = 0; begin < d; begin += panelDepth) {
    progress.update(begin, d);
    const Eigen::Index rows = std::min(panelDepth, d - begin);
    panel.resize(rows, n);
    parallelFor(n, 64, [&](std::int64_t from, std::int64_t to) {
      for (Eigen::Index c = from; c < to; ++c) {
        panel.col(c) =
            x.col(c).segment(begin, rows).template cast<Scalar>() - shift.segment(begin, rows);
        crossed[c] += panel.col(c).template cast<double>().dot(rest.segment(begin, rows));
      }
    });
    addPanel(sum, panel, true, begin == 0);
  }
  // (x − m) = (x − s) − r with r = m − s: three more terms of each product.
  const double squared = rest.squaredNorm();
  for (Eigen::Index column = 0; column < n; ++column)
    sum.col(column).tail(n - column).array() +=
        squared - crossed[column] - crossed.tail(n - column).array();
  mirrorLowerTriangle(sum);
  return sum;
}

void syevd(const char* job, int n, float* a, float* values, float* work, int workSize,
           int* integerWork, int integerWorkSize, int* info)
{
  ssyevd_(job, "L", &n, a, &n, values, work, &workSize, integerWork, &integerWorkSize, info);
}

void syevd(const char* job, int n, double* a, double* values, double* work, int workSize,
           int* integerWork, int integerWorkSize, int* info)
{
  dsyevd_(job, "L", &n, a, &n, values, work, &workSize, integerWork, &integerWorkSize, info);
}

void syevr(int n, float* a, int first, int* found, float* values, float* vectors, int* support,
           float* work, int workSize, int* integerWork, int integerWorkSize, int* info)
{
  const float none = 0.0f;
  ssyevr_("V", "I", "L", &n, a, &n, &none, &none, &first, &n, &none, found, values, vectors, &n,
          support, work, &workSize, integerWork, &integerWorkSize, info);
}

void syevr(int n, double* a, int first, int* found, double* values, double* vectors, int* support,
           double* work, int workSize, int* integerWork, int integerWorkSize, int* info)
{
  const double none = 0.0;
  dsyevr_("V", "I", "L", &n, a, &n, &none, &none, &first, &n, &none, found, values, vectors, &n,
          support, work, &workSize, integerWork, &integerWorkSize, info);
}

template <typename Scalar>
void checkMatrix(const Matrix<Scalar>& matrix)
{
  eigen_assert(matrix.rows() == matrix.cols());
  for (Eigen::Index column = 0; column < matrix.cols(); ++column)
    if (!matrix.col(column).tail(matrix.rows() - column).allFinite())
      throw Error("the eigenvalues cannot be computed: the matrix holds a NaN or an infinity");
}

void checkInfo(int info)
{
  if (info != 0)
    throw Error("the eigenvalue computation did not converge (LAPACK says " + std::to_string(info) +
                ")");
}

/// @p matrix becomes the eigenvectors if they are wanted; values come smallest first.
template <typename Scalar>
Eigen::Matrix<Scalar, Eigen::Dynamic, 1> decompose(Matrix<Scalar>& matrix, bool withVectors)
{
  checkMatrix(matrix);
  const int n = static_cast<int>(matrix.rows());
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> values(n);
  if (n == 0)
    return values;
  threadCount();
  const char* job = withVectors ? "V" : "N";
  Scalar workSize = 0;
  int integerWorkSize = 0, info = 0;
  syevd(job, n, matrix.data(), values.data(), &workSize, -1, &integerWorkSize, -1, &info);
  checkInfo(info);
  // Asked for in a float, the size may have been rounded down.
  std::vector<Scalar> work(static_cast<std::size_t>(static_cast<double>(workSize) * 1.0001) + 64);
  std::vector<int> integerWork(static_cast<std::size_t>(integerWorkSize));
  syevd(job, n, matrix.data(), values.data(), work.data(), static_cast<int>(work.size()),
        integerWork.data(), integerWorkSize, &info);
  checkInfo(info);
  return values;
}

template <typename Scalar>
SymmetricEigen<Scalar> allPairs(Matrix<Scalar> matrix)
{
  SymmetricEigen<Scalar> result;
  result.values = decompose(matrix, true).reverse().eval();
  // In place: n² more numbers only to turn the order round would be a waste.
  for (Eigen::Index left = 0, right = matrix.cols() - 1; left < right; ++left, --right)
    matrix.col(left).swap(matrix.col(right));
  result.vectors = std::move(matrix);
  return result;
}

template <typename Scalar>
SymmetricEigen<Scalar> largestPairs(Matrix<Scalar> matrix, int count)
{
  const int n = static_cast<int>(matrix.rows());
  count = std::clamp(count, 0, n);
  if (count == n || 2 * count > n) {
    SymmetricEigen<Scalar> all = allPairs<Scalar>(std::move(matrix));
    return {all.values.head(count), all.vectors.leftCols(count)};
  }
  checkMatrix(matrix);
  threadCount();
  SymmetricEigen<Scalar> result;
  if (count == 0)
    return result;
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> values(n);
  Matrix<Scalar> vectors(n, count);
  std::vector<int> support(2 * static_cast<std::size_t>(n));
  Scalar workSize = 0;
  int integerWorkSize = 0, info = 0, found = 0;
  const int first = n - count + 1;
  syevr(n, matrix.data(), first, &found, values.data(), vectors.data(), support.data(), &workSize,
        -1, &integerWorkSize, -1, &info);
  checkInfo(info);
  std::vector<Scalar> work(static_cast<std::size_t>(static_cast<double>(workSize) * 1.0001) + 64);
  std::vector<int> integerWork(static_cast<std::size_t>(integerWorkSize));
  syevr(n, matrix.data(), first, &found, values.data(), vectors.data(), support.data(), work.data(),
        static_cast<int>(work.size()), integerWork.data(), integerWorkSize, &info);
  checkInfo(found == count ? info : -1);
  result.values = values.head(count).reverse();
  result.vectors = vectors.rowwise().reverse();
  return result;
}

}  // namespace

void multiplyInto(Eigen::Ref<Eigen::MatrixXf> c, const Eigen::Ref<const Eigen::MatrixXf>& a,
                  bool transposeA, const Eigen::Ref<const Eigen::MatrixXf>& b, float keep)
{
  multiply<float>(c, a, transposeA, b, keep);
}

void multiplyInto(Eigen::Ref<Eigen::MatrixXd> c, const Eigen::Ref<const Eigen::MatrixXd>& a,
                  bool transposeA, const Eigen::Ref<const Eigen::MatrixXd>& b, double keep)
{
  multiply<double>(c, a, transposeA, b, keep);
}

Eigen::MatrixXf product(const Eigen::Ref<const Eigen::MatrixXf>& a,
                        const Eigen::Ref<const Eigen::MatrixXf>& b, const Progress& progress)
{
  return tiledProduct<float>(a, false, b, progress);
}

Eigen::MatrixXd product(const Eigen::Ref<const Eigen::MatrixXd>& a,
                        const Eigen::Ref<const Eigen::MatrixXd>& b, const Progress& progress)
{
  return tiledProduct<double>(a, false, b, progress);
}

Eigen::MatrixXf transposedProduct(const Eigen::Ref<const Eigen::MatrixXf>& a,
                                  const Eigen::Ref<const Eigen::MatrixXf>& b,
                                  const Progress& progress)
{
  return tiledProduct<float>(a, true, b, progress);
}

Eigen::MatrixXd transposedProduct(const Eigen::Ref<const Eigen::MatrixXd>& a,
                                  const Eigen::Ref<const Eigen::MatrixXd>& b,
                                  const Progress& progress)
{
  return tiledProduct<double>(a, true, b, progress);
}

ColumnMoments columnMoments(const FeatureMatrixView& x)
{
  const Eigen::Index chunk = std::max<Eigen::Index>(64, (x.cols() + 63) / 64);
  const Eigen::Index chunks = std::max<Eigen::Index>(1, (x.cols() + chunk - 1) / chunk);
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(x.rows(), chunks);
  Eigen::VectorXd squares = Eigen::VectorXd::Zero(chunks);
  parallelFor(x.cols(), chunk, [&](std::int64_t begin, std::int64_t end) {
    double* sum = sums.col(begin / chunk).data();
    double square = 0.0;
    for (Eigen::Index column = begin; column < end; ++column)
      square += addWidened(x.data() + column * x.outerStride(), x.rows(), sum);
    squares[begin / chunk] = square;
  });
  ColumnMoments moments;
  moments.mean = sums.rowwise().sum() / static_cast<double>(std::max<Eigen::Index>(1, x.cols()));
  for (const double square : squares)
    moments.squares += square;
  return moments;
}

Eigen::VectorXd meanColumn(const FeatureMatrixView& x)
{
  return columnMoments(x).mean;
}

Eigen::MatrixXd scatterMatrix(const FeatureMatrixView& x, const Eigen::VectorXd& mean,
                              Precision precision, const Progress& progress)
{
  return precision == Precision::Single ? scatterOf<float>(x, mean, progress)
                                        : scatterOf<double>(x, mean, progress);
}

Eigen::MatrixXd gramMatrix(const FeatureMatrixView& x, const Eigen::VectorXd& mean,
                           Precision precision, const Progress& progress)
{
  return precision == Precision::Single ? gramOf<float>(x, mean, progress)
                                        : gramOf<double>(x, mean, progress);
}

Eigen::VectorXd symmetricEigenvalues(const Eigen::Ref<const Eigen::MatrixXd>& matrix,
                                     Precision precision, const Progress& progress)
{
  if (matrix.rows() <= leftToLapack) {
    Eigen::MatrixXd workSpace = matrix;
    return decompose(workSpace, false).reverse();
  }
  TridiagonalForm form = tridiagonalForm(matrix, precision, progress);
  if (precision == Precision::Single)
    return bisectedEigenvalues(form);
  return tridiagonalEigenvalues(std::move(form.diagonal), std::move(form.secondary));
}

SymmetricEigen<float> symmetricEigen(Eigen::MatrixXf matrix)
{
  return allPairs<float>(std::move(matrix));
}

SymmetricEigen<double> symmetricEigen(Eigen::MatrixXd matrix)
{
  return allPairs<double>(std::move(matrix));
}

SymmetricEigen<float> largestEigen(Eigen::MatrixXf matrix, int count)
{
  return largestPairs<float>(std::move(matrix), count);
}

SymmetricEigen<double> largestEigen(Eigen::MatrixXd matrix, int count)
{
  return largestPairs<double>(std::move(matrix), count);
}

Eigen::VectorXd tridiagonalEigenvalues(Eigen::VectorXd diagonal, Eigen::VectorXd secondary)
{
  const int n = static_cast<int>(diagonal.size());
  if (n == 0)
    return diagonal;
  secondary.conservativeResize(n);  // LAPACK may touch one more
  int info = 0;
  dsterf_(&n, diagonal.data(), secondary.data(), &info);
  checkInfo(info);
  return diagonal.reverse();
}

}  // namespace orrery
