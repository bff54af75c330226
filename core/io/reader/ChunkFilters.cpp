#include "core/io/reader/ChunkFilters.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace orrery::reader {
namespace {

/// Four byte planes of @p count elements, from element @p first on.
void interleaveFour(const std::byte* planes, std::size_t count, std::byte* target)
{
  std::size_t i = 0;
#ifdef __SSE2__
  const auto load = [&](std::size_t plane) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(planes + plane * count + i));
  };
  for (; i + 16 <= count; i += 16) {
    const __m128i a = load(0), b = load(1), c = load(2), d = load(3);
    const __m128i lowerAb = _mm_unpacklo_epi8(a, b), upperAb = _mm_unpackhi_epi8(a, b);
    const __m128i lowerCd = _mm_unpacklo_epi8(c, d), upperCd = _mm_unpackhi_epi8(c, d);
    auto* out = reinterpret_cast<__m128i*>(target + 4 * i);
    _mm_storeu_si128(out, _mm_unpacklo_epi16(lowerAb, lowerCd));
    _mm_storeu_si128(out + 1, _mm_unpackhi_epi16(lowerAb, lowerCd));
    _mm_storeu_si128(out + 2, _mm_unpacklo_epi16(upperAb, upperCd));
    _mm_storeu_si128(out + 3, _mm_unpackhi_epi16(upperAb, upperCd));
  }
#endif
  for (; i < count; ++i)
    for (std::size_t plane = 0; plane < 4; ++plane)
      target[4 * i + plane] = planes[plane * count + i];
}

/// One step of taking the remainder by 65535.
std::uint32_t fold(std::uint32_t value)
{
  return (value & 0xFFFF) + (value >> 16);
}

}  // namespace

void unshuffle(std::span<const std::byte> source, std::uint32_t elementBytes, std::byte* target)
{
  const std::size_t count = elementBytes > 1 ? source.size() / elementBytes : 0;
  if (elementBytes == 4) {
    interleaveFour(source.data(), count, target);
  } else if (count > 0) {
    // In pieces that stay in the first cache, since every plane writes to all of them.
    constexpr std::size_t piece = 1024;
    for (std::size_t begin = 0; begin < count; begin += piece) {
      const std::size_t end = std::min(begin + piece, count);
      for (std::uint32_t plane = 0; plane < elementBytes; ++plane) {
        const std::byte* from = source.data() + plane * count;
        for (std::size_t i = begin; i < end; ++i)
          target[i * elementBytes + plane] = from[i];
      }
    }
  }
  const std::size_t done = count * elementBytes;
  if (done < source.size())
    std::memcpy(target + done, source.data() + done, source.size() - done);
}

void Fletcher32::add(std::span<const std::byte> bytes)
{
  std::uint32_t sum = m_sum, sumOfSums = m_sumOfSums;
  std::size_t i = 0;
  const std::size_t words = bytes.size() / 2;
  while (i < words) {
    // The second sum grows as n²/2 · 65535: 360 words fit 32 bits from any folded state.
    const std::size_t end = std::min(i + 360, words);
    for (; i < end; ++i) {
      sum += (std::to_integer<std::uint32_t>(bytes[2 * i]) << 8) |
             std::to_integer<std::uint32_t>(bytes[2 * i + 1]);
      sumOfSums += sum;
    }
    sum = fold(sum);
    sumOfSums = fold(sumOfSums);
  }
  if (bytes.size() % 2 != 0) {
    sum = fold(sum + (std::to_integer<std::uint32_t>(bytes.back()) << 8));
    sumOfSums = fold(sumOfSums + sum);
  }
  m_sum = sum;
  m_sumOfSums = sumOfSums;
}

bool Fletcher32::matches(std::span<const std::byte, 4> stored) const
{
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |= std::to_integer<std::uint32_t>(stored[i]) << (8 * i);
  const std::uint32_t computed = (fold(m_sumOfSums) << 16) | fold(m_sum);
  // Old versions of the library stored the halves with their bytes exchanged; it still accepts
  // that.
  const std::uint32_t exchanged = ((computed & 0x00FF00FF) << 8) | ((computed >> 8) & 0x00FF00FF);
  return value == computed || value == exchanged;
}

bool decompressLzf(std::span<const std::byte> source, std::span<std::byte> target)
{
  std::size_t in = 0, out = 0;
  const auto next = [&] { return std::to_integer<std::size_t>(source[in++]); };
  while (in < source.size()) {
    const std::size_t control = next();
    if (control < 32) {
      // A run of control + 1 literal bytes.
      const std::size_t length = control + 1;
      if (length > source.size() - in || length > target.size() - out)
        return false;
      std::memcpy(target.data() + out, source.data() + in, length);
      in += length;
      out += length;
      continue;
    }
    // A copy of what was written before: three bits of length, thirteen of distance.
    std::size_t length = control >> 5;
    if (length == 7) {
      if (in == source.size())
        return false;
      length += next();
    }
    if (in == source.size())
      return false;
    const std::size_t distance = (((control & 31) << 8) | next()) + 1;
    length += 2;
    if (distance > out || length > target.size() - out)
      return false;
    // Byte by byte: the copy may overlap itself, which is how runs are stored.
    for (std::size_t i = 0; i < length; ++i, ++out)
      target[out] = target[out - distance];
  }
  return out == target.size();
}

