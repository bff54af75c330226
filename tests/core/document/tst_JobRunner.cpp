#include "core/document/JobRunner.h"

#include "core/base/Error.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QtTest/QTest>

#include <atomic>
#include <chrono>
#include <new>
#include <stdexcept>
#include <thread>

using namespace orrery;

namespace {

void sleepMs(int ms)
{
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

/// Work that lasts until it is stopped, as a long computation does.
int untilStopped(const Progress& progress)
{
  for (std::int64_t i = 0;; ++i) {
    progress.update(i % 1000, 1000);
    sleepMs(1);
  }
}

/// Counts how many of it are alive: what a job holds must be let go.
struct Counted {
  static inline std::atomic<int> alive{0};
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  ~Counted() { --alive; }
};

}  // namespace

class tst_JobRunner : public QObject {
  Q_OBJECT
 private slots:
  void givesTheValueOnThisThread()
  {
    JobRunner runner;
    QSignalSpy running(&runner, &JobRunner::runningChanged);
    int result = 0;
    QThread* doneOn = nullptr;
    std::atomic<QThread*> workedOn{nullptr};
    runner.start(
        QStringLiteral("sum"),
        [&](const Progress&) {
          workedOn = QThread::currentThread();
          return 42;
        },
        [&](int value) {
          result = value;
          doneOn = QThread::currentThread();
        });
    QVERIFY(runner.isRunning());
    QTRY_COMPARE(result, 42);
    QCOMPARE(doneOn, QThread::currentThread());
    QVERIFY(workedOn.load() != QThread::currentThread());
    QVERIFY(!runner.isRunning());
    QCOMPARE(running.count(), 2);
    QCOMPARE(running.first().first().toBool(), true);
    QCOMPARE(running.last().first().toBool(), false);
  }

  void theLastRequestWins()
  {
    JobRunner runner;
    QSignalSpy running(&runner, &JobRunner::runningChanged);
    std::vector<int> results;
    for (int i = 0; i < 20; ++i)
      runner.start(
          QStringLiteral("n"),
          [i](const Progress&) {
            sleepMs(i % 3);  // deaf to the stop: its result is stale all the same
            return i;
          },
          [&](int value) { results.push_back(value); });
    QTRY_VERIFY(!runner.isRunning());
    QVERIFY(waitForJobThreads(2000));
    QCoreApplication::processEvents();
    QCOMPARE(results, std::vector<int>{19});
    QCOMPARE(running.count(), 2);
  }

  void errorsBecomeSentences_data()
  {
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("expected");
    QTest::newRow("Error") << 0 << "a.npy: cut after 3 bytes";
    QTest::newRow("std::exception") << 1 << "vector::at";
    QTest::newRow("bad_alloc") << 2 << "out of memory";
    QTest::newRow("foreign") << 3 << "Job failed for an unknown reason";
  }
  void errorsBecomeSentences()
  {
    QFETCH(int, kind);
    QFETCH(QString, expected);
    JobRunner runner;
    QSignalSpy failed(&runner, &JobRunner::failed);
    bool done = false;
    runner.start(
        QStringLiteral("Job"),
        [kind](const Progress&) -> int {
          switch (kind) {
            case 0:
              throw Error("a.npy: cut after 3 bytes");
            case 1:
              throw std::out_of_range("vector::at");
            case 2:
              throw std::bad_alloc();
            default:
              throw 7;
          }
        },
        [&](int) { done = true; });
    QTRY_COMPARE(failed.count(), 1);
    QVERIFY2(failed.first().first().toString().contains(expected),
             qPrintable(failed.first().first().toString()));
    QVERIFY(!done);
    QVERIFY(!runner.isRunning());
    // It is as good as new.
    runner.start(
        QStringLiteral("Job"), [](const Progress&) { return 1; }, [&](int) { done = true; });
    QTRY_VERIFY(done);
  }

  void realAllocationFailureIsCaught()
  {
    JobRunner runner;
    QSignalSpy failed(&runner, &JobRunner::failed);
    runner.start(
        QStringLiteral("Distances"),
        [](const Progress&) {
          // Larger than any address space, and hidden from the compiler.
          volatile std::size_t huge = std::size_t{1} << 62;
          return std::vector<char>(huge).size();
        },
        [](std::size_t) {});
    QTRY_COMPARE(failed.count(), 1);
    QVERIFY(failed.first().first().toString().contains(QStringLiteral("Distances")));
  }

