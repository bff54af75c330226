#include "core/io/labels/FeatureRows.h"
#include "core/io/labels/LabelReaders.h"
#include "core/io/text/TextDecoding.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace orrery {
namespace {

/// A few contexts tell what a feature is about; the export holds dozens of hundreds of tokens each.
constexpr std::size_t keptContexts = 4;
/// Tokens kept on either side of the strongest one.
constexpr std::size_t contextReach = 24;

std::string textOf(const Json& record, const char* key)
{
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json* listOf(const Json& record, const char* key)
{
  const auto found = record.find(key);
  return found != record.end() && found->is_array() ? &*found : nullptr;
}

std::vector<TokenLogit> logitsOf(const Json& record, const char* tokenKey, const char* valueKey)
{
  const Json* const tokens = listOf(record, tokenKey);
  const Json* const values = listOf(record, valueKey);
  std::vector<TokenLogit> logits;
  if (!tokens || !values)
    return logits;
  for (std::size_t i = 0; i < std::min(tokens->size(), values->size()); ++i)
    if ((*tokens)[i].is_string() && (*values)[i].is_number())
      logits.push_back({(*tokens)[i].get<std::string>(), (*values)[i].get<float>()});
  return logits;
}

std::optional<std::int64_t> widthOf(const std::string& part)
{
  if (part.size() < 2 || (part.back() != 'k' && part.back() != 'm'))
    return std::nullopt;
  const std::optional<std::int64_t> number = parseInteger(part.substr(0, part.size() - 1));
  if (!number || *number < 1 || *number > 4096)
    return std::nullopt;
  // "16k" is 2^14, "65k" 2^16, "262k" 2^18, "1m" 2^20: the power of two that it abbreviates.
  std::int64_t width = 1;
  const std::int64_t about = *number * (part.back() == 'k' ? 1000 : 1'000'000);
  while (2 * width <= about + about / 16)
    width *= 2;
  return width;
}

std::vector<std::string> partsOf(const std::string& text)
{
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '-' || c == '_')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

}  // namespace

Origin neuronpediaOrigin(const std::string& model, const std::string& layer)
{
  Origin origin;
  origin.model = model;
  origin.source = "Neuronpedia " + layer;
  const std::vector<std::string> parts = partsOf(layer);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::optional<std::int64_t> number = parseInteger(parts[i]);
    if (i == 0 && number && *number >= 0 && *number < 10000)
      origin.layer = static_cast<int>(*number);
    else if (parts[i] == "res" || parts[i] == "mlp" || parts[i] == "att" ||
             parts[i] == "transcoder")
      origin.site = parts[i];
    else if (const std::optional<std::int64_t> width = widthOf(parts[i]))
      origin.width = *width;
    else if (parts[i] == "l0" && i + 1 < parts.size())
      if (const std::optional<std::int64_t> l0 = parseInteger(parts[i + 1]))
        origin.l0 = static_cast<double>(*l0);
  }
  return origin;
}

bool NeuronpediaRecords::isRecord(const Json& record)
{
  const auto has = [&](const char* key) { return record.contains(key); };
  if (!record.is_object() || !has("index"))
    return false;
  return (has("description") &&
          (has("modelId") || has("typeName") || has("explanationModelName"))) ||
         (has("tokens") && has("values")) || has("pos_str") || has("neg_str") ||
         has("maxActApprox") || has("frac_nonzero") || has("topkCosSimIndices");
}

void NeuronpediaRecords::add(const ByteSource& source, const Json& record, std::int64_t line)
{
  noteOrigin(source, record, line);
  const Json& index = record["index"];
  const FeatureId id =
      checkedFeature(source, index.is_string() ? index.get<std::string>() : index.dump(), line);
  ++m_rows;
  if (record.contains("description"))
    addExplanation(id, record);
  if (record.contains("tokens") && record.contains("values"))
    addActivation(id, record);
  else
    addFeature(id, record);
}

void NeuronpediaRecords::noteOrigin(const ByteSource& source, const Json& record, std::int64_t line)
{
  const std::string model = textOf(record, "modelId");
  const std::string layer = textOf(record, "layer");
  if (m_rows == 0) {
    m_model = model;
    m_layer = layer;
  } else if (model != m_model || layer != m_layer) {
    source.fail("line " + std::to_string(line) + " is about " +
                quotedForMessage(model + " " + layer) + ", the lines before about " +
                quotedForMessage(m_model + " " + m_layer) + "; open one dictionary's export");
  }
}

void NeuronpediaRecords::addExplanation(FeatureId id, const Json& record)
{
  ++m_explanationRows;
  std::string text = textOf(record, "description");
  if (!text.empty())
    m_explanations[id].push_back({std::move(text), textOf(record, "typeName")});
  else
    m_explanations[id];
  const auto x = record.find("umap_x"), y = record.find("umap_y");
  // Both zero is the export's way to say that there is none.
  if (x != record.end() && y != record.end() && x->is_number() && y->is_number() &&
      (x->get<double>() != 0.0 || y->get<double>() != 0.0)) {
    m_numbers["umap_x"][id] = x->get<double>();
    m_numbers["umap_y"][id] = y->get<double>();
    for (const char* const key : {"umap_cluster", "umap_log_feature_sparsity"})
      if (record.contains(key) && record[key].is_number())
        m_numbers[key][id] = record[key].get<double>();
  }
}

