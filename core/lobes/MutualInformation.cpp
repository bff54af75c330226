#include "core/lobes/MutualInformation.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>

namespace orrery {
namespace {

/// Labels renumbered 0 … k − 1, of the features that both clusterings place.
struct Placed {
  std::vector<std::int32_t> first, second;
  std::vector<std::int64_t> firstSizes, secondSizes;
  std::vector<std::size_t> features;  ///< Where each came from.
};

std::int32_t numberOf(std::unordered_map<std::int32_t, std::int32_t>& numbers, std::int32_t label,
                      std::vector<std::int64_t>& sizes)
{
  const auto [place, isNew] = numbers.try_emplace(label, static_cast<std::int32_t>(sizes.size()));
  if (isNew)
    sizes.push_back(0);
  ++sizes[static_cast<std::size_t>(place->second)];
  return place->second;
}

Placed place(const std::vector<std::int32_t>& first, const std::vector<std::int32_t>& second)
{
  if (first.size() != second.size())
    throw Error("two clusterings of different numbers of features cannot be compared (" +
                std::to_string(first.size()) + " and " + std::to_string(second.size()) + ")");
  Placed placed;
  std::unordered_map<std::int32_t, std::int32_t> firstNumbers, secondNumbers;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i] < 0 || second[i] < 0)
      continue;
    placed.first.push_back(numberOf(firstNumbers, first[i], placed.firstSizes));
    placed.second.push_back(numberOf(secondNumbers, second[i], placed.secondSizes));
    placed.features.push_back(i);
  }
  return placed;
}

double entropy(const std::vector<std::int64_t>& sizes, double n)
{
  double sum = 0.0;
  for (const std::int64_t size : sizes)
    sum -= static_cast<double>(size) / n * std::log(static_cast<double>(size) / n);
  return sum;
}

double mutualInformation(const Placed& placed, const std::vector<std::int32_t>& second)
{
  const std::size_t columns = placed.secondSizes.size();
  const double n = static_cast<double>(placed.first.size());
  // Sorted keys rather than a k × k table: with 1024 clusters on both sides the table is mostly
  // empty.
  std::vector<std::uint64_t> cells(placed.first.size());
  for (std::size_t i = 0; i < cells.size(); ++i)
    cells[i] = static_cast<std::uint64_t>(placed.first[i]) * columns +
               static_cast<std::uint64_t>(second[i]);
  std::sort(cells.begin(), cells.end());

  double sum = 0.0;
  for (std::size_t begin = 0; begin < cells.size();) {
    std::size_t end = begin + 1;
    while (end < cells.size() && cells[end] == cells[begin])
      ++end;
    const double overlap = static_cast<double>(end - begin);
    const double a = static_cast<double>(placed.firstSizes[cells[begin] / columns]);
    const double b = static_cast<double>(placed.secondSizes[cells[begin] % columns]);
    sum += overlap / n * std::log(n * overlap / (a * b));
    begin = end;
  }
  return std::max(sum, 0.0);
}

/// Σ over m of P(m) · m/n · ln(n m / (a b)), P hypergeometric: clusters of a and b out of n share m
/// features. From the mode outwards by the ratio of neighbouring probabilities, until what remains
/// is below rounding.
double expectedTerm(std::int64_t a, std::int64_t b, std::int64_t n)
{
  const std::int64_t lowest = std::max<std::int64_t>(0, a + b - n);
  const std::int64_t highest = std::min(a, b);
  const auto mode = std::clamp(
      static_cast<std::int64_t>((static_cast<double>(a) + 1) * (static_cast<double>(b) + 1) /
                                (static_cast<double>(n) + 2)),
      lowest, highest);
  const auto logFactorial = [](std::int64_t m) {
    return std::lgamma(static_cast<long double>(m) + 1);
  };
  const long double logAtMode = logFactorial(a) + logFactorial(b) + logFactorial(n - a) +
                                logFactorial(n - b) - logFactorial(n) - logFactorial(mode) -
                                logFactorial(a - mode) - logFactorial(b - mode) -
                                logFactorial(n - a - b + mode);
  const double atMode = static_cast<double>(std::exp(logAtMode));
  const double scale = static_cast<double>(n) / (static_cast<double>(a) * static_cast<double>(b));
  const auto term = [&](double probability, std::int64_t m) {
    return m == 0 ? 0.0
                  : probability * static_cast<double>(m) / static_cast<double>(n) *
                        std::log(static_cast<double>(m) * scale);
  };

  constexpr double negligible = 1e-20;
  double sum = term(atMode, mode);
  double probability = atMode;
  for (std::int64_t m = mode; m < highest && probability > negligible * atMode; ++m) {
    probability *= static_cast<double>(a - m) * static_cast<double>(b - m) /
                   (static_cast<double>(m + 1) * static_cast<double>(n - a - b + m + 1));
    sum += term(probability, m + 1);
  }
  probability = atMode;
  for (std::int64_t m = mode; m > lowest && probability > negligible * atMode; --m) {
    probability *= static_cast<double>(m) * static_cast<double>(n - a - b + m) /
                   (static_cast<double>(a - m + 1) * static_cast<double>(b - m + 1));
    sum += term(probability, m - 1);
  }
  return sum;
}

