#include "core/galaxy/SamplingCorrection.h"

#include "core/base/Parallel.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numbers>
#include <vector>

namespace orrery {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = std::numbers::pi;
/// Ranks that stand alone; further down a group of ranks takes 3 % of its rank.
constexpr int singleRanks = 64;
constexpr double groupShare = 0.03;

/// Consecutive ranks, from `first` (0-based) on.
struct RankGroup {
  int first = 0, count = 1;
};

/// A population: one value for every group, in any order.
struct Population {
  std::vector<double> value, mass;  ///< mass: ranks / degrees.
  double degrees = 0.0;
};

/// Groups of all ranks, cut at the window's ends.
std::vector<RankGroup> groupsOf(int ranks, int firstRank, int lastRank)
{
  std::vector<RankGroup> groups;
  for (int first = 0; first < ranks;) {
    const int wide = first < singleRanks
                         ? 1
                         : std::max(1, static_cast<int>(groupShare * static_cast<double>(first)));
    int end = std::min(ranks, first + wide);
    for (const int cut : {firstRank - 1, lastRank})
      if (first < cut && cut < end)
        end = cut;
    groups.push_back({first, end - first});
    first = end;
  }
  return groups;
}

/// A point of the support: an eigenvalue, and how many lie above it.
struct SupportPoint {
  double x = 0.0, above = 0.0;
};

/// Of the u with real part @p real (positive).
SupportPoint supportPoint(const Population& population, double real)
{
  const std::size_t count = population.value.size();
  // Σ a / (b + s) = 1 for the square s of the imaginary part; 1 / Σ is concave in s, so Newton's
  // steps rise to the root from any s below it. One term alone gives such an s.
  double square = 0.0;
  for (std::size_t k = 0; k < count; ++k) {
    const double t = population.value[k], apart = real - t;
    square = std::max(square, population.mass[k] * t * t - apart * apart);
  }
  for (int step = 0; step < 100; ++step) {
    double sum = 0.0, slope = 0.0;
    for (std::size_t k = 0; k < count; ++k) {
      const double t = population.value[k], apart = real - t;
      const double below = std::max(apart * apart + square, 1e-300);
      const double term = population.mass[k] * t * t / below;
      sum += term;
      slope += term / below;
    }
    if (sum <= 1.0)  // outside of the support if already at 0, else the root from rounding
      break;
    const double move = (sum - 1.0) * sum / slope;
    square += move;
    if (move < 1e-13 * square)
      break;
  }
  const double imaginary = std::sqrt(square), own = std::atan2(imaginary, real);
  SupportPoint point;
  point.x = real;
  double angles = own;
  for (std::size_t k = 0; k < count; ++k) {
    const double t = population.value[k], apart = real - t;
    const double distance = std::max(apart * apart + square, 1e-300);
    point.x += population.mass[k] * t * (1.0 + t * apart / distance);
    angles += population.mass[k] * (std::atan2(imaginary, apart) - own);
  }
  point.above = population.degrees / pi * (angles - point.x * imaginary / (real * real + square));
  return point;
}

/// ln of the eigenvalues that have @p targets (ascending) eigenvalues above them.
std::vector<double> expectedLogs(const Population& population, const std::vector<double>& targets)
{
  const auto [least, most] = std::ranges::minmax(population.value);
  double low = least, high = most, total = 0.0;
  for (const double mass : population.mass)
    total += mass * population.degrees;
  for (int step = 0; step < 60 && supportPoint(population, low).above < total - 1e-6; ++step)
    low *= 0.6;
  for (int step = 0; step < 60 && supportPoint(population, high).above > 0.2; ++step)
    high *= 1.5;

  constexpr int steps = 96;
  std::vector<double> place(steps + 1), above(steps + 1);
  for (int i = 0; i <= steps; ++i)
    place[static_cast<std::size_t>(i)] =
        std::log(low) + (std::log(high) - std::log(low)) * static_cast<double>(i) / steps;
  parallelFor(steps + 1, 8, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      above[i] = supportPoint(population, std::exp(place[i])).above;
  });

  std::vector<double> logs(targets.size());
  parallelFor(
      static_cast<std::int64_t>(targets.size()), 8, [&](std::int64_t begin, std::int64_t end) {
        for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) {
          // The first place of the grid that has fewer above it; rounding may break the order a
          // bit.
          std::size_t right = 1;
          while (right < steps && above[right] > targets[k])
            ++right;
          double a = place[right - 1], b = place[right];
          double overA = above[right - 1] - targets[k], overB = above[right] - targets[k];
          SupportPoint point;
          for (int step = 0; step < 60; ++step) {
            // Chords where the count is smooth, halves where it jumps.
            const double chord = overA > overB ? a + (b - a) * overA / (overA - overB) : a;
            const double middle =
                step % 3 == 2 || !(chord > a && chord < b) ? 0.5 * (a + b) : chord;
            point = supportPoint(population, std::exp(middle));
            const double over = point.above - targets[k];
            if (std::abs(over) < 1e-3 || b - a < 1e-12)
              break;
            (over > 0.0 ? a : b) = middle;
            (over > 0.0 ? overA : overB) = over;
          }
          logs[k] = std::log(point.x);
        }
      });
  return logs;
}

