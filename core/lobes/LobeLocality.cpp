#include "core/lobes/LobeLocality.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/embedding/Neighbors.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <utility>

namespace orrery {
namespace {

double meanOf(const std::vector<double>& values)
{
  return values.empty() ? std::numeric_limits<double>::quiet_NaN()
                        : std::accumulate(values.begin(), values.end(), 0.0) /
                              static_cast<double>(values.size());
}

double deviationOf(const std::vector<double>& values, double mean)
{
  if (values.size() < 2)
    return 0.0;
  double squares = 0.0;
  for (const double value : values)
    squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

/// Deciles of the features that have a lobe in both; 0 elsewhere.
std::vector<std::int32_t> decilesOfPlaced(const Lobes& functional, const Lobes& spatial,
                                          const std::vector<std::int64_t>& own)
{
  std::vector<std::int64_t> placedOwn;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < own.size(); ++i)
    if (functional.labels[i] != noLobe && spatial.labels[i] != noLobe) {
      placedOwn.push_back(own[i]);
      places.push_back(i);
    }
  const std::vector<std::int32_t> deciles = frequencyDeciles(placedOwn);
  std::vector<std::int32_t> result(own.size(), 0);
  for (std::size_t i = 0; i < places.size(); ++i)
    result[places[i]] = deciles[i];
  return result;
}

/// Directions uniform on the sphere, but for their lengths, which are made 1.
FeatureMatrix randomUnitVectors(Eigen::Index d, Eigen::Index n, std::uint64_t seed)
{
  FeatureMatrix vectors(d, n);
  constexpr std::int64_t columns = 64;
  parallelFor(n, columns, [&](std::int64_t begin, std::int64_t end) {
    Random random = Random::forPart(seed, static_cast<std::uint64_t>(begin / columns));
    for (std::int64_t i = begin; i < end; ++i) {
      for (Eigen::Index row = 0; row < d; ++row)
        vectors(row, i) = static_cast<float>(random.normal());
      vectors.col(i).normalize();
    }
  });
  return vectors;
}

/// A regression and the features it is tested on.
struct Trial {
  LogisticProblem problem;
  std::vector<FeatureId> test;
};

Trial trialOf(std::vector<std::int32_t> labels, int classes, Split split)
{
  return {{std::move(labels), std::move(split.train), classes}, std::move(split.test)};
}

/// Balanced accuracy of every trial, so many at a time that their products are large and their
/// state is small beside the vectors.
std::vector<double> accuracies(const FeatureMatrixView& x, const std::vector<Trial>& trials,
                               const LogisticOptions& options, const Progress& progress)
{
  constexpr int mostClasses = 512;
  std::vector<double> result;
  for (std::size_t begin = 0; begin < trials.size();) {
    std::vector<LogisticProblem> problems;
    int classes = 0;
    for (std::size_t i = begin;
         i < trials.size() &&
         (problems.empty() || classes + trials[i].problem.classes <= mostClasses);
         ++i) {
      problems.push_back(trials[i].problem);
      classes += trials[i].problem.classes;
    }
    const double from = static_cast<double>(begin) / static_cast<double>(trials.size());
    const double to =
        static_cast<double>(begin + problems.size()) / static_cast<double>(trials.size());
    const std::vector<LogisticModel> models =
        fitLogistics(x, problems, options, progress.stage("", from, to));
    for (std::size_t i = 0; i < models.size(); ++i) {
      const Trial& trial = trials[begin + i];
      std::vector<std::int32_t> truth;
      for (const FeatureId feature : trial.test)
        truth.push_back(trial.problem.labels[static_cast<std::size_t>(feature)]);
      result.push_back(balancedAccuracy(truth, predict(models[i], x, trial.test)));
    }
    begin += problems.size();
  }
  return result;
}

/// @p labels with those of every decile shuffled among its features: the same as shuffling the
/// vectors.
std::vector<std::int32_t> shuffledWithin(const std::vector<std::int32_t>& labels,
                                         const std::vector<std::int32_t>& deciles, Random random)
{
  std::vector<std::vector<std::size_t>> members(10);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0)
      members[static_cast<std::size_t>(deciles[i])].push_back(i);
  std::vector<std::int32_t> result = labels;
  for (const std::vector<std::size_t>& group : members) {
    std::vector<std::int32_t> own;
    for (const std::size_t i : group)
      own.push_back(labels[i]);
    random.shuffle(own);
    for (std::size_t i = 0; i < group.size(); ++i)
      result[group[i]] = own[i];
  }
  return result;
}

struct Regression {
  std::size_t index = 0;  ///< Of the locality that it belongs to.
  const Lobes* lobes = nullptr;
  Split split;
  std::vector<std::int32_t> deciles;
  std::vector<double> random, within;

