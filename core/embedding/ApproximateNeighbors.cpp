#include "core/embedding/ApproximateNeighbors.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/ByteProducts.h"
#include "core/embedding/ByteSweep.h"
#include "core/embedding/NeighborRanking.h"
#include "core/embedding/NeighborSweep.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace orrery {
namespace {

constexpr float nothing = std::numeric_limits<float>::infinity();
constexpr Eigen::Index columnsPerChunk = 256;
constexpr Eigen::Index mostForDirections = 2048;  // Features that the directions are found from.
constexpr int spareDirections = 16;
constexpr int rounds = 2;
constexpr Eigen::Index byteTile = 4096, floatTile = 1024;  // Features that the cache holds.
constexpr double deviations = 5.0;                         // Of rounding to bytes.
constexpr std::int64_t mostSampledProducts = std::int64_t{1} << 26;
// What a candidate costs, in products of one dimension of the sweep: a byte product per dimension,
// and being kept and sorted.
constexpr double costPerDimension = 1.5, costPerCandidate = 1500.0;
constexpr double byteProductCost = 0.2, typicalCandidates = 500.0;

std::size_t at(std::int64_t index)
{
  return static_cast<std::size_t>(index);
}

void checkOptions(const ApproximateNeighborOptions& options)
{
  if (!(options.recall > 0.0 && options.recall <= 1.0))
    throw Error("the share of true neighbours aimed at must lie above 0 and at most at 1");
  if (options.prefix < 1)
    throw Error("candidates must be looked for in at least one direction");
  if (options.sample < 32)
    throw Error("at least 32 features are needed to judge an approximate search");
}

/// @p count of the features that the sweep looks at, drawn at random (all, if fewer).
std::vector<FeatureId> sampleOf(const PreparedFeatures& prepared, std::int64_t count, Random random)
{
  std::vector<FeatureId> swept;
  for (std::size_t id = 0; id < prepared.bias.size(); ++id)
    if (prepared.bias[id] != nothing)
      swept.push_back(static_cast<FeatureId>(id));
  if (static_cast<std::int64_t>(swept.size()) <= count)
    return swept;
  for (std::size_t i = 0; i < at(count); ++i)
    std::swap(swept[i], swept[i + random.below(swept.size() - i)]);
  swept.resize(at(count));
  return swept;
}

FeatureMatrix preparedFeatures(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                               const std::vector<FeatureId>& ids)
{
  FeatureMatrix result(decoder.rows(), static_cast<Eigen::Index>(ids.size()));
  parallelFor(result.cols(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c)
      preparedColumns(decoder, prepared, ids[at(c)], result.middleCols(c, 1));
  });
  return result;
}

/// An orthonormal basis of the columns' span, and how much each direction weighs, largest first.
SymmetricEigen<double> orthonormal(const Eigen::MatrixXf& columns, const Progress& progress)
{
  const Eigen::MatrixXd wide = columns.cast<double>();
  SymmetricEigen<double> eigen = symmetricEigen(transposedProduct(wide, wide, progress));
  const double least = 1e-12 * std::max(eigen.values(0), 1e-300);
  Eigen::Index kept = 0;
  while (kept < eigen.values.size() && eigen.values(kept) > least)
    ++kept;
  const Eigen::MatrixXd scaled = eigen.vectors.leftCols(kept) *
                                 eigen.values.head(kept).cwiseSqrt().cwiseInverse().asDiagonal();
  return {eigen.values.head(kept), product(wide, scaled, progress)};
}

