#include "app/commands/RenderPanels.h"

#include "app/commands/FigureSession.h"
#include "core/base/Error.h"
#include "core/dictionary/LabelIndex.h"
#include "core/document/CrystalState.h"
#include "core/document/LabelMatches.h"
#include "core/document/SelectionModel.h"
#include "core/document/Session.h"
#include "core/embedding/Pca.h"
#include "core/io/BoundedJson.h"
#include "core/io/ByteSource.h"
#include "widgets/figure/FigureSheet.h"
#include "widgets/figure/LayerFigure.h"
#include "widgets/figure/PictureSession.h"
#include "widgets/figure/Turntable.h"
#include "widgets/models/FeatureText.h"
#include "widgets/vtk/CameraMotion.h"
#include "widgets/vtk/Palette.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace orrery {
namespace {

using Panel = nlohmann::json;

constexpr std::size_t mostPanels = 26;
constexpr std::uint64_t mostLayoutBytes = 1u << 20;

/// A dictionary and its map, as a panel wants them.
struct Source {
  Layer layer;
  LayerView view;
  LayerAnnotations annotations;
  std::set<std::string> computed;
  bool ofSession = false;
  bool shown = false;  ///< By a panel: the first to do so says how it is looked at.
};

class Sources {
 public:
  Sources(const CommandContext& context, CommandOutput& output)
      : m_context(context), m_output(output)
  {
  }

  /// All layers of a session.
  std::vector<Source>& session(const std::filesystem::path& path)
  {
    const auto known = m_sessions.find(path);
    if (known != m_sessions.end())
      return known->second;
    const std::string name = displayName(path);
    const Session session = isPicture(path)
                                ? readSessionText(sessionOfPicture(path), name, path.parent_path())
                                : readSession(path, m_context.progress);
    for (const std::string& note : session.notes)
      m_output.notes.push_back("warning: " + note);
    if (!m_window && session.parts.count("window"))
      m_window = nlohmann::json::parse(session.parts.at("window"), nullptr, false);
    if (m_sessions.empty()) {
      m_parts = session.parts;
      m_current = session.current;
    }
    const auto folder = std::filesystem::absolute(path).parent_path();
    std::vector<Source>& layers = m_sessions[path];
    for (std::size_t i = 0; i < session.layers.size(); ++i) {
      const SessionLayer& kept = session.layers[i];
      const auto place = kept.hasFile() ? placeOf(kept.input, folder) : std::filesystem::path();
      if (!place)
        throw Error(name + ": " + displayName(kept.input.absolute) + ", an input, is missing");
      if (place->native().starts_with("//"))
        throw Error(name + ": asks for " + displayName(*place) +
                    ", which lies on the network; open the session in the window first");
      std::optional<std::filesystem::path> labels;
      if (kept.labels)
        labels = placeOf(*kept.labels, folder);
      RestoredLayer restored = restoreLayer(kept, *place, labels, m_context.progress);
      for (const std::string& warning : restored.warnings)
        m_output.notes.push_back("warning: " + warning);
      Source source;
      source.layer.dictionary = restored.dictionary;
      source.layer.embedding = restored.embedding;
      source.view = restored.view;
      source.annotations = std::move(restored.annotations);
      source.computed = std::move(restored.computed);
      source.ofSession = true;
      layers.push_back(std::move(source));
    }
    if (layers.empty())
      throw Error(name + ": holds no layers");
    m_shown[path] = std::min(session.current, layers.size() - 1);
    return layers;
  }

  /// The one that the session shows.
  Source& shown(const std::filesystem::path& path)
  {
    std::vector<Source>& layers = session(path);
    return layers[m_shown.at(path)];
  }

  Source& file(const std::filesystem::path& path)
  {
    const auto known = m_files.find(path);
    if (known != m_files.end())
      return known->second;
    ReadOptions options;
    // The command's own options are about the command's own file.
    if (path == m_context.arguments.files().front())
      options = readOptions(m_context.arguments);
    options.maxMemory = m_context.arguments.maxMemory();
    auto dictionary =
        std::make_shared<const Dictionary>(readDictionary(path, options, m_context.progress));
    for (const std::string& warning : dictionary->warnings)
      m_output.notes.push_back("warning: " + warning);
    m_files[path].layer.dictionary = std::move(dictionary);
    return m_files[path];
  }

