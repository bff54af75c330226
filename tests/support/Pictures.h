// Comparing pictures as eyes do, and keeping what differs.
#pragma once

#include "tests/support/Paths.h"

#include <QDir>
#include <QFileInfo>
#include <QImage>
#include <QString>

#include <algorithm>
#include <cmath>

namespace orrery::test {

/// Structural similarity (Wang et al. 2004) of two pictures of equal size, mean over 8 × 8 windows
/// every four pixels and over the colour channels; 1: equal.
inline double similarity(const QImage& first, const QImage& second)
{
  if (first.size() != second.size() || first.isNull())
    return 0.0;
  const QImage a = first.convertToFormat(QImage::Format_RGB32);
  const QImage b = second.convertToFormat(QImage::Format_RGB32);
  constexpr int window = 8;
  constexpr double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
  double sum = 0.0;
  long long windows = 0;
  for (int y = 0; y + window <= a.height(); y += 4)
    for (int x = 0; x + window <= a.width(); x += 4)
      for (int shift = 0; shift <= 16; shift += 8) {
        double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
        for (int row = y; row < y + window; ++row) {
          const auto* pa = reinterpret_cast<const QRgb*>(a.constScanLine(row));
          const auto* pb = reinterpret_cast<const QRgb*>(b.constScanLine(row));
          for (int column = x; column < x + window; ++column) {
            const double va = (pa[column] >> shift) & 0xFF, vb = (pb[column] >> shift) & 0xFF;
            ma += va;
            mb += vb;
            aa += va * va;
            bb += vb * vb;
            ab += va * vb;
          }
        }
        constexpr double n = window * window;
        ma /= n;
        mb /= n;
        const double sa = aa / n - ma * ma, sb = bb / n - mb * mb, sab = ab / n - ma * mb;
        sum += (2 * ma * mb + c1) * (2 * sab + c2) / ((ma * ma + mb * mb + c1) * (sa + sb + c2));
        ++windows;
      }
  return windows > 0 ? sum / static_cast<double>(windows) : (a == b ? 1.0 : 0.0);
}

/// Empty if @p picture looks like tests/baselines/@p name.png; else what is wrong. The picture is
/// then kept in the build folder, to look at and, if it is right, to become the baseline.
inline QString differenceFromBaseline(const QImage& picture, const QString& name,
                                      double least = 0.97)
{
  const QString baseline =
      QString::fromStdString(orrery::test::sourceFolder() + "/tests/baselines/") + name +
      QStringLiteral(".png");
  const QString folder =
      QString::fromStdString(orrery::test::programFolder() + "/../tests/pictures");
  const QString kept = folder + QLatin1Char('/') + name + QStringLiteral(".png");
  const QImage expected(baseline);
  const double found = similarity(picture, expected);
  if (found >= least)
    return {};
  QDir().mkpath(folder);
  picture.save(kept);
  if (expected.isNull())
    return QStringLiteral("there is no baseline %1; the picture is in %2").arg(baseline, kept);
  return QStringLiteral("similarity %1 to %2, at least %3 expected; the picture is in %4")
      .arg(found)
      .arg(baseline)
      .arg(least)
      .arg(kept);
}

}  // namespace orrery::test
