// What the galaxy study runs in the background.
#include "core/base/Error.h"
#include "core/document/GalaxyStudy.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace orrery {
namespace {

/// Half of what is free: views and the work beside it need the rest.
std::uint64_t cacheBudget()
{
  return availableMemory() / 2;
}

}  // namespace

struct GalaxyStudy::Analyzed {
  LayerSource source;
  std::shared_ptr<const LayerAnalysis> analysis;
  QString problem;
};

/// Finished layers on their way from the worker to the window.
struct GalaxyStudy::Outbox {
  std::mutex lock;
  std::vector<Analyzed> finished;

  void put(Analyzed analyzed)
  {
    const std::scoped_lock held(lock);
    finished.push_back(std::move(analyzed));
  }
  std::vector<Analyzed> take()
  {
    const std::scoped_lock held(lock);
    return std::exchange(finished, {});
  }
};

void GalaxyStudy::addLayers(std::vector<std::filesystem::path> paths)
{
  m_listJob.start(
      tr("Listing layers"),
      [paths = std::move(paths)](const Progress& progress) {
        ReadOptions options;
        options.compareEncoder = false;
        return listLayers(paths, options, progress);
      },
      [this](LayerListing listing) {
        for (LayerSource& source : listing.layers) {
          const bool known = std::ranges::any_of(m_entries, [&](const GalaxyEntry& entry) {
            return isSameLayer(entry.source, source);
          });
          if (!known)
            m_entries.push_back({source, source.origin, 0, nullptr});
        }
        takeDocumentLayers();
        for (const std::string& note : listing.notes)
          emit messageRaised({Message::Kind::Note, QString::fromStdString(note), {}, {}, false});
      });
}

void GalaxyStudy::analyze()
{
  std::vector<LayerSource> missing;
  for (const GalaxyEntry& entry : m_entries)
    if (!entry.analysis)
      missing.push_back(entry.source);
  if (m_activations && !m_activations->analysis)
    analyzeActivations();
  if (missing.empty())
    return;
  auto outbox = std::make_shared<Outbox>();
  m_outbox = outbox;
  m_job.start(
      tr("Galaxy of %n layer(s)", nullptr, static_cast<int>(missing.size())),
      [missing, outbox, options = m_options](const Progress& progress) {
        const std::size_t count = missing.size();
        // Each is needed once: nothing read is kept.
        LayerCache cache(missing, 0);
        for (std::size_t i = 0; i < count; ++i) {
          const Progress part =
              progress.stage("layer " + std::to_string(i + 1) + " of " + std::to_string(count),
                             static_cast<double>(i) / static_cast<double>(count),
                             static_cast<double>(i + 1) / static_cast<double>(count));
          Analyzed done;
          done.source = missing[i];
          try {
            const auto dictionary = cache.dictionary(i, part.stage("reading", 0.0, 0.1));
            done.source.features = dictionary->features();
            done.source.dimensions = dictionary->dimensions();
            done.analysis = std::make_shared<const LayerAnalysis>(
                analyzeLayer(*dictionary, options, part.stage("spectrum and entropy", 0.1, 1.0)));
          } catch (const Error& error) {
            done.problem = QString::fromStdString(missing[i].name + ": " + error.what());
          }
          outbox->put(std::move(done));
        }
        return true;
      },
      [this](bool) {
        takeAnalyzed();
        m_collecting.stop();
        m_outbox.reset();
      });
  m_collecting.start();
}

void GalaxyStudy::takeAnalyzed()
{
  if (!m_outbox)
    return;
  std::vector<Analyzed> finished = m_outbox->take();
  if (finished.empty())
    return;
  for (Analyzed& done : finished) {
    for (GalaxyEntry& entry : m_entries)
      if (isSameLayer(entry.source, done.source)) {
        entry.analysis = done.analysis;
        entry.source.features = done.source.features;
        entry.source.dimensions = done.source.dimensions;
      }
    if (!done.problem.isEmpty())
      emit messageRaised({Message::Kind::Warning, done.problem, {}, {}, false});
  }
  emit entriesChanged();
}

