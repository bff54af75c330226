#include "core/crystals/DifferenceClusters.h"

#include "core/base/Dispatch.h"
#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>

namespace orrery {
namespace {

constexpr std::int64_t tileSize = 256;
constexpr int lanes = 32;
constexpr std::int64_t mostCachedBytes = std::int64_t{2} << 30;
constexpr double finestWeight = 4096.0;

using Lane = float __attribute__((vector_size(32)));
using LaneIndex = std::int32_t __attribute__((vector_size(32)));

/// Of 32 features side by side the best mean against one: largest |other − own| − bias over the
/// means, the first of equal ones. @p other: a row of @p stride floats for each mean.
ORRERY_FOR_EACH_CPU
void nearestMeans(const float* own, const float* other, std::int64_t stride, const float* bias,
                  int means, float* best, std::int32_t* which)
{
  constexpr int groups = lanes / 8;
  const LaneIndex positive = LaneIndex{} + 0x7fffffff;
  Lane value[groups];
  LaneIndex index[groups];
  for (int g = 0; g < groups; ++g) {
    value[g] = Lane{} - std::numeric_limits<float>::max();
    index[g] = LaneIndex{};
  }
  for (int mean = 0; mean < means; ++mean) {
    const Lane here = Lane{} + own[mean], less = Lane{} + bias[mean];
    const LaneIndex number = LaneIndex{} + mean;
    const float* row = other + mean * stride;
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) {
      Lane there;
      std::memcpy(&there, row + 8 * g, sizeof there);
      const Lane difference = there - here;
      const Lane size = reinterpret_cast<Lane>(reinterpret_cast<LaneIndex>(difference) & positive);
      const Lane score = size - less;
      const LaneIndex better = score > value[g];
      value[g] = better ? score : value[g];
      index[g] = better ? number : index[g];
    }
  }
  for (int g = 0; g < groups; ++g) {
    std::memcpy(best + 8 * g, &value[g], sizeof value[g]);
    std::memcpy(which + 8 * g, &index[g], sizeof index[g]);
  }
}

void check(const CrystalSpace& space, const DifferenceClusterOptions& options,
           const FeatureMatrix& initial)
{
  const auto refuse = [](const std::string& what, double found) {
    char number[40];
    std::snprintf(number, sizeof number, "%g", found);
    throw Error("grouping differences needs " + what + " (found " + number + ")");
  };
  if (options.clusters < 1 || options.clusters > 65536)
    refuse("1 to 65536 clusters", options.clusters);
  if (options.steps < 1)
    refuse("at least one step", options.steps);
  if (!(options.leastCosine >= 0 && options.leastCosine < 1))
    refuse("a least cosine of at least 0 and below 1", options.leastCosine);
  if (!(options.leastSide >= 0.01 && options.leastSide < 1))
    refuse("a least side of at least 0.01 and below 1", options.leastSide);
  if (options.strongest < 0)
    refuse("no negative number of pairs to keep", options.strongest);
  if (initial.cols() > options.clusters)
    refuse("no more means than clusters", static_cast<double>(initial.cols()));
  if (initial.cols() > 0 && initial.rows() != space.dimensions())
    refuse("means of " + std::to_string(space.dimensions()) + " dimensions",
           static_cast<double>(initial.rows()));
  if (!initial.allFinite())
    throw Error("a mean to begin with is not finite");
}

/// Columns of length one, zero columns as they are.
void makeUnit(FeatureMatrix& columns)
{
  for (Eigen::Index i = 0; i < columns.cols(); ++i) {
    const double length = columns.col(i).cast<double>().norm();
    if (length > 0)
      columns.col(i) = (columns.col(i).cast<double>() / length).cast<float>();
  }
}

/// Differences of random pairs (trapezoids: of length one), d × up to @p count.
FeatureMatrix drawDifferences(const CrystalSpace& space, const DifferenceClusterOptions& options,
                              std::int64_t count)
{
  std::vector<FeatureId> ids;
  for (std::size_t i = 0; i < space.used.size(); ++i)
    if (space.used[i])
      ids.push_back(static_cast<FeatureId>(i));
  const double least = options.leastSide * std::sqrt(2 * space.unit);
  Random random = Random::forPart(options.seed, 0xD1FF);
  FeatureMatrix drawn(space.dimensions(), count);
  Eigen::Index kept = 0;
  for (std::int64_t tries = 0; kept < count && tries < 20 * count; ++tries) {
    const FeatureId i = ids[random.below(ids.size())], j = ids[random.below(ids.size())];
    drawn.col(kept) = space.vectors->col(j) - space.vectors->col(i);
    if (drawn.col(kept).norm() >= static_cast<float>(least))
      ++kept;
  }
  drawn.conservativeResize(Eigen::NoChange, kept);
  if (options.mode == CrystalMode::Trapezoid)
    makeUnit(drawn);
  return drawn;
}

/// Squared distances from ± the nearest mean, lowered by @p mean.
void lower(Eigen::VectorXd& squares, const FeatureMatrix& drawn, const Eigen::VectorXf& mean)
{
  const auto own = static_cast<double>(mean.squaredNorm());
  parallelFor(drawn.cols(), 256, [&](std::int64_t begin, std::int64_t end) {
    Eigen::MatrixXf products(end - begin, 1);
    multiplyInto(products, drawn.middleCols(begin, end - begin), true, mean);
    for (std::int64_t i = begin; i < end; ++i) {
      const double square = static_cast<double>(drawn.col(i).squaredNorm()) + own -
                            2 * std::abs(static_cast<double>(products(i - begin, 0)));
      squares(i) = std::min(squares(i), std::max(0.0, square));
    }
  });
}

FeatureMatrix firstMeans(const CrystalSpace& space, const DifferenceClusterOptions& options,
                         const FeatureMatrix& initial, const Progress& progress)
{
  FeatureMatrix means(space.dimensions(), options.clusters);
  Eigen::Index made = initial.cols();
  if (made > 0)
    means.leftCols(made) = initial;
  if (options.mode == CrystalMode::Trapezoid && made > 0) {
    FeatureMatrix unit = means.leftCols(made);
    makeUnit(unit);
    means.leftCols(made) = unit;
  }
  if (made == options.clusters)
    return means;
  const FeatureMatrix drawn =
      drawDifferences(space, options, std::max<std::int64_t>(1024, 8 * options.clusters));
  if (drawn.cols() == 0)
    throw Error("all features lie closer together than the least side: there is nothing to group");
  Eigen::VectorXd squares =
      Eigen::VectorXd::Constant(drawn.cols(), std::numeric_limits<double>::max());
  for (Eigen::Index i = 0; i < made; ++i)
    lower(squares, drawn, means.col(i));
  Random random = Random::forPart(options.seed, 0xD1FE);
  while (made < options.clusters) {
    progress.update(made, options.clusters);
    Eigen::Index chosen = 0;
    if (made == 0) {
      chosen = static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(drawn.cols())));
    } else {
      double rest = random.uniform() * squares.sum();
      while (chosen + 1 < drawn.cols() && rest >= squares(chosen))
        rest -= squares(chosen++);
    }
    means.col(made) = drawn.col(chosen);
    lower(squares, drawn, means.col(made++));
  }
  return means;
}

