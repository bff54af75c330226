// Searches of a CrystalStudy: estimate, streaming, judging, and why something was not found.
#include "core/crystals/CrystalGroups.h"
#include "core/document/CrystalSpaces.h"
#include "core/embedding/VectorAlgebra.h"

#include <algorithm>
#include <array>
#include <utility>

namespace orrery {
// Search -----------------------------------------------------------------------------------------

void CrystalStudy::estimate(const CrystalSearchOptions& options, bool cleaned, int groups)
{
  m_estimate.reset();
  emit estimateChanged();
  if (!m_spaces || (cleaned && !m_cleaned))
    return;
  m_estimateJob.start(
      tr("Estimating the search"),
      [spaces = m_spaces, space = cleaned ? m_cleaned : nullptr, options,
       groups](const Progress& progress) {
        const CrystalSpace searched = space ? space->space : spaces->raw(progress);
        CrystalSearchEstimate estimate = estimateSearch(searched, options, progress);
        if (groups > 0) {
          const DifferenceClusterEstimate own =
              estimateDifferenceClusters(searched, familyClusters(options, groups));
          estimate.seconds += own.seconds;
          estimate.bytes = std::max(estimate.bytes, own.bytes);
          estimate.sentence += ". Then " + own.sentence;
        }
        return estimate;
      },
      [this](CrystalSearchEstimate estimate) {
        m_estimate = std::move(estimate);
        emit estimateChanged();
      });
}

void CrystalStudy::search(const CrystalSearchOptions& options, bool cleaned, int nullSearches,
                          int groups)
{
  if (!m_spaces || (cleaned && !m_cleaned))
    return;
  m_live.reset();
  m_searchJob.cancel();
  m_judgeJob.cancel();
  const auto live = std::make_shared<LiveSearch>();
  live->cleaned = cleaned;
  live->options = options;
  m_searchJob.start(
      tr("Searching crystals"),
      [live, spaces = m_spaces, space = cleaned ? m_cleaned : nullptr,
       options](const Progress& progress) {
        return findCrystals(space ? space->space : spaces->raw(progress), options, progress,
                            [live](const CrystalSearchResult& soFar) {
                              const std::lock_guard lock(live->mutex);
                              live->newest = soFar;
                              live->fresh = true;
                            });
      },
      [this, cleaned, nullSearches, groups](CrystalSearchResult result) {
        m_liveTimer.stop();
        m_live.reset();
        auto findings = std::make_shared<CrystalFindings>();
        findings->cleaned = cleaned;
        m_findings = std::move(findings);
        judge(std::move(result), nullSearches, groups);
      });
  m_live = live;
  m_liveTimer.start();
  auto findings = std::make_shared<CrystalFindings>();
  findings->cleaned = cleaned;
  findings->result.options = options;
  findings->running = true;
  m_findings = std::move(findings);
  emit findingsChanged();
}

void CrystalStudy::stopSearch()
{
  m_searchJob.cancel();
  m_judgeJob.cancel();
}

/// Shows what the search has so far; @p stopped: and judges that, for no more will come.
void CrystalStudy::takeFound(bool stopped)
{
  const auto live = m_live;
  if (!live)
    return;
  std::optional<CrystalSearchResult> newest;
  {
    const std::lock_guard lock(live->mutex);
    if (std::exchange(live->fresh, false) || stopped)
      newest = live->newest;
  }
  if (stopped) {
    m_live.reset();
    m_liveTimer.stop();
  }
  auto findings = std::make_shared<CrystalFindings>();
  findings->cleaned = live->cleaned;
  findings->running = !stopped;
  findings->result.options = live->options;
  if (stopped) {
    CrystalSearchResult result = newest.value_or(findings->result);
    result.partial = true;
    m_findings = std::move(findings);
    judge(std::move(result), 0, 0);
  } else if (newest) {
    findings->result = std::move(*newest);
    m_findings = std::move(findings);
    emit findingsChanged();
  }
}

/// Families, measures and nulls of what was found.
void CrystalStudy::judge(CrystalSearchResult result, int nullSearches, int groups)
{
  auto shown = std::make_shared<CrystalFindings>(*m_findings);
  shown->result = result;
  shown->running = false;
  m_findings = shown;
  emit findingsChanged();
  if (result.found.empty())
    return;
  m_judgeJob.start(
      tr("Judging crystals"),
      [spaces = m_spaces, space = shown->cleaned ? m_cleaned : nullptr, result = std::move(result),
       cleaned = shown->cleaned, nullSearches, groups](const Progress& progress) mutable {
        auto findings = std::make_shared<CrystalFindings>();
        findings->cleaned = cleaned;
        const CrystalSpace searched = space ? space->space : spaces->raw(progress);
        const CrystalMode mode = result.options.mode;
        findings->families =
            groupFamilies(searched, result.found, mode, {}, progress.stage("families", 0.0, 0.05));
        if (groups > 0) {
          CrystalGroups grouped =
              addGroupCrystals(searched, groups, result, std::move(findings->families),
                               progress.stage("grouping all differences", 0.05, 0.3));
          findings->families = std::move(grouped.families);
          findings->groups =
              std::make_shared<const DifferenceClusters>(std::move(grouped.clusters));
        }
        std::vector<Crystal> crystals;
        std::vector<double> scores;
        for (const FoundCrystal& found : result.found) {
          crystals.push_back(found.crystal);
          scores.push_back(found.score);
        }
        findings->qualities =
            measureCrystals(searched, crystals, true, progress.stage("measures", 0.3, 0.4));
        CrystalNullOptions options;
        options.searches = nullSearches;
        options.groups = groups;
        findings->null = computeCrystalNull(searched, result.options, options,
                                            progress.stage("the same without meaning", 0.4, 1.0));
        const auto rates = falseDiscoveryRates(scores, findings->null);
        for (std::size_t i = 0; i < scores.size(); ++i) {
          findings->qualities[i].z = findings->null.z(scores[i]);
          findings->qualities[i].pValue = findings->null.pValue(scores[i]);
          findings->qualities[i].fdr = rates[i];
        }
        findings->result = std::move(result);
        return std::shared_ptr<const CrystalFindings>(std::move(findings));
      },
      [this](std::shared_ptr<const CrystalFindings> findings) {
        m_findings = std::move(findings);
        emit findingsChanged();
      });
}

void CrystalStudy::explain(const std::array<std::string, 4>& labels,
                           const CrystalSearchOptions& options)
{
  if (!m_spaces)
    return;
  std::shared_ptr<const CrystalNull> null;
  double completeAbove = -1.0;
  if (m_findings && !m_findings->running && !m_findings->cleaned) {
    completeAbove = m_findings->result.complete ? -1.0 : m_findings->result.completeAbove;
    if (!m_findings->null.randomScores.empty())
      null = std::shared_ptr<const CrystalNull>(m_findings, &m_findings->null);
  }
  m_whyNotJob.start(
      tr("Why not?"),
      [spaces = m_spaces, cleaned = m_cleaned, labels, options, null,
       completeAbove](const Progress& progress) {
        auto report = std::make_shared<WhyNotReport>();
        std::array<FeatureId, 4> corners{};
        for (std::size_t i = 0; i < 4; ++i)
          corners[i] = findFeature(labels[i], *spaces->dictionary);
        report->crystal = {corners[0], corners[1], corners[2], corners[3]};
        report->raw =
            explainCrystal(spaces->raw(progress), report->crystal, options,
                           WhyNotOptions{.completeAbove = completeAbove}, null.get(), progress);
        if (cleaned)
          report->cleaned =
              explainCrystal(cleaned->space, report->crystal, options, {}, nullptr, progress);
        return std::shared_ptr<const WhyNotReport>(std::move(report));
      },
      [this](std::shared_ptr<const WhyNotReport> report) {
        m_whyNot = std::move(report);
        emit whyNotChanged();
      });
}

}  // namespace orrery
