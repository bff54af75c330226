// t-SNE and UMAP whole: neighbours, start and layout, as the peers' calls do it.
#include "core/embedding/MapTrust.h"
#include "core/embedding/Tsne.h"
#include "core/embedding/Umap.h"
#include "tests/benchmark/Case.h"

#include <cstdio>
#include <optional>

namespace orrery::benchmark {
namespace {

// t-SNE's needs; the trust figures use the first ten.
constexpr int neighborCount = 90;

void noteKept(Run& run, const FeatureMatrix& x, const Neighbors& neighbors, const Embedding& map)
{
  const MapTrust trust = measureMapTrust(x, map.positions, neighbors, {.rankSample = 500});
  char line[100];
  std::snprintf(line, sizeof line, "10-NN preservation %.4f", trust.neighborsKept);
  run.note(line);
  run.note(map.description);
}

/// @p neighborsKnown: found outside the clock, as when they are kept between runs.
std::function<void(Run&)> tsne(int dimensions, std::optional<double> theta, bool neighborsKnown)
{
  return [=](Run& run) {
    const FeatureMatrix x = run.matrix();
    TsneOptions options;
    options.dimensions = dimensions;
    options.theta = theta;
    Neighbors neighbors;
    if (neighborsKnown)
      neighbors = computeNeighbors(x, {.count = neighborCount});
    Embedding map;
    double divergence = 0.0;
    run.time([&] {
      if (!neighborsKnown)
        neighbors = computeNeighbors(x, {.count = neighborCount});
      TsneAffinities affinities = computeTsneAffinities(neighbors, options.perplexity);
      const Positions start = startingPositions(x, affinities.graph, options.start, options.metric,
                                                dimensions, options.seed);
      TsneRun layout(std::move(affinities), start, options);
      layout.advance(options.iterations);
      divergence = layout.klDivergence();
      map = layout.embedding();
    });
    char line[60];
    std::snprintf(line, sizeof line, "KL %.4f", divergence);
    run.note(line);
    noteKept(run, x, neighbors, map);
  };
}

std::function<void(Run&)> umap(int dimensions, bool neighborsKnown)
{
  return [=](Run& run) {
    const FeatureMatrix x = run.matrix();
    UmapOptions options;
    options.dimensions = dimensions;
    const NeighborOptions search{.count = options.neighbors - 1, .metric = Metric::Euclidean};
    Neighbors neighbors;
    if (neighborsKnown)
      neighbors = computeNeighbors(x, search);
    Embedding map;
    run.time([&] {
      if (!neighborsKnown)
        neighbors = computeNeighbors(x, search);
      map = computeUmap(x, neighbors, options);
    });
    noteKept(run, x, neighbors, map);
  };
}

}  // namespace

std::vector<Case> mapCases()
{
  const char* script = "bench_embed.py";
  return {
      {"tsne2",
       "t-SNE to 2-D, perplexity 30, 1000 iterations, 16384 x 2304",
       {{script, "tsne_sklearn_2d_raw2304"}},
       11.0,
       tsne(2, {}, false)},
      {"tsne2_layout", "the same, neighbours known", {}, 0.0, tsne(2, {}, true)},
      {"tsne2_all_pairs",
       "the same, repulsion over all pairs",
       {{script, "tsne_sklearn_2d_raw2304"}},
       0.0,
       tsne(2, 0.0, true),
       true},
      {"tsne3",
       "t-SNE to 3-D, perplexity 30, 1000 iterations, 16384 x 2304",
       {{script, "tsne_sklearn_3d_raw2304"}},
       5.0,
       tsne(3, {}, false)},
      {"umap2",
       "UMAP to 2-D, 15 neighbours, 16384 x 2304",
       {{script, "umap_learn_2d_raw2304"}},
       2.0,
       umap(2, false)},
      {"umap2_layout", "the same, neighbours known", {}, 0.0, umap(2, true)},
      {"umap3",
       "UMAP to 3-D, 15 neighbours, 16384 x 2304",
       {{script, "umap_learn_3d_raw2304"}},
       2.0,
       umap(3, false)},
  };
}

}  // namespace orrery::benchmark
