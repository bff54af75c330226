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
template <typename Scalar>
struct Vector;
template <>
struct Vector<float> {
  static constexpr Eigen::Index lanes = 8;
  typedef float Lanes __attribute__((vector_size(8 * sizeof(float))));
};
template <>
struct Vector<double> {
  static constexpr Eigen::Index lanes = 4;
  typedef double Lanes __attribute__((vector_size(4 * sizeof(double))));
};

/// Eight vectors of lanes, each with a name: GCC keeps an array of them in memory.
template <typename Scalar>
struct GroupOfLanes {
  typename Vector<Scalar>::Lanes a, b, c, d, e, f, g, h;
};

/// w_c += Q_bᵀ x_c for a group of features, over a block of dimensions: @p x points to the block in
/// the first feature, the others follow @p stride apart.
template <typename Scalar>
[[gnu::always_inline]] inline void dotBlock(const float* __restrict x, Eigen::Index stride,
                                            Eigen::Index count, const Scalar* __restrict q,
                                            Scalar* __restrict w)
{
  constexpr Eigen::Index lanes = Vector<Scalar>::lanes;
  constexpr std::size_t bytes = sizeof(typename Vector<Scalar>::Lanes);
  GroupOfLanes<Scalar> sum;
  std::memcpy(&sum.a, w + 0 * lanes, bytes);
  std::memcpy(&sum.b, w + 1 * lanes, bytes);
  std::memcpy(&sum.c, w + 2 * lanes, bytes);
  std::memcpy(&sum.d, w + 3 * lanes, bytes);
  std::memcpy(&sum.e, w + 4 * lanes, bytes);
  std::memcpy(&sum.f, w + 5 * lanes, bytes);
  std::memcpy(&sum.g, w + 6 * lanes, bytes);
  std::memcpy(&sum.h, w + 7 * lanes, bytes);
  const float* half = x + 4 * stride;
  for (Eigen::Index j = 0; j < count; ++j) {
    typename Vector<Scalar>::Lanes row;
    std::memcpy(&row, q + j * lanes, bytes);
    sum.a += static_cast<Scalar>(x[j]) * row;
    sum.b += static_cast<Scalar>(x[j + stride]) * row;
    sum.c += static_cast<Scalar>(x[j + 2 * stride]) * row;
    sum.d += static_cast<Scalar>(half[j - stride]) * row;
    sum.e += static_cast<Scalar>(half[j]) * row;
    sum.f += static_cast<Scalar>(half[j + stride]) * row;
    sum.g += static_cast<Scalar>(half[j + 2 * stride]) * row;
    sum.h += static_cast<Scalar>(half[j + 3 * stride]) * row;
  }
  std::memcpy(w + 0 * lanes, &sum.a, bytes);
  std::memcpy(w + 1 * lanes, &sum.b, bytes);
  std::memcpy(w + 2 * lanes, &sum.c, bytes);
  std::memcpy(w + 3 * lanes, &sum.d, bytes);
  std::memcpy(w + 4 * lanes, &sum.e, bytes);
  std::memcpy(w + 5 * lanes, &sum.f, bytes);
  std::memcpy(w + 6 * lanes, &sum.g, bytes);
  std::memcpy(w + 7 * lanes, &sum.h, bytes);
}

/// Y_b += Σ_c x_c w_cᵀ, over the same block. In two sums, so that fewer additions wait for the one
/// before.
template <typename Scalar>
[[gnu::always_inline]] inline void addBlock(const float* __restrict x, Eigen::Index stride,
                                            Eigen::Index count, const Scalar* __restrict w,
                                            Scalar* __restrict y)
{
  constexpr Eigen::Index lanes = Vector<Scalar>::lanes;
  constexpr std::size_t bytes = sizeof(typename Vector<Scalar>::Lanes);
  GroupOfLanes<Scalar> weight;
  std::memcpy(&weight.a, w + 0 * lanes, bytes);
  std::memcpy(&weight.b, w + 1 * lanes, bytes);
  std::memcpy(&weight.c, w + 2 * lanes, bytes);
  std::memcpy(&weight.d, w + 3 * lanes, bytes);
  std::memcpy(&weight.e, w + 4 * lanes, bytes);
  std::memcpy(&weight.f, w + 5 * lanes, bytes);
  std::memcpy(&weight.g, w + 6 * lanes, bytes);
  std::memcpy(&weight.h, w + 7 * lanes, bytes);
  const float* half = x + 4 * stride;
  for (Eigen::Index j = 0; j < count; ++j) {
    typename Vector<Scalar>::Lanes sum;
    std::memcpy(&sum, y + j * lanes, bytes);
    typename Vector<Scalar>::Lanes other = static_cast<Scalar>(half[j]) * weight.e;
    sum += static_cast<Scalar>(x[j]) * weight.a;
    other += static_cast<Scalar>(half[j + stride]) * weight.f;
    sum += static_cast<Scalar>(x[j + stride]) * weight.b;
    other += static_cast<Scalar>(half[j + 2 * stride]) * weight.g;
    sum += static_cast<Scalar>(x[j + 2 * stride]) * weight.c;
    other += static_cast<Scalar>(half[j + 3 * stride]) * weight.h;
    sum += static_cast<Scalar>(half[j - stride]) * weight.d;
    sum += other;
    std::memcpy(y + j * lanes, &sum, bytes);
  }
}

