#include "core/lobes/Cooccurrence.h"

#include "core/base/Error.h"
#include "core/base/HugePages.h"
#include "core/base/Parallel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <numeric>

namespace orrery {
namespace {

/// A pair of features that fire in shares p and q of the blocks costs p q T increments when walked,
/// T / 64 words when held as bits; measured, the two cost the same where p q is about this.
constexpr double evenProduct = 0.0035;

// --- Bit sets ------------------------------------------------------------------------------------

/// The common bits of a pair of rows against a pair of rows: each loaded word serves two counts.
using CountPairs = void (*)(const std::uint64_t* a, const std::uint64_t* b, std::size_t words,
                            std::size_t stride, std::int64_t (&common)[4]);

void countPairsPortable(const std::uint64_t* a, const std::uint64_t* b, std::size_t words,
                        std::size_t stride, std::int64_t (&common)[4])
{
  for (std::size_t w = 0; w < words; ++w) {
    const std::uint64_t a0 = a[w], a1 = a[stride + w], b0 = b[w], b1 = b[stride + w];
    common[0] += std::popcount(a0 & b0);
    common[1] += std::popcount(a0 & b1);
    common[2] += std::popcount(a1 & b0);
    common[3] += std::popcount(a1 & b1);
  }
}

#if defined(__x86_64__)
/// Bits per byte by a table of sixteen, summed to 64-bit lanes (Muła, Kurz & Lemire 2018). Bytes
/// hold up to 31 rounds of 8.
__attribute__((target("avx2"))) void countPairsAvx2(const std::uint64_t* a, const std::uint64_t* b,
                                                    std::size_t words, std::size_t stride,
                                                    std::int64_t (&common)[4])
{
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2,
                                         1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(0x0F);
  const __m256i zero = _mm256_setzero_si256();
  __m256i sums[4] = {zero, zero, zero, zero};
  for (std::size_t begin = 0; begin < words; begin += 31 * 4) {
    const std::size_t end = std::min(words, begin + 31 * 4);
    __m256i bytes[4] = {zero, zero, zero, zero};
    for (std::size_t w = begin; w < end; w += 4) {
      const __m256i a0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(a + w));
      const __m256i a1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(a + stride + w));
      const __m256i b0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(b + w));
      const __m256i b1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(b + stride + w));
      const __m256i both[4] = {_mm256_and_si256(a0, b0), _mm256_and_si256(a0, b1),
                               _mm256_and_si256(a1, b0), _mm256_and_si256(a1, b1)};
      for (int i = 0; i < 4; ++i) {
        const __m256i nibbles = _mm256_and_si256(_mm256_srli_epi16(both[i], 4), low);
        bytes[i] = _mm256_add_epi8(
            bytes[i], _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(both[i], low)),
                                      _mm256_shuffle_epi8(table, nibbles)));
      }
    }
    for (int i = 0; i < 4; ++i)
      sums[i] = _mm256_add_epi64(sums[i], _mm256_sad_epu8(bytes[i], zero));
  }
  for (int i = 0; i < 4; ++i) {
    alignas(32) std::int64_t lanes[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sums[i]);
    common[i] += lanes[0] + lanes[1] + lanes[2] + lanes[3];
  }
}

__attribute__((target("avx512f,avx512vpopcntdq"))) void countPairsAvx512(const std::uint64_t* a,
                                                                         const std::uint64_t* b,
                                                                         std::size_t words,
                                                                         std::size_t stride,
                                                                         std::int64_t (&common)[4])
{
  __m512i sums[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                     _mm512_setzero_si512()};
  for (std::size_t w = 0; w < words; w += 8) {
    const __m512i a0 = _mm512_load_si512(a + w), a1 = _mm512_load_si512(a + stride + w);
    const __m512i b0 = _mm512_load_si512(b + w), b1 = _mm512_load_si512(b + stride + w);
    sums[0] = _mm512_add_epi64(sums[0], _mm512_popcnt_epi64(_mm512_and_si512(a0, b0)));
    sums[1] = _mm512_add_epi64(sums[1], _mm512_popcnt_epi64(_mm512_and_si512(a0, b1)));
    sums[2] = _mm512_add_epi64(sums[2], _mm512_popcnt_epi64(_mm512_and_si512(a1, b0)));
    sums[3] = _mm512_add_epi64(sums[3], _mm512_popcnt_epi64(_mm512_and_si512(a1, b1)));
  }
  for (int i = 0; i < 4; ++i) {
    alignas(64) std::int64_t lanes[8];
    _mm512_store_si512(lanes, sums[i]);
    common[i] += std::accumulate(lanes, lanes + 8, std::int64_t{0});
  }
}
#endif

