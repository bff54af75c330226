#include "core/io/text/JsonStream.h"

#include "core/io/text/TextDecoding.h"

#include <istream>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace orrery {
namespace {

constexpr std::size_t deepest = 64;
/// A bound on what one element may swell to in memory.
constexpr std::int64_t mostValues = 32'000'000;

/// "syntax error while parsing …" without the library's own account of the place.
std::string explanationOf(const std::exception& fault)
{
  const std::string text = fault.what();
  const std::size_t begin = text.find("syntax error");
  if (begin != std::string::npos)
    return displayText(text.substr(begin, 200));
  const std::size_t colon = text.find("] ");
  return displayText(text.substr(colon == std::string::npos ? 0 : colon + 2, 200));
}

/// Builds values as the parser meets them, hands each element of the outermost level on.
class Builder : public nlohmann::json_sax<Json> {
 public:
  using Visit = std::function<void(JsonElement&&)>;

  explicit Builder(Visit visit) : m_visit(std::move(visit)) {}
  /// Tells the line that the parser is in.
  std::function<std::int64_t()> lineNow = [] { return std::int64_t{1}; };
  std::string fault;
  JsonShape shape = JsonShape::Scalar;

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object(), JsonShape::Object); }
  bool start_array(std::size_t) override { return open(Json::array(), JsonShape::Array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override
  {
    const bool isNew = m_open.size() == 1 ? m_outerKeys.insert(name).second
                                          : !m_open.back().container.contains(name);
    if (!isNew) {
      fault = "the key " + quotedForMessage(name) + " occurs twice in one object";
      return false;
    }
    m_open.back().key = std::move(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& exception) override
  {
    fault = explanationOf(exception);
    return false;
  }

 private:
  struct Level {
    Json container;
    std::string key;
  };

  bool open(Json container, JsonShape kind)
  {
    if (m_open.empty())
      shape = kind;
    if (m_open.size() == deepest) {
      fault = "more than " + std::to_string(deepest) + " levels of nesting";
      return false;
    }
    m_open.push_back({std::move(container), {}});
    return true;
  }

  bool close()
  {
    Level level = std::move(m_open.back());
    m_open.pop_back();
    return m_open.empty() || add(std::move(level.container));
  }

  bool add(Json value)
  {
    if (m_open.size() <= 1) {
      JsonElement element;
      element.shape = shape;
      if (!m_open.empty())
        element.key = std::move(m_open.back().key);
      element.index = m_index++;
      element.line = lineNow();
      element.value = std::move(value);
      m_values = 0;
      m_visit(std::move(element));
      return true;
    }
    if (++m_values > mostValues) {
      fault = "one element holds more than " + std::to_string(mostValues) + " values";
      return false;
    }
    Level& level = m_open.back();
    if (level.container.is_array())
      level.container.push_back(std::move(value));
    else
      level.container.emplace(std::move(level.key), std::move(value));
    return true;
  }

  Visit m_visit;
  std::vector<Level> m_open;
  std::unordered_set<std::string> m_outerKeys;
  std::int64_t m_index = 0;
  std::int64_t m_values = 0;
};

/// Puts the elements of the outermost level together again.
class Assembler {
 public:
  void take(JsonElement&& element)
  {
    if (element.shape == JsonShape::Array)
      m_value.push_back(std::move(element.value));
    else if (element.shape == JsonShape::Object)
      m_value.emplace(std::move(element.key), std::move(element.value));
    else
      m_value = std::move(element.value);
  }
  Json finish(JsonShape shape)
  {
    if (m_value.is_null() && shape == JsonShape::Array)
      m_value = Json::array();
    if (m_value.is_null() && shape == JsonShape::Object)
      m_value = Json::object();
    return std::move(m_value);
  }

 private:
  Json m_value;
};

}  // namespace

JsonShape forEachJsonElement(TextStream& stream, const std::function<void(JsonElement&&)>& visit,
                             const Progress& progress)
{
  TextStreamBuffer buffer(stream);
  std::istream input(&buffer);
  const ByteSource& source = stream.source();
  Builder builder([&](JsonElement&& element) {
    if ((element.index & 255) == 0)
      progress.update(static_cast<std::int64_t>(stream.position()),
                      static_cast<std::int64_t>(source.size()));
    visit(std::move(element));
  });
  builder.lineNow = [&] { return buffer.line(); };
  if (!Json::sax_parse(input, &builder))
    source.fail("is no valid JSON at byte " + std::to_string(buffer.byte()) + ", line " +
                std::to_string(buffer.line()) + ": " + builder.fault);
  return builder.shape;
}

Json readJson(const ByteSource& source)
{
  TextStream stream(source.path());
  Assembler assembler;
  const JsonShape shape = forEachJsonElement(
      stream, [&](JsonElement&& element) { assembler.take(std::move(element)); });
  return assembler.finish(shape);
}

Json parseJsonLine(const ByteSource& source, std::string_view text, std::int64_t line)
{
  Assembler assembler;
  Builder builder([&](JsonElement&& element) { assembler.take(std::move(element)); });
  if (!Json::sax_parse(text.begin(), text.end(), &builder))
    source.fail("line " + std::to_string(line) + " is no valid JSON: " + builder.fault);
  return assembler.finish(builder.shape);
}

}  // namespace orrery