/// About the leading @p count directions of the features (d × count, orthonormal): those of
/// C = Σ u uᵀ over a sample, by subspace iteration from noise.
Eigen::MatrixXf leadingDirections(const FeatureMatrixView& decoder,
                                  const PreparedFeatures& prepared, Eigen::Index count,
                                  std::uint64_t seed, const Progress& progress)
{
  const FeatureMatrix some = preparedFeatures(
      decoder, prepared, sampleOf(prepared, mostForDirections, Random::forPart(seed, 0)));
  const Eigen::Index d = decoder.rows();
  Random random = Random::forPart(seed, 2);
  Eigen::MatrixXf basis(d, std::min<Eigen::Index>(d, count + spareDirections));
  for (float& value : basis.reshaped())
    value = static_cast<float>(random.normal());
  for (int round = 0; round < rounds; ++round) {
    progress.update(round, rounds);
    const Eigen::MatrixXf moved = product(some, transposedProduct(some, basis, progress), progress);
    basis = orthonormal(moved, progress).vectors.cast<float>();
  }
  // The directions within the subspace, by what they hold.
  const Eigen::MatrixXd scores = transposedProduct(some, basis, progress).cast<double>();
  const SymmetricEigen<double> eigen = symmetricEigen(transposedProduct(scores, scores, progress));
  const Eigen::Index kept = std::min<Eigen::Index>(count, eigen.vectors.cols());
  return product(basis, eigen.vectors.leftCols(kept).cast<float>(), progress);
}

/// One search: what is made of the features, and what the sample says.
class ApproximateSearch {
 public:
  ApproximateSearch(const FeatureMatrixView& decoder, const ApproximateNeighborOptions& options,
                    ApproximateNeighbors& report)
      : m_decoder(decoder), m_options(options), m_report(report)
  {
  }

  CandidateLists search(const PreparedFeatures& prepared, int count, const Progress& progress);

 private:
  struct SampledFeature {
    FeatureId id = noFeature;
    std::vector<FeatureId> nearest;  ///< The true ones, ascending.
    float limit = 0.0f;              ///< The count-th best nearness in the leading directions.
    std::vector<float> missedBy;     ///< By how much its true neighbours miss that, ascending.
    std::int64_t candidates = 0;     ///< Within the margin.
    bool judges = false;             ///< Else it sets the margin.
  };

  CandidateLists exactly(const std::string& why, int count, const Progress& progress);
  void describeFeatures(const Eigen::MatrixXf& directions, const Progress& progress);
  void lookAtSample(int count, const Progress& progress);
  [[nodiscard]] float marginForRecall() const;
  CandidateLists sweepDirections(int count, float margin, std::int64_t capacity,
                                 const Progress& progress) const;
  template <typename Nearness>
  void measure(CandidateLists& lists, Eigen::Index tile, const Progress& progress,
               const Nearness& nearness) const;
  void filterByBytes(CandidateLists& lists, int count, const Progress& progress) const;
  void multiplyInFull(CandidateLists& lists, const Progress& progress) const;
  void judge(const CandidateLists& lists, int count);
  [[nodiscard]] double cost(double candidates, Eigen::Index prefix) const;

  [[nodiscard]] float half(std::int64_t id) const
  {
    return m_prepared->bias[at(id)] + m_prepared->error[at(id)];
  }

  const FeatureMatrixView& m_decoder;
  const ApproximateNeighborOptions& m_options;
  ApproximateNeighbors& m_report;
  const PreparedFeatures* m_prepared = nullptr;
  FeatureMatrix m_scores;            ///< prefix × n: the features in the leading directions.
  std::vector<std::int8_t> m_bytes;  ///< stride × n.
  std::vector<float> m_steps;        ///< n: what a unit of a byte is worth.
  Eigen::Index m_stride = 0;
  Eigen::MatrixXf m_sampleProducts;  ///< n × sample.
  std::vector<SampledFeature> m_sample;
};

CandidateLists ApproximateSearch::exactly(const std::string& why, int count,
                                          const Progress& progress)
{
  m_report.exact = true;
  m_report.note = "Exact neighbours: " + why + ".";
  m_scores.resize(0, 0);
  m_bytes = {};
  m_sampleProducts.resize(0, 0);
  return exactCandidates(m_decoder, *m_prepared, count, progress);
}

