#include "core/io/labels/FeatureRows.h"
#include "core/io/labels/LabelReaders.h"
#include "core/io/text/LineIndex.h"
#include "core/io/text/TextDecoding.h"
#include "core/io/text/TextRows.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace orrery {
namespace {

using Fields = std::vector<std::string>;

constexpr std::size_t sampleRows = 64;

/// Takes whole records off a stream: lines, or several of them where a quoted field holds line
/// feeds.
class RecordReader {
 public:
  RecordReader(TextStream& stream, char separator, bool quotes)
      : m_stream(stream), m_lines(stream), m_separator(separator), m_quotes(quotes)
  {
  }

  bool next(std::string& record)
  {
    std::string line;
    do {
      if (!m_lines.next(record))
        return false;
    } while (trimmed(record).empty() && ++m_blank);
    m_line = m_lines.number();
    if (!m_quotes || record.find('"') == std::string::npos)
      return true;
    QuoteState state(m_separator);
    state.take(record);
    while (state.isOpen()) {
      if (!m_lines.next(line))
        m_stream.source().fail("the quote that opens in line " + std::to_string(m_line) +
                               " is never closed");
      state.take("\n");
      state.take(line);
      record += '\n';
      record += line;
    }
    return true;
  }

  [[nodiscard]] std::int64_t line() const { return m_line; }
  [[nodiscard]] std::int64_t blankLines() const { return m_blank; }

 private:
  TextStream& m_stream;
  LineReader m_lines;
  char m_separator;
  bool m_quotes;
  std::int64_t m_line = 0;
  std::int64_t m_blank = 0;
};

bool isWholeNumber(const std::string& text)
{
  return parseInteger(trimmed(text)).has_value();
}

bool hasKnownName(const Fields& fields)
{
  return std::any_of(fields.begin(), fields.end(), [](const std::string& field) {
    return labelRank(field) > 0 || (!field.empty() && isIndexName(field));
  });
}

/// Where labels stand in a table, found from its first rows.
struct TableShape {
  bool header = false;
  bool assumedHeader = false;  ///< Nothing but the rule of the Embedding Projector speaks for it.
  int indexField = -1;
};

TableShape shapeOf(const std::vector<Fields>& rows)
{
  TableShape shape;
  const Fields& first = rows.front();
  const bool numbersInFirst = std::any_of(first.begin(), first.end(), [](const std::string& field) {
    return isNumber(trimmed(field));
  });
  const bool numbersBelow =
      rows.size() > 1 && std::any_of(rows[1].begin(), rows[1].end(),
                                     [](const std::string& f) { return isNumber(trimmed(f)); });
  // One column has a name over it only if it says so; two and more have, by the Embedding
  // Projector's rule.
  shape.header = first.size() == 1 ? hasKnownName(first) : !numbersInFirst;
  shape.assumedHeader = shape.header && !numbersBelow && !hasKnownName(first);

  const std::size_t begin = shape.header ? 1 : 0;
  if (rows.size() <= begin)
    return shape;
  if (shape.header) {
    for (std::size_t i = 0; i < first.size() && shape.indexField < 0; ++i)
      if (isIndexName(first[i]) && i < rows[begin].size() && isWholeNumber(rows[begin][i]))
        shape.indexField = static_cast<int>(i);
    return shape;
  }
  // Without names the first column counts the features if it rises all the way.
  std::int64_t before = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = begin; i < rows.size(); ++i) {
    const std::optional<std::int64_t> value =
        rows[i].empty() ? std::nullopt : parseInteger(trimmed(rows[i].front()));
    if (!value || *value <= before)
      return shape;
    before = *value;
  }
  if (first.size() > 1)
    shape.indexField = 0;
  return shape;
}

/// Reads a table row by row into FeatureRows.
class TableReader {
 public:
  TableReader(TextStream& stream, char separator, bool quotes)
      : m_stream(stream),
        m_records(stream, separator, quotes),
        m_separator(separator),
        m_quotes(quotes),
        m_rows(stream.source())
  {
  }

  LabelTable read(const Progress& progress)
  {
    readSample();
    if (m_sample.empty())
      m_stream.source().fail("holds no labels");
    m_shape = shapeOf(m_sample);
    m_width = m_sample.front().size();
    nameColumns();
    for (std::size_t i = m_shape.header ? 1 : 0; i < m_sample.size(); ++i)
      addRow(m_sample[i], m_sampleLines[i]);
    std::string record;
    while (m_records.next(record)) {
      if ((m_rows.rows() & 1023) == 0)
        progress.update(static_cast<std::int64_t>(m_stream.position()),
                        static_cast<std::int64_t>(m_stream.source().size()));
      addRow(splitFields(record, m_separator, m_quotes, m_separator != '\t'), m_records.line());
    }
    return finish();
  }

 private:
  void readSample()
  {
    std::string record;
    while (m_sample.size() < sampleRows && m_records.next(record)) {
      m_sample.push_back(splitFields(record, m_separator, m_quotes, m_separator != '\t'));
      m_sampleLines.push_back(m_records.line());
    }
  }

