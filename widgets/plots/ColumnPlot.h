// Histogram or scatter of any columns: brushed, and lit by the selection.
#pragma once

#include "core/dictionary/Histogram.h"
#include "core/document/Document.h"
#include "widgets/plots/PlotWidget.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QRubberBand>
#include <QSpinBox>
#include <QWidget>

#include <memory>
#include <string>
#include <vector>

namespace orrery {

struct ColumnPlotChoice {
  std::string x;  ///< Name of a column; empty: the first there is.
  std::string y;  ///< Empty: how many, a histogram.
  int bins = 40;
  bool logX = false, logY = false;  ///< Of a histogram, logY is the axis of counts.

  bool operator==(const ColumnPlotChoice&) const = default;
};

/// A drag selects what lies in the rectangle (of a histogram: in its width), a click one bar or the
/// nearest point; Shift adds, Ctrl removes. Beyond 50 000 features, dots would only hide each
/// other: shades then say how many lie where, and the sentence says so.
class ColumnPlot : public QWidget {
  Q_OBJECT
 public:
  static constexpr std::int64_t mostDots = 50'000;

  explicit ColumnPlot(Document* document, QWidget* parent = nullptr);

  [[nodiscard]] const ColumnPlotChoice& choice() const { return m_choice; }
  void setChoice(const ColumnPlotChoice& choice);
  [[nodiscard]] QString sentence() const { return m_plot->summary(); }
  [[nodiscard]] PlotWidget* plot() { return m_plot; }
  /// Features whose place lies in the rectangle, in the plot's own coordinates (logarithms where an
  /// axis is logarithmic); of a histogram only x counts.
  [[nodiscard]] std::vector<FeatureId> inside(double left, double right, double bottom,
                                              double top) const;

 signals:
  /// By hand.
  void choiceMade(const orrery::ColumnPlotChoice& before, const orrery::ColumnPlotChoice& after);
  void sentenceChanged(const QString& sentence);

 protected:
  void showEvent(QShowEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  struct Content;
  void showColumns();
  void showContent();
  void showSelection();
  void chooseByHand();
  void finishBrush(Qt::KeyboardModifiers modifiers);
  void select(std::vector<FeatureId> features, Qt::KeyboardModifiers modifiers);
  [[nodiscard]] const Column* column(const std::string& name) const;

  Document* m_document;
  ColumnPlotChoice m_choice;
  QComboBox *m_x, *m_y;
  QSpinBox* m_bins;
  QCheckBox *m_logX, *m_logY;
  PlotWidget* m_plot;
  QRubberBand* m_band;
  QPoint m_pressed;
  bool m_brushing = false;
  bool m_stale = true;
  std::shared_ptr<const Content> m_content;
};

}  // namespace orrery
