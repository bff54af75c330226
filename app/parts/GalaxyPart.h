// The galaxy scale in the window: spectra, entropy and curves over layers.
#pragma once

#include "app/parts/WindowContext.h"

#include <QObject>

namespace orrery {

class GalaxyPart : public QObject {
  Q_OBJECT
 public:
  explicit GalaxyPart(const WindowContext& context, QObject* parent = nullptr);

 private:
  WindowContext m_context;
};

}  // namespace orrery
