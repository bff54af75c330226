#include "core/embedding/ByteProducts.h"

#include "core/base/Dispatch.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace orrery {
namespace {

std::int32_t productAnywhere(const std::int8_t* a, const std::int8_t* b, Eigen::Index count)
{
  std::int32_t sum = 0;
  for (Eigen::Index j = 0; j < count; ++j)
    sum += std::int32_t{a[j]} * std::int32_t{b[j]};
  return sum;
}

#ifdef __x86_64__
/// Written out, because GCC does not see that products of bytes are what this instruction adds in
/// pairs.
[[gnu::target("avx2")]] std::int32_t productAvx2(const std::int8_t* a, const std::int8_t* b,
                                                 Eigen::Index count)
{
  __m256i first = _mm256_setzero_si256();
  __m256i second = _mm256_setzero_si256();
  Eigen::Index j = 0;
  for (; j + 32 <= count; j += 32) {
    const __m256i bytesA = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + j));
    const __m256i bytesB = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + j));
    const __m256i lowA = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(bytesA));
    const __m256i lowB = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(bytesB));
    const __m256i highA = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(bytesA, 1));
    const __m256i highB = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(bytesB, 1));
    first = _mm256_add_epi32(first, _mm256_madd_epi16(lowA, lowB));
    second = _mm256_add_epi32(second, _mm256_madd_epi16(highA, highB));
  }
  alignas(32) std::int32_t sums[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(sums), _mm256_add_epi32(first, second));
  std::int32_t sum = productAnywhere(a + j, b + j, count - j);
  for (const std::int32_t part : sums)
    sum += part;
  return sum;
}
#endif

}  // namespace

float roundToBytes(const float* values, Eigen::Index count, std::int8_t* bytes)
{
  float largest = 0.0f;
  for (Eigen::Index j = 0; j < count; ++j)
    largest = std::max(largest, std::abs(values[j]));
  const float step = largest / 127.0f;
  const float inverse = step > 0.0f ? 127.0f / largest : 0.0f;
  for (Eigen::Index j = 0; j < count; ++j)
    bytes[j] = static_cast<std::int8_t>(std::lrintf(values[j] * inverse));
  return step;
}

std::int32_t byteProduct(const std::int8_t* a, const std::int8_t* b, Eigen::Index count)
{
#ifdef __x86_64__
  static const bool wide = __builtin_cpu_supports("avx2");
  if (wide)
    return productAvx2(a, b, count);
#endif
  return productAnywhere(a, b, count);
}

ORRERY_FOR_EACH_CPU
float floatProduct(const float* a, const float* b, Eigen::Index count)
{
  using Lanes = float __attribute__((vector_size(32)));
  constexpr int sums = 4;  // Independent, so that one addition need not wait for the one before.
  Lanes sum[sums] = {};
  Eigen::Index j = 0;
  for (; j + 8 * sums <= count; j += 8 * sums)
#pragma GCC unroll 4
    for (int s = 0; s < sums; ++s) {
      Lanes left, right;
      std::memcpy(&left, a + j + 8 * s, sizeof left);
      std::memcpy(&right, b + j + 8 * s, sizeof right);
      sum[s] += left * right;
    }
  const Lanes all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  float total = 0.0f;
  for (int lane = 0; lane < 8; ++lane)
    total += all[lane];
  for (; j < count; ++j)
    total += a[j] * b[j];
  return total;
}

}  // namespace orrery
