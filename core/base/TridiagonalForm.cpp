#include "core/base/TridiagonalForm.h"

#include "core/base/Dispatch.h"
#include "core/base/Error.h"
#include "core/base/HugePages.h"
#include "core/base/Parallel.h"
#include "core/base/Team.h"
#include "core/base/TiledTriangle.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace orrery {
namespace {

/// Reflections of a panel; blocks of rows are multiples.
constexpr Eigen::Index panelWidth = 32;
/// Columns that are multiplied at a time.
constexpr Eigen::Index together = 4;
/// Strips of columns begin at multiples of this.
constexpr Eigen::Index corner = 8;
/// Strips of columns that a product is shared out in; fewer where they would have fewer columns
/// than `narrowest`.
constexpr Eigen::Index mostStrips = 16;
constexpr Eigen::Index narrowest = 32;
constexpr std::size_t laneBytes = 32;

template <typename Scalar>
struct LanesOf {
  typedef Scalar Type __attribute__((vector_size(laneBytes)));
};

template <typename Scalar>
constexpr Eigen::Index laneCount = laneBytes / sizeof(Scalar);

Eigen::Index roundedDown(Eigen::Index number, Eigen::Index multiple)
{
  return number / multiple * multiple;
}

/// A block of a matrix, column by column. Rows are a multiple of the lanes, columns of `together`.
template <typename Scalar>
struct Block {
  const Scalar* numbers = nullptr;
  Eigen::Index stride = 0;
  Eigen::Index rows = 0;
  Eigen::Index columns = 0;
};

/// rowSums += B x and columnSums = Bᵀ y in one pass, or one of the two.
template <bool rowWise, bool columnWise, typename Scalar>
[[gnu::always_inline]] inline void multiplyBoth(const Block<Scalar>& block, const Scalar* x,
                                                Scalar* rowSums, const Scalar* y,
                                                Scalar* columnSums)
{
  using Lanes = typename LanesOf<Scalar>::Type;
  for (Eigen::Index column = 0; column < block.columns; column += together) {
    const Scalar* first = block.numbers + column * block.stride;
    Lanes sums[together] = {};
    for (Eigen::Index row = 0; row < block.rows; row += laneCount<Scalar>) {
      Lanes rowSum = {}, right = {};
      if constexpr (rowWise)
        std::memcpy(&rowSum, rowSums + row, sizeof rowSum);
      if constexpr (columnWise)
        std::memcpy(&right, y + row, sizeof right);
#pragma GCC unroll 4
      for (Eigen::Index i = 0; i < together; ++i) {
        Lanes numbers;
        std::memcpy(&numbers, first + i * block.stride + row, sizeof numbers);
        if constexpr (rowWise)
          rowSum += numbers * x[column + i];
        if constexpr (columnWise)
          sums[i] += numbers * right;
      }
      if constexpr (rowWise)
        std::memcpy(rowSums + row, &rowSum, sizeof rowSum);
    }
    if constexpr (columnWise)
      for (Eigen::Index i = 0; i < together; ++i) {
        Scalar sum = 0;
        for (Eigen::Index lane = 0; lane < laneCount<Scalar>; ++lane)
          sum += sums[i][lane];
        columnSums[column + i] = sum;
      }
  }
}

ORRERY_FOR_EACH_CPU
void multiplyTwice(const Block<double>& block, const double* x, double* rowSums, const double* y,
                   double* columnSums)
{
  multiplyBoth<true, true>(block, x, rowSums, y, columnSums);
}

/// rowSums += B x.
ORRERY_FOR_EACH_CPU
void addProduct(const Block<float>& block, const float* x, float* rowSums)
{
  multiplyBoth<true, false, float>(block, x, rowSums, nullptr, nullptr);
}

ORRERY_FOR_EACH_CPU
void addProduct(const Block<double>& block, const double* x, double* rowSums)
{
  multiplyBoth<true, false, double>(block, x, rowSums, nullptr, nullptr);
}

/// columnSums = Bᵀ y.
ORRERY_FOR_EACH_CPU
void multiplyTransposed(const Block<float>& block, const float* y, float* columnSums)
{
  multiplyBoth<false, true, float>(block, nullptr, nullptr, y, columnSums);
}

ORRERY_FOR_EACH_CPU
void multiplyTransposed(const Block<double>& block, const double* y, double* columnSums)
{
  multiplyBoth<false, true, double>(block, nullptr, nullptr, y, columnSums);
}

/// The lower triangle in double, column by column: the interface of TiledTriangle.
class ColumnTriangle {
 public:
  using Scalar = double;
  /// Rows of a block, and columns of what is updated at once.
  static constexpr Eigen::Index blockSize = 256;

