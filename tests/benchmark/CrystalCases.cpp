// Crystals: all-pairs search, discriminant analysis with its silhouettes, all differences grouped.
#include "core/base/LinearAlgebra.h"
#include "core/base/Random.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/DifferenceClusters.h"
#include "core/crystals/Lda.h"
#include "core/crystals/Silhouette.h"
#include "core/embedding/Pca.h"
#include "core/io/TensorFile.h"
#include "tests/benchmark/Case.h"
#include "tests/support/GramSearch.h"
#include "tests/support/PlantedCrystals.h"

#include <memory>

namespace orrery::benchmark {
namespace {

struct Differences {
  Eigen::MatrixXd samples;
  std::vector<std::int32_t> classes;
};

/// The peers' recipe: a direction for each class under twenty strong directions that all share.
Differences differences()
{
  constexpr Eigen::Index classes = 12, each = 200, d = 2304, shared = 20;
  Random random(5);
  const auto normal = [&](Eigen::Index rows, Eigen::Index columns, double scale) {
    Eigen::MatrixXd matrix(rows, columns);
    for (Eigen::Index i = 0; i < matrix.size(); ++i)
      matrix.data()[i] = scale * random.normal();
    return matrix;
  };
  const Eigen::MatrixXd means = normal(d, classes, 0.35), distractors = normal(d, shared, 2.0);
  Differences made;
  made.samples = distractors * normal(shared, classes * each, 1.0) + normal(d, classes * each, 0.5);
  for (Eigen::Index i = 0; i < classes * each; ++i) {
    made.samples.col(i) += means.col(i / each);
    made.classes.push_back(static_cast<std::int32_t>(i / each));
  }
  return made;
}

void lda(Run& run)
{
  const Differences data = differences();
  Eigen::MatrixXd transformed;
  run.time(
      [&] { transformed = ldaTransform(fitLda(data.samples, data.classes), data.samples, 8); });
  run.note(text("silhouette before %.4f after %.4f", silhouette(data.samples, data.classes),
                silhouette(transformed, data.classes)));
}

void ldaSweep(Run& run)
{
  const Differences data = differences();
  const std::vector<int> components = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  std::vector<double> values;
  run.time([&] {
    const Lda fitted = fitLda(data.samples, data.classes);
    values = silhouettesByRows(ldaTransform(fitted, data.samples, components.back()), data.classes,
                               components);
  });
  std::string note = "silhouettes";
  for (const double value : values)
    note += text(" %.3f", value);
  run.note(note);
}

/// Relation, a and b of each planted pair: 3 × pairs.
FeatureMatrix plantedPairs(const Run& run)
{
  const auto file = openNpy(run.data("planted.npy"));
  return file->readMatrix(file->tensors().front(), FeatureAxis::Rows, {});
}

/// How many of the planted crystals lie within the residual, and how many of those are listed.
std::string plantedWithin(const CrystalSearchResult& result, const FeatureMatrix& x,
                          const FeatureMatrix& planted)
{
  const std::set<test::Corners> found = test::setOf(result);
  double within = 0, seen = 0;
  for (Eigen::Index i = 0; i < planted.cols(); ++i)
    for (Eigen::Index j = i + 1; j < planted.cols() && planted(0, i) == planted(0, j); ++j) {
      const Crystal crystal = {
          static_cast<FeatureId>(planted(1, i)), static_cast<FeatureId>(planted(2, i)),
          static_cast<FeatureId>(planted(1, j)), static_cast<FeatureId>(planted(2, j))};
      const double residual =
          (x.col(crystal.b) - x.col(crystal.a) - x.col(crystal.d) + x.col(crystal.c))
              .cast<double>()
              .squaredNorm();
      if (residual > result.options.residual)
        continue;
      within += 1;
      seen += found.count(test::unordered(crystal, result.options.mode)) ? 1 : 0;
    }
  return text("within %.2f: %.0f planted crystals, %.0f of them listed", result.options.residual,
              within, seen) +
         text("; %.0f found, %.0f pairs listed, ", static_cast<double>(result.matches),
              static_cast<double>(result.pairs)) +
         (result.complete ? "complete" : "NOT complete");
}

/// The planted crystals of this matrix have residuals of .11 to .24; planted_crystals has its own.
void parallelograms(Run& run)
{
  const auto decoder = std::make_shared<const FeatureMatrix>(run.matrix());
  const FeatureMatrix planted = plantedPairs(run);
  CrystalSearchOptions options;
  options.top = 1000000;
  options.leastSide = 0.0;
  options.leastAngle = 0.0;
  CrystalSearchResult result;
  run.time([&] { result = findCrystals(rawSpace(decoder, true), options); });
  run.note(plantedWithin(result, *decoder, planted));
}

/// Eight leading components, as a cleaned space has few: nearly all 134 million pairs are listed.
void fewDimensions(Run& run)
{
  const FeatureMatrix x = run.matrix();
  PcaOptions pcaOptions;
  pcaOptions.components = 8;
  const Pca pca = computePca(x, pcaOptions);
  const CrystalSpace space =
      spaceOf(transposedProduct(pca.axes, x), std::vector<char>(16384, 1), "eight components");
  CrystalSearchOptions options;
  options.residual = 0.003;
  const CrystalSearchEstimate estimate = estimateSearch(space, options);
  CrystalSearchResult result;
  run.time([&] { result = findCrystals(space, options); });
  run.note("estimate: " + estimate.sentence);
  run.note(text("%.0f pairs listed, %.0f crystals (and %.0f degenerate) within the residual",
                static_cast<double>(result.pairs), static_cast<double>(result.matches),
                static_cast<double>(result.degenerate)));
  run.note(result.complete ? "complete" : "NOT complete");
}

/// Forty relations of 25 pairs, noise .15 of the side, in rows of the size of a layer.
void plantedCrystals(Run& run)
{
  const test::Planted planted = test::plantCrystals(16384, 2304, 40, 25, 0.15, 21);
  const auto decoder = std::make_shared<const FeatureMatrix>(planted.vectors);
  CrystalSearchOptions options;
  options.residual = 0.12;
  options.top = 1000000;
  CrystalSearchResult result;
  run.time([&] { result = findCrystals(rawSpace(decoder, true), options); });
  const test::Agreement agreement = test::compareCrystals(test::setOf(result), planted.truth);
  run.note(text("precision %.4f, recall %.4f of %.0f planted", agreement.precision,
                agreement.recall, static_cast<double>(planted.truth.size())));
  run.note(result.complete ? "complete" : "NOT complete");
}

/// Two steps over all 134 million differences with 512 means; forty begin at the planted function
/// vectors' first pair.
void differenceClusters(Run& run)
{
  const CrystalSpace space = rawSpace(std::make_shared<const FeatureMatrix>(run.matrix()), true);
  const FeatureMatrix planted = plantedPairs(run);
  FeatureMatrix first(space.dimensions(), 0);
  for (Eigen::Index i = 0; i < planted.cols(); ++i)
    if (i == 0 || planted(0, i) != planted(0, i - 1)) {
      first.conservativeResize(Eigen::NoChange, first.cols() + 1);
      first.col(first.cols() - 1) = space.vectors->col(static_cast<Eigen::Index>(planted(2, i))) -
                                    space.vectors->col(static_cast<Eigen::Index>(planted(1, i)));
    }
  DifferenceClusterOptions options;
  options.clusters = 512;
  options.steps = 2;
  options.leastCosine = 0.6;
  DifferenceClusters result;
  run.time([&] { result = clusterDifferences(space, options, first); });
  std::set<std::pair<FeatureId, FeatureId>> members;
  for (const DifferenceCluster& cluster : result.clusters)
    for (const DifferenceMember& member : cluster.strongest)
      members.insert({member.from, member.to});
  double seen = 0;
  for (Eigen::Index i = 0; i < planted.cols(); ++i) {
    const auto a = static_cast<FeatureId>(planted(1, i)), b = static_cast<FeatureId>(planted(2, i));
    seen += members.count({a, b}) || members.count({b, a}) ? 1 : 0;
  }
  run.note(text("%.2f s a step; %.0f of %.0f planted pairs in the clusters", result.secondsPerStep,
                seen, static_cast<double>(planted.cols())));
  run.note(estimateDifferenceClusters(space, options).sentence);
}

/// Against every two pairs of 2000 features; the search alone is timed.
void completeness(Run& run)
{
  const test::Planted planted = test::plantCrystals(2000, 256, 12, 20, 0.2, 21);
  const CrystalSpace space = rawSpace(std::make_shared<const FeatureMatrix>(planted.vectors), true);
  CrystalSearchOptions options;
  options.residual = 0.15;
  options.leastSide = 0.0;
  options.leastAngle = 0.0;
  options.top = 10000000;
  options.mostComparisons = 0;
  CrystalSearchResult result;
  run.time([&] { result = findCrystals(space, options); });
  const std::set<test::Corners> truth = test::parallelogramsByGram(space, options.residual);
  const std::set<test::Corners> found = test::setOf(result);
  double seen = 0;
  for (const test::Corners& one : truth)
    seen += found.count(one) ? 1 : 0;
  run.note(text("%.0f by the search, %.0f by brute force, %.0f of them listed unfolded",
                static_cast<double>(result.matches), static_cast<double>(truth.size()), seen));
  run.note(result.complete ? "complete" : "NOT complete");
}

}  // namespace

std::vector<Case> crystalCases()
{
  const char* stats = "bench_stats.py";
  return {{"lda",
           "LDA of 2400 differences in 2304 dimensions, 12 relations",
           {{stats, "lda_sklearn_svd_2400x2304_c12"}},
           6.0,
           lda},
          {"lda_sweep",
           "the same with silhouettes of 2 to 11 components",
           {{stats, "lda_silhouette_sweep_2to11_sklearn"}},
           50.0,
           ldaSweep},
          {"parallelograms",
           "all crystals within .08, 16384 x 2304 unit rows (goal: 15 s)",
           {},
           0.0,
           parallelograms},
          {"few_dimensions",
           "crystals in 8 leading components of 16384 features",
           {},
           0.0,
           fewDimensions},
          {"differences",
           "all 134 M differences of 16384 x 2304 in 512 clusters, 2 steps (peers: 100 thousand)",
           {{"bench_parallelogram.py", "diff_kmeans_faiss_100k_k200_d2304_10it"}},
           0.0,
           differenceClusters},
          {"planted_crystals", "planted crystals, 16384 x 2304", {}, 0.0, plantedCrystals, true},
          {"crystals_complete",
           "crystals within .15, 2000 x 256 unit rows, beside brute force",
           {},
           0.0,
           completeness,
           true}};
}

}  // namespace orrery::benchmark
