// The cloud of features: points in 3-D, turned, picked and selected by hand.
#pragma once

#include "core/base/Types.h"
#include "core/document/SelectionModel.h"
#include "widgets/views/RegionGesture.h"
#include "widgets/vtk/Camera.h"
#include "widgets/vtk/CameraMotion.h"
#include "widgets/vtk/CloudOverlay.h"
#include "widgets/vtk/CloudScene.h"
#include "widgets/vtk/Legend.h"

#include <QColor>
#include <QImage>
#include <QString>
#include <QStringList>
#include <QWidget>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace orrery {

/// A region as the hand drew it: to keep with the selection, and to draw again.
struct DrawnRegion {
  std::vector<QPointF> outline;  ///< In fractions of the view, (0, 0) top left; empty for a brush.
  Camera camera;
  double aspect = 1.0;  ///< Width over height of the view.
  bool visibleOnly = false;
};

/// Shows positions and tells of gestures; keeps no document and changes nothing by itself: a click
/// emits a signal, the model answers through setSelection(), as to all views. Draws through VTK off
/// screen (engine.md section 2), so it works with no X server and is the same path as files and
/// headless runs.
class CloudView : public QWidget {
  Q_OBJECT
 public:
  explicit CloudView(QWidget* parent = nullptr);
  ~CloudView() override;

  /// @p positions 3 × n; NaN columns are not drawn. @p planar: a 2-D map (camera looks straight
  /// down, left drag pans). If n is unchanged, @p keepCamera and the user has moved the camera, it
  /// moves with the cloud as that grows; else frames all.
  void setPositions(Positions positions, bool planar, bool keepCamera = false);
  /// Moves the points to new places over @p milliseconds (0: at once).
  void glideTo(Positions positions, bool planar, int milliseconds);
  void setAppearance(CloudAppearance appearance);
  void setSelection(const std::vector<FeatureId>& features, FeatureId current);
  void setHovered(FeatureId feature);
  /// Features that stay lit while the rest goes grey (search, filter); nothing set: all lit. Never
  /// hides.
  void setEmphasis(std::vector<FeatureId> features);
  void clearEmphasis();
  /// Features that are not drawn and cannot be picked, by the user's choice.
  void setHidden(std::vector<FeatureId> features);
  /// Names drawn beside their points, placed without overlap, in order of importance.
  void setLabels(std::vector<std::pair<FeatureId, QString>> labels);
  /// Lines from one feature to others (torn neighbours).
  void setTies(FeatureTies ties);
  /// Crystals over the cloud; gone when other features are shown.
  void setCrystals(std::vector<CrystalShape> crystals);
  /// The sentence at the bottom: what this view shows.
  void setCaption(const QString& caption);
  /// What the axes mean ("PC1 (12 %)" …); empty texts: x, y, z are nothing to speak of (t-SNE) and
  /// no axes are drawn.
  void setAxisNames(const QStringList& names);
  /// What the colours mean; an empty one takes it away.
  void setLegend(LegendModel legend);
  /// Shown in place of the cloud when there is nothing to draw.
  void setEmptyText(const QString& text);

  void setTool(CloudTool tool);
  [[nodiscard]] CloudTool tool() const;
  /// True: a region takes only points that are not behind others. False ("through"): all inside.
  void setVisibleOnly(bool visibleOnly);
  [[nodiscard]] bool visibleOnly() const;

  /// The region that regionSelected() has told of last: how the hand drew it.
  [[nodiscard]] const DrawnRegion& lastRegion() const;
  /// Draws a kept outline for as long as the camera is where it was drawn; an empty one ends that.
  void showRegion(const DrawnRegion& region);

  /// Of the points: what a camera is carried over to another map by.
  [[nodiscard]] SceneBounds bounds() const;
  [[nodiscard]] bool isPlanar() const;
  [[nodiscard]] Camera camera() const;
  void setCamera(const Camera& camera, int glideMs = 0);
  void frame(const std::vector<FeatureId>& features);
  void frameAll();
  /// Looks along −z (@p axis 2), −x (0) or −y (1): keys 1, 3, 7 of Blender's and others' hands.
  void lookAlong(int axis);
  void setOrthographic(bool orthographic);
  [[nodiscard]] bool orthographic() const;
  /// The camera glides so that @p feature is the rotation centre, zoom unchanged.
  void setRotationCenter(FeatureId feature);

  /// The picture as shown, at @p scale times the widget's size, without the tool's overlay.
  [[nodiscard]] QImage grabPicture(double scale = 1.0);
  /// "llvmpipe (…)" or the GPU's name; empty if there is no OpenGL, and then a note stands in place
  /// of the picture.
  [[nodiscard]] QString rendererName() const;
  /// Points drawn in the last frame and milliseconds it took: for tests and the benchmark.
  struct FrameStatistics {
    std::int64_t points = 0;
    double milliseconds = 0.0;
    bool complete = false;
  };
  [[nodiscard]] FrameStatistics lastFrame() const;

 signals:
  /// A click on @p feature, or on empty space (noFeature).
  void clicked(orrery::FeatureId feature, Qt::KeyboardModifiers modifiers);
  void doubleClicked(orrery::FeatureId feature);
  /// After a short rest of the cursor; noFeature when it leaves. @p global is where a tool tip
  /// would go.
  void hovered(orrery::FeatureId feature, QPoint global);
  /// A finished region. Shift adds, Ctrl removes.
  void regionSelected(const std::vector<orrery::FeatureId>& features,
                      orrery::SelectionModel::Mode mode);
  /// How many the unfinished region holds; −1 when it ends or is cancelled.
  void regionCountChanged(qint64 count);
  /// A gesture has ended with another camera than it began with (for undo).
  void cameraGestureFinished(const orrery::Camera& before, const orrery::Camera& after);
  void cameraChanged();
  void toolChanged(orrery::CloudTool tool);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool event(QEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  class Private;
  std::unique_ptr<Private> m_d;
};

}  // namespace orrery

Q_DECLARE_METATYPE(orrery::Camera)
