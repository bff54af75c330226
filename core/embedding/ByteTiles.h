// Products of many vectors of bytes with many others.
#pragma once

#include "core/base/Types.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// Whether the processor adds four products of bytes to each of 16 sums at once (AVX-512 VNNI).
bool multipliesBytes();

/// Vectors of bytes in −127 … 127, kept twice: in rows, and shifted to 1 … 255 in panels of 32
/// vectors by four dimensions, as the instruction takes them. Memory 2 d bytes a vector.
class ByteTiles {
 public:
  static constexpr Eigen::Index panel = 32, group = 8;

  ByteTiles(Eigen::Index dimensions, Eigen::Index vectors);

  /// Where vector @p id is to be written: stride() bytes, those beyond the dimensions 0.
  [[nodiscard]] std::int8_t* row(Eigen::Index id) { return m_rows.data() + id * m_stride; }
  [[nodiscard]] const std::int8_t* row(Eigen::Index id) const
  {
    return m_rows.data() + id * m_stride;
  }
  [[nodiscard]] Eigen::Index stride() const { return m_stride; }

  /// To be called when the rows of a panel, @p first on, are written. @p first is a multiple of 32.
  void pack(Eigen::Index first);

  /// Writes the products of vectors [@p rowBegin, @p rowEnd) with [@p columnBegin, @p columnEnd) to
  /// @p target, column by column, @p leading floats apart. Both begin at a multiple of 32; whole
  /// panels of rows and whole groups of 8 columns are written, 0 for vectors that there are not.
  void multiply(Eigen::Index rowBegin, Eigen::Index rowEnd, Eigen::Index columnBegin,
                Eigen::Index columnEnd, float* target, Eigen::Index leading) const;

 private:
  Eigen::Index m_stride = 0;
  std::vector<std::int8_t> m_rows;
  std::vector<std::uint8_t> m_panels;
  std::vector<std::int32_t> m_offsets;  ///< −128 times the sum of a row.
};

}  // namespace orrery
