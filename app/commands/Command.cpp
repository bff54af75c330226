#include "app/commands/Command.h"

#include <unistd.h>

#include <cmath>

namespace orrery {
namespace {

/// Half of the machine's memory: beyond that the user must say so.
std::uint64_t defaultMaxMemory()
{
  const long pages = ::sysconf(_SC_PHYS_PAGES), pageSize = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || pageSize <= 0)
    return std::uint64_t{8} << 30;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(pageSize) / 2;
}

}  // namespace

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
  options.maxMemory = arguments.maxMemory().value_or(defaultMaxMemory());
  return options;
}

Dictionary readForCommand(const CommandContext& context, const Progress& progress)
{
  Dictionary dictionary =
      readDictionary(context.arguments.files().front(), readOptions(context.arguments), progress);
  for (const std::string& note : dictionary.notes)
    context.report.note(note);
  for (const std::string& warning : dictionary.warnings)
    context.report.note("warning: " + warning);
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
