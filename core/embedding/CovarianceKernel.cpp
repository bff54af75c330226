#include "core/embedding/CovarianceKernel.h"

#include "core/base/Dispatch.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace orrery {
namespace {

/// Features that are in registers at a time, and that are worked together.
constexpr Eigen::Index group = 8;
constexpr Eigen::Index batch = 32;
/// Dimensions of a block.
constexpr Eigen::Index block = 128;
/// Features whose contributions are summed before they are widened to double.
constexpr Eigen::Index floatRun = 256;

// The vectors that a kernel call works on are lanes; more are worked in groups, fewer padded with
// zeros. In double four lanes fill a register.
typedef float FloatLanes __attribute__((vector_size(8 * sizeof(float))));
typedef double DoubleLanes __attribute__((vector_size(4 * sizeof(double))));
constexpr Eigen::Index lanesOf(float)
{
  return 8;
}
constexpr Eigen::Index lanesOf(double)
{
  return 4;
}

/// w_c += Q_bᵀ x_c for a group of shifted features, over a block of dimensions: @p x points to the
/// block in the first feature, the others follow @p stride apart.
template <typename Scalar, typename Lanes>
[[gnu::always_inline]] inline void dotBlock(const float* __restrict x, Eigen::Index stride,
                                            Eigen::Index count, const Scalar* __restrict q,
                                            Scalar* __restrict w)
{
  constexpr Eigen::Index lanes = lanesOf(Scalar());
  Lanes products[group];
  std::memcpy(products, w, sizeof products);  // not aligned
  for (Eigen::Index j = 0; j < count; ++j) {
    Lanes row;
    std::memcpy(&row, q + j * lanes, sizeof row);
#pragma GCC unroll 8
    for (int c = 0; c < group; ++c)
      products[c] += static_cast<Scalar>(x[c * stride + j]) * row;
  }
  std::memcpy(w, products, sizeof products);
}

/// Y_b += Σ_c x_c w_cᵀ, over the same block.
template <typename Scalar, typename Lanes>
[[gnu::always_inline]] inline void addBlock(const float* __restrict x, Eigen::Index stride,
                                            Eigen::Index count, const Scalar* __restrict w,
                                            Scalar* __restrict y)
{
  constexpr Eigen::Index lanes = lanesOf(Scalar());
  Lanes products[group];
  std::memcpy(products, w, sizeof products);
  for (Eigen::Index j = 0; j < count; ++j) {
    Lanes sum;
    std::memcpy(&sum, y + j * lanes, sizeof sum);
#pragma GCC unroll 8
    for (int c = 0; c < group; ++c)
      sum += static_cast<Scalar>(x[c * stride + j]) * products[c];
    std::memcpy(y + j * lanes, &sum, sizeof sum);
  }
}

/// For a batch of shifted features (@p x: batch × d, one after the other): w_c = Qᵀ x_c and
/// Y += Σ_c x_c w_cᵀ. Q and Y are d × lanes and w is batch × lanes, the lanes together. Block by
/// block of the dimensions, so that Q, Y and the features' pieces stay in the first cache.
template <typename Scalar, typename Lanes>
[[gnu::always_inline]] inline void multiplyBatch(const float* x, Eigen::Index d, const Scalar* q,
                                                 Scalar* y, Scalar* w)
{
  constexpr Eigen::Index lanes = lanesOf(Scalar());
  std::memset(w, 0, static_cast<std::size_t>(batch * lanes) * sizeof(Scalar));
  for (Eigen::Index j = 0; j < d; j += block)
    for (Eigen::Index c = 0; c < batch; c += group)
      dotBlock<Scalar, Lanes>(x + c * d + j, d, std::min(block, d - j), q + j * lanes,
                              w + c * lanes);
  for (Eigen::Index j = 0; j < d; j += block)
    for (Eigen::Index c = 0; c < batch; c += group)
      addBlock<Scalar, Lanes>(x + c * d + j, d, std::min(block, d - j), w + c * lanes,
                              y + j * lanes);
}

ORRERY_FOR_EACH_CPU
void multiplyFloats(const float* x, Eigen::Index d, const float* q, float* y, float* w)
{
  multiplyBatch<float, FloatLanes>(x, d, q, y, w);
}

ORRERY_FOR_EACH_CPU
void multiplyDoubles(const float* x, Eigen::Index d, const double* q, double* y, double* w)
{
  multiplyBatch<double, DoubleLanes>(x, d, q, y, w);
}

void multiply(const float* x, Eigen::Index d, const float* q, float* y, float* w)
{
  multiplyFloats(x, d, q, y, w);
}

void multiply(const float* x, Eigen::Index d, const double* q, double* y, double* w)
{
  multiplyDoubles(x, d, q, y, w);
}

/// Σ (x_j − shift_j)², the differences in float, the sum in double.
ORRERY_FOR_EACH_CPU
double shiftedSquare(const float* x, const float* shift, Eigen::Index d)
{
  double sums[8] = {};
  Eigen::Index j = 0;
  for (; j + 8 <= d; j += 8)
    for (int lane = 0; lane < 8; ++lane) {
      const double difference = static_cast<double>(x[j + lane] - shift[j + lane]);
      sums[lane] += difference * difference;
    }
  double sum = 0.0;
  for (const double part : sums)
    sum += part;
  for (; j < d; ++j) {
    const double difference = static_cast<double>(x[j] - shift[j]);
    sum += difference * difference;
  }
  return sum;
}

ORRERY_FOR_EACH_CPU
void subtract(const float* __restrict x, const float* __restrict shift, Eigen::Index d,
              float* __restrict difference)
{
  Eigen::Index j = 0;
  for (; j + 16 <= d; j += 16)  // a fixed count, so that the compiler uses vectors
    for (int lane = 0; lane < 16; ++lane)
      difference[j + lane] = x[j + lane] - shift[j + lane];
  for (; j < d; ++j)
    difference[j] = x[j] - shift[j];
}

/// Copies up to a batch of features less the shift; what is missing becomes zero.
void loadBatch(const FeatureMatrixView& x, const Eigen::VectorXf& shift, Eigen::Index begin,
               Eigen::Index end, float* target)
{
  const Eigen::Index d = x.rows();
  for (Eigen::Index c = 0; c < batch; ++c) {
    if (begin + c < end)
      subtract(x.data() + (begin + c) * x.outerStride(), shift.data(), d, target + c * d);
    else
      std::fill_n(target + c * d, d, 0.0f);
  }
}

/// Ranges of features whose results are kept apart and summed in order; by n alone.
Eigen::Index rangeLength(Eigen::Index n)
{
  return std::max<Eigen::Index>(floatRun, (n / 64 + batch - 1) / batch * batch);
}

/// One product: where q lies and where its results go.
template <typename Scalar>
struct Product {
  const FeatureMatrixView& x;
  const Eigen::VectorXf& shift;
  const Scalar* q;        ///< d × lanes, the lanes of a dimension together.
  Eigen::MatrixXd& sums;  ///< d · lanes × ranges.
  /// If given: rows first … first + used of it become qᵀ(x_i − shift).
  Eigen::MatrixXf* scores;
  Eigen::Index first, used;
};

template <typename Scalar>
void applyRange(const Product<Scalar>& product, Eigen::Index begin, Eigen::Index end, double* sum,
                const Progress& progress)
{
  constexpr Eigen::Index lanes = lanesOf(Scalar());
  const Eigen::Index d = product.x.rows();
  std::vector<float> features(static_cast<std::size_t>(batch * d));
  std::vector<Scalar> run(static_cast<std::size_t>(d * lanes));
  Scalar w[batch * lanes];
  for (Eigen::Index start = begin; start < end; start += floatRun) {
    progress.checkStopped();
    const Eigen::Index stop = std::min(start + floatRun, end);
    std::fill(run.begin(), run.end(), Scalar(0));
    for (Eigen::Index c = start; c < stop; c += batch) {
      loadBatch(product.x, product.shift, c, stop, features.data());
      multiply(features.data(), d, product.q, run.data(), w);
      if (product.scores)
        for (Eigen::Index i = 0; i < std::min(batch, stop - c); ++i)
          for (Eigen::Index v = 0; v < product.used; ++v)
            (*product.scores)(product.first + v, c + i) = static_cast<float>(w[i * lanes + v]);
    }
    for (std::size_t i = 0; i < run.size(); ++i)
      sum[i] += static_cast<double>(run[i]);
  }
}

template <typename Scalar>
void applyLanes(const FeatureMatrixView& x, const Eigen::VectorXf& shift,
                const Eigen::MatrixXd& vectors, Eigen::Index first, Eigen::MatrixXd& result,
                Eigen::MatrixXf* scores, const Progress& progress)
{
  constexpr Eigen::Index lanes = lanesOf(Scalar());
  const Eigen::Index d = x.rows(), n = x.cols();
  const Eigen::Index used = std::min<Eigen::Index>(lanes, vectors.cols() - first);
  std::vector<Scalar> q(static_cast<std::size_t>(d * lanes), Scalar(0));
  for (Eigen::Index v = 0; v < used; ++v)
    for (Eigen::Index j = 0; j < d; ++j)
      q[static_cast<std::size_t>(j * lanes + v)] = static_cast<Scalar>(vectors(j, first + v));

  const Eigen::Index length = rangeLength(n);
  const Eigen::Index ranges = (n + length - 1) / length;
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(d * lanes, ranges);
  const Product<Scalar> product{x, shift, q.data(), sums, scores, first, used};
  parallelFor(n, length, [&](std::int64_t begin, std::int64_t end) {
    applyRange<Scalar>(product, begin, end, sums.col(begin / length).data(), progress);
  });
  for (Eigen::Index range = 1; range < ranges; ++range)
    sums.col(0) += sums.col(range);
  for (Eigen::Index v = 0; v < used; ++v)
    for (Eigen::Index j = 0; j < d; ++j)
      result(j, first + v) = sums(j * lanes + v, 0);
}

}  // namespace

