// The second, third and fourth view of the cloud: what each shows otherwise than the first.
#pragma once

#include "core/document/Camera.h"
#include "core/document/Document.h"

#include <QObject>

#include <array>
#include <map>
#include <optional>
#include <string>

namespace orrery {

struct SideView {
  /// Name of a column, empty for one colour; nothing: as the first view.
  std::optional<std::string> colorBy;
  /// Description of the map that it shows (Embedding::description); empty: the one of the first
  /// view. A map that is not there (any more) gives way to that one too.
  std::string map;
  bool linked = true;            ///< Its camera turns with the first view's.
  std::optional<Camera> camera;  ///< Its own, where it is not linked; unset: frame all.

  bool operator==(const SideView&) const = default;
};

/// Keeps them for every layer and writes each change to the document's undo stack. A layer that is
/// shown for the first time takes over colours and links, but no map and no camera. GUI thread
/// only.
class SideViews : public QObject {
  Q_OBJECT
 public:
  static constexpr int count = 3;

  explicit SideViews(Document* document, QObject* parent = nullptr);

  /// Of the current layer; @p index from 0 to count − 1.
  [[nodiscard]] const SideView& view(int index) const;
  /// Undoable; consecutive moves of one camera within a second become one step.
  void setView(int index, const SideView& view, const QString& text);
  /// The camera has moved already: it is noted, not sent back.
  void recordCamera(int index, const Camera& before, const Camera& after);
  /// As read from a session: no step of its own.
  void restore(int index, const SideView& view);

 signals:
  void changed(int index);
  /// By undo or redo: the view should go there.
  void cameraRestored(int index, const orrery::Camera& camera);

 private:
  [[nodiscard]] SideView& at(int index);
  void takeLayer();

  Document* m_document;
  std::map<int, std::array<SideView, count>> m_views;  ///< By layer; 0 where none is open.
  int m_layer = 0;
};

}  // namespace orrery
