#include "core/io/labels/FeatureRows.h"
#include "core/io/labels/LabelReaders.h"
#include "core/io/text/TextDecoding.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_set>
#include <utility>

namespace orrery {
namespace {

constexpr std::size_t keptContexts = 4;

bool isIntegerList(const Json& value)
{
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(),
                     [](const Json& v) { return v.is_number_integer(); });
}

bool isListOf(const Json& value, bool (Json::*is)() const noexcept)
{
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(),
                     [&](const Json& v) { return v.is_null() || (v.*is)(); });
}

/// The feature that a file name ends in: "layers.5_latent17.txt" is about feature 17.
std::optional<FeatureId> featureOfName(const std::filesystem::path& path)
{
  const std::string stem = path.stem().string();
  const std::size_t last = stem.find_last_not_of("0123456789");
  const std::string digits = last == std::string::npos ? stem : stem.substr(last + 1);
  const std::optional<std::int64_t> value = parseInteger(digits);
  if (!value || *value > std::numeric_limits<FeatureId>::max())
    return std::nullopt;
  return static_cast<FeatureId>(*value);
}

std::string indexText(const Json& value)
{
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Turns the documents and lines of label files into rows about features.
class JsonLabelReader {
 public:
  JsonLabelReader(TextStream& stream, std::filesystem::path path)
      : m_source(stream.source()), m_path(std::move(path)), m_rows(stream.source())
  {
  }

  /// An element of an array, or a line of JSON Lines: feature @p row unless it says otherwise.
  void addByRow(const Json& value, std::int64_t row, std::int64_t line)
  {
    if (value.is_object()) {
      addRecord(value, line, std::nullopt);
    } else if (value.is_array() && value.size() == 2 && value[0].is_number_integer()) {
      m_hasIndices = true;
      addValue(checkedFeature(m_source, indexText(value[0]), line), value[1], line);
    } else {
      if (row > std::numeric_limits<FeatureId>::max())
        m_source.fail("has more than 2147483647 entries");
      addValue(static_cast<FeatureId>(row), value, line);
    }
  }

  /// A member of the outermost object.
  void addByKey(std::string&& key, Json&& value, std::int64_t line)
  {
    if (isIntegerList(value)) {
      m_lists.emplace_back(std::move(key), std::move(value));
      return;
    }
    const bool isIndex = parseInteger(key).has_value();
    if (isIndex && (value.is_string() || value.is_number() || value.is_null())) {
      m_hasIndices = true;
      addValue(checkedFeature(m_source, key, line), value, line);
    } else if (isIndex && value.is_object()) {
      addRecord(value, line, checkedFeature(m_source, key, line));
    } else {
      m_named.emplace(std::move(key), std::move(value));
    }
  }

  void addScalar(const Json& value)
  {
    const std::optional<FeatureId> feature = featureOfName(m_path);
    if (!value.is_string() || !feature)
      m_source.fail("holds a single value; labels are a list, an object or one object per line");
    m_hasIndices = true;
    addValue(*feature, value, 1);
    m_format = "explanation of one feature";
  }

  LabelTable finish(const std::string& format)
  {
    readNamed();
    readLists();
    if (!m_neuronpedia.isEmpty()) {
      if (m_rows.rows() > 0)
        m_source.fail("mixes Neuronpedia records with others");
      return m_neuronpedia.finish();
    }
    if (m_rows.rows() == 0)
      m_source.fail(
          "holds no labels that could be told apart (expected a list of texts, an object "
          "from index to text, or objects with an index and a label)");
    LabelTable table = m_rows.finish();
    table.hasIndices = m_hasIndices;
    table.details.merge(m_details);
    table.format = m_format.empty() ? format : m_format;
    if (!m_left.empty())
      table.notes.push_back("Left out, as neither text nor number: " + m_left + ".");
    return table;
  }

 private:
  void addValue(FeatureId feature, const Json& value, std::int64_t line)
  {
    m_rows.addRow(feature);
    if (value.is_string())
      m_rows.setText(m_rows.column("label"), value.get<std::string>());
    else if (value.is_number())
      m_rows.setNumber(m_rows.column(m_path.stem().string()), value.get<double>());
    else if (!value.is_null())
      m_source.fail(
          "line " + std::to_string(line) + ": expected a text, found " +
          displayText(value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60)));
  }

  void addRecord(const Json& record, std::int64_t line, std::optional<FeatureId> feature)
  {
    if (NeuronpediaRecords::isRecord(record)) {
      m_neuronpedia.add(m_source, record, line);
      return;
    }
    std::string indexKey;
    for (const auto& [key, value] : record.items()) {
      const bool usable = value.is_number_integer() ||
                          (value.is_string() && parseInteger(value.get_ref<const std::string&>()));
      if (!feature && indexKey.empty() && isIndexName(key) && usable)
        indexKey = key;
    }
    // "index" and its like must be right in every record once the first one has it.
    if (indexKey.empty() && !feature && !m_indexKey.empty() && record.contains(m_indexKey))
      checkedFeature(m_source, indexText(record[m_indexKey]), line);
    const bool hasIndex = feature || !indexKey.empty();
    if (m_rows.rows() > 0 && hasIndex != m_hasIndices)
      m_source.fail("line " + std::to_string(line) + ": this object " +
                    (hasIndex ? "names its feature, those before do not"
                              : "does not name its feature, those before do"));
    m_hasIndices = hasIndex;
    m_indexKey = indexKey;
    if (!indexKey.empty())
      feature = checkedFeature(m_source, indexText(record[indexKey]), line);
    m_rows.addRow(feature.value_or(static_cast<FeatureId>(m_rows.rows())));
    for (const auto& [key, value] : record.items())
      if (key != indexKey)
        addCell(key, value);
  }

  void addCell(const std::string& key, const Json& value)
  {
    if (value.is_string())
      m_rows.setText(m_rows.column(key), value.get<std::string>());
    else if (value.is_boolean())
      m_rows.setText(m_rows.column(key), value.get<bool>() ? "true" : "false");
    else if (value.is_number())
      m_rows.setNumber(m_rows.column(key), value.get<double>());
    else if (isListOf(value, &Json::is_string))
      m_rows.setText(m_rows.column(key), value.dump());
    else if (!value.is_null() && m_leftKeys.insert(key).second)
      m_left += (m_left.empty() ? "" : ", ") + quotedForMessage(key);
  }

  /// Members with names: one record, columns side by side, a list of records, a vocabulary.
  void readNamed()
  {
    if (m_named.empty())
      return;
    const Json named(std::exchange(m_named, {}));
    if (NeuronpediaRecords::isRecord(named) || named.contains("explanations") ||
        named.contains("activations")) {
      readNeuronpediaPage(named);
    } else if (named.contains("top") && (named.contains("density") || named.contains("mean_act"))) {
      readOpenAiFeature(named);
    } else if (describesOneFeature(named)) {
      addRecord(named, 1, std::nullopt);
    } else if (isVocabulary(named)) {
      m_hasIndices = true;
      m_format = "JSON vocabulary (label to index)";
      for (const auto& [key, value] : named.items())
        addValue(checkedFeature(m_source, value.dump(), 1), key, 1);
    } else {
      readColumns(named);
    }
  }

  void readNeuronpediaPage(const Json& page)
  {
    if (NeuronpediaRecords::isRecord(page))
      m_neuronpedia.add(m_source, page, 1);
    for (const char* const part : {"explanations", "activations"}) {
      if (!page.contains(part) || !page[part].is_array())
        continue;
      for (Json record : page[part]) {
        if (!record.is_object())
          continue;
        for (const char* const inherited : {"index", "modelId", "layer"})
          if (!record.contains(inherited) && page.contains(inherited))
            record[inherited] = page[inherited];
        addRecord(record, 1, std::nullopt);
      }
    }
  }

  /// OpenAI's sae-viewer: one feature per file, named after it.
  void readOpenAiFeature(const Json& feature)
  {
    const std::optional<FeatureId> id = featureOfName(m_path);
    if (!id)
      m_source.fail("describes one feature, but its name does not end in the feature's index");
    m_hasIndices = true;
    m_format = "OpenAI feature";
    m_rows.addRow(*id);
    for (const char* const key : {"density", "mean_act", "mean_act_squared"})
      if (feature.contains(key) && feature[key].is_number())
        m_rows.setNumber(m_rows.column(key), feature[key].get<double>());
    if (!feature["top"].is_array())
      return;
    for (const Json& example : feature["top"]) {
      ActivationContext context;
      if (!example.is_object() || !isListOf(example.value("tokens", Json()), &Json::is_string) ||
          !isListOf(example.value("acts", Json()), &Json::is_number) ||
          example["tokens"].size() != example["acts"].size())
        continue;
      for (const Json& token : example["tokens"])
        context.tokens.push_back(token.is_null() ? std::string() : token.get<std::string>());
      for (const Json& activation : example["acts"])
        context.activations.push_back(activation.is_null() ? 0.0f : activation.get<float>());
      std::vector<ActivationContext>& contexts = m_details[*id].contexts;
      if (contexts.size() < keptContexts)
        contexts.push_back(std::move(context));
    }
  }

  static bool describesOneFeature(const Json& named)
  {
    bool hasIndex = false, hasLabel = false;
    for (const auto& [key, value] : named.items()) {
      hasIndex = hasIndex || (isIndexName(key) && (value.is_number_integer() || value.is_string()));
      hasLabel = hasLabel || (labelRank(key) > 0 && value.is_string());
    }
    return hasIndex && hasLabel;
  }

  static bool isVocabulary(const Json& named)
  {
    std::unordered_set<std::int64_t> ids;
    for (const auto& [key, value] : named.items())
      if (!value.is_number_integer() || !ids.insert(value.get<std::int64_t>()).second)
        return false;
    return named.size() > 1;
  }

  void readColumns(const Json& named)
  {
    std::size_t length = 0;
    for (const auto& [key, value] : named.items()) {
      if (isListOf(value, &Json::is_object) && m_rows.rows() == 0 && length == 0) {
        for (const Json& record : value)
          if (record.is_object())
            addRecord(record, 1, std::nullopt);
        return;
      }
      if (value.is_object() && named.size() == 1) {
        for (const auto& [innerKey, inner] : value.items())
          addByKey(std::string(innerKey), Json(inner), 1);
        return;
      }
      if (value.is_array())
        length = std::max(length, value.size());
    }
    readSideBySide(named, length);
  }

  /// {"labels": […], "density": […]}: entry i of each is about feature i.
  void readSideBySide(const Json& named, std::size_t length)
  {
    for (const auto& [key, list] : m_lists)
      length = std::max(length, list.size());
    for (auto& [key, list] : std::exchange(m_lists, {}))
      m_named.emplace(std::move(key), std::move(list));
    Json all = named;
    all.update(Json(std::exchange(m_named, {})));
    for (std::size_t row = 0; row < length; ++row) {
      m_rows.addRow(static_cast<FeatureId>(row));
      for (const auto& [key, value] : all.items())
        if (value.is_array() && value.size() == length)
          addCell(key, value[row]);
        else if (row == 0)
          addCellLeft(key);
    }
  }

  void addCellLeft(const std::string& key)
  {
    if (m_leftKeys.insert(key).second)
      m_left += (m_left.empty() ? "" : ", ") + quotedForMessage(key);
  }

  /// {"0": [2360, 3259], "1": […]}: which features are in which cluster.
  void readLists()
  {
    if (m_lists.empty())
      return;
    std::unordered_set<FeatureId> seen;
    m_format = "JSON clusters";
    m_hasIndices = true;
    const std::size_t column = m_rows.column("cluster");
    for (const auto& [key, list] : m_lists) {
      for (const Json& entry : list) {
        const FeatureId id = checkedFeature(m_source, entry.dump(), 1);
        if (!seen.insert(id).second)
          m_source.fail("feature " + std::to_string(id) + " is in more than one list (again in " +
                        quotedForMessage(key) + "); clusters must not overlap");
        m_rows.addRow(id);
        m_rows.setText(column, key);
      }
    }
    m_rows.setCategory(column);
  }

  const ByteSource& m_source;
  std::filesystem::path m_path;
  FeatureRows m_rows;
  NeuronpediaRecords m_neuronpedia;
  std::map<FeatureId, FeatureDetails> m_details;
  std::map<std::string, Json> m_named;
  std::vector<std::pair<std::string, Json>> m_lists;
  bool m_hasIndices = false;
  std::string m_indexKey;
  std::string m_format;
  std::string m_left;
  std::unordered_set<std::string> m_leftKeys;
};

}  // namespace

