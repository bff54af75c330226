#include "core/document/JobRunner.h"

#include "core/base/Error.h"

#include <QElapsedTimer>
#include <QFutureWatcher>
#include <QThreadPool>
#include <QtConcurrentRun>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <new>
#include <string>

namespace orrery {
namespace {

/// A pool of our own: a job that is being stopped must not keep the next one waiting, and work
/// inside a job spreads over parallelFor's threads, so the number of jobs is not what uses cores.
QThreadPool& jobThreads()
{
  static QThreadPool pool;
  static const bool once = [] {
    pool.setMaxThreadCount(16);
    pool.setObjectName(QStringLiteral("jobs"));
    return true;
  }();
  Q_UNUSED(once)
  return pool;
}

enum class End { Value, Failure, OutOfMemory, Stopped };

}  // namespace

struct JobRunner::Run {
  QString name;
  std::stop_source stop;
  std::function<void(const Progress&)> work;  ///< Let go of on the worker, with all it holds.
  std::function<void()> done;
  QElapsedTimer clock;

  // Written by the worker while it runs, sampled by the GUI thread.
  std::atomic<double> fraction{0.0};
  std::mutex stageMutex;
  std::string stage;

  // Written before the future ends, read after.
  End end = End::Stopped;
  std::string message;

  void receive(std::string_view newStage, double newFraction)
  {
    double before = fraction.load(std::memory_order_relaxed);
    // Chunks of parallel loops report out of order: a bar never runs backwards.
    while (newFraction > before &&
           !fraction.compare_exchange_weak(before, newFraction, std::memory_order_relaxed)) {
    }
    const std::lock_guard lock(stageMutex);
    if (stage != newStage)
      stage = newStage;
  }

  void execute(const std::weak_ptr<Run>& self) noexcept
  {
    try {
      const Progress progress(stop.get_token(), [self](std::string_view stageName, double share) {
        if (const auto run = self.lock())
          run->receive(stageName, share);
      });
      progress.checkStopped();
      work(progress);
      end = End::Value;
    } catch (const Cancelled&) {
      end = End::Stopped;
    } catch (const std::bad_alloc&) {
      end = End::OutOfMemory;
    } catch (const std::exception& error) {
      end = End::Failure;
      try {
        message = error.what();
      } catch (const std::bad_alloc&) {
        end = End::OutOfMemory;
      }
    } catch (...) {
      end = End::Failure;  // nothing may leave the job; the name is all there is to tell
    }
    work = nullptr;
  }
};

JobRunner::JobRunner(QObject* parent) : QObject(parent)
{
  m_sampling.setInterval(100);
  connect(&m_sampling, &QTimer::timeout, this, [this] {
    if (m_run)
      emit progressChanged(progress());
  });
}

JobRunner::~JobRunner()
{
  if (m_run)
    m_run->stop.request_stop();
}

void JobRunner::run(const QString& name, std::function<void(const Progress&)> work,
                    std::function<void()> done)
{
  const bool wasRunning = isRunning();
  if (m_run)
    m_run->stop.request_stop();

  const auto run = std::make_shared<Run>();
  run->name = name;
  run->work = std::move(work);
  run->done = std::move(done);
  run->clock.start();
  m_run = run;

  auto* watcher = new QFutureWatcher<void>(this);
  connect(watcher, &QFutureWatcherBase::finished, this, [this, run, watcher] {
    watcher->deleteLater();
    finish(run);
  });
  watcher->setFuture(QtConcurrent::run(&jobThreads(), [run] { run->execute(run); }));

  m_sampling.start();
  if (!wasRunning)
    emit runningChanged(true);
  emit progressChanged(progress());
}

void JobRunner::finish(const std::shared_ptr<Run>& run)
{
  if (run != m_run)
    return;  // replaced or cancelled meanwhile: nobody waits for it any more
  m_run.reset();
  m_sampling.stop();

  QString message;
  if (run->end == End::Value) {
    // The result is taken over before the end is told, so that whoever hears of the end sees it.
    try {
      run->done();
    } catch (const std::bad_alloc&) {
      message = tr("%1: out of memory while showing the result.").arg(run->name);
    } catch (const std::exception& error) {
      message = QString::fromUtf8(error.what());
    }
  } else if (run->end == End::OutOfMemory) {
    message = tr("%1: out of memory. Nothing was changed; close other layers or programs and try "
                 "again.")
                  .arg(run->name);
  } else if (run->end == End::Failure) {
    message = run->message.empty() ? tr("%1 failed for an unknown reason.").arg(run->name)
                                   : QString::fromUtf8(run->message.c_str());
  }
  run->done = nullptr;
  if (!m_run)  // done() may have started the next
    emit runningChanged(false);
  if (!message.isEmpty())
    emit failed(message);
}

void JobRunner::cancel()
{
  if (!m_run)
    return;
  m_run->stop.request_stop();
  m_run.reset();
  m_sampling.stop();
  emit runningChanged(false);
  emit cancelled();
}

bool JobRunner::isRunning() const
{
  return m_run != nullptr;
}

JobProgress JobRunner::progress() const
{
  JobProgress progress;
  if (!m_run)
    return progress;
  progress.name = m_run->name;
  {
    const std::lock_guard lock(m_run->stageMutex);
    progress.stage = QString::fromStdString(m_run->stage);
  }
  progress.fraction = std::clamp(m_run->fraction.load(std::memory_order_relaxed), 0.0, 1.0);
  progress.elapsedSeconds = static_cast<double>(m_run->clock.elapsed()) / 1000.0;
  // Below these the guess would jump about more than it tells.
  if (progress.elapsedSeconds > 0.5 && progress.fraction > 0.02)
    progress.remainingSeconds =
        progress.elapsedSeconds * (1.0 - progress.fraction) / progress.fraction;
  return progress;
}

bool waitForJobThreads(int timeoutMs)
{
  return jobThreads().waitForDone(timeoutMs);
}

}  // namespace orrery
