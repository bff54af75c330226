// The manual, the cheat sheet and the about box.
#pragma once

#include "app/ActionTable.h"

#include <QDialog>
#include <QString>

namespace orrery {

/// The pages of resources/help.
class HelpDialog : public QDialog {
  Q_OBJECT
 public:
  explicit HelpDialog(QWidget* parent = nullptr);
};

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
