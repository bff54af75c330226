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

/// Gives labels numbers in the order in which they come.
class Numbering {
 public:
  /// @p largest: the largest label; where labels are few beside the features, a table finds them.
  Numbering(std::int32_t largest, std::size_t features)
      : m_table(static_cast<std::size_t>(std::max(largest, 0)) <= 4 * features
                    ? static_cast<std::size_t>(std::max(largest, 0)) + 1
                    : 0,
                -1)
  {
  }
  std::int32_t numberOf(std::int32_t label, std::vector<std::int64_t>& sizes)
  {
    const auto next = static_cast<std::int32_t>(sizes.size());
    std::int32_t& number = m_table.empty() ? m_numbers.try_emplace(label, -1).first->second
                                           : m_table[static_cast<std::size_t>(label)];
    if (number < 0) {
      number = next;
      sizes.push_back(0);
    }
    ++sizes[static_cast<std::size_t>(number)];
    return number;
  }

 private:
  std::vector<std::int32_t> m_table;
  std::unordered_map<std::int32_t, std::int32_t> m_numbers;
};

std::int32_t largestOf(const std::vector<std::int32_t>& labels)
{
  return labels.empty() ? -1 : *std::max_element(labels.begin(), labels.end());
}

Placed place(const std::vector<std::int32_t>& first, const std::vector<std::int32_t>& second)
{
  if (first.size() != second.size())
    throw Error("two clusterings of different numbers of features cannot be compared (" +
                std::to_string(first.size()) + " and " + std::to_string(second.size()) + ")");
  Placed placed;
  placed.first.reserve(first.size());
  placed.second.reserve(first.size());
  placed.features.reserve(first.size());
  Numbering firstNumbers(largestOf(first), first.size());
  Numbering secondNumbers(largestOf(second), first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i] < 0 || second[i] < 0)
      continue;
    placed.first.push_back(firstNumbers.numberOf(first[i], placed.firstSizes));
    placed.second.push_back(secondNumbers.numberOf(second[i], placed.secondSizes));
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

/// Mutual information of one clustering with many that have the same cluster sizes. With c the
/// cells of their table and a, b its margins, MI = ln n + (Σ c ln c − Σ a ln a − Σ b ln b) / n: the
/// margins' sums stay, and c ln c is looked up.
class Information {
 public:
  explicit Information(const Placed& placed)
      : m_n(static_cast<double>(placed.first.size())),
        m_columns(placed.secondSizes.size()),
        m_products(placed.first.size() + 1, 0.0)
  {
    for (std::size_t count = 2; count < m_products.size(); ++count)
      m_products[count] = static_cast<double>(count) * std::log(static_cast<double>(count));
    for (const std::int64_t size : placed.firstSizes)
      m_margins += m_products[static_cast<std::size_t>(size)];
    for (const std::int64_t size : placed.secondSizes)
      m_margins += m_products[static_cast<std::size_t>(size)];
    m_starts.assign(placed.firstSizes.size() + 1, 0);
    for (std::size_t i = 0; i < placed.firstSizes.size(); ++i)
      m_starts[i + 1] = m_starts[i] + static_cast<std::size_t>(placed.firstSizes[i]);
    m_order.resize(placed.first.size());
    std::vector<std::size_t> next(m_starts.begin(), m_starts.end() - 1);
    for (std::size_t i = 0; i < m_order.size(); ++i)
      m_order[next[static_cast<std::size_t>(placed.first[i])]++] = static_cast<std::uint32_t>(i);
  }

  /// Positions within `placed`, cluster after cluster of the first clustering.
  [[nodiscard]] const std::vector<std::uint32_t>& order() const { return m_order; }

  /// @p ordered: the numbers of the second clustering in that order. One row of the table at a
  /// time, of which only the cells that were met are visited: O(n) however many clusters there are.
  [[nodiscard]] double of(const std::vector<std::int32_t>& ordered) const
  {
    std::vector<std::uint32_t> row(m_columns, 0);
    double cells = 0.0;
    for (std::size_t cluster = 0; cluster + 1 < m_starts.size(); ++cluster) {
      const std::int32_t* begin = ordered.data() + m_starts[cluster];
      const std::int32_t* end = ordered.data() + m_starts[cluster + 1];
      for (const std::int32_t* label = begin; label != end; ++label)
        ++row[static_cast<std::size_t>(*label)];
      if (static_cast<std::size_t>(end - begin) > m_columns) {
        for (std::uint32_t& count : row) {
          cells += m_products[count];
          count = 0;
        }
        continue;
      }
      for (const std::int32_t* label = begin; label != end; ++label) {
        std::uint32_t& count = row[static_cast<std::size_t>(*label)];
        cells += m_products[count];
        count = 0;
      }
    }
    return std::max(0.0, std::log(m_n) + (cells - m_margins) / m_n);
  }

