// The two inner loops of t-SNE, compiled for each kind of processor.
#pragma once

#include <cstdint>

namespace orrery {

/// Points that push the 32 of a leaf. Coordinates lie in one array per axis.
struct RepulsionSources {
  const float* const* coordinates = nullptr;  ///< Of all points, by slot.
  const std::int32_t* leaves = nullptr;       ///< Leaves whose points count one by one.
  std::int64_t leafCount = 0;
  const float* const* centers = nullptr;  ///< Of groups that count as one each …
  const float* masses = nullptr;          ///< … of this many points …
  const float* spreads = nullptr;         ///< … with Σ |y − center|² / dimensions.
  std::int64_t groupCount = 0;
};

/// With u = 1 + |y_i − y_j|² / f, f = @p degreesOfFreedom (1 or 2) of Student's distribution:
/// writes the forces Σ_j u^−(f+1) (y_i − y_j) on the 32 points from slot @p first on to @p forces
/// (by slot) and returns Σ_i Σ_j u^−(f+1)/2 over the first @p count of them, each point itself
/// included.
double repelLeaf2(const RepulsionSources& sources, std::int64_t first, int count,
                  int degreesOfFreedom, float* const* forces);
double repelLeaf3(const RepulsionSources& sources, std::int64_t first, int count,
                  int degreesOfFreedom, float* const* forces);

/// Rows of the attraction: entries padded to a multiple of 8 with weight 0.
struct AttractionRows {
  const std::int64_t* starts = nullptr;
  const std::int32_t* ids = nullptr;
  const float* weights = nullptr;
};

/// Σ_j w_ij u^−(f+1)/2 (y_i − y_j) of the points begin … end − 1 to @p forces, same layout as
/// @p positions: 2 floats a point in two dimensions, 4 in three (the last is not looked at).
void attract2(const AttractionRows& rows, const float* positions, std::int64_t begin,
              std::int64_t end, int degreesOfFreedom, float* forces);
void attract3(const AttractionRows& rows, const float* positions, std::int64_t begin,
              std::int64_t end, int degreesOfFreedom, float* forces);

}  // namespace orrery
