#include "core/crystals/DifferenceJoin.h"

#include "core/base/Dispatch.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/crystals/DifferenceTree.h"

#include <Eigen/QR>
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

namespace orrery {
namespace {

constexpr std::int64_t blockSize = 512;
/// Pairs of about one length, ordered by place among themselves.
constexpr std::int64_t slabSize = 32 * blockSize;
constexpr int lanes = 32;
constexpr int boxAxes = 16;

ORRERY_FOR_EACH_CPU
int blocksWithProducts(const float* product, const float* bias, float own, int blocks, int* found)
{
  int count = 0;
  for (int block = 0; block < blocks; ++block) {
    const float* p = product + block * lanes;
    const float* b = bias + block * lanes;
    int any = 0;
    for (int lane = 0; lane < lanes; ++lane) {
      const float size = p[lane] < 0 ? -p[lane] : p[lane];
      any |= size >= b[lane] + own ? 1 : 0;
    }
    if (any)
      found[count++] = block;
  }
  return count;
}

/// d × k: all axes where there are few, else near the leading ones of a sample of the features
/// (a subspace iteration from a random start: any orthonormal axes serve, better ones sooner).
FeatureMatrix projectionAxes(const CrystalSpace& space, const Progress& progress)
{
  const Eigen::Index kept = joinDimensions(space);
  if (kept == space.dimensions())
    return FeatureMatrix::Identity(kept, kept);
  constexpr std::size_t sample = 1024;
  constexpr int iterations = 3;
  std::vector<FeatureId> ids;
  for (std::size_t i = 0; i < space.used.size(); ++i)
    if (space.used[i])
      ids.push_back(static_cast<FeatureId>(i));
  Random random(0x5EA);
  random.shuffle(ids);
  ids.resize(std::min(ids.size(), sample));
  FeatureMatrix drawn(space.dimensions(), static_cast<Eigen::Index>(ids.size()));
  for (std::size_t i = 0; i < ids.size(); ++i)
    drawn.col(static_cast<Eigen::Index>(i)) = space.vectors->col(ids[i]);
  drawn.colwise() -= Eigen::VectorXf(drawn.rowwise().mean());
  FeatureMatrix axes(space.dimensions(), kept);
  for (Eigen::Index i = 0; i < axes.size(); ++i)
    axes.data()[i] = static_cast<float>(random.normal());
  for (int iteration = 0; iteration <= iterations; ++iteration) {
    progress.checkStopped();
    const Eigen::HouseholderQR<FeatureMatrix> turned(axes);
    axes = turned.householderQ() * FeatureMatrix::Identity(space.dimensions(), kept);
    if (iteration < iterations)
      axes = product(drawn, transposedProduct(drawn, axes));
  }
  return axes;
}

struct Block {
  std::int64_t begin = 0, end = 0;
  float shortest = 0.0f, longest = 0.0f;
  std::array<float, boxAxes> low{}, high{};
};

/// Whether the boxes come closer than √limit when @p second is taken as it is, or negated.
bool areNear(const Block& first, const Block& second, int axes, float limit)
{
  float same = 0.0f, opposite = 0.0f;
  for (std::size_t axis = 0; axis < static_cast<std::size_t>(axes); ++axis) {
    const float gap =
        std::max({0.0f, first.low[axis] - second.high[axis], second.low[axis] - first.high[axis]});
    const float turned =
        std::max({0.0f, first.low[axis] + second.low[axis], -second.high[axis] - first.high[axis]});
    same += gap * gap;
    opposite += turned * turned;
  }
  return std::min(same, opposite) <= limit;
}

class Join {
 public:
  Join(const CrystalSpace& space, std::vector<FeaturePair> pairs, bool unitDifferences,
       const Progress& progress)
      : m_space(space), m_pairs(std::move(pairs)), m_unit(unitDifferences)
  {
    const FeatureMatrix axes = projectionAxes(space, progress);
    m_projected.resize(axes.cols(), space.features());
    parallelFor(space.features(), 1024, [&](std::int64_t begin, std::int64_t end) {
      multiplyInto(m_projected.middleCols(begin, end - begin), axes, true,
                   space.vectors->middleCols(begin, end - begin));
    });
    order(progress);
  }

