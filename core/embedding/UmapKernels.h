// The inner loop of UMAP, compiled for each kind of processor.
#pragma once

#include <cstdint>

namespace orrery {

/// One pass over the edges: what all points see.
struct UmapPass {
  const std::int64_t* starts = nullptr;
  const std::int32_t* ids = nullptr;
  const float* frequencies = nullptr;  ///< Share of the passes in which an entry is sampled.
  float* phases = nullptr;             ///< Of each entry: sampled when it reaches 1.
  const float* positions = nullptr;    ///< 2 or 4 floats a point: where all were before this pass.
  std::int64_t points = 0;             ///< That negatives are drawn from.
  float a = 0.0f, b = 0.0f, rate = 0.0f;
  std::uint64_t seed = 0;  ///< Of this pass.
  bool oddPass = false;
};

/// Moves the points begin … end − 1: towards the neighbours whose turn it is, two at a time, and
/// away from five points drawn at random. Reads the others from pass.positions, writes to @p next.
void moveUmapPoints2(const UmapPass& pass, std::int64_t begin, std::int64_t end, float* next);
void moveUmapPoints3(const UmapPass& pass, std::int64_t begin, std::int64_t end, float* next);

}  // namespace orrery
