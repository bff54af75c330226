#include "core/document/Document.h"

#include "core/document/ChangeCommand.h"

#include <QScopedValueRollback>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

// Kinds of steps that may merge. Two sliders are two kinds.
enum StepKind { Single, CameraStep, PointSizeStep, OpacityStep, SearchStep };

/// Which slider moved, if the change is of nothing else.
StepKind kindOfChange(const Appearance& before, const Appearance& after)
{
  Appearance sized = before;
  sized.pointSize = after.pointSize;
  if (sized == after)
    return PointSizeStep;
  Appearance faded = before;
  faded.opacity = after.opacity;
  return faded == after ? OpacityStep : Single;
}

bool isSameColumn(const Column& a, const Column& b)
{
  const auto sameNumber = [](double x, double y) {
    return x == y || (std::isnan(x) && std::isnan(y));
  };
  return a.name == b.name && a.kind == b.kind && a.categories == b.categories &&
         a.categoryNames == b.categoryNames && a.description == b.description &&
         std::equal(a.numbers.begin(), a.numbers.end(), b.numbers.begin(), b.numbers.end(),
                    sameNumber);
}

/// A layer's first look: by the clusters it came with, if any.
Appearance firstAppearance(const Dictionary& dictionary)
{
  Appearance appearance;
  for (const char* name : {"lobe", "cluster"})
    if (dictionary.column(name)) {
      appearance.colorBy = name;
      break;
    }
  return appearance;
}

}  // namespace

std::shared_ptr<const Layer> Document::layer(int id) const
{
  const auto found = std::find_if(m_layers.begin(), m_layers.end(),
                                  [&](const auto& candidate) { return candidate->id == id; });
  return found == m_layers.end() ? nullptr : *found;
}

std::shared_ptr<const Layer> Document::layer() const
{
  return layer(m_current);
}

std::shared_ptr<const Dictionary> Document::dictionary() const
{
  const auto current = layer();
  return current ? current->dictionary : nullptr;
}

std::shared_ptr<const Embedding> Document::embedding() const
{
  const auto current = layer();
  return current ? current->embedding : nullptr;
}

std::int64_t Document::features() const
{
  const auto current = layer();
  return current ? current->dictionary->features() : 0;
}

void Document::replaceLayer(std::shared_ptr<const Layer> layer)
{
  for (auto& place : m_layers)
    if (place->id == layer->id) {
      place = std::move(layer);
      return;
    }
}

int Document::addLayer(std::shared_ptr<const Dictionary> dictionary)
{
  LayerView view;
  view.appearance = firstAppearance(*dictionary);
  return addLayer(std::move(dictionary), nullptr, std::move(view), {});
}

int Document::addLayer(std::shared_ptr<const Dictionary> dictionary,
                       std::shared_ptr<const Embedding> embedding, LayerView view,
                       std::set<std::string> computed)
{
  auto added = std::make_shared<Layer>();
  added->id = ++m_lastId;
  added->dictionary = std::move(dictionary);
  added->embedding = std::move(embedding);
  if (!added->embedding && added->dictionary->isMap()) {
    // Two or three columns are a map already and shown as they are.
    auto given = std::make_shared<Embedding>();
    const auto& decoder = *added->dictionary->decoder;
    given->positions = Positions::Zero(3, decoder.cols());
    given->positions.topRows(decoder.rows()) = decoder;
    for (const FeatureId id : added->dictionary->rows.nonFinite)
      given->positions.col(id).setConstant(std::numeric_limits<float>::quiet_NaN());
    given->method = EmbeddingMethod::Given;
    given->dimensions = static_cast<int>(decoder.rows());
    given->description = "A map of " + displayCount(decoder.cols()).toStdString() +
                         " features with " + std::to_string(decoder.rows()) +
                         " columns, shown as it is in the file.";
    added->embedding = std::move(given);
  }
  m_views[added->id] = std::move(view);
  if (!computed.empty())
    m_computed[added->id] = std::move(computed);
  m_layers.push_back(added);
  emit layersChanged();
  if (m_current == 0) {
    showLayer(added->id);
    m_undo.clear();
  }
  return added->id;
}

