#include "core/embedding/MapTrust.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/ExactProducts.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace orrery {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr double farthest = std::numeric_limits<double>::infinity();

/// Distances between the columns of a matrix, as far as their order goes: squared, or the negative
/// cosine times the first feature's length.
class Space {
 public:
  Space(const FeatureMatrixView& x, Metric metric) : m_x(x), m_cosine(metric == Metric::Cosine)
  {
    m_length.resize(static_cast<std::size_t>(x.cols()));
    m_inverseLength.resize(static_cast<std::size_t>(x.cols()));
    parallelFor(x.cols(), 256, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t id = begin; id < end; ++id) {
        const double square = exactProduct(column(id), column(id), m_x.rows());
        m_length[static_cast<std::size_t>(id)] = std::sqrt(square);
        m_inverseLength[static_cast<std::size_t>(id)] =
            square > 0.0 ? 1.0 / std::sqrt(square) : 0.0;
      }
    });
    for (const double length : m_length)
      m_moderate = m_moderate && (length == 0.0 || (length > 1e-12 && length < 1e15));
  }

  /// Zero rows have no direction: nobody's neighbours under cosine, and without neighbours.
  [[nodiscard]] bool hasPlace(std::int64_t id) const
  {
    return !m_cosine || m_inverseLength[static_cast<std::size_t>(id)] > 0.0;
  }

  /// Orders the others as seen from @p from.
  [[nodiscard]] double farness(std::int64_t from, std::int64_t other) const
  {
    if (!m_cosine)
      return exactSquaredDistance(column(from), column(other), m_x.rows());
    if (!hasPlace(other))
      return farthest;
    return -exactProduct(column(from), column(other), m_x.rows()) *
           m_inverseLength[static_cast<std::size_t>(other)];
  }

  /// farness() of @p count features from @p first on, as seen from @p points (one column each), by
  /// one product in single precision: enough to tell most orders, for a few hundredths of the time.
  void roughFarness(const std::vector<FeatureId>& points, std::int64_t first, std::int64_t count,
                    Eigen::MatrixXf& products) const
  {
    products.resize(count, static_cast<Eigen::Index>(points.size()));
    Eigen::MatrixXf from(m_x.rows(), products.cols());
    for (std::size_t p = 0; p < points.size(); ++p)
      from.col(static_cast<Eigen::Index>(p)) = m_x.col(points[p]);
    multiplyInto(products, m_x.middleCols(first, count), true, from);
  }

  /// What @p product says of the farness, and how wrong it may be: a dot product of d terms in
  /// single precision is off by at most d · 2⁻²⁴ times the lengths (Higham, section 3.1).
  struct Rough {
    double farness = 0.0;
    double error = 0.0;
  };
  [[nodiscard]] Rough rough(std::int64_t from, std::int64_t other, float product) const
  {
    const double lengthFrom = m_length[static_cast<std::size_t>(from)];
    const double lengthOther = m_length[static_cast<std::size_t>(other)];
    const double relative = static_cast<double>(m_x.rows() + 16) * 0x1p-24;
    if (m_cosine)
      return hasPlace(other) ? Rough{-static_cast<double>(product) / lengthOther,
                                     relative * lengthFrom + 1e-30 / lengthOther}
                             : Rough{farthest, 0.0};
    return {lengthFrom * lengthFrom + lengthOther * lengthOther - 2 * static_cast<double>(product),
            2 * relative * lengthFrom * lengthOther +
                1e-14 * (lengthFrom * lengthFrom + lengthOther * lengthOther) + 1e-30};
  }

  /// Rough figures pay where a feature has many dimensions, and are finite where no square of an
  /// entry leaves single precision.
  [[nodiscard]] bool roughPays() const { return m_x.rows() > 16 && m_moderate; }

  [[nodiscard]] double distance(std::int64_t a, std::int64_t b) const
  {
    return m_cosine ? 1.0 + farness(a, b) * m_inverseLength[static_cast<std::size_t>(a)]
                    : std::sqrt(farness(a, b));
  }

 private:
  [[nodiscard]] const float* column(std::int64_t id) const
  {
    return m_x.data() + id * m_x.outerStride();
  }

  FeatureMatrixView m_x;
  bool m_cosine;
  std::vector<double> m_length, m_inverseLength;
  bool m_moderate = true;
};

