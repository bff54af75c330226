// Parallelograms by looking at every two pairs of features, whatever the dimensions: the slow
// answer that a search is held against.
#pragma once

#include "tests/support/PlantedCrystals.h"

namespace orrery::test {

/// All quadruples with |a + d − b − c|² ≤ δ, degenerate ones too, by inner products alone: O(n⁴ /
/// 8). Near δ it is computed again in double.
std::set<Corners> parallelogramsByGram(const CrystalSpace& space, double residual);

}  // namespace orrery::test
