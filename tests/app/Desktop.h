// A screen, a window manager and hands: Xvfb, openbox and xdotool, for tests that drive the real
// window from outside.
#pragma once

#include <QImage>
#include <QProcess>
#include <QProcessEnvironment>
#include <QRect>
#include <QString>
#include <QStringList>

#include <functional>
#include <memory>

namespace orrery::test {

class Desktop {
 public:
  /// The programs that are missing on this machine, in one sentence; empty if none is.
  static QString missing();

  /// Starts the screen and the window manager. @p folder is for their files and becomes HOME of
  /// what is started here.
  Desktop(const QString& folder, QSize size);
  ~Desktop();
  Desktop(const Desktop&) = delete;
  Desktop& operator=(const Desktop&) = delete;

  /// Empty if all is up.
  [[nodiscard]] const QString& problem() const { return m_problem; }
  [[nodiscard]] QProcessEnvironment environment() const { return m_environment; }
  /// What the screen shows now.
  [[nodiscard]] QImage picture() const;
  /// The same once nothing has changed for a while: the window has done what it was asked to.
  [[nodiscard]] QImage stillPicture(QRect part = {}) const;

  /// Runs xdotool; what it says.
  QString xdotool(const QStringList& arguments) const;
  void key(const QString& keys) const { xdotool({"key", "--clearmodifiers", keys}); }
  void type(const QString& text) const;
  void moveTo(QPoint place) const;
  /// Presses the left button at the first point, moves through the others, and lets go.
  void drag(const QList<QPoint>& path) const;
  /// Title and frame of the window that gets the keys.
  [[nodiscard]] QString activeTitle() const;
  [[nodiscard]] QRect activeFrame() const;
  /// Waits until the window that gets the keys has @p part in its title.
  bool waitForTitle(const QString& part, int timeoutMs = 60'000) const;

 private:
  QString m_folder;
  QProcess m_screen, m_manager;
  QProcessEnvironment m_environment;
  QString m_problem;
};

/// Asks until @p condition holds. Nothing but the timeout depends on how busy the machine is.
bool waitUntil(const std::function<bool()>& condition, int timeoutMs = 60'000);

}  // namespace orrery::test
