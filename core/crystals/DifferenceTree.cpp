#include "core/crystals/DifferenceTree.h"

#include "core/base/Dispatch.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>
#include <utility>

namespace orrery {
namespace {

constexpr std::int64_t mostDimensions = 16;
constexpr std::int64_t leafSize = 32;
constexpr std::int64_t topParts = 256;

using Lane = float __attribute__((vector_size(32)));
using LaneIndex = std::int32_t __attribute__((vector_size(32)));

/// A row of floats for each feature, padded with zeros to whole groups of eight.
struct Rows {
  std::int64_t wide = 0;
  std::vector<float> values;
  int strongest = 0;  ///< The axis of most variance.

  explicit Rows(const CrystalSpace& space)
  {
    const Eigen::Index d = space.dimensions(), n = space.features();
    wide = (d + 7) / 8 * 8;
    values.assign(static_cast<std::size_t>(wide * n), 0.0f);
    Eigen::VectorXd sums = Eigen::VectorXd::Zero(d), squares = Eigen::VectorXd::Zero(d);
    for (Eigen::Index i = 0; i < n; ++i)
      for (Eigen::Index axis = 0; axis < d; ++axis) {
        const float value = (*space.vectors)(axis, i);
        values[static_cast<std::size_t>(i * wide + axis)] = value;
        sums(axis) += static_cast<double>(value);
        squares(axis) += static_cast<double>(value) * static_cast<double>(value);
      }
    Eigen::Index most = 0;
    (squares.array() - sums.array().square() / static_cast<double>(n)).maxCoeff(&most);
    strongest = static_cast<int>(most);
  }
  [[nodiscard]] const float* of(FeatureId id) const
  {
    return values.data() + static_cast<std::int64_t>(id) * wide;
  }
};

/// Differences of up to 32 pairs, by axis.
struct Leaf {
  std::int64_t begin = -1;
  alignas(32) float values[mostDimensions * leafSize];
};

/// Which of the 32 in @p leaf are within √limit of @p point: a bit each.
ORRERY_FOR_EACH_CPU
std::uint32_t within(const float* point, const float* leaf, int axes, float limit)
{
  Lane sums[4] = {Lane{}, Lane{}, Lane{}, Lane{}};
  for (int axis = 0; axis < axes; ++axis) {
    const Lane here = Lane{} + point[axis];
#pragma GCC unroll 4
    for (int group = 0; group < 4; ++group) {
      Lane there;
      std::memcpy(&there, leaf + axis * leafSize + 8 * group, sizeof there);
      const Lane difference = there - here;
      sums[group] += difference * difference;
    }
  }
  std::uint32_t found = 0;
  for (int group = 0; group < 4; ++group) {
    const LaneIndex near = sums[group] <= Lane{} + limit;
    for (int lane = 0; lane < 8; ++lane)
      found |= static_cast<std::uint32_t>(near[lane] & 1) << (8 * group + lane);
  }
  return found;
}

/// Squared distance between two boxes (or points: low and high the same); rows of @p wide floats.
ORRERY_FOR_EACH_CPU
float gapBetween(const float* low, const float* high, const float* otherLow, const float* otherHigh,
                 std::int64_t wide)
{
  float gaps[8] = {};
  for (std::int64_t axis = 0; axis < wide; axis += 8)
    for (int lane = 0; lane < 8; ++lane) {
      const float below = otherLow[axis + lane] - high[axis + lane],
                  above = low[axis + lane] - otherHigh[axis + lane];
      float gap = below > above ? below : above;
      gap = gap > 0 ? gap : 0.0f;
      gaps[lane] += gap * gap;
    }
  return ((gaps[0] + gaps[1]) + (gaps[2] + gaps[3])) + ((gaps[4] + gaps[5]) + (gaps[6] + gaps[7]));
}

struct Node {
  std::int64_t begin = 0, end = 0;
  std::int32_t left = -1, right = -1;
  float shortest = 0.0f;
};

/// Nodes with their boxes; children come after their parents.
struct Subtree {
  std::vector<Node> nodes;
  std::vector<float> boxes;  ///< Low and high sides, 2 · wide of each node.
};

class Tree {
 public:
  Tree(const CrystalSpace& space, PairList list, double residual, double meanSquare,
       bool unitDifferences, const Progress& progress)
      : m_rows(space),
        m_axes(static_cast<int>(space.dimensions())),
        m_unit(unitDifferences),
        m_meanSquare(meanSquare),
        // Against rounding: a little more is let through and computed exactly later.
        m_limit(static_cast<float>(residual + 1e-5 * (unitDifferences ? 1.0 : space.unit)))
  {
    gather(std::move(list));
    split(progress);
  }

