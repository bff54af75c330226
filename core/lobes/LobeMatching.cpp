#include "core/lobes/LobeMatching.h"

#include "core/base/Error.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>

namespace orrery {
namespace {

/// Rows ≤ columns: smallest sum of costs by shortest augmenting paths, potentials kept.
std::vector<int> cheapestColumns(const Eigen::MatrixXd& cost)
{
  const auto rows = static_cast<int>(cost.rows()), columns = static_cast<int>(cost.cols());
  constexpr double far = std::numeric_limits<double>::infinity();
  // Counted from 1; 0 is the row or column that does not exist.
  std::vector<double> rowPotential(static_cast<std::size_t>(rows) + 1, 0.0);
  std::vector<double> columnPotential(static_cast<std::size_t>(columns) + 1, 0.0);
  std::vector<int> rowOf(static_cast<std::size_t>(columns) + 1, 0);
  for (int row = 1; row <= rows; ++row) {
    std::vector<double> distance(static_cast<std::size_t>(columns) + 1, far);
    std::vector<int> cameFrom(static_cast<std::size_t>(columns) + 1, 0);
    std::vector<bool> settled(static_cast<std::size_t>(columns) + 1, false);
    rowOf[0] = row;
    int column = 0;
    do {
      settled[static_cast<std::size_t>(column)] = true;
      const int from = rowOf[static_cast<std::size_t>(column)];
      double least = far;
      int nextColumn = 0;
      for (int j = 1; j <= columns; ++j) {
        const auto at = static_cast<std::size_t>(j);
        if (settled[at])
          continue;
        const double reduced = cost(from - 1, j - 1) -
                               rowPotential[static_cast<std::size_t>(from)] - columnPotential[at];
        if (reduced < distance[at]) {
          distance[at] = reduced;
          cameFrom[at] = column;
        }
        if (distance[at] < least) {
          least = distance[at];
          nextColumn = j;
        }
      }
      for (int j = 0; j <= columns; ++j) {
        const auto at = static_cast<std::size_t>(j);
        if (settled[at]) {
          rowPotential[static_cast<std::size_t>(rowOf[at])] += least;
          columnPotential[at] -= least;
        } else {
          distance[at] -= least;
        }
      }
      column = nextColumn;
    } while (rowOf[static_cast<std::size_t>(column)] != 0);
    while (column != 0) {
      const int before = cameFrom[static_cast<std::size_t>(column)];
      rowOf[static_cast<std::size_t>(column)] = rowOf[static_cast<std::size_t>(before)];
      column = before;
    }
  }
  std::vector<int> columnOf(static_cast<std::size_t>(rows), -1);
  for (int j = 1; j <= columns; ++j)
    if (rowOf[static_cast<std::size_t>(j)] > 0)
      columnOf[static_cast<std::size_t>(rowOf[static_cast<std::size_t>(j)] - 1)] = j - 1;
  return columnOf;
}

/// @p partners: for each lobe of the second its lobe in the first, or noLobe.
std::vector<std::int32_t> colorsFrom(const std::vector<std::int32_t>& partners,
                                     const std::vector<std::int32_t>& firstColors)
{
  std::set<std::int32_t> used(firstColors.begin(), firstColors.end());
  std::vector<std::int32_t> colors(partners.size(), 0);
  std::int32_t free = 0;
  for (std::size_t i = 0; i < partners.size(); ++i) {
    if (partners[i] != noLobe) {
      colors[i] = firstColors[static_cast<std::size_t>(partners[i])];
      continue;
    }
    while (used.count(free) > 0)
      ++free;
    colors[i] = free;
    used.insert(free);
  }
  return colors;
}

std::vector<std::int32_t> colorsOf(const Lobes& lobes, const std::vector<std::int32_t>& given)
{
  if (!given.empty() && given.size() != lobes.sizes.size())
    throw Error("colours were given for " + std::to_string(given.size()) + " lobes of " +
                std::to_string(lobes.sizes.size()));
  if (!given.empty())
    return given;
  std::vector<std::int32_t> colors;
  for (std::size_t i = 0; i < lobes.sizes.size(); ++i)
    colors.push_back(static_cast<std::int32_t>(i));
  return colors;
}

LobeMatching match(const Eigen::MatrixXd& benefit, double least,
                   const std::vector<std::int32_t>& firstColors)
{
  LobeMatching matching;
  const std::vector<int> assigned = optimalAssignment(benefit);
  for (std::size_t i = 0; i < assigned.size(); ++i) {
    const bool isPartner =
        assigned[i] >= 0 && benefit(static_cast<Eigen::Index>(i), assigned[i]) > least;
    matching.partners.push_back(isPartner ? assigned[i] : noLobe);
  }
  matching.colors = colorsFrom(matching.partners, firstColors);
  return matching;
}

/// Mean unit vectors of the lobes less the mean of all, of length one: d × lobes.
Eigen::MatrixXd lobeDirections(const Lobes& lobes, const FeatureMatrixView& decoder)
{
  if (lobes.features() != decoder.cols())
    throw Error("the lobes are of " + std::to_string(lobes.features()) +
                " features, the vectors of " + std::to_string(decoder.cols()));
  Eigen::MatrixXd sums =
      Eigen::MatrixXd::Zero(decoder.rows(), static_cast<Eigen::Index>(lobes.sizes.size()));
  Eigen::VectorXd all = Eigen::VectorXd::Zero(decoder.rows());
  for (Eigen::Index i = 0; i < decoder.cols(); ++i) {
    const std::int32_t lobe = lobes.labels[static_cast<std::size_t>(i)];
    const Eigen::VectorXd vector = decoder.col(i).cast<double>();
    const double length = vector.norm();
    if (lobe == noLobe || !(length > 0.0))
      continue;
    sums.col(lobe) += vector / length;
    all += vector / length;
  }
  const auto placed = static_cast<double>(std::max<std::int64_t>(1, lobes.placed()));
  for (Eigen::Index lobe = 0; lobe < sums.cols(); ++lobe) {
    sums.col(lobe) /= static_cast<double>(lobes.sizes[static_cast<std::size_t>(lobe)]);
    sums.col(lobe) -= all / placed;
    sums.col(lobe).normalize();
  }
  return sums;
}

}  // namespace

std::vector<int> optimalAssignment(const Eigen::MatrixXd& benefit)
{
  if (!benefit.allFinite())
    throw Error("an assignment needs finite benefits");
  if (benefit.rows() == 0 || benefit.cols() == 0)
    return std::vector<int>(static_cast<std::size_t>(benefit.rows()), -1);
  if (benefit.rows() <= benefit.cols())
    return cheapestColumns(-benefit);
  const std::vector<int> rowOf = cheapestColumns(-benefit.transpose());
  std::vector<int> columnOf(static_cast<std::size_t>(benefit.rows()), -1);
  for (std::size_t column = 0; column < rowOf.size(); ++column)
    columnOf[static_cast<std::size_t>(rowOf[column])] = static_cast<int>(column);
  return columnOf;
}

LobeMatching matchLobes(const Lobes& first, const Lobes& second,
                        const std::vector<std::int32_t>& firstColors)
{
  if (first.features() != second.features())
    throw Error("lobes of " + std::to_string(first.features()) + " and of " +
                std::to_string(second.features()) + " features cannot be matched");
  Eigen::MatrixXd shared = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(second.sizes.size()),
                                                 static_cast<Eigen::Index>(first.sizes.size()));
  for (std::size_t i = 0; i < first.labels.size(); ++i)
    if (first.labels[i] != noLobe && second.labels[i] != noLobe)
      shared(second.labels[i], first.labels[i]) += 1.0;
  LobeMatching matching = match(shared, 0.0, colorsOf(first, firstColors));
  double agreeing = 0.0;
  for (std::size_t lobe = 0; lobe < matching.partners.size(); ++lobe)
    if (matching.partners[lobe] != noLobe)
      agreeing += shared(static_cast<Eigen::Index>(lobe), matching.partners[lobe]);
  const double total = shared.sum();
  matching.agreement = total > 0.0 ? agreeing / total : 0.0;
  return matching;
}

LobeMatching matchLobesOfLayers(const Lobes& first, const FeatureMatrixView& firstDecoder,
                                const Lobes& second, const FeatureMatrixView& secondDecoder,
                                const std::vector<std::int32_t>& firstColors)
{
  if (firstDecoder.rows() != secondDecoder.rows())
    throw Error("lobes of layers with " + std::to_string(firstDecoder.rows()) + " and " +
                std::to_string(secondDecoder.rows()) + " dimensions cannot be matched");
  const Eigen::MatrixXd cosines =
      lobeDirections(second, secondDecoder).transpose() * lobeDirections(first, firstDecoder);
  LobeMatching matching = match(cosines, 0.0, colorsOf(first, firstColors));
  double sum = 0.0;
  int pairs = 0;
  for (std::size_t lobe = 0; lobe < matching.partners.size(); ++lobe)
    if (matching.partners[lobe] != noLobe) {
      sum += cosines(static_cast<Eigen::Index>(lobe), matching.partners[lobe]);
      ++pairs;
    }
  matching.agreement = pairs > 0 ? sum / pairs : 0.0;
  return matching;
}

}  // namespace orrery
