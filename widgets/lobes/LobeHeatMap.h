// Lobe × document type: which lobe wins the blocks of which kind of text.
//
// Source: arXiv:2410.19750, Figure 4.
#pragma once

#include "core/document/LobeStudy.h"
#include "widgets/figure/Drawing.h"

#include <QPointF>
#include <QRectF>
#include <QStringList>

#include <memory>

namespace orrery {

/// What the heat map shows; values, so that drawings may keep it.
struct HeatMapContent {
  std::shared_ptr<const LobePurpose> purpose;  ///< hasDocuments.
  QStringList names;                           ///< Of the lobes.
  std::vector<std::int32_t> colors;            ///< Colour number of each lobe.
};

/// Rows are document types in their order, columns lobes.
struct HeatMapLayout {
  QRectF cells;  ///< Of all.
  int rows = 0, columns = 0;
  bool numbers = false;  ///< There is room for counts.
  [[nodiscard]] QRectF cell(int row, int column) const;
};
HeatMapLayout layoutHeatMap(const HeatMapContent& content, const QSizeF& size,
                            const DrawingStyle& style);
Drawing heatMapDrawing(const HeatMapContent& content);

/// The lobe's features that fire more often in blocks of the type than over all blocks.
std::vector<FeatureId> featuresOfCell(const Firings& firings, const Lobes& lobes, std::int32_t lobe,
                                      const std::vector<std::string>& types,
                                      const std::string& type);

/// A click on a cell selects its features, on a lobe's head all of the lobe.
class LobeHeatMap : public DrawingView {
  Q_OBJECT
 public:
  explicit LobeHeatMap(Document* document, LobeStudy* study, QWidget* parent = nullptr);

  /// Where a click would select the features of @p lobe and @p type (its place in the drawing).
  [[nodiscard]] QRectF cellRect(int row, int lobe) const;

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  bool event(QEvent* event) override;

 private:
  void showPurpose();
  [[nodiscard]] std::optional<std::pair<int, int>> cellAt(const QPointF& place) const;

  Document* m_document;
  LobeStudy* m_study;
  HeatMapContent m_content;
};

}  // namespace orrery
