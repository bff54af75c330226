// The brain scale in the window: co-occurrence, lobes, their locality and their views.
#pragma once

#include "app/parts/WindowContext.h"

#include <QObject>

namespace orrery {

class LobePart : public QObject {
  Q_OBJECT
 public:
  explicit LobePart(const WindowContext& context, QObject* parent = nullptr);

 private:
  WindowContext m_context;
};

}  // namespace orrery
