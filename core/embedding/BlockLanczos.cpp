#include "core/embedding/BlockLanczos.h"

#include "core/base/Random.h"

#include <algorithm>

namespace orrery {
namespace {

/// Orthonormalises the columns of @p block against @p basis and each other, twice over; columns of
/// which less than @p smallest is left (they lie in the span already) are dropped.
Eigen::MatrixXd orthonormalRest(const Eigen::Ref<const Eigen::MatrixXd>& basis,
                                Eigen::MatrixXd block, double smallest)
{
  for (int round = 0; round < 2; ++round)
    block -= basis * (basis.transpose() * block).eval();
  Eigen::Index kept = 0;
  for (Eigen::Index column = 0; column < block.cols(); ++column) {
    Eigen::VectorXd vector = block.col(column);
    const double before = vector.norm();
    if (before <= smallest)
      continue;
    for (int round = 0; round < 2; ++round) {
      vector -= block.leftCols(kept) * (block.leftCols(kept).transpose() * vector).eval();
      vector -= basis * (basis.transpose() * vector).eval();
    }
    const double left = vector.norm();
    if (left <= smallest || left <= 1e-10 * before)
      continue;
    block.col(kept++) = vector / left;
  }
  block.conservativeResize(Eigen::NoChange, kept);
  return block;
}

class Lanczos {
 public:
  Lanczos(const CovarianceKernel& covariance, Eigen::Index dimensions,
          const BlockLanczosOptions& options)
      : m_covariance(covariance),
        m_options(options),
        m_block(static_cast<int>(
            std::min<Eigen::Index>((options.components + 3 + 7) / 8 * 8, dimensions))),
        m_room(static_cast<int>(
            std::min<Eigen::Index>(std::max(128, 4 * m_block + options.components), dimensions))),
        m_basis(dimensions, m_room),
        m_image(dimensions, m_room),
        m_projected(Eigen::MatrixXd::Zero(m_room, m_room))
  {
  }

  /// Expands the space from @p start (orthonormal) until the residuals are below @p tolerance.
  bool run(const Eigen::MatrixXd& start, Precision precision, double tolerance,
           const Progress& progress)
  {
    m_size = 0;
    m_best = 1.0;
    m_stalls = 0;
    Eigen::MatrixXd next = start;
    while (next.cols() > 0) {
      if (m_products >= m_options.maxProducts)
        return false;
      progress.update(m_products, m_options.maxProducts);
      append(next, precision, progress);
      rayleighRitz();
      const double residual = largestResidual() / std::max(m_ritz.values[0], 1e-300);
      if (residual <= tolerance || (precision == Precision::Single && hasStalled(residual)))
        return true;
      const double smallest = 1e-14 * std::max(m_ritz.values[0], 0.0);
      next = m_size < m_basis.rows()
                 ? orthonormalRest(m_basis.leftCols(m_size),
                                   m_image.middleCols(m_size - next.cols(), next.cols()), smallest)
                 : Eigen::MatrixXd();
      if (m_size + next.cols() > m_room)
        restart();
      if (m_size + next.cols() > m_room)
        next.conservativeResize(Eigen::NoChange, m_room - m_size);
    }
    return true;  // the space is invariant: nothing is left outside it
  }

  /// The leading Ritz vectors, at most @p count.
  [[nodiscard]] Eigen::MatrixXd vectors(int count) const
  {
    const Eigen::Index kept = std::min<Eigen::Index>(count, m_size);
    return m_basis.leftCols(m_size) * m_ritz.vectors.leftCols(kept);
  }

  [[nodiscard]] Eigen::VectorXd values(int count) const
  {
    return m_ritz.values.head(std::min<Eigen::Index>(count, m_size));
  }

  /// Coordinates of the features along vectors(count), if the last run was a single product.
  [[nodiscard]] Eigen::MatrixXf scores(int count) const
  {
    if (m_scores.rows() != m_size)
      return {};
    const Eigen::Index kept = std::min<Eigen::Index>(count, m_size);
    return m_ritz.vectors.leftCols(kept).transpose().cast<float>() * m_scores;
  }

  [[nodiscard]] int block() const { return m_block; }
  [[nodiscard]] int products() const { return m_products; }

