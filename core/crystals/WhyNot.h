// Why four features are no crystal: each criterion, what was found, and by how much it fails.
#pragma once

#include "core/base/Progress.h"
#include "core/crystals/Crystal.h"
#include "core/crystals/CrystalNull.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/CrystalSpace.h"

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

/// Judges one quadruple by a search's options: residual, sides, angle, the similarity that the
/// search is complete above (@p completeAbove, −1 if everything is searched), direction of the
/// fourth corner (rank 1) and, if @p null is given, significance (p ≤ 0.01). Costs one pass over
/// all features. Throws Error as measureCrystals.
WhyNot explainCrystal(const CrystalSpace& space, const Crystal& crystal,
                      const CrystalSearchOptions& options = {}, double completeAbove = -1.0,
                      const CrystalNull* null = nullptr, const Progress& progress = {});

}  // namespace orrery
