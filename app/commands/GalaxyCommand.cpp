#include "app/commands/Command.h"

#include "core/base/Error.h"
#include "core/galaxy/LayerAnalysis.h"
#include "core/galaxy/LayerSeries.h"
#include "core/io/ByteSource.h"
#include "core/io/ResultFile.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

namespace orrery {
namespace {

std::pair<int, int> windowOf(const Arguments& arguments)
{
  const std::string text = arguments.text("window").value_or("11:150");
  int first = 0, last = 0;
  const char* const end = text.data() + text.size();
  const auto begun = std::from_chars(text.data(), end, first);
  if (begun.ec == std::errc{} && begun.ptr != end && *begun.ptr == ':') {
    const auto ended = std::from_chars(begun.ptr + 1, end, last);
    if (ended.ec == std::errc{} && ended.ptr == end && first >= 1 && last >= first)
      return {first, last};
  }
  throw UsageError("--window must be two ranks from 1 on, such as 11:150, not '" + text + "'");
}

LayerAnalysisOptions analysisOptions(const Arguments& arguments)
{
  LayerAnalysisOptions options;
  std::tie(options.spectrum.firstRank, options.spectrum.lastRank) = windowOf(arguments);
  options.spectrum.center = !arguments.has("uncentered");
  options.spectrum.halves = static_cast<int>(arguments.integer("halves", 6, 0, 1000));
  if (options.spectrum.halves == 1)
    throw UsageError("--halves must be 0 or at least 2");
  options.spectrum.seed = arguments.seed();
  options.entropy.seed = arguments.seed();
  options.entropy.rows = arguments.integer("rows", 5000, 10, 1000000);
  options.unitNorm = arguments.has("unit-norm");
  if (arguments.choice("variant", "textbook", {"textbook", "published"}) == "published")
    options.entropy.variant = EntropyVariant::Published;
  return options;
}

struct Analyzed {
  LayerSource source;
  LayerAnalysis analysis;
};

Json interval(double middle, double halfWidth)
{
  if (!std::isfinite(middle) || !std::isfinite(halfWidth))
    return nullptr;
  return Json::array({middle - halfWidth, middle + halfWidth});
}

Json described(const Analyzed& layer)
{
  const LayerAnalysis& analysis = layer.analysis;
  const Spectrum& spectrum = analysis.spectrum;
  Json json;
  json["file"] = layer.source.path.native();
  json["dataset"] = orNull(layer.source.options.dataset);
  json["layer"] = orNull(layer.source.origin.layer);
  json["width"] = orNull(layer.source.origin.width);
  json["l0"] = orNull(layer.source.origin.l0);
  json["features"] = spectrum.features;
  json["dimensions"] = spectrum.dimensions;
  json["rank"] = spectrum.rank;
  json["window"] = Json::array({spectrum.firstRank, spectrum.lastRank});
  json["slope"] = spectrum.slope;
  json["slope_fit_interval"] = interval(spectrum.slope, spectrum.slopeFitInterval);
  json["slope_ci95"] = interval(spectrum.slope, spectrum.slopeInterval);
  json["slope_corrected"] = orNull(analysis.correction->slope);
  json["slope_corrected_ci95"] =
      interval(analysis.correction->slope, analysis.correction->slopeInterval);
  json["slope_by_sampling"] = orNull(analysis.correction->bySampling());
  json["sampling"] = samplingSentence(*analysis.correction);
  json["slope_gaussian"] = orNull(analysis.gaussian.slope);
  json["log_determinant"] = spectrum.logDeterminant;
  json["log_determinant_ci95"] = interval(spectrum.logDeterminant, spectrum.logDeterminantInterval);
  json["log_effective_volume"] = spectrum.logEffectiveVolume;
  json["log_effective_volume_ci95"] =
      interval(spectrum.logEffectiveVolume, spectrum.logEffectiveVolumeInterval);
  json["participation_ratio"] = spectrum.participationRatio;
  const ClusteringEntropy& entropy = *analysis.entropy;
  json["clustering_entropy"] = entropy.negentropy;
  json["clustering_entropy_ci95"] = interval(entropy.negentropy, entropy.interval95);
  json["clustering_entropy_gaussian"] = entropy.gaussian;
  json["clustering_entropy_corrected"] = entropy.corrected;
  Json& law = json["marchenko_pastur"];
  law["slope"] = orNull(analysis.marchenkoPastur.slope);
  law["lower_edge"] = analysis.lowerEdge;
  law["upper_edge"] = analysis.upperEdge;
  law["variance"] = spectrum.totalVariance / static_cast<double>(spectrum.dimensions);
  law["eigenvalues_above"] = analysis.aboveUpperEdge;
  law["sampling_share"] = analysis.samplingShare;
  return json;
}

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

ResultTable resultTable(const std::vector<Analyzed>& layers, const std::string& ending)
{
  const auto count = static_cast<std::int64_t>(layers.size());
  ResultTable table;
  const auto addNumbers = [&](const char* name, auto number) {
    std::vector<double> values;
    for (const Analyzed& layer : layers)
      values.push_back(number(layer));
    table.arrays.push_back({name, {count}, std::move(values)});
  };
  const auto addSpectra = [&](const char* name, auto eigenvalues) {
    std::int64_t width = 0;
    for (const Analyzed& layer : layers)
      width = std::max<std::int64_t>(width, eigenvalues(layer).size());
    std::vector<double> values(static_cast<std::size_t>(count * width), nan);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Eigen::VectorXd& row = eigenvalues(layers[i]);
      std::copy(
          row.begin(), row.end(),
          values.begin() + static_cast<std::ptrdiff_t>(i) * static_cast<std::ptrdiff_t>(width));
    }
    table.arrays.push_back({name, {count, width}, std::move(values)});
  };
  const bool asTable = ending == ".csv" || ending == ".tsv";
  const auto spectra = [&] {
    addSpectra("eigenvalues", [](const Analyzed& l) -> const Eigen::VectorXd& {
      return l.analysis.spectrum.eigenvalues;
    });
    addSpectra("eigenvalues_gaussian", [](const Analyzed& l) -> const Eigen::VectorXd& {
      return l.analysis.gaussian.eigenvalues;
    });
    addSpectra("eigenvalues_marchenko_pastur", [](const Analyzed& l) -> const Eigen::VectorXd& {
      return l.analysis.marchenkoPastur.eigenvalues;
    });
  };
  if (ending == ".npy") {
    spectra();
    return table;
  }
  std::vector<std::string> files, datasets;
  for (const Analyzed& layer : layers) {
    files.push_back(displayName(layer.source.path));
    datasets.push_back(layer.source.options.dataset.value_or(""));
  }
  table.arrays.push_back({"file", {count}, std::move(files)});
  table.arrays.push_back({"dataset", {count}, std::move(datasets)});
  addNumbers("layer", [](const Analyzed& l) {
    return l.source.origin.layer ? static_cast<double>(*l.source.origin.layer) : nan;
  });
  addNumbers("width", [](const Analyzed& l) {
    return l.source.origin.width ? static_cast<double>(*l.source.origin.width) : nan;
  });
  addNumbers("l0", [](const Analyzed& l) { return l.source.origin.l0.value_or(nan); });
  addNumbers("features",
             [](const Analyzed& l) { return static_cast<double>(l.analysis.spectrum.features); });
  addNumbers("dimensions",
             [](const Analyzed& l) { return static_cast<double>(l.analysis.spectrum.dimensions); });
  const auto add = [&](const char* name, auto member) {
    addNumbers(name, [&](const Analyzed& l) { return l.analysis.spectrum.*member; });
  };
  add("slope", &Spectrum::slope);
  add("slope_fit_interval", &Spectrum::slopeFitInterval);
  add("slope_ci95", &Spectrum::slopeInterval);
  addNumbers("slope_corrected", [](const Analyzed& l) { return l.analysis.correction->slope; });
  addNumbers("slope_corrected_ci95",
             [](const Analyzed& l) { return l.analysis.correction->slopeInterval; });
  addNumbers("slope_gaussian", [](const Analyzed& l) { return l.analysis.gaussian.slope; });
  addNumbers("slope_marchenko_pastur",
             [](const Analyzed& l) { return l.analysis.marchenkoPastur.slope; });
  add("log_determinant", &Spectrum::logDeterminant);
  add("log_determinant_ci95", &Spectrum::logDeterminantInterval);
  add("log_effective_volume", &Spectrum::logEffectiveVolume);
  add("log_effective_volume_ci95", &Spectrum::logEffectiveVolumeInterval);
  add("participation_ratio", &Spectrum::participationRatio);
  addNumbers("clustering_entropy",
             [](const Analyzed& l) { return l.analysis.entropy->negentropy; });
  addNumbers("clustering_entropy_ci95",
             [](const Analyzed& l) { return l.analysis.entropy->interval95; });
  addNumbers("clustering_entropy_gaussian",
             [](const Analyzed& l) { return l.analysis.entropy->gaussian; });
  if (!asTable)
    spectra();
  return table;
}

std::string summary(const Analyzed& layer)
{
  const Spectrum& spectrum = layer.analysis.spectrum;
  char buffer[400], features[40] = "";
  if (std::isfinite(spectrum.slopeInterval))
    std::snprintf(features, sizeof features, ", features ±%.3f", spectrum.slopeInterval);
  std::snprintf(buffer, sizeof buffer,
                "slope %.3f (fit ±%.3f%s; Gaussian %.3f), log volume %.1f, "
                "clustering entropy %.1f ± %.1f (Gaussian %.1f)\n",
                spectrum.slope, spectrum.slopeFitInterval, features, layer.analysis.gaussian.slope,
                spectrum.logEffectiveVolume, layer.analysis.entropy->negentropy,
                layer.analysis.entropy->interval95, layer.analysis.entropy->gaussian);
  const Origin& origin = layer.source.origin;
  return layer.source.name + (origin.layer ? ", layer " + std::to_string(*origin.layer) : "") +
         ", " + std::to_string(spectrum.features) + " x " + std::to_string(spectrum.dimensions) +
         ": " + buffer + "  " + samplingSentence(layer.analysis.correction.value()) + "\n";
}

}  // namespace

