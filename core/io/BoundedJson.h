// JSON of strangers: depth at most 64, no key twice in one object, faults told with their byte.
// Only for sources of core: it drags the JSON library in.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace orrery {

/// Throws the Error that names the file.
using FailFunction = std::function<void(const std::string& message)>;

/// Watches a JSON text while it is parsed, without building it; a format's own reader overrides
/// what it wants to see and calls the base function first.
class CheckedSax : public nlohmann::json_sax<nlohmann::json> {
 public:
  /// @p offset: where the text begins in the file, for the byte in messages. @p what: "The header".
  CheckedSax(FailFunction fail, std::string what, std::size_t offset);

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t elements) override;
  bool key(string_t& value) override;
  bool end_object() override;
  bool start_array(std::size_t elements) override;
  bool end_array() override;
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception& error) override;

 protected:
  /// Objects and arrays that are open.
  [[nodiscard]] std::size_t depth() const { return m_open.size(); }
  [[noreturn]] void fail(const std::string& message) const;

 private:
  void open();

  FailFunction m_fail;
  std::string m_what;
  std::size_t m_offset;
  std::vector<std::unordered_set<std::string>> m_open;
};

/// Parses a small text (a configuration) whole.
nlohmann::json parseBoundedJson(std::string_view text, const std::string& what,
                                const FailFunction& fail);

}  // namespace orrery
