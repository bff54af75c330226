#include "core/io/labels/FeatureRows.h"

#include "core/io/text/JsonStream.h"
#include "core/io/text/TextDecoding.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace orrery {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t noColumn = std::numeric_limits<std::size_t>::max();
/// More kinds than this are no classes to colour by.
constexpr std::size_t mostCategories = 256;
/// A file with few cells in many rows and columns must not take memory for all their product.
constexpr std::size_t mostColumns = 256;
constexpr std::size_t mostCells = 64'000'000;
/// How many tokens of a list make a label.
constexpr std::size_t labelTokens = 5;

std::string lowerCase(std::string_view text)
{
  std::string lower(trimmed(text));
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower;
}

bool isMissing(std::string_view text)
{
  const std::string lower = lowerCase(text);
  constexpr std::array words = {"", "na", "n/a", "nan", "none", "null", "-"};
  return std::find(words.begin(), words.end(), lower) != words.end();
}

/// Names of integer columns that group features rather than measure them.
/// "subgraph_id": numbers that name something, of which there may be very many.
bool isIdentityName(std::string_view name)
{
  const std::string lower = lowerCase(name);
  return lower.ends_with("_id") || lower.ends_with(" id");
}

bool isGroupName(std::string_view name)
{
  const std::string lower = lowerCase(name);
  constexpr std::array words = {"cluster",  "class",     "lobe", "group",
                                "category", "community", "type"};
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return lower.find(word) != std::string::npos; });
}

/// The texts of a JSON list such as ["a", " b"]; empty if @p text is none.
std::vector<std::string> tokensOf(const std::string& text)
{
  if (!text.starts_with('['))
    return {};
  const Json list = Json::parse(text, nullptr, false);
  std::vector<std::string> tokens;
  if (!list.is_array())
    return {};
  for (const Json& token : list) {
    if (!token.is_string())
      return {};
    tokens.push_back(token.get<std::string>());
  }
  return tokens;
}

std::string joined(const std::vector<std::string>& tokens, std::size_t count)
{
  std::string text;
  for (std::size_t i = 0; i < std::min(count, tokens.size()); ++i)
    text += (text.empty() ? "" : ", ") + std::string(trimmed(tokens[i]));
  return text;
}

const std::string& textAt(const std::vector<std::string>& texts, std::size_t row)
{
  static const std::string none;
  return row < texts.size() ? texts[row] : none;
}

}  // namespace

bool isIndexName(std::string_view name)
{
  const std::string lower = lowerCase(name);
  constexpr std::array names = {"",
                                "index",
                                "idx",
                                "id",
                                "feature",
                                "feature_id",
                                "feature_idx",
                                "feature_index",
                                "featureindex",
                                "featureid",
                                "feature index",
                                "feat",
                                "latent",
                                "latent_id",
                                "latent_idx",
                                "latent_index",
                                "neuron",
                                "unnamed: 0",
                                "row"};
  return std::find(names.begin(), names.end(), lower) != names.end();
}

int labelRank(std::string_view name)
{
  const std::string lower = lowerCase(name);
  constexpr std::array names = {"label",          "labels",  "description", "explanation",
                                "interpretation", "concept", "name",        "word",
                                "title",          "text",    "lemma",       "token",
                                "feature_name",   "summary", "top_tokens",  "top_tokens_json",
                                "toptokens",      "tokens"};
  const auto found = std::find(names.begin(), names.end(), lower);
  return found == names.end() ? 0 : static_cast<int>(found - names.begin()) + 1;
}

Column makeCategoryColumn(std::string name, const std::vector<std::string_view>& texts)
{
  Column column;
  column.name = std::move(name);
  column.kind = Column::Kind::Category;
  for (const std::string_view text : texts)
    if (!text.empty())
      column.categoryNames.emplace_back(text);
  std::sort(column.categoryNames.begin(), column.categoryNames.end(),
            [](const std::string& a, const std::string& b) {
              // "2" comes before "10".
              double x = 0.0, y = 0.0;
              if (parseNumber(a, x) == NumberFault::None &&
                  parseNumber(b, y) == NumberFault::None && x != y && !std::isnan(x) &&
                  !std::isnan(y))
                return x < y;
              return a < b;
            });
  column.categoryNames.erase(std::unique(column.categoryNames.begin(), column.categoryNames.end()),
                             column.categoryNames.end());
  std::unordered_map<std::string_view, std::int32_t> places;
  for (std::size_t i = 0; i < column.categoryNames.size(); ++i)
    places.emplace(column.categoryNames[i], static_cast<std::int32_t>(i));
  column.categories.reserve(texts.size());
  for (const std::string_view text : texts)
    column.categories.push_back(text.empty() ? -1 : places.at(text));
  return column;
}

