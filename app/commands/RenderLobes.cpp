#include "app/commands/RenderLobes.h"

#include "core/base/Error.h"
#include "core/document/CameraJson.h"
#include "core/document/LobeState.h"
#include "core/io/ByteSource.h"
#include "core/lobes/LobeScores.h"
#include "widgets/lobes/LobeCurves.h"
#include "widgets/lobes/LobeFlowView.h"
#include "widgets/lobes/LobeHeatMap.h"
#include "widgets/lobes/SixMaps.h"
#include "widgets/models/FeatureText.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <charconv>
#include <memory>
#include <optional>

namespace orrery {
namespace {

enum class Picture { Maps, Documents, Curves, Splitting };

Picture pictureOf(const Arguments& arguments)
{
  const std::string name =
      arguments.choice("picture", "maps", {"maps", "documents", "curves", "splitting"});
  return name == "documents"   ? Picture::Documents
         : name == "curves"    ? Picture::Curves
         : name == "splitting" ? Picture::Splitting
                               : Picture::Maps;
}

LobeAnalysisOptions analysisOptions(const Arguments& arguments)
{
  const Picture picture = pictureOf(arguments);
  LobeAnalysisOptions options;
  if (picture == Picture::Maps || picture == Picture::Curves)
    options.measures.assign(std::begin(allAffinityMeasures), std::end(allAffinityMeasures));
  options.clustering.clusters =
      picture == Picture::Curves ? clusterList(arguments, "2,3,4,5,6,8,12,16")
      : picture == Picture::Splitting
          ? clusterList(arguments, "2,3,4,8")
          : std::vector<int>{static_cast<int>(arguments.integer("clusters", 3, 2, 4096))};
  if (picture == Picture::Splitting && options.clustering.clusters.size() < 2)
    throw UsageError("--picture splitting needs two numbers of lobes at least");
  options.clustering.seed = arguments.seed();
  options.shift = arguments.choice("shift", "add", {"add", "clip"}) == "clip" ? AffinityShift::Clip
                                                                              : AffinityShift::Add;
  options.filter.minBlocks = arguments.integer("min-blocks", 1, 1, 1000000000);
  options.filter.maxShare = arguments.number("max-share", 1.0, 0.0, 1.0);
  options.measureLocality = picture == Picture::Maps || picture == Picture::Curves;
  options.locality.logistic = picture == Picture::Curves;
  options.locality.permutations = static_cast<int>(
      arguments.integer("permutations", picture == Picture::Curves ? 20 : 100, 2, 100000));
  options.locality.seed = arguments.seed();
  return options;
}

/// As the window names them: by their features' labels, else by number.
QStringList namesOf(const Lobes& lobes, const Dictionary& dictionary,
                    const std::vector<std::int64_t>& own)
{
  QStringList names;
  if (!dictionary.labels.empty())
    for (const LobeName& name : suggestNames(lobes, dictionary.labels, own))
      names << visibleText(name.suggestion, 40);
  for (auto i = names.size(); i < static_cast<qsizetype>(lobes.sizes.size()); ++i)
    names << QStringLiteral("lobe %1").arg(i + 1);
  return names;
}

Drawing documentsDrawing(const LobeResult& lobes, const LobeChoice& choice,
                         const Dictionary& dictionary, const CooccurrenceData& data,
                         const Arguments& arguments)
{
  std::vector<std::string> types = data.blockTypes;
  if (const auto path = arguments.path("documents"))
    types = readDocumentTypes(*path, data.blocks());
  if (!data.firings || types.empty())
    throw Error(displayName(*arguments.path("cooccurrence")) +
                (data.firings ? ": has no document types (give --documents FILE)"
                              : ": holds counts only; which lobe wins a block cannot be told"));
  const Lobes& shown = *lobes.lobes(choice);
  HeatMapContent content;
  content.purpose = std::make_shared<const LobePurpose>(purposeOf(choice, shown, data, &types));
  content.names = namesOf(shown, dictionary, data.own);
  content.colors = lobes.colors.at(choice);
  return heatMapDrawing(content);
}

Drawing splittingDrawing(const LobeResult& lobes, const Dictionary& dictionary,
                         const CooccurrenceData& data)
{
  FlowContent content;
  std::vector<const Lobes*> levels;
  for (const Lobes& level : lobes.analysis.functional.front().clustering.clusterings) {
    levels.push_back(&level);
    content.names.push_back(namesOf(level, dictionary, data.own));
    content.colors.push_back(
        lobes.colors.at({lobes.analysis.functional.front().measure, level.clusters}));
  }
  content.flow = traceSplits(levels);
  return flowDrawing(content);
}

}  // namespace

std::vector<int> clusterList(const Arguments& arguments, const std::string& usual)
{
  const std::string text = arguments.text("clusters").value_or(usual);
  std::vector<int> clusters;
  const char* at = text.data();
  const char* end = at + text.size();
  while (true) {
    int number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || number < 2 || number > 1024)
      throw UsageError(
          "--clusters takes whole numbers from 2 to 1024 with commas between (found '" + text +
          "')");
    clusters.push_back(number);
    if (next == end)
      break;
    if (*next != ',')
      throw UsageError("--clusters takes whole numbers with commas between (found '" + text + "')");
    at = next + 1;
  }
  return clusters;
}

