#include "core/crystals/PairList.h"

#include "core/base/Dispatch.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/crystals/DifferenceTree.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace orrery {
namespace {

constexpr Eigen::Index tileSize = 1024;
constexpr int lanes = 32;
constexpr int bins = 4096;

/// Marks blocks of lanes with a product of at least half[i] + own, and returns the least of
/// product − halfSquare[i] over all.
ORRERY_FOR_EACH_CPU
float scanProducts(const float* product, const float* half, const float* halfSquare, float own,
                   int blocks, int* found, int& foundCount)
{
  float least[lanes];
  for (int lane = 0; lane < lanes; ++lane)
    least[lane] = std::numeric_limits<float>::max();
  int count = 0;
  for (int block = 0; block < blocks; ++block) {
    const float* p = product + block * lanes;
    const float* h = half + block * lanes;
    const float* q = halfSquare + block * lanes;
    int any = 0;
    for (int lane = 0; lane < lanes; ++lane) {
      any |= p[lane] >= h[lane] + own ? 1 : 0;
      const float value = p[lane] - q[lane];
      least[lane] = value < least[lane] ? value : least[lane];
    }
    if (any)
      found[count++] = block;
  }
  foundCount = count;
  float smallest = least[0];
  for (int lane = 1; lane < lanes; ++lane)
    smallest = least[lane] < smallest ? least[lane] : smallest;
  return smallest;
}

std::vector<double> squaredNorms(const CrystalSpace& space)
{
  std::vector<double> squares(static_cast<std::size_t>(space.features()));
  parallelFor(space.features(), 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      squares[static_cast<std::size_t>(i)] = space.vectors->col(i).cast<double>().squaredNorm();
  });
  return squares;
}

/// Pairs of pairs with s₁ ≥ s₂ ≥ s₁ − √δ and s₁² + s₂² ≤ 2 · meanSquare.
double countComparisons(const DistanceHistogram& histogram, double residual, double meanSquare)
{
  const double width = histogram.largest / bins, reach = std::sqrt(residual);
  std::vector<double> below(bins + 1, 0.0);
  for (int bin = 0; bin < bins; ++bin)
    below[static_cast<std::size_t>(bin) + 1] =
        below[static_cast<std::size_t>(bin)] + histogram.counts[static_cast<std::size_t>(bin)];
  const auto upTo = [&](double square) {
    const double place = std::clamp(square / width, 0.0, static_cast<double>(bins));
    const auto bin = std::min<std::size_t>(static_cast<std::size_t>(place), bins - 1);
    return below[bin] + (place - static_cast<double>(bin)) * histogram.counts[bin];
  };
  double sum = 0.0;
  for (int bin = 0; bin < bins; ++bin) {
    const double square = (bin + 0.5) * width, length = std::sqrt(square);
    const double most = std::min(square, 2 * meanSquare - square);
    const double least = std::max(0.0, length - reach);
    if (most > least * least)
      sum += histogram.counts[static_cast<std::size_t>(bin)] * (upTo(most) - upTo(least * least));
  }
  return sum;
}

double countPairs(const DistanceHistogram& histogram, double shortestSquare, double longestSquare)
{
  const double width = histogram.largest / bins;
  double sum = 0.0;
  for (int bin = 0; bin < bins && bin * width < longestSquare; ++bin)
    if ((bin + 1) * width > shortestSquare)
      sum += histogram.counts[static_cast<std::size_t>(bin)];
  return sum;
}

}  // namespace

double mostPairsOf(const CrystalSpace& space, const CrystalSearchOptions& options)
{
  constexpr double mostBytes = 3.2e9;
  return options.mostPairs > 0 ? static_cast<double>(options.mostPairs)
                               : mostBytes / pairBytes(space);
}

double pairBytes(const CrystalSpace& space)
{
  return usesDifferenceTree(space) ? differenceTreeBytes(space)
                                   : 4.0 * joinDimensions(space) + 40.0;
}

double longestSide(double meanSquare, double residual)
{
  const double longest =
      (std::sqrt(residual) + std::sqrt(std::max(0.0, 4 * meanSquare - residual))) / 2;
  return longest * longest;
}

double neededMeanSquare(double residual, double largestSquare)
{
  return (largestSquare + residual / 2) / 2;
}

double PairLimits::work() const
{
  constexpr double comparisonsOfAMatch = 200.0;
  return comparisons + comparisonsOfAMatch * std::max(0.0, matches);
}

std::size_t PairList::size() const
{
  std::size_t sum = 0;
  for (const auto& tile : tiles)
    sum += tile.size();
  return sum;
}

