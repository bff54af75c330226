#include "app/RunWindow.h"

#include "app/MainWindow.h"
#include "app/Settings.h"
#include "app/parts/LobePart.h"
#include "app/parts/SessionPart.h"
#include "widgets/panels/Theme.h"

#include <QApplication>
#include <QSocketNotifier>
#include <QSurfaceFormat>
#include <QTimer>

#include <sys/socket.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

namespace orrery {
namespace {

constexpr int endWithinMs = 800;
constexpr char noDisplay[] =
    "orrery: no display: the window needs a graphical desktop (DISPLAY or WAYLAND_DISPLAY names "
    "none that answers); the subcommands work without one, see 'orrery --help'\n";

/// Qt aborts, with a core file, when it finds no display. It asks us before.
void takeQtMessage(QtMsgType type, const QMessageLogContext&, const QString& text)
{
  if (type == QtFatalMsg) {
    if (text.contains(QLatin1String("platform plugin")))
      std::fputs(noDisplay, stderr);
    else
      std::fprintf(stderr, "orrery: %s\n", qPrintable(text));
    std::_Exit(1);
  }
  // The plugin loader explains itself at length before the fatal line that we replace.
  if (text.contains(QLatin1String("could not connect to display")) ||
      text.contains(QLatin1String("Could not load the Qt platform plugin")) ||
      text.contains(QLatin1String("could not open display")))
    return;
  std::fprintf(stderr, "orrery: %s\n", qPrintable(text));
}

bool hasDisplay()
{
  for (const char* name : {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"})
    if (const char* value = std::getenv(name); value && *value)
      return true;
  return false;
}

// A signal handler may do next to nothing: it writes one byte, and the event loop reads it.
int signalSockets[2] = {-1, -1};

void onSignal(int)
{
  const char byte = 1;
  [[maybe_unused]] const auto written = write(signalSockets[0], &byte, 1);
}

void closeOnSignals(QApplication& application, std::function<void()> atEnd)
{
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, signalSockets) != 0)
    return;
  auto* notifier = new QSocketNotifier(signalSockets[1], QSocketNotifier::Read, &application);
  QObject::connect(notifier, &QSocketNotifier::activated, &application, [&application, atEnd] {
    char byte = 0;
    [[maybe_unused]] const auto got = read(signalSockets[1], &byte, 1);
    atEnd();
    application.closeAllWindows();
    application.quit();
  });
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    std::signal(number, onSignal);
}

}  // namespace

int runWindow(int argumentCount, char** arguments, const WindowRequest& request)
{
  if (!hasDisplay()) {
    std::fputs(noDisplay, stderr);
    return 1;
  }
  if (request.softwareGl)
    setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
  qInstallMessageHandler(takeQtMessage);
  QCoreApplication::setApplicationName(QStringLiteral("orrery"));
  QCoreApplication::setOrganizationName(QStringLiteral("orrery"));
  QGuiApplication::setApplicationDisplayName(QStringLiteral("Orrery"));
  QGuiApplication::setDesktopFileName(QStringLiteral("org.orrery.Orrery"));
  QApplication application(argumentCount, arguments);

  Settings settings;
  applyTheme(settings.theme());
  {
    MainWindow window(&settings);
    closeOnSignals(application, [&window] {
      window.document()->cancelJobs();
      window.session()->end();
    });
    window.show();
    // Once the window is there: a message about a file needs somewhere to stand.
    QTimer::singleShot(0, &window, [&] {
      window.session()->start();
      std::vector<OpenRequest> requests;
      if (request.session)
        window.session()->open(*request.session);
      for (const auto& path : request.files) {
        if (SessionPart::isSession(path)) {
          window.session()->open(path);
          continue;
        }
        OpenRequest open{path, {}};
        open.options.dataset = request.dataset;
        open.options.shape = request.shape;
        open.options.transpose = request.transpose;
        open.options.labels = request.labels;
        requests.push_back(std::move(open));
      }
      // Waits for the dictionary that it belongs to.
      if (request.cooccurrence)
        window.lobes()->study()->openCooccurrence(*request.cooccurrence);
      if (request.demo)
        window.document()->openDemo();
      else if (!requests.empty())
        window.document()->open(std::move(requests));
    });
    const int status = application.exec();
    window.document()->cancelJobs();
    if (status != 0)
      return status;
  }
  if (!waitForJobThreads(endWithinMs)) {
    // A thread is inside one LAPACK call that nothing can stop, and nothing of it is wanted.
    std::fflush(nullptr);
    std::_Exit(0);
  }
  return 0;
}

}  // namespace orrery