  // Before the start, in the first moments, in the midst, around the end, after it, and twice.
  void cancelAtAllMoments_data()
  {
    QTest::addColumn<int>("afterUs");
    for (const int us : {0, 10, 100, 500, 1000, 2000, 5000, 20000, 100000})
      QTest::addRow("%d us", us) << us;
  }
  void cancelAtAllMoments()
  {
    QFETCH(int, afterUs);
    for (int round = 0; round < 20; ++round) {
      JobRunner runner;
      QSignalSpy failed(&runner, &JobRunner::failed);
      QSignalSpy cancelled(&runner, &JobRunner::cancelled);
      int done = 0;
      runner.start(
          QStringLiteral("short"),
          [held = Counted()](const Progress& progress) {
            for (int i = 0; i < 4; ++i) {
              progress.update(i, 4);
              sleepMs(1);
            }
            return Counted();
          },
          [&](Counted) { ++done; });
      QElapsedTimer timer;
      timer.start();
      while (timer.nsecsElapsed() < afterUs * 1000LL)
        QCoreApplication::processEvents();
      const int doneBefore = done;
      runner.cancel();
      runner.cancel();
      QVERIFY(!runner.isRunning());
      QCOMPARE(cancelled.count(), doneBefore ? 0 : 1);
      QVERIFY(waitForJobThreads(1000));
      QCoreApplication::processEvents();
      QCOMPARE(done, doneBefore);  // nothing arrives after the stop
      QCOMPARE(failed.count(), 0);
      bool again = false;
      runner.start(
          QStringLiteral("again"), [](const Progress&) { return 1; }, [&](int) { again = true; });
      QTRY_VERIFY(again);
    }
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QTRY_COMPARE(Counted::alive.load(), 0);
  }

  void stopsWithinASecondAndFreesTheViewAtOnce()
  {
    JobRunner runner;
    runner.start(QStringLiteral("long"), untilStopped, [](int) {});
    QTest::qWait(50);
    QElapsedTimer timer;
    timer.start();
    runner.cancel();
    QVERIFY(timer.elapsed() < 50);
    QVERIFY(waitForJobThreads(1000));
  }

  void outlivedByItsWork()
  {
    int done = 0;
    for (int round = 0; round < 50; ++round) {
      auto runner = std::make_unique<JobRunner>();
      runner->start(
          QStringLiteral("long"),
          [](const Progress& progress) {
            for (int i = 0; i < 3; ++i) {
              sleepMs(1);
              progress.update(i, 3);
            }
            return 1;
          },
          [&](int) { ++done; });
      if (round % 2)
        QTest::qWait(round % 5);
      const int before = done;
      runner.reset();
      QVERIFY(waitForJobThreads(1000));
      QCoreApplication::processEvents();
      QCOMPARE(done, before);
    }
  }

  void progressIsSampled()
  {
    JobRunner runner;
    QSignalSpy spy(&runner, &JobRunner::progressChanged);
    std::atomic<bool> end{false};
    runner.start(
        QStringLiteral("sweep"),
        [&](const Progress& progress) {
          const Progress stage = progress.stage("neighbours", 0.5, 1.0);
          while (!end)
            stage.update(1, 2);
          return 1;
        },
        [](int) {});
    QTest::qWait(1000);
    const JobProgress seen = runner.progress();
    end = true;
    QTRY_VERIFY(!runner.isRunning());
    QCOMPARE(seen.name, QStringLiteral("sweep"));
    QCOMPARE(seen.stage, QStringLiteral("neighbours"));
    QVERIFY(qAbs(seen.fraction - 0.75) < 1e-9);
    QVERIFY(seen.remainingSeconds > 0.2 && seen.remainingSeconds < 0.5);
    // Thousands of updates a second, ten signals.
    QVERIFY2(spy.count() >= 5 && spy.count() <= 13, qPrintable(QString::number(spy.count())));
  }
};

QTEST_GUILESS_MAIN(tst_JobRunner)
#include "tst_JobRunner.moc"
