#include "core/lobes/AffinityOperator.h"

#include "core/base/Dispatch.h"
#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

class DenseOperator : public AffinityOperator {
 public:
  explicit DenseOperator(Eigen::MatrixXf& affinity) : m_affinity(affinity)
  {
    affinity.diagonal().setZero();
  }

  [[nodiscard]] Eigen::Index size() const override { return m_affinity.cols(); }

  [[nodiscard]] Eigen::VectorXd degrees(const Progress& progress) const override
  {
    Eigen::VectorXd sums(size());
    parallelFor(size(), 64, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      for (std::int64_t j = begin; j < end; ++j)
        sums[j] = m_affinity.col(j).cast<double>().sum();
    });
    return sums;
  }

  [[nodiscard]] Eigen::MatrixXf apply(const Eigen::MatrixXf& vectors,
                                      const Progress& progress) const override
  {
    // Symmetric: the rows of the result are columns of the matrix times the vectors.
    Eigen::MatrixXf result(size(), vectors.cols());
    parallelFor(size(), 256, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      multiplyInto(result.middleRows(begin, end - begin), m_affinity.middleCols(begin, end - begin),
                   true, vectors);
    });
    return result;
  }

 private:
  const Eigen::MatrixXf& m_affinity;
};

/// Vectors that are multiplied together; as rows of `lanes` numbers per feature.
constexpr int lanes = 16;
using Rows = Eigen::Matrix<float, lanes, Eigen::Dynamic>;

struct BlockRange {
  const std::int64_t* starts;
  const FeatureId* ids;
  std::int64_t begin, end;
};

/// For every block: u = Σ of the rows of the features that fire, less @p mean; then u is added to
/// the result's row of each of them. One pass over the ids gives Bᵀ(B v − mean).
ORRERY_FOR_EACH_CPU
void gatherAndScatter(const BlockRange& range, const float* rows, const float* mean, float* result)
{
  using Lanes = float __attribute__((vector_size(32), aligned(4), may_alias));
  const Lanes mean0 = *reinterpret_cast<const Lanes*>(mean);
  const Lanes mean1 = *reinterpret_cast<const Lanes*>(mean + 8);
  for (std::int64_t block = range.begin; block < range.end; ++block) {
    Lanes sum0 = -mean0, sum1 = -mean1;
    const std::int64_t end = range.starts[block + 1];
    for (std::int64_t i = range.starts[block]; i < end; ++i) {
      const float* row = rows + lanes * static_cast<std::int64_t>(range.ids[i]);
      sum0 += *reinterpret_cast<const Lanes*>(row);
      sum1 += *reinterpret_cast<const Lanes*>(row + 8);
    }
    for (std::int64_t i = range.starts[block]; i < end; ++i) {
      float* row = result + lanes * static_cast<std::int64_t>(range.ids[i]);
      *reinterpret_cast<Lanes*>(row) += sum0;
      *reinterpret_cast<Lanes*>(row + 8) += sum1;
    }
  }
}

