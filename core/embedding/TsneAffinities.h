// The affinities that t-SNE lays out: Gaussians over the nearest neighbours, each as wide as the
// perplexity asks.
// Source: van der Maaten & Hinton 2008 (JMLR 9), van der Maaten 2014 (JMLR 15): section 4.1.
#pragma once

#include "core/base/Progress.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/WeightedGraph.h"

#include <cstdint>
#include <vector>

namespace orrery {

struct TsneAffinities {
  /// p_ij, symmetric; the sum over all entries is 1.
  WeightedGraph graph;
  /// 2 to the entropy of each feature's own distribution; NaN without neighbours. Equal to
  /// `perplexity` but where more neighbours than that lie at the very same distance.
  std::vector<float> perplexities;
  double perplexity = 0.0;    ///< Aimed at: what was asked for, unless that was too much.
  int neighborsUsed = 0;      ///< Per feature; 3 × perplexity, rounded down.
  std::int64_t unplaced = 0;  ///< Features without any neighbour: zero rows under cosine.
};

/// Neighbours that @p perplexity asks for.
int neighborsForPerplexity(double perplexity);

/// p_j|i ∝ exp(−β_i d_ij²) with β_i such that the entropy of row i is log2 of the perplexity, to
/// 1e-6; then p_ij = (p_j|i + p_i|j) / 2n. Under Metric::Cosine d² = 2 (1 − cosine), the Euclidean
/// distance of the unit rows. The perplexity is reduced to a third of the neighbours there are
/// where that is less. O(n k) time and memory, k = 3 × perplexity. Throws Error if the perplexity
/// is not finite or below 1.
TsneAffinities computeTsneAffinities(const Neighbors& neighbors, double perplexity,
                                     const Progress& progress = {});

/// The distribution over given squared distances (any order) with the given perplexity: weights
/// that sum to 1. Returns the perplexity reached. What the rows above are made by.
double calibrateRow(const double* squaredDistances, int count, double perplexity, double* weights);

}  // namespace orrery
