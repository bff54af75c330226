// Compares the difference vectors of listed pairs and hands out those that may be equal.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/CrystalSpace.h"
#include "core/crystals/PairList.h"

#include <functional>
#include <vector>

namespace orrery {

/// Dimensions of the projection in which differences are compared first.
int joinDimensions(const CrystalSpace& space);

/// Two pairs whose differences may agree; `opposite`: after turning the second round.
struct JoinedPairs {
  FeaturePair first, second;
  bool opposite = false;
};

/// Receives the candidates of one comparison of blocks, from a working thread.
using JoinReceiver = std::function<void(const std::vector<JoinedPairs>& candidates)>;

/// In spaces of few dimensions by DifferenceTree.h. Every two pairs without a common corner whose
/// differences (of unit length if @p unitDifferences) are within √residual after projection, whose
/// lengths differ by at most √residual and whose mean squared length is at most @p meanSquare (the
/// last two for differences as they are). Projection only shortens: nothing is lost. Pairs lie in
/// blocks by length and place; blocks whose boxes are farther apart are not compared.
void joinDifferences(const CrystalSpace& space, PairList list, double residual, double meanSquare,
                     bool unitDifferences, const JoinReceiver& receiver, const Progress& progress);

}  // namespace orrery
