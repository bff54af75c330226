// Colour by, size by, palette, point size, and the legend.
#pragma once

#include "core/document/Document.h"
#include "widgets/models/FeatureColors.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QSlider>
#include <QWidget>

namespace orrery {

/// What the colours mean, drawn.
class LegendWidget : public QWidget {
  Q_OBJECT
 public:
  explicit LegendWidget(QWidget* parent = nullptr);
  void setLegend(ColorLegend legend);
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  [[nodiscard]] int lineHeight() const;

  ColorLegend m_legend;
};

/// Edits Document::appearance(), nothing else; every change can be undone.
class AppearancePanel : public QWidget {
  Q_OBJECT
 public:
  explicit AppearancePanel(Document* document, QWidget* parent = nullptr);

  void setLegend(const ColorLegend& legend);

 private:
  void fill();
  void showAppearance();
  void change();

  Document* m_document;
  QFormLayout* m_form = nullptr;
  QComboBox* m_colorBy;
  QComboBox* m_palette;
  QComboBox* m_sizeBy;
  QSlider* m_pointSize;
  QSlider* m_opacity;
  QCheckBox* m_labels;
  LegendWidget* m_legend;
};

}  // namespace orrery
