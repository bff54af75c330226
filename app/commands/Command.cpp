#include "app/commands/Command.h"

#include <cmath>

namespace orrery {
ReadOptions readOptions(const Arguments& arguments)
{
  ReadOptions options;
  options.dataset = arguments.text("dataset");
  options.transpose = arguments.has("transpose");
  options.shape = arguments.shape();
  options.labels = arguments.path("labels");
  options.withoutLabels = arguments.has("no-labels");
  if (options.labels && options.withoutLabels)
    throw UsageError("--labels and --no-labels exclude each other");
  options.maxMemory = arguments.maxMemory();
  return options;
}

Dictionary readForCommand(const CommandContext& context, CommandOutput& output,
                          const Progress& progress)
{
  Dictionary dictionary =
      readDictionary(context.arguments.files().front(), readOptions(context.arguments), progress);
  output.notes = dictionary.notes;
  for (const std::string& warning : dictionary.warnings)
    output.notes.push_back("warning: " + warning);
  return dictionary;
}

Json orNull(const std::string& text)
{
  return text.empty() ? Json(nullptr) : Json(text);
}

Json orNull(double number)
{
  return std::isfinite(number) ? Json(number) : Json(nullptr);
}

StageClock::StageClock() : m_start(std::chrono::steady_clock::now()), m_last(m_start) {}

void StageClock::finish(const std::string& stage)
{
  const auto now = std::chrono::steady_clock::now();
  m_stages[stage] = std::chrono::duration<double>(now - m_last).count();
  m_last = now;
}

double StageClock::total() const
{
  return std::chrono::duration<double>(m_last - m_start).count();
}

}  // namespace orrery
