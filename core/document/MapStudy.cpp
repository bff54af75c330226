#include "core/document/MapStudy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace orrery {
namespace {

constexpr std::size_t mostMaps = 12;
constexpr std::size_t mostRuns = 2;  // A run keeps its graph: kilobytes per feature.
constexpr int trustNeighbors = 10;

/// For the figures of trust: features without a place lie where nobody's neighbours are.
Positions withoutGaps(Positions positions)
{
  float extent = 1.0f;
  for (Eigen::Index i = 0; i < positions.cols(); ++i)
    if (positions.col(i).allFinite())
      extent = std::max(extent, positions.col(i).cwiseAbs().maxCoeff());
  for (Eigen::Index i = 0; i < positions.cols(); ++i)
    if (!positions.col(i).allFinite())
      positions.col(i).setConstant(100.0f * extent);
  return positions;
}

struct Measured {
  std::shared_ptr<const Embedding> embedding;
  std::shared_ptr<const MapTrust> trust;  ///< keptPerFeature over all features.
  std::optional<double> klDivergence;
};

Measured measureShown(const Layer& layer, const StudiedMap& map, const Progress& progress)
{
  const UsableFeatures usable = usableFeatures(*layer.dictionary);
  Measured measured;
  measured.embedding = map.embedding;
  std::shared_ptr<const Neighbors> neighbors = usable.ids.empty() ? layer.neighbors : nullptr;
  if (map.run) {
    const std::lock_guard lock(map.run->mutex);
    if (map.run->run.neighbors())
      neighbors = map.run->run.neighbors();
    if (map.run->run.started())
      measured.klDivergence = map.run->run.klDivergence(progress.stage("divergence", 0.0, 0.2));
  }
  if (!neighbors ||
      neighbors->count < std::min<Eigen::Index>(trustNeighbors, usable.decoder->cols() - 1))
    neighbors = std::make_shared<const Neighbors>(
        computeNeighbors(*usable.decoder,
                         {.count = trustNeighbors,
                          .metric = layer.dictionary->isMap() ? Metric::Euclidean : Metric::Cosine},
                         progress.stage("exact neighbours", 0.2, 0.6)));
  Positions positions(3, usable.decoder->cols());
  for (Eigen::Index i = 0; i < positions.cols(); ++i)
    positions.col(i) = map.embedding->positions.col(usable.id(i));
  MapTrust trust =
      measureMapTrust(*usable.decoder, withoutGaps(std::move(positions)), *neighbors,
                      {.neighbors = trustNeighbors}, progress.stage("trust", 0.6, 1.0));
  std::vector<float> kept(static_cast<std::size_t>(layer.dictionary->features()),
                          std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < trust.keptPerFeature.size(); ++i) {
    const FeatureId id = usable.id(static_cast<std::int64_t>(i));
    if (map.embedding->positions.col(id).allFinite())
      kept[static_cast<std::size_t>(id)] = trust.keptPerFeature[i];
  }
  trust.keptPerFeature = std::move(kept);
  measured.trust = std::make_shared<const MapTrust>(std::move(trust));
  return measured;
}

EmbeddingMethod methodOf(const MapChoice& choice)
{
  return std::holds_alternative<TsneOptions>(choice)   ? EmbeddingMethod::Tsne
         : std::holds_alternative<UmapOptions>(choice) ? EmbeddingMethod::Umap
                                                       : EmbeddingMethod::Pca;
}

}  // namespace

std::vector<FeatureId> tornNeighbors(const Positions& map, FeatureId feature,
                                     const std::vector<Neighbor>& nearest, int count)
{
  std::vector<FeatureId> torn;
  if (feature < 0 || feature >= map.cols() || !map.col(feature).allFinite())
    return torn;
  const std::vector<Neighbor> onMap =
      nearestTo(map, map.col(feature), count, Metric::Euclidean, {feature});
  for (std::size_t i = 0; i < nearest.size() && i < static_cast<std::size_t>(count); ++i) {
    const FeatureId other = nearest[i].feature;
    if (other >= 0 && other < map.cols() && map.col(other).allFinite() &&
        std::none_of(onMap.begin(), onMap.end(),
                     [&](const Neighbor& seen) { return seen.feature == other; }))
      torn.push_back(other);
  }
  return torn;
}

MapStudy::MapStudy(Document* document, QObject* parent) : QObject(parent), m_document(document)
{
  connect(document, &Document::embeddingChanged, this, &MapStudy::takeShown);
  connect(document, &Document::currentLayerChanged, this, [this] {
    m_trustJob.cancel();
    takeShown();
  });
  connect(document, &Document::layerClosed, this, [this](int id) { m_layers.erase(id); });
  connect(document->mapJob(), &JobRunner::runningChanged, this, &MapStudy::changed);
  connect(&m_trustJob, &JobRunner::runningChanged, this, &MapStudy::changed);
  takeShown();
}

int MapStudy::currentId() const
{
  const auto layer = m_document->layer();
  return layer ? layer->id : 0;
}

const std::vector<StudiedMap>& MapStudy::maps() const
{
  static const std::vector<StudiedMap> none;
  const auto found = m_layers.find(currentId());
  return found == m_layers.end() ? none : found->second.maps;
}

