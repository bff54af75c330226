// That a search leaves nothing out, at sizes where every two pairs can still be looked at in
// another way: by inner products in many dimensions, in a grid of cells in few.
#include "core/base/Parallel.h"
#include "core/crystals/CrystalSearch.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "tests/support/GramSearch.h"

#include <QtTest/QTest>

#include <array>
#include <cmath>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr Eigen::Index mostAxes = 5;
using Cell = std::array<std::int32_t, 3>;
using Point = Eigen::Matrix<double, mostAxes, 1>;

/// A vector that belongs to a pair of features, in few dimensions.
struct Entry {
  Point point;
  Cell cell;
  FeatureId first, second;
};

Entry entryOf(const Eigen::VectorXd& vector, double width, FeatureId first, FeatureId second)
{
  Entry entry{Point::Zero(), {}, first, second};
  entry.point.head(vector.size()) = vector;
  for (std::size_t axis = 0; axis < 3; ++axis)
    entry.cell[axis] =
        static_cast<std::int32_t>(std::floor(entry.point(static_cast<Eigen::Index>(axis)) / width));
  return entry;
}

/// Calls @p use with every two entries no farther apart than @p width, the cells' side. Entries are
/// sorted, and so are the cells beside theirs: nine pointers walk along.
template <typename Use>
void visitNear(std::vector<Entry>& entries, double width, const Use& use)
{
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.cell, a.first, a.second) < std::tie(b.cell, b.first, b.second);
  });
  for (std::int32_t x = -1; x <= 1; ++x)
    for (std::int32_t y = -1; y <= 1; ++y) {
      std::size_t start = 0;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const Cell& own = entries[i].cell;
        const Cell least = {own[0] + x, own[1] + y, own[2] - 1},
                   most = {own[0] + x, own[1] + y, own[2] + 1};
        while (start < entries.size() && entries[start].cell < least)
          ++start;
        for (std::size_t j = std::max(start, i + 1); j < entries.size() && entries[j].cell <= most;
             ++j)
          if ((entries[i].point - entries[j].point).squaredNorm() <= width * width)
            use(entries[i], entries[j]);
      }
    }
}

bool areFour(FeatureId a, FeatureId b, FeatureId c, FeatureId d)
{
  return std::set<FeatureId>{a, b, c, d}.size() == 4;
}

/// b − a = d − c where a + d = b + c: sums of the diagonals' ends that meet.
std::set<Corners> parallelogramsInGrid(const CrystalSpace& space, double residual)
{
  const double width = std::sqrt(residual * space.unit);
  const Eigen::MatrixXd x = space.vectors->cast<double>();
  const auto n = static_cast<FeatureId>(space.features());
  std::vector<Entry> entries;
  for (FeatureId i = 0; i < n; ++i)
    for (FeatureId j = i + 1; j < n; ++j)
      entries.push_back(entryOf(x.col(i) + x.col(j), width, i, j));
  std::set<Corners> all;
  visitNear(entries, width, [&](const Entry& p, const Entry& q) {
    if (areFour(p.first, p.second, q.first, q.second))
      all.insert(unordered({p.first, q.first, q.second, p.second}, CrystalMode::Parallelogram));
  });
  return all;
}

std::set<Corners> trapezoidsInGrid(const CrystalSpace& space, double residual)
{
  const double width = std::sqrt(residual);
  const Eigen::MatrixXd x = space.vectors->cast<double>();
  const auto n = static_cast<FeatureId>(space.features());
  std::vector<Entry> entries;  // both ways round
  for (FeatureId i = 0; i < n; ++i)
    for (FeatureId j = 0; j < n; ++j)
      if (i != j)
        entries.push_back(entryOf((x.col(j) - x.col(i)).normalized(), width, i, j));
  std::set<Corners> all;
  visitNear(entries, width, [&](const Entry& p, const Entry& q) {
    if (areFour(p.first, p.second, q.first, q.second))
      all.insert(unordered({p.first, p.second, q.first, q.second}, CrystalMode::Trapezoid));
  });
  return all;
}

CrystalSpace cloud(std::int64_t n, std::int64_t d, std::uint64_t seed, bool unitRows)
{
  return rawSpace(std::make_shared<const FeatureMatrix>(gaussianCloud(n, d, seed)), unitRows);
}

CrystalSearchOptions withoutLimits(CrystalMode mode, double residual)
{
  CrystalSearchOptions options;
  options.mode = mode;
  options.residual = residual;
  options.leastSide = 0.0;
  options.leastAngle = 0.0;
  options.top = 10000000;
  options.mostComparisons = 0;
  return options;
}

