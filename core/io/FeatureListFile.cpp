#include "core/io/FeatureListFile.h"

#include "core/base/Error.h"
#include "core/dictionary/LabelIndex.h"
#include "core/io/BoundedJson.h"
#include "core/io/ByteSource.h"
#include "core/io/FileKind.h"
#include "core/io/TensorFile.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <utility>

namespace orrery {
namespace {

constexpr std::uint64_t mostText = std::uint64_t{256} << 20;

/// One entry: a range of indices, or a text to look for among the labels.
struct Entry {
  std::string text;
  std::optional<std::pair<std::int64_t, std::int64_t>> range;
};

/// A line: taken as a whole if that is a label, else its entries.
struct Line {
  std::string whole;  ///< Empty: never a label.
  std::vector<Entry> entries;
};

std::string_view trimmed(std::string_view text)
{
  const auto first = text.find_first_not_of(" \t\r\n\v\f");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n\v\f") - first + 1);
}

std::optional<std::int64_t> wholeNumber(std::string_view text)
{
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  return value;
}

/// 12, #12, 12-15. Negative numbers are none: they would be found nowhere.
std::optional<std::pair<std::int64_t, std::int64_t>> indexRange(std::string_view text)
{
  if (!text.empty() && text.front() == '#')
    text.remove_prefix(1);
  if (text.empty() || text.front() < '0' || text.front() > '9')
    return std::nullopt;
  if (const auto one = wholeNumber(text))
    return std::pair(*one, *one);
  const auto dash = text.find('-');
  if (dash == std::string_view::npos)
    return std::nullopt;
  const auto first = wholeNumber(trimmed(text.substr(0, dash)));
  const auto last = wholeNumber(trimmed(text.substr(dash + 1)));
  if (!first || !last || *last < *first || *first < 0)
    return std::nullopt;
  return std::pair(*first, *last);
}

/// Cells of a line at @p separator; quotes hold separators, two of them stand for one.
std::vector<std::string> cellsOf(std::string_view line, char separator, std::vector<bool>* quoted)
{
  std::vector<std::string> cells(1);
  std::vector<bool> marks(1, false);
  bool inside = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && (inside || trimmed(cells.back()).empty())) {
      if (inside && i + 1 < line.size() && line[i + 1] == '"') {
        cells.back() += '"';
        ++i;
        continue;
      }
      if (!inside)
        cells.back().clear();
      inside = !inside;
      marks.back() = true;
    } else if (c == separator && !inside) {
      cells.emplace_back();
      marks.push_back(false);
    } else {
      cells.back() += c;
    }
  }
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (!marks[i])
      cells[i] = std::string(trimmed(cells[i]));
  if (quoted)
    *quoted = marks;
  return cells;
}

Entry entryOf(std::string text, bool quoted)
{
  Entry entry;
  if (!quoted)
    entry.range = indexRange(text);
  // What our own tables guard against spreadsheets has an apostrophe in front.
  if (!entry.range && text.size() > 1 && text[0] == '\'' &&
      std::string_view("=+-@").find(text[1]) != std::string_view::npos)
    text.erase(0, 1);
  entry.text = std::move(text);
  return entry;
}

std::string lowerCase(std::string text)
{
  for (char& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

/// The column of a table's header that says which feature a row is about: its place, and whether it
/// holds indices.
std::optional<std::pair<std::size_t, bool>> keyColumn(const std::vector<std::string>& header)
{
  static constexpr std::array<const char*, 8> indexNames{
      "feature", "index", "id", "feature_id", "feature id", "features", "indices", "ids"};
  static constexpr std::array<const char*, 4> labelNames{"label", "labels", "word", "name"};
  const auto place = [&](const auto& names) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < header.size(); ++i)
      if (std::find(names.begin(), names.end(), lowerCase(header[i])) != names.end())
        return i;
    return std::nullopt;
  };
  if (const auto index = place(indexNames))
    return std::pair(*index, true);
  if (const auto label = place(labelNames))
    return std::pair(*label, false);
  return std::nullopt;
}

