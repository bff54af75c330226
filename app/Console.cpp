#include "app/Console.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace orrery {

std::string elidedText(const std::string& text, std::size_t most)
{
  const std::string shown = displayText(text);
  std::size_t characters = 0;
  for (std::size_t i = 0; i < shown.size(); ++i)
    // A byte that is not the continuation of a character begins one.
    if ((static_cast<unsigned char>(shown[i]) & 0xC0) != 0x80 && characters++ == most)
      return shown.substr(0, i) + "…";
  return shown;
}

void writeToStandardOutput(std::string_view text)
{
  errno = 0;
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written)
    throw Error("standard output: cannot be written (" + std::generic_category().message(errno) +
                ")");
}

}  // namespace orrery
