// Lobes: counts, affinities, spectral clusterings, and both measures of their locality.
#include "core/base/Random.h"
#include "core/io/CooccurrenceFile.h"
#include "core/io/TensorFile.h"
#include "core/lobes/Affinity.h"
#include "core/lobes/LobeLocality.h"
#include "core/lobes/SpectralClustering.h"
#include "tests/benchmark/Case.h"

#include <algorithm>
#include <numeric>

namespace orrery::benchmark {
namespace {

constexpr std::int64_t features = 16384;

Firings firings(const Run& run, const char* file = "cooc.npz")
{
  return *readCooccurrenceFile(run.data(file), {.features = features}).firings;
}

std::function<void(Run&)> count(const char* file)
{
  return [file](Run& run) {
    const Firings data = firings(run, file);
    Cooccurrence result;
    run.time([&] { result = countCooccurrences(data); });
    run.note(text("sum %.0f, trace %.0f", result.counts.cast<double>().sum(),
                  result.counts.diagonal().cast<double>().sum()));
  };
}

std::function<void(Run&)> affinityOf(AffinityMeasure measure)
{
  return [measure](Run& run) {
    const Cooccurrence counts = countCooccurrences(firings(run));
    Eigen::MatrixXf result;
    // As the analysis does: one after the other in the same memory; the first touch of it is the
    // highest of the times.
    run.time([&] { computeAffinity(counts, measure, AffinityShift::None, {}, result); });
    run.note(text("mean %.8g", result.cast<double>().mean()));
  };
}

/// The topics that the blocks were drawn by.
std::vector<std::int32_t> topics(const Run& run, std::int32_t count)
{
  const auto file = openNpy(run.data("labels.npy"));
  std::vector<std::int32_t> labels;
  for (const double label : file->readNumbers(file->tensors().front(), {}))
    labels.push_back(static_cast<std::int32_t>(label) % count);
  return labels;
}

std::function<void(Run&)> cluster(AffinityMeasure measure, std::vector<int> clusters)
{
  return [measure, clusters](Run& run) {
    const Firings data = firings(run);
    SpectralClusteringOptions options;
    options.clusters = clusters;
    SpectralClustering result;
    if (isLinearInCounts(measure, AffinityShift::Add)) {
      run.time([&] { result = clusterFirings(data, measure, AffinityShift::Add, {}, options); });
    } else {
      const Cooccurrence counts = countCooccurrences(data);
      run.time(
          [&] { result = clusterCooccurrence(counts, measure, AffinityShift::Add, {}, options); });
    }
    run.note(text("%.0f products, largest residual %.2g, converged %.0f", result.products,
                  result.largestResidual, result.converged));
    for (const Lobes& lobes : result.clusterings)
      run.note(text("%.0f lobes: smallest %.0f, inertia %.6g", lobes.clusters,
                    static_cast<double>(lobes.sizes.back()), lobes.inertia));
  };
}

/// The labels that the peers draw: every third at random, the others equal.
void drawLabels(int clusters, std::vector<std::int32_t>& first, std::vector<std::int32_t>& second)
{
  Random random(3);
  for (std::int64_t i = 0; i < features; ++i) {
    first.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(clusters))));
    second.push_back(random.uniform() < 0.3 ? static_cast<std::int32_t>(random.below(
                                                  static_cast<std::uint64_t>(clusters)))
                                            : first.back());
  }
}

std::function<void(Run&)> ami(int clusters)
{
  return [clusters](Run& run) {
    std::vector<std::int32_t> first, second;
    drawLabels(clusters, first, second);
    double value = 0.0;
    run.time([&] { value = compareClusterings(first, second).adjusted; });
    run.note(text("AMI %.6f", value));
  };
}

void amiPermutations(Run& run)
{
  std::vector<std::int32_t> first, second;
  drawLabels(8, first, second);
  PermutationNull null;
  run.time([&] { null = permutationNull(first, second); });
  run.note(text("sd %.3g", null.standardDeviation));
}

