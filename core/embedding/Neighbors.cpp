#include "core/embedding/Neighbors.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/embedding/ByteSweep.h"
#include "core/embedding/EqualFeatures.h"
#include "core/embedding/ExactProducts.h"
#include "core/embedding/NeighborRanking.h"
#include "core/embedding/NeighborSweep.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <utility>

namespace orrery {
namespace {

/// Angles too small to tell from rounding in double count as none, so that ties go by id.
constexpr double equalDirections = 1e-14;

struct Ranked {
  double distance = 0.0;  ///< What orders: 1 − cosine, or the squared distance.
  FeatureId feature = noFeature;

  bool operator<(const Ranked& other) const
  {
    return distance != other.distance ? distance < other.distance : feature < other.feature;
  }
};

double cosineDistance(double product, double scale)
{
  const double distance = std::clamp(1.0 - product * scale, 0.0, 2.0);
  return distance < equalDirections ? 0.0 : distance;
}

/// Turns the sweep's candidates into the answer: the order of those that float products cannot
/// tell apart, and distances too small for them, are settled in double.
class Ranking {
 public:
  Ranking(const FeatureMatrixView& decoder, const PreparedFeatures& prepared, Metric metric,
          int count)
      : m_decoder(decoder), m_prepared(prepared), m_cosine(metric == Metric::Cosine), m_count(count)
  {
  }

  /// The nearest of @p feature, at most count.
  [[nodiscard]] std::vector<Ranked> rank(FeatureId feature,
                                         std::span<const NeighborCandidate> unordered) const
  {
    std::vector<NeighborCandidate> candidates(unordered.begin(), unordered.end());
    std::vector<Ranked> ranked;
    if (!m_prepared.apart.empty()) {
      for (const NeighborCandidate& candidate : candidates)
        ranked.push_back(exact(feature, candidate.feature));
      for (const FeatureId other : m_prepared.apart)
        if (other != feature)
          ranked.push_back(exact(feature, other));
      return firstOf(std::move(ranked));
    }
    std::sort(candidates.begin(), candidates.end(),
              [](const NeighborCandidate& a, const NeighborCandidate& b) {
                return a.nearness != b.nearness ? a.nearness > b.nearness : a.feature < b.feature;
              });
    const auto count = static_cast<std::size_t>(m_count);
    for (std::size_t begin = 0; begin < candidates.size() && begin < count;) {
      const std::size_t end = runOfEquals(feature, candidates, begin);
      const auto first = static_cast<std::ptrdiff_t>(ranked.size());
      for (std::size_t i = begin; i < end; ++i)
        ranked.push_back(end - begin > 1 || isSmall(feature, candidates[i])
                             ? exact(feature, candidates[i].feature)
                             : rough(feature, candidates[i]));
      std::sort(ranked.begin() + first, ranked.end());
      begin = end;
    }
    ranked.resize(std::min(ranked.size(), count));
    return ranked;
  }

  /// The nearest of a feature that the sweep left out, against all others.
  [[nodiscard]] std::vector<Ranked> rankAll(FeatureId feature) const
  {
    std::vector<Ranked> ranked;
    for (FeatureId other = 0; other < m_decoder.cols(); ++other)
      if (other != feature)
        ranked.push_back(exact(feature, other));
    return firstOf(std::move(ranked));
  }

  [[nodiscard]] float shown(double distance) const
  {
    return static_cast<float>(m_cosine ? distance : std::sqrt(distance));
  }

 private:
  [[nodiscard]] double error(FeatureId a, FeatureId b) const
  {
    return static_cast<double>(m_prepared.error[static_cast<std::size_t>(a)]) +
           static_cast<double>(m_prepared.error[static_cast<std::size_t>(b)]);
  }

  /// Candidates from @p begin on whose order is uncertain; they end where the next is surely
  /// farther than all of them.
  [[nodiscard]] std::size_t runOfEquals(FeatureId feature,
                                        const std::vector<NeighborCandidate>& candidates,
                                        std::size_t begin) const
  {
    double surely = std::numeric_limits<double>::infinity();
    std::size_t end = begin;
    do {
      surely = std::min(surely, static_cast<double>(candidates[end].nearness) -
                                    2.0 * error(feature, candidates[end].feature));
      ++end;
    } while (end < candidates.size() && static_cast<double>(candidates[end].nearness) >= surely);
    return end;
  }

