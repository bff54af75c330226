#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/LabelFile.h"
#include "core/io/text/TextDecoding.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

/// How many known neighbours are compared, and how far off they may be: exports are rounded and
/// made in half precision.
constexpr std::size_t comparedNeighbors = 64;
constexpr double cosineTolerance = 0.02;

std::string numberText(double value)
{
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, end.ptr};
}

std::string counted(std::int64_t count, const char* one, const char* many)
{
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

/// "google/gemma-2-2b", "Gemma_2_2B" and "gemma-2-2b" are one model.
std::string modelKey(const std::string& model)
{
  std::string key;
  for (const char c : model.substr(model.find_last_of('/') + 1)) {
    if (c >= 'A' && c <= 'Z')
      key += static_cast<char>(c + 32);
    else if (c != '-' && c != '_' && c != ' ')
      key += c;
  }
  return key;
}

/// The table with each row tied to a feature of a dictionary of @p features, or an Error.
class Matcher {
 public:
  Matcher(const LabelTable& table, std::int64_t features, const std::filesystem::path& path)
      : m_table(table), m_features(features), m_path(path)
  {
  }

  /// Entry of the table → feature, −1 for none.
  std::vector<FeatureId> match(std::vector<std::string>& notes, std::vector<std::string>& warnings)
  {
    return m_table.hasIndices ? matchByIndex(notes, warnings) : matchByRow(notes);
  }
  /// The header row that turned out to be a label.
  [[nodiscard]] bool takesFirstLabel() const { return m_takesFirstLabel; }

 private:
  [[noreturn]] void refuse(const std::string& message) const
  {
    throw Error(displayName(m_path) + ": " + message);
  }

  std::vector<FeatureId> matchByRow(std::vector<std::string>& notes)
  {
    const auto entries = static_cast<std::int64_t>(m_table.ids.size());
    std::vector<FeatureId> features(m_table.ids.begin(), m_table.ids.end());
    if (entries == m_features)
      return features;
    if (m_table.uncertainFirstLabel && entries + 1 == m_features) {
      notes.push_back("The first row of the labels is a label, not a row of names.");
      m_takesFirstLabel = true;
      for (FeatureId& feature : features)
        ++feature;
      return features;
    }
    const bool restIsEmpty =
        entries > m_features && m_table.columns.empty() &&
        std::all_of(m_table.labels.begin() + static_cast<std::ptrdiff_t>(m_features),
                    m_table.labels.end(), [](const std::string& label) { return label.empty(); });
    if (restIsEmpty) {
      notes.push_back(counted(entries - m_features, "empty line", "empty lines") +
                      " at the end of the labels left out.");
      for (auto i = static_cast<std::size_t>(m_features); i < features.size(); ++i)
        features[i] = noFeature;
      return features;
    }
    refuse("has " + counted(entries, "label", "labels") + " for " +
           counted(m_features, "feature", "features") +
           ", and its rows do not say which feature they belong to (expected " +
           std::to_string(m_features) + ")");
  }

  std::vector<FeatureId> matchByIndex(std::vector<std::string>& notes,
                                      std::vector<std::string>& warnings)
  {
    std::vector<FeatureId> features(m_table.ids.begin(), m_table.ids.end());
    std::int64_t outside = 0;
    FeatureId firstOutside = noFeature;
    for (FeatureId& feature : features) {
      if (feature < m_features)
        continue;
      if (outside++ == 0)
        firstOutside = feature;
      feature = noFeature;
    }
    const auto entries = static_cast<std::int64_t>(features.size());
    const std::string last = std::to_string(m_features - 1);
    if (outside == entries && entries > 0)
      refuse("names features from " + std::to_string(firstOutside) +
             " on, the dictionary has 0 to " + last);
    // Counted from 1: every label would stand one feature too late.
    if (m_table.ids.front() > 0 && m_table.ids.back() == m_features && entries == m_features)
      refuse("names features 1 to " + std::to_string(m_features) + ", the dictionary has 0 to " +
             last + "; it seems to count from 1, subtract 1 from its indices");
    if (outside > 0)
      warnings.push_back(displayName(m_path.filename()) + " names " +
                         counted(outside, "feature", "features") + " that the dictionary (0 to " +
                         last + ") does not have, the first " + std::to_string(firstOutside) +
                         "; do the labels belong to it?");
    const std::int64_t without = m_features - (entries - outside);
    if (without > 0)
      notes.push_back("The labels name " + std::to_string(entries - outside) + " of " +
                      counted(m_features, "feature", "features") + ".");
    return features;
  }

  const LabelTable& m_table;
  std::int64_t m_features;
  const std::filesystem::path& m_path;
  bool m_takesFirstLabel = false;
};

Column spread(const Column& column, const std::vector<FeatureId>& features, std::int64_t count)
{
  Column all;
  all.name = column.name;
  all.kind = column.kind;
  all.categoryNames = column.categoryNames;
  all.description = column.description;
  const auto n = static_cast<std::size_t>(count);
  if (column.kind == Column::Kind::Number)
    all.numbers.assign(n, std::numeric_limits<double>::quiet_NaN());
  else
    all.categories.assign(n, -1);
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (features[i] == noFeature)
      continue;
    const auto at = static_cast<std::size_t>(features[i]);
    if (column.kind == Column::Kind::Number)
      all.numbers[at] = column.numbers[i];
    else
      all.categories[at] = column.categories[i];
  }
  return all;
}

