#include "core/io/text/TextDecoding.h"

#include "core/io/ByteSource.h"
#include "core/io/Utf8.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

constexpr char32_t replacement = 0xFFFD;

bool isPlain(char c)
{
  return static_cast<signed char>(c) > 0;
}

/// std::from_chars knows no plus sign.
std::string_view withoutPlus(std::string_view text)
{
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+')
    text.remove_prefix(1);
  return text;
}

/// Tells the two ways of leaving the range apart: too small a number is as good as zero.
bool isTooSmall(std::string_view text)
{
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos)
    return exponent + 1 < text.size() && text[exponent + 1] == '-';
  return text.find_first_of("123456789") > text.find('.');
}

template <typename Number>
std::errc parseAll(std::string_view text, Number& value)
{
  const char* const end = text.data() + text.size();
  const std::from_chars_result result = std::from_chars(text.data(), end, value);
  return result.ptr != end || text.empty() ? std::errc::invalid_argument : result.ec;
}

}  // namespace

std::int64_t appendRepaired(std::string& target, std::string_view bytes)
{
  std::int64_t replaced = 0;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t plain = at;
    while (at < bytes.size() && isPlain(bytes[at]))
      ++at;
    target.append(bytes, plain, at - plain);
    if (at == bytes.size())
      break;
    char32_t point = 0;
    const std::size_t length = decodeUtf8(bytes.substr(at), point);
    const bool sound = length > 0 && point != 0;
    if (sound)
      target.append(bytes, at, length);
    else
      appendUtf8(target, replacement);
    replaced += sound ? 0 : 1;
    at += std::max<std::size_t>(length, 1);
  }
  return replaced;
}

std::string_view trimmed(std::string_view text)
{
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

NumberFault parseNumber(std::string_view text, double& value)
{
  text = withoutPlus(text);
  const std::errc fault = parseAll(text, value);
  if (fault == std::errc())
    return NumberFault::None;
  if (fault != std::errc::result_out_of_range)
    return NumberFault::NotANumber;
  if (!isTooSmall(text))
    return NumberFault::TooLarge;
  value = 0.0;
  return NumberFault::None;
}

NumberFault parseNumber(std::string_view text, float& value, bool& overflowed)
{
  const std::errc fault = parseAll(withoutPlus(text), value);
  if (fault == std::errc())
    return NumberFault::None;
  if (fault != std::errc::result_out_of_range)
    return NumberFault::NotANumber;
  double wide = 0.0;
  const NumberFault wideFault = parseNumber(text, wide);
  if (wideFault != NumberFault::None)
    return wideFault;
  if (std::abs(wide) > static_cast<double>(std::numeric_limits<float>::max())) {
    overflowed = true;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    value = wide > 0 ? infinity : -infinity;
  } else {
    value = static_cast<float>(wide);
  }
  return NumberFault::None;
}

bool isNumber(std::string_view text)
{
  double value = 0.0;
  return parseNumber(text, value) == NumberFault::None;
}

std::optional<std::int64_t> parseInteger(std::string_view text)
{
  std::int64_t value = 0;
  text = withoutPlus(text);
  const char* const end = text.data() + text.size();
  const std::from_chars_result result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end)
    return std::nullopt;
  return value;
}

std::string describeBadNumber(std::string_view text)
{
  const std::string quoted = quotedForMessage(text);
  double value = 0.0;
  if (text.empty())
    return "nothing stands where a number is expected";
  if (parseNumber(text, value) == NumberFault::TooLarge)
    return quoted + " is too large for any number";
  const bool digitsOnly = text.find_first_not_of("0123456789,+-eE") == std::string_view::npos;
  if (digitsOnly && std::count(text.begin(), text.end(), ',') == 1)
    return quoted + " has a decimal comma (a point is expected)";
  const std::string_view unsignedText = text[0] == '-' || text[0] == '+' ? text.substr(1) : text;
  if (unsignedText.starts_with("0x") || unsignedText.starts_with("0X"))
    return quoted + " is hexadecimal (a decimal number is expected)";
  return quoted + " is not a number";
}

std::string quotedForMessage(std::string_view text)
{
  constexpr std::size_t longest = 40;
  std::string sound;
  appendRepaired(sound, text.substr(0, longest));
  return "'" + displayText(sound) + (text.size() > longest ? "…'" : "'");
}

}  // namespace orrery
