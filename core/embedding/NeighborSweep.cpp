#include "core/embedding/NeighborSweep.h"

#include "core/base/Dispatch.h"
#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/embedding/ByteTiles.h"
#include "core/embedding/ExactProducts.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <string>

namespace orrery {
namespace {

/// Features of a block; several blocks of rows are multiplied at once.
constexpr Eigen::Index tileSize = 1024;
constexpr Eigen::Index mostRowBlocks = 4;
/// Dimensions of one product; longer vectors are worked in pieces so that tiles stay small.
constexpr Eigen::Index depth = 4096;
/// Products that are compared at a time.
constexpr int lanes = 32;

constexpr float nothing = std::numeric_limits<float>::infinity();
/// The worst nearness that is still one: what a list that is not full accepts.
constexpr float anything = -std::numeric_limits<float>::max();

ORRERY_FOR_EACH_CPU
void scaleAndShift(const float* __restrict x, float scale, const float* __restrict shift,
                   Eigen::Index count, float* __restrict target)
{
  Eigen::Index j = 0;
  for (; j + 16 <= count; j += 16)
    for (int lane = 0; lane < 16; ++lane)
      target[j + lane] = x[j + lane] * scale - shift[j + lane];
  for (; j < count; ++j)
    target[j] = x[j] * scale - shift[j];
}

/// Writes dimensions [first, first + count) of the prepared feature.
void prepare(const float* x, double scale, const float* shift, Eigen::Index first,
             Eigen::Index count, float* target)
{
  if (scale > 1e-30 && scale < 1e30) {
    scaleAndShift(x + first, static_cast<float>(scale), shift + first, count, target);
    return;
  }
  for (Eigen::Index j = 0; j < count; ++j)
    target[j] = static_cast<float>(static_cast<double>(x[first + j]) * scale) - shift[first + j];
}

/// Eight numbers at a time; comparisons of them give lanes of all ones or none.
typedef float FloatLanes __attribute__((vector_size(32)));
typedef std::int32_t IntLanes __attribute__((vector_size(32)));
constexpr int parts = lanes / 8;

template <typename Lanes, typename Number>
[[gnu::always_inline]] inline void load(const Number* numbers, Lanes& target)
{
  static_assert(sizeof(Lanes) == 8 * sizeof(Number));
  std::memcpy(&target, numbers, sizeof target);
}

/// One bit for each lane of all ones.
[[gnu::always_inline]] inline std::uint32_t bitsOf(const IntLanes (&masks)[parts])
{
  const IntLanes first = {1, 2, 4, 8, 16, 32, 64, 128};
  IntLanes bits = {};
  for (int part = 0; part < parts; ++part)
    bits |= masks[part] & (first << (8 * part));
  std::uint32_t all = 0;
  for (int lane = 0; lane < 8; ++lane)
    all |= static_cast<std::uint32_t>(bits[lane]);
  return all;
}

/// A run of `lanes` products of which some make candidates: for the feature of the column, or for
/// their own.
struct Hit {
  int block = 0;
  std::uint32_t forColumn = 0;
  std::uint32_t forRows = 0;
  float nearness[lanes];
};

/// Of the features that products are compared with: one, or those of the rows.
template <typename Number>
struct Comparison {
  Number scale, bias, limit;
};

/// Writes the runs in which some product[a] · scale[a] · column.scale − bias[a] − column.bias
/// reaches min(limit[a], column.limit); returns how many. The nearness is computed here alone,
/// since it may be rounded otherwise elsewhere.
ORRERY_FOR_EACH_CPU
int findHits(const float* product, const Comparison<const float*>& rows,
             const Comparison<float>& column, int blocks, Hit* hits)
{
  const float columnScale = column.scale, columnBias = column.bias, columnLimit = column.limit;
  int count = 0;
  for (int block = 0; block < blocks; ++block) {
    Hit& hit = hits[count];
    FloatLanes nearness[parts];
    FloatLanes limits[parts];
    IntLanes any = {};
#pragma GCC unroll 4
    for (int part = 0; part < parts; ++part) {
      const int first = block * lanes + part * 8;
      FloatLanes value, scale, bias, limit;  // not loaded into the arrays: that would be in halves
      load(product + first, value);
      load(rows.scale + first, scale);
      load(rows.bias + first, bias);
      load(rows.limit + first, limit);
      value = value * scale * columnScale - bias - columnBias;
      any |= (value >= limit) | (value >= columnLimit);
      nearness[part] = value;
      limits[part] = limit;
    }
    std::uint64_t words[4];
    std::memcpy(words, &any, sizeof words);
    if ((words[0] | words[1] | words[2] | words[3]) == 0)
      continue;
    IntLanes forColumn[parts];
    IntLanes forRows[parts];
    for (int part = 0; part < parts; ++part) {
      forColumn[part] = nearness[part] >= columnLimit;
      forRows[part] = nearness[part] >= limits[part];
    }
    hit.block = block;
    hit.forColumn = bitsOf(forColumn);
    hit.forRows = bitsOf(forRows);
    std::memcpy(hit.nearness, nearness, sizeof hit.nearness);
    ++count;
  }
  return count;
}

/// Whole numbers in the order of the floats, and back.
std::int32_t orderOf(float value)
{
  const auto bits = std::bit_cast<std::int32_t>(value);
  return bits ^ ((bits >> 31) & 0x7FFFFFFF);
}

float floatOf(std::int32_t order)
{
  return std::bit_cast<float>(order ^ ((order >> 31) & 0x7FFFFFFF));
}

/// How many of @p count numbers (a multiple of 8) are at least @p least.
ORRERY_FOR_EACH_CPU
int countAtLeast(const std::int32_t* numbers, std::size_t count, std::int32_t least)
{
  IntLanes sum = {};
  for (std::size_t i = 0; i < count; i += 8) {
    IntLanes values;
    load(numbers + i, values);
    sum -= values >= least;
  }
  int all = 0;
  for (int lane = 0; lane < 8; ++lane)
    all += sum[lane];
  return all;
}

/// A float that at least @p wanted of the values reach, and hardly more do: the wanted-th largest
/// or a little less. By bisection, which takes a tenth of the time of a selection.
float nearlyLargest(std::vector<std::int32_t>& orders, int wanted)
{
  const auto [least, most] = std::minmax_element(orders.begin(), orders.end());
  std::int64_t low = *least, high = std::int64_t{*most} + 1;
  orders.resize((orders.size() + 7) / 8 * 8, std::numeric_limits<std::int32_t>::min());
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    const int reached =
        countAtLeast(orders.data(), orders.size(), static_cast<std::int32_t>(middle));
    (reached >= wanted ? low : high) = middle;
    if (reached >= wanted && reached <= wanted + wanted / 16)
      break;
  }
  return floatOf(static_cast<std::int32_t>(low));
}

std::string firstNonFinite(const std::vector<double>& squares)
{
  const auto bad = std::find_if(squares.begin(), squares.end(),
                                [](double square) { return !std::isfinite(square); });
  return bad == squares.end() ? std::string() : std::to_string(bad - squares.begin());
}

double median(std::vector<double> values)
{
  if (values.empty())
    return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The mean of the scaled features, in fixed chunks.
Eigen::VectorXd scaledMean(const FeatureMatrixView& decoder, const std::vector<double>& scale)
{
  const Eigen::Index d = decoder.rows(), n = decoder.cols();
  const Eigen::Index chunk = std::max<Eigen::Index>(64, (n + 63) / 64);
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(d, (n + chunk - 1) / chunk);
  parallelFor(n, chunk, [&](std::int64_t begin, std::int64_t end) {
    for (Eigen::Index c = begin; c < end; ++c)
      if (const double factor = scale[static_cast<std::size_t>(c)]; factor > 0.0)
        sums.col(begin / chunk) += decoder.col(c).cast<double>() * factor;
  });
  return sums.rowwise().sum() / static_cast<double>(n);
}

/// The sweep's state: per feature a buffer of candidates and the nearness that the next must reach.
class Candidates {
 public:
  Candidates(const PreparedFeatures& prepared, Eigen::Index features, int count,
             std::int64_t capacity)
      : m_prepared(prepared),
        m_count(count),
        m_capacity(static_cast<std::size_t>(std::min<std::int64_t>(capacity, features))),
        m_entries(static_cast<std::size_t>(features) * m_capacity),
        m_used(static_cast<std::size_t>(features), 0),
        m_cut(static_cast<std::size_t>(features), 0),
        // Padded, so that the comparison may read whole blocks beyond the last feature.
        m_limit(static_cast<std::size_t>(features) + lanes, nothing)
  {
    for (std::size_t feature = 0; feature < m_used.size(); ++feature)
      if (prepared.bias[feature] != nothing)
        m_limit[feature] = anything;
  }

  [[nodiscard]] const float* limits() const { return m_limit.data(); }
  [[nodiscard]] float limit(std::size_t feature) const { return m_limit[feature]; }

  void insert(std::size_t feature, NeighborCandidate candidate)
  {
    if (m_used[feature] == m_capacity)
      compact(feature, false);
    if (candidate.nearness >= m_limit[feature])
      m_entries[feature * m_capacity + m_used[feature]++] = candidate;
  }

  /// What is left once all have been offered.
  [[nodiscard]] CandidateLists take()
  {
    parallelFor(static_cast<std::int64_t>(m_used.size()), 256,
                [&](std::int64_t begin, std::int64_t end) {
                  for (std::int64_t feature = begin; feature < end; ++feature)
                    compact(static_cast<std::size_t>(feature), true);
                });
    return {std::move(m_entries), std::move(m_used), m_capacity, std::move(m_cut)};
  }

 private:
  /// Drops what cannot be among the nearest any more: whatever is surely farther than the count-th
  /// surely near one, @p exactly or nearly so. Exactly at the end, so that what is left does not
  /// depend on the order in which candidates came.
  void compact(std::size_t feature, bool exactly)
  {
    const std::size_t used = m_used[feature];
    if (used < static_cast<std::size_t>(m_count))
      return;
    NeighborCandidate* entries = m_entries.data() + feature * m_capacity;
    const float own = m_prepared.error[feature];
    static thread_local std::vector<std::int32_t> atLeast;
    atLeast.resize(used);
    for (std::size_t i = 0; i < used; ++i)
      atLeast[i] =
          orderOf(entries[i].nearness -
                  2.0f * (own + m_prepared.error[static_cast<std::size_t>(entries[i].feature)]));
    float& limit = m_limit[feature];
    if (exactly) {
      const auto last = atLeast.begin() + (m_count - 1);
      std::nth_element(atLeast.begin(), last, atLeast.end(), std::greater<>());
      limit = std::max(limit, floatOf(*last));
    } else {
      limit = std::max(limit, nearlyLargest(atLeast, m_count));
    }
    // Without a branch that nobody could foresee.
    NeighborCandidate* end = entries;
    for (std::size_t i = 0; i < used; ++i) {
      const NeighborCandidate entry = entries[i];
      *end = entry;
      end += entry.nearness < limit ? 0 : 1;
    }
    const std::size_t room = m_capacity - std::max<std::size_t>(1, m_capacity / 16);
    if (static_cast<std::size_t>(end - entries) > room && m_capacity < m_used.size()) {
      // Equally near within rounding, and too many to keep: by nearness, then by id.
      std::sort(entries, end, [](const NeighborCandidate& a, const NeighborCandidate& b) {
        return a.nearness != b.nearness ? a.nearness > b.nearness : a.feature < b.feature;
      });
      end = entries + room;
      limit = std::max(limit, (end - 1)->nearness);
      m_cut[feature] = 1;
    }
    m_used[feature] = static_cast<std::size_t>(end - entries);
  }

  const PreparedFeatures& m_prepared;
  int m_count;
  std::size_t m_capacity;
  std::vector<NeighborCandidate> m_entries;
  std::vector<std::size_t> m_used;
  std::vector<char> m_cut;
  std::vector<float> m_limit;
};

/// Work space of one thread: prepared blocks, where they are, and their products.
struct TileSpace {
  explicit TileSpace(Eigen::Index rowBlocks)
      : products(FeatureMatrix::Zero(rowBlocks * tileSize, tileSize))
  {
  }

  FeatureMatrix rows, columns;
  FeatureMatrix products;
};

/// The products of the features of some blocks with those of a later one or, on the diagonal,
/// of a block with itself.
struct Tile {
  Eigen::Index firstRow = 0;
  Eigen::Index rowBlocks = 1;
  Eigen::Index column = 0;

  [[nodiscard]] bool isDiagonal() const { return firstRow == column; }
};

/// How many blocks are multiplied with one at once, a power of two: a larger product is a faster
/// one, but cannot be stopped before it is done.
Eigen::Index rowBlocksFor(Eigen::Index dimensions)
{
  return dimensions <= depth * 5 / 8 ? mostRowBlocks : mostRowBlocks / 2;
}

/// All tiles: the diagonal first, for the first limits, then by falling size, to end together.
std::vector<Tile> allTiles(Eigen::Index blocks, Eigen::Index rowBlocks)
{
  std::vector<Tile> tiles;
  for (Eigen::Index block = 0; block < blocks; ++block)
    tiles.push_back({block, 1, block});
  // The largest groups of blocks meet every block behind them; groups within them, halved again and
  // again, what is left of the group that they are a half of.
  for (Eigen::Index count = rowBlocks; count > 0; count /= 2)
    for (Eigen::Index first = 0; first + count < blocks; first += count) {
      const Eigen::Index whole = (first / (2 * count) + 1) * (2 * count);
      const Eigen::Index end = count == rowBlocks ? blocks : std::min(blocks, whole);
      for (Eigen::Index column = first + count; column < end; ++column)
        tiles.push_back({first, count, column});
    }
  return tiles;
}

class Sweep {
 public:
  Sweep(const FeatureMatrixView& decoder, const PreparedFeatures& prepared, int count,
        std::int64_t capacity, const ByteTiles* bytes = nullptr)
      : m_decoder(decoder),
        m_prepared(prepared),
        m_bytes(bytes),
        m_candidates(prepared, decoder.cols(), count, capacity),
        m_blocks((decoder.cols() + tileSize - 1) / tileSize),
        m_rowBlocks(rowBlocksFor(decoder.rows())),
        m_guards(static_cast<std::size_t>(m_blocks)),
        m_shift(prepared.shift.size() > 0 ? prepared.shift : Eigen::VectorXf::Zero(decoder.rows())),
        m_bias(prepared.bias),
        m_scale(m_bias.size() + lanes, 1.0f)
  {
    m_bias.resize(m_bias.size() + lanes, nothing);
    if (prepared.direct)
      std::transform(prepared.scale.begin(), prepared.scale.end(), m_scale.begin(),
                     [](double scale) { return static_cast<float>(scale); });
  }

  void run(const Progress& progress)
  {
    const std::vector<Tile> tiles = allTiles(m_blocks, m_rowBlocks);
    std::atomic<std::int64_t> done{0};
    const auto total = static_cast<std::int64_t>(tiles.size());
    parallelFor(total, 1, [&](std::int64_t index, std::int64_t) {
      progress.checkStopped();
      const Tile& tile = tiles[static_cast<std::size_t>(index)];
      std::unique_ptr<TileSpace> space = borrow();
      multiply(tile, *space, progress);
      compare(tile, *space);
      giveBack(std::move(space));
      progress.update(++done, total);
    });
  }

  [[nodiscard]] Candidates& candidates() { return m_candidates; }

 private:
  std::unique_ptr<TileSpace> borrow()
  {
    const std::lock_guard lock(m_spaceGuard);
    if (m_spaces.empty())
      return std::make_unique<TileSpace>(std::min(m_rowBlocks, m_blocks));
    std::unique_ptr<TileSpace> space = std::move(m_spaces.back());
    m_spaces.pop_back();
    return space;
  }

  void giveBack(std::unique_ptr<TileSpace> space)
  {
    const std::lock_guard lock(m_spaceGuard);
    m_spaces.push_back(std::move(space));
  }

  /// Features of @p blocks blocks from @p first on.
  [[nodiscard]] Eigen::Index width(Eigen::Index first, Eigen::Index blocks = 1) const
  {
    return std::min(blocks * tileSize, m_decoder.cols() - first * tileSize);
  }

  /// Dimensions [first, first + count) of the features of some blocks, prepared in @p target unless
  /// they are multiplied as they are.
  [[nodiscard]] FeatureMatrixView vectors(Eigen::Index block, Eigen::Index blocks,
                                          Eigen::Index first, Eigen::Index count,
                                          FeatureMatrix& target) const
  {
    const Eigen::Index columns = width(block, blocks);
    if (m_prepared.direct)
      return m_decoder.block(first, block * tileSize, count, columns);
    if (target.rows() != count || target.cols() != columns)
      target.resize(count, columns);
    for (Eigen::Index c = 0; c < columns; ++c) {
      const auto id = static_cast<std::size_t>(block * tileSize + c);
      if (m_bias[id] == nothing)
        target.col(c).setZero();
      else
        prepare(m_decoder.data() + static_cast<Eigen::Index>(id) * m_decoder.outerStride(),
                m_prepared.scale[id], m_shift.data(), first, count, target.col(c).data());
    }
    return target;
  }

  void multiply(const Tile& tile, TileSpace& space, const Progress& progress) const
  {
    // Of a tile on the diagonal only the upper triangle is needed, in strips.
    const Eigen::Index strip = tile.isDiagonal() ? tileSize / 8 : tileSize;
    if (m_bytes) {
      const Eigen::Index rowBegin = tile.firstRow * tileSize, columnBegin = tile.column * tileSize;
      for (Eigen::Index begin = 0; begin < width(tile.column); begin += strip) {
        const Eigen::Index end = std::min(begin + strip, width(tile.column));
        const Eigen::Index rows = tile.isDiagonal() ? end : width(tile.firstRow, tile.rowBlocks);
        m_bytes->multiply(rowBegin, rowBegin + rows, columnBegin + begin, columnBegin + end,
                          space.products.col(begin).data(), space.products.rows());
      }
      return;
    }
    for (Eigen::Index first = 0; first < m_decoder.rows(); first += depth) {
      progress.checkStopped();
      const Eigen::Index count = std::min(depth, m_decoder.rows() - first);
      const FeatureMatrixView left =
          vectors(tile.firstRow, tile.rowBlocks, first, count, space.rows);
      const FeatureMatrixView right =
          tile.isDiagonal() ? left : vectors(tile.column, 1, first, count, space.columns);
      for (Eigen::Index begin = 0; begin < right.cols(); begin += strip) {
        const Eigen::Index end = std::min(begin + strip, right.cols());
        const Eigen::Index rows = tile.isDiagonal() ? end : left.cols();
        multiplyInto(space.products.block(0, begin, rows, end - begin), left.leftCols(rows), true,
                     right.middleCols(begin, end - begin), first > 0 ? 1.0f : 0.0f);
      }
    }
  }

  /// A product serves the feature of its row and that of its column.
  void compare(const Tile& tile, const TileSpace& space)
  {
    // By rising block, so that no two threads wait for each other.
    std::vector<std::unique_lock<std::mutex>> locks;
    for (Eigen::Index block = tile.firstRow; block < tile.firstRow + tile.rowBlocks; ++block)
      locks.emplace_back(m_guards[static_cast<std::size_t>(block)]);
    if (!tile.isDiagonal())
      locks.emplace_back(m_guards[static_cast<std::size_t>(tile.column)]);

    const Eigen::Index rowBegin = tile.firstRow * tileSize, columnBegin = tile.column * tileSize;
    const Comparison<const float*> others{m_scale.data() + rowBegin, m_bias.data() + rowBegin,
                                          m_candidates.limits() + rowBegin};
    std::array<Hit, mostRowBlocks * tileSize / lanes> hits;
    for (Eigen::Index c = 0; c < width(tile.column); ++c) {
      const auto b = static_cast<std::size_t>(columnBegin + c);
      const Eigen::Index rows = tile.isDiagonal() ? c : width(tile.firstRow, tile.rowBlocks);
      const int count = findHits(space.products.col(c).data(), others,
                                 {m_scale[b], m_bias[b], m_candidates.limit(b)},
                                 static_cast<int>((rows + lanes - 1) / lanes), hits.data());
      for (int i = 0; i < count; ++i)
        collect(hits[static_cast<std::size_t>(i)], rowBegin, rows, b);
    }
  }

  /// Offers the features of a hit (those among the first @p rows from @p rowBegin on) to that of
  /// the column and the other way round.
  void collect(const Hit& hit, Eigen::Index rowBegin, Eigen::Index rows, std::size_t column)
  {
    const Eigen::Index first = hit.block * lanes;
    const std::uint32_t there =
        rows - first < lanes ? (std::uint32_t{1} << (rows - first)) - 1 : ~std::uint32_t{0};
    const auto row = static_cast<std::size_t>(rowBegin + first);
    for (std::uint32_t bits = hit.forColumn & there; bits != 0; bits &= bits - 1) {
      const auto lane = static_cast<std::size_t>(std::countr_zero(bits));
      m_candidates.insert(column, {hit.nearness[lane], static_cast<FeatureId>(row + lane)});
    }
    for (std::uint32_t bits = hit.forRows & there; bits != 0; bits &= bits - 1) {
      const auto lane = static_cast<std::size_t>(std::countr_zero(bits));
      m_candidates.insert(row + lane, {hit.nearness[lane], static_cast<FeatureId>(column)});
    }
  }

  const FeatureMatrixView& m_decoder;
  const PreparedFeatures& m_prepared;
  const ByteTiles* m_bytes;  ///< To be multiplied instead of the features.
  Candidates m_candidates;
  Eigen::Index m_blocks;
  Eigen::Index m_rowBlocks;          ///< Of the largest tile.
  std::vector<std::mutex> m_guards;  ///< One per block of features: its candidates.
  Eigen::VectorXf m_shift;
  std::vector<float> m_bias;   ///< The prepared bias, padded as the limits are.
  std::vector<float> m_scale;  ///< Of products, for each of their features; padded.
  std::mutex m_spaceGuard;
  std::vector<std::unique_ptr<TileSpace>> m_spaces;
};

}  // namespace

PreparedFeatures prepareFeatures(const FeatureMatrixView& decoder, Metric metric)
{
  const Eigen::Index d = decoder.rows(), n = decoder.cols();
  const auto size = static_cast<std::size_t>(n);
  std::vector<double> squares(size);
  parallelFor(n, 256, [&](std::int64_t begin, std::int64_t end) {
    for (Eigen::Index c = begin; c < end; ++c) {
      const float* x = decoder.data() + c * decoder.outerStride();
      squares[static_cast<std::size_t>(c)] = exactProduct(x, x, d);
    }
  });
  if (const std::string bad = firstNonFinite(squares); !bad.empty())
    throw Error("neighbours cannot be computed: feature " + bad + " holds a NaN or an infinity");

  PreparedFeatures prepared;
  prepared.scale.resize(size);
  const bool cosine = metric == Metric::Cosine;
  std::vector<double> nonzero;
  std::copy_if(squares.begin(), squares.end(), std::back_inserter(nonzero),
               [](double square) { return square > 0.0; });
  const double typical = std::sqrt(median(nonzero));
  const double common = typical > 0.0 ? std::exp2(-std::round(std::log2(typical))) : 1.0;
  for (std::size_t id = 0; id < size; ++id)
    prepared.scale[id] = !cosine ? common : squares[id] > 0.0 ? 1.0 / std::sqrt(squares[id]) : 0.0;

  // A mean that dwarfs all but a few outliers' own is theirs: subtracting it would cost digits.
  const Eigen::VectorXd mean = scaledMean(decoder, prepared.scale);
  const double typicalSquare = cosine ? 1.0 : typical * common * (typical * common);
  const double meanSquare = mean.squaredNorm();
  Eigen::VectorXf shift = Eigen::VectorXf::Zero(d);
  if (meanSquare > 0.25 * typicalSquare && meanSquare < 4.0 * typicalSquare)
    prepared.shift = shift = mean.cast<float>();

  const auto isModerate = [](double square) { return square > 1e-12 && square < 1e12; };
  prepared.direct =
      prepared.shift.size() == 0 && std::all_of(nonzero.begin(), nonzero.end(), isModerate);

  std::vector<double> halves(size, 0.0);
  parallelFor(n, 256, [&](std::int64_t begin, std::int64_t end) {
    if (prepared.direct) {
      for (auto id = static_cast<std::size_t>(begin); id < static_cast<std::size_t>(end); ++id)
        halves[id] = 0.5 * squares[id] * prepared.scale[id] * prepared.scale[id];
      return;
    }
    std::vector<float> vector(static_cast<std::size_t>(d));
    for (Eigen::Index c = begin; c < end; ++c) {
      const auto id = static_cast<std::size_t>(c);
      prepare(decoder.data() + c * decoder.outerStride(), prepared.scale[id], shift.data(), 0, d,
              vector.data());
      halves[id] = 0.5 * exactProduct(vector.data(), vector.data(), d);
    }
  });

  prepared.bias.assign(size, nothing);
  prepared.error.assign(size, 0.0f);
  // Float sums of d terms wander by about √d roundings; four times that is never seen exceeded.
  // Eight more are for what is done to a product. With a shift the rounding of the scaled vector
  // itself counts beside what is left of it.
  const double perProduct = 0x1.0p-24 * (8.0 + 4.0 * std::sqrt(static_cast<double>(d)));
  const double typicalHalf = median(halves);
  for (std::size_t id = 0; id < size; ++id) {
    if (cosine && squares[id] == 0.0)
      continue;
    const double half = halves[id];
    if (half > 1e30 || !std::isfinite(half) || (half < 1e-30 && squares[id] > 0.0 && !cosine)) {
      prepared.apart.push_back(static_cast<FeatureId>(id));
      continue;
    }
    double error = perProduct * half;
    if (cosine && prepared.shift.size() > 0)
      error += 0x1.0p-23 * (std::sqrt(2.0 * half) + std::sqrt(2.0 * typicalHalf));
    prepared.error[id] = static_cast<float>(error);
    prepared.bias[id] = static_cast<float>(half - error);
  }
  return prepared;
}

void preparedColumns(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                     FeatureId first, Eigen::Ref<FeatureMatrix> target)
{
  const Eigen::VectorXf shift =
      prepared.shift.size() > 0 ? prepared.shift : Eigen::VectorXf::Zero(decoder.rows());
  for (Eigen::Index c = 0; c < target.cols(); ++c) {
    const auto id = static_cast<std::size_t>(first + c);
    if (prepared.bias[id] == nothing)
      target.col(c).setZero();
    else
      prepare(decoder.data() + (first + c) * decoder.outerStride(), prepared.scale[id],
              shift.data(), 0, decoder.rows(), target.col(c).data());
  }
}

CandidateLists sweepNeighbors(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                              int count, const Progress& progress,
                              std::optional<std::int64_t> capacity)
{
  const std::int64_t fewest = count + std::max(3 * count / 2, 48);
  Sweep sweep(decoder, prepared, count, std::max(fewest, capacity.value_or(fewest)));
  sweep.run(progress);
  return sweep.candidates().take();
}

CandidateLists sweepNeighbors(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                              int count, const Progress& progress, std::int64_t capacity,
                              const ByteTiles& bytes)
{
  Sweep sweep(decoder, prepared, count, capacity, &bytes);
  sweep.run(progress);
  return sweep.candidates().take();
}

}  // namespace orrery
