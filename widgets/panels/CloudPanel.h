// The cloud of the current layer: makes the view match the document, and gestures into commands.
#pragma once

#include "core/document/Document.h"
#include "widgets/figure/Figure.h"
#include "widgets/models/FeatureColors.h"
#include "widgets/views/CloudView.h"

#include <QLabel>
#include <QWidget>

namespace orrery {

class CloudPanel : public QWidget {
  Q_OBJECT
 public:
  explicit CloudPanel(Document* document, QWidget* parent = nullptr);

  [[nodiscard]] CloudView* view() { return m_view; }
  [[nodiscard]] const FeatureColors& colors() const { return m_colors; }
  /// All that the view shows now, for a figure of the same shape.
  [[nodiscard]] FigureRequest figure() const;
  /// Crystals over the cloud and in its figures; the next layer begins without.
  void setCrystals(std::vector<CrystalShape> crystals);
  /// Lines from a feature to others, which are named, and a sentence in the caption that says what
  /// they are. In figures too; the next layer begins without.
  void setTies(FeatureTies ties, const QString& sentence);
  /// What the picture shows, in a sentence.
  [[nodiscard]] QString caption() const;

 signals:
  /// The legend and the squares in the tables follow.
  void colorsChanged();
  /// "12 inside" while a region is drawn; empty when it ends.
  void hintChanged(const QString& hint);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void showLayer();
  void showEmbedding(bool sameLayer);
  void showAppearance();
  void showSelection();
  void showHovered();
  void showSearch();
  void showLabels();
  [[nodiscard]] std::vector<std::pair<FeatureId, QString>> labels() const;
  [[nodiscard]] CloudAppearance pointAppearance() const;
  void select(const std::vector<FeatureId>& features, SelectionModel::Mode mode, FeatureId current);

  Document* m_document;
  CloudView* m_view;
  FeatureColors m_colors;
  std::shared_ptr<const Dictionary> m_coloredDictionary;
  Appearance m_coloredBy;
  bool m_coloredDark = false;
  bool m_shown = false;
  std::vector<CrystalShape> m_crystals;
  FeatureTies m_ties;
  QString m_tiesSentence;
};

}  // namespace orrery
