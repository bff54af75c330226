// Ctrl-C and its relatives: from a signal to a stopped computation.
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace orrery {

/// While one lives, SIGINT, SIGTERM and SIGHUP ask the computation to stop instead of ending the
/// process. The handler itself only writes to an event descriptor. A computation that has not ended
/// after 0.9 s (a single long LAPACK call cannot be interrupted) is ended with the process: results
/// are only ever renamed into place complete, so nothing half-written is left under a result's
/// name. A second Ctrl-C ends at once. One at a time.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  [[nodiscard]] std::stop_token stopToken() const { return m_stop.get_token(); }
  /// The signal that came, or 0.
  [[nodiscard]] int signalNumber() const;

  /// While a result is being written the process is not ended from outside: the write is short, and
  /// its temporary file would stay behind.
  class Saving {
   public:
    explicit Saving(Interruption& interruption) : m_interruption(interruption)
    {
      m_interruption.m_saving = true;
    }
    ~Saving() { m_interruption.m_saving = false; }
    Saving(const Saving&) = delete;
    Saving& operator=(const Saving&) = delete;

   private:
    Interruption& m_interruption;
  };

 private:
  void watch();

  std::stop_source m_stop;
  std::atomic<bool> m_saving{false};
  int m_endEvent = -1;
  std::thread m_watcher;
};

}  // namespace orrery
