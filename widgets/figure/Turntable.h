// One turn of the cloud as numbered pictures, from which others make a film.
#pragma once

#include "core/base/Progress.h"
#include "widgets/figure/Figure.h"

#include <filesystem>
#include <string>

namespace orrery {

inline constexpr int mostFrames = 3600;

/// The camera of frame @p frame (0 …) of @p frames: a full turn about the world's upright axis
/// through the focal point, in equal steps, the first as @p camera is.
Camera turntableCamera(const Camera& camera, int frame, int frames);

/// "figure-0007.png" of "figure.png": numbered from 1, four digits or as many as are needed.
std::filesystem::path framePath(const std::filesystem::path& path, int frame, int frames);

/// Draws frame after frame with one renderer, so that a window can go on answering between tiles.
class TurntableRenderer {
 public:
  /// @p path ends in .png. Throws Error if it does not, if @p frames is not in 2 … mostFrames or
  /// the map is flat, and as checkFigure.
  TurntableRenderer(const FigureRequest& request, std::filesystem::path path, int frames);

  /// Draws the next tile; a frame that is complete is written. False if nothing is left.
  bool advance();
  [[nodiscard]] double fraction() const;
  [[nodiscard]] int written() const { return m_frame; }

 private:
  std::filesystem::path m_path;
  int m_frames;
  FigureRenderer m_renderer;
  Camera m_camera;
  int m_frame = 0;  ///< Being drawn.
};

/// All of it. Frames that were written before an error stay.
void writeTurntable(const FigureRequest& request, const std::filesystem::path& path, int frames,
                    const Progress& progress = {});

}  // namespace orrery
