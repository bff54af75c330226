#include "app/commands/FigureSession.h"

#include "core/document/Document.h"
#include "core/document/Session.h"
#include "widgets/figure/PictureSession.h"

namespace orrery {

std::map<QString, QString> figureSession(const std::vector<ShownLayer>& layers, std::size_t current,
                                         std::map<std::string, std::string> parts)
{
  // The document decides what of a layer is worth keeping, as in the window.
  Document document;
  Annotations annotations(&document);
  std::vector<int> ids;
  for (const ShownLayer& layer : layers) {
    ids.push_back(document.addLayer(layer.dictionary, layer.embedding, layer.view, layer.computed));
    annotations.restore(ids.back(), layer.annotations);
  }
  if (current < ids.size())
    document.setCurrentLayer(ids[current]);
  document.cancelJobs();
  Session session = sessionOf(document, annotations);
  session.program = "orrery " ORRERY_VERSION;
  session.parts = std::move(parts);
  return pictureMetadata(sessionText(session, {}));
}

}  // namespace orrery
