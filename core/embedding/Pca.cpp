#include "core/embedding/Pca.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/embedding/BlockLanczos.h"
#include "core/embedding/CovarianceKernel.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string>

namespace orrery {
namespace {

/// Directions and variances before signs and rank are settled.
struct Leading {
  Eigen::VectorXd values;
  Eigen::MatrixXd vectors;
  Eigen::MatrixXf scores;  ///< Along the vectors, if the solver had them at hand.
  PcaSolver solver = PcaSolver::Covariance;
};

/// Lanczos gains nothing on small matrices or when a good part of all vectors is wanted.
bool suitsKrylov(Eigen::Index smaller, int components)
{
  return smaller >= 400 && 20 * static_cast<Eigen::Index>(components) <= smaller;
}

Leading byCovariance(const FeatureMatrixView& decoder, const Eigen::VectorXd& mean, int components,
                     const Progress& progress)
{
  Eigen::MatrixXd covariance =
      scatterMatrix(decoder, mean, Precision::Double, progress.stage("Covariance", 0.0, 0.3));
  covariance /= static_cast<double>(decoder.cols() - 1);
  progress.stage("Eigenvectors", 0.3, 0.95).update(0, 1);
  SymmetricEigen<double> eigen = largestEigen(std::move(covariance), components);
  return {std::move(eigen.values), std::move(eigen.vectors), {}, PcaSolver::Covariance};
}

/// XᵀX u = (n − 1) λ u gives C (X u) = λ (X u); |X u|² = (n − 1) λ.
Leading byGram(const FeatureMatrixView& decoder, const Eigen::VectorXd& mean, int components,
               const Progress& progress)
{
  const Eigen::Index d = decoder.rows(), n = decoder.cols();
  Eigen::MatrixXd gram =
      gramMatrix(decoder, mean, Precision::Double, progress.stage("Gram matrix", 0.0, 0.3));
  gram /= static_cast<double>(n - 1);
  progress.stage("Eigenvectors", 0.3, 0.9).update(0, 1);
  SymmetricEigen<double> eigen =
      largestEigen(std::move(gram), static_cast<int>(std::min<Eigen::Index>(components, d)));
  Leading leading{
      std::move(eigen.values), Eigen::MatrixXd::Zero(d, eigen.vectors.cols()), {}, PcaSolver::Gram};
  constexpr Eigen::Index chunk = 256;
  for (Eigen::Index begin = 0; begin < n; begin += chunk) {
    progress.checkStopped();
    const Eigen::Index columns = std::min(chunk, n - begin);
    const Eigen::MatrixXd part = decoder.middleCols(begin, columns).cast<double>().colwise() - mean;
    multiplyInto(leading.vectors, part, false, eigen.vectors.middleRows(begin, columns), 1.0);
  }
  // Also against each other: the division by a small λ magnifies what rounding left of the others.
  for (Eigen::Index k = 0; k < leading.vectors.cols(); ++k) {
    auto vector = leading.vectors.col(k);
    for (int round = 0; round < 2; ++round)
      vector -= leading.vectors.leftCols(k) * (leading.vectors.leftCols(k).transpose() * vector);
    if (const double length = vector.norm(); length > 0.0)
      vector /= length;
  }
  return leading;
}

Leading dense(const FeatureMatrixView& decoder, const Eigen::VectorXd& mean, PcaSolver solver,
              int components, const Progress& progress)
{
  const bool gram = solver == PcaSolver::Gram ||
                    (solver != PcaSolver::Covariance && decoder.cols() < decoder.rows());
  return gram ? byGram(decoder, mean, components, progress)
              : byCovariance(decoder, mean, components, progress);
}

Leading lead(const FeatureMatrixView& decoder, const Eigen::VectorXd& mean,
             const CovarianceKernel& kernel, const PcaOptions& options, int components,
             const Progress& progress)
{
  const bool krylov = options.solver == PcaSolver::Krylov ||
                      (options.solver == PcaSolver::Automatic &&
                       suitsKrylov(std::min(decoder.rows(), decoder.cols()), components));
  if (krylov) {
    BlockLanczosOptions lanczos;
    lanczos.components = components;
    lanczos.tolerance = options.tolerance;
    lanczos.seed = options.seed;
    LeadingSubspace space =
        leadingSubspace(kernel, decoder.rows(), lanczos, progress.stage("Lanczos", 0.0, 0.9));
    if (space.converged)
      return {std::move(space.values), std::move(space.vectors), std::move(space.scores),
              PcaSolver::Krylov};
  }
  return dense(decoder, mean, options.solver, components, progress);
}

/// How many variances stand above what rounding leaves of zero ones: of the decomposition (d ε λ₁),
/// of entries kept as floats (their ε² is 2⁻⁴⁸), and of the mean of equal features.
Eigen::Index rank(const Eigen::VectorXd& values, const FeatureMatrixView& decoder,
                  const Eigen::VectorXd& mean)
{
  if (values.size() == 0)
    return 0;
  const auto larger = static_cast<double>(std::max(decoder.rows(), decoder.cols()));
  const double floor =
      std::max(values[0] * (larger * 0x1.0p-52 + 0x1.0p-46), mean.squaredNorm() * 1e-28);
  return std::count_if(values.begin(), values.end(), [&](double value) { return value > floor; });
}

/// Turns each vector so that its entry of largest magnitude is positive.
void settleSigns(Leading& leading)
{
  for (Eigen::Index k = 0; k < leading.vectors.cols(); ++k) {
    Eigen::Index largest = 0;
    leading.vectors.col(k).cwiseAbs().maxCoeff(&largest);
    if (leading.vectors(largest, k) >= 0.0)
      continue;
    leading.vectors.col(k) *= -1.0;
    if (leading.scores.rows() > k)
      leading.scores.row(k) *= -1.0f;
  }
}

std::string percent(double share)
{
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), 100.0 * share,
                                 std::chars_format::fixed, 1)
                       .ptr;
  return std::string(text.data(), end) + " %";
}

}  // namespace

