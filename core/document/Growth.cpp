#include "core/document/Growth.h"

#include "core/document/SelectionModel.h"

#include <algorithm>
#include <utility>

namespace orrery {
std::vector<FeatureId> grownByNeighbors(const Layer& layer, const std::vector<FeatureId>& features,
                                        int k, const Progress& progress)
{
  std::vector<FeatureId> grown = features;
  const Dictionary& dictionary = *layer.dictionary;
  const Metric metric = dictionary.isMap() ? Metric::Euclidean : Metric::Cosine;
  const auto& known = layer.neighbors;
  const bool complete = known && known->count >= k && known->metric == metric &&
                        known->ids.cols() == dictionary.features();
  std::int64_t done = 0;
  for (const FeatureId feature : features) {
    progress.update(done++, static_cast<std::int64_t>(features.size()));
    if (complete) {
      for (int rank = 0; rank < k; ++rank)
        if (const FeatureId near = known->ids(rank, feature); near != noFeature)
          grown.push_back(near);
      continue;
    }
    const auto& bad = dictionary.rows.nonFinite;
    const auto& zero = dictionary.rows.zero;
    if (std::binary_search(bad.begin(), bad.end(), feature) ||
        (metric == Metric::Cosine && std::binary_search(zero.begin(), zero.end(), feature)))
      continue;
    std::vector<FeatureId> excluded = bad;
    excluded.push_back(feature);
    for (const Neighbor& near : nearestTo(*dictionary.decoder, dictionary.decoder->col(feature), k,
                                          metric, excluded, progress))
      grown.push_back(near.feature);
  }
  return SelectionModel::combine({}, std::move(grown), SelectionModel::Mode::Replace);
}

std::vector<FeatureId> grownByCategory(const Column& column, const std::vector<FeatureId>& features)
{
  std::vector<FeatureId> grown = features;
  if (column.kind == Column::Kind::Category) {
    std::vector<bool> wanted(column.categoryNames.size(), false);
    for (const FeatureId feature : features)
      if (const std::int32_t category = column.categories[static_cast<std::size_t>(feature)];
          category >= 0)
        wanted[static_cast<std::size_t>(category)] = true;
    for (std::size_t i = 0; i < column.categories.size(); ++i)
      if (column.categories[i] >= 0 && wanted[static_cast<std::size_t>(column.categories[i])])
        grown.push_back(static_cast<FeatureId>(i));
  }
  return SelectionModel::combine({}, std::move(grown), SelectionModel::Mode::Replace);
}

std::vector<FeatureId> grownByQuadruples(const std::vector<std::array<FeatureId, 4>>& quadruples,
                                         const std::vector<FeatureId>& features)
{
  std::vector<FeatureId> grown = features;
  for (const auto& corners : quadruples)
    if (std::any_of(corners.begin(), corners.end(), [&](FeatureId corner) {
          return std::binary_search(features.begin(), features.end(), corner);
        }))
      grown.insert(grown.end(), corners.begin(), corners.end());
  return SelectionModel::combine({}, std::move(grown), SelectionModel::Mode::Replace);
}

}  // namespace orrery
