// What fires together, from the files that people have of it.
//
// Decided by content:
//  - the authors' .npz: `histogram` (n × n counts, diagonal = own count) and `n_chunks` (blocks);
//  - a SciPy CSR .npz (`indptr`, `indices`, `data`, `shape`, `format`): block × feature;
//  - HDF5 with `indptr`, `indices` (and `data`, `shape`, `block_type`, `word`) in the root or a
//    group, or a dense block × feature or n × n dataset; in orrery-reader, like all HDF5;
//  - an activation cache of delphi (.safetensors with `locations`, rows of (row, position,
//    feature), and `activations`), or a folder of its parts START_END.safetensors: cut into blocks
//    of blockLength tokens, a feature fires if its activation exceeds the threshold.
// Source of block and threshold: arXiv:2410.19750, section 4.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/lobes/Cooccurrence.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// Which features fire on every token, in reading order: what a replay walks through. Only tokens
/// of whole blocks are kept, so token t belongs to block blockOf(t).
struct TokenActivations {
  std::int64_t features = 0;
  std::vector<std::int64_t> starts{0};       ///< tokens + 1: where each token's entries begin.
  std::vector<FeatureId> ids;                ///< Ascending within a token.
  std::vector<float> values;                 ///< Activation of each entry, above 0.
  std::vector<std::int64_t> blockStarts{0};  ///< blocks + 1: the first token of each block.
  std::vector<std::string> texts;            ///< tokens, or empty where the file has no texts.
  std::vector<std::int64_t> tokenIds;        ///< tokens, or empty.

  [[nodiscard]] std::int64_t tokens() const { return static_cast<std::int64_t>(starts.size()) - 1; }
  [[nodiscard]] std::int64_t blocks() const
  {
    return static_cast<std::int64_t>(blockStarts.size()) - 1;
  }
  [[nodiscard]] std::int64_t blockOf(std::int64_t token) const;
};

struct CooccurrenceReadOptions {
  /// Features of the dictionary they belong to; a file that says otherwise is refused. Unset:
  /// whatever the file says (a cache of activations: the largest feature + 1).
  std::optional<std::int64_t> features = std::nullopt;
  /// A feature fires where its activation is above this. Unset: 1, as published, for caches of
  /// activations, 0 for block × feature matrices. Matrices of 0 and 1 alone always use 0.
  std::optional<double> threshold = std::nullopt;
  /// Tokens of a block, where activations of tokens are given; a last block that is not full is
  /// left out.
  int blockLength = 256;
  /// Leave out the first token of every row of a cache: the beginning-of-text mark, on which nearly
  /// everything fires.
  bool dropFirstToken = true;
  /// Keep the activations of tokens for a replay.
  bool keepTokens = false;
  /// HDF5: the group or dataset that holds them. Unset: the only one there is, else the one in
  /// preferredGroup.
  std::optional<std::string> dataset = std::nullopt;
  /// HDF5 with several: take the one that lies beside the dictionary's own dataset,
  /// "/L1_K10/W_dec".
  std::string besideDataset = {};
  /// Refuse, naming the number, what needs more memory than this; unset: than is free.
  std::optional<std::uint64_t> maxMemory = std::nullopt;
};

/// What a file holds, before it is read.
struct CooccurrenceFacts {
  enum class Kind { Counts, Firings, Activations };
  Kind kind = Kind::Counts;
  std::string format;   ///< "co-occurrence counts (NumPy .npz)", "block × feature, CSR" …
  std::string dataset;  ///< Inside the file; empty if it has no choice.
  std::optional<std::int64_t> features;
  std::optional<std::int64_t> blocks;  ///< Unknown for activations until they are cut.
  std::int64_t firings = 0;            ///< Entries; 0 for counts.
  std::uint64_t readMemory = 0;        ///< Bytes that reading needs at its peak …
  std::uint64_t countMemory = 0;       ///< … and what counting all pairs then adds: n × n × 4.
};

/// One of `firings` and `counts` is set.
struct CooccurrenceData {
  std::filesystem::path path;
  CooccurrenceFacts facts;
  std::shared_ptr<const Firings> firings;      ///< Block × feature, blocks in the file's order.
  std::shared_ptr<const Cooccurrence> counts;  ///< Where the file holds counts only.
  std::vector<std::int64_t> own;               ///< n: the blocks in which each feature fires.
  std::vector<std::string> blockTypes;         ///< Per block, where the file says (`block_type`).
  std::vector<std::string> featureNames;       ///< Per feature, where the file says (`word`).
  std::shared_ptr<const TokenActivations> tokens;  ///< With keepTokens, where there are any.
  CooccurrenceReadOptions options;                 ///< threshold set to what was used.
  std::vector<std::string> notes;                  ///< What was done, one sentence each.

  [[nodiscard]] std::int64_t features() const { return static_cast<std::int64_t>(own.size()); }
  [[nodiscard]] std::int64_t blocks() const
  {
    return firings ? firings->blocks() : (counts ? counts->blocks : 0);
  }
};

/// Headers and small arrays only. Throws Error if @p path holds nothing of the above, saying what
/// was expected.
CooccurrenceFacts inspectCooccurrenceFile(const std::filesystem::path& path,
                                          const CooccurrenceReadOptions& options = {},
                                          const Progress& progress = {});

/// Reads it. Counts are read in pieces straight into the n × n matrix (the one copy), checked to be
/// whole, symmetric and no larger than their diagonal and n_chunks; firings are normalised. Throws
/// Error with one sentence: what is wrong, where, expected, found.
CooccurrenceData readCooccurrenceFile(const std::filesystem::path& path,
                                      const CooccurrenceReadOptions& options = {},
                                      const Progress& progress = {});

/// The pairwise counts of @p data: its own, or counted from the firings (see cooccurrenceMemory).
/// Throws Error if that needs more memory than options.maxMemory or is free.
std::shared_ptr<const Cooccurrence> countsOf(const CooccurrenceData& data,
                                             const Progress& progress = {});

/// The authors' firing frequencies: an .npz with `histogram` (n) and `n_tokens`. Share of the
/// tokens on which each feature fires. Throws Error.
std::vector<double> readFiringFrequencies(const std::filesystem::path& path,
                                          const Progress& progress = {});

/// One document type per line, in block order. Throws Error, giving both numbers, unless there are
/// @p blocks lines.
std::vector<std::string> readDocumentTypes(const std::filesystem::path& path, std::int64_t blocks);

}  // namespace orrery