/// What one pass over all pairs adds up. Whole numbers throughout.
struct Sums {
  std::vector<std::int32_t> coefficients;  ///< n × K, a feature's side by side.
  std::vector<std::int64_t> pairs;         ///< K.

  Sums(std::int64_t n, int means)
      : coefficients(static_cast<std::size_t>(n * means), 0),
        pairs(static_cast<std::size_t>(means), 0)
  {
  }
  void add(const Sums& other)
  {
    for (std::size_t i = 0; i < coefficients.size(); ++i)
      coefficients[i] += other.coefficients[i];
    for (std::size_t i = 0; i < pairs.size(); ++i)
      pairs[i] += other.pairs[i];
  }
};

/// Of one tile, in doubles that are added up tile by tile.
struct TileSums {
  double objective = 0.0;
  std::int64_t pairs = 0, alone = 0;
  std::vector<double> cosines;  ///< K; in the last pass alone.
};

/// The nearest pairs of each cluster, however the tiles come.
class Strongest {
 public:
  Strongest(int clusters, int kept)
      : m_kept(static_cast<std::size_t>(kept)),
        m_members(static_cast<std::size_t>(clusters)),
        m_worst(static_cast<std::size_t>(clusters))
  {
    for (auto& worst : m_worst)
      worst = std::numeric_limits<float>::max();
  }
  [[nodiscard]] bool isWanted(int cluster, float squaredDistance) const
  {
    return squaredDistance <=
           m_worst[static_cast<std::size_t>(cluster)].load(std::memory_order_relaxed);
  }
  void add(const std::vector<std::pair<int, DifferenceMember>>& members)
  {
    const std::lock_guard lock(m_guard);
    for (const auto& [cluster, member] : members) {
      auto& own = m_members[static_cast<std::size_t>(cluster)];
      own.push_back(member);
      if (own.size() >= 4 * std::max<std::size_t>(m_kept, 16))
        trim(cluster);
    }
  }
  std::vector<DifferenceMember> take(int cluster)
  {
    trim(cluster);
    auto& own = m_members[static_cast<std::size_t>(cluster)];
    std::sort(own.begin(), own.end(), isNearer);
    return std::move(own);
  }

