#include "core/dictionary/FeatureAddress.h"

#include "core/base/Error.h"

#include <cmath>
#include <optional>
#include <string_view>

namespace orrery {
namespace {

constexpr std::string_view exportMark = "Neuronpedia ";  // of readLabels' Origin::source

std::string encoded(const std::string& text)
{
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string widthText(std::int64_t width)
{
  if (width % (1 << 20) == 0)
    return std::to_string(width >> 20) + "m";
  return width % 1024 == 0 ? std::to_string(width >> 10) + "k" : std::to_string(width);
}

/// What is known of @p dictionary under the names that a template may use; empty: not known.
struct Identity {
  explicit Identity(const Dictionary& dictionary)
  {
    const Origin& said = dictionary.labelOrigin;
    const Origin& own = dictionary.origin;
    model = said.model.empty() ? own.model : said.model;
    site = said.site.empty() ? own.site : said.site;
    if (const auto known = said.layer ? said.layer : own.layer)
      layer = std::to_string(*known);
    if (const auto known = said.width ? said.width : own.width)
      width = widthText(*known);
    const bool fromExport = said.source.rfind(exportMark, 0) == 0;
    // An export without an L0 in its name is that of the usual one: the matrix must not add it.
    if (const auto known = fromExport ? said.l0 : own.l0)
      l0 = std::to_string(std::llround(*known));
    if (fromExport)
      source = said.source.substr(exportMark.size());
    else if (model.rfind("gemma", 0) == 0 && !layer.empty() && !site.empty() && !width.empty())
      source = layer + "-gemmascope-" + site + "-" + width + (l0.empty() ? "" : "__l0-" + l0);
  }

  std::string model, source, layer, site, width, l0;
};

}  // namespace

std::string featureAddress(const Dictionary& dictionary, FeatureId feature,
                           const std::string& pattern)
{
  const Identity identity(dictionary);
  const auto place = static_cast<std::size_t>(feature);
  std::string address, unknown;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      address += pattern[i];
      continue;
    }
    const auto end = pattern.find('}', i);
    const std::string name =
        end == std::string::npos ? pattern.substr(i) : pattern.substr(i + 1, end - i - 1);
    std::optional<std::string> value;
    if (name == "model")
      value = identity.model;
    else if (name == "source")
      value = identity.source;
    else if (name == "layer")
      value = identity.layer;
    else if (name == "site")
      value = identity.site;
    else if (name == "width")
      value = identity.width;
    else if (name == "l0")
      value = identity.l0;
    else if (name == "feature")
      value = std::to_string(feature);
    else if (name == "label")
      value = place < dictionary.labels.size() ? dictionary.labels[place] : std::string();
    if (!value)
      throw Error("The template of addresses has {" + name +
                  "}; known are {model}, {source}, {layer}, {site}, {width}, {l0}, {feature} and "
                  "{label}");
    if (value->empty())
      unknown += (unknown.empty() ? "" : ", ") + name;
    address += encoded(*value);
    i = end;
  }
  if (!unknown.empty())
    throw Error("This dictionary does not say its " + unknown +
                ", so there is no address; its path, configuration or the labels' export would");
  return address;
}

}  // namespace orrery
