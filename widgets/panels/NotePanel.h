// Notes and tags: of the feature in hand, and the list of all that have some.
#pragma once

#include "core/document/Annotations.h"
#include "core/document/Document.h"

#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPointer>
#include <QTimer>
#include <QToolButton>
#include <QTreeWidget>
#include <QWidget>

#include <vector>

namespace orrery {

/// What is typed is written when the hand leaves the field, turns to another feature, or rests.
class NotePanel : public QWidget {
  Q_OBJECT
 public:
  NotePanel(Document* document, Annotations* annotations, QWidget* parent = nullptr);
  ~NotePanel() override;

  void focusNote();
  void focusTags();
  /// Writes what has been typed and not been written yet.
  void commit();
  void setFilter(const QString& text);
  [[nodiscard]] const std::vector<FeatureId>& listed() const { return m_listed; }
  [[nodiscard]] FeatureId feature() const { return m_feature; }

 signals:
  void saveRequested(const std::vector<orrery::FeatureId>& features);
  void copyRequested(const std::vector<orrery::FeatureId>& features);
  /// Tag, or take the tag from, all selected features.
  void tagSelectionRequested(const QString& tag, bool add);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void showFeature();
  void showList();
  void showButtons();

  // Fields lose the focus, and are asked for their text, even while all of it ends.
  QPointer<Document> m_document;
  QPointer<Annotations> m_annotations;
  int m_layer = 0;  ///< Of the feature below: what is typed belongs there.
  FeatureId m_feature = noFeature;
  QLabel* m_label;
  QLineEdit* m_tags;
  QPlainTextEdit* m_note;
  QLineEdit* m_tag;
  QToolButton *m_addTag, *m_removeTag;
  QLineEdit* m_filter;
  QLabel* m_found;
  QTreeWidget* m_list;
  QToolButton *m_select, *m_copy, *m_save;
  std::vector<FeatureId> m_listed;
  QTimer m_typing;
};

}  // namespace orrery
