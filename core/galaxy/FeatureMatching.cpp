#include "core/galaxy/FeatureMatching.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace orrery {
namespace {

constexpr Eigen::Index tile = 1024;

/// Columns of length one; zero columns stay zero.
FeatureMatrix unitBlock(const FeatureMatrixView& features, Eigen::Index begin, Eigen::Index count)
{
  FeatureMatrix block = features.middleCols(begin, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const double norm = block.col(i).cast<double>().norm();
    if (norm > 0)
      block.col(i) *= static_cast<float>(1.0 / norm);
  }
  return block;
}

FeatureMatrix chosenColumns(const FeatureMatrixView& features, const std::vector<FeatureId>& ids)
{
  FeatureMatrix chosen(features.rows(), static_cast<Eigen::Index>(ids.size()));
  for (std::size_t i = 0; i < ids.size(); ++i)
    chosen.col(static_cast<Eigen::Index>(i)) = features.col(ids[i]);
  return chosen;
}

/// mean + (X − mean) g / √(n − 1) with normal g: Gaussian features of X's mean and covariance.
FeatureMatrix matchedDraws(const FeatureMatrixView& features, int draws, std::uint64_t seed,
                           const Progress& progress)
{
  const Eigen::VectorXd mean = meanColumn(features);
  const Eigen::Index n = features.cols();
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(features.rows(), draws);
  Eigen::RowVectorXd weightSums = Eigen::RowVectorXd::Zero(draws);
  Eigen::MatrixXf part(features.rows(), draws);
  for (Eigen::Index begin = 0; begin < n; begin += tile) {
    progress.checkStopped();
    const Eigen::Index count = std::min(tile, n - begin);
    Random random = Random::forPart(seed, static_cast<std::uint64_t>(begin / tile));
    Eigen::MatrixXf weights(count, draws);
    for (Eigen::Index i = 0; i < weights.size(); ++i)
      weights.data()[i] = static_cast<float>(random.normal());
    weightSums += weights.cast<double>().colwise().sum();
    part = product(features.middleCols(begin, count), weights);
    sums += part.cast<double>();
  }
  sums -= mean * weightSums;
  sums /= std::sqrt(static_cast<double>(std::max<Eigen::Index>(1, n - 1)));
  return (sums.colwise() + mean).cast<float>();
}

}  // namespace

BestCosines bestCosines(const FeatureMatrixView& queries, const FeatureMatrixView& features,
                        const Progress& progress)
{
  const Eigen::Index m = queries.cols(), n = features.cols();
  BestCosines best;
  best.ids.assign(static_cast<std::size_t>(m), noFeature);
  best.cosines.assign(static_cast<std::size_t>(m), -2.0f);
  // Narrow where there are few queries, so that all threads have some.
  const Eigen::Index width = std::clamp<Eigen::Index>((m + 15) / 16, 32, tile);
  const Eigen::Index blocks = (n + tile - 1) / tile;
  for (Eigen::Index block = 0; block < blocks; ++block) {
    progress.update(block, blocks);
    const Eigen::Index begin = block * tile, count = std::min(tile, n - begin);
    const FeatureMatrix targets = unitBlock(features, begin, count);
    parallelFor(m, width, [&](std::int64_t from, std::int64_t to) {
      const FeatureMatrix unit = unitBlock(queries, from, to - from);
      Eigen::MatrixXf cosines(count, to - from);
      multiplyInto(cosines, targets, true, unit);
      for (std::int64_t i = from; i < to; ++i) {
        if (unit.col(i - from).isZero(0.0f))
          continue;
        Eigen::Index row = 0;
        const float cosine = cosines.col(i - from).maxCoeff(&row);
        const auto place = static_cast<std::size_t>(i);
        if (cosine > best.cosines[place]) {
          best.cosines[place] = cosine;
          best.ids[place] = static_cast<FeatureId>(begin + row);
        }
      }
    });
  }
  progress.update(blocks, blocks);
  for (std::size_t i = 0; i < best.ids.size(); ++i)
    best.cosines[i] = best.ids[i] == noFeature ? 0.0f : std::min(1.0f, best.cosines[i]);
  return best;
}

FeatureMatching matchFeatures(const FeatureMatrixView& first, const FeatureMatrixView& second,
                              const std::vector<FeatureId>& ids, const FeatureMatchOptions& options,
                              const Progress& progress)
{
  if (first.rows() != second.rows())
    throw Error("features of " + std::to_string(first.rows()) + " and of " +
                std::to_string(second.rows()) +
                " dimensions cannot be matched (expected the same number)");
  if (options.nullDraws < 20 || !(options.nullQuantile > 0) || !(options.nullQuantile < 1))
    throw Error("matching needs at least 20 draws of the null and a quantile between 0 and 1");
  for (const FeatureId id : ids)
    if (id < 0 || id >= first.cols())
      throw Error("there is no feature " + std::to_string(id) + " (expected 0 to " +
                  std::to_string(first.cols() - 1) + ")");
  FeatureMatching matching;
  matching.options = options;
  const FeatureMatrix null = matchedDraws(first, options.nullDraws, options.seed,
                                          progress.stage("Drawing the null", 0.0, 0.05));
  matching.nullCosines = bestCosines(null, second, progress.stage("Null", 0.05, 0.15)).cosines;
  std::sort(matching.nullCosines.begin(), matching.nullCosines.end());
  const auto at = static_cast<std::size_t>(options.nullQuantile *
                                           static_cast<double>(matching.nullCosines.size() - 1));
  matching.nullThreshold = matching.nullCosines[at];

  const bool all = ids.empty();
  FeatureMatrix chosen;
  if (!all)
    chosen = chosenColumns(first, ids);
  const Progress forward = progress.stage("Matching", 0.15, 0.6);
  const BestCosines there =
      all ? bestCosines(first, second, forward) : bestCosines(chosen, second, forward);
  // The way back is asked only for features that are somebody's best.
  std::vector<FeatureId> targets;
  for (const FeatureId id : there.ids)
    if (id != noFeature)
      targets.push_back(id);
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  const BestCosines back =
      bestCosines(chosenColumns(second, targets), first, progress.stage("Matching back", 0.6, 1.0));
  for (std::size_t i = 0; i < there.ids.size(); ++i) {
    FeatureMatch match;
    match.from = all ? static_cast<FeatureId>(i) : ids[i];
    match.to = there.ids[i];
    match.cosine = there.cosines[i];
    if (match.to != noFeature) {
      const auto target = static_cast<std::size_t>(
          std::lower_bound(targets.begin(), targets.end(), match.to) - targets.begin());
      match.mutual = back.ids[target] == match.from;
      const auto above =
          matching.nullCosines.end() -
          std::lower_bound(matching.nullCosines.begin(), matching.nullCosines.end(), match.cosine);
      match.share =
          static_cast<double>(above + 1) / static_cast<double>(matching.nullCosines.size() + 1);
      match.matched = match.mutual && match.cosine > matching.nullThreshold;
    }
    matching.matched += match.matched;
    matching.matches.push_back(match);
  }
  return matching;
}

}  // namespace orrery
