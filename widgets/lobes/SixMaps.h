// The same map six times: cosine, simple matching, Jaccard, overlap, phi and Dice, with one camera.
//
// Source: arXiv:2410.19750, Figure 2.
#pragma once

#include "core/document/LobeStudy.h"
#include "widgets/figure/Drawing.h"
#include "widgets/vtk/CloudScene.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace orrery {

struct MapContent {
  Positions positions = Positions(3, 0);
  bool planar = true;
  std::vector<float> sizes;
  double pointSize = 4.0;
  double opacity = 0.5;
  Camera camera;
  bool framed = true;  ///< The camera frames all, whatever the shape of a panel.
  struct Panel {
    QString title, note;
    std::vector<std::int32_t> colors;  ///< Colour number of each feature, −1 none; empty: no lobes.
  };
  std::vector<Panel> panels;
  std::vector<FeatureId> selection;
};

/// The six panels of @p result at @p clusters; those that were not computed say so. Sizes by area
/// in proportion to @p own (blocks of each feature).
MapContent sixMaps(const LobeResult& result, int clusters, const Embedding& embedding,
                   const std::vector<std::int64_t>& own);

/// What the six maps show, in a sentence.
QString sixMapsSentence(const Embedding& embedding, int clusters);

/// Renders the panels with one scene after the other; GUI thread only.
Drawing mapDrawing(std::shared_ptr<const MapContent> content);
/// Where panel @p index of @p count lies: the picture, without its title.
QRectF mapPanel(const QSizeF& size, const DrawingStyle& style, int index, int count);

/// Left drag turns (a plane: moves), middle or Shift+left drag moves, the wheel zooms, for all six;
/// a click on a map shows its lobes.
class SixMaps : public DrawingView {
  Q_OBJECT
 public:
  explicit SixMaps(Document* document, LobeStudy* study, QWidget* parent = nullptr);
  [[nodiscard]] const MapContent& content() const { return *m_content; }
  /// How the maps are looked at, as sessions keep it; nothing: all is framed.
  [[nodiscard]] std::optional<Camera> camera() const;
  void setCamera(const Camera& camera);

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;

 private:
  void showResult(bool keepCamera);
  void moveCamera(const std::function<Camera(const Camera&)>& move);
  [[nodiscard]] int panelAt(const QPointF& place) const;

  Document* m_document;
  LobeStudy* m_study;
  /// Shared with the drawing; between drawings only the camera changes.
  std::shared_ptr<MapContent> m_content = std::make_shared<MapContent>();
  std::optional<Camera> m_wanted;  ///< Came before there were maps.
  QPointF m_pressed, m_last;
  bool m_moved = false;
};

}  // namespace orrery
