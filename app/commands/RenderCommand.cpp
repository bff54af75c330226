#include "app/CommandLine.h"
#include "app/commands/Command.h"
#include "app/commands/FigureSession.h"
#include "app/commands/RenderCrystals.h"
#include "app/commands/RenderGalaxy.h"
#include "app/commands/RenderLobes.h"
#include "app/commands/RenderPanels.h"

#include "core/base/Error.h"
#include "core/document/Layer.h"
#include "core/document/Session.h"
#include "core/io/ByteSource.h"
#include "widgets/figure/Figure.h"
#include "widgets/figure/Turntable.h"
#include "widgets/models/FeatureColors.h"

#include <QGuiApplication>

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

namespace orrery {
namespace {

/// Everything on the command line that can be wrong is looked at before anything is read.
FigureRequest figureRequest(const Arguments& arguments)
{
  const std::string view =
      arguments.choice("view", "cloud", {"cloud", "crystals", "lobes", "galaxy"});
  const bool wide = view == "crystals";
  FigureRequest request;
  request.widthMm = arguments.number("width-mm", wide ? 170 : 85, 1, 5000);
  request.heightMm = arguments.number("height-mm", wide ? 80 : 60, 1, 5000);
  request.dpi = arguments.number("dpi", 300, 10, 4800);
  if (arguments.has("transparent"))
    request.background = FigureBackground::Transparent;
  if (const std::vector<double> numbers = arguments.numberList("camera", 10); !numbers.empty()) {
    const auto point = [&](std::size_t i) {
      return Eigen::Vector3d(numbers[i], numbers[i + 1], numbers[i + 2]);
    };
    Camera camera;
    camera.position = point(0);
    camera.focalPoint = point(3);
    camera.viewUp = point(6);
    camera.parallelScale = numbers[9];
    if (camera.position == camera.focalPoint)
      throw UsageError("--camera looks nowhere: position and focal point are the same");
    if (!(camera.parallelScale > 0))
      throw UsageError("--camera needs a positive parallel scale as its tenth number");
    request.camera = camera;
  }
  return request;
}

Embedding layoutMap(const CommandContext& context, const Dictionary& dictionary,
                    const std::filesystem::path& path, const Progress& progress)
{
  ReadOptions options;
  options.withoutLabels = true;
  options.maxMemory = context.arguments.maxMemory();
  const Dictionary map = readDictionary(path, options, progress);
  if (!map.isMap())
    throw Error(displayName(path) + ": a layout has two or three columns (found " +
                std::to_string(map.dimensions()) + ")");
  if (map.features() != dictionary.features())
    throw Error(displayName(path) + ": has " + std::to_string(map.features()) + " places, but " +
                dictionary.name + " has " + std::to_string(dictionary.features()) + " features");
  return mapOf(map, 0, context.arguments.seed(), progress);
}

Embedding positionsFor(const CommandContext& context, const Dictionary& dictionary)
{
  const Progress progress = context.progress.stage("Map", 0.5, 0.8);
  if (const auto layout = context.arguments.path("layout"))
    return layoutMap(context, dictionary, *layout, progress);
  return mapOf(dictionary, 3, context.arguments.seed(), progress);
}

void applyColors(FigureRequest& request, const Arguments& arguments, const Dictionary& dictionary)
{
  Appearance appearance;
  appearance.colorBy = arguments.text("color-by").value_or("");
  appearance.sizeBy = arguments.text("size-by").value_or("");
  if (!appearance.colorBy.empty())
    checkColumn(dictionary, appearance.colorBy, false);
  if (!appearance.sizeBy.empty())
    checkColumn(dictionary, appearance.sizeBy, true);
  const FeatureColors colors = colorFeatures(dictionary, appearance, false);
  if (colors.colors)
    request.appearance.colors = *colors.colors;
  request.appearance.sizes = colors.sizes;
  request.appearance.pointSize = recommendedPointSize(dictionary.features());
  if (!appearance.colorBy.empty())
    request.legend = pictureLegend(colors.legend);
}

LobeFigureSize lobeFigureSize(const CommandContext& context, double dpi)
{
  LobeFigureSize size;
  size.widthMm = context.arguments.number("width-mm", size.widthMm, 1, 5000);
  size.heightMm = context.arguments.number("height-mm", size.heightMm, 1, 5000);
  size.dpi = dpi;
  return size;
}

void tellLobes(CommandOutput& result, const LobeFigureSize& size, const Embedding& embedding,
               const std::filesystem::path& output)
{
  const auto pixels = [&](double mm) {
    return static_cast<std::int64_t>(std::lround(mm / 25.4 * size.dpi));
  };
  result.json["file"] = output.native();
  result.json["width_px"] = pixels(size.widthMm);
  result.json["height_px"] = pixels(size.heightMm);
  result.json["dpi"] = size.dpi;
  result.json["view"] = "lobes";
  const std::string picture = result.json.value("picture", "maps");
  result.text = displayName(output) + ": " +
                (picture == "maps" ? "the lobes of six affinities, " + embedding.description
                                   : "the lobes' " + picture) +
                "\n";
}

/// What makes a .png open again in the window; nothing for other forms.
std::map<QString, QString> figureMetadata(const CommandContext& context,
                                          std::shared_ptr<const Dictionary> dictionary,
                                          const Embedding& embedding,
                                          const std::filesystem::path& output)
{
  if (pageEnding(output) != ".png")
    return {};
  ShownLayer layer;
  layer.dictionary = std::move(dictionary);
  layer.embedding = std::make_shared<const Embedding>(embedding);
  layer.view.appearance.colorBy = context.arguments.text("color-by").value_or("");
  layer.view.appearance.sizeBy = context.arguments.text("size-by").value_or("");
  layer.view.camera = figureRequest(context.arguments).camera;
  return figureSession({layer}, 0);
}

/// Figures hold text, and fonts are Qt's: an application object is needed, a display is not.
std::unique_ptr<QGuiApplication> makeApplication()
{
  qputenv("QT_QPA_PLATFORM", "offscreen");
  // Qt's own remarks about a session without a desktop are none of the user's business.
  qInstallMessageHandler([](QtMsgType type, const QMessageLogContext&, const QString& message) {
    if (type == QtFatalMsg)
      printError(message.toStdString());
  });
  static int argumentCount = 1;
  static std::array<char, 7> name = {'o', 'r', 'r', 'e', 'r', 'y', '\0'};
  static std::array<char*, 2> argumentValues = {name.data(), nullptr};
  return std::make_unique<QGuiApplication>(argumentCount, argumentValues.data());
}

}  // namespace

void checkColumn(const Dictionary& dictionary, const std::string& name, bool number)
{
  const Column* column = dictionary.column(name);
  if (column && (!number || column->kind == Column::Kind::Number))
    return;
  std::string known;
  for (const Column& other : dictionary.columns)
    if (!number || other.kind == Column::Kind::Number)
      known += (known.empty() ? "'" : ", '") + other.name + "'";
  throw Error(displayName(dictionary.source.path) + ": has no " +
              (number ? "column of numbers '" : "column '") + name + "'" +
              (known.empty() ? " (it has no columns)" : " (it has " + known + ")"));
}

const CommandSpec& renderSpec()
{
  static const CommandSpec spec = {
      .name = "render",
      .summary = "draw a figure into a file",
      .synopsis = {"render FILE|SESSION --output FIGURE.png|.svg|.pdf",
                   "       [--color-by NAME] [--width-mm 85] [--height-mm 60]",
                   "       [--dpi 300] [--transparent] [--layout FILE]",
                   "       [--camera X Y Z  X Y Z  X Y Z  SCALE] [--frames 1]",
                   "render FILE --view lobes --cooccurrence FILE --output FIGURE",
                   "       [--clusters 3] [--shift add|clip] [--min-blocks 1]",
                   "       [--max-share 1]", "render FILE|SESSION --view crystals --output FIGURE",
                   "       [--pairs FILE...] [--check A B C D]",
                   "       [--clean none|lda|pca|length] [--components 8]",
                   "render FILE|FOLDER --view galaxy --output FIGURE",
                   "       [--variant textbook|published]"},
      .description =
          "Draws the cloud of features as the window would, in millimetres and dots per inch: the "
          "exact principal components, or the map itself where FILE has two or three columns, or "
          "the map of --layout. A session, or a figure exported as PNG, is drawn as the window "
          "showed "
          "it. A layout in JSON makes a figure of several panels: {\"width_mm\": 170, "
          "\"height_mm\": "
          "120, \"columns\": 2, \"panels\": [{\"title\": …, \"file\": …, \"layer\": …, \"map\": …, "
          "\"dimensions\": 2, \"color_by\": …, \"size_by\": …, \"names\": [labels], \"select\": "
          "[ids], \"search\": …, \"crystals\": [[4 labels], …], \"camera\": [10 numbers], "
          "\"frame\": \"crystals\" or [labels], "
          "\"legend\": true, \"caption\": false}, …]}; a legend stands where it covers no points, "
          "or \"beside\" or \"inside\" the panel; "
          "what a panel leaves out is taken from FILE. SVG and PDF hold real text over the points, "
          "which are a picture.",
      .options =
          {{"output", "FIGURE", "Where the figure goes: .png, .svg or .pdf."},
           {"view", "NAME",
            "cloud (default), or lobes: the map six times, coloured by the lobes of each "
            "affinity (170 x 110 mm unless said otherwise), or galaxy: the clouds of up to five "
            "layers of a folder or an HDF5 file on the same axes (170 mm wide), or crystals: the "
            "cloud with quads, and one crystal in its own plane before and after cleaning (170 x "
            "80 mm)."},
           {"pairs", "FILE...",
            "Of --view crystals: word pairs; the best crystal of each relation is a quad.", 1, 0},
           {"check", "A B C D",
            "Of --view crystals: the one that is looked at. Default: the session's, or the best.",
            1, 4},
           {"clean", "NAME",
            "Of --view crystals: none, lda (default with --pairs), pca or length, as in crystals."},
           {"components", "N", "Of --view crystals: directions that lda keeps or pca removes."},
           {"cooccurrence", "FILE", "Of --view lobes: which features fire together."},
           {"picture", "NAME",
            "Of --view lobes: maps (default: the map six times), documents (lobes and document "
            "types), curves (locality over the number of lobes) or splitting."},
           {"documents", "FILE",
            "Of --picture documents: one document type per line, in block order."},
           {"permutations", "NUMBER", "Of --picture curves: draws of every null. Default: 20."},
           {"clusters", "NUMBERS",
            "Of --view lobes: how many lobes (default 3); of curves and splitting several, as in "
            "2,3,4,8."},
           {"shift", "add|clip", "Of --view lobes: what becomes of negative values."},
           {"min-blocks", "NUMBER", "Of --view lobes: fire in at least so many blocks."},
           {"max-share", "NUMBER", "Of --view lobes: and in at most this share of them."},
           {"color-by", "NAME", "Column of the labels file to colour by, with a legend."},
           {"size-by", "NAME", "Column of numbers that the points' size follows."},
           {"width-mm", "NUMBER", "Width on the page. Default: 85."},
           {"height-mm", "NUMBER", "Height on the page. Default: 60."},
           {"dpi", "NUMBER", "Dots per inch. Default: 300."},
           {"transparent", "", "No background."},
           {"frames", "NUMBER",
            "A turn of the cloud in so many pictures, FIGURE-0001.png and on, for a film."},
           {"camera", "NUMBERS",
            "Position, focal point, view up and parallel scale: ten numbers, as arguments "
            "or with commas. Default: all is framed.",
            10},
           {"layout", "FILE",
            "A map of the same features (two or three columns), or panels in JSON."}},
      .files = "FILE",
      .examples = {"orrery render map.npy --output map.png --width-mm 114",
                   "orrery render params.npz --color-by density --output cloud.pdf",
                   "orrery render words.npy --view crystals --pairs p.csv --output c.pdf",
                   "orrery render work.orrery --layout four.json --output figure.pdf"},
  };
  return spec;
}

CommandOutput runRender(const CommandContext& context)
{
  const auto output = context.arguments.path("output");
  if (!output)
    throw UsageError("--output is missing");
  FigureRequest request = figureRequest(context.arguments);
  const bool lobes = context.arguments.text("view") == "lobes";
  const bool crystals = context.arguments.text("view") == "crystals";
  const std::filesystem::path& file = context.arguments.files().front();
  const bool session = file.extension() == ".png" || looksLikeSession(file);
  if (lobes)
    checkLobeOptions(context, session);
  if (crystals)
    checkCrystalFigure(context, session);
  const std::unique_ptr<QGuiApplication> application = makeApplication();
  checkFigure(request, *output);
  if (context.arguments.text("view") == "galaxy") {
    if (!session)
      return renderGalaxy(context, request.camera, request.dpi, *output);
    CommandOutput notes;
    const SessionFigure shown = sessionFigure(context, request, notes);
    CommandOutput drawn = renderGalaxy(context, request.camera, request.dpi, *output, &shown);
    drawn.notes.insert(drawn.notes.begin(), notes.notes.begin(), notes.notes.end());
    return drawn;
  }
  const auto layout = context.arguments.path("layout");
  CommandOutput result;
  if (crystals && session) {
    SessionFigure shown = sessionFigure(context, request, result);
    // Both halves share the page: its size is the command's, not the window's.
    shown.figure.widthMm = request.widthMm;
    shown.figure.heightMm = request.heightMm;
    const std::string state = shown.part("crystals");
    renderCrystals(context, shown.dictionary, std::move(shown.figure), state, *output, result);
    return result;
  }
  if (lobes && session) {
    const SessionFigure shown = sessionFigure(context, request, result);
    const LobeFigureSize size = lobeFigureSize(context, request.dpi);
    renderKeptLobes(context, shown, size, *output, result);
    tellLobes(result, size, *shown.embedding, *output);
    return result;
  }
  if ((layout && isPanelLayout(*layout)) || session)
    return renderPanels(context, request, *output);
  const auto read = std::make_shared<const Dictionary>(
      readForCommand(context, result, context.progress.stage("Reading", 0.0, 0.5)));
  const Dictionary& dictionary = *read;
  const Embedding embedding = positionsFor(context, dictionary);
  if (lobes) {
    const LobeFigureSize size = lobeFigureSize(context, request.dpi);
    renderLobes(context, dictionary, embedding, size, *output, result);
    tellLobes(result, size, embedding, *output);
    return result;
  }
  applyColors(request, context.arguments, dictionary);
  request.positions = embedding.positions;
  request.planar = embedding.dimensions == 2;
  if (crystals) {
    if (!context.arguments.has("color-by"))
      request.appearance.defaultColor = QColor(0xA8, 0xB4, 0xC0);  // quads have the colours
    request.caption = QString::fromStdString(embedding.description);
    renderCrystals(context, read, std::move(request), {}, *output, result);
    return result;
  }
  request.caption = QString::fromStdString(embedding.description);
  context.progress.checkStopped();
  const auto frames = static_cast<int>(context.arguments.integer("frames", 1, 1, mostFrames));
  if (frames == 1)
    request.metadata = figureMetadata(context, read, embedding, *output);
  const FigureEstimate drawn = estimateFigure(request);
  const Progress drawing = context.progress.stage("Drawing", 0.8, 1.0);
  if (frames > 1) {
    writeTurntable(request, *output, frames, drawing);
    result.json["frames"] = frames;
  } else {
    writeFigure(request, *output, drawing);
  }

  result.json["file"] = (frames > 1 ? framePath(*output, 0, frames) : *output).native();
  result.json["width_px"] = drawn.pixels.width();
  result.json["height_px"] = drawn.pixels.height();
  result.json["dpi"] = request.dpi;
  result.json["view"] = "cloud";
  result.text = displayName(*output) + ": " + std::to_string(drawn.pixels.width()) + " x " +
                std::to_string(drawn.pixels.height()) + " pixels, " + embedding.description + "\n";
  return result;
}

}  // namespace orrery
