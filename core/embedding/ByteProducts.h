// Products of vectors rounded to one byte per dimension: a quarter of the memory to read.
#pragma once

#include "core/base/Types.h"

#include <cstdint>

namespace orrery {

/// Most dimensions whose products of bytes cannot overflow.
inline constexpr Eigen::Index mostForByteProducts = 130000;

/// Rounds @p values to multiples of their largest magnitude / 127, which it returns (0 for zeros).
float roundToBytes(const float* values, Eigen::Index count, std::int8_t* bytes);

/// Σ a_j b_j.
std::int32_t byteProduct(const std::int8_t* a, const std::int8_t* b, Eigen::Index count);

/// Σ a_j b_j in float; the order of the sum is fixed.
float floatProduct(const float* a, const float* b, Eigen::Index count);

}  // namespace orrery