CountPairs chooseCountPairs()
{
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vpopcntdq"))
    return countPairsAvx512;
  if (__builtin_cpu_supports("avx2"))
    return countPairsAvx2;
#endif
  return countPairsPortable;
}

/// One row of bits per frequent feature (an even number of rows), each row padded to whole 64-byte
/// lines.
class BitRows {
 public:
  static constexpr std::size_t lineWords = 8;

  BitRows(std::size_t rows, std::int64_t blocks)
      : m_stride((static_cast<std::size_t>(blocks) + 511) / 512 * lineWords),
        m_rows((rows + 1) / 2 * 2)
  {
    m_storage.assign(m_rows * m_stride + lineWords, 0);
    const auto address = reinterpret_cast<std::uintptr_t>(m_storage.data());
    m_first = m_storage.data() + (64 - address % 64) % 64 / sizeof(std::uint64_t);
  }

  void set(std::size_t row, std::int64_t block)
  {
    m_first[row * m_stride + static_cast<std::size_t>(block) / 64] |= std::uint64_t{1}
                                                                      << (block % 64);
  }
  [[nodiscard]] const std::uint64_t* row(std::size_t index) const
  {
    return m_first + index * m_stride;
  }
  [[nodiscard]] std::size_t stride() const { return m_stride; }
  [[nodiscard]] std::size_t rows() const { return m_rows; }

 private:
  std::size_t m_stride, m_rows;
  std::vector<std::uint64_t> m_storage;
  std::uint64_t* m_first = nullptr;
};

/// All pairs of frequent features: tiles of rows that stay in the cache, and long rows cut so that
/// a tile of both sides fits.
void countFrequent(const BitRows& bits, const std::vector<FeatureId>& features, CountMatrix& counts,
                   const Progress& progress)
{
  static const CountPairs countPairs = chooseCountPairs();
  constexpr std::size_t tile = 64;
  constexpr std::size_t slice = 512;  // 4 KiB a row: two tiles of 64 rows are 512 KiB
  const auto tiles = static_cast<std::int64_t>((bits.rows() + tile - 1) / tile);
  const std::int64_t pairs = tiles * (tiles + 1) / 2;
  parallelFor(pairs, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t pair = begin; pair < end; ++pair) {
      progress.update(pair, pairs);
      std::int64_t tileRow = 0, rest = pair;
      while (rest > tileRow) {
        rest -= tileRow + 1;
        ++tileRow;
      }
      const std::size_t firstRow = static_cast<std::size_t>(tileRow) * tile,
                        firstColumn = static_cast<std::size_t>(rest) * tile;
      const std::size_t lastRow = std::min(firstRow + tile, bits.rows()),
                        lastColumn = std::min(firstColumn + tile, bits.rows());
      std::vector<std::int64_t> common(tile * tile, 0);
      for (std::size_t word = 0; word < bits.stride(); word += slice) {
        const std::size_t words = std::min(slice, bits.stride() - word);
        for (std::size_t i = firstRow; i < lastRow; i += 2)
          for (std::size_t j = firstColumn; j < lastColumn && j <= i; j += 2) {
            std::int64_t four[4] = {0, 0, 0, 0};
            countPairs(bits.row(i) + word, bits.row(j) + word, words, bits.stride(), four);
            for (std::size_t f = 0; f < 4; ++f)
              common[(i - firstRow + f / 2) * tile + (j - firstColumn + f % 2)] += four[f];
          }
      }
      for (std::size_t i = firstRow; i < std::min(lastRow, features.size()); ++i)
        for (std::size_t j = firstColumn; j < std::min(lastColumn, features.size()) && j <= i; ++j)
          counts(features[i], features[j]) = counts(features[j], features[i]) =
              static_cast<std::int32_t>(common[(i - firstRow) * tile + (j - firstColumn)]);
    }
  });
}

// --- Rare features -------------------------------------------------------------------------------

/// The firings with features renumbered by falling frequency, and the blocks of every feature.
struct Ranked {
  std::vector<FeatureId> featureOfRank;
  std::vector<std::int64_t> frequency;  ///< By rank.
  /// Of the firings, ascending within a block; half as wide where 16 bits hold all ranks, for it is
  /// the traffic of these that counting costs.
  std::vector<FeatureId> ranks;
  std::vector<std::uint16_t> narrowRanks;
  std::vector<std::int64_t> blockStart;  ///< By rank: where its firings begin in places; n + 1.
  std::vector<std::int32_t> blockOf;     ///< The blocks of each rank, ascending …
  std::vector<std::int32_t> placeIn;     ///< … and its place among the firings of that block.
};

