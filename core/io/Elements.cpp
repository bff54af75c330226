#include "core/io/Elements.h"

#include "core/base/Dispatch.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace orrery {
namespace {

static_assert(std::endian::native == std::endian::little);

template <typename Word>
[[gnu::always_inline]] inline Word loadWord(const std::byte* source, bool swap)
{
  Word word;
  std::memcpy(&word, source, sizeof word);
  if (!swap)
    return word;
  if constexpr (sizeof(Word) == 2)
    return __builtin_bswap16(word);
  else if constexpr (sizeof(Word) == 4)
    return __builtin_bswap32(word);
  else if constexpr (sizeof(Word) == 8)
    return __builtin_bswap64(word);
  else
    return word;
}

[[gnu::always_inline]] inline float floatFromHalf(std::uint16_t half)
{
  // The half's exponent and mantissa put at the float's place make a number 2^112 too small, also
  // where the half is subnormal; infinities and NaN get the exponent that marks them.
  const std::uint32_t magnitude = half & 0x7FFFu;
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(scaled);
  bits |= magnitude >= 0x7C00u ? 0x7F800000u : 0u;
  bits |= (half & 0x8000u) << 16;
  return std::bit_cast<float>(bits);
}

// Elements are taken in blocks of fixed length, which compilers turn into vector code at any level
// of optimisation.
constexpr std::int64_t blockLength = 64;

template <typename Word, typename Target, typename Convert>
[[gnu::always_inline]] inline void convertWords(const std::byte* source, std::int64_t count,
                                                bool swap, Target* target, Convert convert)
{
  std::int64_t i = 0;
  for (; i + blockLength <= count; i += blockLength) {
    Word words[blockLength];
    std::memcpy(words, source + i * static_cast<std::int64_t>(sizeof(Word)), sizeof words);
    if (swap) {
      for (Word& word : words)
        word = loadWord<Word>(reinterpret_cast<const std::byte*>(&word), true);
    }
    for (std::int64_t j = 0; j < blockLength; ++j)
      target[i + j] = convert(words[j]);
  }
  for (; i < count; ++i)
    target[i] = convert(loadWord<Word>(source + i * static_cast<std::int64_t>(sizeof(Word)), swap));
}

ORRERY_FOR_EACH_CPU void floatsFromHalves(const std::byte* source, std::int64_t count, bool swap,
                                          float* target)
{
  convertWords<std::uint16_t>(source, count, swap, target,
                              [](std::uint16_t half) { return floatFromHalf(half); });
}

ORRERY_FOR_EACH_CPU void floatsFromBfloats(const std::byte* source, std::int64_t count, bool swap,
                                           float* target)
{
  convertWords<std::uint16_t>(source, count, swap, target, [](std::uint16_t word) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(word) << 16);
  });
}

ORRERY_FOR_EACH_CPU void floatsFromSwappedFloats(const std::byte* source, std::int64_t count,
                                                 float* target)
{
  convertWords<std::uint32_t>(source, count, true, target,
                              [](std::uint32_t word) { return std::bit_cast<float>(word); });
}

ORRERY_FOR_EACH_CPU void floatsFromDoubles(const std::byte* source, std::int64_t count, bool swap,
                                           float* target)
{
  convertWords<std::uint64_t>(source, count, swap, target, [](std::uint64_t word) {
    return static_cast<float>(std::bit_cast<double>(word));
  });
}

/// Finite doubles whose float is infinite. Looked for only where an infinite float was made.
std::int64_t countOverflowed(const std::byte* source, std::int64_t count, bool swap,
                             const float* target)
{
  std::int64_t overflowed = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (!std::isinf(target[i]))
      continue;
    const auto word = loadWord<std::uint64_t>(source + i * 8, swap);
    overflowed += std::isfinite(std::bit_cast<double>(word)) ? 1 : 0;
  }
  return overflowed;
}

template <typename Integer, typename Target>
void convertIntegers(const std::byte* source, std::int64_t count, bool swap, Target* target)
{
  using Word = std::make_unsigned_t<Integer>;
  convertWords<Word>(source, count, swap, target,
                     [](Word word) { return static_cast<Target>(static_cast<Integer>(word)); });
}