  std::int64_t run(const JoinReceiver& receiver, const Progress& progress)
  {
    std::vector<std::pair<std::size_t, std::size_t>> tasks;
    for (std::size_t i = 0; i < m_parts.size(); ++i)
      for (std::size_t j = i; j < m_parts.size(); ++j)
        if (isNear(m_parts[i], 0, m_parts[j], 0))
          tasks.emplace_back(i, j);
    std::atomic<std::int64_t> done{0}, compared{0};
    parallelFor(static_cast<std::int64_t>(tasks.size()), 1, [&](std::int64_t task, std::int64_t) {
      const auto [i, j] = tasks[static_cast<std::size_t>(task)];
      Work work{receiver, progress, {}, {}, {}, 0, 0};
      join(m_parts[i], 0, m_parts[j], 0, work);
      if (!work.candidates.empty())
        receiver(work.candidates);
      compared += work.compared;
      progress.update(++done, static_cast<std::int64_t>(tasks.size()));
    });
    return compared;
  }

 private:
  struct Work {
    const JoinReceiver& receiver;
    const Progress& progress;
    Leaf first, second;
    std::vector<JoinedPairs> candidates;
    std::int64_t compared;
    int sinceChecked;
  };

  /// A copy that is turned the other way has a negative length.
  static bool isCopy(const FeaturePair& pair) { return std::signbit(pair.length); }

  void vectorOf(const FeaturePair& pair, float* out) const
  {
    const float* from = m_rows.of(pair.first);
    const float* to = m_rows.of(pair.second);
    const float scale = m_unit ? 1 / std::abs(pair.length) : 1.0f;
    for (std::int64_t axis = 0; axis < m_rows.wide; ++axis)
      out[axis] = (to[axis] - from[axis]) * scale;
  }
  [[nodiscard]] float along(const FeaturePair& pair, int axis) const
  {
    const float value = m_rows.of(pair.second)[axis] - m_rows.of(pair.first)[axis];
    return m_unit ? value / std::abs(pair.length) : value;
  }

  /// One list, every pair turned, near zero both ways; frees the tiles on the way.
  void gather(PairList list)
  {
    const float turnedToo = std::sqrt(m_limit) / 2 * 1.001f;
    m_pairs.reserve(list.size() + list.size() / 8);
    for (auto& tile : list.tiles) {
      for (FeaturePair pair : tile) {
        if (m_unit && !(pair.length > 0))
          continue;
        float value = along(pair, m_rows.strongest);
        if (value < 0) {
          std::swap(pair.first, pair.second);
          value = -value;
        }
        m_pairs.push_back(pair);
        if (value <= turnedToo)
          m_pairs.push_back({pair.second, pair.first, -pair.length});
      }
      std::vector<FeaturePair>().swap(tile);
    }
  }