CovarianceKernel::CovarianceKernel(const FeatureMatrixView& x, const Eigen::VectorXd& mean)
    : m_x(x), m_shift(mean.cast<float>()), m_rest(mean - m_shift.cast<double>())
{
}

Eigen::MatrixXd CovarianceKernel::apply(const Eigen::MatrixXd& q, Precision precision,
                                        const Progress& progress, Eigen::MatrixXf* scores) const
{
  Eigen::MatrixXd result(q.rows(), q.cols());
  if (scores)
    scores->resize(q.cols(), m_x.cols());
  const bool single = precision == Precision::Single;
  const Eigen::Index lanes = single ? lanesOf(float()) : lanesOf(double());
  for (Eigen::Index first = 0; first < q.cols(); first += lanes) {
    if (single)
      applyLanes<float>(m_x, m_shift, q, first, result, scores, progress);
    else
      applyLanes<double>(m_x, m_shift, q, first, result, scores, progress);
  }
  // Σ(x − s)(x − s)ᵀ exceeds what is wanted by n (m − s)(m − s)ᵀ.
  const auto n = static_cast<double>(m_x.cols());
  const Eigen::RowVectorXd along = m_rest.transpose() * q;
  result -= n * m_rest * along;
  if (scores)
    scores->colwise() -= along.transpose().cast<float>();
  return result / (n - 1.0);
}