std::vector<std::string_view> linesOf(std::string_view text)
{
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    if (!line.empty())
      lines.push_back(line);
    if (end == std::string_view::npos)
      break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// Which of tab, comma and semicolon divides @p line; 0 if none does.
char separatorOf(std::string_view line)
{
  for (const char separator : {'\t', ',', ';'})
    if (line.find(separator) != std::string_view::npos)
      return separator;
  return 0;
}

Line lineOf(std::string_view text)
{
  Line line;
  const char separator = separatorOf(text);
  std::vector<bool> quoted;
  std::vector<std::string> cells = cellsOf(text, separator ? separator : '\n', &quoted);
  // "1 2 3" are three indices, "new york" is one label.
  if (!separator && !quoted.front() && text.find(' ') != std::string_view::npos) {
    std::vector<std::string> words = cellsOf(text, ' ', nullptr);
    std::erase_if(words, [](const std::string& word) { return word.empty(); });
    if (std::all_of(words.begin(), words.end(),
                    [](const std::string& word) { return indexRange(word).has_value(); })) {
      cells = std::move(words);
      quoted.assign(cells.size(), false);
    }
  }
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (!cells[i].empty())
      line.entries.push_back(entryOf(std::move(cells[i]), quoted[i]));
  if (line.entries.size() > 1 &&
      !std::all_of(line.entries.begin(), line.entries.end(),
                   [](const Entry& entry) { return entry.range.has_value(); }))
    line.whole = std::string(text);
  return line;
}

/// The features that have any of the wanted labels, found in one pass over all labels.
class WantedLabels {
 public:
  void add(const std::string& text) { m_exact[text]; }

  void find(const std::vector<std::string>& labels)
  {
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (const auto wanted = m_exact.find(labels[i]);
          wanted != m_exact.end() && !labels[i].empty())
        wanted->second.push_back(static_cast<FeatureId>(i));
    std::unordered_map<std::string, std::vector<FeatureId>> folded;
    for (const auto& [text, found] : m_exact)
      if (found.empty())
        folded[foldLabel(text)];
    if (folded.empty() || (folded.size() == 1 && folded.count("")))
      return;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::string key = foldLabel(labels[i]);
      if (const auto wanted = folded.find(key); wanted != folded.end() && !key.empty())
        wanted->second.push_back(static_cast<FeatureId>(i));
    }
    m_folded = std::move(folded);
  }

  /// Null if no feature has it; @p folded: found in the weaker way.
  [[nodiscard]] const std::vector<FeatureId>* of(const std::string& text, bool& weak) const
  {
    const auto exact = m_exact.find(text);
    weak = false;
    if (exact != m_exact.end() && !exact->second.empty())
      return &exact->second;
    const auto folded = m_folded.find(foldLabel(text));
    weak = true;
    return folded != m_folded.end() && !folded->second.empty() ? &folded->second : nullptr;
  }

 private:
  std::unordered_map<std::string, std::vector<FeatureId>> m_exact, m_folded;
};

FoundFeatures resolve(const std::vector<Line>& lines, const Dictionary& dictionary,
                      std::string rule)
{
  FoundFeatures found;
  found.rule = std::move(rule);
  WantedLabels labels;
  for (const Line& line : lines) {
    if (!line.whole.empty())
      labels.add(line.whole);
    for (const Entry& entry : line.entries)
      if (!entry.range)
        labels.add(entry.text);
  }
  labels.find(dictionary.labels);
  const std::int64_t n = dictionary.features();
  std::vector<bool> chosen(static_cast<std::size_t>(n), false);
  std::unordered_map<std::string, bool> told;
  const auto take = [&](const std::vector<FeatureId>& ids) {
    for (const FeatureId id : ids)
      chosen[static_cast<std::size_t>(id)] = true;
  };
  for (const Line& line : lines) {
    bool weak = false;
    if (!line.whole.empty())
      if (const auto* ids = labels.of(line.whole, weak); ids && !weak) {
        ++found.entries;
        take(*ids);
        continue;
      }
    for (const Entry& entry : line.entries) {
      ++found.entries;
      if (entry.range) {
        for (std::int64_t id = entry.range->first; id <= std::min(entry.range->second, n - 1); ++id)
          chosen[static_cast<std::size_t>(id)] = true;
        if (entry.range->second < n)
          continue;
      } else if (const auto* ids = labels.of(entry.text, weak)) {
        found.folded += weak ? 1 : 0;
        take(*ids);
        continue;
      }
      if (!std::exchange(told[entry.text], true))
        found.missing.push_back(entry.text);
    }
  }
  for (std::int64_t id = 0; id < n; ++id)
    if (chosen[static_cast<std::size_t>(id)])
      found.features.push_back(static_cast<FeatureId>(id));
  return found;
}

