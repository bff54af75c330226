// The loaded thing: feature vectors, what is known about each feature, and where it all came from.
#pragma once

#include "core/base/Types.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// Which dictionary this is, as far as path, configuration or export tell. Used for the identity
/// guard (formats.md: labels of another dictionary have the same row count) and on every layer
/// plot.
struct Origin {
  std::string model;  ///< "gemma-2-2b"; empty if unknown.
  std::optional<int> layer;
  std::string site;  ///< "res", "mlp", "att", "transcoder"; empty if unknown.
  std::optional<std::int64_t> width;
  std::optional<double> l0;  ///< Mean number of firing features per token.
  std::string
      source;  ///< What said so: "path", "cfg.json", "hyperparams.json" …; empty if nothing did.

  bool operator==(const Origin&) const = default;
};

/// One number or one category per feature, to colour, size, sort and filter by.
struct Column {
  enum class Kind { Number, Category };

  std::string name;
  Kind kind = Kind::Number;
  std::vector<double> numbers;  ///< Kind::Number: n of them, NaN where missing.
  std::vector<std::int32_t>
      categories;  ///< Kind::Category: n indices into categoryNames, −1 where missing.
  std::vector<std::string> categoryNames;
  std::string description;  ///< A sentence: where it comes from, its unit. Plain text.
};

/// Tokens on which a feature fired, with its activation on each.
struct ActivationContext {
  std::vector<std::string> tokens;
  std::vector<float> activations;  ///< As many as tokens.
};

struct TokenLogit {
  std::string token;
  float logit = 0.0f;
};

/// What an export (Neuronpedia and the like) tells of one feature beyond its label.
struct FeatureDetails {
  std::vector<std::string> explanations;  ///< All of them; the first is usually the label.
  std::vector<ActivationContext> contexts;
  std::vector<TokenLogit> positiveLogits;
  std::vector<TokenLogit> negativeLogits;
};

/// Where the matrix was read from and how: what the Open dialog shows and sessions keep.
struct MatrixSource {
  std::filesystem::path path;
  std::string format;       ///< "NumPy .npz (deflated)", "safetensors", "HDF5" …
  std::string dataset;      ///< Name inside the container; empty if it has none.
  std::string elementType;  ///< As in the file: "float32", "bfloat16", "float64 (big endian)" …
  std::string orientation;  ///< "rows are features" or "columns are features".
  std::string orientationRule;  ///< The rule that decided, as a sentence: "because …".
  std::uint64_t fileSize = 0;
  std::int64_t modifiedNs = 0;  ///< Modification time, nanoseconds since the epoch.
};

/// Rows that computations must leave out or know about. Found once, when the matrix is read.
struct RowReport {
  std::vector<FeatureId> nonFinite;  ///< With a NaN or an infinity; left out of every computation.
  std::vector<FeatureId> zero;  ///< All zeros (±0): cosine is undefined, never anyone's neighbour.
  std::int64_t duplicates = 0;  ///< Features equal, bit for bit, to an earlier one.
};

/// A dictionary is immutable once read and shared as shared_ptr<const Dictionary>; attaching labels
/// makes a new one that shares the matrix.
struct Dictionary {
  std::string name;  ///< For people: the file's stem, or "Demo (synthetic)".
  std::shared_ptr<const FeatureMatrix>
      decoder;                      ///< d × n; never null in a dictionary that was read.
  std::vector<std::string> labels;  ///< n, or empty if there are none. "" = no label.
  std::vector<Column> columns;
  std::map<FeatureId, FeatureDetails> details;  ///< Only features of which something is known.
  Origin origin;
  Origin labelOrigin;  ///< What the labels say they belong to.
  MatrixSource source;
  std::filesystem::path labelPath;  ///< Empty if the labels came with the matrix or there are none.
  RowReport rows;
  std::vector<std::string> notes;  ///< What was done or noticed while reading, one sentence each.
  std::vector<std::string>
      warnings;            ///< What the user must not miss (identity guard, lossy conversion).
  bool synthetic = false;  ///< Made by core/synthetic: said wherever it shows.

  [[nodiscard]] std::int64_t features() const { return decoder ? decoder->cols() : 0; }
  [[nodiscard]] std::int64_t dimensions() const { return decoder ? decoder->rows() : 0; }
  /// A matrix with two or three columns is a map and is shown as it is.
  [[nodiscard]] bool isMap() const { return dimensions() == 2 || dimensions() == 3; }
  [[nodiscard]] const Column* column(const std::string& columnName) const;
};

/// The features that computations use: all but the non-finite rows. Where none is left out, the
/// matrix is the dictionary's own, not a copy; otherwise a copy without those columns.
struct UsableFeatures {
  std::shared_ptr<const FeatureMatrix> decoder;  ///< d × m.
  std::vector<FeatureId> ids;                    ///< m ids, ascending; empty if all n are used.

  /// Spreads a 3 × m map over all @p n features, NaN for those left out.
  [[nodiscard]] Positions positionsOfAll(Positions positions, std::int64_t n) const;
  [[nodiscard]] FeatureId id(std::int64_t column) const
  {
    return ids.empty() ? static_cast<FeatureId>(column) : ids[static_cast<std::size_t>(column)];
  }
  /// The column of feature @p id, or −1 if it was left out.
  [[nodiscard]] std::int64_t columnOf(FeatureId id) const;
};

/// Throws Error if no row is usable.
UsableFeatures usableFeatures(const Dictionary& dictionary);

/// Finds non-finite, zero and duplicate columns. One pass over the d × n matrix, on all threads;
/// duplicates by a 128-bit hash of the bytes, equal hashes compared in full. The same answer for
/// any number of threads.
RowReport inspectRows(const FeatureMatrixView& decoder);

}  // namespace orrery