void Document::closeLayer(int id)
{
  const auto closing = layer(id);
  if (!closing)
    return;
  // Steps of a layer that is gone can't be undone, and a step may lead through any layer.
  m_undo.clear();
  const auto place = std::find(m_layers.begin(), m_layers.end(), closing);
  const auto next = m_layers.size() == 1          ? 0
                    : place + 1 != m_layers.end() ? (*(place + 1))->id
                                                  : (*(place - 1))->id;
  const bool wasCurrent = id == m_current;
  if (wasCurrent) {
    m_embeddingJob.cancel();
    endLiveMap(false);
    showLayer(next);
  }
  m_views.erase(id);
  m_computed.erase(id);
  m_layers.erase(std::find(m_layers.begin(), m_layers.end(), closing));
  emit layerClosed(id);
  emit layersChanged();
}

void Document::setColumns(int id, std::vector<Column> columns)
{
  const auto target = layer(id);
  if (!target || columns.empty())
    return;
  auto dictionary = std::make_shared<Dictionary>(*target->dictionary);
  for (Column& column : columns) {
    m_computed[id].insert(column.name);
    auto& all = dictionary->columns;
    const auto same = std::find_if(
        all.begin(), all.end(), [&](const Column& present) { return present.name == column.name; });
    if (same == all.end())
      all.push_back(std::move(column));
    else
      *same = std::move(column);
  }
  auto changed = std::make_shared<Layer>(*target);
  changed->dictionary = std::move(dictionary);
  replaceLayer(std::move(changed));
  if (id == m_current)
    emit dictionaryChanged();
}

void Document::removeColumns(int id, const std::vector<std::string>& names)
{
  const auto target = layer(id);
  if (!target || names.empty())
    return;
  auto dictionary = std::make_shared<Dictionary>(*target->dictionary);
  for (const std::string& name : names) {
    m_computed[id].erase(name);
    std::erase_if(dictionary->columns, [&](const Column& column) { return column.name == name; });
  }
  auto changed = std::make_shared<Layer>(*target);
  changed->dictionary = std::move(dictionary);
  replaceLayer(std::move(changed));
  if (id == m_current)
    emit dictionaryChanged();
}

void Document::computeColumns(int id, std::vector<Column> columns, const QString& step)
{
  const auto target = layer(id);
  if (!target || columns.empty())
    return;
  std::vector<Column> before;
  std::vector<std::string> added, fromFile;
  bool same = true;
  for (const Column& column : columns) {
    const Column* present = target->dictionary->column(column.name);
    same = same && present && isSameColumn(*present, column);
    if (!present) {
      added.push_back(column.name);
      continue;
    }
    before.push_back(*present);
    if (!m_computed[id].count(column.name))
      fromFile.push_back(column.name);
  }
  if (same)
    return;
  const auto after = std::make_shared<const std::vector<Column>>(std::move(columns));
  const auto former = std::make_shared<const std::vector<Column>>(std::move(before));
  m_undo.push(new ChangeCommand(
      Single, step, [this, id, after] { setColumns(id, *after); },
      [this, id, former, added, fromFile] {
        setColumns(id, *former);
        for (const std::string& name : fromFile)
          m_computed[id].erase(name);
        removeColumns(id, added);
      }));
}

std::vector<Column> Document::computedColumns(int id) const
{
  std::vector<Column> columns;
  const auto names = m_computed.find(id);
  const auto target = layer(id);
  if (target && names != m_computed.end())
    for (const Column& column : target->dictionary->columns)
      if (names->second.count(column.name))
        columns.push_back(column);
  return columns;
}

void Document::setCurrentLayer(int id)
{
  if (id == m_current || !layer(id))
    return;
  const int before = m_current;
  m_undo.push(new ChangeCommand(
      Single, tr("Show %1").arg(layer(id)->title()), [this, id] { showLayer(id); },
      [this, before] { showLayer(before); }));
}

