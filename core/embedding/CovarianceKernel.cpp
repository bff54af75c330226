#include "core/embedding/CovarianceKernel.h"

#include "core/base/Dispatch.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace orrery {
namespace {

/// Vectors that a kernel call works on, as lanes; more are worked in groups, fewer padded with
/// zeros.
constexpr int lanes = 8;
/// Features that are in registers at a time.
constexpr int group = 8;
/// Features whose contributions are summed before they are widened to double.
constexpr Eigen::Index floatRun = 256;

typedef float FloatLanes __attribute__((vector_size(lanes * sizeof(float))));
typedef double DoubleLanes __attribute__((vector_size(lanes * sizeof(double))));

/// For a group of shifted features (@p x: group × d, one after the other): w_c = Qᵀ x_c and
/// Y += Σ_c x_c w_cᵀ. Q and Y are d × lanes, the lanes of a dimension together.
template <typename Scalar, typename Lanes>
[[gnu::always_inline]] inline void multiplyGroup(const float* x, Eigen::Index d, const Scalar* q,
                                                 Scalar* y)
{
  Lanes w[group] = {};
  for (Eigen::Index j = 0; j < d; ++j) {
    Lanes row;
    std::memcpy(&row, q + j * lanes, sizeof row);  // not aligned
#pragma GCC unroll 8
    for (int c = 0; c < group; ++c)
      w[c] += static_cast<Scalar>(x[c * d + j]) * row;
  }
  for (Eigen::Index j = 0; j < d; ++j) {
    Lanes sum;
    std::memcpy(&sum, y + j * lanes, sizeof sum);
#pragma GCC unroll 8
    for (int c = 0; c < group; ++c)
      sum += static_cast<Scalar>(x[c * d + j]) * w[c];
    std::memcpy(y + j * lanes, &sum, sizeof sum);
  }
}

ORRERY_FOR_EACH_CPU
void multiplyFloats(const float* x, Eigen::Index d, const float* q, float* y)
{
  multiplyGroup<float, FloatLanes>(x, d, q, y);
}

ORRERY_FOR_EACH_CPU
void multiplyDoubles(const float* x, Eigen::Index d, const double* q, double* y)
{
  multiplyGroup<double, DoubleLanes>(x, d, q, y);
}

void multiply(const float* x, Eigen::Index d, const float* q, float* y)
{
  multiplyFloats(x, d, q, y);
}

void multiply(const float* x, Eigen::Index d, const double* q, double* y)
{
  multiplyDoubles(x, d, q, y);
}

ORRERY_FOR_EACH_CPU
void subtract(const float* x, const float* shift, Eigen::Index d, float* difference)
{
  Eigen::Index j = 0;
  for (; j + 16 <= d; j += 16)  // a fixed count, so that the compiler uses vectors
    for (int lane = 0; lane < 16; ++lane)
      difference[j + lane] = x[j + lane] - shift[j + lane];
  for (; j < d; ++j)
    difference[j] = x[j] - shift[j];
}

/// Copies up to a group of features less the shift; what is missing becomes zero.
void loadGroup(const FeatureMatrixView& x, const Eigen::VectorXf& shift, Eigen::Index begin,
               Eigen::Index end, float* target)
{
  const Eigen::Index d = x.rows();
  for (Eigen::Index c = 0; c < group; ++c) {
    if (begin + c < end)
      subtract(x.data() + (begin + c) * x.outerStride(), shift.data(), d, target + c * d);
    else
      std::fill_n(target + c * d, d, 0.0f);
  }
}

/// Ranges of features whose results are kept apart and summed in order; by n alone.
Eigen::Index rangeLength(Eigen::Index n)
{
  return std::max<Eigen::Index>(floatRun, (n / 64 + group - 1) / group * group);
}

template <typename Scalar>
void applyRange(const FeatureMatrixView& x, const Eigen::VectorXf& shift, Eigen::Index begin,
                Eigen::Index end, const Scalar* q, double* sum, const Progress& progress)
{
  const Eigen::Index d = x.rows();
  std::vector<float> features(static_cast<std::size_t>(group * d));
  std::vector<Scalar> run(static_cast<std::size_t>(d * lanes));
  for (Eigen::Index start = begin; start < end; start += floatRun) {
    progress.checkStopped();
    const Eigen::Index stop = std::min(start + floatRun, end);
    std::fill(run.begin(), run.end(), Scalar(0));
    for (Eigen::Index c = start; c < stop; c += group) {
      loadGroup(x, shift, c, stop, features.data());
      multiply(features.data(), d, q, run.data());
    }
    for (std::size_t i = 0; i < run.size(); ++i)
      sum[i] += static_cast<double>(run[i]);
  }
}

template <typename Scalar>
void applyLanes(const FeatureMatrixView& x, const Eigen::VectorXf& shift,
                const Eigen::MatrixXd& vectors, Eigen::Index first, Eigen::MatrixXd& result,
                const Progress& progress)
{
  const Eigen::Index d = x.rows(), n = x.cols();
  const Eigen::Index used = std::min<Eigen::Index>(lanes, vectors.cols() - first);
  std::vector<Scalar> q(static_cast<std::size_t>(d * lanes), Scalar(0));
  for (Eigen::Index v = 0; v < used; ++v)
    for (Eigen::Index j = 0; j < d; ++j)
      q[static_cast<std::size_t>(j * lanes + v)] = static_cast<Scalar>(vectors(j, first + v));

  const Eigen::Index length = rangeLength(n);
  const Eigen::Index ranges = (n + length - 1) / length;
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(d * lanes, ranges);
  parallelFor(n, length, [&](std::int64_t begin, std::int64_t end) {
    applyRange<Scalar>(x, shift, begin, end, q.data(), sums.col(begin / length).data(), progress);
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
                                        const Progress& progress) const
{
  Eigen::MatrixXd result(q.rows(), q.cols());
  for (Eigen::Index first = 0; first < q.cols(); first += lanes) {
    if (precision == Precision::Single)
      applyLanes<float>(m_x, m_shift, q, first, result, progress);
    else
      applyLanes<double>(m_x, m_shift, q, first, result, progress);
  }
  // Σ(x − s)(x − s)ᵀ exceeds what is wanted by n (m − s)(m − s)ᵀ.
  const auto n = static_cast<double>(m_x.cols());
  const Eigen::RowVectorXd along = m_rest.transpose() * q;
  result -= n * m_rest * along;
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
      sum += (m_x.col(c) - m_shift).template cast<double>().squaredNorm();
    sums[begin / length] = sum;
  });
  double total = -static_cast<double>(n) * m_rest.squaredNorm();
  for (const double sum : sums)
    total += sum;
  return std::max(0.0, total / static_cast<double>(n - 1));
}

}  // namespace orrery
