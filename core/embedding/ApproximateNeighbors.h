// Nearly all of the k nearest neighbours, in less time than the exact search where the features lie
// near a subspace of fewer dimensions; how nearly is measured.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"
#include "core/embedding/MapOptions.h"
#include "core/embedding/Neighbors.h"

#include <cstdint>
#include <string>

namespace orrery {

struct ApproximateNeighborOptions {
  int count = 90;  ///< As in NeighborOptions.
  Metric metric = Metric::Cosine;
  /// Share of the true neighbours aimed at. More takes longer; the share that is reached is in the
  /// result.
  double recall = 0.998;
  /// Leading directions of the features in which candidates are looked for. More cost more
  /// products and leave fewer candidates.
  int prefix = 384;
  /// Features compared with all others: by some of them the search is set, by the rest its result
  /// is judged. At least 32.
  int sample = 256;
  /// Take the exact search where it costs less (few features or dimensions, or features that leave
  /// no direction out, as noise does). Off keeps to the approximate one with as many candidates as
  /// there is room for: the recall in the result then says what that is worth.
  bool exactWhereCheaper = true;
  std::uint64_t seed = 0;  ///< Of the sample and the directions' start.
};

struct ApproximateNeighbors {
  Neighbors neighbors;  ///< Distances of what was found are as good as those of computeNeighbors().
  bool exact = false;   ///< The exact search was taken; `note` says why.
  /// Share of the true neighbours that were found, over the judged features; 1 if exact.
  double recall = 1.0;
  double recallError = 0.0;  ///< Standard error of that share.
  int judged = 0;            ///< How many features that is from.
  double candidates = 0.0;   ///< Per feature, in the mean.
  double captured = 1.0;     ///< Share of the squared lengths that lies in the leading directions.
  std::string note;          ///< "about 99.7 % of the true neighbours …", a sentence for people.
  ApproximateNeighborOptions options;
};

/// In four steps: directions that hold most of the features' squared length (subspace iteration on
/// at most 2048 of them: Halko, Martinsson & Tropp 2011, SIAM Review 53); a sweep over all pairs in
/// these directions alone, which keeps what lies within a margin of the k-th best, the margin set
/// so that a sample of features keeps the share of its true neighbours that is asked for; products
/// of all dimensions rounded to a byte, which drop most of these; and exact ranking of the rest.
/// O(n² prefix + n candidates d). Memory n (d + 4 prefix + 16 candidates + 28 k) bytes. The same
/// bits for any number of threads. Throws Error as computeNeighbors(), or if options make no sense.
ApproximateNeighbors computeApproximateNeighbors(const FeatureMatrixView& decoder,
                                                 const ApproximateNeighborOptions& options = {},
                                                 const Progress& progress = {});

/// Time and memory of computeApproximateNeighbors with its default options, if some 500 candidates
/// do.
MapEstimate estimateApproximateNeighbors(std::int64_t features, std::int64_t dimensions);

}  // namespace orrery
