// Queries such as "king - man + woman": parsing, and the vector they stand for.
#pragma once

#include "core/base/Types.h"
#include "core/dictionary/Dictionary.h"

#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct AlgebraTerm {
  double sign = 1.0;
  FeatureId feature = noFeature;
  std::string text;  ///< As written.
};

struct AlgebraQuery {
  std::vector<AlgebraTerm> terms;
};

/// Parses labels joined by + and − with blanks around the operators; labels with blanks in double
/// quotes; `#123` is feature 123. A label is matched exactly, else without case, leading space or
/// sub-token mark (▁ Ġ ##); ambiguous or missing ones throw Error naming the nearest labels there
/// are.
AlgebraQuery parseAlgebra(std::string_view text, const Dictionary& dictionary);

/// The feature a single label or `#index` or plain index names, by the same rules. Throws Error.
FeatureId findFeature(std::string_view text, const Dictionary& dictionary);

/// Σ sign · x, of unit rows if @p unitRows (as cosine queries use). Throws Error if a term is a
/// zero or non-finite row.
Eigen::VectorXf evaluate(const AlgebraQuery& query, const FeatureMatrixView& decoder,
                         bool unitRows = true);

}  // namespace orrery