void Document::showLayer(int id)
{
  if (id == m_current)
    return;
  const QScopedValueRollback applying(m_applying, true);
  m_neighborJob.cancel();
  m_queryJob.cancel();
  m_searchJob.cancel();
  if (m_current != 0)
    m_views[m_current] = m_view;
  m_current = id;
  m_view = id == 0 ? LayerView() : m_views[id];
  m_neighbors = {};
  m_answer = {};
  m_matches.clear();
  m_searchProblem.clear();
  // Hovered and selected belong to the layer that is left: cleared before anybody looks.
  m_selection.setHovered(noFeature);
  m_selection.setFeatures({});
  emit currentLayerChanged();
  m_recordedSelection = std::make_shared<const std::vector<FeatureId>>(m_view.selection);
  m_selection.setFeatures(m_view.selection, m_view.current);
  emit neighborsChanged();
  emit queryAnswered();
  if (!m_view.search.text.empty())
    runSearch();
  else
    emit searchChanged();
  ensureEmbedding();
}

void Document::recordSelection()
{
  if (m_applying)
    return;
  // Shared, so that a step's "after" and the next one's "before" are one vector.
  const auto before = m_recordedSelection;
  const FeatureId currentBefore = m_view.current;
  const auto after = std::make_shared<const std::vector<FeatureId>>(m_selection.features());
  const FeatureId currentAfter = m_selection.current();
  const auto count = static_cast<std::int64_t>(after->size());
  const QString text = count == 0   ? tr("Select none")
                       : count == 1 ? tr("Select one feature")
                                    : tr("Select %1 features").arg(displayCount(count));
  m_undo.push(new ChangeCommand(
      Single, text, [=, this] { applySelection(after, currentAfter); },
      [=, this] { applySelection(before, currentBefore); }));
}

void Document::applySelection(const std::shared_ptr<const std::vector<FeatureId>>& features,
                              FeatureId current)
{
  const QScopedValueRollback applying(m_applying, true);
  m_recordedSelection = features;
  m_view.selection = *features;
  m_view.current = current;
  m_selection.setFeatures(*features, current);
}

void Document::setAppearance(const Appearance& appearance)
{
  if (appearance == m_view.appearance)
    return;
  const Appearance before = m_view.appearance;
  const auto apply = [this](const Appearance& value) {
    m_view.appearance = value;
    emit appearanceChanged();
  };
  m_undo.push(new ChangeCommand(
      kindOfChange(before, appearance), tr("Change colours and sizes"), [=] { apply(appearance); },
      [=] { apply(before); }));
}

void Document::setSearch(const SearchText& search)
{
  if (search == m_view.search)
    return;
  const SearchText before = m_view.search;
  m_undo.push(new ChangeCommand(
      SearchStep, search.text.empty() ? tr("End the search") : tr("Search the labels"),
      [=, this] { applySearch(search); }, [=, this] { applySearch(before); }));
}

void Document::applySearch(const SearchText& search)
{
  m_view.search = search;
  if (!search.text.empty()) {
    runSearch();
    return;
  }
  m_searchJob.cancel();
  m_matches.clear();
  m_searchProblem.clear();
  emit searchChanged();
}

void Document::recordCamera(const Camera& before, const Camera& after)
{
  if (before == after)
    return;
  // The view is there already: the first "redo" only notes it.
  const std::optional<Camera> recorded = m_view.camera;
  m_undo.push(new ChangeCommand(
      CameraStep, tr("Move the camera"),
      [this, after, first = true]() mutable {
        m_view.camera = after;
        if (!first)
          emit cameraRestored(after);
        first = false;
      },
      [this, before, recorded] {
        m_view.camera = recorded;
        emit cameraRestored(before);
      }));
}

LayerView Document::viewState() const
{
  return m_view;
}

LayerView Document::viewState(int id) const
{
  if (id == m_current)
    return m_view;
  const auto found = m_views.find(id);
  return found == m_views.end() ? LayerView() : found->second;
}

}  // namespace orrery
