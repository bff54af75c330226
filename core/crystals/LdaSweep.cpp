#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Random.h"
#include "core/crystals/Lda.h"
#include "core/crystals/Silhouette.h"
#include "core/embedding/Pca.h"

#include <algorithm>
#include <numeric>

namespace orrery {
namespace {

using Matrix = Eigen::MatrixXd;
using MatrixView = Eigen::Ref<const Eigen::MatrixXd>;
using Labels = std::vector<std::int32_t>;

struct Part {
  Matrix samples;
  Labels classes;
};

Part take(const MatrixView& samples, const Labels& classes, const std::vector<Eigen::Index>& which)
{
  Part part;
  part.samples.resize(samples.rows(), static_cast<Eigen::Index>(which.size()));
  for (std::size_t i = 0; i < which.size(); ++i) {
    part.samples.col(static_cast<Eigen::Index>(i)) = samples.col(which[i]);
    part.classes.push_back(classes[static_cast<std::size_t>(which[i])]);
  }
  return part;
}

/// Every class dealt out evenly, in an order of its own.
std::vector<int> dealFolds(const Labels& classes, int folds, Random& random)
{
  const std::int32_t count = *std::max_element(classes.begin(), classes.end()) + 1;
  std::vector<int> fold(classes.size());
  int next = 0;
  for (std::int32_t c = 0; c < count; ++c) {
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < classes.size(); ++i)
      if (classes[i] == c)
        members.push_back(i);
    random.shuffle(members);
    for (const std::size_t i : members)
      fold[i] = next++ % folds;
  }
  return fold;
}

/// Silhouettes by number of components; a space with fewer scalings than asked for stays as it is.
std::vector<double> ldaSilhouettes(const Lda& lda, const Part& part, const std::vector<int>& rows,
                                   const Progress& progress)
{
  return silhouettesByRows(ldaTransform(lda, part.samples, rows.back()), part.classes, rows,
                           progress);
}

/// Of the plane of the first two principal components of @p training, in which @p part is seen.
double planeSilhouette(const Matrix& training, const Part& part, const Progress& progress)
{
  PcaOptions options;
  options.components = static_cast<int>(
      std::min<Eigen::Index>(2, std::min<Eigen::Index>(training.rows(), training.cols() - 1)));
  const Pca pca = computePca(training.cast<float>(), options, progress);
  const Matrix axes = pca.axes.cast<double>();
  return silhouette(transposedProduct(axes, part.samples), part.classes, progress);
}

void addTo(std::vector<double>& sums, const std::vector<double>& values, double weight)
{
  sums.resize(values.size(), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i)
    sums[i] += weight * values[i];
}

struct HeldOut {
  std::vector<double> lda;
  double plane = 0.0;
};

HeldOut heldOut(const MatrixView& samples, const Labels& classes, const LdaSweep& sweep,
                std::uint64_t part, bool withPlane, const Progress& progress)
{
  const int folds = sweep.options.folds;
  Random random = Random::forPart(sweep.options.seed, part);
  const std::vector<int> fold = dealFolds(classes, folds, random);
  HeldOut result;
  for (int number = 0; number < folds; ++number) {
    progress.update(number, folds);
    std::vector<Eigen::Index> training, tested;
    for (std::size_t i = 0; i < fold.size(); ++i)
      (fold[i] == number ? tested : training).push_back(static_cast<Eigen::Index>(i));
    const Part learnt = take(samples, classes, training), asked = take(samples, classes, tested);
    const Lda lda = fitLda(learnt.samples, learnt.classes, sweep.options.lda, progress);
    addTo(result.lda, ldaSilhouettes(lda, asked, sweep.components, progress), 1.0 / folds);
    if (withPlane)
      result.plane += planeSilhouette(learnt.samples, asked, progress) / folds;
  }
  return result;
}

}  // namespace

LdaSweep sweepLda(const MatrixView& samples, const Labels& classes, const LdaSweepOptions& options,
                  const Progress& progress)
{
  LdaSweep sweep;
  sweep.options = options;
  const Lda lda = fitLda(samples, classes, options.lda, progress.stage("LDA", 0.0, 0.1));
  const std::int32_t count = *std::max_element(classes.begin(), classes.end()) + 1;
  const int most = std::min(options.mostComponents, count - 1);
  if (most < 2)
    throw Error("the silhouettes by number of components need at least three classes (found " +
                std::to_string(count) + ")");
  for (int components = 2; components <= most; ++components)
    sweep.components.push_back(components);
  if (options.heldOut || options.permutations > 0) {
    if (options.folds < 2)
      throw Error("held-out pairs need at least two folds");
    for (std::int32_t c = 0; c < count; ++c)
      if (std::count(classes.begin(), classes.end(), c) < 2 * options.folds)
        throw Error("held-out pairs in " + std::to_string(options.folds) + " folds need at least " +
                    std::to_string(2 * options.folds) + " pairs of each relation");
  }
  const Part all = {samples, classes};
  sweep.inSample = ldaSilhouettes(lda, all, sweep.components, progress);
  sweep.pcaPlane = planeSilhouette(all.samples, all, progress.stage("PCA", 0.1, 0.15));
  sweep.raw = silhouette(samples, classes, progress);
  if (options.heldOut) {
    const HeldOut result =
        heldOut(samples, classes, sweep, 0, true, progress.stage("Held-out pairs", 0.15, 0.3));
    sweep.heldOut = result.lda;
    sweep.pcaPlaneHeldOut = result.plane;
  }
  for (int permutation = 0; permutation < options.permutations; ++permutation) {
    const Progress stage =
        progress.stage("Permuted labels", 0.3 + 0.7 * permutation / options.permutations,
                       0.3 + 0.7 * (permutation + 1) / options.permutations);
    const auto part = static_cast<std::uint64_t>(permutation) + 1;
    Random random = Random::forPart(options.seed, 1000 + part);
    Labels shuffled = classes;
    random.shuffle(shuffled);
    const Part meaningless = {samples, shuffled};
    const double weight = 1.0 / options.permutations;
    const Lda fitted = fitLda(samples, shuffled, options.lda, stage);
    addTo(sweep.permutedInSample, ldaSilhouettes(fitted, meaningless, sweep.components, stage),
          weight);
    addTo(sweep.permutedHeldOut, heldOut(samples, shuffled, sweep, part, false, stage).lda, weight);
  }
  return sweep;
}

}  // namespace orrery
