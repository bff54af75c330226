#include "app/Arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace orrery {
namespace {

std::string dashed(std::string_view option)
{
  return "--" + std::string(option);
}

const Option* findOption(const CommandSpec& spec, std::string_view name)
{
  for (const std::vector<Option>* options : {&spec.options, &commonOptions()})
    for (const Option& option : *options)
      if (option.name == name)
        return &option;
  return nullptr;
}

[[noreturn]] void refuseUnknown(const CommandSpec& spec, std::string_view name)
{
  std::vector<std::string_view> known;
  for (const std::vector<Option>* options : {&spec.options, &commonOptions()})
    for (const Option& option : *options)
      known.push_back(option.name);
  std::string message = "there is no option " + dashed(name);
  if (const auto near = nearestWord(name, known))
    message += "; did you mean " + dashed(*near) + "?";
  throw UsageError(message);
}

/// Stands between the texts of one option: the unit separator, which nobody types.
constexpr char textSeparator = '\x1F';

bool separatesNumbers(char c)
{
  return c == ',' || c == ' ';
}

std::vector<std::string_view> splitNumbers(std::string_view text)
{
  std::vector<std::string_view> parts;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    while (at < text.size() && !separatesNumbers(text[at]))
      ++at;
    if (at > begin)
      parts.push_back(text.substr(begin, at - begin));
    while (at < text.size() && separatesNumbers(text[at]))
      ++at;
  }
  return parts;
}

