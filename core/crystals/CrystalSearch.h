// Every crystal of a space, without a list of words.
//
// Parallelogram mode finds all quadruples with |(b − a) − (d − c)|² ≤ δ. Why few pairs suffice:
//
//   Let r = a + d − b − c. Euler's theorem on quadrilaterals: the squares of the four sides add up
//   to the squares of the diagonals plus |r|²,
//       |b−a|² + |d−c|² + |c−a|² + |d−b|² = |d−a|² + |c−b|² + |r|²
//   (expand both sides: all squares of corners cancel, the products agree). So for one of the two
//   pairs of opposite sides, by symmetry (b ↔ c) call it ab, cd,
//       (|b−a|² + |d−c|²) / 2 ≤ (D² + δ/2) / 2,   D² the mean of the squared diagonals.   (1)
//   For unit rows |x−y|² = 2 − 2 x·y and (1) says: the mean cosine of the sides is at least
//   (2 − δ/2 + a·d + b·c) / 4.
//   Further | |b−a| − |d−c| | ≤ |r| ≤ √δ, so with S² the right side of (1) both sides are shorter
//   than S + √δ/2, and partners are sought among pairs of nearly the same length alone.      (2)
//   D is not known beforehand, but D² is at most the largest squared distance of two features,
//   which the sweep over all pairs sees. (Antipodal features make that large, and many pairs to be
//   listed; where the budget does not allow as many, the list is shorter and the result says above
//   which mean similarity of the sides it is complete.)
//
// So: list the pairs by (2), compare the difference vectors of pairs that (1) and (2) allow, in a
// projection on leading directions (which only shortens: no crystal is lost), and compute what is
// left exactly. Lists are cut into blocks of near pairs; blocks whose boxes are farther apart than
// √δ are never compared. Up to 16 dimensions nearly all pairs have to be listed, and a tree of
// their differences is searched instead (DifferenceTree.h).
//
// Trapezoid mode finds all quadruples whose unit differences u, v have |u − v|² ≤ δ, that is cos ≥
// 1 − δ/2, among the pairs no longer than a stated length: no bound on the sides follows from the
// directions, so the length is chosen by the budget and stated.
//
// Source: arXiv:2410.19750, section 3 looks for the same by clustering a sample of differences.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/crystals/Crystal.h"
#include "core/crystals/CrystalSpace.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

struct CrystalSearchOptions {
  CrystalMode mode = CrystalMode::Parallelogram;
  /// δ: squared residual, in the space's unit (parallelogram) or of unit differences (trapezoid).
  /// Larger finds looser crystals and costs more: shown by estimateSearch.
  double residual = 0.08;
  /// Quadruples with a side (ab, cd, ac, bd) shorter than this, in √(2 unit) (the typical distance
  /// of two features), are near-duplicates and no crystals.
  double leastSide = 0.2;
  /// Angles at a within this many degrees of 0 or 180 make a line, not a crystal.
  double leastAngle = 10.0;
  /// Kept, the best by score (crystalScore).
  std::int64_t top = 1000;
  /// Comparisons of difference vectors allowed (in few dimensions a match counts as many as it
  /// takes the time of); 0: no limit. If completeness at δ needs more, only shorter pairs are
  /// searched and `completeAbove` says how far. 10¹⁰ take about half a minute on two threads.
  double mostComparisons = 1e10;
  /// Pairs allowed in the list; 0: as many as 3 GB hold.
  std::int64_t mostPairs = 0;
  std::uint64_t seed = 0;  ///< Of the sample of features that the estimate is made from.
};

/// What a search will do and cost, from a sample of the features.
struct CrystalSearchEstimate {
  /// Similarity 1 − |x − y|² / 2 (unit: the space's; the cosine for unit rows). Every crystal
  /// within δ one of whose pairs of opposite sides has at least this mean similarity is found;
  /// trapezoids: if all sides have it.
  double completeAbove = 0.0;
  /// Whether that is every crystal within δ there is (never said of trapezoids in spaces where
  /// pairs are left out).
  bool complete = false;
  double pairs = 0.0;        ///< Pairs to be listed, of n (n − 1) / 2.
  double comparisons = 0.0;  ///< Of difference vectors, at most.
  /// Quadruples within δ among the listed pairs, from a sample; negative where that is not known
  /// beforehand (many dimensions). In few dimensions there may be more than anybody wants: lower δ.
  double matches = -1.0;
  double seconds = 0.0;  ///< On this many threads, roughly.
  double bytes = 0.0;    ///< Beside the matrix.
  std::string sentence;  ///< All of it for people.
};

struct FoundCrystal {
  Crystal crystal;
  double score = 0.0;            ///< crystalScore.
  double squaredResidual = 0.0;  ///< What was compared with δ.
  /// Crystals folded into this one: they share three corners, or all but near-duplicate corners.
  std::int32_t folded = 0;
  /// Which family (CrystalFamilies.h); −1 until they are made.
  std::int32_t family = -1;
};

struct CrystalSearchResult {
  std::vector<FoundCrystal> found;  ///< Best score first; equal ones by corners.
  std::int64_t matches = 0;         ///< Quadruples within δ before folding (each once).
  /// Left out for tiny sides ac, bd or lying on a line (pairs with tiny ab, cd are not compared).
  std::int64_t degenerate = 0;
  std::int64_t pairs = 0;      ///< Listed.
  double completeAbove = 0.0;  ///< As in the estimate, now exact.
  bool complete = false;
  bool partial = false;  ///< Stopped by the user: what was found until then.
  double seconds = 0.0;
  CrystalSearchOptions options;
};

/// Costs a sample of up to 512 features against all: O(512 n d). Throws Error on bad options.
CrystalSearchEstimate estimateSearch(const CrystalSpace& space,
                                     const CrystalSearchOptions& options = {},
                                     const Progress& progress = {});

/// Receives what has been found so far, best first, about twice a second, from a working thread.
using CrystalReceiver = std::function<void(const CrystalSearchResult& soFar)>;

/// Sweeps all pairs (O(n² d), symmetric tiles), lists the near ones, joins them. The same answer
/// for any number of threads. Stopped while joining it returns what it has, with `partial` set;
/// stopped before, it throws Cancelled.
CrystalSearchResult findCrystals(const CrystalSpace& space,
                                 const CrystalSearchOptions& options = {},
                                 const Progress& progress = {},
                                 const CrystalReceiver& receiver = {});

/// The crystal as a search lists it (corners in the order given); nothing if it is not within δ,
/// has too short a side or lies on a line. O(d). Throws nothing: corners must be features.
std::optional<FoundCrystal> acceptCrystal(const CrystalSpace& space, const Crystal& crystal,
                                          const CrystalSearchOptions& options = {});

/// Folds what says the same thing: of crystals that share three corners, or whose corners are equal
/// or near-duplicates (closer than @p leastSide · √(2 unit)), the best remains and counts the
/// others.
/// @p found best first; done by findCrystals already.
std::vector<FoundCrystal> foldAlike(const CrystalSpace& space, std::vector<FoundCrystal> found,
                                    double leastSide);

}  // namespace orrery
