// A figure of several panels, (a) (b) (c) …, on one page.
#pragma once

#include "widgets/figure/Figure.h"

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

struct FigurePanel {
  FigureRequest request;  ///< widthMm and heightMm are the panel's; dpi and background the sheet's.
  double xMm = 0.0;       ///< Upper left corner on the sheet.
  double yMm = 0.0;
  QString heading;  ///< In the strip above the panel, beside its letter.
};

struct FigureSheet {
  double widthMm = 170.0;
  double heightMm = 120.0;
  double dpi = 300.0;
  FigureBackground background = FigureBackground::White;
  double fontPoints = 8.0;  ///< Of letters and headings.
  bool letters = true;
  std::vector<FigurePanel> panels;
  std::map<QString, QString> metadata;
};

/// Places @p panels in rows of @p columns, all of one size, a strip for letters above each.
/// Throws Error if nothing is left for the panels.
FigureSheet gridSheet(std::vector<FigureRequest> panels, const std::vector<QString>& headings,
                      int columns, double widthMm, double heightMm, double gapMm, bool letters,
                      double fontPoints);

/// Draws and writes; as writeFigure. PNG has pHYs, vector forms have real text over the points.
FigureEstimate writeSheet(const FigureSheet& sheet, const std::filesystem::path& path,
                          const Progress& progress = {});

}  // namespace orrery
