// What the tests of the maps share.
#pragma once

#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/Neighbors.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace orrery::test {

inline FeatureMatrix unitColumns(FeatureMatrix x)
{
  x.colwise().normalize();
  return x;
}

/// Share of the @p k nearest neighbours that are among the k nearest of the map.
inline double neighborsKept(const Neighbors& neighbors, const Positions& map, int k = 10)
{
  const Eigen::Index n = map.cols();
  std::vector<int> hits(static_cast<std::size_t>(n), 0);
  parallelFor(n, 64, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::pair<float, FeatureId>> others;
    for (std::int64_t i = begin; i < end; ++i) {
      others.clear();
      for (Eigen::Index j = 0; j < n; ++j)
        if (j != i)
          others.emplace_back((map.col(j) - map.col(i)).squaredNorm(), static_cast<FeatureId>(j));
      std::nth_element(others.begin(), others.begin() + (k - 1), others.end());
      for (int a = 0; a < k; ++a)
        for (int b = 0; b < k; ++b)
          hits[static_cast<std::size_t>(i)] +=
              others[static_cast<std::size_t>(a)].second == neighbors.ids(b, i);
    }
  });
  double sum = 0.0;
  for (const int hit : hits)
    sum += hit;
  return sum / (static_cast<double>(n) * k);
}

/// Of the nearest neighbour in the map of every feature: the share that is of the same cluster.
inline double clusterPurity(const Positions& map, const std::vector<std::int32_t>& clusters)
{
  const Eigen::Index n = map.cols();
  int same = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    Eigen::Index nearest = -1;
    float least = std::numeric_limits<float>::infinity();
    for (Eigen::Index j = 0; j < n; ++j)
      if (const float distance = (map.col(j) - map.col(i)).squaredNorm();
          j != i && distance < least) {
        least = distance;
        nearest = j;
      }
    same += nearest >= 0 &&
            clusters[static_cast<std::size_t>(i)] == clusters[static_cast<std::size_t>(nearest)];
  }
  return static_cast<double>(same) / static_cast<double>(n);
}

/// Mean distance between the clusters' centres over the mean distance of a feature to its own.
inline double clusterSeparation(const Positions& map, const std::vector<std::int32_t>& clusters,
                                int count)
{
  Eigen::Matrix3Xd centers = Eigen::Matrix3Xd::Zero(3, count);
  Eigen::VectorXd sizes = Eigen::VectorXd::Zero(count);
  for (Eigen::Index i = 0; i < map.cols(); ++i) {
    centers.col(clusters[static_cast<std::size_t>(i)]) += map.col(i).cast<double>();
    sizes(clusters[static_cast<std::size_t>(i)]) += 1.0;
  }
  for (int c = 0; c < count; ++c)
    centers.col(c) /= std::max(1.0, sizes(c));
  double within = 0.0, between = 0.0;
  for (Eigen::Index i = 0; i < map.cols(); ++i)
    within +=
        (map.col(i).cast<double>() - centers.col(clusters[static_cast<std::size_t>(i)])).norm();
  within /= static_cast<double>(map.cols());
  int pairs = 0;
  for (int a = 0; a < count; ++a)
    for (int b = 0; b < a; ++b, ++pairs)
      between += (centers.col(a) - centers.col(b)).norm();
  return between / pairs / within;
}

inline bool sameBits(const Positions& a, const Positions& b)
{
  return a.cols() == b.cols() &&
         std::equal(a.data(), a.data() + a.size(), b.data(),
                    [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

inline Positions randomPositions(std::int64_t n, int dimensions, double size, std::uint64_t seed)
{
  Random random(seed);
  Positions positions = Positions::Zero(3, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (int axis = 0; axis < dimensions; ++axis)
      positions(axis, i) = static_cast<float>(size * random.normal());
  return positions;
}

}  // namespace orrery::test
