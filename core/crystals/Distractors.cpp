#include "core/crystals/Distractors.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/dictionary/LabelIndex.h"
#include "core/embedding/Pca.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// Adds @p direction to the orthonormal columns of @p basis; one that they span already is left
/// out.
void extend(Matrix& basis, Vector direction)
{
  const double length = direction.norm();
  if (!(length > 0))
    return;
  direction /= length;
  for (int again = 0; again < 2; ++again)  // once more against what rounding left
    direction -= basis * (basis.transpose() * direction);
  if (direction.norm() < 1e-6)
    return;
  basis.conservativeResize(direction.size(), basis.cols() + 1);
  basis.col(basis.cols() - 1) = direction.normalized();
}

/// Covariance of every coordinate with the column, over the features that have a number.
Vector columnDirection(const CrystalSpace& space, const RegressionColumn& column)
{
  if (static_cast<std::int64_t>(column.numbers.size()) != space.features())
    throw Error("column '" + column.name + "' has " + std::to_string(column.numbers.size()) +
                " numbers (expected " + std::to_string(space.features()) + ")");
  double sum = 0.0;
  std::vector<FeatureId> ids;
  for (std::size_t i = 0; i < column.numbers.size(); ++i)
    if (space.used[i] && std::isfinite(column.numbers[i])) {
      ids.push_back(static_cast<FeatureId>(i));
      sum += column.numbers[i];
    }
  if (ids.size() < 3)
    throw Error("column '" + column.name + "' has numbers for " + std::to_string(ids.size()) +
                " features (expected at least 3)");
  const double mean = sum / static_cast<double>(ids.size());
  constexpr std::int64_t chunk = 1024;
  const auto count = static_cast<std::int64_t>(ids.size());
  Matrix parts = Matrix::Zero(space.dimensions(), (count + chunk - 1) / chunk);
  parallelFor(count, chunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const FeatureId id = ids[static_cast<std::size_t>(i)];
      parts.col(begin / chunk) += (column.numbers[static_cast<std::size_t>(id)] - mean) *
                                  space.vectors->col(id).cast<double>();
    }
  });
  Vector direction = parts.rowwise().sum();
  double spread = 0.0;
  for (const FeatureId id : ids)
    spread += std::abs(column.numbers[static_cast<std::size_t>(id)] - mean);
  if (spread == 0 || !(direction.norm() > 0))
    throw Error("column '" + column.name + "' is the same for all features: nothing to remove");
  return direction;
}

