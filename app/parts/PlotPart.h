// The plot of columns in the window.
#pragma once

#include "app/parts/WindowContext.h"
#include "widgets/plots/ColumnPlot.h"

#include <QObject>

namespace orrery {

class PlotPart : public QObject {
  Q_OBJECT
 public:
  explicit PlotPart(const WindowContext& context, QObject* parent = nullptr);

  [[nodiscard]] ColumnPlot* plot() { return m_plot; }

 private:
  WindowContext m_context;
  ColumnPlot* m_plot;
};

}  // namespace orrery