  ColumnTriangle(const Eigen::Ref<const Eigen::MatrixXd>& matrix, double scale)
      : m_rows((matrix.rows() + blockSize - 1) / blockSize * blockSize),
        m_matrix(m_rows + evenedOut, m_rows)
  {
    adviseHugePages(m_matrix);
    const Eigen::Index n = matrix.rows();
    parallelFor(m_rows, 32, [&](std::int64_t begin, std::int64_t end) {
      for (Eigen::Index column = begin; column < end; ++column) {
        const Eigen::Index top = roundedDown(column, blockSize);
        m_matrix.col(column).tail(m_matrix.rows() - top).setZero();
        for (Eigen::Index row = top; row < std::min(column, n) && column < n; ++row)
          m_matrix(row, column) = matrix(column, row) * scale;
        if (column < n)
          m_matrix.col(column).segment(column, n - column) =
              matrix.col(column).tail(n - column) * scale;
      }
    });
  }

  [[nodiscard]] Eigen::Index rows() const { return m_rows; }
  [[nodiscard]] static Eigen::Index firstRow(Eigen::Index column) { return column; }

  /// What is above the diagonal's block is of no meaning.
  void copyColumn(Eigen::Index column, Eigen::Index row, double* target) const
  {
    std::memcpy(target, &m_matrix(row, column), blockSize * sizeof(double));
  }

  void multiply(Eigen::Index begin, Eigen::Index end, const double* vector, double* rowSums,
                double* columnSums) const
  {
    std::fill(rowSums + begin, rowSums + m_rows, 0.0);
    for (Eigen::Index column = begin; column < end; column += corner) {
      const double* numbers = &m_matrix(column, column);
      const Block<double> square{numbers, m_matrix.rows(), corner, corner};
      const Block<double> below{numbers + corner, m_matrix.rows(), m_rows - column - corner,
                                corner};
      addProduct(square, vector + column, rowSums + column);
      multiplyTwice(below, vector + column, rowSums + column + corner, vector + column + corner,
                    columnSums + column);
    }
  }

  void update(Team& team, const Eigen::MatrixXd& panel, Eigen::Index begin)
  {
    const Eigen::Index first = begin / blockSize, last = m_rows / blockSize;
    const Eigen::Index blocks = last - first, width = panel.cols() / 2;
    Eigen::MatrixXd turned(2 * width, m_rows);  // −[W V]ᵀ
    team.forEach(blocks, [&](std::int64_t part) {
      const auto rows = panel.middleRows((first + part) * blockSize, blockSize);
      auto target = turned.middleCols((first + part) * blockSize, blockSize);
      target.topRows(width) = -rows.rightCols(width).transpose();
      target.bottomRows(width) = -rows.leftCols(width).transpose();
    });
    team.forEach(blocks * (blocks + 1) / 2, [&](std::int64_t part) {
      Eigen::Index column = first, row = part;
      for (; row >= last - column; ++column)
        row -= last - column;
      row += column;
      const Eigen::Index left = std::max(begin, column * blockSize);
      const Eigen::Index right = (column + 1) * blockSize;
      const Eigen::Index top = std::max(begin, row * blockSize);
      const Eigen::Index bottom = (row + 1) * blockSize;
      multiplyInto(m_matrix.block(top, left, bottom - top, right - left),
                   panel.middleRows(top, bottom - top), false,
                   turned.middleCols(left, right - left), 1.0);
    });
  }

