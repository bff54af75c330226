#include "core/embedding/ByteTiles.h"

#include <cstring>
#include <numeric>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace orrery {
namespace {

constexpr Eigen::Index four = 4;  // Dimensions whose products are added at once.

/// A panel of 32 vectors with 8 rows, one below the other: 32 × 8 sums from the rows' offsets on.
void multiplyAnywhere(const std::uint8_t* panel, const std::int8_t* rows, Eigen::Index stride,
                      const std::int32_t* offsets, float* target, Eigen::Index leading)
{
  for (Eigen::Index c = 0; c < ByteTiles::group; ++c) {
    std::int32_t sums[ByteTiles::panel];
    for (std::int32_t& sum : sums)
      sum = offsets[c];
    for (Eigen::Index j = 0; j < stride; ++j)
      for (Eigen::Index v = 0; v < ByteTiles::panel; ++v)
        sums[v] += std::int32_t{panel[(j / four * ByteTiles::panel + v) * four + j % four]} *
                   std::int32_t{rows[c * stride + j]};
    for (Eigen::Index v = 0; v < ByteTiles::panel; ++v)
      target[c * leading + v] = static_cast<float>(sums[v]);
  }
}

#ifdef __x86_64__
// Written out, because GCC does not see that sums of four products of bytes are one instruction.
// 16 sums of 16 lanes are as many as wait for one another without a pause.
[[gnu::target("avx512f,avx512vnni")]] void multiplyVnni(const std::uint8_t* panel,
                                                        const std::int8_t* rows,
                                                        Eigen::Index stride,
                                                        const std::int32_t* offsets, float* target,
                                                        Eigen::Index leading)
{
  __m512i low[ByteTiles::group], high[ByteTiles::group];
#pragma GCC unroll 8
  for (int c = 0; c < ByteTiles::group; ++c)
    low[c] = high[c] = _mm512_set1_epi32(offsets[c]);
  for (Eigen::Index j = 0; j < stride; j += four) {
    const __m512i first = _mm512_loadu_si512(panel + j * ByteTiles::panel);
    const __m512i second = _mm512_loadu_si512(panel + j * ByteTiles::panel + 64);
#pragma GCC unroll 8
    for (int c = 0; c < ByteTiles::group; ++c) {
      std::int32_t bytes;
      std::memcpy(&bytes, rows + c * stride + j, sizeof bytes);
      const __m512i own = _mm512_set1_epi32(bytes);
      low[c] = _mm512_dpbusd_epi32(low[c], first, own);
      high[c] = _mm512_dpbusd_epi32(high[c], second, own);
    }
  }
#pragma GCC unroll 8
  for (int c = 0; c < ByteTiles::group; ++c) {
    // The plain conversion makes GCC 12 warn of its own header.
    _mm512_storeu_ps(target + c * leading, _mm512_maskz_cvtepi32_ps(0xFFFF, low[c]));
    _mm512_storeu_ps(target + c * leading + 16, _mm512_maskz_cvtepi32_ps(0xFFFF, high[c]));
  }
}
#endif

}  // namespace

bool multipliesBytes()
{
#ifdef __x86_64__
  static const bool does =
      __builtin_cpu_supports("avx512f") > 0 && __builtin_cpu_supports("avx512vnni") > 0;
  return does;
#else
  return false;
#endif
}

ByteTiles::ByteTiles(Eigen::Index dimensions, Eigen::Index vectors)
    : m_stride((dimensions + 31) / 32 * 32)
{
  const Eigen::Index padded = (vectors + panel - 1) / panel * panel;
  m_rows.assign(static_cast<std::size_t>(padded * m_stride), 0);
  m_panels.resize(m_rows.size());
  m_offsets.assign(static_cast<std::size_t>(padded), 0);
}

void ByteTiles::pack(Eigen::Index first)
{
  std::uint8_t* target = m_panels.data() + first * m_stride;
  for (Eigen::Index v = 0; v < panel; ++v) {
    const std::int8_t* source = row(first + v);
    for (Eigen::Index j = 0; j < m_stride; j += four)
      for (Eigen::Index k = 0; k < four; ++k)
        target[(j / four * panel + v) * four + k] = static_cast<std::uint8_t>(source[j + k] + 128);
    m_offsets[static_cast<std::size_t>(first + v)] =
        -128 * std::accumulate(source, source + m_stride, std::int32_t{0});
  }
}

void ByteTiles::multiply(Eigen::Index rowBegin, Eigen::Index rowEnd, Eigen::Index columnBegin,
                         Eigen::Index columnEnd, float* target, Eigen::Index leading) const
{
  auto* kernel = multiplyAnywhere;
#ifdef __x86_64__
  if (multipliesBytes())
    kernel = multiplyVnni;
#endif
  // A panel stays in the second cache while all columns pass by.
  for (Eigen::Index r = rowBegin; r < rowEnd; r += panel)
    for (Eigen::Index c = columnBegin; c < columnEnd; c += group)
      kernel(m_panels.data() + r * m_stride, row(c), m_stride,
             m_offsets.data() + static_cast<std::size_t>(c),
             target + (c - columnBegin) * leading + (r - rowBegin), leading);
}

}  // namespace orrery