void PairList::keep(double shortestSquare, double longestSquare)
{
  // Lengths come from products in float: a little more on both sides.
  const auto shortest = static_cast<float>(std::sqrt(shortestSquare) * (1 - 1e-4)),
             longest = static_cast<float>(std::sqrt(longestSquare) * (1 + 1e-5));
  for (auto& tile : tiles)
    std::erase_if(tile, [&](const FeaturePair& pair) {
      return pair.length > longest || pair.length < shortest;
    });
}

std::vector<FeaturePair> PairList::take()
{
  std::vector<FeaturePair> all;
  all.reserve(size());
  for (auto& tile : tiles) {
    all.insert(all.end(), tile.begin(), tile.end());
    std::vector<FeaturePair>().swap(tile);
  }
  return all;
}

DistanceHistogram sampleDistances(const CrystalSpace& space, int sample, std::uint64_t seed,
                                  const Progress& progress)
{
  const std::int64_t n = space.features();
  std::vector<FeatureId> ids;
  for (std::int64_t i = 0; i < n; ++i)
    if (space.used[static_cast<std::size_t>(i)])
      ids.push_back(static_cast<FeatureId>(i));
  const auto usedCount = static_cast<double>(ids.size());
  Random random(seed);
  random.shuffle(ids);
  ids.resize(std::min<std::size_t>(ids.size(), static_cast<std::size_t>(sample)));
  const auto count = static_cast<Eigen::Index>(ids.size());
  FeatureMatrix drawn(space.dimensions(), count);
  for (Eigen::Index i = 0; i < count; ++i)
    drawn.col(i) = space.vectors->col(ids[static_cast<std::size_t>(i)]);
  const std::vector<double> squares = squaredNorms(space);

  const std::int64_t chunks = (n + tileSize - 1) / tileSize;
  const auto visit = [&](auto&& work) {
    parallelFor(n, tileSize, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      FeatureMatrix products(end - begin, count);
      multiplyInto(products, space.vectors->middleCols(begin, end - begin), true, drawn);
      for (Eigen::Index j = 0; j < count; ++j) {
        const FeatureId id = ids[static_cast<std::size_t>(j)];
        for (std::int64_t i = begin; i < end; ++i)
          if (space.used[static_cast<std::size_t>(i)] && i != id)
            work(begin / tileSize,
                 std::max(0.0, squares[static_cast<std::size_t>(i)] +
                                   squares[static_cast<std::size_t>(id)] -
                                   2.0 * static_cast<double>(products(i - begin, j))));
      }
    });
  };
  std::vector<double> largest(static_cast<std::size_t>(chunks), 0.0);
  visit([&](std::int64_t chunk, double square) {
    double& most = largest[static_cast<std::size_t>(chunk)];
    most = std::max(most, square);
  });
  DistanceHistogram histogram;
  histogram.largest = *std::max_element(largest.begin(), largest.end());
  // All pairs have some that are a little farther apart; the list is cut when they are known.
  histogram.expectedLargest = 1.05 * histogram.largest;
  histogram.counts.assign(bins, 0.0);
  if (!(histogram.largest > 0))
    return histogram;
  std::vector<std::vector<std::int64_t>> counts(static_cast<std::size_t>(chunks),
                                                std::vector<std::int64_t>(bins, 0));
  visit([&](std::int64_t chunk, double square) {
    const int bin = std::min(bins - 1, static_cast<int>(square / histogram.largest * bins));
    ++counts[static_cast<std::size_t>(chunk)][static_cast<std::size_t>(bin)];
  });
  const double scale =
      usedCount * (usedCount - 1) / 2 / (static_cast<double>(count) * std::max(1.0, usedCount - 1));
  for (const auto& part : counts)
    for (std::size_t bin = 0; bin < part.size(); ++bin)
      histogram.counts[bin] += scale * static_cast<double>(part[bin]);
  return histogram;
}

