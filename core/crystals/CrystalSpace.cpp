#include "core/crystals/CrystalSpace.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

constexpr std::int64_t chunk = 256;

/// Half the mean squared distance of two used features: the trace of their covariance.
double totalVariance(const FeatureMatrix& vectors, const std::vector<char>& used)
{
  const Eigen::Index d = vectors.rows(), n = vectors.cols();
  // Few wide chunks: a sum of d doubles each.
  const std::int64_t wide = std::max<std::int64_t>(chunk, (n + 63) / 64);
  const Eigen::Index parts = (n + wide - 1) / wide;
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(d, parts);
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(parts), spreads = Eigen::VectorXd::Zero(parts);
  parallelFor(n, wide, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      if (used[static_cast<std::size_t>(i)]) {
        sums.col(begin / wide) += vectors.col(i).cast<double>();
        counts(begin / wide) += 1;
      }
  });
  const double count = counts.sum();
  if (count == 0)
    return 0.0;
  const Eigen::VectorXd mean = sums.rowwise().sum() / count;
  parallelFor(n, wide, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      if (used[static_cast<std::size_t>(i)])
        spreads(begin / wide) += (vectors.col(i).cast<double>() - mean).squaredNorm();
  });
  return spreads.sum() / count;
}

void requireFour(const CrystalSpace& space)
{
  if (space.usedFeatures() < 4)
    throw Error("crystals need four features with finite vectors that are not zero (found " +
                std::to_string(space.usedFeatures()) + ")");
}

}  // namespace

std::int64_t CrystalSpace::usedFeatures() const
{
  return std::count(used.begin(), used.end(), char{1});
}

CrystalSpace rawSpace(std::shared_ptr<const FeatureMatrix> decoder, bool unitRows,
                      const Progress& progress)
{
  const Eigen::Index d = decoder->rows(), n = decoder->cols();
  CrystalSpace space;
  space.unitRows = unitRows;
  space.used.assign(static_cast<std::size_t>(n), 1);
  std::vector<double> norms(static_cast<std::size_t>(n), 0.0);
  std::atomic<bool> changes{false};
  parallelFor(n, chunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    for (std::int64_t i = begin; i < end; ++i) {
      const auto id = static_cast<std::size_t>(i);
      const double norm = decoder->col(i).cast<double>().norm();
      norms[id] = norm;
      space.used[id] = std::isfinite(norm) && (!unitRows || norm > 0);
      if (!space.used[id] || (unitRows && std::abs(norm - 1) > 1e-6))
        changes = true;
    }
  });
  if (changes) {
    FeatureMatrix vectors(d, n);
    parallelFor(n, chunk, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto id = static_cast<std::size_t>(i);
        if (!space.used[id])
          vectors.col(i).setZero();
        else if (unitRows)
          vectors.col(i) = (decoder->col(i).cast<double>() / norms[id]).cast<float>();
        else
          vectors.col(i) = decoder->col(i);
      }
    });
    space.vectors = std::make_shared<const FeatureMatrix>(std::move(vectors));
  } else {
    space.vectors = std::move(decoder);
  }
  requireFour(space);
  space.unit = unitRows ? 1.0 : totalVariance(*space.vectors, space.used);
  if (!(space.unit > 0))
    throw Error("all features have the same vector: there are no crystals to find");
  space.description = unitRows ? "unit rows, all " + std::to_string(d) + " dimensions"
                               : "rows as they are, all " + std::to_string(d) + " dimensions";
  return space;
}

CrystalSpace rawSpace(const Dictionary& dictionary, bool unitRows, const Progress& progress)
{
  if (!dictionary.decoder)
    throw Error("the dictionary has no vectors");
  return rawSpace(dictionary.decoder, unitRows, progress);
}

CrystalSpace spaceOf(FeatureMatrix vectors, std::vector<char> used, std::string description,
                     const Progress& progress)
{
  const Eigen::Index n = vectors.cols();
  used.resize(static_cast<std::size_t>(n), 1);
  parallelFor(n, chunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    for (std::int64_t i = begin; i < end; ++i) {
      if (used[static_cast<std::size_t>(i)] && !vectors.col(i).allFinite())
        used[static_cast<std::size_t>(i)] = 0;
      if (!used[static_cast<std::size_t>(i)])
        vectors.col(i).setZero();
    }
  });
  CrystalSpace space;
  space.vectors = std::make_shared<const FeatureMatrix>(std::move(vectors));
  space.used = std::move(used);
  space.description = std::move(description);
  requireFour(space);
  space.unit = totalVariance(*space.vectors, space.used);
  if (!(space.unit > 0))
    throw Error("all features have the same vector in this space: there are no crystals to find");
  return space;
}

}  // namespace orrery
