#include "core/base/Error.h"
#include "core/io/results/ResultFormats.h"
#include "core/io/text/TextDecoding.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

template <typename Number>
void appendShortest(std::string& target, Number number)
{
  char buffer[32];
  target.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
}

template <typename Number>
void appendReal(std::string& target, Number number)
{
  if (std::isnan(number))
    target += "nan";
  else if (std::isinf(number))
    target += number > 0 ? "inf" : "-inf";
  else
    appendShortest(target, number);
}

std::int64_t firstAxis(const ResultArray& array)
{
  return array.shape.empty() ? 1 : array.shape.front();
}

/// How many columns of a table the array makes.
std::int64_t widthOf(const ResultArray& array)
{
  std::int64_t width = 1;
  for (std::size_t axis = 1; axis < array.shape.size(); ++axis)
    width *= array.shape[axis];
  return width;
}

/// The arrays that stand side by side in a table: those as long as the first that has an axis.
std::vector<const ResultArray*> tableArrays(const ResultTable& table)
{
  std::vector<const ResultArray*> arrays;
  for (const ResultArray& array : table.arrays)
    if (!array.shape.empty() && (arrays.empty() || firstAxis(array) == firstAxis(*arrays.front())))
      arrays.push_back(&array);
  if (arrays.empty())
    for (const ResultArray& array : table.arrays)
      arrays.push_back(&array);
  return arrays;
}

std::string columnName(const ResultArray& array, std::int64_t column)
{
  return array.shape.size() < 2 ? array.name : array.name + "_" + std::to_string(column);
}

class CellWriter {
 public:
  CellWriter(std::string& target, char separator, FormulaGuard guard)
      : m_target(target), m_separator(separator), m_guard(guard)
  {
  }
  void operator()(const std::string& text) const
  {
    m_target += delimitedCell(text, m_separator, m_guard);
  }
  void operator()(float number) const { appendNumber(m_target, number); }
  void operator()(double number) const { appendNumber(m_target, number); }
  void operator()(std::int32_t number) const { appendShortest(m_target, number); }
  void operator()(std::int64_t number) const { appendShortest(m_target, number); }

 private:
  std::string& m_target;
  char m_separator;
  FormulaGuard m_guard;
};

class JsonWriter {
 public:
  explicit JsonWriter(std::string& target) : m_target(target) {}

  void writeArray(const ResultArray& array)
  {
    std::visit([&](const auto& values) { writeLevel(array.shape, 0, values); }, array.values);
  }

 private:
  template <typename Values>
  void writeLevel(const std::vector<std::int64_t>& shape, std::size_t axis, const Values& values)
  {
    if (axis == shape.size()) {
      writeValue(values[m_next++]);
      return;
    }
    m_target += '[';
    for (std::int64_t i = 0; i < shape[axis]; ++i) {
      if (i > 0)
        m_target += ',';
      writeLevel(shape, axis + 1, values);
    }
    m_target += ']';
  }

  void writeValue(const std::string& text) { appendJsonText(m_target, text); }
  void writeValue(std::int32_t number) { appendShortest(m_target, number); }
  void writeValue(std::int64_t number) { appendShortest(m_target, number); }
  // JSON knows neither NaN nor infinity.
  template <typename Real>
  void writeValue(Real number)
  {
    if (std::isfinite(number))
      appendShortest(m_target, number);
    else
      m_target += "null";
  }

  std::string& m_target;
  std::size_t m_next = 0;
};

}  // namespace

void appendNumber(std::string& target, float number)
{
  appendReal(target, number);
}

void appendNumber(std::string& target, double number)
{
  appendReal(target, number);
}

void appendNumber(std::string& target, std::int64_t number)
{
  appendShortest(target, number);
}

void appendJsonText(std::string& target, const std::string& text)
{
  constexpr char digits[] = "0123456789abcdef";
  std::string sound;
  // NUL is a character of JSON texts, only its spelling is special.
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = text.find('\0', at);
    appendRepaired(sound, std::string_view(text).substr(at, end - at));
    if (end == std::string::npos)
      break;
    sound += '\0';
    at = end + 1;
  }
  target += '"';
  for (const char c : sound) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      target += '\\';
      target += c;
    } else if (c == '\n') {
      target += "\\n";
    } else if (c == '\t') {
      target += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      target += "\\u00";
      target += digits[byte >> 4];
      target += digits[byte & 15];
    } else {
      target += c;
    }
  }
  target += '"';
}

std::string optionsJson(const ResultTable& table)
{
  std::string text = "{";
  for (const auto& [name, value] : table.options) {
    if (text.size() > 1)
      text += ',';
    appendJsonText(text, name);
    text += ':';
    appendJsonText(text, value);
  }
  return text + "}";
}

std::string delimitedCell(const std::string& text, char separator, FormulaGuard guard)
{
  const bool isFormula =
      !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
  const std::string cell = (isFormula && guard == FormulaGuard::On ? "'" : "") + text;
  if (cell.find_first_of("\"\r\n") == std::string::npos &&
      cell.find(separator) == std::string::npos)
    return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"')
      quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string delimitedBytes(const ResultTable& table, char separator, FormulaGuard guard)
{
  const std::vector<const ResultArray*> arrays = tableArrays(table);
  std::string text;
  const CellWriter write(text, separator, guard);
  const auto writeRow = [&](const auto& writeCell) {
    bool first = true;
    for (const ResultArray* array : arrays)
      for (std::int64_t column = 0; column < widthOf(*array); ++column) {
        if (!first)
          text += separator;
        first = false;
        writeCell(*array, column);
      }
    text += '\n';
  };
  writeRow(
      [&](const ResultArray& array, std::int64_t column) { write(columnName(array, column)); });
  for (std::int64_t row = 0; row < firstAxis(*arrays.front()); ++row)
    writeRow([&](const ResultArray& array, std::int64_t column) {
      const auto at = static_cast<std::size_t>(row * widthOf(array) + column);
      std::visit([&](const auto& values) { write(values[at]); }, array.values);
    });
  return text;
}

std::string jsonBytes(const ResultTable& table)
{
  std::string text = "{\"options\":" + optionsJson(table) + ",\n\"arrays\":{";
  bool first = true;
  for (const ResultArray& array : table.arrays) {
    text += first ? "\n" : ",\n";
    first = false;
    appendJsonText(text, array.name);
    text += ':';
    JsonWriter(text).writeArray(array);
  }
  return text + "}}\n";
}

}  // namespace orrery