void setColumn(std::vector<Column>& columns, Column column)
{
  const auto same = std::find_if(columns.begin(), columns.end(),
                                 [&](const Column& known) { return known.name == column.name; });
  if (same == columns.end())
    columns.push_back(std::move(column));
  else
    *same = std::move(column);
}

/// What the two origins disagree about, "layer 12 and layer 11".
std::string disagreement(const Origin& matrix, const Origin& labels)
{
  std::vector<std::string> parts;
  const auto differ = [&](const std::string& what, const std::string& a, const std::string& b) {
    parts.push_back(what + " " + b + " instead of " + a);
  };
  if (!matrix.model.empty() && !labels.model.empty() &&
      modelKey(matrix.model) != modelKey(labels.model))
    differ("model", matrix.model, labels.model);
  if (matrix.layer && labels.layer && *matrix.layer != *labels.layer)
    differ("layer", std::to_string(*matrix.layer), std::to_string(*labels.layer));
  if (!matrix.site.empty() && !labels.site.empty() && matrix.site != labels.site)
    differ("site", matrix.site, labels.site);
  if (matrix.width && labels.width && *matrix.width != *labels.width)
    differ("width", std::to_string(*matrix.width), std::to_string(*labels.width));
  // L0 in names is rounded, in configurations it may not be.
  if (matrix.l0 && labels.l0 && std::abs(*matrix.l0 - *labels.l0) > 0.5)
    differ("L0", numberText(*matrix.l0), numberText(*labels.l0));
  std::string text;
  for (const std::string& part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return text;
}

/// Neuronpedia's plain sources are one dictionary of several of that layer and width; their name
/// does not say which.
std::string unnamedL0(const Origin& matrix, const Origin& labels)
{
  const bool gemmaScope = labels.source.find("gemmascope") != std::string::npos;
  if (!gemmaScope || !matrix.l0 || labels.l0)
    return {};
  const bool known = modelKey(labels.model) == "gemma22b" && labels.layer == 12 &&
                     labels.site == "res" && labels.width == 16384;
  if (known && std::abs(*matrix.l0 - 82.0) < 0.5)
    return {};
  const std::string which =
      known ? "average_l0_82" : "one of several dictionaries of that layer and width";
  return "The labels come from " + quotedForMessage(labels.source) + ", which is " + which +
         "; this dictionary is average_l0_" + numberText(*matrix.l0) +
         (known ? ", so they describe other features."
                : ". They describe other features unless that is the same one.");
}

double cosine(const FeatureMatrix& decoder, FeatureId a, FeatureId b)
{
  const Eigen::VectorXd x = decoder.col(a).cast<double>();
  const Eigen::VectorXd y = decoder.col(b).cast<double>();
  return x.stableNormalized().dot(y.stableNormalized());
}

/// Compares cosines that the export knows with ours, over features spread evenly.
void compareNeighbors(const Dictionary& dictionary, const LabelTable& table,
                      std::vector<std::string>& notes, std::vector<std::string>& warnings)
{
  std::vector<LabelTable::KnownNeighbor> usable;
  for (const LabelTable::KnownNeighbor& pair : table.knownNeighbors)
    if (pair.feature < dictionary.features() && pair.neighbor < dictionary.features() &&
        pair.feature != pair.neighbor)
      usable.push_back(pair);
  const std::size_t count = std::min(usable.size(), comparedNeighbors);
  std::int64_t agree = 0;
  LabelTable::KnownNeighbor example;
  double ours = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    const LabelTable::KnownNeighbor& pair = usable[i * usable.size() / count];
    const double here = cosine(*dictionary.decoder, pair.feature, pair.neighbor);
    if (std::abs(here - static_cast<double>(pair.cosine)) <= cosineTolerance) {
      ++agree;
    } else {
      example = pair;
      ours = here;
    }
  }
  const auto total = static_cast<std::int64_t>(count);
  if (total == 0)
    return;
  const std::string share = std::to_string(agree) + " of " + std::to_string(total);
  if (agree * 10 >= total * 9)
    notes.push_back("The labels belong to this dictionary: " + share +
                    " neighbours that they know have the same cosine here.");
  else
    warnings.push_back("The labels belong to another dictionary: only " + share +
                       " neighbours that they know have the same cosine here (features " +
                       std::to_string(example.feature) + " and " +
                       std::to_string(example.neighbor) + ": expected " +
                       numberText(std::round(static_cast<double>(example.cosine) * 1e3) / 1e3) +
                       ", found " + numberText(std::round(ours * 1e3) / 1e3) + ").");
}

