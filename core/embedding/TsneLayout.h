// The moving part of t-SNE: positions, velocities and gains, in two or three dimensions. Used by
// TsneRun alone.
#pragma once

#include "core/embedding/Tsne.h"

namespace orrery {

class TsneLayout {
 public:
  TsneLayout(TsneAffinities affinitiesOfAll, const TsneOptions& runOptions)
      : affinities(std::move(affinitiesOfAll)),
        options(runOptions),
        freedom(tsneDegreesOfFreedom(runOptions))
  {
  }
  virtual ~TsneLayout() = default;

  /// One step, or Cancelled and nothing changed.
  virtual void step(const Progress& progress) = 0;
  [[nodiscard]] virtual Positions positions() const = 0;
  [[nodiscard]] virtual Positions gradient(double theta, const Progress& progress) const = 0;
  /// The force on i is this times Σ_j (p_ij − w_ij / Z) w_ij (y_i − y_j), with w = u^−(f+1)/2.
  [[nodiscard]] double gradientConstant() const { return 2.0 * (freedom + 1) / freedom; }
  /// Z = Σ_i Σ_j≠i w_ij.
  [[nodiscard]] virtual double normalization(double theta, const Progress& progress) const = 0;
  [[nodiscard]] double klDivergence(const Progress& progress) const;

  TsneAffinities affinities;
  TsneOptions options;
  int freedom = 1;  ///< Of the kernel, as the options ask.
  int iteration = 0;
  double seconds = 0.0;     ///< Spent in steps.
  std::int64_t placed = 0;  ///< Features that have a place.
};

/// Throws Error if a start is not finite. @p start has as many columns as there are features.
std::unique_ptr<TsneLayout> makeTsneLayout(TsneAffinities affinities, const Positions& start,
                                           const TsneOptions& options);

}  // namespace orrery
