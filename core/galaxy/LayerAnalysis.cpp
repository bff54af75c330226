#include "core/galaxy/LayerAnalysis.h"

#include "core/base/Correlation.h"
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/dictionary/LabelIndex.h"
#include "core/embedding/Pca.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

namespace orrery {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string decimals(double value, int digits)
{
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

double slopeOver(const Eigen::VectorXd& eigenvalues, const Spectrum& like)
{
  for (int rank = like.firstRank; rank <= like.lastRank; ++rank)
    if (!(eigenvalues[rank - 1] > 0.0))
      return nan;
  return fitPowerLaw(eigenvalues, like.firstRank, like.lastRank).slope;
}

/// Columns of length one; zero columns must not be among them.
FeatureMatrix unitColumns(const FeatureMatrix& decoder)
{
  FeatureMatrix unit(decoder.rows(), decoder.cols());
  parallelFor(decoder.cols(), 512, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const double norm = decoder.col(i).cast<double>().norm();
      unit.col(i) = (decoder.col(i).cast<double>() / norm).cast<float>();
    }
  });
  return unit;
}

UsableFeatures featuresFor(const Dictionary& dictionary, bool unitNorm)
{
  if (!unitNorm || dictionary.rows.zero.empty())
    return usableFeatures(dictionary);
  Dictionary without;
  without.name = dictionary.name;
  without.decoder = dictionary.decoder;
  std::merge(dictionary.rows.nonFinite.begin(), dictionary.rows.nonFinite.end(),
             dictionary.rows.zero.begin(), dictionary.rows.zero.end(),
             std::back_inserter(without.rows.nonFinite));
  return usableFeatures(without);
}

/// Where sampling explains much of the slope; what it explains is known once it is corrected.
void warnOfSampling(LayerAnalysis& analysis)
{
  constexpr double much = 0.2;
  const Spectrum& spectrum = analysis.spectrum;
  analysis.warnings.clear();
  const std::string size =
      "N = " +
      decimals(static_cast<double>(spectrum.features) / static_cast<double>(spectrum.dimensions),
               1) +
      " d";
  const bool known = analysis.correction && analysis.correction->unavailable.empty();
  if (known && analysis.correction->share() > much)
    analysis.warnings.push_back("With " + size + ", " + samplingSentence(*analysis.correction) +
                                ".");
  else if (!known && analysis.samplingShare > much)
    analysis.warnings.push_back(
        "Sampling alone gives a slope of " + decimals(analysis.marchenkoPastur.slope, 3) + " for " +
        std::to_string(spectrum.features) + " features in " + std::to_string(spectrum.dimensions) +
        " dimensions (" + size + "): " + decimals(100 * analysis.samplingShare, 0) + " % of the " +
        decimals(spectrum.slope, 3) + " found.");
}

}  // namespace

void addControls(LayerAnalysis& analysis)
{
  const Spectrum& spectrum = analysis.spectrum;
  const double variance = spectrum.totalVariance / static_cast<double>(spectrum.dimensions);
  const std::int64_t n = spectrum.features, d = spectrum.dimensions;
  analysis.gaussian.eigenvalues =
      gaussianSpectrum(n, d, variance, analysis.options.spectrum.seed + 17);
  analysis.gaussian.slope = slopeOver(analysis.gaussian.eigenvalues, spectrum);
  const MarchenkoPastur law(n, d, variance);
  analysis.marchenkoPastur.eigenvalues = law.expectedEigenvalues();
  analysis.marchenkoPastur.slope = slopeOver(analysis.marchenkoPastur.eigenvalues, spectrum);
  analysis.lowerEdge = law.lowerEdge();
  analysis.upperEdge = law.upperEdge();
  analysis.aboveUpperEdge = std::count_if(spectrum.eigenvalues.begin(), spectrum.eigenvalues.end(),
                                          [&](double value) { return value > law.upperEdge(); });
  const double share = analysis.marchenkoPastur.slope / spectrum.slope;
  analysis.samplingShare = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 1.0;
  analysis.correction.reset();
  warnOfSampling(analysis);
}

void addCorrection(LayerAnalysis& analysis, const Progress& progress)
{
  SamplingCorrectionOptions options;
  options.seed = analysis.options.spectrum.seed;
  analysis.correction = correctForSampling(analysis.spectrum, options, progress);
  warnOfSampling(analysis);
}

std::uint64_t analysisMemory(std::int64_t features, std::int64_t dimensions,
                             const LayerAnalysisOptions& options)
{
  const auto n = static_cast<std::uint64_t>(features), d = static_cast<std::uint64_t>(dimensions);
  const std::uint64_t matrix = n * d * sizeof(float);
  std::uint64_t work = 4 * std::min(n, d) * std::min(n, d) * sizeof(double);
  if (options.spectrum.halves > 0)
    work += matrix / 2;
  if (options.withEntropy) {
    const std::uint64_t rows =
        std::min(n, static_cast<std::uint64_t>(std::max<std::int64_t>(0, options.entropy.rows)));
    work = std::max(work, 2 * rows * d * sizeof(float) + 64 * rows * 24);
  }
  return matrix * (options.unitNorm ? 2 : 1) + work;
}

