#include "core/io/text/Word2Vec.h"

#include "core/io/text/TextDecoding.h"
#include "core/io/text/TextRows.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace orrery {
namespace {

static_assert(std::endian::native == std::endian::little,
              "rows are copied as they lie in the file");

constexpr std::size_t longestHeader = 256;
constexpr std::size_t longestWord = 16u << 20;

bool isInteger(std::string_view text)
{
  if (text.size() > 1 && (text[0] == '-' || text[0] == '+'))
    text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::int64_t checkedNumber(const ByteSource& source, const std::string& text, const char* what)
{
  const std::optional<std::int64_t> value = parseInteger(text);
  if (!value || *value < 1 || *value > std::numeric_limits<FeatureId>::max())
    source.fail("line 1: the header promises " + quotedForMessage(text) + " " + what +
                ", expected a whole number from 1 to 2147483647");
  return *value;
}

Word2VecHeader headerOf(const ByteSource& source)
{
  const std::vector<std::byte> head = source.readUpTo(0, longestHeader);
  const std::optional<Word2VecHeader> header =
      findWord2VecHeader({reinterpret_cast<const char*>(head.data()), head.size()});
  if (!header)
    source.fail(
        "line 1: a word2vec file begins with two whole numbers, the count of rows and of "
        "dimensions");
  return *header;
}

/// Reads ahead through the file, so that words and vectors of any length come in one piece.
class Window {
 public:
  Window(const ByteSource& source, std::uint64_t offset) : m_source(source), m_offset(offset) {}

  /// Makes @p count bytes available, or as many as the file still has.
  std::string_view peek(std::size_t count)
  {
    if (m_buffer.size() - m_at < count) {
      m_buffer.erase(0, m_at);
      m_at = 0;
      const std::uint64_t left = m_source.size() - m_offset;
      const std::size_t more = static_cast<std::size_t>(
          std::min<std::uint64_t>(left, std::max(count - m_buffer.size(), chunk)));
      const std::size_t before = m_buffer.size();
      m_buffer.resize(before + more);
      m_source.read(m_offset, m_buffer.data() + before, more);
      m_offset += more;
    }
    return std::string_view(m_buffer).substr(m_at);
  }
  void skip(std::size_t count) { m_at += count; }
  [[nodiscard]] std::uint64_t position() const { return m_offset - (m_buffer.size() - m_at); }

 private:
  static constexpr std::size_t chunk = 4u << 20;
  const ByteSource& m_source;
  std::uint64_t m_offset;
  std::string m_buffer;
  std::size_t m_at = 0;
};

/// The bytes up to the blank that ends the word; the line feed that some writers put behind each
/// vector is skipped.
std::string_view takeWord(const ByteSource& source, Window& window, std::int64_t row,
                          std::int64_t rows)
{
  const std::string rowText = "row " + std::to_string(row + 1) + " of " + std::to_string(rows);
  while (!window.peek(1).empty() && window.peek(1).front() == '\n')
    window.skip(1);
  for (std::size_t wanted = 256;; wanted *= 4) {
    const std::string_view there = window.peek(wanted);
    const std::size_t end = there.find(' ');
    if (end != std::string_view::npos && end <= longestWord)
      return there.substr(0, end);
    if (there.size() > longestWord)
      source.fail(rowText + " at byte " + std::to_string(window.position()) +
                  ": no blank ends the "
                  "word within " +
                  displayBytes(longestWord));
    if (there.size() < wanted)
      source.fail("ends at byte " + std::to_string(source.size()) + " inside the word of " +
                  rowText);
  }
}

}  // namespace

std::optional<Word2VecHeader> findWord2VecHeader(std::string_view head)
{
  std::size_t begin = head.starts_with(utf8Mark) ? utf8Mark.size() : 0;
  const std::size_t end = head.substr(0, longestHeader).find('\n');
  if (end == std::string_view::npos || end < begin)
    return std::nullopt;
  const std::vector<std::string> fields = splitFields(head.substr(begin, end - begin), ' ', false);
  if (fields.size() != 2 || !isInteger(fields[0]) || !isInteger(fields[1]))
    return std::nullopt;
  return Word2VecHeader{fields[0], fields[1], end + 1};
}

std::pair<std::int64_t, std::int64_t> checkedWord2VecShape(const ByteSource& source,
                                                           const Word2VecHeader& header)
{
  return {checkedNumber(source, header.count, "rows"),
          checkedNumber(source, header.dimensions, "dimensions")};
}

TextMatrix readWord2VecText(const ByteSource& source, std::optional<std::uint64_t> maxMemory,
                            const Progress& progress)
{
  const Word2VecHeader header = headerOf(source);
  const auto [count, dimensions] = checkedWord2VecShape(source, header);
  const LineIndex index =
      indexLines(source, header.end, 2, false, ' ', progress.stage("Counting rows", 0.0, 0.1));
  RowLayout layout;
  layout.wordFirst = true;
  layout.dimensions = dimensions;
  layout.authority = "the header";
  // Each number takes two bytes at least: a header that lies about the width is found out before
  // anything is allocated for it.
  if (static_cast<std::uint64_t>(dimensions) > source.size() / 2)
    source.fail("line 1: the header promises " + header.dimensions + " dimensions, the file of " +
                displayBytes(source.size()) + " cannot hold one such row");
  // A bad row explains more than the count of rows does, so the rows are read first; where the
  // header's width cannot be true of all of them, the first one alone, lest it decides the memory.
  const bool plausible = static_cast<std::uint64_t>(index.rows) <=
                         source.size() / (2 * static_cast<std::uint64_t>(dimensions));
  LineIndex part = index;
  if (!plausible) {
    part.blocks.resize(1);
    part.blocks.front().rows = part.rows = 1;
  }
  TextMatrix matrix;
  if (part.rows > 0)
    matrix = readRows(source, part, layout, maxMemory, progress.stage("Reading rows", 0.1, 1.0));
  if (!plausible)
    source.fail("line 1: the header promises " + header.dimensions +
                " dimensions, the rows hold fewer");
  if (index.rows != count)
    source.fail("line 1: the header promises " + header.count + " rows, found " +
                std::to_string(index.rows));
  matrix.format = "word2vec text";
  return matrix;
}

TextMatrix readWord2VecBinary(const ByteSource& source, std::optional<std::uint64_t> maxMemory,
                              const Progress& progress)
{
  const Word2VecHeader header = headerOf(source);
  const auto [count, dimensions] = checkedWord2VecShape(source, header);
  const std::uint64_t vectorBytes = static_cast<std::uint64_t>(dimensions) * sizeof(float);
  const std::uint64_t room = (source.size() - header.end) / (vectorBytes + 1);
  if (static_cast<std::uint64_t>(count) > room)
    source.fail("line 1: the header promises " + header.count + " rows of " + header.dimensions +
                " dimensions, the file of " + displayBytes(source.size()) + " has room for " +
                std::to_string(room) + " at most");
  checkMatrixMemory(source, count, dimensions, maxMemory);

  TextMatrix matrix;
  matrix.format = "word2vec binary";
  matrix.decoder.resize(dimensions, count);
  matrix.labels.resize(static_cast<std::size_t>(count));
  Window window(source, header.end);
  std::int64_t replaced = 0;
  for (std::int64_t row = 0; row < count; ++row) {
    if ((row & 255) == 0)
      progress.update(row, count);
    const std::string_view word = takeWord(source, window, row, count);
    std::string& label = matrix.labels[static_cast<std::size_t>(row)];
    replaced += appendRepaired(label, word);
    window.skip(word.size() + 1);
    const std::string_view vector = window.peek(static_cast<std::size_t>(vectorBytes));
    if (vector.size() < vectorBytes)
      source.fail("ends inside the vector of row " + std::to_string(row + 1) + " of " +
                  header.count + " (" + quotedForMessage(label) + "): expected " +
                  std::to_string(vectorBytes) + " bytes at byte " +
                  std::to_string(window.position()) + ", found " + std::to_string(vector.size()));
    std::memcpy(matrix.decoder.col(row).data(), vector.data(),
                static_cast<std::size_t>(vectorBytes));
    window.skip(static_cast<std::size_t>(vectorBytes));
  }
  if (!window.peek(1).empty() && window.peek(1).front() == '\n')
    window.skip(1);
  const std::uint64_t left = source.size() - window.position();
  if (left > 0)
    matrix.notes.push_back(displayBytes(left) + " are left over after the last row.");
  noteReplacedText(replaced, matrix.notes);
  noteRepeatedLabels(matrix.labels, matrix.notes);
  return matrix;
}

}  // namespace orrery
