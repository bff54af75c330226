#include "core/io/OriginGuess.h"

#include "core/base/Error.h"
#include "core/io/BoundedJson.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <charconv>
#include <regex>
#include <string_view>
#include <unordered_map>

namespace orrery {
namespace {

constexpr std::uint64_t longestConfig = 4 << 20;

std::string lowerCase(std::string text)
{
  for (char& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return text;
}

template <typename Number>
std::optional<Number> number(const std::string& text)
{
  Number value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size())
    return std::nullopt;
  return value;
}

/// Names are at most 255 bytes long, so the library's backtracking matcher is safe on them.
std::optional<std::string> match(const std::string& name, const char* pattern)
{
  // Making a matcher takes longer than using it; every pattern here is a literal of this file.
  thread_local std::unordered_map<const char*, std::regex> matchers;
  auto matcher = matchers.find(pattern);
  if (matcher == matchers.end())
    matcher = matchers.emplace(pattern, std::regex(pattern)).first;
  std::smatch found;
  if (name.size() > 255 || !std::regex_search(name, found, matcher->second))
    return std::nullopt;
  return found[1].str();
}

void readLayer(const std::string& name, Origin& origin)
{
  for (const char* pattern :
       {"(?:^|[^a-z])layers?[_.-]?([0-9]{1,4})(?![0-9])", "blocks?[_.]([0-9]{1,4})(?![0-9])",
        "(?:^|[_-])l(?!0[_-][0-9])([0-9]{1,3})(?=$|[_.r-])"}) {
    if (const auto digits = match(name, pattern)) {
      origin.layer = number<int>(*digits);
      return;
    }
  }
}

void readWidth(const std::string& name, Origin& origin)
{
  const auto found = match(name, "(?:width_|^|[_-])([0-9]{1,4}[km])(?=$|[_.-])");
  if (!found)
    return;
  const auto count = number<std::int64_t>(found->substr(0, found->size() - 1));
  if (count)
    origin.width = *count << (found->back() == 'k' ? 10 : 20);
}

void readL0(const std::string& name, Origin& origin)
{
  if (const auto found = match(name, "l0[_-]([0-9]{1,6}(?:\\.[0-9]{1,6})?)(?=$|[^0-9])"))
    origin.l0 = number<double>(*found);
}

void readModel(const std::string& name, Origin& origin)
{
  if (const auto size = match(name, "gemma-scope-(270m|[0-9]+b)")) {
    origin.model = "gemma-2-" + *size;
    return;
  }
  if (const auto rest = match(name, "gemma-scope-2-([0-9]+[bm](?:-pt|-it)?)")) {
    origin.model = "gemma-3-" + *rest;
    return;
  }
  static constexpr std::pair<const char*, const char*> known[] = {
      {"(gemma-?2-?[0-9]+b)", "gemma-2-"}, {"(gemma-?3-?[0-9]+[bm])", "gemma-3-"}};
  for (const auto& [pattern, prefix] : known) {
    if (const auto found = match(name, pattern)) {
      origin.model = prefix + *match(*found, "-?([0-9]+[bm])$");
      return;
    }
  }
  for (const char* pattern :
       {"(gpt2-(?:small|medium|large|xl))", "(pythia-[0-9.]+[mb](?:-deduped)?)",
        "(llama-?3(?:\\.[0-9])?-?[0-9]+b)", "(qwen[0-9.]*-[0-9.]+b)", "(mistral-7b)"}) {
    if (const auto found = match(name, pattern)) {
      origin.model = *found;
      return;
    }
  }
}

void readSite(const std::string& name, Origin& origin)
{
  if (name.find("transcoder") != std::string::npos)
    origin.site = "transcoder";
  else if (match(name, "((?:^|[-_.])(?:res|resid|resid_post|resid_pre|resid_mid)(?:$|[-_.]))"))
    origin.site = "res";
  else if (match(name, "((?:^|[-_.])(?:mlp|mlp_out)(?:$|[-_.]))"))
    origin.site = "mlp";
  else if (match(name, "((?:^|[-_.])(?:att|attn|attn_out|self_attn|hook_z)(?:$|[-_.]))"))
    origin.site = "att";
}

/// The first of @p keys that @p object has as a value of the wanted kind.
std::optional<std::int64_t> integerOf(const nlohmann::json& object,
                                      std::initializer_list<const char*> keys)
{
  for (const char* key : keys) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_number_integer() && *found > 0)
      return found->get<std::int64_t>();
  }
  return std::nullopt;
}

std::string textOf(const nlohmann::json& object, std::initializer_list<const char*> keys)
{
  for (const char* key : keys) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_string())
      return found->get<std::string>();
  }
  return {};
}

