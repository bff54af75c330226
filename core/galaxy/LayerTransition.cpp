#include "core/galaxy/LayerTransition.h"

#include "core/base/Error.h"

#include <algorithm>
#include <limits>

namespace orrery {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// +1 or −1 for each axis, so that matched features lie on the same side.
Eigen::Vector3f mirrored(const Positions& first, const Positions& second,
                         const LayerTransition& transition)
{
  Eigen::Vector3d together = Eigen::Vector3d::Zero();
  for (std::size_t i = 0; i < transition.from.size(); ++i) {
    const auto a = first.col(transition.from[i]), b = second.col(transition.to[i]);
    if (a.allFinite() && b.allFinite())
      together += a.cast<double>().cwiseProduct(b.cast<double>());
  }
  return (together.array() < 0.0).select(Eigen::Vector3f::Constant(-1.0f), Eigen::Vector3f::Ones());
}

}  // namespace

LayerTransition matchLayers(const Dictionary& first, const Dictionary& second,
                            const FeatureMatchOptions& options, const Progress& progress)
{
  const UsableFeatures a = usableFeatures(first), b = usableFeatures(second);
  LayerTransition transition;
  transition.options = options;
  const FeatureMatching matching =
      matchFeatures(*a.decoder, *b.decoder, {}, options, progress.stage("Matching", 0.0, 0.7));
  transition.nullThreshold = matching.nullThreshold;
  transition.bestOfFirst.assign(static_cast<std::size_t>(first.features()), nan);
  transition.bestOfSecond.assign(static_cast<std::size_t>(second.features()), nan);
  for (const FeatureMatch& match : matching.matches) {
    if (match.to == noFeature)
      continue;
    const FeatureId from = a.id(match.from);
    transition.bestOfFirst[static_cast<std::size_t>(from)] = match.cosine;
    if (match.matched) {
      transition.from.push_back(from);
      transition.to.push_back(b.id(match.to));
      transition.cosines.push_back(match.cosine);
    }
  }
  const BestCosines back =
      bestCosines(*b.decoder, *a.decoder, progress.stage("Matching back", 0.7, 1.0));
  for (std::size_t i = 0; i < back.ids.size(); ++i)
    if (back.ids[i] != noFeature)
      transition.bestOfSecond[static_cast<std::size_t>(b.id(static_cast<FeatureId>(i)))] =
          back.cosines[i];
  return transition;
}

MorphedCloud morphClouds(const Positions& first, const Positions& second,
                         const LayerTransition& transition, double share)
{
  if (first.cols() != static_cast<Eigen::Index>(transition.bestOfFirst.size()) ||
      second.cols() != static_cast<Eigen::Index>(transition.bestOfSecond.size()))
    throw Error("the clouds do not fit the matching (expected " +
                std::to_string(transition.bestOfFirst.size()) + " and " +
                std::to_string(transition.bestOfSecond.size()) + " features, found " +
                std::to_string(first.cols()) + " and " + std::to_string(second.cols()) + ")");
  const auto way = static_cast<float>(std::clamp(share, 0.0, 1.0));
  const Eigen::Vector3f mirror = mirrored(first, second, transition);
  const auto pairs = static_cast<Eigen::Index>(transition.from.size());
  std::vector<bool> ofFirst(transition.bestOfFirst.size()),
      ofSecond(transition.bestOfSecond.size());
  MorphedCloud cloud;
  const Eigen::Index count = first.cols() + second.cols() - pairs;
  cloud.positions.resize(3, count);
  cloud.presence.reserve(static_cast<std::size_t>(count));
  cloud.cosines.reserve(static_cast<std::size_t>(count));
  Eigen::Index at = 0;
  for (std::size_t i = 0; i < transition.from.size(); ++i) {
    const FeatureId from = transition.from[i], to = transition.to[i];
    ofFirst[static_cast<std::size_t>(from)] = ofSecond[static_cast<std::size_t>(to)] = true;
    cloud.positions.col(at++) =
        (1.0f - way) * first.col(from) + way * mirror.cwiseProduct(second.col(to));
    cloud.presence.push_back(1.0f);
    cloud.cosines.push_back(transition.cosines[i]);
  }
  for (FeatureId id = 0; id < first.cols(); ++id)
    if (!ofFirst[static_cast<std::size_t>(id)]) {
      cloud.positions.col(at++) = first.col(id);
      cloud.presence.push_back(1.0f - way);
      cloud.cosines.push_back(transition.bestOfFirst[static_cast<std::size_t>(id)]);
    }
  for (FeatureId id = 0; id < second.cols(); ++id)
    if (!ofSecond[static_cast<std::size_t>(id)]) {
      cloud.positions.col(at++) = mirror.cwiseProduct(second.col(id));
      cloud.presence.push_back(way);
      cloud.cosines.push_back(transition.bestOfSecond[static_cast<std::size_t>(id)]);
    }
  return cloud;
}

}  // namespace orrery
