#include "core/lobes/LogisticCurvature.h"

#include "core/base/Cholesky.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <utility>

namespace orrery {
namespace {

Eigen::Index sampleSize(Eigen::Index dimensions, Eigen::Index features)
{
  return std::min(features, std::max<Eigen::Index>(4096, 2 * dimensions));
}

}  // namespace

bool LogisticCurvature::pays(Eigen::Index dimensions, Eigen::Index features, Eigen::Index classes)
{
  // A step multiplies all vectors by all classes twice; this multiplies the sample by itself once
  // and saves some thirty steps. Beyond so many dimensions its memory would rival the vectors'.
  constexpr Eigen::Index mostDimensions = 8192;
  constexpr double stepsSaved = 30.0;
  const auto sample = static_cast<double>(sampleSize(dimensions, features));
  return dimensions <= mostDimensions &&
         sample * static_cast<double>(dimensions) <=
             stepsSaved * 4.0 * static_cast<double>(features) * static_cast<double>(classes);
}

LogisticCurvature::LogisticCurvature(const FeatureMatrixView& x, const Progress& progress)
    : m_features(static_cast<double>(x.cols()))
{
  const Eigen::Index d = x.rows(), rows = sampleSize(d, x.cols());
  FeatureMatrix sample(d, rows);
  for (Eigen::Index i = 0; i < rows; ++i)
    sample.col(i) = x.col(i * x.cols() / rows);
  m_scatter.resize(d + 1, d + 1);
  const auto count = static_cast<double>(rows);
  m_scatter.topLeftCorner(d, d) =
      (scatterMatrix(sample, Eigen::VectorXd::Zero(d), Precision::Single, progress) / count)
          .cast<float>();
  m_scatter.row(d).head(d) = meanColumn(sample).transpose().cast<float>();
  m_scatter.col(d).setZero();
  m_scatter(d, d) = 1.0f;
}

void LogisticCurvature::prepare(int classes, double penalty)
{
  Eigen::MatrixXf& factor = m_factors[classes];
  if (factor.size() > 0)
    return;
  factor = m_scatter * static_cast<float>(m_features / classes);
  const Eigen::Index d = factor.rows() - 1;
  factor.diagonal().head(d).array() += static_cast<float>(penalty);
  // Intercepts are free of the penalty: this much only keeps rounding from making them singular.
  factor(d, d) *= 1.0f + 1e-5f;
  if (!choleskyFactor(factor))
    factor.resize(0, 0);
}

Eigen::MatrixXd LogisticCurvature::solve(const Eigen::MatrixXd& gradient) const
{
  const Eigen::MatrixXf& factor = m_factors.at(gradient.rows());
  if (factor.size() == 0)
    return gradient;
  Eigen::MatrixXd result(gradient.rows(), gradient.cols());
  parallelFor(gradient.rows(), 32, [&](std::int64_t begin, std::int64_t end) {
    Eigen::MatrixXf part = gradient.middleRows(begin, end - begin).transpose().cast<float>();
    solveWithFactor(factor, part);
    result.middleRows(begin, end - begin) = part.transpose().cast<double>();
  });
  return result;
}

}  // namespace orrery
