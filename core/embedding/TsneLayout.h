// The moving part of t-SNE: positions, velocities and gains, in two or three dimensions. Used by
// TsneRun alone.
#pragma once

#include "core/embedding/Tsne.h"

namespace orrery {

class TsneLayout {
 public:
  TsneLayout(TsneAffinities affinitiesOfAll, const TsneOptions& runOptions)
      : affinities(std::move(affinitiesOfAll)), options(runOptions)
  {
  }
  virtual ~TsneLayout() = default;

  /// One step, or Cancelled and nothing changed.
  virtual void step(const Progress& progress) = 0;
  [[nodiscard]] virtual Positions positions() const = 0;
  [[nodiscard]] virtual Positions gradient(double theta, const Progress& progress) const = 0;
  /// Z = Σ_i Σ_j≠i q_ij.
  [[nodiscard]] virtual double normalization(double theta, const Progress& progress) const = 0;
  [[nodiscard]] double klDivergence(const Progress& progress) const;

  TsneAffinities affinities;
  TsneOptions options;
  int iteration = 0;
  double seconds = 0.0;     ///< Spent in steps.
  std::int64_t placed = 0;  ///< Features that have a place.
};

/// Throws Error if a start is not finite. @p start has as many columns as there are features.
std::unique_ptr<TsneLayout> makeTsneLayout(TsneAffinities affinities, const Positions& start,
                                           const TsneOptions& options);

}  // namespace orrery
