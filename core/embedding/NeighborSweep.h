// The symmetric sweep over tiles of all pairwise products, and the candidates it leaves.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace orrery {

class ByteTiles;

/// A feature that may be among the nearest of another. Nearness is −½|u_a − u_b|² of the prepared
/// vectors (0 is equal, larger is nearer), as large as rounding allows it to be.
struct NeighborCandidate {
  float nearness = 0.0f;
  FeatureId feature = noFeature;
};

/// How the vectors are prepared for the products, or the products for comparison: scaled (to unit
/// length for cosine, by a common power of two for Euclidean distances) and shifted by their mean
/// where it is large beside their spread, which changes no distance and saves digits.
struct PreparedFeatures {
  std::vector<double> scale;  ///< n.
  Eigen::VectorXf shift;      ///< d, of the scaled vectors; empty if there is none.
  /// The features are multiplied as they are and their products scaled: there is no shift and no
  /// length that a float's square could not hold.
  bool direct = false;
  /// n: what is taken from a product for each of its features: ½|u|² less `error`. Infinite for
  /// features that the sweep leaves out.
  std::vector<float> bias;
  /// n: nearness of a and b is wrong by at most error[a] + error[b].
  std::vector<float> error;
  /// Features out of the range in which float products make sense beside the others.
  std::vector<FeatureId> apart;
};

/// Throws Error naming the first feature that is not finite.
PreparedFeatures prepareFeatures(const FeatureMatrixView& decoder, Metric metric);

/// Writes the prepared vectors of the features @p first … (as many as @p target has columns, d × m)
/// to @p target; zeros for those that the sweep leaves out.
void preparedColumns(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                     FeatureId first, Eigen::Ref<FeatureMatrix> target);

/// The candidates of all features in one block of memory.
struct CandidateLists {
  std::vector<NeighborCandidate> entries;
  std::vector<std::size_t> used;  ///< n: how many a feature has.
  std::size_t capacity = 0;       ///< Places per feature.
  std::vector<char> cut;          ///< n: whether more might have been kept than there is room for.

  [[nodiscard]] std::span<const NeighborCandidate> of(FeatureId feature) const
  {
    const auto id = static_cast<std::size_t>(feature);
    return {entries.data() + id * capacity, used[id]};
  }
};

/// For every feature the candidates that hold its @p count nearest with certainty, unordered
/// (fewer where there are fewer). Only where very many are equally near within rounding, as many
/// as fit are kept, by nearness and id. Memory 8 · capacity · n bytes (@p capacity places for
/// candidates per feature; none takes 2.5 · count), and per thread 4096 × 1024 products and, unless
/// prepared.direct, the features that they are of.
CandidateLists sweepNeighbors(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                              int count, const Progress& progress,
                              std::optional<std::int64_t> capacity = {});

/// The same by products of @p bytes, which stand for features whose preparation (direct, with
/// scales and errors of the bytes) is @p prepared.
CandidateLists sweepNeighbors(const FeatureMatrixView& decoder, const PreparedFeatures& prepared,
                              int count, const Progress& progress, std::int64_t capacity,
                              const ByteTiles& bytes);

}  // namespace orrery