  [[nodiscard]] int classes() const { return static_cast<int>(lobes->sizes.size()); }
};

Split splitOf(const std::vector<std::int32_t>& labels, const LocalityOptions& options)
{
  return splitFeatures(
      labels,
      options.variant == LobeVariant::Published ? SplitRule::ByIndex : SplitRule::Stratified,
      options.seed);
}

/// Random unit vectors in place of ours: one dictionary serves all regressions.
void addRandomDraw(std::vector<Regression>& regressions, const FeatureMatrixView& decoder, int draw,
                   const LocalityOptions& options, const Progress& progress)
{
  const FeatureMatrix random =
      randomUnitVectors(decoder.rows(), decoder.cols(),
                        Random::forPart(options.seed, static_cast<std::uint64_t>(draw)).bits());
  std::vector<Trial> trials;
  for (const Regression& regression : regressions)
    trials.push_back(trialOf(regression.lobes->labels, regression.classes(), regression.split));
  const std::vector<double> values = accuracies(random, trials, options.regression, progress);
  for (std::size_t i = 0; i < regressions.size(); ++i)
    regressions[i].random.push_back(values[i]);
}

/// Our vectors with the labels shuffled within deciles of frequency: @p count draws at a time.
void addShuffledDraws(std::vector<Regression>& regressions, const FeatureMatrixView& decoder,
                      int first, int count, const LocalityOptions& options,
                      const Progress& progress)
{
  std::vector<Trial> trials;
  for (int draw = first; draw < first + count; ++draw)
    for (const Regression& regression : regressions) {
      std::vector<std::int32_t> shuffled =
          shuffledWithin(regression.lobes->labels, regression.deciles,
                         Random::forPart(options.seed + 1, static_cast<std::uint64_t>(draw)));
      Split split = splitOf(shuffled, options);
      trials.push_back(trialOf(std::move(shuffled), regression.classes(), std::move(split)));
    }
  const std::vector<double> values = accuracies(decoder, trials, options.regression, progress);
  for (std::size_t i = 0; i < values.size(); ++i)
    regressions[i % regressions.size()].within.push_back(values[i]);
}

void addLogistic(std::vector<LobeLocality>& results, std::vector<Regression>& regressions,
                 const FeatureMatrixView& decoder, const LocalityOptions& options,
                 const Progress& progress)
{
  const int draws = options.logisticDraws < 0 ? options.permutations : options.logisticDraws;
  const auto steps = static_cast<double>(2 * draws + 1);
  const auto stage = [&](const char* name, int from, int to) {
    return progress.stage(name, from / steps, to / steps);
  };
  std::vector<Trial> trials;
  for (const Regression& regression : regressions)
    trials.push_back(trialOf(regression.lobes->labels, regression.classes(), regression.split));
  const std::vector<double> observed =
      accuracies(decoder, trials, options.regression, stage("Logistic regression", 0, 1));
  for (int draw = 0; draw < draws; ++draw)
    addRandomDraw(regressions, decoder, draw, options, stage("Logistic null", 1 + draw, 2 + draw));
  constexpr int together = 8;
  for (int draw = 0; draw < draws; draw += together) {
    const int count = std::min(together, draws - draw);
    addShuffledDraws(regressions, decoder, draw, count, options,
                     stage("Logistic null", 1 + draws + draw, 1 + draws + draw + count));
  }
  for (std::size_t i = 0; i < regressions.size(); ++i) {
    LobeLocality& result = results[regressions[i].index];
    result.hasLogistic = true;
    result.trainOnlyLobes = static_cast<std::int64_t>(regressions[i].split.trainOnly.size());
    result.logistic = compareWithNull(observed[i], std::move(regressions[i].random));
    result.logisticWithinDeciles = compareWithNull(observed[i], std::move(regressions[i].within));
  }
}

/// Mean and deviation of the draws asked for; p from enough of them to tell one in a thousand,
/// which cost next to nothing beside a regression's.
NullComparison amiComparison(const Lobes& functional, const Lobes& spatial,
                             PermutationNullOptions options, const Progress& progress)
{
  const auto n = static_cast<std::int64_t>(functional.labels.size()) + 1;
  const int asked = options.permutations;
  options.permutations =
      std::max(asked, static_cast<int>(std::clamp<std::int64_t>((1 << 24) / n, 999, 9999)));
  PermutationNull null =
      permutationNull(functional.labels, spatial.labels, std::move(options), progress);
  const double p = compareWithNull(null.observed.adjusted, null.values).p;
  null.values.resize(static_cast<std::size_t>(asked));
  NullComparison comparison = compareWithNull(null.observed.adjusted, std::move(null.values));
  comparison.p = p;
  return comparison;
}

/// The firings of every other block.
Firings halfOf(const Firings& firings, std::int64_t first)
{
  Firings half;
  half.features = firings.features;
  for (std::int64_t block = first; block < firings.blocks(); block += 2) {
    const auto begin = firings.starts[static_cast<std::size_t>(block)];
    const auto end = firings.starts[static_cast<std::size_t>(block) + 1];
    half.ids.insert(half.ids.end(), firings.ids.begin() + begin, firings.ids.begin() + end);
    half.starts.push_back(static_cast<std::int64_t>(half.ids.size()));
  }
  return half;
}

SpectralClustering clusterBlocks(const Firings& firings, AffinityMeasure measure,
                                 AffinityShift shift, const std::vector<FeatureId>& features,
                                 const SpectralClusteringOptions& options, const Progress& progress)
{
  if (isLinearInCounts(measure, shift))
    return clusterFirings(firings, measure, shift, features, options, progress);
  const Cooccurrence counts = countCooccurrences(firings, progress.stage("Counting", 0.0, 0.3));
  return clusterCooccurrence(counts, measure, shift, features, options,
                             progress.stage("Clustering", 0.3, 1.0));
}

double phiOf(const Cooccurrence& counts, FeatureId a, FeatureId b)
{
  return affinity(AffinityMeasure::Phi, counts.counts(a, b), counts.counts(a, a),
                  counts.counts(b, b), counts.blocks);
}

}  // namespace

