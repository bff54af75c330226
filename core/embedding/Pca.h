// Principal components of a dictionary: exact, by the eigenvectors of the covariance.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"

#include <cstdint>
#include <optional>

namespace orrery {

enum class PcaSolver {
  /// Krylov when few components of a large matrix are wanted, else the smaller of the two below.
  Automatic,
  /// Eigenvectors of the d × d covariance.
  Covariance,
  /// Eigenvectors of the n × n Gram matrix of the centred features: cheaper when n < d.
  Gram,
  /// Block Lanczos on the centred matrix, without forming either; to the stated tolerance.
  Krylov
};

struct PcaOptions {
  /// How many leading components.
  int components = 3;
  PcaSolver solver = PcaSolver::Automatic;
  /// Subtract the mean of the features. Off gives the uncentred second moment.
  bool center = true;
  /// Krylov only: stop when every residual ‖Cv − λv‖ is below this share of λ₁.
  double tolerance = 1e-7;
  /// Krylov only: of the random start.
  std::uint64_t seed = 0;
};

struct Pca {
  Eigen::MatrixXf scores;  ///< components × n: coordinates of each feature.
  Eigen::MatrixXf
      axes;  ///< d × components, orthonormal; the entry of largest magnitude of each is positive.
  Eigen::VectorXf mean;  ///< d; zero if not centred.
  Eigen::VectorXd
      eigenvalues;  ///< Of the covariance (divisor n − 1), largest first; one per component.
  double totalVariance = 0.0;  ///< Trace of the covariance.
  PcaSolver solverUsed = PcaSolver::Covariance;
  PcaOptions options;
};

/// Computes the leading components of @p decoder (d × n, finite). Fewer than options.components
/// come back when the rank of the centred matrix is smaller. Memory: d² doubles (Covariance), n²
/// (Gram), a few blocks of vectors (Krylov); never a centred copy of the matrix. The same bits for
/// any number of threads. Throws Error if n < 2.
Pca computePca(const FeatureMatrixView& decoder, const PcaOptions& options = {},
               const Progress& progress = {});

/// Coordinates of other vectors of the same space (d × m): exact.
Eigen::MatrixXf project(const Pca& pca, const FeatureMatrixView& vectors);

/// The map of the first @p dimensions (2 or 3) components, with its sentence.
Embedding pcaEmbedding(const Pca& pca, int dimensions);

}  // namespace orrery
