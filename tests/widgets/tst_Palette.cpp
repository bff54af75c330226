#include "widgets/figure/Figure.h"
#include "widgets/vtk/Palette.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace orrery;

namespace {

/// The least distance of any two of the first @p count colours, over all kinds of sight.
double leastDistance(int count, bool dark)
{
  double least = std::numeric_limits<double>::infinity();
  for (const ColorVision vision : {ColorVision::Full, ColorVision::Protanopia,
                                   ColorVision::Deuteranopia, ColorVision::Tritanopia})
    for (int i = 0; i < count; ++i)
      for (int j = 0; j < i; ++j)
        least = std::min(least, colorDistance(seenWith(categoryColor(i, dark), vision),
                                              seenWith(categoryColor(j, dark), vision)));
  return least;
}

}  // namespace

class tst_Palette : public QObject {
  Q_OBJECT
 private slots:
  // Reference: skimage.color.deltaE_cie76 of sRGB red and green is 170.6; white and black 100.
  void distanceIsCielab()
  {
    QVERIFY(std::abs(colorDistance(Qt::white, Qt::black) - 100.0) < 0.1);
    QVERIFY(std::abs(colorDistance(QColor(255, 0, 0), QColor(0, 255, 0)) - 170.6) < 0.2);
    QCOMPARE(colorDistance(Qt::red, Qt::red), 0.0);
  }

  void simulatedSightKeepsGreysAndConfusesRedAndGreen()
  {
    for (const ColorVision vision :
         {ColorVision::Protanopia, ColorVision::Deuteranopia, ColorVision::Tritanopia})
      QVERIFY(colorDistance(seenWith(QColor(128, 128, 128), vision), QColor(128, 128, 128)) < 1.0);
    const QColor red(200, 80, 60), green(110, 120, 50);
    QVERIFY(colorDistance(seenWith(red, ColorVision::Deuteranopia),
                          seenWith(green, ColorVision::Deuteranopia)) <
            0.5 * colorDistance(red, green));
  }

  void classesCanBeToldApart()
  {
    for (const bool dark : {false, true}) {
      QVERIFY2(leastDistance(8, dark) > 13.0, QByteArray::number(leastDistance(8, dark)));
      QVERIFY2(leastDistance(categoryColorCount, dark) > 7.0,
               QByteArray::number(leastDistance(categoryColorCount, dark)));
    }
  }

  void beyondThePaletteIsGrey()
  {
    QCOMPARE(categoryColor(categoryColorCount, false), categoryColor(-1, true));
    QCOMPARE(categoryColor(-1, false).saturation(), 0);
  }

  void pointsStandOutFromTheirBackground()
  {
    for (int i = 0; i < categoryColorCount; ++i) {
      QVERIFY(contrastRatio(categoryColor(i, false), Qt::white) > 1.25);
      QVERIFY(contrastRatio(categoryColor(i, true), figureBackground(FigureBackground::Dark)) >
              2.0);
    }
  }

  // W3C, Understanding SC 1.4.3: #777777 on white is 4.48.
  void contrast()
  {
    QVERIFY(std::abs(contrastRatio(Qt::black, Qt::white) - 21.0) < 1e-9);
    QVERIFY(std::abs(contrastRatio(QColor(0x77, 0x77, 0x77), Qt::white) - 4.48) < 0.01);
    for (const FigureBackground ground : {FigureBackground::White, FigureBackground::Dark})
      QVERIFY(contrastRatio(figureForeground(ground), figureBackground(ground)) >= 4.5);
    for (int grey = 0; grey < 256; grey += 5)
      for (int rank = 0; rank < categoryColorCount; ++rank) {
        const QColor background(grey, grey, grey);
        QVERIFY(contrastRatio(readableColor(categoryColor(rank, false), background), background) >=
                4.5);
      }
  }

  // matplotlib 3.8: colormaps['viridis'](x), colormaps['cividis'](x), 8 bits.
  void mapsArePublishedOnes()
  {
    const auto near = [](const QColor& a, QRgb b) {
      return std::max({std::abs(a.red() - qRed(b)), std::abs(a.green() - qGreen(b)),
                       std::abs(a.blue() - qBlue(b))}) <= 3;
    };
    QVERIFY(near(mapColor(ColorMap::Viridis, 0.0), 0x440154));
    QVERIFY(near(mapColor(ColorMap::Viridis, 128.0 / 255.0), 0x21918C));
    QVERIFY(near(mapColor(ColorMap::Viridis, 1.0), 0xFDE725));
    QVERIFY(near(mapColor(ColorMap::Cividis, 0.0), 0x00224E));
    QVERIFY(near(mapColor(ColorMap::Cividis, 63.0 / 255.0), qRgb(66, 78, 108)));
    QVERIFY(near(mapColor(ColorMap::Cividis, 191.0 / 255.0), qRgb(187, 173, 109)));
    QVERIFY(near(mapColor(ColorMap::Cividis, 1.0), 0xFEE838));
    QCOMPARE(mapColor(ColorMap::Viridis, -5.0), mapColor(ColorMap::Viridis, 0.0));
    QCOMPARE(mapColor(ColorMap::Viridis, std::nan("")), categoryColor(-1, false));
  }

  // Numbers must read as an order even without colours: lightness grows all the way.
  void lightnessGrows()
  {
    for (const ColorMap map : {ColorMap::Viridis, ColorMap::Cividis, ColorMap::Grey}) {
      double last = 0.0;
      for (int i = 0; i <= 100; ++i) {
        const double contrast = contrastRatio(mapColor(map, i / 100.0), Qt::black);
        QVERIFY(contrast >= last - 0.02);
        last = contrast;
      }
    }
  }
};

QTEST_APPLESS_MAIN(tst_Palette)
#include "tst_Palette.moc"