  /// Pixels of the window in which the session was saved; 0 if it does not say.
  [[nodiscard]] double windowSide(const char* side) const
  {
    if (!m_window || !m_window->is_object() || !m_window->contains("cloud"))
      return 0.0;
    const auto& cloud = (*m_window)["cloud"];
    if (!cloud.is_object() || !cloud.contains(side) || !cloud[side].is_number())
      return 0.0;
    const double pixels = cloud[side].get<double>();
    return pixels >= 50 && pixels <= 20000 ? pixels : 0.0;
  }

  /// The session that a picture of @p first and others carries.
  [[nodiscard]] std::map<QString, QString> metadata(const Source* first,
                                                    std::map<std::string, std::string> parts) const
  {
    std::vector<ShownLayer> layers;
    std::size_t current = 0;
    const auto add = [&](const Source& source) {
      if (&source == first)
        current = layers.size();
      if (source.layer.embedding)
        layers.push_back({source.layer.dictionary, source.layer.embedding, source.view,
                          source.annotations, source.computed});
    };
    for (const auto& [path, sources] : m_sessions)
      for (const Source& source : sources)
        add(source);
    for (const auto& [path, source] : m_files)
      add(source);
    if (m_window && m_window->is_object())
      parts["window"] = m_window->dump();
    return figureSession(layers, current, std::move(parts));
  }

  /// Of the first session.
  [[nodiscard]] const std::map<std::string, std::string>& parts() const { return m_parts; }
  [[nodiscard]] std::size_t current() const { return m_current; }

  static bool isPicture(const std::filesystem::path& path) { return path.extension() == ".png"; }
  static bool isSession(const std::filesystem::path& path)
  {
    return isPicture(path) || looksLikeSession(path);
  }

 private:
  const CommandContext& m_context;
  CommandOutput& m_output;
  std::map<std::filesystem::path, std::vector<Source>> m_sessions;
  std::map<std::filesystem::path, Source> m_files;
  std::optional<nlohmann::json> m_window;
  std::map<std::filesystem::path, std::size_t> m_shown;
  std::map<std::string, std::string> m_parts;
  std::size_t m_current = 0;
};

/// The layout as it is written, each value looked at before it is used.
class Layout {
 public:
  explicit Layout(const std::filesystem::path& path) : m_path(path)
  {
    const ByteSource source(path);
    if (source.size() > mostLayoutBytes)
      source.fail("is too large for a layout of panels");
    std::string text(source.size(), '\0');
    source.read(0, text.data(), text.size());
    m_json = parseBoundedJson(text, "the layout",
                              [&](const std::string& message) { source.fail(message); });
    if (!m_json.is_object() || !m_json.contains("panels") || !m_json["panels"].is_array() ||
        m_json["panels"].empty() || m_json["panels"].size() > mostPanels)
      fail("needs \"panels\": a list of 1 to " + std::to_string(mostPanels) + " objects");
    checkKeys(m_json,
              {"width_mm", "height_mm", "dpi", "columns", "gap_mm", "letters", "font_points",
               "background", "panels"},
              "the layout");
  }

  [[nodiscard]] const Panel& root() const { return m_json; }
  [[nodiscard]] const Panel& panels() const { return m_json["panels"]; }
  [[nodiscard]] std::filesystem::path beside(const std::string& name) const
  {
    const std::filesystem::path path(name);
    return path.is_absolute() ? path : m_path.parent_path() / path;
  }

