#include "core/io/text/JsonStream.h"

#include "core/io/BoundedJson.h"

#include <istream>
#include <utility>
#include <vector>

namespace orrery {
namespace {

/// A bound on what one element may swell to in memory.
constexpr std::int64_t mostValues = 32'000'000;

/// Builds values as the parser meets them, hands each element of the outermost level on.
class Builder : public CheckedSax {
 public:
  using Visit = std::function<void(JsonElement&&)>;

  /// @p lineNow tells the line that the parser is in.
  Builder(Visit visit, std::function<std::int64_t()> lineNow, const FailFunction& fail)
      : CheckedSax(fail, "the text", 0), m_visit(std::move(visit)), m_lineNow(std::move(lineNow))
  {
  }
  [[nodiscard]] JsonShape shape() const { return m_shape; }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }

  bool start_object(std::size_t elements) override
  {
    CheckedSax::start_object(elements);
    return open(Json::object(), JsonShape::Object);
  }
  bool start_array(std::size_t elements) override
  {
    CheckedSax::start_array(elements);
    return open(Json::array(), JsonShape::Array);
  }
  bool key(string_t& name) override
  {
    CheckedSax::key(name);
    m_open.back().key = std::move(name);
    return true;
  }
  bool end_object() override { return CheckedSax::end_object() && close(); }
  bool end_array() override { return CheckedSax::end_array() && close(); }

 private:
  struct Level {
    Json container;
    std::string key;
  };

  bool open(Json container, JsonShape kind)
  {
    if (m_open.empty())
      m_shape = kind;
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
      element.shape = m_shape;
      if (!m_open.empty())
        element.key = std::move(m_open.back().key);
      element.index = m_index++;
      element.line = m_lineNow();
      element.value = std::move(value);
      m_values = 0;
      m_visit(std::move(element));
      return true;
    }
    if (++m_values > mostValues)
      fail("one element of the text holds more than " + std::to_string(mostValues) + " values");
    Level& level = m_open.back();
    if (level.container.is_array())
      level.container.push_back(std::move(value));
    else
      level.container.emplace(std::move(level.key), std::move(value));
    return true;
  }

  Visit m_visit;
  std::function<std::int64_t()> m_lineNow;
  std::vector<Level> m_open;
  JsonShape m_shape = JsonShape::Scalar;
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
  const auto take = [&](JsonElement&& element) {
    if ((element.index & 255) == 0)
      progress.update(static_cast<std::int64_t>(stream.position()),
                      static_cast<std::int64_t>(source.size()));
    visit(std::move(element));
  };
  Builder builder(
      take, [&] { return buffer.line(); },
      [&](const std::string& message) {
        source.fail("line " + std::to_string(buffer.line()) + ": " + message);
      });
  Json::sax_parse(input, &builder);
  return builder.shape();
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
  Builder builder([&](JsonElement&& element) { assembler.take(std::move(element)); },
                  [&] { return line; },
                  [&](const std::string& message) {
                    source.fail("line " + std::to_string(line) + ": " + message);
                  });
  Json::sax_parse(text.begin(), text.end(), &builder);
  return assembler.finish(builder.shape());
}

}  // namespace orrery
