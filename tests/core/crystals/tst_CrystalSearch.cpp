#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/crystals/CrystalFamilies.h"
#include "core/crystals/CrystalNull.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/Distractors.h"
#include "core/crystals/WhyNot.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "tests/support/PlantedCrystals.h"

#include <QtTest/QTest>

#include <array>
#include <cmath>
#include <set>

using namespace orrery;
using namespace orrery::test;

namespace {

/// Every quadruple, by the definition.
std::set<Corners> bruteForce(const CrystalSpace& space, const CrystalSearchOptions& options)
{
  const auto n = static_cast<FeatureId>(space.features());
  const Eigen::MatrixXd x = space.vectors->cast<double>();
  const double least = options.leastSide * std::sqrt(2 * space.unit);
  std::set<Corners> all;
  for (FeatureId a = 0; a < n; ++a)
    for (FeatureId b = 0; b < n; ++b)
      for (FeatureId c = a + 1; c < n; ++c) {
        if (b == a || c == b)
          continue;
        const Eigen::VectorXd ab = x.col(b) - x.col(a), ac = x.col(c) - x.col(a);
        if (ab.norm() < least || ac.norm() < least)
          continue;
        for (FeatureId d = a + 1; d < n; ++d) {
          if (d == b || d == c)
            continue;
          const Eigen::VectorXd cd = x.col(d) - x.col(c);
          const bool isNear =
              options.mode == CrystalMode::Parallelogram
                  ? (ab - cd).squaredNorm() <= options.residual * space.unit
                  : 2 - 2 * ab.dot(cd) / (ab.norm() * cd.norm()) <= options.residual;
          if (!isNear || cd.norm() < least || (x.col(d) - x.col(b)).norm() < least)
            continue;
          const double bend = std::abs(ab.dot(ac)) / (ab.norm() * ac.norm());
          if (bend <= std::cos(options.leastAngle * M_PI / 180))
            all.insert(unordered({a, b, c, d}, options.mode));
        }
      }
  return all;
}

CrystalSpace cloud(std::int64_t n, std::int64_t d, std::uint64_t seed, bool unitRows)
{
  return rawSpace(std::make_shared<const FeatureMatrix>(gaussianCloud(n, d, seed)), unitRows);
}

}  // namespace