Inflater::Inflater() : m_decompressor(libdeflate_alloc_decompressor(), libdeflate_free_decompressor)
{
  if (!m_decompressor)
    throw std::bad_alloc();
}

bool Inflater::inflate(std::span<const std::byte> source, std::span<std::byte> target,
                       std::string& problem)
{
  std::size_t written = 0;
  const libdeflate_result result = libdeflate_zlib_decompress(
      m_decompressor.get(), source.data(), source.size(), target.data(), target.size(), &written);
  const std::string expected = std::to_string(target.size());
  if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
    problem = "its compressed data hold more than the " + expected + " bytes expected";
  else if (result != LIBDEFLATE_SUCCESS)
    problem = "its compressed data are damaged (deflate)";
  else if (written != target.size())
    problem =
        "its compressed data hold " + std::to_string(written) + " bytes instead of " + expected;
  else
    return true;
  return false;
}

bool isDecodable(std::span<const FilterStep> filters)
{
  bool compressed = false;
  for (const FilterStep& step : filters) {
    switch (step.filter) {
      case Filter::Fletcher32:
        break;
      case Filter::Shuffle:
        if (compressed || step.elementBytes == 0)
          return false;
        break;
      case Filter::Deflate:
      case Filter::Lzf:
        if (compressed)
          return false;
        compressed = true;
        break;
      default:
        return false;
    }
  }
  return filters.size() <= 32;
}

ChunkDecoder::ChunkDecoder(std::vector<FilterStep> filters, std::uint64_t chunkBytes)
    : m_filters(std::move(filters)), m_chunkBytes(chunkBytes)
{
}

std::uint64_t ChunkDecoder::largestStored() const
{
  return m_chunkBytes + m_chunkBytes / 8 + 4096;
}

std::span<std::byte> ChunkDecoder::input(std::uint64_t bytes)
{
  if (m_current.size() < bytes)
    m_current.resize(bytes);
  m_size = bytes;
  return std::span(m_current).first(m_size);
}

bool ChunkDecoder::undo(const FilterStep& step, std::uint64_t sizeBefore, std::string& problem)
{
  const auto source = std::span<const std::byte>(m_current).first(m_size);
  if (step.filter == Filter::Fletcher32) {
    if (m_size < 4) {
      problem = "its checksum is missing";
      return false;
    }
    Fletcher32 checksum;
    checksum.add(source.first(m_size - 4));
    if (!checksum.matches(source.last<4>())) {
      problem = "its checksum is wrong";
      return false;
    }
    m_size -= 4;
    return true;
  }
  if (m_next.size() < sizeBefore)
    m_next.resize(sizeBefore);
  const auto target = std::span(m_next).first(sizeBefore);
  switch (step.filter) {
    case Filter::Shuffle:
      if (m_size != sizeBefore) {
        problem = "it holds " + std::to_string(m_size) + " bytes instead of " +
                  std::to_string(sizeBefore);
        return false;
      }
      unshuffle(source, step.elementBytes, target.data());
      break;
    case Filter::Deflate:
      if (!m_inflater.inflate(source, target, problem))
        return false;
      break;
    case Filter::Lzf:
      if (!decompressLzf(source, target)) {
        problem = "its compressed data are damaged (LZF)";
        return false;
      }
      break;
    case Filter::Fletcher32:
      break;
  }
  std::swap(m_current, m_next);
  m_size = sizeBefore;
  return true;
}

std::span<const std::byte> ChunkDecoder::decode(std::uint32_t skipped, std::string& problem)
{
  problem.clear();
  const auto applied = [&](std::size_t i) { return ((skipped >> i) & 1u) == 0; };
  for (std::size_t i = m_filters.size(); i-- > 0;) {
    if (!applied(i))
      continue;
    // Before this filter, the chunk had its own size and a checksum for each one that came earlier.
    std::uint64_t sizeBefore = m_chunkBytes;
    for (std::size_t earlier = 0; earlier < i; ++earlier)
      if (applied(earlier) && m_filters[earlier].filter == Filter::Fletcher32)
        sizeBefore += 4;
    if (!undo(m_filters[i], sizeBefore, problem))
      return {};
  }
  if (m_size != m_chunkBytes) {
    problem =
        "it holds " + std::to_string(m_size) + " bytes instead of " + std::to_string(m_chunkBytes);
    return {};
  }
  return std::span<const std::byte>(m_current).first(m_size);
}

}  // namespace orrery::reader