 private:
  void append(const Eigen::MatrixXd& next, Precision precision, const Progress& progress)
  {
    const Eigen::Index added = next.cols();
    m_basis.middleCols(m_size, added) = next;
    // The checking product in double is usually the only one of its run: then the features'
    // coordinates are at hand.
    const bool keepScores = precision == Precision::Double && m_size == 0;
    m_scores.resize(0, 0);
    m_image.middleCols(m_size, added) =
        m_covariance.apply(next, precision, progress, keepScores ? &m_scores : nullptr);
    ++m_products;
    const Eigen::MatrixXd column =
        m_basis.leftCols(m_size + added).transpose() * m_image.middleCols(m_size, added);
    m_projected.block(0, m_size, m_size + added, added) = column;
    m_projected.block(m_size, 0, added, m_size + added) = column.transpose();
    // The corner was written twice, transposed the second time: make it symmetric.
    const Eigen::MatrixXd corner = column.bottomRows(added);
    m_projected.block(m_size, m_size, added, added) = 0.5 * (corner + corner.transpose());
    m_size += added;
  }

  /// Float products have given what they can: small residuals do not fall any more.
  [[nodiscard]] bool hasStalled(double residual)
  {
    constexpr double small = 1e-5;
    m_stalls = residual < small && residual > 0.7 * m_best ? m_stalls + 1 : 0;
    m_best = std::min(m_best, residual);
    return m_stalls >= 2;
  }

  void rayleighRitz()
  {
    m_ritz = symmetricEigen(Eigen::MatrixXd(m_projected.topLeftCorner(m_size, m_size)));
  }

  [[nodiscard]] double largestResidual() const
  {
    const Eigen::Index wanted = std::min<Eigen::Index>(m_options.components, m_size);
    const Eigen::MatrixXd weights = m_ritz.vectors.leftCols(wanted);
    const Eigen::MatrixXd residual =
        m_image.leftCols(m_size) * weights -
        m_basis.leftCols(m_size) * (weights * m_ritz.values.head(wanted).asDiagonal());
    return residual.colwise().norm().maxCoeff();
  }

  /// Keeps the leading Ritz vectors as the basis: thick restart.
  void restart()
  {
    const Eigen::Index kept = std::min<Eigen::Index>(m_options.components + m_block, m_size);
    const Eigen::MatrixXd weights = m_ritz.vectors.leftCols(kept);
    m_basis.leftCols(kept) = (m_basis.leftCols(m_size) * weights).eval();
    m_image.leftCols(kept) = (m_image.leftCols(m_size) * weights).eval();
    m_projected.topLeftCorner(kept, kept) = m_ritz.values.head(kept).asDiagonal();
    m_size = kept;
  }

  const CovarianceKernel& m_covariance;
  BlockLanczosOptions m_options;
  int m_block;
  int m_room;               ///< Vectors of the basis at most.
  Eigen::MatrixXd m_basis;  ///< d × room, the first m_size columns in use.
  Eigen::MatrixXd m_image;  ///< C times the basis.
  Eigen::MatrixXd m_projected;
  SymmetricEigen<double> m_ritz;
  Eigen::MatrixXf m_scores;
  Eigen::Index m_size = 0;
  int m_products = 0;
  double m_best = 1.0;  ///< The smallest residual of this run, and how often none was smaller.
  int m_stalls = 0;
};

Eigen::MatrixXd randomBlock(Eigen::Index rows, int columns, std::uint64_t seed)
{
  Random random(seed);
  Eigen::MatrixXd block(rows, columns);
  for (Eigen::Index i = 0; i < block.size(); ++i)
    block.data()[i] = random.normal();
  return orthonormalRest(Eigen::MatrixXd(rows, 0), std::move(block), 0.0);
}

}  // namespace

LeadingSubspace leadingSubspace(const CovarianceKernel& covariance, Eigen::Index dimensions,
                                const BlockLanczosOptions& options, const Progress& progress)
{
  Lanczos lanczos(covariance, dimensions, options);
  // What float products can tell reliably; a smaller tolerance is left to the second run.
  const double roughTolerance = std::max(0.5 * options.tolerance, 2e-8);
  LeadingSubspace result;
  if (lanczos.run(randomBlock(dimensions, lanczos.block(), options.seed), Precision::Single,
                  roughTolerance, progress)) {
    // The products in double take four vectors at a time.
    const int checked = std::min(lanczos.block(), (options.components + 3) / 4 * 4);
    const Eigen::MatrixXd start =
        orthonormalRest(Eigen::MatrixXd(dimensions, 0), lanczos.vectors(checked), 0.0);
    result.converged = lanczos.run(start, Precision::Double, options.tolerance, progress);
    result.values = lanczos.values(options.components);
    result.vectors = lanczos.vectors(options.components);
    result.scores = lanczos.scores(options.components);
  }
  result.products = lanczos.products();
  return result;
}

}  // namespace orrery