NullComparison compareWithNull(double observed, std::vector<double> values)
{
  NullComparison comparison;
  comparison.observed = observed;
  comparison.mean = meanOf(values);
  comparison.standardDeviation = deviationOf(values, comparison.mean);
  comparison.z = comparison.standardDeviation > 0.0
                     ? (observed - comparison.mean) / comparison.standardDeviation
                     : std::numeric_limits<double>::quiet_NaN();
  const auto reaching =
      std::count_if(values.begin(), values.end(), [&](double value) { return value >= observed; });
  comparison.p = (1.0 + static_cast<double>(reaching)) / (1.0 + static_cast<double>(values.size()));
  comparison.values = std::move(values);
  return comparison;
}

Verdict verdictOf(const NullComparison& comparison)
{
  constexpr double weak = 0.05, clear = 0.01;
  if (!(comparison.p <= weak))
    return Verdict::NotDistinguishable;
  return comparison.p <= clear ? Verdict::Clear : Verdict::Weak;
}

std::string verdictSentence(const NullComparison& comparison)
{
  char p[32];
  std::snprintf(p, sizeof p, "%.2g", comparison.p);
  return displayName(verdictOf(comparison)) + " (p = " + p + ")";
}

std::string LobeLocality::sentence() const
{
  return verdictSentence(ami) + "; within deciles of firing frequency " +
         verdictSentence(amiWithinDeciles);
}

std::string displayName(Verdict verdict)
{
  switch (verdict) {
    case Verdict::NotDistinguishable:
      return "not distinguishable from chance";
    case Verdict::Weak:
      return "weakly above chance";
    case Verdict::Clear:
      return "clearly above chance";
  }
  return {};
}

std::vector<std::int32_t> frequencyDeciles(const std::vector<std::int64_t>& own)
{
  std::vector<std::size_t> order(own.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return own[a] < own[b]; });
  std::vector<std::int32_t> deciles(own.size(), 0);
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && own[order[end]] == own[order[begin]])
      ++end;
    // Ties take the decile of their middle.
    const auto decile = static_cast<std::int32_t>((begin + end - 1) * 5 / order.size());
    for (std::size_t i = begin; i < end; ++i)
      deciles[order[i]] = decile;
    begin = end;
  }
  return deciles;
}

