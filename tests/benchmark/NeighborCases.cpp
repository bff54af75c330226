#include "core/embedding/ApproximateNeighbors.h"
#include "core/embedding/MapTrust.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/Pca.h"
#include "core/io/TensorFile.h"
#include "tests/benchmark/Case.h"

#include <algorithm>
#include <cstdio>

namespace orrery::benchmark {
namespace {

constexpr int neighborCount = 90;

/// Share of the peers' exact answer that is found, if they have left it in the data folder.
void noteRecall(Run& run, const Neighbors& found)
{
  std::filesystem::path path;
  try {
    path = run.data("knn90_16k.npy");
  } catch (const std::exception&) {
    run.note("recall unknown: the peers have not left knn90_16k.npy yet");
    return;
  }
  const auto file = openNpy(path);
  const std::vector<double> truth = file->readNumbers(file->tensors().front(), {});
  std::int64_t hits = 0;
  for (Eigen::Index feature = 0; feature < found.ids.cols(); ++feature)
    for (Eigen::Index place = 0; place < neighborCount; ++place) {
      const auto begin = truth.begin() + feature * neighborCount;
      hits += std::find(begin, begin + neighborCount,
                        static_cast<double>(found.ids(place, feature))) != begin + neighborCount;
    }
  char line[100];
  std::snprintf(line, sizeof line, "recall@90 %.6f",
                static_cast<double>(hits) / static_cast<double>(found.ids.size()));
  run.note(line);
}

std::function<void(Run&)> neighbors(const char* file, Metric metric)
{
  return [=](Run& run) {
    const FeatureMatrix x = run.matrix(file);
    Neighbors found;
    run.time([&] { found = computeNeighbors(x, {.count = neighborCount, .metric = metric}); });
    if (x.cols() == 16384)
      noteRecall(run, found);
  };
}

void approximate(Run& run)
{
  const FeatureMatrix x = run.matrix();
  ApproximateNeighbors found;
  run.time([&] { found = computeApproximateNeighbors(x, {.count = neighborCount}); });
  noteRecall(run, found.neighbors);
  run.note(found.note);
}

void query(Run& run)
{
  const FeatureMatrix x = run.matrix();
  const Eigen::VectorXf wanted = x.col(17) - x.col(18) + x.col(19);
  run.time([&] { (void)nearestTo(x, wanted, 10, Metric::Cosine, {17, 18, 19}); });
}

void mapTrust(Run& run)
{
  const FeatureMatrix x = run.matrix();
  const Embedding map = pcaEmbedding(computePca(x), 3);
  const Neighbors found = computeNeighbors(x, {.count = 10});
  MapTrust trust;
  run.time([&] { trust = measureMapTrust(x, map.positions, found); });
  char line[160];
  std::snprintf(line, sizeof line,
                "PCA in 3-D: neighbours kept %.4f, trustworthiness %.4f, continuity %.4f",
                trust.neighborsKept, trust.trustworthiness, trust.continuity);
  run.note(line);
}

}  // namespace

std::vector<Case> neighborCases()
{
  const char* script = "bench_knn.py";
  return {
      {"knn90",
       "exact 90 nearest by cosine, 16384 x 2304",
       {{script, "knn90_faiss_flat_16k"}},
       2.0,
       neighbors("X16k.npy", Metric::Cosine)},
      {"knn90_euclidean",
       "the same by Euclidean distance",
       {{script, "knn90_faiss_flat_16k"}},
       2.0,
       neighbors("X16k.npy", Metric::Euclidean)},
      {"knn90_65k",
       "exact 90 nearest, 65536 x 2304",
       {{script, "knn90_faiss_flat_65k"}},
       2.0,
       neighbors("X65k.npy", Metric::Cosine),
       true},
      {"knn90_approximate",
       "nearly all of 90 nearest by cosine, 16384 x 2304",
       {{script, "knn90_pynndescent_16k"}, {script, "knn90_hnswlib_m16_ef100_16k"}},
       8.0,
       approximate},
      {"query", "10 nearest of one vector, 16384 x 2304", {}, 0.0, query},
      {"map_trust", "trust of a 3-D map, 16384 x 2304", {}, 0.0, mapTrust},
  };
}

}  // namespace orrery::benchmark
