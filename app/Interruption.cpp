#include "app/Interruption.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>

namespace orrery {
namespace {

constexpr std::array<int, 3> watchedSignals = {SIGINT, SIGTERM, SIGHUP};
constexpr int patienceMs = 900;

// All that the handler may touch.
volatile std::sig_atomic_t receivedSignal = 0;
int signalEvent = -1;
std::array<struct sigaction, watchedSignals.size()> formerActions;

void raiseEvent(int descriptor)
{
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(descriptor, &one, sizeof one);
}

void onSignal(int number)
{
  const int savedErrno = errno;
  if (receivedSignal != 0)
    ::_exit(128 + number);
  receivedSignal = number;
  raiseEvent(signalEvent);
  errno = savedErrno;
}

}  // namespace

Interruption::Interruption()
{
  receivedSignal = 0;
  signalEvent = ::eventfd(0, EFD_CLOEXEC);
  m_endEvent = ::eventfd(0, EFD_CLOEXEC);
  m_watcher = std::thread([this] { watch(); });
  for (std::size_t i = 0; i < watchedSignals.size(); ++i) {
    ::sigaction(watchedSignals[i], nullptr, &formerActions[i]);
    // A shell that starts us in the background, or nohup, has good reasons to ignore a signal.
    if (formerActions[i].sa_handler == SIG_IGN)
      continue;
    struct sigaction action = {};
    action.sa_handler = onSignal;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(watchedSignals[i], &action, nullptr);
  }
}

Interruption::~Interruption()
{
  for (std::size_t i = 0; i < watchedSignals.size(); ++i)
    ::sigaction(watchedSignals[i], &formerActions[i], nullptr);
  raiseEvent(m_endEvent);
  m_watcher.join();
  ::close(signalEvent);
  ::close(m_endEvent);
}

int Interruption::signalNumber() const
{
  return receivedSignal;
}

void Interruption::watch()
{
  std::array<pollfd, 2> events = {pollfd{m_endEvent, POLLIN, 0}, pollfd{signalEvent, POLLIN, 0}};
  while (::poll(events.data(), events.size(), -1) < 0 && errno == EINTR)
    ;
  if (events[0].revents)
    return;
  m_stop.request_stop();
  do {
    while (::poll(events.data(), 1, patienceMs) < 0 && errno == EINTR)
      ;
    if (events[0].revents)
      return;
  } while (m_saving);
  if (::isatty(STDERR_FILENO)) [[maybe_unused]]
    const auto written = ::write(STDERR_FILENO, "\r\033[K", 4);
  ::_exit(128 + receivedSignal);
}

}  // namespace orrery
