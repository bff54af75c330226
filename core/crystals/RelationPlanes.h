// Relations in two planes: leading principal components, and leading discriminants.
//
// Source: arXiv:2410.19750, figures 1 (words and their crystals) and 2 (differences).
#pragma once

#include "core/base/Progress.h"
#include "core/crystals/Crystal.h"
#include "core/crystals/CrystalSpace.h"
#include "core/crystals/WordPairs.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

struct RelationPlanes {
  std::vector<std::string> names;         ///< Of the relations.
  Eigen::Matrix2Xd pcaDifferences;        ///< 2 × p.
  Eigen::Matrix2Xd ldaDifferences;        ///< 2 × p.
  std::vector<std::int32_t> classes;      ///< p.
  std::vector<FeatureId> words;           ///< m: of all pairs, each once, ascending.
  std::vector<std::int32_t> wordClasses;  ///< m: of the first relation that has it.
  Eigen::Matrix2Xd pcaWords, ldaWords;    ///< 2 × m.
  std::vector<Crystal> crystals;          ///< The best two of each relation in the space.
  std::vector<std::int32_t> crystalClasses;
  double pcaSilhouette = 0.0,
         ldaSilhouette = 0.0;  ///< Of the differences in each plane, in-sample.
  /// Of each relation: mean silhouette of its differences in the plane of discriminants.
  std::vector<double> separations;
  std::vector<std::string> leftOut;
};

/// O(d p min(d, p)) for the discriminants of p pairs. Throws Error for fewer than two relations
/// with ten pairs each, and as fitLda.
RelationPlanes relationPlanes(const CrystalSpace& space, const std::vector<Relation>& relations,
                              const Progress& progress = {});

/// The crystals of two pairs of a relation (its first 40) with the largest parallelogram scores,
/// best first, no word in two of them; at most @p most.
std::vector<Crystal> bestCrystals(const CrystalSpace& space, const Relation& relation, int most,
                                  const Progress& progress = {});

}  // namespace orrery