Pca computePca(const FeatureMatrixView& decoder, const PcaOptions& options,
               const Progress& progress)
{
  const Eigen::Index d = decoder.rows(), n = decoder.cols();
  if (n < 2)
    throw Error("principal components need at least 2 features, there are " + std::to_string(n));
  if (d < 1)
    throw Error("principal components need at least 1 dimension");
  if (options.components < 1)
    throw Error("the number of principal components must be at least 1, not " +
                std::to_string(options.components));
  if (!(options.tolerance > 0.0))
    throw Error("the tolerance of the principal components must be above 0");
  progress.update(0, 1);

  const ColumnMoments moments = columnMoments(decoder);
  if (!moments.mean.allFinite())
    throw Error("principal components cannot be computed: a feature holds a NaN or an infinity");
  const Eigen::VectorXd mean = options.center ? moments.mean : Eigen::VectorXd::Zero(d);
  const CovarianceKernel kernel(decoder, mean, moments.squares);
  const int components = static_cast<int>(
      std::min<Eigen::Index>(options.components, std::min(d, options.center ? n - 1 : n)));
  Leading leading = lead(decoder, mean, kernel, options, components, progress);

  const Eigen::Index kept = rank(leading.values, decoder, mean);
  leading.vectors.conservativeResize(Eigen::NoChange, kept);
  settleSigns(leading);

  Pca pca;
  pca.scores = leading.scores.rows() > 0 && leading.scores.rows() >= kept
                   ? Eigen::MatrixXf(leading.scores.topRows(kept))
                   : kernel.scores(leading.vectors, progress.stage("Coordinates", 0.95, 1.0));
  pca.axes = leading.vectors.cast<float>();
  pca.mean = mean.cast<float>();
  pca.eigenvalues = leading.values.head(kept);
  pca.totalVariance = kernel.trace();
  pca.solverUsed = leading.solver;
  pca.options = options;
  return pca;
}

Eigen::MatrixXf project(const Pca& pca, const FeatureMatrixView& vectors)
{
  if (vectors.rows() != pca.axes.rows())
    throw Error("vectors of " + std::to_string(vectors.rows()) +
                " dimensions cannot be projected on axes of " + std::to_string(pca.axes.rows()));
  return CovarianceKernel(vectors, pca.mean.cast<double>()).scores(pca.axes.cast<double>(), {});
}

Embedding pcaEmbedding(const Pca& pca, int dimensions)
{
  if (dimensions != 2 && dimensions != 3)
    throw Error("a map has 2 or 3 dimensions, not " + std::to_string(dimensions));
  Embedding embedding;
  const Eigen::Index shown = std::min<Eigen::Index>(dimensions, pca.scores.rows());
  embedding.positions = Positions::Zero(3, pca.scores.cols());
  embedding.positions.topRows(shown) = pca.scores.topRows(shown);
  embedding.method = EmbeddingMethod::Pca;
  embedding.dimensions = dimensions;

  double together = 0.0;
  for (Eigen::Index axis = 0; axis < shown; ++axis) {
    embedding.explainedVariance.push_back(
        pca.totalVariance > 0.0 ? pca.eigenvalues[axis] / pca.totalVariance : 0.0);
    together += embedding.explainedVariance.back();
  }
  embedding.description = "PCA of " + std::to_string(pca.scores.cols()) + " features × " +
                          std::to_string(pca.axes.rows()) + " dimensions" +
                          (pca.options.center ? "" : ", not centred") + ": the first " +
                          std::to_string(shown) +
                          (shown == 1 ? " component holds " : " components hold ") +
                          percent(together) + " of the variance.";
  embedding.options = {{"center", pca.options.center ? "true" : "false"},
                       {"components", std::to_string(pca.options.components)},
                       {"seed", std::to_string(pca.options.seed)}};
  return embedding;
}

}  // namespace orrery
