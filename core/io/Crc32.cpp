#include "core/io/Crc32.h"

#include <libdeflate.h>
#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace orrery {
namespace {

#if defined(__x86_64__)

/// x^power modulo the polynomial of CRC-32, in the order of bits in which the processor multiplies:
/// lowest powers in the highest bits, one place to the left.
constexpr std::int64_t foldingFactor(int power)
{
  std::uint64_t remainder = 1;
  for (int i = 0; i < power; ++i) {
    remainder <<= 1;
    if ((remainder >> 32) != 0)
      remainder ^= 0x104C11DB7;
  }
  std::uint64_t reflected = 0;
  for (int bit = 0; bit < 32; ++bit)
    if ((remainder >> bit & 1) != 0)
      reflected |= std::uint64_t{1} << (32 - bit);
  return static_cast<std::int64_t>(reflected);
}
static_assert(foldingFactor(512 + 32) == 0x154442bd4 && foldingFactor(512 - 32) == 0x1c6e41596);

/// Bytes that are folded at a time.
constexpr std::size_t step = 256;

bool canFold()
{
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq");
}

/// What moves 16 bytes, four times, by a distance in bits.
template <int distance>
__attribute__((target("avx512f,vpclmulqdq"), always_inline)) inline __m512i factorsFor()
{
  constexpr std::int64_t low = foldingFactor(distance + 32), high = foldingFactor(distance - 32);
  return _mm512_set_epi64(high, low, high, low, high, low, high, low);
}

/// @p bytes moved by the distance of the factors, plus @p next.
__attribute__((target("avx512f,vpclmulqdq"), always_inline)) inline __m512i folded(__m512i bytes,
                                                                                   __m512i factors,
                                                                                   __m512i next)
{
  const __m512i low = _mm512_clmulepi64_epi128(bytes, factors, 0x00);
  const __m512i high = _mm512_clmulepi64_epi128(bytes, factors, 0x11);
  return _mm512_ternarylogic_epi64(low, high, next, 0x96);  // the three added
}

/// What 64 bytes must hold for the same CRC as @p count ones, a multiple of `step` and not none,
/// after those with the CRC @p before.
__attribute__((target("avx512f,vpclmulqdq"))) void fold(std::uint32_t before,
                                                        const std::byte* bytes, std::size_t count,
                                                        std::byte* result)
{
  const __m512i far = factorsFor<2048>();
  const __m512i near = factorsFor<512>();
  __m512i sums[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    sums[i] = _mm512_loadu_si512(bytes + 64 * i);
  sums[0] = _mm512_xor_si512(sums[0],
                             _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(~before))));
  for (std::size_t at = step; at < count; at += step)
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      sums[i] = folded(sums[i], far, _mm512_loadu_si512(bytes + at + 64 * i));
  __m512i sum = sums[0];
#pragma GCC unroll 3
  for (int i = 1; i < 4; ++i)
    sum = folded(sum, near, sums[i]);
  _mm512_storeu_si512(result, sum);
}

#endif

}  // namespace

std::uint32_t crc32Of(std::uint32_t before, const void* bytes, std::size_t count)
{
#if defined(__x86_64__)
  static const bool foldsHere = canFold();
  if (foldsHere && count >= 4 * step) {
    const auto* begin = static_cast<const std::byte*>(bytes);
    const std::size_t whole = count / step * step;
    std::byte rest[64];
    fold(before, begin, whole, rest);
    // CRCs are inverted at both ends: this one begins a sum with nothing in it.
    constexpr std::uint32_t nothing = 0xFFFFFFFF;
    return libdeflate_crc32(libdeflate_crc32(nothing, rest, sizeof rest), begin + whole,
                            count - whole);
  }
#endif
  return libdeflate_crc32(before, bytes, count);
}

std::uint32_t joinCrc(std::uint32_t first, std::uint32_t second, std::uint64_t count)
{
  return static_cast<std::uint32_t>(::crc32_combine(first, second, static_cast<z_off_t>(count)));
}

}  // namespace orrery
