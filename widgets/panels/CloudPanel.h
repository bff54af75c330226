// The cloud of the current layer: makes the view match the document, and gestures into commands.
#pragma once

#include "core/document/Document.h"
#include "widgets/figure/Figure.h"
#include "widgets/models/FeatureColors.h"
#include "widgets/views/CloudView.h"

#include <QLabel>
#include <QWidget>

#include <memory>
#include <optional>
#include <string>

namespace orrery {

/// The first view's camera is the document's. Further ones beside it show the same features and
/// the same selection with a camera of their own, and where it pleases by another map and in other
/// colours; whoever made them keeps their cameras (cameraMoved).
class CloudPanel : public QWidget {
  Q_OBJECT
 public:
  enum class Role { First, Further };

  explicit CloudPanel(Document* document, QWidget* parent = nullptr, Role role = Role::First);

  [[nodiscard]] CloudView* view() { return m_view; }
  [[nodiscard]] const FeatureColors& colors() const { return m_colors; }
  /// All that the view shows now, for a figure of the same shape.
  [[nodiscard]] FigureRequest figure() const;
  /// Crystals over the cloud and in its figures; the next layer begins without.
  void setCrystals(std::vector<CrystalShape> crystals);
  /// Lines from a feature to others, which are named, and a sentence in the caption that says what
  /// they are. In figures too; the next layer begins without.
  void setTies(FeatureTies ties, const QString& sentence);
  /// The crystals and the filter of @p other, for a view beside it.
  void takeOverlays(const CloudPanel& other);
  /// The map that this view shows; null if there is none.
  [[nodiscard]] std::shared_ptr<const Embedding> embedding() const;
  /// What the picture shows, in a sentence.
  [[nodiscard]] QString caption() const;
  /// Only these are lit, the rest is grey, together with the search; nothing: no filter.
  void setFilter(std::optional<std::vector<FeatureId>> lit);
  /// What search and filter turn grey is not drawn at all, and cannot be picked.
  void setHideRest(bool hide);
  [[nodiscard]] bool hidesRest() const { return m_hideRest; }
  /// The features that are not drawn for that.
  [[nodiscard]] std::vector<FeatureId> hidden() const;
  /// Of a further view: the column that colours it (nothing: as the first), and its own map (null:
  /// the first's), over all features of the layer.
  void setOwn(std::optional<std::string> colorBy, std::shared_ptr<const Embedding> map);

 signals:
  /// Of a further view: a gesture has ended.
  void cameraMoved(const orrery::Camera& before, const orrery::Camera& after);
  /// The legend and the squares in the tables follow.
  void colorsChanged();
  /// Other crystals, or another filter.
  void overlaysChanged();
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

  [[nodiscard]] Appearance appearance() const;
  /// What search and filter leave lit; nothing: all.
  [[nodiscard]] std::optional<std::vector<FeatureId>> lit() const;
  [[nodiscard]] CloudAppearance pointAppearance() const;
  void select(const std::vector<FeatureId>& features, SelectionModel::Mode mode, FeatureId current);

  Document* m_document;
  Role m_role;
  CloudView* m_view;
  std::optional<std::string> m_colorBy;
  std::shared_ptr<const Embedding> m_map;
  FeatureColors m_colors;
  std::shared_ptr<const Dictionary> m_coloredDictionary;
  Appearance m_coloredBy;
  bool m_coloredDark = false;
  bool m_shown = false;
  std::vector<CrystalShape> m_crystals;
  FeatureTies m_ties;
  QString m_tiesSentence;
  std::optional<std::vector<FeatureId>> m_filter;
  bool m_hideRest = false;
};

}  // namespace orrery
