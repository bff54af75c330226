#include "core/crystals/Silhouette.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>

namespace orrery {
namespace {

constexpr std::int64_t chunk = 64;

struct Classes {
  std::vector<std::int32_t> of;  ///< From 0, consecutive.
  std::vector<std::int64_t> sizes;
};

Classes renumber(const std::vector<std::int32_t>& classes)
{
  std::map<std::int32_t, std::int32_t> numbers;
  for (const std::int32_t c : classes)
    numbers.emplace(c, 0);
  std::int32_t next = 0;
  for (auto& [name, number] : numbers)
    number = next++;
  Classes result;
  result.sizes.assign(numbers.size(), 0);
  for (const std::int32_t c : classes) {
    result.of.push_back(numbers[c]);
    ++result.sizes[static_cast<std::size_t>(result.of.back())];
  }
  if (result.sizes.size() < 2 || result.sizes.size() >= classes.size())
    throw Error("a silhouette needs at least two classes and fewer classes than points (found " +
                std::to_string(result.sizes.size()) + " classes of " +
                std::to_string(classes.size()) + " points)");
  return result;
}

/// Of one point, from the sums of its distances to each class.
double silhouetteOf(const double* sums, const Classes& classes, std::size_t point)
{
  const auto own = static_cast<std::size_t>(classes.of[point]);
  if (classes.sizes[own] < 2)
    return 0.0;
  const double inside = sums[own] / static_cast<double>(classes.sizes[own] - 1);
  double outside = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < classes.sizes.size(); ++c)
    if (c != own)
      outside = std::min(outside, sums[c] / static_cast<double>(classes.sizes[c]));
  const double larger = std::max(inside, outside);
  return larger > 0 ? (outside - inside) / larger : 0.0;
}

double meanOf(const std::vector<double>& values)
{
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Distances by products, for points of many dimensions.
double silhouetteByProducts(const Eigen::Ref<const Eigen::MatrixXd>& points, const Classes& classes,
                            const Progress& progress)
{
  const Eigen::Index p = points.cols();
  const Eigen::MatrixXd centred = points.colwise() - points.rowwise().mean();
  const Eigen::VectorXd squares = centred.colwise().squaredNorm();
  std::vector<double> values(static_cast<std::size_t>(p));
  parallelFor(p, chunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    Eigen::MatrixXd products(p, end - begin);
    multiplyInto(products, centred, true, centred.middleCols(begin, end - begin));
    std::vector<double> sums(classes.sizes.size());
    for (std::int64_t i = begin; i < end; ++i) {
      std::fill(sums.begin(), sums.end(), 0.0);
      for (Eigen::Index j = 0; j < p; ++j)
        if (j != i)
          sums[static_cast<std::size_t>(classes.of[static_cast<std::size_t>(j)])] +=
              std::sqrt(std::max(0.0, squares(i) + squares(j) - 2 * products(j, i - begin)));
      values[static_cast<std::size_t>(i)] =
          silhouetteOf(sums.data(), classes, static_cast<std::size_t>(i));
    }
  });
  return meanOf(values);
}

}  // namespace

std::vector<double> silhouettesByRows(const Eigen::Ref<const Eigen::MatrixXd>& points,
                                      const std::vector<std::int32_t>& classes,
                                      const std::vector<int>& rows, const Progress& progress)
{
  const Classes numbered = renumber(classes);
  const auto p = static_cast<std::int64_t>(classes.size());
  const std::size_t count = numbered.sizes.size();
  const int last = rows.empty() ? 0 : std::min<int>(rows.back(), static_cast<int>(points.rows()));
  std::vector<std::vector<double>> values(rows.size(),
                                          std::vector<double>(static_cast<std::size_t>(p)));
  parallelFor(p, chunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    std::vector<double> sums(rows.size() * count);
    for (std::int64_t i = begin; i < end; ++i) {
      std::fill(sums.begin(), sums.end(), 0.0);
      for (std::int64_t j = 0; j < p; ++j) {
        const auto other = static_cast<std::size_t>(numbered.of[static_cast<std::size_t>(j)]);
        double square = 0.0;
        int row = 0;
        for (std::size_t m = 0; m < rows.size(); ++m) {
          for (; row < std::min(rows[m], last); ++row) {
            const double difference = points(row, i) - points(row, j);
            square += difference * difference;
          }
          sums[m * count + other] += std::sqrt(square);
        }
      }
      for (std::size_t m = 0; m < rows.size(); ++m)
        values[m][static_cast<std::size_t>(i)] =
            silhouetteOf(sums.data() + m * count, numbered, static_cast<std::size_t>(i));
    }
  });
  std::vector<double> means;
  for (const auto& perPoint : values)
    means.push_back(meanOf(perPoint));
  return means;
}

double silhouette(const Eigen::Ref<const Eigen::MatrixXd>& points,
                  const std::vector<std::int32_t>& classes, const Progress& progress)
{
  constexpr Eigen::Index many = 32;
  if (points.rows() > many)
    return silhouetteByProducts(points, renumber(classes), progress);
  return silhouettesByRows(points, classes, {static_cast<int>(points.rows())}, progress).front();
}

}  // namespace orrery
