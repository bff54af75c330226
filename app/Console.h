// Text for standard output and terminals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orrery {

/// The first @p most characters of displayText(@p text), with an ellipsis where it is cut.
std::string elidedText(const std::string& text, std::size_t most);

/// Writes @p text to standard output. Throws Error if that fails (disk full, closed).
void writeToStandardOutput(std::string_view text);

}  // namespace orrery
