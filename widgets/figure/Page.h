// One page of a figure: whoever paints it says how large it is, and the bytes of a PNG, SVG or PDF
// come back. The only place that knows how such files are made.
#pragma once

#include <QByteArray>
#include <QColor>
#include <QFont>
#include <QImage>
#include <QSizeF>
#include <QString>

#include <filesystem>
#include <functional>
#include <map>
#include <string>

class QPainter;

namespace orrery {

struct Page {
  double widthMm = 85.0;
  double heightMm = 60.0;
  double dpi = 300.0;  ///< Of .png, and of pictures within the vector forms.
  /// The painter's units in a point of 1/72 inch. Fonts have whole numbers of units, so few units
  /// mean few font sizes.
  int unitsPerPoint = 20;
  QString title;
  QString description;
  QColor background = Qt::white;        ///< Transparent: none.
  std::map<QString, QString> metadata;  ///< Kept in a .png.

  [[nodiscard]] double unitsPerMm() const { return 72.0 / 25.4 * unitsPerPoint; }
  /// In the painter's units.
  [[nodiscard]] QSizeF size() const { return QSizeF(widthMm, heightMm) * unitsPerMm(); }
  /// Device pixels of a .png in one unit: how finely pictures within are made.
  [[nodiscard]] double pixelsPerUnit() const { return dpi / 72.0 / unitsPerPoint; }
  [[nodiscard]] QSize pixels() const;
  /// The program's font in @p points, unhinted: a page has no pixels to bend letters to.
  [[nodiscard]] QFont font(double points) const;
};

/// Throws Error if a side is not above 0 and at most 5000 mm, the dpi not 10 to 4800, or the page
/// has more than a gigapixel.
void checkPage(const Page& page);

/// Throws Error if @p path does not end in .png, .svg or .pdf or cannot be written, before any
/// work.
void checkPageFile(const std::filesystem::path& path);

/// The ending in small letters, with its dot.
std::string pageEnding(const std::filesystem::path& path);

/// The bytes of a .png, .svg or .pdf (@p ending with the dot): text and lines are real in the last
/// two. @p paint draws from the origin to Page::size(). A QGuiApplication must be there, a display
/// need not. Throws as checkPage, and for other endings.
QByteArray pageBytes(const Page& page, const std::string& ending,
                     const std::function<void(QPainter&)>& paint);

/// The same with a painter of the caller's own kind, which @p paint uses. It is begun and ended
/// here.
QByteArray pageBytes(const Page& page, const std::string& ending, QPainter& painter,
                     const std::function<void()>& paint);

QByteArray pngBytes(const QImage& image);

/// Complete or not there.
void writePage(const Page& page, const std::filesystem::path& path,
               const std::function<void(QPainter&)>& paint);

}  // namespace orrery
