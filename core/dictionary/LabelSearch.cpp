#include "core/dictionary/LabelSearch.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <optional>

namespace orrery {
namespace {

constexpr std::int64_t labelsPerChunk = 4096;
/// Longer expressions are no one's search; RE2 would refuse them for their memory in any case.
constexpr std::size_t longestExpression = 10'000;

bool isAscii(std::string_view text)
{
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

char lowered(char c)
{
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Capital letters in a query say that case counts: those of ASCII, and of Latin, Greek and
/// Cyrillic as far as RE2 knows them.
bool hasCapital(std::string_view text)
{
  static const RE2 capital("\\p{Lu}");
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), capital);
}

/// Looks for one word of plain ASCII without regard to case: the first letter by memchr in both
/// cases, then the rest.
class AsciiWord {
 public:
  explicit AsciiWord(std::string_view word)
  {
    for (const char c : word)
      m_word += lowered(c);
    for (int i = 0; i < 256; ++i)
      m_lower[static_cast<std::size_t>(i)] = lowered(static_cast<char>(i));
  }

  [[nodiscard]] bool isIn(std::string_view label) const
  {
    if (label.size() < m_word.size())
      return false;
    const std::size_t last = label.size() - m_word.size();
    const char first = m_word.front();
    for (std::size_t at = 0; at <= last; ++at) {
      if (lower(label[at]) != first)
        continue;
      std::size_t i = 1;
      while (i < m_word.size() && lower(label[at + i]) == m_word[i])
        ++i;
      if (i == m_word.size())
        return true;
    }
    return false;
  }

 private:
  [[nodiscard]] char lower(char c) const { return m_lower[static_cast<unsigned char>(c)]; }

  std::string m_word;
  std::array<char, 256> m_lower{};
};

std::unique_ptr<RE2> compiled(std::string_view expression, bool literal, bool caseCounts)
{
  RE2::Options settings(RE2::Quiet);
  settings.set_literal(literal);
  settings.set_case_sensitive(caseCounts);
  settings.set_dot_nl(true);
  settings.set_max_mem(32 << 20);
  auto regex =
      std::make_unique<RE2>(re2::StringPiece(expression.data(), expression.size()), settings);
  if (!regex->ok())
    throw Error("The expression /" + std::string(expression.substr(0, 200)) +
                "/ cannot be searched for: " + regex->error() +
                (regex->error_arg().empty() ? "" : " ('" + regex->error_arg() + "')"));
  return regex;
}

/// Decides for one label. Safe from several threads.
class Matcher {
 public:
  void addWord(std::string_view word, bool caseCounts)
  {
    if (caseCounts)
      m_exact.emplace_back(word);
    else if (isAscii(word))
      m_ascii.emplace_back(word);
    else
      m_expressions.push_back(compiled(word, true, false));
  }
  void addExpression(std::string_view expression, bool caseCounts)
  {
    m_expressions.push_back(compiled(expression, false, caseCounts));
  }
  [[nodiscard]] bool isEmpty() const
  {
    return m_exact.empty() && m_ascii.empty() && m_expressions.empty();
  }

  [[nodiscard]] bool matches(std::string_view label) const
  {
    return std::all_of(m_ascii.begin(), m_ascii.end(),
                       [&](const AsciiWord& word) { return word.isIn(label); }) &&
           std::all_of(m_exact.begin(), m_exact.end(),
                       [&](const std::string& word) {
                         return ::memmem(label.data(), label.size(), word.data(), word.size());
                       }) &&
           std::all_of(m_expressions.begin(), m_expressions.end(),
                       [&](const std::unique_ptr<RE2>& expression) {
                         return RE2::PartialMatch(re2::StringPiece(label.data(), label.size()),
                                                  *expression);
                       });
  }

 private:
  std::vector<AsciiWord> m_ascii;
  std::vector<std::string> m_exact;
  std::vector<std::unique_ptr<RE2>> m_expressions;
};

/// Words at blanks; what stands in double quotes stays together.
std::vector<std::string> wordsOf(std::string_view query)
{
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < query.size()) {
    if (query[at] == ' ' || query[at] == '\t') {
      ++at;
      continue;
    }
    const std::size_t closing = query[at] == '"' ? query.find('"', at + 1) : std::string_view::npos;
    if (closing != std::string_view::npos && closing > at + 1) {
      words.emplace_back(query.substr(at + 1, closing - at - 1));
      at = closing + 1;
      continue;
    }
    const std::size_t end = std::min(query.find_first_of(" \t", at), query.size());
    words.emplace_back(query.substr(at, end - at));
    at = end;
  }
  return words;
}

/// The expression between slashes, and whether an i behind them switches case off.
std::optional<std::pair<std::string_view, bool>> betweenSlashes(std::string_view query)
{
  const bool withoutCase = query.size() > 3 && query.ends_with("/i");
  if (withoutCase)
    query.remove_suffix(1);
  if (query.size() < 3 || query.front() != '/' || query.back() != '/')
    return std::nullopt;
  return std::pair{query.substr(1, query.size() - 2), withoutCase};
}

/// The letters of \S and its like are no capitals that someone typed for their case.
std::string withoutEscapes(std::string_view expression)
{
  std::string rest;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\')
      ++i;
    else
      rest += expression[i];
  }
  return rest;
}

Matcher makeMatcher(std::string_view query, const LabelSearchOptions& options)
{
  using Mode = LabelSearchOptions::Mode;
  using Case = LabelSearchOptions::Case;
  const auto caseCounts = [&](std::string_view text) {
    return options.letters == Case::Sensitive ||
           (options.letters == Case::Smart && hasCapital(text));
  };
  Matcher matcher;
  if (query.size() > longestExpression)
    throw Error("The search text has " + std::to_string(query.size()) + " characters, at most " +
                std::to_string(longestExpression) + " are possible");
  if (options.mode == Mode::Regex) {
    if (!query.empty())
      matcher.addExpression(query, caseCounts(withoutEscapes(query)));
    return matcher;
  }
  const auto expression = options.mode == Mode::Automatic ? betweenSlashes(query) : std::nullopt;
  if (expression) {
    matcher.addExpression(expression->first,
                          !expression->second && caseCounts(withoutEscapes(expression->first)));
    return matcher;
  }
  for (const std::string& word : wordsOf(query))
    matcher.addWord(word, caseCounts(query));
  return matcher;
}

}  // namespace

std::vector<FeatureId> findLabels(const std::vector<std::string>& labels, std::string_view query,
                                  const LabelSearchOptions& options, const Progress& progress)
{
  const Matcher matcher = makeMatcher(query, options);
  if (matcher.isEmpty())
    return {};
  const auto count = static_cast<std::int64_t>(labels.size());
  std::vector<std::vector<FeatureId>> found(
      static_cast<std::size_t>((count + labelsPerChunk - 1) / labelsPerChunk));
  std::atomic<std::int64_t> done{0};
  parallelFor(count, labelsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    std::vector<FeatureId>& mine = found[static_cast<std::size_t>(begin / labelsPerChunk)];
    for (std::int64_t id = begin; id < end; ++id) {
      if ((id & 255) == 0)
        progress.checkStopped();
      if (matcher.matches(labels[static_cast<std::size_t>(id)]))
        mine.push_back(static_cast<FeatureId>(id));
    }
    progress.update(done += end - begin, count);
  });
  std::vector<FeatureId> all;
  for (const std::vector<FeatureId>& part : found)
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace orrery
