// Text of strangers: UTF-8 that may be broken, and numbers that must be read the same in every
// locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orrery {

/// Appends @p bytes to @p target as sound UTF-8: every byte that is none and every NUL becomes
/// U+FFFD. Returns how many were replaced.
std::int64_t appendRepaired(std::string& target, std::string_view bytes);

/// @p bytes without leading and trailing blanks, tabs and carriage returns.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The UTF-8 byte order mark that editors put in front.
inline constexpr std::string_view utf8Mark = "\xEF\xBB\xBF";

/// How one number was read.
enum class NumberFault { None, NotANumber, TooLarge };

/// Reads all of @p text as one number: decimal, with an optional sign and exponent, "nan" or "inf".
/// Nothing else passes: no blanks, no hexadecimal, no decimal comma, nothing beyond the range of a
/// double. What is too small becomes 0.
NumberFault parseNumber(std::string_view text, double& value);

/// The same as a float; a number in the range of a double that a float cannot hold becomes an
/// infinity and sets @p overflowed.
NumberFault parseNumber(std::string_view text, float& value, bool& overflowed);

[[nodiscard]] bool isNumber(std::string_view text);

/// A whole number of 64 bits, nothing else in @p text.
[[nodiscard]] std::optional<std::int64_t> parseInteger(std::string_view text);

/// Why @p text is not a number, as the end of a sentence: "'0,5' has a decimal comma". Long text is
/// cut, control characters are shown visibly.
[[nodiscard]] std::string describeBadNumber(std::string_view text);

/// @p text in quotes for a message: cut to about 40 characters, safe to print.
[[nodiscard]] std::string quotedForMessage(std::string_view text);

}  // namespace orrery
