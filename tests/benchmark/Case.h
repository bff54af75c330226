// One thing that is timed, and the peers it is timed against.
#pragma once

#include "core/base/Types.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace orrery::benchmark {

/// What a case's body gets: it prepares its input, brackets what counts with time(), and notes the
/// quality it reached.
class Run {
 public:
  Run(std::filesystem::path folder, int repetitions)
      : m_folder(std::move(folder)), m_repetitions(repetitions)
  {
  }

  /// A file of the benchmark data. Throws Error, saying how to make it, if it is missing.
  [[nodiscard]] std::filesystem::path data(const std::string& file) const;
  /// The 16 384 × 2304 matrix, or another .npy, read outside the clock.
  [[nodiscard]] FeatureMatrix matrix(const std::string& file = "X16k.npy") const;

  /// Calls @p work as often as asked for and keeps the times.
  void time(const std::function<void()>& work);
  /// The same with @p after called, untimed, after each.
  void time(const std::function<void()>& work, const std::function<void()>& after);
  void note(const std::string& text) { m_notes.push_back(text); }

  /// Prints `name seconds peakMB` and the notes, as the peers' scripts do.
  void print(const std::string& name) const;

 private:
  std::filesystem::path m_folder;
  int m_repetitions;
  std::vector<double> m_wall, m_cpu;
  std::vector<std::string> m_notes;
};

/// A note's line: @p format with up to three numbers, as printf does.
[[nodiscard]] std::string text(const char* format, double a, double b = 0.0, double c = 0.0);

/// A case of one of the peers' scripts.
struct Peer {
  std::string script;  ///< "bench_pca.py"
  std::string name;    ///< "pca3_sklearn_arpack_16k"
};

struct Case {
  std::string name;
  std::string what;         ///< In words, with N and d.
  std::vector<Peer> peers;  ///< The fastest counts.
  double goal = 0.0;        ///< Peer's time over ours that is wanted; 0: none.
  std::function<void(Run&)> body;
  bool heavy = false;  ///< Minutes, or data that are not always made: only when asked for.
};

/// The tables of cases, one function per subject. Add a line here and a file with its cases.
std::vector<Case> loadCases();
std::vector<Case> linearCases();
std::vector<Case> crystalCases();
std::vector<Case> lobeCases();
std::vector<Case> neighborCases();
std::vector<Case> mapCases();
std::vector<Case> galaxyCases();

}  // namespace orrery::benchmark
