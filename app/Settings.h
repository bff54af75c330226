// What is remembered from one start to the next: recent files, theme, the window's place.
#pragma once

#include "app/ActionTable.h"
#include "widgets/panels/Theme.h"

#include <QJsonObject>
#include <QMainWindow>
#include <QSettings>
#include <QString>
#include <QStringList>

#include <filesystem>

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

  /// Sessions that this program wrote for this user, by their hash: their paths are trusted.
  [[nodiscard]] bool isOwnSession(const QString& hash) const;
  void addOwnSession(const QString& hash);
  /// How many starts in a row have found that the one before had crashed.
  [[nodiscard]] int crashes() const;
  void setCrashes(int count);
  /// After how long a change is kept in the recovery file: "session/autosaveSeconds", 1 to 3600,
  /// else two minutes.
  [[nodiscard]] int autosaveMs() const;
  /// Where recovery files lie: the user's usual place, or beside the file of settings (tests).
  [[nodiscard]] std::filesystem::path stateFolder() const;

  [[nodiscard]] ThemeChoice theme() const;
  void setTheme(ThemeChoice theme);

  /// Keys other than the table's, under "keys": what is no key is left out.
  [[nodiscard]] ChosenKeys keys() const;
  void setKeys(const ChosenKeys& chosen);
  /// Layouts of the window under their names.
  [[nodiscard]] QJsonObject layouts() const;
  void setLayouts(const QJsonObject& layouts);
  /// How the views were arranged at the end.
  [[nodiscard]] QJsonObject views() const;
  void setViews(const QJsonObject& views);
  /// What the address of a feature's public page is made of; see FeatureAddress.h. Empty: the
  /// usual one.
  [[nodiscard]] QString addressTemplate() const;
  void setAddressTemplate(const QString& text);

  /// Whether a window has been saved before.
  [[nodiscard]] bool hasWindow() const;
  void saveWindow(const QMainWindow& window);
  /// Puts the window where it was, if that place still exists: on a screen that is there, no larger
  /// than it.
  void restoreWindow(QMainWindow& window) const;

 private:
  [[nodiscard]] QJsonObject object(const QString& key) const;
  void setObject(const QString& key, const QJsonObject& object);

  mutable QSettings m_settings;
  bool m_ownFile;  ///< Given by the caller.
};

/// @p wanted moved and shrunk so that it lies within @p screens' nearest one.
QRect clampedToScreens(QRect wanted, const QList<QRect>& screens);

}  // namespace orrery
