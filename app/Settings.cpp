#include "app/Settings.h"

#include <QFile>
#include <QFileInfo>
#include <QGuiApplication>
#include <QJsonDocument>
#include <QScreen>
#include <QStandardPaths>

#include <algorithm>
#include <limits>

namespace orrery {
namespace {

constexpr int layoutVersion = 1;  ///< Of the docks; another one is not restored.

}  // namespace

Settings::Settings(const QString& file)
    : m_settings(file.isEmpty() ? QSettings().fileName() : file, QSettings::IniFormat),
      m_ownFile(!file.isEmpty())
{
}

QStringList Settings::recent() const
{
  QStringList recent = m_settings.value(QStringLiteral("recent")).toStringList();
  recent.removeAll(QString());
  return recent.mid(0, maxRecent);
}

void Settings::addRecent(const QString& path)
{
  QStringList paths = recent();
  paths.removeAll(path);
  paths.prepend(path);
  m_settings.setValue(QStringLiteral("recent"), QStringList(paths.mid(0, maxRecent)));
}

void Settings::clearRecent()
{
  m_settings.remove(QStringLiteral("recent"));
}

bool Settings::isOwnSession(const QString& hash) const
{
  return m_settings.value(QStringLiteral("sessions/own")).toStringList().contains(hash);
}

void Settings::addOwnSession(const QString& hash)
{
  constexpr int mostRemembered = 100;
  QStringList own = m_settings.value(QStringLiteral("sessions/own")).toStringList();
  own.removeAll(hash);
  own.prepend(hash);
  m_settings.setValue(QStringLiteral("sessions/own"), QStringList(own.mid(0, mostRemembered)));
}

int Settings::crashes() const
{
  return std::clamp(m_settings.value(QStringLiteral("crashes")).toInt(), 0, 1000);
}

void Settings::setCrashes(int count)
{
  m_settings.setValue(QStringLiteral("crashes"), count);
  m_settings.sync();
}

int Settings::autosaveMs() const
{
  constexpr int usual = 120;
  const int seconds = m_settings.value(QStringLiteral("session/autosaveSeconds"), usual).toInt();
  return 1000 * (seconds >= 1 && seconds <= 3600 ? seconds : usual);
}

std::filesystem::path Settings::stateFolder() const
{
  const QString folder =
      m_ownFile ? QFileInfo(m_settings.fileName()).absolutePath()
                : QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation);
  return std::filesystem::path(QFile::encodeName(folder).toStdString()) / "recovery";
}

ThemeChoice Settings::theme() const
{
  const QString theme = m_settings.value(QStringLiteral("theme")).toString();
  return theme == QLatin1String("dark")    ? ThemeChoice::Dark
         : theme == QLatin1String("light") ? ThemeChoice::Light
                                           : ThemeChoice::System;
}

void Settings::setTheme(ThemeChoice theme)
{
  m_settings.setValue(QStringLiteral("theme"), theme == ThemeChoice::Dark    ? "dark"
                                               : theme == ThemeChoice::Light ? "light"
                                                                             : "system");
}

ChosenKeys Settings::keys() const
{
  constexpr int mostKeys = 4;
  ChosenKeys chosen;
  for (const ActionSpec& spec : actionSpecs()) {
    const QString id = QString::fromLatin1(spec.id);
    const QVariant written = m_settings.value(QStringLiteral("keys/") + id);
    if (!written.isValid())
      continue;
    QList<QKeySequence> keys;
    for (const QString& text : written.toString().split(QStringLiteral("; "), Qt::SkipEmptyParts)) {
      const QKeySequence key = QKeySequence::fromString(text, QKeySequence::PortableText);
      if (key.count() == 1 && key[0].key() != Qt::Key_unknown && keys.size() < mostKeys)
        keys << key;
    }
    if (!keys.isEmpty() || written.toString().isEmpty())
      chosen[id] = keys;
  }
  return chosen;
}

