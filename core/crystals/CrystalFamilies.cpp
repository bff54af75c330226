#include "core/crystals/CrystalFamilies.h"

#include "core/base/Error.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace orrery {
namespace {

using Vector = Eigen::VectorXd;
using Edge = std::pair<FeatureId, FeatureId>;  ///< Smaller id first.

/// Pairs grown together. `turned` of an edge: whether it runs from its larger id along the family.
struct Group {
  Vector sum;  ///< Of the edges' unit differences, turned.
  std::vector<std::size_t> edges;
};

class Grouping {
 public:
  Grouping(const CrystalSpace& space, double leastCosine)
      : m_space(space), m_leastCosine(leastCosine)
  {
  }

  std::size_t edge(FeatureId from, FeatureId to)
  {
    const Edge key = std::minmax(from, to);
    const auto [place, isNew] = m_numbers.try_emplace(key, m_edges.size());
    if (isNew) {
      m_edges.push_back(key);
      m_turned.push_back(false);
      m_groupOf.push_back(m_groups.size());
      Vector direction = difference(key);
      if (const double length = direction.norm(); length > 0)
        direction /= length;
      m_groups.push_back({std::move(direction), {place->second}});
    }
    return place->second;
  }

  /// One group if their means agree (@p opposite: the second edge runs the other way round).
  void join(std::size_t first, std::size_t second)
  {
    std::size_t a = m_groupOf[first], b = m_groupOf[second];
    if (a == b)
      return;
    const double lengths = m_groups[a].sum.norm() * m_groups[b].sum.norm();
    const double cosine = lengths > 0 ? m_groups[a].sum.dot(m_groups[b].sum) / lengths : 0.0;
    if (std::abs(cosine) < m_leastCosine)
      return;
    if (m_groups[a].edges.size() < m_groups[b].edges.size())
      std::swap(a, b);
    m_groups[a].sum += cosine < 0 ? Vector(-m_groups[b].sum) : m_groups[b].sum;
    for (const std::size_t edge : m_groups[b].edges) {
      m_groupOf[edge] = a;
      if (cosine < 0)
        m_turned[edge] = !m_turned[edge];
      m_groups[a].edges.push_back(edge);
    }
    m_groups[b].edges.clear();
    m_groups[b].sum.resize(0);
  }

  [[nodiscard]] std::size_t groupOf(std::size_t edge) const { return m_groupOf[edge]; }
  [[nodiscard]] std::size_t size(std::size_t group) const { return m_groups[group].edges.size(); }
  [[nodiscard]] std::size_t groups() const { return m_groups.size(); }
  [[nodiscard]] bool runsFrom(std::size_t edge, FeatureId feature) const
  {
    return (m_edges[edge].first == feature) != m_turned[edge];
  }

  [[nodiscard]] CrystalFamily family(std::size_t group) const
  {
    CrystalFamily family;
    const auto& edges = m_groups[group].edges;
    Vector mean = Vector::Zero(m_space.dimensions());
    std::vector<Vector> differences;
    for (const std::size_t edge : edges) {
      differences.push_back(m_turned[edge] ? Vector(-difference(m_edges[edge]))
                                           : difference(m_edges[edge]));
      mean += differences.back() / static_cast<double>(edges.size());
    }
    family.functionVector = mean.cast<float>();
    std::vector<double> cosines, lengths;
    for (const Vector& x : differences) {
      const double product = x.norm() * mean.norm();
      cosines.push_back(product > 0 ? x.dot(mean) / product : 0.0);
      lengths.push_back(x.norm());
    }
    const auto count = static_cast<double>(edges.size());
    family.cosine = std::accumulate(cosines.begin(), cosines.end(), 0.0) / count;
    const double length = std::accumulate(lengths.begin(), lengths.end(), 0.0) / count;
    double squares = 0.0;
    for (const double value : lengths)
      squares += (value - length) * (value - length);
    family.lengthSpread =
        edges.size() > 1 && length > 0 ? std::sqrt(squares / (count - 1)) / length : 0.0;
    std::vector<std::size_t> order(edges.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
      return cosines[x] != cosines[y] ? cosines[x] > cosines[y]
                                      : m_edges[edges[x]] < m_edges[edges[y]];
    });
    for (const std::size_t i : order) {
      const Edge& edge = m_edges[edges[i]];
      family.pairs.push_back(m_turned[edges[i]] ? Edge(edge.second, edge.first) : edge);
    }
    return family;
  }

 private:
  [[nodiscard]] Vector difference(const Edge& edge) const
  {
    return m_space.vectors->col(edge.second).cast<double>() -
           m_space.vectors->col(edge.first).cast<double>();
  }

  const CrystalSpace& m_space;
  double m_leastCosine;
  std::map<Edge, std::size_t> m_numbers;
  std::vector<Edge> m_edges;
  std::vector<char> m_turned;
  std::vector<std::size_t> m_groupOf;
  std::vector<Group> m_groups;
};

}  // namespace

std::vector<CrystalFamily> groupFamilies(const CrystalSpace& space,
                                         std::vector<FoundCrystal>& found, CrystalMode mode,
                                         const CrystalFamilyOptions& options,
                                         const Progress& progress)
{
  if (!(options.leastCosine > 0 && options.leastCosine <= 1))
    throw Error("families need a least cosine above 0 and up to 1");
  const bool both = mode == CrystalMode::Parallelogram;
  Grouping grouping(space, options.leastCosine);
  for (const FoundCrystal& one : found) {
    progress.checkStopped();
    const Crystal& x = one.crystal;
    grouping.join(grouping.edge(x.a, x.b), grouping.edge(x.c, x.d));
    if (both)
      grouping.join(grouping.edge(x.a, x.c), grouping.edge(x.b, x.d));
  }
  std::vector<std::vector<std::int32_t>> members(grouping.groups());
  for (std::size_t i = 0; i < found.size(); ++i) {
    Crystal& x = found[i].crystal;
    std::size_t side = grouping.edge(x.a, x.b);
    if (both) {
      const std::size_t other = grouping.edge(x.a, x.c);
      if (grouping.size(grouping.groupOf(other)) > grouping.size(grouping.groupOf(side))) {
        std::swap(x.b, x.c);
        side = other;
      }
    }
    if (!grouping.runsFrom(side, x.a)) {
      std::swap(x.a, x.b);
      std::swap(x.c, x.d);
    }
    members[grouping.groupOf(side)].push_back(static_cast<std::int32_t>(i));
  }
  std::vector<std::size_t> order;
  for (std::size_t group = 0; group < members.size(); ++group)
    if (!members[group].empty())
      order.push_back(group);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return members[a].size() != members[b].size() ? members[a].size() > members[b].size()
                                                  : members[a].front() < members[b].front();
  });
  std::vector<CrystalFamily> families;
  for (const std::size_t group : order) {
    progress.checkStopped();
    CrystalFamily family = grouping.family(group);
    family.crystals = members[group];
    for (const std::int32_t crystal : family.crystals)
      found[static_cast<std::size_t>(crystal)].family = static_cast<std::int32_t>(families.size());
    families.push_back(std::move(family));
  }
  return families;
}

}  // namespace orrery
