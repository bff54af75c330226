#include "core/base/KrylovEigen.h"

#include "core/base/Cholesky.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>

namespace orrery {
namespace {

using Eigen::Index;

/// Vectors of a block: few converge after the smallest space, many use the products better.
constexpr Index blockSize = 16;

/// C = op(A) B, rows of C shared out.
void multiplyByRows(Eigen::Ref<Eigen::MatrixXf> c, const Eigen::Ref<const Eigen::MatrixXf>& a,
                    bool transposeA, const Eigen::Ref<const Eigen::MatrixXf>& b, float keep = 0)
{
  parallelFor(c.rows(), 128, [&](std::int64_t begin, std::int64_t end) {
    if (transposeA)
      multiplyInto(c.middleRows(begin, end - begin), a.middleCols(begin, end - begin), true, b,
                   keep);
    else
      multiplyInto(c.middleRows(begin, end - begin), a.middleRows(begin, end - begin), false, b,
                   keep);
  });
}

/// Turns the columns of @p z into an orthonormal basis Q of theirs and returns R of Z = QR, or
/// nothing if they depend on each other beyond @p smallest.
std::optional<Eigen::MatrixXd> orthonormalize(Eigen::MatrixXf& z, double smallest)
{
  Eigen::MatrixXd r = Eigen::MatrixXd::Identity(z.cols(), z.cols());
  for (int round = 0; round < 2; ++round) {
    const Eigen::MatrixXd wide = z.cast<double>();
    Eigen::MatrixXd lower = wide.transpose() * wide;
    if (!choleskyFactor(lower) || (round == 0 && lower.diagonal().minCoeff() < smallest))
      return std::nullopt;
    r = (lower.transpose() * r).eval();
    z = (wide * lowerInverse(std::move(lower)).transpose()).cast<float>();
  }
  return r;
}

class Space {
 public:
  Space(const Eigen::MatrixXf& matrix, Index room)
      : m_matrix(matrix),
        m_basis(matrix.rows(), room),
        m_projected(Eigen::MatrixXd::Zero(room, room))
  {
  }

  [[nodiscard]] Index size() const { return m_size; }

  /// Adds the orthonormal block @p q, which becomes the next one. False if there is no next one.
  bool extend(Eigen::MatrixXf& q)
  {
    m_basis.middleCols(m_size, blockSize) = q;
    multiplyByRows(q, m_matrix, true, m_basis.middleCols(m_size, blockSize));
    m_size += blockSize;
    Eigen::MatrixXf coefficients(m_size, blockSize);
    Eigen::MatrixXd column = Eigen::MatrixXd::Zero(m_size, blockSize);
    for (int round = 0; round < 2; ++round) {
      multiplyByRows(coefficients, m_basis.leftCols(m_size), true, q);
      column += coefficients.cast<double>();
      multiplyByRows(q, m_basis.leftCols(m_size), false, -coefficients, 1.0f);
    }
    m_projected.block(0, m_size - blockSize, m_size, blockSize) = column;
    m_largest = std::max(m_largest, column.norm());
    // What float leaves of an exhausted space is no direction.
    const std::optional<Eigen::MatrixXd> rest = orthonormalize(q, 1e-5 * m_largest);
    if (rest)
      m_coupling = *rest;
    return rest.has_value();
  }

  /// The Ritz pairs, if the first @p count have residuals below @p tolerance · λ₁.
  [[nodiscard]] std::optional<SymmetricEigen<float>> converged(int count, double tolerance) const
  {
    const Eigen::MatrixXf square = m_projected.topLeftCorner(m_size, m_size).cast<float>();
    const Eigen::MatrixXf upper = square.triangularView<Eigen::StrictlyUpper>();
    Eigen::MatrixXf symmetric = upper + upper.transpose();
    symmetric.diagonal() = square.diagonal();
    const SymmetricEigen<float> ritz = largestEigen(std::move(symmetric), count);
    const Eigen::MatrixXd last = ritz.vectors.bottomRows(blockSize).leftCols(count).cast<double>();
    const double residual = (m_coupling * last).colwise().norm().maxCoeff();
    if (!(residual <= tolerance * ritz.values[0]))
      return std::nullopt;
    SymmetricEigen<float> found;
    found.values = ritz.values.head(count);
    found.vectors.resize(m_basis.rows(), count);
    multiplyByRows(found.vectors, m_basis.leftCols(m_size), false, ritz.vectors.leftCols(count));
    return found;
  }

 private:
  const Eigen::MatrixXf& m_matrix;
  Eigen::MatrixXf m_basis;      ///< n × room, the first m_size columns in use.
  Eigen::MatrixXd m_projected;  ///< BᵀAB, its upper triangle.
  Eigen::MatrixXd m_coupling;   ///< From the last block to the next.
  Index m_size = 0;
  double m_largest = 0.0;
};

}  // namespace

std::optional<SymmetricEigen<float>> krylovEigenpairs(const Eigen::MatrixXf& matrix, int count,
                                                      const KrylovEigenOptions& options,
                                                      const Progress& progress)
{
  const auto wholeBlocks = [](Index vectors) {
    return (vectors + blockSize - 1) / blockSize * blockSize;
  };
  const Index n = matrix.rows(), step = wholeBlocks(std::max<Index>(count, 32));
  const Index room = std::min(8 * step, n / 2 / blockSize * blockSize);
  Index check = wholeBlocks(std::max<Index>(5 * count, 96));
  if (count < 1 || check > room)
    return std::nullopt;

  Random random(options.seed);
  Eigen::MatrixXf block(n, blockSize);
  for (Index i = 0; i < block.size(); ++i)
    block.data()[i] = static_cast<float>(random.normal());
  Space space(matrix, room);
  if (!orthonormalize(block, 0.0))
    return std::nullopt;
  while (space.size() + blockSize <= room) {
    progress.update(space.size(), room);
    if (!space.extend(block))
      return std::nullopt;
    if (space.size() < check && space.size() + blockSize <= room)
      continue;
    if (std::optional<SymmetricEigen<float>> found = space.converged(count, options.tolerance))
      return found;
    check += step;
  }
  return std::nullopt;
}

}  // namespace orrery
