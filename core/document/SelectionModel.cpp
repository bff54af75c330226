#include "core/document/SelectionModel.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace orrery {
namespace {

void sortUnique(std::vector<FeatureId>& features)
{
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
}

}  // namespace

bool SelectionModel::contains(FeatureId feature) const
{
  return std::binary_search(m_features.begin(), m_features.end(), feature);
}

void SelectionModel::setFeatures(std::vector<FeatureId> features)
{
  setFeatures(std::move(features), m_current);
}

void SelectionModel::setFeatures(std::vector<FeatureId> features, FeatureId current)
{
  sortUnique(features);
  if (!std::binary_search(features.begin(), features.end(), current))
    current = features.empty() ? noFeature : features.front();
  if (features == m_features && current == m_current)
    return;
  m_features = std::move(features);
  m_current = current;
  emit changed();
}

void SelectionModel::setHovered(FeatureId feature)
{
  if (feature == m_hovered)
    return;
  m_hovered = feature;
  emit hoveredChanged();
}

std::vector<FeatureId> SelectionModel::combine(const std::vector<FeatureId>& selected,
                                               std::vector<FeatureId> features, Mode mode)
{
  sortUnique(features);
  std::vector<FeatureId> result;
  const auto into = std::back_inserter(result);
  switch (mode) {
    case Mode::Replace:
      return features;
    case Mode::Add:
      std::set_union(selected.begin(), selected.end(), features.begin(), features.end(), into);
      break;
    case Mode::Remove:
      std::set_difference(selected.begin(), selected.end(), features.begin(), features.end(), into);
      break;
    case Mode::Toggle:
      std::set_symmetric_difference(selected.begin(), selected.end(), features.begin(),
                                    features.end(), into);
      break;
    case Mode::Intersect:
      std::set_intersection(selected.begin(), selected.end(), features.begin(), features.end(),
                            into);
      break;
  }
  return result;
}

}  // namespace orrery
