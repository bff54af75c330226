#include "core/document/SideViews.h"

#include "core/document/ChangeCommand.h"

namespace orrery {
namespace {

/// Apart from the kinds of steps that the document merges.
constexpr int firstCameraStep = 1000;

}  // namespace

SideViews::SideViews(Document* document, QObject* parent) : QObject(parent), m_document(document)
{
  connect(document, &Document::currentLayerChanged, this, &SideViews::takeLayer);
  connect(document, &Document::layerClosed, this, [this](int id) { m_views.erase(id); });
  takeLayer();
}

void SideViews::takeLayer()
{
  const auto layer = m_document->layer();
  const int id = layer ? layer->id : 0;
  if (!m_views.count(id)) {
    std::array<SideView, count> fresh = m_views[m_layer];
    for (SideView& view : fresh) {
      // A camera stands in the space of one map.
      view.camera.reset();
      view.map.clear();
    }
    m_views[id] = fresh;
  }
  m_layer = id;
  for (int index = 0; index < count; ++index)
    emit changed(index);
}

const SideView& SideViews::view(int index) const
{
  return m_views.at(m_layer).at(static_cast<std::size_t>(index));
}

SideView& SideViews::at(int index)
{
  return m_views[m_layer].at(static_cast<std::size_t>(index));
}

void SideViews::setView(int index, const SideView& view, const QString& text)
{
  const SideView before = at(index);
  if (view == before)
    return;
  const auto apply = [this, index](const SideView& value) {
    at(index) = value;
    emit changed(index);
  };
  m_document->undoStack()->push(new ChangeCommand(
      0, text, [=] { apply(view); }, [=] { apply(before); }));
}

void SideViews::recordCamera(int index, const Camera& before, const Camera& after)
{
  if (before == after)
    return;
  const std::optional<Camera> recorded = at(index).camera;
  m_document->undoStack()->push(new ChangeCommand(
      firstCameraStep + index, tr("Move the camera of view %1").arg(index + 2),
      [this, index, after, first = true]() mutable {
        at(index).camera = after;
        // The view is there already: the first "redo" only notes it.
        if (!first)
          emit cameraRestored(index, after);
        first = false;
      },
      [this, index, recorded, before] {
        at(index).camera = recorded;
        emit cameraRestored(index, before);
      }));
}

void SideViews::restore(int index, const SideView& view)
{
  at(index) = view;
  emit changed(index);
}

}  // namespace orrery