  void nameColumns()
  {
    for (std::size_t i = 0; i < m_width; ++i) {
      std::string name;
      if (m_shape.header)
        appendRepaired(name, m_sample.front()[i]);
      if (name.empty())
        name = "column " + std::to_string(i + 1);
      m_places.push_back(m_rows.column(name));
    }
  }

  void addRow(const Fields& fields, std::int64_t line)
  {
    const ByteSource& source = m_stream.source();
    if (fields.size() != m_width)
      source.fail("line " + std::to_string(line) + " has " + std::to_string(fields.size()) +
                  (fields.size() == 1 ? " field, line " : " fields, line ") +
                  std::to_string(m_sampleLines.front()) + " has " + std::to_string(m_width) +
                  (fields.size() == 1 ? " (is the separator another one?)" : ""));
    const bool hasIndex = m_shape.indexField >= 0;
    const std::size_t index = hasIndex ? static_cast<std::size_t>(m_shape.indexField) : m_width;
    m_rows.addRow(hasIndex ? checkedFeature(source, fields[index], line)
                           : static_cast<FeatureId>(m_rows.rows()));
    for (std::size_t i = 0; i < m_width; ++i) {
      if (i == index)
        continue;
      std::string text;
      m_replaced += appendRepaired(text, fields[i]);
      m_rows.setText(m_places[i], std::move(text));
    }
  }

  LabelTable finish()
  {
    LabelTable table = m_rows.finish();
    table.hasIndices = m_shape.indexField >= 0;
    const std::string kind = m_separator == '\t'  ? "TSV"
                             : m_separator == ';' ? "CSV with semicolons"
                                                  : "CSV";
    table.format = kind + (m_shape.header ? " with header" : " without header");
    if (m_shape.assumedHeader && !table.hasIndices)
      table.uncertainFirstLabel = m_rows.labelColumn();
    if (m_records.blankLines() > 0)
      table.notes.push_back(std::to_string(m_records.blankLines()) + " blank lines were skipped.");
    noteReplacedText(m_replaced, table.notes);
    return table;
  }

  TextStream& m_stream;
  RecordReader m_records;
  char m_separator;
  bool m_quotes;
  std::vector<Fields> m_sample;
  std::vector<std::int64_t> m_sampleLines;
  TableShape m_shape;
  std::size_t m_width = 0;
  std::vector<std::size_t> m_places;
  FeatureRows m_rows;
  std::int64_t m_replaced = 0;
};

}  // namespace

FeatureId checkedFeature(const ByteSource& source, std::string_view text, std::int64_t line)
{
  const std::optional<std::int64_t> value = parseInteger(trimmed(text));
  if (!value || *value < 0 || *value > std::numeric_limits<FeatureId>::max())
    source.fail("line " + std::to_string(line) + ": " + quotedForMessage(text) +
                " is no feature's index (expected a whole number from 0)");
  return static_cast<FeatureId>(*value);
}

char labelSeparator(std::string_view head, const std::filesystem::path& path)
{
  const std::string_view first = head.substr(0, head.find('\n'));
  if (first.find('\t') != std::string_view::npos)
    return '\t';
  std::string extension = path.extension().string();
  if (extension == ".gz")
    extension = path.stem().extension().string();
  const bool isCsv = extension == ".csv" || extension == ".CSV";
  for (const char separator : {',', ';'}) {
    const Fields names = splitFields(first, separator, true);
    if (names.size() < 2)
      continue;
    // Labels hold commas too; only a name over a column, a number before it or the file's own name
    // make a table of them.
    if (isCsv || hasKnownName(names) || (isWholeNumber(names.front()) && names.front() == "0"))
      return separator;
  }
  return isCsv ? ',' : '\0';
}

LabelTable readLabelLines(const std::filesystem::path& path, const Progress& progress)
{
  TextStream stream(path);
  LineReader lines(stream);
  LabelTable table;
  table.format = "one label per line";
  std::string line;
  std::int64_t replaced = 0;
  while (lines.next(line)) {
    if ((lines.number() & 4095) == 0)
      progress.update(static_cast<std::int64_t>(stream.position()),
                      static_cast<std::int64_t>(stream.source().size()));
    if (lines.number() > std::numeric_limits<FeatureId>::max())
      stream.source().fail("has more than 2147483647 lines");
    table.ids.push_back(static_cast<FeatureId>(table.labels.size()));
    replaced += appendRepaired(table.labels.emplace_back(), line);
  }
  if (table.labels.empty())
    stream.source().fail("holds no labels");
  table.rows = static_cast<std::int64_t>(table.labels.size());
  noteReplacedText(replaced, table.notes);
  return table;
}

LabelTable readDelimitedLabels(const std::filesystem::path& path, char separator, bool quotes,
                               const Progress& progress)
{
  TextStream stream(path);
  return TableReader(stream, separator, quotes).read(progress);
}

}  // namespace orrery