 private:
  static bool isNearer(const DifferenceMember& x, const DifferenceMember& y)
  {
    if (x.squaredDistance != y.squaredDistance)
      return x.squaredDistance < y.squaredDistance;
    return std::pair(x.from, x.to) < std::pair(y.from, y.to);
  }
  void trim(int cluster)
  {
    auto& own = m_members[static_cast<std::size_t>(cluster)];
    if (own.size() <= m_kept)
      return;
    std::nth_element(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(m_kept), own.end(),
                     isNearer);
    own.resize(m_kept);
    float worst = -1.0f;
    for (const DifferenceMember& member : own)
      worst = std::max(worst, member.squaredDistance);
    m_worst[static_cast<std::size_t>(cluster)].store(worst, std::memory_order_relaxed);
  }

  std::size_t m_kept;
  std::mutex m_guard;
  std::vector<std::vector<DifferenceMember>> m_members;
  std::vector<std::atomic<float>> m_worst;
};

class Grouping {
 public:
  Grouping(const CrystalSpace& space, const DifferenceClusterOptions& options)
      : m_space(space), m_options(options), m_trapezoid(options.mode == CrystalMode::Trapezoid)
  {
    const std::int64_t n = space.features();
    const double typical = std::sqrt(2 * space.unit);
    m_least = static_cast<float>(options.leastSide * typical);
    // A feature's coefficient is at most n weights, the largest that of the least side.
    m_weightScale = static_cast<float>(
        std::min(finestWeight, 1e9 * options.leastSide / static_cast<double>(n)) * typical);
    m_squares.resize(static_cast<std::size_t>(n));
    parallelFor(n, 256, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        m_squares[static_cast<std::size_t>(i)] = space.vectors->col(i).cast<double>().squaredNorm();
    });
    const std::int64_t blocks = (n + tileSize - 1) / tileSize;
    for (std::int64_t row = 0; row < blocks; ++row)
      for (std::int64_t column = row; column < blocks; ++column)
        m_tiles.emplace_back(row, column);
    m_cached = n * (n + tileSize) / 2 * static_cast<std::int64_t>(sizeof(float)) <= mostCachedBytes;
    m_lengths.resize(m_cached ? m_tiles.size() : 0);
  }

  /// Assigns every pair to the nearest of @p means.
  void pass(const FeatureMatrix& means, Sums& sums, TileSums& total, Strongest* strongest,
            const Progress& progress)
  {
    const int count = static_cast<int>(means.cols());
    m_scores = transposedProduct(*m_space.vectors, means, progress);  // n × K
    m_bias.assign(static_cast<std::size_t>(count), 0.0f);
    m_meanSquares.resize(static_cast<std::size_t>(count));
    for (int k = 0; k < count; ++k) {
      const double square = means.col(k).cast<double>().squaredNorm();
      m_meanSquares[static_cast<std::size_t>(k)] = static_cast<float>(square);
      if (!m_trapezoid)
        m_bias[static_cast<std::size_t>(k)] = static_cast<float>(square / 2);
    }
    std::vector<TileSums> parts(m_tiles.size());
    std::mutex guard;
    std::vector<std::unique_ptr<Sums>> free;
    std::atomic<std::int64_t> done{0};
    parallelFor(static_cast<std::int64_t>(m_tiles.size()), 1, [&](std::int64_t tile, std::int64_t) {
      progress.checkStopped();
      std::unique_ptr<Sums> own;
      {
        const std::lock_guard lock(guard);
        if (!free.empty()) {
          own = std::move(free.back());
          free.pop_back();
        }
      }
      if (!own)
        own = std::make_unique<Sums>(m_space.features(), count);
      assign(static_cast<std::size_t>(tile), count, *own, parts[static_cast<std::size_t>(tile)],
             strongest);
      {
        const std::lock_guard lock(guard);
        free.push_back(std::move(own));
      }
      progress.update(++done, static_cast<std::int64_t>(m_tiles.size()));
    });
    for (const auto& part : free)
      sums.add(*part);
    total.cosines.assign(static_cast<std::size_t>(count), 0.0);
    for (const TileSums& part : parts) {
      total.objective += part.objective;
      total.pairs += part.pairs;
      total.alone += part.alone;
      for (std::size_t k = 0; k < part.cosines.size(); ++k)
        total.cosines[k] += part.cosines[k];
    }
  }

  /// Where a cluster has no pair its mean stays.
  [[nodiscard]] FeatureMatrix means(const Sums& sums, const FeatureMatrix& before,
                                    const Progress& progress) const
  {
    const Eigen::Index n = m_space.features(), count = before.cols();
    const Eigen::Map<const Eigen::Matrix<std::int32_t, Eigen::Dynamic, Eigen::Dynamic>>
        coefficients(sums.coefficients.data(), count, n);
    const Eigen::MatrixXf weights = coefficients.transpose().cast<float>();
    FeatureMatrix means = product(*m_space.vectors, weights, progress);
    for (Eigen::Index k = 0; k < count; ++k) {
      const auto pairs = static_cast<double>(sums.pairs[static_cast<std::size_t>(k)]);
      const double length = means.col(k).cast<double>().norm();
      if (pairs == 0 || (m_trapezoid && length == 0))
        means.col(k) = before.col(k);
      else
        means.col(k) = (means.col(k).cast<double>() / (m_trapezoid ? length : pairs)).cast<float>();
    }
    return means;
  }

 private:
  /// |x_j − x_i| of a tile, rows side by side; kept between passes where there is room.
  const float* lengths(std::size_t tile, std::vector<float>& own)
  {
    if (m_cached && !m_lengths[tile].empty())
      return m_lengths[tile].data();
    const auto [row, column] = m_tiles[tile];
    const std::int64_t n = m_space.features(), rowBegin = row * tileSize,
                       columnBegin = column * tileSize, rows = std::min(tileSize, n - rowBegin),
                       columns = std::min(tileSize, n - columnBegin);
    Eigen::MatrixXf products(columns, rows);
    multiplyInto(products, m_space.vectors->middleCols(columnBegin, columns), true,
                 m_space.vectors->middleCols(rowBegin, rows));
    std::vector<float> values(static_cast<std::size_t>(rows * columns));
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c) {
        const double square = m_squares[static_cast<std::size_t>(rowBegin + r)] +
                              m_squares[static_cast<std::size_t>(columnBegin + c)] -
                              2 * static_cast<double>(products(c, r));
        values[static_cast<std::size_t>(r * columns + c)] =
            static_cast<float>(std::sqrt(std::max(0.0, square)));
      }
    std::vector<float>& kept = m_cached ? m_lengths[tile] : own;
    kept = std::move(values);
    return kept.data();
  }

  void assign(std::size_t tile, int count, Sums& sums, TileSums& part, Strongest* strongest)
  {
    const auto [row, column] = m_tiles[tile];
    const std::int64_t n = m_space.features(), rowBegin = row * tileSize,
                       columnBegin = column * tileSize, rows = std::min(tileSize, n - rowBegin),
                       columns = std::min(tileSize, n - columnBegin);
    std::vector<float> ownLengths;
    const float* length = lengths(tile, ownLengths);
    // The columns' scores by mean, padded to whole groups of lanes.
    Eigen::MatrixXf other = Eigen::MatrixXf::Zero(tileSize, count);
    other.topRows(columns) = m_scores.middleRows(columnBegin, columns);
    const Eigen::MatrixXf own = m_scores.middleRows(rowBegin, rows).transpose();
    std::vector<std::pair<int, DifferenceMember>> members;
    if (strongest)
      part.cosines.assign(static_cast<std::size_t>(count), 0.0);
    float best[lanes];
    std::int32_t which[lanes];
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t i = rowBegin + r;
      if (!m_space.used[static_cast<std::size_t>(i)])
        continue;
      const float* here = own.col(r).data();
      const std::int64_t from = row == column ? r + 1 : 0;
      for (std::int64_t group = from / lanes * lanes; group < columns; group += lanes) {
        nearestMeans(here, other.data() + group, tileSize, m_bias.data(), count, best, which);
        for (std::int64_t c = std::max(group, from); c < std::min(group + lanes, columns); ++c) {
          const float side = length[r * columns + c];
          if (side < m_least || !m_space.used[static_cast<std::size_t>(columnBegin + c)])
            continue;
          const int k = which[c - group];
          const bool turned = other(c, k) < here[k];
          take(sums, part, {i, columnBegin + c, side, best[c - group], k, turned}, strongest,
               members);
        }
      }
    }
    if (strongest)
      strongest->add(members);
  }

  struct Assigned {
    std::int64_t i, j;
    float side, best;
    int mean;
    bool turned;
  };

  void take(Sums& sums, TileSums& part, const Assigned& pair, Strongest* strongest,
            std::vector<std::pair<int, DifferenceMember>>& members) const
  {
    const auto k = static_cast<std::size_t>(pair.mean);
    const float product = pair.best + m_bias[k];
    const float meanLength = m_trapezoid ? 1.0f : std::sqrt(m_meanSquares[k]);
    const float cosine = meanLength > 0 ? product / (pair.side * meanLength) : 0.0f;
    ++part.pairs;
    const bool isAlone = static_cast<double>(cosine) < m_options.leastCosine;
    const float square = m_trapezoid ? 2 - 2 * cosine : pair.side * pair.side - 2 * pair.best;
    if (isAlone) {
      ++part.alone;
      part.objective += static_cast<double>(m_trapezoid ? 2.0f : pair.side * pair.side);
      return;
    }
    part.objective += static_cast<double>(square);
    const std::int32_t weight = m_trapezoid ? std::lround(m_weightScale / pair.side) : 1;
    const auto count = static_cast<std::int64_t>(m_bias.size());
    const std::int32_t turned = pair.turned ? -weight : weight;
    sums.coefficients[static_cast<std::size_t>(pair.i * count) + k] -= turned;
    sums.coefficients[static_cast<std::size_t>(pair.j * count) + k] += turned;
    ++sums.pairs[k];
    if (!strongest)
      return;
    part.cosines[k] += static_cast<double>(cosine);
    if (strongest->isWanted(pair.mean, square)) {
      const auto i = static_cast<FeatureId>(pair.i), j = static_cast<FeatureId>(pair.j);
      members.push_back({pair.mean, {pair.turned ? j : i, pair.turned ? i : j, cosine, square}});
    }
  }

  const CrystalSpace& m_space;
  const DifferenceClusterOptions& m_options;
  bool m_trapezoid;
  float m_least = 0.0f, m_weightScale = 1.0f;
  std::vector<double> m_squares;
  std::vector<std::pair<std::int64_t, std::int64_t>> m_tiles;
  bool m_cached = true;
  std::vector<std::vector<float>> m_lengths;
  Eigen::MatrixXf m_scores;  ///< n × K.
  std::vector<float> m_bias, m_meanSquares;
};

}  // namespace

