#include "core/galaxy/ClusteringEntropy.h"
#include "core/galaxy/FeatureMatching.h"
#include "tests/benchmark/Case.h"

#include <cstdio>

namespace orrery::benchmark {
namespace {

/// The peer has no control beside its figure; `withControl` times ours as users get it.
std::function<void(Run&)> entropy(bool withControl)
{
  return [=](Run& run) {
    const FeatureMatrix x = run.matrix();
    ClusteringEntropyOptions options;
    options.variant = EntropyVariant::Published;
    options.gaussianSamples = withControl ? 3 : 0;
    ClusteringEntropy found;
    run.time([&] { found = computeClusteringEntropy(x, options); });
    char line[120];
    std::snprintf(line, sizeof line, "negentropy %.4f, H of the last resample %.4f",
                  found.negentropy, found.entropy);
    run.note(line);
  };
}

void matching(Run& run)
{
  const FeatureMatrix x = run.matrix();
  std::vector<FeatureId> lobe;
  for (FeatureId id = 0; id < x.cols(); id += 16)
    lobe.push_back(id);
  FeatureMatching found;
  run.time([&] { found = matchFeatures(x, x, lobe); });
  run.note("matched " + std::to_string(found.matched) + " of " + std::to_string(lobe.size()));
}

}  // namespace

std::vector<Case> galaxyCases()
{
  const Peer peer{"bench_stats.py", "entropy_numpy_n5000_d100_30_bootstraps"};
  return {
      {"entropy",
       "clustering entropy, 5000 x 100 of 2304, 30 resamples",
       {peer},
       60.0,
       entropy(false)},
      {"entropy_with_null", "the same and three matched Gaussian samples", {}, 0.0, entropy(true)},
      {"matching",
       "1024 of 16384 features matched with 16384, both ways, and the null",
       {},
       0.0,
       matching},
  };
}

}  // namespace orrery::benchmark