void Settings::setKeys(const ChosenKeys& chosen)
{
  m_settings.remove(QStringLiteral("keys"));
  for (const auto& [id, keys] : chosen) {
    QStringList texts;
    for (const QKeySequence& key : keys)
      texts << key.toString(QKeySequence::PortableText);
    m_settings.setValue(QStringLiteral("keys/") + id, texts.join(QStringLiteral("; ")));
  }
}

QJsonObject Settings::object(const QString& key) const
{
  return QJsonDocument::fromJson(m_settings.value(key).toByteArray()).object();
}

void Settings::setObject(const QString& key, const QJsonObject& object)
{
  m_settings.setValue(key, QJsonDocument(object).toJson(QJsonDocument::Compact));
}

QJsonObject Settings::layouts() const
{
  return object(QStringLiteral("layouts"));
}

void Settings::setLayouts(const QJsonObject& layouts)
{
  setObject(QStringLiteral("layouts"), layouts);
}

QJsonObject Settings::views() const
{
  return object(QStringLiteral("window/views"));
}

void Settings::setViews(const QJsonObject& views)
{
  setObject(QStringLiteral("window/views"), views);
}

QString Settings::addressTemplate() const
{
  return m_settings.value(QStringLiteral("address")).toString().left(500);
}

void Settings::setAddressTemplate(const QString& text)
{
  m_settings.setValue(QStringLiteral("address"), text);
}

bool Settings::hasWindow() const
{
  return m_settings.contains(QStringLiteral("window/layout"));
}

void Settings::saveWindow(const QMainWindow& window)
{
  m_settings.setValue(QStringLiteral("window/geometry"), window.normalGeometry());
  m_settings.setValue(QStringLiteral("window/maximized"), window.isMaximized());
  m_settings.setValue(QStringLiteral("window/layout"), window.saveState(layoutVersion));
}

void Settings::restoreWindow(QMainWindow& window) const
{
  QList<QRect> screens;
  for (const QScreen* screen : QGuiApplication::screens())
    screens << screen->availableGeometry();
  QRect wanted = m_settings.value(QStringLiteral("window/geometry")).toRect();
  if (!wanted.isValid() || wanted.width() < 200 || wanted.height() < 150) {
    // First start: most of the screen, but no wall of window on a large one.
    const QRect screen = screens.isEmpty() ? QRect(0, 0, 1280, 800)
                                           : QGuiApplication::primaryScreen()->availableGeometry();
    const bool small = screen.width() <= 1440 || screen.height() <= 900;
    const QSize size =
        small ? screen.size() - QSize(8, 40) : (screen.size() * 0.85).boundedTo(QSize(1920, 1200));
    wanted = QRect(QPoint(), size);
    wanted.moveCenter(screen.center());
  }
  window.setGeometry(clampedToScreens(wanted, screens));
  window.restoreState(m_settings.value(QStringLiteral("window/layout")).toByteArray(),
                      layoutVersion);
  if (m_settings.value(QStringLiteral("window/maximized")).toBool())
    window.setWindowState(window.windowState() | Qt::WindowMaximized);
}

QRect clampedToScreens(QRect wanted, const QList<QRect>& screens)
{
  if (screens.isEmpty())
    return wanted;
  const auto overlap = [&](const QRect& screen) {
    const QRect common = screen.intersected(wanted);
    return common.isEmpty() ? std::int64_t{0}
                            : std::int64_t{common.width()} * std::int64_t{common.height()};
  };
  const auto distance = [&](const QRect& screen) {
    return (screen.center() - wanted.center()).manhattanLength();
  };
  const QRect screen =
      *std::max_element(screens.begin(), screens.end(), [&](const QRect& a, const QRect& b) {
        return overlap(a) != overlap(b) ? overlap(a) < overlap(b) : distance(a) > distance(b);
      });
  wanted.setSize(wanted.size().boundedTo(screen.size()));
  wanted.moveLeft(std::clamp(wanted.left(), screen.left(), screen.right() - wanted.width() + 1));
  wanted.moveTop(std::clamp(wanted.top(), screen.top(), screen.bottom() - wanted.height() + 1));
  return wanted;
}

}  // namespace orrery
