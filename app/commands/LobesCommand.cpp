#include "app/commands/Command.h"
#include "app/commands/RenderLobes.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/CooccurrenceFile.h"
#include "core/io/ResultFile.h"
#include "core/lobes/LobeAnalysis.h"
#include "core/lobes/LobeScores.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

namespace orrery {
namespace {

struct LobesOptions {
  std::filesystem::path cooccurrence;
  std::optional<std::filesystem::path> documents;
  std::filesystem::path output;
  bool wantsSpatial = false;    ///< The spatial lobes are part of what was asked for …
  bool wantsFunctional = true;  ///< … or only the functional ones.
  LobeAnalysisOptions analysis;
  CooccurrenceReadOptions reading;
};

LobesOptions lobesOptions(const Arguments& arguments)
{
  LobesOptions options;
  const auto cooccurrence = arguments.path("cooccurrence");
  if (!cooccurrence)
    throw UsageError("--cooccurrence is missing");
  options.cooccurrence = *cooccurrence;
  const auto output = arguments.path("output");
  if (!output)
    throw UsageError("--output is missing");
  options.output = *output;
  options.documents = arguments.path("documents");
  LobeAnalysisOptions& analysis = options.analysis;
  const std::string affinity = arguments.choice(
      "affinity", "phi", {"phi", "jaccard", "dice", "overlap", "smc", "cosine", "all"});
  if (affinity == "all") {
    analysis.measures.assign(std::begin(allAffinityMeasures), std::end(allAffinityMeasures));
    options.wantsSpatial = true;
  } else if (affinity == "cosine") {
    // The partner of every AMI: it is compared with phi, and its own lobes are written.
    options.wantsSpatial = true;
    options.wantsFunctional = false;
  } else {
    analysis.measures = {affinityMeasureFromName(affinity)};
  }
  analysis.clustering.clusters = clusterList(arguments, "2,3,4,8");
  analysis.clustering.seed = arguments.seed();
  analysis.shift = arguments.choice("shift", "add", {"add", "clip"}) == "clip" ? AffinityShift::Clip
                                                                               : AffinityShift::Add;
  analysis.filter.minBlocks = arguments.integer("min-blocks", 1, 0, std::int64_t{1} << 40);
  analysis.filter.maxShare = arguments.number("max-share", 1.0, 0.0, 1.0);
  analysis.locality.permutations =
      static_cast<int>(arguments.integer("permutations", 100, 2, 1000000));
  analysis.locality.seed = arguments.seed();
  analysis.locality.variant =
      arguments.choice("variant", "textbook", {"textbook", "published"}) == "published"
          ? LobeVariant::Published
          : LobeVariant::Textbook;
  options.reading.blockLength = static_cast<int>(arguments.integer("block", 256, 1, 1 << 30));
  if (arguments.has("threshold"))
    options.reading.threshold = arguments.number("threshold", 1.0, -1e30, 1e30);
  options.reading.maxMemory = arguments.maxMemory();
  return options;
}

Json nullJson(const NullComparison& comparison)
{
  return {{"mean", orNull(comparison.mean)},
          {"sd", orNull(comparison.standardDeviation)},
          {"z", orNull(comparison.z)},
          {"p", comparison.p}};
}

Json resultJson(const std::string& affinity, const LobeLocality& locality)
{
  Json json;
  json["affinity"] = affinity;
  json["clusters"] = locality.clusters;
  json["sizes"] = locality.sizes;
  json["ami"] = orNull(locality.ami.observed);
  json["ami_null_mean"] = orNull(locality.ami.mean);
  json["ami_null_sd"] = orNull(locality.ami.standardDeviation);
  json["ami_z"] = orNull(locality.ami.z);
  const auto logistic = [&](double value) {
    return locality.hasLogistic ? orNull(value) : Json(nullptr);
  };
  json["logistic"] = logistic(locality.logistic.observed);
  json["logistic_null_mean"] = logistic(locality.logistic.mean);
  json["logistic_null_sd"] = logistic(locality.logistic.standardDeviation);
  json["logistic_z"] = logistic(locality.logistic.z);
  json["ami_within_deciles"] = nullJson(locality.amiWithinDeciles);
  if (locality.hasLogistic)
    json["logistic_within_deciles"] = nullJson(locality.logisticWithinDeciles);
  json["features_compared"] = locality.compared;
  json["lobes_train_only"] = locality.trainOnlyLobes;
  json["ami_p"] = locality.ami.p;
  json["verdict"] = displayName(locality.verdict);
  json["verdict_within_deciles"] = displayName(locality.beyondFrequency);
  json["sentence"] = locality.sentence();
  return json;
}

/// A dash where there is no number: a null without any spread has no σ.
std::string fixed(double value, int digits)
{
  if (!std::isfinite(value))
    return "-";
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, digits).ptr;
  return {buffer, end};
}

std::string padded(std::string text, std::size_t width)
{
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

/// Document types × lobes of one clustering.
Json documentsJson(const Firings& firings, const Lobes& lobes,
                   const std::vector<std::string>& types)
{
  const DocumentLobes documents = scoreDocuments(scoreBlocks(firings, lobes), types,
                                                 static_cast<std::int32_t>(lobes.sizes.size()));
  Json json = Json::object();
  for (std::size_t type = 0; type < documents.types.size(); ++type) {
    Json shares = Json::object();
    for (Eigen::Index lobe = 0; lobe < documents.shares.rows(); ++lobe)
      shares[std::to_string(lobe)] = documents.shares(lobe, static_cast<Eigen::Index>(type));
    json[documents.types[type]] = std::move(shares);
  }
  return json;
}

struct NamedLobes {
  std::string key;  ///< "2", or "phi/2" where there are several affinities.
  std::string affinity;
  const Lobes* lobes = nullptr;
};

std::vector<NamedLobes> lobesToWrite(const LobeAnalysis& analysis, const LobesOptions& options)
{
  std::vector<NamedLobes> all;
  const bool several =
      options.wantsFunctional && (analysis.functional.size() > 1 || options.wantsSpatial);
  const auto add = [&](const std::string& affinity, const SpectralClustering& clustering) {
    for (const Lobes& lobes : clustering.clusterings)
      all.push_back(
          {(several ? affinity + "/" : "") + std::to_string(lobes.clusters), affinity, &lobes});
  };
  if (options.wantsFunctional)
    for (const FunctionalLobes& lobes : analysis.functional)
      add(commandName(lobes.measure), lobes.clustering);
  if (options.wantsSpatial)
    add("cosine", analysis.spatial);
  return all;
}

ResultTable resultTable(const Dictionary& dictionary, const std::vector<NamedLobes>& lobes,
                        const LobesOptions& options, const CooccurrenceData& data)
{
  const std::int64_t n = dictionary.features();
  const std::string ending = options.output.extension().string();
  const bool asTable = ending == ".csv" || ending == ".tsv";
  ResultTable table;
  if (asTable) {
    std::vector<std::int32_t> index(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < index.size(); ++i)
      index[i] = static_cast<std::int32_t>(i);
    table.arrays.push_back({"index", {n}, std::move(index)});
    if (!dictionary.labels.empty())
      table.arrays.push_back({"label", {n}, dictionary.labels});
    table.arrays.push_back({"blocks", {n}, data.own});
  }
  for (const NamedLobes& entry : lobes)
    table.arrays.push_back({entry.key, {n}, entry.lobes->labels});
  const LobeAnalysisOptions& analysis = options.analysis;
  table.options["description"] = "Lobe of every feature, by falling size; -1: none.";
  table.options["source"] = dictionary.source.path.filename().string();
  table.options["cooccurrence"] = options.cooccurrence.filename().string();
  table.options["shift"] = analysis.shift == AffinityShift::Clip ? "clip" : "add";
  table.options["min_blocks"] = std::to_string(analysis.filter.minBlocks);
  table.options["max_share"] = fixed(analysis.filter.maxShare, 6);
  table.options["seed"] = std::to_string(analysis.clustering.seed);
  table.options["variant"] =
      analysis.locality.variant == LobeVariant::Published ? "published" : "textbook";
  return table;
}

std::vector<FeatureId> unusableFeatures(const Dictionary& dictionary)
{
  return dictionary.rows.nonFinite;
}

}  // namespace

const CommandSpec& lobesSpec()
{
  static const CommandSpec spec = {
      .name = "lobes",
      .summary = "divide the features into lobes and measure whether they are places",
      .synopsis = {"lobes FILE --cooccurrence FILE --output OUT",
                   "      [--affinity phi|jaccard|dice|overlap|smc|cosine|all]",
                   "      [--clusters 2,3,4,8] [--permutations 100] [--documents FILE]",
                   "      [--block 256] [--threshold 1] [--shift add|clip]",
                   "      [--min-blocks 1] [--max-share 1.0]"},
      .description =
          "Clusters features by how they fire together (spectral clustering of an affinity of "
          "co-occurrence counts), the same features by the angles of their vectors, and says how "
          "well the two agree (adjusted mutual information) and how well a vector tells the lobe "
          "(balanced accuracy of a logistic regression), each beside what chance alone gives, also "
          "within tenths of equal firing frequency. Features that never or always fire have no "
          "lobe (-1). Lobes are numbered by falling size and written to OUT, whose ending chooses "
          "the form: .csv .tsv .npy .npz .h5 .json.",
      .options =
          {{"cooccurrence", "FILE",
            "What fires together: counts (.npz with histogram and n_chunks), a sparse block x "
            "feature matrix (.npz of SciPy, HDF5), or activations of tokens (.safetensors with "
            "locations and activations, or a folder of its parts)."},
           {"affinity", "NAME",
            "phi (default), jaccard, dice, overlap, smc (simple matching), cosine (the vectors "
            "alone) or all."},
           {"clusters", "LIST", "Numbers of lobes, with commas between. Default: 2,3,4,8."},
           {"permutations", "N", "Draws of every null. Default: 100."},
           {"documents", "FILE",
            "One document type per line, in block order: which lobe wins how many of their "
            "blocks."},
           {"block", "N", "Activations of tokens: tokens of a block. Default: 256."},
           {"threshold", "NUMBER",
            "A feature fires where its activation is above this. Default: 1 for activations of "
            "tokens; matrices of 0 and 1 always use 0."},
           {"shift", "NAME",
            "add (default): phi + 1 and angles, as published; clip: max(phi, 0) and "
            "max(cosine, 0)."},
           {"min-blocks", "N", "Leave out features that fire in fewer blocks. Default: 1."},
           {"max-share", "NUMBER",
            "Leave out features that fire in a larger share of the blocks. Default: 1."},
           {"output", "OUT", "Where the lobes go."}},
      .files = "FILE",
      .examples = {"orrery lobes params.npz --cooccurrence counts.npz --output lobes.npz",
                   "orrery lobes words.npy --cooccurrence blocks.npz --affinity all",
                   "      --shift clip --documents types.txt --output lobes.csv --json"},
  };
  return spec;
}

CommandOutput runLobes(const CommandContext& context)
{
  LobesOptions options = lobesOptions(context.arguments);
  checkWritable(options.output);
  StageClock clock;
  CommandOutput output;
  const Dictionary dictionary =
      readForCommand(context, output, context.progress.stage("Reading", 0.0, 0.05));
  options.reading.features = dictionary.features();
  options.reading.besideDataset = dictionary.source.dataset;
  const CooccurrenceData data =
      readCooccurrenceFile(options.cooccurrence, options.reading,
                           context.progress.stage("Reading co-occurrences", 0.05, 0.1));
  output.notes.insert(output.notes.end(), data.notes.begin(), data.notes.end());
  std::vector<std::string> types = data.blockTypes;
  if (options.documents) {
    types = readDocumentTypes(*options.documents, data.blocks());
    if (!data.firings)
      throw Error(displayName(options.cooccurrence) +
                  ": holds counts only; --documents needs to know which features fire in which "
                  "block");
  }
  clock.finish("reading");
  const LobeAnalysis analysis =
      analyzeLobes(data, *dictionary.decoder, unusableFeatures(dictionary), options.analysis,
                   context.progress.stage("Lobes", 0.1, 0.99));
  output.notes.insert(output.notes.end(), analysis.notes.begin(), analysis.notes.end());
  clock.finish("lobes");
  const std::vector<NamedLobes> lobes = lobesToWrite(analysis, options);
  context.progress.checkStopped();
  {
    const Interruption::Saving saving(context.interruption);
    writeResult(options.output, resultTable(dictionary, lobes, options, data));
  }
  clock.finish("writing");

  Json& json = output.json;
  json["results"] = Json::array();
  output.text = padded("affinity", 10) + padded("lobes", 7) + padded("AMI", 9) + padded("z", 8) +
                padded("z deciles", 11) + padded("accuracy", 10) + padded("z", 8) + "verdict\n";
  for (const FunctionalLobes& functional : analysis.functional)
    for (const LobeLocality& locality : functional.locality) {
      json["results"].push_back(resultJson(commandName(functional.measure), locality));
      output.text += padded(commandName(functional.measure), 10) +
                     padded(std::to_string(locality.clusters), 7) +
                     padded(fixed(locality.ami.observed, 4), 9) +
                     padded(fixed(locality.ami.z, 1), 8) +
                     padded(fixed(locality.amiWithinDeciles.z, 1), 11) +
                     (locality.hasLogistic ? padded(fixed(locality.logistic.observed, 3), 10) +
                                                 padded(fixed(locality.logistic.z, 1), 8)
                                           : padded("-", 10) + padded("-", 8)) +
                     locality.sentence() + "\n";
    }
  json["documents"] = Json::object();
  if (!types.empty() && data.firings) {
    // The contract's object is of one clustering: the first asked for; all stand beside it.
    json["documents"] = documentsJson(*data.firings, *lobes.front().lobes, types);
    json["documents_by_lobes"] = Json::object();
    for (const NamedLobes& entry : lobes)
      json["documents_by_lobes"][entry.key] = documentsJson(*data.firings, *entry.lobes, types);
  }
  json["features"] = dictionary.features();
  json["blocks"] = data.blocks();
  json["features_used"] = analysis.features.used.size();
  json["never_fire"] = analysis.features.never;
  json["always_fire"] = analysis.features.always;
  json["filtered_out"] = analysis.features.rarely + analysis.features.often;
  json["spatial_sizes"] = Json::object();
  for (const Lobes& spatial : analysis.spatial.clusterings)
    json["spatial_sizes"][std::to_string(spatial.clusters)] = spatial.sizes;
  json["names"] = Json::object();
  if (!dictionary.labels.empty())
    for (const NamedLobes& entry : lobes) {
      Json names = Json::array();
      for (const LobeName& name : suggestNames(*entry.lobes, dictionary.labels, data.own))
        names.push_back(name.suggestion);
      json["names"][entry.key] = std::move(names);
    }
  json["seconds"] = clock.total();
  json["stages"] = clock.stages();
  json["output"] = options.output.native();
  return output;
}

}  // namespace orrery
