#include "core/io/text/DelimitedMatrix.h"

#include "core/io/text/TextDecoding.h"

#include <algorithm>
#include <array>
#include <map>

namespace orrery {
namespace {

constexpr std::size_t sampleRows = 32;
constexpr std::size_t firstSample = 64u << 10;
constexpr std::size_t largestSample = 16u << 20;

using Fields = std::vector<std::string>;

/// A number, or something a writer meant as one and that reading will refuse by its line.
bool isNumberLike(const std::string& text)
{
  double value = 0.0;
  const NumberFault fault = parseNumber(text, value);
  if (fault != NumberFault::NotANumber)
    return true;
  const bool decimalComma = text.find_first_not_of("0123456789,+-eE") == std::string::npos &&
                            std::count(text.begin(), text.end(), ',') == 1 && text.size() > 2;
  const std::size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  return decimalComma || text.compare(sign, 2, "0x") == 0 || text.compare(sign, 2, "0X") == 0;
}

bool isText(std::string_view head)
{
  return std::none_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
  });
}

struct SampleLine {
  std::string_view text;
  std::uint64_t end = 0;  ///< Behind its line feed.
  std::int64_t number = 0;
  std::int64_t next = 0;  ///< Number of the line after it.
};

/// Whole rows that hold something; the last one only if the file ends there.
std::vector<SampleLine> linesOf(std::string_view head, bool wholeFile, bool quotes, char separator)
{
  std::vector<SampleLine> lines;
  std::size_t at = head.starts_with(utf8Mark) ? utf8Mark.size() : 0;
  for (std::int64_t number = 1; at < head.size() && lines.size() < sampleRows; ++number) {
    const std::int64_t first = number;
    QuoteState state(separator);
    std::size_t end = head.find('\n', at);
    for (std::size_t taken = at; quotes && end != std::string_view::npos;) {
      state.take(head.substr(taken, end - taken));
      if (!state.isOpen())
        break;
      taken = end;
      end = head.find('\n', end + 1);
      ++number;
    }
    if (end == std::string_view::npos && state.isOpen()) {
      // Never closed, as far as the sample goes: reading the rows will say so.
      end = head.find('\n', at);
      number = first;
    }
    if (end == std::string_view::npos && !wholeFile)
      break;
    const std::string_view text = head.substr(at, end - at);
    at = end == std::string_view::npos ? head.size() : end + 1;
    if (!trimmed(text).empty())
      lines.push_back({text, at, first, number + 1});
  }
  return lines;
}

bool isConsecutive(const Fields& fields, std::size_t begin)
{
  for (std::size_t i = begin; i < fields.size(); ++i)
    if (fields[i] != std::to_string(i - begin))
      return false;
  return fields.size() >= begin + 3;
}

/// Names over the columns: text above numbers, or the 0, 1, 2 … that data frames write.
bool isHeader(const std::vector<Fields>& rows)
{
  const Fields& first = rows.front();
  if (isConsecutive(first, 0) || (!first.empty() && first[0].empty() && isConsecutive(first, 1)))
    return true;
  constexpr std::size_t looked = 4;
  bool numbersBelow = false;
  for (std::size_t i = 1; i < std::min(rows.size(), looked); ++i)
    numbersBelow = numbersBelow || std::any_of(rows[i].begin(), rows[i].end(), isNumberLike);
  return numbersBelow && std::none_of(first.begin(), first.end(), isNumberLike);
}

/// For each column whether most of the rows have a number there. Columns are counted from the left,
/// or from the right where words may hold blanks.
std::vector<bool> numericColumns(const std::vector<Fields>& rows, std::size_t width, bool fromRight)
{
  std::vector<std::size_t> numbers(width), seen(width);
  for (const Fields& row : rows) {
    for (std::size_t i = 0; i < std::min(width, row.size()); ++i) {
      ++seen[i];
      numbers[i] += isNumberLike(fromRight ? row[row.size() - 1 - i] : row[i]) ? 1 : 0;
    }
  }
  std::vector<bool> numeric(width);
  for (std::size_t i = 0; i < width; ++i)
    numeric[i] = 2 * numbers[i] > seen[i];
  return numeric;
}

