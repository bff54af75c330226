#include "core/crystals/Lda.h"

#include "core/base/Cholesky.h"
#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace orrery {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using MatrixView = Eigen::Ref<const Eigen::MatrixXd>;

struct ClassMeans {
  Matrix means;   ///< d × classes.
  Vector counts;  ///< classes.
  Vector origin;  ///< Mean of all samples.
};

ClassMeans classMeans(const MatrixView& samples, const std::vector<std::int32_t>& classes)
{
  const auto p = static_cast<std::size_t>(samples.cols());
  if (classes.size() != p)
    throw Error("discriminant analysis needs a class for each sample (found " +
                std::to_string(classes.size()) + " for " + std::to_string(p) + ")");
  std::int32_t count = 0;
  for (const std::int32_t c : classes) {
    if (c < 0)
      throw Error("a class number is negative");
    count = std::max(count, c + 1);
  }
  ClassMeans result;
  result.counts = Vector::Zero(count);
  result.means = Matrix::Zero(samples.rows(), count);
  for (std::size_t i = 0; i < p; ++i) {
    result.means.col(classes[i]) += samples.col(static_cast<Eigen::Index>(i));
    result.counts(classes[i]) += 1;
  }
  if (count < 2 || result.counts.minCoeff() < 1)
    throw Error("discriminant analysis needs at least two classes, none of them empty");
  if (static_cast<std::size_t>(count) >= p)
    throw Error("discriminant analysis needs more samples than classes (found " +
                std::to_string(p) + " of " + std::to_string(count) + ")");
  if (!samples.allFinite())
    throw Error("discriminant analysis needs finite numbers");
  result.means.array().rowwise() /= result.counts.transpose().array();
  result.origin = result.means * result.counts / static_cast<double>(p);
  return result;
}

/// Columns W with Wᵀ S_w W = 1 (S_w the within-class covariance), spanning all directions in which
/// something varies within classes. Which such W is taken does not matter: another differs by a
/// turn O, and the singular vectors of the whitened means turn with it, so that their product, the
/// scalings, is the same. Hence a Cholesky factor serves as well as singular vectors, at a tenth of
/// the cost, where no direction has to be dropped.
Matrix whitening(const MatrixView& samples, const std::vector<std::int32_t>& classes,
                 const ClassMeans& means, double tolerance, const Progress& progress)
{
  const Eigen::Index d = samples.rows(), p = samples.cols();
  Matrix within = samples;
  for (Eigen::Index i = 0; i < p; ++i)
    within.col(i) -= means.means.col(classes[static_cast<std::size_t>(i)]);
  Vector deviation = (within.rowwise().squaredNorm() / static_cast<double>(p)).cwiseSqrt();
  for (Eigen::Index j = 0; j < d; ++j)
    if (deviation(j) == 0)
      deviation(j) = 1;
  const double factor = 1 / std::sqrt(static_cast<double>(p - means.counts.size()));
  within.array().colwise() *= factor / deviation.array();

  const auto unscaled = [&](Matrix white) {
    white.array().colwise() /= deviation.array();
    return white;
  };
  if (p >= d) {
    const Matrix transposed = within.transpose();
    Matrix scatter = gramOfColumns(transposed, progress);
    Matrix factored = scatter;
    if (choleskyFactor(factored) && factored.diagonal().minCoeff() > 0) {
      const Matrix inverse = lowerInverse(std::move(factored));
      // The smallest eigenvalue is at least one over the trace of the inverse.
      if (1 > tolerance * tolerance * inverse.squaredNorm())
        return unscaled(inverse.transpose());
    }
    progress.checkStopped();
    const SymmetricEigen<double> eigen = symmetricEigen(std::move(scatter));
    Eigen::Index rank = 0;
    while (rank < d && eigen.values(rank) > tolerance * tolerance)
      ++rank;
    Matrix white = eigen.vectors.leftCols(rank);
    white.array().rowwise() /= eigen.values.head(rank).transpose().array().sqrt();
    return unscaled(std::move(white));
  }
  const SymmetricEigen<double> eigen = symmetricEigen(gramOfColumns(within, progress));
  Eigen::Index rank = 0;
  while (rank < p && eigen.values(rank) > tolerance * tolerance)
    ++rank;
  // Right singular vectors are within · u / σ, and whitening divides by σ once more.
  Matrix turned = eigen.vectors.leftCols(rank);
  turned.array().rowwise() /= eigen.values.head(rank).transpose().array();
  return unscaled(product(within, turned, progress));
}

void fitBySingularValues(Lda& lda, const MatrixView& samples,
                         const std::vector<std::int32_t>& classes, const ClassMeans& means,
                         const Progress& progress)
{
  const Matrix white = whitening(samples, classes, means, lda.options.tolerance, progress);
  if (white.cols() == 0)
    throw Error("nothing varies within the classes: discriminant analysis has no direction left");
  const double between = 1 / static_cast<double>(means.counts.size() - 1);
  Matrix spread = means.means.colwise() - means.origin;
  spread.array().rowwise() *= (means.counts.array() * between).sqrt().transpose();
  const Matrix projected = transposedProduct(white, spread, progress);
  const SymmetricEigen<double> eigen = symmetricEigen(gramOfColumns(projected));
  const double largest = std::sqrt(std::max(0.0, eigen.values(0)));
  Eigen::Index rank = 0;
  while (rank < eigen.values.size() &&
         std::sqrt(std::max(0.0, eigen.values(rank))) > lda.options.tolerance * largest)
    ++rank;
  if (rank == 0)
    throw Error("the classes have the same mean: discriminant analysis has no direction left");
  Matrix axes = projected * eigen.vectors.leftCols(rank);
  axes.array().rowwise() /= eigen.values.head(rank).transpose().array().sqrt();
  lda.scalings = product(white, axes, progress);
  const double sum = eigen.values.cwiseMax(0.0).sum();
  for (Eigen::Index i = 0; i < rank; ++i)
    lda.discriminated.push_back(eigen.values(i) / sum);
}

