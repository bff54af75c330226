// What a container says of each feature besides its vector: labels, thresholds, biases, firing
// rates, the encoder.
#pragma once

#include "core/base/Progress.h"
#include "core/dictionary/Dictionary.h"
#include "core/io/TensorFile.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// The text arrays and numbers that belong to the matrix @p decoder: same group or name prefix.
/// Lists what could be labels, best name first.
std::vector<const TensorInfo*> labelArrays(const TensorFile& file, const TensorInfo& decoder);

/// How many labels the container has for @p decoder; nothing if it has none.
std::optional<std::int64_t> labelCountIn(const TensorFile& file, const TensorInfo& decoder);

/// Adds labels, columns, notes and warnings to @p dictionary, whose matrix was read from
/// @p decoder. One-dimensional arrays as long as there are features become columns; text becomes
/// the labels or a category.
void addContainerColumns(TensorFile& file, const TensorInfo& decoder, Dictionary& dictionary,
                         const Progress& progress);

/// The encoder that belongs to @p decoder, if there is one of a fitting shape.
const TensorInfo* findEncoder(const TensorFile& file, const TensorInfo& decoder,
                              std::int64_t features, std::int64_t dimensions);

/// Column of the cosine between each feature's encoder and decoder vectors.
void addEncoderCosine(TensorFile& file, const TensorInfo& encoder, Dictionary& dictionary,
                      const Progress& progress);

/// Column of the vectors' lengths (in double, so that squares neither overflow nor vanish); none
/// for a map.
void addNorms(Dictionary& dictionary, bool isDecoder);

/// Column of firing rates from the sparsity.safetensors that SAELens writes beside the weights.
void addSparsityFile(const std::filesystem::path& weights, Dictionary& dictionary,
                     const Progress& progress);

}  // namespace orrery