void addJson(const nlohmann::json& json, std::vector<Line>& lines, int depth)
{
  if (json.is_array() && depth < 3) {
    for (const auto& entry : json)
      addJson(entry, lines, depth + 1);
  } else if (json.is_number_integer()) {
    lines.push_back({{}, {entryOf(json.dump(), false)}});
  } else if (json.is_number_float() && json.get<double>() == std::floor(json.get<double>()) &&
             std::abs(json.get<double>()) < 1e15) {
    lines.push_back({{}, {entryOf(std::to_string(json.get<std::int64_t>()), false)}});
  } else if (json.is_string()) {
    lines.push_back({{}, {entryOf(json.get<std::string>(), true)}});
  } else {
    const std::string written = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    lines.push_back({{}, {Entry{written.substr(0, 200), std::nullopt}}});
  }
}

FoundFeatures fromJson(std::string_view text, const std::string& name, const Dictionary& dictionary)
{
  const auto fail = [&](const std::string& message) { throw Error(name + ": " + message); };
  const nlohmann::json json = parseBoundedJson(text, "The list", fail);
  const nlohmann::json* list = &json;
  std::string key;
  if (json.is_object())
    for (const char* candidate : {"features", "feature", "indices", "ids", "selection", "labels"})
      if (json.contains(candidate) && json[candidate].is_array()) {
        list = &json[candidate];
        key = candidate;
        break;
      }
  if (!list->is_array())
    fail(
        "holds no list of features (expected a list of indices or labels, or an object with "
        "\"features\", \"indices\", \"ids\" or \"labels\")");
  std::vector<Line> lines;
  addJson(*list, lines, 0);
  return resolve(
      lines, dictionary,
      key.empty() ? "Read as a JSON list." : "Read as the list \"" + key + "\" of JSON.");
}

FoundFeatures fromText(std::string_view text, const Dictionary& dictionary)
{
  const std::vector<std::string_view> rows = linesOf(text);
  std::vector<Line> lines;
  if (rows.empty())
    return resolve(lines, dictionary, "There is nothing to read.");
  const char separator = separatorOf(rows.front());
  const std::vector<std::string> header =
      cellsOf(rows.front(), separator ? separator : '\n', nullptr);
  const auto key = keyColumn(header);
  // A single word may be a label that happens to be "name": a header has company below.
  const bool table =
      key && rows.size() > 1 && (separator || (key->second && indexRange(rows[1]).has_value()));
  if (!table) {
    lines.reserve(rows.size());
    for (const std::string_view row : rows)
      lines.push_back(lineOf(row));
    return resolve(lines, dictionary,
                   "Numbers were read as indices from 0, everything else as labels.");
  }
  for (std::size_t i = 1; i < rows.size(); ++i) {
    std::vector<bool> quoted;
    std::vector<std::string> cells = cellsOf(rows[i], separator ? separator : '\n', &quoted);
    if (key->first < cells.size() && !cells[key->first].empty())
      lines.push_back({{}, {entryOf(std::move(cells[key->first]), !key->second)}});
  }
  return resolve(lines, dictionary,
                 "Read as a table, by its column \"" + displayText(header[key->first]) + "\".");
}

