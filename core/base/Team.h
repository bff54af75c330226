// Threads that stay together through many short loops.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>

namespace orrery {

/// For algorithms of thousands of steps that take some ten microseconds each, between which all
/// threads meet: waking them by parallelFor takes as long as a step. The threads of a team spin
/// (and give way to others when there is nothing to do for long) until its body returns.
class Team {
 public:
  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Calls @p work(part) once for each part of [0, count), in any order, on the threads that are
  /// there, and returns when all are done. As with parallelFor a body that writes to slots of its
  /// own gives the same bits for any number of threads. The first exception of a body is rethrown
  /// here after the others have ended. To be called from the team's body only.
  void forEach(std::int64_t count, const std::function<void(std::int64_t part)>& work);

 private:
  friend void withTeam(const std::function<void(Team& team)>& body);

  bool takePart();
  void help();

  /// The step's number (upper half) and how many of its parts nobody has taken yet: a thread that
  /// comes late from the step before cannot take one for another.
  alignas(64) std::atomic<std::uint64_t> m_open{0};
  alignas(64) std::atomic<std::int64_t> m_done{0};
  const std::function<void(std::int64_t)>* m_work = nullptr;
  std::int64_t m_count = 0;
  std::atomic<bool> m_closed{false};
  std::mutex m_guard;
  std::exception_ptr m_firstError;  ///< Guarded.
};

/// Calls @p body(team) on one thread, while threadCount() − 1 others, as far as they are free, help
/// with its loops. Rethrows what the body throws.
void withTeam(const std::function<void(Team& team)>& body);

}  // namespace orrery
