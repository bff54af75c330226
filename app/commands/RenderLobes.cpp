#include "app/commands/RenderLobes.h"

#include "core/base/Error.h"
#include "core/document/CameraJson.h"
#include "core/document/LobeState.h"
#include "core/io/ByteSource.h"
#include "widgets/lobes/SixMaps.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <memory>
#include <optional>

namespace orrery {

void checkLobeOptions(const CommandContext& context, bool session)
{
  if (!session && !context.arguments.path("cooccurrence"))
    throw UsageError("--view lobes needs --cooccurrence FILE");
  static_cast<void>(context.arguments.integer("clusters", 3, 2, 4096));
  static_cast<void>(context.arguments.integer("min-blocks", 1, 1, 1000000000));
  static_cast<void>(context.arguments.number("max-share", 1.0, 0.0, 1.0));
  static_cast<void>(context.arguments.choice("shift", "add", {"add", "clip"}));
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

  LobeAnalysisOptions options;
  options.measures.assign(std::begin(allAffinityMeasures), std::end(allAffinityMeasures));
  options.clustering.clusters = {static_cast<int>(arguments.integer("clusters", 3, 2, 4096))};
  options.clustering.seed = arguments.seed();
  options.shift = arguments.choice("shift", "add", {"add", "clip"}) == "clip" ? AffinityShift::Clip
                                                                              : AffinityShift::Add;
  options.filter.minBlocks = arguments.integer("min-blocks", 1, 1, 1000000000);
  options.filter.maxShare = arguments.number("max-share", 1.0, 0.0, 1.0);
  options.locality.logistic = false;
  options.locality.seed = arguments.seed();
  LobeResult lobes;
  lobes.analysis = analyzeLobes(data, *dictionary.decoder, dictionary.rows.nonFinite, options,
                                context.progress.stage("Lobes", 0.6, 0.95));
  lobes.colors = lobeColors(lobes.analysis);

  const int clusters = options.clustering.clusters.front();
  DrawingFigure figure;
  figure.drawing =
      mapDrawing(std::make_shared<const MapContent>(sixMaps(lobes, clusters, embedding, data.own)));
  figure.widthMm = size.widthMm;
  figure.heightMm = size.heightMm;
  figure.dpi = size.dpi;
  figure.title = QString::fromStdString(dictionary.name);
  figure.caption =
      QString::fromStdString(embedding.description + " Coloured by " + std::to_string(clusters) +
                             " lobes of each affinity. " + lobes.analysis.features.sentence());
  context.progress.checkStopped();
  writeDrawing(figure, output);
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