std::size_t FeatureRows::column(std::string_view name)
{
  for (std::size_t i = 0; i < m_columns.size(); ++i)
    if (m_columns[i].name == name)
      return i;
  if (m_columns.size() == mostColumns)
    m_source.fail("has more than " + std::to_string(mostColumns) +
                  " different columns or keys, this is no table of features");
  m_columns.push_back({std::string(name), {}, {}, false});
  return m_columns.size() - 1;
}

void FeatureRows::setText(std::size_t column, std::string text)
{
  std::vector<std::string>& texts = m_columns[column].texts;
  countCells(m_ids.size() - texts.size());
  texts.resize(m_ids.size() - 1);
  texts.push_back(std::move(text));
}

void FeatureRows::setNumber(std::size_t column, double number)
{
  std::vector<double>& numbers = m_columns[column].numbers;
  countCells(m_ids.size() - numbers.size());
  numbers.resize(m_ids.size() - 1, missing);
  numbers.push_back(number);
}

void FeatureRows::countCells(std::size_t more)
{
  m_cells += more;
  if (m_cells > mostCells)
    m_source.fail("spreads over more than " + std::to_string(mostCells) +
                  " cells (rows × columns)");
}

FeatureRows::Kind FeatureRows::kindOf(const Cells& cells, std::string& problem) const
{
  if (cells.isCategory)
    return Kind::Category;
  std::int64_t numbers = 0, texts = 0, lists = 0, integers = 0;
  std::unordered_set<std::string_view> distinct;
  const bool identities = isIdentityName(cells.name);
  const std::string* strange = nullptr;
  for (const std::string& text : cells.texts) {
    if (isMissing(text))
      continue;
    if (isNumber(trimmed(text))) {
      ++numbers;
      integers += parseInteger(trimmed(text)) ? 1 : 0;
    } else {
      ++texts;
      lists += text.front() == '[' ? 1 : 0;
      if (!strange)
        strange = &text;
    }
    if (identities || distinct.size() <= mostCategories)
      distinct.insert(text);
  }
  const bool hasNumbers = std::any_of(cells.numbers.begin(), cells.numbers.end(),
                                      [](double number) { return !std::isnan(number); });
  if (numbers + texts == 0)
    return hasNumbers ? Kind::Number : Kind::Empty;
  const bool few = distinct.size() <= mostCategories &&
                   (2 * static_cast<std::int64_t>(distinct.size()) <= numbers + texts);
  // Identities that come again stand for groups: co-occurrence subgraphs, say.
  if (texts == 0 && identities && integers == numbers &&
      10 * static_cast<std::int64_t>(distinct.size()) <= 9 * numbers)
    return Kind::Category;
  if (texts == 0)
    return isGroupName(cells.name) && integers == numbers && few ? Kind::Category : Kind::Number;
  if (lists == texts && numbers == 0 && !tokensOf(*strange).empty())
    return Kind::Tokens;
  if (numbers > 9 * texts && labelRank(cells.name) == 0)
    problem = describeBadNumber(*strange) + ", as the other cells are";
  if (few && labelRank(cells.name) == 0)
    return Kind::Category;
  return labelRank(cells.name) > 0 ? Kind::Label : Kind::Text;
}

std::size_t FeatureRows::chooseLabel(const std::vector<Kind>& kinds) const
{
  std::size_t best = noColumn;
  int bestRank = std::numeric_limits<int>::max();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const int rank = labelRank(m_columns[i].name);
    // A label may be a number by its look (words such as "2024"), never by its type.
    const bool isText = kinds[i] != Kind::Empty && !m_columns[i].texts.empty();
    if (isText && rank > 0 && rank < bestRank) {
      best = i;
      bestRank = rank;
    }
  }
  for (const Kind wanted : {Kind::Text, Kind::Tokens, Kind::Category}) {
    for (std::size_t i = 0; i < kinds.size() && best == noColumn; ++i) {
      const bool onlyColumn = kinds.size() == 1 && !m_columns[i].isCategory;
      if (kinds[i] == wanted && (wanted != Kind::Category || onlyColumn))
        best = i;
    }
  }
  return best;
}