const CommandSpec& galaxySpec()
{
  static const CommandSpec spec = {
      .name = "galaxy",
      .summary = "spectra, volume and clustering entropy of layers",
      .synopsis = {"galaxy FILE... --output OUT [--activations FILE] [--window 11:150]",
                   "       [--halves 6] [--rows 5000] [--unit-norm] [--uncentered]",
                   "       [--variant textbook|published]"},
      .description =
          "Describes each dictionary as a whole: the eigenvalues of its covariance, the power law "
          "fitted to them over a window of ranks with the slope of a Gaussian cloud of equal size "
          "and of the Marchenko-Pastur law beside it, what of the slope sampling alone explains "
          "and the "
          "slope without it, the volume, and how far the cloud is from a "
          "Gaussian. FILE may be a folder of layers or an HDF5 file with a group for each layer; "
          "one layer is in memory at a time. Intervals are [low, high] in JSON and half-widths in "
          "tables; those called ci95 come from random halves of the features.",
      .options = {{"output", "OUT", "Where the table goes; .npz and .h5 also hold eigenvalues."},
                  {"activations", "FILE",
                   "Raw activations, a row each: their figures are given beside the layers'."},
                  {"window", "FIRST:LAST",
                   "Ranks of the fit, clipped to the rank of the cloud. Default: 11:150."},
                  {"halves", "N", "Random halves for the intervals; 0: none. Default: 6."},
                  {"rows", "N", "Rows drawn for the clustering entropy. Default: 5000."},
                  {"unit-norm", "", "Scale every feature to length one first."},
                  {"uncentered", "", "Take the second moment instead of the covariance."}},
      .files = "FILE",
      .mostFiles = -1,
      .examples = {"orrery galaxy saes.h5 --output layers.csv",
                   "orrery galaxy gemma-scope-2b-pt-res/ --json --output layers.npz"},
  };
  return spec;
}

