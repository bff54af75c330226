// Where the lines of a large text file begin, so that its parts can be parsed at once.
#pragma once

#include "core/base/Progress.h"
#include "core/io/ByteSource.h"

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace orrery {

/// A run of whole lines. Rows are the lines that hold more than blanks.
struct LineBlock {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::int64_t firstLine = 1;  ///< Of the whole file, counted from 1.
  std::int64_t firstRow = 0;   ///< Counted from the first row of the index.
  std::int64_t rows = 0;
};

struct LineIndex {
  std::vector<LineBlock> blocks;
  std::int64_t rows = 0;
};

/// Walks once through @p source from byte @p begin (line @p firstLine) and cuts it into blocks of
/// about 4 MiB. Memory: one block. Where @p quotes holds, line feeds inside fields in double quotes
/// (RFC 4180, fields parted by @p separator) end no line. Throws Error for a line past 256 MiB and
/// for a quote that is never closed.
LineIndex indexLines(const ByteSource& source, std::uint64_t begin, std::int64_t firstLine,
                     bool quotes, char separator, const Progress& progress);

/// Reads @p block and calls @p visit(line, number, row) for each of its rows; the line comes
/// without its end. Throws Error if the file holds other rows now than when it was indexed.
void forEachRow(
    const ByteSource& source, const LineBlock& block, bool quotes, char separator,
    const std::function<void(std::string_view line, std::int64_t number, std::int64_t row)>& visit);

/// Follows double quotes through fields parted by a separator, over the ends of lines.
class QuoteState {
 public:
  explicit QuoteState(char separator) : m_separator(separator) {}
  /// Takes the next part of the text; afterwards isOpen() tells whether it ends inside quotes.
  void take(std::string_view text);
  void endLine() { m_atFieldStart = !m_open; }
  [[nodiscard]] bool isOpen() const { return m_open; }

 private:
  char m_separator;
  bool m_open = false;
  bool m_atFieldStart = true;
};

}  // namespace orrery
