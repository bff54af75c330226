// What every subcommand is given and gives back.
#pragma once

#include "app/Arguments.h"
#include "app/Interruption.h"
#include "core/dictionary/Dictionary.h"
#include "core/io/DictionaryFile.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// Keys stay in the order in which they are set.
using Json = nlohmann::ordered_json;

struct CommandContext {
  const Arguments& arguments;
  Interruption& interruption;
  Progress progress;  ///< Of the whole command.
};

/// What a command says on standard output: one of the two is printed, the other ignored.
struct CommandOutput {
  Json json;         ///< With --json.
  std::string text;  ///< Without; ends with a line break.
  /// Remarks for standard error. Said when all went well: a failure is one line.
  std::vector<std::string> notes;
};

/// A subcommand. run throws UsageError, Error or Cancelled.
struct Command {
  const CommandSpec& spec;
  CommandOutput (*run)(const CommandContext& context);
};

const CommandSpec& infoSpec();
const CommandSpec& crystalsSpec();
const CommandSpec& embedSpec();
const CommandSpec& neighborsSpec();
const CommandSpec& renderSpec();
const CommandSpec& galaxySpec();
const CommandSpec& demoSpec();
const CommandSpec& lobesSpec();
CommandOutput runInfo(const CommandContext& context);
CommandOutput runCrystals(const CommandContext& context);
CommandOutput runEmbed(const CommandContext& context);
CommandOutput runNeighbors(const CommandContext& context);
CommandOutput runRender(const CommandContext& context);
CommandOutput runGalaxy(const CommandContext& context);
CommandOutput runDemo(const CommandContext& context);
CommandOutput runLobes(const CommandContext& context);

/// --dataset --transpose --shape --labels --no-labels --max-memory as the reader takes them.
ReadOptions readOptions(const Arguments& arguments);

/// The command's one dictionary; its notes and warnings go to @p output.
Dictionary readForCommand(const CommandContext& context, CommandOutput& output,
                          const Progress& progress);

/// The value, or null where it is not known.
template <typename T>
Json orNull(const std::optional<T>& value)
{
  return value ? Json(*value) : Json(nullptr);
}
Json orNull(const std::string& text);
/// Null for NaN and infinities, which JSON does not have.
Json orNull(double number);

/// Wall-clock seconds of the stages of a command, in order.
class StageClock {
 public:
  StageClock();
  /// Ends the stage that has run since the last call (or the start) under this name.
  void finish(const std::string& stage);
  [[nodiscard]] double total() const;
  [[nodiscard]] const Json& stages() const { return m_stages; }

 private:
  std::chrono::steady_clock::time_point m_start, m_last;
  Json m_stages = Json::object();
};

}  // namespace orrery
