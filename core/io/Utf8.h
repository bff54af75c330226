// UTF-8 of strangers: checked, repaired, made from other encodings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace orrery {

/// Length of the well-formed sequence at the start of @p text, its code point in @p point; 0 if it
/// is ill-formed (cut, overlong, a surrogate, past U+10FFFF). @p text must not be empty.
[[nodiscard]] std::size_t decodeUtf8(std::string_view text, char32_t& point);

/// Appends @p point; what is no character becomes U+FFFD. Returns whether it was one.
bool appendUtf8(std::string& target, char32_t point);

/// @p bytes with each ill-formed byte replaced by U+FFFD; how many is added to @p replaced.
[[nodiscard]] std::string repairUtf8(std::string_view bytes, std::int64_t& replaced);

}  // namespace orrery
