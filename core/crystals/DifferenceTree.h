// Compares the differences of listed pairs in spaces of few dimensions.
//
// Of 16 384 features there are 134 million pairs, and where nothing can be left out beforehand
// every two of them would have to be compared. Their differences lie in few dimensions, so they are
// halved along the widest axis until 32 are left, and two parts are only looked at if their boxes
// come within √δ of each other. Nothing is lost. A difference is turned so that its component on
// the axis of most variance is positive; those within √δ/2 of zero are kept turned both ways.
#pragma once

#include "core/base/Progress.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/CrystalSpace.h"
#include "core/crystals/DifferenceJoin.h"
#include "core/crystals/PairList.h"

#include <cstdint>
#include <memory>

namespace orrery {

/// Whether differences of this space are compared in a tree.
bool usesDifferenceTree(const CrystalSpace& space);

/// Bytes for each pair of a list that is joined in a tree.
double differenceTreeBytes(const CrystalSpace& space);

/// As joinDifferences; returns how many comparisons it took.
std::int64_t joinInTree(const CrystalSpace& space, PairList list, double residual,
                        double meanSquare, bool unitDifferences, const JoinReceiver& receiver,
                        const Progress& progress);

/// What joining the pairs up to a length would cost, from a sample of pairs.
class DifferenceTreeSample {
 public:
  /// @p residual: of the space (parallelograms) or of unit differences. Pairs shorter than
  /// @p shortestSquare allows are not joined.
  DifferenceTreeSample(const CrystalSpace& space, double residual, bool unitDifferences,
                       double shortestSquare, std::uint64_t seed);
  ~DifferenceTreeSample();
  DifferenceTreeSample(DifferenceTreeSample&&) noexcept;

  struct Cost {
    double comparisons = 0.0;
    double matches = 0.0;  ///< Quadruples within δ, with their degenerate ones.
  };
  [[nodiscard]] Cost of(double pairs, double longestSquare) const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace orrery
