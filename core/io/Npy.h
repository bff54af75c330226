// The header of NumPy's .npy arrays, alone in a file or as a member of an .npz.
#pragma once

#include "core/io/ByteSource.h"
#include "core/io/Elements.h"
#include "core/io/ParallelRead.h"
#include "core/io/TensorFile.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace orrery {

/// Longest header that is read: 12 bytes of preamble and 64 kB of text.
inline constexpr std::size_t longestNpyHeader = 12 + 65536;

struct NpyHeader {
  enum class Text { None, Bytes, Utf32 };

  std::vector<std::int64_t> shape;
  bool fortranOrder = false;
  std::optional<ElementFormat> format;  ///< Set if the elements are numbers that can be read.
  Text text = Text::None;
  bool bigEndianText = false;
  std::uint64_t itemSize = 0;  ///< Bytes of one element.
  std::uint64_t elements = 0;
  std::uint64_t dataOffset = 0;  ///< From the start of the array: length of the whole header.
  std::uint64_t dataBytes = 0;
  ElementType type = ElementType::Other;
  std::string typeName;
  std::string problem;  ///< Why the array cannot be read although the header is sound.

  /// What TensorFile lists for it.
  [[nodiscard]] TensorInfo info(const std::string& name) const;
  /// Where the array lies as a matrix of @p rowsByColumns (its shape, axes of length one left out),
  /// if it starts at @p arrayOffset of a file.
  [[nodiscard]] StoredMatrix matrix(std::uint64_t arrayOffset,
                                    const std::vector<std::int64_t>& rowsByColumns,
                                    FeatureAxis axis) const;
};

/// How an array's bytes are had, whatever holds them: @p count bytes at @p offset of the array.
using NpyFetch = std::function<void(std::uint64_t offset, void* target, std::size_t count)>;

/// Parses the header of an array of @p size bytes that begins with @p start (as much of it as is
/// at hand, up to longestNpyHeader). Nothing is evaluated. Calls @p fail with the rest of a
/// sentence on any fault. If @p start ends before the header does and the array goes on, returns
/// nothing: call again with more.
std::optional<NpyHeader> parseNpyHeader(std::span<const std::byte> start, std::uint64_t size,
                                        const std::function<void(const std::string&)>& fail);

/// All elements in C order; @p fetch is called with rising offsets only, in bounded pieces.
std::vector<double> readNpyNumbers(const NpyHeader& header, const NpyFetch& fetch,
                                   const Progress& progress);
std::vector<std::string> readNpyStrings(const NpyHeader& header, const NpyFetch& fetch,
                                        const Progress& progress, std::int64_t& replaced);

/// "(16384, 2304)".
[[nodiscard]] std::string shapeText(const std::vector<std::int64_t>& shape);

}  // namespace orrery