  [[noreturn]] void fail(const std::string& message) const
  {
    throw Error(displayName(m_path) + ": " + message);
  }
  void checkKeys(const Panel& object, const std::vector<std::string_view>& known,
                 const std::string& where) const
  {
    if (!object.is_object())
      fail(where + ": expected an object");
    for (const auto& [key, value] : object.items())
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        const auto nearest = nearestWord(key, known);
        fail(where + " has an unknown key '" + displayText(key) + "'" +
             (nearest ? " (did you mean '" + *nearest + "'?)" : ""));
      }
  }
  [[nodiscard]] std::string text(const Panel& object, const char* key) const
  {
    if (!object.contains(key))
      return {};
    if (!object[key].is_string())
      fail(std::string("'") + key + "': expected a text");
    return object[key].get<std::string>();
  }
  [[nodiscard]] double number(const Panel& object, const char* key, double otherwise, double least,
                              double most) const
  {
    if (!object.contains(key))
      return otherwise;
    if (!object[key].is_number() || !(object[key].get<double>() >= least) ||
        !(object[key].get<double>() <= most))
      fail(std::string("'") + key + "': expected a number from " +
           QString::number(least).toStdString() + " to " + QString::number(most).toStdString());
    return object[key].get<double>();
  }
  [[nodiscard]] bool flag(const Panel& object, const char* key, bool otherwise) const
  {
    if (!object.contains(key))
      return otherwise;
    if (!object[key].is_boolean())
      fail(std::string("'") + key + "': expected true or false");
    return object[key].get<bool>();
  }

 private:
  std::filesystem::path m_path;
  Panel m_json;
};

/// Ids of numbers and labels; every one must be there.
std::vector<FeatureId> featuresOf(const Layout& layout, const Panel& list,
                                  const Dictionary& dictionary)
{
  std::vector<FeatureId> features;
  if (!list.is_array())
    layout.fail("'names' and 'select': expected a list of labels and ids");
  const LabelIndex index(dictionary.labels);
  for (const Panel& entry : list) {
    if (entry.is_number_integer() && entry.get<std::int64_t>() >= 0 &&
        entry.get<std::int64_t>() < dictionary.features()) {
      features.push_back(entry.get<FeatureId>());
      continue;
    }
    const FeatureId found =
        entry.is_string() ? index.find(entry.get<std::string>()).feature : noFeature;
    if (found == noFeature)
      layout.fail(dictionary.name + " has no feature " + displayText(entry.dump()));
    features.push_back(found);
  }
  return features;
}

FigureRequest figureOf(const CommandContext& context, Source& source, int dimensions)
{
  Layer& layer = source.layer;
  if (!layer.embedding || (dimensions != 0 && layer.embedding->dimensions != dimensions))
    layer.embedding =
        std::make_shared<const Embedding>(mapOf(*layer.dictionary, dimensions == 0 ? 3 : dimensions,
                                                context.arguments.seed(), context.progress));
  const Appearance& look = source.view.appearance;
  if (!look.colorBy.empty())
    checkColumn(*layer.dictionary, look.colorBy, false);
  if (!look.sizeBy.empty())
    checkColumn(*layer.dictionary, look.sizeBy, true);
  std::vector<FeatureId> matches;
  if (!source.view.search.text.empty())
    matches = labelMatches(*layer.dictionary, source.view.search, context.progress);
  FigureRequest figure = layerFigure(layer, source.view, matches,
                                     colorFeatures(*layer.dictionary, look, false), false);
  if (look.colorBy.empty())
    figure.legend = {};
  return figure;
}

/// Whether the session hides what it would turn grey.
bool hidesRest(const std::map<std::string, std::string>& parts)
{
  const auto rest = parts.find("rest");
  if (rest == parts.end())
    return false;
  const nlohmann::json json = nlohmann::json::parse(rest->second, nullptr, false);
  return json.is_object() && json.contains("hidden") && json["hidden"] == true;
}

/// Greys what the session's filter greys.
void applyFilter(FigureRequest& figure, const Source& source)
{
  const auto& filter = source.annotations.filter;
  const Column* column = filter ? source.layer.dictionary->column(filter->column) : nullptr;
  if (!column)
    return;
  std::vector<FeatureId> lit = featuresInRange(*column, filter->minimum, filter->maximum);
  figure.emphasis = figure.emphasis ? SelectionModel::combine(std::move(lit), *figure.emphasis,
                                                              SelectionModel::Mode::Intersect)
                                    : std::move(lit);
}

