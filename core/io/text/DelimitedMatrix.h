// Matrices of numbers as TSV, CSV or parted by blanks, and GloVe: recognised by their first rows.
#pragma once

#include "core/base/Progress.h"
#include "core/io/ByteSource.h"
#include "core/io/text/TextRows.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// What the first rows of a file tell about all of them.
struct DelimitedMatrix {
  RowLayout layout;
  std::uint64_t begin = 0;     ///< Where the rows begin, behind mark and header.
  std::int64_t firstLine = 1;  ///< The line there.
  std::string format;          ///< "GloVe text", "TSV with header" …
  std::vector<std::string> notes;
};

/// Looks at up to 32 rows. Nothing if they are not rows of numbers with at most one label. A few
/// faulty cells do not hinder: they are refused by their line when the file is read.
std::optional<DelimitedMatrix> recognizeDelimitedMatrix(const ByteSource& source);

TextMatrix readDelimitedMatrix(const ByteSource& source, std::optional<std::uint64_t> maxMemory,
                               const Progress& progress);

}  // namespace orrery
