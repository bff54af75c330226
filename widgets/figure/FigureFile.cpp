#include "core/base/Error.h"
#include "core/io/ResultFile.h"
#include "widgets/figure/Figure.h"
#include "widgets/vtk/OpenGlContext.h"

namespace orrery {

void checkFigure(const FigureRequest& request, const std::filesystem::path& path)
{
  checkPageFile(path);
  checkFigureSize(request);
  if (!OpenGlContext::shared())
    throw Error("The figure cannot be drawn: " + OpenGlContext::failure().toStdString() + ".");
}

FigureEstimate writeFigure(const FigureRequest& request, const std::filesystem::path& path,
                           const Progress& progress)
{
  checkFigure(request, path);
  FigureRenderer renderer(request);
  FigureEstimate estimate = estimateFigure(request);
  const Progress drawing = progress.stage("drawing", 0.0, 0.9);
  for (std::int64_t done = 0; renderer.advance(); ++done)
    drawing.update(done + 1, estimate.tiles);
  writeFileAtomically(path, renderer.bytes(pageEnding(path)));
  progress.update(1, 1);
  return estimate;
}

}  // namespace orrery
