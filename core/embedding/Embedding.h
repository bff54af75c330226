// A map of the features: where each lies in two or three dimensions, and what made it.
#pragma once

#include "core/base/Types.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace orrery {

enum class EmbeddingMethod { Given, Pca, Tsne, Umap };
enum class Metric { Cosine, Euclidean };

/// "PCA", "t-SNE", "UMAP"; "as given" for a file that is a map itself.
std::string displayName(EmbeddingMethod method);

struct Embedding {
  Positions positions;  ///< 3 × n over all features; NaN where a feature was left out.
  EmbeddingMethod method = EmbeddingMethod::Given;
  int dimensions = 3;  ///< 2 or 3.
  /// What the picture shows, in one sentence: method, options, N, what was left out, seed.
  std::string description;
  /// Options as text, in order of name: what exports and sessions keep ("perplexity" → "30").
  std::map<std::string, std::string> options;
  double seconds = 0.0;
  std::vector<double> explainedVariance;  ///< PCA: share of the total variance of each axis.
};

}  // namespace orrery