/// Pools neighbours that rise where they should fall, by weight.
void makeFalling(std::vector<double>& values, const std::vector<double>& weights)
{
  struct Pool {
    double mean, weight;
    std::size_t count;
  };
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < values.size(); ++i) {
    pools.push_back({values[i], weights[i], 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean < pools.back().mean) {
      const Pool last = pools.back();
      pools.pop_back();
      Pool& before = pools.back();
      before.mean =
          (before.mean * before.weight + last.mean * last.weight) / (before.weight + last.weight);
      before.weight += last.weight;
      before.count += last.count;
    }
  }
  std::size_t at = 0;
  for (const Pool& pool : pools)
    for (std::size_t i = 0; i < pool.count; ++i)
      values[at++] = pool.mean;
}

/// A weighted line over ln rank, of the groups inside the window.
class WindowLine {
 public:
  WindowLine(const std::vector<RankGroup>& groups, int firstRank, int lastRank)
  {
    double sum = 0.0;
    for (std::size_t k = 0; k < groups.size(); ++k) {
      const int first = groups[k].first, count = groups[k].count;
      if (first + 1 < firstRank || first + count > lastRank)
        continue;
      m_groups.push_back(k);
      m_weights.push_back(count);
      double logs = 0.0;
      for (int rank = first + 1; rank <= first + count; ++rank)
        logs += std::log(static_cast<double>(rank));
      m_logRanks.push_back(logs / count);
      sum += logs;
      m_total += count;
    }
    m_middle = sum / m_total;
    for (std::size_t i = 0; i < m_groups.size(); ++i)
      m_spread += m_weights[i] * (m_logRanks[i] - m_middle) * (m_logRanks[i] - m_middle);
  }

  [[nodiscard]] double level(const std::vector<double>& values) const
  {
    double sum = 0.0;
    for (std::size_t i = 0; i < m_groups.size(); ++i)
      sum += m_weights[i] * values[m_groups[i]];
    return sum / m_total;
  }
  [[nodiscard]] double slope(const std::vector<double>& values) const
  {
    double sum = 0.0;
    for (std::size_t i = 0; i < m_groups.size(); ++i)
      sum += m_weights[i] * (m_logRanks[i] - m_middle) * values[m_groups[i]];
    return sum / m_spread;
  }
  void draw(std::vector<double>& values, double level, double slope) const
  {
    for (std::size_t i = 0; i < m_groups.size(); ++i)
      values[m_groups[i]] = level + slope * (m_logRanks[i] - m_middle);
  }
  [[nodiscard]] bool holds(std::size_t group) const
  {
    return group >= m_groups.front() && group <= m_groups.back();
  }
  [[nodiscard]] double middle() const { return m_middle; }
  [[nodiscard]] double spread() const { return m_spread; }

 private:
  std::vector<std::size_t> m_groups;
  std::vector<double> m_weights, m_logRanks;
  double m_total = 0.0, m_middle = 0.0, m_spread = 0.0;
};

struct Solved {
  double slope = 0.0, intercept = 0.0, resolution = 0.0;
  bool isotropic = false;
  int rounds = 0;
};

/// One spectrum's correction.
class Correction {
 public:
  Correction(const Eigen::VectorXd& eigenvalues, int ranks, double degrees, int firstRank,
             int lastRank, const SamplingCorrectionOptions& options)
      : m_ranks(ranks),
        m_degrees(degrees),
        m_options(options),
        m_groups(groupsOf(ranks, firstRank, lastRank)),
        m_line(m_groups, firstRank, lastRank)
  {
    m_population.degrees = degrees;
    for (const RankGroup& group : m_groups) {
      m_weights.push_back(group.count);
      m_targets.push_back(group.first + 0.5 * group.count);
      m_population.mass.push_back(group.count / degrees);
    }
    m_found = logsOf(eigenvalues);
    m_mean = std::log(eigenvalues.head(ranks).mean());
    m_noise = std::sqrt(2.0 / degrees);  // of one isolated eigenvalue, in ln λ
    m_slopeNoise = m_noise / std::sqrt(m_line.spread());
  }

