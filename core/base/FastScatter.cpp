#include "core/base/FastScatter.h"

#include "core/base/Dispatch.h"
#include "core/base/HugePages.h"
#include "core/base/Parallel.h"
#include "core/base/TileKernel.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

namespace orrery {
namespace {

/// Columns of a panel; Strassen's step halves them.
constexpr Eigen::Index panelDepth = 512;
constexpr Eigen::Index halfDepth = panelDepth / 2;
/// Columns whose sums stay in float.
constexpr Eigen::Index columnsInFloat = 16384;
constexpr int forms = 7;
/// Below, LAPACK and BLAS are quick enough, and their sums finer.
constexpr Eigen::Index smallest = 640;

/// How d rows are cut: into blocks of two units.
struct Blocking {
  explicit Blocking(Eigen::Index d)
  {
    double least = std::numeric_limits<double>::infinity();
    for (Eigen::Index strips = 4; strips >= 2; --strips) {
      const Eigen::Index height = 2 * strips * stripRows;
      const Eigen::Index count = (d + height - 1) / height;
      const auto rows = static_cast<double>(count * height);
      // Small units are read more often for what is multiplied.
      const double work = rows * rows * (0.875 + 0.25 / static_cast<double>(count)) *
                          (1.0 + 0.15 / static_cast<double>(strips * strips));
      if (work < least) {
        least = work;
        stripsPerUnit = strips;
        blocks = count;
      }
    }
    share = least / (static_cast<double>(d) * static_cast<double>(d));
    unit = stripsPerUnit * stripRows;
    side = 2 * unit;
    squares = blocks * (blocks + 1) / 2;
  }

