// From a file of any known kind to a Dictionary: sniffs the content, finds the decoder, settles its
// orientation, and says what it did. Facts about the formats: Gemma Scope 1 and 2, SAELens,
// sparsify, Llama Scope, bare npy / npz / safetensors / HDF5 (AnnData too), Embedding Projector,
// word2vec, GloVe.
#pragma once

#include "core/base/Progress.h"
#include "core/dictionary/Dictionary.h"
#include "core/io/TensorFile.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

struct ReadOptions {
  /// Name of the array to take; unset: the container's decoder, or its only 2-D float array.
  std::optional<std::string> dataset;
  /// Turn the orientation that the rules chose.
  bool transpose = false;
  /// Shape (features, dimensions) of a raw .bytes file.
  std::optional<std::pair<std::int64_t, std::int64_t>> shape;
  /// Labels to attach; unset: `STEM.labels.txt`, `STEM.tsv` … beside the file if there is one,
  /// which is then said.
  std::optional<std::filesystem::path> labels;
  /// Do not look for labels beside the file.
  bool withoutLabels = false;
  /// Refuse, naming the number, if reading needs more memory than this; unset: than is free.
  std::optional<std::uint64_t> maxMemory;
  /// Where an encoder lies beside the decoder, read it too for the column of their cosines: twice
  /// the bytes, and while reading twice the memory.
  bool compareEncoder = true;
};

/// One array of a file that could be the dictionary, and how it would be read.
struct MatrixCandidate {
  TensorInfo tensor;
  FeatureAxis axis = FeatureAxis::Rows;
  std::string axisRule;  ///< "because …": the rule that decided the orientation.
  std::int64_t features = 0;
  std::int64_t dimensions = 0;
  std::uint64_t memory = 0;  ///< Bytes in memory as float32.
  std::optional<int> layer;  ///< From its name, group or attributes.
};

/// What is in a file and how it would be read, before it is: what the Open dialog and `orrery info`
/// show.
struct FilePreview {
  std::filesystem::path path;
  std::string format;
  std::uint64_t fileSize = 0;
  std::vector<TensorInfo> tensors;  ///< Everything listed, readable or not.
  std::vector<MatrixCandidate>
      candidates;          ///< Readable 2-D arrays, the one that would be taken first.
  bool ambiguous = false;  ///< No array stands out: readDictionary without a dataset name refuses.
  Origin origin;
  std::optional<std::filesystem::path> labels;  ///< Found beside the file.
  std::vector<std::string> notes;
};

/// Opens @p path (a file, or a folder in one of the known layouts) and lists what it holds; reads
/// no matrix. Throws Error with one sentence if it is nothing readable (naming what it seems to be:
/// HTML, git-lfs pointer, pickle with the conversion to run, …).
FilePreview inspectDictionaryFile(const std::filesystem::path& path,
                                  const ReadOptions& options = {}, const Progress& progress = {});

/// Reads the dictionary. Peak memory: the matrix and a bounded work space. Rows that are not
/// finite, zero or duplicate are counted, the conversion is noted, labels beside the file are
/// attached. Throws Error and changes nothing on any fault.
Dictionary readDictionary(const std::filesystem::path& path, const ReadOptions& options = {},
                          const Progress& progress = {});

}  // namespace orrery
