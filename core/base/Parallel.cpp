#include "core/base/Parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

extern "C" void openblas_set_num_threads(int count);

namespace orrery {
namespace {

int processorsAllowed()
{
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// One call of parallelFor. Helpers take ranges from it until there are none left; they hold it by
/// shared_ptr, since one that wakes late may look at it after the call has returned.
struct Loop {
  std::int64_t count = 0;
  std::int64_t chunk = 1;
  const std::function<void(std::int64_t, std::int64_t)>* work = nullptr;
  std::atomic<std::int64_t> next{0};
  std::mutex mutex;
  std::condition_variable idle;
  int working = 0;  ///< Threads inside the loop; guarded by mutex, as is firstError.
  bool closed = false;
  std::exception_ptr firstError;

  /// False once the loop is over: work must not be touched any more.
  bool enter()
  {
    const std::lock_guard lock(mutex);
    if (closed)
      return false;
    ++working;
    return true;
  }

  void leave()
  {
    const std::lock_guard lock(mutex);
    --working;
    idle.notify_all();
  }

  void takeRanges()
  {
    for (;;) {
      const std::int64_t begin = next.fetch_add(chunk);
      if (begin >= count)
        return;
      try {
        (*work)(begin, std::min(begin + chunk, count));
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!firstError)
          firstError = std::current_exception();
        next.store(count);
        return;
      }
    }
  }
};

class Pool {
 public:
  ~Pool()
  {
    {
      const std::lock_guard lock(m_mutex);
      m_ending = true;
    }
    m_wake.notify_all();
    for (std::thread& thread : m_threads)
      thread.join();
  }

  void offer(const std::shared_ptr<Loop>& loop, int helpers)
  {
    {
      const std::lock_guard lock(m_mutex);
      while (static_cast<int>(m_threads.size()) < helpers)
        m_threads.emplace_back([this] { run(); });
      for (int i = 0; i < helpers; ++i)
        m_offers.push_back(loop);
    }
    m_wake.notify_all();
  }

 private:
  void run()
  {
    for (;;) {
      std::shared_ptr<Loop> loop;
      {
        std::unique_lock lock(m_mutex);
        m_wake.wait(lock, [this] { return m_ending || !m_offers.empty(); });
        if (m_ending)
          return;
        loop = std::move(m_offers.front());
        m_offers.pop_front();
      }
      if (loop->enter()) {
        loop->takeRanges();
        loop->leave();
      }
    }
  }

  std::mutex m_mutex;
  std::condition_variable m_wake;
  std::deque<std::shared_ptr<Loop>> m_offers;
  std::vector<std::thread> m_threads;
  bool m_ending = false;
};

std::atomic<int>& threadSetting()
{
  static std::atomic<int> setting = [] {
    openblas_set_num_threads(1);
    return processorsAllowed();
  }();
  return setting;
}

}  // namespace

int threadCount()
{
  return threadSetting().load();
}

void setThreadCount(int count)
{
  threadSetting().store(std::max(1, count));
}

void parallelFor(std::int64_t count, std::int64_t chunk,
                 const std::function<void(std::int64_t, std::int64_t)>& work)
{
  if (count <= 0)
    return;
  chunk = std::max<std::int64_t>(1, chunk);
  const std::int64_t ranges = (count - 1) / chunk + 1;
  const int helpers = static_cast<int>(std::min<std::int64_t>(threadCount(), ranges)) - 1;

  const auto loop = std::make_shared<Loop>();
  loop->count = count;
  loop->chunk = chunk;
  loop->work = &work;
  if (helpers > 0) {
    static Pool pool;
    pool.offer(loop, helpers);
  }
  loop->takeRanges();

  std::unique_lock lock(loop->mutex);
  loop->idle.wait(lock, [&] { return loop->working == 0; });
  loop->closed = true;
  if (loop->firstError)
    std::rethrow_exception(loop->firstError);
}

}  // namespace orrery
