#include "app/ProgressReport.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace orrery {
namespace {

constexpr auto redrawInterval = std::chrono::milliseconds(100);
/// What ends sooner needs no progress, and a failure stays the one line that it is.
constexpr double silentSecondsOfBar = 0.25;
constexpr double silentSecondsOfLines = 1.0;

int terminalColumns()
{
  winsize size = {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void writeToStandardError(const std::string& text)
{
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

int percentOf(double fraction)
{
  return static_cast<int>(std::floor(fraction * 100));
}

}  // namespace

std::string durationText(double seconds)
{
  const auto whole = static_cast<long long>(std::llround(std::max(seconds, 0.0)));
  const auto twoDigits = [](long long value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
  };
  if (whole < 60)
    return std::to_string(whole) + " s";
  if (whole < 3600)
    return std::to_string(whole / 60) + " min " + twoDigits(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + twoDigits(whole / 60 % 60) + " min";
}

ProgressReport::ProgressReport(bool quiet) : m_quiet(quiet), m_terminal(::isatty(STDERR_FILENO))
{
  if (!m_quiet)
    m_thread = std::jthread([this](const std::stop_token& end) { run(end); });
}

ProgressReport::~ProgressReport()
{
  if (m_quiet)
    return;
  m_thread.request_stop();
  m_thread.join();
  const std::lock_guard lock(m_mutex);
  if (m_drawn)
    writeToStandardError("\r\033[K");
}

Progress ProgressReport::progress(std::stop_token stop)
{
  if (m_quiet)
    return {std::move(stop), {}};
  return {std::move(stop),
          [this](std::string_view stage, double fraction) { receive(stage, fraction); }};
}

void ProgressReport::receive(std::string_view stage, double fraction)
{
  const std::lock_guard lock(m_mutex);
  m_fraction = std::clamp(fraction, m_fraction, 1.0);
  m_stage = stage;
}

void ProgressReport::run(const std::stop_token& end)
{
  std::unique_lock lock(m_mutex);
  while (!end.stop_requested()) {
    m_wake.wait_for(lock, end, redrawInterval, [] { return false; });
    if (!end.stop_requested())
      show();
  }
}

// With the mutex held.
void ProgressReport::show()
{
  const double elapsed = std::chrono::duration<double>(Clock::now() - m_start).count();
  if (m_stage.empty() || elapsed < (m_terminal ? silentSecondsOfBar : silentSecondsOfLines))
    return;
  if (m_terminal)
    drawBar();
  else
    writeLine();
}

void ProgressReport::writeLine()
{
  const int quarter = static_cast<int>(m_fraction * 4);
  if (m_stage == m_shownStage && quarter == m_shownQuarter)
    return;
  m_shownStage = m_stage;
  m_shownQuarter = quarter;
  const std::string left = remaining(m_fraction);
  writeToStandardError("orrery: " + m_stage + ", " + std::to_string(percentOf(m_fraction)) + " %" +
                       (left.empty() ? "" : ", " + left) + "\n");
}

void ProgressReport::drawBar()
{
  const std::string percent = std::to_string(percentOf(m_fraction)) + " %";
  const std::string left = remaining(m_fraction);
  const int taken = static_cast<int>(m_stage.size() + percent.size() + left.size()) + 8;
  const int width = std::clamp(terminalColumns() - taken, 0, 40);
  std::string line = "\r\033[K" + m_stage + " ";
  if (width >= 8) {
    const int full = static_cast<int>(m_fraction * width);
    line += "[" + std::string(static_cast<std::size_t>(full), '#') +
            std::string(static_cast<std::size_t>(width - full), '-') + "] ";
  }
  line += percent + (left.empty() ? "" : "  " + left);
  writeToStandardError(line);
  m_drawn = true;
}

std::string ProgressReport::remaining(double fraction) const
{
  const double elapsed = std::chrono::duration<double>(Clock::now() - m_start).count();
  // Too early, a guess would only jump about.
  if (elapsed < 1 || fraction < 0.02 || fraction >= 1)
    return {};
  return "about " + durationText(elapsed * (1 - fraction) / fraction) + " left";
}

}  // namespace orrery