  /// Halves one part. Where it is large the median is that of a sample.
  std::int64_t halve(std::int64_t begin, std::int64_t end)
  {
    constexpr std::int64_t sampled = 255;
    const std::int64_t count = end - begin, step = std::max<std::int64_t>(1, count / sampled);
    std::array<float, mostDimensions> low, high;
    low.fill(std::numeric_limits<float>::max());
    high.fill(std::numeric_limits<float>::lowest());
    for (std::int64_t i = begin; i < end; i += step)
      for (int axis = 0; axis < m_axes; ++axis) {
        const float value = along(m_pairs[static_cast<std::size_t>(i)], axis);
        const auto place = static_cast<std::size_t>(axis);
        low[place] = std::min(low[place], value);
        high[place] = std::max(high[place], value);
      }
    int widest = 0;
    for (int axis = 1; axis < m_axes; ++axis)
      if (high[static_cast<std::size_t>(axis)] - low[static_cast<std::size_t>(axis)] >
          high[static_cast<std::size_t>(widest)] - low[static_cast<std::size_t>(widest)])
        widest = axis;
    const auto first = m_pairs.begin() + begin, last = m_pairs.begin() + end;
    if (count > 16 * sampled) {
      std::vector<float> values;
      for (std::int64_t i = begin; i < end; i += step)
        values.push_back(along(m_pairs[static_cast<std::size_t>(i)], widest));
      const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
      std::nth_element(values.begin(), half, values.end());
      const auto middle = std::partition(
          first, last, [&](const FeaturePair& pair) { return along(pair, widest) < *half; });
      const std::int64_t place = middle - m_pairs.begin();
      if (place - begin > count / 8 && end - place > count / 8)
        return place;
    }
    const std::int64_t middle = begin + count / 2;
    std::nth_element(first, m_pairs.begin() + middle, last,
                     [&](const FeaturePair& a, const FeaturePair& b) {
                       return along(a, widest) < along(b, widest);
                     });
    return middle;
  }

  void split(const Progress& progress)
  {
    std::vector<std::pair<std::int64_t, std::int64_t>> parts = {
        {0, static_cast<std::int64_t>(m_pairs.size())}};
    while (static_cast<std::int64_t>(parts.size()) < topParts &&
           static_cast<std::int64_t>(m_pairs.size()) >
               leafSize * static_cast<std::int64_t>(parts.size())) {
      std::vector<std::pair<std::int64_t, std::int64_t>> halves(2 * parts.size());
      parallelFor(static_cast<std::int64_t>(parts.size()), 1, [&](std::int64_t i, std::int64_t) {
        progress.checkStopped();
        const auto place = static_cast<std::size_t>(i);
        const auto [begin, end] = parts[place];
        const std::int64_t middle = halve(begin, end);
        halves[2 * place] = {begin, middle};
        halves[2 * place + 1] = {middle, end};
      });
      parts = std::move(halves);
    }
    m_parts.resize(parts.size());
    std::atomic<std::int64_t> done{0};
    parallelFor(static_cast<std::int64_t>(parts.size()), 1, [&](std::int64_t i, std::int64_t) {
      const auto place = static_cast<std::size_t>(i);
      grow(m_parts[place], parts[place].first, parts[place].second, progress);
      progress.update(++done, static_cast<std::int64_t>(parts.size()));
    });
  }

  std::int32_t grow(Subtree& tree, std::int64_t begin, std::int64_t end, const Progress& progress)
  {
    const auto number = static_cast<std::int32_t>(tree.nodes.size());
    const auto wide = static_cast<std::size_t>(m_rows.wide);
    tree.nodes.push_back({begin, end, -1, -1, std::numeric_limits<float>::max()});
    tree.boxes.resize(tree.boxes.size() + 2 * wide, 0.0f);
    if (end - begin > leafSize) {
      progress.checkStopped();
      const std::int64_t middle = halve(begin, end);
      const std::int32_t left = grow(tree, begin, middle, progress),
                         right = grow(tree, middle, end, progress);
      Node& node = tree.nodes[static_cast<std::size_t>(number)];
      node.left = left;
      node.right = right;
      node.shortest = std::min(tree.nodes[static_cast<std::size_t>(left)].shortest,
                               tree.nodes[static_cast<std::size_t>(right)].shortest);
      for (std::int64_t axis = 0; axis < m_rows.wide; ++axis) {
        low(tree, number)[axis] = std::min(low(tree, left)[axis], low(tree, right)[axis]);
        high(tree, number)[axis] = std::max(high(tree, left)[axis], high(tree, right)[axis]);
      }
      return number;
    }
    Node& node = tree.nodes[static_cast<std::size_t>(number)];
    std::fill_n(low(tree, number), wide, std::numeric_limits<float>::max());
    std::fill_n(high(tree, number), wide, std::numeric_limits<float>::lowest());
    float values[mostDimensions];
    for (std::int64_t i = begin; i < end; ++i) {
      const FeaturePair& pair = m_pairs[static_cast<std::size_t>(i)];
      vectorOf(pair, values);
      node.shortest = std::min(node.shortest, std::abs(pair.length));
      for (std::int64_t axis = 0; axis < m_rows.wide; ++axis) {
        low(tree, number)[axis] = std::min(low(tree, number)[axis], values[axis]);
        high(tree, number)[axis] = std::max(high(tree, number)[axis], values[axis]);
      }
    }
    return number;
  }

