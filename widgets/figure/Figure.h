// Figures for papers: the cloud in millimetres and dots per inch, with text in points of the page.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "widgets/figure/Page.h"
#include "widgets/vtk/CloudOverlay.h"
#include "widgets/vtk/CloudScene.h"
#include "widgets/vtk/Legend.h"

#include <QColor>
#include <QImage>
#include <QSize>
#include <QString>
#include <QStringList>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

class QPainter;

namespace orrery {

enum class FigureBackground { White, Transparent, Dark };

/// Inside: in the upper right corner, over the points. Beside: in a strip of its own, right of
/// them. Auto: inside where it covers hardly any point, else beside.
enum class LegendPlace { Auto, Inside, Beside };

/// Everything a figure shows. Plain values, so that window and command line ask for the same thing.
struct FigureRequest {
  Positions positions = Positions(3, 0);  ///< 3 × n; columns that are not finite are not drawn.
  bool planar = false;
  /// Colours and sizes. Background and foreground follow `background` below; pointSize counts in
  /// pixels of a view that is viewWidth wide.
  CloudAppearance appearance;
  std::vector<FeatureId> selection;
  std::vector<FeatureId> hidden;
  std::optional<std::vector<FeatureId>> emphasis;     ///< Set: all others are grey.
  std::vector<std::pair<FeatureId, QString>> labels;  ///< In order of importance.
  std::vector<CrystalShape> crystals;
  FeatureTies ties;
  LegendModel legend;
  LegendPlace legendPlace = LegendPlace::Auto;
  QStringList axisNames;
  QString title;
  QString caption;               ///< What the figure shows: method, options, N, seed.
  std::optional<Camera> camera;  ///< None: all is framed, as in the window.

  double widthMm = 85.0;
  double heightMm = 60.0;
  double dpi = 300.0;
  FigureBackground background = FigureBackground::White;
  double fontPoints = 7.0;  ///< Of labels, legend and caption, on the page.
  double linePoints = 0.5;  ///< Of frames and ticks, on the page.
  double viewWidth = 0.0;   ///< Logical pixels that the width stands for; 0: twice 96 per inch.
  /// Kept in the file ("orrery-session" → JSON …), so that a picture can be opened again.
  std::map<QString, QString> metadata;
};

/// What a figure would cost.
struct FigureEstimate {
  QSize pixels;
  double gigapixels = 0.0;
  double megabytes = 0.0;  ///< Of memory while it is drawn.
  int tiles = 0;
};

FigureEstimate estimateFigure(const FigureRequest& request);

/// The page that a figure is drawn on, a twentieth of a point its unit.
Page figurePage(const FigureRequest& request);

/// Throws as checkPage.
void checkFigureSize(const FigureRequest& request);

/// Throws the Error that drawing and writing would, before any work: as checkPage and
/// checkPageFile, and where there is no OpenGL.
void checkFigure(const FigureRequest& request, const std::filesystem::path& path);

/// Draws a figure tile by tile, so that a window can go on answering between tiles.
class FigureRenderer {
 public:
  /// Throws as checkFigureSize, and if there is no OpenGL.
  explicit FigureRenderer(FigureRequest request);
  ~FigureRenderer();
  FigureRenderer(const FigureRenderer&) = delete;
  FigureRenderer& operator=(const FigureRenderer&) = delete;

  /// As the request says, or what frames all.
  [[nodiscard]] const Camera& camera() const;
  /// Begins anew with the same scene from elsewhere; the legend stays where it is.
  void turnTo(const Camera& camera);

  /// Draws the next tile; false if there is none left. Throws Error if OpenGL fails.
  bool advance();
  [[nodiscard]] double fraction() const;

  /// With legend, labels and all, pHYs and metadata set. All tiles must be drawn.
  [[nodiscard]] QImage image() const;
  /// The same onto any painter, at its origin, a twentieth of a point its unit.
  void paint(QPainter& painter) const;
  /// The bytes of a .png, .svg or .pdf (@p ending with the dot).
  [[nodiscard]] std::string bytes(const std::string& ending) const;

 private:
  struct Data;
  std::unique_ptr<Data> m_data;
};

/// The whole picture; for previews give a low dpi.
QImage renderFigure(const FigureRequest& request, const Progress& progress = {});

/// Draws and writes to @p path, whose ending (.png .svg .pdf) chooses the form; the file is
/// complete or not there. Vector forms hold real text and lines over the points, which are a
/// picture of `dpi`. Works without a display. GUI thread only.
FigureEstimate writeFigure(const FigureRequest& request, const std::filesystem::path& path,
                           const Progress& progress = {});

/// Colours of page and text.
QColor figureBackground(FigureBackground background);
QColor figureForeground(FigureBackground background);

}  // namespace orrery
