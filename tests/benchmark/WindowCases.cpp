// What somebody at the window waits for: from the drop of a file to the first points, a search of
// labels and a lasso.
//
//   orrery-window-benchmark FILE         opens it in the whole window, as dropped
//   orrery-window-benchmark              searches and lassos among 2^20 made-up features
//
// A file is timed once in a process: peak memory is that of the process, helper included.
#include "app/MainWindow.h"
#include "app/Settings.h"
#include "core/base/Random.h"
#include "core/dictionary/LabelSearch.h"
#include "widgets/vtk/Picking.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QTemporaryDir>

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

using namespace orrery;

namespace {

double medianMs(const std::function<void()>& work)
{
  std::vector<double> times;
  for (int i = 0; i < 5; ++i) {
    QElapsedTimer timer;
    timer.start();
    work();
    times.push_back(1e-6 * static_cast<double>(timer.nsecsElapsed()));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

long peakMiB(int who)
{
  rusage usage{};
  getrusage(who, &usage);
  return usage.ru_maxrss / 1024;
}

int timeOpening(const std::filesystem::path& path)
{
  const QTemporaryDir folder;
  Settings settings(folder.filePath(QStringLiteral("settings.ini")));
  MainWindow window(&settings);
  window.resize(1280, 800);
  window.show();
  window.grab();
  QCoreApplication::processEvents();
  const long before = peakMiB(RUSAGE_SELF);

  QElapsedTimer timer;
  timer.start();
  window.openFiles({path});
  while (!window.document()->embedding() && timer.elapsed() < 60'000)
    QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents);
  if (!window.document()->embedding()) {
    std::fprintf(stderr, "%s: no points within a minute\n", path.c_str());
    return 1;
  }
  const double known = 1e-3 * static_cast<double>(timer.elapsed());
  window.grab();  // paints now, whatever events still wait
  const double shown = 1e-3 * static_cast<double>(timer.elapsed());
  const auto layer = window.document()->layer();
  const double matrix =
      4.0 * static_cast<double>(layer->dictionary->features() * layer->dictionary->dimensions()) /
      (1 << 20);
  // A child's peak begins as its parent's resident set at the start: only what is above counts.
  const long helper = std::max(0L, peakMiB(RUSAGE_CHILDREN) - before);
  const long after = peakMiB(RUSAGE_SELF);
  std::printf(
      "%s: first points after %.2f s (places known after %.2f s); the matrix has %.0f MiB, the "
      "window grew by %ld MiB (from %ld), its helper by %ld MiB: %.2f times the matrix\n",
      path.filename().c_str(), shown, known, matrix, after - before, before, helper,
      static_cast<double>(after - before + helper) / matrix);
  window.document()->cancelJobs();
  return 0;
}

void timeSearch(int count)
{
  Random random(7);
  static constexpr const char* words[] = {"country",   "capital", "verbs in the past", "river",
                                          "adjective", "number",  "Python code",       "of law"};
  std::vector<std::string> labels;
  for (int i = 0; i < count; ++i)
    labels.push_back(std::string(words[random.below(8)]) + " and " + words[random.below(8)] + " " +
                     std::to_string(i));
  for (const char* query : {"/capital.*(river|law) .*77/", "capital 77"}) {
    std::size_t found = 0;
    const double ms = medianMs([&] { found = findLabels(labels, query).size(); });
    std::printf("search of %d labels for %s: %.0f ms, %zu found\n", count, query, ms, found);
  }
}

void timeLasso(int count)
{
  Random random(8);
  Positions positions(3, count);
  for (Eigen::Index i = 0; i < positions.size(); ++i)
    positions.data()[i] = static_cast<float>(0.4 * random.normal());
  Projection projection;
  projection.width = 1280;
  projection.height = 800;
  const PointSizing sizing;
  std::vector<Eigen::Vector2d> corners;
  for (int i = 0; i < 400; ++i) {
    const double angle = i * 6.283185307179586 / 400;
    const double radius = 220.0 + 60.0 * std::sin(7.0 * angle);
    corners.emplace_back(640.0 + radius * std::cos(angle), 400.0 + radius * std::sin(angle));
  }
  const Region lasso = Region::polygon(corners);
  std::vector<FeatureId> found;
  const double ms =
      medianMs([&] { found = lasso.features(projectAll(positions, projection, sizing)); });
  const ScreenPoints points = projectAll(positions, projection, sizing);
  std::vector<FeatureId> all;
  for (FeatureId feature = 0; feature < count; ++feature) {
    const auto id = static_cast<std::size_t>(feature);
    if (points.drawn(feature) && lasso.contains(points.x[id], points.y[id]))
      all.push_back(feature);
  }
  std::printf("lasso of 400 corners among %d features: %.2f ms, %zu inside, %s brute force\n",
              count, ms, found.size(), found == all ? "equal to" : "NOT equal to");
}

}  // namespace

int main(int count, char** values)
{
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
    qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(count, values);
  if (count > 1)
    return timeOpening(values[1]);
  timeSearch(1 << 20);
  timeLasso(1 << 14);
  timeLasso(1 << 20);
  return 0;
}
