// From columns to colours and sizes, and the legend that says which is which.
#pragma once

#include "core/dictionary/Dictionary.h"
#include "core/document/Layer.h"
#include "widgets/vtk/Legend.h"
#include "widgets/vtk/Palette.h"

#include <QColor>
#include <QString>
#include <QStringList>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// What the legend shows. Empty title: one colour for all.
struct ColorLegend {
  struct Entry {
    QString name;
    QColor color;
    std::int64_t count = 0;
  };
  QString title;
  std::vector<Entry> entries;       ///< Categories, the most frequent first.
  std::int64_t moreCategories = 0;  ///< That share the grey of "other".
  bool numeric = false;
  double low = 0.0, high = 0.0;  ///< Numbers: the ends of the colour bar.
  bool logarithmic = false;
  bool clipped = false;  ///< Values lie beyond the ends.
  std::string palette;
  std::int64_t missing = 0;  ///< Features without a value, grey.
};

struct FeatureColors {
  std::shared_ptr<const std::vector<std::uint32_t>> colors;  ///< 0xAARRGGBB; null: one colour.
  std::vector<float> sizes;                                  ///< Factors; empty: all 1.
  ColorLegend legend;
};

/// "and 37 more, in grey" and the like: what the legend says besides.
QStringList legendNotes(const ColorLegend& legend);

/// Palettes for numbers, the default first.
std::vector<std::string> numberPalettes();

/// Colour at @p share 0 … 1 of @p palette.
QColor paletteColor(const std::string& palette, double share);

/// Classes that have a colour; the rest is "other". Class i of a column has categoryColor(i) of
/// Palette.h, whatever the number of classes.
inline constexpr int maxCategoryColors = categoryColorCount;
std::vector<QColor> categoryColors(std::int64_t count, bool dark);

/// The grey of what has no value, and of the categories past the palette.
QColor missingColor(bool dark);

/// The same legend for the picture, with at most @p entries classes.
LegendModel pictureLegend(const ColorLegend& legend, int entries = 10);

/// O(n) and a selection of percentiles: numbers span the 1st to the 99th, on a logarithmic scale
/// where that is a thousandfold.
FeatureColors colorFeatures(const Dictionary& dictionary, const Appearance& appearance, bool dark);

}  // namespace orrery
