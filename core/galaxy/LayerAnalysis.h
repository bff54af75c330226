// Everything the galaxy scale says of one layer: spectrum with its controls, entropy, cloud, and
// what lies on its components.
// Source: arXiv:2410.19750, section 5.
#pragma once

#include "core/dictionary/Dictionary.h"
#include "core/galaxy/ClusteringEntropy.h"
#include "core/galaxy/SamplingCorrection.h"
#include "core/galaxy/Spectrum.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

struct LayerAnalysisOptions {
  SpectrumOptions spectrum;
  ClusteringEntropyOptions entropy;
  bool withEntropy = true;
  /// Every feature is scaled to length one first (zero rows are left out).
  bool unitNorm = false;
  /// Components of the cloud that are kept for looking at; at least 3.
  int components = 6;
};

/// The same figures for a control of equal N and d.
struct SpectrumControl {
  Eigen::VectorXd eigenvalues;
  double slope = 0.0;  ///< NaN where the window does not fit its rank.
};

struct LayerAnalysis {
  Spectrum spectrum;
  SpectrumControl gaussian;         ///< One isotropic Gaussian cloud of the same total variance.
  SpectrumControl marchenkoPastur;  ///< The closed form.
  double lowerEdge = 0.0, upperEdge = 0.0;  ///< Of the closed form.
  std::int64_t aboveUpperEdge = 0;          ///< Eigenvalues beyond what noise reaches.
  /// The slope of the closed form as a share of the slope found, 0 … 1: what sampling would give if
  /// nothing else were there. `correction` says what it adds to the spectrum that is there.
  double samplingShare = 0.0;
  std::optional<SamplingCorrection> correction;  ///< Of the window's slope; none until computed.
  std::optional<ClusteringEntropy> entropy;

  Eigen::MatrixXf scores;              ///< components × n, NaN for features left out.
  Eigen::VectorXd componentVariances;  ///< λ of these components.
  std::vector<std::string> notes, warnings;
  LayerAnalysisOptions options;
};

/// Cost: the spectrum (O(n d²)), its halves, the entropy of 5000 rows, and a few leading
/// components. Memory beside the dictionary: d² doubles and what the entropy draws; with unitNorm
/// or rows left out a copy of the matrix. Throws Error as computeSpectrum and
/// computeClusteringEntropy do.
LayerAnalysis analyzeLayer(const Dictionary& dictionary, const LayerAnalysisOptions& options = {},
                           const Progress& progress = {});

/// The cloud of analyzeLayer alone.
struct LayerCloud {
  Eigen::MatrixXf scores;     ///< As LayerAnalysis::scores …
  Eigen::VectorXd variances;  ///< … and componentVariances.
};

/// Cost: a few leading components. Throws as computePca does.
LayerCloud computeLayerCloud(const Dictionary& dictionary, const LayerAnalysisOptions& options = {},
                             const Progress& progress = {});

/// Bytes that analyzeLayer needs at most, the dictionary of @p features × @p dimensions included.
std::uint64_t analysisMemory(std::int64_t features, std::int64_t dimensions,
                             const LayerAnalysisOptions& options);

/// Sets the controls for the window of @p analysis' spectrum, without looking at the features
/// again, and drops the correction of another window.
void addControls(LayerAnalysis& analysis);

/// Sets the correction of the slope and the warnings that follow. Cost: see correctForSampling.
void addCorrection(LayerAnalysis& analysis, const Progress& progress = {});

/// How a component goes with a number of every feature.
struct ComponentCorrelation {
  std::string name;
  double pearson = 0.0, spearman = 0.0;
  std::int64_t features = 0;  ///< With both numbers.
};

struct ComponentReport {
  int component = 0;  ///< From 0.
  double variance = 0.0, share = 0.0;
  std::vector<std::pair<FeatureId, float>> highest, lowest;  ///< Extreme features, outermost first.
  /// With the norm, the label's length in characters and every column of numbers; a correlation of
  /// independent numbers has a standard deviation of 1 / √features.
  std::vector<ComponentCorrelation> correlations;
};

/// Throws Error if the component is not among those kept.
ComponentReport inspectComponent(const Dictionary& dictionary, const LayerAnalysis& analysis,
                                 int component, int extremes = 10);

}  // namespace orrery
