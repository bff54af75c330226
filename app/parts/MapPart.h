// Maps: their options, their start and stop, and how far they may be trusted.
#pragma once

#include "app/parts/WindowContext.h"

#include <QObject>

namespace orrery {

class MapPart : public QObject {
  Q_OBJECT
 public:
  explicit MapPart(const WindowContext& context, QObject* parent = nullptr);

 private:
  WindowContext m_context;
};

}  // namespace orrery
