// What is selected and what is hovered, for every view at once.
#pragma once

#include "core/base/Types.h"

#include <QObject>
#include <vector>

namespace orrery {

/// The selected features of the current layer, sorted, without repeats, and the hovered and the
/// focused one, if any. Setters return early when nothing changes, so linked views never answer
/// each other for ever. GUI thread only.
class SelectionModel : public QObject {
  Q_OBJECT
 public:
  enum class Mode { Replace, Add, Remove, Toggle, Intersect };
  Q_ENUM(Mode)

  using QObject::QObject;

  [[nodiscard]] const std::vector<FeatureId>& features() const { return m_features; }
  [[nodiscard]] bool contains(FeatureId feature) const;
  [[nodiscard]] FeatureId hovered() const { return m_hovered; }
  /// The one the inspector shows: the last that was added, or noFeature.
  [[nodiscard]] FeatureId current() const { return m_current; }

  /// Sorts, drops repeats, returns early if nothing changed, else emits changed() once. The current
  /// feature stays if still selected, else becomes the first.
  void setFeatures(std::vector<FeatureId> features);
  void setFeatures(std::vector<FeatureId> features, FeatureId current);
  void setHovered(FeatureId feature);

  /// The set that @p mode makes of @p selected and @p features.
  static std::vector<FeatureId> combine(const std::vector<FeatureId>& selected,
                                        std::vector<FeatureId> features, Mode mode);

 signals:
  void changed();
  void hoveredChanged();

 private:
  std::vector<FeatureId> m_features;
  FeatureId m_current = noFeature;
  FeatureId m_hovered = noFeature;
};

}  // namespace orrery
