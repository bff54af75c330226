// Products of packed strips of numbers: what our own products in float are made of.
#pragma once

#include <Eigen/Core>

namespace orrery {

/// Rows of a strip. A strip is packed column by column (48 numbers of one column, then of the
/// next), on a boundary of 64 bytes.
constexpr Eigen::Index stripRows = 48;
/// Columns of a tile of sums, which is 48 × 8 and stored column by column.
constexpr Eigen::Index tileColumns = 8;

/// Where a product is added to, or what it is taken from.
struct TileTarget {
  float* sums = nullptr;
  float sign = 1.0f;  ///< 1 or −1.
};

/// sums += sign · A Bᵀ for each target. A is a strip of @p depth columns, B are eight of the rows
/// of another strip, the first of which begins at @p b. In float, one sum over the whole depth.
///
/// The sums are held in registers: 24 of 64 bytes with AVX-512, in parts of 12 of 32 bytes with
/// AVX2, 12 of 16 bytes elsewhere. The first reaches 112 GFLOP/s on a core of 117, where a product
/// of OpenBLAS (0.3.21, which packs its matrices every time) reaches 97.
void addTile(const float* a, const float* b, Eigen::Index depth, const TileTarget* targets,
             int targetCount);

}  // namespace orrery
