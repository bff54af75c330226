// Matrices kept as text or in the word2vec binary layout: word2vec, GloVe, TSV / CSV of numbers,
// Embedding Projector (tensors TSV, raw .bytes, projector_config.json).
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/io/DictionaryFile.h"
#include "core/io/LabelFile.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

enum class TextMatrixFormat {
  Word2VecText,
  Word2VecBinary,
  Glove,
  DelimitedText,
  ProjectorConfig,
  RawBytes
};

/// A matrix whose rows may carry their words.
struct TextMatrix {
  FeatureMatrix decoder;            ///< d × n.
  std::vector<std::string> labels;  ///< n, or empty.
  std::optional<LabelTable> table;  ///< Projector metadata, if the configuration names some.
  std::string format;               ///< For people.
  std::vector<std::string> notes;
};

/// Guesses the format from the first bytes and the file's size; nothing if it is none of these.
/// Never by the name alone.
std::optional<TextMatrixFormat> sniffTextMatrix(const std::filesystem::path& path);

/// (features, dimensions) from the header or the first row, without reading the file through;
/// features −1 if unknown. Throws Error where raw numbers come without a shape or with another one.
std::pair<std::int64_t, std::int64_t> textMatrixShape(const std::filesystem::path& path,
                                                      TextMatrixFormat format,
                                                      const ReadOptions& options);

TextMatrix readTextMatrix(const std::filesystem::path& path, TextMatrixFormat format,
                          const ReadOptions& options, const Progress& progress);

}  // namespace orrery