  Eigen::Index stripsPerUnit = 0, unit = 0, side = 0, blocks = 0, squares = 0;
  double share = 0.0;  ///< Of the multiplications of a plain lower triangle.
};

/// A strip of a block's upper unit and the one of its lower unit.
struct StripPair {
  const float* numbers[2] = {};  ///< Of the first column.
  const float* shift[2] = {};
  Eigen::Index rows[2] = {};  ///< That there are.
  Eigen::Index stride = 0;
  Eigen::Index columns = 0;  ///< Of the panel.
};

/// Where a pair of strips is packed.
struct PackedPair {
  float* plain[2][2] = {};  ///< Unit and half of the depth.
  float* left = nullptr;    ///< Its part of the first form, or nothing.
  float* right = nullptr;
  Eigen::Index formStride = 0;
};

/// Strassen's forms of the quarters 11, 12, 21, 22 (unit and half of the depth) for the factor on
/// the left. The other's are those of its transpose.
template <typename Numbers>
[[gnu::always_inline]] inline void leftForms(const Numbers (&q)[4], Numbers (&form)[forms])
{
  form[0] = q[0] + q[3];
  form[1] = q[2] + q[3];
  form[2] = q[0];
  form[3] = q[3];
  form[4] = q[0] + q[1];
  form[5] = q[2] - q[0];
  form[6] = q[1] - q[3];
}

template <typename Numbers>
[[gnu::always_inline]] inline void rightForms(const Numbers (&q)[4], Numbers (&form)[forms])
{
  form[0] = q[0] + q[3];
  form[1] = q[0];
  form[2] = q[2] - q[3];
  form[3] = q[1] - q[0];
  form[4] = q[3];
  form[5] = q[0] + q[2];
  form[6] = q[1] + q[3];
}

/// What the product of two forms is added to: quarters of the square (row and column of units).
struct FormTargets {
  int count = 0;
  int quarter[2] = {};
  float sign[2] = {};
};
constexpr std::array<FormTargets, forms> formTargets = {{{2, {0, 3}, {1, 1}},
                                                         {2, {2, 3}, {1, -1}},
                                                         {2, {1, 3}, {1, 1}},
                                                         {2, {0, 2}, {1, 1}},
                                                         {2, {0, 1}, {-1, 1}},
                                                         {1, {3, 0}, {1, 0}},
                                                         {1, {0, 0}, {1, 0}}}};

typedef float Lanes __attribute__((vector_size(32)));
constexpr Eigen::Index lanes = 8;

/// Writes the quarters' numbers at one place, and their forms.
[[gnu::always_inline]] inline void store(const Lanes (&quarters)[4], const PackedPair& packed,
                                         Eigen::Index place)
{
#pragma GCC unroll 4
  for (int quarter = 0; quarter < 4; ++quarter)
    std::memcpy(packed.plain[quarter / 2][quarter % 2] + place, &quarters[quarter], sizeof(Lanes));
  Lanes form[forms];
  if (packed.left) {
    leftForms(quarters, form);
#pragma GCC unroll 8
    for (int i = 0; i < forms; ++i)
      std::memcpy(packed.left + i * packed.formStride + place, &form[i], sizeof(Lanes));
  }
  if (packed.right) {
    rightForms(quarters, form);
#pragma GCC unroll 8
    for (int i = 0; i < forms; ++i)
      std::memcpy(packed.right + i * packed.formStride + place, &form[i], sizeof(Lanes));
  }
}

/// Shifts and packs a pair whose rows and columns are all there.
ORRERY_FOR_EACH_CPU
void packWhole(const StripPair& pair, const PackedPair& packed)
{
  /// Columns that are asked for before they are needed.
  constexpr Eigen::Index ahead = 8;
  for (Eigen::Index k = 0; k < halfDepth; ++k)
    for (Eigen::Index row = 0; row < stripRows; row += lanes) {
      Lanes quarters[4];
#pragma GCC unroll 4
      for (int quarter = 0; quarter < 4; ++quarter) {
        const float* numbers =
            pair.numbers[quarter / 2] + (quarter % 2 * halfDepth + k) * pair.stride + row;
        if (row % 16 == 0 && k + ahead < halfDepth)
          __builtin_prefetch(numbers + ahead * pair.stride);
        Lanes shift;
        std::memcpy(&quarters[quarter], numbers, sizeof(Lanes));
        std::memcpy(&shift, pair.shift[quarter / 2] + row, sizeof(Lanes));
        quarters[quarter] -= shift;
      }
      store(quarters, packed, k * stripRows + row);
    }
}

/// The same where some are not: there are zeros instead.
void packPart(const StripPair& pair, const PackedPair& packed)
{
  for (Eigen::Index k = 0; k < halfDepth; ++k)
    for (Eigen::Index row = 0; row < stripRows; row += lanes) {
      Lanes quarters[4] = {};
      for (int quarter = 0; quarter < 4; ++quarter) {
        const int unit = quarter / 2;
        const Eigen::Index column = quarter % 2 * halfDepth + k;
        for (Eigen::Index i = 0; i < lanes; ++i)
          if (column < pair.columns && row + i < pair.rows[unit])
            quarters[quarter][i] =
                pair.numbers[unit][column * pair.stride + row + i] - pair.shift[unit][row + i];
      }
      store(quarters, packed, k * stripRows + row);
    }
}

class Scatter {
 public:
  Scatter(const FeatureMatrixView& x, const Eigen::VectorXf& shift, const Eigen::VectorXd& rest)
      : m_x(x),
        m_shift(shift),
        m_rest(rest),
        m_blocking(x.rows()),
        // A little more than it holds, or columns of all forms fell on the same places of a cache.
        m_formStride(m_blocking.unit * halfDepth + stripRows),
        m_left(m_blocking.blocks * forms * m_formStride),
        m_right(m_blocking.blocks * forms * m_formStride),
        m_plain(m_blocking.blocks * m_blocking.side * panelDepth),
        m_sums(m_blocking.squares * m_blocking.side * m_blocking.side),
        m_scatter(x.rows(), x.rows())
  {
    adviseHugePages(m_scatter);
  }

