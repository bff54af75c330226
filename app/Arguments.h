// What stands on the command line, taken apart by a table of options.
//
// Arguments are bytes: file names need not be UTF-8 and are never converted. `--name VALUE` and
// `--name=VALUE` are the same; what follows `--` is a file name whatever it looks like.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orrery {

/// The command line asks for something that there is not: exit status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Option {
  std::string_view name;   ///< Without the dashes: "labels".
  std::string_view value;  ///< What the help calls its value: "FILE"; empty for a switch.
  std::string_view help;   ///< A sentence or two.
  int numbers = 1;  ///< More than one: numbers, in as many arguments or fewer with commas between.
  int texts = 1;    ///< That many arguments; 0: as many as follow, at least one.
};

/// One subcommand, or the window: what it takes and what its help says.
struct CommandSpec {
  std::string_view name;  ///< Empty for the window.
  std::string_view summary;
  std::vector<std::string_view> synopsis;  ///< What follows the program's name, one line each.
  std::string_view description;
  std::vector<Option> options;  ///< Its own, beside the common ones.
  std::string_view files;       ///< What its help calls its file arguments; empty: takes none.
  int fewestFiles = 1;
  int mostFiles = 1;  ///< −1: as many as there are.
  std::vector<std::string_view> examples;
};

/// Options that every command has.
const std::vector<Option>& commonOptions();

class Arguments {
 public:
  /// Throws UsageError in one sentence: unknown option (with the nearest one there is), missing or
  /// superfluous value, the same option twice, too few or too many files. With --help or --version
  /// present nothing is missed.
  static Arguments parse(const CommandSpec& spec, const std::vector<std::string>& arguments);

  [[nodiscard]] bool has(std::string_view option) const { return m_values.count(option) > 0; }
  [[nodiscard]] std::optional<std::string> text(std::string_view option) const;
  [[nodiscard]] std::optional<std::filesystem::path> path(std::string_view option) const;
  /// Throws UsageError if the value is not a whole number in [@p least, @p most].
  [[nodiscard]] std::int64_t integer(std::string_view option, std::int64_t otherwise,
                                     std::int64_t least, std::int64_t most) const;
  /// Throws UsageError if the value is not a finite number in [@p least, @p most].
  [[nodiscard]] double number(std::string_view option, double otherwise, double least,
                              double most) const;
  /// Throws UsageError if the value is none of @p choices.
  [[nodiscard]] std::string choice(std::string_view option, std::string_view otherwise,
                                   const std::vector<std::string_view>& choices) const;
  /// Of an option with several texts; empty if it is absent.
  [[nodiscard]] std::vector<std::string> textList(std::string_view option) const;
  /// Of an option with several numbers; empty if it is absent.
  [[nodiscard]] std::vector<double> numberList(std::string_view option, std::size_t count) const;
  [[nodiscard]] std::uint64_t seed() const;
  /// --shape NxD: features, dimensions.
  [[nodiscard]] std::optional<std::pair<std::int64_t, std::int64_t>> shape() const;
  /// --max-memory in bytes: a number with K, M, G or T (of 1024) or none.
  [[nodiscard]] std::optional<std::uint64_t> maxMemory() const;
  [[nodiscard]] const std::vector<std::filesystem::path>& files() const { return m_files; }

 private:
  std::map<std::string, std::string, std::less<>> m_values;
  std::vector<std::filesystem::path> m_files;
};

/// The one of @p known that differs from @p word in the fewest letters, at most two.
std::optional<std::string> nearestWord(std::string_view word,
                                       const std::vector<std::string_view>& known);

}  // namespace orrery
