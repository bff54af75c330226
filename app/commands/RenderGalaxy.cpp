#include "app/commands/RenderGalaxy.h"

#include "core/base/Error.h"
#include "core/document/GalaxyState.h"
#include "core/galaxy/LayerAnalysis.h"
#include "core/galaxy/LayerSeries.h"
#include "core/io/ByteSource.h"
#include "widgets/views/CloudRow.h"
#include "widgets/views/GalaxyView.h"

#include <QJsonDocument>

#include <cmath>

namespace orrery {
namespace {

constexpr std::size_t mostClouds = 5;

/// Evenly over all, both ends with them.
std::vector<LayerSource> spreadOver(const std::vector<LayerSource>& layers)
{
  if (layers.size() <= mostClouds)
    return layers;
  std::vector<LayerSource> chosen;
  for (std::size_t i = 0; i < mostClouds; ++i)
    chosen.push_back(
        layers[(2 * i * (layers.size() - 1) + mostClouds - 1) / (2 * (mostClouds - 1))]);
  return chosen;
}

RowCloud cloudOf(const Dictionary& dictionary, const LayerSource& source,
                 const LayerAnalysisOptions& options, const Progress& progress)
{
  LayerCloud found = computeLayerCloud(dictionary, options, progress);
  RowCloud cloud;
  const Origin& origin = source.origin;
  cloud.title = origin.layer ? QStringLiteral("Layer %1").arg(*origin.layer)
                             : QString::fromStdString(source.name);
  if (origin.l0)
    cloud.title += QStringLiteral(", L0 %1").arg(*origin.l0);
  cloud.positions = Positions::Zero(3, dictionary.features());
  cloud.variances = Eigen::Vector3d::Zero();
  const Eigen::Index count = std::min<Eigen::Index>(3, found.scores.rows());
  cloud.positions.topRows(count) = found.scores.topRows(count);
  cloud.variances.head(count) = found.variances.head(count);
  return cloud;
}

/// The layers of a session as the galaxy view lists them, what somebody corrected included.
LayerListing listed(const SessionFigure& session)
{
  LayerListing listing;
  for (const auto& dictionary : session.layers) {
    LayerSource source;
    source.path = dictionary->source.path;
    source.name = dictionary->name;
    source.origin = dictionary->origin;
    source.features = dictionary->features();
    source.dimensions = dictionary->dimensions();
    source.open = dictionary;
    listing.layers.push_back(std::move(source));
  }
  const GalaxyState state = galaxyState(session.part("galaxy_layers"));
  const auto open = static_cast<int>(listing.layers.size());
  for (const KeptOrigin& kept : state.origins) {
    if (kept.open < 0 || kept.open >= open || state.openLayers != open)
      continue;
    Origin& origin = listing.layers[static_cast<std::size_t>(kept.open)].origin;
    origin.layer = kept.layer;
    origin.width = kept.width;
    origin.l0 = kept.l0;
  }
  sortLayers(listing.layers);
  return listing;
}

}  // namespace

CommandOutput renderGalaxy(const CommandContext& context, const std::optional<Camera>& camera,
                           double dpi, const std::filesystem::path& output,
                           const SessionFigure* session)
{
  const Arguments& arguments = context.arguments;
  CommandOutput result;
  GalaxyLook look;
  if (session)
    look = galaxyLook(
        QJsonDocument::fromJson(QByteArray::fromStdString(session->part("galaxy"))).object());
  look.analysis.components = 3;
  ReadOptions reading = readOptions(arguments);
  reading.compareEncoder = false;
  reading.withoutLabels = true;
  reading.labels.reset();
  const LayerListing listing = session ? listed(*session)
                                       : listLayers(arguments.files(), reading,
                                                    context.progress.stage("Listing", 0.0, 0.05));
  result.notes = listing.notes;
  const std::vector<LayerSource> chosen = spreadOver(listing.layers);
  if (chosen.size() < listing.layers.size())
    result.notes.push_back(std::to_string(chosen.size()) + " of " +
                           std::to_string(listing.layers.size()) +
                           " layers are drawn, evenly over all.");
  for (const std::string& warning : layerWarnings(listing.layers))
    result.notes.push_back("warning: " + warning);

  LayerCache cache(chosen, 0);
  std::vector<RowCloud> clouds;
  const auto share = [&](std::size_t i) {
    return 0.05 + 0.85 * static_cast<double>(i) / static_cast<double>(chosen.size());
  };
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const Progress part = context.progress.stage("Layer", share(i), share(i + 1));
    const auto dictionary = cache.dictionary(i, part.stage("Reading", 0.0, 0.4));
    clouds.push_back(
        cloudOf(*dictionary, chosen[i], look.analysis, part.stage("Components", 0.4, 1.0)));
  }
  CloudRowOptions options;
  options.camera = camera ? camera : look.camera;
  const std::string variant = arguments.choice("variant", "textbook", {"textbook", "published"});
  options.published = arguments.has("variant") ? variant == "published" : look.published;
  const double width = arguments.number("width-mm", 170, 1, 5000);
  const double height =
      arguments.number("height-mm", cloudRowHeight(width, clouds.size()), 1, 5000);
  context.progress.checkStopped();
  writeCloudRow(clouds, options, output, width, height, dpi);

  const auto pixels = [&](double mm) {
    return static_cast<std::int64_t>(std::lround(mm / 25.4 * dpi));
  };
  result.json["file"] = output.native();
  result.json["width_px"] = pixels(width);
  result.json["height_px"] = pixels(height);
  result.json["dpi"] = dpi;
  result.json["view"] = "galaxy";
  result.text = displayName(output) + ": the clouds of " + std::to_string(clouds.size()) +
                " layers on the same axes, " +
                (options.published ? "as published" : "true to scale") + "\n";
  return result;
}

}  // namespace orrery
