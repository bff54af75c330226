// A large symmetric matrix in float, of which only what its products need is kept.
#pragma once

#include "core/base/HugePages.h"
#include "core/base/TileKernel.h"

#include <Eigen/Core>

namespace orrery {

class Team;

/// The lower triangle in the order in which it is read: strips of 48 columns one after the other,
/// in each its groups of eight columns, in each the tiles of 48 × 8 (TileKernel.h) from the
/// diagonal down. A product with a vector so runs straight through memory, at half again the speed
/// of one that jumps from column to column, and a tile can be updated in registers. Squares of 48 ×
/// 48 on the diagonal are whole. Padded with zeros.
class TiledTriangle {
 public:
  using Scalar = float;
  /// Rows that are best treated together.
  static constexpr Eigen::Index blockSize = 4 * stripRows;

  /// The lower triangle of @p matrix times @p scale.
  TiledTriangle(const Eigen::Ref<const Eigen::MatrixXd>& matrix, double scale);

  /// Padded to blocks.
  [[nodiscard]] Eigen::Index rows() const { return m_rows; }

  /// The rows [@p row, @p row + blockSize) of a column. Those above the diagonal's square are zero.
  void copyColumn(Eigen::Index column, Eigen::Index row, float* target) const;

  /// Where the sums that columns from @p column on make begin.
  [[nodiscard]] static Eigen::Index firstRow(Eigen::Index column)
  {
    return column / stripRows * stripRows;
  }

  /// The share of columns [@p begin, @p end), multiples of eight, in the product with @p vector:
  /// @p rowSums, from firstRow(begin) on, of themselves and @p columnSums of their mirror image.
  void multiply(Eigen::Index begin, Eigen::Index end, const float* vector, float* rowSums,
                float* columnSums) const;

  /// Takes V Wᵀ + W Vᵀ off all that is right of and below row @p begin. @p panel is [V W].
  void update(Team& team, const Eigen::Ref<const Eigen::MatrixXf>& panel, Eigen::Index begin);

 private:
  /// Where the tile at a strip of rows, a strip of columns and a group of eight of them begins.
  [[nodiscard]] Eigen::Index tilePlace(Eigen::Index rowStrip, Eigen::Index columnStrip,
                                       Eigen::Index group) const;

  Eigen::Index m_rows = 0;
  Eigen::Index m_strips = 0;
  HugeBuffer<float> m_tiles;
  HugeBuffer<float> m_packed;  ///< Strips of [V W V], columns as many as a strip has rows at most.
};

}  // namespace orrery
