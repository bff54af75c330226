// What can be done to a dictionary with directions found elsewhere: rank by them, take them out,
// put them among the features.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/dictionary/Dictionary.h"

#include <string>
#include <vector>

namespace orrery {

/// The cosine of every feature with @p direction (d, finite, not zero); NaN for features that are
/// zero or not finite. Sums in double. O(n d). Throws Error if the lengths differ or the direction
/// has none.
std::vector<double> cosinesWith(const FeatureMatrixView& decoder, const Eigen::VectorXf& direction,
                                const Progress& progress = {});

struct ProjectedOut {
  FeatureMatrix decoder;  ///< d × n: every feature less its part within the span.
  int rank = 0;           ///< Dimensions of the span; fewer than m where directions depend.
  /// Share of the features' squared length that was in the span, 0 … 1.
  double removed = 0.0;
};

/// x − Q Qᵀx for each feature, Q an orthonormal basis (Householder QR with column pivoting, in
/// double) of the span of @p directions (d × m, finite); directions that others nearly span
/// (relative pivot below 10⁻⁶) add nothing. A feature that lies in the span becomes zero but for
/// rounding, and is made exactly zero below 10⁻⁶ of its length. O(n d m) time, one more d × n
/// matrix of memory. Throws Error if the lengths differ, all directions are zero, or they span all
/// dimensions.
ProjectedOut projectOut(const FeatureMatrixView& decoder, const FeatureMatrixView& directions,
                        const Progress& progress = {});

/// @p dictionary with the directions as further features after its own, whose ids stay: labelled by
/// @p names, with missing values in all columns and told apart by a category column "kind". Memory:
/// one more d × (n + m) matrix. Throws Error if the lengths differ.
Dictionary withVectors(const Dictionary& dictionary, const FeatureMatrixView& vectors,
                       const std::vector<std::string>& names);

/// @p dictionary in the space without @p directions, its name and notes saying so.
Dictionary withoutDirections(const Dictionary& dictionary, const FeatureMatrixView& directions,
                             const std::vector<std::string>& names, const Progress& progress = {});

}  // namespace orrery