 private:
  /// Rows that keep the columns of a large power of two from falling on the same places of a cache.
  static constexpr Eigen::Index evenedOut = 64 / static_cast<Eigen::Index>(sizeof(double));

  Eigen::Index m_rows;
  Eigen::MatrixXd m_matrix;
};

/// The reduction. Vectors are as long as all blocks and zero where they have no part.
template <typename Triangle>
class Reduction {
 public:
  using Scalar = typename Triangle::Scalar;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  Reduction(const Eigen::Ref<const Eigen::MatrixXd>& matrix, double scale)
      : m_size(matrix.rows()),
        m_triangle(matrix, scale),
        m_rows(m_triangle.rows()),
        m_blocks(m_rows / blockSize),
        m_panel(Matrix::Zero(m_rows, 2 * panelWidth)),
        m_column(Vector::Zero(m_rows)),
        m_product(Vector::Zero(m_rows)),
        m_columnSums(m_rows),
        m_rowSums(m_rows, mostStrips),
        m_panelSums(2 * panelWidth, m_blocks),
        m_blockSums(m_blocks)
  {
    m_form.diagonal.resize(m_size);
    m_form.secondary.resize(std::max<Eigen::Index>(m_size - 1, 0));
  }

  TridiagonalForm run(const Progress& progress)
  {
    withTeam([&](Team& team) {
      for (Eigen::Index begin = 0; begin < m_size; begin += panelWidth) {
        progress.update(begin, m_size);
        m_panel.setZero();
        const Eigen::Index width = std::min(panelWidth, m_size - begin);
        for (m_place = 0; m_place < width; ++m_place) {
          fetchColumn(team, begin + m_place);
          reflect(begin + m_place);
          multiply(team, begin + m_place);
        }
        if (begin + width < m_size)
          update(team, begin + width);
      }
    });
    return std::move(m_form);
  }

 private:
  static constexpr Eigen::Index blockSize = Triangle::blockSize;

  /// The panel is [V W]: the rest of the matrix stands for A − V Wᵀ − W Vᵀ.
  [[nodiscard]] auto v(Eigen::Index place) { return m_panel.col(place); }
  [[nodiscard]] auto w(Eigen::Index place) { return m_panel.col(panelWidth + place); }

  /// V and W of a block of rows, as many of their columns as there are reflections (and some zero
  /// ones).
  [[nodiscard]] Block<Scalar> reflections(Eigen::Index block, Eigen::Index firstColumn) const
  {
    return {m_panel.data() + firstColumn * m_panel.rows() + block * blockSize, m_panel.rows(),
            blockSize, std::min(panelWidth, (m_place + together - 1) / together * together)};
  }

  [[nodiscard]] static Eigen::Index blockOf(Eigen::Index row) { return row / blockSize; }

  /// W of the reflection before, in one block of rows.
  void finish(Eigen::Index block)
  {
    const Eigen::Index before = m_place - 1;
    w(before).segment(block * blockSize, blockSize) =
        m_tau * m_product.segment(block * blockSize, blockSize) +
        m_alpha * v(before).segment(block * blockSize, blockSize);
  }

  /// m_column = column @p j of A − V Wᵀ − W Vᵀ, from row j on. Completes W on the way.
  void fetchColumn(Team& team, Eigen::Index j)
  {
    const Eigen::Index first = blockOf(j), place = m_place;
    Eigen::Matrix<Scalar, 2 * panelWidth, 1> row = -m_panel.row(j).transpose();
    if (place > 0)  // not yet in the panel
      row[panelWidth + place - 1] = -(m_tau * m_product[j] + m_alpha * v(place - 1)[j]);
    row.template head<panelWidth>().swap(row.template tail<panelWidth>());
    team.forEach(m_blocks - first, [&](std::int64_t part) {
      const Eigen::Index block = first + part;
      if (place > 0)
        finish(block);
      auto target = m_column.segment(block * blockSize, blockSize);
      m_triangle.copyColumn(j, block * blockSize, target.data());
      addProduct(reflections(block, 0), row.data(), target.data());
      addProduct(reflections(block, panelWidth), row.data() + panelWidth, target.data());
      // What the reflection is to annihilate begins two rows below the diagonal.
      const Eigen::Index skipped =
          std::clamp<Eigen::Index>(j + 2 - block * blockSize, 0, blockSize);
      m_blockSums[block] = target.tail(blockSize - skipped).template cast<double>().squaredNorm();
    });
  }

