#include "core/lobes/LobeAnalysis.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace orrery {
namespace {

std::string grouped(std::int64_t number)
{
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0)
      text += ',';
    text += digits[i];
  }
  return text;
}

bool fromFirings(const CooccurrenceData& data, AffinityMeasure measure, AffinityShift shift)
{
  if (!data.firings || !isLinearInCounts(measure, shift))
    return false;
  // A product walks the firings twice, or the n × n matrix once.
  const auto n = static_cast<double>(data.features());
  return 2.0 * static_cast<double>(data.firings->ids.size()) < n * n || !data.counts;
}

bool needsCounts(const CooccurrenceData& data, const LobeAnalysisOptions& options)
{
  return options.measureNeighborPhi ||
         std::any_of(
             options.measures.begin(), options.measures.end(),
             [&](AffinityMeasure measure) { return !fromFirings(data, measure, options.shift); });
}

/// Vectors with zeros in place of what is not finite: those features take no part.
std::shared_ptr<const FeatureMatrix> finiteCopy(const FeatureMatrixView& decoder,
                                                const std::vector<FeatureId>& unusable)
{
  if (unusable.empty())
    return nullptr;
  auto copy = std::make_shared<FeatureMatrix>(decoder);
  for (const FeatureId id : unusable)
    copy->col(id).setZero();
  return copy;
}

void addNotes(const SpectralClustering& clustering, const std::string& name, LobeAnalysis& analysis)
{
  if (clustering.isolated > 0)
    analysis.notes.push_back(name + ": " + grouped(clustering.isolated) +
                             " features have no affinity to any other and so no lobe.");
  if (!clustering.converged)
    analysis.notes.push_back(name + ": the eigenvectors did not converge after " +
                             std::to_string(clustering.products) +
                             " products; lobes may depend on the seed.");
}

class Analysis {
 public:
  Analysis(const CooccurrenceData& data, const FeatureMatrixView& decoder,
           const LobeAnalysisOptions& options, const Progress& progress)
      : m_data(data), m_decoder(decoder), m_options(options), m_progress(progress)
  {
  }

  LobeAnalysis run(const std::vector<FeatureId>& unusable)
  {
    m_result.options = m_options;
    m_result.features = chooseLobeFeatures(m_data.own, m_data.blocks(), m_options.filter,
                                           m_options.locality.variant, unusable);
    m_result.notes.push_back(m_result.features.sentence());
    const int most = *std::max_element(m_options.clustering.clusters.begin(),
                                       m_options.clustering.clusters.end());
    if (static_cast<int>(m_result.features.used.size()) < std::max(most, 2))
      throw Error(std::to_string(most) + " lobes cannot be made: " + m_result.features.sentence());
    clusterFunctional();
    clusterSpatial();
    if (m_options.measureLocality)
      measure();
    return std::move(m_result);
  }

 private:
  void clusterFunctional()
  {
    std::shared_ptr<const Cooccurrence> counts;
    if (needsCounts(m_data, m_options))
      counts = countsOf(m_data, m_progress.stage("Counting", 0.0, 0.15));
    const std::vector<FeatureId>& used = m_result.features.used;
    const auto measures = m_options.measures.size();
    for (std::size_t i = 0; i < measures; ++i) {
      const AffinityMeasure measure = m_options.measures[i];
      const auto part = [&](double within) {
        return 0.15 + 0.25 * (static_cast<double>(i) + within) / static_cast<double>(measures);
      };
      const Progress stage =
          m_progress.stage("Lobes by " + displayName(measure), part(0.0), part(1.0));
      FunctionalLobes lobes;
      lobes.measure = measure;
      lobes.clustering = fromFirings(m_data, measure, m_options.shift)
                             ? clusterFirings(*m_data.firings, measure, m_options.shift, used,
                                              m_options.clustering, stage)
                             : clusterCooccurrence(*counts, measure, m_options.shift, used,
                                                   m_options.clustering, stage, &m_room);
      addNotes(lobes.clustering, displayName(measure), m_result);
      if (m_options.measureStability && m_data.firings)
        lobes.stability = measureStability(*m_data.firings, measure, m_options.shift, used,
                                           m_options.clustering, 4, stage);
      m_result.functional.push_back(std::move(lobes));
    }
    if (m_options.measureNeighborPhi)
      m_result.neighborPhi =
          measureNeighborPhi(*counts, m_decoder, used, {.seed = m_options.locality.seed},
                             m_progress.stage("Neighbours", 0.4, 0.45));
  }

  void clusterSpatial()
  {
    m_result.spatial =
        clusterVectors(m_decoder, m_options.shift, m_result.features.used, m_options.clustering,
                       m_progress.stage("Lobes by vectors", 0.45, 0.6), &m_room);
    m_room.resize(0, 0);
    addNotes(m_result.spatial, "cosine", m_result);
  }

