#include "core/base/Team.h"

#include "core/base/Parallel.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace orrery {
namespace {

constexpr std::uint64_t partsMask = 0xFFFFFFFF;

/// Looks again at once for some twenty microseconds, then lets other threads go first.
class Patience {
 public:
  void wait()
  {
    if (++m_looks < 1000)
      __builtin_ia32_pause();
    else
      std::this_thread::yield();
  }
  void renew() { m_looks = 0; }

 private:
  int m_looks = 0;
};

}  // namespace

void Team::forEach(std::int64_t count, const std::function<void(std::int64_t)>& work)
{
  if (count <= 0)
    return;
  m_work = &work;
  m_count = count;
  m_done.store(0, std::memory_order_relaxed);
  const std::uint64_t step = (m_open.load(std::memory_order_relaxed) & ~partsMask) + partsMask + 1;
  m_open.store(step | static_cast<std::uint64_t>(count), std::memory_order_release);
  while (takePart()) {
  }
  for (Patience patience; m_done.load(std::memory_order_acquire) < count;)
    patience.wait();
  const std::lock_guard lock(m_guard);
  if (m_firstError)
    std::rethrow_exception(std::exchange(m_firstError, nullptr));
}

bool Team::takePart()
{
  std::uint64_t open = m_open.load(std::memory_order_acquire);
  while ((open & partsMask) != 0) {
    if (!m_open.compare_exchange_weak(open, open - 1, std::memory_order_acq_rel))
      continue;
    try {
      (*m_work)(m_count - static_cast<std::int64_t>(open & partsMask));
    } catch (...) {
      const std::lock_guard lock(m_guard);
      if (!m_firstError)
        m_firstError = std::current_exception();
    }
    m_done.fetch_add(1, std::memory_order_release);
    return true;
  }
  return false;
}

void Team::help()
{
  for (Patience patience; !m_closed.load(std::memory_order_acquire);)
    if (takePart())
      patience.renew();
    else
      patience.wait();
}

void withTeam(const std::function<void(Team&)>& body)
{
  Team team;
  std::atomic<bool> isLed{false};
  parallelFor(threadCount(), 1, [&](std::int64_t, std::int64_t) {
    if (isLed.exchange(true)) {
      team.help();
      return;
    }
    // Also if the body throws: the helpers must not wait for ever.
    struct Closing {
      std::atomic<bool>& closed;
      ~Closing() { closed.store(true, std::memory_order_release); }
    } const closing{team.m_closed};
    body(team);
  });
}

}  // namespace orrery
