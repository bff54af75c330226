// Embedding Projector files: projector_config.json and the tensors it names, raw .bytes.
#pragma once

#include "core/base/Progress.h"
#include "core/io/ByteSource.h"
#include "core/io/TextMatrixFile.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace orrery {

/// Whether a file's first bytes are those of a projector_config.json.
bool looksLikeProjectorConfig(std::string_view head);

/// The shape of 32-bit floats without any header. Throws Error if none is given, or, giving both
/// sizes, if the file is not exactly features × dimensions of them.
std::pair<std::int64_t, std::int64_t> checkedRawShape(
    const ByteSource& source, std::optional<std::pair<std::int64_t, std::int64_t>> shape);

/// Reads little-endian 32-bit floats without any header, row after row, of a checked shape.
TextMatrix readRawBytes(const ByteSource& source,
                        std::optional<std::pair<std::int64_t, std::int64_t>> shape,
                        std::optional<std::uint64_t> maxMemory, const Progress& progress);

/// Reads the tensor that @p options.dataset names, else the first, and its metadata. Files are
/// taken from the configuration's own folder and below only.
TextMatrix readProjectorConfig(const ByteSource& source, const ReadOptions& options,
                               const Progress& progress);

/// The shape that the configuration states for the tensor readProjectorConfig would take.
std::pair<std::int64_t, std::int64_t> projectorConfigShape(const ByteSource& source,
                                                           const ReadOptions& options);

}  // namespace orrery
