#include "core/embedding/WeightedGraph.h"

#include "core/base/Parallel.h"

#include <algorithm>
#include <utility>

namespace orrery {
namespace {

constexpr std::int64_t rowsPerChunk = 512;

struct Entry {
  FeatureId id;
  float weight;
};

float joined(float w, float v, EdgeUnion rule)
{
  return rule == EdgeUnion::Mean ? 0.5f * (w + v) : w + v - w * v;
}

/// The incoming edges of every feature, by ascending source: the transpose of the directed graph.
struct Incoming {
  std::vector<std::int64_t> starts;
  std::vector<Entry> entries;
};

template <typename Ids>
Incoming transposed(const Ids& ids, const Eigen::MatrixXf& weights)
{
  const Eigen::Index n = ids.cols();
  Incoming incoming;
  incoming.starts.assign(static_cast<std::size_t>(n) + 1, 0);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index rank = 0; rank < ids.rows(); ++rank)
      if (ids(rank, i) != noFeature && weights(rank, i) > 0.0f)
        ++incoming.starts[static_cast<std::size_t>(ids(rank, i)) + 1];
  for (std::size_t i = 1; i < incoming.starts.size(); ++i)
    incoming.starts[i] += incoming.starts[i - 1];
  incoming.entries.resize(static_cast<std::size_t>(incoming.starts.back()));
  std::vector<std::int64_t> next(incoming.starts.begin(), incoming.starts.end() - 1);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index rank = 0; rank < ids.rows(); ++rank)
      if (ids(rank, i) != noFeature && weights(rank, i) > 0.0f) {
        std::int64_t& at = next[static_cast<std::size_t>(ids(rank, i))];
        incoming.entries[static_cast<std::size_t>(at++)] = {static_cast<FeatureId>(i),
                                                            weights(rank, i)};
      }
  return incoming;
}

}  // namespace

WeightedGraph symmetrized(const Eigen::Matrix<FeatureId, Eigen::Dynamic, Eigen::Dynamic>& ids,
                          const Eigen::MatrixXf& weights, EdgeUnion rule)
{
  const Eigen::Index n = ids.cols();
  const Incoming incoming = transposed(ids, weights);

  // Row i merges its own neighbours, sorted by id, with those that list i.
  const auto mergeRow = [&](Eigen::Index i, std::vector<Entry>& own, auto&& emit) {
    own.clear();
    for (Eigen::Index rank = 0; rank < ids.rows(); ++rank)
      if (ids(rank, i) != noFeature && weights(rank, i) > 0.0f)
        own.push_back({ids(rank, i), weights(rank, i)});
    std::sort(own.begin(), own.end(), [](Entry a, Entry b) { return a.id < b.id; });
    auto mine = own.cbegin();
    auto theirs = incoming.entries.cbegin() + incoming.starts[static_cast<std::size_t>(i)];
    const auto theirEnd =
        incoming.entries.cbegin() + incoming.starts[static_cast<std::size_t>(i) + 1];
    while (mine != own.cend() || theirs != theirEnd) {
      if (theirs == theirEnd || (mine != own.cend() && mine->id < theirs->id)) {
        emit(mine->id, joined(mine->weight, 0.0f, rule));
        ++mine;
      } else if (mine == own.cend() || theirs->id < mine->id) {
        emit(theirs->id, joined(theirs->weight, 0.0f, rule));
        ++theirs;
      } else {
        // The smaller end goes first, so that both ends get the same bits.
        const bool first = i < mine->id;
        emit(mine->id, joined(first ? mine->weight : theirs->weight,
                              first ? theirs->weight : mine->weight, rule));
        ++mine;
        ++theirs;
      }
    }
  };

  WeightedGraph graph;
  graph.starts.assign(static_cast<std::size_t>(n) + 1, 0);
  parallelFor(n, rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Entry> own;
    for (std::int64_t i = begin; i < end; ++i) {
      std::int64_t& count = graph.starts[static_cast<std::size_t>(i) + 1];
      mergeRow(i, own, [&](FeatureId, float) { ++count; });
    }
  });
  for (std::size_t i = 1; i < graph.starts.size(); ++i)
    graph.starts[i] += graph.starts[i - 1];
  graph.ids.resize(static_cast<std::size_t>(graph.starts.back()));
  graph.weights.resize(graph.ids.size());
  parallelFor(n, rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Entry> own;
    for (std::int64_t i = begin; i < end; ++i) {
      auto at = static_cast<std::size_t>(graph.starts[static_cast<std::size_t>(i)]);
      mergeRow(i, own, [&](FeatureId id, float weight) {
        graph.ids[at] = id;
        graph.weights[at] = weight;
        ++at;
      });
    }
  });
  return graph;
}

}  // namespace orrery