std::string countOf(Eigen::Index count, const char* what)
{
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::string displayName(CleaningMethod method)
{
  switch (method) {
    case CleaningMethod::None:
      return "none";
    case CleaningMethod::Lda:
      return "LDA over relations";
    case CleaningMethod::Pca:
      return "leading components of the differences removed";
    case CleaningMethod::Column:
      return "columns removed";
    case CleaningMethod::Directions:
      return "picked directions removed";
  }
  return {};
}

RelationDifferences relationDifferences(const CrystalSpace& space,
                                        const std::vector<Relation>& relations, int leastPairs)
{
  RelationDifferences result;
  for (const Relation& relation : relations) {
    std::vector<std::pair<FeatureId, FeatureId>> usable;
    for (const auto& [first, second] : relation.pairs) {
      if (first < 0 || second < 0 || first >= space.features() || second >= space.features())
        throw Error("a pair of '" + relation.name + "' names a feature that there is not");
      if (space.used[static_cast<std::size_t>(first)] &&
          space.used[static_cast<std::size_t>(second)])
        usable.emplace_back(first, second);
    }
    if (usable.empty() || static_cast<int>(usable.size()) < leastPairs) {
      result.leftOut.push_back(relation.name + " (" +
                               countOf(static_cast<Eigen::Index>(usable.size()), "pair") + ")");
      continue;
    }
    const auto number = static_cast<std::int32_t>(result.names.size());
    result.names.push_back(relation.name);
    for (const auto& pair : usable) {
      result.pairs.push_back(pair);
      result.classes.push_back(number);
    }
  }
  result.differences.resize(space.dimensions(), static_cast<Eigen::Index>(result.pairs.size()));
  for (std::size_t i = 0; i < result.pairs.size(); ++i)
    result.differences.col(static_cast<Eigen::Index>(i)) =
        space.vectors->col(result.pairs[i].first).cast<double>() -
        space.vectors->col(result.pairs[i].second).cast<double>();
  return result;
}

RegressionColumn labelLengths(const std::vector<std::string>& labels)
{
  RegressionColumn column{"label length", {}};
  column.numbers.reserve(labels.size());
  for (const std::string& label : labels)
    column.numbers.push_back(labelLength(label));
  return column;
}

FittedCleaning fitCleaning(const CrystalSpace& space, const std::vector<Relation>& relations,
                           const Cleaning& cleaning, const Progress& progress)
{
  FittedCleaning fitted;
  fitted.method = cleaning.method;
  const Eigen::Index d = space.dimensions();
  const bool needsRelations =
      cleaning.method == CleaningMethod::Lda || cleaning.method == CleaningMethod::Pca;
  if (needsRelations && cleaning.components < 1)
    throw Error("cleaning needs at least one component (found " +
                std::to_string(cleaning.components) + ")");
  RelationDifferences given;
  if (needsRelations) {
    given = relationDifferences(space, relations);
    fitted.leftOut = given.leftOut;
    if (given.pairs.size() < 3)
      throw Error("cleaning by " + displayName(cleaning.method) +
                  " needs word pairs: relations with at least 10 pairs among the features");
  }
  fitted.directions.resize(d, 0);
  switch (cleaning.method) {
    case CleaningMethod::None:
      fitted.description = space.description;
      return fitted;
    case CleaningMethod::Lda: {
      if (given.names.size() < 2)
        throw Error("LDA needs at least two relations of 10 pairs each (found " +
                    std::to_string(given.names.size()) + ")");
      const Lda lda = fitLda(given.differences, given.classes, cleaning.lda, progress);
      fitted.keeps = true;
      fitted.directions =
          lda.scalings.leftCols(std::min<Eigen::Index>(cleaning.components, lda.scalings.cols()));
      fitted.description = countOf(fitted.directions.cols(), "dimension") + " of " +
                           std::to_string(d) + " kept by LDA (" + displayName(cleaning.lda.solver) +
                           ") over " +
                           countOf(static_cast<Eigen::Index>(given.names.size()), "relation");
      return fitted;
    }
    case CleaningMethod::Pca: {
      PcaOptions options;
      options.components = cleaning.components;
      const Pca pca = computePca(given.differences.cast<float>(), options, progress);
      for (Eigen::Index i = 0; i < pca.axes.cols(); ++i)
        extend(fitted.directions, pca.axes.col(i).cast<double>());
      break;
    }
    case CleaningMethod::Column:
      if (cleaning.columns.empty())
        throw Error("cleaning by a column needs a column (word length needs labels)");
      for (const RegressionColumn& column : cleaning.columns)
        extend(fitted.directions, columnDirection(space, column));
      break;
    case CleaningMethod::Directions:
      if (cleaning.directions.rows() != d || cleaning.directions.cols() == 0 ||
          !cleaning.directions.allFinite())
        throw Error("cleaning by directions needs finite directions of " + std::to_string(d) +
                    " numbers each");
      for (Eigen::Index i = 0; i < cleaning.directions.cols(); ++i)
        extend(fitted.directions, cleaning.directions.col(i).cast<double>());
      break;
  }
  if (fitted.directions.cols() == 0)
    throw Error("the directions to remove are all zero");
  if (fitted.directions.cols() >= d)
    throw Error("removing " + std::to_string(fitted.directions.cols()) + " of " +
                std::to_string(d) + " dimensions leaves nothing");
  fitted.description =
      countOf(fitted.directions.cols(), "direction") + " of " + std::to_string(d) + " removed (" +
      (cleaning.method == CleaningMethod::Pca      ? "leading components of the differences"
       : cleaning.method == CleaningMethod::Column ? "regression on " + cleaning.columns[0].name
                                                   : "picked") +
      ")";
  return fitted;
}

CrystalSpace applyCleaning(const CrystalSpace& space, const FittedCleaning& cleaning,
                           const Progress& progress)
{
  if (cleaning.method == CleaningMethod::None)
    return space;
  if (cleaning.directions.rows() != space.dimensions())
    throw Error("the cleaning was made for " + std::to_string(cleaning.directions.rows()) +
                " dimensions (found " + std::to_string(space.dimensions()) + ")");
  constexpr std::int64_t chunk = 512;
  const Eigen::Index d = space.dimensions(), n = space.features(), k = cleaning.directions.cols();
  FeatureMatrix cleaned(cleaning.keeps ? k : d, n);
  parallelFor(n, chunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    const Matrix x = space.vectors->middleCols(begin, end - begin).cast<double>();
    Matrix inside(k, end - begin);
    multiplyInto(inside, cleaning.directions, true, x);
    if (cleaning.keeps) {
      cleaned.middleCols(begin, end - begin) = inside.cast<float>();
      return;
    }
    Matrix removed(d, end - begin);
    multiplyInto(removed, cleaning.directions, false, inside);
    cleaned.middleCols(begin, end - begin) = (x - removed).cast<float>();
  });
  return spaceOf(std::move(cleaned), space.used, cleaning.description, progress);
}

}  // namespace orrery
