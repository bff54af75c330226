// Maps: their options, their start and stop, and how far they may be trusted.
#pragma once

#include "app/parts/WindowContext.h"
#include "core/document/MapStudy.h"
#include "widgets/panels/MapPanel.h"

#include <QObject>

namespace orrery {

class MapPart : public QObject {
  Q_OBJECT
 public:
  explicit MapPart(const WindowContext& context, QObject* parent = nullptr);

  [[nodiscard]] MapStudy* study() { return m_study; }
  /// Lines in @p cloud from the current feature to the true neighbours that the map there has put
  /// elsewhere, and a sentence on them; none if they are not asked for.
  void showTornIn(CloudPanel* cloud) const;

 signals:
  /// What showTornIn() shows has changed; the first cloud has it already.
  void tornChanged();

 private:
  void connectActions();
  void start(MapChoice choice);
  void step(int step);
  void showState();
  void showTorn();
  void colorByTrust();
  void saveMap();
  void applyMap();

  WindowContext m_context;
  MapStudy* m_study;
  MapPanel* m_panel;
  JobRunner m_saveJob;
  bool m_colorWhenMeasured = false;
};

}  // namespace orrery