  [[nodiscard]] bool isSmall(FeatureId feature, const NeighborCandidate& candidate) const
  {
    return error(feature, candidate.feature) > -1e-4 * static_cast<double>(candidate.nearness);
  }

  [[nodiscard]] Ranked rough(FeatureId feature, const NeighborCandidate& candidate) const
  {
    const double nearness =
        static_cast<double>(candidate.nearness) - error(feature, candidate.feature);
    if (m_cosine)
      return {std::clamp(-nearness, 0.0, 2.0), candidate.feature};
    const double scale = m_prepared.scale.front();
    return {std::max(0.0, -2.0 * nearness) / scale / scale, candidate.feature};
  }

  [[nodiscard]] Ranked exact(FeatureId a, FeatureId b) const
  {
    const float* left = m_decoder.data() + a * m_decoder.outerStride();
    const float* right = m_decoder.data() + b * m_decoder.outerStride();
    if (!m_cosine)
      return {exactSquaredDistance(left, right, m_decoder.rows()), b};
    return {cosineDistance(exactProduct(left, right, m_decoder.rows()),
                           m_prepared.scale[static_cast<std::size_t>(a)] *
                               m_prepared.scale[static_cast<std::size_t>(b)]),
            b};
  }

  [[nodiscard]] std::vector<Ranked> firstOf(std::vector<Ranked> ranked) const
  {
    const auto count = std::min(ranked.size(), static_cast<std::size_t>(m_count));
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count),
                      ranked.end());
    ranked.resize(count);
    return ranked;
  }

  const FeatureMatrixView& m_decoder;
  const PreparedFeatures& m_prepared;
  bool m_cosine;
  int m_count;
};

/// The list of one of a group of equal features, from that of the group's first: the group itself
/// at distance 0, and every other group in full.
std::vector<Ranked> spread(const std::vector<Ranked>& ranked, FeatureId feature,
                           const EqualFeatures& equal, int count)
{
  std::vector<Ranked> all;
  const auto add = [&](double distance, FeatureId first) {
    const std::vector<FeatureId>& group = equal.group[static_cast<std::size_t>(first)];
    if (group.empty())
      all.push_back({distance, first});
    for (const FeatureId member : group)
      if (member != feature)
        all.push_back({distance, member});
  };
  const FeatureId own = equal.first[static_cast<std::size_t>(feature)];
  if (!equal.group[static_cast<std::size_t>(own)].empty())
    add(0.0, own);
  for (const Ranked& other : ranked)
    add(other.distance, other.feature);
  const auto kept = std::min(all.size(), static_cast<std::size_t>(count));
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end());
  all.resize(kept);
  return all;
}

/// What a feature is in the search: swept with the others, compared with all in double, or without
/// any neighbours.
enum class Role { Swept, Apart, None };

std::vector<Role> rolesOf(const PreparedFeatures& prepared)
{
  std::vector<Role> roles(prepared.bias.size(), Role::Swept);
  for (std::size_t id = 0; id < roles.size(); ++id)
    if (prepared.bias[id] == std::numeric_limits<float>::infinity())
      roles[id] = Role::None;
  for (const FeatureId id : prepared.apart)
    roles[static_cast<std::size_t>(id)] = Role::Apart;
  return roles;
}

}  // namespace

