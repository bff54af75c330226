// What a number of a file can be: the one list, for all containers and for the helper
// orrery-reader.
#pragma once

#include <cstdint>

namespace orrery {

enum class ElementKind : std::uint8_t {
  Float16,
  BFloat16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  UInt8,
  UInt16,
  UInt32,
  UInt64,
  Boolean,  ///< One byte, 0 or 1; in HDF5 an enumeration of FALSE and TRUE.
  // From here on only of HDF5, and nothing that the program converts itself.
  OtherFloat,   ///< A float that the HDF5 library must convert (to float64).
  OtherNumber,  ///< The same for integers.
  Text,
  Other,  ///< Not a number: see the object's problem.
  Count,
};

/// Whether the bytes can be converted without the HDF5 library (core/io/Elements.h).
[[nodiscard]] constexpr bool isConvertible(ElementKind kind)
{
  return kind <= ElementKind::Boolean;
}

}  // namespace orrery