int MapStudy::shown() const
{
  const auto embedding = m_document->embedding();
  const auto& all = maps();
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const StudiedMap& map) { return map.embedding == embedding; });
  return found == all.end() ? -1 : static_cast<int>(found - all.begin());
}

void MapStudy::show(int index)
{
  if (index < 0 || index >= static_cast<int>(maps().size()) || index == shown())
    return;
  stop();
  m_trustJob.cancel();
  m_document->showEmbedding(currentId(), maps()[static_cast<std::size_t>(index)].embedding);
}

/// The layer's map may be a new one: by a job of ours or another's.
void MapStudy::takeShown()
{
  const auto layer = m_document->layer();
  if (!layer || !layer->embedding) {
    emit changed();
    return;
  }
  if (const int known = shown(); known >= 0) {
    const StudiedMap map = maps()[static_cast<std::size_t>(known)];
    if (map.trust)
      publishColumn(map);
    emit changed();
    return;
  }
  m_trustJob.cancel();
  std::vector<StudiedMap>& all = m_layers[layer->id].maps;
  StudiedMap map;
  map.embedding = layer->embedding;
  if (m_starting && methodOf(m_starting->run.choice()) == layer->embedding->method) {
    map.run = std::exchange(m_starting, nullptr);
    map.finished = !isRunning() && map.run->mutex.try_lock();
    if (map.finished) {
      map.finished = map.run->run.finished();
      map.run->mutex.unlock();
    }
  }
  const auto same = std::find_if(all.begin(), all.end(), [&](const StudiedMap& other) {
    return map.run && other.run == map.run;
  });
  if (same != all.end())
    *same = map;
  else
    all.push_back(map);
  if (all.size() > mostMaps)
    all.erase(all.begin());
  std::size_t runs = 0;
  for (auto kept = all.rbegin(); kept != all.rend(); ++kept)
    if (kept->run && kept->embedding->method != EmbeddingMethod::Pca && ++runs > mostRuns)
      kept->run.reset();
  emit changed();
  if (map.run && map.embedding->method != EmbeddingMethod::Pca)
    measure();
}

void MapStudy::start(MapChoice choice, NeighborSearch search)
{
  if (!m_document->layer())
    return;
  m_trustJob.cancel();
  m_starting = std::make_shared<ResumableMap>(std::move(choice), search);
  m_document->computeEmbedding(mapTask(m_starting));
}

void MapStudy::stop()
{
  if (isRunning())
    m_document->mapJob()->cancel();
}

bool MapStudy::isRunning() const
{
  return m_document->mapJob()->isRunning();
}

bool MapStudy::canGoOn() const
{
  const int index = shown();
  if (index < 0 || isRunning())
    return false;
  const StudiedMap& map = maps()[static_cast<std::size_t>(index)];
  return map.run && map.embedding->method != EmbeddingMethod::Pca;
}

void MapStudy::goOn()
{
  if (!canGoOn())
    return;
  m_trustJob.cancel();
  m_starting = maps()[static_cast<std::size_t>(shown())].run;
  m_document->computeEmbedding(mapTask(m_starting));
}

void MapStudy::measure()
{
  const auto layer = m_document->layer();
  const int index = shown();
  if (!layer || index < 0)
    return;
  m_trustJob.start(
      tr("How far the map may be trusted"),
      [layer, map = maps()[static_cast<std::size_t>(index)]](const Progress& progress) {
        return measureShown(*layer, map, progress);
      },
      [this, id = layer->id](Measured measured) {
        for (StudiedMap& map : m_layers[id].maps)
          if (map.embedding == measured.embedding) {
            map.trust = measured.trust;
            map.klDivergence = measured.klDivergence;
            if (id == currentId() && map.embedding == m_document->embedding())
              publishColumn(map);
          }
        emit changed();
      });
}

void MapStudy::publishColumn(const StudiedMap& map)
{
  Column column;
  column.name = keptColumnName;
  column.numbers.assign(map.trust->keptPerFeature.begin(), map.trust->keptPerFeature.end());
  column.description = "Share of the " + std::to_string(map.trust->options.neighbors) +
                       " nearest neighbours that the map keeps. " + map.embedding->description;
  const auto dictionary = m_document->dictionary();
  const Column* present = dictionary ? dictionary->column(column.name) : nullptr;
  if (present && present->description == column.description &&
      present->numbers.size() == column.numbers.size() &&
      std::equal(present->numbers.begin(), present->numbers.end(), column.numbers.begin(),
                 [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }))
    return;
  m_document->setColumns(currentId(), {std::move(column)});
}

std::vector<FeatureId> MapStudy::tornNeighbors(const Embedding& map) const
{
  const NeighborList& list = m_document->neighbors();
  const FeatureId feature = m_document->selection()->current();
  if (map.positions.cols() != m_document->features() || feature == noFeature ||
      list.layer != currentId() || list.feature != feature)
    return {};
  return orrery::tornNeighbors(map.positions, feature, list.neighbors);
}

}  // namespace orrery
