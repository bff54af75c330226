#include "core/document/GalaxyStudy.h"

#include "core/base/Error.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace orrery {
namespace {

std::vector<LayerSource> sourcesOf(const std::vector<GalaxyEntry>& entries)
{
  std::vector<LayerSource> sources;
  for (const GalaxyEntry& entry : entries)
    sources.push_back(entry.source);
  return sources;
}

/// Which entry a late result belongs to.
bool isSame(const LayerSource& a, const LayerSource& b)
{
  return a.open == b.open && a.path == b.path && a.options.dataset == b.options.dataset;
}

/// Half of what is free: views and the work beside it need the rest.
std::uint64_t cacheBudget()
{
  return availableMemory() / 2;
}

}  // namespace

GalaxyStudy::GalaxyStudy(Document* document, QObject* parent)
    : QObject(parent), m_document(document)
{
  m_options.components = 3;
  connect(document, &Document::layersChanged, this, &GalaxyStudy::takeDocumentLayers);
  connect(document, &Document::currentLayerChanged, this, &GalaxyStudy::takeCurrentLayer);
  connect(&m_job, &JobRunner::failed, this, [this](const QString& text) {
    emit messageRaised({Message::Kind::Failure, text, {}, {}, false});
  });
  takeDocumentLayers();
}

QStringList GalaxyStudy::warnings() const
{
  QStringList texts;
  for (const std::string& warning : layerWarnings(sourcesOf(m_entries)))
    texts << QString::fromStdString(warning);
  if (m_current >= 0 && m_entries[static_cast<std::size_t>(m_current)].analysis)
    for (const std::string& warning :
         m_entries[static_cast<std::size_t>(m_current)].analysis->warnings)
      texts << QString::fromStdString(warning);
  return texts;
}

void GalaxyStudy::sortEntries()
{
  const auto key = [](const GalaxyEntry& entry) {
    const Origin& origin = entry.source.origin;
    return std::tuple(origin.layer.value_or(std::numeric_limits<int>::max()),
                      origin.width.value_or(entry.source.features), origin.l0.value_or(0));
  };
  std::ranges::stable_sort(
      m_entries, [&](const GalaxyEntry& a, const GalaxyEntry& b) { return key(a) < key(b); });
}

void GalaxyStudy::takeDocumentLayers()
{
  std::vector<GalaxyEntry> entries;
  for (const auto& layer : m_document->layers()) {
    const auto known = std::ranges::find_if(m_entries, [&](const GalaxyEntry& entry) {
      return entry.layerId == layer->id && entry.source.open->decoder == layer->dictionary->decoder;
    });
    GalaxyEntry entry;
    if (known != m_entries.end())
      entry = *known;
    entry.layerId = layer->id;
    if (known == m_entries.end()) {
      entry.source.path = layer->dictionary->source.path;
      entry.source.origin = layer->dictionary->origin;
    }
    entry.source.open = layer->dictionary;
    entry.source.name = layer->title().toStdString();
    entry.source.features = layer->dictionary->features();
    entry.source.dimensions = layer->dictionary->dimensions();
    entries.push_back(std::move(entry));
  }
  for (const GalaxyEntry& entry : m_entries) {
    if (entry.layerId != 0)
      continue;
    // Opened since: the document's own stands for it.
    const bool opened = std::ranges::any_of(entries, [&](const GalaxyEntry& other) {
      return other.layerId != 0 && other.source.path == entry.source.path &&
             (!entry.source.options.dataset ||
              other.source.open->source.dataset == *entry.source.options.dataset);
    });
    if (!opened)
      entries.push_back(entry);
  }
  m_entries = std::move(entries);
  sortEntries();
  m_followed.reset();
  m_current = m_entries.empty() ? -1 : 0;
  takeCurrentLayer();
  emit entriesChanged();
  emit followedChanged();
}

void GalaxyStudy::takeCurrentLayer()
{
  const auto layer = m_document->layer();
  if (!layer)
    return;
  for (std::size_t i = 0; i < m_entries.size(); ++i)
    if (m_entries[i].layerId == layer->id && m_current != static_cast<int>(i)) {
      m_current = static_cast<int>(i);
      emit currentChanged();
    }
}

void GalaxyStudy::addLayers(std::vector<std::filesystem::path> paths)
{
  m_job.start(
      tr("Listing layers"),
      [paths = std::move(paths)](const Progress& progress) {
        ReadOptions options;
        options.compareEncoder = false;
        return listLayers(paths, options, progress);
      },
      [this](LayerListing listing) {
        for (LayerSource& source : listing.layers) {
          const bool known = std::ranges::any_of(
              m_entries, [&](const GalaxyEntry& entry) { return isSame(entry.source, source); });
          if (!known)
            m_entries.push_back({std::move(source), 0, nullptr});
        }
        takeDocumentLayers();
        for (const std::string& note : listing.notes)
          emit messageRaised({Message::Kind::Note, QString::fromStdString(note), {}, {}, false});
      });
}

