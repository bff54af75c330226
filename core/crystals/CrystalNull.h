// What chance gives: z scores against random quadruples, and false discoveries by searching a
// dictionary without meaning in the same way.
#pragma once

#include "core/base/Progress.h"
#include "core/crystals/Crystal.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/CrystalSpace.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

enum class NullDictionary {
  /// Every row turned independently at random: lengths stay, all else goes.
  TurnedRows,
  /// The values of each dimension shuffled over the features: the distribution of every dimension
  /// stays. Rows are made unit again where they were.
  ShuffledDimensions
};
std::string displayName(NullDictionary null);

/// A dictionary without meaning. The same seed gives the same bits.
CrystalSpace nullSpace(const CrystalSpace& space, NullDictionary null, std::uint64_t seed,
                       const Progress& progress = {});

struct CrystalNullOptions {
  NullDictionary dictionary = NullDictionary::ShuffledDimensions;
  int searches = 1;  ///< Null dictionaries searched; 0: none, no false-discovery rate.
  /// Clusters of all differences that added crystals to the list that is judged (CrystalGroups.h):
  /// the null dictionaries' lists are made longer in the same way. 0: none.
  int groups = 0;
  int randomQuadruples = 20000;  ///< Of four different used features, for z and p.
  std::uint64_t seed = 0;
};

struct CrystalNull {
  CrystalMode mode = CrystalMode::Parallelogram;
  std::vector<double> randomScores;  ///< Of random quadruples, ascending.
  double mean = 0.0;
  double deviation = 0.0;
  /// Scores of everything found in the null dictionaries, descending.
  std::vector<double> nullScores;
  std::int64_t nullTop = 0;  ///< Best kept of each null search.
  CrystalNullOptions options;

  [[nodiscard]] double z(double score) const;
  /// (1 + random quadruples at least as good) / (1 + random quadruples).
  [[nodiscard]] double pValue(double score) const;
};

/// As long as `searches` searches (and groupings) with the same options.
CrystalNull computeCrystalNull(const CrystalSpace& space, const CrystalSearchOptions& search,
                               const CrystalNullOptions& options = {},
                               const Progress& progress = {});

/// False-discovery rate of each crystal of a list (scores, best first): one more than was
/// found in a null dictionary at its score or better (none seen is not none) over found here, made
/// monotone down the list, at most 1. NaN without null searches.
std::vector<double> falseDiscoveryRates(const std::vector<double>& scores, const CrystalNull& null);

/// p-values of a given list of crystals, each on its own, against random quadruples: uniform where
/// the list means nothing.
std::vector<double> listPValues(const CrystalSpace& space, const std::vector<Crystal>& crystals,
                                CrystalMode mode, const CrystalNullOptions& options = {},
                                const Progress& progress = {});

}  // namespace orrery
