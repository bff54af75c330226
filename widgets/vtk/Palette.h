// Colours that colour-blind readers can tell apart, and that can be read on their background.
#pragma once

#include <QColor>

namespace orrery {

/// Classes that have a colour of their own. Those beyond share missingColor() and the legend says
/// how many they are: no colour ever stands for two classes.
inline constexpr int categoryColorCount = 20;

/// The colour of class @p rank, from 0: Okabe and Ito's eight (2008; their black is light grey on a
/// dark ground), then twelve chosen so that the least difference between any two, in CIELAB and as
/// seen with full sight, protanopia, deuteranopia or tritanopia, is as large as it can be. Neither
/// depends on how many classes there are. Beyond the last, and below 0: grey.
QColor categoryColor(int rank, bool dark);

enum class ColorMap { Viridis, Cividis, Grey };

/// The colour at @p share 0 … 1 of a perceptually even map; NaN: grey.
QColor mapColor(ColorMap map, double share);

/// WCAG 2 contrast of two opaque colours, 1 … 21.
double contrastRatio(const QColor& a, const QColor& b);

/// @p wanted, made darker or lighter as far as needed for text on @p background: contrast at least
/// @p ratio (4.5 is WCAG's for text).
QColor readableColor(const QColor& wanted, const QColor& background, double ratio = 4.5);

/// From @p a (@p share 0) to @p b (1), channel by channel.
QColor mixed(const QColor& a, const QColor& b, double share);

/// @p color with @p opacity 0 … 1.
QColor faded(QColor color, double opacity);

enum class ColorVision { Full, Protanopia, Deuteranopia, Tritanopia };

/// @p color as somebody with @p vision sees it (Machado, Oliveira and Fernandes 2009, severity 1).
QColor seenWith(const QColor& color, ColorVision vision);

/// Euclidean distance in CIELAB (D65); about 2.3 is just noticeable.
double colorDistance(const QColor& a, const QColor& b);

}  // namespace orrery
