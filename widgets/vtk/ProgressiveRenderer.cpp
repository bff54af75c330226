#include "widgets/vtk/ProgressiveRenderer.h"

#include <QElapsedTimer>

#include <algorithm>

namespace orrery {

namespace {

constexpr double firstBudgetMs = 33.0;
constexpr double sliceBudgetMs = 36.0;
/// A sample smaller than this says nothing any more, however slow the machine.
constexpr std::int64_t leastPoints = 8192;
/// Pixels beyond which a picture is not drawn twice as large: memory and time.
constexpr double mostSharpPixels = 20e6;

double megapixels(const QSize& size)
{
  return 1e-6 * size.width() * size.height();
}

}  // namespace

std::int64_t ProgressiveRenderer::affordable(double milliseconds, double scale) const
{
  // Before anything was measured: what software renderers manage, or any GPU.
  const double each = scale * (m_millisecondsPerPoint > 0.0 ? m_millisecondsPerPoint
                                                            : (m_scene.isSoftware() ? 6e-4 : 2e-5));
  const double left =
      milliseconds - m_millisecondsPerMegapixel * megapixels(m_request.size) * scale;
  return std::max(leastPoints, static_cast<std::int64_t>(std::max(0.0, left) / each));
}

void ProgressiveRenderer::learn(double milliseconds, std::int64_t points, double scale)
{
  if (points < 2048)
    return;
  const double fixed = m_millisecondsPerMegapixel * megapixels(m_request.size) * scale;
  const double each =
      std::max(milliseconds - fixed, 0.2 * milliseconds) / static_cast<double>(points) / scale;
  // A slow frame counts at once, a fast one little by little: the budget holds rather than not.
  const double weight = each > m_millisecondsPerPoint ? 0.5 : 0.2;
  m_millisecondsPerPoint = m_millisecondsPerPoint > 0.0
                               ? m_millisecondsPerPoint + weight * (each - m_millisecondsPerPoint)
                               : each;
}

std::int64_t ProgressiveRenderer::drawNext(std::int64_t points)
{
  const std::int64_t all = m_scene.drawableCount();
  const std::int64_t selected = m_scene.selectionCount();
  const std::int64_t now = std::clamp<std::int64_t>(all - m_points, 0, points);
  m_scene.drawPoints(m_points, now);
  m_points += now;
  if (m_points < all && selected > leastPoints)
    return now;
  // Few selected points: all of them again, after every slice, since the slice may have drawn over
  // the outlines of those that lie behind it. Many: in slices of their own.
  if (selected <= leastPoints) {
    m_scene.drawSelection(0, selected);
    m_selected = selected;
    return now + selected;
  }
  const std::int64_t more = std::clamp<std::int64_t>(selected - m_selected, 0, points - now);
  m_scene.drawSelection(m_selected, more);
  m_selected += more;
  return now + more;
}

int ProgressiveRenderer::sharpening() const
{
  const double pixels = 4e6 * megapixels(m_request.size);
  const int longest = 2 * std::max(m_request.size.width(), m_request.size.height());
  return pixels <= mostSharpPixels && longest <= m_scene.maximumSize() ? 2 : 1;
}

bool ProgressiveRenderer::start(const FrameRequest& request)
{
  QElapsedTimer timer;
  timer.start();
  m_request = request;
  m_points = m_selected = 0;
  m_statistics = {};
  if (!m_scene.begin(request)) {
    m_stage = Stage::Finished;
    m_picture = {};
    return false;
  }
  const std::int64_t drawn = drawNext(affordable(firstBudgetMs, 1.0));
  // While moving, a large selection shows by a fair sample as well.
  const std::int64_t selected = m_scene.selectionCount();
  if (m_selected == 0 && selected > 0)
    m_scene.drawSelection(0, std::min(selected, leastPoints));
  m_picture = m_scene.read();
  if (m_picture.isNull()) {
    m_stage = Stage::Finished;
    return false;
  }
  m_statistics.points = m_points;
  m_statistics.complete = m_points == m_scene.drawableCount() && m_selected == selected;
  m_statistics.milliseconds = 1e-6 * static_cast<double>(timer.nsecsElapsed());
  learn(m_statistics.milliseconds, drawn, 1.0);
  m_stage = Stage::Filling;
  return true;
}

bool ProgressiveRenderer::advance()
{
  if (m_stage == Stage::Finished)
    return false;
  QElapsedTimer timer;
  timer.start();
  const std::int64_t all = m_scene.drawableCount();
  const std::int64_t selected = m_scene.selectionCount();
  const int factor = sharpening();
  if (m_stage == Stage::Filling && m_statistics.complete) {
    if (factor == 1) {
      m_stage = Stage::Finished;
      return false;
    }
    FrameRequest large = m_request;
    large.size *= factor;
    large.pixelRatio *= factor;
    if (!m_scene.begin(large)) {
      m_stage = Stage::Finished;
      return false;
    }
    m_stage = Stage::Sharpening;
    m_points = m_selected = 0;
  }
  const double scale = m_stage == Stage::Sharpening ? factor * factor : 1.0;
  const std::int64_t drawn = drawNext(affordable(sliceBudgetMs, scale));
  const bool complete = m_points == all && m_selected == selected;
  if (m_stage == Stage::Filling) {
    m_picture = m_scene.read();
    m_statistics.points = m_points;
    m_statistics.complete = complete;
  } else if (complete) {
    m_picture = averaged(m_scene.read(), factor);
    m_stage = Stage::Finished;
  } else {
    m_scene.finishDrawing();
  }
  m_statistics.milliseconds = 1e-6 * static_cast<double>(timer.nsecsElapsed());
  if (m_stage != Stage::Finished)
    learn(m_statistics.milliseconds, drawn, scale);
  return true;
}

}  // namespace orrery