/// Clusters of equal size share their terms: with a thousand clusters there are far fewer sizes
/// than pairs.
double expectedMutualInformation(const Placed& placed)
{
  std::map<std::int64_t, std::int64_t> firstCounts, secondCounts;
  for (const std::int64_t size : placed.firstSizes)
    ++firstCounts[size];
  for (const std::int64_t size : placed.secondSizes)
    ++secondCounts[size];
  const std::vector<std::pair<std::int64_t, std::int64_t>> rows(firstCounts.begin(),
                                                                firstCounts.end());
  const auto n = static_cast<std::int64_t>(placed.first.size());

  std::vector<double> sums(rows.size(), 0.0);
  parallelFor(static_cast<std::int64_t>(rows.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const auto& [size, times] = rows[static_cast<std::size_t>(row)];
      for (const auto& [otherSize, otherTimes] : secondCounts)
        sums[static_cast<std::size_t>(row)] +=
            static_cast<double>(times * otherTimes) * expectedTerm(size, otherSize, n);
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double adjust(double information, double expected, double entropyFirst, double entropySecond)
{
  double range = (entropyFirst + entropySecond) / 2 - expected;
  // Rounding may turn a range of nothing around; its sign must stay, or the value explodes.
  constexpr double smallest = std::numeric_limits<double>::epsilon();
  range = range < 0 ? std::min(range, -smallest) : std::max(range, smallest);
  return (information - expected) / range;
}

ClusteringAgreement compare(const Placed& placed)
{
  ClusteringAgreement result;
  result.compared = static_cast<std::int64_t>(placed.first.size());
  const std::size_t clusters = placed.firstSizes.size();
  const bool bothWhole = clusters <= 1 && placed.secondSizes.size() <= 1;
  const bool bothSingletons =
      clusters == placed.first.size() && placed.secondSizes.size() == placed.first.size();
  if (placed.first.empty() || bothWhole || bothSingletons) {
    result.adjusted = 1.0;
    return result;
  }
  const auto n = static_cast<double>(placed.first.size());
  result.mutualInformation = mutualInformation(placed, placed.second);
  result.expectedMutualInformation = expectedMutualInformation(placed);
  result.entropyFirst = entropy(placed.firstSizes, n);
  result.entropySecond = entropy(placed.secondSizes, n);
  result.adjusted = adjust(result.mutualInformation, result.expectedMutualInformation,
                           result.entropyFirst, result.entropySecond);
  return result;
}

/// Positions within `placed` of the features of each stratum.
std::vector<std::vector<std::size_t>> strataOf(const Placed& placed,
                                               const std::vector<std::int32_t>& strata)
{
  std::map<std::int32_t, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < placed.features.size(); ++i)
    groups[strata.empty() ? 0 : strata[placed.features[i]]].push_back(i);
  std::vector<std::vector<std::size_t>> result;
  for (auto& [stratum, members] : groups)
    result.push_back(std::move(members));
  return result;
}

}  // namespace

ClusteringAgreement compareClusterings(const std::vector<std::int32_t>& first,
                                       const std::vector<std::int32_t>& second)
{
  return compare(place(first, second));
}

PermutationNull permutationNull(const std::vector<std::int32_t>& first,
                                const std::vector<std::int32_t>& second,
                                const PermutationNullOptions& options, const Progress& progress)
{
  if (options.permutations < 2)
    throw Error("a permutation null needs at least 2 permutations (found " +
                std::to_string(options.permutations) + ")");
  if (!options.strata.empty() && options.strata.size() != first.size())
    throw Error("the groups to shuffle within cover " + std::to_string(options.strata.size()) +
                " features, the clusterings " + std::to_string(first.size()));
  const Placed placed = place(first, second);
  PermutationNull result;
  result.options = options;
  result.observed = compare(placed);
  const auto groups = strataOf(placed, options.strata);

  result.values.assign(static_cast<std::size_t>(options.permutations), 0.0);
  parallelFor(options.permutations, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t permutation = begin; permutation < end; ++permutation) {
      progress.update(permutation, options.permutations);
      Random random = Random::forPart(options.seed, static_cast<std::uint64_t>(permutation));
      std::vector<std::int32_t> shuffled = placed.second;
      for (const std::vector<std::size_t>& members : groups)
        for (std::size_t i = members.size(); i > 1; --i)
          std::swap(shuffled[members[i - 1]],
                    shuffled[members[static_cast<std::size_t>(random.below(i))]]);
      result.values[static_cast<std::size_t>(permutation)] =
          adjust(mutualInformation(placed, shuffled), result.observed.expectedMutualInformation,
                 result.observed.entropyFirst, result.observed.entropySecond);
    }
  });

  const auto count = static_cast<double>(options.permutations);
  result.mean = std::accumulate(result.values.begin(), result.values.end(), 0.0) / count;
  double squares = 0.0;
  for (const double value : result.values)
    squares += (value - result.mean) * (value - result.mean);
  result.standardDeviation = std::sqrt(squares / (count - 1));
  result.z = result.standardDeviation > 0
                 ? (result.observed.adjusted - result.mean) / result.standardDeviation
                 : std::numeric_limits<double>::quiet_NaN();
  return result;
}

}  // namespace orrery
