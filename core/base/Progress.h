// How a long computation says how far it is, and learns that it should stop.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace orrery {

/// The user stopped the job. Thrown by Progress alone; caught at the job boundary, shown to nobody.
class Cancelled {};

/// Handed to every function that may take longer than about 50 ms. Copies share the receiver.
/// Default-constructed it reports nothing and never stops, which is what tests pass.
class Progress {
 public:
  /// Receives the stage's name and the share of the whole job that is done, 0 … 1. Called from
  /// whatever thread works, possibly from several at once: it must be thread-safe and quick.
  using Receiver = std::function<void(std::string_view stage, double fraction)>;

  Progress() = default;
  Progress(std::stop_token stop, Receiver receiver);

  /// A named stage that covers the part @p from … @p to (shares of this progress) of the whole.
  [[nodiscard]] Progress stage(std::string name, double from, double to) const;

  /// Reports that @p done of @p total steps of this stage are done; throws Cancelled if stopped.
  void update(std::int64_t done, std::int64_t total) const;

  /// Throws Cancelled if the user has stopped the job. Cheap; safe from any thread.
  void checkStopped() const;

  [[nodiscard]] bool stopRequested() const { return m_stop.stop_requested(); }
  [[nodiscard]] std::stop_token stopToken() const { return m_stop; }

 private:
  std::stop_token m_stop;
  Receiver m_receiver;
  std::string m_stage;
  double m_from = 0.0;
  double m_to = 1.0;
};

}  // namespace orrery
