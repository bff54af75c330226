// The slow eigenvectors of a neighbour graph: where UMAP begins.
// Source: Belkin & Niyogi 2003 (Laplacian eigenmaps).
#pragma once

#include "core/base/Progress.h"
#include "core/embedding/WeightedGraph.h"

#include <cstdint>

namespace orrery {

struct SpectralOptions {
  int components = 2;  ///< At most 5.
  /// Every residual ‖Av − λv‖ must be below this; a start needs no more.
  double tolerance = 1e-3;
  int maxRounds = 40;
  std::uint64_t seed = 0;
};

struct SpectralAxes {
  Eigen::MatrixXd vectors;  ///< n × components, unit length; fewer if there are fewer features.
  Eigen::VectorXd values;   ///< Of A = D^−½ W D^−½, largest first, without the trivial 1.
  bool converged = false;
};

/// The leading eigenvectors of the symmetrically normalised graph after the trivial one, by
/// subspace iteration with a Chebyshev filter; the largest entry of each is positive. Features
/// without edges get zeros. Bits do not depend on the number of threads.
SpectralAxes spectralAxes(const WeightedGraph& graph, const SpectralOptions& options = {},
                          const Progress& progress = {});

/// The connected part of every feature, numbered from 0 by smallest feature.
std::vector<std::int32_t> connectedParts(const WeightedGraph& graph);

}  // namespace orrery