/// Σ over the first @p k of @p neighbors of each of @p points (neighbours in the other space) of
/// how far their rank in @p space exceeds k.
double excessRanks(const Space& space, std::int64_t n, const std::vector<FeatureId>& points,
                   const Neighbors& neighbors, int k, const Progress& progress)
{
  constexpr std::int64_t together = 32;  // points that share a pass over the others
  constexpr std::int64_t tile = 512;     // of which a block stays in the cache
  std::vector<double> excess(points.size(), 0.0);
  std::atomic<std::int64_t> done{0};
  const auto total = static_cast<std::int64_t>(points.size());
  parallelFor(total, together, [&](std::int64_t begin, std::int64_t end) {
    const auto count = static_cast<std::size_t>(end - begin);
    const auto width = static_cast<std::size_t>(k);
    std::vector<double> limit(count * width), farthestLimit(count, -farthest);
    std::vector<std::int64_t> rank(count * width, 1);
    for (std::size_t p = 0; p < count; ++p)
      for (std::size_t j = 0; j < width; ++j) {
        const FeatureId point = points[static_cast<std::size_t>(begin) + p];
        const FeatureId neighbor = neighbors.ids(static_cast<Eigen::Index>(j), point);
        limit[p * width + j] = neighbor == noFeature ? -farthest : space.farness(point, neighbor);
        farthestLimit[p] = std::max(farthestLimit[p], limit[p * width + j]);
      }
    const std::vector<FeatureId> own(points.begin() + begin, points.begin() + end);
    Eigen::MatrixXf products;
    for (std::int64_t first = 0; first < n; first += tile) {
      progress.checkStopped();
      const std::int64_t others = std::min(tile, n - first);
      if (space.roughPays())
        space.roughFarness(own, first, others, products);
      for (std::size_t p = 0; p < count; ++p)
        for (std::int64_t other = first; other < first + others; ++other) {
          const FeatureId point = own[p];
          if (other == point)
            continue;
          double exact = space.roughPays() ? undefined : space.farness(point, other);
          const Space::Rough seen =
              space.roughPays()
                  ? space.rough(point, other, products(other - first, static_cast<Eigen::Index>(p)))
                  : Space::Rough{exact, 0.0};
          if (seen.farness - seen.error > farthestLimit[p])
            continue;
          for (std::size_t j = 0; j < width; ++j) {
            const double bound = limit[p * width + j];
            if (seen.farness - seen.error > bound)
              continue;
            if (seen.farness + seen.error < bound) {
              ++rank[p * width + j];
              continue;
            }
            if (std::isnan(exact))
              exact = space.farness(point, other);
            rank[p * width + j] +=
                exact < bound ||
                (exact == bound && other < neighbors.ids(static_cast<Eigen::Index>(j), point));
          }
        }
    }
    for (std::size_t p = 0; p < count; ++p)
      for (std::size_t j = 0; j < width; ++j)
        excess[static_cast<std::size_t>(begin) + p] +=
            static_cast<double>(std::max<std::int64_t>(0, rank[p * width + j] - k));
    progress.update(done += end - begin, total);
  });
  return std::accumulate(excess.begin(), excess.end(), 0.0);
}

/// Ranks from 1, equal values sharing the mean of theirs.
std::vector<double> averageRanks(const std::vector<double>& values)
{
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]])
      ++end;
    for (std::size_t i = begin; i < end; ++i)
      ranks[order[i]] = 0.5 * static_cast<double>(begin + 1 + end);
    begin = end;
  }
  return ranks;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b)
{
  const auto n = static_cast<double>(a.size());
  const double meanA = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double meanB = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0.0, aa = 0.0, bb = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) * (a[i] - meanA);
    bb += (b[i] - meanB) * (b[i] - meanB);
  }
  return aa > 0.0 && bb > 0.0 ? ab / std::sqrt(aa * bb) : undefined;
}

/// All pairs if there are no more than @p count, else as many drawn at random.
std::vector<std::pair<FeatureId, FeatureId>> pairsToCompare(const std::vector<FeatureId>& points,
                                                            std::int64_t count, std::uint64_t seed)
{
  const auto n = static_cast<std::int64_t>(points.size());
  std::vector<std::pair<FeatureId, FeatureId>> pairs;
  if (n * (n - 1) / 2 <= count) {
    for (std::size_t a = 0; a < points.size(); ++a)
      for (std::size_t b = a + 1; b < points.size(); ++b)
        pairs.emplace_back(points[a], points[b]);
    return pairs;
  }
  Random random = Random::forPart(seed, 1);
  while (static_cast<std::int64_t>(pairs.size()) < count) {
    const auto a = static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(n)));
    const auto b = static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(n)));
    if (a != b)
      pairs.emplace_back(points[a], points[b]);
  }
  return pairs;
}