  float* low(Subtree& tree, std::int32_t node) const
  {
    return tree.boxes.data() + static_cast<std::int64_t>(node) * 2 * m_rows.wide;
  }
  float* high(Subtree& tree, std::int32_t node) const { return low(tree, node) + m_rows.wide; }
  [[nodiscard]] const float* low(const Subtree& tree, std::int32_t node) const
  {
    return tree.boxes.data() + static_cast<std::int64_t>(node) * 2 * m_rows.wide;
  }
  [[nodiscard]] const float* high(const Subtree& tree, std::int32_t node) const
  {
    return low(tree, node) + m_rows.wide;
  }

  [[nodiscard]] bool isNear(const Subtree& a, std::int32_t i, const Subtree& b,
                            std::int32_t j) const
  {
    const Node& first = a.nodes[static_cast<std::size_t>(i)];
    const Node& second = b.nodes[static_cast<std::size_t>(j)];
    if (first.begin == first.end || second.begin == second.end)
      return false;
    const double x = static_cast<double>(first.shortest), y = static_cast<double>(second.shortest);
    if (!m_unit && x * x + y * y > 2 * m_meanSquare * 1.00001)
      return false;
    return gapBetween(low(a, i), high(a, i), low(b, j), high(b, j), m_rows.wide) <= m_limit;
  }

  void join(const Subtree& a, std::int32_t i, const Subtree& b, std::int32_t j, Work& work) const
  {
    const bool same = &a == &b && i == j;
    if (!same && !isNear(a, i, b, j))
      return;
    const Node& first = a.nodes[static_cast<std::size_t>(i)];
    const Node& second = b.nodes[static_cast<std::size_t>(j)];
    if (first.left < 0 && second.left < 0) {
      compare(first, second, same, work);
    } else if (same) {
      join(a, first.left, b, first.left, work);
      join(a, first.left, b, first.right, work);
      join(a, first.right, b, first.right, work);
    } else if (second.left < 0 ||
               (first.left >= 0 && first.end - first.begin >= second.end - second.begin)) {
      join(a, first.left, b, j, work);
      join(a, first.right, b, j, work);
    } else {
      join(a, i, b, second.left, work);
      join(a, i, b, second.right, work);
    }
  }

  void fill(Leaf& leaf, std::int64_t begin, std::int64_t end) const
  {
    if (leaf.begin == begin)
      return;
    leaf.begin = begin;
    float values[mostDimensions];
    for (std::int64_t i = 0; i < leafSize; ++i) {
      if (begin + i < end)
        vectorOf(m_pairs[static_cast<std::size_t>(begin + i)], values);
      for (int axis = 0; axis < m_axes; ++axis)
        leaf.values[axis * leafSize + i] =
            begin + i < end ? values[axis] : std::numeric_limits<float>::infinity();
    }
  }

