#include "core/base/Error.h"
#include "core/io/ResultFile.h"
#include "widgets/figure/Figure.h"
#include "widgets/vtk/OpenGlContext.h"

namespace orrery {

namespace {

std::string lowerEnding(const std::filesystem::path& path)
{
  return QString::fromStdString(path.extension().string()).toLower().toStdString();
}

}  // namespace

void checkFigure(const FigureRequest& request, const std::filesystem::path& path)
{
  const std::string ending = lowerEnding(path);
  if (ending != ".png" && ending != ".svg" && ending != ".pdf")
    throw Error(path.string() + ": a figure is written as .png, .svg or .pdf, found '" + ending +
                "'.");
  checkFigureSize(request);
  checkFileWritable(path);
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
  writeFileAtomically(path, renderer.bytes(lowerEnding(path)));
  progress.update(1, 1);
  return estimate;
}

}  // namespace orrery
