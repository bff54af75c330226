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
#include <vector>

namespace orrery {

/// While one lives, what `progress()` receives is shown. On a terminal: one line with stage, bar,
/// percent and remaining time, redrawn ten times a second once the work has taken a quarter of a
/// second, and wiped at the end. Elsewhere: a line for each stage as it begins and for each further
/// quarter of the whole. Nothing at all if quiet.
class ProgressReport {
 public:
  explicit ProgressReport(bool quiet);
  ~ProgressReport();
  ProgressReport(const ProgressReport&) = delete;
  ProgressReport& operator=(const ProgressReport&) = delete;

  [[nodiscard]] Progress progress(std::stop_token stop);
  /// A remark of its own line, above the bar.
  void note(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;

  void receive(std::string_view stage, double fraction);
  void run(const std::stop_token& end);
  void show();
  [[nodiscard]] std::string remaining(double fraction) const;

  const bool m_quiet;
  const bool m_terminal;
  const Clock::time_point m_start = Clock::now();
  std::mutex m_mutex;  ///< Guards what follows.
  std::condition_variable_any m_wake;
  std::string m_stage;
  double m_fraction = 0.0;
  int m_quarter = 0;
  std::vector<std::string> m_lines;  ///< Plain lines not written yet.
  bool m_drawn = false;
  std::jthread m_thread;
};

/// "12 s", "3 min 20 s", "1 h 05 min".
std::string durationText(double seconds);

}  // namespace orrery