 private:
  double m_n;
  std::size_t m_columns;
  std::vector<double> m_products;  ///< c ln c.
  double m_margins = 0.0;          ///< Σ a ln a + Σ b ln b.
  std::vector<std::size_t> m_starts;
  std::vector<std::uint32_t> m_order;
};

/// @p labels in the order of @p information.
std::vector<std::int32_t> ordered(const Information& information,
                                  const std::vector<std::int32_t>& labels)
{
  std::vector<std::int32_t> result;
  result.reserve(labels.size());
  for (const std::uint32_t i : information.order())
    result.push_back(labels[i]);
  return result;
}

/// Exactly uniform numbers below small bounds, two from every 64 random bits (Lemire 2019).
class SmallDraws {
 public:
  explicit SmallDraws(Random random) : m_random(std::move(random)) {}
  std::uint32_t below(std::uint32_t count)
  {
    std::uint64_t product = std::uint64_t{half()} * count;
    if (static_cast<std::uint32_t>(product) < count) {
      const std::uint32_t excess = (0u - count) % count;
      while (static_cast<std::uint32_t>(product) < excess)
        product = std::uint64_t{half()} * count;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  std::uint32_t half()
  {
    if (m_has) {
      m_has = false;
      return static_cast<std::uint32_t>(m_bits >> 32);
    }
    m_bits = m_random.bits();
    m_has = true;
    return static_cast<std::uint32_t>(m_bits);
  }
  Random m_random;
  std::uint64_t m_bits = 0;
  bool m_has = false;
};

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
  const Information information(placed);
  result.mutualInformation = information.of(ordered(information, placed.second));
  result.expectedMutualInformation = expectedMutualInformation(placed);
  result.entropyFirst = entropy(placed.firstSizes, n);
  result.entropySecond = entropy(placed.secondSizes, n);
  result.adjusted = adjust(result.mutualInformation, result.expectedMutualInformation,
                           result.entropyFirst, result.entropySecond);
  return result;
}

/// Places within the order of @p information of the features of each stratum.
std::vector<std::vector<std::uint32_t>> strataOf(const Placed& placed,
                                                 const Information& information,
                                                 const std::vector<std::int32_t>& strata)
{
  std::map<std::int32_t, std::vector<std::uint32_t>> groups;
  for (std::size_t i = 0; i < information.order().size(); ++i)
    groups[strata[placed.features[information.order()[i]]]].push_back(
        static_cast<std::uint32_t>(i));
  std::vector<std::vector<std::uint32_t>> result;
  for (auto& [stratum, members] : groups)
    result.push_back(std::move(members));
  return result;
}

void shuffle(std::vector<std::int32_t>& values, SmallDraws& draws)
{
  for (auto i = static_cast<std::uint32_t>(values.size()); i > 1; --i)
    std::swap(values[i - 1], values[draws.below(i)]);
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
  const Information information(placed);
  const std::vector<std::int32_t> observed = ordered(information, placed.second);
  std::vector<std::vector<std::uint32_t>> groups;
  if (!options.strata.empty())
    groups = strataOf(placed, information, options.strata);

  result.values.assign(static_cast<std::size_t>(options.permutations), 0.0);
  parallelFor(options.permutations, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t permutation = begin; permutation < end; ++permutation) {
      progress.update(permutation, options.permutations);
      SmallDraws draws(Random::forPart(options.seed, static_cast<std::uint64_t>(permutation)));
      std::vector<std::int32_t> shuffled = observed;
      if (groups.empty())
        shuffle(shuffled, draws);
      for (const std::vector<std::uint32_t>& members : groups) {
        std::vector<std::int32_t> own;
        own.reserve(members.size());
        for (const std::uint32_t i : members)
          own.push_back(observed[i]);
        shuffle(own, draws);
        for (std::size_t i = 0; i < members.size(); ++i)
          shuffled[members[i]] = own[i];
      }
      result.values[static_cast<std::size_t>(permutation)] =
          adjust(information.of(shuffled), result.observed.expectedMutualInformation,
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
