// From a layer and how it is looked at to a figure: for the window and for runs without one alike.
#pragma once

#include "core/crystals/Crystal.h"
#include "core/document/Layer.h"
#include "widgets/figure/Figure.h"
#include "widgets/models/FeatureColors.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace orrery {

/// What the axes mean, where they mean something.
QStringList axisNames(const Embedding& embedding);

/// What the picture shows, in a sentence; empty without a map.
QString layerCaption(const Layer& layer);

/// Up to @p count features whose names stand in the picture when nothing asks for others: evenly
/// over the file.
std::vector<FeatureId> landmarkFeatures(const Dictionary& dictionary, int count);

/// A label as it stands beside its point: cut to 32 characters.
QString shortLabel(const Dictionary& dictionary, FeatureId feature);

/// Names beside points, the most important first: the current feature, the selected ones, then what
/// matches the search or, where nothing is selected or sought, landmarks. At most forty; none if
/// the appearance says so.
std::vector<std::pair<FeatureId, QString>> namedFeatures(const Dictionary& dictionary,
                                                         const LayerView& view,
                                                         const std::vector<FeatureId>& matches);

/// All of @p n features that are not in @p features (ascending).
std::vector<FeatureId> featuresBeside(const std::vector<FeatureId>& features, std::int64_t n);

/// The crystal that is looked at, with its names, and dimly those around it: as the window draws
/// them.
std::vector<CrystalShape> crystalShapes(const Dictionary& dictionary, const Crystal& crystal,
                                        const std::vector<Crystal>& around, bool dark);

/// Colours by @p colors (of colorFeatures), sizes and opacity by the appearance; @p dark says for
/// which theme. Background and foreground are left as they are.
CloudAppearance cloudAppearance(const Appearance& appearance, const FeatureColors& colors,
                                std::int64_t features, bool dark);

/// All of it. Size, background and texts' sizes are the caller's. The layer must have a map.
FigureRequest layerFigure(const Layer& layer, const LayerView& view,
                          const std::vector<FeatureId>& matches, const FeatureColors& colors,
                          bool dark);

}  // namespace orrery