namespace {

/// @p decoder: of the usable features, scaled as asked.
LayerCloud cloudOf(const FeatureMatrix& decoder, const UsableFeatures& usable,
                   std::int64_t features, const LayerAnalysisOptions& options,
                   const Progress& progress)
{
  PcaOptions pca;
  pca.components = std::min<int>(std::max(3, options.components),
                                 static_cast<int>(std::min(decoder.rows(), decoder.cols() - 1)));
  pca.center = options.spectrum.center;
  const Pca leading = computePca(decoder, pca, progress);
  LayerCloud cloud;
  cloud.variances = leading.eigenvalues;
  cloud.scores = Eigen::MatrixXf::Constant(leading.scores.rows(), features,
                                           std::numeric_limits<float>::quiet_NaN());
  for (Eigen::Index i = 0; i < leading.scores.cols(); ++i)
    cloud.scores.col(usable.id(i)) = leading.scores.col(i);
  return cloud;
}

}  // namespace

LayerCloud computeLayerCloud(const Dictionary& dictionary, const LayerAnalysisOptions& options,
                             const Progress& progress)
{
  const UsableFeatures usable = featuresFor(dictionary, options.unitNorm);
  return options.unitNorm
             ? cloudOf(unitColumns(*usable.decoder), usable, dictionary.features(), options,
                       progress)
             : cloudOf(*usable.decoder, usable, dictionary.features(), options, progress);
}

LayerAnalysis analyzeLayer(const Dictionary& dictionary, const LayerAnalysisOptions& options,
                           const Progress& progress)
{
  LayerAnalysis analysis;
  analysis.options = options;
  const UsableFeatures usable = featuresFor(dictionary, options.unitNorm);
  std::shared_ptr<const FeatureMatrix> decoder = usable.decoder;
  if (const std::int64_t left = dictionary.features() - decoder->cols(); left > 0)
    analysis.notes.push_back(std::to_string(left) +
                             " features without finite values or direction "
                             "are left out.");
  if (options.unitNorm)
    decoder = std::make_shared<const FeatureMatrix>(unitColumns(*decoder));
  const double spectrumShare = options.spectrum.halves > 0 ? 0.7 : 0.5;
  analysis.spectrum =
      computeSpectrum(*decoder, options.spectrum, progress.stage("Spectrum", 0.0, spectrumShare));
  if (analysis.spectrum.windowClipped)
    analysis.notes.push_back("The window " + std::to_string(options.spectrum.firstRank) + ":" +
                             std::to_string(options.spectrum.lastRank) +
                             " was clipped to the rank " + std::to_string(analysis.spectrum.rank) +
                             ": ranks " + std::to_string(analysis.spectrum.firstRank) + " to " +
                             std::to_string(analysis.spectrum.lastRank) + ".");
  addControls(analysis);
  addCorrection(analysis, progress.stage("Correction for sampling", spectrumShare, 0.75));

  LayerCloud cloud = cloudOf(*decoder, usable, dictionary.features(), options,
                             progress.stage("Components", 0.75, 0.85));
  analysis.componentVariances = std::move(cloud.variances);
  analysis.scores = std::move(cloud.scores);

  if (options.withEntropy)
    analysis.entropy = computeClusteringEntropy(*decoder, options.entropy,
                                                progress.stage("Clustering entropy", 0.85, 1.0));
  return analysis;
}

ComponentReport inspectComponent(const Dictionary& dictionary, const LayerAnalysis& analysis,
                                 int component, int extremes)
{
  if (component < 0 || component >= analysis.scores.rows())
    throw Error("component " + std::to_string(component + 1) + " was not computed (there are " +
                std::to_string(analysis.scores.rows()) + ")");
  ComponentReport report;
  report.component = component;
  report.variance = analysis.componentVariances[component];
  report.share = report.variance / analysis.spectrum.totalVariance;
  std::vector<FeatureId> order;
  for (FeatureId id = 0; id < analysis.scores.cols(); ++id)
    if (std::isfinite(analysis.scores(component, id)))
      order.push_back(id);
  std::stable_sort(order.begin(), order.end(), [&](FeatureId a, FeatureId b) {
    return analysis.scores(component, a) < analysis.scores(component, b);
  });
  const std::size_t count = std::min<std::size_t>(static_cast<std::size_t>(extremes), order.size());
  for (std::size_t i = 0; i < count; ++i) {
    report.lowest.emplace_back(order[i], analysis.scores(component, order[i]));
    const FeatureId high = order[order.size() - 1 - i];
    report.highest.emplace_back(high, analysis.scores(component, high));
  }

  const auto add = [&](const std::string& name, const std::function<double(FeatureId)>& number) {
    std::vector<double> scores, values;
    for (const FeatureId id : order)
      if (const double value = number(id); std::isfinite(value)) {
        scores.push_back(analysis.scores(component, id));
        values.push_back(value);
      }
    if (values.size() < 3)
      return;
    const double pearson = correlation(scores, values);
    if (std::isfinite(pearson))
      report.correlations.push_back({name, pearson,
                                     correlation(averageRanks(scores), averageRanks(values)),
                                     static_cast<std::int64_t>(values.size())});
  };
  bool hasNorm = false, hasLength = false;
  for (const Column& column : dictionary.columns) {
    if (column.kind != Column::Kind::Number)
      continue;
    hasNorm = hasNorm || column.name == "norm";
    hasLength = hasLength || column.name == "label length";
    add(column.name, [&](FeatureId id) { return column.numbers[static_cast<std::size_t>(id)]; });
  }
  if (!hasNorm)
    add("norm", [&](FeatureId id) { return dictionary.decoder->col(id).cast<double>().norm(); });
  if (!hasLength && !dictionary.labels.empty())
    add("label length",
        [&](FeatureId id) { return labelLength(dictionary.labels[static_cast<std::size_t>(id)]); });
  return report;
}

}  // namespace orrery
