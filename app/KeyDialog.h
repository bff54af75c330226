// Other keys for commands: a dialog over the table of actions.
#pragma once

#include "app/ActionTable.h"

#include <QDialog>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>

namespace orrery {

/// Nothing changes before OK; Cancel leaves all as it was. A key that another command has is not
/// given away silently: the command is named, and the button says that it will be taken from there.
class KeyDialog : public QDialog {
  Q_OBJECT
 public:
  explicit KeyDialog(const ActionTable& actions, QWidget* parent = nullptr);

  /// Those that differ from the table's.
  [[nodiscard]] ChosenKeys chosen() const;

  /// As with list, field and button; for tests too.
  void choose(const QString& id);
  void enter(const QKeySequence& key);
  [[nodiscard]] QString problem() const { return m_problem->text(); }
  [[nodiscard]] QPushButton* useButton() const { return m_use; }
  [[nodiscard]] QPushButton* resetButton() const { return m_reset; }
  [[nodiscard]] QPushButton* resetAllButton() const { return m_resetAll; }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill();
  void filter(const QString& text);
  void showChoice();
  void showKey();
  void use(bool instead);
  void setKeys(const QString& id, const QList<QKeySequence>& keys);
  [[nodiscard]] QString current() const;
  /// The id of the command that has @p key; empty if none has.
  [[nodiscard]] QString ownerOf(const QKeySequence& key) const;
  [[nodiscard]] QKeySequence entered() const;

  const ActionTable& m_actions;
  std::map<QString, QList<QKeySequence>> m_keys;  ///< Of all actions, as they would be after OK.
  QLineEdit* m_filter;
  QTreeWidget* m_list;
  QLabel* m_name;
  QKeySequenceEdit* m_edit;
  QPushButton *m_use, *m_add, *m_none, *m_reset, *m_resetAll;
  QLabel* m_problem;
};

/// Why @p key can be no command's: it is needed to move in dialogs and lists, or to give a drawing
/// up. Empty if it can.
QString whyReserved(const QKeySequence& key);

}  // namespace orrery
