// An affinity as something that vectors are multiplied with, whether or not it is held as a matrix,
// and its leading eigenvectors once normalised.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/lobes/Affinity.h"
#include "core/lobes/Cooccurrence.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace orrery {

/// A symmetric m × m affinity W without its diagonal.
class AffinityOperator {
 public:
  virtual ~AffinityOperator() = default;
  [[nodiscard]] virtual Eigen::Index size() const = 0;
  /// Row sums: m.
  [[nodiscard]] virtual Eigen::VectorXd degrees(const Progress& progress) const = 0;
  /// W @p vectors (m × b) on all threads; the same bits for any number of them.
  [[nodiscard]] virtual Eigen::MatrixXf apply(const Eigen::MatrixXf& vectors,
                                              const Progress& progress) const = 0;
};

/// Of a matrix that must outlive it and whose diagonal it sets to zero.
std::unique_ptr<AffinityOperator> denseOperator(Eigen::MatrixXf& affinity);

/// phi + 1 or simple matching over the features @p features (ascending) of @p firings.
std::unique_ptr<AffinityOperator> firingsOperator(const Firings& firings, AffinityMeasure measure,
                                                  const std::vector<FeatureId>& features);

struct NormalizedEigen {
  Eigen::VectorXd values;   ///< Of D^−½ W D^−½, largest first.
  Eigen::MatrixXd vectors;  ///< m × count, orthonormal.
  double largestResidual = 0.0;
  bool converged = false;
  int products = 0;
};

struct NormalizedEigenOptions {
  int count = 8;
  double tolerance = 1e-4;  ///< Of the residuals, relative to the second eigenvalue.
  int maxProducts = 400;
  std::uint64_t seed = 0;
};

/// Block Lanczos with full reorthogonalisation and thick restarts; the first eigenvector, √D, is
/// known and put in. @p degrees all positive. Small problems are solved whole by LAPACK. Memory
/// about 16 · m · (8 count + 160) bytes.
NormalizedEigen leadingEigenvectors(const AffinityOperator& affinity,
                                    const Eigen::VectorXd& degrees,
                                    const NormalizedEigenOptions& options,
                                    const Progress& progress = {});

}  // namespace orrery
