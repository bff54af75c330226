#include "core/galaxy/FeatureFollowing.h"

#include "core/base/Error.h"

#include <algorithm>
#include <string>

namespace orrery {
namespace {

/// Matching works on finite columns; ids of the dictionary are kept outside of it.
FollowedLayer step(const Dictionary& from, const FollowedLayer& here, const Dictionary& to,
                   std::size_t toIndex, const FeatureMatchOptions& options,
                   const Progress& progress)
{
  FollowedLayer next;
  next.layer = toIndex;
  next.features.assign(here.features.size(), noFeature);
  next.cosines.assign(here.features.size(), 0.0f);
  const UsableFeatures first = usableFeatures(from), second = usableFeatures(to);
  std::vector<FeatureId> columns;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < here.features.size(); ++i) {
    if (here.features[i] == noFeature)
      continue;
    const std::int64_t column = first.columnOf(here.features[i]);
    if (column < 0)
      continue;
    columns.push_back(static_cast<FeatureId>(column));
    places.push_back(i);
  }
  if (columns.empty())
    return next;
  const FeatureMatching matching =
      matchFeatures(*first.decoder, *second.decoder, columns, options, progress);
  next.nullThreshold = matching.nullThreshold;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const FeatureMatch& match = matching.matches[i];
    next.cosines[places[i]] = match.cosine;
    if (match.matched)
      next.features[places[i]] = second.id(match.to);
  }
  next.found = matching.matched;
  return next;
}

void addLabels(const Dictionary& dictionary, FollowedLayer& layer)
{
  layer.labels.assign(layer.features.size(), {});
  if (dictionary.labels.empty())
    return;
  for (std::size_t i = 0; i < layer.features.size(); ++i)
    if (layer.features[i] != noFeature)
      layer.labels[i] = dictionary.labels[static_cast<std::size_t>(layer.features[i])];
}

}  // namespace

FollowedFeatures followFeatures(LayerCache& cache, std::size_t start,
                                const std::vector<FeatureId>& ids,
                                const FeatureMatchOptions& options, const Progress& progress)
{
  const std::size_t count = cache.layers().size();
  if (start >= count)
    throw Error("there is no layer " + std::to_string(start) + " in the series of " +
                std::to_string(count));
  const auto startDictionary = cache.dictionary(start, progress);
  for (const FeatureId id : ids)
    if (id < 0 || id >= startDictionary->features())
      throw Error(startDictionary->name + ": has no feature " + std::to_string(id) +
                  " (expected 0 to " + std::to_string(startDictionary->features() - 1) + ")");
  FollowedFeatures followed;
  followed.start = start;
  followed.layers.resize(count);
  FollowedLayer& origin = followed.layers[start];
  origin.layer = start;
  origin.features = ids;
  origin.cosines.assign(ids.size(), 1.0f);
  origin.found = static_cast<std::int64_t>(ids.size());
  addLabels(*startDictionary, origin);
  const auto steps = static_cast<double>(std::max<std::size_t>(1, count - 1));
  double done = 0;
  const auto advance = [&](std::size_t here, std::size_t next,
                           std::shared_ptr<const Dictionary>& current) {
    const Progress part =
        progress.stage("Layer " + std::to_string(next + 1) + " of " + std::to_string(count),
                       done / steps, (done + 1) / steps);
    done += 1;
    auto other = cache.dictionary(next, part.stage("Reading", 0.0, 0.3));
    followed.layers[next] = step(*current, followed.layers[here], *other, next, options,
                                 part.stage("Matching", 0.3, 1.0));
    addLabels(*other, followed.layers[next]);
    current = std::move(other);
  };
  auto current = startDictionary;
  for (std::size_t i = start; i + 1 < count; ++i)
    advance(i, i + 1, current);
  current = startDictionary;
  for (std::size_t i = start; i > 0; --i)
    advance(i, i - 1, current);
  return followed;
}

}  // namespace orrery
