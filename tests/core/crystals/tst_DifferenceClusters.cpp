#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/crystals/CrystalFamilies.h"
#include "core/crystals/CrystalGroups.h"
#include "core/crystals/CrystalNull.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/DifferenceClusters.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "tests/support/Paths.h"
#include "tests/support/PlantedCrystals.h"

#include <QFile>
#include <QtTest/QTest>

#include <cmath>
#include <map>

using namespace orrery;
using namespace orrery::test;

namespace {

CrystalSpace cloud(std::int64_t n, std::int64_t d, std::uint64_t seed, bool unitRows)
{
  return rawSpace(std::make_shared<const FeatureMatrix>(gaussianCloud(n, d, seed)), unitRows);
}

FeatureMatrix randomDifferences(const CrystalSpace& space, int count)
{
  FeatureMatrix means(space.dimensions(), count);
  for (int k = 0; k < count; ++k)
    means.col(k) = space.vectors->col(3 * k + 1) - space.vectors->col(5 * k);
  return means;
}

struct Explicit {
  Eigen::MatrixXd means;
  std::vector<std::int64_t> pairs;
  std::int64_t alone = 0;
};

/// The definition: every difference made, turned to its nearest mean, averaged.
Explicit explicitKMeans(const CrystalSpace& space, const DifferenceClusterOptions& options,
                        const FeatureMatrix& first)
{
  const bool unit = options.mode == CrystalMode::Trapezoid;
  const Eigen::MatrixXd x = space.vectors->cast<double>();
  const double least = options.leastSide * std::sqrt(2 * space.unit);
  Explicit result;
  result.means = first.cast<double>();
  if (unit)
    result.means.colwise().normalize();
  for (int step = 0; step <= options.steps; ++step) {
    Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(x.rows(), first.cols());
    result.pairs.assign(static_cast<std::size_t>(first.cols()), 0);
    result.alone = 0;
    for (Eigen::Index i = 0; i < x.cols(); ++i)
      for (Eigen::Index j = i + 1; j < x.cols(); ++j) {
        Eigen::VectorXd difference = x.col(j) - x.col(i);
        if (difference.norm() < least)
          continue;
        if (unit)
          difference.normalize();
        double nearest = 1e300;
        Eigen::Index which = 0;
        for (Eigen::Index k = 0; k < first.cols(); ++k)
          for (const double turn : {1.0, -1.0}) {
            const double square = (turn * difference - result.means.col(k)).squaredNorm();
            if (square < nearest) {
              nearest = square;
              which = k;
            }
          }
        const double product = difference.dot(result.means.col(which));
        if (std::abs(product) <
            options.leastCosine * difference.norm() * result.means.col(which).norm()) {
          ++result.alone;
          continue;
        }
        sums.col(which) += product < 0 ? Eigen::VectorXd(-difference) : difference;
        ++result.pairs[static_cast<std::size_t>(which)];
      }
    if (step == options.steps)
      break;
    for (Eigen::Index k = 0; k < first.cols(); ++k)
      if (const auto count = result.pairs[static_cast<std::size_t>(k)]; count > 0)
        result.means.col(k) = unit ? Eigen::VectorXd(sums.col(k).normalized())
                                   : Eigen::VectorXd(sums.col(k) / static_cast<double>(count));
  }
  return result;
}

double angle(const Eigen::VectorXf& x, const Eigen::VectorXf& y)
{
  return static_cast<double>(std::abs(x.normalized().dot(y.normalized())));
}

}  // namespace

