#include "core/embedding/ByteSweep.h"

#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/ByteProducts.h"
#include "core/embedding/ByteTiles.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace orrery {
namespace {

constexpr float nothing = std::numeric_limits<float>::infinity();
constexpr Eigen::Index floatTile = 1024;  // Features that the cache holds.
constexpr std::int64_t sampled = 48;
// Products that are summed in 32 bits, of a byte and one shifted to be positive.
constexpr Eigen::Index mostDimensions = 65536;
// Below this the sweep takes no time worth saving.
constexpr std::int64_t fewestFeatures = 4096, fewestDimensions = 512;

std::size_t at(std::int64_t index)
{
  return static_cast<std::size_t>(index);
}

bool nearer(const NeighborCandidate& a, const NeighborCandidate& b)
{
  return a.nearness != b.nearness ? a.nearness > b.nearness : a.feature < b.feature;
}

/// The features in bytes, and the bounds on what that loses.
struct RoundedFeatures {
  ByteTiles tiles;
  PreparedFeatures prepared;  ///< Scales are the bytes' steps; errors those of byte products.
};

RoundedFeatures roundFeatures(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                              const Progress& progress)
{
  const Eigen::Index n = decoder.cols(), d = decoder.rows();
  RoundedFeatures rounded{ByteTiles(d, n), {}};
  rounded.prepared.direct = true;
  rounded.prepared.scale.assign(at(n), 0.0);
  rounded.prepared.bias.assign(at(n), nothing);
  rounded.prepared.error.assign(at(n), 0.0f);
  std::vector<double> lengths(at(n), 0.0), losses(at(n), 0.0);
  parallelFor(n, 8 * ByteTiles::panel, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    for (std::int64_t id = begin; id < end; ++id)
      if (prepared.bias[at(id)] != nothing) {
        const float* x = decoder.data() + id * decoder.outerStride();
        std::int8_t* bytes = rounded.tiles.row(id);
        const double step = static_cast<double>(roundToBytes(x, d, bytes));
        double loss = 0.0, square = 0.0;
        for (Eigen::Index j = 0; j < d; ++j) {
          const double value = static_cast<double>(x[j]), lost = value - step * bytes[j];
          loss += lost * lost;
          square += value * value;
        }
        const double scale = prepared.scale[at(id)];
        rounded.prepared.scale[at(id)] = step * scale;
        lengths[at(id)] = std::sqrt(square) * scale;
        losses[at(id)] = std::sqrt(loss) * scale;
      }
    for (std::int64_t first = begin; first < end; first += ByteTiles::panel)
      rounded.tiles.pack(first);
  });
  // |u·v − q·r| ≤ |u − q| |v| + (|u| + |u − q|) |v − r|, shared out between the two; and what float
  // arithmetic does to the product.
  const double longest = *std::max_element(lengths.begin(), lengths.end());
  const double most = *std::max_element(losses.begin(), losses.end());
  for (std::int64_t id = 0; id < n; ++id)
    if (prepared.bias[at(id)] != nothing) {
      const auto error = static_cast<float>(1.0001 * losses[at(id)] * (longest + most / 2.0) +
                                            0x1.0p-20 * longest * longest);
      const float half = prepared.bias[at(id)] + prepared.error[at(id)];
      rounded.prepared.error[at(id)] = error;
      rounded.prepared.bias[at(id)] = half - error;
    }
  return rounded;
}

/// How many candidates the bytes leave a feature, by a sample.
struct CandidatesLeft {
  double mean = 0.0, most = 0.0;
};

