#include "core/io/text/TextRows.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/io/text/TextDecoding.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <unordered_set>

namespace orrery {
namespace {

/// What went wrong in a row, before file and line are added.
struct RowFault {
  std::int64_t field = 0;  ///< From 1; 0 if the row as a whole is meant.
  std::string message;
};

struct RowTally {
  std::int64_t overflowed = 0;
  std::int64_t replaced = 0;
};

bool isBlank(char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

std::vector<std::string_view> splitAtBlanks(std::string_view line)
{
  std::vector<std::string_view> tokens;
  std::size_t at = 0;
  while (at < line.size()) {
    while (at < line.size() && isBlank(line[at]))
      ++at;
    const std::size_t begin = at;
    while (at < line.size() && !isBlank(line[at]))
      ++at;
    if (at > begin)
      tokens.push_back(line.substr(begin, at - begin));
  }
  return tokens;
}

/// One field of a separated line, from @p at on, which is moved behind it. Returns false when the
/// line has ended.
bool nextField(std::string_view line, std::size_t& at, char separator, bool quotes, bool trim,
               std::string& unquoted, std::string_view& field)
{
  if (at > line.size())
    return false;
  std::size_t begin = at;
  while (begin < line.size() && isBlank(line[begin]) && line[begin] != separator)
    ++begin;
  if (quotes && begin < line.size() && line[begin] == '"') {
    unquoted.clear();
    std::size_t i = begin + 1;
    for (; i < line.size(); ++i) {
      if (line[i] != '"')
        unquoted += line[i];
      else if (i + 1 < line.size() && line[i + 1] == '"')
        unquoted += line[i++];
      else
        break;
    }
    // What follows the closing quote does not belong there; it stays in view.
    const std::size_t rest = std::min(i + 1, line.size());
    at = std::min(line.find(separator, rest), line.size());
    unquoted += trimmed(line.substr(rest, at - rest));
    ++at;
    field = unquoted;
    return true;
  }
  const std::size_t end = std::min(line.find(separator, at), line.size());
  field = line.substr(at, end - at);
  if (trim)
    field = trimmed(field);
  at = end + 1;
  return true;
}

float parseField(std::string_view text, std::int64_t field, RowTally& tally)
{
  float value = 0.0f;
  bool overflowed = false;
  if (parseNumber(text, value, overflowed) != NumberFault::None)
    throw RowFault{field, describeBadNumber(text)};
  tally.overflowed += overflowed ? 1 : 0;
  return value;
}

/// The common case of "word v v v": one walk from left to right. False where the row is not of that
/// shape; parseWordRowSlowly then finds out why.
bool parseWordRow(std::string_view line, std::int64_t dimensions, float* target,
                  std::string_view& word, RowTally& tally)
{
  std::size_t at = line.find_first_of(" \t");
  if (at == 0 || at == std::string_view::npos)
    return false;
  word = line.substr(0, at);
  for (std::int64_t i = 0; i < dimensions; ++i) {
    while (at < line.size() && isBlank(line[at]))
      ++at;
    const std::size_t begin = at;
    while (at < line.size() && !isBlank(line[at]))
      ++at;
    bool overflowed = false;
    if (parseNumber(line.substr(begin, at - begin), target[i], overflowed) != NumberFault::None)
      return false;
    tally.overflowed += overflowed ? 1 : 0;
  }
  return trimmed(line.substr(at)).empty();
}

/// A word with blanks in it, or a row at fault.
void parseWordRowSlowly(std::string_view line, const RowLayout& layout, float* target,
                        std::string_view& word, RowTally& tally)
{
  const std::vector<std::string_view> tokens = splitAtBlanks(line);
  const auto count = static_cast<std::int64_t>(tokens.size());
  const std::string expected = "; " + layout.authority + " promises " +
                               std::to_string(layout.dimensions) + " after the word";
  if (count < layout.dimensions + 1) {
    // A bad number explains a short row better than its length does.
    for (std::int64_t i = 1; i < count; ++i)
      parseField(tokens[static_cast<std::size_t>(i)], i + 1, tally);
    throw RowFault{count, "the row ends after " +
                              std::to_string(std::max<std::int64_t>(count - 1, 0)) +
                              (count == 2 ? " number" : " numbers") + expected};
  }
  const auto words = static_cast<std::size_t>(count - layout.dimensions);
  if (words > 1 && isNumber(tokens[words - 1]))
    throw RowFault{layout.dimensions + 2, "the row goes on past its last number" + expected};
  for (std::size_t i = words; i < tokens.size(); ++i)
    target[i - words] = parseField(tokens[i], static_cast<std::int64_t>(i) + 1, tally);
  word = std::string_view(tokens.front().data(), static_cast<std::size_t>(tokens[words - 1].data() +
                                                                          tokens[words - 1].size() -
                                                                          tokens.front().data()));
}

void parseSeparatedRow(std::string_view line, const RowLayout& layout, float* target,
                       std::string& label, RowTally& tally)
{
  std::size_t at = 0;
  int field = 0;
  std::int64_t number = 0;
  std::string unquoted;
  std::string_view text;
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  while (nextField(line, at, layout.separator, layout.quotes, true, unquoted, text)) {
    if (field == layout.fields)
      throw RowFault{field + 1, "the row goes on past its last field; " + layout.authority +
                                    " has " + std::to_string(layout.fields)};
    if (field == layout.labelField)
      tally.replaced += appendRepaired(label, text);
    else if (field != layout.indexField)
      target[number++] = parseField(text, field + 1, tally);
    ++field;
  }
  if (field < layout.fields)
    throw RowFault{field, "the row ends after " + std::to_string(field) +
                              (field == 1 ? " field; " : " fields; ") + layout.authority + " has " +
                              std::to_string(layout.fields)};
}

void parseBlankedRow(std::string_view line, const RowLayout& layout, float* target, RowTally& tally)
{
  const std::vector<std::string_view> tokens = splitAtBlanks(line);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (static_cast<std::int64_t>(i) == layout.dimensions)
      throw RowFault{static_cast<std::int64_t>(i) + 1, "the row goes on past its last number; " +
                                                           layout.authority + " has " +
                                                           std::to_string(layout.dimensions)};
    target[i] = parseField(tokens[i], static_cast<std::int64_t>(i) + 1, tally);
  }
  if (static_cast<std::int64_t>(tokens.size()) < layout.dimensions)
    throw RowFault{static_cast<std::int64_t>(tokens.size()),
                   "the row ends after " + std::to_string(tokens.size()) + " numbers; " +
                       layout.authority + " has " + std::to_string(layout.dimensions)};
}

void parseRow(std::string_view line, const RowLayout& layout, float* target, std::string* label,
              RowTally& tally)
{
  if (layout.wordFirst) {
    std::string_view word;
    const RowTally before = tally;
    if (!parseWordRow(line, layout.dimensions, target, word, tally)) {
      tally = before;
      parseWordRowSlowly(line, layout, target, word, tally);
    }
    tally.replaced += appendRepaired(*label, word);
  } else if (layout.separator == ' ') {
    parseBlankedRow(line, layout, target, tally);
  } else {
    std::string none;
    parseSeparatedRow(line, layout, target, label ? *label : none, tally);
  }
}

/// The fault that comes first in the file, however the blocks were dealt out.
class FirstFault {
 public:
  explicit FirstFault(std::size_t blocks) : m_messages(blocks) {}

