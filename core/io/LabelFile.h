// Labels, explanations and per-feature numbers from the files researchers have: one per line, TSV,
// CSV, JSON, JSONL(.gz), Neuronpedia explanations, features and activations, Embedding Projector
// metadata.
#pragma once

#include "core/base/Progress.h"
#include "core/dictionary/Dictionary.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// What a label file says, not yet tied to a dictionary. Every entry has a feature index: from the
/// file, or its row.
struct LabelTable {
  std::int64_t rows = 0;  ///< Data rows in the file.
  bool hasIndices =
      false;  ///< The file names the feature of each row; otherwise row i is feature i.
  std::vector<FeatureId> ids;       ///< One per entry of labels (ascending).
  std::vector<std::string> labels;  ///< First label of each id.
  std::vector<Column>
      columns;  ///< Values by entry (as many as ids), spread over features on attaching.
  std::map<FeatureId, FeatureDetails> details;
  Origin origin;  ///< What the export says it belongs to (modelId, layer, source).
  /// Cosine neighbours as the export has them (Neuronpedia topkCosSim…): a handful settles identity
  /// against ours.
  struct KnownNeighbor {
    FeatureId feature = 0;
    FeatureId neighbor = 0;
    float cosine = 0.0f;
  };
  std::vector<KnownNeighbor> knownNeighbors;
  /// The label in the first row, where that row was taken for names although nothing but its place
  /// speaks for it: if the table then is one row short, it was a label like the others.
  std::optional<std::string> uncertainFirstLabel;
  std::string format;  ///< "one label per line", "TSV with header", "Neuronpedia explanations" …
  std::vector<std::string> notes;  ///< Replaced bytes, skipped blank lines …
};

/// Reads @p path (a .gz is unpacked on the way, with a bound on the ratio). Throws Error with line
/// and column, or byte.
LabelTable readLabels(const std::filesystem::path& path, const Progress& progress = {});

/// A copy of @p dictionary (sharing its matrix) with the table's labels, columns and details.
/// States both numbers if they differ; rows without indices that cannot be matched are refused with
/// Error; with indices what matches is kept and counted. Identity guard: compares the origins, and
/// known neighbours against our cosines, and adds to `warnings` if they disagree.
Dictionary attachLabels(const Dictionary& dictionary, const LabelTable& table,
                        const std::filesystem::path& path);

}  // namespace orrery