/// One pass over the matrix: scores, bytes, and the products with the sample.
void ApproximateSearch::describeFeatures(const Eigen::MatrixXf& directions,
                                         const Progress& progress)
{
  const Eigen::Index n = m_decoder.cols(), d = m_decoder.rows();
  const auto most = static_cast<std::int64_t>(std::clamp<std::int64_t>(
      mostSampledProducts / std::max<Eigen::Index>(1, n), 32, m_options.sample));
  const std::vector<FeatureId> ids =
      sampleOf(*m_prepared, most, Random::forPart(m_options.seed, 1));
  const FeatureMatrix sampled = preparedFeatures(m_decoder, *m_prepared, ids);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    m_sample.emplace_back().id = ids[i];
    m_sample.back().judges = i % 2 == 1;
  }
  m_stride = (d + 31) / 32 * 32;
  m_scores.resize(directions.cols(), n);
  m_bytes.assign(at(m_stride * n), 0);
  m_steps.assign(at(n), 0.0f);
  m_sampleProducts.resize(n, sampled.cols());
  std::vector<double> captured(at((n + columnsPerChunk - 1) / columnsPerChunk), 0.0);
  std::vector<double> whole(captured.size(), 0.0);
  parallelFor(n, columnsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    FeatureMatrix columns(d, end - begin);
    preparedColumns(m_decoder, *m_prepared, static_cast<FeatureId>(begin), columns);
    multiplyInto(m_scores.middleCols(begin, end - begin), directions, true, columns);
    multiplyInto(m_sampleProducts.middleRows(begin, end - begin), columns, true, sampled);
    for (std::int64_t id = begin; id < end; ++id)
      m_steps[at(id)] =
          roundToBytes(columns.col(id - begin).data(), d, m_bytes.data() + id * m_stride);
    captured[at(begin / columnsPerChunk)] =
        m_scores.middleCols(begin, end - begin).cast<double>().squaredNorm();
    whole[at(begin / columnsPerChunk)] = columns.cast<double>().squaredNorm();
  });
  const double all = std::accumulate(whole.begin(), whole.end(), 0.0);
  if (all > 0.0)
    m_report.captured = std::accumulate(captured.begin(), captured.end(), 0.0) / all;
}

/// The true neighbours of the sampled features, and where they stand in the leading directions.
void ApproximateSearch::lookAtSample(int count, const Progress& progress)
{
  const Eigen::Index n = m_decoder.cols();
  parallelFor(static_cast<std::int64_t>(m_sample.size()), 1, [&](std::int64_t s, std::int64_t) {
    progress.checkStopped();
    SampledFeature& feature = m_sample[at(s)];
    const auto nearness = [&](float value, Eigen::Index other) {
      return other == feature.id || m_prepared->bias[at(other)] == nothing
                 ? -nothing
                 : value - half(other) - half(feature.id);
    };
    // The products have served once the nearest are known: the column then holds those of the
    // leading directions.
    auto column = m_sampleProducts.col(s);
    std::vector<FeatureId> order(at(n));
    std::iota(order.begin(), order.end(), 0);
    for (Eigen::Index other = 0; other < n; ++other)
      column(other) = nearness(column(other), other);
    std::nth_element(order.begin(), order.begin() + (count - 1), order.end(),
                     [&](FeatureId a, FeatureId b) {
                       return column(a) != column(b) ? column(a) > column(b) : a < b;
                     });
    feature.nearest.assign(order.begin(), order.begin() + count);
    std::sort(feature.nearest.begin(), feature.nearest.end());
    multiplyInto(column, m_scores, true, m_scores.col(feature.id));
    for (Eigen::Index other = 0; other < n; ++other)
      column(other) = nearness(column(other), other);
    std::vector<float> ranked(column.begin(), column.end());
    std::nth_element(ranked.begin(), ranked.begin() + (count - 1), ranked.end(), std::greater<>());
    feature.limit = ranked[at(count - 1)];
    for (const FeatureId other : feature.nearest)
      feature.missedBy.push_back(feature.limit - column(other));
  });
}

float ApproximateSearch::marginForRecall() const
{
  std::vector<float> all;
  for (const SampledFeature& feature : m_sample)
    if (!feature.judges)
      all.insert(all.end(), feature.missedBy.begin(), feature.missedBy.end());
  if (all.empty())
    return 0.0f;
  const auto place = std::min(
      all.size() - 1, static_cast<std::size_t>(m_options.recall * static_cast<double>(all.size())));
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(place), all.end());
  return std::max(0.0f, all[place]);
}

