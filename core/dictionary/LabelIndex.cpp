#include "core/dictionary/LabelIndex.h"

#include <algorithm>
#include <limits>

namespace orrery {
namespace {

/// One two-byte UTF-8 character in lower case: Latin-1, Greek and Cyrillic capitals lie at fixed
/// distances from their small letters. Everything else is returned as it is.
void appendLower(std::string& text, unsigned char lead, unsigned char trail)
{
  unsigned code = (lead & 0x1Fu) << 6 | (trail & 0x3Fu);
  const bool latin = code >= 0xC0 && code <= 0xDE && code != 0xD7;
  const bool greek = code >= 0x391 && code <= 0x3A9 && code != 0x3A2;
  const bool cyrillic = code >= 0x410 && code <= 0x42F;
  if (latin || greek || cyrillic)
    code += 0x20;
  else if (code >= 0x400 && code <= 0x40F)
    code += 0x50;
  text += static_cast<char>(0xC0u | code >> 6);
  text += static_cast<char>(0x80u | (code & 0x3Fu));
}

bool dropPrefix(std::string_view& text, std::string_view prefix)
{
  if (text.substr(0, prefix.size()) != prefix)
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string_view bareLabel(std::string_view label)
{
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!label.empty() && blank(label.front()))
    label.remove_prefix(1);
  while (!label.empty() && blank(label.back()))
    label.remove_suffix(1);
  // A label that is nothing but a mark stays what it is.
  for (const std::string_view mark : {"\u2581", "\u0120", "##"})
    if (label.size() > mark.size() && dropPrefix(label, mark))
      break;
  return label;
}

double labelLength(std::string_view label)
{
  const std::string_view bare = bareLabel(label);
  if (bare.empty())
    return std::numeric_limits<double>::quiet_NaN();
  // Every byte of UTF-8 but continuations begins a character.
  return static_cast<double>(std::count_if(bare.begin(), bare.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u;
  }));
}

std::string foldLabel(std::string_view label)
{
  label = bareLabel(label);
  std::string folded;
  folded.reserve(label.size());
  for (std::size_t i = 0; i < label.size(); ++i) {
    const auto byte = static_cast<unsigned char>(label[i]);
    if (byte >= 'A' && byte <= 'Z') {
      folded += static_cast<char>(byte + ('a' - 'A'));
    } else if (byte >= 0xC2 && byte <= 0xDF && i + 1 < label.size()) {
      appendLower(folded, byte, static_cast<unsigned char>(label[i + 1]));
      ++i;
    } else {
      folded += label[i];
    }
  }
  return folded;
}

LabelIndex::LabelIndex(const std::vector<std::string>& labels)
{
  m_exact.reserve(labels.size());
  m_folded.reserve(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty())
      continue;
    for (auto [map, key] :
         {std::pair{&m_exact, labels[i]}, std::pair{&m_folded, foldLabel(labels[i])}}) {
      Entry& entry = (*map)[key];
      if (entry.count++ == 0)
        entry.first = static_cast<FeatureId>(i);
    }
  }
}

LabelIndex::Found LabelIndex::find(std::string_view text) const
{
  if (const auto exact = m_exact.find(std::string(text)); exact != m_exact.end())
    return {exact->second.first, LabelMatch::Exact, exact->second.count};
  if (const auto folded = m_folded.find(foldLabel(text)); folded != m_folded.end())
    return {folded->second.first, LabelMatch::Folded, folded->second.count};
  return {};
}

}  // namespace orrery
