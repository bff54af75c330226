#include "core/embedding/LabelSearch.h"

#include "core/dictionary/LabelIndex.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace orrery {
namespace {

/// Levenshtein's distance, or limit + 1 once it must be larger.
std::size_t editDistance(std::string_view a, std::string_view b, std::size_t limit)
{
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit)
    return limit + 1;
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
    if (*std::min_element(row.begin(), row.end()) > limit)
      return limit + 1;
  }
  return row.back();
}

bool endsWith(std::string_view text, std::string_view end)
{
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

std::vector<FeatureId> featuresLabelled(std::string_view text, const Dictionary& dictionary)
{
  const std::vector<std::string>& labels = dictionary.labels;
  std::vector<FeatureId> found;
  if (text.empty())
    return found;
  for (std::size_t id = 0; id < labels.size(); ++id)
    if (labels[id] == text)
      found.push_back(static_cast<FeatureId>(id));
  const std::string folded = foldLabel(text);
  if (!found.empty() || folded.empty())
    return found;
  for (std::size_t id = 0; id < labels.size(); ++id)
    if (foldLabel(labels[id]) == folded)
      found.push_back(static_cast<FeatureId>(id));
  std::vector<FeatureId> sameCase;
  std::copy_if(found.begin(), found.end(), std::back_inserter(sameCase),
               [&](FeatureId id) { return endsWith(labels[static_cast<std::size_t>(id)], text); });
  return sameCase.empty() ? found : sameCase;
}

std::vector<std::string> nearestLabels(std::string_view text, const Dictionary& dictionary,
                                       std::size_t count)
{
  constexpr std::size_t longest = 128;  // longer labels are sentences: nobody mistypes one
  const std::string wanted = foldLabel(text);
  if (wanted.size() > longest)
    return {};
  const std::size_t limit = std::max<std::size_t>(1, wanted.size() / 2);
  std::vector<std::pair<std::size_t, std::size_t>> near;  // distance, id
  for (std::size_t id = 0; id < dictionary.labels.size(); ++id) {
    const std::string& label = dictionary.labels[id];
    if (label.empty() || label.size() > 2 * longest)
      continue;
    const std::size_t distance = editDistance(wanted, foldLabel(label), limit);
    if (distance <= limit)
      near.emplace_back(distance, id);
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> labels;
  for (const auto& [distance, id] : near) {
    if (labels.size() == count)
      break;
    if (std::find(labels.begin(), labels.end(), dictionary.labels[id]) == labels.end())
      labels.push_back(dictionary.labels[id]);
  }
  return labels;
}

std::string quotedLabel(std::string_view label)
{
  constexpr std::size_t shown = 80;
  std::size_t end = std::min(label.size(), shown);
  while (end < label.size() && end > 0 && (static_cast<unsigned char>(label[end]) & 0xC0) == 0x80)
    --end;  // not in the middle of a character
  return '"' + displayText(std::string(label.substr(0, end))) + (end < label.size() ? "…" : "") +
         '"';
}

}  // namespace orrery
