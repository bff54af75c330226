#include "core/base/TiledTriangle.h"

#include "core/base/Parallel.h"
#include "core/base/Team.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace orrery {
namespace {

constexpr Eigen::Index tileSize = stripRows * tileColumns;
constexpr Eigen::Index groupsPerStrip = stripRows / tileColumns;
/// Reflections of a panel at most.
constexpr Eigen::Index widestPanel = 32;
constexpr Eigen::Index packedSize = 3 * widestPanel * stripRows;

Eigen::Index roundedUp(Eigen::Index number, Eigen::Index multiple)
{
  return (number + multiple - 1) / multiple * multiple;
}

/// rowSums += T x and, if @p both, columnSums = Tᵀ y for tiles below each other, @p rows vectors
/// and
/// @p columns columns at a time.
template <std::size_t bytes, int rows, int columns, bool both>
[[gnu::always_inline]] inline void multiplyTiles(const float* tiles, Eigen::Index count,
                                                 const float* x, float* rowSums, const float* y,
                                                 float* columnSums)
{
  typedef float Lanes __attribute__((vector_size(bytes)));
  constexpr int lanes = bytes / sizeof(float);
  static_assert(stripRows % (rows * lanes) == 0 && tileColumns % columns == 0);
  for (int firstColumn = 0; firstColumn < tileColumns; firstColumn += columns) {
    Lanes sums[columns] = {};
    for (Eigen::Index tile = 0; tile < count; ++tile)
      for (int row = 0; row < stripRows; row += rows * lanes) {
        const float* numbers = tiles + tile * tileSize + firstColumn * stripRows + row;
        Lanes rowSum[rows], right[rows] = {};
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) {  // one by one: a whole array would go through memory
          std::memcpy(&rowSum[r], rowSums + tile * stripRows + row + r * lanes, sizeof rowSum[r]);
          if constexpr (both)
            std::memcpy(&right[r], y + tile * stripRows + row + r * lanes, sizeof right[r]);
        }
#pragma GCC unroll 8
        for (int c = 0; c < columns; ++c)
#pragma GCC unroll 4
          for (int r = 0; r < rows; ++r) {
            Lanes number;
            std::memcpy(&number, numbers + c * stripRows + r * lanes, sizeof number);
            rowSum[r] += number * x[firstColumn + c];
            if constexpr (both)
              sums[c] += number * right[r];
          }
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r)
          std::memcpy(rowSums + tile * stripRows + row + r * lanes, &rowSum[r], sizeof rowSum[r]);
      }
    if constexpr (both)
      for (int c = 0; c < columns; ++c) {
        float sum = 0.0f;
        for (int lane = 0; lane < lanes; ++lane)
          sum += sums[c][lane];
        columnSums[firstColumn + c] = sum;
      }
  }
}

/// A group of eight columns: the tile on the diagonal, which has its mirror image in its square,
/// and @p below it.
template <std::size_t bytes, int rows, int columns>
[[gnu::always_inline]] inline void multiplyGroup(const float* tiles, Eigen::Index below,
                                                 const float* x, float* rowSums, const float* y,
                                                 float* columnSums)
{
  multiplyTiles<bytes, rows, columns, false>(tiles, 1, x, rowSums, nullptr, nullptr);
  multiplyTiles<bytes, rows, columns, true>(tiles + tileSize, below, x, rowSums + stripRows,
                                            y + stripRows, columnSums);
}

// As with addTile.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
__attribute__((target("arch=x86-64-v4"))) void multiplyOnThisCpu(const float* tiles,
                                                                 Eigen::Index below, const float* x,
                                                                 float* rowSums, const float* y,
                                                                 float* columnSums)
{
  multiplyGroup<64, 3, 8>(tiles, below, x, rowSums, y, columnSums);
}

__attribute__((target("arch=x86-64-v3"))) void multiplyOnThisCpu(const float* tiles,
                                                                 Eigen::Index below, const float* x,
                                                                 float* rowSums, const float* y,
                                                                 float* columnSums)
{
  multiplyGroup<32, 1, 8>(tiles, below, x, rowSums, y, columnSums);
}

__attribute__((target("default")))
#endif
void multiplyOnThisCpu(const float* tiles, Eigen::Index below, const float* x, float* rowSums,
                       const float* y, float* columnSums)
{
  multiplyGroup<16, 1, 8>(tiles, below, x, rowSums, y, columnSums);
}

}  // namespace