CommandOutput runGalaxy(const CommandContext& context)
{
  const Arguments& arguments = context.arguments;
  const LayerAnalysisOptions options = analysisOptions(arguments);
  const auto outputPath = arguments.path("output");
  if (!outputPath)
    throw UsageError("--output is missing");
  checkWritable(*outputPath);
  CommandOutput output;
  ReadOptions reading = readOptions(arguments);
  // The encoder plays no part here, and would double the memory.
  reading.compareEncoder = false;
  LayerListing listing =
      listLayers(arguments.files(), reading, context.progress.stage("Listing", 0.0, 0.02));
  output.notes = listing.notes;

  const auto activations = arguments.path("activations");
  const double parts = static_cast<double>(listing.layers.size()) + (activations ? 1 : 0);
  const auto share = [&](double part) { return 0.02 + 0.97 * part / parts; };
  const auto analyze = [&](LayerCache& cache, std::size_t index, const Progress& progress) {
    Analyzed analyzed;
    const auto dictionary = cache.dictionary(index, progress.stage("Reading", 0.0, 0.1));
    analyzed.source = cache.layers()[index];
    const std::string name =
        displayName(analyzed.source.path) +
        (analyzed.source.options.dataset ? " " + displayText(*analyzed.source.options.dataset)
                                         : "");
    const std::uint64_t needed =
        analysisMemory(dictionary->features(), dictionary->dimensions(), options);
    if (reading.maxMemory && needed > *reading.maxMemory)
      throw Error(name + ": the analysis needs " + displayBytes(needed) +
                  " of memory (expected at most " + displayBytes(*reading.maxMemory) + ")");
    for (const std::string& warning : dictionary->warnings)
      output.notes.push_back("warning: " + name + ": " + warning);
    try {
      analyzed.analysis = analyzeLayer(*dictionary, options, progress.stage("Analysis", 0.1, 1.0));
    } catch (const Error& error) {
      throw Error(name + ": " + error.what());
    }
    for (const std::string& note : analyzed.analysis.notes)
      output.notes.push_back(name + ": " + note);
    for (const std::string& warning : analyzed.analysis.warnings)
      output.notes.push_back("warning: " + name + ": " + warning);
    return analyzed;
  };

  std::vector<Analyzed> layers;
  LayerCache cache(listing.layers, 0);
  for (std::size_t i = 0; i < cache.layers().size(); ++i) {
    const auto part = static_cast<double>(i);
    layers.push_back(analyze(cache, i,
                             context.progress.stage("Layer " + std::to_string(i + 1) + " of " +
                                                        std::to_string(cache.layers().size()),
                                                    share(part), share(part + 1))));
  }
  for (const std::string& warning : layerWarnings(cache.layers()))
    output.notes.push_back("warning: " + warning);
  output.json["variant"] =
      options.entropy.variant == EntropyVariant::Published ? "published" : "textbook";
  Json described_ = Json::array();
  for (const Analyzed& layer : layers) {
    described_.push_back(described(layer));
    output.text += summary(layer);
  }
  output.json["layers"] = std::move(described_);
  if (activations) {
    ReadOptions plain;
    plain.withoutLabels = true;
    plain.compareEncoder = false;
    plain.maxMemory = reading.maxMemory;
    LayerCache one(listLayers({*activations}, plain).layers, 0);
    const Analyzed raw =
        analyze(one, 0, context.progress.stage("Activations", share(parts - 1), share(parts)));
    output.json["activations"] = described(raw);
    output.text += "activations " + summary(raw);
  }
  output.json["notes"] = output.notes;
  ResultTable table = resultTable(layers, outputPath->extension().string());
  table.options["variant"] = output.json["variant"].get<std::string>();
  table.options["window"] =
      std::to_string(options.spectrum.firstRank) + ":" + std::to_string(options.spectrum.lastRank);
  table.options["centered"] = options.spectrum.center ? "true" : "false";
  table.options["unit_norm"] = options.unitNorm ? "true" : "false";
  table.options["halves"] = std::to_string(options.spectrum.halves);
  table.options["rows"] = std::to_string(options.entropy.rows);
  table.options["seed"] = std::to_string(options.spectrum.seed);
  context.progress.checkStopped();
  const Interruption::Saving saving(context.interruption);
  writeResult(*outputPath, table);
  return output;
}

}  // namespace orrery
