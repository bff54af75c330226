// Products of two feature vectors in double: what float products of tiles are checked against.
#pragma once

#include <Eigen/Core>

namespace orrery {

/// Σ a_j b_j; no overflow for any floats. The order of the sum is fixed.
double exactProduct(const float* a, const float* b, Eigen::Index count);

/// Σ (a_j − b_j)², the differences taken in double: exact for close vectors too.
double exactSquaredDistance(const float* a, const float* b, Eigen::Index count);

}  // namespace orrery
