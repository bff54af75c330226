#include "core/base/TileKernel.h"

#include <cstddef>
#include <cstring>

namespace orrery {
namespace {

/// The part of a tile that begins at @p row and @p column: @p rows vectors by @p columns.
template <std::size_t bytes, int rows, int columns>
[[gnu::always_inline]] inline void addPart(const float* a, const float* b, Eigen::Index depth,
                                           const TileTarget* targets, int targetCount,
                                           Eigen::Index row, Eigen::Index column)
{
  typedef float Lanes __attribute__((vector_size(bytes)));
  constexpr Eigen::Index lanes = bytes / sizeof(float);
  Lanes sums[columns][rows] = {};
  const float* left = a + row;
  const float* right = b + column;
  for (Eigen::Index k = 0; k < depth; ++k, left += stripRows, right += stripRows) {
    Lanes numbers[rows];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r)  // one by one: a whole array would go through memory
      std::memcpy(&numbers[r], left + r * lanes, sizeof numbers[r]);
#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c)
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r)
        sums[c][r] += numbers[r] * right[c];
  }
  for (int target = 0; target < targetCount; ++target) {
    const float sign = targets[target].sign;
    float* place = targets[target].sums + column * stripRows + row;
#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c)
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        Lanes sum;
        std::memcpy(&sum, place + c * stripRows + r * lanes, sizeof sum);
        sum += sums[c][r] * sign;
        std::memcpy(place + c * stripRows + r * lanes, &sum, sizeof sum);
      }
  }
}

/// The tile part by part.
template <std::size_t bytes, int rows, int columns>
[[gnu::always_inline]] inline void addParts(const float* a, const float* b, Eigen::Index depth,
                                            const TileTarget* targets, int targetCount)
{
  constexpr Eigen::Index height = rows * static_cast<Eigen::Index>(bytes / sizeof(float));
  static_assert(stripRows % height == 0 && tileColumns % columns == 0);
  for (Eigen::Index row = 0; row < stripRows; row += height)
    for (Eigen::Index column = 0; column < tileColumns; column += columns)
      addPart<bytes, rows, columns>(a, b, depth, targets, targetCount, row, column);
}

// The loader picks by the processor, as with ORRERY_FOR_EACH_CPU (Dispatch.h says when not); three
// functions, since their shapes differ too.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
__attribute__((target("arch=x86-64-v4"))) void addOnThisCpu(const float* a, const float* b,
                                                            Eigen::Index depth,
                                                            const TileTarget* targets, int count)
{
  addParts<64, 3, 8>(a, b, depth, targets, count);
}

__attribute__((target("arch=x86-64-v3"))) void addOnThisCpu(const float* a, const float* b,
                                                            Eigen::Index depth,
                                                            const TileTarget* targets, int count)
{
  addParts<32, 3, 4>(a, b, depth, targets, count);
}

__attribute__((target("default")))
#endif
void addOnThisCpu(const float* a, const float* b, Eigen::Index depth, const TileTarget* targets,
                  int count)
{
  addParts<16, 3, 4>(a, b, depth, targets, count);
}

}  // namespace

void addTile(const float* a, const float* b, Eigen::Index depth, const TileTarget* targets,
             int targetCount)
{
  addOnThisCpu(a, b, depth, targets, targetCount);
}

}  // namespace orrery
