#include "core/document/Annotations.h"

#include "core/document/ChangeCommand.h"

#include <algorithm>
#include <utility>

namespace orrery {
namespace {

auto named(std::vector<NamedSelection>& selections, const std::string& name)
{
  return std::find_if(selections.begin(), selections.end(),
                      [&](const NamedSelection& kept) { return kept.name == name; });
}

}  // namespace

Annotations::Annotations(Document* document, QObject* parent)
    : QObject(parent), m_document(document)
{
  connect(document, &Document::layerClosed, this, [this](int id) { m_layers.erase(id); });
}

const LayerAnnotations& Annotations::of(int layer) const
{
  static const LayerAnnotations none;
  const auto found = m_layers.find(layer);
  return found == m_layers.end() ? none : *found->second;
}

const LayerAnnotations& Annotations::current() const
{
  const auto layer = m_document->layer();
  return of(layer ? layer->id : 0);
}

void Annotations::change(int layer, const QString& text, LayerAnnotations after)
{
  if (!m_document->layer(layer) || after == of(layer))
    return;
  const auto before = std::make_shared<const LayerAnnotations>(of(layer));
  const auto kept = std::make_shared<const LayerAnnotations>(std::move(after));
  const auto apply = [this, layer](const std::shared_ptr<const LayerAnnotations>& value) {
    m_layers[layer] = value;
    emit changed(layer);
  };
  m_document->undoStack()->push(new ChangeCommand(
      0, text, [=] { apply(kept); }, [=] { apply(before); }));
}

void Annotations::setNote(int layer, FeatureId feature, const FeatureNote& note)
{
  LayerAnnotations after = of(layer);
  if (note.isEmpty())
    after.notes.erase(feature);
  else
    after.notes[feature] = note;
  change(layer, tr("Write a note"), std::move(after));
}

void Annotations::keepSelection(int layer, NamedSelection selection)
{
  LayerAnnotations after = of(layer);
  const auto same = named(after.selections, selection.name);
  if (same == after.selections.end())
    after.selections.push_back(std::move(selection));
  else
    *same = std::move(selection);
  change(layer, tr("Keep a selection"), std::move(after));
}

void Annotations::renameSelection(int layer, const std::string& name, const std::string& newName)
{
  LayerAnnotations after = of(layer);
  const auto kept = named(after.selections, name);
  if (kept == after.selections.end() || newName.empty() ||
      named(after.selections, newName) != after.selections.end())
    return;
  kept->name = newName;
  change(layer, tr("Rename a selection"), std::move(after));
}

void Annotations::removeSelection(int layer, const std::string& name)
{
  LayerAnnotations after = of(layer);
  const auto kept = named(after.selections, name);
  if (kept == after.selections.end())
    return;
  after.selections.erase(kept);
  change(layer, tr("Forget a selection"), std::move(after));
}

void Annotations::setFilter(int layer, const std::optional<ColumnFilter>& filter)
{
  LayerAnnotations after = of(layer);
  after.filter = filter;
  change(layer, filter ? tr("Filter by a column") : tr("End the filter"), std::move(after));
}

void Annotations::restore(int layer, LayerAnnotations annotations)
{
  if (!m_document->layer(layer))
    return;
  m_layers[layer] = std::make_shared<const LayerAnnotations>(std::move(annotations));
  emit changed(layer);
}

std::vector<FeatureId> featuresInRange(const Column& column, double minimum, double maximum)
{
  std::vector<FeatureId> inside;
  if (column.kind == Column::Kind::Number) {
    for (std::size_t i = 0; i < column.numbers.size(); ++i)
      if (column.numbers[i] >= minimum && column.numbers[i] <= maximum)
        inside.push_back(static_cast<FeatureId>(i));
  } else {
    for (std::size_t i = 0; i < column.categories.size(); ++i)
      if (column.categories[i] >= 0 && column.categories[i] >= minimum &&
          column.categories[i] <= maximum)
        inside.push_back(static_cast<FeatureId>(i));
  }
  return inside;
}

}  // namespace orrery
