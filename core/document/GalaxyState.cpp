#include "core/document/GalaxyState.h"

#include <nlohmann/json.hpp>

#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

namespace orrery {

namespace {

using Json = nlohmann::json;

constexpr std::size_t mostOrigins = 100'000;

template <typename Number>
Json orNull(const std::optional<Number>& number)
{
  return number ? Json(*number) : Json(nullptr);
}

/// A number under @p key between the bounds. False if what is there is neither one nor null.
template <typename Number>
bool readNumber(const Json& json, const char* key, double least, double most,
                std::optional<Number>& number)
{
  if (!json.contains(key) || json[key].is_null())
    return true;
  const Json& value = json[key];
  if (!(std::is_integral_v<Number> ? value.is_number_integer() : value.is_number()))
    return false;
  const auto read = value.get<double>();
  if (!(read >= least && read <= most))
    return false;
  number = value.get<Number>();
  return true;
}

std::optional<KeptOrigin> originOf(const Json& json)
{
  if (!json.is_object())
    return std::nullopt;
  KeptOrigin origin;
  const auto text = [&](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>()
                                                       : std::string();
  };
  origin.path = text("path");
  origin.dataset = text("dataset");
  origin.name = text("name");
  std::optional<int> place, open;
  if (!readNumber(json, "place", 0, 1e6, place) || !readNumber(json, "open", -1, 1e6, open) ||
      !readNumber(json, "layer", 0, 1e5, origin.layer) ||
      !readNumber(json, "width", 1, 1e9, origin.width) ||
      !readNumber(json, "l0", std::numeric_limits<double>::min(), 1e9, origin.l0))
    return std::nullopt;
  origin.place = place.value_or(0);
  origin.open = open.value_or(-1);
  return origin;
}

}  // namespace

std::string galaxyStateText(const GalaxyState& state)
{
  Json origins = Json::array();
  for (const KeptOrigin& origin : state.origins)
    origins.push_back({{"path", origin.path.native()},
                       {"dataset", origin.dataset},
                       {"name", origin.name},
                       {"place", origin.place},
                       {"open", origin.open},
                       {"layer", orNull(origin.layer)},
                       {"width", orNull(origin.width)},
                       {"l0", orNull(origin.l0)}});
  Json json = Json::object();
  if (!origins.empty()) {
    json["open_layers"] = state.openLayers;
    json["origins"] = origins;
  }
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

GalaxyState galaxyState(const std::string& text)
{
  GalaxyState state;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("origins") || !json["origins"].is_array())
    return state;
  std::optional<int> open;
  if (readNumber(json, "open_layers", 0, 1e6, open))
    state.openLayers = open.value_or(0);
  for (const Json& one : json["origins"]) {
    if (state.origins.size() >= mostOrigins)
      break;
    if (std::optional<KeptOrigin> origin = originOf(one))
      state.origins.push_back(std::move(*origin));
  }
  return state;
}

}  // namespace orrery
