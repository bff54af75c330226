// What people write onto a layer: notes and tags, selections under names, a filter. All undoable.
#pragma once

#include "core/document/Camera.h"
#include "core/document/Document.h"

#include <QObject>
#include <QPointF>
#include <QString>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

struct FeatureNote {
  std::string text;
  std::vector<std::string> tags;

  [[nodiscard]] bool isEmpty() const { return text.empty() && tags.empty(); }
  bool operator==(const FeatureNote&) const = default;
};

/// A selection that is kept, with the gesture that made it where one did: so that it can be said,
/// and drawn again, what "these features" means.
struct NamedSelection {
  std::string name;
  std::vector<FeatureId> features;  ///< Sorted, without repeats.
  /// Corners in fractions of the view, (0, 0) top left; empty if it was not drawn.
  std::vector<QPointF> polygon;
  std::optional<Camera> camera;  ///< Through which it was drawn.
  double aspect = 1.0;           ///< Width over height of that view.
  bool visibleOnly = false;      ///< The rule: only points in front, or through the cloud.

  bool operator==(const NamedSelection&) const = default;
};

/// Features whose value in a column lies in [minimum, maximum] are lit; the others turn grey.
struct ColumnFilter {
  std::string column;
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();

  bool operator==(const ColumnFilter&) const = default;
};

struct LayerAnnotations {
  std::map<FeatureId, FeatureNote> notes;  ///< None of them empty.
  std::vector<NamedSelection> selections;  ///< In the order in which they were made.
  std::optional<ColumnFilter> filter;

  [[nodiscard]] bool isEmpty() const { return notes.empty() && selections.empty() && !filter; }
  bool operator==(const LayerAnnotations&) const = default;
};

/// Keeps them for every open layer of a document and writes each change to its undo stack. GUI
/// thread only.
class Annotations : public QObject {
  Q_OBJECT
 public:
  explicit Annotations(Document* document, QObject* parent = nullptr);

  [[nodiscard]] const LayerAnnotations& of(int layer) const;
  /// Those of the layer that is shown.
  [[nodiscard]] const LayerAnnotations& current() const;

  /// An empty note takes away what was there.
  void setNote(int layer, FeatureId feature, const FeatureNote& note);
  /// One step for all of @p features: the tag is added where it is missing, or taken away.
  void addTag(int layer, const std::vector<FeatureId>& features, const std::string& tag);
  void removeTag(int layer, const std::vector<FeatureId>& features, const std::string& tag);
  /// One of the same name is replaced.
  void keepSelection(int layer, NamedSelection selection);
  void renameSelection(int layer, const std::string& name, const std::string& newName);
  void removeSelection(int layer, const std::string& name);
  /// Consecutive changes within a second become one step.
  void setFilter(int layer, const std::optional<ColumnFilter>& filter);
  /// As read from a session: no step of its own.
  void restore(int layer, LayerAnnotations annotations);

 signals:
  void changed(int layer);

 private:
  void change(int layer, const QString& text, LayerAnnotations after, int kind = 0);

  Document* m_document;
  std::map<int, std::shared_ptr<const LayerAnnotations>> m_layers;
};

/// "a, b,,a" as tags: trimmed, each once, in the order written.
std::vector<std::string> tagsOf(const std::string& text);
/// All tags that @p annotations use, with how many features have each.
std::map<std::string, std::int64_t> tagCounts(const LayerAnnotations& annotations);
/// Features whose note or tags contain @p text (UTF-8, without regard to ASCII case); a text that
/// begins with "tag:" names one tag in full. Empty text: all that have a note.
std::vector<FeatureId> featuresNoted(const LayerAnnotations& annotations, const std::string& text);
/// The columns "tags" and "note" over @p n features: categories, missing where there are none.
std::vector<Column> noteColumns(const LayerAnnotations& annotations, std::int64_t n);

/// Features whose value in @p column lies in the filter's range; a missing value is outside.
/// Categories count by their index. O(n).
std::vector<FeatureId> featuresInRange(const Column& column, double minimum, double maximum);

}  // namespace orrery