/// Lists of four features, a is to b as c is to d, drawn over the points with their names.
std::vector<CrystalShape> crystalsOf(const Layout& layout, const Panel& list,
                                     const Dictionary& dictionary)
{
  if (!list.is_array())
    layout.fail("'crystals': expected lists of four features");
  std::vector<CrystalShape> crystals;
  for (const Panel& entry : list) {
    const std::vector<FeatureId> corners = featuresOf(layout, entry, dictionary);
    if (corners.size() != 4)
      layout.fail("'crystals': expected four features, found " + std::to_string(corners.size()));
    CrystalShape crystal;
    for (std::size_t i = 0; i < 4; ++i) {
      crystal.corners[i] = corners[i];
      crystal.names[i] = labelText(dictionary, corners[i]).left(32);
    }
    constexpr int firstColor = 5;  // as the window's
    crystal.color = categoryColor(firstColor + static_cast<int>(crystals.size()), false);
    crystal.chosen = true;
    crystals.push_back(std::move(crystal));
  }
  return crystals;
}

/// What a panel's camera shall show closely: the crystals, or a list of features. None: the panel
/// does not say.
std::vector<FeatureId> framedFeatures(const Layout& layout, const Panel& panel,
                                      const FigureRequest& figure, const Dictionary& dictionary)
{
  if (!panel.contains("frame"))
    return {};
  if (!panel["frame"].is_string())
    return featuresOf(layout, panel["frame"], dictionary);
  if (layout.text(panel, "frame") != "crystals" || figure.crystals.empty())
    layout.fail(
        "'frame': expected \"crystals\", where there are some, or a list of labels and ids");
  std::vector<FeatureId> corners;
  for (const CrystalShape& crystal : figure.crystals)
    corners.insert(corners.end(), crystal.corners.begin(), crystal.corners.end());
  return corners;
}

/// Looks at @p features from where a crystal shows its plane, else from where the cloud is seen.
void frameFeatures(FigureRequest& figure, const std::vector<FeatureId>& features)
{
  constexpr double room = 1.35;  // for the names
  const double aspect = figure.widthMm / figure.heightMm;
  if (figure.planar) {
    figure.camera = framePlane(figure.positions, features, aspect);
    figure.camera->parallelScale *= room;
    return;
  }
  SceneBounds bounds = boundsOf(figure.positions, features);
  bounds.radius *= room;
  Camera camera = figure.camera.value_or(openingCamera(figure.positions, false, aspect));
  if (!figure.camera && !figure.crystals.empty()) {
    const auto& corners = figure.crystals.front().corners;
    const auto at = [&](std::size_t i) {
      return Eigen::Vector3d(figure.positions.col(corners[i]).cast<double>());
    };
    const Eigen::Vector3d ahead = (camera.position - camera.focalPoint).normalized();
    Eigen::Vector3d normal = (at(1) - at(0)).cross(at(2) - at(0));
    if (normal.allFinite() && normal.norm() > 0) {
      normal.normalize();
      camera.position = camera.focalPoint + (normal.dot(ahead) < 0 ? -normal : normal);
    }
  }
  figure.camera = frameBounds(camera, bounds, aspect);
}

/// true: where it covers no points; false: none; "beside" and "inside".
void placeLegend(const Layout& layout, const Panel& panel, FigureRequest& figure)
{
  if (panel.contains("legend") && panel["legend"].is_string()) {
    const std::string place = layout.text(panel, "legend");
    if (place != "beside" && place != "inside")
      layout.fail("'legend': expected true, false, \"beside\" or \"inside\"");
    figure.legendPlace = place == "beside" ? LegendPlace::Beside : LegendPlace::Inside;
  } else if (!layout.flag(panel, "legend", true)) {
    figure.legend = {};
  }
}

