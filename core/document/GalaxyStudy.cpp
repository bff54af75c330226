#include "core/document/GalaxyStudy.h"

#include "core/base/Error.h"
#include "core/document/ChangeCommand.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace orrery {
namespace {

std::string datasetOf(const GalaxyEntry& entry)
{
  return entry.source.open ? entry.source.open->source.dataset
                           : entry.source.options.dataset.value_or(std::string());
}

/// One that is not named is whichever there is.
bool isSameDataset(const std::string& a, const std::string& b)
{
  return a.empty() || b.empty() || a == b;
}

/// The same but for the folder.
bool isAlike(const GalaxyEntry& entry, const KeptOrigin& kept)
{
  return entry.source.path.filename() == kept.path.filename() &&
         isSameDataset(datasetOf(entry), kept.dataset) && entry.source.name == kept.name;
}

void correct(GalaxyEntry& entry, const KeptOrigin& kept)
{
  entry.source.origin.layer = kept.layer;
  entry.source.origin.width = kept.width;
  entry.source.origin.l0 = kept.l0;
}

/// The document's layers as they were opened, then those on disk by path: an order that corrections
/// do not change.
template <typename Entries>
auto inFixedOrder(Entries& entries)
{
  std::vector<decltype(&entries.front())> order;
  for (auto& entry : entries)
    order.push_back(&entry);
  std::ranges::stable_sort(order, [](const GalaxyEntry* a, const GalaxyEntry* b) {
    constexpr int last = std::numeric_limits<int>::max();
    return std::tuple(a->layerId ? a->layerId : last, a->source.path, datasetOf(*a)) <
           std::tuple(b->layerId ? b->layerId : last, b->source.path, datasetOf(*b));
  });
  return order;
}

/// The analysis fitted over another window; null where that has too few ranks.
std::shared_ptr<const LayerAnalysis> refitted(const LayerAnalysis& before,
                                              const SpectrumOptions& options)
{
  auto analysis = std::make_shared<LayerAnalysis>(before);
  analysis->options.spectrum = options;
  try {
    analysis->spectrum =
        describeSpectrum(before.spectrum.eigenvalues, before.spectrum.features, options);
  } catch (const Error&) {
    return nullptr;
  }
  analysis->spectrum.halfEigenvalues = before.spectrum.halfEigenvalues;
  addIntervals(analysis->spectrum);
  addControls(*analysis);
  return analysis;
}

}  // namespace

std::vector<LayerSource> sourcesOf(const std::vector<GalaxyEntry>& entries)
{
  std::vector<LayerSource> sources;
  for (const GalaxyEntry& entry : entries)
    sources.push_back(entry.source);
  return sources;
}

GalaxyStudy::GalaxyStudy(Document* document, QObject* parent)
    : QObject(parent), m_document(document)
{
  m_collecting.setInterval(200);
  m_windowRest.setSingleShot(true);
  m_windowRest.setInterval(300);
  connect(&m_collecting, &QTimer::timeout, this, &GalaxyStudy::takeAnalyzed);
  connect(&m_windowRest, &QTimer::timeout, this, &GalaxyStudy::correctWindows);
  connect(document, &Document::layersChanged, this, &GalaxyStudy::takeDocumentLayers);
  connect(document, &Document::currentLayerChanged, this, &GalaxyStudy::takeCurrentLayer);
  for (JobRunner* job : jobs())
    connect(job, &JobRunner::failed, this, [this](const QString& text) {
      emit messageRaised({Message::Kind::Failure, text, {}, {}, false});
    });
  connect(&m_job, &JobRunner::cancelled, this, [this] {
    takeAnalyzed();
    m_collecting.stop();
    m_outbox.reset();
    const auto done = std::ranges::count_if(
        m_entries, [](const GalaxyEntry& entry) { return entry.analysis != nullptr; });
    emit messageRaised({Message::Kind::Note,
                        tr("Stopped: %1 of %2 layers are analysed and kept; Analyse goes on.")
                            .arg(done)
                            .arg(m_entries.size()),
                        {},
                        {},
                        false});
  });
  takeDocumentLayers();
}

