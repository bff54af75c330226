#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Progress.h"
#include "core/base/Team.h"

#include <QtTest/QTest>

#include <atomic>
#include <numeric>
#include <vector>

using namespace orrery;

class tst_Parallel : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void everyIndexOnce()
  {
    for (const int threads : {1, 2, 5}) {
      setThreadCount(threads);
      std::vector<std::atomic<int>> visits(1003);
      parallelFor(1003, 10, [&](std::int64_t begin, std::int64_t end) {
        QCOMPARE(begin % 10, std::int64_t{0});
        for (std::int64_t i = begin; i < end; ++i)
          ++visits[static_cast<std::size_t>(i)];
      });
      for (const auto& count : visits)
        QCOMPARE(count.load(), 1);
    }
  }

  void nothingToDo()
  {
    parallelFor(0, 10, [](std::int64_t, std::int64_t) { QFAIL("called for an empty range"); });
  }

  void theFirstErrorComesBack()
  {
    for (const int threads : {1, 3}) {
      setThreadCount(threads);
      QVERIFY_EXCEPTION_THROWN(parallelFor(1000, 1,
                                           [](std::int64_t begin, std::int64_t) {
                                             if (begin == 7)
                                               throw Error("seven");
                                           }),
                               Error);
    }
  }

  void loopsNestAndOverlap()
  {
    setThreadCount(3);
    std::atomic<std::int64_t> sum{0};
    parallelFor(20, 1, [&](std::int64_t outer, std::int64_t) {
      parallelFor(50, 7, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
          sum += outer * 50 + i;
      });
    });
    QCOMPARE(sum.load(), std::int64_t{1000} * 999 / 2);
  }

  void aTeamTakesEveryPartOfEveryStepOnce()
  {
    for (const int threads : {1, 2, 5}) {
      setThreadCount(threads);
      std::vector<std::int64_t> sums(40, 0);
      withTeam([&](Team& team) {
        team.forEach(0, [](std::int64_t) { QFAIL("called for no parts"); });
        // Each step reads what the one before has written.
        for (std::int64_t step = 0; step < 2000; ++step) {
          const std::vector<std::int64_t> before = sums;
          team.forEach(1 + step % 40, [&](std::int64_t part) {
            sums[static_cast<std::size_t>(part)] +=
                1 + before[static_cast<std::size_t>((part + step) % 40)] % 7;
          });
        }
      });
      std::vector<std::int64_t> expected(40, 0);
      for (std::int64_t step = 0; step < 2000; ++step) {
        const std::vector<std::int64_t> before = expected;
        for (std::int64_t part = 0; part < 1 + step % 40; ++part)
          expected[static_cast<std::size_t>(part)] +=
              1 + before[static_cast<std::size_t>((part + step) % 40)] % 7;
      }
      QCOMPARE(sums, expected);
    }
  }

  void aTeamPassesErrorsOn()
  {
    for (const int threads : {1, 3}) {
      setThreadCount(threads);
      QVERIFY_EXCEPTION_THROWN(withTeam([](Team&) { throw Error("the body's own"); }), Error);
      std::atomic<int> parts{0};
      const auto fails = [&](Team& team) {
        team.forEach(100, [&](std::int64_t part) {
          ++parts;
          if (part == 7)
            throw Error("seven");
        });
      };
      QVERIFY_EXCEPTION_THROWN(withTeam(fails), Error);
      QCOMPARE(parts.load(), 100);
    }
  }

  void stoppingIsAnException()
  {
    std::stop_source stop;
    const Progress progress(stop.get_token(), {});
    progress.update(1, 2);
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(
        parallelFor(100, 1, [&](std::int64_t, std::int64_t) { progress.checkStopped(); }),
        Cancelled);
  }

  void stagesCoverTheirPartOfTheWhole()
  {
    std::vector<std::pair<std::string, double>> seen;
    const Progress whole(
        {}, [&](std::string_view stage, double share) { seen.emplace_back(stage, share); });
    const Progress second = whole.stage("reading", 0.5, 1.0).stage("rows", 0.5, 1.0);
    second.update(1, 2);
    QCOMPARE(seen.back().first, std::string("rows"));
    QCOMPARE(seen.back().second, 0.875);
  }
};

QTEST_APPLESS_MAIN(tst_Parallel)
#include "tst_Parallel.moc"