  Eigen::MatrixXd run(const Progress& progress)
  {
    const Eigen::Index n = m_x.cols();
    for (Eigen::Index begin = 0; begin < n; begin += panelDepth) {
      progress.update(begin, n);
      parallelFor(m_blocking.blocks * m_blocking.stripsPerUnit, 1,
                  [&](std::int64_t part, std::int64_t) {
                    pack(begin, part / m_blocking.stripsPerUnit, part % m_blocking.stripsPerUnit);
                  });
      const Eigen::Index end = std::min(begin + panelDepth, n);
      const bool isFirst = begin % columnsInFloat == 0;
      parallelFor(m_blocking.squares, 1, [&](std::int64_t index, std::int64_t) {
        const auto [row, column] = square(index);
        float* sums = m_sums.at(index * m_blocking.side * m_blocking.side);
        if (isFirst)
          std::fill(sums, sums + m_blocking.side * m_blocking.side, 0.0f);
        if (row == column)
          addDiagonal(row, sums);
        else
          addSquare(row, column, sums);
        if (end == n || end % columnsInFloat == 0)
          keep(row, column, sums, end <= columnsInFloat, end == n);
      });
    }
    return std::move(m_scatter);
  }

 private:
  /// Row and column of a square in the lower triangle: those on the diagonal last, since they are
  /// the smaller ones to end with.
  [[nodiscard]] std::pair<Eigen::Index, Eigen::Index> square(Eigen::Index index) const
  {
    const Eigen::Index below = m_blocking.squares - m_blocking.blocks;
    if (index >= below)
      return {index - below, index - below};
    Eigen::Index row = 1;
    for (; row * (row + 1) / 2 <= index; ++row) {
    }
    return {row, index - row * (row - 1) / 2};
  }

  /// Where a strip of the plain numbers of one half of the depth begins.
  [[nodiscard]] Eigen::Index plainPlace(Eigen::Index block, Eigen::Index half,
                                        Eigen::Index strip) const
  {
    return (block * 2 + half) * m_blocking.side * halfDepth + strip * stripRows * halfDepth;
  }

  /// Where the sums of two strips begin in those of a square: quarter by quarter, in it 48 × 48 by
  /// 48 × 48.
  [[nodiscard]] Eigen::Index placeOf(Eigen::Index rowStrip, Eigen::Index columnStrip) const
  {
    const Eigen::Index strips = m_blocking.stripsPerUnit;
    const Eigen::Index quarter = rowStrip / strips * 2 + columnStrip / strips;
    return quarter * m_blocking.unit * m_blocking.unit +
           (rowStrip % strips * strips + columnStrip % strips) * stripRows * stripRows;
  }

  void pack(Eigen::Index begin, Eigen::Index block, Eigen::Index strip)
  {
    StripPair pair;
    PackedPair packed;
    pair.stride = m_x.outerStride();
    pair.columns = std::min(panelDepth, m_x.cols() - begin);
    for (int unit = 0; unit < 2; ++unit) {
      const Eigen::Index row = block * m_blocking.side + unit * m_blocking.unit + strip * stripRows;
      pair.rows[unit] = std::clamp<Eigen::Index>(m_x.rows() - row, 0, stripRows);
      if (pair.rows[unit] > 0) {
        pair.numbers[unit] = m_x.data() + begin * m_x.outerStride() + row;
        pair.shift[unit] = m_shift.data() + row;
      }
      for (int half = 0; half < 2; ++half)
        packed.plain[unit][half] =
            m_plain.at(plainPlace(block, half, unit * m_blocking.stripsPerUnit + strip));
    }
    packed.formStride = m_formStride;
    const Eigen::Index place = block * forms * m_formStride + strip * stripRows * halfDepth;
    if (block > 0)
      packed.left = m_left.at(place);
    if (block + 1 < m_blocking.blocks)
      packed.right = m_right.at(place);
    if (pair.columns == panelDepth && std::min(pair.rows[0], pair.rows[1]) == stripRows)
      packWhole(pair, packed);
    else
      packPart(pair, packed);
  }

  /// sums += the products of two strips, whose depth is half a panel's.
  static void addStrips(const float* left, const float* right, const TileTarget* targets, int count)
  {
    TileTarget places[2];
    for (Eigen::Index column = 0; column < stripRows; column += tileColumns) {
      for (int i = 0; i < count; ++i)
        places[i] = {targets[i].sums + column * stripRows, targets[i].sign};
      addTile(left, right + column, halfDepth, places, count);
    }
  }

