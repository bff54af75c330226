#include "core/crystals/RelationScores.h"

#include "core/base/Dispatch.h"
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

/// Mean cosine over all pairs of the given unit offsets: |Σ u|² = p + Σ over ordered pairs of u·v.
double meanCosine(const Eigen::MatrixXd& gram, const std::vector<std::size_t>& partner)
{
  // Offsets o_i = s(partner i) − f(i), by their inner products from the Gram matrix of all corners:
  // no vector is touched.
  const auto p = static_cast<Eigen::Index>(partner.size());
  Eigen::VectorXd inverseLength(p);
  std::vector<Eigen::Index> second(partner.size());
  for (Eigen::Index i = 0; i < p; ++i) {
    second[static_cast<std::size_t>(i)] =
        p + static_cast<Eigen::Index>(partner[static_cast<std::size_t>(i)]);
    const Eigen::Index s = second[static_cast<std::size_t>(i)];
    const double squared = gram(i, i) + gram(s, s) - 2 * gram(i, s);
    inverseLength(i) = squared > 0 ? 1 / std::sqrt(squared) : 0.0;
  }
  double sum = 0.0;
  std::int64_t counted = 0;
  for (Eigen::Index i = 0; i < p; ++i) {
    if (inverseLength(i) == 0)
      continue;
    const Eigen::Index si = second[static_cast<std::size_t>(i)];
    for (Eigen::Index j = 0; j < i; ++j) {
      const Eigen::Index sj = second[static_cast<std::size_t>(j)];
      if (inverseLength(j) == 0)
        continue;
      sum += (gram(i, j) + gram(si, sj) - gram(si, j) - gram(i, sj)) * inverseLength(i) *
             inverseLength(j);
      ++counted;
    }
  }
  return counted ? sum / static_cast<double>(counted) : 0.0;
}

void scoreNull(const Eigen::MatrixXf& corners, RelationScores& scores, const Progress& progress)
{
  const RelationScoreOptions& options = scores.options;
  const std::size_t p = static_cast<std::size_t>(scores.pairs);
  const Eigen::MatrixXd wide = corners.cast<double>();
  const Eigen::MatrixXd gram = wide.transpose() * wide;
  std::vector<std::size_t> partner(p);
  std::iota(partner.begin(), partner.end(), std::size_t{0});
  scores.cosine = meanCosine(gram, partner);

  std::vector<double> values(static_cast<std::size_t>(std::max(options.shuffles, 0)));
  parallelFor(options.shuffles, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t shuffle = begin; shuffle < end; ++shuffle) {
      progress.update(shuffle, options.shuffles);
      Random random = Random::forPart(options.seed, static_cast<std::uint64_t>(shuffle));
      std::vector<std::size_t> shuffled = partner;
      random.shuffle(shuffled);
      values[static_cast<std::size_t>(shuffle)] = meanCosine(gram, shuffled);
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

struct Query {
  std::int32_t given = 0;  ///< Pair a : b …
  std::int32_t asked = 0;  ///< … and a′, whose b′ is sought.
};

/// A question whose answer is one of the three words that are left out has none.
bool canBeAnswered(const PairList& pairs, const Query& query)
{
  const auto [a, b] = pairs[static_cast<std::size_t>(query.given)];
  const FeatureId answer = pairs[static_cast<std::size_t>(query.asked)].second;
  return answer != a && answer != b && answer != pairs[static_cast<std::size_t>(query.asked)].first;
}

std::vector<Query> queriesOf(const PairList& pairs, const RelationScoreOptions& options)
{
  const auto count = static_cast<std::int64_t>(pairs.size());
  const std::int64_t all = count * (count - 1);
  std::vector<Query> queries;
  const auto ask = [&](std::int64_t index) {
    const auto given = static_cast<std::int32_t>(index / (count - 1));
    auto asked = static_cast<std::int32_t>(index % (count - 1));
    asked += asked >= given;
    if (const Query query{given, asked}; canBeAnswered(pairs, query))
      queries.push_back(query);
  };
  if (all <= options.maxQueries) {
    for (std::int64_t index = 0; index < all; ++index)
      ask(index);
    return queries;
  }
  Random random = Random::forPart(options.seed, 0xA11A);
  for (std::int64_t i = 0; i < options.maxQueries; ++i)
    ask(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(all))));
  return queries;
}

struct Best {
  float value = -std::numeric_limits<float>::infinity();
  FeatureId feature = noFeature;
};

/// value[i] of all candidates of one block for 3CosAdd and 3CosMul: plain loops over contiguous
/// columns.
ORRERY_FOR_EACH_CPU void addScores(const float* b, const float* a, const float* other, float* out,
                                   std::int64_t count)
{
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = b[i] - a[i] + other[i];
}

ORRERY_FOR_EACH_CPU void multiplyScores(const float* b, const float* a, const float* other,
                                        float* out, std::int64_t count)
{
  // Cosines are shifted to [0, 1]; 0.001 keeps the quotient finite (both as published).
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = (b[i] + 1) * (other[i] + 1) / ((a[i] + 1) + 0.002f);
}