  Solved solve(const Progress& progress) const
  {
    Solved solved;
    std::vector<double> tau(m_groups.size(), m_mean), residual(m_groups.size());
    for (int round = 0; round < m_options.rounds; ++round) {
      progress.checkStopped();
      const std::vector<double> expected = expectedOf(tau);
      for (std::size_t k = 0; k < tau.size(); ++k)
        residual[k] = m_found[k] - expected[k];
      const double slope = m_line.slope(residual);
      if (round == 0 && isIsotropic(residual, expected, slope, solved.resolution)) {
        solved.isotropic = true;
        break;
      }
      if (scatter(residual, false) < m_noise && std::abs(m_line.level(residual)) < 0.25 * m_noise &&
          std::abs(slope) < 0.05 * m_slopeNoise)
        break;
      for (std::size_t k = 0; k < tau.size(); ++k)
        tau[k] += residual[k];
      makeFalling(tau, m_weights);
      const double before = solved.slope;
      solved.slope = std::min(0.0, m_line.slope(tau));
      solved.rounds = round + 1;
      m_line.draw(tau, m_line.level(tau), solved.slope);
      if (round > 5 && std::abs(solved.slope - before) < 2e-5)
        break;
    }
    solved.intercept = (m_line.level(tau) - solved.slope * m_line.middle()) / std::numbers::ln10;
    return solved;
  }

 private:
  [[nodiscard]] std::vector<double> logsOf(const Eigen::VectorXd& eigenvalues) const
  {
    std::vector<double> logs;
    for (const RankGroup& group : m_groups)
      logs.push_back(eigenvalues.segment(group.first, group.count).array().log().mean());
    return logs;
  }

  [[nodiscard]] std::vector<double> expectedOf(const std::vector<double>& tau) const
  {
    Population population = m_population;
    for (const double value : tau)
      population.value.push_back(std::exp(value));
    return expectedLogs(population, m_targets);
  }

  /// Root mean square over ranks, over all groups or those outside of the window.
  [[nodiscard]] double scatter(const std::vector<double>& residual, bool everywhere) const
  {
    double sum = 0.0, weight = 0.0;
    for (std::size_t k = 0; k < residual.size(); ++k)
      if (everywhere || !m_line.holds(k)) {
        sum += m_weights[k] * residual[k] * residual[k];
        weight += m_weights[k];
      }
    return weight > 0.0 ? std::sqrt(sum / weight) : 0.0;
  }

  bool isIsotropic(const std::vector<double>& residual, const std::vector<double>& flat,
                   double slope, double& resolution) const
  {
    if (scatter(residual, true) > m_noise || std::abs(slope) > 3.0 * m_slopeNoise ||
        m_options.gaussianDraws < 2)
      return false;
    const auto draws = static_cast<std::size_t>(m_options.gaussianDraws);
    std::vector<double> slopes(draws);
    parallelFor(m_options.gaussianDraws, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t draw = begin; draw < end; ++draw) {
        std::vector<double> logs = logsOf(
            gaussianSpectrum(static_cast<std::int64_t>(m_degrees) + 1, m_ranks, std::exp(m_mean),
                             m_options.seed + 1000 + static_cast<std::uint64_t>(draw)));
        for (std::size_t k = 0; k < logs.size(); ++k)
          logs[k] -= flat[k];
        slopes[static_cast<std::size_t>(draw)] = m_line.slope(logs);
      }
    });
    double mean = 0.0;
    for (const double value : slopes)
      mean += value / static_cast<double>(draws);
    // A new draw scatters about a mean that is itself of few draws.
    const double reach = halfWidth95(slopes) * std::sqrt(1.0 + 1.0 / static_cast<double>(draws));
    if (std::abs(slope - mean) > reach)
      return false;
    resolution = resolutionFor(flat, reach);
    return true;
  }

  /// The flattest power law whose expected slope leaves the scatter.
  [[nodiscard]] double resolutionFor(const std::vector<double>& flat, double reach) const
  {
    double low = 0.0, high = 2.0;
    for (int step = 0; step < 12; ++step) {
      const double middle = 0.5 * (low + high);
      std::vector<double> tau;
      for (const RankGroup& group : m_groups)
        tau.push_back(-middle * std::log(group.first + 0.5 * (1.0 + group.count)));
      const std::vector<double> expected = expectedOf(tau);
      (m_line.slope(flat) - m_line.slope(expected) < reach ? low : high) = middle;
    }
    return high;
  }

  int m_ranks;
  double m_degrees;
  SamplingCorrectionOptions m_options;
  std::vector<RankGroup> m_groups;
  WindowLine m_line;
  Population m_population;  ///< Its masses; values come and go.
  std::vector<double> m_weights, m_targets, m_found;
  double m_mean = 0.0, m_noise = 0.0, m_slopeNoise = 0.0;
};

/// How many of @p eigenvalues are above rounding, at most @p most.
int positiveRanks(const Eigen::VectorXd& eigenvalues, int most)
{
  int ranks = 0;
  while (ranks < most && eigenvalues[ranks] > 1e-12 * eigenvalues[0])
    ++ranks;
  return ranks;
}