class tst_DifferenceClusters : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  // tests/reference/difference_clusters.py
  void equalsScikitLearn()
  {
    QFile file(QString::fromStdString(sourceFolder() + "/tests/reference/difference_clusters.csv"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    std::map<QByteArray, std::vector<QList<QByteArray>>> lines;
    while (!file.atEnd()) {
      const auto cells = file.readLine().trimmed().split(',');
      lines[cells[0]].push_back(cells);
    }
    const auto matrix = [&](const char* name) {
      const auto& rows = lines[name];
      FeatureMatrix values(4, static_cast<Eigen::Index>(rows.size()));
      for (Eigen::Index i = 0; i < values.cols(); ++i)
        for (Eigen::Index axis = 0; axis < 4; ++axis)
          values(axis, i) =
              static_cast<float>(rows[static_cast<std::size_t>(i)][axis + 1].toDouble());
      return values;
    };
    const CrystalSpace space =
        rawSpace(std::make_shared<const FeatureMatrix>(matrix("point")), false);
    for (const auto& [name, steps] : {std::pair{"steps5", 5}, std::pair{"steps60", 60}}) {
      DifferenceClusterOptions options;
      options.clusters = 4;
      options.steps = steps;
      options.leastSide = 0.01;
      const DifferenceClusters result = clusterDifferences(space, options, matrix("first"));
      QCOMPARE(result.clusters.size(), std::size_t{4});
      QCOMPARE(result.pairs, std::int64_t{36 * 35 / 2});
      const FeatureMatrix expected = matrix(name);
      for (Eigen::Index k = 0; k < 4; ++k) {
        const auto match = std::find_if(
            result.clusters.begin(), result.clusters.end(), [&](const DifferenceCluster& one) {
              return std::min((one.mean - expected.col(k)).norm(),
                              (one.mean + expected.col(k)).norm()) < 1e-5f;
            });
        QVERIFY2(match != result.clusters.end(), name);
        QCOMPARE(match->pairs, lines[name][static_cast<std::size_t>(k)][5].toLongLong());
      }
      for (std::size_t i = 1; i < result.objective.size(); ++i)
        QVERIFY(result.objective[i] <= result.objective[i - 1] + 1e-9);
      QCOMPARE(result.converged, steps == 60);
    }
  }

  void equalsExplicitDifferences_data()
  {
    QTest::addColumn<bool>("trapezoid");
    QTest::addColumn<bool>("unitRows");
    QTest::addColumn<double>("leastCosine");
    QTest::addRow("parallelograms") << false << false << 0.0;
    QTest::addRow("parallelograms of unit rows that agree") << false << true << 0.5;
    QTest::addRow("trapezoids") << true << false << 0.0;
    QTest::addRow("trapezoids that agree") << true << true << 0.6;
  }
  void equalsExplicitDifferences()
  {
    QFETCH(bool, trapezoid);
    QFETCH(bool, unitRows);
    QFETCH(double, leastCosine);
    const CrystalSpace space = cloud(330, 5, 11, unitRows);  // more than one tile
    const FeatureMatrix first = randomDifferences(space, 7);
    DifferenceClusterOptions options;
    options.mode = trapezoid ? CrystalMode::Trapezoid : CrystalMode::Parallelogram;
    options.clusters = 7;
    options.steps = 3;
    options.leastCosine = leastCosine;
    const DifferenceClusters result = clusterDifferences(space, options, first);
    const Explicit expected = explicitKMeans(space, options, first);
    // A pair on a border may fall to the other side by rounding, and weights are rounded.
    QVERIFY(std::abs(result.alone - expected.alone) <= 10);
    for (Eigen::Index k = 0; k < 7; ++k) {
      const Eigen::VectorXf mean = expected.means.col(k).cast<float>();
      const auto match =
          std::max_element(result.clusters.begin(), result.clusters.end(),
                           [&](const DifferenceCluster& x, const DifferenceCluster& y) {
                             return angle(x.mean, mean) < angle(y.mean, mean);
                           });
      QVERIFY(std::min((match->mean - mean).norm(), (match->mean + mean).norm()) < 2e-3f);
      QVERIFY(std::abs(match->pairs - expected.pairs[static_cast<std::size_t>(k)]) <= 10);
    }
  }

  // A search that keeps a few crystals seeds the families; the grouping finds all of their pairs.
  void aFewCrystalsGiveWholeFamilies()
  {
    const Planted planted = plantCrystals(2000, 128, 5, 16, 0.2, 91);
    const CrystalSpace space =
        rawSpace(std::make_shared<const FeatureMatrix>(planted.vectors), true);
    CrystalSearchOptions search;
    search.residual = 0.12;
    search.top = 200;
    CrystalSearchResult few = findCrystals(space, search);
    QCOMPARE(few.found.size(), std::size_t{200});
    const auto families = groupFamilies(space, few.found, search.mode);
    DifferenceClusterOptions begin = familyClusters(search, 12);
    const FeatureMatrix seeds = functionVectors(families, begin, 128);
    QCOMPARE(seeds.cols(), Eigen::Index{5});
    for (const CrystalMode mode : {CrystalMode::Parallelogram, CrystalMode::Trapezoid}) {
      begin.mode = mode;
      const DifferenceClusters result = clusterDifferences(space, begin, seeds);
      std::set<std::pair<FeatureId, FeatureId>> found;
      for (const DifferenceCluster& cluster : result.clusters)
        if (cluster.pairs > 5)
          for (const DifferenceMember& member : cluster.strongest)
            found.insert(std::minmax(member.from, member.to));
      int seen = 0;
      for (const auto& pair : planted.pairs)
        seen += static_cast<int>(found.count(pair));
      qInfo("%d of %zu planted pairs among %zu", seen, planted.pairs.size(), found.size());
      QVERIFY(seen >= 0.95 * static_cast<double>(planted.pairs.size()));
      QVERIFY(static_cast<double>(seen) >= 0.95 * static_cast<double>(found.size()));
      // And the crystals that they make, all of those within δ.
      CrystalSearchOptions all;
      all.residual = 0.2;
      all.top = 100000;
      std::set<Corners> crystals;
      for (const FoundCrystal& one : crystalsOfClusters(space, result, all))
        crystals.insert(unordered(one.crystal, all.mode));
      const Agreement agreement = compareCrystals(crystals, planted.truth);
      QVERIFY(agreement.precision >= 0.95);
      QVERIFY(agreement.recall >= 0.95);
    }
  }

  // A list that grouping has made longer is held against null dictionaries grouped the same way.
  void crystalsOfGroupsAreJudged()
  {
    const auto rates = [](const CrystalSpace& space, const CrystalSearchOptions& search, int groups,
                          std::size_t& added) {
      CrystalSearchResult result = findCrystals(space, search);
      const std::size_t before = result.found.size();
      addGroupCrystals(space, groups, result, groupFamilies(space, result.found, search.mode));
      added = result.found.size() - before;
      std::vector<double> scores;
      for (const FoundCrystal& found : result.found)
        scores.push_back(found.score);
      CrystalNullOptions options;
      options.randomQuadruples = 1000;
      options.groups = groups;
      return falseDiscoveryRates(scores, computeCrystalNull(space, search, options));
    };
    std::size_t added = 0;
    const Planted planted = plantCrystals(1000, 128, 5, 16, 0.2, 91);
    CrystalSearchOptions search;
    search.residual = 0.12;
    search.top = 200;
    for (const double rate :
         rates(rawSpace(std::make_shared<const FeatureMatrix>(planted.vectors), true), search, 12,
               added))
      QVERIFY2(rate < 0.05, qPrintable(QString::number(rate)));
    QVERIFY(added > 50);
    // Noise in few dimensions has crystals enough, and each as many in its null.
    search.residual = 0.04;
    search.top = 40;
    for (const double rate : rates(cloud(300, 6, 41, false), search, 40, added))
      QVERIFY2(rate > 0.2, qPrintable(QString::number(rate)));
    QVERIFY(added > 0);
  }

  // Pairs of noise agree with no other: two that share a corner by .5 alone.
  void noiseHasNoFamilies()
  {
    const CrystalSpace space = cloud(1200, 200, 92, true);
    DifferenceClusterOptions options;
    options.clusters = 20;
    options.leastCosine = 0.65;
    options.steps = 3;
    const DifferenceClusters result = clusterDifferences(space, options);
    for (const DifferenceCluster& cluster : result.clusters)
      QVERIFY(cluster.pairs <= 2);
    QVERIFY(crystalsOfClusters(space, result).empty());
    QCOMPARE(result.pairs, std::int64_t{1200 * 1199 / 2});
  }

  void sameBitsForAnyThreads()
  {
    const CrystalSpace space = cloud(700, 20, 93, true);
    for (const CrystalMode mode : {CrystalMode::Parallelogram, CrystalMode::Trapezoid}) {
      DifferenceClusterOptions options;
      options.mode = mode;
      options.clusters = 30;
      options.steps = 4;
      setThreadCount(1);
      const DifferenceClusters one = clusterDifferences(space, options);
      setThreadCount(3);
      const DifferenceClusters three = clusterDifferences(space, options);
      QCOMPARE(one.clusters.size(), three.clusters.size());
      QVERIFY(one.objective == three.objective);
      for (std::size_t k = 0; k < one.clusters.size(); ++k) {
        QVERIFY(one.clusters[k].mean == three.clusters[k].mean);
        QCOMPARE(one.clusters[k].strongest.size(), three.clusters[k].strongest.size());
        for (std::size_t i = 0; i < one.clusters[k].strongest.size(); ++i) {
          QCOMPARE(one.clusters[k].strongest[i].from, three.clusters[k].strongest[i].from);
          QCOMPARE(one.clusters[k].strongest[i].to, three.clusters[k].strongest[i].to);
        }
      }
    }
  }

  void edges()
  {
    FeatureMatrix bad = gaussianCloud(40, 3, 1);
    bad(1, 5) = std::numeric_limits<float>::quiet_NaN();
    const CrystalSpace space = rawSpace(std::make_shared<const FeatureMatrix>(bad), true);
    DifferenceClusterOptions options;
    options.clusters = 50;  // more than the sample may tell apart
    const DifferenceClusters result = clusterDifferences(space, options);
    std::int64_t pairs = 0;
    for (const DifferenceCluster& cluster : result.clusters) {
      QVERIFY(cluster.mean.allFinite());
      pairs += cluster.pairs;
      for (const DifferenceMember& member : cluster.strongest)
        QVERIFY(member.from != 5 && member.to != 5);
    }
    QCOMPARE(pairs + result.alone, result.pairs);
    QVERIFY(!estimateDifferenceClusters(space, options).sentence.empty());
    options.clusters = 0;
    QVERIFY_EXCEPTION_THROWN(clusterDifferences(space, options), Error);
    options.clusters = 2;
    QVERIFY_EXCEPTION_THROWN(clusterDifferences(space, options, FeatureMatrix::Ones(3, 3)), Error);
    QVERIFY_EXCEPTION_THROWN(clusterDifferences(space, options, FeatureMatrix::Ones(4, 1)), Error);
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(clusterDifferences(space, options, {}, Progress(stop.get_token(), {})),
                             Cancelled);
  }
};

QTEST_APPLESS_MAIN(tst_DifferenceClusters)
#include "tst_DifferenceClusters.moc"