/// The source that a panel shows.
Source& sourceOf(const CommandContext& context, const Layout& layout, const Panel& panel,
                 Sources& sources)
{
  layout.checkKeys(
      panel,
      {"file", "layer", "map", "dimensions", "color_by", "size_by", "title", "legend", "caption",
       "names", "select", "search", "camera", "point_size", "crystals", "frame"},
      "a panel");
  const std::filesystem::path path = panel.contains("file")
                                         ? layout.beside(layout.text(panel, "file"))
                                         : context.arguments.files().front();
  if (!Sources::isSession(path))
    return sources.file(path);
  std::vector<Source>& layers = sources.session(path);
  const std::string name = layout.text(panel, "layer");
  if (name.empty())
    return sources.shown(path);
  const auto named = std::find_if(layers.begin(), layers.end(), [&](const Source& source) {
    return source.layer.dictionary->name == name;
  });
  if (named == layers.end())
    layout.fail(displayName(path) + " has no layer '" + displayText(name) + "'");
  return *named;
}

FigureRequest panelFigure(const CommandContext& context, const Layout& layout, const Panel& panel,
                          Source& found)
{
  Source source = found;  // maps and dictionaries are shared
  if (const std::string map = layout.text(panel, "map"); !map.empty()) {
    ReadOptions options;
    options.withoutLabels = true;
    const Dictionary places = readDictionary(layout.beside(map), options, context.progress);
    if (!places.isMap() || places.features() != source.layer.dictionary->features())
      layout.fail(displayName(layout.beside(map)) + " is no map of " +
                  source.layer.dictionary->name + " (expected " +
                  std::to_string(source.layer.dictionary->features()) +
                  " rows of two or three columns, found " + std::to_string(places.features()) +
                  " × " + std::to_string(places.dimensions()) + ")");
    source.layer.embedding = std::make_shared<const Embedding>(
        mapOf(places, 0, context.arguments.seed(), context.progress));
    source.view.camera.reset();
  }
  const auto dimensions = static_cast<int>(layout.number(panel, "dimensions", 0, 2, 3));
  if (panel.contains("color_by"))
    source.view.appearance.colorBy = layout.text(panel, "color_by");
  if (panel.contains("size_by"))
    source.view.appearance.sizeBy = layout.text(panel, "size_by");
  source.view.appearance.pointSize =
      layout.number(panel, "point_size", source.view.appearance.pointSize, 0.1, 100);
  if (panel.contains("search"))
    source.view.search = {layout.text(panel, "search"), true, false};
  const Dictionary& dictionary = *source.layer.dictionary;
  if (panel.contains("select")) {
    source.view.selection = featuresOf(layout, panel["select"], dictionary);
    std::sort(source.view.selection.begin(), source.view.selection.end());
    source.view.current = noFeature;
  }
  FigureRequest figure = figureOf(context, source, dimensions);
  // The map is kept for the next panel of the same file.
  if (!found.layer.embedding && !panel.contains("map"))
    found.layer.embedding = source.layer.embedding;
  const bool chosen = panel.contains("names") && panel["names"].is_array();
  if (chosen) {
    figure.labels.clear();
    for (const FeatureId feature : featuresOf(layout, panel["names"], dictionary))
      figure.labels.emplace_back(
          feature,
          dictionary.labels.empty()
              ? QStringLiteral("#%1").arg(feature)
              : QString::fromStdString(dictionary.labels[static_cast<std::size_t>(feature)]));
  } else if (!layout.flag(panel, "names", source.ofSession)) {
    figure.labels.clear();
  }
  placeLegend(layout, panel, figure);
  if (panel.contains("crystals"))
    figure.crystals = crystalsOf(layout, panel["crystals"], dictionary);
  if (!layout.flag(panel, "caption", false))
    figure.caption.clear();
  if (panel.contains("camera")) {
    const Panel& numbers = panel["camera"];
    if (!numbers.is_array() || numbers.size() != 10 ||
        !std::all_of(numbers.begin(), numbers.end(), [](const Panel& n) { return n.is_number(); }))
      layout.fail("'camera': expected ten numbers");
    Camera camera;
    for (int i = 0; i < 3; ++i) {
      const auto at = static_cast<std::size_t>(i);
      camera.position[i] = numbers[at].get<double>();
      camera.focalPoint[i] = numbers[at + 3].get<double>();
      camera.viewUp[i] = numbers[at + 6].get<double>();
    }
    camera.parallelScale = numbers[9].get<double>();
    if (camera.position == camera.focalPoint || !(camera.parallelScale > 0))
      layout.fail("'camera': looks nowhere, or has no positive scale");
    figure.camera = source.view.camera = camera;
  }
  if (!found.shown && !found.ofSession) {
    found.view = source.view;
    if (!found.layer.embedding)
      found.layer.embedding = source.layer.embedding;
  }
  found.shown = true;
  return figure;
}

