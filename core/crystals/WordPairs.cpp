#include "core/crystals/WordPairs.h"

#include "core/io/BoundedJson.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

namespace orrery {
namespace {

/// Word lists are small; a larger file is something else under this name.
constexpr std::uint64_t largestFile = 64u << 20;

using Pair = std::pair<std::string, std::string>;

std::vector<std::string_view> splitAt(std::string_view line, std::string_view separators)
{
  std::vector<std::string_view> cells;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(separators), line.size());
    if (end > 0)
      cells.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return cells;
}

/// Keeps the first mention of each pair and the order of tasks.
class TaskCollector {
 public:
  void add(const std::string& task, Pair pair)
  {
    const auto [place, isNew] = m_numbers.try_emplace(task, m_tasks.size());
    if (isNew)
      m_tasks.push_back({task, {}});
    if (m_seen.insert({place->second, pair}).second)
      m_tasks[place->second].pairs.push_back(std::move(pair));
  }
  [[nodiscard]] std::vector<WordPairTask> take() { return std::move(m_tasks); }
  [[nodiscard]] bool empty() const { return m_tasks.empty(); }

 private:
  std::vector<WordPairTask> m_tasks;
  std::map<std::string, std::size_t> m_numbers;
  std::set<std::pair<std::size_t, Pair>> m_seen;
};

void readJson(const ByteSource& file, const std::string& text, const std::string& name,
              TaskCollector& tasks)
{
  const nlohmann::json document =
      parseBoundedJson(text, "the list", [&](const std::string& message) { file.fail(message); });
  if (!document.is_array())
    file.fail("expected a JSON array of {\"input\", \"output\"} objects");
  for (std::size_t i = 0; i < document.size(); ++i) {
    const auto wordOf = [&](const char* key) -> std::string {
      const nlohmann::json& entry = document[i];
      if (!entry.is_object() || !entry.contains(key) || !entry[key].is_string())
        file.fail("entry " + std::to_string(i) + " has no text under \"" + key +
                  "\" (expected {\"input\", \"output\"})");
      return entry[key].get<std::string>();
    };
    tasks.add(name, {wordOf("input"), wordOf("output")});
  }
}

void readAnalogyLine(const ByteSource& file, std::string_view line, std::size_t number,
                     std::string& category, TaskCollector& tasks)
{
  if (line.front() == ':') {
    const auto words = splitAt(line.substr(1), " \t");
    if (words.empty())
      file.fail("line " + std::to_string(number) + ": a category without a name");
    category = words.front();
    return;
  }
  const auto words = splitAt(line, " \t");
  if (words.size() != 4)
    file.fail("line " + std::to_string(number) + " has " + std::to_string(words.size()) +
              " words (expected 4: a b c d with a is to b as c is to d)");
  tasks.add(category, {std::string(words[0]), std::string(words[1])});
  tasks.add(category, {std::string(words[2]), std::string(words[3])});
}

void readTsvLine(const ByteSource& file, std::string_view line, std::size_t number,
                 const std::string& name, TaskCollector& tasks)
{
  const std::size_t tab = line.find('\t');
  if (tab == std::string_view::npos)
    file.fail("line " + std::to_string(number) + " has no tab (expected: word TAB answer)");
  const std::string_view answers = line.substr(tab + 1);
  // BATS gives several right answers, the best first.
  const std::string_view answer = answers.substr(0, answers.find_first_of("/\t"));
  if (tab == 0 || answer.empty())
    file.fail("line " + std::to_string(number) + " lacks a word (expected: word TAB answer)");
  tasks.add(name, {std::string(line.substr(0, tab)), std::string(answer)});
}

void readCsvLine(const ByteSource& file, std::string_view line, std::size_t number,
                 TaskCollector& tasks)
{
  const auto cells = splitAt(line, ",");
  if (cells.size() != 3)
    file.fail("line " + std::to_string(number) + " has " + std::to_string(cells.size()) +
              " cells (expected 3: relation,first,second)");
  tasks.add(std::string(cells[0]), {std::string(cells[1]), std::string(cells[2])});
}

}  // namespace

std::vector<WordPairTask> readWordPairs(const std::filesystem::path& path, const Progress& progress)
{
  const ByteSource file(path);
  if (file.size() > largestFile)
    file.fail("too large for a list of word pairs (" + displayBytes(file.size()) +
              ", expected at most " + displayBytes(largestFile) + ")");
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read(0, text.data(), text.size());
  if (text.substr(0, 3) == "\xEF\xBB\xBF")
    text.erase(0, 3);
  const std::string name = path.stem().string();
  TaskCollector tasks;

  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos)
    file.fail("empty (expected word pairs)");
  if (text[start] == '[' || text[start] == '{') {
    readJson(file, text, name, tasks);
  } else {
    enum class Form { Analogy, Tsv, Csv };
    std::optional<Form> form;
    std::string category = name;
    std::size_t number = 0;
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++number;
      if (number % 4096 == 0)
        progress.update(static_cast<std::int64_t>(text.size() - rest.size()),
                        static_cast<std::int64_t>(text.size()));
      if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
      if (line.find_first_not_of(" \t") == std::string_view::npos)
        continue;
      if (!form) {
        form = line == "relation,first,second"                       ? Form::Csv
               : line.front() == ':' || line.find('\t') == line.npos ? Form::Analogy
                                                                     : Form::Tsv;
        if (*form == Form::Csv)
          continue;
      }
      switch (*form) {
        case Form::Analogy:
          readAnalogyLine(file, line, number, category, tasks);
          break;
        case Form::Tsv:
          readTsvLine(file, line, number, name, tasks);
          break;
        case Form::Csv:
          readCsvLine(file, line, number, tasks);
          break;
      }
    }
  }
  if (tasks.empty())
    file.fail("holds no word pair");
  return tasks.take();
}

Relation matchLabels(const WordPairTask& task, const LabelIndex& index)
{
  constexpr std::size_t listedMissing = 20;
  Relation relation;
  relation.name = task.name;
  relation.given = static_cast<std::int64_t>(task.pairs.size());
  std::set<std::pair<FeatureId, FeatureId>> used;
  for (const auto& [first, second] : task.pairs) {
    const LabelIndex::Found a = index.find(first), b = index.find(second);
    for (const auto& [found, word] : {std::pair{a, first}, std::pair{b, second}})
      if (found.match == LabelMatch::None && relation.missingWords.size() < listedMissing)
        relation.missingWords.push_back(word);
    if (a.feature == noFeature || b.feature == noFeature || a.feature == b.feature) {
      ++relation.missing;
      continue;
    }
    if (!used.insert({a.feature, b.feature}).second)
      continue;
    relation.pairs.emplace_back(a.feature, b.feature);
    if (a.match == LabelMatch::Folded || b.match == LabelMatch::Folded)
      ++relation.folded;
  }
  return relation;
}

}  // namespace orrery