TiledTriangle::TiledTriangle(const Eigen::Ref<const Eigen::MatrixXd>& matrix, double scale)
    : m_rows(roundedUp(matrix.rows(), blockSize)),
      m_strips(m_rows / stripRows),
      m_tiles(m_strips * (m_strips + 1) / 2 * stripRows * stripRows),
      m_packed(m_strips * packedSize)
{
  const Eigen::Index n = matrix.rows();
  parallelFor(m_strips, 1, [&](std::int64_t strip, std::int64_t) {
    for (Eigen::Index j = 0; j < stripRows; ++j)
      for (Eigen::Index rowStrip = strip; rowStrip < m_strips; ++rowStrip) {
        const Eigen::Index column = strip * stripRows + j, top = rowStrip * stripRows;
        float* target =
            m_tiles.at(tilePlace(rowStrip, strip, j / tileColumns) + j % tileColumns * stripRows);
        const Eigen::Index rows = column < n ? std::clamp<Eigen::Index>(n - top, 0, stripRows) : 0;
        const Eigen::Index mirrored = std::min(rowStrip == strip ? j : 0, rows);
        for (Eigen::Index i = 0; i < mirrored; ++i)
          target[i] = static_cast<float>(matrix(column, top + i) * scale);
        for (Eigen::Index i = mirrored; i < rows; ++i)
          target[i] = static_cast<float>(matrix(top + i, column) * scale);
        std::fill(target + rows, target + stripRows, 0.0f);
      }
  });
}

Eigen::Index TiledTriangle::tilePlace(Eigen::Index rowStrip, Eigen::Index columnStrip,
                                      Eigen::Index group) const
{
  const Eigen::Index before = columnStrip * m_strips - columnStrip * (columnStrip - 1) / 2;
  const Eigen::Index height = m_strips - columnStrip;
  return (before * groupsPerStrip + group * height + rowStrip - columnStrip) * tileSize;
}

void TiledTriangle::copyColumn(Eigen::Index column, Eigen::Index row, float* target) const
{
  const Eigen::Index strip = column / stripRows;
  for (Eigen::Index i = row / stripRows; i < (row + blockSize) / stripRows;
       ++i, target += stripRows)
    if (i < strip)
      std::fill(target, target + stripRows, 0.0f);
    else
      std::memcpy(target,
                  m_tiles.at(tilePlace(i, strip, column % stripRows / tileColumns) +
                             column % tileColumns * stripRows),
                  stripRows * sizeof(float));
}

void TiledTriangle::multiply(Eigen::Index begin, Eigen::Index end, const float* vector,
                             float* rowSums, float* columnSums) const
{
  std::fill(rowSums + firstRow(begin), rowSums + m_rows, 0.0f);
  for (Eigen::Index column = begin; column < end; column += tileColumns) {
    const Eigen::Index strip = column / stripRows, top = strip * stripRows;
    multiplyOnThisCpu(m_tiles.at(tilePlace(strip, strip, column % stripRows / tileColumns)),
                      m_strips - strip - 1, vector + column, rowSums + top, vector + top,
                      columnSums + column);
  }
}

void TiledTriangle::update(Team& team, const Eigen::Ref<const Eigen::MatrixXf>& panel,
                           Eigen::Index begin)
{
  const Eigen::Index width = panel.cols() / 2;
  eigen_assert(width <= widestPanel && panel.rows() == m_rows);
  constexpr Eigen::Index stripsPerBlock = blockSize / stripRows;
  const Eigen::Index first = begin / blockSize, blocks = m_rows / blockSize - first;
  team.forEach(blocks, [&](std::int64_t part) {
    for (Eigen::Index i = 0; i < stripsPerBlock; ++i) {
      const Eigen::Index strip = (first + part) * stripsPerBlock + i;
      for (Eigen::Index k = 0; k < 3 * width; ++k)
        std::memcpy(m_packed.at(strip * packedSize + k * stripRows),
                    panel.col(k % (2 * width)).data() + strip * stripRows,
                    stripRows * sizeof(float));
    }
  });
  // Block by block of the lower triangle; a block is multiplied strip by strip.
  team.forEach(blocks * (blocks + 1) / 2, [&](std::int64_t part) {
    Eigen::Index column = first, row = part;
    for (; row >= first + blocks - column; ++column)
      row -= first + blocks - column;
    row += column;
    for (Eigen::Index j = column * stripsPerBlock; j < (column + 1) * stripsPerBlock; ++j)
      for (Eigen::Index i = std::max(j, row * stripsPerBlock); i < (row + 1) * stripsPerBlock; ++i)
        for (Eigen::Index group = 0; group < groupsPerStrip; ++group) {
          const TileTarget target{m_tiles.at(tilePlace(i, j, group)), -1.0f};
          // [V W] [W V]ᵀ.
          addTile(m_packed.at(i * packedSize),
                  m_packed.at(j * packedSize + width * stripRows + group * tileColumns), 2 * width,
                  &target, 1);
        }
  });
}

}  // namespace orrery