DifferenceClusterEstimate estimateDifferenceClusters(const CrystalSpace& space,
                                                     const DifferenceClusterOptions& options)
{
  check(space, options, {});
  DifferenceClusterEstimate estimate;
  const auto n = static_cast<double>(space.usedFeatures()),
             all = static_cast<double>(space.features()),
             d = static_cast<double>(space.dimensions());
  const double means = options.clusters, threads = threadCount();
  estimate.pairs = n * (n - 1) / 2;
  // Rates of one thread: products of large matrices, comparisons with a mean, additions to a mean.
  const double step = 4 * all * d * means / 5e10 + estimate.pairs * (means / 4e9 + 1.5e-8);
  estimate.seconds = ((options.steps + 1) * step + all * all * d / 4e10) / threads + 0.1;
  const double cached = all * all * 2;
  estimate.bytes = (cached <= static_cast<double>(mostCachedBytes) ? cached : 0.0) +
                   all * means * 4 * (threads + 3);
  char text[200];
  std::snprintf(text, sizeof text,
                "%.4g differences, %d clusters, up to %d steps: about %.0f s and %.0f MB",
                estimate.pairs, options.clusters, options.steps, std::ceil(estimate.seconds),
                std::ceil(estimate.bytes / 1e6));
  estimate.sentence = text;
  return estimate;
}

