#include "widgets/models/FeatureList.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>

namespace orrery {
namespace {

using Strings = std::vector<std::string>;

std::string labelOf(const Dictionary& dictionary, FeatureId feature)
{
  const auto place = static_cast<std::size_t>(feature);
  return place < dictionary.labels.size() ? dictionary.labels[place] : std::string();
}

void addIdsAndLabels(ResultTable& table, const Dictionary& dictionary,
                     const std::vector<FeatureId>& features)
{
  const auto n = static_cast<std::int64_t>(features.size());
  Strings labels;
  labels.reserve(features.size());
  for (const FeatureId feature : features)
    labels.push_back(labelOf(dictionary, feature));
  table.arrays.push_back({"feature", {n}, std::vector<std::int32_t>(features)});
  table.arrays.push_back({"label", {n}, std::move(labels)});
  table.options["dictionary"] = dictionary.name;
  table.options["features"] = std::to_string(dictionary.features());
  table.options["dimensions"] = std::to_string(dictionary.dimensions());
  if (dictionary.synthetic)
    table.options["synthetic"] = "true";
  if (!dictionary.source.path.empty())
    table.options["source"] = dictionary.source.path.string();
}

std::string cellText(const ResultArray& array, std::size_t row)
{
  return std::visit(
      [row](const auto& values) -> std::string {
        using Value = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<Value, std::string>) {
          return delimitedCell(values[row], '\t', FormulaGuard::On);
        } else {
          std::array<char, 32> text{};
          const auto end = std::to_chars(text.data(), text.data() + text.size(), values[row]).ptr;
          return {text.data(), end};
        }
      },
      array.values);
}

}  // namespace

ResultTable featureTable(const Dictionary& dictionary, const std::vector<FeatureId>& features)
{
  ResultTable table;
  addIdsAndLabels(table, dictionary, features);
  const auto n = static_cast<std::int64_t>(features.size());
  for (const Column& column : dictionary.columns) {
    if (column.kind == Column::Kind::Number) {
      std::vector<double> numbers;
      numbers.reserve(features.size());
      for (const FeatureId feature : features)
        numbers.push_back(column.numbers[static_cast<std::size_t>(feature)]);
      table.arrays.push_back({column.name, {n}, std::move(numbers)});
    } else {
      Strings names;
      names.reserve(features.size());
      for (const FeatureId feature : features) {
        const std::int32_t category = column.categories[static_cast<std::size_t>(feature)];
        names.push_back(category < 0 ? std::string()
                                     : column.categoryNames[static_cast<std::size_t>(category)]);
      }
      table.arrays.push_back({column.name, {n}, std::move(names)});
    }
  }
  return table;
}

ResultTable neighborTable(const Dictionary& dictionary, const NeighborList& list)
{
  ResultTable table;
  const auto n = static_cast<std::int64_t>(list.neighbors.size());
  std::vector<std::int32_t> ranks;
  std::vector<FeatureId> features;
  std::vector<float> values;
  for (const Neighbor& neighbor : list.neighbors) {
    ranks.push_back(static_cast<std::int32_t>(ranks.size()) + 1);
    features.push_back(neighbor.feature);
    values.push_back(neighbor.value);
  }
  table.arrays.push_back({"rank", {n}, std::move(ranks)});
  addIdsAndLabels(table, dictionary, features);
  table.arrays.push_back(
      {list.metric == Metric::Cosine ? "cosine" : "distance", {n}, std::move(values)});
  if (list.feature != noFeature) {
    table.options["neighbors_of"] = std::to_string(list.feature);
    table.options["neighbors_of_label"] = labelOf(dictionary, list.feature);
  } else {
    table.options["query"] = list.query;
  }
  return table;
}

ResultTable positionTable(const Dictionary& dictionary, const Embedding& map,
                          const std::vector<FeatureId>& features)
{
  ResultTable table;
  addIdsAndLabels(table, dictionary, features);
  const auto n = static_cast<std::int64_t>(features.size());
  static constexpr const char* axes[] = {"x", "y", "z"};
  for (int axis = 0; axis < std::clamp(map.dimensions, 2, 3); ++axis) {
    std::vector<float> places;
    places.reserve(features.size());
    for (const FeatureId feature : features)
      places.push_back(map.positions(axis, feature));
    table.arrays.push_back({axes[axis], {n}, std::move(places)});
  }
  table.options["map"] = map.description;
  for (const auto& [name, value] : map.options)
    table.options["map_" + name] = value;
  return table;
}

ResultTable noteTable(const Dictionary& dictionary, const LayerAnnotations& annotations,
                      const std::vector<FeatureId>& features)
{
  std::vector<FeatureId> noted;
  Strings tags, texts;
  for (const FeatureId feature : features) {
    const auto note = annotations.notes.find(feature);
    if (note == annotations.notes.end())
      continue;
    noted.push_back(feature);
    std::string joined;
    for (const std::string& tag : note->second.tags)
      joined += (joined.empty() ? "" : ", ") + tag;
    tags.push_back(std::move(joined));
    texts.push_back(note->second.text);
  }
  ResultTable table;
  const auto n = static_cast<std::int64_t>(noted.size());
  addIdsAndLabels(table, dictionary, noted);
  table.arrays.push_back({"tags", {n}, std::move(tags)});
  table.arrays.push_back({"note", {n}, std::move(texts)});
  return table;
}

ResultTable selectionTable(const Dictionary& dictionary,
                           const std::vector<NamedSelection>& selections)
{
  std::vector<FeatureId> members;
  Strings names;
  for (const NamedSelection& kept : selections)
    for (const FeatureId feature : kept.features) {
      members.push_back(feature);
      names.push_back(kept.name);
    }
  ResultTable table;
  table.arrays.push_back(
      {"selection", {static_cast<std::int64_t>(names.size())}, std::move(names)});
  addIdsAndLabels(table, dictionary, members);
  return table;
}

QString clipboardText(const ResultTable& table)
{
  if (table.arrays.empty())
    return {};
  std::string text;
  for (std::size_t i = 0; i < table.arrays.size(); ++i)
    text += (i ? "\t" : "") + delimitedCell(table.arrays[i].name, '\t', FormulaGuard::On);
  text += '\n';
  const auto rows = static_cast<std::size_t>(table.arrays.front().shape.front());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < table.arrays.size(); ++i) {
      if (i)
        text += '\t';
      text += cellText(table.arrays[i], row);
    }
    text += '\n';
  }
  return QString::fromStdString(text);
}

}  // namespace orrery