Ranked rankByFrequency(const Firings& firings)
{
  const auto n = static_cast<std::size_t>(firings.features);
  std::vector<std::int64_t> frequency(n, 0);
  for (const FeatureId id : firings.ids)
    ++frequency[static_cast<std::size_t>(id)];
  Ranked ranked;
  ranked.featureOfRank.resize(n);
  std::iota(ranked.featureOfRank.begin(), ranked.featureOfRank.end(), 0);
  std::stable_sort(
      ranked.featureOfRank.begin(), ranked.featureOfRank.end(), [&](FeatureId a, FeatureId b) {
        return frequency[static_cast<std::size_t>(a)] > frequency[static_cast<std::size_t>(b)];
      });
  std::vector<FeatureId> rankOf(n);
  ranked.frequency.resize(n);
  ranked.blockStart.assign(n + 1, 0);
  for (std::size_t rank = 0; rank < n; ++rank) {
    const auto feature = static_cast<std::size_t>(ranked.featureOfRank[rank]);
    rankOf[feature] = static_cast<FeatureId>(rank);
    ranked.frequency[rank] = frequency[feature];
    ranked.blockStart[rank + 1] = ranked.blockStart[rank] + frequency[feature];
  }

  ranked.blockOf.resize(firings.ids.size());
  std::vector<std::int64_t> next(ranked.blockStart.begin(), ranked.blockStart.end() - 1);
  for (std::size_t block = 0; block + 1 < firings.starts.size(); ++block)
    for (std::int64_t i = firings.starts[block]; i < firings.starts[block + 1]; ++i) {
      const FeatureId rank =
          rankOf[static_cast<std::size_t>(firings.ids[static_cast<std::size_t>(i)])];
      const auto slot = static_cast<std::size_t>(next[static_cast<std::size_t>(rank)]++);
      ranked.blockOf[slot] = static_cast<std::int32_t>(block);
    }

  // Dealing the ranks out in order leaves those of every block sorted.
  const bool narrow = n <= std::numeric_limits<std::uint16_t>::max();
  ranked.ranks.resize(narrow ? 0 : firings.ids.size());
  ranked.narrowRanks.resize(narrow ? firings.ids.size() : 0);
  ranked.placeIn.resize(firings.ids.size());
  std::vector<std::int32_t> filled(static_cast<std::size_t>(firings.blocks()), 0);
  for (std::size_t rank = 0; rank < n; ++rank)
    for (std::int64_t slot = ranked.blockStart[rank]; slot < ranked.blockStart[rank + 1]; ++slot) {
      const auto block = static_cast<std::size_t>(ranked.blockOf[static_cast<std::size_t>(slot)]);
      const std::int32_t place = filled[block]++;
      const auto at = static_cast<std::size_t>(firings.starts[block] + place);
      if (narrow)
        ranked.narrowRanks[at] = static_cast<std::uint16_t>(rank);
      else
        ranked.ranks[at] = static_cast<FeatureId>(rank);
      ranked.placeIn[static_cast<std::size_t>(slot)] = place;
    }
  return ranked;
}

/// Counts of one rare feature against all more frequent ones: in every block where it fires, those
/// before it. A row of Counter fits the first-level cache when it is 16 bits wide.
template <typename Counter, typename Rank>
void countRow(const Firings& firings, const Ranked& ranked, const std::vector<Rank>& ranks,
              std::size_t rank, std::vector<Counter>& row)
{
  // The blocks of a feature lie anywhere: their first lines are fetched some blocks ahead.
  constexpr std::int64_t ahead = 6;
  constexpr std::ptrdiff_t line = 64 / sizeof(Rank);
  Counter* counts = row.data();
  std::fill(counts, counts + rank, Counter{0});
  const std::int64_t end = ranked.blockStart[rank + 1];
  const auto firstOf = [&](std::int64_t slot) {
    const auto block = static_cast<std::size_t>(ranked.blockOf[static_cast<std::size_t>(slot)]);
    return ranks.data() + firings.starts[block];
  };
  for (std::int64_t slot = ranked.blockStart[rank]; slot < end; ++slot) {
    if (slot + ahead < end) {
      const Rank* next = firstOf(slot + ahead);
      __builtin_prefetch(next);
      __builtin_prefetch(next + line);
      __builtin_prefetch(next + 2 * line);
      __builtin_prefetch(next + 3 * line);
    }
    const Rank* first = firstOf(slot);
    const Rank* last = first + ranked.placeIn[static_cast<std::size_t>(slot)];
    // No rank stands twice in a block, so four increments do not wait for each other.
    for (; last - first >= 4; first += 4) {
      const std::size_t a = static_cast<std::size_t>(first[0]),
                        b = static_cast<std::size_t>(first[1]),
                        c = static_cast<std::size_t>(first[2]),
                        d = static_cast<std::size_t>(first[3]);
      const Counter ca = counts[a], cb = counts[b], cc = counts[c], cd = counts[d];
      counts[a] = static_cast<Counter>(ca + 1);
      counts[b] = static_cast<Counter>(cb + 1);
      counts[c] = static_cast<Counter>(cc + 1);
      counts[d] = static_cast<Counter>(cd + 1);
    }
    for (; first != last; ++first)
      ++counts[static_cast<std::size_t>(*first)];
  }
}