void checkLobeOptions(const CommandContext& context, bool session)
{
  if (session && pictureOf(context.arguments) != Picture::Maps)
    throw UsageError(
        "--picture needs the dictionary and --cooccurrence; a session is drawn as maps");
  if (!session && !context.arguments.path("cooccurrence"))
    throw UsageError("--view lobes needs --cooccurrence FILE");
  static_cast<void>(analysisOptions(context.arguments));
}

void renderLobes(const CommandContext& context, const Dictionary& dictionary,
                 const Embedding& embedding, const LobeFigureSize& size,
                 const std::filesystem::path& output, CommandOutput& result)
{
  const Arguments& arguments = context.arguments;
  CooccurrenceReadOptions reading;
  reading.besideDataset = dictionary.source.dataset;
  reading.maxMemory = arguments.maxMemory();
  const CooccurrenceData data =
      fitToDictionary(readCooccurrenceFile(*arguments.path("cooccurrence"), reading,
                                           context.progress.stage("Co-occurrences", 0.5, 0.6)),
                      dictionary);
  for (const std::string& note : data.notes)
    result.notes.push_back(note);

  const Picture picture = pictureOf(arguments);
  const LobeAnalysisOptions options = analysisOptions(arguments);
  LobeResult lobes;
  lobes.analysis = analyzeLobes(data, *dictionary.decoder, dictionary.rows.nonFinite, options,
                                context.progress.stage("Lobes", 0.6, 0.95));
  lobes.colors = lobeColors(lobes.analysis);

  const int clusters = options.clustering.clusters.front();
  const std::string number = std::to_string(clusters);
  DrawingFigure figure;
  std::string caption;
  switch (picture) {
    case Picture::Maps:
      figure.drawing = mapDrawing(
          std::make_shared<const MapContent>(sixMaps(lobes, clusters, embedding, data.own)));
      caption = embedding.description + " Coloured by " + number + " lobes of each affinity. ";
      break;
    case Picture::Documents:
      figure.drawing = documentsDrawing(lobes, {options.measures.front(), clusters}, dictionary,
                                        data, arguments);
      caption = "Which of " + number +
                " lobes (phi) wins a block, by document type: the lobe with the largest share of "
                "its own features firing. ";
      break;
    case Picture::Curves:
      figure.drawing = curveDrawing(curveContent(lobes.analysis));
      caption =
          "How local lobes are, over their number; bands are the mean and two standard deviations "
          "of " +
          std::to_string(options.locality.permutations) +
          " permutations (left) or dictionaries of random vectors (right). ";
      break;
    case Picture::Splitting:
      figure.drawing = splittingDrawing(lobes, dictionary, data);
      caption =
          "How lobes (phi) split: the width of a band is the number of features that two "
          "lobes share. ";
      break;
  }
  figure.widthMm = size.widthMm;
  figure.heightMm = size.heightMm;
  figure.dpi = size.dpi;
  figure.title = QString::fromStdString(dictionary.name);
  figure.caption = QString::fromStdString(caption + lobes.analysis.features.sentence());
  context.progress.checkStopped();
  writeDrawing(figure, output);
  result.json["picture"] = arguments.text("picture").value_or("maps");
}

void renderKeptLobes(const CommandContext& context, const SessionFigure& session,
                     const LobeFigureSize& size, const std::filesystem::path& output,
                     CommandOutput& result)
{
  const std::string name = displayName(context.arguments.files().front());
  const QJsonObject part =
      QJsonDocument::fromJson(QByteArray::fromStdString(session.part("lobes"))).object();
  std::optional<LobeState> kept;
  for (const QJsonValue& value : part[QStringLiteral("results")].toArray())
    if (value.toObject()[QStringLiteral("layer")].toInt(-1) == static_cast<int>(session.layer))
      kept = lobeState(value.toObject(), session.dictionary->features());
  if (!kept)
    throw Error(name +
                ": keeps no lobes of the layer that it shows (cut some in the window, or "
                "give the dictionary and --cooccurrence)");
  MapContent content = sixMaps(*kept->result, kept->shown.clusters, *session.embedding,
                               blocksOfFeatures(*session.dictionary));
  content.selection = session.figure.selection;
  if (const auto camera = cameraOf(part[QStringLiteral("maps")].toObject())) {
    content.camera = *camera;
    content.framed = false;
  }
  DrawingFigure figure;
  figure.drawing = mapDrawing(std::make_shared<const MapContent>(std::move(content)));
  figure.widthMm = size.widthMm;
  figure.heightMm = size.heightMm;
  figure.dpi = size.dpi;
  figure.title = QString::fromStdString(session.dictionary->name);
  figure.caption = sixMapsSentence(*session.embedding, kept->shown.clusters);
  figure.metadata = session.figure.metadata;
  context.progress.checkStopped();
  writeDrawing(figure, output);
  result.json["lobes"] = kept->shown.clusters;
}

}  // namespace orrery