CandidatesLeft candidatesLeft(const RoundedFeatures& rounded, int count, const Progress& progress)
{
  const PreparedFeatures& prepared = rounded.prepared;
  const auto n = static_cast<std::int64_t>(prepared.bias.size());
  std::vector<double> left(at(sampled), 0.0);
  parallelFor(sampled, 1, [&](std::int64_t s, std::int64_t) {
    progress.checkStopped();
    const auto own = static_cast<std::int64_t>(Random::forPart(0, at(s)).below(at(n)));
    if (prepared.bias[at(own)] == nothing)
      return;
    std::vector<float> nearness, surely;
    for (std::int64_t other = 0; other < n; ++other) {
      if (other == own || prepared.bias[at(other)] == nothing)
        continue;
      const auto product = static_cast<float>(
          byteProduct(rounded.tiles.row(own), rounded.tiles.row(other), rounded.tiles.stride()));
      nearness.push_back(
          product * static_cast<float>(prepared.scale[at(own)] * prepared.scale[at(other)]) -
          prepared.bias[at(own)] - prepared.bias[at(other)]);
      surely.push_back(nearness.back() -
                       2.0f * (prepared.error[at(own)] + prepared.error[at(other)]));
    }
    if (static_cast<int>(surely.size()) < count)
      return;
    std::nth_element(surely.begin(), surely.begin() + (count - 1), surely.end(), std::greater<>());
    const float limit = surely[at(count - 1)];
    left[at(s)] = static_cast<double>(std::count_if(nearness.begin(), nearness.end(),
                                                    [=](float value) { return value >= limit; }));
  });
  return {std::accumulate(left.begin(), left.end(), 0.0) / static_cast<double>(sampled),
          *std::max_element(left.begin(), left.end())};
}

/// What follows the sweep: products in float of what the bytes have left.
class FloatProducts {
 public:
  FloatProducts(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                CandidateLists& lists, int count)
      : m_decoder(decoder), m_prepared(prepared), m_lists(lists), m_count(at(count))
  {
  }

  void multiply(const Progress& progress)
  {
    const std::int64_t n = m_decoder.cols();
    std::vector<std::size_t> first(at(n), 0), likely(at(n), 0);
    each([&](std::int64_t a, NeighborCandidate* entries, std::size_t& used) {
      likely[at(a)] = std::min(used, m_count + m_count / 4);
      std::nth_element(entries, entries + likely[at(a)], entries + used, nearer);
    });
    measure(first, likely, progress.stage("Neighbours: likely ones", 0.0, 0.5));
    each([&](std::int64_t a, NeighborCandidate* entries, std::size_t& used) {
      const float limit = surely(a, entries, likely[at(a)]);
      used = static_cast<std::size_t>(
          std::remove_if(entries + likely[at(a)], entries + used,
                         [=](const NeighborCandidate& e) { return e.nearness < limit; }) -
          entries);
    });
    measure(likely, m_lists.used, progress.stage("Neighbours: possible ones", 0.5, 1.0));
    each([&](std::int64_t a, NeighborCandidate* entries, std::size_t& used) {
      if (!m_lists.cut.empty() && m_lists.cut[at(a)]) {
        used = 0;
        return;
      }
      used = kept(a, entries, used);
    });
    for (std::int64_t a = 0; a < n; ++a)
      if (!m_lists.cut.empty() && m_lists.cut[at(a)])
        fromAll(a, progress);
  }

