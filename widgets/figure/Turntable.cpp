#include "widgets/figure/Turntable.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/ResultFile.h"
#include "widgets/vtk/CameraMotion.h"

#include <algorithm>
#include <numbers>
#include <utility>

namespace orrery {
namespace {

const FigureRequest& checked(const FigureRequest& request, const std::filesystem::path& path,
                             int frames)
{
  checkFigure(request, path);
  if (pageEnding(path) != ".png")
    throw Error(displayName(path) + ": the frames of a turn are pictures (expected .png)");
  if (frames < 2 || frames > mostFrames)
    throw Error("A turn has 2 to " + std::to_string(mostFrames) + " frames, not " +
                std::to_string(frames) + ".");
  if (request.planar)
    throw Error("A flat map cannot be turned: choose a map in three dimensions.");
  return request;
}

}  // namespace

Camera turntableCamera(const Camera& camera, int frame, int frames)
{
  return frame % frames == 0 ? camera : orbit(camera, 2.0 * std::numbers::pi * frame / frames, 0.0);
}

std::filesystem::path framePath(const std::filesystem::path& path, int frame, int frames)
{
  const std::size_t digits = std::max<std::size_t>(4, std::to_string(frames).size());
  const std::string number = std::to_string(frame + 1);
  return path.parent_path() /
         (path.stem().string() + "-" + std::string(digits - std::min(digits, number.size()), '0') +
          number + path.extension().string());
}

TurntableRenderer::TurntableRenderer(const FigureRequest& request, std::filesystem::path path,
                                     int frames)
    : m_path(std::move(path)),
      m_frames(frames),
      m_renderer(checked(request, m_path, frames)),
      m_camera(m_renderer.camera())
{
}

bool TurntableRenderer::advance()
{
  if (m_frame >= m_frames)
    return false;
  if (m_renderer.advance())
    return true;
  writeFileAtomically(framePath(m_path, m_frame, m_frames), m_renderer.bytes(".png"));
  if (++m_frame < m_frames)
    m_renderer.turnTo(turntableCamera(m_camera, m_frame, m_frames));
  return m_frame < m_frames;
}

double TurntableRenderer::fraction() const
{
  return std::min(1.0, (m_frame + (m_frame < m_frames ? m_renderer.fraction() : 0.0)) / m_frames);
}

void writeTurntable(const FigureRequest& request, const std::filesystem::path& path, int frames,
                    const Progress& progress)
{
  TurntableRenderer turntable(request, path, frames);
  while (turntable.advance())
    progress.update(turntable.written(), frames);
}

}  // namespace orrery