/// For a batch of features (@p x: batch of them, @p stride apart): w_c = Qᵀ x_c and
/// Y += Σ_c x_c w_cᵀ. Q and Y are d × lanes and w is batch × lanes, the lanes together. Block by
/// block of the dimensions, so that Q, Y and the features' pieces stay in the first cache.
template <typename Scalar>
[[gnu::always_inline]] inline void multiplyBatch(const float* x, Eigen::Index stride,
                                                 Eigen::Index d, const Scalar* q, Scalar* y,
                                                 Scalar* w)
{
  constexpr Eigen::Index lanes = Vector<Scalar>::lanes;
  std::memset(w, 0, static_cast<std::size_t>(batch * lanes) * sizeof(Scalar));
  for (Eigen::Index j = 0; j < d; j += block)
    for (Eigen::Index c = 0; c < batch; c += group)
      dotBlock<Scalar>(x + c * stride + j, stride, std::min(block, d - j), q + j * lanes,
                       w + c * lanes);
  for (Eigen::Index j = 0; j < d; j += block)
    for (Eigen::Index c = 0; c < batch; c += group)
      addBlock<Scalar>(x + c * stride + j, stride, std::min(block, d - j), w + c * lanes,
                       y + j * lanes);
}

ORRERY_FOR_EACH_CPU
void multiplyFloats(const float* x, Eigen::Index stride, Eigen::Index d, const float* q, float* y,
                    float* w)
{
  multiplyBatch<float>(x, stride, d, q, y, w);
}

ORRERY_FOR_EACH_CPU
void multiplyDoubles(const float* x, Eigen::Index stride, Eigen::Index d, const double* q,
                     double* y, double* w)
{
  multiplyBatch<double>(x, stride, d, q, y, w);
}

void multiply(const float* x, Eigen::Index stride, Eigen::Index d, const float* q, float* y,
              float* w)
{
  multiplyFloats(x, stride, d, q, y, w);
}

void multiply(const float* x, Eigen::Index stride, Eigen::Index d, const double* q, double* y,
              double* w)
{
  multiplyDoubles(x, stride, d, q, y, w);
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
void loadBatch(const FeatureMatrixView& x, const float* shift, Eigen::Index begin, Eigen::Index end,
               float* target)
{
  const Eigen::Index d = x.rows();
  for (Eigen::Index c = 0; c < batch; ++c) {
    const float* feature = x.data() + (begin + c) * x.outerStride();
    if (begin + c >= end)
      std::fill_n(target + c * d, d, 0.0f);
    else if (shift)
      subtract(feature, shift, d, target + c * d);
    else
      std::copy_n(feature, d, target + c * d);
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
  const float* shift;     ///< d; nullptr if nothing is subtracted.
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
  constexpr Eigen::Index lanes = Vector<Scalar>::lanes;
  const Eigen::Index d = product.x.rows();
  std::vector<float> features(static_cast<std::size_t>(batch * d));
  std::vector<Scalar> run(static_cast<std::size_t>(d * lanes));
  Scalar w[batch * lanes];
  for (Eigen::Index start = begin; start < end; start += floatRun) {
    progress.checkStopped();
    const Eigen::Index stop = std::min(start + floatRun, end);
    std::fill(run.begin(), run.end(), Scalar(0));
    for (Eigen::Index c = start; c < stop; c += batch) {
      if (!product.shift && c + batch <= stop) {
        const Eigen::Index stride = product.x.outerStride();
        multiply(product.x.data() + c * stride, stride, d, product.q, run.data(), w);
      } else {
        loadBatch(product.x, product.shift, c, stop, features.data());
        multiply(features.data(), d, d, product.q, run.data(), w);
      }
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
void applyLanes(const FeatureMatrixView& x, const float* shift, const Eigen::MatrixXd& vectors,
                Eigen::Index first, Eigen::MatrixXd& result, Eigen::MatrixXf* scores,
                const Progress& progress)
{
  constexpr Eigen::Index lanes = Vector<Scalar>::lanes;
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

CovarianceKernel::CovarianceKernel(const FeatureMatrixView& x, const Eigen::VectorXd& mean,
                                   std::optional<double> squares)
    : m_x(x), m_mean(mean), m_shift(mean.cast<float>()), m_rest(mean - m_shift.cast<double>())
{
  if (!squares || x.cols() < 2)
    return;
  // Σ|x − m|² = Σ|x|² − n |m|², worth having while the mean does not swallow the digits.
  const auto n = static_cast<double>(x.cols());
  const double meanSquare = mean.squaredNorm();
  const double trace = (*squares - n * meanSquare) / (n - 1.0);
  if (meanSquare < 1e3 * trace)
    m_trace = std::max(0.0, trace);
  m_meanIsSmall = 32.0 * meanSquare < trace;
}

Eigen::MatrixXd CovarianceKernel::apply(const Eigen::MatrixXd& q, Precision precision,
                                        const Progress& progress, Eigen::MatrixXf* scores) const
{
  Eigen::MatrixXd result(q.rows(), q.cols());
  if (scores)
    scores->resize(q.cols(), m_x.cols());
  const bool single = precision == Precision::Single;
  const bool shifted = !single || !m_meanIsSmall;
  const float* shift = shifted ? m_shift.data() : nullptr;
  const Eigen::Index lanes = single ? Vector<float>::lanes : Vector<double>::lanes;
  for (Eigen::Index first = 0; first < q.cols(); first += lanes) {
    if (single)
      applyLanes<float>(m_x, shift, q, first, result, scores, progress);
    else
      applyLanes<double>(m_x, shift, q, first, result, scores, progress);
  }
  // With s what was subtracted, Σ(x − s)(x − s)ᵀ exceeds what is wanted by n (m − s)(m − s)ᵀ.
  const Eigen::VectorXd& rest = shifted ? m_rest : m_mean;
  const auto n = static_cast<double>(m_x.cols());
  const Eigen::RowVectorXd along = rest.transpose() * q;
  result -= n * rest * along;
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
  if (m_trace)
    return *m_trace;
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