/// phi + 1 = T S (BᵀB − n nᵀ / T) S + 1 1ᵀ with S = diag(1 / √(n (T − n))), and simple matching
/// = (2 BᵀB + (T − n_i − n_j)) / T: products with them need products with B and its transpose, a
/// sum, and the diagonal taken off.
class FiringsOperator : public AffinityOperator {
 public:
  FiringsOperator(const Firings& firings, AffinityMeasure measure,
                  const std::vector<FeatureId>& features)
      : m_measure(measure), m_blocks(static_cast<double>(firings.blocks()))
  {
    std::vector<FeatureId> place(static_cast<std::size_t>(firings.features), noFeature);
    for (std::size_t i = 0; i < features.size(); ++i)
      place[static_cast<std::size_t>(features[i])] = static_cast<FeatureId>(i);
    m_starts.reserve(firings.starts.size());
    m_starts.push_back(0);
    m_ids.reserve(firings.ids.size());
    m_own = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(features.size()));
    for (std::size_t block = 0; block + 1 < firings.starts.size(); ++block) {
      for (std::int64_t i = firings.starts[block]; i < firings.starts[block + 1]; ++i) {
        const FeatureId id =
            place[static_cast<std::size_t>(firings.ids[static_cast<std::size_t>(i)])];
        if (id == noFeature)
          continue;
        m_ids.push_back(id);
        m_own[id] += 1.0;
      }
      m_starts.push_back(static_cast<std::int64_t>(m_ids.size()));
    }
    m_scale = Eigen::VectorXd::Zero(m_own.size());
    for (Eigen::Index i = 0; i < m_own.size(); ++i) {
      const double product = m_own[i] * (m_blocks - m_own[i]);
      m_scale[i] = product > 0.0 ? 1.0 / std::sqrt(product) : 0.0;
    }
  }

  [[nodiscard]] Eigen::Index size() const override { return m_own.size(); }

  [[nodiscard]] Eigen::VectorXd degrees(const Progress& progress) const override
  {
    return apply(Eigen::MatrixXf::Ones(size(), 1), progress).col(0).cast<double>();
  }

  [[nodiscard]] Eigen::MatrixXf apply(const Eigen::MatrixXf& vectors,
                                      const Progress& progress) const override
  {
    Eigen::MatrixXf result(size(), vectors.cols());
    for (Eigen::Index first = 0; first < vectors.cols(); first += lanes) {
      const Eigen::Index count = std::min<Eigen::Index>(lanes, vectors.cols() - first);
      result.middleCols(first, count) = applyFew(vectors.middleCols(first, count), progress);
    }
    return result;
  }

 private:
  [[nodiscard]] Eigen::MatrixXf applyFew(const Eigen::Ref<const Eigen::MatrixXf>& vectors,
                                         const Progress& progress) const
  {
    const bool isPhi = m_measure == AffinityMeasure::Phi;
    const Eigen::Index m = size(), count = vectors.cols();
    Rows rows = Rows::Zero(lanes, m);
    for (Eigen::Index c = 0; c < count; ++c)
      for (Eigen::Index i = 0; i < m; ++i)
        rows(c, i) = isPhi ? static_cast<float>(m_scale[i] * static_cast<double>(vectors(i, c)))
                           : vectors(i, c);
    Eigen::VectorXd total(count), weighted(count);
    for (Eigen::Index c = 0; c < count; ++c) {
      total[c] = vectors.col(c).cast<double>().sum();
      weighted[c] = m_own.dot(rows.row(c).transpose().cast<double>());
    }
    Eigen::Matrix<float, lanes, 1> mean = Eigen::Matrix<float, lanes, 1>::Zero();
    if (isPhi)
      mean.head(count) = (weighted / m_blocks).cast<float>();
    const Rows products = throughBlocks(rows, mean, progress);

    Eigen::MatrixXf result(m, count);
    for (Eigen::Index c = 0; c < count; ++c)
      for (Eigen::Index i = 0; i < m; ++i) {
        const double value = static_cast<double>(vectors(i, c));
        const double both = static_cast<double>(products(c, i));
        double sum = 0.0;
        if (isPhi)
          sum = m_blocks * m_scale[i] * both + total[c] - (m_scale[i] > 0.0 ? 2.0 : 1.0) * value;
        else
          sum = (2.0 * both + (m_blocks - m_own[i]) * total[c] - weighted[c]) / m_blocks - value;
        result(i, c) = static_cast<float>(sum);
      }
    return result;
  }

  /// Fixed ranges of blocks, each with a result of its own, summed in order.
  [[nodiscard]] Rows throughBlocks(const Rows& rows, const Eigen::Matrix<float, lanes, 1>& mean,
                                   const Progress& progress) const
  {
    constexpr std::int64_t parts = 16;
    const auto blocks = static_cast<std::int64_t>(m_starts.size()) - 1;
    const std::int64_t perPart = std::max<std::int64_t>(1, (blocks + parts - 1) / parts);
    const std::int64_t used = (blocks + perPart - 1) / perPart;
    std::vector<Rows> sums(static_cast<std::size_t>(used));
    parallelFor(blocks, perPart, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      Rows& sum = sums[static_cast<std::size_t>(begin / perPart)];
      sum = Rows::Zero(lanes, rows.cols());
      gatherAndScatter({m_starts.data(), m_ids.data(), begin, end}, rows.data(), mean.data(),
                       sum.data());
    });
    Rows result = Rows::Zero(lanes, rows.cols());
    parallelFor(rows.cols(), 1024, [&](std::int64_t begin, std::int64_t end) {
      for (const Rows& sum : sums)
        result.middleCols(begin, end - begin) += sum.middleCols(begin, end - begin);
    });
    return result;
  }

  AffinityMeasure m_measure;
  double m_blocks;
  std::vector<std::int64_t> m_starts;
  std::vector<FeatureId> m_ids;
  Eigen::VectorXd m_own;    ///< Blocks of each feature.
  Eigen::VectorXd m_scale;  ///< 1 / √(n (T − n)), 0 where undefined.
};