void GalaxyStudy::correctWindows()
{
  std::vector<std::shared_ptr<const LayerAnalysis>> waiting;
  for (const GalaxyEntry& entry : m_entries)
    if (entry.analysis && !entry.analysis->correction)
      waiting.push_back(entry.analysis);
  if (m_activations && m_activations->analysis && !m_activations->analysis->correction)
    waiting.push_back(m_activations->analysis);
  if (waiting.empty())
    return;
  m_correctionJob.start(
      tr("Correcting slopes for sampling"),
      [waiting](const Progress& progress) {
        std::vector<std::shared_ptr<const LayerAnalysis>> corrected;
        for (std::size_t i = 0; i < waiting.size(); ++i) {
          progress.update(static_cast<std::int64_t>(i), static_cast<std::int64_t>(waiting.size()));
          auto analysis = std::make_shared<LayerAnalysis>(*waiting[i]);
          addCorrection(*analysis, Progress(progress.stopToken(), {}));
          corrected.push_back(std::move(analysis));
        }
        return corrected;
      },
      [this, waiting](std::vector<std::shared_ptr<const LayerAnalysis>> corrected) {
        // What has another window by now is left alone.
        for (std::size_t i = 0; i < waiting.size(); ++i) {
          for (GalaxyEntry& entry : m_entries)
            if (entry.analysis == waiting[i])
              entry.analysis = corrected[i];
          if (m_activations && m_activations->analysis == waiting[i])
            m_activations->analysis = corrected[i];
        }
        emit entriesChanged();
      });
}

void GalaxyStudy::setActivations(const std::filesystem::path& path)
{
  m_activations = GalaxyActivations{path, nullptr};
  analyzeActivations();
}

void GalaxyStudy::analyzeActivations()
{
  m_activationsJob.start(
      tr("Activations"),
      [path = m_activations->path, options = m_options](const Progress& progress) {
        ReadOptions plain;
        plain.withoutLabels = true;
        plain.compareEncoder = false;
        const Dictionary activations =
            readDictionary(path, plain, progress.stage("reading", 0.0, 0.1));
        return std::make_shared<const LayerAnalysis>(
            analyzeLayer(activations, options, progress.stage("spectrum and entropy", 0.1, 1.0)));
      },
      [this](std::shared_ptr<const LayerAnalysis> analysis) {
        m_activations->analysis = std::move(analysis);
        m_windowRest.start();  // Its window may be an older one.
        emit entriesChanged();
      });
}

void GalaxyStudy::inspect(int component)
{
  if (m_current < 0 || !m_entries[static_cast<std::size_t>(m_current)].analysis)
    return;
  const GalaxyEntry& entry = m_entries[static_cast<std::size_t>(m_current)];
  m_componentJob.start(
      tr("Component %1").arg(component + 1),
      [source = entry.source, analysis = entry.analysis, component](const Progress& progress) {
        LayerCache cache({source}, 0);
        const auto dictionary = cache.dictionary(0, progress);
        auto inspected = std::make_shared<InspectedComponent>();
        inspected->source = source;
        inspected->report = inspectComponent(*dictionary, *analysis, component);
        const auto label = [&](FeatureId id) {
          return dictionary->labels.empty() ? std::string()
                                            : dictionary->labels[static_cast<std::size_t>(id)];
        };
        for (const auto& [id, score] : inspected->report.highest)
          inspected->highestLabels.push_back(label(id));
        for (const auto& [id, score] : inspected->report.lowest)
          inspected->lowestLabels.push_back(label(id));
        return std::shared_ptr<const InspectedComponent>(std::move(inspected));
      },
      [this](std::shared_ptr<const InspectedComponent> inspected) {
        m_component = std::move(inspected);
        emit componentChanged();
      });
}