  void run(double residual, double meanSquare, const JoinReceiver& receiver,
           const Progress& progress)
  {
    // Against the rounding of projections: a little more is let through and computed exactly later.
    const auto limit = static_cast<float>(residual + 1e-5 * (m_unit ? 1.0 : m_space.unit));
    std::vector<float> bias(m_pairs.size() + lanes, std::numeric_limits<float>::infinity());
    parallelFor(
        static_cast<std::int64_t>(m_pairs.size()), 4096, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i)
            bias[static_cast<std::size_t>(i)] = (m_sketches.col(i).squaredNorm() - limit / 2) / 2;
        });
    const float reach = static_cast<float>(std::sqrt(residual)) * 1.0001f + 1e-6f;
    const int axes = static_cast<int>(std::min<Eigen::Index>(boxAxes, m_sketches.rows()));
    const auto count = static_cast<std::int64_t>(m_blocks.size());
    std::atomic<std::int64_t> done{0};
    parallelFor(count, 1, [&](std::int64_t number, std::int64_t) {
      const Block& first = m_blocks[static_cast<std::size_t>(number)];
      FeatureMatrix products;
      std::vector<JoinedPairs> candidates;
      for (std::int64_t other = 0; other <= number; ++other) {
        const Block& second = m_blocks[static_cast<std::size_t>(other)];
        if (!m_unit &&
            (first.shortest - second.longest > reach || second.shortest - first.longest > reach ||
             first.shortest * first.shortest + second.shortest * second.shortest >
                 2 * meanSquare * 1.00001))
          continue;
        if (!areNear(first, second, axes, limit))
          continue;
        progress.checkStopped();
        compare(first, second, bias, products, candidates);
        if (candidates.empty())
          continue;
        receiver(candidates);
        candidates.clear();
      }
      progress.update(++done, count);
    });
  }