/// Orthonormalises the columns of @p block against @p basis and each other; columns of which
/// nothing is left are dropped.
Eigen::MatrixXd orthonormalRest(const Eigen::Ref<const Eigen::MatrixXd>& basis,
                                Eigen::MatrixXd block)
{
  const Eigen::VectorXd before = block.colwise().norm();
  for (int round = 0; round < 2; ++round) {
    const Eigen::MatrixXd weights = transposedProduct(basis, block);
    block -= product(basis, weights);
  }
  Eigen::Index kept = 0;
  for (Eigen::Index column = 0; column < block.cols(); ++column) {
    Eigen::VectorXd vector = block.col(column);
    for (int round = 0; round < 2; ++round)
      vector -= block.leftCols(kept) * (block.leftCols(kept).transpose() * vector).eval();
    const double left = vector.norm();
    if (left <= 1e-12 * std::max(before[column], 1e-300))
      continue;
    block.col(kept++) = vector / left;
  }
  block.conservativeResize(Eigen::NoChange, kept);
  return block;
}

class Lanczos {
 public:
  Lanczos(const AffinityOperator& affinity, const Eigen::VectorXd& degrees,
          const NormalizedEigenOptions& options)
      : m_affinity(affinity),
        m_options(options),
        // Narrow blocks reach a higher degree with as many vectors; wide ones pay where products
        // are few beside what is kept.
        m_block(options.count <= 128 ? 16 : 32),
        m_room(std::min<Eigen::Index>(
            options.count <= 128 ? std::max(160, 8 * options.count) : 3 * options.count + 256,
            affinity.size())),
        m_inverseRoots(degrees.cwiseSqrt().cwiseInverse()),
        m_basis(affinity.size(), m_room),
        m_image(affinity.size(), m_room),
        m_projected(Eigen::MatrixXd::Zero(m_room, m_room))
  {
    m_basis.col(0) = degrees.cwiseSqrt().normalized();
    m_image.col(0) = m_basis.col(0);
    m_projected(0, 0) = 1.0;
    m_size = 1;
  }

  NormalizedEigen run(const Progress& progress)
  {
    Random random(m_options.seed);
    Eigen::MatrixXd next(m_basis.rows(), m_block);
    for (Eigen::Index i = 0; i < next.size(); ++i)
      next.data()[i] = random.normal();
    next = orthonormalRest(m_basis.leftCols(m_size), std::move(next));
    NormalizedEigen result;
    Eigen::Index checkedAt = 0;
    while (true) {
      progress.update(m_products, m_options.maxProducts);
      append(next, progress);
      const bool full = m_size + m_block > m_room;
      // A check costs an eigenproblem of the basis: not at every step.
      if (m_size > m_options.count && (full || 4 * m_size >= 5 * checkedAt)) {
        checkedAt = m_size;
        m_ritz = symmetricEigen(Eigen::MatrixXd(m_projected.topLeftCorner(m_size, m_size)));
        result.largestResidual = largestResidual();
        result.converged = result.largestResidual <= m_options.tolerance * scale();
        if (result.converged || m_products >= m_options.maxProducts)
          break;
      }
      next = orthonormalRest(m_basis.leftCols(m_size),
                             m_image.middleCols(m_size - next.cols(), next.cols()));
      if (next.cols() == 0) {  // nothing is left outside
        m_ritz = symmetricEigen(Eigen::MatrixXd(m_projected.topLeftCorner(m_size, m_size)));
        result.largestResidual = largestResidual();
        result.converged = true;
        break;
      }
      if (full) {
        restart();
        checkedAt = m_size;
      }
    }
    const Eigen::Index wanted = std::min<Eigen::Index>(m_options.count, m_size);
    result.values = m_ritz.values.head(wanted);
    result.vectors =
        product(m_basis.leftCols(m_size), Eigen::MatrixXd(m_ritz.vectors.leftCols(wanted)));
    result.products = m_products;
    return result;
  }

