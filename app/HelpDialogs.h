// The manual, the cheat sheet and the about box.
#pragma once

#include "app/ActionTable.h"

#include <QDialog>
#include <QListWidget>
#include <QString>
#include <QTextBrowser>

namespace orrery {

/// The pages of resources/help, and the keys as they are now.
class HelpDialog : public QDialog {
  Q_OBJECT
 public:
  /// @p actions outlives the dialog.
  explicit HelpDialog(const ActionTable& actions, QWidget* parent = nullptr);

  /// Names of the files without ending, in order: "start", "maps" …
  static QStringList pages();
  void showPage(const QString& page);
  [[nodiscard]] QString page() const;
  [[nodiscard]] QTextBrowser* text() const { return m_text; }

 private:
  void showText(const QString& markdown);

  const ActionTable& m_actions;
  QListWidget* m_list;
  QTextBrowser* m_text;
};

/// The page of keys as Markdown, from the table: with the keys that @p actions has now, or, for the
/// documentation, those that the program comes with.
QString keysPage(const ActionTable* actions = nullptr);

/// Every key and gesture, generated from the table of actions.
class CheatSheet : public QDialog {
  Q_OBJECT
 public:
  explicit CheatSheet(const ActionTable& actions, QWidget* parent = nullptr);
};

class AboutDialog : public QDialog {
  Q_OBJECT
 public:
  explicit AboutDialog(const QString& renderer, QWidget* parent = nullptr);
};

}  // namespace orrery
