#include "core/lobes/TypePartitions.h"

#include "core/base/Error.h"
#include "core/io/BoundedJson.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <map>

namespace orrery {

namespace {

constexpr std::uint64_t mostBytes = 16 << 20;
constexpr std::string_view ending = "_lobes";

}  // namespace

TypePartitions readTypePartitions(const std::filesystem::path& path)
{
  const auto fail = [&](const std::string& message) {
    throw Error(displayName(path) + ": " + message);
  };
  const std::vector<std::byte> bytes = ByteSource(path).readUpTo(0, mostBytes);
  const nlohmann::json json = parseBoundedJson(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "The file", fail);
  if (!json.is_object())
    fail("is not an object with keys such as \"2_lobes\"");

  TypePartitions partitions;
  if (json.contains("source") && json["source"].is_string())
    partitions.source = json["source"].get<std::string>();
  std::map<std::string, std::size_t> places;
  std::map<int, std::vector<std::int32_t>> levels;
  for (const auto& [key, lobes] : json.items()) {
    const std::size_t digits = key.size() < ending.size() ? 0 : key.size() - ending.size();
    if (digits == 0 || digits > 4 || !std::string_view(key).ends_with(ending) ||
        !std::all_of(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(digits),
                     [](char c) { return c >= '0' && c <= '9'; }))
      continue;
    const int count = std::stoi(key.substr(0, digits));
    if (!lobes.is_array() || static_cast<int>(lobes.size()) != count)
      fail("\"" + key + "\" does not list " + std::to_string(count) + " lobes");
    std::vector<std::int32_t>& labels = levels[count];
    for (std::size_t lobe = 0; lobe < lobes.size(); ++lobe) {
      if (!lobes[lobe].is_array())
        fail("lobe " + std::to_string(lobe + 1) + " of \"" + key + "\" is not a list of types");
      for (const auto& type : lobes[lobe]) {
        if (!type.is_string())
          fail("lobe " + std::to_string(lobe + 1) + " of \"" + key +
               "\" holds something that is not a text");
        const auto [place, isNew] =
            places.emplace(type.get<std::string>(), partitions.types.size());
        if (isNew)
          partitions.types.push_back(place->first);
        labels.resize(std::max(labels.size(), partitions.types.size()), noLobe);
        if (labels[place->second] != noLobe)
          fail("\"" + key + "\" puts '" + displayText(place->first) + "' into two lobes");
        labels[place->second] = static_cast<std::int32_t>(lobe);
      }
    }
  }
  if (levels.empty())
    fail("has no key such as \"2_lobes\" with a list of types per lobe");
  for (auto& [count, labels] : levels) {
    labels.resize(partitions.types.size(), noLobe);
    Lobes lobes = lobesFromLabels(labels);
    lobes.clusters = count;
    partitions.levels.push_back(std::move(lobes));
  }
  return partitions;
}

}  // namespace orrery