template <typename Number>
std::optional<Number> parseNumber(std::string_view text)
{
  // from_chars knows no leading plus, people do.
  if (text.size() > 1 && text.front() == '+' && text[1] != '-')
    text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::string shown(double value)
{
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

/// Walks over the arguments and hands out an option's value.
class Walk {
 public:
  Walk(const CommandSpec& spec, const std::vector<std::string>& arguments)
      : m_spec(spec), m_arguments(arguments)
  {
  }

  [[nodiscard]] bool atEnd() const { return m_next == m_arguments.size(); }
  const std::string& take() { return m_arguments[m_next++]; }

  std::string valueOf(const Option& option)
  {
    if (atEnd())
      throw UsageError(dashed(option.name) + " needs a value (" + std::string(option.value) + ")");
    const std::string& next = m_arguments[m_next];
    // `--labels --json` is a forgotten file rather than a file of that name.
    if (next.size() > 2 && next.starts_with("--")) {
      const std::string_view name = std::string_view(next).substr(2, next.find('=') - 2);
      if (findOption(m_spec, name))
        throw UsageError(dashed(option.name) + " needs a value (" + std::string(option.value) +
                         ") before " + next + "; write " + dashed(option.name) + "=" + next +
                         " if that is the value");
    }
    return take();
  }

  /// What follows the first text of an option that takes several, each after a separator.
  std::string furtherTexts(const Option& option)
  {
    std::string texts;
    for (int taken = 1; option.texts == 0 || taken < option.texts; ++taken) {
      if (option.texts == 0 && (atEnd() || m_arguments[m_next].starts_with("-")))
        break;
      texts += textSeparator + valueOf(option);
    }
    return texts;
  }

 private:
  const CommandSpec& m_spec;
  const std::vector<std::string>& m_arguments;
  std::size_t m_next = 0;
};

}  // namespace

const std::vector<Option>& commonOptions()
{
  static const std::vector<Option> options = {
      {"labels", "FILE",
       "Labels of the features: one per line, TSV, CSV, JSON or JSON lines. Default: "
       "STEM.labels.txt "
       "or STEM.tsv beside the file, and that is said."},
      {"no-labels", "", "Do not look for labels beside the file."},
      {"dataset", "NAME", "The array to take from a file that holds several."},
      {"transpose", "", "Turn the orientation that the rules chose: rows for columns."},
      {"shape", "NxD", "Features and dimensions of a raw .bytes file."},
      {"variant", "NAME",
       "textbook (default) or published: the formulas of the paper's own code where they differ."},
      {"json", "", "Print one JSON object on standard output."},
      {"seed", "NUMBER", "Of everything that is drawn at random. Default: 0."},
      {"threads", "N",
       "Threads to compute with. Default: all processors. Results do not depend on it."},
      {"max-memory", "SIZE",
       "Most memory that reading may need, such as 8G. Default: what is free."},
      {"quiet", "", "No progress and no remarks on standard error."},
      {"help", "", "Print this and end."},
      {"version", "", "Print the version and end."},
  };
  return options;
}

Arguments Arguments::parse(const CommandSpec& spec, const std::vector<std::string>& arguments)
{
  Arguments parsed;
  Walk walk(spec, arguments);
  bool onlyFiles = false;
  while (!walk.atEnd()) {
    const std::string& argument = walk.take();
    if (onlyFiles || argument.size() < 2 || argument.front() != '-') {
      if (argument.empty())
        throw UsageError("a file name is empty");
      parsed.m_files.emplace_back(argument);
      continue;
    }
    if (argument == "--") {
      onlyFiles = true;
      continue;
    }
    if (argument == "-h") {
      parsed.m_values["help"];
      continue;
    }
    if (!argument.starts_with("--"))
      throw UsageError("there is no option " + argument +
                       " (a file whose name begins with a dash goes after --)");
    const std::size_t equals = argument.find('=');
    const std::string_view name = std::string_view(argument).substr(2, equals - 2);
    const Option* option = findOption(spec, name);
    if (!option)
      refuseUnknown(spec, name);
    std::string value;
    if (option->value.empty()) {
      if (equals != std::string::npos)
        throw UsageError(dashed(name) + " takes no value");
    } else {
      value = equals != std::string::npos ? argument.substr(equals + 1) : walk.valueOf(*option);
      if (option->texts != 1)
        value += walk.furtherTexts(*option);
      while (static_cast<int>(splitNumbers(value).size()) < option->numbers &&
             option->numbers > 1 && !walk.atEnd())
        value += " " + walk.valueOf(*option);
    }
    if (!parsed.m_values.emplace(name, value).second && !option->value.empty())
      throw UsageError(dashed(name) + " is given twice");
  }
  if (parsed.has("help") || parsed.has("version"))
    return parsed;
  const auto count = static_cast<int>(parsed.m_files.size());
  if (count < spec.fewestFiles)
    throw UsageError(std::string(spec.files) + " is missing");
  if (spec.mostFiles >= 0 && count > spec.mostFiles)
    throw UsageError(spec.mostFiles == 0
                         ? "takes no file, but '" + parsed.m_files.front().string() + "' is given"
                         : "takes one file, but " + std::to_string(count) + " are given ('" +
                               parsed.m_files[1].string() + "' is the second)");
  return parsed;
}

std::optional<std::string> Arguments::text(std::string_view option) const
{
  const auto found = m_values.find(option);
  return found == m_values.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::filesystem::path> Arguments::path(std::string_view option) const
{
  const auto value = text(option);
  if (!value)
    return std::nullopt;
  if (value->empty())
    throw UsageError(dashed(option) + " needs a file name");
  return std::filesystem::path(*value);
}

std::int64_t Arguments::integer(std::string_view option, std::int64_t otherwise, std::int64_t least,
                                std::int64_t most) const
{
  const auto value = text(option);
  if (!value)
    return otherwise;
  const auto parsed = parseNumber<std::int64_t>(*value);
  if (!parsed || *parsed < least || *parsed > most)
    throw UsageError(dashed(option) + " must be a whole number from " + std::to_string(least) +
                     " to " + std::to_string(most) + ", not '" + *value + "'");
  return *parsed;
}

double Arguments::number(std::string_view option, double otherwise, double least, double most) const
{
  const auto value = text(option);
  if (!value)
    return otherwise;
  const auto parsed = parseNumber<double>(*value);
  if (!parsed || !(*parsed >= least && *parsed <= most))
    throw UsageError(dashed(option) + " must be a number from " + shown(least) + " to " +
                     shown(most) + ", not '" + *value + "'");
  return *parsed;
}

std::string Arguments::choice(std::string_view option, std::string_view otherwise,
                              const std::vector<std::string_view>& choices) const
{
  const std::string value = text(option).value_or(std::string(otherwise));
  if (std::find(choices.begin(), choices.end(), value) != choices.end())
    return value;
  std::string list;
  for (std::size_t i = 0; i < choices.size(); ++i)
    list.append(i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ").append(choices[i]);
  throw UsageError(dashed(option) + " must be " + list + ", not '" + value + "'");
}

std::vector<std::string> Arguments::textList(std::string_view option) const
{
  std::vector<std::string> texts;
  const auto value = text(option);
  for (std::size_t begin = 0; value && begin <= value->size();) {
    const std::size_t end = std::min(value->find(textSeparator, begin), value->size());
    texts.push_back(value->substr(begin, end - begin));
    begin = end + 1;
  }
  return texts;
}

std::vector<double> Arguments::numberList(std::string_view option, std::size_t count) const
{
  const auto value = text(option);
  if (!value)
    return {};
  std::vector<double> numbers;
  for (const std::string_view part : splitNumbers(*value)) {
    const auto parsed = parseNumber<double>(part);
    if (!parsed || !std::isfinite(*parsed))
      throw UsageError(dashed(option) + " needs " + std::to_string(count) + " numbers, '" +
                       std::string(part) + "' is none");
    numbers.push_back(*parsed);
  }
  if (numbers.size() != count)
    throw UsageError(dashed(option) + " needs " + std::to_string(count) + " numbers, not " +
                     std::to_string(numbers.size()));
  return numbers;
}

std::uint64_t Arguments::seed() const
{
  const auto value = text("seed");
  if (!value)
    return 0;
  const auto parsed = parseNumber<std::uint64_t>(*value);
  if (!parsed)
    throw UsageError("--seed must be a whole number from 0 to 18446744073709551615, not '" +
                     *value + "'");
  return *parsed;
}

std::optional<std::pair<std::int64_t, std::int64_t>> Arguments::shape() const
{
  const auto value = text("shape");
  if (!value)
    return std::nullopt;
  const std::size_t cross = value->find_first_of("xX");
  if (cross != std::string::npos) {
    const auto features = parseNumber<std::int64_t>(std::string_view(*value).substr(0, cross));
    const auto dimensions = parseNumber<std::int64_t>(std::string_view(*value).substr(cross + 1));
    if (features && dimensions && *features > 0 && *dimensions > 0)
      return std::pair(*features, *dimensions);
  }
  throw UsageError("--shape must be features x dimensions, such as 16384x2304, not '" + *value +
                   "'");
}

std::optional<std::uint64_t> Arguments::maxMemory() const
{
  const auto value = text("max-memory");
  if (!value)
    return std::nullopt;
  std::string_view digits = *value;
  double factor = 1;
  constexpr std::string_view units = "KMGTkmgt";
  if (const auto unit = digits.empty() ? units.npos : units.find(digits.back());
      unit != units.npos) {
    factor = std::pow(1024.0, static_cast<double>(unit % 4) + 1);
    digits.remove_suffix(1);
  }
  const auto parsed = parseNumber<double>(digits);
  if (!parsed || !(*parsed > 0) || *parsed * factor >= 0x1p63)
    throw UsageError("--max-memory must be a size such as 800M or 8G, not '" + *value + "'");
  return static_cast<std::uint64_t>(*parsed * factor);
}

std::optional<std::string> nearestWord(std::string_view word,
                                       const std::vector<std::string_view>& known)
{
  std::optional<std::string> nearest;
  std::size_t fewest = 3;
  for (const std::string_view candidate : known) {
    // Levenshtein's distance, row by row.
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i + 1;
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const std::size_t changed = diagonal + (word[i] != candidate[j]);
        diagonal = row[j + 1];
        row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row.back() < fewest && row.back() < candidate.size()) {
      fewest = row.back();
      nearest = std::string(candidate);
    }
  }
  return nearest;
}

}  // namespace orrery
