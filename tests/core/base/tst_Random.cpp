#include "core/base/Random.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace orrery;

class tst_Random : public QObject {
  Q_OBJECT
 private slots:
  void sameSeedSameDraws()
  {
    Random a(5), b(5), c(6);
    bool differs = false;
    for (int i = 0; i < 100; ++i) {
      const double draw = a.normal();
      QCOMPARE(draw, b.normal());
      differs = differs || draw != c.normal();
    }
    QVERIFY(differs);
  }

  // Moments of 200 000 draws; the bounds are five standard errors wide.
  void momentsOfUniformAndNormal()
  {
    Random random(1);
    constexpr int count = 200000;
    double sum = 0, squares = 0, fourth = 0, uniforms = 0;
    for (int i = 0; i < count; ++i) {
      const double x = random.normal();
      sum += x;
      squares += x * x;
      fourth += x * x * x * x;
      uniforms += random.uniform();
    }
    QVERIFY(std::abs(sum / count) < 5 / std::sqrt(count));
    QVERIFY(std::abs(squares / count - 1) < 5 * std::sqrt(2.0 / count));
    QVERIFY(std::abs(fourth / count - 3) < 5 * std::sqrt(96.0 / count));
    QVERIFY(std::abs(uniforms / count - 0.5) < 5 * std::sqrt(1.0 / 12 / count));
  }

  void belowIsEven()
  {
    Random random(2);
    std::vector<int> counts(7);
    for (int i = 0; i < 70000; ++i)
      ++counts[static_cast<std::size_t>(random.below(7))];
    for (const int count : counts)
      QVERIFY(std::abs(count - 10000) < 5 * std::sqrt(10000.0 * 6 / 7));
  }

  void shuffleKeepsAllAndMoves()
  {
    Random random(3);
    std::vector<int> values(100);
    std::iota(values.begin(), values.end(), 0);
    const std::vector<int> before = values;
    random.shuffle(values);
    QVERIFY(values != before);
    std::sort(values.begin(), values.end());
    QCOMPARE(values, before);
  }

  void partsDiffer()
  {
    QVERIFY(Random::forPart(1, 0).bits() != Random::forPart(1, 1).bits());
    QVERIFY(Random::forPart(1, 1).bits() != Random::forPart(2, 0).bits());
  }
};

QTEST_APPLESS_MAIN(tst_Random)
#include "tst_Random.moc"