/// The number of fields that most rows have; the smaller of two equally frequent ones, since words
/// with blanks make rows longer, not shorter.
std::size_t commonWidth(const std::vector<Fields>& rows)
{
  std::map<std::size_t, int> count;
  for (const Fields& row : rows)
    ++count[row.size()];
  return std::max_element(count.begin(), count.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

bool isIndexName(std::string name)
{
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::array names = {"",           "index",         "idx",        "id",  "feature",
                                "feature_id", "feature_index", "unnamed: 0", "row", "latent"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool countsRows(const std::vector<Fields>& rows, std::size_t column)
{
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].size() <= column || rows[i][column] != std::to_string(i))
      return false;
  return true;
}

/// Finds label and index among the columns of separated rows.
bool layOutColumns(const std::vector<Fields>& rows, const Fields& header, std::size_t width,
                   DelimitedMatrix& matrix)
{
  const std::vector<bool> numeric = numericColumns(rows, width, false);
  const auto texts = std::count(numeric.begin(), numeric.end(), false);
  if (texts > 1)
    return false;
  RowLayout& layout = matrix.layout;
  layout.fields = static_cast<int>(width);
  if (texts == 1)
    layout.labelField =
        static_cast<int>(std::find(numeric.begin(), numeric.end(), false) - numeric.begin());
  for (std::size_t i = 0; i < header.size() && i < width; ++i) {
    const bool first = layout.indexField < 0 && static_cast<int>(i) != layout.labelField;
    if (!first || !isIndexName(header[i]) || width < 2)
      continue;
    if (countsRows(rows, i)) {
      layout.indexField = static_cast<int>(i);
      matrix.notes.push_back("Column " + std::to_string(i + 1) + " (" +
                             quotedForMessage(header[i]) + ") counts the rows and was left out.");
    } else if (layout.labelField < 0) {
      layout.labelField = static_cast<int>(i);
      matrix.notes.push_back("Column " + std::to_string(i + 1) + " (" +
                             quotedForMessage(header[i]) + ") was taken as the label.");
    }
  }
  layout.dimensions = static_cast<std::int64_t>(width) - (layout.labelField >= 0 ? 1 : 0) -
                      (layout.indexField >= 0 ? 1 : 0);
  // Labels stand at either end, or behind the index; text amid numbers is something else, such as
  // numbers with decimal commas cut into pieces.
  const bool atAnEnd = layout.labelField <= 0 || layout.labelField + 1 == layout.fields;
  if (!atAnEnd && !(layout.labelField == 1 && layout.indexField == 0))
    return false;
  // A cell that is a JSON list belongs to a table about features, not to the features' vectors.
  if (layout.labelField >= 0 && !rows.empty()) {
    const Fields& row = rows.front();
    const auto label = static_cast<std::size_t>(layout.labelField);
    if (label < row.size() && row[label].starts_with("[\""))
      return false;
  }
  return layout.dimensions >= (layout.labelField >= 0 ? 2 : 1);
}

bool layOutWords(const std::vector<Fields>& rows, std::size_t width, DelimitedMatrix& matrix)
{
  const std::vector<bool> numeric = numericColumns(rows, width, true);
  const bool allNumbers = std::find(numeric.begin(), numeric.end(), false) == numeric.end();
  RowLayout& layout = matrix.layout;
  if (allNumbers) {
    const bool onlyNumbers = std::all_of(
        rows.begin(), rows.end(), [](const Fields& row) { return isNumberLike(row.front()); });
    layout.wordFirst = !onlyNumbers && width > 2;
    layout.dimensions = static_cast<std::int64_t>(width) - (layout.wordFirst ? 1 : 0);
    return true;
  }
  // Only the first column, the last from the right, may be text.
  if (width < 3 || std::count(numeric.begin(), numeric.end(), false) > 1 || numeric.back())
    return false;
  layout.wordFirst = true;
  layout.dimensions = static_cast<std::int64_t>(width) - 1;
  return true;
}

std::string formatOf(const DelimitedMatrix& matrix, bool header)
{
  if (matrix.layout.wordFirst && !header)
    return "GloVe text";
  std::string format = "text parted by blanks";
  if (matrix.layout.separator == '\t')
    format = "TSV";
  else if (matrix.layout.separator == ',')
    format = "CSV";
  else if (matrix.layout.separator == ';')
    format = "CSV with semicolons";
  return format + (header ? " with header" : "");
}

std::optional<DelimitedMatrix> recognizeWith(char separator, std::string_view head, bool wholeFile)
{
  DelimitedMatrix matrix;
  matrix.begin = head.starts_with(utf8Mark) ? utf8Mark.size() : 0;
  const std::string_view firstLine = head.substr(matrix.begin, head.find('\n') - matrix.begin);
  matrix.layout.separator = separator;
  matrix.layout.quotes = separator == ',' || separator == ';' ||
                         (separator == '\t' && hasOnlyQuotedFields(firstLine, separator));
  const std::vector<SampleLine> lines = linesOf(head, wholeFile, matrix.layout.quotes, separator);
  if (lines.empty())
    return std::nullopt;
  std::vector<Fields> rows;
  for (const SampleLine& line : lines)
    rows.push_back(splitFields(line.text, separator, matrix.layout.quotes));
  if (separator != ' ' && rows.front().size() < 2)
    return std::nullopt;

  Fields header;
  if (rows.size() > 1 && isHeader(rows)) {
    header = rows.front();
    rows.erase(rows.begin());
    matrix.begin = lines.front().end;
    matrix.firstLine = lines.front().next;
    matrix.layout.authority = "the header";
  }
  const std::size_t width = header.empty() ? commonWidth(rows) : header.size();
  const bool fits = separator == ' ' ? layOutWords(rows, width, matrix)
                                     : layOutColumns(rows, header, width, matrix);
  if (!fits)
    return std::nullopt;
  matrix.format = formatOf(matrix, !header.empty());
  return matrix;
}

}  // namespace

std::optional<DelimitedMatrix> recognizeDelimitedMatrix(const ByteSource& source)
{
  std::vector<std::byte> bytes;
  std::string_view head;
  // A row may be long: the sample grows until it holds two, or is all there is.
  for (std::size_t size = firstSample;; size *= 16) {
    bytes = source.readUpTo(0, std::min(size, largestSample));
    head = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    if (!isText(head))
      return std::nullopt;
    if (std::count(head.begin(), head.end(), '\n') >= 3 || head.size() < size)
      break;
  }
  for (const char separator : {'\t', ';', ',', ' '}) {
    std::optional<DelimitedMatrix> matrix =
        recognizeWith(separator, head, head.size() == source.size());
    if (matrix)
      return matrix;
  }
  return std::nullopt;
}

TextMatrix readDelimitedMatrix(const ByteSource& source, std::optional<std::uint64_t> maxMemory,
                               const Progress& progress)
{
  const std::optional<DelimitedMatrix> found = recognizeDelimitedMatrix(source);
  if (!found)
    source.fail("is no table of numbers: each row must hold numbers and at most one label");
  const RowLayout& layout = found->layout;
  const LineIndex index = indexLines(source, found->begin, found->firstLine, layout.quotes,
                                     layout.separator, progress.stage("Counting rows", 0.0, 0.1));
  // Two bytes a number at least: rows that are wider than the file can hold are not allocated.
  if (static_cast<std::uint64_t>(index.rows) >
      source.size() / std::max<std::uint64_t>(1, static_cast<std::uint64_t>(layout.dimensions)))
    source.fail("most rows are shorter than " + layout.authority + ", which has " +
                std::to_string(layout.dimensions) + " numbers");
  TextMatrix matrix =
      readRows(source, index, layout, maxMemory, progress.stage("Reading rows", 0.1, 1.0));
  matrix.format = found->format;
  matrix.notes.insert(matrix.notes.begin(), found->notes.begin(), found->notes.end());
  return matrix;
}

}  // namespace orrery