class tst_CrystalSearch : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void equalsBruteForce_data()
  {
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("d");
    QTest::addColumn<double>("residual");
    QTest::addColumn<bool>("unitRows");
    QTest::addColumn<bool>("trapezoid");
    QTest::addRow("unit rows in 6 dimensions") << 90 << 6 << 0.05 << true << false;
    QTest::addRow("unit rows in 3 dimensions") << 60 << 3 << 0.004 << true << false;
    QTest::addRow("unit rows in 60 dimensions") << 60 << 60 << 2.4 << true << false;
    QTest::addRow("a cloud in 4 dimensions") << 80 << 4 << 0.02 << false << false;
    QTest::addRow("a cloud in 80 dimensions") << 60 << 80 << 2.4 << false << false;
    QTest::addRow("trapezoids in 4 dimensions") << 60 << 4 << 0.01 << false << true;
    QTest::addRow("trapezoids in 70 dimensions") << 60 << 70 << 1.15 << true << true;
  }

  void equalsBruteForce()
  {
    QFETCH(int, n);
    QFETCH(int, d);
    QFETCH(double, residual);
    QFETCH(bool, unitRows);
    QFETCH(bool, trapezoid);
    const CrystalSpace space = cloud(n, d, 3, unitRows);
    CrystalSearchOptions options;
    options.mode = trapezoid ? CrystalMode::Trapezoid : CrystalMode::Parallelogram;
    options.residual = residual;
    options.top = 2000000;
    const CrystalSearchResult result = findCrystals(space, options);
    QVERIFY(result.complete);
    const std::set<Corners> truth = bruteForce(space, options);
    QVERIFY(truth.size() > 20);
    // Folding hides some; what it counts and what remains are all there are.
    std::int64_t folded = 0;
    for (const FoundCrystal& found : result.found)
      folded += found.folded;
    QCOMPARE(result.matches, static_cast<std::int64_t>(truth.size()));
    QCOMPARE(static_cast<std::int64_t>(result.found.size()) + folded, result.matches);
    for (const Corners& one : setOf(result))
      QVERIFY(truth.count(one) == 1);
    qInfo("%lld crystals, %lld listed pairs", static_cast<long long>(result.matches),
          static_cast<long long>(result.pairs));
  }

  void plantedCrystalsAreFound()
  {
    const Planted planted = plantCrystals(4096, 512, 6, 12, 0.15, 21);
    const CrystalSpace space =
        rawSpace(std::make_shared<const FeatureMatrix>(planted.vectors), true);
    const CrystalSearchEstimate estimate = estimateSearch(space);
    QVERIFY(estimate.complete);
    QVERIFY(!estimate.sentence.empty());
    CrystalSearchOptions options;
    options.residual = 0.12;
    CrystalSearchResult result = findCrystals(space, options);
    QVERIFY(result.complete);
    const Agreement agreement = compareCrystals(setOf(result), planted.truth);
    qInfo("precision %.3f, recall %.3f of %zu", agreement.precision, agreement.recall,
          planted.truth.size());
    QVERIFY(agreement.precision >= 0.95);
    QVERIFY(agreement.recall >= 0.95);
    // Six function vectors, and every pair on the right side.
    const auto families = groupFamilies(space, result.found, options.mode);
    QCOMPARE(families.size(), std::size_t{6});
    for (const CrystalFamily& family : families) {
      QCOMPARE(family.pairs.size(), std::size_t{12});
      QVERIFY(family.cosine > 0.9);
      const bool upwards = family.pairs.front().first % 2 == 0;
      for (const auto& [from, to] : family.pairs) {
        QCOMPARE(from / 2, to / 2);
        QCOMPARE(from % 2 == 0, upwards);
      }
    }
    // And none of it is chance.
    CrystalNullOptions nullOptions;
    nullOptions.randomQuadruples = 2000;
    const CrystalNull null = computeCrystalNull(space, options, nullOptions);
    std::vector<double> scores;
    for (const FoundCrystal& found : result.found)
      scores.push_back(found.score);
    for (const double rate : falseDiscoveryRates(scores, null))
      QVERIFY(rate < 0.05);
    QVERIFY(null.z(scores.back()) > 10);
  }

  // Longer words lie farther along one direction: b − a differs by the length of the words, until
  // that direction is taken out.
  void hiddenUnderWordLength()
  {
    Planted planted = plantCrystals(1024, 256, 4, 12, 0.1, 31);
    Random random(5);
    const Eigen::VectorXf direction = gaussianCloud(1, 256, 77).col(0).normalized();
    RegressionColumn length{"label length", {}};
    for (Eigen::Index i = 0; i < planted.vectors.cols(); ++i) {
      length.numbers.push_back(static_cast<double>(3 + random.below(10)));
      planted.vectors.col(i) += 0.35f * static_cast<float>(length.numbers.back() - 7.5) * direction;
    }
    const CrystalSpace raw =
        rawSpace(std::make_shared<const FeatureMatrix>(planted.vectors), false);
    CrystalSearchOptions options;
    options.residual = 0.08;
    options.mostComparisons = 1e9;  // sides are shorter than random distances: enough
    const Agreement before = compareCrystals(setOf(findCrystals(raw, options)), planted.truth);
    Cleaning cleaning;
    cleaning.method = CleaningMethod::Column;
    cleaning.columns = {length};
    const CrystalSpace cleaned = applyCleaning(raw, fitCleaning(raw, {}, cleaning));
    const Agreement after = compareCrystals(setOf(findCrystals(cleaned, options)), planted.truth);
    qInfo("recall %.3f before, %.3f after; precision after %.3f", before.recall, after.recall,
          after.precision);
    QVERIFY(before.recall < 0.5);
    QVERIFY(after.recall >= 0.95);
    QVERIFY(after.precision >= 0.95);
  }

  void nothingIsSignificantInNoise_data()
  {
    QTest::addColumn<bool>("trapezoid");
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("d");
    QTest::addColumn<double>("residual");
    QTest::addColumn<bool>("unitRows");
    // At a δ so wide that noise does give crystals.
    QTest::addRow("parallelograms, unit rows") << false << 200 << 10 << 0.15 << true;
    QTest::addRow("parallelograms, rows as they are") << false << 200 << 6 << 0.04 << false;
    QTest::addRow("trapezoids, unit rows") << true << 200 << 6 << 0.03 << true;
    QTest::addRow("trapezoids, rows as they are") << true << 200 << 6 << 0.03 << false;
  }
  void nothingIsSignificantInNoise()
  {
    QFETCH(bool, trapezoid);
    QFETCH(int, n);
    QFETCH(int, d);
    QFETCH(double, residual);
    QFETCH(bool, unitRows);
    const CrystalSpace space = cloud(n, d, 41, unitRows);
    CrystalSearchOptions options;
    options.mode = trapezoid ? CrystalMode::Trapezoid : CrystalMode::Parallelogram;
    options.residual = residual;
    options.top = 200;
    const CrystalSearchResult result = findCrystals(space, options);
    QVERIFY(result.found.size() > 50);
    std::vector<double> scores;
    for (const FoundCrystal& found : result.found)
      scores.push_back(found.score);
    for (const NullDictionary kind :
         {NullDictionary::TurnedRows, NullDictionary::ShuffledDimensions}) {
      CrystalNullOptions nullOptions;
      nullOptions.dictionary = kind;
      nullOptions.searches = 2;
      const CrystalNull null = computeCrystalNull(space, options, nullOptions);
      for (const double rate : falseDiscoveryRates(scores, null))
        QVERIFY2(rate > 0.2, qPrintable(QString::number(rate)));
    }
  }

  // A fixed list in noise: Kolmogorov's distance to the uniform distribution.
  void pValuesAreUniformInNoise()
  {
    const CrystalSpace space = cloud(1000, 30, 51, true);
    Random random(9);
    std::vector<Crystal> list;
    while (list.size() < 400) {
      const auto draw = [&] { return static_cast<FeatureId>(random.below(1000)); };
      const Crystal one{draw(), draw(), draw(), draw()};
      if (std::set<FeatureId>{one.a, one.b, one.c, one.d}.size() == 4)
        list.push_back(one);
    }
    for (const CrystalMode mode : {CrystalMode::Parallelogram, CrystalMode::Trapezoid}) {
      std::vector<double> values = listPValues(space, list, mode);
      std::sort(values.begin(), values.end());
      double distance = 0.0;
      for (std::size_t i = 0; i < values.size(); ++i)
        distance = std::max({distance, std::abs(values[i] - static_cast<double>(i) / 400),
                             std::abs(values[i] - static_cast<double>(i + 1) / 400)});
      QVERIFY2(distance < 1.63 / 20, qPrintable(QString::number(distance)));  // p = 0.01
    }
  }

  void aBudgetIsStated()
  {
    const CrystalSpace space = cloud(300, 16, 41, true);
    CrystalSearchOptions options;
    options.residual = 0.25;
    options.top = 100000;
    const CrystalSearchResult all = findCrystals(space, options);
    options.mostPairs = 8000;
    const CrystalSearchEstimate estimate = estimateSearch(space, options);
    QVERIFY(!estimate.complete);
    QVERIFY(estimate.pairs <= 8000);
    const CrystalSearchResult few = findCrystals(space, options);
    QVERIFY(!few.complete);
    QVERIFY(few.pairs < 9000);
    QVERIFY(few.matches < all.matches);
    // Complete above the similarity it states: what all has there, few has.
    const auto meanSimilarity = [&](const Crystal& x) {
      const auto similarity = [&](FeatureId i, FeatureId j) {
        return static_cast<double>(space.vectors->col(i).dot(space.vectors->col(j)));
      };
      return std::max((similarity(x.a, x.b) + similarity(x.c, x.d)) / 2,
                      (similarity(x.a, x.c) + similarity(x.b, x.d)) / 2);
    };
    const std::set<Corners> found = setOf(few);
    int above = 0;
    for (const FoundCrystal& one : all.found)
      if (one.folded == 0 && meanSimilarity(one.crystal) > few.completeAbove + 1e-4) {
        ++above;
        QVERIFY(found.count(unordered(one.crystal, options.mode)) == 1);
      }
    QVERIFY(above > 5);
  }

  void stoppingKeepsWhatWasFound()
  {
    const CrystalSpace space = cloud(300, 16, 41, true);
    CrystalSearchOptions options;
    options.residual = 0.2;
    std::stop_source stop;
    const Progress progress(stop.get_token(), [&](std::string_view stage, double) {
      if (stage.find("differences") != std::string_view::npos)
        stop.request_stop();
    });
    const CrystalSearchResult result = findCrystals(space, options, progress);
    QVERIFY(result.partial);
    QVERIFY(!result.complete);
    std::stop_source before;
    before.request_stop();
    QVERIFY_EXCEPTION_THROWN(findCrystals(space, options, Progress(before.get_token(), {})),
                             Cancelled);
  }

  void sameBitsForAnyThreads()
  {
    const CrystalSpace space = cloud(200, 60, 61, true);
    CrystalSearchOptions options;
    options.residual = 1.4;
    options.top = 300;
    setThreadCount(1);
    const CrystalSearchResult one = findCrystals(space, options);
    setThreadCount(3);
    const CrystalSearchResult three = findCrystals(space, options);
    QCOMPARE(one.found.size(), three.found.size());
    QCOMPARE(one.matches, three.matches);
    for (std::size_t i = 0; i < one.found.size(); ++i) {
      QVERIFY(one.found[i].crystal == three.found[i].crystal);
      QCOMPARE(one.found[i].score, three.found[i].score);
    }
  }

  void whyNotNamesWhatFails()
  {
    const Planted planted = plantCrystals(500, 64, 1, 4, 0.05, 71);
    const CrystalSpace space =
        rawSpace(std::make_shared<const FeatureMatrix>(planted.vectors), true);
    const WhyNot good = explainCrystal(space, {0, 1, 2, 3});
    QVERIFY2(good.isFound, good.verdict.c_str());
    const WhyNot bad = explainCrystal(space, {0, 1, 3, 2});
    QVERIFY(!bad.isFound);
    QVERIFY2(bad.verdict.find("squared residual") != std::string::npos, bad.verdict.c_str());
    QVERIFY_EXCEPTION_THROWN(explainCrystal(space, {0, 1, 1, 2}), Error);
  }

  void edges()
  {
    // Antipodal features make exact squares, whose diagonals are the longest there are.
    FeatureMatrix square(3, 4);
    square << 1, -1, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0;
    const auto decoder = std::make_shared<const FeatureMatrix>(square);
    const CrystalSearchResult result = findCrystals(rawSpace(decoder, true));
    QCOMPARE(result.found.size(), std::size_t{1});
    QCOMPARE(result.found[0].score, 1.0);
    FeatureMatrix few = square.leftCols(3);
    QVERIFY_EXCEPTION_THROWN(rawSpace(std::make_shared<const FeatureMatrix>(few), true), Error);
    FeatureMatrix equal = FeatureMatrix::Ones(3, 8);
    QVERIFY(
        findCrystals(rawSpace(std::make_shared<const FeatureMatrix>(equal), true)).found.empty());
    QVERIFY_EXCEPTION_THROWN(rawSpace(std::make_shared<const FeatureMatrix>(equal), false), Error);
    FeatureMatrix bad = gaussianCloud(20, 3, 1);
    bad(1, 5) = std::numeric_limits<float>::quiet_NaN();
    bad.col(7).setZero();
    CrystalSearchOptions options;
    options.residual = 0.5;
    for (const FoundCrystal& found :
         findCrystals(rawSpace(std::make_shared<const FeatureMatrix>(bad), true), options).found)
      for (const FeatureId corner : found.crystal.corners())
        QVERIFY(corner != 5 && corner != 7);
    options.residual = -1;
    QVERIFY_EXCEPTION_THROWN(findCrystals(rawSpace(decoder, true), options), Error);
  }
};

QTEST_APPLESS_MAIN(tst_CrystalSearch)
#include "tst_CrystalSearch.moc"
