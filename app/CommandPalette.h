// Any command by its name: type, Enter.
#pragma once

#include "app/ActionTable.h"

#include <QDialog>
#include <QLineEdit>
#include <QListWidget>

namespace orrery {

class CommandPalette : public QDialog {
  Q_OBJECT
 public:
  explicit CommandPalette(const ActionTable& actions, QWidget* parent = nullptr);

  /// The action that was chosen, to be triggered once the palette is gone; null if none.
  [[nodiscard]] QAction* chosen() const { return m_chosen; }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void filter(const QString& text);
  void choose(const QListWidgetItem* item);

  const ActionTable& m_actions;
  QLineEdit* m_text;
  QListWidget* m_list;
  QAction* m_chosen = nullptr;
};

/// Whether all words of @p text begin words of @p name, in any order: "sel la" finds "Select by
/// lasso".
bool matchesWords(const QString& name, const QString& text);

}  // namespace orrery