std::vector<LobeLocality> measureLocalities(const std::vector<LobePair>& pairs,
                                            const FeatureMatrixView& decoder,
                                            const std::vector<std::int64_t>& own,
                                            const LocalityOptions& options,
                                            const Progress& progress)
{
  const auto n = static_cast<std::size_t>(decoder.cols());
  for (const LobePair& pair : pairs)
    if (own.size() != n || pair.spatial->labels.size() != n || pair.functional->labels.size() != n)
      throw Error("lobes, vectors and firing counts are of different numbers of features (" +
                  std::to_string(pair.functional->labels.size()) + ", " +
                  std::to_string(pair.spatial->labels.size()) + ", " + std::to_string(n) + " and " +
                  std::to_string(own.size()) + ")");
  if (options.permutations < 2)
    throw Error("a null needs at least 2 permutations (found " +
                std::to_string(options.permutations) + ")");
  std::vector<LobeLocality> results;
  std::vector<Regression> regressions;
  const double amiShare = options.logistic ? 0.05 : 1.0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Lobes &lobes = *pairs[i].functional, &spatial = *pairs[i].spatial;
    const double from = amiShare * static_cast<double>(i) / static_cast<double>(pairs.size());
    const double to = amiShare * static_cast<double>(i + 1) / static_cast<double>(pairs.size());
    LobeLocality result;
    result.options = options;
    result.clusters = lobes.clusters;
    result.sizes = lobes.sizes;
    for (std::size_t feature = 0; feature < n; ++feature)
      result.compared +=
          lobes.labels[feature] != noLobe && spatial.labels[feature] != noLobe ? 1 : 0;
    PermutationNullOptions null;
    null.permutations = options.permutations;
    null.seed = options.seed;
    result.ami = amiComparison(lobes, spatial, null,
                               progress.stage("Mutual information", from, 0.5 * (from + to)));
    const std::vector<std::int32_t> deciles = decilesOfPlaced(lobes, spatial, own);
    null.strata = deciles;
    result.amiWithinDeciles = amiComparison(
        lobes, spatial, null, progress.stage("Mutual information", 0.5 * (from + to), to));
    result.verdict = verdictOf(result.ami);
    result.beyondFrequency = verdictOf(result.amiWithinDeciles);
    if (options.logistic && lobes.sizes.size() > 1) {
      Regression regression;
      regression.index = i;
      regression.lobes = &lobes;
      regression.deciles = deciles;
      regression.split = splitOf(lobes.labels, options);
      if (!regression.split.test.empty() && !regression.split.train.empty())
        regressions.push_back(std::move(regression));
    }
    results.push_back(std::move(result));
  }
  if (!regressions.empty())
    addLogistic(results, regressions, decoder, options, progress.stage("", amiShare, 1.0));
  return results;
}

LobeLocality measureLocality(const Lobes& functional, const Lobes& spatial,
                             const FeatureMatrixView& decoder, const std::vector<std::int64_t>& own,
                             const LocalityOptions& options, const Progress& progress)
{
  return measureLocalities({{&functional, &spatial}}, decoder, own, options, progress).front();
}

std::vector<LobeStability> measureStability(const Firings& firings, AffinityMeasure measure,
                                            AffinityShift shift,
                                            const std::vector<FeatureId>& features,
                                            const SpectralClusteringOptions& options, int seeds,
                                            const Progress& progress)
{
  const double share = 1.0 / (3 + std::max(0, seeds));
  const auto stage = [&](int step) {
    return progress.stage("Stability of lobes", step * share, (step + 1) * share);
  };
  const SpectralClustering whole =
      clusterBlocks(firings, measure, shift, features, options, stage(0));
  const SpectralClustering even =
      clusterBlocks(halfOf(firings, 0), measure, shift, features, options, stage(1));
  const SpectralClustering odd =
      clusterBlocks(halfOf(firings, 1), measure, shift, features, options, stage(2));
  std::vector<LobeStability> result;
  for (std::size_t i = 0; i < whole.clusterings.size(); ++i) {
    LobeStability stability;
    stability.clusters = whole.clusterings[i].clusters;
    stability.betweenHalves =
        compareClusterings(even.clusterings[i].labels, odd.clusterings[i].labels).adjusted;
    result.push_back(std::move(stability));
  }
  for (int seed = 1; seed <= seeds; ++seed) {
    SpectralClusteringOptions other = options;
    other.seed = options.seed + static_cast<std::uint64_t>(seed);
    const SpectralClustering again =
        clusterBlocks(firings, measure, shift, features, other, stage(2 + seed));
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i].betweenSeeds.push_back(
          compareClusterings(whole.clusterings[i].labels, again.clusterings[i].labels).adjusted);
  }
  for (LobeStability& stability : result)
    stability.leastBetweenSeeds =
        stability.betweenSeeds.empty()
            ? 1.0
            : *std::min_element(stability.betweenSeeds.begin(), stability.betweenSeeds.end());
  return result;
}