CandidateLists ApproximateSearch::sweepDirections(int count, float margin, std::int64_t capacity,
                                                  const Progress& progress) const
{
  // What the sweep takes for the error of a product is a quarter of the margin: two features'
  // errors, on both sides of the count-th best.
  PreparedFeatures inDirections;
  const auto n = at(m_decoder.cols());
  inDirections.scale.assign(n, 1.0);
  inDirections.direct = true;
  inDirections.error.assign(n, 0.25f * margin);
  inDirections.bias.assign(n, nothing);
  for (std::size_t id = 0; id < n; ++id)
    if (m_prepared->bias[id] != nothing)
      inDirections.bias[id] = half(static_cast<std::int64_t>(id)) - 0.25f * margin;
  return sweepNeighbors(m_scores, inDirections, count, progress, capacity);
}

/// Replaces the nearness of all candidates. They are sorted by feature, and a tile of features
/// serves all lists before the next is looked at, so that it stays in the cache.
/// @p nearness(a, b) of two features.
template <typename Nearness>
void ApproximateSearch::measure(CandidateLists& lists, Eigen::Index tile, const Progress& progress,
                                const Nearness& nearness) const
{
  const Eigen::Index n = m_decoder.cols();
  std::vector<std::size_t> next(at(n), 0);
  parallelFor(n, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t a = begin; a < end; ++a) {
      NeighborCandidate* entries = lists.entries.data() + at(a) * lists.capacity;
      std::sort(entries, entries + lists.used[at(a)],
                [](const NeighborCandidate& x, const NeighborCandidate& y) {
                  return x.feature < y.feature;
                });
    }
  });
  for (Eigen::Index tileEnd = std::min(tile, n);; tileEnd = std::min(tileEnd + tile, n)) {
    progress.update(tileEnd, n);
    parallelFor(n, 64, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      for (std::int64_t a = begin; a < end; ++a) {
        NeighborCandidate* entries = lists.entries.data() + at(a) * lists.capacity;
        std::size_t& entry = next[at(a)];
        for (; entry < lists.used[at(a)] && entries[entry].feature < tileEnd; ++entry)
          entries[entry].nearness = nearness(a, entries[entry].feature);
      }
    });
    if (tileEnd == n)
      break;
  }
}

/// Drops what rounding to bytes leaves no doubt about.
void ApproximateSearch::filterByBytes(CandidateLists& lists, int count,
                                      const Progress& progress) const
{
  measure(lists, byteTile, progress, [&](std::int64_t a, std::int64_t b) {
    const auto product = static_cast<float>(
        byteProduct(m_bytes.data() + a * m_stride, m_bytes.data() + b * m_stride, m_stride));
    return product * m_steps[at(a)] * m_steps[at(b)] - half(a) - half(b);
  });
  parallelFor(m_decoder.cols(), 64, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> ranked;
    for (std::int64_t a = begin; a < end; ++a) {
      NeighborCandidate* entries = lists.entries.data() + at(a) * lists.capacity;
      NeighborCandidate* last = entries + lists.used[at(a)];
      if (lists.used[at(a)] <= at(count))
        continue;
      ranked.clear();
      for (const NeighborCandidate* entry = entries; entry != last; ++entry)
        ranked.push_back(entry->nearness);
      std::nth_element(ranked.begin(), ranked.begin() + (count - 1), ranked.end(),
                       std::greater<>());
      const float limit = ranked[at(count - 1)];
      // The rounding of a byte has the variance step²/12; lengths are √(2 half).
      const auto doubt = [&](std::int64_t b) {
        const float step = m_steps[at(a)], other = m_steps[at(b)];
        return static_cast<float>(deviations) *
               std::sqrt((2.0f * half(b) * step * step + 2.0f * half(a) * other * other) / 12.0f);
      };
      last = std::remove_if(entries, last, [&](const NeighborCandidate& entry) {
        return entry.nearness + doubt(entry.feature) < limit;
      });
      lists.used[at(a)] = static_cast<std::size_t>(last - entries);
    }
  });
}