void tell(CommandOutput& result, const FigureEstimate& drawn, double dpi,
          const std::filesystem::path& output, std::size_t panels, const std::string& what)
{
  result.json["file"] = output.native();
  result.json["width_px"] = drawn.pixels.width();
  result.json["height_px"] = drawn.pixels.height();
  result.json["dpi"] = dpi;
  result.json["view"] = "cloud";
  result.json["panels"] = panels;
  result.text = displayName(output) + ": " + std::to_string(drawn.pixels.width()) + " x " +
                std::to_string(drawn.pixels.height()) + " pixels, " + what + "\n";
}

}  // namespace

bool isPanelLayout(const std::filesystem::path& path)
{
  const auto bytes = ByteSource(path).readUpTo(0, 256);
  for (const std::byte byte : bytes) {
    const char letter = static_cast<char>(byte);
    if (letter != ' ' && letter != '\n' && letter != '\r' && letter != '\t')
      return letter == '{';
  }
  return false;
}

Embedding mapOf(const Dictionary& dictionary, int dimensions, std::uint64_t seed,
                const Progress& progress)
{
  if (dictionary.isMap()) {
    Embedding embedding;
    embedding.dimensions = static_cast<int>(dictionary.dimensions());
    embedding.positions = Positions::Zero(3, dictionary.features());
    embedding.positions.topRows(dictionary.dimensions()) = *dictionary.decoder;
    embedding.description = "Map as given in " + displayName(dictionary.source.path.filename()) +
                            ", " + std::to_string(dictionary.features()) + " features.";
    return embedding;
  }
  const UsableFeatures usable = usableFeatures(dictionary);
  PcaOptions options;
  options.components = 3;
  options.seed = seed;
  Embedding embedding = pcaEmbedding(computePca(*usable.decoder, options, progress), dimensions);
  embedding.positions =
      usable.positionsOfAll(std::move(embedding.positions), dictionary.features());
  return embedding;
}

SessionFigure sessionFigure(const CommandContext& context, const FigureRequest& page,
                            CommandOutput& result)
{
  Sources sources(context, result);
  const Arguments& arguments = context.arguments;
  const std::filesystem::path& file = arguments.files().front();
  Source& source = sources.shown(file);
  if (const auto column = arguments.text("color-by"))
    source.view.appearance.colorBy = *column;
  if (const auto column = arguments.text("size-by"))
    source.view.appearance.sizeBy = *column;
  FigureRequest figure = figureOf(context, source, 0);
  applyFilter(figure, source);
  const Dictionary& dictionary = *source.layer.dictionary;
  if (figure.emphasis && hidesRest(sources.parts()))
    figure.hidden = featuresBeside(*figure.emphasis, dictionary.features());
  if (const auto crystals = sources.parts().find("crystals"); crystals != sources.parts().end()) {
    const CrystalState state = crystalState(crystals->second, dictionary.features());
    if (state.crystal)
      figure.crystals = crystalShapes(dictionary, *state.crystal, state.family, false);
  }
  figure.widthMm = page.widthMm;
  figure.heightMm = page.heightMm;
  figure.dpi = page.dpi;
  figure.background = page.background;
  if (page.camera)
    figure.camera = source.view.camera = page.camera;
  // As the window showed it: points of the same size, and its shape unless another is asked for.
  const double width = sources.windowSide("width");
  const double height = sources.windowSide("height");
  figure.viewWidth = width;
  if (width > 0 && height > 0 && !arguments.has("height-mm"))
    figure.heightMm = figure.widthMm * height / width;
  if (const auto output = arguments.path("output"); output && pageEnding(*output) == ".png") {
    figure.metadata = sources.metadata(&source, sources.parts());
  }
  SessionFigure shown;
  shown.figure = std::move(figure);
  shown.dictionary = source.layer.dictionary;
  shown.embedding = source.layer.embedding;
  shown.layer = sources.current();
  shown.parts = sources.parts();
  for (const Source& layer : sources.session(file))
    shown.layers.push_back(layer.layer.dictionary);
  return shown;
}