NeighborPhi measureNeighborPhi(const Cooccurrence& counts, const FeatureMatrixView& decoder,
                               const std::vector<FeatureId>& features,
                               const NeighborPhiOptions& options, const Progress& progress)
{
  if (counts.features() != decoder.cols())
    throw Error("counts of " + std::to_string(counts.features()) + " features beside " +
                std::to_string(decoder.cols()) + " vectors");
  std::vector<FeatureId> used = features;
  if (used.empty()) {
    used.resize(static_cast<std::size_t>(decoder.cols()));
    std::iota(used.begin(), used.end(), 0);
  }
  NeighborPhi result;
  result.features = static_cast<std::int64_t>(used.size());
  if (used.size() < 3)
    return result;
  const FeatureMatrix chosen = decoder(Eigen::all, used);
  NeighborOptions search;
  search.count = std::min<int>(options.neighbors, static_cast<int>(used.size()) - 1);
  search.metric = Metric::Cosine;
  const Neighbors neighbors =
      computeNeighbors(chosen, search, progress.stage("Neighbours", 0.0, 0.8));

  std::vector<std::int64_t> own;
  for (const FeatureId id : used)
    own.push_back(counts.counts(id, id));
  const std::vector<std::int32_t> deciles = frequencyDeciles(own);
  std::vector<std::vector<FeatureId>> members(10);
  for (std::size_t i = 0; i < used.size(); ++i)
    members[static_cast<std::size_t>(deciles[i])].push_back(static_cast<FeatureId>(i));

  Random random(options.seed);
  const auto at = [&](FeatureId column) { return used[static_cast<std::size_t>(column)]; };
  std::vector<double> plain, matched;
  for (std::int64_t pair = 0; pair < options.randomPairs; ++pair) {
    const auto a = static_cast<FeatureId>(random.below(used.size()));
    const auto b = static_cast<FeatureId>(random.below(used.size()));
    if (a != b)
      plain.push_back(phiOf(counts, at(a), at(b)));
    // A partner that fires as often as a true neighbour of a does.
    const auto place =
        static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(neighbors.ids.rows())));
    const FeatureId neighbor = neighbors.ids(place, a);
    if (neighbor < 0)
      continue;
    const auto& group =
        members[static_cast<std::size_t>(deciles[static_cast<std::size_t>(neighbor)])];
    const FeatureId partner = group[static_cast<std::size_t>(random.below(group.size()))];
    if (partner != a)
      matched.push_back(phiOf(counts, at(a), at(partner)));
  }
  result.randomMean = meanOf(plain);
  result.randomDeviation = deviationOf(plain, result.randomMean);
  result.matchedMean = meanOf(matched);
  const double matchedDeviation = deviationOf(matched, result.matchedMean);
  for (Eigen::Index k = 0; k < neighbors.ids.rows(); ++k) {
    std::vector<double> values;
    for (Eigen::Index i = 0; i < neighbors.ids.cols(); ++i)
      if (neighbors.ids(k, i) >= 0)
        values.push_back(phiOf(counts, at(static_cast<FeatureId>(i)), at(neighbors.ids(k, i))));
    const double mean = meanOf(values);
    result.mean.push_back(mean);
    result.deviation.push_back(deviationOf(values, mean));
    const double error =
        matchedDeviation / std::sqrt(std::max<double>(1.0, static_cast<double>(values.size())));
    result.z.push_back(error > 0.0 ? (mean - result.matchedMean) / error
                                   : std::numeric_limits<double>::quiet_NaN());
  }
  return result;
}

}  // namespace orrery
