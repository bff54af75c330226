// The vectors of a synthetic dictionary: lobes, power law, word length and relations, all planted.
#pragma once

#include "core/synthetic/Layout.h"

#include <cstdint>

namespace orrery::synthetic {

/// How a layer differs from the one it drifts from: every feature's own part is turned by @p angle
/// towards a fresh draw of seed @p seed. Layers of one model with the same @p seed lie on one path.
struct Drift {
  double angle = 0.0;
  std::uint64_t seed = 0;
};

struct Geometry {
  FeatureMatrix decoder;                ///< d × n.
  Eigen::VectorXf wordLengthDirection;  ///< d, unit length.
  Eigen::MatrixXf relationDirections;   ///< d × relations, orthonormal, orthogonal to the above.
};

Geometry makeGeometry(const Layout& layout, const SyntheticOptions& options, const Drift& drift);

}  // namespace orrery::synthetic
