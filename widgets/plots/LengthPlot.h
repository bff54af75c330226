// The leading component of difference vectors against word length, a point per pair: Figure 10 of
// arXiv:2410.19750. Linked: a click or a rectangle selects the words of pairs.
#pragma once

#include "core/document/CrystalStudy.h"
#include "widgets/plots/PlotWidget.h"

#include <QPointF>

#include <memory>
#include <vector>

namespace orrery {

/// Points, the mean of every length with its standard deviation, and the line through the means.
/// Points stand sideways of their whole number of characters by at most @ref lengthJitter, the same
/// way every time. @p marked (of each pair, or empty): drawn strongly.
PlotDrawing lengthDrawing(std::shared_ptr<const LengthStudy> study, std::vector<char> marked = {});
QString lengthSummary(const LengthStudy& study);
ResultTable lengthTable(const Dictionary& dictionary, const LengthStudy& study);
inline constexpr double lengthJitter = 0.3;

/// Where the point of pair @p i stands.
QPointF lengthPoint(const LengthRelation& relation, std::size_t i);

class LengthPlot : public PlotWidget {
  Q_OBJECT
 public:
  LengthPlot(Document* document, CrystalStudy* study, QWidget* parent = nullptr);

  [[nodiscard]] bool isEmpty() const override { return !m_study->lengthStudy(); }
  /// The pair whose point is within @p tolerance pixels of @p place, the nearest; −1: none.
  [[nodiscard]] int pairAt(const QPointF& place, double tolerance = 8.0) const;
  /// Selects the words of all pairs whose points are in @p box (pixels of the plot).
  void selectIn(const QRectF& box);

 private:
  void showStudy();
  void select(const std::vector<int>& pairs);
  [[nodiscard]] QPointF pixelOf(std::size_t pair) const;
  [[nodiscard]] QString textOf(std::size_t pair) const;

  Document* m_document;
  CrystalStudy* m_study;
  QPointF m_pressed;
};

}  // namespace orrery
