#include "widgets/figure/LayerFigure.h"

#include "widgets/models/FeatureText.h"
#include "widgets/vtk/Palette.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr std::size_t maxNamed = 40;
constexpr qsizetype maxNameLength = 32;

}  // namespace

QStringList axisNames(const Embedding& embedding)
{
  QStringList names;
  if (embedding.method == EmbeddingMethod::Pca)
    for (std::size_t i = 0; i < embedding.explainedVariance.size() && i < 3; ++i)
      names << QStringLiteral("PC%1").arg(i + 1);
  return names;
}

QString layerCaption(const Layer& layer)
{
  if (!layer.embedding)
    return {};
  const QString caption =
      layer.title() + QStringLiteral(". ") + QString::fromStdString(layer.embedding->description);
  return visibleText(caption.toStdString(), 400);
}

std::vector<FeatureId> landmarkFeatures(const Dictionary& dictionary, int count)
{
  std::vector<FeatureId> features;
  const std::int64_t n = dictionary.features();
  if (dictionary.labels.empty() || n == 0)
    return features;
  const std::int64_t step = std::max<std::int64_t>(1, n / std::max(1, count));
  for (std::int64_t id = 0; id < n && static_cast<int>(features.size()) < count; id += step)
    // The first labelled one of each stretch.
    for (std::int64_t next = id; next < std::min(id + step, n); ++next)
      if (!dictionary.labels[static_cast<std::size_t>(next)].empty()) {
        features.push_back(static_cast<FeatureId>(next));
        break;
      }
  return features;
}

QString shortLabel(const Dictionary& dictionary, FeatureId feature)
{
  const QString text = labelText(dictionary, feature);
  return text.size() > maxNameLength ? text.left(maxNameLength - 1) + QStringLiteral("…") : text;
}

std::vector<std::pair<FeatureId, QString>> namedFeatures(const Dictionary& dictionary,
                                                         const LayerView& view,
                                                         const std::vector<FeatureId>& matches)
{
  std::vector<std::pair<FeatureId, QString>> named;
  if (!view.appearance.showLabels)
    return named;
  std::vector<FeatureId> wanted;
  if (view.current != noFeature)
    wanted.push_back(view.current);
  const auto add = [&](const std::vector<FeatureId>& features) {
    for (const FeatureId feature : features) {
      if (wanted.size() >= maxNamed)
        return;
      if (std::find(wanted.begin(), wanted.end(), feature) == wanted.end())
        wanted.push_back(feature);
    }
  };
  add(view.selection);
  if (!view.search.text.empty())
    add(matches);
  else if (view.selection.empty())
    add(landmarkFeatures(dictionary, static_cast<int>(maxNamed)));
  for (const FeatureId feature : wanted)
    named.emplace_back(feature, shortLabel(dictionary, feature));
  return named;
}

std::vector<FeatureId> featuresBeside(const std::vector<FeatureId>& features, std::int64_t n)
{
  std::vector<FeatureId> rest;
  auto next = features.begin();
  for (FeatureId id = 0; id < static_cast<FeatureId>(n); ++id)
    if (next != features.end() && *next == id)
      ++next;
    else
      rest.push_back(id);
  return rest;
}

std::vector<CrystalShape> crystalShapes(const Dictionary& dictionary, const Crystal& crystal,
                                        const std::vector<Crystal>& around, bool dark)
{
  constexpr int rank = 5;  // apart from the colours of the first lobes
  const QColor color = categoryColor(rank, dark);
  std::vector<CrystalShape> shapes;
  for (const Crystal& other : around) {
    CrystalShape dim;
    dim.corners = other.corners();
    dim.color = color;
    shapes.push_back(std::move(dim));
  }
  CrystalShape chosen;
  chosen.corners = crystal.corners();
  for (std::size_t i = 0; i < 4; ++i)
    chosen.names[i] = shortLabel(dictionary, chosen.corners[i]);
  chosen.color = color;
  chosen.chosen = true;
  shapes.push_back(std::move(chosen));
  return shapes;
}

CloudAppearance cloudAppearance(const Appearance& wanted, const FeatureColors& colors,
                                std::int64_t features, bool dark)
{
  CloudAppearance appearance;
  if (colors.colors)
    appearance.colors = *colors.colors;
  appearance.sizes = colors.sizes;
  appearance.pointSize = wanted.pointSize > 0 ? wanted.pointSize : recommendedPointSize(features);
  appearance.opacity = wanted.opacity;
  appearance.defaultColor = dark ? QColor(0x6C, 0xBC, 0xEE) : QColor(0x2B, 0x7B, 0xBA);
  return appearance;
}

FigureRequest layerFigure(const Layer& layer, const LayerView& view,
                          const std::vector<FeatureId>& matches, const FeatureColors& colors,
                          bool dark)
{
  FigureRequest figure;
  const Embedding& embedding = *layer.embedding;
  figure.positions = embedding.positions;
  figure.planar = embedding.dimensions == 2;
  figure.appearance = cloudAppearance(view.appearance, colors, layer.dictionary->features(), dark);
  figure.selection = view.selection;
  if (!view.search.text.empty())
    figure.emphasis = matches;
  figure.labels = namedFeatures(*layer.dictionary, view, matches);
  figure.legend = pictureLegend(colors.legend);
  figure.axisNames = axisNames(embedding);
  figure.caption = layerCaption(layer);
  figure.camera = view.camera;
  return figure;
}

}  // namespace orrery