  void measure()
  {
    std::vector<LobePair> pairs;
    for (std::size_t i = 0; i < m_result.spatial.clusterings.size(); ++i)
      for (const FunctionalLobes& lobes : m_result.functional)
        pairs.push_back({&lobes.clustering.clusterings[i], &m_result.spatial.clusterings[i]});
    std::vector<LobeLocality> localities = measureLocalities(
        pairs, m_decoder, m_data.own, m_options.locality, m_progress.stage("Locality", 0.6, 1.0));
    for (std::size_t i = 0; i < localities.size(); ++i)
      m_result.functional[i % m_result.functional.size()].locality.push_back(
          std::move(localities[i]));
  }

  const CooccurrenceData& m_data;
  FeatureMatrixView m_decoder;
  const LobeAnalysisOptions& m_options;
  const Progress& m_progress;
  Eigen::MatrixXf m_room;  ///< Of the dense affinities, one after the other.
  LobeAnalysis m_result;
};

}  // namespace

std::string LobeFeatures::sentence() const
{
  const auto n =
      static_cast<std::int64_t>(used.size()) + never + rarely + always + often + unusable;
  std::string text = grouped(static_cast<std::int64_t>(used.size())) + " of " + grouped(n) +
                     " features take part in lobes";
  std::string without;
  const auto add = [&](std::int64_t count, const char* why) {
    if (count > 0)
      without += (without.empty() ? "" : ", ") + grouped(count) + " " + why;
  };
  add(never, "never fire");
  add(rarely, "fire in too few blocks");
  add(always, "fire in every block");
  add(often, "fire in too many blocks");
  add(unusable, "have vectors that cannot be used");
  return text + (without.empty() ? "." : "; " + without + ".");
}

LobeFeatures chooseLobeFeatures(const std::vector<std::int64_t>& own, std::int64_t blocks,
                                const LobeFilter& filter, LobeVariant variant,
                                const std::vector<FeatureId>& unusable)
{
  LobeFeatures features;
  // A share such as 0.4 of 11402 blocks is meant exactly; its product may fall a little short.
  const double most = filter.maxShare * static_cast<double>(blocks) * (1.0 + 1e-12);
  for (std::size_t i = 0; i < own.size(); ++i) {
    const auto id = static_cast<FeatureId>(i);
    const bool published = variant == LobeVariant::Published;
    if (std::binary_search(unusable.begin(), unusable.end(), id))
      ++features.unusable;
    else if (own[i] == 0 && !published)
      ++features.never;
    else if (own[i] < filter.minBlocks && !(published && filter.minBlocks <= 1))
      ++features.rarely;
    else if (own[i] == blocks && !published)
      ++features.always;
    else if (static_cast<double>(own[i]) > most)
      ++features.often;
    else
      features.used.push_back(id);
  }
  return features;
}

const FunctionalLobes* LobeAnalysis::find(AffinityMeasure measure) const
{
  for (const FunctionalLobes& lobes : functional)
    if (lobes.measure == measure)
      return &lobes;
  return nullptr;
}

std::uint64_t lobeAnalysisMemory(const CooccurrenceData& data, std::int64_t features,
                                 const LobeAnalysisOptions& options)
{
  const auto m = static_cast<std::uint64_t>(features);
  const bool counting = needsCounts(data, options) && !data.counts;
  const auto most = static_cast<std::uint64_t>(
      *std::max_element(options.clustering.clusters.begin(), options.clustering.clusters.end()));
  // One dense affinity at a time, the counts where they must be made, and two bases of vectors.
  return m * m * 4 + (counting ? cooccurrenceMemory(*data.firings) : 0) +
         2 * m * 8 * std::max<std::uint64_t>(160, 8 * most);
}

LobeAnalysis analyzeLobes(const CooccurrenceData& data, const FeatureMatrixView& decoder,
                          const std::vector<FeatureId>& unusable,
                          const LobeAnalysisOptions& options, const Progress& progress)
{
  if (data.features() != decoder.cols())
    throw Error("counts " + std::to_string(data.features()) + " features, but the dictionary has " +
                std::to_string(decoder.cols()));
  if (options.measures.empty())
    throw Error("no affinity was chosen");
  if (options.clustering.clusters.empty())
    throw Error("no number of lobes was given");
  if (options.shift == AffinityShift::None)
    throw Error("lobes need phi and cosine shifted or clipped");
  const std::uint64_t memory = lobeAnalysisMemory(data, decoder.cols(), options);
  if (data.options.maxMemory && memory > *data.options.maxMemory)
    throw Error("lobes need about " + displayBytes(memory) + " of memory (allowed are " +
                displayBytes(*data.options.maxMemory) + "; see --max-memory)");
  const auto finite = finiteCopy(decoder, unusable);
  return Analysis(data, finite ? FeatureMatrixView(*finite) : decoder, options, progress)
      .run(unusable);
}

}  // namespace orrery
