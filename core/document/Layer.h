// One open dictionary with everything computed from it, and how it is looked at.
#pragma once

#include "core/dictionary/Dictionary.h"
#include "core/document/Camera.h"
#include "core/embedding/Embedding.h"
#include "core/embedding/Neighbors.h"

#include <QString>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// Immutable: what changes is replaced, so views and jobs may keep the one they got.
struct Layer {
  int id = 0;  ///< Never used again, so a late result knows whether its layer is still there.
  std::shared_ptr<const Dictionary> dictionary;  ///< Never null.
  std::shared_ptr<const Embedding> embedding;    ///< Null until the first map is there.
  std::shared_ptr<const Neighbors> neighbors;    ///< All pairs, if a map has needed them.

  /// "Demo layer 3 (synthetic)": what people read. Synthetic data are always called so.
  [[nodiscard]] QString title() const;
};

/// How the points look: which columns give colour and size, and how.
struct Appearance {
  std::string colorBy;     ///< Name of a column; empty: one colour.
  std::string sizeBy;      ///< Name of a number column; empty: one size.
  std::string palette;     ///< Of numbers: "viridis", "cividis"; empty: the default.
  double pointSize = 0.0;  ///< Diameter in logical pixels; 0: by the number of points.
  double opacity = 1.0;
  bool showLabels = true;  ///< Names beside points.

  bool operator==(const Appearance&) const = default;
};

/// What is being looked for in the labels.
struct SearchText {
  std::string text;
  bool regularExpression = false;
  bool matchCase = false;

  bool operator==(const SearchText&) const = default;
};

/// All of a layer's undoable state but the selection's model: kept while another layer is shown.
struct LayerView {
  Appearance appearance;
  SearchText search;
  std::optional<Camera> camera;  ///< Unset: frame all.
  std::vector<FeatureId> selection;
  FeatureId current = noFeature;

  bool operator==(const LayerView&) const = default;
};

/// A million as "1,000,000", whatever the locale.
QString displayCount(std::int64_t count);

}  // namespace orrery
