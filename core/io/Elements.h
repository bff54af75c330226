// How one number lies in a file, and how it becomes one of ours.
#pragma once

#include "core/io/TensorFile.h"
#include "core/io/reader/ElementKind.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace orrery {

/// Its kind is a convertible one.
struct ElementFormat {
  ElementKind kind = ElementKind::Float32;
  bool bigEndian = false;
};

/// Bytes of one element: 1, 2, 4 or 8.
[[nodiscard]] std::size_t elementSize(ElementKind kind);
/// The same as TensorInfo tells it.
[[nodiscard]] ElementType elementType(ElementKind kind);
/// "float32", "float64 (big endian)" …
[[nodiscard]] std::string elementName(const ElementFormat& format);

/// Converts @p count elements at @p source, which need not be aligned. float16 and bfloat16 are
/// exact; integers and float64 are rounded to nearest; a boolean is 1 if its byte is not 0. Returns
/// how many finite float64 became infinite because they do not fit.
std::int64_t convertToFloat(const ElementFormat& format, const std::byte* source,
                            std::int64_t count, float* target);

/// The same into doubles; 64-bit integers beyond 2^53 are rounded.
void convertToDouble(const ElementFormat& format, const std::byte* source, std::int64_t count,
                     double* target);

}  // namespace orrery
