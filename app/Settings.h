// What is remembered from one start to the next: recent files, theme, the window's place.
#pragma once

#include "widgets/panels/Theme.h"

#include <QMainWindow>
#include <QSettings>
#include <QString>
#include <QStringList>

namespace orrery {

/// Everything read back is checked: settings are a file like any other.
class Settings {
 public:
  static constexpr int maxRecent = 8;

  /// In the user's usual place, or in @p file (tests).
  explicit Settings(const QString& file = QString());

  [[nodiscard]] QStringList recent() const;
  /// Moves @p path to the front.
  void addRecent(const QString& path);
  void clearRecent();

  [[nodiscard]] ThemeChoice theme() const;
  void setTheme(ThemeChoice theme);

  void saveWindow(const QMainWindow& window);
  /// Puts the window where it was, if that place still exists: on a screen that is there, no larger
  /// than it.
  void restoreWindow(QMainWindow& window) const;

 private:
  mutable QSettings m_settings;
};

/// @p wanted moved and shrunk so that it lies within @p screens' nearest one.
QRect clampedToScreens(QRect wanted, const QList<QRect>& screens);

}  // namespace orrery