const TensorInfo& listIn(const TensorFile& file, const std::filesystem::path& path)
{
  const auto nameOf = [](const TensorInfo& tensor) {
    return lowerCase(tensor.name.substr(tensor.name.find_last_of('/') + 1));
  };
  std::vector<const TensorInfo*> lists;
  for (const TensorInfo& tensor : file.tensors())
    if (tensor.problem.empty() && tensor.shape.size() == 1 && tensor.aliasOf.empty())
      lists.push_back(&tensor);
  for (const char* wanted : {"features", "feature", "indices", "index", "ids", "id", "selection",
                             "mask", "labels", "label"})
    for (const TensorInfo* tensor : lists)
      if (nameOf(*tensor) == wanted)
        return *tensor;
  if (lists.size() != 1)
    throw Error(displayName(path) +
                ": holds no list of features (expected one array of one dimension, or one called "
                "features, indices, ids or mask; found " +
                std::to_string(lists.size()) + " arrays of one dimension)");
  return *lists.front();
}

FoundFeatures fromTensor(TensorFile& file, const std::filesystem::path& path,
                         const Dictionary& dictionary, const Progress& progress)
{
  const TensorInfo& tensor = listIn(file, path);
  const std::string called =
      tensor.name.empty() ? std::string("the array") : "'" + displayText(tensor.name) + "'";
  std::vector<Line> lines;
  if (tensor.type == ElementType::Text) {
    for (const std::string& label : file.readStrings(tensor, progress))
      lines.push_back({{}, {entryOf(label, true)}});
    return resolve(lines, dictionary, "Read as labels from " + called + ".");
  }
  const std::vector<double> values = file.readNumbers(tensor, progress);
  const bool mask = tensor.type == ElementType::Boolean;
  if (mask && static_cast<std::int64_t>(values.size()) != dictionary.features())
    throw Error(displayName(path) + ": the mask " + called + " has " +
                std::to_string(values.size()) + " entries, the dictionary has " +
                std::to_string(dictionary.features()) + " features");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (mask && values[i] == 0.0)
      continue;
    const double id = mask ? static_cast<double>(i) : values[i];
    if (!(std::abs(id) < 1e15) || id != std::floor(id))
      throw Error(displayName(path) + ": " + called + " holds " + std::to_string(id) +
                  " at place " + std::to_string(i) + ", expected whole numbers");
    lines.push_back({{}, {entryOf(std::to_string(static_cast<std::int64_t>(id)), false)}});
  }
  return resolve(
      lines, dictionary,
      mask ? "Read as a mask from " + called + "." : "Read as indices from 0 from " + called + ".");
}

}  // namespace

FoundFeatures findFeatures(std::string_view text, const Dictionary& dictionary)
{
  if (text.substr(0, 3) == "\xEF\xBB\xBF")
    text.remove_prefix(3);
  const std::string_view body = trimmed(text);
  // "[CLS]" is a token that people do have.
  const bool json = body.size() > 1 && ((body.front() == '{' && body.back() == '}') ||
                                        (body.front() == '[' && body.back() == ']'));
  if (json && nlohmann::json::accept(body))
    return fromJson(body, "the text", dictionary);
  return fromText(body, dictionary);
}

FoundFeatures readFeatureList(const std::filesystem::path& path, const Dictionary& dictionary,
                              const Progress& progress)
{
  const ByteSource source(path);
  std::vector<std::byte> start = source.readUpTo(0, 16);
  const std::string_view bytes(reinterpret_cast<const char*>(start.data()), start.size());
  const std::string ending = lowerCase(path.extension().string());
  std::unique_ptr<TensorFile> file;
  if (bytes.substr(0, 6) == "\x93NUMPY")
    file = openNpy(path);
  else if (bytes.substr(0, 4) == "PK\x03\x04")
    file = openNpz(path);
  else if (bytes.substr(0, 8) == "\x89HDF\r\n\x1a\n")
    file = openHdf5(path, progress);
  else if (ending == ".safetensors")
    file = openSafetensors(path);
  if (file)
    return fromTensor(*file, path, dictionary, progress);
  if (source.size() > mostText)
    source.fail("is too large for a list of features (" + displayBytes(source.size()) +
                ", at most " + displayBytes(mostText) + ")");
  std::string text(source.size(), '\0');
  source.read(0, text.data(), text.size());
  if (text.find('\0') != std::string::npos)
    source.fail("is neither a text nor an array that could list features");
  if (ending == ".json")
    return fromJson(text, displayName(path), dictionary);
  return findFeatures(text, dictionary);
}

}  // namespace orrery
