#include "app/commands/RenderLobes.h"

#include "core/document/LobeStudy.h"
#include "widgets/lobes/SixMaps.h"

#include <memory>

namespace orrery {

void checkLobeOptions(const CommandContext& context)
{
  if (!context.arguments.path("cooccurrence"))
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

}  // namespace orrery