LabelTable readJsonLabels(const std::filesystem::path& path, const Progress& progress)
{
  TextStream stream(path);
  JsonLabelReader reader(stream, path);
  const JsonShape shape = forEachJsonElement(
      stream,
      [&](JsonElement&& element) {
        if (element.shape == JsonShape::Array)
          reader.addByRow(element.value, element.index, element.line);
        else if (element.shape == JsonShape::Object)
          reader.addByKey(std::move(element.key), std::move(element.value), element.line);
        else
          reader.addScalar(element.value);
      },
      progress);
  return reader.finish(shape == JsonShape::Array ? "JSON list" : "JSON object");
}

LabelTable readJsonLineLabels(const std::filesystem::path& path, const Progress& progress)
{
  TextStream stream(path);
  LineReader lines(stream);
  JsonLabelReader reader(stream, path);
  std::string line;
  std::int64_t row = 0;
  while (lines.next(line)) {
    if ((lines.number() & 255) == 0)
      progress.update(static_cast<std::int64_t>(stream.position()),
                      static_cast<std::int64_t>(stream.source().size()));
    if (!trimmed(line).empty())
      reader.addByRow(parseJsonLine(stream.source(), line, lines.number()), row++, lines.number());
  }
  return reader.finish("JSON Lines");
}

}  // namespace orrery