  void compare(const Node& first, const Node& second, bool same, Work& work) const
  {
    if (++work.sinceChecked > 4096) {
      work.progress.checkStopped();
      work.sinceChecked = 0;
    }
    fill(work.first, first.begin, first.end);
    fill(work.second, second.begin, second.end);
    float point[mostDimensions];
    for (std::int64_t i = first.begin; i < first.end; ++i) {
      for (int axis = 0; axis < m_axes; ++axis)
        point[axis] = work.first.values[axis * leafSize + (i - first.begin)];
      work.compared += second.end - second.begin;
      std::uint32_t found = within(point, work.second.values, m_axes, m_limit);
      if (same) {
        const std::int64_t done = i - first.begin + 1;
        found = done >= 32 ? 0 : found >> done << done;
      }
      for (; found != 0; found &= found - 1) {
        const auto bit = static_cast<std::int64_t>(__builtin_ctz(found));
        take(i, second.begin + bit, work);
      }
    }
    if (work.candidates.size() >= 4096) {
      work.receiver(work.candidates);
      work.candidates.clear();
    }
  }

  void take(std::int64_t i, std::int64_t j, Work& work) const
  {
    const FeaturePair& a = m_pairs[static_cast<std::size_t>(i)];
    const FeaturePair& b = m_pairs[static_cast<std::size_t>(j)];
    if (a.first == b.first || a.first == b.second || a.second == b.first || a.second == b.second)
      return;
    if (isCopy(a) || isCopy(b)) {
      if (isCopy(a) && isCopy(b))
        return;  // the two that they are copies of meet as well
      // If the other has a copy too, copy and original meet a second time: the lower pair's counts.
      const FeaturePair& copy = isCopy(a) ? a : b;
      const FeaturePair& other = isCopy(a) ? b : a;
      if (along(other, m_rows.strongest) <= std::sqrt(m_limit) / 2 * 1.001f &&
          std::minmax(copy.first, copy.second) > std::minmax(other.first, other.second))
        return;
    }
    JoinedPairs joined{a, b, false};
    joined.first.length = std::abs(a.length);
    joined.second.length = std::abs(b.length);
    work.candidates.push_back(joined);
  }

  Rows m_rows;
  int m_axes;
  bool m_unit;
  double m_meanSquare;
  float m_limit;
  std::vector<FeaturePair> m_pairs;
  std::vector<Subtree> m_parts;
};

}  // namespace

bool usesDifferenceTree(const CrystalSpace& space)
{
  return space.dimensions() <= mostDimensions;
}

double differenceTreeBytes(const CrystalSpace& space)
{
  const auto wide = static_cast<double>((space.dimensions() + 7) / 8 * 8);
  return 14.0 + 3 * (sizeof(Node) + 8 * wide) / static_cast<double>(leafSize);
}

std::int64_t joinInTree(const CrystalSpace& space, PairList list, double residual,
                        double meanSquare, bool unitDifferences, const JoinReceiver& receiver,
                        const Progress& progress)
{
  if (list.size() < 2)
    return 0;
  Tree tree(space, std::move(list), residual, meanSquare, unitDifferences,
            progress.stage("Arranging pairs", 0.0, 0.3));
  return tree.run(receiver, progress.stage("Comparing differences", 0.3, 1.0));
}

// Sample -----------------------------------------------------------------------------------------

struct DifferenceTreeSample::State {
  static constexpr std::size_t pool = 1 << 15;
  static constexpr std::size_t most = 1280;
  Rows rows;
  int axes = 0;
  bool unit = false;
  float limit = 0.0f;
  std::vector<FeaturePair> pairs;  ///< Turned, by length.
  std::vector<float> places;       ///< In (0, 1), most · wide.