void ApproximateSearch::multiplyInFull(CandidateLists& lists, const Progress& progress) const
{
  const Eigen::Index d = m_decoder.rows();
  const auto nearness = [&](float product, std::int64_t a, std::int64_t b) {
    return (product - m_prepared->bias[at(a)]) - m_prepared->bias[at(b)];
  };
  if (m_prepared->direct) {
    measure(lists, floatTile, progress, [&](std::int64_t a, std::int64_t b) {
      const float product = floatProduct(m_decoder.data() + a * m_decoder.outerStride(),
                                         m_decoder.data() + b * m_decoder.outerStride(), d);
      return nearness(
          static_cast<float>(product * m_prepared->scale[at(a)] * m_prepared->scale[at(b)]), a, b);
    });
    return;
  }
  parallelFor(m_decoder.cols(), 16, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    FeatureMatrix own(d, 1), other(d, 1);
    for (std::int64_t a = begin; a < end; ++a) {
      if (lists.used[at(a)] == 0)
        continue;
      preparedColumns(m_decoder, *m_prepared, static_cast<FeatureId>(a), own);
      NeighborCandidate* entries = lists.entries.data() + at(a) * lists.capacity;
      for (std::size_t i = 0; i < lists.used[at(a)]; ++i) {
        preparedColumns(m_decoder, *m_prepared, entries[i].feature, other);
        entries[i].nearness =
            nearness(floatProduct(own.data(), other.data(), d), a, entries[i].feature);
      }
    }
  });
}

/// The share of the judging features' true neighbours that are among the count nearest found.
void ApproximateSearch::judge(const CandidateLists& lists, int count)
{
  std::vector<double> shares;
  for (const SampledFeature& feature : m_sample) {
    if (!feature.judges)
      continue;
    const auto found = lists.of(feature.id);
    std::vector<NeighborCandidate> best(found.begin(), found.end());
    const auto kept = static_cast<std::ptrdiff_t>(std::min(best.size(), at(count)));
    std::partial_sort(best.begin(), best.begin() + kept, best.end(),
                      [](const NeighborCandidate& a, const NeighborCandidate& b) {
                        return a.nearness != b.nearness ? a.nearness > b.nearness
                                                        : a.feature < b.feature;
                      });
    const auto hits =
        std::count_if(best.begin(), best.begin() + kept, [&](const NeighborCandidate& candidate) {
          return std::binary_search(feature.nearest.begin(), feature.nearest.end(),
                                    candidate.feature);
        });
    shares.push_back(static_cast<double>(hits) / count);
  }
  const auto judged = static_cast<double>(shares.size());
  double squares = 0.0;
  m_report.recall = std::accumulate(shares.begin(), shares.end(), 0.0) / judged;
  for (const double share : shares)
    squares += (share - m_report.recall) * (share - m_report.recall);
  m_report.recallError = std::sqrt(squares / std::max(1.0, judged - 1.0) / judged);
  m_report.judged = static_cast<int>(shares.size());
  char text[160];
  std::snprintf(text, sizeof text,
                "Approximate neighbours: about %.1f %% of the true ones (± %.1f, judged by %d "
                "features).",
                100.0 * m_report.recall, 100.0 * m_report.recallError, m_report.judged);
  m_report.note = text;
}

/// Per feature, in products of one dimension of the sweep.
double ApproximateSearch::cost(double candidates, Eigen::Index prefix) const
{
  return static_cast<double>(m_decoder.cols()) / 2.0 * static_cast<double>(prefix) +
         candidates * (costPerDimension * static_cast<double>(m_decoder.rows()) + costPerCandidate);
}