  [[nodiscard]] bool isBefore(std::int64_t block) const { return m_first.load() < block; }

  void set(std::int64_t block, std::string message)
  {
    m_messages[static_cast<std::size_t>(block)] = std::move(message);
    std::int64_t known = m_first.load();
    while (block < known && !m_first.compare_exchange_weak(known, block)) {
    }
  }

  void raise() const
  {
    if (m_first.load() < static_cast<std::int64_t>(m_messages.size()))
      throw Error(m_messages[static_cast<std::size_t>(m_first.load())]);
  }

 private:
  std::vector<std::string> m_messages;
  std::atomic<std::int64_t> m_first{std::numeric_limits<std::int64_t>::max()};
};

std::string sentenceAbout(const ByteSource& source, std::int64_t line, const RowFault& fault)
{
  std::string where = "line " + std::to_string(line);
  if (fault.field > 0)
    where += ", column " + std::to_string(fault.field);
  return displayName(source.path()) + ": " + where + ": " + fault.message;
}

}  // namespace

bool hasOnlyQuotedFields(std::string_view line, char separator)
{
  line = trimmed(line);
  for (const std::string& field : splitFields(line, separator, false))
    if (field.size() < 2 || field.front() != '"' || field.back() != '"')
      return false;
  return !line.empty();
}

std::vector<std::string> splitFields(std::string_view line, char separator, bool quotes, bool trim)
{
  std::vector<std::string> fields;
  if (separator == ' ') {
    for (const std::string_view token : splitAtBlanks(line))
      fields.emplace_back(token);
    return fields;
  }
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  std::size_t at = 0;
  std::string unquoted;
  std::string_view text;
  while (nextField(line, at, separator, quotes, trim, unquoted, text))
    fields.emplace_back(text);
  return fields;
}

void checkMatrixMemory(const ByteSource& source, std::int64_t features, std::int64_t dimensions,
                       std::optional<std::uint64_t> maxMemory)
{
  std::uint64_t elements = 0, bytes = 0;
  if (!multiplyChecked(static_cast<std::uint64_t>(features), static_cast<std::uint64_t>(dimensions),
                       elements) ||
      !multiplyChecked(elements, sizeof(float), bytes) ||
      features > std::numeric_limits<FeatureId>::max())
    source.fail("holds " + std::to_string(features) + " × " + std::to_string(dimensions) +
                " numbers, more than can be kept");
  if (maxMemory && bytes > *maxMemory)
    source.fail("needs " + displayBytes(bytes) + " of memory (" + std::to_string(features) +
                " features × " + std::to_string(dimensions) + " dimensions), the limit is " +
                displayBytes(*maxMemory));
}

TextMatrix readRows(const ByteSource& source, const LineIndex& index, const RowLayout& layout,
                    std::optional<std::uint64_t> maxMemory, const Progress& progress)
{
  if (index.rows == 0 || layout.dimensions == 0)
    source.fail("holds no features");
  checkMatrixMemory(source, index.rows, layout.dimensions, maxMemory);

  TextMatrix matrix;
  matrix.decoder.resize(layout.dimensions, index.rows);
  if (layout.isLabelled())
    matrix.labels.resize(static_cast<std::size_t>(index.rows));
  const auto blocks = static_cast<std::int64_t>(index.blocks.size());
  FirstFault fault(index.blocks.size());
  std::vector<RowTally> tallies(index.blocks.size());
  std::atomic<std::int64_t> rowsDone{0};

  parallelFor(blocks, 1, [&](std::int64_t b, std::int64_t) {
    if (fault.isBefore(b))
      return;
    const LineBlock& block = index.blocks[static_cast<std::size_t>(b)];
    RowTally tally;
    std::int64_t line = 0;
    try {
      forEachRow(
          source, block, layout.quotes, layout.separator,
          [&](std::string_view text, std::int64_t number, std::int64_t row) {
            line = number;
            if ((row & 63) == 0)
              progress.checkStopped();
            parseRow(text, layout, matrix.decoder.col(row).data(),
                     layout.isLabelled() ? &matrix.labels[static_cast<std::size_t>(row)] : nullptr,
                     tally);
          });
    } catch (const RowFault& rowFault) {
      fault.set(b, sentenceAbout(source, line, rowFault));
      return;
    }
    tallies[static_cast<std::size_t>(b)] = tally;
    progress.update(rowsDone += block.rows, index.rows);
  });
  fault.raise();

  RowTally total;
  for (const RowTally& tally : tallies) {
    total.overflowed += tally.overflowed;
    total.replaced += tally.replaced;
  }
  if (total.overflowed > 0)
    matrix.notes.push_back(std::to_string(total.overflowed) +
                           (total.overflowed == 1 ? " number does" : " numbers do") +
                           " not fit 32 bits and became infinite.");
  noteReplacedText(total.replaced, matrix.notes);
  noteRepeatedLabels(matrix.labels, matrix.notes);
  return matrix;
}

void noteRepeatedLabels(const std::vector<std::string>& labels, std::vector<std::string>& notes)
{
  std::unordered_set<std::string_view> seen;
  seen.reserve(labels.size());
  std::int64_t repeated = 0;
  std::string_view first;
  for (const std::string& label : labels) {
    if (label.empty() || seen.insert(label).second)
      continue;
    if (repeated++ == 0)
      first = label;
  }
  if (repeated == 1)
    notes.push_back("One row has a label that an earlier row has too: " + quotedForMessage(first) +
                    "; both are kept.");
  else if (repeated > 1)
    notes.push_back(std::to_string(repeated) +
                    " rows have a label that an earlier row has too (the first: " +
                    quotedForMessage(first) + "); all are kept.");
}

void noteReplacedText(std::int64_t replaced, std::vector<std::string>& notes)
{
  if (replaced > 0)
    notes.push_back(std::to_string(replaced) + (replaced == 1 ? " place" : " places") +
                    " in the text that are not UTF-8 are shown as \xEF\xBF\xBD.");
}

}  // namespace orrery