  void addSquare(Eigen::Index row, Eigen::Index column, float* sums) const
  {
    const Eigen::Index strips = m_blocking.stripsPerUnit;
    for (int form = 0; form < forms; ++form) {
      const FormTargets& wanted = formTargets[static_cast<std::size_t>(form)];
      const float* left = m_left.at((row * forms + form) * m_formStride);
      const float* right = m_right.at((column * forms + form) * m_formStride);
      for (Eigen::Index i = 0; i < strips; ++i)
        for (Eigen::Index j = 0; j < strips; ++j) {
          TileTarget targets[2];
          for (int t = 0; t < wanted.count; ++t)
            targets[t] = {sums + wanted.quarter[t] * m_blocking.unit * m_blocking.unit +
                              (i * strips + j) * stripRows * stripRows,
                          wanted.sign[t]};
          addStrips(left + i * stripRows * halfDepth, right + j * stripRows * halfDepth, targets,
                    wanted.count);
        }
    }
  }

  /// A square on the diagonal, its lower triangle: as it is.
  void addDiagonal(Eigen::Index block, float* sums) const
  {
    for (Eigen::Index half = 0; half < 2; ++half)
      for (Eigen::Index i = 0; i < 2 * m_blocking.stripsPerUnit; ++i)
        for (Eigen::Index j = 0; j <= i; ++j) {
          const TileTarget target{sums + placeOf(i, j), 1.0f};
          addStrips(m_plain.at(plainPlace(block, half, i)), m_plain.at(plainPlace(block, half, j)),
                    &target, 1);
        }
  }

  /// Adds the sums of a square to the scatter matrix, or begins it; at last takes off what the
  /// rounding of the mean left and fills the upper triangle.
  void keep(Eigen::Index row, Eigen::Index column, const float* sums, bool isFirst, bool isLast)
  {
    const Eigen::Index d = m_x.rows();
    const auto n = static_cast<double>(m_x.cols());
    for (Eigen::Index j = 0; j < 2 * m_blocking.stripsPerUnit; ++j)
      for (Eigen::Index i = row == column ? j : 0; i < 2 * m_blocking.stripsPerUnit; ++i) {
        const Eigen::Index top = row * m_blocking.side + i * stripRows;
        const Eigen::Index left = column * m_blocking.side + j * stripRows;
        const Eigen::Index rows = std::clamp<Eigen::Index>(d - top, 0, stripRows);
        const Eigen::Index columns = std::clamp<Eigen::Index>(d - left, 0, stripRows);
        if (rows == 0 || columns == 0)
          continue;
        const Eigen::Map<const Eigen::MatrixXf, 0, Eigen::OuterStride<>> found(
            sums + placeOf(i, j), rows, columns, Eigen::OuterStride<>(stripRows));
        auto target = m_scatter.block(top, left, rows, columns);
        if (isFirst)
          target = found.cast<double>();
        else
          target += found.cast<double>();
        if (isLast) {
          target.noalias() -=
              n * m_rest.segment(top, rows) * m_rest.segment(left, columns).transpose();
          if (top != left)
            m_scatter.block(left, top, columns, rows) = target.transpose();
          else
            for (Eigen::Index c = 1; c < columns; ++c)
              target.col(c).head(c) = target.row(c).head(c).transpose();
        }
      }
  }

  FeatureMatrixView m_x;
  const Eigen::VectorXf& m_shift;
  const Eigen::VectorXd& m_rest;
  Blocking m_blocking;
  Eigen::Index m_formStride;
  HugeBuffer<float> m_left, m_right;  ///< Block by block and form by form.
  HugeBuffer<float> m_plain;          ///< Block by block, halves of the depth, strips.
  HugeBuffer<float> m_sums;           ///< Square by square.
  Eigen::MatrixXd m_scatter;
};

}  // namespace

bool isFastScatterFor(Eigen::Index d, Eigen::Index n)
{
  // By how much our own tiles are faster than BLAS besides.
  return d >= smallest && n >= panelDepth && Blocking(d).share < 1.05;
}

Eigen::MatrixXd fastScatter(const FeatureMatrixView& x, const Eigen::VectorXf& shift,
                            const Eigen::VectorXd& rest, const Progress& progress)
{
  return Scatter(x, shift, rest).run(progress);
}

}  // namespace orrery