void guardIdentity(Dictionary& dictionary, const LabelTable& table)
{
  const std::string differences = disagreement(dictionary.origin, table.origin);
  if (!differences.empty())
    dictionary.warnings.push_back("The labels belong to another dictionary: they are for " +
                                  differences + " (" + table.origin.source + ").");
  else if (const std::string unknown = unnamedL0(dictionary.origin, table.origin); !unknown.empty())
    dictionary.warnings.push_back(unknown);
  compareNeighbors(dictionary, table, dictionary.notes, dictionary.warnings);
}

}  // namespace

Dictionary attachLabels(const Dictionary& dictionary, const LabelTable& table,
                        const std::filesystem::path& path)
{
  if (table.ids.empty())
    throw Error(displayName(path) + ": holds no labels");
  Dictionary labelled = dictionary;
  Matcher matcher(table, dictionary.features(), path);
  const std::vector<FeatureId> features = matcher.match(labelled.notes, labelled.warnings);

  const auto n = static_cast<std::size_t>(dictionary.features());
  const bool anyLabel = std::any_of(table.labels.begin(), table.labels.end(),
                                    [](const std::string& label) { return !label.empty(); });
  if (anyLabel) {
    labelled.labels.assign(n, {});
    for (std::size_t i = 0; i < features.size(); ++i)
      if (features[i] != noFeature)
        labelled.labels[static_cast<std::size_t>(features[i])] = table.labels[i];
    if (matcher.takesFirstLabel())
      labelled.labels.front() = *table.uncertainFirstLabel;
    labelled.labelPath = path;
    labelled.labelOrigin = table.origin;
  }
  for (const Column& column : table.columns) {
    Column all = spread(column, features, dictionary.features());
    if (all.description.empty())
      all.description = "Column of " + displayName(path.filename()) + ".";
    setColumn(labelled.columns, std::move(all));
  }
  const FeatureId shift = matcher.takesFirstLabel() ? 1 : 0;
  for (const auto& [id, details] : table.details)
    if (id + shift < dictionary.features())
      labelled.details[id + shift] = details;
  labelled.notes.push_back("Labels from " + displayName(path.filename()) + ": " + table.format +
                           ".");
  labelled.notes.insert(labelled.notes.end(), table.notes.begin(), table.notes.end());
  guardIdentity(labelled, table);
  return labelled;
}

}  // namespace orrery
