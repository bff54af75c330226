// Vectors from elsewhere in the window.
#pragma once

#include "app/parts/WindowContext.h"
#include "core/document/VectorStudy.h"
#include "widgets/panels/VectorPanel.h"

#include <QObject>

namespace orrery {

class VectorPart : public QObject {
  Q_OBJECT
 public:
  explicit VectorPart(const WindowContext& context, QObject* parent = nullptr);

  [[nodiscard]] VectorStudy* study() { return m_study; }
  [[nodiscard]] VectorPanel* panel() { return m_panel; }

 private:
  void choose();
  void showState();

  WindowContext m_context;
  VectorStudy* m_study;
  VectorPanel* m_panel;
};

}  // namespace orrery