 private:
  template <typename Work>
  void each(const Work& work)
  {
    parallelFor(m_decoder.cols(), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t a = begin; a < end; ++a)
        work(a, m_lists.entries.data() + at(a) * m_lists.capacity, m_lists.used[at(a)]);
    });
  }

  [[nodiscard]] float nearness(std::int64_t a, std::int64_t b) const
  {
    const float product =
        floatProduct(m_decoder.data() + a * m_decoder.outerStride(),
                     m_decoder.data() + b * m_decoder.outerStride(), m_decoder.rows());
    return (static_cast<float>(product * m_prepared.scale[at(a)] * m_prepared.scale[at(b)]) -
            m_prepared.bias[at(a)]) -
           m_prepared.bias[at(b)];
  }

  /// Of the entries [first, last) of every list; tile by tile, so that the features that they are
  /// compared with stay in the cache.
  void measure(const std::vector<std::size_t>& first, const std::vector<std::size_t>& last,
               const Progress& progress)
  {
    each([&](std::int64_t a, NeighborCandidate* entries, const std::size_t&) {
      std::sort(entries + first[at(a)], entries + last[at(a)],
                [](const NeighborCandidate& x, const NeighborCandidate& y) {
                  return x.feature < y.feature;
                });
    });
    const std::int64_t n = m_decoder.cols();
    std::vector<std::size_t> next = first;
    for (std::int64_t tile = 0; tile < n; tile += floatTile) {
      progress.update(tile, n);
      each([&](std::int64_t a, NeighborCandidate* entries, const std::size_t&) {
        for (std::size_t& i = next[at(a)]; i < last[at(a)] && entries[i].feature < tile + floatTile;
             ++i)
          entries[i].nearness = nearness(a, entries[i].feature);
      });
    }
  }

  /// What count of the first @p used entries surely reach.
  [[nodiscard]] float surely(std::int64_t a, const NeighborCandidate* entries,
                             std::size_t used) const
  {
    if (used < m_count)
      return -nothing;
    std::vector<float> least;
    for (std::size_t i = 0; i < used; ++i)
      least.push_back(entries[i].nearness -
                      2.0f * (m_prepared.error[at(a)] + m_prepared.error[at(entries[i].feature)]));
    std::nth_element(least.begin(), least.begin() + static_cast<std::ptrdiff_t>(m_count - 1),
                     least.end(), std::greater<>());
    return least[m_count - 1];
  }

  std::size_t kept(std::int64_t a, NeighborCandidate* entries, std::size_t used) const
  {
    const float limit = surely(a, entries, used);
    return static_cast<std::size_t>(
        std::remove_if(entries, entries + used,
                       [=](const NeighborCandidate& e) { return e.nearness < limit; }) -
        entries);
  }

  /// For a feature that had more candidates than room: all others.
  void fromAll(std::int64_t a, const Progress& progress)
  {
    progress.checkStopped();
    const std::int64_t n = m_decoder.cols();
    std::vector<NeighborCandidate> all(at(n));
    parallelFor(n, 256, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t b = begin; b < end; ++b) {
        const bool isThere = b != a && m_prepared.bias[at(b)] != nothing;
        all[at(b)] = {isThere ? nearness(a, b) : -nothing, static_cast<FeatureId>(b)};
      }
    });
    std::erase_if(all, [](const NeighborCandidate& e) { return e.nearness == -nothing; });
    std::size_t used = kept(a, all.data(), all.size());
    if (used > m_lists.capacity) {
      std::sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(used), nearer);
      used = m_lists.capacity;
    }
    std::copy_n(all.begin(), used, m_lists.entries.data() + at(a) * m_lists.capacity);
    m_lists.used[at(a)] = used;
  }

  const FeatureMatrixView& m_decoder;
  const PreparedFeatures& m_prepared;
  CandidateLists& m_lists;
  std::size_t m_count;
};

}  // namespace

bool bytesAreFaster(std::int64_t features, std::int64_t dimensions)
{
  return multipliesBytes() && features >= fewestFeatures && dimensions >= fewestDimensions;
}

std::optional<CandidateLists> sweepByBytes(const FeatureMatrixView& decoder,
                                           const PreparedFeatures& prepared, int count,
                                           const Progress& progress, std::optional<double> most)
{
  const Eigen::Index n = decoder.cols();
  if (!prepared.direct || !prepared.apart.empty() || decoder.rows() > mostDimensions || n == 0)
    return {};
  CandidateLists lists;
  {
    const RoundedFeatures rounded =
        roundFeatures(decoder, prepared, progress.stage("Neighbours: rounding", 0.0, 0.05));
    const CandidatesLeft left =
        candidatesLeft(rounded, count, progress.stage("Neighbours: sample", 0.05, 0.1));
    if (left.mean > most.value_or(static_cast<double>(n) / 16.0))
      return {};
    // Few of the others will have many more than the largest of a sample.
    const auto capacity =
        static_cast<std::int64_t>(std::min(1.5 * left.most, 4.0 * left.mean)) + 2 * count + 48;
    lists = sweepNeighbors(decoder, rounded.prepared, count,
                           progress.stage("Neighbours: bytes", 0.1, 0.7), capacity, rounded.tiles);
  }
  FloatProducts(decoder, prepared, lists, count).multiply(progress.stage("Neighbours", 0.7, 1.0));
  return lists;
}

CandidateLists exactCandidates(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                               int count, const Progress& progress)
{
  if (!bytesAreFaster(decoder.cols(), decoder.rows()))
    return sweepNeighbors(decoder, prepared, count, progress);
  if (auto lists = sweepByBytes(decoder, prepared, count, progress))
    return std::move(*lists);
  return sweepNeighbors(decoder, prepared, count, progress.stage("Neighbours", 0.1, 1.0));
}

}  // namespace orrery
