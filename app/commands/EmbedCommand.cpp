#include "app/commands/Command.h"

#include "core/base/Error.h"
#include "core/embedding/MapRun.h"
#include "core/embedding/MapTrust.h"
#include "core/embedding/Neighbors.h"
#include "core/io/ByteSource.h"
#include "core/io/MapFile.h"
#include "core/io/ResultFile.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace orrery {
namespace {

struct EmbedOptions {
  std::string method;
  int dimensions = 3;
  double perplexity = 30;
  int neighbors = 15;
  double minDist = 0.1;
  std::string metric;
  std::uint64_t seed = 0;
  std::filesystem::path output;
  std::optional<std::filesystem::path> apply;    ///< A saved map to place the features on.
  std::optional<std::filesystem::path> saveMap;  ///< Where the fitted map goes.
};

EmbedOptions embedOptions(const Arguments& arguments)
{
  EmbedOptions options;
  options.apply = arguments.path("apply");
  options.saveMap = arguments.path("save-map");
  if (options.apply && (arguments.has("method") || options.saveMap))
    throw UsageError(
        "--apply places features on a map that is there: it goes with neither --method "
        "nor --save-map");
  if (!options.apply && !arguments.has("method"))
    throw UsageError("--method is missing (pca, tsne or umap)");
  if (!options.apply)
    options.method = arguments.choice("method", "", {"pca", "tsne", "umap"});
  options.dimensions = static_cast<int>(arguments.integer("dimensions", 3, 2, 3));
  options.perplexity = arguments.number("perplexity", 30, 1, 1e6);
  options.neighbors = static_cast<int>(arguments.integer("neighbors", 15, 2, 100000));
  options.minDist = arguments.number("min-dist", 0.1, 0, 100);
  options.metric = arguments.choice("metric", "cosine", {"cosine", "euclidean"});
  options.seed = arguments.seed();
  const auto output = arguments.path("output");
  if (!output)
    throw UsageError("--output is missing");
  options.output = *output;
  return options;
}

MapChoice choiceOf(const EmbedOptions& options)
{
  const Metric metric = options.metric == "cosine" ? Metric::Cosine : Metric::Euclidean;
  if (options.method == "tsne") {
    TsneOptions tsne;
    tsne.perplexity = options.perplexity;
    tsne.dimensions = options.dimensions;
    tsne.metric = metric;
    tsne.seed = options.seed;
    return tsne;
  }
  if (options.method == "umap") {
    UmapOptions umap;
    umap.neighbors = options.neighbors;
    umap.minDist = options.minDist;
    umap.dimensions = options.dimensions;
    umap.metric = metric;
    umap.seed = options.seed;
    return umap;
  }
  return PcaMapOptions{options.dimensions, options.seed};
}

/// What a map can place. Under cosine a zero row has no neighbours, and so no place on a map that
/// is made from them; principal components do place it.
UsableFeatures placeableFeatures(const Dictionary& dictionary, const EmbedOptions& options)
{
  if (options.method == "pca" || options.metric != "cosine" || dictionary.rows.zero.empty())
    return usableFeatures(dictionary);
  Dictionary withoutZeros;
  withoutZeros.name = dictionary.name;
  withoutZeros.decoder = dictionary.decoder;
  std::merge(dictionary.rows.nonFinite.begin(), dictionary.rows.nonFinite.end(),
             dictionary.rows.zero.begin(), dictionary.rows.zero.end(),
             std::back_inserter(withoutZeros.rows.nonFinite));
  return usableFeatures(withoutZeros);
}

std::vector<float> row(const Positions& positions, int axis)
{
  std::vector<float> values(static_cast<std::size_t>(positions.cols()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = positions(axis, static_cast<Eigen::Index>(i));
  return values;
}

/// Tables carry a column for each axis; containers carry one matrix, which .npy takes.
ResultTable resultTable(const Dictionary& dictionary, const Embedding& embedding,
                        const std::vector<float>& kept, const std::filesystem::path& output)
{
  const std::int64_t n = dictionary.features();
  ResultTable table;
  const auto add = [&](const char* name, auto values) {
    table.arrays.push_back({name, {n}, std::move(values)});
  };
  const std::string ending = output.extension().string();
  const bool asTable = ending == ".csv" || ending == ".tsv";
  if (asTable) {
    std::vector<std::int32_t> index(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < index.size(); ++i)
      index[i] = static_cast<std::int32_t>(i);
    add("index", std::move(index));
    if (!dictionary.labels.empty())
      add("label", dictionary.labels);
    const char* const axes[] = {"x", "y", "z"};
    for (int axis = 0; axis < embedding.dimensions; ++axis)
      add(axes[axis], row(embedding.positions, axis));
    add("neighbors_kept", kept);
  } else {
    std::vector<float> positions;
    positions.reserve(static_cast<std::size_t>(n) * 3);
    for (Eigen::Index i = 0; i < n; ++i)
      for (int axis = 0; axis < embedding.dimensions; ++axis)
        positions.push_back(embedding.positions(axis, i));
    table.arrays.push_back({"positions", {n, embedding.dimensions}, std::move(positions)});
    if (!dictionary.labels.empty())
      add("labels", dictionary.labels);
    add("neighbors_kept", kept);
  }
  table.options = embedding.options;
  table.options["description"] = embedding.description;
  table.options["source"] = dictionary.source.path.filename().string();
  return table;
}

std::string percent(double share)
{
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, 100 * share, std::chars_format::fixed, 1).ptr;
  return std::string(buffer, end) + " %";
}

}  // namespace

const CommandSpec& embedSpec()
{
  static const CommandSpec spec = {
      .name = "embed",
      .summary = "compute a map in two or three dimensions",
      .synopsis = {"embed FILE --method pca|tsne|umap --output OUT [--dimensions 2|3]",
                   "      [--perplexity 30] [--neighbors 15] [--min-dist 0.1]",
                   "      [--metric cosine|euclidean] [--save-map MAP.h5]",
                   "embed FILE --apply MAP.h5 --output OUT"},
      .description =
          "Computes a map of all features (nothing is sampled or projected before) and writes it "
          "to "
          "OUT, whose ending chooses the form: .csv .tsv .npy .npz .h5 .json. Says how far the map "
          "may be trusted: the share of each feature's ten nearest neighbours that the map keeps, "
          "trustworthiness and continuity. Rows that are not finite have no place (NaN).",
      .options =
          {{"method", "NAME", "pca, tsne or umap."},
           {"dimensions", "N", "2 or 3. Default: 3."},
           {"output", "OUT", "Where the map goes."},
           {"perplexity", "NUMBER", "t-SNE: effective number of neighbours. Default: 30."},
           {"neighbors", "N", "UMAP: neighbours of each feature. Default: 15."},
           {"min-dist", "NUMBER", "UMAP: least distance on the map. Default: 0.1."},
           {"metric", "NAME",
            "cosine (default) or euclidean: of the neighbours that the map is made from and "
            "measured against."},
           {"save-map", "MAP.h5",
            "Also keep the map with all that placing other vectors on it needs (for t-SNE and "
            "UMAP the features themselves)."},
           {"apply", "MAP.h5",
            "Place the features of FILE on a saved map of the same space: on that of PCA "
            "exactly, on others by their neighbours among the features it was made of."}},
      .files = "FILE",
      .examples = {"orrery embed params.npz --method pca --dimensions 3 --output map.npz",
                   "orrery embed vectors.npy --method tsne --dimensions 2 --output map.csv"},
  };
  return spec;
}

CommandOutput runEmbed(const CommandContext& context)
{
  EmbedOptions options = embedOptions(context.arguments);
  checkWritable(options.output);
  if (options.saveMap)
    checkWritable(*options.saveMap);
  StageClock clock;
  CommandOutput output;
  const Dictionary dictionary =
      readForCommand(context, output, context.progress.stage("Reading", 0.0, 0.1));
  const UsableFeatures usable = placeableFeatures(dictionary, options);
  clock.finish("reading");
  std::optional<FittedMap> fitted;
  if (options.apply) {
    fitted = readFittedMap(*options.apply, context.progress);
    options.method = "apply";
  }
  MapRun run(choiceOf(options));
  NeighborOptions neighborOptions;
  neighborOptions.count = neighborsNeeded(run.choice());
  neighborOptions.metric = options.metric == "cosine" ? Metric::Cosine : Metric::Euclidean;
  const auto neighbors = std::make_shared<const Neighbors>(computeNeighbors(
      *usable.decoder, neighborOptions, context.progress.stage("Neighbours", 0.1, 0.4)));
  clock.finish("neighbors");
  const Progress making = context.progress.stage("Map", 0.4, 0.68);
  std::optional<double> klDivergence;
  Embedding embedding;
  if (fitted) {
    embedding = applyFittedMap(*fitted, *usable.decoder, making);
    options.dimensions = embedding.dimensions;
  } else {
    run.advance(*usable.decoder, neighbors, making);
    klDivergence = run.klDivergence(context.progress.stage("Divergence", 0.68, 0.7));
    embedding = run.embedding();
  }
  std::optional<FittedMap> keptMap;
  if (options.saveMap)
    keptMap = fitMap(embedding, *usable.decoder, making);
  clock.finish(options.method);
  MapTrustOptions trustOptions;
  trustOptions.seed = options.seed;
  const MapTrust trust = measureMapTrust(*usable.decoder, embedding.positions, *neighbors,
                                         trustOptions, context.progress.stage("Trust", 0.7, 1.0));
  clock.finish("trust");

  const std::int64_t n = dictionary.features();
  std::vector<float> kept(static_cast<std::size_t>(n), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < trust.keptPerFeature.size(); ++i)
    kept[static_cast<std::size_t>(usable.id(static_cast<std::int64_t>(i)))] =
        trust.keptPerFeature[i];
  embedding.positions = usable.positionsOfAll(std::move(embedding.positions), n);
  context.progress.checkStopped();
  {
    const Interruption::Saving saving(context.interruption);
    if (options.saveMap)
      writeFittedMap(*options.saveMap, *keptMap);
    writeResult(options.output, resultTable(dictionary, embedding, kept, options.output));
  }
  clock.finish("writing");

  Json& json = output.json;
  json["method"] = fitted ? fitted->embedding.method == EmbeddingMethod::Pca    ? "pca"
                            : fitted->embedding.method == EmbeddingMethod::Tsne ? "tsne"
                                                                                : "umap"
                          : options.method;
  json["dimensions"] = options.dimensions;
  json["features"] = n;
  json["seconds"] = clock.total();
  json["stages"] = clock.stages();
  json["options"] = Json(embedding.options);
  json["neighbors_kept_10"] = orNull(trust.neighborsKept);
  json["trustworthiness"] = orNull(trust.trustworthiness);
  json["continuity"] = orNull(trust.continuity);
  json["kl_divergence"] = orNull(klDivergence);
  json["trust_sample"] = trust.sampled;
  json["left_out"] = n - usable.decoder->cols();
  json["output"] = options.output.native();
  output.text = displayName(options.output) + ": " + embedding.description + "\n" +
                percent(trust.neighborsKept) + " of the 10 nearest neighbours kept, " +
                "trustworthiness " + percent(trust.trustworthiness) + ", continuity " +
                percent(trust.continuity) + "\n";
  return output;
}

}  // namespace orrery