double distanceCorrelation(const Space& original, const Space& map,
                           const std::vector<std::pair<FeatureId, FeatureId>>& pairs,
                           const Progress& progress)
{
  std::vector<double> before(pairs.size()), after(pairs.size());
  parallelFor(
      static_cast<std::int64_t>(pairs.size()), 1024, [&](std::int64_t begin, std::int64_t end) {
        progress.checkStopped();
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          before[i] = original.distance(pairs[i].first, pairs[i].second);
          after[i] = map.distance(pairs[i].first, pairs[i].second);
        }
      });
  return pairs.empty() ? undefined : correlation(averageRanks(before), averageRanks(after));
}

/// Share of the first k that both lists hold; NaN for a feature without neighbours.
float keptOf(const Neighbors& original, const Neighbors& map, FeatureId feature, int k)
{
  if (k < 1 || original.ids(0, feature) == noFeature)
    return std::numeric_limits<float>::quiet_NaN();
  int kept = 0;
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j)
      kept +=
          original.ids(i, feature) != noFeature && original.ids(i, feature) == map.ids(j, feature);
  return static_cast<float>(kept) / static_cast<float>(k);
}

/// @p count of the features that have neighbours, ascending; all if there are no more.
std::vector<FeatureId> sampleOf(std::vector<FeatureId> features, std::int64_t count,
                                std::uint64_t seed)
{
  if (static_cast<std::int64_t>(features.size()) <= count)
    return features;
  Random random = Random::forPart(seed, 0);
  random.shuffle(features);
  features.resize(static_cast<std::size_t>(count));
  std::sort(features.begin(), features.end());
  return features;
}

}  // namespace

MapTrust measureMapTrust(const FeatureMatrixView& decoder, const Positions& positions,
                         const Neighbors& neighbors, const MapTrustOptions& options,
                         const Progress& progress)
{
  const Eigen::Index n = decoder.cols();
  if (options.neighbors < 1 || options.rankSample < 1 || options.distancePairs < 1)
    throw Error("the trust of a map needs at least 1 neighbour, 1 ranked point and 1 pair");
  if (positions.cols() != n || neighbors.ids.cols() != n)
    throw Error("the map has " + std::to_string(positions.cols()) + " points and there are " +
                std::to_string(neighbors.ids.cols()) + " lists of neighbours for " +
                std::to_string(n) + " features");
  const int k = static_cast<int>(
      std::clamp<Eigen::Index>(n - 1, 0, static_cast<Eigen::Index>(options.neighbors)));
  if (neighbors.count < k)
    throw Error("the trust of a map over " + std::to_string(k) +
                " neighbours needs as many, there are " + std::to_string(neighbors.count));

  MapTrust trust;
  trust.options = options;
  const Eigen::MatrixXf map = positions;
  const Neighbors mapNeighbors =
      computeNeighbors(map, {.count = std::max(1, k), .metric = Metric::Euclidean},
                       progress.stage("Neighbours in the map", 0.0, 0.2));

  std::vector<FeatureId> placed;
  trust.keptPerFeature.resize(static_cast<std::size_t>(n));
  for (FeatureId feature = 0; feature < n; ++feature) {
    const float kept = keptOf(neighbors, mapNeighbors, feature, k);
    trust.keptPerFeature[static_cast<std::size_t>(feature)] = kept;
    if (std::isnan(kept))
      continue;
    placed.push_back(feature);
    trust.neighborsKept += static_cast<double>(kept);
  }
  trust.neighborsKept =
      placed.empty() ? undefined : trust.neighborsKept / static_cast<double>(placed.size());

  const Space original(decoder, neighbors.metric), inMap(map, Metric::Euclidean);
  const std::vector<FeatureId> sample = sampleOf(placed, options.rankSample, options.seed);
  trust.sampled = static_cast<std::int64_t>(sample.size());
  trust.trustworthiness = trust.continuity = undefined;
  // The measures are defined below half of the points; smaller maps take fewer neighbours.
  const int ranked = static_cast<int>(std::min<Eigen::Index>(k, (n - 1) / 2));
  if (ranked > 0 && !sample.empty()) {
    const double worst = static_cast<double>(sample.size()) * ranked *
                         static_cast<double>(2 * n - 3 * ranked - 1) / 2.0;
    trust.trustworthiness = 1.0 - excessRanks(original, n, sample, mapNeighbors, ranked,
                                              progress.stage("Trustworthiness", 0.2, 0.8)) /
                                      worst;
    trust.continuity = 1.0 - excessRanks(inMap, n, sample, neighbors, ranked,
                                         progress.stage("Continuity", 0.8, 0.9)) /
                                 worst;
  }
  trust.distanceCorrelation = distanceCorrelation(
      original, inMap, pairsToCompare(placed, options.distancePairs, options.seed),
      progress.stage("Distances", 0.9, 1.0));
  return trust;
}

}  // namespace orrery
