// Why four features are no crystal: each criterion, what was found, and by how much it fails.
#pragma once

#include "core/base/Progress.h"
#include "core/crystals/Crystal.h"
#include "core/crystals/CrystalNull.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/CrystalSpace.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

struct CrystalCriterion {
  std::string name;     ///< "squared residual", "shortest side", "angle at a" …
  double value = 0.0;   ///< Found.
  double needed = 0.0;  ///< The bound it is compared with.
  bool atMost = false;  ///< Whether the value must not exceed the bound (else not fall below it).
  bool passes = false;
  std::string sentence;  ///< "squared residual 0.66, 8.3 times the 0.08 allowed".
};

struct WhyNot {
  CrystalQuality quality;
  std::vector<CrystalCriterion> criteria;  ///< All of them, the search's first.
  bool isFound = false;  ///< Whether a complete search with these options has it (before `top`).
  std::string verdict;   ///< One sentence.
};

/// What else a crystal is asked for than the search does.
struct WhyNotOptions {
  /// Similarity of the sides that the search is complete above; −1 if everything is searched.
  double completeAbove = -1.0;
  double leastCosine = 0.5;           ///< Of opposite sides.
  double leastLengthRatio = 2.0 / 3;  ///< Of b − a and d − c.
  std::int64_t lastRank = 1;          ///< Of d as neighbour of b − a + c.
  double mostPValue = 0.01;           ///< Share of random quadruples as good.
};

/// Judges one quadruple by a search's options (residual, sides, angle, reach) and by @p options:
/// directions, lengths, rank of the fourth corner and, if @p null is given, significance. Costs one
/// pass over all features. Throws Error as measureCrystals.
WhyNot explainCrystal(const CrystalSpace& space, const Crystal& crystal,
                      const CrystalSearchOptions& search = {}, const WhyNotOptions& options = {},
                      const CrystalNull* null = nullptr, const Progress& progress = {});

}  // namespace orrery
