#include "widgets/models/FeatureList.h"

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