std::function<void(Run&)> logistic(int classes)
{
  return [classes](Run& run) {
    const FeatureMatrix x = run.matrix();
    std::vector<std::int32_t> labels = topics(run, classes == 2 ? 10 : classes);
    if (classes == 2)
      for (std::int32_t& label : labels)
        label = label < 5 ? 1 : 0;
    const auto split = static_cast<std::size_t>(0.8 * static_cast<double>(labels.size()));
    std::vector<FeatureId> all(labels.size());
    std::iota(all.begin(), all.end(), 0);
    const std::vector<FeatureId> train(all.begin(),
                                       all.begin() + static_cast<std::ptrdiff_t>(split));
    const std::vector<FeatureId> test(all.begin() + static_cast<std::ptrdiff_t>(split), all.end());
    LogisticModel model;
    std::vector<std::int32_t> guess;
    run.time([&] {
      model = fitLogistic(x, labels, train, classes);
      guess = predict(model, x, test);
    });
    const std::vector<std::int32_t> truth(labels.begin() + static_cast<std::ptrdiff_t>(split),
                                          labels.end());
    run.note(text("balanced accuracy %.4f, iterations %.0f", balancedAccuracy(truth, guess),
                  model.iterations));
  };
}

}  // namespace

std::vector<Case> lobeCases()
{
  const char* counting = "bench_cooc.py";
  const char* spectral = "bench_spectral.py";
  const char* statistics = "bench_stats.py";
  return {
      {"cooccurrence",
       "co-occurrences, 100000 blocks, 1.5 % of 16384 features firing",
       {{counting, "cooc_scipy_sparse_1.5pct_100k"}},
       9.0,
       count("cooc.npz")},
      {"cooccurrence_dense",
       "co-occurrences, 30000 blocks, 10 % of 16384 features firing",
       {{counting, "cooc_numpy_syrk_10pct_30k"}},
       7.0,
       count("coocd.npz"),
       true},
      {"jaccard",
       "Jaccard of all pairs, 16384 features",
       {{counting, "affinity_jaccard_numpy_16k"}},
       50.0,
       affinityOf(AffinityMeasure::Jaccard)},
      {"phi",
       "phi of all pairs, 16384 features",
       {{counting, "affinity_phi_numpy_16k"}},
       50.0,
       affinityOf(AffinityMeasure::Phi)},
      {"spectral_phi8",
       "spectral clustering of phi + 1, 8 lobes, 16384 features, no matrix of all pairs",
       {{spectral, "spectral_sklearn_phi_k8_n16384"}},
       60.0,
       cluster(AffinityMeasure::Phi, {8})},
      {"spectral_phi64",
       "the same for 2, 4, 8, 16, 32 and 64 lobes in one run",
       {{spectral, "spectral_sklearn_phi_k50_n16384"}},
       20.0,
       cluster(AffinityMeasure::Phi, {2, 4, 8, 16, 32, 64})},
      {"spectral_jaccard8",
       "spectral clustering of Jaccard, 8 lobes, 16384 features",
       {{spectral, "spectral_sklearn_jaccard_k8_n16384"}},
       0.0,
       cluster(AffinityMeasure::Jaccard, {8}),
       true},
      {"ami1024",
       "adjusted mutual information, 1024 lobes, 16384 features",
       {{statistics, "ami_sklearn_k1024_n16384"}},
       20.0,
       ami(1024)},
      {"ami_permutations",
       "the same for 8 lobes, 100 permutations",
       {{statistics, "ami_sklearn_k8_100_permutations"}},
       100.0,
       amiPermutations},
      {"logistic8",
       "logistic regression, 8 classes, 16384 x 2304",
       {{statistics, "logistic_sklearn_k8_16k"}},
       8.0,
       logistic(8)},
      {"logistic50",
       "logistic regression, 50 classes, 16384 x 2304",
       {{statistics, "logistic_sklearn_k50_16k"}},
       8.0,
       logistic(50),
       true},
  };
}

}  // namespace orrery::benchmark