std::string decimals(double value)
{
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3f", value);
  return buffer;
}

}  // namespace

double SamplingCorrection::share() const
{
  return std::isfinite(slope) && found < 0.0 ? std::clamp(bySampling() / found, 0.0, 1.0) : nan;
}

SamplingCorrection correctForSampling(const Spectrum& spectrum,
                                      const SamplingCorrectionOptions& options,
                                      const Progress& progress)
{
  SamplingCorrection correction;
  correction.options = options;
  correction.found = spectrum.slope;
  const auto degreesOf = [&](std::int64_t features) {
    return static_cast<double>(features - (spectrum.options.center ? 1 : 0));
  };
  const int ranks = positiveRanks(spectrum.eigenvalues, spectrum.rank);
  correction.slope = correction.intercept = correction.slopeInterval = nan;
  if (degreesOf(spectrum.features) <= ranks) {
    correction.unavailable =
        "there are not more features than dimensions with variance, so a part of the spectrum is "
        "not seen";
    return correction;
  }
  if (ranks < spectrum.lastRank) {
    correction.unavailable = "the window reaches into eigenvalues that are lost in rounding";
    return correction;
  }
  const auto parts = static_cast<std::int64_t>(spectrum.halfEigenvalues.size()) + 1;
  progress.update(0, parts);
  const Solved whole = Correction(spectrum.eigenvalues, ranks, degreesOf(spectrum.features),
                                  spectrum.firstRank, spectrum.lastRank, options)
                           .solve(progress);
  correction.slope = whole.slope;
  correction.intercept = whole.intercept;
  correction.isotropic = whole.isotropic;
  correction.resolution = whole.resolution;
  correction.rounds = whole.rounds;

  std::vector<double> slopes;
  for (std::size_t half = 0; half < spectrum.halfEigenvalues.size(); ++half) {
    progress.update(static_cast<std::int64_t>(half) + 1, parts);
    const Eigen::VectorXd& values = spectrum.halfEigenvalues[half];
    const double degrees = degreesOf(spectrum.features / 2);
    const int seen = positiveRanks(values, ranks);
    if (degrees > seen && seen >= spectrum.lastRank)
      slopes.push_back(
          Correction(values, seen, degrees, spectrum.firstRank, spectrum.lastRank, options)
              .solve(progress)
              .slope);
  }
  // Halves that have no more features than dimensions only tell how far the raw slope spreads.
  correction.slopeInterval = slopes.empty() ? spectrum.slopeInterval : halfWidth95(slopes);
  if (whole.isotropic)
    correction.slopeInterval = std::isfinite(correction.slopeInterval)
                                   ? std::max(correction.slopeInterval, whole.resolution)
                                   : whole.resolution;
  return correction;
}

std::string samplingSentence(const SamplingCorrection& correction)
{
  if (!correction.unavailable.empty())
    return "what sampling alone explains of the slope is not known: " + correction.unavailable;
  if (correction.isotropic)
    return "sampling alone explains the whole slope of " + decimals(correction.found) +
           ": isotropic Gaussian clouds of this size show it too (if the features are independent "
           "draws, a power law flatter than -" +
           decimals(correction.resolution) + " could not be told from none)";
  std::string text;
  if (correction.bySampling() > 0.0)  // the bulk behind the window pushes its end up
    text = "sampling flattens the slope of " + decimals(correction.found) + " by " +
           decimals(correction.bySampling());
  else
    text = "sampling alone explains " + decimals(correction.bySampling()) + " of the slope of " +
           decimals(correction.found) + " (" +
           std::to_string(static_cast<int>(std::lround(100.0 * correction.share()))) + " %)";
  text += ", if the features are independent draws; corrected for it the slope is " +
          decimals(correction.slope);
  if (std::isfinite(correction.slopeInterval))
    text += " +- " + decimals(correction.slopeInterval);
  return text;
}

Eigen::VectorXd expectedSampleEigenvalues(const Eigen::VectorXd& population, double degrees)
{
  Population each;
  each.degrees = degrees;
  each.value.assign(population.begin(), population.end());
  each.mass.assign(each.value.size(), 1.0 / degrees);
  std::vector<double> targets;
  for (Eigen::Index rank = 0; rank < population.size(); ++rank)
    targets.push_back(static_cast<double>(rank) + 0.5);
  const std::vector<double> logs = expectedLogs(each, targets);
  Eigen::VectorXd expected(population.size());
  for (Eigen::Index rank = 0; rank < population.size(); ++rank)
    expected[rank] = std::exp(logs[static_cast<std::size_t>(rank)]);
  return expected;
}

}  // namespace orrery
