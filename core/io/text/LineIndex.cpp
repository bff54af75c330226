#include "core/io/text/LineIndex.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace orrery {
namespace {

constexpr std::uint64_t blockSize = 4u << 20;
constexpr std::uint64_t longestLine = 256u << 20;

bool isBlank(std::string_view text)
{
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// Collects lines into blocks while the file goes by in pieces.
class Indexer {
 public:
  Indexer(const ByteSource& source, std::uint64_t begin, std::int64_t firstLine, bool quotes,
          char separator)
      : m_source(source), m_line(firstLine), m_quotes(quotes), m_state(separator)
  {
    startBlock(begin);
    m_lineStart = begin;
  }

  void take(std::uint64_t offset, std::string_view piece)
  {
    std::size_t at = 0;
    while (at < piece.size()) {
      const std::size_t end = std::min(piece.find('\n', at), piece.size());
      takePart(piece.substr(at, end - at));
      if (offset + end - m_lineStart > longestLine)
        m_source.fail("line " + std::to_string(m_line) + " is longer than " +
                      displayBytes(longestLine) + ", this is no table");
      if (end == piece.size())
        return;
      endLine(offset + end + 1);
      at = end + 1;
    }
  }

  LineIndex finish(std::uint64_t end)
  {
    if (m_state.isOpen())
      m_source.fail("the quote that opens in line " + std::to_string(m_rowLine) +
                    " is never closed");
    if (!m_blank)
      endRow();
    endBlock(end);
    m_index.rows = m_row;
    return std::move(m_index);
  }

 private:
  void takePart(std::string_view part)
  {
    m_blank = m_blank && isBlank(part);
    if (m_quotes && (m_state.isOpen() || part.find('"') != std::string_view::npos))
      m_state.take(part);
    else if (m_quotes && !part.empty())
      m_state.take(part.substr(part.size() - 1));
  }

  void endLine(std::uint64_t next)
  {
    ++m_line;
    m_state.endLine();
    if (m_quotes && m_state.isOpen())
      return;
    if (!m_blank)
      endRow();
    m_blank = true;
    m_rowLine = m_line;
    m_lineStart = next;
    if (next - m_block.offset >= blockSize) {
      endBlock(next);
      startBlock(next);
    }
  }

  void endRow()
  {
    ++m_row;
    ++m_block.rows;
  }

  void startBlock(std::uint64_t offset) { m_block = {offset, 0, m_line, m_row, 0}; }

  void endBlock(std::uint64_t end)
  {
    m_block.size = end - m_block.offset;
    if (m_block.rows > 0)
      m_index.blocks.push_back(m_block);
  }

  const ByteSource& m_source;
  LineIndex m_index;
  LineBlock m_block;
  std::int64_t m_line;
  std::int64_t m_rowLine = m_line;  ///< Where the row that is being read began.
  std::int64_t m_row = 0;
  std::uint64_t m_lineStart = 0;
  bool m_blank = true;
  bool m_quotes;
  QuoteState m_state;
};

}  // namespace

void QuoteState::take(std::string_view text)
{
  for (const char c : text) {
    if (m_open) {
      // A doubled quote closes and opens again, which comes to the same.
      m_open = c != '"';
      m_atFieldStart = !m_open;
    } else if (c == '"' && m_atFieldStart) {
      m_open = true;
    } else {
      m_atFieldStart = c == m_separator;
    }
  }
}

LineIndex indexLines(const ByteSource& source, std::uint64_t begin, std::int64_t firstLine,
                     bool quotes, char separator, const Progress& progress)
{
  Indexer indexer(source, begin, firstLine, quotes, separator);
  std::string buffer;
  for (std::uint64_t offset = begin; offset < source.size(); offset += buffer.size()) {
    progress.update(static_cast<std::int64_t>(offset), static_cast<std::int64_t>(source.size()));
    buffer.resize(static_cast<std::size_t>(std::min(blockSize, source.size() - offset)));
    source.read(offset, buffer.data(), buffer.size());
    indexer.take(offset, buffer);
  }
  return indexer.finish(source.size());
}

void forEachRow(
    const ByteSource& source, const LineBlock& block, bool quotes, char separator,
    const std::function<void(std::string_view line, std::int64_t number, std::int64_t row)>& visit)
{
  std::string text(static_cast<std::size_t>(block.size), '\0');
  source.read(block.offset, text.data(), text.size());
  std::int64_t number = block.firstLine;
  std::int64_t rows = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::int64_t first = number;
    std::size_t end = std::min(text.find('\n', at), text.size());
    ++number;
    if (quotes && std::memchr(text.data() + at, '"', end - at) != nullptr) {
      QuoteState state(separator);
      state.take(std::string_view(text).substr(at, end - at));
      while (state.isOpen() && end < text.size()) {
        const std::size_t next = std::min(text.find('\n', end + 1), text.size());
        state.take(std::string_view(text).substr(end, next - end));
        end = next;
        ++number;
      }
    }
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (isBlank(line))
      continue;
    if (rows == block.rows)
      break;
    visit(line, first, block.firstRow + rows);
    ++rows;
  }
  if (rows != block.rows)
    source.fail("was changed by another program while it was read");
}

}  // namespace orrery
