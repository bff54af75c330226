#include "core/document/CrystalState.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace orrery {

namespace {

constexpr std::size_t mostFamily = 1000;

nlohmann::json cornersOf(const Crystal& crystal)
{
  return {crystal.a, crystal.b, crystal.c, crystal.d};
}

std::optional<Crystal> crystalOf(const nlohmann::json& json, std::int64_t features)
{
  if (!json.is_array() || json.size() != 4)
    return std::nullopt;
  std::set<std::int64_t> corners;
  for (const auto& corner : json) {
    if (!corner.is_number_integer())
      return std::nullopt;
    const auto id = corner.get<std::int64_t>();
    if (id < 0 || id >= features || !corners.insert(id).second)
      return std::nullopt;
  }
  return Crystal{json[0].get<FeatureId>(), json[1].get<FeatureId>(), json[2].get<FeatureId>(),
                 json[3].get<FeatureId>()};
}

}  // namespace

std::string crystalStateText(const CrystalState& state)
{
  nlohmann::json json = nlohmann::json::object();
  if (state.crystal)
    json["crystal"] = cornersOf(*state.crystal);
  nlohmann::json family = nlohmann::json::array();
  for (const Crystal& crystal : state.family)
    family.push_back(cornersOf(crystal));
  if (!family.empty())
    json["family"] = family;
  return json.dump();
}

CrystalState crystalState(const std::string& text, std::int64_t features)
{
  CrystalState state;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object())
    return state;
  if (json.contains("crystal"))
    state.crystal = crystalOf(json["crystal"], features);
  if (json.contains("family") && json["family"].is_array())
    for (const auto& one : json["family"]) {
      if (state.family.size() >= mostFamily)
        break;
      if (const auto crystal = crystalOf(one, features); crystal && crystal != state.crystal)
        state.family.push_back(*crystal);
    }
  return state;
}

}  // namespace orrery
