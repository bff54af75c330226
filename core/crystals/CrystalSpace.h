// Where crystals are looked for: the features as they are, or with distractors taken out.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/dictionary/Dictionary.h"

#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// The features in the space that is searched and measured. A column per feature of the dictionary,
/// so that a FeatureId means the same in every space. Immutable once made; copies share the matrix.
struct CrystalSpace {
  std::shared_ptr<const FeatureMatrix> vectors;  ///< d × n; zeros where a feature is not used.
  /// n: 0 for features that are left out (not finite; zero, where rows are made unit).
  std::vector<char> used;
  bool unitRows = false;  ///< All used columns have length one.
  /// The squared length that residuals are measured in, so that they mean the same in every space:
  /// 1 for unit rows, else the total variance of the used features (half their mean squared
  /// distance).
  double unit = 1.0;
  std::string description;  ///< What the space is, one sentence for people.

  [[nodiscard]] std::int64_t features() const { return vectors ? vectors->cols() : 0; }
  [[nodiscard]] std::int64_t dimensions() const { return vectors ? vectors->rows() : 0; }
  [[nodiscard]] std::int64_t usedFeatures() const;
};

/// The space as the dictionary has it. @p unitRows makes every row a unit vector, as cosine
/// analogies do. The dictionary's own matrix is used where nothing has to change, else a copy.
/// O(n d). Throws Error if fewer than four features can be used.
CrystalSpace rawSpace(const Dictionary& dictionary, bool unitRows = true,
                      const Progress& progress = {});
CrystalSpace rawSpace(std::shared_ptr<const FeatureMatrix> decoder, bool unitRows = true,
                      const Progress& progress = {});

/// The space of these vectors (d × n) as they are, but for columns that are not finite; `unit` is
/// found here.
CrystalSpace spaceOf(FeatureMatrix vectors, std::vector<char> used, std::string description,
                     const Progress& progress = {});

}  // namespace orrery