void GalaxyStudy::setOptions(const LayerAnalysisOptions& options)
{
  m_options = options;
  for (GalaxyEntry& entry : m_entries)
    entry.analysis.reset();
  emit entriesChanged();
}

void GalaxyStudy::setWindow(int firstRank, int lastRank)
{
  if (firstRank < 1 || lastRank - firstRank < 9)
    return;
  SpectrumOptions options = m_options.spectrum;
  options.firstRank = firstRank;
  options.lastRank = lastRank;
  std::vector<std::shared_ptr<const LayerAnalysis>> fitted;
  for (const GalaxyEntry& entry : m_entries) {
    if (!entry.analysis) {
      fitted.push_back(nullptr);
      continue;
    }
    auto analysis = std::make_shared<LayerAnalysis>(*entry.analysis);
    analysis->options.spectrum = options;
    try {
      analysis->spectrum = describeSpectrum(entry.analysis->spectrum.eigenvalues,
                                            entry.analysis->spectrum.features, options);
    } catch (const Error&) {
      return;  // Too few ranks for one of the layers: the window stays as it was.
    }
    // Intervals over features belong to the old window; only that of the whole volume stays.
    analysis->spectrum.logEffectiveVolumeInterval =
        entry.analysis->spectrum.logEffectiveVolumeInterval;
    analysis->warnings.clear();
    addControls(*analysis);
    fitted.push_back(std::move(analysis));
  }
  m_options.spectrum = options;
  for (std::size_t i = 0; i < m_entries.size(); ++i)
    m_entries[i].analysis = std::move(fitted[i]);
  emit entriesChanged();
}

void GalaxyStudy::setOrigin(int entry, const Origin& origin)
{
  m_entries.at(static_cast<std::size_t>(entry)).source.origin = origin;
  const LayerSource shown =
      m_current < 0 ? LayerSource() : m_entries[static_cast<std::size_t>(m_current)].source;
  sortEntries();
  for (std::size_t i = 0; i < m_entries.size(); ++i)
    if (isSame(m_entries[i].source, shown))
      m_current = static_cast<int>(i);
  m_followed.reset();
  emit entriesChanged();
  emit followedChanged();
}

void GalaxyStudy::analyze()
{
  struct Done {
    LayerSource source;
    std::shared_ptr<const LayerAnalysis> analysis;
    QString problem;
  };
  std::vector<LayerSource> missing;
  for (const GalaxyEntry& entry : m_entries)
    if (!entry.analysis)
      missing.push_back(entry.source);
  if (missing.empty())
    return;
  m_job.start(
      tr("Galaxy of %n layer(s)", nullptr, static_cast<int>(missing.size())),
      [missing, options = m_options](const Progress& progress) {
        std::vector<Done> all;
        const std::size_t count = missing.size();
        // Each is needed once: nothing read is kept.
        LayerCache cache(missing, 0);
        for (std::size_t i = 0; i < count; ++i) {
          const Progress part =
              progress.stage("layer " + std::to_string(i + 1) + " of " + std::to_string(count),
                             static_cast<double>(i) / static_cast<double>(count),
                             static_cast<double>(i + 1) / static_cast<double>(count));
          Done done;
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
          all.push_back(std::move(done));
        }
        return all;
      },
      [this](std::vector<Done> all) {
        for (Done& done : all) {
          for (GalaxyEntry& entry : m_entries)
            if (isSame(entry.source, done.source)) {
              entry.analysis = done.analysis;
              entry.source.features = done.source.features;
              entry.source.dimensions = done.source.dimensions;
            }
          if (!done.problem.isEmpty())
            emit messageRaised({Message::Kind::Warning, done.problem, {}, {}, false});
        }
        emit entriesChanged();
      });
}

void GalaxyStudy::setCurrent(int entry)
{
  if (entry < 0 || entry >= static_cast<int>(m_entries.size()) || entry == m_current)
    return;
  m_current = entry;
  emit currentChanged();
  if (const int id = m_entries[static_cast<std::size_t>(entry)].layerId)
    m_document->setCurrentLayer(id);
}

void GalaxyStudy::follow(std::vector<FeatureId> features)
{
  if (m_current < 0 || features.empty())
    return;
  m_job.start(
      tr("Following %n feature(s) through layers", nullptr, static_cast<int>(features.size())),
      [sources = sourcesOf(m_entries), start = static_cast<std::size_t>(m_current),
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
