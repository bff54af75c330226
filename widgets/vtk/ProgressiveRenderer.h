// Level of detail: a first picture within a budget of time, the rest in slices, then a smooth one.
#pragma once

#include "widgets/vtk/CloudScene.h"

#include <QImage>

#include <cstdint>

namespace orrery {

/// start() draws as many points as the machine has been seen to draw in 33 ms, a fair sample of
/// all; each advance() takes at most some 40 ms and adds the next ones to the same picture; when
/// all are there, the picture is drawn again supersampled, in such slices too. Whoever moves the
/// camera calls start() and what is left undone is forgotten, so no frame ever blocks the window.
class ProgressiveRenderer {
 public:
  explicit ProgressiveRenderer(CloudScene& scene) : m_scene(scene) {}

  struct Statistics {
    std::int64_t points = 0;    ///< Drawn so far in the present picture.
    double milliseconds = 0.0;  ///< That the last start() or advance() took.
    bool complete = false;      ///< All points are in the picture.
  };

  /// False if there is no OpenGL.
  bool start(const FrameRequest& request);
  /// False if nothing is left to do.
  bool advance();
  /// Done: complete and smooth.
  [[nodiscard]] bool isFinished() const { return m_stage == Stage::Finished; }

  [[nodiscard]] const QImage& picture() const { return m_picture; }
  [[nodiscard]] const Statistics& statistics() const { return m_statistics; }

 private:
  enum class Stage { Filling, Sharpening, Finished };

  [[nodiscard]] std::int64_t affordable(double milliseconds, double pixels) const;
  void learn(double milliseconds, std::int64_t points, double pixels);
  std::int64_t drawNext(std::int64_t points);
  [[nodiscard]] int sharpening() const;

  CloudScene& m_scene;
  FrameRequest m_request;
  Stage m_stage = Stage::Finished;
  QImage m_picture;
  Statistics m_statistics;
  std::int64_t m_points = 0;                ///< Drawn into the framebuffer.
  std::int64_t m_selected = 0;              ///< Likewise, of the selection.
  double m_millisecondsPerPoint = 0.0;      ///< At one device pixel per pixel; 0: not known.
  double m_millisecondsPerMegapixel = 4.0;  ///< Clearing and reading back.
};

}  // namespace orrery
