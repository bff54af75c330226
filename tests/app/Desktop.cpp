#include "tests/app/Desktop.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QStandardPaths>
#include <QtEndian>
#include <QtTest/QTest>

namespace orrery::test {
namespace {

constexpr int askEveryMs = 50;
constexpr int startTimeoutMs = 30'000;
constexpr int stillForMs = 300;

/// The picture in an X window dump, which Xvfb keeps up to date in a file.
QImage imageOfDump(const QByteArray& dump)
{
  // XWD format version 7: 25 numbers, big endian, then the window's name, colours and pixels.
  enum { HeaderSize = 0, Width = 4, Height = 5, BitsPerPixel = 11, BytesPerLine = 12, Colors = 19 };
  const auto number = [&](int place) {
    return static_cast<int>(qFromBigEndian<quint32>(dump.constData() + 4 * place));
  };
  if (dump.size() < 100 || number(BitsPerPixel) != 32)
    return {};
  const qsizetype pixels = number(HeaderSize) + 12 * qsizetype{number(Colors)};
  if (dump.size() < pixels + qsizetype{number(BytesPerLine)} * number(Height))
    return {};
  return QImage(reinterpret_cast<const uchar*>(dump.constData()) + pixels, number(Width),
                number(Height), number(BytesPerLine), QImage::Format_RGB32)
      .copy();
}

}  // namespace

bool waitUntil(const std::function<bool()>& condition, int timeoutMs)
{
  QElapsedTimer clock;
  clock.start();
  do {
    if (condition())
      return true;
    QTest::qWait(askEveryMs);
  } while (clock.elapsed() < timeoutMs);
  return false;
}

QString Desktop::missing()
{
  QStringList absent;
  for (const char* program : {"Xvfb", "openbox", "xdotool"})
    if (QStandardPaths::findExecutable(QLatin1String(program)).isEmpty())
      absent << QLatin1String(program);
  return absent.isEmpty() ? QString()
                          : QStringLiteral("%1 must be installed to drive the window from outside")
                                .arg(absent.join(QStringLiteral(", ")));
}

Desktop::Desktop(const QString& folder, QSize size) : m_folder(folder)
{
  m_environment = QProcessEnvironment::systemEnvironment();
  m_environment.insert("HOME", folder);
  m_environment.insert("XDG_CONFIG_HOME", folder + "/config");
  m_environment.insert("XDG_DATA_HOME", folder + "/data");
  m_environment.insert("XDG_CACHE_HOME", folder + "/cache");
  m_environment.insert("XDG_RUNTIME_DIR", folder + "/runtime");
  m_environment.insert("QT_QPA_PLATFORM", "xcb");
  m_environment.insert("LC_ALL", "C.UTF-8");
  for (const char* name : {"WAYLAND_DISPLAY", "QT_SCALE_FACTOR", "QT_STYLE_OVERRIDE",
                           "QT_QPA_PLATFORMTHEME", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"})
    m_environment.remove(QLatin1String(name));
  // Windows without frames lie where their managers say, and no key is the manager's own.
  QDir().mkpath(folder + "/config/openbox");
  QFile settings(folder + "/config/openbox/rc.xml");
  if (settings.open(QIODevice::WriteOnly))
    settings.write(
        "<?xml version=\"1.0\"?>\n<openbox_config xmlns=\"http://openbox.org/3.4/rc\">\n"
        "<theme><keepBorder>no</keepBorder></theme>"
        "<applications><application class=\"*\"><decor>no</decor></application></applications>\n"
        "</openbox_config>\n");
  settings.close();
  QDir().mkpath(folder + "/runtime");
  QFile::setPermissions(folder + "/runtime",
                        QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);

  // The server chooses a free display and says which.
  m_screen.start("Xvfb", {"-displayfd", "1", "-screen", "0",
                          QStringLiteral("%1x%2x24").arg(size.width()).arg(size.height()), "-fbdir",
                          folder, "-nocursor", "-nolisten", "tcp", "-noreset"});
  QByteArray said;
  if (!waitUntil(
          [&] {
            m_screen.waitForReadyRead(askEveryMs);
            said += m_screen.readAllStandardOutput();
            return said.endsWith('\n') || m_screen.state() == QProcess::NotRunning;
          },
          startTimeoutMs) ||
      !said.endsWith('\n')) {
    m_problem = "Xvfb did not start: " + QString::fromLocal8Bit(m_screen.readAllStandardError());
    return;
  }
  m_environment.insert("DISPLAY", ":" + QString::fromLatin1(said).trimmed());
  m_manager.setProcessEnvironment(m_environment);
  m_manager.setStandardErrorFile(QProcess::nullDevice());
  m_manager.start("openbox", {});
  const auto manages = [&] {
    return !xdotool({"get_num_desktops"}).isEmpty();  // answered by window managers only
  };
  if (!m_manager.waitForStarted() || !waitUntil(manages, startTimeoutMs))
    m_problem = "openbox did not start";
}

Desktop::~Desktop()
{
  for (QProcess* process : {&m_manager, &m_screen}) {
    process->terminate();
    if (!process->waitForFinished(5000)) {
      process->kill();
      process->waitForFinished(5000);
    }
  }
}

QImage Desktop::picture() const
{
  QFile file(m_folder + "/Xvfb_screen0");
  return file.open(QIODevice::ReadOnly) ? imageOfDump(file.readAll()) : QImage();
}

QImage Desktop::stillPicture(QRect part) const
{
  const auto look = [&] { return part.isEmpty() ? picture() : picture().copy(part); };
  QImage last = look();
  QElapsedTimer still;
  still.start();
  waitUntil([&] {
    QImage now = look();
    if (now != last) {
      last = std::move(now);
      still.start();
    }
    return still.elapsed() >= stillForMs;
  });
  return last;
}

QString Desktop::xdotool(const QStringList& arguments) const
{
  QProcess process;
  process.setProcessEnvironment(m_environment);
  process.start("xdotool", arguments);
  if (!process.waitForFinished(startTimeoutMs))
    process.kill();
  return QString::fromUtf8(process.readAllStandardOutput()).trimmed();
}

void Desktop::type(const QString& text) const
{
  xdotool({"type", "--clearmodifiers", "--delay", "15", text});
}

void Desktop::moveTo(QPoint place) const
{
  xdotool({"mousemove", QString::number(place.x()), QString::number(place.y())});
}

void Desktop::drag(const QList<QPoint>& path) const
{
  moveTo(path.front());
  xdotool({"mousedown", "1"});
  for (const QPoint& place : path.mid(1))
    moveTo(place);
  xdotool({"mouseup", "1"});
}

QString Desktop::activeTitle() const
{
  return xdotool({"getactivewindow", "getwindowname"});
}

QRect Desktop::activeFrame() const
{
  int x = 0, y = 0, width = 0, height = 0;
  for (const QString& line :
       xdotool({"getactivewindow", "getwindowgeometry", "--shell"}).split(QLatin1Char('\n'))) {
    const int value = line.section(QLatin1Char('='), 1).toInt();
    if (line.startsWith(QLatin1String("X=")))
      x = value;
    else if (line.startsWith(QLatin1String("Y=")))
      y = value;
    else if (line.startsWith(QLatin1String("WIDTH=")))
      width = value;
    else if (line.startsWith(QLatin1String("HEIGHT=")))
      height = value;
  }
  return {x, y, width, height};
}

bool Desktop::waitForTitle(const QString& part, int timeoutMs) const
{
  return waitUntil([&] { return activeTitle().contains(part); }, timeoutMs);
}

}  // namespace orrery::test