void NeuronpediaRecords::addFeature(FeatureId id, const Json& record)
{
  if (record.contains("description") && !record.contains("maxActApprox"))
    return;
  ++m_featureRows;
  for (const char* const key : {"frac_nonzero", "maxActApprox"})
    if (record.contains(key) && record[key].is_number())
      m_numbers[key][id] = record[key].get<double>();
  std::vector<TokenLogit> positive = logitsOf(record, "pos_str", "pos_values");
  std::vector<TokenLogit> negative = logitsOf(record, "neg_str", "neg_values");
  if (!positive.empty() || !negative.empty()) {
    m_details[id].positiveLogits = std::move(positive);
    m_details[id].negativeLogits = std::move(negative);
  }
  const Json* const ids = listOf(record, "topkCosSimIndices");
  const Json* const cosines = listOf(record, "topkCosSimValues");
  if (!ids || !cosines)
    return;
  for (std::size_t i = 0; i < std::min(ids->size(), cosines->size()); ++i) {
    const Json& other = (*ids)[i];
    const bool sound = other.is_number_integer() && (*cosines)[i].is_number() &&
                       other.get<std::int64_t>() >= 0 &&
                       other.get<std::int64_t>() <= std::numeric_limits<FeatureId>::max();
    if (sound && other.get<FeatureId>() != id)
      m_neighbors.push_back({id, other.get<FeatureId>(), (*cosines)[i].get<float>()});
  }
}

void NeuronpediaRecords::addActivation(FeatureId id, const Json& record)
{
  ++m_activationRows;
  const Json* const tokens = listOf(record, "tokens");
  const Json* const values = listOf(record, "values");
  if (!tokens || !values || tokens->size() != values->size() || tokens->empty())
    return;
  std::vector<float> activations;
  for (const Json& value : *values)
    activations.push_back(value.is_number() ? value.get<float>() : 0.0f);
  const auto strongest = std::max_element(activations.begin(), activations.end());
  std::vector<Context>& contexts = m_contexts[id];
  const auto weaker = std::find_if(contexts.begin(), contexts.end(), [&](const Context& context) {
    return context.largest < *strongest;
  });
  if (weaker == contexts.end() && contexts.size() == keptContexts)
    return;
  Context context;
  context.largest = *strongest;
  const auto centre = static_cast<std::size_t>(strongest - activations.begin());
  const std::size_t begin = centre > contextReach ? centre - contextReach : 0;
  const std::size_t end = std::min(activations.size(), centre + contextReach + 1);
  for (std::size_t i = begin; i < end; ++i) {
    const Json& token = (*tokens)[i];
    context.context.tokens.push_back(token.is_string() ? token.get<std::string>() : std::string());
    context.context.activations.push_back(activations[i]);
  }
  contexts.insert(weaker, std::move(context));
  if (contexts.size() > keptContexts)
    contexts.pop_back();
}

LabelTable NeuronpediaRecords::finish()
{
  LabelTable table;
  table.rows = m_rows;
  table.hasIndices = true;
  table.origin = neuronpediaOrigin(m_model, m_layer);
  table.knownNeighbors = std::move(m_neighbors);
  std::string kinds;
  for (const auto& [count, name] :
       {std::pair{m_explanationRows, "explanations"}, std::pair{m_featureRows, "features"},
        std::pair{m_activationRows, "activations"}})
    if (count > 0)
      kinds += (kinds.empty() ? "" : " and ") + std::string(name);
  table.format = "Neuronpedia " + kinds;

  for (auto& [id, contexts] : m_contexts)
    for (Context& context : contexts)
      m_details[id].contexts.push_back(std::move(context.context));
  std::set<FeatureId> ids;
  for (const auto& [id, detail] : m_details)
    ids.insert(id);
  for (const auto& [id, explanations] : m_explanations)
    ids.insert(id);
  for (const auto& [name, numbers] : m_numbers)
    for (const auto& [id, number] : numbers)
      ids.insert(id);

  table.ids.assign(ids.begin(), ids.end());
  std::vector<std::string_view> types;
  for (const FeatureId id : table.ids) {
    const auto found = m_explanations.find(id);
    const bool explained = found != m_explanations.end() && !found->second.empty();
    table.labels.push_back(explained ? found->second.front().text : std::string());
    types.push_back(explained ? std::string_view(found->second.front().kind) : std::string_view());
    if (explained)
      for (const Explanation& explanation : found->second)
        m_details[id].explanations.push_back(explanation.text);
  }
  for (const auto& [name, numbers] : m_numbers) {
    Column column;
    column.name = name;
    for (const FeatureId id : table.ids) {
      const auto found = numbers.find(id);
      column.numbers.push_back(found == numbers.end() ? std::numeric_limits<double>::quiet_NaN()
                                                      : found->second);
    }
    if (name == "frac_nonzero")
      column.description = "Share of the tokens on which the feature fires, as Neuronpedia has it.";
    else if (name == "maxActApprox")
      column.description = "Largest activation seen, as Neuronpedia has it.";
    table.columns.push_back(std::move(column));
  }
  Column typeColumn = makeCategoryColumn("explanation_type", types);
  if (typeColumn.categoryNames.size() > 1)
    table.columns.push_back(std::move(typeColumn));
  table.details = std::move(m_details);
  return table;
}

}  // namespace orrery