CandidateLists ApproximateSearch::search(const PreparedFeatures& prepared, int count,
                                         const Progress& progress)
{
  m_prepared = &prepared;
  const Eigen::Index n = m_decoder.cols(), d = m_decoder.rows();
  const auto swept = static_cast<std::int64_t>(std::count_if(
      prepared.bias.begin(), prepared.bias.end(), [](float bias) { return bias != nothing; }));
  const Eigen::Index prefix = std::min<Eigen::Index>(m_options.prefix, d);
  if (!prepared.apart.empty() || d > mostForByteProducts)
    return exactly("the features are too long or of too different lengths to approximate", count,
                   progress);
  if (swept < std::max<std::int64_t>(64, 2 * count))
    return exactly("there are few features", count, progress);
  if (m_options.exactWhereCheaper && (2 * prefix > d || swept < 16 * m_options.sample))
    return exactly("there are few features or dimensions", count, progress);

  // What is known beforehand of the costs; the products of bytes may be too many even so.
  if (m_options.exactWhereCheaper && bytesAreFaster(n, d) &&
      byteProductCost * static_cast<double>(n) / 2.0 * static_cast<double>(d) <
          cost(typicalCandidates, prefix))
    if (auto lists = sweepByBytes(m_decoder, prepared, count, progress)) {
      m_report.exact = true;
      m_report.note = "Exact neighbours: products of bytes take no longer.";
      return std::move(*lists);
    }

  describeFeatures(leadingDirections(m_decoder, prepared, prefix, m_options.seed,
                                     progress.stage("leading directions", 0.0, 0.2)),
                   progress.stage("directions of all", 0.2, 0.3));
  lookAtSample(count, progress.stage("sample", 0.3, 0.35));
  const float margin = marginForRecall();
  std::int64_t most = 0;
  for (std::size_t s = 0; s < m_sample.size(); ++s) {
    SampledFeature& feature = m_sample[s];
    const auto column = m_sampleProducts.col(static_cast<Eigen::Index>(s));
    feature.candidates = std::count_if(
        column.begin(), column.end(), [&](float value) { return value >= feature.limit - margin; });
    most = std::max(most, feature.candidates);
    m_report.candidates += static_cast<double>(feature.candidates);
  }
  m_report.candidates /= static_cast<double>(m_sample.size());
  if (m_options.exactWhereCheaper && 1.2 * cost(m_report.candidates, prefix) >
                                         static_cast<double>(n) / 2.0 * static_cast<double>(d))
    return exactly("the features leave no direction out, so that it costs less", count, progress);

  const auto typical = static_cast<std::int64_t>(m_report.candidates);
  const std::int64_t capacity = m_options.exactWhereCheaper
                                    ? std::min(most + most / 2, 4 * typical) + 2 * count
                                    : std::max<std::int64_t>(2048, 8 * count);
  m_sampleProducts.resize(0, 0);
  CandidateLists lists =
      sweepDirections(count, margin, capacity, progress.stage("candidates", 0.35, 0.7));
  filterByBytes(lists, count, progress.stage("products of bytes", 0.7, 0.85));
  multiplyInFull(lists, progress.stage("exact products", 0.85, 1.0));
  judge(lists, count);
  return lists;
}

}  // namespace

ApproximateNeighbors computeApproximateNeighbors(const FeatureMatrixView& decoder,
                                                 const ApproximateNeighborOptions& options,
                                                 const Progress& progress)
{
  checkOptions(options);
  ApproximateNeighbors result;
  result.options = options;
  ApproximateSearch search(decoder, options, result);
  result.neighbors = rankedNeighbors(
      decoder, {options.count, options.metric},
      [&](const PreparedFeatures& prepared, int count, const Progress& searching) {
        return search.search(prepared, count, searching);
      },
      progress);
  return result;
}

MapEstimate estimateApproximateNeighbors(std::int64_t features, std::int64_t dimensions)
{
  constexpr auto candidates = static_cast<std::int64_t>(typicalCandidates);
  const ApproximateNeighborOptions options;
  MapEstimate estimate;
  estimate.neighborSeconds =
      estimateNeighborSeconds(features, std::min<std::int64_t>(dimensions, options.prefix)) +
      // A candidate's byte products run at about the speed of the exact search's.
      2.0 * candidates / static_cast<double>(std::max<std::int64_t>(1, features)) *
          estimateNeighborSeconds(
              features,
              static_cast<std::int64_t>(costPerDimension * static_cast<double>(dimensions)));
  // Where the exact search costs less, it is taken.
  estimate.neighborSeconds =
      std::min(estimate.neighborSeconds, estimateNeighborSeconds(features, dimensions));
  estimate.bytes =
      features * (dimensions + 4 * options.prefix + 16 * candidates + 28 * options.count);
  return estimate;
}

}  // namespace orrery
