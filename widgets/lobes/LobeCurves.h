// How local lobes are, over their number: agreement with spatial lobes and what the vectors tell,
// each with what chance gives.
//
// Source: arXiv:2410.19750, Figure 3.
#pragma once

#include "core/document/LobeStudy.h"
#include "widgets/figure/Drawing.h"

#include <QStringList>

#include <vector>

namespace orrery {

struct CurveContent {
  struct Curve {
    QString name;
    AffinityMeasure measure = AffinityMeasure::Phi;
    int color = 0;
    std::vector<int> clusters;
    std::vector<LobeLocality> locality;  ///< One per entry of clusters.
  };
  std::vector<Curve> curves;
  int permutations = 0;
};
CurveContent curveContent(const LobeAnalysis& analysis);

/// One of the four panels: the adjusted mutual information, the regression's balanced accuracy, and
/// the two in standard deviations of their nulls.
struct CurvePanel {
  QRectF plot;
  double low = 0, high = 1;
  bool logarithmic = false;
  std::vector<std::vector<QPointF>> points;  ///< Per curve and entry; NaN where there is none.
};
std::vector<CurvePanel> layoutCurves(const CurveContent& content, const QSizeF& size,
                                     const DrawingStyle& style);
Drawing curveDrawing(const CurveContent& content);

/// A click on a point shows that clustering.
class LobeCurves : public DrawingView {
  Q_OBJECT
 public:
  explicit LobeCurves(LobeStudy* study, QWidget* parent = nullptr);

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  bool event(QEvent* event) override;

 private:
  void showResult();
  struct Hit {
    std::size_t panel = 0, curve = 0, entry = 0;
  };
  [[nodiscard]] std::optional<Hit> hitAt(const QPointF& place) const;

  LobeStudy* m_study;
  CurveContent m_content;
};

}  // namespace orrery
