#include "core/crystals/CrystalSearch.h"

#include "core/base/Dispatch.h"
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/crystals/DifferenceJoin.h"
#include "core/crystals/DifferenceTree.h"
#include "core/crystals/PairList.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

namespace orrery {
namespace {

constexpr int sampleSize = 512;

void check(const CrystalSearchOptions& options)
{
  const auto refuse = [](const char* what, double found) {
    char number[40];
    std::snprintf(number, sizeof number, "%g", found);
    throw Error(std::string("the crystal search needs ") + what + " (found " + number + ")");
  };
  const double mostResidual = options.mode == CrystalMode::Trapezoid ? 2.0 : 16.0;
  if (!(options.residual > 0 && options.residual <= mostResidual))
    refuse(options.mode == CrystalMode::Trapezoid ? "a squared residual above 0 and up to 2"
                                                  : "a squared residual above 0 and up to 16",
           options.residual);
  if (!(options.leastSide >= 0 && options.leastSide < 1))
    refuse("a least side of at least 0 and below 1", options.leastSide);
  if (!(options.leastAngle >= 0 && options.leastAngle < 90))
    refuse("a least angle of at least 0 and below 90 degrees", options.leastAngle);
  if (options.top < 1)
    refuse("at least one crystal to keep", static_cast<double>(options.top));
}

double similarityOf(const CrystalSpace& space, double square)
{
  return 1 - square / (2 * space.unit);
}

struct Sums {
  double residual = 0, ab = 0, cd = 0, ac = 0, bd = 0, abCd = 0, acBd = 0, abAc = 0;
};

/// Σ over all dimensions, eight at a time in a fixed order; no further than until it is above
/// @p limit, for most are far above.
ORRERY_FOR_EACH_CPU
double squaredResidual(const float* a, const float* b, const float* c, const float* d,
                       std::int64_t count, double limit)
{
  constexpr std::int64_t part = 64;
  double total = 0.0;
  for (std::int64_t begin = 0; begin < count && total <= limit; begin += part) {
    const std::int64_t end = begin + part < count ? begin + part : count;
    double sums[8] = {};
    std::int64_t i = begin;
    for (; i + 8 <= end; i += 8)
      for (int lane = 0; lane < 8; ++lane) {
        const double r = (static_cast<double>(b[i + lane]) - static_cast<double>(a[i + lane])) -
                         (static_cast<double>(d[i + lane]) - static_cast<double>(c[i + lane]));
        sums[lane] += r * r;
      }
    for (; i < end; ++i) {
      const double r = (static_cast<double>(b[i]) - static_cast<double>(a[i])) -
                       (static_cast<double>(d[i]) - static_cast<double>(c[i]));
      sums[0] += r * r;
    }
    total +=
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
  return total;
}

Sums allSums(const float* a, const float* b, const float* c, const float* d, std::int64_t count)
{
  Sums sums;
  for (std::int64_t i = 0; i < count; ++i) {
    const double ab = static_cast<double>(b[i]) - static_cast<double>(a[i]),
                 cd = static_cast<double>(d[i]) - static_cast<double>(c[i]),
                 ac = static_cast<double>(c[i]) - static_cast<double>(a[i]),
                 bd = static_cast<double>(d[i]) - static_cast<double>(b[i]);
    sums.residual += (ab - cd) * (ab - cd);
    sums.ab += ab * ab;
    sums.cd += cd * cd;
    sums.ac += ac * ac;
    sums.bd += bd * bd;
    sums.abCd += ab * cd;
    sums.acBd += ac * bd;
    sums.abAc += ab * ac;
  }
  return sums;
}

Sums sumsOf(const CrystalSpace& space, const Crystal& crystal)
{
  const auto column = [&](FeatureId id) { return space.vectors->col(id).data(); };
  return allSums(column(crystal.a), column(crystal.b), column(crystal.c), column(crystal.d),
                 space.dimensions());
}

/// Whether |(b − a) − (d − c)|² is surely above @p limit; the rounding of another order of sums is
/// allowed for, what is left is judged by sumsOf.
bool isFarApart(const CrystalSpace& space, const Crystal& crystal, double limit)
{
  const auto column = [&](FeatureId id) { return space.vectors->col(id).data(); };
  const double most = limit * (1 + 1e-9);
  return squaredResidual(column(crystal.a), column(crystal.b), column(crystal.c), column(crystal.d),
                         space.dimensions(), most) > most;
}

struct Judged {
  bool isWithin = false;      ///< δ.
  bool isDegenerate = false;  ///< Too short a side, or a line.
  double score = 0.0, squaredResidual = 0.0;
};

Judged judgeSums(const CrystalSpace& space, const CrystalSearchOptions& options, const Sums& sums)
{
  const auto cosine = [](double product, double x, double y) {
    const double lengths = std::sqrt(x) * std::sqrt(y);
    return lengths > 0 ? std::clamp(product / lengths, -1.0, 1.0) : 0.0;
  };
  Judged judged;
  const double along = cosine(sums.abCd, sums.ab, sums.cd);
  if (options.mode == CrystalMode::Trapezoid) {
    judged.squaredResidual = 2 - 2 * along;
    judged.isWithin = judged.squaredResidual <= options.residual;
    judged.score = along;
  } else {
    judged.squaredResidual = sums.residual / space.unit;
    judged.isWithin = sums.residual <= options.residual * space.unit;
    judged.score = std::min(along, cosine(sums.acBd, sums.ac, sums.bd));
  }
  const double least = options.leastSide * options.leastSide * 2 * space.unit;
  const double bend = std::cos(options.leastAngle * M_PI / 180);
  judged.isDegenerate = std::min({sums.ab, sums.cd, sums.ac, sums.bd}) < least ||
                        std::abs(cosine(sums.abAc, sums.ab, sums.ac)) > bend;
  return judged;
}

std::tuple<FeatureId, FeatureId, FeatureId, FeatureId> key(const Crystal& crystal)
{
  return {crystal.a, crystal.b, crystal.c, crystal.d};
}

bool isBetter(const FoundCrystal& x, const FoundCrystal& y)
{
  return x.score != y.score ? x.score > y.score : key(x.crystal) < key(y.crystal);
}

/// One of the ways to write the same crystal: the smallest id is a; b < c in a parallelogram, whose
/// two pairs of sides are alike.
Crystal canonical(Crystal crystal, CrystalMode mode)
{
  const FeatureId least = std::min({crystal.a, crystal.b, crystal.c, crystal.d});
  if (least == crystal.b || least == crystal.d)
    crystal = {crystal.b, crystal.a, crystal.d, crystal.c};
  if (least == crystal.c)
    crystal = {crystal.c, crystal.d, crystal.a, crystal.b};
  if (mode == CrystalMode::Parallelogram && crystal.b > crystal.c)
    std::swap(crystal.b, crystal.c);
  return crystal;
}

using StandIns = std::map<FeatureId, FeatureId>;

/// Near-duplicate features, each with the smallest id among those that it is near to and that have
/// no stand-in themselves.
StandIns standIns(const CrystalSpace& space, const PairList& list, double leastSide)
{
  const double least = leastSide * std::sqrt(2 * space.unit);
  std::vector<std::pair<FeatureId, FeatureId>> near;
  for (const auto& tile : list.tiles)
    for (const FeaturePair& pair : tile)
      if (static_cast<double>(pair.length) < least)
        near.emplace_back(pair.second, pair.first);
  std::sort(near.begin(), near.end());
  StandIns result;
  for (const auto& [later, earlier] : near)
    if (result.count(later) == 0 && result.count(earlier) == 0)
      result.emplace(later, earlier);
  return result;
}

/// @p found best first. Of those that share three corners, stand-ins counted as their features, the
/// best remains.
std::vector<FoundCrystal> fold(std::vector<FoundCrystal> found, const StandIns& standIns)
{
  std::map<std::array<FeatureId, 3>, std::size_t> triples;
  std::vector<FoundCrystal> kept;
  for (const FoundCrystal& crystal : found) {
    std::array<FeatureId, 4> corners = crystal.crystal.corners();
    for (FeatureId& corner : corners)
      if (const auto other = standIns.find(corner); other != standIns.end())
        corner = other->second;
    std::sort(corners.begin(), corners.end());
    std::array<std::array<FeatureId, 3>, 4> own;
    std::size_t alike = kept.size();
    for (std::size_t left = 0; left < 4; ++left) {
      std::size_t place = 0;
      for (std::size_t i = 0; i < 4; ++i)
        if (i != left)
          own[left][place++] = corners[i];
      if (const auto known = triples.find(own[left]); known != triples.end())
        alike = std::min(alike, known->second);
    }
    if (alike < kept.size()) {
      kept[alike].folded += 1 + crystal.folded;
      continue;
    }
    for (const auto& triple : own)
      triples.emplace(triple, kept.size());
    kept.push_back(crystal);
  }
  return kept;
}

/// Judges candidates exactly and keeps the best.
class Collector {
 public:
  Collector(const CrystalSpace& space, const CrystalSearchOptions& options, StandIns standIns,
            CrystalSearchResult& result, const CrystalReceiver& receiver)
      : m_space(space),
        m_options(options),
        m_standIns(std::move(standIns)),
        m_result(result),
        m_receiver(receiver),
        m_keep(static_cast<std::size_t>(std::max<std::int64_t>(20 * options.top, 20000))),
        m_lastSent(std::chrono::steady_clock::now())
  {
  }

  void add(const std::vector<JoinedPairs>& candidates)
  {
    std::vector<FoundCrystal> good;
    std::int64_t degenerate = 0;
    for (const JoinedPairs& pairs : candidates)
      judge(pairs, good, degenerate);
    if (good.empty() && degenerate == 0)
      return;
    const std::lock_guard lock(m_guard);
    m_result.matches += static_cast<std::int64_t>(good.size());
    m_result.degenerate += degenerate;
    m_best.insert(m_best.end(), good.begin(), good.end());
    if (m_best.size() > 4 * m_keep)
      trim();
    const auto now = std::chrono::steady_clock::now();
    if (m_receiver && now - m_lastSent > std::chrono::milliseconds(500)) {
      CrystalSearchResult soFar = m_result;
      soFar.partial = true;
      soFar.found = best();
      m_receiver(soFar);
      m_lastSent = std::chrono::steady_clock::now();
    }
  }

  /// Sorted, folded, the first `top`.
  [[nodiscard]] std::vector<FoundCrystal> best()
  {
    trim();
    std::vector<FoundCrystal> sorted = m_best;
    std::sort(sorted.begin(), sorted.end(), isBetter);
    sorted = fold(std::move(sorted), m_standIns);
    if (sorted.size() > static_cast<std::size_t>(m_options.top))
      sorted.resize(static_cast<std::size_t>(m_options.top));
    return sorted;
  }

 private:
  void trim()
  {
    if (m_best.size() <= m_keep)
      return;
    std::nth_element(m_best.begin(), m_best.begin() + static_cast<std::ptrdiff_t>(m_keep),
                     m_best.end(), isBetter);
    m_best.resize(m_keep);
  }

  void judge(const JoinedPairs& pairs, std::vector<FoundCrystal>& good,
             std::int64_t& degenerate) const
  {
    const bool trapezoid = m_options.mode == CrystalMode::Trapezoid;
    const FeatureId c = pairs.opposite ? pairs.second.second : pairs.second.first;
    const FeatureId d = pairs.opposite ? pairs.second.first : pairs.second.second;
    const Crystal crystal =
        canonical({pairs.first.first, pairs.first.second, c, d}, m_options.mode);
    if (!trapezoid && isFarApart(m_space, crystal, m_options.residual * m_space.unit))
      return;
    const Sums sums = sumsOf(m_space, crystal);
    const Judged judged = judgeSums(m_space, m_options, sums);
    if (!judged.isWithin)
      return;
    if (!trapezoid) {
      // Both pairs of opposite sides may be listed: the shorter one counts.
      const bool isAbCd = isSide(pairs, crystal.a, crystal.b);
      const double own = isAbCd ? sums.ab + sums.cd : sums.ac + sums.bd,
                   other = isAbCd ? sums.ac + sums.bd : sums.ab + sums.cd;
      if (own > other || (own == other && !isAbCd))
        return;
    }
    if (judged.isDegenerate) {
      ++degenerate;
      return;
    }
    FoundCrystal found;
    found.crystal = crystal;
    found.score = judged.score;
    found.squaredResidual = judged.squaredResidual;
    good.push_back(found);
  }

  static bool isSide(const JoinedPairs& pairs, FeatureId x, FeatureId y)
  {
    const auto is = [&](const FeaturePair& pair) {
      return (pair.first == x && pair.second == y) || (pair.first == y && pair.second == x);
    };
    return is(pairs.first) || is(pairs.second);
  }

  const CrystalSpace& m_space;
  const CrystalSearchOptions& m_options;
  StandIns m_standIns;
  CrystalSearchResult& m_result;
  const CrystalReceiver& m_receiver;
  std::size_t m_keep;
  std::mutex m_guard;
  std::vector<FoundCrystal> m_best;
  std::chrono::steady_clock::time_point m_lastSent;
};

std::string number(double value)
{
  char text[40];
  std::snprintf(text, sizeof text, value < 1e5 ? "%.0f" : "%.3g", value);
  return text;
}

CrystalSearchEstimate describe(const CrystalSpace& space, const CrystalSearchOptions& options,
                               const PairLimits& limits)
{
  CrystalSearchEstimate estimate;
  const bool trapezoid = options.mode == CrystalMode::Trapezoid;
  const auto n = static_cast<double>(space.features()), d = static_cast<double>(space.dimensions());
  const double k = joinDimensions(space), threads = threadCount();
  estimate.completeAbove =
      similarityOf(space, trapezoid ? limits.longestSquare : limits.meanSquare);
  estimate.complete = limits.complete;
  estimate.pairs = limits.pairs;
  estimate.comparisons = limits.comparisons;
  estimate.matches = limits.matches;
  // Rates of one thread: 5·10¹⁰ operations a second in large products, 2·10¹⁰ in narrow ones; in a
  // tree 10⁹ comparisons of eight numbers, and 3·10⁷ pairs a second for each halving.
  const double join = usesDifferenceTree(space)
                          ? limits.work() * std::ceil(d / 8) / 1e9 +
                                limits.pairs * std::log2(std::max(2.0, limits.pairs / 32)) / 3e7
                          : limits.comparisons * (2 * k + 16) / 2e10;
  estimate.seconds = (n * n * (d + 8) / 5e10 + join) / threads + 0.3;
  estimate.bytes = limits.pairs * pairBytes(space) + n * 4 * k + threads * 12e6;
  char text[300];
  std::snprintf(text, sizeof text,
                "%s of %s pairs of features, %s comparisons, about %.0f s and %.0f MB; %s",
                number(limits.pairs).c_str(), number(n * (n - 1) / 2).c_str(),
                number(limits.comparisons).c_str(), std::ceil(estimate.seconds),
                std::ceil(estimate.bytes / 1e6),
                limits.complete ? "complete" : "complete only above a similarity of ");
  estimate.sentence = text;
  if (!limits.complete) {
    std::snprintf(text, sizeof text, "%.3f of the sides", estimate.completeAbove);
    estimate.sentence += text;
  }
  if (limits.matches >= 0) {
    std::snprintf(text, sizeof text, "; about %.2g quadruples lie within the residual",
                  limits.matches);
    estimate.sentence += text;
  }
  return estimate;
}

}  // namespace

CrystalSearchEstimate estimateSearch(const CrystalSpace& space, const CrystalSearchOptions& options,
                                     const Progress& progress)
{
  check(options);
  const DistanceHistogram histogram = sampleDistances(space, sampleSize, options.seed, progress);
  return describe(space, options, pairLimits(space, options, histogram));
}

CrystalSearchResult findCrystals(const CrystalSpace& space, const CrystalSearchOptions& options,
                                 const Progress& progress, const CrystalReceiver& receiver)
{
  check(options);
  const auto start = std::chrono::steady_clock::now();
  const bool trapezoid = options.mode == CrystalMode::Trapezoid;
  CrystalSearchResult result;
  result.options = options;
  DistanceHistogram histogram = sampleDistances(space, sampleSize, options.seed,
                                                progress.stage("Sampling distances", 0.0, 0.05));
  PairLimits limits = pairLimits(space, options, histogram);
  PairList list =
      listPairs(space, limits.longestSquare, progress.stage("Listing pairs", 0.05, 0.45));
  const double residual = options.residual * space.unit;
  const double largest = list.largestSquare * (1 + 1e-5);
  if (limits.complete && largest > histogram.expectedLargest) {
    // The sample did not let expect the farthest two features: once more with what they ask for.
    histogram.largest = histogram.expectedLargest = largest;  // wider bins: a fair estimate still
    limits = pairLimits(space, options, histogram);
    list = listPairs(space, limits.longestSquare, progress.stage("Listing pairs again", 0.45, 0.6));
  }
  result.complete = limits.complete;
  if (!trapezoid && limits.complete) {
    limits.meanSquare = std::min(limits.meanSquare, neededMeanSquare(residual, largest));
    limits.longestSquare = longestSide(limits.meanSquare, residual);
  }
  result.completeAbove = similarityOf(space, trapezoid ? limits.longestSquare : limits.meanSquare);
  Collector collector(space, options, standIns(space, list, options.leastSide), result, receiver);
  list.keep(limits.shortestSquare, limits.longestSquare);
  result.pairs = static_cast<std::int64_t>(list.size());
  try {
    joinDifferences(
        space, std::move(list), trapezoid ? options.residual : residual, limits.meanSquare,
        trapezoid, [&](const std::vector<JoinedPairs>& candidates) { collector.add(candidates); },
        progress.stage("Comparing", 0.6, 1.0));
  } catch (const Cancelled&) {
    result.partial = true;
    result.complete = false;
  }
  result.found = collector.best();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

std::optional<FoundCrystal> acceptCrystal(const CrystalSpace& space, const Crystal& crystal,
                                          const CrystalSearchOptions& options)
{
  const Judged judged = judgeSums(space, options, sumsOf(space, crystal));
  if (!judged.isWithin || judged.isDegenerate)
    return std::nullopt;
  FoundCrystal found;
  found.crystal = crystal;
  found.score = judged.score;
  found.squaredResidual = judged.squaredResidual;
  return found;
}

std::vector<FoundCrystal> foldAlike(const CrystalSpace& space, std::vector<FoundCrystal> found,
                                    double leastSide)
{
  std::vector<FeatureId> corners;
  for (const FoundCrystal& crystal : found)
    for (const FeatureId corner : crystal.crystal.corners())
      corners.push_back(corner);
  std::sort(corners.begin(), corners.end());
  corners.erase(std::unique(corners.begin(), corners.end()), corners.end());
  if (corners.empty())
    return found;
  CrystalSpace own;
  own.unit = space.unit;
  own.used.assign(corners.size(), 1);
  FeatureMatrix vectors(space.dimensions(), static_cast<Eigen::Index>(corners.size()));
  for (std::size_t i = 0; i < corners.size(); ++i)
    vectors.col(static_cast<Eigen::Index>(i)) = space.vectors->col(corners[i]);
  own.vectors = std::make_shared<const FeatureMatrix>(std::move(vectors));
  PairList near = listPairs(own, leastSide * leastSide * 2 * space.unit, {});
  for (auto& tile : near.tiles)
    for (FeaturePair& pair : tile) {
      pair.first = corners[static_cast<std::size_t>(pair.first)];
      pair.second = corners[static_cast<std::size_t>(pair.second)];
    }
  return fold(std::move(found), standIns(space, near, leastSide));
}

}  // namespace orrery