void FeatureRows::addLabels(const Cells& cells, Kind kind, const std::vector<std::size_t>& order,
                            LabelTable& table) const
{
  FeatureId last = noFeature;
  for (const std::size_t row : order) {
    const std::string& text = textAt(cells.texts, row);
    const FeatureId id = m_ids[row];
    std::string label = text;
    std::vector<std::string> tokens;
    if (kind == Kind::Tokens) {
      tokens = tokensOf(text);
      label = joined(tokens, labelTokens);
      if (tokens.size() > labelTokens)
        table.details[id].explanations.push_back("Top tokens: " + joined(tokens, tokens.size()));
    }
    if (id != last) {
      table.labels.push_back(label);
    } else if (!label.empty()) {
      std::vector<std::string>& explanations = table.details[id].explanations;
      if (explanations.empty() && !table.labels.back().empty())
        explanations.push_back(table.labels.back());
      if (table.labels.back().empty())
        table.labels.back() = label;
      explanations.push_back(label);
    }
    last = id;
  }
}

void FeatureRows::addAlternatives(const Cells& cells, Kind kind, LabelTable& table) const
{
  for (std::size_t row = 0; row < cells.texts.size(); ++row) {
    if (isMissing(cells.texts[row]))
      continue;
    const std::string text = kind == Kind::Tokens
                                 ? joined(tokensOf(cells.texts[row]), std::string::npos)
                                 : cells.texts[row];
    table.details[m_ids[row]].explanations.push_back(cells.name + ": " + text);
  }
}

Column FeatureRows::numberColumn(const Cells& cells,
                                 const std::vector<std::size_t>& firstRows) const
{
  Column column;
  column.name = cells.name;
  column.numbers.reserve(firstRows.size());
  for (const std::size_t row : firstRows) {
    double number = row < cells.numbers.size() ? cells.numbers[row] : missing;
    if (std::isnan(number) &&
        parseNumber(trimmed(textAt(cells.texts, row)), number) != NumberFault::None)
      number = missing;
    column.numbers.push_back(number);
  }
  return column;
}

Column FeatureRows::categoryColumn(const Cells& cells,
                                   const std::vector<std::size_t>& firstRows) const
{
  std::vector<std::string_view> texts;
  texts.reserve(firstRows.size());
  for (const std::size_t row : firstRows) {
    const std::string& text = textAt(cells.texts, row);
    texts.push_back(isMissing(text) ? std::string_view() : std::string_view(text));
  }
  return makeCategoryColumn(cells.name, texts);
}

LabelTable FeatureRows::finish()
{
  LabelTable table;
  table.rows = rows();
  std::vector<std::size_t> order(m_ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!std::is_sorted(m_ids.begin(), m_ids.end()))
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return m_ids[a] < m_ids[b]; });
  std::vector<std::size_t> firstRows;
  for (const std::size_t row : order) {
    if (!table.ids.empty() && table.ids.back() == m_ids[row])
      continue;
    table.ids.push_back(m_ids[row]);
    firstRows.push_back(row);
  }

  std::vector<Kind> kinds;
  std::vector<std::string> problems(m_columns.size());
  for (std::size_t i = 0; i < m_columns.size(); ++i)
    kinds.push_back(kindOf(m_columns[i], problems[i]));
  const std::size_t label = chooseLabel(kinds);
  if (label != noColumn) {
    m_labelColumn = m_columns[label].name;
    addLabels(m_columns[label], kinds[label], order, table);
  }

  std::string ignored;
  for (std::size_t i = 0; i < m_columns.size(); ++i) {
    const Cells& cells = m_columns[i];
    if (i == label || kinds[i] == Kind::Empty)
      continue;
    if (!problems[i].empty())
      table.notes.push_back("Column " + quotedForMessage(cells.name) +
                            " was left out: " + problems[i] + ".");
    else if (kinds[i] == Kind::Number)
      table.columns.push_back(numberColumn(cells, firstRows));
    else if (kinds[i] == Kind::Category)
      table.columns.push_back(categoryColumn(cells, firstRows));
    else if (kinds[i] == Kind::Label || kinds[i] == Kind::Tokens)
      addAlternatives(cells, kinds[i], table);
    else
      ignored += (ignored.empty() ? "" : ", ") + quotedForMessage(cells.name);
  }
  if (!ignored.empty())
    table.notes.push_back("Left out, as text that is neither label nor class: " + ignored + ".");
  if (table.labels.empty())
    table.labels.resize(table.ids.size());
  const auto repeated = static_cast<std::int64_t>(m_ids.size() - table.ids.size());
  if (repeated > 0)
    table.notes.push_back(std::to_string(repeated) +
                          " rows name a feature again; the first row of each gives its label, "
                          "further labels are kept as explanations.");
  return table;
}

}  // namespace orrery
