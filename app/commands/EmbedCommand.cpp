#include "app/commands/Command.h"

#include "core/base/Error.h"
#include "core/embedding/MapTrust.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/Pca.h"
#include "core/embedding/Tsne.h"
#include "core/embedding/Umap.h"
#include "core/io/ByteSource.h"
#include "core/io/ResultFile.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
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
};

EmbedOptions embedOptions(const Arguments& arguments)
{
  EmbedOptions options;
  if (!arguments.has("method"))
    throw UsageError("--method is missing (pca, tsne or umap)");
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

Metric metricOf(const EmbedOptions& options)
{
  return options.metric == "cosine" ? Metric::Cosine : Metric::Euclidean;
}

struct Map {
  Embedding embedding;  ///< Of the usable features.
  std::optional<double> klDivergence;
};

/// t-SNE attends to three times its perplexity of neighbours, UMAP to as many as asked for with the
/// feature itself among them; the figures of trust need ten.
int neighborsNeeded(const EmbedOptions& options)
{
  constexpr int trusted = 10;
  if (options.method == "tsne")
    return std::max(trusted, static_cast<int>(std::ceil(3 * options.perplexity)));
  if (options.method == "umap")
    return std::max(trusted, options.neighbors - 1);
  return trusted;
}

Map makeTsne(const FeatureMatrix& decoder, const Neighbors& neighbors, const EmbedOptions& options,
             const Progress& progress)
{
  TsneOptions tsne;
  tsne.perplexity = options.perplexity;
  tsne.dimensions = options.dimensions;
  tsne.metric = neighbors.metric;
  tsne.seed = options.seed;
  TsneAffinities affinities =
      computeTsneAffinities(neighbors, tsne.perplexity, progress.stage("Affinities", 0.0, 0.03));
  const Positions start =
      startingPositions(decoder, affinities.graph, tsne.start, tsne.metric, tsne.dimensions,
                        tsne.seed, progress.stage("Starting positions", 0.03, 0.08));
  TsneRun run(std::move(affinities), start, tsne);
  run.advance(tsne.iterations, progress.stage("t-SNE", 0.08, 0.95));
  Map map;
  map.embedding = run.embedding();
  map.klDivergence = run.klDivergence(progress.stage("Divergence", 0.95, 1.0));
  return map;
}

Map makeUmap(const FeatureMatrix& decoder, const Neighbors& neighbors, const EmbedOptions& options,
             const Progress& progress)
{
  UmapOptions umap;
  umap.neighbors = options.neighbors;
  umap.minDist = options.minDist;
  umap.dimensions = options.dimensions;
  umap.metric = neighbors.metric;
  umap.seed = options.seed;
  return {computeUmap(decoder, neighbors, umap, progress), std::nullopt};
}

Map makeMap(const FeatureMatrix& decoder, const Neighbors& neighbors, const EmbedOptions& options,
            const Progress& progress)
{
  if (options.method == "tsne")
    return makeTsne(decoder, neighbors, options, progress);
  if (options.method == "umap")
    return makeUmap(decoder, neighbors, options, progress);
  PcaOptions pca;
  pca.components = options.dimensions;
  pca.seed = options.seed;
  return {pcaEmbedding(computePca(decoder, pca, progress), options.dimensions), std::nullopt};
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
                   "      [--metric cosine|euclidean]"},
      .description =
          "Computes a map of all features (nothing is sampled or projected before) and writes it "
          "to "
          "OUT, whose ending chooses the form: .csv .tsv .npy .npz .h5 .json. Says how far the map "
          "may be trusted: the share of each feature's ten nearest neighbours that the map keeps, "
          "trustworthiness and continuity. Rows that are not finite have no place (NaN).",
      .options = {{"method", "NAME", "pca, tsne or umap."},
                  {"dimensions", "N", "2 or 3. Default: 3."},
                  {"output", "OUT", "Where the map goes."},
                  {"perplexity", "NUMBER", "t-SNE: effective number of neighbours. Default: 30."},
                  {"neighbors", "N", "UMAP: neighbours of each feature. Default: 15."},
                  {"min-dist", "NUMBER", "UMAP: least distance on the map. Default: 0.1."},
                  {"metric", "NAME",
                   "cosine (default) or euclidean: of the neighbours that the map is made from and "
                   "measured against."}},
      .files = "FILE",
      .examples = {"orrery embed params.npz --method pca --dimensions 3 --output map.npz",
                   "orrery embed vectors.npy --method tsne --dimensions 2 --output map.csv"},
  };
  return spec;
}

CommandOutput runEmbed(const CommandContext& context)
{
  const EmbedOptions options = embedOptions(context.arguments);
  checkWritable(options.output);
  StageClock clock;
  CommandOutput output;
  const Dictionary dictionary =
      readForCommand(context, output, context.progress.stage("Reading", 0.0, 0.1));
  const UsableFeatures usable = placeableFeatures(dictionary, options);
  clock.finish("reading");
  NeighborOptions neighborOptions;
  neighborOptions.count = neighborsNeeded(options);
  neighborOptions.metric = metricOf(options);
  const Neighbors neighbors = computeNeighbors(*usable.decoder, neighborOptions,
                                               context.progress.stage("Neighbours", 0.1, 0.4));
  clock.finish("neighbors");
  Map map = makeMap(*usable.decoder, neighbors, options, context.progress.stage("Map", 0.4, 0.7));
  clock.finish(options.method);
  MapTrustOptions trustOptions;
  trustOptions.seed = options.seed;
  const MapTrust trust = measureMapTrust(*usable.decoder, map.embedding.positions, neighbors,
                                         trustOptions, context.progress.stage("Trust", 0.7, 1.0));
  clock.finish("trust");

  const std::int64_t n = dictionary.features();
  std::vector<float> kept(static_cast<std::size_t>(n), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < trust.keptPerFeature.size(); ++i)
    kept[static_cast<std::size_t>(usable.id(static_cast<std::int64_t>(i)))] =
        trust.keptPerFeature[i];
  map.embedding.positions = usable.positionsOfAll(std::move(map.embedding.positions), n);
  context.progress.checkStopped();
  {
    const Interruption::Saving saving(context.interruption);
    writeResult(options.output, resultTable(dictionary, map.embedding, kept, options.output));
  }
  clock.finish("writing");

  Json& json = output.json;
  json["method"] = options.method;
  json["dimensions"] = options.dimensions;
  json["features"] = n;
  json["seconds"] = clock.total();
  json["stages"] = clock.stages();
  json["options"] = Json(map.embedding.options);
  json["neighbors_kept_10"] = orNull(trust.neighborsKept);
  json["trustworthiness"] = orNull(trust.trustworthiness);
  json["continuity"] = orNull(trust.continuity);
  json["kl_divergence"] = orNull(map.klDivergence);
  json["trust_sample"] = trust.sampled;
  json["left_out"] = n - usable.decoder->cols();
  json["output"] = options.output.native();
  output.text = displayName(options.output) + ": " + map.embedding.description + "\n" +
                percent(trust.neighborsKept) + " of the 10 nearest neighbours kept, " +
                "trustworthiness " + percent(trust.trustworthiness) + ", continuity " +
                percent(trust.continuity) + "\n";
  return output;
}

}  // namespace orrery
