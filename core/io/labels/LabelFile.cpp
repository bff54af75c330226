#include "core/io/LabelFile.h"

#include "core/base/Error.h"
#include "core/io/labels/LabelReaders.h"
#include "core/io/text/TextDecoding.h"
#include "core/io/text/TextRows.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>

namespace orrery {
namespace {

constexpr std::size_t sampleSize = 256u << 10;

/// The unpacked beginning of a file.
std::string headOf(const std::filesystem::path& path)
{
  TextStream stream(path);
  std::string head(sampleSize, '\0');
  std::size_t size = 0;
  while (size < head.size()) {
    const std::size_t got = stream.read(head.data() + size, head.size() - size);
    if (got == 0)
      break;
    size += got;
  }
  head.resize(size);
  return head;
}

bool hasJsonName(const std::filesystem::path& path)
{
  std::string extension = path.extension().string();
  if (extension == ".gz")
    extension = path.stem().extension().string();
  return extension == ".json" || extension == ".jsonl" || extension == ".ndjson";
}

/// Whether the text begins as JSON does. A label such as "[PAD]" or "{name}" does not.
bool beginsAsJson(std::string_view head)
{
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || (head[begin] != '{' && head[begin] != '['))
    return false;
  const std::size_t next = head.find_first_not_of(" \t\r\n", begin + 1);
  if (next == std::string_view::npos)
    return false;
  const char c = head[next];
  if (head[begin] == '{')
    return c == '"' || c == '}';
  const std::string_view rest = head.substr(next);
  const bool word =
      rest.starts_with("null") || rest.starts_with("true") || rest.starts_with("false");
  return c == '"' || c == '{' || c == '[' || c == ']' || c == '-' || (c >= '0' && c <= '9') || word;
}

/// JSON Lines: the first line is a document of its own and more follows.
bool isJsonLines(std::string_view head, const std::filesystem::path& path)
{
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  const std::size_t end = head.find('\n', begin);
  // A first line longer than the sample: only the name can tell.
  if (end == std::string_view::npos)
    return head.size() == sampleSize && path.string().find(".jsonl") != std::string::npos;
  const bool more = head.find_first_not_of(" \t\r\n", end) != std::string_view::npos;
  return more && Json::accept(head.substr(begin, end - begin));
}

/// One explanation in a file of its own: a single JSON string.
bool isJsonText(std::string_view head)
{
  const std::string_view text = trimmed(head.substr(0, head.find_last_not_of("\r\n") + 1));
  return text.size() >= 2 && text.front() == '"' && text.find('\n') == std::string_view::npos &&
         Json::accept(text);
}

bool namesAFeature(const std::filesystem::path& path)
{
  return path.stem().string().find("latent") != std::string::npos;
}

LabelTable readLabelFile(const std::filesystem::path& path, const Progress& progress)
{
  const std::string head = headOf(path);
  if (head.empty())
    throw Error(displayName(path) + ": is empty, expected labels");
  if (head.starts_with("version https://git-lfs"))
    throw Error(displayName(path) +
                ": is a git-lfs pointer, not the file itself; fetch it with 'git lfs pull'");
  if (hasJsonName(path) || beginsAsJson(head))
    return isJsonLines(head, path) ? readJsonLineLabels(path, progress)
                                   : readJsonLabels(path, progress);
  if (isJsonText(head) && namesAFeature(path))
    return readJsonLabels(path, progress);
  const char separator = labelSeparator(head, path);
  if (separator == '\0')
    return readLabelLines(path, progress);
  const bool quotes =
      separator != '\t' || hasOnlyQuotedFields(head.substr(0, head.find('\n')), '\t');
  return readDelimitedLabels(path, separator, quotes, progress);
}

}  // namespace

LabelTable readLabels(const std::filesystem::path& path, const Progress& progress)
{
  std::error_code none;
  if (std::filesystem::is_directory(path, none))
    return readLabelFolder(path, progress);
  return readLabelFile(path, progress);
}

}  // namespace orrery