  explicit State(const CrystalSpace& space) : rows(space) {}
  [[nodiscard]] std::vector<float> vectorsOf(std::size_t count) const;
  void halve(const std::vector<float>& points, std::vector<std::size_t> own, std::vector<float> low,
             std::vector<float> high, int levels, std::vector<float>& widths) const;
};

/// @p count of the pool's shortest pairs, drawn evenly.
std::vector<float> DifferenceTreeSample::State::vectorsOf(std::size_t count) const
{
  const std::size_t used = std::min(count, most);
  std::vector<float> points(used * static_cast<std::size_t>(rows.wide));
  for (std::size_t i = 0; i < used; ++i) {
    const FeaturePair& pair = pairs[i * count / used];
    const float scale = unit ? 1 / pair.length : 1.0f;
    for (std::int64_t axis = 0; axis < rows.wide; ++axis)
      points[i * static_cast<std::size_t>(rows.wide) + static_cast<std::size_t>(axis)] =
          (rows.of(pair.second)[axis] - rows.of(pair.first)[axis]) * scale;
  }
  return points;
}

/// The sides of the boxes that the sampled points end up in. Where the sample has too few points to
/// go by, the widest side is halved.
void DifferenceTreeSample::State::halve(const std::vector<float>& points,
                                        std::vector<std::size_t> own, std::vector<float> low,
                                        std::vector<float> high, int levels,
                                        std::vector<float>& widths) const
{
  const auto wide = static_cast<std::size_t>(rows.wide);
  for (; levels > 0; --levels) {
    std::size_t widest = 0;
    for (std::size_t axis = 1; axis < static_cast<std::size_t>(axes); ++axis)
      if (high[axis] - low[axis] > high[widest] - low[widest])
        widest = axis;
    if (own.size() < 4) {
      high[widest] = (low[widest] + high[widest]) / 2;
      continue;
    }
    const auto half = own.begin() + static_cast<std::ptrdiff_t>(own.size() / 2);
    std::nth_element(own.begin(), half, own.end(), [&](std::size_t a, std::size_t b) {
      return points[a * wide + widest] < points[b * wide + widest];
    });
    const float border = points[*half * wide + widest];
    std::vector<float> otherLow = low;
    otherLow[widest] = border;
    halve(points, {half, own.end()}, std::move(otherLow), high, levels - 1, widths);
    own.erase(half, own.end());
    high[widest] = border;
  }
  for (const std::size_t point : own)
    for (std::size_t axis = 0; axis < wide; ++axis)
      widths[point * wide + axis] = high[axis] - low[axis];
}

DifferenceTreeSample::DifferenceTreeSample(const CrystalSpace& space, double residual,
                                           bool unitDifferences, double shortestSquare,
                                           std::uint64_t seed)
    : m_state(std::make_unique<State>(space))
{
  State& state = *m_state;
  state.axes = static_cast<int>(space.dimensions());
  state.unit = unitDifferences;
  state.limit = static_cast<float>(residual);
  std::vector<FeatureId> ids;
  for (std::size_t i = 0; i < space.used.size(); ++i)
    if (space.used[i])
      ids.push_back(static_cast<FeatureId>(i));
  Random random = Random::forPart(seed, 0x7EE);
  for (std::size_t i = 0; i < 8 * State::pool && state.pairs.size() < State::pool; ++i) {
    FeaturePair pair{ids[random.below(ids.size())], ids[random.below(ids.size())], 0.0f};
    double square = 0.0;
    for (std::int64_t axis = 0; axis < state.rows.wide; ++axis) {
      const double value = static_cast<double>(state.rows.of(pair.second)[axis]) -
                           static_cast<double>(state.rows.of(pair.first)[axis]);
      square += value * value;
    }
    pair.length = static_cast<float>(std::sqrt(square));
    if (!(square > 0) || square < shortestSquare)
      continue;
    if (state.rows.of(pair.second)[state.rows.strongest] <
        state.rows.of(pair.first)[state.rows.strongest])
      std::swap(pair.first, pair.second);
    state.pairs.push_back(pair);
  }
  std::sort(state.pairs.begin(), state.pairs.end(), [](const FeaturePair& a, const FeaturePair& b) {
    return std::tuple(a.length, a.first, a.second) < std::tuple(b.length, b.first, b.second);
  });
  state.places.resize(State::most * static_cast<std::size_t>(state.rows.wide));
  for (float& place : state.places)
    place = static_cast<float>(random.uniform());
}

DifferenceTreeSample::~DifferenceTreeSample() = default;
DifferenceTreeSample::DifferenceTreeSample(DifferenceTreeSample&&) noexcept = default;

DifferenceTreeSample::Cost DifferenceTreeSample::of(double pairs, double longestSquare) const
{
  const State& state = *m_state;
  const auto wide = static_cast<std::size_t>(state.rows.wide);
  const auto end = std::upper_bound(
      state.pairs.begin(), state.pairs.end(), std::sqrt(longestSquare),
      [](double longest, const FeaturePair& pair) { return longest < pair.length; });
  const auto within = static_cast<std::size_t>(end - state.pairs.begin());
  Cost cost;
  if (within < 16 || pairs < 2) {
    cost.comparisons = pairs * pairs / 2;
    return cost;
  }
  const std::vector<float> points = state.vectorsOf(within);
  const std::size_t count = points.size() / wide;
  std::vector<float> low(wide, 0.0f), high(wide, 0.0f), widths(points.size(), 0.0f);
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(i);
    for (std::size_t axis = 0; axis < wide; ++axis) {
      const float value = points[i * wide + axis];
      low[axis] = i == 0 ? value : std::min(low[axis], value);
      high[axis] = i == 0 ? value : std::max(high[axis], value);
    }
  }
  const int levels =
      std::max(0, static_cast<int>(std::ceil(std::log2(pairs / static_cast<double>(leafSize)))));
  state.halve(points, all, low, high, levels, widths);