void readKeys(const nlohmann::json& object, SaeConfig& config)
{
  Origin said;
  said.model = textOf(object, {"model_name", "lm_name", "model"});
  for (const std::string& hook :
       {textOf(object, {"hook_name", "hook_point", "hook_point_out", "hook_point_in",
                        "hf_hook_point_out", "hf_hook_point_in", "submodule_name"})})
    readHookName(hook, said);
  for (const char* key : {"layer", "hook_layer", "hook_point_layer"}) {
    const auto found = object.find(key);
    if (!said.layer && found != object.end() && found->is_number_integer() && *found >= 0 &&
        *found < 10000)
      said.layer = found->get<int>();
  }
  const auto l0 = object.find("l0");
  if (l0 != object.end() && l0->is_number())
    said.l0 = l0->get<double>();
  completeOrigin(config.origin, said);
  if (!config.dimensions)
    config.dimensions = integerOf(object, {"d_in", "d_model", "activation_dim"});
  if (!config.features)
    config.features = integerOf(object, {"d_sae", "num_latents", "dict_size", "width"});
}

std::string layoutOf(const nlohmann::json& object, const std::filesystem::path& path)
{
  const auto has = [&](const char* key) { return object.contains(key); };
  if (path.filename() == "hyperparams.json")
    return "Llama Scope";
  if (has("expansion_factor") && (has("num_latents") || has("normalize_decoder")))
    return "sparsify";
  if (has("trainer") || has("dict_class"))
    return "dictionary_learning";
  if (has("hook_point_in") && has("sae_type"))
    return "Llamascopium";
  if (has("d_sae") || has("activation_fn_str") || has("apply_b_dec_to_input"))
    return "SAELens";
  if (has("architecture") && (has("hf_hook_point_in") || has("width") || has("l0")))
    return "Gemma Scope 2";
  return {};
}

SaeConfig readSaeConfig(const std::filesystem::path& path)
{
  SaeConfig config;
  config.path = path;
  try {
    const ByteSource source(path);
    const FailFunction fail = [&](const std::string& message) { source.fail(message); };
    if (source.size() > longestConfig)
      source.fail("is too large for a configuration: " + displayBytes(source.size()));
    const auto bytes = source.readUpTo(0, longestConfig);
    const auto json = parseBoundedJson(
        std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "the text",
        fail);
    if (!json.is_object())
      source.fail("is not a JSON object");
    config.layout = layoutOf(json, path);
    readKeys(json, config);
    // SAELens keeps the origin under metadata, dictionary_learning everything under trainer.
    for (const char* part : {"metadata", "trainer"}) {
      if (const auto found = json.find(part); found != json.end() && found->is_object())
        readKeys(*found, config);
    }
    if (config.origin != Origin{})
      config.origin.source = displayName(path.filename());
  } catch (const Error& error) {
    config.notes.push_back(
        "The configuration beside the file was not used: " + std::string(error.what()) + ".");
  }
  return config;
}

}  // namespace

void readHookName(const std::string& hook, Origin& origin)
{
  const std::string name = lowerCase(hook.substr(0, 255));
  if (name.empty())
    return;
  Origin said;
  readLayer(name, said);
  std::string spaced = name;
  if (const std::size_t at = spaced.find("hook_"); at != std::string::npos)
    spaced.erase(at, 5);
  readSite(spaced, said);
  if (said.site.empty() && said.layer && match(name, "((?:layers?|blocks?)[_.][0-9]+)$"))
    said.site = "res";
  completeOrigin(origin, said);
}

void completeOrigin(Origin& origin, const Origin& other)
{
  if (origin.model.empty())
    origin.model = other.model;
  if (!origin.layer)
    origin.layer = other.layer;
  if (origin.site.empty())
    origin.site = other.site;
  if (!origin.width)
    origin.width = other.width;
  if (!origin.l0)
    origin.l0 = other.l0;
  if (origin.source.empty())
    origin.source = other.source;
}

Origin originFromPath(const std::filesystem::path& path)
{
  // The nearest part that says something is right: the file's own name before its folders'.
  std::vector<std::string> parts;
  // Named, for a range expression's temporaries die before the loop.
  const std::filesystem::path stem = std::filesystem::path(path).replace_extension();
  for (const auto& part : stem)
    parts.push_back(lowerCase(part.native()));
  std::ranges::reverse(parts);
  Origin origin;
  for (std::size_t i = 0; i < parts.size() && i < 6; ++i) {
    Origin said;
    readModel(parts[i], said);
    readLayer(parts[i], said);
    readWidth(parts[i], said);
    readL0(parts[i], said);
    if (said.layer || !said.model.empty() || parts[i].find("hook") != std::string::npos ||
        parts[i].starts_with("resid") || parts[i] == "mlp" || parts[i].starts_with("attn"))
      readSite(parts[i], said);
    completeOrigin(origin, said);
  }
  if (origin != Origin{})
    origin.source = "path";
  return origin;
}

std::optional<SaeConfig> findSaeConfig(const std::filesystem::path& weights)
{
  std::vector<std::filesystem::path> folders{weights.parent_path()};
  if (weights.parent_path().filename() == "checkpoints")
    folders.push_back(weights.parent_path().parent_path());
  for (const auto& folder : folders) {
    for (const char* name : {"cfg.json", "config.json", "hyperparams.json"}) {
      std::error_code error;
      if (std::filesystem::is_regular_file(folder / name, error))
        return readSaeConfig(folder / name);
    }
  }
  return std::nullopt;
}

}  // namespace orrery
