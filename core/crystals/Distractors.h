// Taking distractors out: directions that carry no meaning, such as the length of the word, hide
// crystals until they are projected away.
//
// Source: arXiv:2410.19750, section 3. LDA keeps its discriminating directions; principal
// components, columns and picked directions are removed.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/crystals/CrystalSpace.h"
#include "core/crystals/Lda.h"
#include "core/crystals/WordPairs.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

/// The differences input − output of the pairs of several relations, and which relation each is of.
struct RelationDifferences {
  Eigen::MatrixXd differences;                         ///< d × p: first − second of each pair.
  std::vector<std::pair<FeatureId, FeatureId>> pairs;  ///< p.
  std::vector<std::int32_t> classes;                   ///< p, indices into names.
  std::vector<std::string> names;
  std::vector<std::string> leftOut;  ///< "currency (6 pairs)": relations with too few pairs.
};

/// Relations with fewer than @p leastPairs pairs of used features are left out and named.
RelationDifferences relationDifferences(const CrystalSpace& space,
                                        const std::vector<Relation>& relations,
                                        int leastPairs = 10);

/// A number per feature to regress on, n of them, NaN where there is none.
struct RegressionColumn {
  std::string name;
  std::vector<double> numbers;
};

/// labelLength of each label.
RegressionColumn labelLengths(const std::vector<std::string>& labels);

enum class CleaningMethod {
  None,
  Lda,     ///< Keeps the first scalings: the cleaned space has that many dimensions.
  Pca,     ///< Removes the leading principal components of the relations' differences.
  Column,  ///< Removes the direction of each column: no direction that is left correlates with it.
  Directions  ///< Removes directions the user picked.
};
std::string displayName(CleaningMethod method);

struct Cleaning {
  CleaningMethod method = CleaningMethod::None;
  /// Lda: scalings kept (at most classes − 1). Pca: directions removed.
  int components = 8;
  LdaOptions lda;
  std::vector<RegressionColumn> columns;  ///< Of Column: word length, firing frequency …
  FeatureMatrix directions;               ///< Of Directions: d × k, any lengths.
};

struct FittedCleaning {
  CleaningMethod method = CleaningMethod::None;
  /// Lda: the scalings, d × k. Others: an orthonormal basis of what is removed, d × k.
  Eigen::MatrixXd directions;
  bool keeps = false;                ///< Whether the directions are what is kept.
  std::vector<std::string> leftOut;  ///< Relations with too few pairs.
  std::string description;           ///< "7 of 300 dimensions kept by LDA over 8 relations".
};

/// Finds the directions. @p relations are needed by Lda and Pca only (others ignore them). Throws
/// Error if the method lacks what it needs (relations, two classes, values in the column), if
/// nothing would be left, or as fitLda.
///
/// Column: regressing every coordinate of x on the column l gives the covariances v = Σ (x − x̄)(l −
/// l̄); after x ← x − v̂ v̂ᵀ x the covariance of x with l is (1 − v̂ v̂ᵀ) v = 0, so no direction that
/// is left has a linear relation with l over all features.
FittedCleaning fitCleaning(const CrystalSpace& space, const std::vector<Relation>& relations,
                           const Cleaning& cleaning, const Progress& progress = {});

/// The cleaned space: k × n if the directions are kept, else d × n. Its rows are not made unit
/// again. O(n d k); memory of the result.
CrystalSpace applyCleaning(const CrystalSpace& space, const FittedCleaning& cleaning,
                           const Progress& progress = {});

}  // namespace orrery