template <typename Target>
void convertOther(const ElementFormat& format, const std::byte* source, std::int64_t count,
                  Target* target)
{
  const bool swap = format.bigEndian;
  switch (format.kind) {
    case ElementKind::Int8:
      return convertIntegers<std::int8_t>(source, count, swap, target);
    case ElementKind::Int16:
      return convertIntegers<std::int16_t>(source, count, swap, target);
    case ElementKind::Int32:
      return convertIntegers<std::int32_t>(source, count, swap, target);
    case ElementKind::Int64:
      return convertIntegers<std::int64_t>(source, count, swap, target);
    case ElementKind::UInt8:
      return convertIntegers<std::uint8_t>(source, count, swap, target);
    case ElementKind::UInt16:
      return convertIntegers<std::uint16_t>(source, count, swap, target);
    case ElementKind::UInt32:
      return convertIntegers<std::uint32_t>(source, count, swap, target);
    case ElementKind::UInt64:
      return convertIntegers<std::uint64_t>(source, count, swap, target);
    case ElementKind::Boolean:
      return convertWords<std::uint8_t>(source, count, false, target, [](std::uint8_t byte) {
        return static_cast<Target>(byte != 0 ? 1 : 0);
      });
    default:
      return;
  }
}

}  // namespace

std::size_t elementSize(ElementKind kind)
{
  switch (kind) {
    case ElementKind::Int8:
    case ElementKind::UInt8:
    case ElementKind::Boolean:
      return 1;
    case ElementKind::Float16:
    case ElementKind::BFloat16:
    case ElementKind::Int16:
    case ElementKind::UInt16:
      return 2;
    case ElementKind::Float32:
    case ElementKind::Int32:
    case ElementKind::UInt32:
      return 4;
    default:
      return 8;
  }
}

ElementType elementType(ElementKind kind)
{
  switch (kind) {
    case ElementKind::Float16:
      return ElementType::Float16;
    case ElementKind::BFloat16:
      return ElementType::BFloat16;
    case ElementKind::Float32:
      return ElementType::Float32;
    case ElementKind::Float64:
      return ElementType::Float64;
    case ElementKind::Boolean:
      return ElementType::Boolean;
    default:
      return ElementType::Integer;
  }
}

std::string elementName(const ElementFormat& format)
{
  static constexpr const char* names[] = {"float16", "bfloat16", "float32", "float64", "int8",
                                          "int16",   "int32",    "int64",   "uint8",   "uint16",
                                          "uint32",  "uint64",   "bool"};
  std::string name = names[static_cast<int>(format.kind)];
  if (format.bigEndian && elementSize(format.kind) > 1)
    name += " (big endian)";
  return name;
}

std::int64_t convertToFloat(const ElementFormat& format, const std::byte* source,
                            std::int64_t count, float* target)
{
  switch (format.kind) {
    case ElementKind::Float16:
      floatsFromHalves(source, count, format.bigEndian, target);
      return 0;
    case ElementKind::BFloat16:
      floatsFromBfloats(source, count, format.bigEndian, target);
      return 0;
    case ElementKind::Float32:
      if (format.bigEndian)
        floatsFromSwappedFloats(source, count, target);
      else
        std::memcpy(target, source, static_cast<std::size_t>(count) * sizeof(float));
      return 0;
    case ElementKind::Float64:
      floatsFromDoubles(source, count, format.bigEndian, target);
      return countOverflowed(source, count, format.bigEndian, target);
    default:
      convertOther(format, source, count, target);
      return 0;
  }
}

void convertToDouble(const ElementFormat& format, const std::byte* source, std::int64_t count,
                     double* target)
{
  const bool swap = format.bigEndian;
  switch (format.kind) {
    case ElementKind::Float16:
      return convertWords<std::uint16_t>(source, count, swap, target, [](std::uint16_t word) {
        return static_cast<double>(floatFromHalf(word));
      });
    case ElementKind::BFloat16:
      return convertWords<std::uint16_t>(source, count, swap, target, [](std::uint16_t word) {
        return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(word) << 16));
      });
    case ElementKind::Float32:
      return convertWords<std::uint32_t>(source, count, swap, target, [](std::uint32_t word) {
        return static_cast<double>(std::bit_cast<float>(word));
      });
    case ElementKind::Float64:
      return convertWords<std::uint64_t>(source, count, swap, target, [](std::uint64_t word) {
        return std::bit_cast<double>(word);
      });
    default:
      return convertOther(format, source, count, target);
  }
}

}  // namespace orrery