PairLimits pairLimits(const CrystalSpace& space, const CrystalSearchOptions& options,
                      const DistanceHistogram& histogram)
{
  const bool trapezoid = options.mode == CrystalMode::Trapezoid;
  const double residual = options.residual * space.unit;
  const double shortestSquare = options.leastSide * options.leastSide * 2 * space.unit;
  std::optional<DifferenceTreeSample> tree;
  if (usesDifferenceTree(space))
    tree.emplace(space, trapezoid ? options.residual : residual, trapezoid, shortestSquare,
                 options.seed);
  const double mostPairs = mostPairsOf(space, options);
  const auto limitsAt = [&](double square) {
    PairLimits limits;
    limits.meanSquare = square;
    limits.longestSquare = trapezoid ? square : longestSide(square, residual);
    limits.shortestSquare = shortestSquare;
    limits.pairs = countPairs(histogram, shortestSquare, limits.longestSquare);
    if (tree) {
      const DifferenceTreeSample::Cost cost = tree->of(limits.pairs, limits.longestSquare);
      limits.comparisons = cost.comparisons;
      limits.matches = cost.matches;
    } else {
      limits.comparisons = trapezoid ? limits.pairs * limits.pairs / 2
                                     : countComparisons(histogram, residual, square);
    }
    return limits;
  };
  const auto affordable = [&](const PairLimits& limits) {
    return limits.pairs <= mostPairs &&
           (options.mostComparisons <= 0 || limits.work() <= options.mostComparisons);
  };
  const double needed =
      trapezoid ? histogram.expectedLargest : neededMeanSquare(residual, histogram.expectedLargest);
  PairLimits limits = limitsAt(needed);
  limits.complete = true;
  if (affordable(limits))
    return limits;
  double low = 0.0, high = needed;
  for (int step = 0; step < 14; ++step) {
    const double middle = (low + high) / 2;
    (affordable(limitsAt(middle)) ? low : high) = middle;
  }
  return limitsAt(low);
}

PairList listPairs(const CrystalSpace& space, double longestSquare, const Progress& progress)
{
  const Eigen::Index n = space.features(), blocks = (n + tileSize - 1) / tileSize;
  const std::vector<double> squares = squaredNorms(space);
  const double slack = 1e-5 * (*std::max_element(squares.begin(), squares.end()) + space.unit);
  std::vector<float> half(static_cast<std::size_t>(n) + lanes,
                          std::numeric_limits<float>::infinity());
  std::vector<float> halfSquare(half.size(), -std::numeric_limits<float>::max());
  for (std::size_t i = 0; i < squares.size(); ++i)
    if (space.used[i]) {
      half[i] = static_cast<float>(squares[i] / 2 - (longestSquare + slack) / 4);
      halfSquare[i] = static_cast<float>(squares[i] / 2);
    }
  std::vector<std::pair<Eigen::Index, Eigen::Index>> tiles;
  for (Eigen::Index row = 0; row < blocks; ++row)
    for (Eigen::Index column = row; column < blocks; ++column)
      tiles.emplace_back(row, column);
  const auto total = static_cast<std::int64_t>(tiles.size());
  std::vector<std::vector<FeaturePair>> listed(tiles.size());
  std::vector<float> largest(tiles.size(), 0.0f);
  std::atomic<std::int64_t> done{0};
  parallelFor(total, 1, [&](std::int64_t number, std::int64_t) {
    progress.checkStopped();
    const auto tile = static_cast<std::size_t>(number);
    const auto [row, column] = tiles[tile];
    const Eigen::Index rowBegin = row * tileSize, columnBegin = column * tileSize;
    const Eigen::Index rows = std::min(tileSize, n - rowBegin),
                       columns = std::min(tileSize, n - columnBegin);
    // Whole blocks of lanes are read: rows beyond the last stay zero and are never within limits.
    FeatureMatrix products = FeatureMatrix::Zero((rows + lanes - 1) / lanes * lanes, columns);
    multiplyInto(products.topRows(rows), space.vectors->middleCols(rowBegin, rows), true,
                 space.vectors->middleCols(columnBegin, columns));
    int found[tileSize / lanes];
    for (Eigen::Index c = 0; c < columns; ++c) {
      const auto j = static_cast<std::size_t>(columnBegin + c);
      if (!space.used[j])
        continue;
      int count = 0;
      const float least =
          scanProducts(products.col(c).data(), half.data() + rowBegin, halfSquare.data() + rowBegin,
                       half[j], static_cast<int>((rows + lanes - 1) / lanes), found, count);
      largest[tile] = std::max(largest[tile], -2 * (least - halfSquare[j]));
      for (int block = 0; block < count; ++block)
        for (Eigen::Index r = found[block] * lanes;
             r < std::min<Eigen::Index>(rows, (found[block] + 1) * lanes); ++r) {
          const auto i = static_cast<std::size_t>(rowBegin + r);
          if (i >= j || !(products(r, c) >= half[i] + half[j]))
            continue;
          const double square = squares[i] + squares[j] - 2.0 * static_cast<double>(products(r, c));
          listed[tile].push_back({static_cast<FeatureId>(i), static_cast<FeatureId>(j),
                                  static_cast<float>(std::sqrt(std::max(0.0, square)))});
        }
    }
    progress.update(++done, total);
  });
  PairList list;
  list.tiles = std::move(listed);
  for (const float square : largest)
    list.largestSquare = std::max(list.largestSquare, static_cast<double>(square));
  return list;
}

}  // namespace orrery