template <typename Counter>
void countRow(const Firings& firings, const Ranked& ranked, std::size_t rank,
              std::vector<Counter>& row)
{
  if (ranked.narrowRanks.empty())
    countRow(firings, ranked, ranked.ranks, rank, row);
  else
    countRow(firings, ranked, ranked.narrowRanks, rank, row);
}

void countRare(const Firings& firings, const Ranked& ranked, std::size_t frequent,
               CountMatrix& counts, const Progress& progress)
{
  const std::size_t n = ranked.featureOfRank.size();
  const auto rare = static_cast<std::int64_t>(n - frequent);
  // The upper triangle alone is written here, column by column; mirror() fills the other.
  parallelFor(rare, 16, [&](std::int64_t begin, std::int64_t end) {
    progress.update(begin, rare);
    std::vector<std::uint16_t> narrow(n);
    std::vector<std::int32_t> wide;
    for (auto rank = frequent + static_cast<std::size_t>(begin);
         rank < frequent + static_cast<std::size_t>(end); ++rank) {
      const FeatureId feature = ranked.featureOfRank[rank];
      const auto write = [&](const auto& row) {
        for (std::size_t other = 0; other < rank; ++other)
          counts(ranked.featureOfRank[other], feature) = row[other];
      };
      if (ranked.frequency[rank] <= std::numeric_limits<std::uint16_t>::max()) {
        countRow(firings, ranked, rank, narrow);
        write(narrow);
      } else {
        wide.resize(n);
        countRow(firings, ranked, rank, wide);
        write(wide);
      }
      counts(feature, feature) = static_cast<std::int32_t>(ranked.frequency[rank]);
    }
  });
}

/// counts(i, j) of two ranks stands in the column of the rarer: copy it to the other place, in
/// tiles.
void mirror(const Ranked& ranked, std::size_t frequent, CountMatrix& counts)
{
  const Eigen::Index n = counts.cols();
  std::vector<FeatureId> rankOf(static_cast<std::size_t>(n));
  for (std::size_t rank = 0; rank < rankOf.size(); ++rank)
    rankOf[static_cast<std::size_t>(ranked.featureOfRank[rank])] = static_cast<FeatureId>(rank);
  constexpr Eigen::Index tile = 64;
  const Eigen::Index tiles = (n + tile - 1) / tile;
  // A tile (I, J), I ≥ J, is this range's alone together with (J, I). Both are worked on in copies:
  // columns that lie a power of two apart would drive each other out of the cache.
  parallelFor(tiles, 1, [&](std::int64_t begin, std::int64_t end) {
    Eigen::Matrix<std::int32_t, tile, tile> lower, upper;  // (i, j) and (j, i)
    for (Eigen::Index tileRow = begin; tileRow < end; ++tileRow)
      for (Eigen::Index tileColumn = 0; tileColumn <= tileRow; ++tileColumn) {
        const Eigen::Index i = tileRow * tile, j = tileColumn * tile;
        const Eigen::Index rows = std::min(tile, n - i), columns = std::min(tile, n - j);
        lower.topLeftCorner(rows, columns) = counts.block(i, j, rows, columns);
        upper.topLeftCorner(columns, rows) = counts.block(j, i, columns, rows);
        for (Eigen::Index column = 0; column < columns; ++column) {
          const FeatureId rankJ = rankOf[static_cast<std::size_t>(j + column)];
          for (Eigen::Index row = 0; row < rows; ++row) {
            const FeatureId rankI = rankOf[static_cast<std::size_t>(i + row)];
            if (std::max(rankI, rankJ) < static_cast<FeatureId>(frequent) || rankI == rankJ)
              continue;
            if (rankI > rankJ)
              lower(row, column) = upper(column, row);
            else
              upper(column, row) = lower(row, column);
          }
        }
        counts.block(i, j, rows, columns) = lower.topLeftCorner(rows, columns);
        if (tileRow != tileColumn)
          counts.block(j, i, columns, rows) = upper.topLeftCorner(columns, rows);
      }
  });
}