  std::vector<float> boxLow(points.size()), boxHigh(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    boxLow[i] = points[i] - state.places[i] * widths[i];
    boxHigh[i] = boxLow[i] + widths[i];
  }

  // Squared distances of sampled points, few of them within δ: their law for small distances r is
  // r to the power of the dimensions (directions: one less).
  std::vector<std::int64_t> near(count, 0);
  std::vector<std::vector<float>> distances(count);
  parallelFor(static_cast<std::int64_t>(count), 64, [&](std::int64_t begin, std::int64_t finish) {
    for (std::int64_t i = begin; i < finish; ++i) {
      const auto own = static_cast<std::size_t>(i);
      for (std::size_t j = 0; j < count; ++j) {
        if (j == own)
          continue;
        const float* point = points.data() + j * wide;
        near[own] += gapBetween(boxLow.data() + own * wide, boxHigh.data() + own * wide,
                                boxLow.data() + j * wide, boxHigh.data() + j * wide,
                                state.rows.wide) <= state.limit;
        const float* self = points.data() + own * wide;
        distances[own].push_back(gapBetween(point, point, self, self, state.rows.wide));
      }
      std::vector<float>& list = distances[own];
      const std::size_t kept = std::min<std::size_t>(list.size(), 8);
      std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(kept), list.end());
      list.resize(kept);
    }
  });
  const double tried = static_cast<double>(count) * static_cast<double>(count - 1);
  double hits = 0.0;
  std::vector<float> nearest;
  for (std::size_t i = 0; i < count; ++i) {
    hits += static_cast<double>(near[i]);
    nearest.insert(nearest.end(), distances[i].begin(), distances[i].end());
  }
  cost.comparisons = pairs * (pairs / 2 * hits / tried + static_cast<double>(leafSize));
  std::sort(nearest.begin(), nearest.end());
  const auto inside = static_cast<std::size_t>(
      std::upper_bound(nearest.begin(), nearest.end(), state.limit) - nearest.begin());
  constexpr std::size_t enough = 64;
  const std::size_t seen = std::min(std::max(inside, enough), nearest.size());
  double share = static_cast<double>(seen) / tried;
  if (seen > inside)
    share *= std::pow(static_cast<double>(state.limit / nearest[seen - 1]),
                      static_cast<double>(state.axes - (state.unit ? 1 : 0)) / 2);
  cost.matches = pairs * pairs / 2 * share;
  return cost;
}

}  // namespace orrery
