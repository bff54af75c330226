// Light and dark: our own palettes on Qt's Fusion style, the same on every desktop.
#pragma once

#include <QIcon>
#include <QPalette>
#include <QString>

namespace orrery {

enum class ThemeChoice { System, Light, Dark };

QPalette lightPalette();
QPalette darkPalette();

/// Sets style and palette of the whole program. System means: as the desktop's own palette was when
/// the program started.
void applyTheme(ThemeChoice choice);

/// Whether @p palette is a light text on a dark ground.
bool isDark(const QPalette& palette);

/// One of our own icons by its file name without ending. Drawn from SVG at every size and pixel
/// ratio in the palette's text colour at the time of painting, so that it fits either theme.
QIcon icon(const QString& name);

}  // namespace orrery
