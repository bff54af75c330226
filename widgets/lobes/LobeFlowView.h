// How lobes split as their number grows: k = 2 → 3 → 4 → 8.
#pragma once

#include "core/document/LobeStudy.h"
#include "widgets/figure/Drawing.h"

#include <QPainterPath>
#include <QStringList>

#include <vector>

namespace orrery {

struct FlowContent {
  LobeFlow flow;
  std::vector<QStringList> names;                 ///< Per level and lobe.
  std::vector<std::vector<std::int32_t>> colors;  ///< Colour number, per level and lobe.
};

/// Where lobes and bands lie.
struct FlowLayout {
  std::vector<std::vector<QRectF>> lobes;  ///< Per level and lobe.
  std::vector<QPainterPath> bands;         ///< As the flow's; empty for features without a lobe.
};
FlowLayout layoutFlow(const FlowContent& content, const QSizeF& size, const DrawingStyle& style);
Drawing flowDrawing(const FlowContent& content);

/// A click on a lobe or a band selects its features. Shows the clusterings up to 16 lobes of the
/// measure that is shown.
class LobeFlowView : public DrawingView {
  Q_OBJECT
 public:
  explicit LobeFlowView(LobeStudy* study, QWidget* parent = nullptr);
  [[nodiscard]] FlowLayout flowLayout() const;

 protected:
  void mousePressEvent(QMouseEvent* event) override;

 private:
  void showFlow();

  LobeStudy* m_study;
  FlowContent m_content;
  std::vector<LobeChoice> m_levels;
};

}  // namespace orrery