/// Each match once: folded ones hide behind others and are counted.
void compareWith(const CrystalSearchResult& result, const std::set<Corners>& truth)
{
  QVERIFY(result.complete);
  std::int64_t folded = 0;
  for (const FoundCrystal& found : result.found)
    folded += found.folded;
  qInfo("%zu quadruples, %lld pairs, %.2f s", truth.size(), static_cast<long long>(result.pairs),
        result.seconds);
  QVERIFY(truth.size() > 100);
  QCOMPARE(result.matches, static_cast<std::int64_t>(truth.size()));
  QCOMPARE(static_cast<std::int64_t>(result.found.size()) + folded, result.matches);
  for (const Corners& one : setOf(result))
    QVERIFY(truth.count(one) == 1);
}

}  // namespace

class tst_CrystalCompleteness : public QObject {
  Q_OBJECT
 private slots:
  void fewDimensions_data()
  {
    QTest::addColumn<int>("d");
    QTest::addColumn<bool>("unitRows");
    QTest::addColumn<bool>("trapezoid");
    QTest::addColumn<double>("residual");
    QTest::addRow("parallelograms, rows as they are") << 4 << false << false << 2e-4;
    QTest::addRow("parallelograms, unit rows") << 5 << true << false << 1e-3;
    QTest::addRow("trapezoids, rows as they are") << 5 << false << true << 1e-4;
    QTest::addRow("trapezoids, unit rows") << 5 << true << true << 1e-4;
  }
  void fewDimensions()
  {
    QFETCH(int, d);
    QFETCH(bool, unitRows);
    QFETCH(bool, trapezoid);
    QFETCH(double, residual);
    const CrystalSpace space = cloud(2000, d, 8, unitRows);
    const CrystalSearchOptions options =
        withoutLimits(trapezoid ? CrystalMode::Trapezoid : CrystalMode::Parallelogram, residual);
    const CrystalSearchEstimate estimate = estimateSearch(space, options);
    const CrystalSearchResult result = findCrystals(space, options);
    compareWith(result, trapezoid ? trapezoidsInGrid(space, residual)
                                  : parallelogramsInGrid(space, residual));
    qInfo("%s", estimate.sentence.c_str());
    // A crystal is listed by one of two pairs of sides or by both: their matches are up to twice as
    // many, and a sample's power law has its error.
    QVERIFY(estimate.matches > 0.2 * static_cast<double>(result.matches));
    QVERIFY(estimate.matches < 8.0 * static_cast<double>(result.matches));
  }

  void manyDimensions_data()
  {
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("d");
    QTest::addColumn<bool>("unitRows");
    QTest::addColumn<double>("residual");
    QTest::addRow("unit rows") << 800 << 128 << true << 0.15;
    QTest::addRow("rows as they are") << 700 << 256 << false << 0.15;
  }
  void manyDimensions()
  {
    QFETCH(int, n);
    QFETCH(int, d);
    QFETCH(bool, unitRows);
    QFETCH(double, residual);
    Planted planted = plantCrystals(n, d, 8, 12, 0.2, 21);
    if (!unitRows)
      planted.vectors.rightCols(n / 2) *= 1.05f;
    const CrystalSpace space =
        rawSpace(std::make_shared<const FeatureMatrix>(planted.vectors), unitRows);
    compareWith(findCrystals(space, withoutLimits(CrystalMode::Parallelogram, residual)),
                parallelogramsByGram(space, residual));
  }

  void sameBitsForAnyThreadsInFewDimensions()
  {
    const CrystalSpace space = cloud(600, 6, 61, false);
    for (const CrystalMode mode : {CrystalMode::Parallelogram, CrystalMode::Trapezoid}) {
      CrystalSearchOptions options;
      options.mode = mode;
      options.residual = 0.01;
      options.top = 300;
      setThreadCount(1);
      const CrystalSearchResult one = findCrystals(space, options);
      setThreadCount(3);
      const CrystalSearchResult three = findCrystals(space, options);
      setThreadCount(2);
      QVERIFY(!one.found.empty());
      QCOMPARE(one.matches, three.matches);
      QCOMPARE(one.found.size(), three.found.size());
      for (std::size_t i = 0; i < one.found.size(); ++i)
        QVERIFY(one.found[i].crystal == three.found[i].crystal);
    }
  }

  // The budget cuts the list of pairs, and what is left is complete above what it says.
  void aBudgetInFewDimensions()
  {
    const CrystalSpace space = cloud(1500, 8, 62, false);
    CrystalSearchOptions options;
    options.mostComparisons = 2e8;
    const CrystalSearchEstimate estimate = estimateSearch(space, options);
    QVERIFY(!estimate.complete);
    const CrystalSearchResult result = findCrystals(space, options);
    QVERIFY(!result.complete);
    qInfo("%s; %.2f s", estimate.sentence.c_str(), result.seconds);
    QVERIFY(result.pairs < 1.2 * estimate.pairs);
    QVERIFY(!result.found.empty());
  }
};

QTEST_APPLESS_MAIN(tst_CrystalCompleteness)
#include "tst_CrystalCompleteness.moc"
