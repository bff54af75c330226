// The galaxy scale in the window: spectra, entropy and curves over layers.
#pragma once

#include "app/parts/WindowContext.h"
#include "core/document/GalaxyStudy.h"
#include "widgets/views/GalaxyView.h"

#include <QObject>

namespace orrery {

class GalaxyPart : public QObject {
  Q_OBJECT
 public:
  explicit GalaxyPart(const WindowContext& context, QObject* parent = nullptr);

  [[nodiscard]] GalaxyStudy* study() { return &m_study; }
  [[nodiscard]] GalaxyView* view() { return m_view; }

 private:
  void showSentence();
  void askForLayers();
  void askForFiles();
  void askForActivations();
  void askForReference();
  void askWhereClouds();

  WindowContext m_context;
  GalaxyStudy m_study;
  GalaxyView* m_view;
};

}  // namespace orrery
