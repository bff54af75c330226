#include "core/base/Error.h"
#include "core/base/Random.h"
#include "core/galaxy/Spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace orrery {
namespace {

/// Gamma(shape, 1), shape ≥ ½: Marsaglia & Tsang 2000.
double gammaDraw(Random& random, double shape)
{
  if (shape < 1.0)  // raises the shape by one and takes it back by a power of a uniform
    return gammaDraw(random, shape + 1.0) * std::pow(1.0 - random.uniform(), 1.0 / shape);
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = random.normal();
    const double v = std::pow(1.0 + c * x, 3);
    if (v > 0.0 && std::log(1.0 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v))
      return d * v;
  }
}

double chiSquareDraw(Random& random, double degrees)
{
  return 2.0 * gammaDraw(random, 0.5 * degrees);
}

}  // namespace

MarchenkoPastur::MarchenkoPastur(std::int64_t features, std::int64_t dimensions, double variance)
    : m_dimensions(dimensions), m_variance(variance)
{
  if (features < 2 || dimensions < 1 || !(variance > 0.0))
    throw Error("the Marchenko-Pastur law needs 2 features, 1 dimension and a variance above 0");
  m_ratio = static_cast<double>(dimensions) / static_cast<double>(features - 1);
  const double root = std::sqrt(m_ratio);
  m_lower = variance * (1.0 - root) * (1.0 - root);
  m_upper = variance * (1.0 + root) * (1.0 + root);
}

double MarchenkoPastur::atomAtZero() const
{
  return m_ratio > 1.0 ? 1.0 - 1.0 / m_ratio : 0.0;
}

double MarchenkoPastur::density(double eigenvalue) const
{
  if (eigenvalue <= m_lower || eigenvalue >= m_upper)
    return 0.0;
  return std::sqrt((m_upper - eigenvalue) * (eigenvalue - m_lower)) /
         (2.0 * std::numbers::pi * m_variance * m_ratio * eigenvalue);
}

double MarchenkoPastur::distribution(double eigenvalue) const
{
  if (eigenvalue >= m_upper)
    return 1.0;
  if (eigenvalue <= m_lower || eigenvalue <= 0.0)
    return eigenvalue < 0.0 ? 0.0 : atomAtZero();
  // In units of the variance; γ is the ratio, a and b the edges.
  const double x = eigenvalue / m_variance, a = m_lower / m_variance, b = m_upper / m_variance;
  const double r = std::sqrt((b - x) / (x - a));
  double sum = std::numbers::pi * m_ratio + std::sqrt((b - x) * (x - a)) -
               (1.0 + m_ratio) * std::atan((r * r - 1.0) / (2.0 * r));
  if (std::abs(1.0 - m_ratio) > 1e-12)  // the last term vanishes with 1 − γ
    sum += (1.0 - m_ratio) * std::atan((a * r * r - b) / (2.0 * (1.0 - m_ratio) * r));
  const double continuous = sum / (2.0 * std::numbers::pi * m_ratio);
  return m_ratio > 1.0 ? 0.5 * atomAtZero() + continuous : continuous;
}

double MarchenkoPastur::quantile(double share) const
{
  if (share <= atomAtZero() && atomAtZero() > 0.0)
    return 0.0;
  double low = m_lower, high = m_upper;
  for (int step = 0; step < 100 && high - low > 1e-14 * m_upper; ++step) {
    const double middle = 0.5 * (low + high);
    (distribution(middle) < share ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

Eigen::VectorXd MarchenkoPastur::expectedEigenvalues() const
{
  Eigen::VectorXd values(m_dimensions);
  const auto d = static_cast<double>(m_dimensions);
  for (Eigen::Index rank = 0; rank < m_dimensions; ++rank)
    values[rank] = quantile(1.0 - (static_cast<double>(rank) + 0.5) / d);
  return values;
}

Eigen::VectorXd gaussianSpectrum(std::int64_t features, std::int64_t dimensions, double variance,
                                 std::uint64_t seed)
{
  if (features < 2 || dimensions < 1)
    throw Error("a Gaussian cloud needs at least 2 features and 1 dimension");
  // A Wishart matrix of m × m with k ≥ m degrees of freedom has the eigenvalues of B Bᵀ, B lower
  // bidiagonal with χ_k, χ_{k−1}, … on the diagonal and χ_{m−1}, …, χ_1 below it.
  const std::int64_t degrees = features - 1;
  const std::int64_t m = std::min(degrees, dimensions), k = std::max(degrees, dimensions);
  Random random(seed);
  Eigen::VectorXd diagonal(m), below(std::max<std::int64_t>(0, m - 1));
  double previous = 0.0;  // of the column before: its squared entry below the diagonal
  for (Eigen::Index i = 0; i < m; ++i) {
    const double square = chiSquareDraw(random, static_cast<double>(k - i));
    diagonal[i] = square + previous;
    if (i + 1 < m) {
      previous = chiSquareDraw(random, static_cast<double>(m - 1 - i));
      below[i] = std::sqrt(square * previous);
    }
  }
  Eigen::VectorXd values = Eigen::VectorXd::Zero(dimensions);
  values.head(m) = tridiagonalEigenvalues(std::move(diagonal), std::move(below)).cwiseMax(0.0) *
                   (variance / static_cast<double>(degrees));
  return values;
}

}  // namespace orrery
