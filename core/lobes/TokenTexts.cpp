#include "core/lobes/TokenTexts.h"

#include "core/base/Error.h"
#include "core/io/BoundedJson.h"
#include "core/io/ByteSource.h"

#include <algorithm>

namespace orrery {

namespace {

constexpr std::uint64_t mostBytes = 256 << 20;
constexpr std::int64_t mostTokens = 16'000'000;

std::string readable(std::string text)
{
  for (const std::string_view mark : {"\xE2\x96\x81", "\xC4\xA0"})
    for (std::size_t at; (at = text.find(mark)) != std::string::npos;)
      text.replace(at, mark.size(), " ");
  return text;
}

}  // namespace

std::vector<std::string> readTokenTexts(const std::filesystem::path& path)
{
  const auto fail = [&](const std::string& message) {
    throw Error(displayName(path) + ": " + message);
  };
  const std::vector<std::byte> bytes = ByteSource(path).readUpTo(0, mostBytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<std::string> texts;
  if (const std::size_t begin = text.find_first_not_of(" \t\r\n");
      begin != std::string_view::npos && text[begin] == '{') {
    nlohmann::json json = parseBoundedJson(text, "The file", fail);
    if (json.contains("model") && json["model"].is_object() && json["model"].contains("vocab"))
      json = nlohmann::json(json["model"]["vocab"]);
    if (!json.is_object() || json.empty())
      fail("has no vocabulary (an object from text to number)");
    for (const auto& [token, number] : json.items()) {
      if (!number.is_number_integer() || number.get<std::int64_t>() < 0 ||
          number.get<std::int64_t>() > mostTokens)
        fail("gives the token '" + displayText(token) + "' no number from 0 to 16,000,000");
      const auto place = static_cast<std::size_t>(number.get<std::int64_t>());
      if (texts.size() <= place)
        texts.resize(place + 1);
      texts[place] = readable(token);
    }
    return texts;
  }
  if (text.find('\0') != std::string_view::npos)
    fail("is neither a text with a token per line nor JSON");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::size_t length = end - begin;
    if (length > 0 && text[begin + length - 1] == '\r')
      --length;
    texts.push_back(readable(std::string(text.substr(begin, length))));
    begin = end + 1;
  }
  if (texts.empty())
    fail("is empty");
  return texts;
}

TokenActivations withTexts(const TokenActivations& tokens, const std::vector<std::string>& texts)
{
  if (tokens.tokenIds.empty())
    throw Error("the activations come without the numbers of their tokens");
  TokenActivations named = tokens;
  named.texts.clear();
  named.texts.reserve(named.tokenIds.size());
  for (const std::int64_t id : named.tokenIds)
    named.texts.push_back(id >= 0 && id < static_cast<std::int64_t>(texts.size()) &&
                                  !texts[static_cast<std::size_t>(id)].empty()
                              ? texts[static_cast<std::size_t>(id)]
                              : "#" + std::to_string(id));
  return named;
}

}  // namespace orrery