  /// The Householder reflection 1 − τ v vᵀ that takes m_column below row j + 1 to zero.
  void reflect(Eigen::Index j)
  {
    m_form.diagonal[j] = static_cast<double>(m_column[j]);
    m_tau = 0;
    if (j + 1 >= m_size)
      return;
    double below = 0.0;
    for (Eigen::Index block = blockOf(j); block < m_blocks; ++block)
      below += m_blockSums[block];
    const auto first = static_cast<double>(m_column[j + 1]);
    double last = first;
    auto direction = v(m_place).segment(j + 1, m_size - j - 1);
    direction.setZero();
    if (below > 0.0) {
      last = -std::copysign(std::sqrt(first * first + below), first);
      m_tau = static_cast<Scalar>((last - first) / last);
      direction =
          m_column.segment(j + 1, m_size - j - 1) * static_cast<Scalar>(1.0 / (first - last));
    }
    direction[0] = 1;
    m_form.secondary[j] = last;
  }

  /// m_product = (A − V Wᵀ − W Vᵀ) v for the newest reflection, and what makes W of it.
  void multiply(Team& team, Eigen::Index j)
  {
    const Eigen::Index first = blockOf(j + 1);
    m_alpha = 0;
    if (j + 1 >= m_size || m_tau == 0) {
      m_product.setZero();
      return;
    }
    const Scalar* direction = v(m_place).data();
    const Eigen::Index blocks = m_blocks - first;
    cutIntoStrips(j + 1);
    const Eigen::Index strips = static_cast<Eigen::Index>(m_strips.size()) - 1;
    team.forEach(strips + blocks, [&](std::int64_t part) {
      if (part < strips)
        m_triangle.multiply(m_strips[static_cast<std::size_t>(part)],
                            m_strips[static_cast<std::size_t>(part) + 1], direction,
                            m_rowSums.col(part).data(), m_columnSums.data());
      else
        multiplyPanel(first + part - strips, direction);
    });
    Eigen::Matrix<Scalar, 2 * panelWidth, 1> sums = -m_panelSums.rightCols(blocks).rowwise().sum();
    sums.template head<panelWidth>().swap(sums.template tail<panelWidth>());
    team.forEach(blocks, [&](std::int64_t part) {
      const Eigen::Index block = first + part;
      auto target = m_product.segment(block * blockSize, blockSize);
      target = m_columnSums.segment(block * blockSize, blockSize);
      for (Eigen::Index strip = 0; strip < strips; ++strip) {
        const Eigen::Index skipped = std::max<Eigen::Index>(
            Triangle::firstRow(m_strips[static_cast<std::size_t>(strip)]) - block * blockSize, 0);
        if (skipped < blockSize)
          target.tail(blockSize - skipped) +=
              m_rowSums.col(strip).segment(block * blockSize + skipped, blockSize - skipped);
      }
      addProduct(reflections(block, 0), sums.data(), target.data());
      addProduct(reflections(block, panelWidth), sums.data() + panelWidth, target.data());
      // Above row j + 1 the sums are of no meaning.
      target.head(std::clamp<Eigen::Index>(j + 1 - block * blockSize, 0, blockSize)).setZero();
      m_blockSums[block] =
          static_cast<double>(target.dot(v(m_place).segment(block * blockSize, blockSize)));
    });
    const double along = m_blockSums.tail(blocks).sum();
    m_alpha =
        static_cast<Scalar>(-0.5 * static_cast<double>(m_tau) * static_cast<double>(m_tau) * along);
  }