std::vector<JobRunner*> GalaxyStudy::jobs()
{
  return {&m_job,          &m_listJob,  &m_followJob,    &m_activationsJob,
          &m_componentJob, &m_matchJob, &m_correctionJob};
}

QStringList GalaxyStudy::warnings() const
{
  QStringList texts;
  const std::vector<int> taken = compared();
  if (m_matchedL0) {
    const QString range = QStringLiteral("%1 ± %2 %")
                              .arg(m_matchedL0->l0)
                              .arg(std::lround(100 * m_matchedL0->tolerance));
    texts << (taken.empty()
                  ? tr("No layer has a known L0 of %1: nothing is compared.").arg(range)
                  : tr("%1 of %2 layers are compared, at an L0 of %3; the others are left out.")
                        .arg(taken.size())
                        .arg(m_entries.size())
                        .arg(range));
  }
  std::vector<LayerSource> sources;
  for (const int entry : taken)
    sources.push_back(m_entries[static_cast<std::size_t>(entry)].source);
  for (const std::string& warning : layerWarnings(sources))
    texts << QString::fromStdString(warning);
  if (m_current >= 0 && m_entries[static_cast<std::size_t>(m_current)].analysis)
    for (const std::string& warning :
         m_entries[static_cast<std::size_t>(m_current)].analysis->warnings)
      texts << QString::fromStdString(warning);
  return texts;
}

std::vector<int> GalaxyStudy::compared() const
{
  std::vector<int> taken;
  if (!m_matchedL0) {
    for (std::size_t i = 0; i < m_entries.size(); ++i)
      taken.push_back(static_cast<int>(i));
    return taken;
  }
  const std::vector<LayerSource> sources = sourcesOf(m_entries);
  for (const std::size_t i : layersAtMatchedL0(sources, m_matchedL0->l0))
    if (std::abs(*sources[i].origin.l0 - m_matchedL0->l0) <=
        m_matchedL0->tolerance * m_matchedL0->l0)
      taken.push_back(static_cast<int>(i));
  return taken;
}

void GalaxyStudy::setMatchedL0(const std::optional<MatchedL0>& matched)
{
  m_matchedL0 = matched;
  emit entriesChanged();
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
    entry.source.open = layer->dictionary;
    if (known == m_entries.end()) {
      entry.source.path = layer->dictionary->source.path;
      entry.source.origin = entry.read = layer->dictionary->origin;
      // What was corrected while it was on disk is known of it still.
      const auto listed = std::ranges::find_if(m_entries, [&](const GalaxyEntry& other) {
        return other.layerId == 0 && other.source.path == entry.source.path &&
               isSameDataset(datasetOf(other), datasetOf(entry));
      });
      if (listed != m_entries.end() && listed->source.origin != listed->read)
        entry.source.origin = listed->source.origin;
    }
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
  applyKept();
  sortEntries();
  m_followed.reset();
  m_component.reset();
  m_current = m_entries.empty() ? -1 : 0;
  takeCurrentLayer();
  emit entriesChanged();
  emit followedChanged();
  emit componentChanged();
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

void GalaxyStudy::setOptions(const LayerAnalysisOptions& options)
{
  m_options = options;
  for (GalaxyEntry& entry : m_entries)
    entry.analysis.reset();
  if (m_activations)
    m_activations->analysis.reset();
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
    fitted.push_back(entry.analysis ? refitted(*entry.analysis, options) : nullptr);
    if (entry.analysis && !fitted.back())
      return;  // Too few ranks for one of the layers: the window stays as it was.
  }
  m_options.spectrum = options;
  for (std::size_t i = 0; i < m_entries.size(); ++i)
    m_entries[i].analysis = std::move(fitted[i]);
  if (m_activations && m_activations->analysis)
    m_activations->analysis = refitted(*m_activations->analysis, options);
  m_windowRest.start();
  emit entriesChanged();
}