std::shared_ptr<const LayerTransition> GalaxyStudy::transition(int first, int second) const
{
  const LayerSource& a = m_entries.at(static_cast<std::size_t>(first)).source;
  const LayerSource& b = m_entries.at(static_cast<std::size_t>(second)).source;
  for (const Matched& matched : m_matched)
    if (isSameLayer(matched.first, a) && isSameLayer(matched.second, b))
      return matched.transition;
  return nullptr;
}

void GalaxyStudy::matchLayers()
{
  const std::vector<int> taken = compared();
  std::vector<std::pair<LayerSource, LayerSource>> missing;
  std::vector<LayerSource> sources;
  for (std::size_t i = 0; i + 1 < taken.size(); ++i)
    if (!transition(taken[i], taken[i + 1])) {
      const LayerSource& first = m_entries[static_cast<std::size_t>(taken[i])].source;
      missing.emplace_back(first, m_entries[static_cast<std::size_t>(taken[i + 1])].source);
      if (sources.empty() || !isSameLayer(sources.back(), first))
        sources.push_back(first);
      sources.push_back(missing.back().second);
    }
  if (missing.empty()) {
    emit transitionsChanged();
    return;
  }
  m_matchJob.start(
      tr("Matching features of %n layer(s)", nullptr, static_cast<int>(missing.size()) + 1),
      [missing, sources](const Progress& progress) {
        LayerCache cache(sources, cacheBudget());
        const auto indexOf = [&](const LayerSource& source) {
          return static_cast<std::size_t>(
              std::ranges::find_if(
                  sources, [&](const LayerSource& other) { return isSameLayer(source, other); }) -
              sources.begin());
        };
        std::vector<Matched> all;
        const auto count = static_cast<double>(missing.size());
        for (std::size_t i = 0; i < missing.size(); ++i) {
          const auto& [first, second] = missing[i];
          const Progress part =
              progress.stage(first.name + " with " + second.name, static_cast<double>(i) / count,
                             static_cast<double>(i + 1) / count);
          const auto a = cache.dictionary(indexOf(first), part.stage("reading", 0.0, 0.05));
          const auto b = cache.dictionary(indexOf(second), part.stage("reading", 0.05, 0.1));
          all.push_back({first, second,
                         std::make_shared<const LayerTransition>(
                             orrery::matchLayers(*a, *b, {}, part.stage("matching", 0.1, 1.0)))});
        }
        return all;
      },
      [this](std::vector<Matched> all) {
        std::ranges::move(all, std::back_inserter(m_matched));
        emit transitionsChanged();
      });
}

void GalaxyStudy::follow(std::vector<FeatureId> features, int entry)
{
  if (entry < 0) {
    const auto layer = m_document->layer();
    for (std::size_t i = 0; layer && i < m_entries.size(); ++i)
      if (m_entries[i].layerId == layer->id)
        entry = static_cast<int>(i);
  }
  if (entry < 0 || entry >= static_cast<int>(m_entries.size()) || features.empty()) {
    emit messageRaised({Message::Kind::Note,
                        tr("Nothing is selected in an open layer: select features, or choose one "
                           "in the table of a component, and follow them."),
                        {},
                        {},
                        false});
    return;
  }
  m_followJob.start(
      tr("Following %n feature(s) through layers", nullptr, static_cast<int>(features.size())),
      [sources = sourcesOf(m_entries), start = static_cast<std::size_t>(entry),
       features = std::move(features)](const Progress& progress) {
        LayerCache cache(sources, cacheBudget());
        return std::make_shared<const FollowedFeatures>(
            followFeatures(cache, start, features, {}, progress));
      },
      [this, count = m_entries.size()](std::shared_ptr<const FollowedFeatures> followed) {
        if (m_entries.size() != count)
          return;
        m_followed = std::move(followed);
        emit followedChanged();
      });
}

}  // namespace orrery
