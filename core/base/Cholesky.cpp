#include "core/base/Cholesky.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <vector>

extern "C" {
void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);
void spotrf_(const char* triangle, const int* n, float* a, const int* lda, int* info);
void spotrs_(const char* triangle, const int* n, const int* columns, const float* a, const int* lda,
             float* b, const int* ldb, int* info);
void dtrtri_(const char* triangle, const char* diagonal, const int* n, double* a, const int* lda,
             int* info);
}

namespace orrery {
namespace {

template <typename Factor, typename Matrix>
bool factorWith(Factor factor, Matrix& matrix)
{
  const int n = static_cast<int>(matrix.rows());
  if (n == 0)
    return true;
  threadCount();  // puts LAPACK on one thread
  int info = 0;
  factor("L", &n, matrix.data(), &n, &info);
  matrix.template triangularView<Eigen::StrictlyUpper>().setZero();
  return info == 0 && matrix.diagonal().allFinite();
}

}  // namespace

Eigen::MatrixXd gramOfColumns(const Eigen::Ref<const Eigen::MatrixXd>& a, const Progress& progress)
{
  constexpr Eigen::Index tile = 256;
  const Eigen::Index n = a.cols(), side = (n + tile - 1) / tile;
  Eigen::MatrixXd gram(n, n);
  std::vector<std::pair<Eigen::Index, Eigen::Index>> tiles;
  for (Eigen::Index row = 0; row < side; ++row)
    for (Eigen::Index column = 0; column <= row; ++column)
      tiles.emplace_back(row * tile, column * tile);
  parallelFor(static_cast<std::int64_t>(tiles.size()), 1, [&](std::int64_t number, std::int64_t) {
    progress.checkStopped();
    const auto [row, column] = tiles[static_cast<std::size_t>(number)];
    const Eigen::Index rows = std::min(tile, n - row), columns = std::min(tile, n - column);
    multiplyInto(gram.block(row, column, rows, columns), a.middleCols(row, rows), true,
                 a.middleCols(column, columns));
  });
  gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
  return gram;
}

bool choleskyFactor(Eigen::MatrixXd& matrix)
{
  return factorWith(dpotrf_, matrix);
}

bool choleskyFactor(Eigen::MatrixXf& matrix)
{
  return factorWith(spotrf_, matrix);
}

void solveWithFactor(const Eigen::MatrixXf& lower, Eigen::MatrixXf& columns)
{
  const int n = static_cast<int>(lower.rows()), count = static_cast<int>(columns.cols());
  if (n == 0 || count == 0)
    return;
  threadCount();
  int info = 0;
  spotrs_("L", &n, &count, lower.data(), &n, columns.data(), &n, &info);
}

Eigen::MatrixXd lowerInverse(Eigen::MatrixXd lower)
{
  const int n = static_cast<int>(lower.rows());
  if (n == 0)
    return lower;
  threadCount();
  int info = 0;
  dtrtri_("L", "N", &n, lower.data(), &n, &info);
  if (info != 0)
    throw Error("a triangular matrix cannot be inverted: its diagonal has a zero");
  return lower;
}

}  // namespace orrery
