// Searches of a CrystalStudy: estimate, streaming, judging, and why something was not found.
#include "core/document/CrystalSpaces.h"
#include "core/embedding/VectorAlgebra.h"

#include <utility>

namespace orrery {

// Search -----------------------------------------------------------------------------------------

void CrystalStudy::estimate(const CrystalSearchOptions& options, bool cleaned)
{
  m_estimate.reset();
  emit estimateChanged();
  if (!m_spaces || (cleaned && !m_cleaned))
    return;
  m_estimateJob.start(
      tr("Estimating the search"),
      [spaces = m_spaces, space = cleaned ? m_cleaned : nullptr,
       options](const Progress& progress) {
        return estimateSearch(space ? space->space : spaces->raw(progress), options, progress);
      },
      [this](CrystalSearchEstimate estimate) {
        m_estimate = std::move(estimate);
        emit estimateChanged();
      });
}

void CrystalStudy::search(const CrystalSearchOptions& options, bool cleaned, int nullSearches)
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
      [this, cleaned, nullSearches](CrystalSearchResult result) {
        m_liveTimer.stop();
        m_live.reset();
        auto findings = std::make_shared<CrystalFindings>();
        findings->cleaned = cleaned;
        m_findings = std::move(findings);
        judge(std::move(result), nullSearches);
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
    judge(std::move(result), 0);
  } else if (newest) {
    findings->result = std::move(*newest);
    m_findings = std::move(findings);
    emit findingsChanged();
  }
}

/// Families, measures and nulls of what was found.
void CrystalStudy::judge(CrystalSearchResult result, int nullSearches)
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
       cleaned = shown->cleaned, nullSearches](const Progress& progress) mutable {
        auto findings = std::make_shared<CrystalFindings>();
        findings->cleaned = cleaned;
        const CrystalSpace searched = space ? space->space : spaces->raw(progress);
        const CrystalMode mode = result.options.mode;
        findings->families =
            groupFamilies(searched, result.found, mode, {}, progress.stage("families", 0.0, 0.1));
        std::vector<Crystal> crystals;
        std::vector<double> scores;
        for (const FoundCrystal& found : result.found) {
          crystals.push_back(found.crystal);
          scores.push_back(found.score);
        }
        findings->qualities =
            measureCrystals(searched, crystals, true, progress.stage("measures", 0.1, 0.3));
        CrystalNullOptions options;
        options.searches = nullSearches;
        findings->null = computeCrystalNull(searched, result.options, options,
                                            progress.stage("the same without meaning", 0.3, 1.0));
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
        report->raw = explainCrystal(spaces->raw(progress), report->crystal, options, completeAbove,
                                     null.get(), progress);
        if (cleaned)
          report->cleaned =
              explainCrystal(cleaned->space, report->crystal, options, -1.0, nullptr, progress);
        return std::shared_ptr<const WhyNotReport>(std::move(report));
      },
      [this](std::shared_ptr<const WhyNotReport> report) {
        m_whyNot = std::move(report);
        emit whyNotChanged();
      });
}

}  // namespace orrery
