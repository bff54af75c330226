// Progress on standard error: a bar on a terminal, plain lines otherwise.
#pragma once

#include "core/base/Progress.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace orrery {

/// While one lives, what `progress()` receives is shown. On a terminal: one line with stage, bar,
/// percent and remaining time, redrawn ten times a second once the work has taken a quarter of a
/// second, and wiped at the end. Elsewhere: a line for each new stage and each further quarter of
/// the whole, once the work has taken a second. Nothing at all if quiet.
class ProgressReport {
 public:
  explicit ProgressReport(bool quiet);
  ~ProgressReport();
  ProgressReport(const ProgressReport&) = delete;
  ProgressReport& operator=(const ProgressReport&) = delete;

  [[nodiscard]] Progress progress(std::stop_token stop);

 private:
  using Clock = std::chrono::steady_clock;

  void receive(std::string_view stage, double fraction);
  void run(const std::stop_token& end);
  void show();
  void writeLine();
  void drawBar();
  [[nodiscard]] std::string remaining(double fraction) const;

  const bool m_quiet;
  const bool m_terminal;
  const Clock::time_point m_start = Clock::now();
  std::mutex m_mutex;  ///< Guards what follows.
  std::condition_variable_any m_wake;
  std::string m_stage;
  double m_fraction = 0.0;
  std::string m_shownStage;
  int m_shownQuarter = 0;
  bool m_drawn = false;  ///< A bar stands in the terminal's last line.
  std::jthread m_thread;
};

/// "12 s", "3 min 20 s", "1 h 05 min".
std::string durationText(double seconds);

}  // namespace orrery