/// How many of the most frequent features are better held as bits: as long as the next one against
/// those before it costs more to walk. @p frequency falls.
std::size_t frequentCount(const std::vector<std::int64_t>& frequency, std::int64_t blocks)
{
  const auto total = static_cast<double>(blocks);
  double shares = 0.0;
  std::size_t count = 0;
  for (; count < frequency.size(); ++count) {
    const double share = static_cast<double>(frequency[count]) / total;
    if (share * (shares + share) / static_cast<double>(count + 1) <= evenProduct)
      break;
    shares += share;
  }
  return count;
}

}  // namespace

std::int64_t normalizeFirings(Firings& firings)
{
  if (firings.starts.empty() || firings.starts.front() != 0 ||
      firings.starts.back() != static_cast<std::int64_t>(firings.ids.size()))
    throw Error(
        "the firings of blocks are damaged: row starts must run from 0 to the number of entries");
  if (firings.blocks() > std::numeric_limits<std::int32_t>::max())
    throw Error("too many blocks (" + std::to_string(firings.blocks()) +
                ", expected at most 2147483647)");
  std::int64_t dropped = 0;
  std::size_t kept = 0;
  std::int64_t first = 0;
  for (std::int64_t block = 0; block < firings.blocks(); ++block) {
    std::int64_t& end = firings.starts[static_cast<std::size_t>(block) + 1];
    if (end < first || end > static_cast<std::int64_t>(firings.ids.size()))
      throw Error("the firings of block " + std::to_string(block) + " end before they begin");
    const auto from = firings.ids.begin() + first, to = firings.ids.begin() + end;
    for (auto id = from; id != to; ++id)
      if (*id < 0 || *id >= firings.features)
        throw Error("block " + std::to_string(block) + " names feature " + std::to_string(*id) +
                    " of " + std::to_string(firings.features));
    std::sort(from, to);
    const auto distinct = std::unique(from, to);
    dropped += to - distinct;
    std::move(from, distinct, firings.ids.begin() + static_cast<std::ptrdiff_t>(kept));
    kept += static_cast<std::size_t>(distinct - from);
    first = end;
    end = static_cast<std::int64_t>(kept);
  }
  firings.ids.resize(kept);
  return dropped;
}

std::uint64_t cooccurrenceMemory(const Firings& firings)
{
  const auto n = static_cast<std::uint64_t>(firings.features);
  std::vector<std::int64_t> frequency(n, 0);
  for (const FeatureId id : firings.ids)
    ++frequency[static_cast<std::size_t>(id)];
  std::sort(frequency.begin(), frequency.end(), std::greater<>());
  const std::uint64_t frequent = frequentCount(frequency, firings.blocks());
  return n * n * sizeof(std::int32_t) +
         frequent * (static_cast<std::uint64_t>(firings.blocks()) / 8 + 64) +
         firings.ids.size() * 3 * sizeof(std::int32_t) + n * 40;
}

Cooccurrence countCooccurrences(const Firings& firings, const Progress& progress)
{
  Cooccurrence result;
  result.blocks = firings.blocks();
  const Progress preparing = progress.stage("ordering features by frequency", 0.0, 0.05);
  const Ranked ranked = rankByFrequency(firings);
  preparing.checkStopped();
  const std::size_t frequent = frequentCount(ranked.frequency, firings.blocks());
  result.counts.resize(firings.features, firings.features);
  adviseHugePages(result.counts);

  BitRows bits(frequent, firings.blocks());
  std::vector<FeatureId> frequentFeatures(
      ranked.featureOfRank.begin(),
      ranked.featureOfRank.begin() + static_cast<std::ptrdiff_t>(frequent));
  for (std::size_t rank = 0; rank < frequent; ++rank)
    for (std::int64_t slot = ranked.blockStart[rank]; slot < ranked.blockStart[rank + 1]; ++slot)
      bits.set(rank, ranked.blockOf[static_cast<std::size_t>(slot)]);
  if (frequent > 0)
    countFrequent(bits, frequentFeatures, result.counts,
                  progress.stage("counting frequent pairs", 0.05, 0.5));
  countRare(firings, ranked, frequent, result.counts,
            progress.stage("counting rare pairs", 0.5, 0.95));
  mirror(ranked, frequent, result.counts);
  progress.stage("counting rare pairs", 0.95, 1.0).update(1, 1);
  return result;
}

}  // namespace orrery