/// Ledoit & Wolf's amount of shrinkage for centred columns @p x (d × p) with covariance
/// @p covariance.
double ledoitWolf(const Matrix& x, const Matrix& covariance)
{
  const auto d = static_cast<double>(x.rows()), p = static_cast<double>(x.cols());
  const double mu = covariance.trace() / d;
  const double fourth = x.colwise().squaredNorm().array().square().sum();
  const double squares = covariance.squaredNorm();
  double beta = (fourth / p - squares) / (d * p);
  const double delta = (squares - 2 * mu * covariance.trace() + d * mu * mu) / d;
  beta = std::min(beta, delta);
  return beta == 0 ? 0.0 : beta / delta;
}

Matrix shrunkCovariance(Matrix x, std::optional<double> amount, const Progress& progress)
{
  const auto p = static_cast<double>(x.cols());
  x.colwise() -= Vector(x.rowwise().mean());
  Vector scale = Vector::Ones(x.rows());
  if (!amount) {
    scale = (x.rowwise().squaredNorm() / p).cwiseSqrt();
    for (Eigen::Index j = 0; j < scale.size(); ++j)
      if (scale(j) == 0)
        scale(j) = 1;
    x.array().colwise() /= scale.array();
  }
  const Matrix transposed = x.transpose();
  Matrix covariance = gramOfColumns(transposed, progress) / p;
  const double shrinkage = amount ? *amount : ledoitWolf(x, covariance);
  const double mu = covariance.trace() / static_cast<double>(x.rows());
  covariance *= 1 - shrinkage;
  covariance.diagonal().array() += shrinkage * mu;
  return scale.asDiagonal() * covariance * scale.asDiagonal();
}

void fitByShrinkage(Lda& lda, const MatrixView& samples, const std::vector<std::int32_t>& classes,
                    const ClassMeans& means, const Progress& progress)
{
  const Eigen::Index d = samples.rows(), p = samples.cols(), count = means.counts.size();
  Matrix within = Matrix::Zero(d, d);
  for (Eigen::Index c = 0; c < count; ++c) {
    Matrix own(d, static_cast<Eigen::Index>(means.counts(c)));
    Eigen::Index place = 0;
    for (Eigen::Index i = 0; i < p; ++i)
      if (classes[static_cast<std::size_t>(i)] == c)
        own.col(place++) = samples.col(i);
    within += means.counts(c) / static_cast<double>(p) *
              shrunkCovariance(std::move(own), lda.options.shrinkage, progress);
  }
  const Matrix between = shrunkCovariance(samples, lda.options.shrinkage, progress) - within;
  if (!choleskyFactor(within))
    throw Error("the covariance within the classes is singular: shrink more");
  const Matrix inverse = lowerInverse(std::move(within));
  const Matrix upper = inverse.transpose();
  Matrix reduced = product(product(inverse, between, progress), upper, progress);
  progress.checkStopped();
  const int kept = static_cast<int>(std::min(count - 1, d));
  const double total = reduced.trace();
  const SymmetricEigen<double> eigen = largestEigen(std::move(reduced), kept);
  lda.scalings = product(upper, eigen.vectors, progress);
  for (Eigen::Index i = 0; i < eigen.values.size(); ++i)
    lda.discriminated.push_back(eigen.values(i) / total);
}

}  // namespace

std::string displayName(LdaSolver solver)
{
  return solver == LdaSolver::Shrinkage ? "shrinkage" : "singular values";
}

Lda fitLda(const MatrixView& samples, const std::vector<std::int32_t>& classes,
           const LdaOptions& options, const Progress& progress)
{
  if (!(options.tolerance > 0) ||
      (options.shrinkage && !(*options.shrinkage >= 0 && *options.shrinkage <= 1)))
    throw Error("discriminant analysis needs a positive tolerance and a shrinkage in 0 to 1");
  const ClassMeans means = classMeans(samples, classes);
  Lda lda;
  lda.options = options;
  lda.origin = means.origin;
  if (options.solver == LdaSolver::Shrinkage)
    fitByShrinkage(lda, samples, classes, means, progress);
  else
    fitBySingularValues(lda, samples, classes, means, progress);
  return lda;
}

Eigen::MatrixXd ldaTransform(const Lda& lda, const MatrixView& samples, int components)
{
  const Eigen::Index kept = std::min<Eigen::Index>(components, lda.scalings.cols());
  const Matrix centred = samples.colwise() - lda.origin;
  return transposedProduct(lda.scalings.leftCols(kept), centred);
}

}  // namespace orrery
