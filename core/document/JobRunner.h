// Runs one kind of background work.
#pragma once

#include "core/base/Progress.h"

#include <QObject>
#include <QString>
#include <QTimer>

#include <functional>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace orrery {

/// What a running job says of itself.
struct JobProgress {
  QString name;   ///< "Opening params.npz", "Exact PCA".
  QString stage;  ///< "reading", "neighbours" …
  double fraction = 0.0;
  double elapsedSeconds = 0.0;
  double remainingSeconds = -1.0;  ///< −1: not known yet.
};

/// Starting it again replaces the run before, so the last request wins and no stale result reaches
/// a view. A job ends in one of three ways: a value (done is called), an error (failed is emitted
/// with the sentence), or stopped (nothing). Whatever leaves the work (Error, std::exception,
/// bad_alloc) is caught inside the job. Progress is sampled at 10 Hz, never pushed from the worker.
/// GUI thread only; the work itself runs on a pool thread, owns its inputs, and touches no QObject.
class JobRunner : public QObject {
  Q_OBJECT
 public:
  explicit JobRunner(QObject* parent = nullptr);
  ~JobRunner() override;

  /// Calls work(progress) → Result on a pool thread, then done(Result) on this object's thread.
  template <typename Work, typename Done>
  void start(const QString& name, Work work, Done done)
  {
    using Result = std::invoke_result_t<Work, const Progress&>;
    auto result = std::make_shared<std::unique_ptr<Result>>();
    run(
        name,
        [work = std::move(work), result](const Progress& progress) mutable {
          *result = std::make_unique<Result>(work(progress));
        },
        [done = std::move(done), result]() mutable { done(std::move(**result)); });
  }

  /// Frees the view at once; the thread ends within a second.
  void cancel();
  [[nodiscard]] bool isRunning() const;
  [[nodiscard]] JobProgress progress() const;

 signals:
  void runningChanged(bool running);
  void progressChanged(const orrery::JobProgress& progress);
  void failed(const QString& message);
  void cancelled();

 private:
  void run(const QString& name, std::function<void(const Progress&)> work,
           std::function<void()> done);

  struct Run;
  void finish(const std::shared_ptr<Run>& run);

  std::shared_ptr<Run> m_run;  ///< The newest; null when none runs.
  QTimer m_sampling;
};

/// Waits until every job's thread has ended, or @p timeoutMs; false if one is still at work (inside
/// one LAPACK call, which nothing can stop). For the program's end: the jobs must be cancelled
/// before.
bool waitForJobThreads(int timeoutMs);

}  // namespace orrery
