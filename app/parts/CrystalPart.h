// The atom scale in the window: relations, crystals and their view.
#pragma once

#include "app/parts/WindowContext.h"

#include <QObject>

namespace orrery {

class CrystalPart : public QObject {
  Q_OBJECT
 public:
  explicit CrystalPart(const WindowContext& context, QObject* parent = nullptr);

 private:
  WindowContext m_context;
};

}  // namespace orrery
