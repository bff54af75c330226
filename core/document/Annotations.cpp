#include "core/document/Annotations.h"

#include "core/document/ChangeCommand.h"

#include <algorithm>
#include <utility>

namespace orrery {
namespace {

/// Apart from the kinds of steps that the document and the side views merge.
constexpr int filterStep = 2000;

auto named(std::vector<NamedSelection>& selections, const std::string& name)
{
  return std::find_if(selections.begin(), selections.end(),
                      [&](const NamedSelection& kept) { return kept.name == name; });
}

std::string lowerCase(std::string text)
{
  for (char& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::string joined(const std::vector<std::string>& tags)
{
  std::string text;
  for (const std::string& tag : tags)
    text += (text.empty() ? "" : ", ") + tag;
  return text;
}

/// A column whose categories are the different texts, in order of text.
Column textColumn(const std::string& name, const std::map<FeatureId, std::string>& texts,
                  std::int64_t n)
{
  Column column;
  column.name = name;
  column.kind = Column::Kind::Category;
  column.categories.assign(static_cast<std::size_t>(n), -1);
  std::map<std::string, std::int32_t> places;
  for (const auto& [feature, text] : texts)
    places[text] = 0;
  for (auto& [text, place] : places) {
    place = static_cast<std::int32_t>(column.categoryNames.size());
    column.categoryNames.push_back(text);
  }
  for (const auto& [feature, text] : texts)
    if (feature < n)
      column.categories[static_cast<std::size_t>(feature)] = places[text];
  return column;
}

}  // namespace

std::vector<std::string> tagsOf(const std::string& text)
{
  std::vector<std::string> tags;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find_first_of(",;\n", begin), text.size());
    const auto first = text.find_first_not_of(" \t\r", begin);
    if (first < end) {
      const auto last = text.find_last_not_of(" \t\r", end - 1);
      std::string tag = text.substr(first, last - first + 1);
      if (std::find(tags.begin(), tags.end(), tag) == tags.end())
        tags.push_back(std::move(tag));
    }
    begin = end + 1;
  }
  return tags;
}

std::map<std::string, std::int64_t> tagCounts(const LayerAnnotations& annotations)
{
  std::map<std::string, std::int64_t> counts;
  for (const auto& [feature, note] : annotations.notes)
    for (const std::string& tag : note.tags)
      ++counts[tag];
  return counts;
}

std::vector<FeatureId> featuresNoted(const LayerAnnotations& annotations, const std::string& text)
{
  static constexpr char mark[] = "tag:";
  const bool oneTag = text.rfind(mark, 0) == 0;
  const std::vector<std::string> named =
      oneTag ? tagsOf(text.substr(4)) : std::vector<std::string>();
  const std::string wanted = lowerCase(text);
  std::vector<FeatureId> found;
  for (const auto& [feature, note] : annotations.notes) {
    const auto contains = [&](const std::string& part) {
      return lowerCase(part).find(wanted) != std::string::npos;
    };
    const bool fits =
        oneTag ? !named.empty() && std::any_of(note.tags.begin(), note.tags.end(),
                                               [&](const std::string& tag) {
                                                 return lowerCase(tag) == lowerCase(named.front());
                                               })
               : contains(note.text) || std::any_of(note.tags.begin(), note.tags.end(), contains);
    if (fits)
      found.push_back(feature);
  }
  return found;
}

std::vector<Column> noteColumns(const LayerAnnotations& annotations, std::int64_t n)
{
  std::map<FeatureId, std::string> tags, texts;
  for (const auto& [feature, note] : annotations.notes) {
    if (!note.tags.empty())
      tags[feature] = joined(note.tags);
    if (!note.text.empty())
      texts[feature] = note.text;
  }
  std::vector<Column> columns{textColumn("tags", tags, n), textColumn("note", texts, n)};
  columns[0].description = "Tags that were given by hand.";
  columns[1].description = "Notes that were written by hand.";
  return columns;
}

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

void Annotations::change(int layer, const QString& text, LayerAnnotations after, int kind)
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
      kind, text, [=] { apply(kept); }, [=] { apply(before); }));
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

void Annotations::addTag(int layer, const std::vector<FeatureId>& features, const std::string& tag)
{
  LayerAnnotations after = of(layer);
  for (const FeatureId feature : features) {
    auto& tags = after.notes[feature].tags;
    if (!tag.empty() && std::find(tags.begin(), tags.end(), tag) == tags.end())
      tags.push_back(tag);
  }
  std::erase_if(after.notes, [](const auto& note) { return note.second.isEmpty(); });
  change(layer, tr("Tag features"), std::move(after));
}

void Annotations::removeTag(int layer, const std::vector<FeatureId>& features,
                            const std::string& tag)
{
  LayerAnnotations after = of(layer);
  for (const FeatureId feature : features)
    if (const auto note = after.notes.find(feature); note != after.notes.end())
      std::erase(note->second.tags, tag);
  std::erase_if(after.notes, [](const auto& note) { return note.second.isEmpty(); });
  change(layer, tr("Take a tag away"), std::move(after));
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
  change(layer, filter ? tr("Filter by a column") : tr("End the filter"), std::move(after),
         filterStep);
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