  /// Cuts the columns from @p first on (or a little before: the direction is zero there) into
  /// strips of about the same number of elements below the diagonal.
  void cutIntoStrips(Eigen::Index first)
  {
    const Eigen::Index begin = roundedDown(first, corner), width = m_rows - begin;
    const Eigen::Index count = std::clamp<Eigen::Index>(width / narrowest, 1, mostStrips);
    m_strips.assign(1, begin);
    for (Eigen::Index strip = 1; strip < count; ++strip) {
      const double rest = std::sqrt(1.0 - static_cast<double>(strip) / static_cast<double>(count));
      const auto kept = static_cast<Eigen::Index>(rest * static_cast<double>(width));
      const Eigen::Index end = roundedDown(m_rows - kept, corner);
      if (end > m_strips.back())
        m_strips.push_back(end);
    }
    m_strips.push_back(m_rows);
  }

  /// Vᵀ v and Wᵀ v of one block of rows.
  void multiplyPanel(Eigen::Index block, const Scalar* direction)
  {
    auto sums = m_panelSums.col(block);
    sums.setZero();
    multiplyTransposed(reflections(block, 0), direction + block * blockSize, sums.data());
    multiplyTransposed(reflections(block, panelWidth), direction + block * blockSize,
                       sums.data() + panelWidth);
  }

  /// A −= V Wᵀ + W Vᵀ from row and column @p begin on.
  void update(Team& team, Eigen::Index begin)
  {
    const Eigen::Index first = blockOf(begin);
    team.forEach(m_blocks - first, [&](std::int64_t part) { finish(first + part); });
    m_triangle.update(team, m_panel, begin);
  }

  Eigen::Index m_size;
  Triangle m_triangle;
  Eigen::Index m_rows;  ///< Of all blocks.
  Eigen::Index m_blocks;
  Matrix m_panel;
  Vector m_column, m_product;
  std::vector<Eigen::Index> m_strips;  ///< Where they begin, and the end of the last.
  Vector m_columnSums;
  Matrix m_rowSums;    ///< A column for each strip.
  Matrix m_panelSums;  ///< A column for each block of rows.
  Eigen::VectorXd m_blockSums;
  Eigen::Index m_place = 0;  ///< Of the newest reflection in the panel.
  Scalar m_tau = 0, m_alpha = 0;
  TridiagonalForm m_form;
};

/// The largest magnitude in the lower triangle. Throws Error if a number is not finite.
double largestIn(const Eigen::Ref<const Eigen::MatrixXd>& matrix)
{
  const Eigen::Index n = matrix.rows();
  Eigen::VectorXd largest = Eigen::VectorXd::Zero(n);
  std::atomic<bool> isFinite{true};
  parallelFor(n, 64, [&](std::int64_t begin, std::int64_t end) {
    for (Eigen::Index column = begin; column < end; ++column) {
      const auto below = matrix.col(column).tail(n - column);
      if (!below.allFinite())
        isFinite = false;
      largest[column] = below.cwiseAbs().maxCoeff();
    }
  });
  if (!isFinite)
    throw Error("the eigenvalues cannot be computed: the matrix holds a NaN or an infinity");
  return n > 0 ? largest.maxCoeff() : 0.0;
}

template <typename Triangle>
TridiagonalForm reduced(const Eigen::Ref<const Eigen::MatrixXd>& matrix, const Progress& progress)
{
  // By a power of two, so that neither squares overflow nor small numbers vanish in a float.
  const double largest = largestIn(matrix);
  const double scale =
      largest > 0.0 ? std::exp2(std::clamp(-std::ilogb(largest), -1000, 1000)) : 1.0;
  TridiagonalForm form = Reduction<Triangle>(matrix, scale).run(progress);
  form.diagonal /= scale;
  form.secondary /= scale;
  return form;
}

}  // namespace

TridiagonalForm tridiagonalForm(const Eigen::Ref<const Eigen::MatrixXd>& matrix,
                                Precision precision, const Progress& progress)
{
  eigen_assert(matrix.rows() == matrix.cols());
  return precision == Precision::Single ? reduced<TiledTriangle>(matrix, progress)
                                        : reduced<ColumnTriangle>(matrix, progress);
}

}  // namespace orrery