CommandOutput renderPanels(const CommandContext& context, const FigureRequest& page,
                           const std::filesystem::path& output)
{
  CommandOutput result;
  const Arguments& arguments = context.arguments;
  const auto layoutPath = arguments.path("layout");
  if (!layoutPath) {
    const FigureRequest figure = sessionFigure(context, page, result).figure;
    const auto frames = static_cast<int>(arguments.integer("frames", 1, 1, mostFrames));
    if (frames > 1) {
      writeTurntable(figure, output, frames, context.progress);
      tell(result, estimateFigure(figure), page.dpi, framePath(output, 0, frames), 1,
           std::to_string(frames) + " frames");
      result.json["frames"] = frames;
      return result;
    }
    const FigureEstimate drawn = writeFigure(figure, output, context.progress);
    tell(result, drawn, page.dpi, output, 1, figure.caption.toStdString());
    return result;
  }

  if (arguments.has("frames"))
    throw UsageError("--frames turns one cloud, not the panels of a layout");
  Sources sources(context, result);
  const Layout layout(*layoutPath);
  std::vector<FigureRequest> panels;
  std::vector<QString> headings;
  std::vector<std::vector<FeatureId>> framed;
  const Source* first = nullptr;
  for (const Panel& panel : layout.panels()) {
    context.progress.checkStopped();
    Source& source = sourceOf(context, layout, panel, sources);
    if (!first)
      first = &source;
    panels.push_back(panelFigure(context, layout, panel, source));
    framed.push_back(framedFeatures(layout, panel, panels.back(), *source.layer.dictionary));
    headings.push_back(QString::fromStdString(layout.text(panel, "title")));
  }
  const Panel& root = layout.root();
  const std::size_t count = panels.size();
  const double fontPoints = layout.number(root, "font_points", 8, 3, 24);
  for (FigureRequest& panel : panels)
    panel.fontPoints = std::max(3.0, fontPoints - 1.0);
  // What stands on the command line counts more than the file.
  const auto size = [&](const char* option, const char* key, double otherwise, double given) {
    return arguments.has(option) ? given : layout.number(root, key, otherwise, 5, 5000);
  };
  FigureSheet sheet = gridSheet(
      std::move(panels), headings,
      static_cast<int>(layout.number(
          root, "columns", std::ceil(std::sqrt(static_cast<double>(count))), 1, mostPanels)),
      size("width-mm", "width_mm", 170, page.widthMm),
      size("height-mm", "height_mm", 120, page.heightMm), layout.number(root, "gap_mm", 3, 0, 100),
      layout.flag(root, "letters", count > 1), fontPoints);
  // Only now is it known how large the panels are.
  for (std::size_t i = 0; i < count; ++i)
    if (!framed[i].empty())
      frameFeatures(sheet.panels[i].request, framed[i]);
  sheet.dpi = size("dpi", "dpi", 300, page.dpi);
  sheet.background = page.background;
  if (const std::string background = layout.text(root, "background");
      !arguments.has("transparent") && !background.empty()) {
    if (background != "white" && background != "dark" && background != "transparent")
      layout.fail("'background': expected white, dark or transparent");
    sheet.background = background == "dark"          ? FigureBackground::Dark
                       : background == "transparent" ? FigureBackground::Transparent
                                                     : FigureBackground::White;
  }
  if (pageEnding(output) == ".png")
    sheet.metadata = sources.metadata(first, {{"figure", root.dump()}});
  const FigureEstimate drawn = writeSheet(sheet, output, context.progress.stage("Drawing", 0.8, 1));
  tell(result, drawn, sheet.dpi, output, count, std::to_string(count) + " panels");
  return result;
}

}  // namespace orrery
