#include "core/embedding/NeighborSweep.h"

#include "core/base/Dispatch.h"
#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/embedding/ExactProducts.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <string>

namespace orrery {
namespace {

constexpr Eigen::Index tileSize = 1024;
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

/// Writes the numbers of the blocks of `lanes` products in which some
/// product[a] − bias[a] − columnBias reaches min(limit[a], columnLimit); returns how many.
ORRERY_FOR_EACH_CPU
int blocksWithCandidates(const float* product, const float* bias, const float* limit,
                         float columnBias, float columnLimit, int blocks, int* found)
{
  int count = 0;
  for (int block = 0; block < blocks; ++block) {
    const float* p = product + block * lanes;
    const float* b = bias + block * lanes;
    const float* l = limit + block * lanes;
    int any = 0;
    for (int lane = 0; lane < lanes; ++lane) {
      const float wanted = l[lane] < columnLimit ? l[lane] : columnLimit;
      any |= (p[lane] - b[lane]) - columnBias >= wanted ? 1 : 0;
    }
    if (any)
      found[count++] = block;
  }
  return count;
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
  Candidates(const PreparedFeatures& prepared, Eigen::Index features, int count)
      : m_prepared(prepared),
        m_count(count),
        m_capacity(static_cast<std::size_t>(
            std::min<Eigen::Index>(count + std::max(3 * count / 2, 48), features))),
        m_entries(static_cast<std::size_t>(features) * m_capacity),
        m_used(static_cast<std::size_t>(features), 0),
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
      compact(feature);
    if (candidate.nearness >= m_limit[feature])
      m_entries[feature * m_capacity + m_used[feature]++] = candidate;
  }

  /// What is left once all have been offered.
  [[nodiscard]] CandidateLists take()
  {
    parallelFor(static_cast<std::int64_t>(m_used.size()), 256,
                [&](std::int64_t begin, std::int64_t end) {
                  for (std::int64_t feature = begin; feature < end; ++feature)
                    compact(static_cast<std::size_t>(feature));
                });
    return {std::move(m_entries), std::move(m_used), m_capacity};
  }

 private:
  /// Drops what cannot be among the nearest any more: whatever is surely farther than the count-th
  /// surely near one.
  void compact(std::size_t feature)
  {
    const std::size_t used = m_used[feature];
    if (used < static_cast<std::size_t>(m_count))
      return;
    NeighborCandidate* entries = m_entries.data() + feature * m_capacity;
    const float own = m_prepared.error[feature];
    std::vector<float> atLeast(used);
    for (std::size_t i = 0; i < used; ++i)
      atLeast[i] = entries[i].nearness -
                   2.0f * (own + m_prepared.error[static_cast<std::size_t>(entries[i].feature)]);
    std::nth_element(atLeast.begin(), atLeast.begin() + (m_count - 1), atLeast.end(),
                     std::greater<>());
    float& limit = m_limit[feature];
    limit = std::max(limit, atLeast[static_cast<std::size_t>(m_count - 1)]);
    NeighborCandidate* end =
        std::remove_if(entries, entries + used,
                       [limit](const NeighborCandidate& entry) { return entry.nearness < limit; });
    const std::size_t room = m_capacity - std::max<std::size_t>(1, m_capacity / 16);
    if (static_cast<std::size_t>(end - entries) > room && m_capacity < m_used.size()) {
      // Equally near within rounding, and too many to keep: by nearness, then by id.
      std::sort(entries, end, [](const NeighborCandidate& a, const NeighborCandidate& b) {
        return a.nearness != b.nearness ? a.nearness > b.nearness : a.feature < b.feature;
      });
      end = entries + room;
      limit = std::max(limit, (end - 1)->nearness);
    }
    m_used[feature] = static_cast<std::size_t>(end - entries);
  }

  const PreparedFeatures& m_prepared;
  int m_count;
  std::size_t m_capacity;
  std::vector<NeighborCandidate> m_entries;
  std::vector<std::size_t> m_used;
  std::vector<float> m_limit;
};

/// Work space of one thread: two prepared blocks and their products.
struct TileSpace {
  FeatureMatrix rows, columns;
  FeatureMatrix products{FeatureMatrix::Zero(tileSize, tileSize)};
};

class Sweep {
 public:
  Sweep(const FeatureMatrixView& decoder, const PreparedFeatures& prepared, int count)
      : m_decoder(decoder),
        m_prepared(prepared),
        m_candidates(prepared, decoder.cols(), count),
        m_blocks((decoder.cols() + tileSize - 1) / tileSize),
        m_guards(static_cast<std::size_t>(m_blocks)),
        m_shift(prepared.shift.size() > 0 ? prepared.shift : Eigen::VectorXf::Zero(decoder.rows())),
        m_bias(prepared.bias)
  {
    m_bias.resize(m_bias.size() + lanes, nothing);
  }

