// Milliseconds a frame while a cloud is turned: what the window does for each movement of the hand.
//
//   orrery-frame-benchmark [width height]
//
// Prints, for 2^14 … 2^20 points, the best and the median time of a frame at level of detail, how
// many points it shows, and the time until all points are drawn.
#include "core/base/Random.h"
#include "widgets/vtk/CloudScene.h"
#include "widgets/vtk/ProgressiveRenderer.h"

#include <QElapsedTimer>
#include <QGuiApplication>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace orrery;

namespace {

void timeFrames(int count, QSize size)
{
  Random random(17);
  Positions positions(3, count);
  CloudAppearance look;
  look.colors.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const double lobe = 6.0 * random.uniform();
    for (int axis = 0; axis < 3; ++axis)
      positions(axis, i) =
          static_cast<float>(random.normal() + 3.0 * std::sin(std::floor(lobe) * 2.1 + axis));
    look.colors.push_back(0xFF000000u | static_cast<std::uint32_t>(random.below(0x1000000)));
  }
  look.pointSize = recommendedPointSize(count);
  CloudScene scene;
  scene.setPositions(positions, false);
  scene.setAppearance(look);
  ProgressiveRenderer renderer(scene);
  QImage window(size, QImage::Format_RGB32);
  FrameRequest frame;
  frame.size = size;
  frame.camera = openingCamera(positions, false, static_cast<double>(size.width()) / size.height());

  const auto turn = [&] {
    QElapsedTimer timer;
    timer.start();
    frame.camera = orbit(frame.camera, 0.02, 0.003);
    renderer.start(frame);
    QPainter painter(&window);
    painter.drawImage(0, 0, renderer.picture());
    painter.end();
    return 1e-6 * static_cast<double>(timer.nsecsElapsed());
  };
  for (int i = 0; i < 15; ++i)
    turn();
  std::vector<double> times;
  for (int i = 0; i < 60; ++i)
    times.push_back(turn());
  const std::int64_t shown = renderer.statistics().points;
  std::sort(times.begin(), times.end());
  QElapsedTimer whole;
  whole.start();
  double longest = 0.0;
  while (renderer.advance() && !renderer.statistics().complete)
    longest = std::max(longest, renderer.statistics().milliseconds);
  const double all = 1e-6 * static_cast<double>(whole.nsecsElapsed());
  std::printf("%9d %12lld %10.1f %10.1f %10.0f %12.0f %12.1f\n", count,
              static_cast<long long>(shown), times.front(), times[times.size() / 2],
              1000.0 / times[times.size() / 2], all, longest);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv)
{
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
    qputenv("QT_QPA_PLATFORM", "offscreen");
  QGuiApplication application(argc, argv);
  const QSize size = argc > 2 ? QSize(std::atoi(argv[1]), std::atoi(argv[2])) : QSize(1280, 800);
  {
    const CloudScene scene;
    if (!scene.isUsable()) {
      std::fprintf(stderr, "orrery-frame-benchmark: there is no OpenGL\n");
      return 1;
    }
    std::printf("%s, %d x %d\n", qPrintable(scene.rendererName()), size.width(), size.height());
  }
  std::printf("%9s %12s %10s %10s %10s %12s %12s\n", "points", "shown", "best ms", "median ms",
              "frames/s", "all after ms", "slice ms");
  for (const int count : {16384, 65536, 262144, 1048576})
    timeFrames(count, size);
  return 0;
}
