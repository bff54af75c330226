// A row of clouds in the window.
#pragma once

#include "widgets/views/CloudRow.h"

#include <QImage>
#include <QPointF>
#include <QWidget>

#include <vector>

namespace orrery {

/// Paints a row of clouds and keeps the picture until something changes; dragging turns them all.
class CloudRowWidget : public QWidget {
  Q_OBJECT
 public:
  explicit CloudRowWidget(QWidget* parent = nullptr);

  /// @p entries: what a click on each cloud chooses.
  void setClouds(std::vector<RowCloud> clouds, std::vector<int> entries);
  void setPublished(bool published);
  /// What the colours are, in the line below.
  void setColorName(const QString& name);
  void setCamera(const Camera& camera);
  /// Half the side of the shared cube; 0: from the clouds.
  void setRadius(double radius);
  [[nodiscard]] const std::vector<RowCloud>& clouds() const { return m_clouds; }
  [[nodiscard]] const CloudRowOptions& options() const { return m_options; }
  [[nodiscard]] QSize sizeHint() const override { return {900, 260}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {200, 120}; }

 signals:
  void chosen(int entry);

 protected:
  void changeEvent(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;

 private:
  std::vector<RowCloud> m_clouds;
  std::vector<int> m_entries;
  CloudRowOptions m_options;
  QImage m_picture;
  QPointF m_pressed, m_last;
  bool m_turned = false;
};

}  // namespace orrery