Eigen::MatrixXf CovarianceKernel::scores(const Eigen::MatrixXd& q, const Progress& progress) const
{
  const Eigen::VectorXd offset = q.transpose() * m_rest;
  Eigen::MatrixXf scores(q.cols(), m_x.cols());
  parallelFor(m_x.cols(), floatRun, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    const Eigen::MatrixXd block =
        (m_x.middleCols(begin, end - begin).colwise() - m_shift).template cast<double>();
    Eigen::MatrixXd part(q.cols(), end - begin);
    multiplyInto(part, q, true, block);
    scores.middleCols(begin, end - begin) = (part.colwise() - offset).template cast<float>();
  });
  return scores;
}

double CovarianceKernel::trace() const
{
  const Eigen::Index n = m_x.cols(), length = rangeLength(n);
  Eigen::VectorXd sums = Eigen::VectorXd::Zero((n + length - 1) / length);
  parallelFor(n, length, [&](std::int64_t begin, std::int64_t end) {
    double sum = 0.0;
    for (Eigen::Index c = begin; c < end; ++c)
      sum += shiftedSquare(m_x.data() + c * m_x.outerStride(), m_shift.data(), m_x.rows());
    sums[begin / length] = sum;
  });
  double total = -static_cast<double>(n) * m_rest.squaredNorm();
  for (const double sum : sums)
    total += sum;
  return std::max(0.0, total / static_cast<double>(n - 1));
}

}  // namespace orrery