 private:
  void append(const Eigen::MatrixXd& next, const Progress& progress)
  {
    const Eigen::Index added = next.cols();
    m_basis.middleCols(m_size, added) = next;
    const Eigen::MatrixXf scaled = (m_inverseRoots.asDiagonal() * next).cast<float>();
    m_image.middleCols(m_size, added) =
        m_inverseRoots.asDiagonal() * m_affinity.apply(scaled, progress).cast<double>();
    ++m_products;
    const Eigen::MatrixXd column =
        transposedProduct(m_basis.leftCols(m_size + added), m_image.middleCols(m_size, added));
    m_projected.block(0, m_size, m_size + added, added) = column;
    m_projected.block(m_size, 0, added, m_size + added) = column.transpose();
    const Eigen::MatrixXd corner = column.bottomRows(added);
    m_projected.block(m_size, m_size, added, added) = 0.5 * (corner + corner.transpose());
    m_size += added;
  }

  /// What residuals are measured by: the second eigenvalue, since the first is 1 for any affinity.
  [[nodiscard]] double scale() const
  {
    return m_ritz.values.size() > 1 ? std::max(std::abs(m_ritz.values[1]), 1e-3) : 1.0;
  }

  [[nodiscard]] double largestResidual() const
  {
    const Eigen::Index wanted = std::min<Eigen::Index>(m_options.count, m_size);
    const Eigen::MatrixXd weights = m_ritz.vectors.leftCols(wanted);
    Eigen::MatrixXd residual = product(m_image.leftCols(m_size), weights);
    residual -= product(m_basis.leftCols(m_size),
                        Eigen::MatrixXd(weights * m_ritz.values.head(wanted).asDiagonal()));
    return residual.colwise().norm().maxCoeff();
  }

  void restart()
  {
    const Eigen::Index kept =
        std::min<Eigen::Index>(m_options.count + std::max(m_block, m_options.count / 4), m_size);
    const Eigen::MatrixXd weights = m_ritz.vectors.leftCols(kept);
    m_basis.leftCols(kept) = product(m_basis.leftCols(m_size), weights);
    m_image.leftCols(kept) = product(m_image.leftCols(m_size), weights);
    m_projected.topLeftCorner(kept, kept) = m_ritz.values.head(kept).asDiagonal();
    m_size = kept;
  }

  const AffinityOperator& m_affinity;
  NormalizedEigenOptions m_options;
  int m_block;
  Eigen::Index m_room;
  Eigen::VectorXd m_inverseRoots;
  Eigen::MatrixXd m_basis, m_image, m_projected;
  SymmetricEigen<double> m_ritz;
  Eigen::Index m_size = 0;
  int m_products = 0;
};

NormalizedEigen solveWhole(const AffinityOperator& affinity, const Eigen::VectorXd& degrees,
                           int count, const Progress& progress)
{
  const Eigen::Index m = affinity.size();
  const Eigen::VectorXd inverseRoots = degrees.cwiseSqrt().cwiseInverse();
  Eigen::MatrixXd matrix = affinity.apply(Eigen::MatrixXf::Identity(m, m), progress).cast<double>();
  matrix = (inverseRoots.asDiagonal() * matrix * inverseRoots.asDiagonal()).eval();
  matrix = (0.5 * (matrix + matrix.transpose())).eval();
  SymmetricEigen<double> eigen = largestEigen(std::move(matrix), count);
  NormalizedEigen result;
  result.values = std::move(eigen.values);
  result.vectors = std::move(eigen.vectors);
  result.converged = true;
  result.products = 1;
  return result;
}

}  // namespace

std::unique_ptr<AffinityOperator> denseOperator(Eigen::MatrixXf& affinity)
{
  return std::make_unique<DenseOperator>(affinity);
}

std::unique_ptr<AffinityOperator> firingsOperator(const Firings& firings, AffinityMeasure measure,
                                                  const std::vector<FeatureId>& features)
{
  return std::make_unique<FiringsOperator>(firings, measure, features);
}

NormalizedEigen leadingEigenvectors(const AffinityOperator& affinity,
                                    const Eigen::VectorXd& degrees,
                                    const NormalizedEigenOptions& options, const Progress& progress)
{
  const Eigen::Index m = affinity.size();
  if (m <= std::max<Eigen::Index>(600, 4 * options.count))
    return solveWhole(affinity, degrees, std::min<int>(options.count, static_cast<int>(m)),
                      progress);
  return Lanczos(affinity, degrees, options).run(progress);
}

}  // namespace orrery