DifferenceClusters clusterDifferences(const CrystalSpace& space,
                                      const DifferenceClusterOptions& options,
                                      const FeatureMatrix& initial, const Progress& progress)
{
  check(space, options, initial);
  DifferenceClusters result;
  result.options = options;
  FeatureMatrix means =
      firstMeans(space, options, initial, progress.stage("Choosing first means", 0.0, 0.05));
  Grouping grouping(space, options);
  std::vector<std::int32_t> before;
  const auto start = std::chrono::steady_clock::now();
  const double share = 0.95 / (options.steps + 1);
  while (result.steps < options.steps && !result.converged) {
    const Progress stage =
        progress.stage("Grouping differences, step " + std::to_string(result.steps + 1),
                       0.05 + share * result.steps, 0.05 + share * (result.steps + 1));
    Sums sums(space.features(), options.clusters);
    TileSums total;
    grouping.pass(means, sums, total, nullptr, stage);
    result.pairs = total.pairs;
    result.objective.push_back(total.objective /
                               static_cast<double>(std::max<std::int64_t>(1, total.pairs)));
    means = grouping.means(sums, means, stage);
    result.converged = sums.coefficients == before;
    before = std::move(sums.coefficients);
    ++result.steps;
  }
  result.secondsPerStep =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
      result.steps;
  Sums sums(space.features(), options.clusters);
  TileSums total;
  Strongest strongest(options.clusters, options.strongest);
  grouping.pass(means, sums, total, &strongest,
                progress.stage("Grouping differences, last", 1 - share, 1.0));
  result.alone = total.alone;
  for (int k = 0; k < options.clusters; ++k) {
    const std::int64_t pairs = sums.pairs[static_cast<std::size_t>(k)];
    if (pairs == 0)
      continue;
    DifferenceCluster cluster;
    cluster.mean = means.col(k);
    cluster.pairs = pairs;
    cluster.cosine = total.cosines[static_cast<std::size_t>(k)] / static_cast<double>(pairs);
    cluster.strongest = strongest.take(k);
    result.clusters.push_back(std::move(cluster));
  }
  std::stable_sort(
      result.clusters.begin(), result.clusters.end(),
      [](const DifferenceCluster& x, const DifferenceCluster& y) { return x.cosine > y.cosine; });
  return result;
}