 private:
  /// By length into slabs, within them by halves along the widest axis into blocks.
  void order(const Progress& progress)
  {
    std::sort(m_pairs.begin(), m_pairs.end(), [](const FeaturePair& a, const FeaturePair& b) {
      return a.length != b.length ? a.length < b.length
             : a.first != b.first ? a.first < b.first
                                  : a.second < b.second;
    });
    progress.checkStopped();
    const auto count = static_cast<std::int64_t>(m_pairs.size());
    parallelFor(count, slabSize,
                [&](std::int64_t begin, std::int64_t end) { halve(begin, end, 0); });
    m_sketches.resize(m_projected.rows(), count);
    parallelFor(count, 4096, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        m_sketches.col(i) = sketch(m_pairs[static_cast<std::size_t>(i)]);
    });
    const Eigen::Index axes = std::min<Eigen::Index>(boxAxes, m_sketches.rows());
    // Slabs are whole numbers of blocks, so blocks do not reach over their ends.
    for (std::int64_t begin = 0; begin < count; begin += blockSize) {
      Block block;
      block.begin = begin;
      block.end = std::min(begin + blockSize, count);
      const auto part = m_sketches.middleCols(begin, block.end - begin).topRows(axes);
      for (Eigen::Index axis = 0; axis < axes; ++axis) {
        block.low[static_cast<std::size_t>(axis)] = part.row(axis).minCoeff();
        block.high[static_cast<std::size_t>(axis)] = part.row(axis).maxCoeff();
      }
      block.shortest = std::numeric_limits<float>::max();
      for (std::int64_t i = begin; i < block.end; ++i) {
        const float length = m_pairs[static_cast<std::size_t>(i)].length;
        block.shortest = std::min(block.shortest, length);
        block.longest = std::max(block.longest, length);
      }
      m_blocks.push_back(block);
    }
  }

  [[nodiscard]] Eigen::VectorXf sketch(const FeaturePair& pair) const
  {
    Eigen::VectorXf difference = m_projected.col(pair.second) - m_projected.col(pair.first);
    if (m_unit && pair.length > 0)
      difference /= pair.length;
    return difference;
  }

  [[nodiscard]] float along(const FeaturePair& pair, Eigen::Index axis) const
  {
    const float value = m_projected(axis, pair.second) - m_projected(axis, pair.first);
    return m_unit && pair.length > 0 ? value / pair.length : value;
  }

  void halve(std::int64_t begin, std::int64_t end, int depth)
  {
    const std::int64_t blocks = (end - begin + blockSize - 1) / blockSize;
    if (blocks < 2)
      return;
    const Eigen::Index axes = std::min<Eigen::Index>(boxAxes, m_projected.rows());
    Eigen::Index widest = 0;
    float width = -1.0f;
    for (Eigen::Index axis = 0; axis < axes; ++axis) {
      double sum = 0.0, squares = 0.0;
      for (std::int64_t i = begin; i < end; ++i) {
        const double value = along(m_pairs[static_cast<std::size_t>(i)], axis);
        sum += value;
        squares += value * value;
      }
      const auto spread =
          static_cast<float>(squares - sum * sum / static_cast<double>(end - begin));
      if (spread > width) {
        width = spread;
        widest = axis;
      }
    }
    const std::int64_t middle = begin + blocks / 2 * blockSize;
    std::nth_element(
        m_pairs.begin() + begin, m_pairs.begin() + middle, m_pairs.begin() + end,
        [&](const FeaturePair& a, const FeaturePair& b) {
          const float x = along(a, widest), y = along(b, widest);
          return x != y ? x < y : a.first != b.first ? a.first < b.first : a.second < b.second;
        });
    halve(begin, middle, depth + 1);
    halve(middle, end, depth + 1);
  }

  void compare(const Block& first, const Block& second, const std::vector<float>& bias,
               FeatureMatrix& products, std::vector<JoinedPairs>& candidates) const
  {
    const std::int64_t rows = first.end - first.begin, columns = second.end - second.begin;
    const std::int64_t padded = (rows + lanes - 1) / lanes * lanes;
    if (products.rows() != padded || products.cols() != columns)
      products = FeatureMatrix::Zero(padded, columns);
    multiplyInto(products.topRows(rows), m_sketches.middleCols(first.begin, rows), true,
                 m_sketches.middleCols(second.begin, columns));
    const bool same = first.begin == second.begin;
    int found[blockSize / lanes];
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t j = second.begin + c;
      const float own = bias[static_cast<std::size_t>(j)];
      const int count = blocksWithProducts(products.col(c).data(), bias.data() + first.begin, own,
                                           static_cast<int>(padded / lanes), found);
      for (int block = 0; block < count; ++block)
        for (std::int64_t r = found[block] * lanes;
             r < std::min<std::int64_t>(rows, (found[block] + 1) * lanes); ++r) {
          const std::int64_t i = first.begin + r;
          const float product = products(r, c);
          if ((same && i <= j) || !(std::abs(product) >= bias[static_cast<std::size_t>(i)] + own))
            continue;
          const FeaturePair& a = m_pairs[static_cast<std::size_t>(i)];
          const FeaturePair& b = m_pairs[static_cast<std::size_t>(j)];
          if (a.first == b.first || a.first == b.second || a.second == b.first ||
              a.second == b.second)
            continue;
          // A product near zero bounds nothing: both ways may be within the limit.
          if (product >= bias[static_cast<std::size_t>(i)] + own)
            candidates.push_back({a, b, false});
          if (-product >= bias[static_cast<std::size_t>(i)] + own)
            candidates.push_back({a, b, true});
        }
    }
  }

  const CrystalSpace& m_space;
  std::vector<FeaturePair> m_pairs;
  bool m_unit;
  FeatureMatrix m_projected;  ///< k × n.
  FeatureMatrix m_sketches;   ///< k × pairs.
  std::vector<Block> m_blocks;
};

}  // namespace

int joinDimensions(const CrystalSpace& space)
{
  constexpr std::int64_t most = 48;
  return static_cast<int>(std::min(most, space.dimensions()));
}

void joinDifferences(const CrystalSpace& space, PairList list, double residual, double meanSquare,
                     bool unitDifferences, const JoinReceiver& receiver, const Progress& progress)
{
  if (usesDifferenceTree(space)) {
    (void)joinInTree(space, std::move(list), residual, meanSquare, unitDifferences, receiver,
                     progress);
    return;
  }
  if (list.size() < 2)
    return;
  Join join(space, list.take(), unitDifferences, progress.stage("Arranging pairs", 0.0, 0.1));
  join.run(residual, meanSquare, receiver, progress.stage("Comparing differences", 0.1, 1.0));
}

}  // namespace orrery
