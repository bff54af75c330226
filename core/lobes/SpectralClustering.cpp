#include "core/lobes/SpectralClustering.h"

#include "core/base/Error.h"
#include "core/lobes/AffinityOperator.h"
#include "core/lobes/KMeans.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

namespace orrery {
namespace {

SpectralClusteringOptions checked(SpectralClusteringOptions options, std::size_t features)
{
  std::sort(options.clusters.begin(), options.clusters.end());
  options.clusters.erase(std::unique(options.clusters.begin(), options.clusters.end()),
                         options.clusters.end());
  if (options.clusters.empty())
    throw Error("no number of lobes was given");
  if (options.clusters.front() < 2)
    throw Error("there must be at least 2 lobes (found " +
                std::to_string(options.clusters.front()) + ")");
  if (static_cast<std::size_t>(options.clusters.back()) > features)
    throw Error(std::to_string(options.clusters.back()) + " lobes cannot be made of " +
                std::to_string(features) + " features");
  if (options.starts < 1 || options.maxIterations < 1 || options.maxProducts < 1 ||
      !(options.tolerance > 0.0))
    throw Error("spectral clustering needs at least one start, iteration and product");
  return options;
}

std::vector<FeatureId> allIfEmpty(const std::vector<FeatureId>& features, std::int64_t n)
{
  if (!features.empty())
    return features;
  std::vector<FeatureId> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

void refuseNegative(AffinityMeasure measure, AffinityShift shift)
{
  if (measure == AffinityMeasure::Phi && shift == AffinityShift::None)
    throw Error("phi has negative values: spectral clustering needs it shifted or clipped");
}

/// The same affinity without some of its features.
class PartOperator : public AffinityOperator {
 public:
  PartOperator(const AffinityOperator& whole, std::vector<Eigen::Index> kept)
      : m_whole(whole), m_kept(std::move(kept))
  {
  }
  [[nodiscard]] Eigen::Index size() const override
  {
    return static_cast<Eigen::Index>(m_kept.size());
  }
  [[nodiscard]] Eigen::VectorXd degrees(const Progress& progress) const override
  {
    return m_whole.degrees(progress)(m_kept);
  }
  [[nodiscard]] Eigen::MatrixXf apply(const Eigen::MatrixXf& vectors,
                                      const Progress& progress) const override
  {
    Eigen::MatrixXf spread = Eigen::MatrixXf::Zero(m_whole.size(), vectors.cols());
    for (Eigen::Index i = 0; i < size(); ++i)
      spread.row(m_kept[static_cast<std::size_t>(i)]) = vectors.row(i);
    const Eigen::MatrixXf result = m_whole.apply(spread, progress);
    return result(m_kept, Eigen::all);
  }

 private:
  const AffinityOperator& m_whole;
  std::vector<Eigen::Index> m_kept;
};

/// @p ids: the features of the operator's rows, of @p n.
SpectralClustering cluster(const AffinityOperator& affinity, const std::vector<FeatureId>& ids,
                           std::int64_t n, const SpectralClusteringOptions& options,
                           const Progress& progress)
{
  SpectralClustering result;
  result.options = options;
  const Eigen::VectorXd all = affinity.degrees(progress.stage("Degrees", 0.0, 0.05));
  std::vector<Eigen::Index> kept;
  std::vector<FeatureId> placed;
  for (Eigen::Index i = 0; i < all.size(); ++i)
    if (all[i] > 0.0) {
      kept.push_back(i);
      placed.push_back(ids[static_cast<std::size_t>(i)]);
    }
  result.isolated = all.size() - static_cast<std::int64_t>(kept.size());
  const int most = options.clusters.back();
  if (static_cast<int>(kept.size()) < most)
    throw Error(std::to_string(most) + " lobes cannot be made of the " +
                std::to_string(kept.size()) + " features that have any affinity to others");
  const Eigen::VectorXd degrees = all(kept);

  NormalizedEigenOptions eigenOptions;
  eigenOptions.count = most;
  eigenOptions.tolerance = options.tolerance;
  eigenOptions.maxProducts = options.maxProducts;
  eigenOptions.seed = options.seed;
  const Progress eigenProgress = progress.stage("Eigenvectors", 0.05, 0.6);
  NormalizedEigen eigen =
      result.isolated == 0
          ? leadingEigenvectors(affinity, degrees, eigenOptions, eigenProgress)
          : leadingEigenvectors(PartOperator(affinity, kept), degrees, eigenOptions, eigenProgress);
  result.eigenvalues = eigen.values;
  result.largestResidual = eigen.largestResidual;
  result.converged = eigen.converged;
  result.products = eigen.products;

  // Features as columns: what k-means takes.
  const Eigen::MatrixXd embedded =
      (degrees.cwiseSqrt().cwiseInverse().asDiagonal() * eigen.vectors).transpose();
  const double total = std::accumulate(options.clusters.begin(), options.clusters.end(), 0.0);
  double before = 0.0;
  for (const int clusters : options.clusters) {
    KMeansOptions kMeansOptions;
    kMeansOptions.clusters = clusters;
    kMeansOptions.starts = options.starts;
    // On a flat spectrum many optima lie close together: where they cost little, more starts.
    constexpr Eigen::Index small = 1 << 15, budget = 1 << 21;
    if (const Eigen::Index size = embedded.cols() * clusters; size < small)
      kMeansOptions.starts = static_cast<int>(std::clamp<Eigen::Index>(
          budget / size, options.starts, Eigen::Index{100} * options.starts));
    kMeansOptions.maxIterations = options.maxIterations;
    kMeansOptions.seed = options.seed;
    const double after = before + clusters / total;
    const KMeans means = computeKMeans(
        embedded.topRows(std::min<Eigen::Index>(clusters, embedded.rows())), kMeansOptions,
        progress.stage("K-means", 0.6 + 0.4 * before, 0.6 + 0.4 * after));
    before = after;
    std::vector<std::int32_t> labels(static_cast<std::size_t>(n), noLobe);
    for (std::size_t i = 0; i < placed.size(); ++i)
      labels[static_cast<std::size_t>(placed[i])] = means.labels[i];
    Lobes lobes = lobesFromLabels(labels);
    lobes.clusters = clusters;
    lobes.inertia = means.inertia;
    result.clusterings.push_back(std::move(lobes));
  }
  return result;
}

}  // namespace

const Lobes* SpectralClustering::find(int clusters) const
{
  for (const Lobes& lobes : clusterings)
    if (lobes.clusters == clusters)
      return &lobes;
  return nullptr;
}

SpectralClustering clusterCooccurrence(const Cooccurrence& counts, AffinityMeasure measure,
                                       AffinityShift shift, const std::vector<FeatureId>& features,
                                       const SpectralClusteringOptions& options,
                                       const Progress& progress, Eigen::MatrixXf* room)
{
  refuseNegative(measure, shift);
  const std::vector<FeatureId> ids = allIfEmpty(features, counts.features());
  const SpectralClusteringOptions good = checked(options, ids.size());
  // Phi alone has negative values to do away with.
  const AffinityShift applied = measure == AffinityMeasure::Phi ? shift : AffinityShift::None;
  Eigen::MatrixXf own;
  Eigen::MatrixXf& affinity = room ? *room : own;
  computeAffinity(counts, measure, applied, ids, affinity, progress.stage("Affinity", 0.0, 0.1));
  return cluster(*denseOperator(affinity), ids, counts.features(), good,
                 progress.stage("", 0.1, 1.0));
}

bool isLinearInCounts(AffinityMeasure measure, AffinityShift shift)
{
  return measure == AffinityMeasure::SimpleMatching ||
         (measure == AffinityMeasure::Phi && shift == AffinityShift::Add);
}

SpectralClustering clusterFirings(const Firings& firings, AffinityMeasure measure,
                                  AffinityShift shift, const std::vector<FeatureId>& features,
                                  const SpectralClusteringOptions& options,
                                  const Progress& progress)
{
  if (!isLinearInCounts(measure, shift))
    throw Error(displayName(measure) + " cannot be clustered without the counts of all pairs");
  const std::vector<FeatureId> ids = allIfEmpty(features, firings.features);
  const SpectralClusteringOptions good = checked(options, ids.size());
  const auto affinity = firingsOperator(firings, measure, ids);
  return cluster(*affinity, ids, firings.features, good, progress);
}

SpectralClustering clusterVectors(const FeatureMatrixView& decoder, AffinityShift shift,
                                  const std::vector<FeatureId>& features,
                                  const SpectralClusteringOptions& options,
                                  const Progress& progress, Eigen::MatrixXf* room)
{
  const std::vector<FeatureId> ids = allIfEmpty(features, decoder.cols());
  const SpectralClusteringOptions good = checked(options, ids.size());
  const Progress making = progress.stage("Angles", 0.0, 0.5);
  Eigen::MatrixXf own;
  Eigen::MatrixXf& affinity = room ? *room : own;
  const auto make = [&](const FeatureMatrixView& vectors) {
    if (shift == AffinityShift::Clip)
      computePositiveCosine(vectors, affinity, making);
    else
      computeAngularSimilarity(vectors, affinity, making);
  };
  if (static_cast<Eigen::Index>(ids.size()) == decoder.cols()) {
    make(decoder);
  } else {
    const Eigen::MatrixXf part = decoder(Eigen::all, ids);
    make(part);
  }
  return cluster(*denseOperator(affinity), ids, decoder.cols(), good, progress.stage("", 0.5, 1.0));
}

SpectralClustering clusterAffinity(const Eigen::MatrixXf& affinity,
                                   const SpectralClusteringOptions& options,
                                   const Progress& progress)
{
  if (affinity.rows() != affinity.cols())
    throw Error("an affinity is a square matrix (found " + std::to_string(affinity.rows()) + " x " +
                std::to_string(affinity.cols()) + ")");
  if (!(affinity.size() == 0 || affinity.minCoeff() >= 0.0f) || !affinity.allFinite())
    throw Error("an affinity for spectral clustering has no negative values and is finite");
  const std::vector<FeatureId> ids = allIfEmpty({}, affinity.cols());
  const SpectralClusteringOptions good = checked(options, ids.size());
  Eigen::MatrixXf copy = affinity;
  return cluster(*denseOperator(copy), ids, affinity.cols(), good, progress);
}

}  // namespace orrery
