#include "core/crystals/RelationScores.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace orrery {
namespace {

using PairList = std::vector<std::pair<FeatureId, FeatureId>>;

float norm(const FeatureMatrixView& decoder, FeatureId feature)
{
  return static_cast<float>(decoder.col(feature).cast<double>().norm());
}

/// First and second vectors of all pairs side by side, d × 2p: column i and column p + i.
Eigen::MatrixXf cornersOf(const FeatureMatrixView& decoder, const PairList& pairs, bool unitRows)
{
  const auto count = static_cast<Eigen::Index>(pairs.size());
  Eigen::MatrixXf corners(decoder.rows(), 2 * count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto [first, second] = pairs[static_cast<std::size_t>(i)];
    corners.col(i) = decoder.col(first) / (unitRows ? norm(decoder, first) : 1.0f);
    corners.col(count + i) = decoder.col(second) / (unitRows ? norm(decoder, second) : 1.0f);
  }
  return corners;
}

/// Mean cosine over all pairs of the offsets u from first word i to second word partner(i), of unit
/// length: |Σ u|² = p + Σ over ordered pairs of u·v. Offsets of no length are left out.
double meanCosine(const Eigen::MatrixXd& corners, const std::vector<std::size_t>& partner)
{
  const auto p = static_cast<Eigen::Index>(partner.size());
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(corners.rows()), offset;
  std::int64_t counted = 0;
  for (Eigen::Index i = 0; i < p; ++i) {
    offset = corners.col(p + static_cast<Eigen::Index>(partner[static_cast<std::size_t>(i)])) -
             corners.col(i);
    const double squared = offset.squaredNorm();
    if (squared == 0)
      continue;
    sum += offset / std::sqrt(squared);
    ++counted;
  }
  const auto count = static_cast<double>(counted);
  return counted > 1 ? (sum.squaredNorm() - count) / (count * (count - 1)) : 0.0;
}

void scoreNull(const Eigen::MatrixXf& corners, RelationScores& scores, const Progress& progress)
{
  const RelationScoreOptions& options = scores.options;
  const std::size_t p = static_cast<std::size_t>(scores.pairs);
  const Eigen::MatrixXd wide = corners.cast<double>();
  std::vector<std::size_t> partner(p);
  std::iota(partner.begin(), partner.end(), std::size_t{0});
  scores.cosine = meanCosine(wide, partner);

  std::vector<double> values(static_cast<std::size_t>(std::max(options.shuffles, 0)));
  parallelFor(options.shuffles, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t shuffle = begin; shuffle < end; ++shuffle) {
      progress.update(shuffle, options.shuffles);
      Random random = Random::forPart(options.seed, static_cast<std::uint64_t>(shuffle));
      std::vector<std::size_t> shuffled = partner;
      random.shuffle(shuffled);
      values[static_cast<std::size_t>(shuffle)] = meanCosine(wide, shuffled);
    }
  });
  const auto count = static_cast<double>(values.size());
  scores.cosineShuffled = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0.0;
  for (const double value : values)
    squares += (value - scores.cosineShuffled) * (value - scores.cosineShuffled);
  scores.cosineShuffledDeviation = std::sqrt(squares / (count - 1));
  scores.z = scores.cosineShuffledDeviation > 0
                 ? (scores.cosine - scores.cosineShuffled) / scores.cosineShuffledDeviation
                 : 0.0;
}

void scoreOffsets(const Eigen::MatrixXf& corners, RelationScores& scores)
{
  const Eigen::Index p = corners.cols() / 2;
  const Eigen::MatrixXf offsets = corners.rightCols(p) - corners.leftCols(p);
  scores.functionVector = offsets.cast<double>().rowwise().mean().cast<float>();
  const Eigen::VectorXd lengths = offsets.cast<double>().colwise().norm();
  scores.offsetLength = lengths.mean();
  const double variance =
      p > 1 ? (lengths.array() - lengths.mean()).square().sum() / static_cast<double>(p - 1) : 0;
  scores.offsetLengthSpread =
      scores.offsetLength > 0 ? std::sqrt(variance) / scores.offsetLength : 0.0;
}

RelationVerdict verdictOf(const RelationScores& scores)
{
  constexpr double equalLengths = 1.0 / 3;
  if (scores.z < scores.options.significantZ ||
      scores.cosine - scores.cosineShuffled < scores.options.leastGain)
    return RelationVerdict::None;
  return scores.offsetLengthSpread <= equalLengths ? RelationVerdict::Parallelogram
                                                   : RelationVerdict::Trapezoid;
}

}  // namespace

std::string displayName(RelationVerdict verdict)
{
  switch (verdict) {
    case RelationVerdict::TooFew:
      return "too few pairs";
    case RelationVerdict::None:
      return "no parallelogram";
    case RelationVerdict::Trapezoid:
      return "trapezoid";
    case RelationVerdict::Parallelogram:
      return "parallelogram";
  }
  return {};
}

RelationScores scoreRelation(const FeatureMatrixView& decoder, const PairList& pairs,
                             const RelationScoreOptions& options, const Progress& progress)
{
  if (options.shuffles < 2)
    throw Error("the shuffled null needs at least 2 shuffles (found " +
                std::to_string(options.shuffles) + ")");
  PairList used;
  for (const auto& [first, second] : pairs) {
    if (first < 0 || second < 0 || first >= decoder.cols() || second >= decoder.cols())
      throw Error("a word pair names feature " + std::to_string(std::max(first, second)) + " of " +
                  std::to_string(decoder.cols()));
    if (!options.unitRows || (norm(decoder, first) > 0 && norm(decoder, second) > 0))
      used.emplace_back(first, second);
  }
  RelationScores scores;
  scores.options = options;
  scores.pairs = static_cast<std::int64_t>(used.size());
  if (used.empty())
    return scores;
  const Eigen::MatrixXf corners = cornersOf(decoder, used, options.unitRows);
  scoreOffsets(corners, scores);
  if (scores.pairs < 3)
    return scores;
  scoreNull(corners, scores, progress.stage("shuffled partners", 0.0, 0.3));
  AnalogyOptions asking;
  asking.maxQueries = options.maxQueries;
  asking.seed = options.seed;
  scores.analogies = scoreAnalogies(decoder, used, asking, progress.stage("analogies", 0.3, 1.0));
  scores.verdict = verdictOf(scores);
  return scores;
}

}  // namespace orrery
