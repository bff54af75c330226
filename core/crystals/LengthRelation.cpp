#include "core/crystals/LengthRelation.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/embedding/Pca.h"

#include <cmath>
#include <map>

namespace orrery {

LengthRelation relateToLength(const RelationDifferences& differences,
                              const RegressionColumn& lengths, const Progress& progress)
{
  LengthRelation result;
  std::vector<Eigen::Index> kept;
  for (std::size_t i = 0; i < differences.pairs.size(); ++i) {
    const auto [first, second] = differences.pairs[i];
    if (static_cast<std::size_t>(std::max(first, second)) >= lengths.numbers.size())
      throw Error("the lengths are of fewer features than the pairs");
    const double difference = lengths.numbers[static_cast<std::size_t>(second)] -
                              lengths.numbers[static_cast<std::size_t>(first)];
    if (!std::isfinite(difference))
      continue;
    kept.push_back(static_cast<Eigen::Index>(i));
    result.pairs.push_back(differences.pairs[i]);
    result.lengthDifference.push_back(static_cast<int>(std::lround(difference)));
  }
  if (kept.size() < 3)
    throw Error("the relation to word length needs at least 3 pairs with labels (found " +
                std::to_string(kept.size()) + ")");
  Eigen::MatrixXd scored(differences.differences.rows(), static_cast<Eigen::Index>(kept.size()));
  for (std::size_t i = 0; i < kept.size(); ++i)
    scored.col(static_cast<Eigen::Index>(i)) = differences.differences.col(kept[i]);
  scored.colwise() -= Eigen::VectorXd(scored.rowwise().mean());
  const auto p = static_cast<double>(kept.size());
  for (Eigen::Index j = 0; j < scored.rows(); ++j) {
    const double deviation = std::sqrt(scored.row(j).squaredNorm() / p);
    if (deviation > 0)
      scored.row(j) /= deviation;
  }
  PcaOptions options;
  options.components = 1;
  const Pca pca = computePca(scored.cast<float>(), options, progress);
  if (pca.axes.cols() == 0)
    throw Error("all differences are equal: they have no leading component");
  result.direction = pca.axes.col(0).cast<double>();
  result.explained = pca.totalVariance > 0 ? pca.eigenvalues(0) / pca.totalVariance : 0.0;
  Eigen::VectorXd component = transposedProduct(scored, result.direction);

  const auto summarise = [&] {
    std::map<int, std::pair<std::vector<double>, double>> byLength;
    for (std::size_t i = 0; i < kept.size(); ++i)
      byLength[result.lengthDifference[i]].first.push_back(component(static_cast<Eigen::Index>(i)));
    result.means.clear();
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (const auto& [length, values] : byLength) {
      LengthMean mean;
      mean.lengthDifference = length;
      mean.pairs = static_cast<std::int64_t>(values.first.size());
      const auto count = static_cast<double>(mean.pairs);
      for (const double value : values.first)
        mean.mean += value / count;
      double squares = 0.0;
      for (const double value : values.first)
        squares += (value - mean.mean) * (value - mean.mean);
      mean.deviation = std::sqrt(squares / count);
      result.means.push_back(mean);
      sx += length;
      sy += mean.mean;
      sxx += static_cast<double>(length) * length;
      sxy += length * mean.mean;
    }
    const auto m = static_cast<double>(result.means.size());
    const double spread = m * sxx - sx * sx;
    result.slope = spread > 0 ? (m * sxy - sx * sy) / spread : 0.0;
    result.intercept = (sy - result.slope * sx) / m;
  };
  summarise();
  if (result.slope < 0) {
    component = -component;
    result.direction = -result.direction;
    summarise();
  }
  double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const double x = result.lengthDifference[i], y = component(static_cast<Eigen::Index>(i));
    result.component.push_back(y);
    sx += x;
    sy += y;
    sxx += x * x;
    syy += y * y;
    sxy += x * y;
  }
  const double product = (p * sxx - sx * sx) * (p * syy - sy * sy);
  result.correlation = product > 0 ? (p * sxy - sx * sy) / std::sqrt(product) : 0.0;
  return result;
}

}  // namespace orrery