GalaxyStudy::EntryKey GalaxyStudy::keyOf(const GalaxyEntry& entry)
{
  return {entry.layerId, entry.source.path, datasetOf(entry)};
}

void GalaxyStudy::setOrigin(int entry, const Origin& origin)
{
  const GalaxyEntry& edited = m_entries.at(static_cast<std::size_t>(entry));
  if (origin == edited.source.origin)
    return;
  m_document->undoStack()->push(new ChangeCommand(
      0, tr("Correct a layer's numbers"),
      [this, key = keyOf(edited), origin] { applyOrigin(key, origin); },
      [this, key = keyOf(edited), before = edited.source.origin] { applyOrigin(key, before); }));
}

void GalaxyStudy::applyOrigin(const EntryKey& key, const Origin& origin)
{
  const auto edited = std::ranges::find(m_entries, key, keyOf);
  if (edited == m_entries.end())
    return;
  const LayerSource shown =
      m_current < 0 ? LayerSource() : m_entries[static_cast<std::size_t>(m_current)].source;
  edited->source.origin = origin;
  sortEntries();
  for (std::size_t i = 0; i < m_entries.size(); ++i)
    if (isSameLayer(m_entries[i].source, shown))
      m_current = static_cast<int>(i);
  m_followed.reset();
  emit entriesChanged();
  emit followedChanged();
}

GalaxyState GalaxyStudy::state() const
{
  GalaxyState state;
  state.origins = m_kept;
  state.openLayers = static_cast<int>(m_document->layers().size());
  std::vector<const GalaxyEntry*> before;
  for (const GalaxyEntry* entry : inFixedOrder(m_entries)) {
    if (entry->source.origin != entry->read) {
      KeptOrigin kept;
      kept.path = entry->source.path;
      kept.dataset = datasetOf(*entry);
      kept.name = entry->source.name;
      kept.place = static_cast<int>(std::ranges::count_if(
          before, [&](const GalaxyEntry* other) { return isAlike(*other, kept); }));
      kept.open = entry->layerId ? static_cast<int>(before.size()) : -1;
      kept.layer = entry->source.origin.layer;
      kept.width = entry->source.origin.width;
      kept.l0 = entry->source.origin.l0;
      state.origins.push_back(std::move(kept));
    }
    before.push_back(entry);
  }
  return state;
}

void GalaxyStudy::restore(const GalaxyState& state)
{
  m_kept = state.origins;
  applyKept();
  // Files that have another name now: all layers are open again, in the order they were.
  if (state.openLayers == static_cast<int>(m_document->layers().size())) {
    const auto order = inFixedOrder(m_entries);
    std::erase_if(m_kept, [&](const KeptOrigin& kept) {
      if (kept.open < 0 || kept.open >= state.openLayers)
        return false;
      correct(*order[static_cast<std::size_t>(kept.open)], kept);
      return true;
    });
  }
  sortEntries();
  takeCurrentLayer();
  emit entriesChanged();
}

/// Corrects the entries that a session speaks of; the others wait until they are listed.
void GalaxyStudy::applyKept()
{
  std::erase_if(m_kept, [&](const KeptOrigin& kept) {
    int place = 0;
    GalaxyEntry* moved = nullptr;
    for (GalaxyEntry* entry : inFixedOrder(m_entries)) {
      if (!kept.path.empty() && entry->source.path == kept.path &&
          isSameDataset(datasetOf(*entry), kept.dataset)) {
        correct(*entry, kept);
        return true;
      }
      if (isAlike(*entry, kept) && place++ == kept.place)
        moved = entry;
    }
    if (moved)
      correct(*moved, kept);
    return moved != nullptr;
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

}  // namespace orrery