  void run(const Progress& progress)
  {
    // Diagonal by diagonal: tiles beside each other share no block, so threads do not meet.
    std::vector<std::pair<Eigen::Index, Eigen::Index>> tiles;
    for (Eigen::Index apart = 0; apart < m_blocks; ++apart)
      for (Eigen::Index row = 0; row + apart < m_blocks; ++row)
        tiles.emplace_back(row, row + apart);
    std::atomic<std::int64_t> done{0};
    const auto total = static_cast<std::int64_t>(tiles.size());
    parallelFor(total, 1, [&](std::int64_t tile, std::int64_t) {
      progress.checkStopped();
      const auto [row, column] = tiles[static_cast<std::size_t>(tile)];
      std::unique_ptr<TileSpace> space = borrow();
      multiply(row, column, *space, progress);
      compare(row, column, *space);
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
      return std::make_unique<TileSpace>();
    std::unique_ptr<TileSpace> space = std::move(m_spaces.back());
    m_spaces.pop_back();
    return space;
  }

  void giveBack(std::unique_ptr<TileSpace> space)
  {
    const std::lock_guard lock(m_spaceGuard);
    m_spaces.push_back(std::move(space));
  }

  [[nodiscard]] Eigen::Index width(Eigen::Index block) const
  {
    return std::min(tileSize, m_decoder.cols() - block * tileSize);
  }

  void load(Eigen::Index block, Eigen::Index first, Eigen::Index count, FeatureMatrix& target) const
  {
    const Eigen::Index columns = width(block);
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
  }

  void multiply(Eigen::Index row, Eigen::Index column, TileSpace& space,
                const Progress& progress) const
  {
    // Of a tile on the diagonal only the upper triangle is needed, in strips.
    const Eigen::Index strip = column == row ? tileSize / 8 : tileSize;
    for (Eigen::Index first = 0; first < m_decoder.rows(); first += depth) {
      progress.checkStopped();
      const Eigen::Index count = std::min(depth, m_decoder.rows() - first);
      load(row, first, count, space.rows);
      if (column != row)
        load(column, first, count, space.columns);
      const FeatureMatrix& columns = column != row ? space.columns : space.rows;
      for (Eigen::Index begin = 0; begin < width(column); begin += strip) {
        const Eigen::Index end = std::min(begin + strip, width(column));
        const Eigen::Index rows = column != row ? width(row) : end;
        multiplyInto(space.products.block(0, begin, rows, end - begin), space.rows.leftCols(rows),
                     true, columns.middleCols(begin, end - begin), first > 0 ? 1.0f : 0.0f);
      }
    }
  }

  /// A product serves the feature of its row and that of its column.
  void compare(Eigen::Index row, Eigen::Index column, const TileSpace& space)
  {
    // Row before column, so that no two threads wait for each other.
    const std::unique_lock first(m_guards[static_cast<std::size_t>(row)]);
    std::unique_lock<std::mutex> second;
    if (column != row)
      second = std::unique_lock(m_guards[static_cast<std::size_t>(column)]);

    const Eigen::Index rowBegin = row * tileSize, columnBegin = column * tileSize;
    int found[tileSize / lanes];
    for (Eigen::Index c = 0; c < width(column); ++c) {
      const Eigen::Index b = columnBegin + c;
      const float* products = space.products.col(c).data();
      const Eigen::Index rows = std::min(width(row), b - rowBegin);  // those before it
      const int count = blocksWithCandidates(
          products, m_bias.data() + rowBegin, m_candidates.limits() + rowBegin,
          m_bias[static_cast<std::size_t>(b)], m_candidates.limit(static_cast<std::size_t>(b)),
          static_cast<int>((rows + lanes - 1) / lanes), found);
      for (int i = 0; i < count; ++i)
        collect(rowBegin + found[i] * lanes,
                std::min(rowBegin + rows, rowBegin + (found[i] + 1) * lanes), b,
                products + found[i] * lanes);
    }
  }

  /// Offers each of the features @p begin … @p end to @p column and the other way round.
  void collect(Eigen::Index begin, Eigen::Index end, Eigen::Index column, const float* products)
  {
    const auto b = static_cast<std::size_t>(column);
    for (Eigen::Index row = begin; row < end; ++row) {
      const auto a = static_cast<std::size_t>(row);
      const float nearness = (products[row - begin] - m_bias[a]) - m_bias[b];
      if (nearness >= m_candidates.limit(b))
        m_candidates.insert(b, {nearness, static_cast<FeatureId>(row)});
      if (nearness >= m_candidates.limit(a))
        m_candidates.insert(a, {nearness, static_cast<FeatureId>(column)});
    }
  }

  const FeatureMatrixView& m_decoder;
  const PreparedFeatures& m_prepared;
  Candidates m_candidates;
  Eigen::Index m_blocks;
  std::vector<std::mutex> m_guards;  ///< One per block of features: its candidates.
  Eigen::VectorXf m_shift;
  std::vector<float> m_bias;  ///< The prepared bias, padded as the limits are.
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

  std::vector<double> halves(size, 0.0);
  parallelFor(n, 256, [&](std::int64_t begin, std::int64_t end) {
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
  // With a shift the rounding of the scaled vector itself counts beside what is left of it.
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

CandidateLists sweepNeighbors(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                              int count, const Progress& progress)
{
  Sweep sweep(decoder, prepared, count);
  sweep.run(progress);
  return sweep.candidates().take();
}

}  // namespace orrery
