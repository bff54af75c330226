#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/lobes/MutualInformation.h"
#include "tests/support/Paths.h"

#include <QtTest/QTest>

#include <QFile>

#include <cmath>

using namespace orrery;
using Labels = std::vector<std::int32_t>;

namespace {

/// The generator of tests/reference/mutual_information.py.
std::vector<std::uint32_t> draws(int n, std::uint32_t seed)
{
  std::vector<std::uint32_t> out;
  for (int i = 0; i < n; ++i) {
    seed = 1664525u * seed + 1013904223u;
    out.push_back(seed >> 8);
  }
  return out;
}

Labels modulo(const std::vector<std::uint32_t>& values, int k)
{
  Labels labels;
  for (const std::uint32_t value : values)
    labels.push_back(static_cast<std::int32_t>(value % static_cast<std::uint32_t>(k)));
  return labels;
}

}  // namespace

class tst_MutualInformation : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void equalsScikitLearn()
  {
    QFile file(QString::fromStdString(orrery::test::sourceFolder() +
                                      "/tests/reference/mutual_information.csv"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    file.readLine();
    int cases = 0;
    while (!file.atEnd()) {
      const auto cells = file.readLine().trimmed().split(',');
      const int n = cells[0].toInt(), k = cells[1].toInt(), m = cells[2].toInt();
      const Labels first = modulo(draws(n, 1), k);
      Labels second = modulo(draws(n, 3), m);
      const auto choice = draws(n, 2);
      for (std::size_t i = 0; i < second.size(); ++i)
        if (choice[i] % 100 < cells[3].toUInt())
          second[i] = first[i] % m;
      const ClusteringAgreement agreement = compareClusterings(first, second);
      QVERIFY2(std::abs(agreement.mutualInformation - cells[4].toDouble()) < 1e-10,
               cells.join(' ').constData());
      QVERIFY2(std::abs(agreement.adjusted - cells[5].toDouble()) < 1e-9,
               qPrintable(
                   QString("%1 for %2").arg(agreement.adjusted, 0, 'g', 15).arg(cells.join(' '))));
      ++cases;
    }
    QCOMPARE(cases, 6);
  }

  void symmetricAndBlindToNames()
  {
    const Labels a = modulo(draws(500, 4), 7), b = modulo(draws(500, 5), 3);
    Labels renamed = a;
    for (std::int32_t& label : renamed)
      label = 100 - label;
    const double value = compareClusterings(a, b).adjusted;
    QVERIFY(std::abs(compareClusterings(b, a).adjusted - value) < 1e-12);
    QVERIFY(std::abs(compareClusterings(renamed, b).adjusted - value) < 1e-12);
    QVERIFY(std::abs(compareClusterings(a, renamed).adjusted - 1.0) < 1e-12);
  }

  void edges()
  {
    QCOMPARE(compareClusterings({}, {}).adjusted, 1.0);
    QCOMPARE(compareClusterings({0, 0, 0}, {5, 5, 5}).adjusted, 1.0);
    QCOMPARE(compareClusterings({0, 1, 2}, {2, 0, 1}).adjusted, 1.0);
    QVERIFY(std::abs(compareClusterings({0, 0, 0, 0}, {0, 1, 0, 1}).adjusted) < 1e-12);
    QVERIFY_EXCEPTION_THROWN(compareClusterings({0}, {0, 1}), Error);
  }

  void featuresOfNoClusterAreLeftOut()
  {
    const ClusteringAgreement with = compareClusterings({0, 0, 1, 1, -1, 0}, {2, 2, 3, 3, 2, -1});
    QCOMPARE(with.compared, std::int64_t{4});
    QVERIFY(std::abs(with.adjusted - 1.0) < 1e-12);
  }

  void permutedLabelsAreZeroAndPlantedOnesAreNot()
  {
    const Labels lobes = modulo(draws(4000, 6), 5);
    Labels half = modulo(draws(4000, 8), 5);
    const auto choice = draws(4000, 7);
    for (std::size_t i = 0; i < half.size(); ++i)
      if (choice[i] % 2 == 0)
        half[i] = lobes[i];
    const PermutationNull planted = permutationNull(lobes, half);
    QVERIFY(std::abs(planted.mean) < 0.01);
    QVERIFY(planted.z > 50);
    const PermutationNull noise = permutationNull(lobes, modulo(draws(4000, 9), 5));
    QVERIFY(std::abs(noise.mean) < 0.01);
    QVERIFY(std::abs(noise.observed.adjusted) < 0.01);
  }

  // Labels that agree through a confounder only: the plain null calls them related, the one within
  // its strata does not.
  void strataTakeAConfounderAway()
  {
    Labels stratum, first, second;
    Random random(3);
    for (int i = 0; i < 6000; ++i) {
      stratum.push_back(i % 10);
      const double rate = (i % 10) / 10.0;
      first.push_back(random.uniform() < rate);
      second.push_back(random.uniform() < rate);
    }
    PermutationNullOptions within;
    within.strata = stratum;
    QVERIFY(permutationNull(first, second).z > 10);
    QVERIFY(std::abs(permutationNull(first, second, within).z) < 4);
  }

  void sameBitsForAnyThreads()
  {
    const Labels a = modulo(draws(2000, 10), 30), b = modulo(draws(2000, 11), 20);
    setThreadCount(1);
    const PermutationNull one = permutationNull(a, b);
    setThreadCount(3);
    const PermutationNull three = permutationNull(a, b);
    QCOMPARE(one.values, three.values);
    QCOMPARE(one.observed.adjusted, three.observed.adjusted);
    setThreadCount(3);
  }
};

QTEST_APPLESS_MAIN(tst_MutualInformation)
#include "tst_MutualInformation.moc"