Neighbors rankedNeighbors(const FeatureMatrixView& decoder, const NeighborOptions& options,
                          const CandidateSearch& search, const Progress& progress)
{
  if (options.count < 1)
    throw Error("the number of neighbours must be at least 1, not " +
                std::to_string(options.count));
  const Eigen::Index n = decoder.cols();
  Neighbors neighbors;
  neighbors.options = options;
  neighbors.metric = options.metric;
  neighbors.count = static_cast<int>(
      std::clamp<Eigen::Index>(n - 1, 0, static_cast<Eigen::Index>(options.count)));
  neighbors.ids = Neighbors::Ids::Constant(neighbors.count, n, noFeature);
  neighbors.distances =
      Eigen::MatrixXf::Constant(neighbors.count, n, std::numeric_limits<float>::quiet_NaN());
  progress.update(0, 1);
  PreparedFeatures prepared = prepareFeatures(decoder, options.metric);
  if (neighbors.count == 0)
    return neighbors;

  const std::vector<Role> roles = rolesOf(prepared);
  std::vector<bool> notSwept(roles.size());
  std::transform(roles.begin(), roles.end(), notSwept.begin(),
                 [](Role role) { return role != Role::Swept; });
  const EqualFeatures equal = findEqualFeatures(decoder, notSwept);
  if (equal.any())
    for (std::size_t id = 0; id < roles.size(); ++id)
      if (equal.first[id] != static_cast<FeatureId>(id))
        prepared.bias[id] = std::numeric_limits<float>::infinity();

  const CandidateLists candidates =
      search(prepared, neighbors.count, progress.stage("Neighbours", 0.0, 0.95));
  const Ranking ranking(decoder, prepared, options.metric, neighbors.count);
  const Progress ordering = progress.stage("Order of neighbours", 0.95, 1.0);
  parallelFor(n, 64, [&](std::int64_t begin, std::int64_t end) {
    for (auto feature = static_cast<FeatureId>(begin); feature < end; ++feature) {
      ordering.checkStopped();
      const auto id = static_cast<std::size_t>(feature);
      if (roles[id] == Role::None)
        continue;
      const FeatureId first = equal.any() ? equal.first[id] : feature;
      std::vector<Ranked> ranked = roles[id] == Role::Apart
                                       ? ranking.rankAll(feature)
                                       : ranking.rank(first, candidates.of(first));
      if (equal.any() && roles[id] != Role::Apart)
        ranked = spread(ranked, feature, equal, neighbors.count);
      for (std::size_t place = 0; place < ranked.size(); ++place) {
        neighbors.ids(static_cast<Eigen::Index>(place), feature) = ranked[place].feature;
        neighbors.distances(static_cast<Eigen::Index>(place), feature) =
            ranking.shown(ranked[place].distance);
      }
    }
  });
  return neighbors;
}

Neighbors computeNeighbors(const FeatureMatrixView& decoder, const NeighborOptions& options,
                           const Progress& progress)
{
  return rankedNeighbors(
      decoder, options,
      [&](const PreparedFeatures& prepared, int count, const Progress& sweeping) {
        return exactCandidates(decoder, prepared, count, sweeping);
      },
      progress);
}

std::vector<Neighbor> nearestTo(const FeatureMatrixView& decoder, const Eigen::VectorXf& query,
                                int count, Metric metric, const std::vector<FeatureId>& excluded,
                                const Progress& progress)
{
  const Eigen::Index d = decoder.rows(), n = decoder.cols();
  if (query.size() != d)
    throw Error("a query of " + std::to_string(query.size()) +
                " dimensions cannot be compared with features of " + std::to_string(d));
  if (!query.allFinite())
    throw Error("the query holds a NaN or an infinity");
  const bool cosine = metric == Metric::Cosine;
  const double querySquare = exactProduct(query.data(), query.data(), d);
  if (cosine && querySquare == 0.0)
    throw Error("the query is the zero vector, which has no direction: cosine is undefined");

  constexpr double left = std::numeric_limits<double>::infinity();
  std::vector<double> distances(static_cast<std::size_t>(n), left);
  parallelFor(n, 256, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    for (Eigen::Index c = begin; c < end; ++c) {
      const float* x = decoder.data() + c * decoder.outerStride();
      double& distance = distances[static_cast<std::size_t>(c)];
      if (!cosine) {
        distance = exactSquaredDistance(x, query.data(), d);
      } else if (const double square = exactProduct(x, x, d); square > 0.0) {
        distance = cosineDistance(exactProduct(x, query.data(), d),
                                  1.0 / (std::sqrt(square) * std::sqrt(querySquare)));
      }
      if (!std::isfinite(distance))
        distance = left;
    }
  });
  for (const FeatureId id : excluded)
    if (id >= 0 && id < n)
      distances[static_cast<std::size_t>(id)] = left;

  std::vector<Ranked> ranked;
  for (FeatureId id = 0; id < n; ++id)
    if (distances[static_cast<std::size_t>(id)] != left)
      ranked.push_back({distances[static_cast<std::size_t>(id)], id});
  const auto kept = std::min(ranked.size(), static_cast<std::size_t>(std::max(0, count)));
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept),
                    ranked.end());
  std::vector<Neighbor> nearest;
  for (std::size_t i = 0; i < kept; ++i)
    nearest.push_back(
        {ranked[i].feature,
         static_cast<float>(cosine ? 1.0 - ranked[i].distance : std::sqrt(ranked[i].distance))});
  return nearest;
}

}  // namespace orrery