std::vector<FoundCrystal> crystalsOfClusters(const CrystalSpace& space,
                                             const DifferenceClusters& clusters,
                                             const CrystalSearchOptions& search,
                                             const Progress& progress)
{
  std::vector<FoundCrystal> found;
  for (std::size_t k = 0; k < clusters.clusters.size(); ++k) {
    progress.update(static_cast<std::int64_t>(k),
                    static_cast<std::int64_t>(clusters.clusters.size()));
    const auto& members = clusters.clusters[k].strongest;
    for (std::size_t i = 0; i < members.size(); ++i)
      for (std::size_t j = i + 1; j < members.size(); ++j) {
        const Crystal crystal = {members[i].from, members[i].to, members[j].from, members[j].to};
        std::array<FeatureId, 4> corners = crystal.corners();
        std::sort(corners.begin(), corners.end());
        if (std::adjacent_find(corners.begin(), corners.end()) != corners.end())
          continue;
        if (auto accepted = acceptCrystal(space, crystal, search)) {
          accepted->family = static_cast<std::int32_t>(k);
          found.push_back(*accepted);
        }
      }
  }
  std::sort(found.begin(), found.end(), [](const FoundCrystal& x, const FoundCrystal& y) {
    return x.score != y.score ? x.score > y.score : x.crystal.corners() < y.crystal.corners();
  });
  found = foldAlike(space, std::move(found), search.leastSide);
  if (found.size() > static_cast<std::size_t>(search.top))
    found.resize(static_cast<std::size_t>(search.top));
  return found;
}

DifferenceClusterOptions familyClusters(const CrystalSearchOptions& search, int clusters)
{
  DifferenceClusterOptions options;
  options.mode = search.mode;
  options.clusters = clusters;
  options.leastCosine = 0.75;
  options.leastSide = std::max(0.01, search.leastSide);
  options.seed = search.seed;
  return options;
}

FeatureMatrix functionVectors(const std::vector<CrystalFamily>& families,
                              const DifferenceClusterOptions& options, std::int64_t dimensions)
{
  FeatureMatrix vectors(
      dimensions, std::min<std::size_t>(families.size(),
                                        static_cast<std::size_t>(std::max(0, options.clusters))));
  Eigen::Index count = 0;
  for (const CrystalFamily& family : families) {
    if (count == vectors.cols())
      break;
    const Eigen::VectorXf own = family.functionVector.normalized();
    bool isNew = true;
    for (Eigen::Index i = 0; i < count && isNew; ++i)
      isNew =
          static_cast<double>(std::abs(own.dot(vectors.col(i).normalized()))) < options.leastCosine;
    if (isNew)
      vectors.col(count++) = family.functionVector;
  }
  return vectors.leftCols(count);
}

}  // namespace orrery
