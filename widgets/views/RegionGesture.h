// A rectangle, lasso, polygon or brush stroke while the hand draws it.
#pragma once

#include "widgets/vtk/Picking.h"

#include <QColor>
#include <QPointF>

#include <vector>

class QPainter;

namespace orrery {

/// What a drag with the left button does.
enum class CloudTool { Navigate, Rectangle, Lasso, Polygon, Brush };

/// Rectangle, lasso and brush live from press to release; a polygon from its first corner until it
/// is closed by a double click, a click on its first corner, or Enter.
class RegionGesture {
 public:
  [[nodiscard]] bool isActive() const { return m_active; }
  [[nodiscard]] CloudTool tool() const { return m_tool; }
  [[nodiscard]] double brushRadius() const { return m_brushRadius; }
  void setBrushRadius(double pixels);

  void begin(CloudTool tool, QPointF at);
  void move(QPointF to);
  /// Polygon only: fixes the corner under the cursor. True if that closes it.
  bool addCorner(QPointF at);
  void cancel() { m_active = false; }

  [[nodiscard]] Region region() const;
  /// Its corners as drawn, four of a rectangle; none of a brush stroke.
  [[nodiscard]] std::vector<QPointF> outline() const;
  /// The outline, in @p color, over the picture.
  void paint(QPainter& painter, const QColor& color) const;

 private:
  CloudTool m_tool = CloudTool::Navigate;
  bool m_active = false;
  double m_brushRadius = 24.0;
  std::vector<QPointF> m_path;
  QPointF m_cursor;
};

}  // namespace orrery
