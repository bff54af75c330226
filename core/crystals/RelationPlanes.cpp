#include "core/crystals/RelationPlanes.h"

#include "core/base/Error.h"
#include "core/crystals/Distractors.h"
#include "core/crystals/Lda.h"
#include "core/crystals/Silhouette.h"
#include "core/embedding/Pca.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

namespace orrery {

namespace {

constexpr int crystalsPerRelation = 2;

Eigen::Matrix2Xd firstTwo(const Eigen::MatrixXd& rows)
{
  Eigen::Matrix2Xd plane = Eigen::Matrix2Xd::Zero(2, rows.cols());
  const auto kept = std::min<Eigen::Index>(2, rows.rows());
  plane.topRows(kept) = rows.topRows(kept);
  return plane;
}

Eigen::Matrix2Xd pcaPlane(const Eigen::MatrixXd& vectors, const Progress& progress)
{
  PcaOptions options;
  options.components = 2;
  const Eigen::MatrixXf single = vectors.cast<float>();
  return firstTwo(computePca(single, options, progress).scores.cast<double>());
}

/// Of each class, the mean over its points of (b − a) / max(a, b), with a the distance to the mean
/// of its own class and b to the nearest other mean: a silhouette by means, O(p · classes).
std::vector<double> separationsOf(const Eigen::Matrix2Xd& points,
                                  const std::vector<std::int32_t>& classes, std::size_t count)
{
  Eigen::Matrix2Xd means = Eigen::Matrix2Xd::Zero(2, static_cast<Eigen::Index>(count));
  std::vector<double> members(count, 0.0), sums(count, 0.0);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    means.col(classes[i]) += points.col(static_cast<Eigen::Index>(i));
    members[static_cast<std::size_t>(classes[i])] += 1.0;
  }
  for (std::size_t k = 0; k < count; ++k)
    means.col(static_cast<Eigen::Index>(k)) /= std::max(1.0, members[k]);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    double own = 0.0, other = std::numeric_limits<double>::infinity();
    for (Eigen::Index k = 0; k < means.cols(); ++k) {
      const double distance = (points.col(static_cast<Eigen::Index>(i)) - means.col(k)).norm();
      if (k == classes[i])
        own = distance;
      else
        other = std::min(other, distance);
    }
    const double larger = std::max(own, other);
    sums[static_cast<std::size_t>(classes[i])] += larger > 0.0 ? (other - own) / larger : 0.0;
  }
  for (std::size_t k = 0; k < count; ++k)
    sums[k] /= std::max(1.0, members[k]);
  return sums;
}

}  // namespace

std::vector<Crystal> bestCrystals(const CrystalSpace& space, const Relation& relation, int most,
                                  const Progress& progress)
{
  constexpr std::size_t mostPairs = 40;
  const auto isUsed = [&](FeatureId feature) {
    return space.used[static_cast<std::size_t>(feature)] != 0;
  };
  std::vector<Crystal> candidates;
  const std::size_t pairs = std::min(relation.pairs.size(), mostPairs);
  for (std::size_t i = 0; i < pairs; ++i)
    for (std::size_t j = i + 1; j < pairs; ++j) {
      const auto [a, b] = relation.pairs[i];
      const auto [c, d] = relation.pairs[j];
      if (a != c && a != d && b != c && b != d && a != b && c != d && isUsed(a) && isUsed(b) &&
          isUsed(c) && isUsed(d))
        candidates.push_back({a, b, c, d});
    }
  const auto qualities = measureCrystals(space, candidates, false, progress);
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
    return crystalScore(qualities[x], CrystalMode::Parallelogram) >
           crystalScore(qualities[y], CrystalMode::Parallelogram);
  });
  std::vector<FeatureId> taken;
  std::vector<Crystal> best;
  for (const std::size_t at : order) {
    const auto corners = candidates[at].corners();
    if (static_cast<int>(best.size()) >= most)
      break;
    if (std::any_of(corners.begin(), corners.end(), [&](FeatureId corner) {
          return std::find(taken.begin(), taken.end(), corner) != taken.end();
        }))
      continue;
    taken.insert(taken.end(), corners.begin(), corners.end());
    best.push_back(candidates[at]);
  }
  return best;
}

RelationPlanes relationPlanes(const CrystalSpace& space, const std::vector<Relation>& relations,
                              const Progress& progress)
{
  RelationDifferences differences = relationDifferences(space, relations);
  RelationPlanes planes;
  planes.names = differences.names;
  planes.classes = differences.classes;
  planes.leftOut = differences.leftOut;
  if (planes.names.size() < 2)
    throw Error("The planes need at least two relations with ten pairs each; found " +
                std::to_string(planes.names.size()) + ".");
  const Lda lda = fitLda(differences.differences, differences.classes, {},
                         progress.stage("discriminants", 0.0, 0.5));
  planes.ldaDifferences = firstTwo(ldaTransform(lda, differences.differences, 2));
  planes.pcaDifferences = pcaPlane(differences.differences, progress.stage("components", 0.5, 0.6));
  planes.pcaSilhouette = silhouette(planes.pcaDifferences, planes.classes);
  planes.ldaSilhouette = silhouette(planes.ldaDifferences, planes.classes);
  planes.separations = separationsOf(planes.ldaDifferences, planes.classes, planes.names.size());

  std::map<FeatureId, std::int32_t> words;
  for (std::size_t i = 0; i < differences.pairs.size(); ++i)
    for (const FeatureId word : {differences.pairs[i].first, differences.pairs[i].second})
      words.emplace(word, differences.classes[i]);
  Eigen::MatrixXd vectors(space.dimensions(), static_cast<Eigen::Index>(words.size()));
  for (const auto& [word, number] : words) {
    vectors.col(static_cast<Eigen::Index>(planes.words.size())) =
        space.vectors->col(word).cast<double>();
    planes.words.push_back(word);
    planes.wordClasses.push_back(number);
  }
  planes.pcaWords = pcaPlane(vectors, progress.stage("components of the words", 0.6, 0.7));
  planes.ldaWords = firstTwo(ldaTransform(lda, vectors, 2));
  for (std::size_t i = 0; i < planes.names.size(); ++i)
    for (const Relation& relation : relations)
      if (relation.name == planes.names[i])
        for (const Crystal& crystal : bestCrystals(space, relation, crystalsPerRelation,
                                                   progress.stage("crystals", 0.7, 1.0))) {
          planes.crystals.push_back(crystal);
          planes.crystalClasses.push_back(static_cast<std::int32_t>(i));
        }
  return planes;
}

}  // namespace orrery