ORRERY_FOR_EACH_CPU float largestOf(const float* values, std::int64_t count)
{
  constexpr int lanes = 32;
  float most[lanes];
  for (int lane = 0; lane < lanes; ++lane)
    most[lane] = -std::numeric_limits<float>::infinity();
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int lane = 0; lane < lanes; ++lane)
      most[lane] = values[i + lane] > most[lane] ? values[i + lane] : most[lane];
  for (; i < count; ++i)
    most[0] = values[i] > most[0] ? values[i] : most[0];
  for (int lane = 1; lane < lanes; ++lane)
    most[0] = most[lane] > most[0] ? most[lane] : most[0];
  return most[0];
}

/// The first of the highest values, if it is higher than what there was. @p leftOut features count
/// as lowest.
void improve(Best& best, std::vector<float>& values, FeatureId firstFeature,
             const FeatureId (&excluded)[3], const std::vector<FeatureId>& leftOut)
{
  const auto count = static_cast<FeatureId>(values.size());
  const auto drop = [&](FeatureId feature) {
    if (feature >= firstFeature && feature < firstFeature + count)
      values[static_cast<std::size_t>(feature - firstFeature)] =
          -std::numeric_limits<float>::infinity();
  };
  for (const FeatureId feature : excluded)
    drop(feature);
  for (const FeatureId feature : leftOut)
    drop(feature);
  const float most = largestOf(values.data(), count);
  if (most > best.value)
    best = {most,
            firstFeature + static_cast<FeatureId>(std::find(values.begin(), values.end(), most) -
                                                  values.begin())};
}

void scoreAnalogies(const FeatureMatrixView& decoder, const PairList& pairs,
                    const Eigen::MatrixXf& corners, RelationScores& scores,
                    const Progress& progress)
{
  constexpr Eigen::Index block = 4096;
  const std::vector<Query> queries = queriesOf(pairs, scores.options);
  scores.queries = static_cast<std::int64_t>(queries.size());
  const auto n = static_cast<FeatureId>(decoder.cols());
  const Eigen::Index p = corners.cols() / 2;
  // Cosines whatever the offsets are made of: the answer is the feature nearest in angle.
  Eigen::MatrixXf unitCorners = corners;
  if (!scores.options.unitRows)
    unitCorners.colwise().normalize();

  std::vector<Best> bestSum(queries.size()), bestProduct(queries.size());
  Eigen::MatrixXf cosines, unit;
  for (Eigen::Index begin = 0; begin < n; begin += block) {
    const Eigen::Index count = std::min<Eigen::Index>(block, n - begin);
    std::vector<FeatureId> zeros;
    unit = decoder.middleCols(begin, count);
    for (Eigen::Index i = 0; i < count; ++i) {
      const float length = norm(decoder, static_cast<FeatureId>(begin + i));
      if (length > 0)
        unit.col(i) /= length;
      else
        zeros.push_back(static_cast<FeatureId>(begin + i));
    }
    cosines.resize(count, 2 * p);
    parallelFor(2 * p, 64, [&](std::int64_t first, std::int64_t last) {
      progress.checkStopped();
      cosines.middleCols(first, last - first).noalias() =
          unit.transpose() * unitCorners.middleCols(first, last - first);
    });
    parallelFor(static_cast<std::int64_t>(queries.size()), 32,
                [&](std::int64_t first, std::int64_t last) {
                  progress.checkStopped();
                  std::vector<float> values(static_cast<std::size_t>(count));
                  for (std::int64_t q = first; q < last; ++q) {
                    const auto [given, asked] = queries[static_cast<std::size_t>(q)];
                    const FeatureId excluded[3] = {pairs[static_cast<std::size_t>(given)].first,
                                                   pairs[static_cast<std::size_t>(given)].second,
                                                   pairs[static_cast<std::size_t>(asked)].first};
                    const float* a = cosines.col(given).data();
                    const float* b = cosines.col(p + given).data();
                    const float* other = cosines.col(asked).data();
                    addScores(b, a, other, values.data(), count);
                    improve(bestSum[static_cast<std::size_t>(q)], values,
                            static_cast<FeatureId>(begin), excluded, zeros);
                    multiplyScores(b, a, other, values.data(), count);
                    improve(bestProduct[static_cast<std::size_t>(q)], values,
                            static_cast<FeatureId>(begin), excluded, zeros);
                  }
                });
    progress.update(begin + count, n);
  }

  std::int64_t rightSums = 0, rightProducts = 0;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const FeatureId expected = pairs[static_cast<std::size_t>(queries[q].asked)].second;
    rightSums += bestSum[q].feature == expected;
    rightProducts += bestProduct[q].feature == expected;
  }
  if (queries.empty())
    return;
  const auto asked = static_cast<double>(queries.size());
  scores.accuracy3CosAdd = static_cast<double>(rightSums) / asked;
  scores.accuracy3CosMul = static_cast<double>(rightProducts) / asked;
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
  scoreAnalogies(decoder, used, corners, scores, progress.stage("analogies", 0.3, 1.0));
  scores.verdict = verdictOf(scores);
  return scores;
}

}  // namespace orrery
