// word2vec's two layouts: a line "count dimensions", then a word and its numbers in each row, as
// text or as little-endian 32-bit floats.
#pragma once

#include "core/base/Progress.h"
#include "core/io/ByteSource.h"
#include "core/io/TextMatrixFile.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orrery {

/// The first line. Numbers that fit no 64 bits are kept as written, so that they can be refused
/// with what they say.
struct Word2VecHeader {
  std::string count;
  std::string dimensions;
  std::uint64_t end = 0;  ///< First byte behind the line.
};

/// Reads the header out of a file's first bytes; nothing unless the first line is two whole
/// numbers.
std::optional<Word2VecHeader> findWord2VecHeader(std::string_view head);

/// The header as numbers. Throws Error if they are negative, zero or too large for any file.
std::pair<std::int64_t, std::int64_t> checkedWord2VecShape(const ByteSource& source,
                                                           const Word2VecHeader& header);

/// Throws Error if there are fewer or more rows than the header says, a row is cut, or a word has
/// no end.
TextMatrix readWord2VecText(const ByteSource& source, std::optional<std::uint64_t> maxMemory,
                            const Progress& progress);
TextMatrix readWord2VecBinary(const ByteSource& source, std::optional<std::uint64_t> maxMemory,
                              const Progress& progress);

}  // namespace orrery
