// Messages that teach: a sentence above the view, details behind a button, never a dialog.
#pragma once

#include "core/document/Document.h"

#include <QFrame>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTimer>
#include <QToolButton>

#include <deque>

namespace orrery {

/// Notes go by themselves after a while; warnings and failures stay until they are closed. A
/// message that comes while another waits is shown after it, and how many wait is said.
class MessageBar : public QFrame {
  Q_OBJECT
 public:
  explicit MessageBar(QWidget* parent = nullptr);

  void add(const Message& message);
  void closeMessage();
  /// The text now shown; empty if none.
  [[nodiscard]] QString text() const;

 signals:
  /// The user wants to choose how this file is read.
  void choiceRequested(const std::filesystem::path& path);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void showFirst();
  void colorize();

  std::deque<Message> m_messages;
  QLabel* m_icon;
  QLabel* m_text;
  QPushButton* m_details;
  QPushButton* m_choose;
  QToolButton* m_close;
  QPlainTextEdit* m_detailText;
  QTimer m_timer;
};

}  // namespace orrery
